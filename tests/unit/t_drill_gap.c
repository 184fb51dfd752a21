/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A drill in which a service is probed, lived through by both directors, in virtual time: what either
 * tells the other of it, and what both make of it. t_drill.c has all the rest of a drill.
 */
#include "director/drill/drill.h"
#include "tests/unit/unit.h"

#include <string.h>

enum { SECOND = 1000000, TICK_US = 100, DELAY_US = 400, TAKEOVER_US = 150000, A = 0, B = 1 };

#define NEVER UINT64_MAX

static const struct drill_budget budget = {.gap_ms = 200, .lost = 2};
static const struct mac macs[2] = {{{2, 0, 0, 0, 0, 1}}, {{2, 0, 0, 0, 0, 2}}};
static const uint64_t clocks_us[2] = {5 * (uint64_t)SECOND, 9999 * (uint64_t)SECOND};

/* A is the master, and lets go. */
struct world {
	struct drill drills[2];
	uint64_t now_us, let_go_us; /* 0: not yet */
	uint64_t away_us; /* after the takeover the way by the new master is away yet; or NEVER */
	bool deaf;	  /* B sees nothing of the way by the old one */
	bool stays;	  /* … which is good all the time */
	uint64_t takeover_us;
	struct {
		bool there;
		uint64_t at_us;
		struct sync_drill m;
	} wire[2]; /* to A, to B */
	unsigned int restores;
	struct sync_drill asked, answered; /* what was sent */
};

static uint64_t clock_of(const struct world *w, int node)
{
	return clocks_us[node] + w->now_us;
}

/* The way by A ends when it lets go, the one by B begins away_us after its takeover. */
static void look(struct world *w, int node)
{
	struct drill_record *r = &w->drills[node].here;
	uint64_t end_us = clocks_us[node] + w->let_go_us;
	uint64_t back_us = end_us + w->takeover_us + w->away_us;

	if (!w->let_go_us || r->complete)
		return;
	r->n_spans = 0;
	if (node == B && w->stays) {
		r->spans[0] = (struct sync_span){true, end_us - 50000, clock_of(w, node)};
		r->n_spans = 1;
	} else if (node == B && !w->deaf) {
		r->spans[0] = (struct sync_span){true, end_us - 50000, end_us};
		r->spans[1] = (struct sync_span){false, end_us + 4000, clock_of(w, node)};
		r->n_spans = clock_of(w, node) > end_us + 4000 ? 2 : 1;
	} else if (node == A && w->away_us != NEVER && clock_of(w, node) > back_us) {
		r->spans[0] = (struct sync_span){true, back_us, clock_of(w, node)};
		r->n_spans = 1;
	}
}

static void step(struct world *w, int node, struct drill_event ev)
{
	struct drill_update u;

	ev.now_us = clock_of(w, node);
	ev.budget = budget;
	ev.mac = macs[node];
	look(w, node);
	u = drill_step(&w->drills[node], &ev);
	if (u.flags & DRILL_SEND) {
		CU_ASSERT(!w->wire[!node].there);
		w->wire[!node].there = true;
		w->wire[!node].at_us = w->now_us + DELAY_US;
		w->wire[!node].m = u.message;
		if (u.message.step == SYNC_DRILL_ASK)
			w->asked = u.message;
		else if (u.message.step == SYNC_DRILL_READY)
			w->answered = u.message;
	}
	w->restores += (u.flags & DRILL_RESTORE) != 0;
	if (!(u.flags & DRILL_YIELD))
		return;
	EXPECT_INT(node, A);
	w->let_go_us = w->now_us;
	step(w, node,
	     (struct drill_event){.type = DRILL_EVENT_MOMENT,
				  .moment = {SYNC_MOMENT_LET_GO, clock_of(w, node)}});
}

static void order(struct world *w, int node, uint8_t kind, uint16_t port)
{
	struct drill_event ev = {.type = DRILL_EVENT_ORDER,
				 .id = 7,
				 .kind = kind,
				 .yields_here = node == A,
				 .limit_ms = 10000};

	if (port)
		ev.target = (struct drill_target){addr_v4(0x0a4d0064), port};
	w->now_us = SECOND;
	step(w, node, ev);
}

static void live(struct world *w, uint64_t us)
{
	for (uint64_t end_us = w->now_us + us; w->now_us < end_us; w->now_us += TICK_US) {
		for (int node = A; node <= B; node++) {
			struct sync_drill m = w->wire[node].m;

			if (!w->wire[node].there || w->wire[node].at_us > w->now_us)
				continue;
			w->wire[node].there = false;
			step(w, node, (struct drill_event){.type = DRILL_EVENT_HEARD, .heard = &m});
		}
		if (w->let_go_us && w->now_us == w->let_go_us + w->takeover_us)
			step(w, B,
			     (struct drill_event){.type = DRILL_EVENT_MOMENT,
						  .moment = {SYNC_MOMENT_MASTER, clock_of(w, B)}});
		for (int node = A; node <= B; node++)
			if (clock_of(w, node) >= drill_deadline_us(&w->drills[node]))
				step(w, node, (struct drill_event){.type = DRILL_EVENT_TIMER});
	}
}

