/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rehearsed failures, lived through by two directors whose clocks differ, in virtual time. */
#include "director/drill/drill.h"
#include "tests/unit/unit.h"

#include <string.h>

enum { SECOND = 1000000, DELAY_US = 400, A = 0, B = 1, WIRE_MAX = 8 };

static const struct drill_budget budget = {.gap_ms = 200, .lost = 2};

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

static void world_init(struct world *w)
{
	*w = (struct world){.nodes = {{.clock_us = 5 * (uint64_t)SECOND},
				      {.clock_us = 9999 * (uint64_t)SECOND}},
			    .takeover_us = 150000};
}

static uint64_t clock_of(const struct world *w, int node)
{
	return w->nodes[node].clock_us + w->now_us;
}

static void step(struct world *w, int node, struct drill_event ev)
{
	struct node *n = &w->nodes[node];
	struct drill_update u;

	ev.now_us = clock_of(w, node);
	ev.budget = budget;
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
	step(w, node,
	     (struct drill_event){.type = DRILL_EVENT_MOMENT,
				  .moment = {SYNC_MOMENT_LET_GO, clock_of(w, node)},
				  .lost = w->lost});
}

static void order_kind(struct world *w, int node, bool yields, bool force, uint8_t kind)
{
	step(w, node,
	     (struct drill_event){.type = DRILL_EVENT_ORDER,
				  .id = 7 + (uint64_t)node,
				  .kind = kind,
				  .force = force,
				  .yields_here = yields,
				  .limit_ms = 10000,
				  .objection = w->nodes[node].objection});
}

static void order(struct world *w, int node, bool yields, bool force)
{
	order_kind(w, node, yields, force, SYNC_DRILL_GRACEFUL);
}

static void deliver(struct world *w)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->wire[i].at_us <= w->now_us) {
			struct letter l = w->wire[i];

			memmove(&w->wire[i], &w->wire[i + 1], (--w->n - i) * sizeof(l));
			step(w, l.to,
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
			step(w, node,
			     (struct drill_event){
				     .type = DRILL_EVENT_MOMENT,
				     .moment = {SYNC_MOMENT_MASTER, clock_of(w, node)}});
	}
}

/* In steps of 100 us. */
static void live(struct world *w, uint64_t us)
{
	for (uint64_t end_us = w->now_us + us; w->now_us < end_us; w->now_us += 100) {
		deliver(w);
		take_over(w);
		for (int node = A; node <= B; node++)
			if (clock_of(w, node) >= drill_deadline_us(&w->nodes[node].drill))
				step(w, node, (struct drill_event){.type = DRILL_EVENT_TIMER});
	}
}

static void expect_results(const struct world *w, enum drill_result a, enum drill_result b)
{
	EXPECT_TEXT(drill_result_name(w->nodes[A].drill.result), drill_result_name(a));
	EXPECT_TEXT(drill_result_name(w->nodes[B].drill.result), drill_result_name(b));
}

/* A is the master, and lets go; whoever is asked. */
static void expect_takeover(struct world *w)
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

static void it_passes(void)
{
	for (int asked = A; asked <= B; asked++) {
		struct world w;

		world_init(&w);
		w.takeover_us = 200000;
		w.lost = 2;
		order(&w, asked, asked == A, false);
		live(&w, SECOND);
		expect_results(&w, DRILL_PASSED, DRILL_PASSED);
		expect_takeover(&w);
		EXPECT_TEXT(w.nodes[A].drill.why, "");
	}
}

/* Both tell the same of both, whatever their clocks say. */
static void expect_timeline(const struct drill *d)
{
	struct control_moment m[CONTROL_MOMENTS];

	EXPECT_INT(drill_timeline(d, m), 3);
	EXPECT_INT(m[0].kind, SYNC_MOMENT_LET_GO);
	EXPECT_INT(m[0].there, false);
	EXPECT_INT(m[0].at_us, 0);
	EXPECT_INT(m[1].kind, SYNC_MOMENT_MASTER);
	EXPECT_INT(m[1].there, true);
	EXPECT_INT(m[1].at_us, 150000);
	EXPECT_INT(m[2].kind, SYNC_MOMENT_RESTORED);
	CU_ASSERT(m[2].at_us >= 10000000 && m[2].at_us < 10001000);
}

