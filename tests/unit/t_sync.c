/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ha/sync.h"
#include "tests/unit/sync_sim.h"
#include "tests/unit/unit.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { MS = 1000, SECOND = 1000 * MS, SEEDS = 200 };

/* --- stories of one machine ------------------------------------------------------------------- */

static struct sync_update tell(struct sync *s, enum sync_event_type type, uint64_t now_us)
{
	return sync_step(s, &(struct sync_event){.type = type, .now_us = now_us});
}

static struct sync_update hear(struct sync *s, struct sync_heard heard, uint64_t now_us)
{
	return sync_step(s, &(struct sync_event){
				    .type = SYNC_EVENT_HEARD, .now_us = now_us, .heard = heard});
}

static struct sync_update hear_ack(struct sync *s, uint64_t sequence, bool current, uint64_t now_us)
{
	return hear(s,
		    (struct sync_heard){.type = SYNC_ACK, .sequence = sequence, .current = current},
		    now_us);
}

static struct sync_update hear_snapshot(struct sync *s, enum sync_snapshot_step step, uint32_t id,
					uint64_t sequence, uint64_t now_us)
{
	return hear(
		s,
		(struct sync_heard){
			.type = SYNC_SNAPSHOT, .step = step, .snapshot = id, .sequence = sequence},
		now_us);
}

/* With the marks that its owner sets. */
static void hear_begin(struct sync *s, uint32_t id, uint64_t now_us)
{
	struct sync_update u = hear_snapshot(s, SYNC_SNAPSHOT_BEGIN, id, 0, now_us);

	CU_ASSERT(u.flags & SYNC_MARK);
	CU_ASSERT(!sync_hears(s));
	tell(s, SYNC_EVENT_MARKED, now_us);
	EXPECT_TEXT(sync_in_name(s->in), "filling");
}

static void greet(struct sync *s, uint64_t now_us)
{
	struct sync_update u = tell(s, SYNC_EVENT_OPEN, now_us);

	EXPECT_INT(u.flags, SYNC_SEND_HELLO | SYNC_CHANGED);
	u = hear(s, (struct sync_heard){.type = SYNC_HELLO}, now_us);
	EXPECT_INT(u.flags, SYNC_SEND_SNAPSHOT | SYNC_STREAM | SYNC_CHANGED);
	EXPECT_INT(u.step, SYNC_SNAPSHOT_BEGIN);
}

/* Both halves, from nothing to in sync. */
static void reach(struct sync *s, uint64_t now_us)
{
	sync_init(s);
	greet(s, now_us);
	EXPECT_INT(tell(s, SYNC_EVENT_STREAMED, now_us).sequence, 1);
	hear_ack(s, 1, true, now_us);
	hear_begin(s, 7, now_us);
	hear_snapshot(s, SYNC_SNAPSHOT_END, 7, 1, now_us);
	tell(s, SYNC_EVENT_SWEPT, now_us);
	CU_ASSERT(sync_out_is_current(s));
	CU_ASSERT(sync_in_is_current(s));
}

static void from_hello_to_live(void)
{
	struct sync s;
	struct sync_update u;

	sync_init(&s);
	greet(&s, SECOND);
	EXPECT_INT(sync_number(&s, 1000, SECOND, SECOND), 1);
	EXPECT_INT(sync_number(&s, 500, SECOND, SECOND + MS), 2);
	EXPECT_INT(sync_unacknowledged(&s), 1500);
	EXPECT_INT(sync_lag_us(&s, SECOND + 5 * MS), 5 * MS);
	u = tell(&s, SYNC_EVENT_STREAMED, SECOND + 2 * MS);
	EXPECT_INT(u.flags, SYNC_SEND_SNAPSHOT | SYNC_CHANGED);
	EXPECT_INT(u.step, SYNC_SNAPSHOT_END);
	EXPECT_INT(u.sequence, 3);
	u = hear_ack(&s, 2, false, SECOND + 3 * MS); /* all entries, but not the end */
	EXPECT_INT(u.flags, 0);
	CU_ASSERT(!sync_out_is_current(&s));
	EXPECT_INT(sync_unacknowledged(&s), 0);
	u = hear_ack(&s, 3, true, SECOND + 4 * MS);
	EXPECT_INT(u.flags, SYNC_CHANGED);
	CU_ASSERT(sync_out_is_current(&s));
	EXPECT_TEXT(sync_out_name(s.out), "live");
	EXPECT_INT(sync_lag_us(&s, SECOND + 5 * MS), 0);
}

