/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Golden pairs: what a configuration becomes, in both notations side by side. */
#include "tests/unit/ruleset_case.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void compare_or_write(const char *name, const char *suffix, const char *text)
{
	const char *mode = getenv("GOLDEN");
	char path[300];
	char *want;
	FILE *out;

	snprintf(path, sizeof(path), "%s%s", name, suffix);
	if (mode && strcmp(mode, "write") == 0) {
		out = fopen(path, "w");
		CU_ASSERT_PTR_NOT_NULL_FATAL(out);
		fputs(text, out);
		fclose(out);
		return;
	}
	want = unit_read_file(path);
	if (strcmp(text, want) != 0)
		printf("\n    %s differs", path);
	CU_ASSERT_STRING_EQUAL(text, want);
	free(want);
}

/* Declarations and rules as netlink expressions. Elements are in the text already. */
static char *netlink_text(const struct ruleset *r)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (size_t i = 0; i < r->n_sets; i++)
		fprintf(out, "set %s, %zu elements\n  %s\n", r->sets[i].name, r->sets[i].n_elements,
			r->sets[i].signature);
	for (size_t i = 0; i < r->n_chains; i++)
		for (size_t k = 0; k < r->chains[i].n_rules; k++)
			fprintf(out, "rule %zu of %s\n%s", k + 1, r->chains[i].name,
				r->chains[i].rules[k].signature);
	fclose(out);
	return text;
}

static void check_case(const char *name, void *data)
{
	struct ruleset_case c;
	char conf[300], *text;

	(void)data;
	snprintf(conf, sizeof(conf), "%s.conf", name);
	if (!ruleset_case_init(&c, conf, 2))
		return;
	text = ruleset_case_text(&c.ruleset);
	compare_or_write(name, ".nft", text);
	free(text);
	text = netlink_text(&c.ruleset);
	compare_or_write(name, ".nl", text);
	free(text);
	ruleset_case_clear(&c);
}

static void every_case_renders_as_written(void)
{
	CU_ASSERT(ruleset_case_each(check_case, NULL) >= 6);
}

static void the_same_input_gives_the_same_ruleset(void)
{
	struct ruleset_case a, b;
	char *x, *y;

	if (!ruleset_case_init(&a, "tests/golden/ruleset/pair.conf", 2))
		return;
	if (ruleset_case_init(&b, "tests/golden/ruleset/pair.conf", 2)) {
		x = ruleset_case_text(&a.ruleset);
		y = ruleset_case_text(&b.ruleset);
		EXPECT_TEXT(x, y);
		free(x);
		free(y);
		ruleset_case_clear(&b);
	}
	ruleset_case_clear(&a);
}

UNIT_TESTS(ruleset_golden) = {
	{"every case renders as written", every_case_renders_as_written},
	{"the same input gives the same ruleset", the_same_input_gives_the_same_ruleset},
	UNIT_TESTS_END,
};