/*
 * Who is silent says nothing before its limit, and lasts as long whatever the other one says; its own clock
 * ends it.
 */
static void silence_lasts(void)
{
	static const uint8_t kinds[] = {SYNC_DRILL_CRASH, SYNC_DRILL_LINK};

	for (int asked = A; asked <= B; asked++)
		for (size_t i = 0; i < 2; i++) {
			const struct drill *a;
			struct world w;

			world_init(&w);
			a = &w.nodes[A].drill;
			order_kind(&w, asked, asked == A, false, kinds[i]);
			live(&w, 9 * (uint64_t)SECOND);
			EXPECT_INT(w.nodes[B].drill.here.complete, true);
			EXPECT_INT(a->state, DRILL_RUNNING);
			EXPECT_INT(w.nodes[A].restores, 0);
			live(&w, 2 * (uint64_t)SECOND);
			CU_ASSERT(w.nodes[A].restored_us >=
				  w.nodes[A].yielded_us + 10 * (uint64_t)SECOND);
			CU_ASSERT(w.nodes[A].restored_us <=
				  w.nodes[A].yielded_us + 10 * (uint64_t)SECOND + 1000);
			expect_results(&w, DRILL_PASSED, DRILL_PASSED);
			expect_takeover(&w);
			EXPECT_INT(a->here.moments[a->here.n - 1].kind, SYNC_MOMENT_RESTORED);
			for (int node = A; node <= B; node++)
				expect_timeline(&w.nodes[node].drill);
		}
}

/* Two masters are what must not be. */
static void a_split_has_one_master(void)
{
	for (int asked = A; asked <= B; asked++) {
		struct world w;

		world_init(&w);
		w.takeover_us = 0;
		order_kind(&w, asked, asked == A, false, SYNC_DRILL_SPLIT);
		live(&w, 12 * (uint64_t)SECOND);
		expect_results(&w, DRILL_PASSED, DRILL_PASSED);
		EXPECT_INT(w.nodes[A].restores, 1);
		world_init(&w);
		order_kind(&w, asked, asked == A, false, SYNC_DRILL_SPLIT);
		live(&w, 12 * (uint64_t)SECOND);
		expect_results(&w, DRILL_MISSED, DRILL_MISSED);
		EXPECT_TEXT(w.nodes[B].drill.why, "two masters, 150 ms after adverts were lost");
	}
}