/* Both come to the same. */
static void expect(const struct world *w, enum drill_gap gap, uint64_t gap_us, const char *why)
{
	for (int node = A; node <= B; node++) {
		const struct drill *d = &w->drills[node];
		uint64_t us = 0;

		EXPECT_TEXT(drill_result_name(d->result), why[0] ? "missed" : "passed");
		EXPECT_TEXT(d->why, why);
		EXPECT_INT(drill_gap_us(d, &us), gap);
		EXPECT_INT(us, gap_us);
	}
	EXPECT_INT(w->restores, 1);
}

/* What the service misses is judged, in place of how long the takeover took. */
static void what_it_misses_is_judged(void)
{
	static const struct {
		uint8_t kind;
		uint64_t away_us, gap_us;
		bool deaf;
		enum drill_gap gap;
		const char *why;
	} cases[] = {
		{SYNC_DRILL_GRACEFUL, 0, 150000, false, DRILL_GAP_KNOWN, ""},
		{SYNC_DRILL_GRACEFUL, 60000, 210000, false, DRILL_GAP_KNOWN,
		 "the service was away for 210 ms, max-gap is 200 ms"},
		{SYNC_DRILL_CRASH, 50000, 200000, false, DRILL_GAP_KNOWN, ""},
		{SYNC_DRILL_CRASH, 50100, 200100, false, DRILL_GAP_KNOWN,
		 "the service was away for 201 ms, max-gap is 200 ms"},
		{SYNC_DRILL_GRACEFUL, NEVER, 0, false, DRILL_GAP_NO_NEW, ""},
		{SYNC_DRILL_LINK, 0, 0, true, DRILL_GAP_NO_OLD, ""},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (int asked = A; asked <= B; asked++) {
			struct world w = {.away_us = cases[i].away_us,
					  .deaf = cases[i].deaf,
					  .takeover_us = TAKEOVER_US};

			order(&w, asked, cases[i].kind, 80);
			live(&w, 12 * (uint64_t)SECOND);
			expect(&w, cases[i].gap, cases[i].gap_us, cases[i].why);
		}
}

/* As long as the old one forwards, a takeover may take its time. */
static void a_slow_takeover_that_nobody_misses(void)
{
	for (int asked = A; asked <= B; asked++) {
		struct world w = {.stays = true, .takeover_us = 300000};

		order(&w, asked, SYNC_DRILL_GRACEFUL, 80);
		live(&w, 2 * (uint64_t)SECOND);
		expect(&w, DRILL_GAP_KNOWN, 0, "");
	}
}

/* Either is told what is probed and where the other one takes its frames. */
static void what_is_told(void)
{
	for (int asked = A; asked <= B; asked++) {
		struct world w = {.takeover_us = TAKEOVER_US}, without = w;

		order(&w, asked, SYNC_DRILL_CRASH, 80);
		live(&w, 2 * (uint64_t)SECOND);
		for (int node = A; node <= B; node++) {
			CU_ASSERT(mac_equal(&w.drills[node].mac_there, &macs[!node]));
			EXPECT_INT(w.drills[node].target.vip.family, w.asked.vip.family);
			EXPECT_INT(w.drills[node].target.port, 80);
		}
		CU_ASSERT(mac_equal(&w.asked.mac, &macs[asked]));
		CU_ASSERT(mac_equal(&w.answered.mac, &macs[!asked]));
		/* Who is asked for no probe makes none. */
		order(&without, asked, SYNC_DRILL_GRACEFUL, 0);
		live(&without, 2 * (uint64_t)SECOND);
		for (int node = A; node <= B; node++)
			EXPECT_INT(without.drills[node].target.vip.family, 0);
		EXPECT_INT(without.asked.vip.family, 0);
		EXPECT_INT(without.asked.mac.bytes[0] + without.answered.mac.bytes[0], 0);
	}
}

/* One that hands over in order goes on for a moment, and is not waited for longer; it is not "as before". */
static void an_orderly_one_ends_soon(void)
{
	struct world w = {.takeover_us = TAKEOVER_US};

	order(&w, A, SYNC_DRILL_GRACEFUL, 80);
	live(&w, TAKEOVER_US + DRILL_AFTER_US / 2);
	EXPECT_INT(w.drills[A].state, DRILL_RUNNING);
	EXPECT_INT(w.drills[A].here.complete, false);
	live(&w, DRILL_AFTER_US / 2 + 2000);
	expect(&w, DRILL_GAP_KNOWN, TAKEOVER_US, "");
	EXPECT_INT(w.drills[A].here.n, 1);
}

UNIT_TESTS(drill_gap) = {
	{"what it misses is judged", what_it_misses_is_judged},
	{"a slow takeover that nobody misses", a_slow_takeover_that_nobody_misses},
	{"what is told", what_is_told},
	{"an orderly one ends soon", an_orderly_one_ends_soon},
	UNIT_TESTS_END,
};
