/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What `ruleset verify` says of changes by hand: made with nft in a network namespace of the test's
 * own and read back from the kernel (needs root), or without a kernel where there are very many.
 */
#include "director/ruleset/drift.h"
#include "tests/unit/keeper_change.h"
#include "tests/unit/namespace.h"
#include "tests/unit/ruleset_case.h"
#include "tests/unit/unit.h"

#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *drift_between(const struct ruleset *have, const struct ruleset *want)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	drift_print(out, have, want);
	fclose(out);
	return text;
}

/* --- by hand ---------------------------------------------------------------------------------- */

/* What is said after that change; then it is mended. */
static void expect_drift(struct keeper *k, const char *change, const char *want)
{
	struct ruleset have = {0};
	struct err err = {0};
	char *text;

	unit_feed("nft -f -", change);
	CU_ASSERT_EQUAL_FATAL(keeper_read(k, &have, &err), 0);
	text = drift_between(&have, keeper_planned(k));
	EXPECT_TEXT(text, want);
	free(text);
	ruleset_clear(&have);
	unit_keeper_check(k);
	CU_ASSERT_EQUAL_FATAL(keeper_read(k, &have, &err), 0);
	text = drift_between(&have, keeper_planned(k));
	EXPECT_TEXT(text, "");
	free(text);
	ruleset_clear(&have);
}

/* The keeper with the table of that configuration in the kernel, or NULL. */
static struct keeper *keeper_of(struct ruleset_case *c, const char *conf)
{
	struct keeper *k = NULL;
	struct err err = {0};

	CU_ASSERT_EQUAL_FATAL(keeper_new(&k, &err), 0);
	CU_ASSERT_FATAL(ruleset_case_init(c, conf, if_nametoindex("eth0")));
	unit_end_change(k, keeper_set(k, &c->ruleset, &err));
	return k;
}

/* Bucket 0 is web2's, 3 is web1's. */
static void one_farm(void)
{
	struct ruleset_case c;
	struct keeper *k = keeper_of(&c, "tests/golden/ruleset/pair.conf");

	expect_drift(k, "delete element netdev director www-buckets { 0 }\n",
		     "set www-buckets: 0 is missing, the plan has web2\n");
	expect_drift(k,
		     "delete element netdev director www-buckets { 0, 3 }\n"
		     "add element netdev director www-buckets { 0 : 0x2000000001502000000000a, "
		     "3 : 0x20000000099020000000001 }\n",
		     "set www-buckets: 0 is web1, the plan has web2\n"
		     "set www-buckets: 3 is 02:00:00:00:00:99 from 02:00:00:00:00:01, the plan has "
		     "web1\n");
	expect_drift(k,
		     "delete element netdev director services { 10.77.0.100 . tcp . 443 }\n"
		     "delete element netdev director services { 10.77.0.100 . tcp . 80 }\n"
		     "add element netdev director services { 10.77.0.100 . tcp . 80 : goto "
		     "first-www, 10.77.0.9 . udp . 53 : goto farm-www }\n",
		     "set services: 10.77.0.9 . udp . 53 is goto farm-www, the plan has none\n"
		     "set services: 10.77.0.100 . tcp . 80 is goto first-www, the plan has goto "
		     "farm-www\n"
		     "set services: 10.77.0.100 . tcp . 443 is missing, the plan has goto "
		     "farm-www\n");
	keeper_free(k);
	ruleset_case_clear(&c);
}

static void rules_and_objects(void)
{
	struct ruleset_case c;
	struct keeper *k = keeper_of(&c, "tests/golden/ruleset/pair.conf");

	expect_drift(
		k,
		"flush chain netdev director farm-www\n"
		"add rule netdev director farm-www counter drop comment \"no backend\"\n",
		"chain farm-www: rule 1 of 3 is missing\nchain farm-www: rule 2 of 3 is missing\n");
	expect_drift(k,
		     "add set netdev director strange { type ipv4_addr; }\n"
		     "add chain netdev director stranger\n"
		     "add rule netdev director stranger ip saddr @strange drop\n",
		     "chain stranger is not in the plan\nset strange is not in the plan\n");
	expect_drift(k, "flush ruleset\n", "the table is missing\n");
	keeper_free(k);
	ruleset_case_clear(&c);
}

/* The handle is the kernel's choice. */
static void a_rule_more(void)
{
	struct ruleset have = {0};
	struct ruleset_case c;
	struct keeper *k = keeper_of(&c, "tests/golden/ruleset/pair.conf");
	struct err err = {0};
	char *text;

	unit_feed("nft -f -", "insert rule netdev director farm-www accept\n");
	CU_ASSERT_EQUAL_FATAL(keeper_read(k, &have, &err), 0);
	text = drift_between(&have, keeper_planned(k));
	CU_ASSERT(strncmp(text, "chain farm-www: rule 1 is not in the plan (handle ", 50) == 0);
	CU_ASSERT_PTR_EQUAL(strchr(text, '\n') + 1, text + strlen(text));
	free(text);
	ruleset_clear(&have);
	keeper_free(k);
	ruleset_case_clear(&c);
}

