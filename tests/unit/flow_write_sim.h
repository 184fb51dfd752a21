/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * As much of nf_tables as transactions of elements meet: two maps with a few keys, bounded, new and
 * old kernels. A map has the key's first octet for a name; what is not 'a' or 'b' is not there.
 */
#ifndef TESTS_FLOW_WRITE_SIM_H
#define TESTS_FLOW_WRITE_SIM_H

#include "director/flow/flow_write.h"

enum { SIM_SETS = 2, SIM_KEYS = 8, SIM_ANSWERS = 4000 };

struct sim_element {
	bool there;
	uint32_t mark;
	uint64_t left_ms;
};

struct sim_table {
	struct sim_element elements[SIM_SETS][SIM_KEYS];
};

struct sim {
	struct flow_write_kernel kernel;
	struct sim_table table;
	unsigned int size; /* of a map */
	bool keeps;	   /* what has no room is there until the transaction ends: 6.18.44 */
	struct flow_write_answer answers[SIM_ANSWERS];
	size_t n_answers;
	unsigned int messages, committed;
};

/* One operation by itself, as flow_write.h promises it. */
enum flow_write_result sim_do(struct sim *s, const struct flow_write_op *op);
/* The transaction of those octets, with its answers; false when it is not well-formed. */
bool sim_transact(struct sim *s, const uint8_t *bytes, size_t len);

#endif
