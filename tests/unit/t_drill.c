/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rehearsed failures, lived through by two directors whose clocks differ, in virtual time. */
#include "tests/unit/drill_world.h"

#include <string.h>

static void it_passes(void)
{
	for (int asked = A; asked <= B; asked++) {
		struct world w;

		drill_world_init(&w);
		w.takeover_us = 200000;
		w.lost = 2;
		drill_world_order(&w, asked, asked == A, false);
		drill_world_live(&w, SECOND);
		expect_drill_results(&w, DRILL_PASSED, DRILL_PASSED);
		expect_drill_takeover(&w);
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

			drill_world_init(&w);
			a = &w.nodes[A].drill;
			drill_world_order_kind(&w, asked, asked == A, false, kinds[i]);
			drill_world_live(&w, 9 * (uint64_t)SECOND);
			EXPECT_INT(w.nodes[B].drill.here.complete, true);
			EXPECT_INT(a->state, DRILL_RUNNING);
			EXPECT_INT(w.nodes[A].restores, 0);
			drill_world_live(&w, 2 * (uint64_t)SECOND);
			CU_ASSERT(w.nodes[A].restored_us >=
				  w.nodes[A].yielded_us + 10 * (uint64_t)SECOND);
			CU_ASSERT(w.nodes[A].restored_us <=
				  w.nodes[A].yielded_us + 10 * (uint64_t)SECOND + 1000);
			expect_drill_results(&w, DRILL_PASSED, DRILL_PASSED);
			expect_drill_takeover(&w);
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

		drill_world_init(&w);
		w.takeover_us = 0;
		drill_world_order_kind(&w, asked, asked == A, false, SYNC_DRILL_SPLIT);
		drill_world_live(&w, 12 * (uint64_t)SECOND);
		expect_drill_results(&w, DRILL_PASSED, DRILL_PASSED);
		EXPECT_INT(w.nodes[A].restores, 1);
		drill_world_init(&w);
		drill_world_order_kind(&w, asked, asked == A, false, SYNC_DRILL_SPLIT);
		drill_world_live(&w, 12 * (uint64_t)SECOND);
		expect_drill_results(&w, DRILL_MISSED, DRILL_MISSED);
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

			drill_world_init(&w);
			w.takeover_us = cases[i].takeover_us;
			w.lost = cases[i].lost;
			drill_world_order(&w, asked, asked == A, false);
			drill_world_live(&w, 20 * (uint64_t)SECOND);
			expect_drill_results(&w, DRILL_MISSED, DRILL_MISSED);
			EXPECT_TEXT(w.nodes[A].drill.why, cases[i].why);
			EXPECT_TEXT(w.nodes[B].drill.why, cases[i].why);
			EXPECT_INT(w.nodes[A].restores, 1);
			CU_ASSERT(w.nodes[A].restored_us <=
				  w.nodes[A].yielded_us + 10 * (uint64_t)SECOND + 100);
		}
}

/* Nobody takes over: both tell when the one that let go was master again, and that it was no takeover. */
static void it_is_master_again(void)
{
	struct control_moment m[CONTROL_MOMENTS];

	for (int asked = A; asked <= B; asked++) {
		struct world w;
		uint64_t us;

		drill_world_init(&w);
		w.takeover_us = 0;
		drill_world_order(&w, asked, asked == A, false);
		drill_world_live(&w, SECOND);
		drill_world_step(
			&w, A,
			(struct drill_event){
				.type = DRILL_EVENT_MOMENT,
				.moment = {SYNC_MOMENT_MASTER,
					   w.nodes[A].drill.here.moments[0].at_us + 400000}});
		drill_world_live(&w, 20 * (uint64_t)SECOND);
		expect_drill_results(&w, DRILL_MISSED, DRILL_MISSED);
		for (int node = A; node <= B; node++) {
			const struct drill *d = &w.nodes[node].drill;

			EXPECT_TEXT(d->why, "nobody took over within 10000 ms");
			CU_ASSERT(!drill_takeover_us(d, &us));
			EXPECT_INT(drill_timeline(d, m), 3);
			EXPECT_TEXT(drill_moment_name(m[1].there, m[1].kind), "is master again");
			EXPECT_INT(m[1].at_us, 400000);
			EXPECT_INT(m[2].kind, SYNC_MOMENT_RESTORED);
		}
	}
}

