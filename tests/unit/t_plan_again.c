/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A plan that shares with the last one is the same as one from nothing: for every configuration of
 * tests/golden/ruleset, over many changes of what is known of its backends, of its transitions and
 * of its interfaces.
 */
#include "director/ruleset/nft_netlink.h"
#include "director/ruleset/nft_text.h"
#include "director/schedule/balance.h"
#include "director/schedule/transitions.h"
#include "tests/unit/ruleset_case.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS = 200 };

struct walk {
	struct ruleset_case c;
	struct transitions *transitions;
	struct plan_memory *memory;
	struct balance *balance;
	struct ruleset last;
	uint64_t now_ms, random;
	size_t n_handover; /* of the case */
};

/* What the walks have met: chains that are the last plan's, also under another index. */
struct met {
	size_t shared, moved;
};

static uint32_t draw(struct walk *w, uint32_t below)
{
	w->random = w->random * 6364136223846793005 + 1442695040888963407;
	return (uint32_t)(w->random >> 33) % below;
}

static uint64_t some_remembered(void *owner, const char *farm)
{
	(void)farm;
	return draw(owner, 2);
}

static void say_nothing(void *owner, const struct config_farm *farm, const struct transition *t,
			const struct transition_update *update)
{
	(void)owner;
	(void)farm;
	(void)t;
	(void)update;
}

/*
 * A backend dies, returns, drains; an interface gets another MAC; the other director comes, goes or hands
 * over; or nothing but time passes.
 */
static void change_world(struct walk *w)
{
	const struct config *c = w->c.config;
	size_t farm = draw(w, (uint32_t)c->n_farms);
	struct plan_backend *all = w->c.facts.all, *b;
	size_t k;

	for (size_t i = 0; i < farm; i++)
		all += c->farms[i].n_backends;
	w->now_ms += draw(w, 3) ? draw(w, 300) : c->farms[farm].tcp_timeout_ms;
	if (!c->farms[farm].n_backends)
		return;
	k = draw(w, (uint32_t)c->farms[farm].n_backends);
	b = &all[k];
	switch (draw(w, 8)) {
	case 0:
	case 1: b->usable = !b->usable; break;
	case 2: b->weight = b->weight ? 0 : (uint16_t)(1 + draw(w, 3)); break;
	case 3: b->mac.bytes[4] = (uint8_t)draw(w, 3); break;
	case 4:
		if (draw(w, 8) == 0)
			w->c.facts.interfaces[0].mac.bytes[4] ^= 1;
		break;
	case 5:
		if (draw(w, 4) == 0)
			w->c.facts.interfaces[0].relays = w->c.facts.interfaces[0].peer_known ^= 1;
		break;
	case 6: w->c.facts.plan.n_handover = draw(w, (uint32_t)w->n_handover + 1); break;
	default: break;
	}
}

static void expect_same_rules(const struct ruleset_chain *a, const struct ruleset_chain *b)
{
	CU_ASSERT_EQUAL_FATAL(a->n_rules, b->n_rules);
	for (size_t i = 0; i < a->n_rules; i++) {
		const struct ruleset_rule *x = &a->rules[i], *y = &b->rules[i];

		EXPECT_TEXT(x->signature, y->signature);
		CU_ASSERT_EQUAL_FATAL(x->n_statements, y->n_statements);
		CU_ASSERT(memcmp(x->statements, y->statements,
				 x->n_statements * sizeof(*x->statements)) == 0);
		CU_ASSERT_PTR_EQUAL(x->comment, y->comment);
	}
}

static void expect_same_sets(const struct ruleset_set *a, const struct ruleset_set *b)
{
	EXPECT_TEXT(a->name, b->name);
	EXPECT_TEXT(a->farm, b->farm);
	EXPECT_TEXT(a->signature, b->signature);
	CU_ASSERT_EQUAL(a->kind, b->kind);
	CU_ASSERT_EQUAL(a->size, b->size);
	CU_ASSERT_EQUAL_FATAL(a->n_elements, b->n_elements);
	CU_ASSERT_EQUAL_FATAL(a->n_values, b->n_values);
	CU_ASSERT_EQUAL_FATAL(a->n_names, b->n_names);
	if (a->n_elements)
		CU_ASSERT(memcmp(a->elements, b->elements, a->n_elements * sizeof(*a->elements)) ==
			  0);
	CU_ASSERT_EQUAL_FATAL(!a->owners, !b->owners);
	if (a->owners)
		CU_ASSERT(memcmp(a->owners, b->owners, a->size * sizeof(*a->owners)) == 0);
	if (a->n_values)
		CU_ASSERT(memcmp(a->values, b->values, a->n_values * sizeof(*a->values)) == 0);
	for (size_t i = 0; i < a->n_names; i++)
		EXPECT_TEXT(a->names[i], b->names[i]);
}

