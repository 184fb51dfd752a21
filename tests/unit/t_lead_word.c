/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the leader tells of a farm is of the operator's word that it has (director/schedule/lead.h). */
#include "director/schedule/lead.h"
#include "director/twin/telling.h"
#include "tests/unit/farm_world.h"
#include "tests/unit/unit.h"

static struct farm_world w;
static struct transitions *ts;
static struct telling telling;
static struct admin admin;
static struct lead lead;

static uint64_t remembered(void *owner, const char *farm)
{
	(void)owner;
	(void)farm;
	return 0;
}

static void nobody_listens(void *owner, const struct config_farm *farm, const struct transition *t,
			   const struct transition_update *update)
{
	(void)owner;
	(void)farm;
	(void)t;
	(void)update;
}

static bool leads(void *owner, size_t farm)
{
	(void)owner;
	(void)farm;
	return true;
}

/* The leader makes its plan, and tells what there is to tell. Returns how many facts. */
static int go_on(void)
{
	struct transitions_handler handler = {.remembered = remembered, .changed = nobody_listens};
	struct telling_source source = {.config = &w.config,
					.facts = &w.facts,
					.transitions = ts,
					.admin = &admin,
					.leads = leads,
					.now_ms = 1000};
	static struct sync_message m;
	int n = 0;

	EXPECT_INT(transitions_step(ts, &w.facts, 1000, &handler), 0);
	while (telling_next(&telling, &source, &m)) {
		if (m.type == SYNC_BUCKETS)
			EXPECT_INT(lead_stage(&lead, &m.buckets), 0);
		if (m.type != SYNC_FACTS)
			continue;
		EXPECT_INT(lead_take(&lead, &w.config, &m.facts, 1000), 0);
		n++;
	}
	return n;
}

static const struct lead_farm *begin(void)
{
	farm_world_init(&w, SCHEDULER_MAGLEV, 3);
	ts = transitions_new();
	CU_ASSERT_PTR_NOT_NULL_FATAL(ts);
	EXPECT_INT(transitions_configure(ts, &w.config), 0);
	EXPECT_INT(telling_configure(&telling, &w.config), 0);
	EXPECT_INT(lead_configure(&lead, &w.config), 0);
	lead_set(&lead, 0, true);
	EXPECT_INT(go_on(), 1);
	CU_ASSERT_PTR_NOT_NULL_FATAL(lead_of(&lead, 0));
	return lead_of(&lead, 0);
}

static void end(void)
{
	transitions_free(ts);
	telling_clear(&telling);
	lead_clear(&lead);
	admin_clear(&admin);
}

/* Also of one that changes nothing of the table: the backend had no weight before. */
static void facts_are_of_a_word(void)
{
	const struct lead_farm *f = begin();

	w.states[1].weight = 0;
	telling_look(&telling);
	EXPECT_INT(go_on(), 1);
	CU_ASSERT(lead_heard(f, 1, SYNC_ENABLED));
	EXPECT_INT(admin_set_state(&admin, "www", &w.backends[1], ADMIN_DRAINING, 0, 1000), 0);
	telling_look(&telling);
	EXPECT_INT(go_on(), 0);
	CU_ASSERT(!lead_heard(f, 1, SYNC_DRAINING));
	telling_farm(&telling, 0);
	EXPECT_INT(go_on(), 1);
	CU_ASSERT(lead_heard(f, 1, SYNC_DRAINING));
	CU_ASSERT(lead_heard(f, 0, SYNC_ENABLED));
	end();
}

/* Who waits for a word to be followed waits for its facts, not for those of the word before. */
static void a_word_is_followed(void)
{
	const struct lead_farm *f = begin();

	CU_ASSERT(lead_follows(f, 1, SYNC_ENABLED, 1, false));
	CU_ASSERT(!lead_follows(f, 1, SYNC_ENABLED, 7, false));
	CU_ASSERT(!lead_follows(f, 1, SYNC_ENABLED, 7, true));
	CU_ASSERT(!lead_follows(f, 1, SYNC_ENABLED, 0, true));
	CU_ASSERT(!lead_follows(f, 1, SYNC_DISABLED, 0, true));
	/* Whatever weight its file gives, and whatever is seen here: it is enabled there. */
	CU_ASSERT(lead_follows(f, 1, SYNC_ENABLED, LEAD_ANY_WEIGHT, false));
	EXPECT_INT(admin_set_state(&admin, "www", &w.backends[1], ADMIN_DRAINING, 0, 1000), 0);
	w.states[1].weight = 0;
	telling_farm(&telling, 0);
	EXPECT_INT(go_on(), 1);
	CU_ASSERT(lead_follows(f, 1, SYNC_DRAINING, 0, false));
	CU_ASSERT(lead_follows(f, 1, SYNC_DRAINING, 7, false));
	CU_ASSERT(!lead_follows(f, 1, SYNC_ENABLED, 1, true));
	/* It finds the backend down, and this node does not. */
	EXPECT_INT(admin_set_state(&admin, "www", &w.backends[1], ADMIN_ENABLED, 0, 1000), 0);
	telling_farm(&telling, 0);
	EXPECT_INT(go_on(), 1);
	CU_ASSERT(!lead_follows(f, 1, SYNC_ENABLED, 1, false));
	CU_ASSERT(lead_follows(f, 1, SYNC_ENABLED, 1, true));
	CU_ASSERT(!lead_follows(f, 1, SYNC_ENABLED, LEAD_ANY_WEIGHT, false));
	CU_ASSERT(lead_follows(f, 1, SYNC_ENABLED, LEAD_ANY_WEIGHT, true));
	/* It has heard the word, and its table is still of the one before. */
	EXPECT_INT(admin_set_state(&admin, "www", &w.backends[1], ADMIN_DISABLED, 0, 1000), 0);
	w.states[1].weight = 1;
	telling_farm(&telling, 0);
	EXPECT_INT(go_on(), 1);
	CU_ASSERT(!lead_follows(f, 1, SYNC_DISABLED, 0, true));
	end();
}

/* A configuration that there was no memory for leaves none; words about its backends come all the same. */
static void a_word_without_farms(void)
{
	struct telling none = {.all_is_told = true};

	telling_farm(&none, 0);
	CU_ASSERT_PTR_NULL(none.told);
	CU_ASSERT(!none.all_is_told);
	telling_clear(&none);
}

/* The phases in which a table does not follow the facts at once. */
static void a_table_waits(void)
{
	static const struct {
		enum transition_phase phase;
		bool relearns, waits;
	} rows[] = {
		{TRANSITION_STEADY, false, false},     {TRANSITION_MOVING, false, false},
		{TRANSITION_MOVING, true, true},       {TRANSITION_SWITCHED, false, true},
		{TRANSITION_SETTLING, false, true},    {TRANSITION_EXCEPTIONS, false, false},
		{TRANSITION_FORGETTING, false, false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct transition t = {.phase = rows[i].phase, .relearns = rows[i].relearns};

		EXPECT_INT(transition_waits(&t), rows[i].waits);
	}
}

UNIT_TESTS(lead_word) = {
	{"a table waits", a_table_waits},
	{"a word is followed", a_word_is_followed},
	{"a word without farms", a_word_without_farms},
	{"facts are of a word", facts_are_of_a_word},
	UNIT_TESTS_END,
};
