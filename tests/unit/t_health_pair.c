/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checks beside those of another director. */
#include "director/health/pace.h"
#include "tests/unit/health_world.h"
#include "tests/unit/loop.h"
#include "tests/unit/unit.h"

#include <string.h>

enum { INTERVAL_MS = 1000 };

/* Attempts until so many milliseconds are over. */
static uint64_t attempts_in(struct health_world *w, uint64_t ms)
{
	uint64_t before = health_attempts(w);

	unit_loop_run(&w->loop, ms);
	return health_attempts(w) - before;
}

/* What is under way, or was planned at the ordinary pace, has ended. */
static void ease(struct health_world *w)
{
	w->eased = true;
	unit_loop_run(&w->loop, INTERVAL_MS + INTERVAL_MS / 2);
}

static void the_standby_looks_less_often(void)
{
	const uint64_t intervals = 2ULL * PACE_STANDBY;
	struct health_world w;
	uint64_t eased;

	health_begin(&w, ONE, NULL);
	health_settle(&w);
	ease(&w);
	eased = attempts_in(&w, intervals * INTERVAL_MS);
	CU_ASSERT(eased >= 1 && eased <= 3);
	EXPECT_INT(health_of(w.health, 0, 0), OUTCOME_WELL);
	health_finish(&w);
}

static void and_as_often_when_it_leads(void)
{
	struct health_world w;

	health_begin(&w, ONE, NULL);
	health_settle(&w);
	ease(&w);
	w.eased = false;
	health_pace_again(w.health);
	/* Within one interval, and never sooner than half of one after the last attempt. */
	CU_ASSERT(attempts_in(&w, INTERVAL_MS + INTERVAL_MS / 2) >= 1);
	health_finish(&w);
}

static void and_at_once_when_the_other_one_doubts(void)
{
	struct health_world w;
	uint64_t before, begun_ms;

	health_begin(&w, ONE, NULL);
	health_settle(&w);
	ease(&w);
	health_file(&w, "one", true);
	w.eased = false;
	before = health_attempts(&w);
	begun_ms = uv_now(&w.loop);
	health_told(w.health, 0);
	while (health_attempts(&w) == before && uv_now(&w.loop) < begun_ms + INTERVAL_MS)
		uv_run(&w.loop, UV_RUN_ONCE);
	CU_ASSERT(uv_now(&w.loop) - begun_ms < INTERVAL_MS / 2);
	health_run_until(&w, 0, OUTCOME_AILING);
	health_finish(&w);
}

/* One that ails here is not looked at less often, whatever the other one says. */
static void what_is_not_well_here_is_not_eased(void)
{
	struct health_world w;

	health_begin(&w, ONE, NULL);
	health_settle(&w);
	health_file(&w, "one", true);
	health_run_until(&w, 0, OUTCOME_AILING);
	w.eased = true;
	CU_ASSERT(attempts_in(&w, 5ULL * INTERVAL_MS / 2) >= 2);
	health_finish(&w);
}

static void the_others_word_counts_where_nothing_can_be_seen(void)
{
	struct health_view view;
	struct health_world w;

	health_begin(&w, ONE, "lost");
	w.told = OUTCOME_DEAD;
	health_run_until(&w, 0, OUTCOME_DEAD);
	CU_ASSERT_FATAL(health_adopted(w.health, 0, 0, &view));
	CU_ASSERT_PTR_NOT_NULL(strstr(view.verdict->cause.detail, "the other one says so"));
	EXPECT_INT(health_sight(w.health, 0, 0).state, SYNC_VIEW_UNKNOWN);
	w.told = OUTCOME_WELL;
	health_told(w.health, 0);
	EXPECT_INT(health_of(w.health, 0, 0), OUTCOME_WELL);
	/* As soon as it can be seen, the other one's word does not count any more. */
	w.told = OUTCOME_DEAD;
	health_told(w.health, 0);
	health_file(&w, "lost", false);
	health_run_until(&w, 0, OUTCOME_WELL);
	CU_ASSERT(!health_adopted(w.health, 0, 0, &view));
	health_told(w.health, 0);
	EXPECT_INT(health_of(w.health, 0, 0), OUTCOME_WELL);
	EXPECT_INT(health_sight(w.health, 0, 0).state, SYNC_VIEW_WELL);
	health_finish(&w);
}

static void what_is_seen_here_is_told_as_it_changes(void)
{
	struct health_world w;
	unsigned int before;

	health_begin(&w, ONE, NULL);
	health_settle(&w);
	EXPECT_INT(health_sight(w.health, 0, 0).state, SYNC_VIEW_WELL);
	before = w.seen;
	health_file(&w, "one", true);
	health_run_until(&w, 0, OUTCOME_AILING);
	EXPECT_INT(health_sight(w.health, 0, 0).state, SYNC_VIEW_AILING);
	EXPECT_INT(w.seen, before + 2); /* doubted, and then ailing */
	health_finish(&w);
}

/* Found dead, then not even to be reached: it is not for a moment anything better, or dead for less long. */
static void what_ails_is_no_better_without_a_way(void)
{
	struct health_world w;
	unsigned int seen;

	health_begin(&w, ONE, NULL);
	health_settle(&w);
	health_file(&w, "one", true);
	health_run_until(&w, 0, OUTCOME_AILING);
	seen = w.seen;
	w.way = false;
	for (int i = 0; i < 16; i++) {
		unit_loop_run(&w.loop, INTERVAL_MS / 4);
		CU_ASSERT(health_sight(w.health, 0, 0).state >= SYNC_VIEW_AILING);
	}
	EXPECT_INT(health_sight(w.health, 0, 0).state, SYNC_VIEW_DEAD);
	EXPECT_INT(w.seen, seen + 1);
	CU_ASSERT(health_sight(w.health, 0, 0).since_s >= 2);
	CU_ASSERT(health_sight(w.health, 0, 0).since_s <= 10);
	health_finish(&w);
}

UNIT_TESTS(health_pair) = {
	{"the standby looks less often", the_standby_looks_less_often},
	{"and as often when it leads", and_as_often_when_it_leads},
	{"and at once when the other one doubts", and_at_once_when_the_other_one_doubts},
	{"what is not well here is not eased", what_is_not_well_here_is_not_eased},
	{"the other's word counts where nothing can be seen",
	 the_others_word_counts_where_nothing_can_be_seen},
	{"what is seen here is told as it changes", what_is_seen_here_is_told_as_it_changes},
	{"what ails is no better without a way", what_ails_is_no_better_without_a_way},
	UNIT_TESTS_END,
};
