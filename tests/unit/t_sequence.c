/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In which order and in what pieces a change goes to the kernel (t_sequence_kernel.c: that it gets there). */
#include "director/ruleset/sequence.h"
#include "tests/unit/ruleset_case.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MANY "tests/golden/ruleset/many.conf"
#define PAIR "tests/golden/ruleset/pair.conf"

static char story[65536];

/* One line a transaction: its messages, "WHAT NAME", those that follow each other once. */
static void tell(const struct nft_batch *b)
{
	size_t used = strlen(story);
	const char *separator = "";

	for (uint32_t i = 1; i < b->n_messages; i++) {
		const struct nft_label *label = &b->labels[i], *last = &b->labels[i - 1];

		if (strcmp(label->what, last->what) == 0 && strcmp(label->name, last->name) == 0)
			continue;
		used += (size_t)snprintf(story + used, sizeof(story) - used, "%s%s %s", separator,
					 label->what, label->name);
		separator = ", ";
	}
	snprintf(story + used, sizeof(story) - used, "\n");
}

/* One transaction; false when there is none. */
static bool step(struct sequence *s, size_t most, struct ruleset_change *change)
{
	struct nft_batch batch;
	bool any;

	nft_batch_begin(&batch, 1);
	sequence_next(s, most, &batch, change);
	EXPECT_INT(batch.failed, false);
	any = batch.n_messages > 1;
	if (any)
		tell(&batch);
	nft_batch_clear(&batch);
	return any;
}

/* All transactions, as a story; "-" where what remains has to wait. */
static const char *told(const struct ruleset *have, const struct ruleset *want, size_t most,
			struct ruleset_change *ret)
{
	struct sequence s;

	story[0] = '\0';
	*ret = (struct ruleset_change){0};
	CU_ASSERT_EQUAL_FATAL(sequence_begin(&s, have, want), 0);
	while (step(&s, most, ret))
		;
	if (sequence_waits(&s)) {
		EXPECT_INT(step(&s, most, ret), false);
		strcat(story, "-\n");
		sequence_resume(&s);
		while (step(&s, most, ret))
			;
	}
	EXPECT_INT(sequence_is_done(&s), true);
	EXPECT_INT(step(&s, most, ret), false);
	sequence_clear(&s);
	return story;
}

static void plan_again(struct ruleset_case *c)
{
	ruleset_clear(&c->ruleset);
	CU_ASSERT_EQUAL_FATAL(plan_ruleset(&c->facts.plan, &c->ruleset), 0);
	CU_ASSERT_EQUAL_FATAL(nft_sign(&c->ruleset), 0);
}

static void nothing_to_do(void)
{
	struct ruleset_case a, b;
	struct ruleset_change change;

	if (!ruleset_case_init(&a, PAIR, 2) || !ruleset_case_init(&b, PAIR, 2))
		return;
	EXPECT_TEXT(told(&a.ruleset, &b.ruleset, SEQUENCE_MOST, &change), "");
	EXPECT_INT(ruleset_change_is_empty(&change), true);
	ruleset_case_clear(&a);
	ruleset_case_clear(&b);
}

/* The last farm comes, and goes. */
static void a_farm_comes_and_goes(void)
{
	struct ruleset_case with, without;
	struct ruleset_change change;
	const char *text;

	if (!ruleset_case_init(&with, MANY, 2) || !ruleset_case_init(&without, MANY, 2))
		return;
	without.config->n_farms--;
	plan_again(&without);
	text = told(&without.ruleset, &with.ruleset, SIZE_MAX, &change);
	EXPECT_INT(change.sets_deleted + change.chains_deleted, 0);
	CU_ASSERT_PTR_NULL(strstr(text, "-\n"));
	/* First its maps are filled, then it is led to. */
	CU_ASSERT_PTR_EQUAL(strchr(strchr(text, '\n') + 1, '\n'), text + strlen(text) - 1);
	CU_ASSERT(strstr(text, "elements of set services") > strchr(text, '\n'));
	CU_ASSERT(strstr(text, "elements of set new-b-backends") < strchr(text, '\n'));
	text = told(&with.ruleset, &without.ruleset, SIZE_MAX, &change);
	CU_ASSERT(change.chains_deleted > 0 && change.sets_deleted > 0);
	/* First nobody is led there any more; then, in another transaction, what is left goes. */
	CU_ASSERT_PTR_NOT_NULL_FATAL(strstr(text, "\n-\n"));
	CU_ASSERT_PTR_NULL(strstr(strstr(text, "\n-\n"), "elements"));
	CU_ASSERT_PTR_NOT_NULL(strstr(strstr(text, "\n-\n"), "deletion of chain"));
	*strstr(text, "\n-\n") = '\0';
	CU_ASSERT_PTR_NULL(strstr(text, "deletion of set"));
	CU_ASSERT_PTR_NULL(strstr(text, "deletion of chain"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "deletion of elements of set services"));
	without.config->n_farms++; /* to be freed */
	ruleset_case_clear(&with);
	ruleset_case_clear(&without);
}