/* Ids stand for backends, ranges are ranges, interfaces have names. */
static void other_sets(void)
{
	struct ruleset_case c;
	struct keeper *k = keeper_of(&c, "tests/golden/ruleset/round-robin.conf");

	expect_drift(k,
		     "delete element netdev director app-slots { 1 }\n"
		     "add element netdev director app-slots { 1 : 0xd87d53c0 }\n"
		     "delete element netdev director app-leaving { 0x0da5a039 }\n"
		     "delete element netdev director app-backends { 0xd87d53c0 }\n",
		     "set app-slots: 1 is app2, the plan has app1\n"
		     "set app-backends: 0xd87d53c0 is missing, the plan has app2\n"
		     "set app-leaving: 0x0da5a039 is missing\n");
	keeper_free(k);
	ruleset_case_clear(&c);
	unit_feed("nft -f -", "flush ruleset\n");
	k = keeper_of(&c, "tests/golden/ruleset/guards.conf");
	expect_drift(k,
		     "delete element netdev director www-deny { 10.66.0.0/16 }\n"
		     "add element netdev director www-deny { 10.67.0.0-10.67.0.5 }\n",
		     "set www-deny: 10.66.0.0/16 is missing\n"
		     "set www-deny: 10.67.0.0-10.67.0.5 is not in the plan\n");
	keeper_free(k);
	ruleset_case_clear(&c);
}

static void elements_of_a_farm(void)
{
	unit_in_namespace(UNIT_ETH0, one_farm);
}

static void rules_sets_and_chains(void)
{
	unit_in_namespace(UNIT_ETH0, rules_and_objects);
	unit_in_namespace(UNIT_ETH0, a_rule_more);
}

static void other_kinds_of_sets(void)
{
	unit_in_namespace(UNIT_ETH0, other_sets);
}

/* --- without a kernel ------------------------------------------------------------------------- */

static size_t count_lines(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

static void plan_again(struct ruleset_case *c)
{
	ruleset_clear(&c->ruleset);
	CU_ASSERT_EQUAL_FATAL(plan_ruleset(&c->facts.plan, &c->ruleset), 0);
	CU_ASSERT_EQUAL_FATAL(nft_sign(&c->ruleset), 0);
}

static void many_differences_are_counted(void)
{
	struct ruleset_case a, b;
	char *text;

	if (!ruleset_case_init(&a, "tests/golden/ruleset/pair.conf", 2) ||
	    !ruleset_case_init(&b, "tests/golden/ruleset/pair.conf", 2))
		return;
	for (size_t i = 0; i < 3; i++)
		a.facts.all[i].usable = false;
	plan_again(&a);
	text = drift_between(&a.ruleset, &b.ruleset);
	EXPECT_INT(count_lines(text), DRIFT_PER_OBJECT + 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\nset www-buckets: 999 more\n"));
	free(text);
	ruleset_clear(&b.ruleset);
	b.ruleset.exists = true;
	text = drift_between(&a.ruleset, &b.ruleset);
	CU_ASSERT(count_lines(text) == a.ruleset.n_sets + a.ruleset.n_chains);
	free(text);
	ruleset_case_clear(&a);
	ruleset_case_clear(&b);
}

/* Where the room for lines ends within an object, nothing is forgotten in the count. */
static void every_difference_is_counted_once(void)
{
	struct ruleset have = {.exists = true};
	struct ruleset_case c;
	char *text;
	size_t lines, more = 0, strange = DRIFT_LINES - 3;

	if (!ruleset_case_init(&c, "tests/golden/ruleset/pair.conf", 2))
		return;
	for (size_t i = 0; i < strange; i++)
		CU_ASSERT_FATAL(ruleset_add_set(&have, SET_FOREIGN, "x%zu", i) >= 0);
	text = drift_between(&have, &c.ruleset);
	lines = count_lines(text);
	EXPECT_INT(lines, DRIFT_LINES + 1);
	for (char *at = text; at && *at; at = strchr(at, '\n') + 1)
		more = strtoul(at, NULL, 10);
	EXPECT_INT(lines - 1 + more, strange + c.ruleset.n_chains + c.ruleset.n_sets);
	free(text);
	ruleset_clear(&have);
	ruleset_case_clear(&c);
}

/* In all, too; and a name that is none of ours does not reach a terminal. */
static void no_end_of_foreign_sets(void)
{
	struct ruleset have = {.exists = true}, want = {.exists = true};
	char *text;

	for (int i = 0; i < DRIFT_LINES + 7; i++)
		CU_ASSERT_FATAL(ruleset_add_set(&have, SET_FOREIGN, "\033[2J%d", i) >= 0);
	text = drift_between(&have, &want);
	EXPECT_INT(count_lines(text), DRIFT_LINES + 1);
	CU_ASSERT(strncmp(text, "set ?[2J0 is not in the plan\n", 29) == 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\n7 more\n"));
	free(text);
	ruleset_clear(&have);
}

UNIT_TESTS(drift) = {
	{"elements of a farm", elements_of_a_farm},
	{"rules, sets and chains", rules_sets_and_chains},
	{"other kinds of sets", other_kinds_of_sets},
	{"many differences are counted", many_differences_are_counted},
	{"every difference is counted once", every_difference_is_counted_once},
	{"no end of foreign sets", no_end_of_foreign_sets},
	UNIT_TESTS_END,
};
