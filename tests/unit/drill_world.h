/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two directors whose clocks differ live through a rehearsed failure, in virtual time. */
#ifndef TESTS_UNIT_DRILL_WORLD_H
#define TESTS_UNIT_DRILL_WORLD_H

#include "director/drill/drill.h"
#include "tests/unit/unit.h"

enum { SECOND = 1000000, DELAY_US = 400, A = 0, B = 1, WIRE_MAX = 8 };

extern const struct drill_budget drill_world_budget;

struct node {
	struct drill drill;
	uint64_t clock_us; /* at the beginning of the world */
	const char *objection;
	unsigned int yields, restores, results;
	uint64_t yielded_us, restored_us; /* of the world */
};

/* A message on its way. */
struct letter {
	int to;
	uint64_t at_us;
	struct sync_drill m;
};

struct world {
	struct node nodes[2];
	uint64_t now_us;
	struct letter wire[WIRE_MAX];
	size_t n;
	bool cut;	      /* what is sent is lost */
	uint64_t takeover_us; /* after the other one let go; 0: never */
	uint64_t lost;
};

void drill_world_init(struct world *w);
uint64_t drill_world_clock(const struct world *w, int node);
/* The event gets its time, the budget, and the node's objection. */
void drill_world_step(struct world *w, int node, struct drill_event ev);
/* 10 s are its limit. */
void drill_world_order_kind(struct world *w, int node, bool yields, bool force, uint8_t kind);
void drill_world_order(struct world *w, int node, bool yields, bool force);
/* In steps of 100 us. */
void drill_world_live(struct world *w, uint64_t us);
void expect_drill_results(const struct world *w, enum drill_result a, enum drill_result b);
/* A is the master, and lets go; whoever is asked. */
void expect_drill_takeover(struct world *w);

#endif
