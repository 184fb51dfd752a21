/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is told of forwarded frames by slots of their times, and when it is looked at. */
#include "director/drill/drill_tap.h"
#include "tests/unit/unit.h"

#include <string.h>

static struct sync_tally tally(const struct tap_slot *slots, size_t n, bool yields,
			       uint64_t after_us)
{
	struct sync_tally ret = {.flows_before = 3, .flows_after = 4, .lag_us = 5};

	drill_tap_tally(slots, n, yields, after_us, &ret);
	CU_ASSERT(ret.flows_before == 3 && ret.flows_after == 4 && ret.lag_us == 5);
	return ret;
}

static void expect(struct sync_tally t, enum sync_sight sight, uint64_t frame_us,
		   uint64_t stragglers)
{
	EXPECT_INT(t.sight, sight);
	EXPECT_INT(t.frame_us, frame_us);
	EXPECT_INT(t.stragglers, stragglers);
}

/* In any order, as the kernel tells them. */
static const struct tap_slot slots[] = {{9000, 2}, {1000, 7}, {20000, 3}, {5000, 1}};

static void of_who_lets_go(void)
{
	expect(tally(slots, 4, true, DRILL_TAP_NEVER), SYNC_SIGHT_FRAME, 20000, 0);
	expect(tally(slots, 4, true, 6000), SYNC_SIGHT_FRAME, 20000, 5);
	expect(tally(slots, 4, true, 15000), SYNC_SIGHT_FRAME, 20000, 3);
	expect(tally(slots, 4, true, 30000), SYNC_SIGHT_FRAME, 20000, 0);
	/* It may be on either side of that moment. */
	expect(tally(slots, 4, true, 20000 - DRILL_TAP_HALF_US), SYNC_SIGHT_FRAME, 20000, 0);
	expect(tally(slots, 4, true, 19999 - DRILL_TAP_HALF_US), SYNC_SIGHT_FRAME, 20000, 3);
	expect(tally(NULL, 0, true, 0), SYNC_SIGHT_NONE, 0, 0);
}

static void of_the_new_master(void)
{
	expect(tally(slots, 4, false, 0), SYNC_SIGHT_FRAME, 1000, 0);
	/* Both forward all the time: what it did before it was master is nothing. */
	expect(tally(slots, 4, false, 6000), SYNC_SIGHT_FRAME, 9000, 0);
	expect(tally(slots, 4, false, 9100), SYNC_SIGHT_FRAME, 9100, 0);
	expect(tally(slots, 4, false, 9000 + DRILL_TAP_HALF_US + 1), SYNC_SIGHT_FRAME, 20000, 0);
	expect(tally(slots, 4, false, 30000), SYNC_SIGHT_NONE, 0, 0);
	expect(tally(slots, 4, false, DRILL_TAP_NEVER), SYNC_SIGHT_NONE, 0, 0);
}

static struct sync_drill report(void)
{
	return (struct sync_drill){.id = 7,
				   .step = SYNC_DRILL_REPORT,
				   .n = 4,
				   .moments = {{SYNC_MOMENT_MASTER, 50000},
					       {SYNC_MOMENT_ANNOUNCED, 58000},
					       {SYNC_MOMENT_ADDRESSES, 57000},
					       {SYNC_MOMENT_LAST_ADVERT, 70000}}};
}

/* By the clock of the one that lets go. */
static void when_all_is_announced(void)
{
	struct sync_drill told = report();
	struct drill d = {.id = 7, .state = DRILL_RUNNING, .yields_here = true, .ahead_us = 40000};

	EXPECT_INT(drill_tap_settled_us(&d, &told), 18000);
	d.ahead_us = -40000;
	EXPECT_INT(drill_tap_settled_us(&d, &told), 98000);
	told.id = 8;
	CU_ASSERT(drill_tap_settled_us(&d, &told) == DRILL_TAP_NEVER);
	CU_ASSERT(drill_tap_settled_us(&d, NULL) == DRILL_TAP_NEVER);
	/* It has been told before. */
	told = report();
	memcpy(d.there.moments, told.moments, sizeof(d.there.moments));
	d.there.n = 1;
	d.there.complete = true;
	EXPECT_INT(drill_tap_settled_us(&d, NULL), 90000);
	d.there.n = 0;
	CU_ASSERT(drill_tap_settled_us(&d, NULL) == DRILL_TAP_NEVER);
}

static void the_last_look(void)
{
	struct sync_drill told = report();
	struct drill d = {.id = 7, .state = DRILL_RUNNING, .until_us = 1000};
	struct drill_event ev = {.type = DRILL_EVENT_TIMER};

	CU_ASSERT(!drill_tap_is_last_look(&d, &ev, 999));
	CU_ASSERT(drill_tap_is_last_look(&d, &ev, 1000));
	ev = (struct drill_event){.type = DRILL_EVENT_MOMENT, .moment = {SYNC_MOMENT_MASTER, 1}};
	CU_ASSERT(drill_tap_is_last_look(&d, &ev, 0));
	d.yields_here = true;
	CU_ASSERT(!drill_tap_is_last_look(&d, &ev, 0));
	ev.moment.kind = SYNC_MOMENT_LET_GO;
	CU_ASSERT(!drill_tap_is_last_look(&d, &ev, 0));
	ev = (struct drill_event){.type = DRILL_EVENT_HEARD, .heard = &told};
	CU_ASSERT(drill_tap_is_last_look(&d, &ev, 0));
	d.here.complete = true;
	CU_ASSERT(!drill_tap_is_last_look(&d, &ev, 0));
	d.here.complete = false;
	told.id = 8;
	CU_ASSERT(!drill_tap_is_last_look(&d, &ev, 0));
	told.id = 7;
	told.step = SYNC_DRILL_BEGIN;
	CU_ASSERT(!drill_tap_is_last_look(&d, &ev, 0));
}

/* Each by the clock of its node; the timeline by that of the one that lets go. */
static void the_timeline(void)
{
	struct drill d = {.yields_here = false, .ahead_us = -1000000};
	struct control_moment list[CONTROL_MOMENTS];

	d.there.n = d.here.n = 1;
	d.there.moments[0] = (struct sync_moment){SYNC_MOMENT_LET_GO, 4000000};
	d.here.moments[0] = (struct sync_moment){SYNC_MOMENT_MASTER, 5002000};
	EXPECT_INT(drill_timeline(&d, list), 2);
	d.there.tally = (struct sync_tally){.sight = SYNC_SIGHT_FRAME, .frame_us = 4001000};
	d.here.tally = (struct sync_tally){.sight = SYNC_SIGHT_FRAME, .frame_us = 5003000};
	EXPECT_INT(drill_timeline(&d, list), 4);
	EXPECT_INT(list[1].kind, CONTROL_MOMENT_LAST_FRAME);
	CU_ASSERT(!list[1].there && list[1].at_us == 1000);
	EXPECT_INT(list[3].kind, CONTROL_MOMENT_FIRST_FRAME);
	CU_ASSERT(list[3].there && list[3].at_us == 3000);
	EXPECT_TEXT(drill_moment_name(list[1].there, list[1].kind), "forwards its last frame");
	EXPECT_TEXT(drill_moment_name(list[3].there, list[3].kind), "forwards its first frame");
}

UNIT_TESTS(drill_tap) = {
	{"of who lets go", of_who_lets_go},
	{"of the new master", of_the_new_master},
	{"when all is announced", when_all_is_announced},
	{"the last look", the_last_look},
	{"the timeline", the_timeline},
	UNIT_TESTS_END,
};
