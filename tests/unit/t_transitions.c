/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A farm's table over reloads that change its size, and after a restart in the middle of that. */
#include "director/ruleset/bucket.h"
#include "director/ruleset/export.h"
#include "director/ruleset/nft_netlink.h"
#include "director/schedule/transitions.h"
#include "tests/unit/farm_world.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

enum { FEW = 100, MORE = 101, MANY = 201 };

static struct transitions *start(struct farm_world *w, size_t n)
{
	struct transitions *ts = transitions_new();

	farm_world_init(w, SCHEDULER_MAGLEV, n);
	CU_ASSERT_PTR_NOT_NULL_FATAL(ts);
	EXPECT_INT(transitions_configure(ts, &w->config), 0);
	return ts;
}

static void reload(struct transitions *ts, struct farm_world *w, size_t n)
{
	w->farm.n_backends = n;
	EXPECT_INT(transitions_configure(ts, &w->config), 0);
}

static const struct transition *table(const struct transitions *ts)
{
	return transitions_list(ts)[0];
}

static uint64_t nothing_remembered(void *owner, const char *farm)
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

static uint64_t now_ms = 1000;

/* Returns when the next one is due. */
static uint64_t step(struct transitions *ts, struct farm_world *w)
{
	struct transitions_handler handler = {.remembered = nothing_remembered,
					      .changed = nobody_listens};

	EXPECT_INT(transitions_step(ts, &w->facts, now_ms, &handler), 0);
	return transitions_committed(ts, now_ms);
}

static void settle(struct transitions *ts, struct farm_world *w)
{
	for (uint64_t due = step(ts, w); due != TRANSITION_NEVER || transitions_wait_for_flows(ts);
	     due = step(ts, w))
		now_ms = due == TRANSITION_NEVER ? now_ms + 1000 : due;
	EXPECT_INT(table(ts)->phase, TRANSITION_STEADY);
}

/* As the table is that never had another size. */
static void expect_as_new(const struct transitions *ts, size_t n)
{
	struct farm_world w;
	struct transitions *other = start(&w, n);

	settle(other, &w);
	EXPECT_INT(table(ts)->size, table(other)->size);
	if (table(ts)->size == table(other)->size)
		EXPECT_INT(memcmp(table(ts)->buckets, table(other)->buckets,
				  table(ts)->size * sizeof(uint16_t)),
			   0);
	transitions_free(other);
}

enum { HASHES = 100000 };

/* Where packets of unknown flows go that are older than now. */
static void take_owners(const struct transition *t, uint16_t *ret)
{
	for (uint32_t i = 0; i < HASHES; i++) {
		uint32_t b = bucket_of_hash(i * 2654435761u, t->size);

		ret[i] = t->home && t->home[b] != BUCKET_NONE ? t->home[b] : t->buckets[b];
	}
}

static void expect_owners(const struct transition *t, const uint16_t *before)
{
	static uint16_t now[HASHES];

	take_owners(t, now);
	EXPECT_INT(memcmp(before, now, sizeof(now)), 0);
}

static void the_size_follows_the_configuration(void)
{
	static const size_t sizes[] = {FEW, MORE, MANY, MORE, FEW, MANY, FEW};
	static uint16_t before[HASHES];
	struct farm_world w;
	struct transitions *ts = start(&w, 3);

	settle(ts, &w);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		bool shrinks = w.farm.n_backends > sizes[i];

		take_owners(table(ts), before);
		reload(ts, &w, sizes[i]);
		if (!shrinks) { /* else some have gone, and their buckets go to others at once */
			expect_owners(table(ts), before);
			step(ts, &w);
			expect_owners(table(ts), before);
		}
		settle(ts, &w);
		EXPECT_INT(table(ts)->size, bucket_table_size(sizes[i]));
		expect_as_new(ts, sizes[i]);
	}
	transitions_free(ts);
}

/* Drained first, so that no flow has to leave: nothing moves while the number of buckets does. */
static void shrinking_moves_no_flow(void)
{
	static uint16_t before[HASHES];
	struct farm_world w;
	struct transitions *ts = start(&w, MORE);

	settle(ts, &w);
	w.states[FEW].weight = 0;
	settle(ts, &w);
	EXPECT_INT(table(ts)->size, 2018);
	take_owners(table(ts), before);
	reload(ts, &w, FEW);
	for (int phases = 0; table(ts)->size == 2018; phases++) {
		now_ms = step(ts, &w);
		if (phases == 0)
			expect_owners(table(ts), before);
		CU_ASSERT_FATAL(phases < 5);
	}
	EXPECT_INT(table(ts)->phase, TRANSITION_EXCEPTIONS);
	settle(ts, &w);
	expect_as_new(ts, FEW);
	transitions_free(ts);
}

