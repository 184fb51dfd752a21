/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/drill_world.h"

#include <string.h>

const struct drill_budget drill_world_budget = {.gap_ms = 200, .lost = 2};

void drill_world_init(struct world *w)
{
	*w = (struct world){.nodes = {{.clock_us = 5 * (uint64_t)SECOND},
				      {.clock_us = 9999 * (uint64_t)SECOND}},
			    .takeover_us = 150000};
}

uint64_t drill_world_clock(const struct world *w, int node)
{
	return w->nodes[node].clock_us + w->now_us;
}

void drill_world_step(struct world *w, int node, struct drill_event ev)
{
	struct node *n = &w->nodes[node];
	struct drill_update u;

	ev.now_us = drill_world_clock(w, node);
	ev.budget = drill_world_budget;
	if (ev.type == DRILL_EVENT_HEARD)
		ev.objection = n->objection;
	u = drill_step(&n->drill, &ev);
	if (u.flags & DRILL_SEND && !w->cut) {
		CU_ASSERT_FATAL(w->n < WIRE_MAX);
		w->wire[w->n++] = (struct letter){!node, w->now_us + DELAY_US, u.message};
	}
	n->results += (u.flags & DRILL_OVER) != 0;
	if (u.flags & DRILL_RESTORE) {
		n->restores++;
		n->restored_us = w->now_us;
	}
	if (!(u.flags & DRILL_YIELD))
		return;
	n->yields++;
	n->yielded_us = w->now_us;
	drill_world_step(
		w, node,
		(struct drill_event){.type = DRILL_EVENT_MOMENT,
				     .moment = {SYNC_MOMENT_LET_GO, drill_world_clock(w, node)},
				     .lost = w->lost});
}

void drill_world_order_kind(struct world *w, int node, bool yields, bool force, uint8_t kind)
{
	drill_world_step(w, node,
			 (struct drill_event){.type = DRILL_EVENT_ORDER,
					      .id = 7 + (uint64_t)node,
					      .kind = kind,
					      .force = force,
					      .yields_here = yields,
					      .limit_ms = 10000,
					      .objection = w->nodes[node].objection});
}

void drill_world_order(struct world *w, int node, bool yields, bool force)
{
	drill_world_order_kind(w, node, yields, force, SYNC_DRILL_GRACEFUL);
}

static void deliver(struct world *w)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->wire[i].at_us <= w->now_us) {
			struct letter l = w->wire[i];

			memmove(&w->wire[i], &w->wire[i + 1], (--w->n - i) * sizeof(l));
			drill_world_step(
				w, l.to,
				(struct drill_event){.type = DRILL_EVENT_HEARD, .heard = &l.m});
			i = SIZE_MAX; /* from the front: there may be others */
		}
}

/* The one that did not let go becomes master. */
static void take_over(struct world *w)
{
	for (int node = A; node <= B; node++) {
		const struct node *old = &w->nodes[!node];

		if (w->takeover_us && old->yields && w->now_us == old->yielded_us + w->takeover_us)
			drill_world_step(
				w, node,
				(struct drill_event){.type = DRILL_EVENT_MOMENT,
						     .moment = {SYNC_MOMENT_MASTER,
								drill_world_clock(w, node)}});
	}
}

void drill_world_live(struct world *w, uint64_t us)
{
	for (uint64_t end_us = w->now_us + us; w->now_us < end_us; w->now_us += 100) {
		deliver(w);
		take_over(w);
		for (int node = A; node <= B; node++)
			if (drill_world_clock(w, node) >= drill_deadline_us(&w->nodes[node].drill))
				drill_world_step(w, node,
						 (struct drill_event){.type = DRILL_EVENT_TIMER});
	}
}

void expect_drill_results(const struct world *w, enum drill_result a, enum drill_result b)
{
	EXPECT_TEXT(drill_result_name(w->nodes[A].drill.result), drill_result_name(a));
	EXPECT_TEXT(drill_result_name(w->nodes[B].drill.result), drill_result_name(b));
}

void expect_drill_takeover(struct world *w)
{
	for (int node = A; node <= B; node++) {
		uint64_t us = 0;

		CU_ASSERT(drill_takeover_us(&w->nodes[node].drill, &us));
		CU_ASSERT(us == w->takeover_us);
		EXPECT_INT(w->nodes[node].results, 1);
		EXPECT_INT(w->nodes[node].drill.state, DRILL_ENDED);
		CU_ASSERT(drill_deadline_us(&w->nodes[node].drill) == UINT64_MAX);
	}
	EXPECT_INT(w->nodes[A].yields, 1);
	EXPECT_INT(w->nodes[B].yields, 0);
	EXPECT_INT(w->nodes[A].restores, 1);
}
