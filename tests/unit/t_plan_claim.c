/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is watched for claims: whose frames, about which addresses, and with how many rules. */
#include "director/ruleset/plan.h"
#include "tests/unit/ruleset_case.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#define CASE "tests/golden/ruleset/pair-ipv6.conf" /* each node takes the other for a backend */

static const struct ruleset_set *set_of(const struct ruleset *r, const char *name)
{
	int at = ruleset_find_set(r, name);

	CU_ASSERT_FATAL(at >= 0);
	return &r->sets[at];
}

/* The last octets of the MAC addresses that are watched: "15 21". */
static const char *watched(const struct ruleset *r)
{
	static char text[100];
	const struct ruleset_set *set = set_of(r, "backend-macs");

	text[0] = '\0';
	for (size_t i = 0; i < set->n_elements; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%02x", i ? " " : "",
			 set->elements[i].key[MAC_LEN - 1]);
	return text;
}

static void plan_again(struct ruleset_case *c)
{
	ruleset_clear(&c->ruleset);
	CU_ASSERT_EQUAL_FATAL(plan_ruleset(&c->facts.plan, &c->ruleset), 0);
}

/* Farms in order: www with web1 and the other node, old with web1. */
static void directors_are_not_watched(void)
{
	struct ruleset_case c;

	CU_ASSERT_FATAL(ruleset_case_init(&c, CASE, 2));
	EXPECT_TEXT(watched(&c.ruleset), "15 21");
	/* By their MAC addresses, too, which is how a backend with "mac" may be one. */
	c.facts.all[0].watched = c.facts.interfaces[0].peer_mac;
	plan_again(&c);
	EXPECT_TEXT(watched(&c.ruleset), "15");
	c.facts.all[2].watched = c.facts.interfaces[0].mac;
	plan_again(&c);
	EXPECT_TEXT(watched(&c.ruleset), "");
	ruleset_case_clear(&c);
}

/* That it gets no packets now makes its claim no better; and one host is one element. */
static void whoever_has_a_mac_is_watched(void)
{
	struct ruleset_case c;

	CU_ASSERT_FATAL(ruleset_case_init(&c, CASE, 2));
	c.facts.all[0].usable = false;
	plan_again(&c);
	EXPECT_TEXT(watched(&c.ruleset), "15 21");
	c.facts.all[2].watched = c.facts.all[0].watched;
	plan_again(&c);
	EXPECT_TEXT(watched(&c.ruleset), "21");
	c.facts.all[0].watched = c.facts.all[2].watched = (struct mac){0};
	plan_again(&c);
	EXPECT_TEXT(watched(&c.ruleset), "");
	ruleset_case_clear(&c);
}

static void plan_next(struct ruleset_case *c, struct plan_memory *m)
{
	ruleset_clear(&c->ruleset);
	CU_ASSERT_EQUAL_FATAL(plan_ruleset_again(m, &c->facts.plan, &c->ruleset), 0);
}

/* And not when something else has; one that is disabled has no other MAC address than this. */
static void their_list_is_made_when_one_changes(void)
{
	struct plan_memory *m = plan_memory_new();
	struct ruleset_case c;
	const struct ruleset_element *list;

	CU_ASSERT_FATAL(m && ruleset_case_init(&c, CASE, 2));
	plan_next(&c, m);
	EXPECT_TEXT(watched(&c.ruleset), "15 21");
	list = set_of(&c.ruleset, "backend-macs")->elements;
	c.facts.all[0].usable = false;
	c.facts.all[0].mac = (struct mac){0};
	plan_next(&c, m);
	EXPECT_TEXT(watched(&c.ruleset), "15 21");
	CU_ASSERT_PTR_EQUAL(set_of(&c.ruleset, "backend-macs")->elements, list);
	c.facts.all[0].watched.bytes[MAC_LEN - 1] = 0x22;
	plan_next(&c, m);
	EXPECT_TEXT(watched(&c.ruleset), "15 22");
	plan_next(&c, m);
	EXPECT_TEXT(watched(&c.ruleset), "15 22");
	c.facts.all[0].watched = c.facts.interfaces[0].mac;
	plan_next(&c, m);
	EXPECT_TEXT(watched(&c.ruleset), "15");
	ruleset_case_clear(&c);
	plan_memory_free(m);
}

/* In each chain of an interface, wherever a rule with that comment is. */
static size_t count_watches(const struct ruleset *r, const char *chain)
{
	const struct ruleset_chain *c = &r->chains[ruleset_find_chain(r, chain)];
	size_t n = 0;

	for (size_t i = 0; i < c->n_rules; i++)
		n += c->rules[i].comment && strcmp(c->rules[i].comment, PLAN_CLAIM) == 0;
	return n;
}

static void one_rule_for_each_ip_version(void)
{
	struct ruleset_case c;

	CU_ASSERT_FATAL(ruleset_case_init(&c, "tests/golden/ruleset/virtual-mac.conf", 2));
	EXPECT_INT(count_watches(&c.ruleset, "ingress-eth0"), 2);
	EXPECT_INT(count_watches(&c.ruleset, "ingress-v4-51-eth0"), 0);
	EXPECT_INT(count_watches(&c.ruleset, "ingress-v6-51-eth0"), 0);
	/* Those of the section that are no farm's as well, and each once. */
	EXPECT_INT(set_of(&c.ruleset, "vips")->n_elements, 2);
	EXPECT_INT(set_of(&c.ruleset, "vips6")->n_elements, 2);
	ruleset_case_clear(&c);
	CU_ASSERT_FATAL(ruleset_case_init(&c, "tests/golden/ruleset/standalone.conf", 2));
	EXPECT_INT(count_watches(&c.ruleset, "ingress-eth0"), 1);
	EXPECT_INT(ruleset_find_set(&c.ruleset, "vips6"), -1);
	ruleset_case_clear(&c);
}

UNIT_TESTS(plan_claim) = {
	{"directors are not watched", directors_are_not_watched},
	{"whoever has a MAC address is watched", whoever_has_a_mac_is_watched},
	{"their list is made when one changes", their_list_is_made_when_one_changes},
	{"one rule for each IP version", one_rule_for_each_ip_version},
	UNIT_TESTS_END,
};
