/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Differences of texts: told as diff -u does, put back together, and never more than there must be. */
#include "director/audit/text_diff.h"
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

enum { LINES = 40, TEXT = LINES * 2 + 1 };

static char *told(const char *before, const char *after, int *ret)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	*ret = text_diff_print(out, before, after, "old", "new");
	fclose(out);
	return text;
}

static void expect(const char *before, const char *after, const char *want)
{
	int code;
	char *text = told(before, after, &code);

	EXPECT_TEXT(text, want);
	EXPECT_INT(code, want[0] ? 1 : 0);
	free(text);
}

static void what_is_alike_says_nothing(void)
{
	expect("", "", "");
	expect("a\nb\n", "a\nb\n", "");
}

static void a_line_has_three_around_it(void)
{
	expect("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nfive\n6\n7\n8\n9\n",
	       "--- old\n+++ new\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n");
	expect("a\n", "", "--- old\n+++ new\n@@ -1 +0,0 @@\n-a\n");
	expect("", "a\nb\n", "--- old\n+++ new\n@@ -0,0 +1,2 @@\n+a\n+b\n");
}

/* Six lines between two changes join them, seven part them. */
static void near_ones_are_one_hunk(void)
{
	expect("x\n1\n2\n3\n4\n5\n6\ny\n", "1\n2\n3\n4\n5\n6\n",
	       "--- old\n+++ new\n@@ -1,8 +1,6 @@\n-x\n 1\n 2\n 3\n 4\n 5\n 6\n-y\n");
	expect("x\n1\n2\n3\n4\n5\n6\n7\ny\n", "1\n2\n3\n4\n5\n6\n7\n",
	       "--- old\n+++ new\n@@ -1,4 +1,3 @@\n-x\n 1\n 2\n 3\n@@ -6,4 +5,3 @@\n 5\n 6\n 7\n"
	       "-y\n");
}

/* --- any two texts ------------------------------------------------------------------------------ */

static uint32_t seed;

static uint32_t draw(uint32_t below)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 16) % below;
}

static void make(char text[static TEXT])
{
	size_t n = draw(LINES);

	for (size_t i = 0; i < n; i++) {
		text[2 * i] = (char)('a' + draw(4));
		text[2 * i + 1] = '\n';
	}
	text[2 * n] = '\0';
}

/* Lines that two texts have in common, at most: by the plain table of all pairs. */
static size_t in_common(const char *a, const char *b)
{
	size_t n = strlen(a) / 2, m = strlen(b) / 2, best[LINES + 1][LINES + 1] = {0};

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < m; k++) {
			size_t up = best[i][k + 1], left = best[i + 1][k];

			best[i + 1][k + 1] = a[2 * i] == b[2 * k] ? best[i][k] + 1
					     : up > left	  ? up
								  : left;
		}
	return best[n][m];
}

/* Applies the hunks; *ret_changes is how many lines they change. */
static void put_together(const char *before, const char *hunks, char after[static TEXT],
			 size_t *ret_changes)
{
	size_t at = 0, n = 0;

	*ret_changes = 0;
	for (const char *l = hunks; *l; l += strcspn(l, "\n") + 1) {
		size_t from = 0, len = 1;

		if (strncmp(l, "---", 3) == 0 || strncmp(l, "+++", 3) == 0)
			continue;
		if (l[0] == '@') {
			if (sscanf(l, "@@ -%zu,%zu", &from, &len) < 1)
				CU_FAIL("no hunk");
			for (from -= len ? 1 : 0; at < from; at++, n++)
				memcpy(after + 2 * n, before + 2 * at, 2);
			continue;
		}
		*ret_changes += l[0] != ' ';
		if (l[0] != '+')
			CU_ASSERT(before[2 * at] == l[1]);
		if (l[0] != '-')
			memcpy(after + 2 * n++, l + 1, 2);
		at += l[0] != '+';
	}
	strcpy(after + 2 * n, before + 2 * at);
}

static void any_two_texts(void)
{
	char before[TEXT], after[TEXT], again[TEXT];

	for (seed = 1; seed < 3000; seed++) {
		uint32_t begun = seed;
		size_t changes, least;
		char *text;
		int code;

		make(before);
		make(after);
		text = told(before, after, &code);
		put_together(before, text, again, &changes);
		least = (strlen(before) + strlen(after)) / 2 - 2 * in_common(before, after);
		EXPECT_TEXT(again, after);
		EXPECT_INT(changes, least);
		EXPECT_INT(code, strcmp(before, after) != 0);
		free(text);
		seed = begun;
	}
}

/* Beyond its limit it tells more, and still the truth. */
static void too_much_is_told_whole(void)
{
	enum { N = TEXT_DIFF_MOST + 100 };
	char *before = calloc(N, 8), *after = calloc(N, 8), *text;
	size_t minus = 0, plus = 0;
	int code;

	for (int i = 0; i < N; i++) {
		sprintf(before + strlen(before), "%d\n", i % 7);
		sprintf(after + strlen(after), "%c\n", 'a' + i % 7);
	}
	text = told(before, after, &code);
	for (const char *l = text; *l; l += strcspn(l, "\n") + 1) {
		minus += l[0] == '-' && l[1] != '-';
		plus += l[0] == '+' && l[1] != '+';
	}
	EXPECT_INT(code, 1);
	EXPECT_INT(minus, N);
	EXPECT_INT(plus, N);
	free(text);
	free(before);
	free(after);
}

UNIT_TESTS(text_diff) = {
	{"what is alike says nothing", what_is_alike_says_nothing},
	{"a line has three around it", a_line_has_three_around_it},
	{"changes that are near are one hunk", near_ones_are_one_hunk},
	{"any two texts", any_two_texts},
	{"too much is told whole", too_much_is_told_whole},
	UNIT_TESTS_END,
};
