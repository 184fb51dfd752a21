/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SYNs that are looked at: with how many objects, in which farms, and shared by plans that follow. */
#include "director/ruleset/plan.h"
#include "tests/unit/ruleset_case.h"
#include "tests/unit/unit.h"

#include <string.h>

static size_t count_gotos(const struct ruleset *r, const char *chain, const char *to)
{
	int target = ruleset_find_chain(r, to), from = ruleset_find_chain(r, chain);
	size_t n = 0;

	for (size_t i = 0; from >= 0 && target >= 0 && i < r->chains[from].n_rules; i++) {
		const struct ruleset_rule *rule = &r->chains[from].rules[i];
		const struct ruleset_statement *last = &rule->statements[rule->n_statements - 1];

		n += last->kind == ST_GOTO && last->chain == (uint32_t)target;
	}
	return n;
}

static void plan_again(struct ruleset_case *c)
{
	ruleset_clear(&c->ruleset);
	CU_ASSERT_EQUAL_FATAL(plan_ruleset(&c->facts.plan, &c->ruleset), 0);
}

static void where_a_syn_goes(void)
{
	struct ruleset_case c;

	CU_ASSERT_FATAL(ruleset_case_init(&c, "tests/golden/ruleset/standalone.conf", 2));
	EXPECT_INT(count_gotos(&c.ruleset, "farm-www", "syn-eth0"), 1);
	EXPECT_INT(count_gotos(&c.ruleset, "syn-eth0", "resyn-eth0"), 1);
	EXPECT_INT(ruleset_find_set(&c.ruleset, "asked6"), -1);
	ruleset_case_clear(&c);
	CU_ASSERT_FATAL(ruleset_case_init(&c, "tests/golden/ruleset/round-robin.conf", 2));
	EXPECT_INT(count_gotos(&c.ruleset, "farm-app", "syn-eth0"), 0);
	EXPECT_INT(count_gotos(&c.ruleset, "new-app", "syn-eth0"), 1);
	EXPECT_INT(count_gotos(&c.ruleset, "half-app", "syn-eth0"), 1);
	ruleset_case_clear(&c);
}

static void off_is_no_rule(void)
{
	struct ruleset_case c;

	CU_ASSERT_FATAL(ruleset_case_init(&c, "tests/golden/ruleset/standalone.conf", 2));
	for (size_t i = 0; i < c.config->n_farms; i++)
		c.config->farms[i].syn_retries = SYN_RETRIES_OFF;
	plan_again(&c);
	EXPECT_INT(ruleset_find_set(&c.ruleset, "asked"), -1);
	EXPECT_INT(ruleset_find_chain(&c.ruleset, "syn-eth0"), -1);
	EXPECT_INT(ruleset_find_chain(&c.ruleset, "resyn-eth0"), -1);
	ruleset_case_clear(&c);
}

static void several_ways_out(void)
{
	struct ruleset_case c;

	CU_ASSERT_FATAL(ruleset_case_init(&c, "tests/golden/ruleset/two-ways.conf", 2));
	EXPECT_INT(count_gotos(&c.ruleset, "farm-www", "asked-www"), 1);
	EXPECT_INT(count_gotos(&c.ruleset, "asked-www", "reasked-www"), 1);
	EXPECT_INT(ruleset_find_chain(&c.ruleset, "asked-dns"), -1); /* UDP */
	CU_ASSERT(ruleset_find_chain(&c.ruleset, "syn-eth0") >= 0);
	ruleset_case_clear(&c);
}

/* What is shared with the last plan names the same chains. */
static void plans_that_follow(void)
{
	struct plan_memory *m = plan_memory_new();
	struct ruleset_case c;

	CU_ASSERT_FATAL(m && ruleset_case_init(&c, "tests/golden/ruleset/many.conf", 2));
	for (int i = 0; i < 2; i++) {
		struct ruleset anew;

		ruleset_clear(&c.ruleset);
		CU_ASSERT_EQUAL_FATAL(plan_ruleset_again(m, &c.facts.plan, &c.ruleset), 0);
		CU_ASSERT_EQUAL_FATAL(plan_ruleset(&c.facts.plan, &anew), 0);
		EXPECT_INT(c.ruleset.n_chains, anew.n_chains);
		for (size_t k = 0; k < anew.n_chains; k++)
			EXPECT_INT(count_gotos(&c.ruleset, anew.chains[k].name, "syn-eth0"),
				   count_gotos(&anew, anew.chains[k].name, "syn-eth0"));
		ruleset_clear(&anew);
		c.facts.all[0].usable = false;
	}
	ruleset_case_clear(&c);
	plan_memory_free(m);
}

UNIT_TESTS(plan_syn) = {
	{"where a SYN goes", where_a_syn_goes},
	{"off is no rule", off_is_no_rule},
	{"several ways out", several_ways_out},
	{"plans that follow", plans_that_follow},
	UNIT_TESTS_END,
};