static void it_misses(void)
{
	static const struct {
		uint64_t takeover_us, lost;
		const char *why;
	} cases[] = {
		{200100, 0, "the takeover took 201 ms, max-gap is 200 ms"},
		{3000000, 9, "the takeover took 3000 ms, max-gap is 200 ms"},
		{100000, 3, "3 connections lost, max-lost-connections is 2"},
		{0, 0, "nobody took over within 10000 ms"},
		{10000100, 0, "nobody took over within 10000 ms"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (int asked = A; asked <= B; asked++) {
			struct world w;

			world_init(&w);
			w.takeover_us = cases[i].takeover_us;
			w.lost = cases[i].lost;
			order(&w, asked, asked == A, false);
			live(&w, 20 * (uint64_t)SECOND);
			expect_results(&w, DRILL_MISSED, DRILL_MISSED);
			EXPECT_TEXT(w.nodes[A].drill.why, cases[i].why);
			EXPECT_TEXT(w.nodes[B].drill.why, cases[i].why);
			EXPECT_INT(w.nodes[A].restores, 1);
			CU_ASSERT(w.nodes[A].restored_us <=
				  w.nodes[A].yielded_us + 10 * (uint64_t)SECOND + 100);
		}
}

static void what_speaks_against_it(void)
{
	for (int asked = A; asked <= B; asked++)
		for (int who = A; who <= B; who++) {
			struct world w;

			world_init(&w);
			w.nodes[who].objection = "the tables are no twins";
			order(&w, asked, asked == A, false);
			EXPECT_INT(w.n, who != asked);
			live(&w, SECOND);
			EXPECT_TEXT(drill_result_name(w.nodes[asked].drill.result), "refused");
			EXPECT_TEXT(w.nodes[asked].drill.why,
				    who == asked ? "the tables are no twins"
						 : "the other director: the tables are no twins");
			EXPECT_INT(w.nodes[A].yields + w.nodes[B].yields, 0);
			EXPECT_INT(w.nodes[!asked].drill.state, DRILL_IDLE);
			/* All the same. */
			order(&w, asked, asked == A, true);
			live(&w, SECOND);
			expect_results(&w, DRILL_PASSED, DRILL_PASSED);
		}
}

/* Of who is to fall silent by another's word an objection counts, whatever the force. */
static void force_does_not_silence(void)
{
	static const uint8_t kinds[] = {SYNC_DRILL_CRASH, SYNC_DRILL_LINK, SYNC_DRILL_SPLIT};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		for (int asked = A; asked <= B; asked++) {
			struct world w;

			world_init(&w);
			w.nodes[!asked].objection = "the tables are no twins";
			order_kind(&w, asked, asked == A, true, kinds[i]);
			live(&w, SECOND);
			EXPECT_INT(w.nodes[A].yields, asked == A);
			EXPECT_TEXT(drill_result_name(w.nodes[B].drill.result),
				    asked == A ? "open" : "refused");
		}
}

static void order_for(struct world *w, int node, uint8_t kind, uint32_t limit_ms)
{
	step(w, node,
	     (struct drill_event){.type = DRILL_EVENT_ORDER,
				  .id = 9,
				  .kind = kind,
				  .force = true,
				  .yields_here = true,
				  .limit_ms = limit_ms});
}

/* By the own operator's word, too; and who is asked to watch does not do so for longer. */
static void silence_is_bounded(void)
{
	struct sync_drill m = {.id = 5,
			       .step = SYNC_DRILL_ASK,
			       .kind = SYNC_DRILL_CRASH,
			       .force = true,
			       .asker_yields = true,
			       .limit_ms = UINT32_MAX};
	struct world w;

	world_init(&w);
	order_for(&w, A, SYNC_DRILL_CRASH, DRILL_SILENCE_MAX_MS + 1);
	EXPECT_TEXT(drill_result_name(w.nodes[A].drill.result), "refused");
	EXPECT_TEXT(w.nodes[A].drill.why, "no node falls silent for so long");
	EXPECT_INT(w.n, 0);
	order_for(&w, A, SYNC_DRILL_GRACEFUL, DRILL_SILENCE_MAX_MS + 1);
	EXPECT_INT(w.nodes[A].drill.state, DRILL_ASKING);
	world_init(&w);
	step(&w, B, (struct drill_event){.type = DRILL_EVENT_HEARD, .heard = &m});
	EXPECT_INT(w.nodes[B].drill.state, DRILL_RUNNING);
	EXPECT_INT(w.nodes[B].drill.limit_ms, DRILL_SILENCE_MAX_MS);
}

static void nobody_answers(void)
{
	struct world w;

	world_init(&w);
	w.cut = true;
	order(&w, A, true, false);
	live(&w, DRILL_ANSWER_US - 1000);
	EXPECT_INT(w.nodes[A].drill.state, DRILL_ASKING);
	live(&w, 2000);
	EXPECT_TEXT(w.nodes[A].drill.why, "the other director does not answer");
	EXPECT_INT(w.nodes[A].yields, 0);
	/* A late answer is to nobody. */
	w.cut = false;
	step(&w, A,
	     (struct drill_event){.type = DRILL_EVENT_HEARD,
				  .heard = &(struct sync_drill){.id = 7,
								.step = SYNC_DRILL_READY,
								.kind = SYNC_DRILL_GRACEFUL}});
	EXPECT_INT(w.nodes[A].yields, 0);
	EXPECT_INT(w.nodes[A].drill.state, DRILL_ENDED);
}

/* B has said that it is ready, and never hears the rest. */
static void it_is_not_begun(void)
{
	struct world w;

	world_init(&w);
	order(&w, B, false, false);
	live(&w, DELAY_US + 100);
	EXPECT_INT(w.nodes[A].drill.state, DRILL_READY);
	w.n = 0;
	w.cut = true;
	live(&w, 4 * (uint64_t)SECOND);
	EXPECT_INT(w.nodes[A].yields, 0);
	EXPECT_TEXT(w.nodes[A].drill.why, "the other director has not begun");
	EXPECT_TEXT(w.nodes[B].drill.why, "the other director does not answer");
}

static void two_questions_cross(void)
{
	struct world w;

	world_init(&w);
	order(&w, A, true, false);
	order(&w, B, false, false);
	live(&w, SECOND);
	expect_results(&w, DRILL_REFUSED, DRILL_REFUSED);
	EXPECT_TEXT(w.nodes[A].drill.why, "the other director: a drill is under way");
	EXPECT_INT(w.nodes[A].yields, 0);
}

/* While the addresses move the channel is away; what was said then is said again. */
static void the_channel_is_away(void)
{
	for (int returns = 0; returns <= 1; returns++) {
		struct world w;

		world_init(&w);
		order(&w, A, true, false);
		live(&w, 10000);
		EXPECT_INT(w.nodes[A].yields, 1);
		w.cut = true;
		w.n = 0;
		live(&w, SECOND);
		EXPECT_INT(w.nodes[B].drill.here.complete, true);
		EXPECT_INT(w.nodes[A].restores, 0);
		w.cut = !returns;
		for (int node = A; node <= B; node++)
			step(&w, node, (struct drill_event){.type = DRILL_EVENT_CHANNEL});
		live(&w, 30 * (uint64_t)SECOND);
		EXPECT_INT(w.nodes[A].restores, 1);
		if (returns)
			expect_results(&w, DRILL_PASSED, DRILL_PASSED);
		else
			expect_results(&w, DRILL_UNKNOWN, DRILL_UNKNOWN);
	}
}

/* What is about another drill, or comes again, changes nothing. */
static void strange_messages(void)
{
	struct world w;
	struct drill before;

	world_init(&w);
	order(&w, B, false, false);
	live(&w, 10000);
	EXPECT_INT(w.nodes[A].drill.state, DRILL_RUNNING);
	before = w.nodes[A].drill;
	for (uint8_t s = SYNC_DRILL_READY; s <= SYNC_DRILL_REPORT; s++)
		for (uint64_t id = 1; id <= 8; id++) {
			struct sync_drill m = {.id = id, .step = s, .kind = SYNC_DRILL_GRACEFUL};

			if (id == 8 && s == SYNC_DRILL_REPORT)
				continue;
			step(&w, A, (struct drill_event){.type = DRILL_EVENT_HEARD, .heard = &m});
		}
	CU_ASSERT(memcmp(&before, &w.nodes[A].drill, sizeof(before)) == 0);
	EXPECT_INT(w.nodes[A].yields, 1);
	live(&w, SECOND);
	expect_results(&w, DRILL_PASSED, DRILL_PASSED);
	/* One of a kind, and no more than there is room for. */
	for (int i = 0; i < 100; i++)
		step(&w, A,
		     (struct drill_event){.type = DRILL_EVENT_MOMENT,
					  .moment = {(uint8_t)(1 + i % SYNC_MOMENT_LAST), 1}});
	EXPECT_INT(w.nodes[A].drill.here.n, 1);
}

static void names(void)
{
	EXPECT_INT(drill_kind_by_name("graceful"), SYNC_DRILL_GRACEFUL);
	EXPECT_INT(drill_kind_by_name("daemon-kill"), SYNC_DRILL_DAEMON_KILL);
	EXPECT_INT(drill_kind_by_name("grace"), 0);
	EXPECT_TEXT(drill_kind_name(SYNC_DRILL_SPLIT), "split");
	EXPECT_TEXT(drill_kind_name(0), "?");
	EXPECT_TEXT(drill_kind_name(SYNC_DRILL_SPLIT + 1), "?");
	for (uint8_t kind = 1; kind <= SYNC_MOMENT_LAST; kind++)
		CU_ASSERT(drill_moment_name(kind)[0] != '?');
	EXPECT_TEXT(drill_moment_name(SYNC_MOMENT_LAST + 1), "?");
}

UNIT_TESTS(drill) = {
	{"it passes", it_passes},
	{"it misses", it_misses},
	{"silence lasts as long as it is said", silence_lasts},
	{"a split has one master", a_split_has_one_master},
	{"what speaks against it", what_speaks_against_it},
	{"force does not silence another node", force_does_not_silence},
	{"silence is bounded", silence_is_bounded},
	{"nobody answers", nobody_answers},
	{"it is not begun", it_is_not_begun},
	{"two questions cross", two_questions_cross},
	{"the channel is away", the_channel_is_away},
	{"strange messages", strange_messages},
	{"names", names},
	UNIT_TESTS_END,
};
