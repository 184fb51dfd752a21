/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "include/texts.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

enum { MANY = 5000 };

static void every_text_stays(void)
{
	static const char *kept[MANY];
	struct texts t = {0};
	char text[32];

	for (int i = 0; i < MANY; i++) {
		snprintf(text, sizeof(text), "backend-%d", i);
		kept[i] = texts_add(&t, text);
	}
	for (int i = 0; i < MANY; i++) {
		snprintf(text, sizeof(text), "backend-%d", i);
		EXPECT_TEXT(kept[i], text);
	}
	texts_clear(&t);
	texts_clear(&t);
}

static void long_texts_and_empty_ones(void)
{
	static char longest[100000];
	struct texts t = {0};
	const char *kept, *next;

	EXPECT_TEXT(texts_add(&t, ""), "");
	CU_ASSERT_PTR_NULL(t.blocks);
	memset(longest, 'x', sizeof(longest) - 1);
	kept = texts_add(&t, longest);
	next = texts_add_len(&t, "eth0 and more", 4);
	EXPECT_TEXT(kept, longest);
	EXPECT_TEXT(next, "eth0");
	texts_clear(&t);
}

UNIT_TESTS(texts) = {
	{"every text stays", every_text_stays},
	{"long texts and empty ones", long_texts_and_empty_ones},
	UNIT_TESTS_END,
};
