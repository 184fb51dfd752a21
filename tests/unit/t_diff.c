/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a change touches, without a kernel (t_kernel.c applies the same changes for real). */
#include "director/ruleset/sequence.h"
#include "include/name.h"
#include "tests/unit/ruleset_case.h"
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#define PAIR	 "tests/golden/ruleset/pair.conf"
#define RR	 "tests/golden/ruleset/round-robin.conf"
#define TWO_WAYS "tests/golden/ruleset/two-ways.conf"

static struct ruleset_change change_between(const struct ruleset *have, const struct ruleset *want,
					    uint32_t *ret_messages)
{
	struct ruleset_change change;
	struct nft_batch batch;

	nft_batch_begin(&batch, 1);
	EXPECT_INT(ruleset_diff(have, want, &batch, &change), 0);
	*ret_messages = batch.n_messages - 1; /* without the beginning */
	nft_batch_clear(&batch);
	return change;
}

static void plan_again(struct ruleset_case *c)
{
	ruleset_clear(&c->ruleset);
	CU_ASSERT_EQUAL_FATAL(plan_ruleset(&c->facts.plan, &c->ruleset), 0);
	CU_ASSERT_EQUAL_FATAL(nft_sign(&c->ruleset), 0);
}

static void equal_rulesets_need_no_message(void)
{
	struct ruleset_case a, b;
	struct ruleset_change change;
	uint32_t messages;

	if (!ruleset_case_init(&a, PAIR, 2) || !ruleset_case_init(&b, PAIR, 2))
		return;
	change = change_between(&a.ruleset, &b.ruleset, &messages);
	CU_ASSERT(ruleset_change_is_empty(&change));
	EXPECT_INT(messages, 0);
	ruleset_case_clear(&a);
	ruleset_case_clear(&b);
}

static void a_dead_backend_changes_elements_only(void)
{
	struct ruleset_case a, b;
	struct ruleset_change change;
	char text[RULESET_CHANGE_TEXT];
	uint32_t messages;

	if (!ruleset_case_init(&a, PAIR, 2) || !ruleset_case_init(&b, PAIR, 2))
		return;
	b.facts.all[2].usable = false;
	plan_again(&b);
	change = change_between(&a.ruleset, &b.ruleset, &messages);
	EXPECT_INT(change.chains_rewritten, 0);
	EXPECT_INT(change.sets_added + change.sets_deleted, 0);
	CU_ASSERT(change.elements_added >= 252 && change.elements_added < 505);
	EXPECT_INT(change.elements_deleted, change.elements_added);
	EXPECT_TEXT(change.names, "set www-buckets");
	CU_ASSERT_PTR_NOT_NULL(strstr(ruleset_change_format(&change, text), "(set www-buckets)"));
	ruleset_case_clear(&a);
	ruleset_case_clear(&b);
}

/* The rules by which a frame leaves stay, and the maps that they ask; only receivers of copies go. */
static void the_last_backend_behind_an_interface_dies(void)
{
	struct ruleset_case a, b;
	struct ruleset_change change;
	uint32_t messages;

	if (!ruleset_case_init(&a, TWO_WAYS, 2) || !ruleset_case_init(&b, TWO_WAYS, 2))
		return;
	b.facts.all[1].usable = b.facts.all[3].usable = false;
	plan_again(&b);
	change = change_between(&a.ruleset, &b.ruleset, &messages);
	EXPECT_INT(change.sets_added + change.sets_deleted, 0);
	EXPECT_INT(change.chains_rewritten, 2);
	CU_ASSERT_PTR_NOT_NULL(strstr(change.names, "chain errors-dns"));
	CU_ASSERT_PTR_NOT_NULL(strstr(change.names, "chain spray-"));
	ruleset_case_clear(&a);
	ruleset_case_clear(&b);
}

static void another_seed_rewrites_the_farms_chains(void)
{
	struct ruleset_case a, b;
	struct ruleset_change change;
	uint32_t messages;

	if (!ruleset_case_init(&a, PAIR, 2) || !ruleset_case_init(&b, PAIR, 2))
		return;
	b.config->farms[0].seed++;
	plan_again(&b);
	change = change_between(&a.ruleset, &b.ruleset, &messages);
	EXPECT_INT(change.chains_rewritten, 3); /* farm-www, errors-www, first-www */
	CU_ASSERT_PTR_NOT_NULL(strstr(change.names, "chain farm-www"));
	ruleset_case_clear(&a);
	ruleset_case_clear(&b);
}

static void another_interface_index_rewrites_what_names_it(void)
{
	struct ruleset_case a, b;
	struct ruleset_change change;
	uint32_t messages;

	if (!ruleset_case_init(&a, RR, 2) || !ruleset_case_init(&b, RR, 7))
		return;
	change = change_between(&a.ruleset, &b.ruleset, &messages);
	/* farm-app, new-app, send-app, errors-app, fragments, syn-eth0 and resyn-eth0 forward */
	EXPECT_INT(change.chains_rewritten, 7);
	EXPECT_INT(change.sets_added + change.elements_added, 0);
	ruleset_case_clear(&a);
	ruleset_case_clear(&b);
}

