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

UNIT_TESTS(lead_word) = {
	{"facts are of a word", facts_are_of_a_word},
	UNIT_TESTS_END,
};