static void what_speaks_against_it(void)
{
	for (int asked = A; asked <= B; asked++)
		for (int who = A; who <= B; who++) {
			struct world w;

			drill_world_init(&w);
			w.nodes[who].objection = "the tables are no twins";
			drill_world_order(&w, asked, asked == A, false);
			EXPECT_INT(w.n, who != asked);
			drill_world_live(&w, SECOND);
			EXPECT_TEXT(drill_result_name(w.nodes[asked].drill.result), "refused");
			EXPECT_TEXT(w.nodes[asked].drill.why,
				    who == asked ? "the tables are no twins"
						 : "the other director: the tables are no twins");
			EXPECT_INT(w.nodes[A].yields + w.nodes[B].yields, 0);
			EXPECT_INT(w.nodes[!asked].drill.state, DRILL_IDLE);
			/* All the same. */
			drill_world_order(&w, asked, asked == A, true);
			drill_world_live(&w, SECOND);
			expect_drill_results(&w, DRILL_PASSED, DRILL_PASSED);
		}
}

/* Of who is to fall silent by another's word an objection counts, whatever the force. */
static void force_does_not_silence(void)
{
	static const uint8_t kinds[] = {SYNC_DRILL_CRASH, SYNC_DRILL_LINK, SYNC_DRILL_SPLIT};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		for (int asked = A; asked <= B; asked++) {
			struct world w;

			drill_world_init(&w);
			w.nodes[!asked].objection = "the tables are no twins";
			drill_world_order_kind(&w, asked, asked == A, true, kinds[i]);
			drill_world_live(&w, SECOND);
			EXPECT_INT(w.nodes[A].yields, asked == A);
			EXPECT_TEXT(drill_result_name(w.nodes[B].drill.result),
				    asked == A ? "open" : "refused");
		}
}