static void plan(struct transitions *ts, struct farm_world *w, struct ruleset *ret)
{
	w->facts.transitions = transitions_list(ts);
	CU_ASSERT_EQUAL_FATAL(plan_ruleset(&w->facts, ret), 0);
	CU_ASSERT_EQUAL_FATAL(nft_sign(ret), 0);
	w->facts.transitions = NULL;
}

static void tables_of_two_sizes_have_two_names(void)
{
	struct farm_world w;
	struct transitions *ts = start(&w, FEW);
	struct ruleset r;
	double share = 0, shares[MORE];

	settle(ts, &w);
	plan(ts, &w, &r);
	CU_ASSERT(ruleset_find_set(&r, "www-buckets") >= 0);
	ruleset_clear(&r);
	reload(ts, &w, MORE);
	step(ts, &w);
	plan(ts, &w, &r);
	CU_ASSERT(ruleset_find_set(&r, "www-buckets") < 0);
	CU_ASSERT(ruleset_find_set(&r, "www-buckets.2018") >= 0);
	CU_ASSERT(ruleset_find_set(&r, "www-home.2018") >= 0);
	CU_ASSERT(ruleset_find_set(&r, "www-moved.2018") >= 0);
	CU_ASSERT(ruleset_find_set(&r, "www-flows") >= 0);
	export_shares(&r, &w.farm, ruleset_farm_sets(&r, "www", 0), shares);
	for (size_t i = 0; i < MORE; i++)
		share += shares[i];
	CU_ASSERT(share > 0.999 && share < 1.001);
	CU_ASSERT(shares[FEW] > 0.009);
	ruleset_clear(&r);
	transitions_free(ts);
}

/* A table that nobody reads any more, because a daemon died before it removed it. */
static void leave_behind(struct ruleset *r, const char *name, uint32_t size)
{
	int at = ruleset_add_set(r, SET_BUCKETS, "%s", name);

	CU_ASSERT_FATAL(at >= 0);
	CU_ASSERT_EQUAL_FATAL(ruleset_set_index(&r->sets[at], size, 1), 0);
}

/* In the middle of growing or shrinking, with the configuration of before or after. */
static void restart(size_t from, size_t to, size_t then, enum transition_phase want)
{
	static uint16_t before[HASHES];
	struct farm_world w;
	struct transitions *ts = start(&w, from), *again = transitions_new();
	struct ruleset have;

	settle(ts, &w);
	if (to < from)
		w.states[to].weight = 0;
	settle(ts, &w);
	reload(ts, &w, to);
	step(ts, &w);
	plan(ts, &w, &have);
	leave_behind(&have, table(ts)->size == 1009 ? "www-buckets.2018" : "www-buckets",
		     table(ts)->size == 1009 ? 2018 : 1009);
	take_owners(table(ts), before);
	w.farm.n_backends = then;
	EXPECT_INT(transitions_configure(again, &w.config), 0);
	transitions_adopt(again, &w.facts, &have, now_ms);
	EXPECT_INT(table(again)->phase, want);
	if (then >= to)
		expect_owners(table(again), before);
	step(again, &w);
	if (then >= to)
		expect_owners(table(again), before);
	settle(again, &w);
	if (then <= to)
		expect_as_new(again, then);
	ruleset_clear(&have);
	transitions_free(ts);
	transitions_free(again);
}

static void a_restarted_daemon_goes_on(void)
{
	restart(FEW, MORE, MORE, TRANSITION_MOVING);
	restart(FEW, MORE, FEW, TRANSITION_MOVING);
	restart(FEW, MORE, MANY, TRANSITION_MOVING);
	restart(MORE, FEW, FEW, TRANSITION_MOVING);
	restart(MORE, FEW, MORE, TRANSITION_MOVING);
	restart(FEW, FEW, MORE, TRANSITION_STEADY);
	restart(MORE, MORE, FEW, TRANSITION_STEADY);
}

/* Not the same function: nothing can be done about it. */
static void another_seed_begins_anew(void)
{
	struct farm_world w;
	struct transitions *ts = start(&w, MORE);
	struct ruleset have;

	settle(ts, &w);
	plan(ts, &w, &have);
	w.farm.seed++;
	reload(ts, &w, MORE);
	step(ts, &w);
	EXPECT_INT(table(ts)->phase, TRANSITION_STEADY);
	transitions_free(ts);
	ts = transitions_new();
	EXPECT_INT(transitions_configure(ts, &w.config), 0);
	transitions_adopt(ts, &w.facts, &have, now_ms);
	EXPECT_INT(table(ts)->buckets[0], BUCKET_NONE);
	ruleset_clear(&have);
	transitions_free(ts);
}

UNIT_TESTS(transitions) = {
	{"the size follows the configuration", the_size_follows_the_configuration},
	{"shrinking moves no flow", shrinking_moves_no_flow},
	{"tables of two sizes have two names", tables_of_two_sizes_have_two_names},
	{"a restarted daemon goes on", a_restarted_daemon_goes_on},
	{"another seed begins anew", another_seed_begins_anew},
	UNIT_TESTS_END,
};
