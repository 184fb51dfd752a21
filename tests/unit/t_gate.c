/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ha/gate.h"
#include "tests/unit/unit.h"

enum { SECOND = 1000 * 1000 };

static void look(struct gate *g, uint64_t now_us, enum vrrp_reason want, uint64_t want_due_us)
{
	uint64_t due_us = 0;

	EXPECT_TEXT(vrrp_reason_name(gate_look(g, now_us, &due_us)), vrrp_reason_name(want));
	CU_ASSERT(due_us == want_due_us);
}

static void waits_for_the_delay(void)
{
	struct gate g;

	gate_init(&g, 5 * SECOND);
	look(&g, 0, VRRP_REASON_NONE, GATE_NEVER); /* nothing has begun */
	gate_begin(&g, 10 * SECOND);
	look(&g, 10 * SECOND, VRRP_REASON_PREEMPT_DELAY, 15 * SECOND);
	look(&g, 15 * SECOND - 1, VRRP_REASON_PREEMPT_DELAY, 15 * SECOND);
	look(&g, 15 * SECOND, VRRP_REASON_NONE, GATE_NEVER);
	look(&g, 16 * SECOND, VRRP_REASON_NONE, GATE_NEVER);
	gate_begin(&g, 20 * SECOND); /* a link that was away */
	look(&g, 21 * SECOND, VRRP_REASON_PREEMPT_DELAY, 25 * SECOND);
}

static void waits_for_the_tables(void)
{
	struct gate g;

	gate_init(&g, 0);
	gate_sync(&g, false);
	gate_begin(&g, 1 * SECOND);
	look(&g, 2 * SECOND, VRRP_REASON_NOT_IN_SYNC, SECOND + GATE_SYNC_MAX_US);
	gate_sync(&g, true);
	look(&g, 3 * SECOND, VRRP_REASON_NONE, GATE_NEVER);
	gate_sync(&g, false); /* later it is for the alarms, not for the gate */
	look(&g, 4 * SECOND, VRRP_REASON_NONE, GATE_NEVER);
}

static void not_for_ever(void)
{
	struct gate g;

	gate_init(&g, 2 * SECOND);
	gate_sync(&g, false);
	gate_begin(&g, 0);
	look(&g, 1 * SECOND, VRRP_REASON_PREEMPT_DELAY, 2 * SECOND);
	look(&g, 2 * SECOND, VRRP_REASON_NOT_IN_SYNC, 2 * SECOND + GATE_SYNC_MAX_US);
	look(&g, 2 * SECOND + GATE_SYNC_MAX_US - 1, VRRP_REASON_NOT_IN_SYNC,
	     2 * SECOND + GATE_SYNC_MAX_US);
	look(&g, 2 * SECOND + GATE_SYNC_MAX_US, VRRP_REASON_NONE, GATE_NEVER);
}

UNIT_TESTS(gate) = {
	{"waits for the delay", waits_for_the_delay},
	{"waits for the tables", waits_for_the_tables},
	{"not for ever", not_for_ever},
	UNIT_TESTS_END,
};
