/* SPDX-License-Identifier: GPL-2.0-or-later */
/* director.conf(5) and the tables of the program say the same. */
#include "director/config/keywords.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MANUAL "deploy/man/director.conf.5"

static void heading(enum config_section s, char buf[static 64])
{
	if (s == SECTION_TOP)
		snprintf(buf, 64, "\n.Ss The file\n");
	else
		snprintf(buf, 64, "\n.Ss Section %s\n", section_of(s)->name);
}

/* The part of a text between two marks; "" when the first is not there. To be freed. */
static char *between(const char *text, const char *from, const char *to)
{
	const char *start = strstr(text, from), *end = NULL;

	if (!start)
		return strdup("");
	start += strlen(from);
	end = strstr(start, to);
	return end ? strndup(start, (size_t)(end - start)) : strdup(start);
}

/* What the manual says about one section. */
static char *section_text(const char *manual, enum config_section s)
{
	char mark[64];

	heading(s, mark);
	return between(manual, mark, "\n.S");
}

/* What it says about one key; "" when nothing. */
static char *key_text(const char *section, const char *name)
{
	char mark[64], *text;

	snprintf(mark, sizeof(mark), ".It Ic %s ", name);
	text = between(section, mark, "\n.It Ic");
	return text;
}

static void expect_key(const char *section, enum config_section s, const struct keyword *k)
{
	char *text = key_text(section, k->name), mark[64];

	if (!text[0]) {
		CU_FAIL("a key is not in the manual");
		printf("\n    %s of section %s is not in %s", k->name, section_of(s)->name, MANUAL);
	}
	snprintf(mark, sizeof(mark), "\nDefault: %s", k->def ? k->def : "");
	if (k->def && !strstr(text, mark)) {
		CU_FAIL("the manual names another default");
		printf("\n    %s of section %s: %s", k->name, section_of(s)->name, k->def);
	}
	if (k->required && k->type != KEYWORD_SECTION && !strstr(text, "\nRequired.")) {
		CU_FAIL("the manual does not say that a key is required");
		printf("\n    %s of section %s", k->name, section_of(s)->name);
	}
	for (const struct keyword_word *w = k->words; w && w->name; w++)
		CU_ASSERT_PTR_NOT_NULL(strstr(text, w->name));
	free(text);
}

static void every_key_is_in_the_manual(void)
{
	char *manual = unit_read_file(MANUAL);

	for (enum config_section s = SECTION_TOP; s < N_SECTIONS; s++) {
		char *section = section_text(manual, s);

		for (const struct keyword *k = section_of(s)->rows; k->name; k++)
			expect_key(section, s, k);
		free(section);
	}
	free(manual);
}

static void the_manual_has_no_other_keys(void)
{
	static const char item[] = ".It Ic ";
	char *manual = unit_read_file(MANUAL);
	size_t items = 0;

	for (enum config_section s = SECTION_TOP; s < N_SECTIONS; s++) {
		char *section = section_text(manual, s);

		for (const char *at = section; (at = strstr(at, item)); items++) {
			char name[32];

			at += strlen(item);
			snprintf(name, sizeof(name), "%.*s", (int)strcspn(at, " \n"), at);
			if (!keyword_find(s, name)) {
				CU_FAIL("the manual has a key that does not exist");
				printf("\n    %s of section %s", name, section_of(s)->name);
			}
		}
		free(section);
	}
	/* Under another heading they would be missed. */
	for (const char *at = manual; (at = strstr(at, item)); at++)
		items--;
	EXPECT_INT(items, 0);
	free(manual);
}

UNIT_TESTS(config_manual) = {
	{"every key is in the manual", every_key_is_in_the_manual},
	{"the manual has no other keys", the_manual_has_no_other_keys},
	UNIT_TESTS_END,
};
