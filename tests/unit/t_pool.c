/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "include/pool.h"
#include "tests/unit/unit.h"

#include <stdalign.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { MANY = 5000 };

static void every_text_stays(void)
{
	static const char *kept[MANY];
	struct pool t = {0};
	char text[32];

	for (int i = 0; i < MANY; i++) {
		snprintf(text, sizeof(text), "backend-%d", i);
		kept[i] = pool_text(&t, text);
	}
	for (int i = 0; i < MANY; i++) {
		snprintf(text, sizeof(text), "backend-%d", i);
		EXPECT_TEXT(kept[i], text);
	}
	pool_clear(&t);
	pool_clear(&t);
}

static void long_texts_and_empty_ones(void)
{
	static char longest[1000000];
	struct pool t = {0};
	const char *kept, *next;

	EXPECT_TEXT(pool_text(&t, ""), "");
	CU_ASSERT_PTR_NULL(t.blocks);
	memset(longest, 'x', sizeof(longest) - 1);
	kept = pool_text(&t, longest);
	next = pool_text_len(&t, "eth0 and more", 4);
	EXPECT_TEXT(kept, longest);
	EXPECT_TEXT(next, "eth0");
	pool_clear(&t);
}

/* Between texts of any length, and with one that is larger than a block. */
static void arrays_are_zeroed_and_aligned(void)
{
	static const size_t sizes[] = {1, 2, 4, 8, 48, 300000};
	struct pool t = {0};

	for (size_t i = 0; i < 600; i++) {
		size_t size = sizes[i % 6], n = 1 + i % 5;
		unsigned char *array;

		EXPECT_INT(strlen(pool_text_len(&t, "abcdefg", i % 8)), i % 8);
		array = pool_take(&t, n, size);
		CU_ASSERT_PTR_NOT_NULL_FATAL(array);
		EXPECT_INT((uintptr_t)array % alignof(max_align_t), 0);
		for (size_t k = 0; k < n * size; k++)
			if (array[k])
				CU_FAIL("not zeroed");
		memset(array, 0xff, n * size);
	}
	CU_ASSERT_PTR_NULL(pool_take(&t, SIZE_MAX / 4, 8));
	pool_clear(&t);
}

UNIT_TESTS(pool) = {
	{"every text stays", every_text_stays},
	{"long texts and empty ones", long_texts_and_empty_ones},
	{"arrays are zeroed and aligned", arrays_are_zeroed_and_aligned},
	UNIT_TESTS_END,
};
