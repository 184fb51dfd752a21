/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ha/sync_dial.h"
#include "tests/unit/unit.h"

enum { MS = 1000, SECOND = 1000 * MS };

static struct sync_dial_update step(struct sync_dial *d, enum sync_dial_event_type type,
				    uint64_t now_us, uint32_t chance)
{
	return sync_dial_step(
		d, &(struct sync_dial_event){.type = type, .now_us = now_us, .chance = chance});
}

static void dials_at_once(void)
{
	struct sync_dial d;

	sync_dial_init(&d, SECOND);
	CU_ASSERT(!step(&d, SYNC_DIAL_EVENT_TIMER, SECOND - 1, 0).dial);
	CU_ASSERT(step(&d, SYNC_DIAL_EVENT_TIMER, SECOND, 0).dial);
	CU_ASSERT(!step(&d, SYNC_DIAL_EVENT_TIMER, 2 * SECOND, 0).dial); /* one at a time */
}

static void pauses_grow(void)
{
	static const uint64_t least_ms[] = {75, 150, 300, 600, 1200, 2400, 3750, 3750, 3750};
	struct sync_dial d;
	uint64_t now_us = SECOND;

	sync_dial_init(&d, now_us);
	for (size_t i = 0; i < sizeof(least_ms) / sizeof(least_ms[0]); i++) {
		struct sync_dial_update u;

		CU_ASSERT(step(&d, SYNC_DIAL_EVENT_TIMER, now_us, 0).dial);
		u = step(&d, SYNC_DIAL_EVENT_FAILED, now_us, 0);
		EXPECT_INT(u.deadline_us - now_us, least_ms[i] * MS);
		now_us = u.deadline_us;
	}
}

/* Chance spreads a pause over half of its length, and no further. */
static void chance(void)
{
	uint64_t least = UINT64_MAX, most = 0;

	for (uint32_t c = 0; c < 200000; c += 7) {
		struct sync_dial d;
		uint64_t pause_us;

		sync_dial_init(&d, SECOND);
		step(&d, SYNC_DIAL_EVENT_TIMER, SECOND, 0);
		pause_us = step(&d, SYNC_DIAL_EVENT_FAILED, SECOND, c).deadline_us - SECOND;
		least = pause_us < least ? pause_us : least;
		most = pause_us > most ? pause_us : most;
	}
	EXPECT_INT(least, 75 * MS);
	CU_ASSERT(most > 124 * MS && most <= 125 * MS);
}

static void after_an_end(void)
{
	struct sync_dial d;
	struct sync_dial_update u;

	sync_dial_init(&d, SECOND);
	step(&d, SYNC_DIAL_EVENT_TIMER, SECOND, 0);
	CU_ASSERT(step(&d, SYNC_DIAL_EVENT_UP, SECOND, 0).deadline_us == SYNC_DIAL_NEVER);
	CU_ASSERT(!step(&d, SYNC_DIAL_EVENT_TIMER, 5 * SECOND, 0).dial);
	u = step(&d, SYNC_DIAL_EVENT_DOWN, 20 * SECOND, 0);
	EXPECT_INT(u.deadline_us, 20 * SECOND); /* it was steady: again at once */
	step(&d, SYNC_DIAL_EVENT_TIMER, 20 * SECOND, 0);
	step(&d, SYNC_DIAL_EVENT_UP, 20 * SECOND, 0);
	u = step(&d, SYNC_DIAL_EVENT_DOWN, 21 * SECOND, 0);
	EXPECT_INT(u.deadline_us, 21 * SECOND + 75 * MS); /* it was not */
	/* The other one's connection comes while this one waits, or dials. */
	CU_ASSERT(step(&d, SYNC_DIAL_EVENT_UP, 21 * SECOND, 0).deadline_us == SYNC_DIAL_NEVER);
	CU_ASSERT(!step(&d, SYNC_DIAL_EVENT_FAILED, 22 * SECOND, 0).dial);
	EXPECT_INT(d.state, SYNC_DIAL_CONNECTED);
}

static void which_one_stays(void)
{
	static const struct {
		struct sync_dialed old, new;
		bool stays;
	} cases[] = {
		/* dialed at the same time: the elder's, in whatever order they are ready */
		{{true, SECOND}, {false, SECOND + MS}, false},
		{{false, SECOND}, {true, SECOND + MS}, true},
		{{true, SECOND}, {true, SECOND + MS}, true},
		{{false, SECOND}, {false, SECOND + MS}, true},
		/* the other one has lost what seems well here */
		{{true, SECOND}, {false, SECOND + 2 * SYNC_DIAL_LIMIT_US}, false},
		{{true, SECOND}, {false, SECOND + 2 * SYNC_DIAL_LIMIT_US + 1}, true},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		EXPECT_INT(sync_dial_stays(&cases[i].old, &cases[i].new), cases[i].stays);
}

UNIT_TESTS(sync_dial) = {
	{"dials at once", dials_at_once},
	{"pauses grow", pauses_grow},
	{"chance", chance},
	{"after an end", after_an_end},
	{"which of two stays", which_one_stays},
	UNIT_TESTS_END,
};