/* Over connections; the end of a snapshot has no entries that could be late. */
static void how_long_it_took(void)
{
	struct sync s;
	struct sync_lag_view v;

	sync_init(&s);
	greet(&s, SECOND);
	sync_number(&s, 99, SECOND, SECOND);
	sync_number(&s, 1, SECOND + 2 * MS, SECOND + 3 * MS);
	tell(&s, SYNC_EVENT_STREAMED, SECOND + 4 * MS);
	hear_ack(&s, 1, false, SECOND + 5 * MS);
	EXPECT_INT(s.took_us, 0);
	hear_ack(&s, 3, true, SECOND + 40 * MS);
	EXPECT_INT(s.took_us, 40 * MS);
	tell(&s, SYNC_EVENT_CLOSED, SECOND + 50 * MS);
	greet(&s, 2 * SECOND);
	EXPECT_INT(s.took_us, 40 * MS);
	sync_lag_view(&s.lag, 2 * SECOND, &v);
	EXPECT_INT(v.n, 100);
	CU_ASSERT(v.p99_us >= 5 * MS && v.p99_us < 6 * MS);
	EXPECT_INT(v.max_us, 38 * MS);
}

/* The end was acknowledged by one that could not apply all of it. */
static void acknowledged_is_not_current(void)
{
	struct sync s;

	sync_init(&s);
	greet(&s, SECOND);
	tell(&s, SYNC_EVENT_STREAMED, SECOND);
	hear_ack(&s, 1, false, SECOND);
	EXPECT_TEXT(sync_out_name(s.out), "ending");
	reach(&s, SECOND);
	EXPECT_INT(sync_number(&s, 1, SECOND, SECOND), 2);
	hear_ack(&s, 2, false, SECOND + MS); /* its kernel refused this one */
	CU_ASSERT(!sync_out_is_current(&s));
	hear_snapshot(&s, SYNC_SNAPSHOT_WANTED, 0, 0, SECOND + MS);
	EXPECT_TEXT(sync_out_name(s.out), "streaming");
}

static void the_window(void)
{
	struct sync s;

	sync_init(&s);
	EXPECT_INT(sync_room(&s), 0); /* no connection */
	greet(&s, SECOND);
	for (uint64_t i = 1; i <= SYNC_WINDOW; i++)
		EXPECT_INT(sync_number(&s, 10, SECOND + i * MS, SECOND + i * MS), i);
	EXPECT_INT(sync_number(&s, 10, SECOND, SECOND), 0);
	EXPECT_INT(sync_unacknowledged(&s), 10 * SYNC_WINDOW);
	EXPECT_INT(tell(&s, SYNC_EVENT_STREAMED, SECOND).flags, 0); /* no room for the end */
	EXPECT_TEXT(sync_out_name(s.out), "streaming");
	EXPECT_INT(hear_ack(&s, 4, false, 2 * SECOND).flags, SYNC_STREAM);
	EXPECT_INT(sync_room(&s), 4);
	EXPECT_INT(sync_lag_us(&s, 2 * SECOND), SECOND - 5 * MS);
	EXPECT_INT(tell(&s, SYNC_EVENT_STREAMED, 2 * SECOND).sequence, SYNC_WINDOW + 1);
}

static void a_peer_that_stops(void)
{
	struct sync s;
	struct sync_update u;

	reach(&s, SECOND);
	u = tell(&s, SYNC_EVENT_TIMER, SECOND); /* the first digest, at once */
	EXPECT_INT(u.flags, SYNC_SEND_DIGEST);
	EXPECT_INT(sync_deadline_us(&s), SECOND + SYNC_STALE_US);
	u = tell(&s, SYNC_EVENT_TIMER, SECOND + SYNC_STALE_US);
	EXPECT_INT(u.flags, SYNC_CHANGED);
	CU_ASSERT(!sync_out_is_current(&s));
	u = hear_ack(&s, 1, true, 3 * SECOND);
	EXPECT_INT(u.flags, SYNC_CHANGED);
	CU_ASSERT(sync_out_is_current(&s));
	EXPECT_INT(sync_deadline_us(&s), SECOND + SYNC_DIGEST_US);
	EXPECT_INT(sync_number(&s, 1, 4 * SECOND, 4 * SECOND), 2);
	EXPECT_INT(sync_number(&s, 1, 5 * SECOND, 5 * SECOND), 3);
	hear_ack(&s, 2, true, 6 * SECOND);
	CU_ASSERT(!sync_out_is_current(&s)); /* the other one waits for a second already */
	hear_ack(&s, 2, true, 7 * SECOND);   /* nothing new */
	u = tell(&s, SYNC_EVENT_TIMER, 6 * SECOND + SYNC_ACK_MAX_US - 1);
	CU_ASSERT(!(u.flags & SYNC_CLOSE));
	u = tell(&s, SYNC_EVENT_TIMER, 6 * SECOND + SYNC_ACK_MAX_US);
	EXPECT_INT(u.flags, SYNC_CLOSE | SYNC_CHANGED);
	EXPECT_TEXT(sync_end_name(u.end), "unacknowledged");
	CU_ASSERT(sync_deadline_us(&s) == SYNC_NEVER);
	EXPECT_INT(sync_room(&s), 0);
	EXPECT_INT(sync_number(&s, 1, 0, 0), 0);
}