static void expect_same(const struct ruleset *a, const struct ruleset *b)
{
	char *x = ruleset_case_text(a), *y = ruleset_case_text(b);

	EXPECT_TEXT(x, y);
	free(x);
	free(y);
	CU_ASSERT_EQUAL_FATAL(a->n_sets, b->n_sets);
	CU_ASSERT_EQUAL_FATAL(a->n_chains, b->n_chains);
	for (size_t i = 0; i < a->n_sets; i++)
		expect_same_sets(&a->sets[i], &b->sets[i]);
	for (size_t i = 0; i < a->n_chains; i++) {
		EXPECT_TEXT(a->chains[i].name, b->chains[i].name);
		EXPECT_TEXT(a->chains[i].farm, b->chains[i].farm);
		EXPECT_TEXT(a->chains[i].comment, b->chains[i].comment);
		EXPECT_TEXT(a->chains[i].device, b->chains[i].device);
		expect_same_rules(&a->chains[i], &b->chains[i]);
	}
}

/* Chains of the last plan are kept by it: their blocks are no new ones. */
static void count_shared(const struct ruleset *last, const struct ruleset *r, struct met *met)
{
	for (size_t i = 0; i < r->n_chains; i++) {
		int at = ruleset_find_chain(last, r->chains[i].name);
		const struct ruleset_chain *before = at < 0 ? NULL : &last->chains[at];

		if (!before || !before->n_rules || !r->chains[i].n_rules)
			continue;
		met->shared += before->rules == r->chains[i].rules;
		met->moved += before->rules != r->chains[i].rules &&
			      before->rules[0].signature == r->chains[i].rules[0].signature;
	}
}

static void step(struct walk *w, struct met *met)
{
	struct transitions_handler handler = {
		.remembered = some_remembered, .changed = say_nothing, .owner = w};
	struct plan_facts *facts = &w->c.facts.plan;
	struct ruleset again, anew;

	change_world(w);
	CU_ASSERT_EQUAL_FATAL(transitions_step(w->transitions, facts, w->now_ms, &handler), 0);
	transitions_committed(w->transitions, w->now_ms);
	facts->transitions = transitions_list(w->transitions);
	CU_ASSERT_EQUAL_FATAL(balance_fit(w->balance, facts), 0);
	facts->slots = balance_list(w->balance);
	CU_ASSERT_EQUAL_FATAL(plan_ruleset_again(w->memory, facts, &again), 0);
	CU_ASSERT_EQUAL_FATAL(plan_ruleset(facts, &anew), 0);
	CU_ASSERT_EQUAL_FATAL(nft_sign(&anew), 0);
	expect_same(&again, &anew);
	count_shared(&w->last, &again, met);
	ruleset_clear(&anew);
	ruleset_clear(&w->last);
	w->last = again;
}

static void walk(const char *name, void *data)
{
	char conf[300];
	struct walk w = {.transitions = transitions_new(),
			 .memory = plan_memory_new(),
			 .balance = balance_new(),
			 .random = strlen(name)};

	snprintf(conf, sizeof(conf), "%s.conf", name);
	CU_ASSERT_FATAL(w.transitions && w.memory && w.balance && ruleset_case_init(&w.c, conf, 2));
	CU_ASSERT_EQUAL_FATAL(transitions_configure(w.transitions, w.c.config), 0);
	CU_ASSERT_EQUAL_FATAL(balance_configure(w.balance, w.c.config), 0);
	w.n_handover = w.c.facts.plan.n_handover;
	for (int i = 0; i < STEPS; i++)
		step(&w, data);
	ruleset_clear(&w.last);
	plan_memory_free(w.memory);
	balance_free(w.balance);
	transitions_free(w.transitions);
	ruleset_case_clear(&w.c);
}

static void every_plan_is_as_from_nothing(void)
{
	struct met met = {0};

	CU_ASSERT(ruleset_case_each(walk, &met) > 5);
	CU_ASSERT(met.shared > STEPS);
	CU_ASSERT(met.moved > STEPS);
}

UNIT_TESTS(plan_again) = {
	{"every plan is as one from nothing", every_plan_is_as_from_nothing},
	UNIT_TESTS_END,
};
