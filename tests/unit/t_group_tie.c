/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ties in groups: two nodes of one priority, members of both families, whose addresses rank the
 * nodes as chance has it. Adverts and heartbeats take their time, timers are late, and a split comes
 * and goes. What is asserted, when the network is whole again:
 *   - where both nodes were master of all: within 2 I + 3 D + L (vrrp_sim.h) all members are master
 *     on the same node, and none on the other one. Every advert has come after I + D, the stop after
 *     D more, and what it hands over waits for the skew, less than I, at most
 *   - whatever was before: within a takeover time, after which both may have become master at once,
 *     and the skew; that is T + I + D
 *   - then no state changes any more
 * and while one link stays cut: the members of a node are alike all the same.
 *
 *     GROUP_SEED=123 build/san/run-tests group_tie     prints history 123
 */
#include "tests/unit/group_world.h"
#include "tests/unit/unit.h"

#include <stdlib.h>

enum {
	SEEDS = 4000,
	MUTANT_SEEDS = 1000,
	SPLITS = 3,
	STEADY = 10, /* takeover times without a change of state */
};

static uint64_t takeover_us(const struct world *w)
{
	return 4 * w->interval_us + 2 * w->delay_us + LATE_US;
}

/* Both are master of all: only the tie is left to be decided. */
static uint64_t tie_us(const struct world *w)
{
	return 2 * w->interval_us + 3 * w->delay_us + LATE_US;
}

static bool alike(const struct world *w)
{
	for (int i = 1; i < w->n_members; i++)
		if (w->nodes[0].members[i].state != w->nodes[0].members[0].state ||
		    w->nodes[1].members[i].state != w->nodes[1].members[0].state)
			return false;
	return true;
}

static bool one_node_has_all(const struct world *w)
{
	return alike(w) && (w->nodes[0].members[0].state == VRRP_MASTER) !=
				   (w->nodes[1].members[0].state == VRRP_MASTER);
}

static bool both_have_all(const struct world *w)
{
	return alike(w) && w->nodes[0].members[0].state == VRRP_MASTER &&
	       w->nodes[1].members[0].state == VRRP_MASTER;
}

/* NULL, or what was wrong. */
static const char *settle(struct world *w, uint64_t us)
{
	unsigned int changes;

	group_world_run(w, us);
	if (w->storm)
		return "a storm on the link";
	if (!one_node_has_all(w))
		return "no node has all members in time";
	changes = w->changes;
	group_world_run(w, STEADY * takeover_us(w));
	return w->changes == changes ? NULL : "it flaps";
}

/* Splits that heal; most of them for long enough that both nodes are master of all. */
static const char *split_and_heal(uint64_t seed, enum rule rule)
{
	struct world w = group_world_begin(seed, rule, getenv("GROUP_SEED") != NULL);
	uint64_t longest_us = takeover_us(&w) + w.interval_us + w.delay_us;
	const char *wrong = settle(&w, longest_us);

	for (int i = 0; i < SPLITS && !wrong; i++) {
		group_world_cut(&w, true);
		for (int k = 0; k < w.n_members; k++)
			w.cut[k] = group_world_any(&w, 8) > 0;
		w.beats_cut = group_world_any(&w, 8) > 0;
		group_world_run(&w, group_world_any(&w, 3 * takeover_us(&w)));
		group_world_cut(&w, false);
		wrong = settle(&w, both_have_all(&w) ? tie_us(&w) : longest_us);
	}
	return wrong;
}

/* Without heartbeats, the first link does not come back: the others tell who is master. */
static const char *one_link_stays_cut(uint64_t seed, enum rule rule)
{
	struct world w = group_world_begin(seed, rule, getenv("GROUP_SEED") != NULL);

	w.beats = false;
	group_world_run(&w, takeover_us(&w));
	group_world_cut(&w, true);
	group_world_run(&w, 2 * takeover_us(&w));
	group_world_cut(&w, false);
	w.cut[0] = true;
	group_world_run(&w, 3 * takeover_us(&w));
	return one_node_has_all(&w) ? NULL : "the group is parted";
}

/* How many histories go wrong, and the first of them. */
static unsigned int count(const char *(*history)(uint64_t seed, enum rule rule), enum rule rule,
			  uint64_t seeds, uint64_t *ret_first)
{
	unsigned int n = 0;

	for (uint64_t seed = 1; seed <= seeds; seed++)
		if (history(seed, rule) && n++ == 0)
			*ret_first = seed;
	return n;
}

static void expect_none(const char *(*history)(uint64_t seed, enum rule rule))
{
	uint64_t first = 0;

	if (getenv("GROUP_SEED"))
		return;
	EXPECT_INT(count(history, RULE_LESSER, SEEDS, &first), 0);
	if (first)
		printf("\n    seed %llu: %s", (unsigned long long)first,
		       history(first, RULE_LESSER));
}

static void one_node_has_all_after_a_split(void)
{
	expect_none(split_and_heal);
}

static void members_are_alike_beside_a_cut(void)
{
	expect_none(one_link_stays_cut);
}

static void every_mistake_is_found(void)
{
	uint64_t first;

	if (getenv("GROUP_SEED"))
		return;
	CU_ASSERT(count(split_and_heal, RULE_BOTH, MUTANT_SEEDS, &first) > 0);
	CU_ASSERT(count(split_and_heal, RULE_NEITHER, MUTANT_SEEDS, &first) > 0);
	CU_ASSERT(count(one_link_stays_cut, RULE_FOR_EVER, MUTANT_SEEDS, &first) > 0);
}

/* GROUP_SEED: one history, as it happens. */
static void replay(void)
{
	const char *seed = getenv("GROUP_SEED"), *rule = getenv("GROUP_RULE"), *wrong;

	if (!seed)
		return;
	wrong = split_and_heal(strtoull(seed, NULL, 10),
			       rule ? (enum rule)atoi(rule) : RULE_LESSER);
	printf("\n    %s\n", wrong ? wrong : "nothing is wrong");
	CU_ASSERT(!wrong);
}

UNIT_TESTS(group_tie) = {
	{"one node has all after a split", one_node_has_all_after_a_split},
	{"members are alike beside a cut", members_are_alike_beside_a_cut},
	{"every mistake is found", every_mistake_is_found},
	{"replay", replay},
	UNIT_TESTS_END,
};