static void one_that_never_speaks(void)
{
	struct sync s;
	struct sync_update u;

	sync_init(&s);
	u = tell(&s, SYNC_EVENT_OPEN, SECOND);
	CU_ASSERT(u.flags & SYNC_SEND_HELLO);
	EXPECT_INT(sync_deadline_us(&s), SECOND + SYNC_HELLO_US);
	u = tell(&s, SYNC_EVENT_TIMER, SECOND + SYNC_HELLO_US);
	EXPECT_TEXT(sync_end_name(u.end), "silent");
	EXPECT_INT(u.flags, SYNC_CLOSE | SYNC_CHANGED);
}

static void what_does_not_fit(void)
{
	static const struct {
		struct sync_heard heard;
		const char *end;
	} cases[] = {
		{{.type = SYNC_FLOWS, .sequence = 1}, "sequence"}, /* again */
		{{.type = SYNC_FLOWS, .sequence = 3}, "sequence"},
		{{.type = SYNC_FACTS, .sequence = 0}, "sequence"},
		{{.type = SYNC_FACTS, .sequence = UINT64_MAX}, "sequence"},
		{{.type = SYNC_DIGEST, .sequence = 2}, "sequence"},
		{{.type = SYNC_ACK, .sequence = 2}, "ack"},
		{{.type = SYNC_ACK, .sequence = 0}, "ack"},
		{{.type = SYNC_SNAPSHOT, .step = SYNC_SNAPSHOT_END, .snapshot = 7, .sequence = 2},
		 "snapshot"},
		{{.type = SYNC_SNAPSHOT, .step = SYNC_SNAPSHOT_END, .snapshot = 7, .sequence = 9},
		 "sequence"},
		{{.type = SYNC_BYE}, "bye"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sync s;
		struct sync_update u;

		reach(&s, SECOND);
		u = hear(&s, cases[i].heard, SECOND);
		EXPECT_TEXT(sync_end_name(u.end), cases[i].end);
		EXPECT_INT(u.flags, SYNC_CLOSE | SYNC_CHANGED);
		CU_ASSERT(!sync_in_is_current(&s) && !sync_out_is_current(&s));
		/* Nothing that it says is looked at any more. */
		u = hear(&s, (struct sync_heard){.type = SYNC_FLOWS, .sequence = 2}, SECOND);
		EXPECT_INT(u.flags, 0);
	}
}

/* Its configuration is another one; nothing else is. */
static void a_second_hello(void)
{
	struct sync s;
	struct sync_update u;

	reach(&s, SECOND);
	u = hear(&s, (struct sync_heard){.type = SYNC_HELLO}, SECOND);
	EXPECT_INT(u.flags, 0);
	CU_ASSERT(sync_in_is_current(&s) && sync_out_is_current(&s));
}

static void before_the_hello(void)
{
	struct sync s;
	struct sync_update u;

	sync_init(&s);
	tell(&s, SYNC_EVENT_OPEN, SECOND);
	u = hear(&s, (struct sync_heard){.type = SYNC_NAME}, SECOND);
	EXPECT_TEXT(sync_end_name(u.end), "hello");
}

/* Two nodes that never agree ask for no more than a snapshot in 10 s. */
static void asks_now_and_then(void)
{
	struct sync s;
	struct sync_event differs = {.type = SYNC_EVENT_COMPARED, .now_us = 2 * SECOND};
	struct sync_update u;

	reach(&s, SECOND);
	u = hear(&s, (struct sync_heard){.type = SYNC_DIGEST, .sequence = 1}, 2 * SECOND);
	EXPECT_INT(u.flags, SYNC_COMPARE); /* what is acknowledged is known then */
	u = sync_step(&s, &differs);
	EXPECT_INT(u.flags, SYNC_SEND_SNAPSHOT | SYNC_SEND_ACK | SYNC_CHANGED);
	CU_ASSERT(!u.current);
	EXPECT_INT(u.step, SYNC_SNAPSHOT_WANTED);
	hear_begin(&s, 8, 2 * SECOND);
	u = hear_snapshot(&s, SYNC_SNAPSHOT_END, 8, 2, 3 * SECOND);
	EXPECT_INT(u.flags, SYNC_SEND_ACK | SYNC_SWEEP | SYNC_CHANGED);
	CU_ASSERT(!u.current); /* it has all, and more than that */
	CU_ASSERT(!sync_in_is_current(&s));
	u = tell(&s, SYNC_EVENT_SWEPT, 3 * SECOND);
	EXPECT_INT(u.flags, SYNC_SEND_ACK | SYNC_CHANGED);
	CU_ASSERT(u.current);
	differs.now_us = 4 * SECOND;
	u = sync_step(&s, &differs);
	EXPECT_INT(u.flags, SYNC_SEND_ACK | SYNC_CHANGED); /* not again so soon, and it says so */
	CU_ASSERT(!u.current);
	EXPECT_TEXT(sync_in_name(s.in), "waiting");
	u = tell(&s, SYNC_EVENT_TIMER, 2 * SECOND + SYNC_WANT_US);
	CU_ASSERT(u.flags & SYNC_SEND_SNAPSHOT);
}

/* One that fails each time is not repeated without a pause, however long it takes. */
static void a_snapshot_that_fails(void)
{
	struct sync s;
	struct sync_update u;

	sync_init(&s);
	greet(&s, SECOND);
	hear_begin(&s, 1, SECOND);
	hear(&s, (struct sync_heard){.type = SYNC_FLOWS, .sequence = 1}, SECOND);
	tell(&s, SYNC_EVENT_FAILED, SECOND);
	u = hear_snapshot(&s, SYNC_SNAPSHOT_END, 1, 2, 20 * SECOND);
	EXPECT_INT(u.flags, SYNC_SEND_ACK | SYNC_CHANGED);
	CU_ASSERT(!u.current);
	EXPECT_TEXT(sync_in_name(s.in), "waiting");
	u = tell(&s, SYNC_EVENT_TIMER, 20 * SECOND + SYNC_WANT_US - 1);
	CU_ASSERT(!(u.flags & SYNC_SEND_SNAPSHOT));
	u = tell(&s, SYNC_EVENT_TIMER, 20 * SECOND + SYNC_WANT_US);
	CU_ASSERT(u.flags & SYNC_SEND_SNAPSHOT && u.step == SYNC_SNAPSHOT_WANTED);
}

/* Slow is not dead: each message waits for long, but every second there is an acknowledgement. */
static void a_slow_peer(void)
{
	struct sync s;
	uint64_t now_us = SECOND;

	sync_init(&s);
	greet(&s, now_us);
	while (sync_number(&s, 1000, now_us, now_us))
		continue;
	EXPECT_INT(sync_deadline_us(&s), SECOND + SYNC_ACK_MAX_US); /* without a step in between */
	for (uint64_t i = 1; i <= SYNC_WINDOW; i++) {
		now_us += SECOND;
		tell(&s, SYNC_EVENT_TIMER, now_us);
		hear_ack(&s, i, false, now_us);
	}
	EXPECT_TEXT(sync_out_name(s.out), "streaming");
}

/* --- two of them, by chance ------------------------------------------------------------------- */

static void by_chance(void)
{
	unsigned int taken = 0;

	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		const char *wrong = sync_sim(seed, SYNC_SIM_NONE, 0, &taken);

		if (wrong) {
			printf("\n    seed %" PRIu64 ": %s", seed, wrong);
			CU_FAIL("two directors are not kept alike");
			return;
		}
	}
	CU_ASSERT(taken > 10 * SEEDS);
}

static void mutants_are_caught(void)
{
	for (enum sync_mutant m = SYNC_SIM_NONE + 1; m < SYNC_SIM_MUTANT_COUNT; m++) {
		bool caught = false;

		for (uint64_t seed = 1; seed <= SEEDS && !caught; seed++)
			caught = sync_sim(seed, m, 0, NULL) != NULL;
		if (!caught) {
			printf("\n    not caught: %s", sync_mutant_text(m));
			CU_FAIL("a mistake is not noticed");
		}
	}
}

UNIT_TESTS(sync) = {
	{"from hello to live", from_hello_to_live},
	{"how long it took", how_long_it_took},
	{"acknowledged is not current", acknowledged_is_not_current},
	{"the window", the_window},
	{"a peer that stops", a_peer_that_stops},
	{"one that never speaks", one_that_never_speaks},
	{"what does not fit", what_does_not_fit},
	{"a second hello", a_second_hello},
	{"before the hello", before_the_hello},
	{"asks now and then", asks_now_and_then},
	{"a snapshot that fails", a_snapshot_that_fails},
	{"a slow peer", a_slow_peer},
	{"two by chance", by_chance},
	{"mutants are caught", mutants_are_caught},
	UNIT_TESTS_END,
};