/* A backend has died while a farm is loaded: its elements do not wait for the others. */
static void what_is_urgent_is_first(void)
{
	struct ruleset_case a, b;
	struct ruleset_change change;
	char first[400];
	const char *text;

	if (!ruleset_case_init(&a, MANY, 2) || !ruleset_case_init(&b, MANY, 2))
		return;
	a.config->n_farms--;
	plan_again(&a);
	b.facts.all[0].usable = false;
	plan_again(&b);
	text = told(&a.ruleset, &b.ruleset, 100, &change);
	snprintf(first, sizeof(first),
		 "deletion of elements of set %s-buckets, elements of set "
		 "%s-buckets\n",
		 a.config->farms[0].name, a.config->farms[0].name);
	CU_ASSERT(strncmp(text, first, strlen(first)) == 0);
	a.config->n_farms++; /* to be freed */
	ruleset_case_clear(&a);
	ruleset_case_clear(&b);
}

/* Nothing leads to what is not complete: verdicts and base chains come last. */
static void the_way_in_is_last(void)
{
	struct ruleset nothing = {0};
	struct ruleset_case c;
	struct ruleset_change change;
	const char *text, *base;

	if (!ruleset_case_init(&c, MANY, 2))
		return;
	text = told(&nothing, &c.ruleset, 50, &change);
	CU_ASSERT(strncmp(text, "table director", strlen("table director")) == 0);
	base = strstr(text, "chain ingress-");
	CU_ASSERT_PTR_NOT_NULL_FATAL(base);
	CU_ASSERT_PTR_NULL(strstr(base, "elements of set"));
	CU_ASSERT(strstr(text, "elements of set services") > strstr(text, "rule of chain farm-"));
	ruleset_case_clear(&c);
}

/* No transaction is longer than it may be, and together they are all. */
static void pieces_have_a_size(void)
{
	struct ruleset nothing = {0};
	struct ruleset_case c;
	struct sequence s;
	struct ruleset_change change = {0};
	size_t transactions = 0, elements = 0;

	if (!ruleset_case_init(&c, PAIR, 2))
		return;
	for (size_t i = 0; i < c.ruleset.n_sets; i++)
		elements += ruleset_set_count(&c.ruleset.sets[i]);
	story[0] = '\0';
	CU_ASSERT_EQUAL_FATAL(sequence_begin(&s, &nothing, &c.ruleset), 0);
	while (step(&s, 100, &change))
		transactions++;
	CU_ASSERT(transactions >= elements / 100);
	CU_ASSERT(transactions <= elements / 100 + 3);
	sequence_clear(&s);
	ruleset_case_clear(&c);
}

/* A set with the same name and another declaration must go before it comes: at once. */
static void what_is_made_anew(void)
{
	struct ruleset_case a, b;
	struct ruleset_change change;
	const char *text;

	if (!ruleset_case_init(&a, "tests/golden/ruleset/round-robin.conf", 2) ||
	    !ruleset_case_init(&b, "tests/golden/ruleset/round-robin.conf", 2))
		return;
	b.config->farms[0].max_connections = 17;
	plan_again(&b);
	text = told(&a.ruleset, &b.ruleset, 1, &change);
	CU_ASSERT_PTR_EQUAL(strchr(text, '\n'), text + strlen(text) - 1);
	CU_ASSERT(strstr(text, "deletion of set app-flows") < strstr(text, ", set app-flows"));
	EXPECT_INT(change.sets_deleted, change.sets_added);
	ruleset_case_clear(&a);
	ruleset_case_clear(&b);
}

/* The place of what a transaction begins with, or the end of the story. */
static const char *place_of(const char *text, const char *what)
{
	const char *at = strstr(text, what);

	CU_ASSERT_PTR_NOT_NULL(at);
	return at ? at : text + strlen(text);
}

/*
 * A backend comes, and goes: wherever the sequence is cut, each slot leads to a backend that is
 * there.
 */
static void no_slot_leads_nowhere(void)
{
	struct ruleset_case with, without;
	struct ruleset_change change;
	const char *text;

	if (!ruleset_case_init(&with, "tests/golden/ruleset/round-robin.conf", 2) ||
	    !ruleset_case_init(&without, "tests/golden/ruleset/round-robin.conf", 2))
		return;
	without.facts.all[0].usable = false;
	plan_again(&without);
	text = told(&without.ruleset, &with.ruleset, 100, &change);
	CU_ASSERT(strncmp(text, "elements of set app-backends, ", 30) == 0);
	CU_ASSERT(place_of(text, "elements of set app-slots") > text);
	CU_ASSERT_PTR_NULL(strstr(place_of(text, "\n"), "app-backends"));
	text = told(&with.ruleset, &without.ruleset, 100, &change);
	CU_ASSERT(strncmp(text, "deletion of elements of set app-slots, ", 39) == 0);
	CU_ASSERT_PTR_NULL(
		strstr(place_of(text, "deletion of elements of set app-backends"), "app-slots"));
	ruleset_case_clear(&with);
	ruleset_case_clear(&without);
}

UNIT_TESTS(sequence) = {
	{"nothing to do", nothing_to_do},
	{"a farm comes and goes", a_farm_comes_and_goes},
	{"what is urgent is first", what_is_urgent_is_first},
	{"the way in is last", the_way_in_is_last},
	{"pieces have a size", pieces_have_a_size},
	{"what is made anew", what_is_made_anew},
	{"no slot leads nowhere", no_slot_leads_nowhere},
	UNIT_TESTS_END,
};