static void order_for(struct world *w, int node, uint8_t kind, uint32_t limit_ms)
{
	drill_world_step(w, node,
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

	drill_world_init(&w);
	order_for(&w, A, SYNC_DRILL_CRASH, DRILL_HARSH_MAX_MS + 1);
	EXPECT_TEXT(drill_result_name(w.nodes[A].drill.result), "refused");
	EXPECT_TEXT(w.nodes[A].drill.why, "no node is away for so long");
	EXPECT_INT(w.n, 0);
	order_for(&w, A, SYNC_DRILL_GRACEFUL, DRILL_HARSH_MAX_MS + 1);
	EXPECT_INT(w.nodes[A].drill.state, DRILL_ASKING);
	drill_world_init(&w);
	drill_world_step(&w, B, (struct drill_event){.type = DRILL_EVENT_HEARD, .heard = &m});
	EXPECT_INT(w.nodes[B].drill.state, DRILL_RUNNING);
	EXPECT_INT(w.nodes[B].drill.limit_ms, DRILL_HARSH_MAX_MS);
}

static void nobody_answers(void)
{
	struct world w;

	drill_world_init(&w);
	w.cut = true;
	drill_world_order(&w, A, true, false);
	drill_world_live(&w, DRILL_ANSWER_US - 1000);
	EXPECT_INT(w.nodes[A].drill.state, DRILL_ASKING);
	drill_world_live(&w, 2000);
	EXPECT_TEXT(w.nodes[A].drill.why, "the other director does not answer");
	EXPECT_INT(w.nodes[A].yields, 0);
	/* A late answer is to nobody. */
	w.cut = false;
	drill_world_step(
		&w, A,
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

	drill_world_init(&w);
	drill_world_order(&w, B, false, false);
	drill_world_live(&w, DELAY_US + 100);
	EXPECT_INT(w.nodes[A].drill.state, DRILL_READY);
	w.n = 0;
	w.cut = true;
	drill_world_live(&w, 4 * (uint64_t)SECOND);
	EXPECT_INT(w.nodes[A].yields, 0);
	EXPECT_TEXT(w.nodes[A].drill.why, "the other director has not begun");
	EXPECT_TEXT(w.nodes[B].drill.why, "the other director does not answer");
}

static void two_questions_cross(void)
{
	struct world w;

	drill_world_init(&w);
	drill_world_order(&w, A, true, false);
	drill_world_order(&w, B, false, false);
	drill_world_live(&w, SECOND);
	expect_drill_results(&w, DRILL_REFUSED, DRILL_REFUSED);
	EXPECT_TEXT(w.nodes[A].drill.why, "the other director: a drill is under way");
	EXPECT_INT(w.nodes[A].yields, 0);
}

/* While the addresses move the channel is away; what was said then is said again. */
static void the_channel_is_away(void)
{
	for (int returns = 0; returns <= 1; returns++) {
		struct world w;

		drill_world_init(&w);
		drill_world_order(&w, A, true, false);
		drill_world_live(&w, 10000);
		EXPECT_INT(w.nodes[A].yields, 1);
		w.cut = true;
		w.n = 0;
		drill_world_live(&w, SECOND);
		EXPECT_INT(w.nodes[B].drill.here.complete, true);
		EXPECT_INT(w.nodes[A].restores, 0);
		w.cut = !returns;
		for (int node = A; node <= B; node++)
			drill_world_step(&w, node,
					 (struct drill_event){.type = DRILL_EVENT_CHANNEL});
		drill_world_live(&w, 30 * (uint64_t)SECOND);
		EXPECT_INT(w.nodes[A].restores, 1);
		if (returns)
			expect_drill_results(&w, DRILL_PASSED, DRILL_PASSED);
		else
			expect_drill_results(&w, DRILL_UNKNOWN, DRILL_UNKNOWN);
	}
}

/* What is about another drill, or comes again, changes nothing. */
static void strange_messages(void)
{
	struct world w;
	struct drill before;

	drill_world_init(&w);
	drill_world_order(&w, B, false, false);
	drill_world_live(&w, 10000);
	EXPECT_INT(w.nodes[A].drill.state, DRILL_RUNNING);
	before = w.nodes[A].drill;
	for (uint8_t s = SYNC_DRILL_READY; s <= SYNC_DRILL_REPORT; s++)
		for (uint64_t id = 1; id <= 8; id++) {
			struct sync_drill m = {.id = id, .step = s, .kind = SYNC_DRILL_GRACEFUL};

			if (id == 8 && s == SYNC_DRILL_REPORT)
				continue;
			drill_world_step(
				&w, A,
				(struct drill_event){.type = DRILL_EVENT_HEARD, .heard = &m});
		}
	CU_ASSERT(memcmp(&before, &w.nodes[A].drill, sizeof(before)) == 0);
	EXPECT_INT(w.nodes[A].yields, 1);
	drill_world_live(&w, SECOND);
	expect_drill_results(&w, DRILL_PASSED, DRILL_PASSED);
	/* One of a kind, and no more than there is room for. */
	for (int i = 0; i < 100; i++)
		drill_world_step(
			&w, A,
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
		CU_ASSERT(drill_moment_name(true, kind)[0] != '?');
	EXPECT_TEXT(drill_moment_name(true, SYNC_MOMENT_LAST + 1), "?");
}

UNIT_TESTS(drill) = {
	{"it passes", it_passes},
	{"it misses", it_misses},
	{"nobody takes over: it is master again", it_is_master_again},
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
