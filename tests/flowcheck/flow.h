/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * flowcheck: proof that no packet of a flow is lost, doubled or sent to another backend.
 *
 * Every packet carries a stamp: the number of its flow and its number within the flow. Flows are
 * numbered as they are opened; the first `lasting` of them live as long as the run, the others, the
 * passing ones, are opened at a rate and share `tuples` client addresses and ports in turn: each use
 * of the same 5-tuple is a generation. The sender reports what it sent, each backend's receiver what
 * arrived, and the judge compares.
 */
#ifndef TESTS_FLOWCHECK_FLOW_H
#define TESTS_FLOWCHECK_FLOW_H

#include "include/addr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* --- the stamp -------------------------------------------------------------------------------- */

enum { FLOW_STAMP_LEN = 12 };

void flow_stamp_put(uint8_t at[static FLOW_STAMP_LEN], uint32_t number, uint32_t sequence);
/* The stamp of a frame, from its Ethernet header on; false when it bears none. */
bool flow_stamp_find(const uint8_t *frame, size_t len, uint32_t *ret_number,
		     uint32_t *ret_sequence);

/* --- the 5-tuple of a flow -------------------------------------------------------------------- */

struct flow_plan {
	struct addr client; /* its low 16 bits are the tuple's */
	uint32_t lasting;
	uint32_t tuples; /* of the passing flows; 0: each its own */
	bool apart;	 /* of the passing flows no two that follow each other are of one client */
};

struct flow_tuple {
	uint16_t low, port;
	uint32_t generation;
};

/* Sixteen flows share a client address, for those who choose by it alone; the ports begin at 16384. */
struct flow_tuple flow_tuple_of(const struct flow_plan *plan, uint32_t number);

/* --- what is known of one flow at one place --------------------------------------------------- */

struct flow_row {
	uint32_t number;
	uint32_t packets;	   /* different ones */
	uint32_t first, last;	   /* the lowest and the highest sequence number */
	uint32_t duplicates;	   /* those that had come before */
	uint32_t reordered;	   /* those that came after a later one */
	uint32_t late;		   /* so late that nobody can say whether they had come before */
	int64_t first_ms, last_ms; /* since 1970: when the first and the last one came */
};

/* A row and the last 64 sequence numbers; all zero: nothing has come. */
struct flow_seen {
	struct flow_row row;
	uint64_t window;
};

void flow_seen_add(struct flow_seen *seen, uint32_t sequence, int64_t now_ms);

/* --- reports ---------------------------------------------------------------------------------- */

enum { FLOW_NAME_MAX = 32, FLOW_WHY = 128 };

struct flow_report {
	char name[FLOW_NAME_MAX]; /* of the backend; "" for the sender's */
	struct flow_plan plan;	  /* the sender's */
	uint64_t overload;	  /* packets that the instrument itself dropped */
	uint64_t strange;	  /* packets of somebody else */
	struct flow_row *rows;
	size_t n;
};

/* Text: a head, a line for each row, a last line that proves it complete. 0 or negative errno. */
int flow_report_write(FILE *out, const struct flow_report *r);
/* Fails with a sentence in why; on success flow_report_clear() frees the rows. */
bool flow_report_read(FILE *in, struct flow_report *ret, char why[static FLOW_WHY]);
void flow_report_clear(struct flow_report *r);

#endif