/* "A reload never drops a flow": neither a timeout nor a size may remake the flow table. */
static void flow_tables_stay(void)
{
	struct ruleset_case a, b;
	struct ruleset_change change;
	uint32_t messages;

	if (!ruleset_case_init(&a, RR, 2) || !ruleset_case_init(&b, RR, 2))
		return;
	b.config->farms[0].tcp_timeout_ms = 1000;
	b.config->farms[0].max_connections = 17;
	plan_again(&b);
	change = change_between(&a.ruleset, &b.ruleset, &messages);
	EXPECT_INT(change.sets_deleted, 1);
	EXPECT_INT(ruleset_keep_flow_tables(&a.ruleset, &b.ruleset), 1);
	EXPECT_INT(ruleset_keep_flow_tables(&a.ruleset, &b.ruleset), 0);
	CU_ASSERT_EQUAL_FATAL(nft_sign(&b.ruleset), 0);
	change = change_between(&a.ruleset, &b.ruleset, &messages);
	EXPECT_INT(change.sets_deleted, 0);
	EXPECT_INT(change.chains_rewritten, 3); /* farm-app, known-app, half-app: the timeout */
	ruleset_case_clear(&a);
	ruleset_case_clear(&b);
}

static uint32_t gc_interval_ms(const struct ruleset *r, const char *name)
{
	for (size_t i = 0; i < r->n_sets; i++)
		if (strcmp(r->sets[i].name, name) == 0)
			return r->sets[i].gc_interval_ms;
	CU_FAIL("there is no such set");
	return 0;
}

/* Another interval is no reason to forget what a table holds. */
static void an_interval_is_no_other_table(void)
{
	struct ruleset_case a, b;
	struct ruleset_change change;
	uint32_t messages;

	if (!ruleset_case_init(&a, RR, 2) || !ruleset_case_init(&b, RR, 2))
		return;
	b.config->farms[0].gc_interval_ms = 30000;
	plan_again(&b);
	EXPECT_INT(gc_interval_ms(&a.ruleset, "app-flows"), 0);
	EXPECT_INT(gc_interval_ms(&b.ruleset, "app-flows"), 30000);
	EXPECT_INT(gc_interval_ms(&b.ruleset, "app-closing"), 30000);
	EXPECT_INT(gc_interval_ms(&b.ruleset, "app-half"), 0);
	change = change_between(&a.ruleset, &b.ruleset, &messages);
	EXPECT_INT(change.sets_added + change.sets_deleted, 0);
	ruleset_case_clear(&a);
	ruleset_case_clear(&b);
}

static void many_names_are_cut(void)
{
	struct ruleset_case c;
	struct ruleset nothing = {0};
	struct ruleset_change change;
	uint32_t messages;

	if (!ruleset_case_init(&c, "tests/golden/ruleset/many.conf", 2))
		return;
	change = change_between(&nothing, &c.ruleset, &messages);
	CU_ASSERT(change.table_added);
	CU_ASSERT(strlen(change.names) < RULESET_CHANGE_NAMES);
	CU_ASSERT_PTR_NOT_NULL(strstr(change.names, ", ..."));
	/* The journal keeps it as it is. */
	CU_ASSERT(text_is_printable(change.names, sizeof(change.names)));
	change = change_between(&c.ruleset, &nothing, &messages);
	EXPECT_INT(change.chains_deleted, c.ruleset.n_chains);
	EXPECT_INT(change.sets_deleted, c.ruleset.n_sets);
	ruleset_case_clear(&c);
}

/* Walks over both; each element by its first octet, "." when that list has none. */
static void expect_pairs(const char *have, const char *want, const char *pairs)
{
	struct ruleset_element x[4] = {0}, y[4] = {0};
	struct ruleset_set a = {.kind = SET_MACS, .elements = x, .n_elements = strlen(have)};
	struct ruleset_set b = {.kind = SET_MACS, .elements = y, .n_elements = strlen(want)};
	struct ruleset_pairs p = ruleset_pairs(&a, &b);
	const struct ruleset_element *one, *other;
	char text[32] = "";
	size_t n = 0;

	for (size_t i = 0; have[i]; i++)
		x[i].key[0] = (uint8_t)have[i];
	for (size_t i = 0; want[i]; i++)
		y[i].key[0] = (uint8_t)want[i];
	while (ruleset_pairs_next(&p, &one, &other) && n + 3 < sizeof(text)) {
		text[n++] = one ? (char)one->key[0] : '.';
		text[n++] = other ? (char)other->key[0] : '.';
		text[n++] = ' ';
	}
	EXPECT_TEXT(text, pairs);
	CU_ASSERT(!ruleset_pairs_next(&p, &one, &other));
}

static void two_lists_side_by_side(void)
{
	expect_pairs("", "", "");
	expect_pairs("ab", "", "a. b. ");
	expect_pairs("", "ab", ".a .b ");
	expect_pairs("ab", "ab", "aa bb ");
	expect_pairs("acd", "bc", "a. .b cc d. ");
	expect_pairs("b", "abc", ".a bb .c ");
}

UNIT_TESTS(diff) = {
	{"two lists side by side", two_lists_side_by_side},
	{"equal rulesets need no message", equal_rulesets_need_no_message},
	{"a dead backend changes elements only", a_dead_backend_changes_elements_only},
	{"the last backend behind an interface dies", the_last_backend_behind_an_interface_dies},
	{"another seed rewrites the chains of the farm", another_seed_rewrites_the_farms_chains},
	{"another interface index rewrites what names it",
	 another_interface_index_rewrites_what_names_it},
	{"flow tables stay", flow_tables_stay},
	{"an interval is no other table", an_interval_is_no_other_table},
	{"many names are cut", many_names_are_cut},
	UNIT_TESTS_END,
};
