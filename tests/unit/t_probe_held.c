/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/probe/probe_held.h"
#include "tests/unit/unit.h"

enum { S = 1000000 };

static struct probe_held held;

static bool step(enum probe_held_event_kind kind, uint64_t now)
{
	return probe_held_step(
		&held, &(struct probe_held_event){.kind = kind, .now_us = now, .at_us = now});
}

static bool end(enum probe_held_end how, uint64_t now)
{
	return probe_held_step(&held, &(struct probe_held_event){
					      .kind = PROBE_HELD_ENDED, .now_us = now, .end = how});
}

static void open_at(uint64_t now)
{
	held = (struct probe_held){0};
	CU_ASSERT(!step(PROBE_HELD_ASKED, now));
	CU_ASSERT(!step(PROBE_HELD_OPENED, now));
}

static void alive_while_it_is_heard(void)
{
	open_at(1 * S);
	for (uint64_t now = 2 * S; now < 60 * S; now += S)
		CU_ASSERT(!step(PROBE_HELD_PROVEN, now) && !step(PROBE_HELD_TICK, now + S / 2));
	EXPECT_INT(held.state, PROBE_HELD_OPEN);
	EXPECT_INT(held.proven_us, 59 * S);
	/* What is older than what is known proves nothing. */
	CU_ASSERT(!step(PROBE_HELD_PROVEN, 10 * S));
	EXPECT_INT(held.proven_us, 59 * S);
}

static void lost_by_silence(void)
{
	open_at(1 * S);
	CU_ASSERT(!step(PROBE_HELD_PROVEN, 10 * S));
	CU_ASSERT(!step(PROBE_HELD_TICK, 10 * S + PROBE_HELD_PATIENCE_US));
	CU_ASSERT(step(PROBE_HELD_TICK, 10 * S + PROBE_HELD_PATIENCE_US + 1));
	EXPECT_INT(held.end, PROBE_HELD_SILENT);
	EXPECT_INT(held.proven_us, 10 * S);
	/* Once, and for good. */
	CU_ASSERT(!step(PROBE_HELD_TICK, 30 * S) && !end(PROBE_HELD_RESET, 30 * S));
	CU_ASSERT(!step(PROBE_HELD_PROVEN, 31 * S) && !step(PROBE_HELD_OPENED, 31 * S));
	EXPECT_INT(held.state, PROBE_HELD_LOST);
	EXPECT_INT(held.lost_us, 10 * S + PROBE_HELD_PATIENCE_US + 1);
}

static void lost_by_an_end(void)
{
	open_at(1 * S);
	CU_ASSERT(end(PROBE_HELD_RESET, 2 * S));
	EXPECT_INT(held.end, PROBE_HELD_RESET);
	CU_ASSERT(held.was_open);
}

static void never_opened(void)
{
	held = (struct probe_held){0};
	CU_ASSERT(!step(PROBE_HELD_TICK, 100 * S)); /* nobody has asked for it */
	step(PROBE_HELD_ASKED, 101 * S);
	CU_ASSERT(!step(PROBE_HELD_TICK, 104 * S));
	CU_ASSERT(step(PROBE_HELD_TICK, 107 * S));
	EXPECT_INT(held.end, PROBE_HELD_NOT_OPENED);
	CU_ASSERT(!held.was_open);
	step(PROBE_HELD_ASKED, 108 * S);
	CU_ASSERT(end(PROBE_HELD_BROKEN, 109 * S));
	EXPECT_INT(held.end, PROBE_HELD_NOT_OPENED);
	EXPECT_TEXT(probe_held_end_name(held.end), "not-opened");
}

UNIT_TESTS(probe_held) = {
	{"alive while it is heard", alive_while_it_is_heard},
	{"lost by silence", lost_by_silence},
	{"lost by an end", lost_by_an_end},
	{"never opened", never_opened},
	UNIT_TESTS_END,
};
