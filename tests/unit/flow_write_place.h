/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Flows written to the real kernel, in a network namespace that the test is in. */
#ifndef TESTS_FLOW_WRITE_PLACE_H
#define TESTS_FLOW_WRITE_PLACE_H

#include "director/flow/flow_write_uv.h"

enum {
	PLACE_TIMEOUT = 15 * 60 * 1000, /* of all flows, ... */
	PLACE_LEFT = 7 * 60 * 1000,	/* ... and what is left of them when they are put */
};

/* A map of flows as nft writes it. */
#define PLACE_MAP(name, size)                                                                      \
	"map " name " {\ntypeof @nh,96,32 . @nh,128,32 . @th,0,32 : meta mark\n"                   \
	"flags dynamic,timeout\nsize " size "\n}\n"

/* UDP, from 10.77.0.9 port 40000 to 10.77.0.100 port 53. */
extern const struct flow_key place_flow;
/* The map "www-flows". */
extern const struct flow_ask_set place_flows;

/* The story with a writer as on each kind of kernel, and a fresh table of that text. */
void place_on_each_kernel(const char *table, void (*story)(void));
/* The same on this kernel. */
void place_on_this_kernel(const char *table, void (*story)(void));

/* Operation on the flow of that number; 0 is the one above, of the others the port differs. */
struct flow_write_op place_op(enum flow_write_kind kind, const struct flow_ask_set *set,
			      uint16_t number, uint32_t mark);
/* The writer of the story. */
struct flow_writer *place_writer(void);
enum flow_write_result place_do(struct flow_write_op op);
/* Of several, the names of their results. */
const char *place_do_all(const struct flow_write_op *ops, size_t n);
/* What the kernel has of it. */
struct flow_answer place_ask(const struct flow_write_op *op);
/* 0: it is not there. */
uint32_t place_mark(const struct flow_answer *a);
/* It is there with that mark and so much time, or not at all (mark 0). */
void place_expect(struct flow_write_op op, uint32_t mark, uint64_t left_ms);

#endif
