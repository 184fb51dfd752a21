/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/ruleset/bucket.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEED = 0x1234, MANY = 40 };

static char names[MANY][16];

static void make_members(struct bucket_member *m, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		snprintf(names[i], sizeof(names[i]), "web%zu", i + 1);
		m[i] = (struct bucket_member){.name = names[i], .weight = 1};
	}
}

static uint16_t *table_of(const struct bucket_member *m, size_t n, uint32_t size)
{
	uint16_t *table = calloc(size, sizeof(*table));

	CU_ASSERT_PTR_NOT_NULL_FATAL(table);
	EXPECT_INT(bucket_table_fill(table, size, m, n, SEED), 0);
	return table;
}

static uint32_t buckets_of(const uint16_t *table, uint32_t size, uint16_t member)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < size; i++)
		n += table[i] == member;
	return n;
}

static bool is_prime(uint32_t n)
{
	for (uint32_t d = 2; d * d <= n; d++)
		if (n % d == 0)
			return false;
	return n > 1;
}

static void sizes_are_primes_and_large_enough(void)
{
	for (size_t n = 1; n <= 1000; n++) {
		uint32_t size = bucket_table_size(n);

		CU_ASSERT(is_prime(size) && size >= n * BUCKET_PER_BACKEND);
	}
	EXPECT_INT(bucket_table_size(0), 1009);
	EXPECT_INT(bucket_table_size(10), 1009);
	EXPECT_INT(bucket_table_size(11), 2003);
	EXPECT_INT(bucket_table_size(1000), BUCKET_TABLE_MAX);
}

/* Section 3.4 of the paper: with M >= 100 N the shares differ by at most 1 %; here each takes its turn. */
static void equal_weights_share_equally(void)
{
	struct bucket_member m[MANY];

	make_members(m, MANY);
	for (size_t n = 1; n <= MANY; n++) {
		uint32_t size = bucket_table_size(n);
		uint16_t *table = table_of(m, n, size);

		for (uint16_t i = 0; i < n; i++) {
			uint32_t got = buckets_of(table, size, i);

			CU_ASSERT(got >= size / n && got <= size / n + 1);
		}
		free(table);
	}
}

static void weights_are_kept(void)
{
	struct bucket_member m[4];
	uint32_t size = 1009;
	uint16_t *table;

	make_members(m, 4);
	m[0].weight = 1;
	m[1].weight = 2;
	m[2].weight = 0;
	m[3].weight = 5;
	table = table_of(m, 4, size);
	CU_ASSERT(abs((int)buckets_of(table, size, 0) - 1009 / 8) <= 1);
	CU_ASSERT(abs((int)buckets_of(table, size, 1) - 1009 * 2 / 8) <= 1);
	EXPECT_INT(buckets_of(table, size, 2), 0);
	CU_ASSERT(abs((int)buckets_of(table, size, 3) - 1009 * 5 / 8) <= 2);
	free(table);
}

static void nobody_means_an_empty_table(void)
{
	struct bucket_member m = {.name = "web1", .weight = 0};
	uint16_t *table = table_of(&m, 1, 1009);

	EXPECT_INT(buckets_of(table, 1009, BUCKET_NONE), 1009);
	free(table);
	table = table_of(NULL, 0, 1009);
	EXPECT_INT(buckets_of(table, 1009, BUCKET_NONE), 1009);
	free(table);
}

/* Both directors, told the same facts in any order, hold the same table. */
static void the_order_of_members_does_not_matter(void)
{
	struct bucket_member m[7], turned[7];
	uint16_t *a, *b;
	int differ = 0;

	make_members(m, 7);
	m[3].weight = 4;
	for (size_t i = 0; i < 7; i++)
		turned[i] = m[(i + 3) % 7];
	a = table_of(m, 7, 1009);
	b = table_of(turned, 7, 1009);
	for (uint32_t i = 0; i < 1009; i++)
		differ += a[i] != (b[i] + 3) % 7;
	EXPECT_INT(differ, 0);
	free(a);
	free(b);
}

static void another_seed_is_another_table(void)
{
	struct bucket_member m[3];
	uint16_t other[1009], *table;
	int same = 0;

	make_members(m, 3);
	table = table_of(m, 3, 1009);
	EXPECT_INT(bucket_table_fill(other, 1009, m, 3, SEED + 1), 0);
	for (uint32_t i = 0; i < 1009; i++)
		same += table[i] == other[i];
	CU_ASSERT(same < 500); /* a third of them by chance */
	free(table);
}

/*
 * One backend of ten leaves: its tenth of the buckets moves, and of the others few (the paper's
 * figure 12 shows a few per cent at this ratio of buckets to backends).
 */
static void few_buckets_move_when_one_leaves(void)
{
	struct bucket_member m[10];
	uint16_t *before, *after;

	make_members(m, 10);
	before = table_of(m, 10, 1009);
	for (uint16_t gone = 0; gone < 10; gone++) {
		int moved = 0;

		m[gone].weight = 0;
		after = table_of(m, 10, 1009);
		for (uint32_t i = 0; i < 1009; i++)
			moved += before[i] != gone && after[i] != before[i];
		CU_ASSERT(moved < 1009 * 8 / 100);
		EXPECT_INT(buckets_of(after, 1009, gone), 0);
		m[gone].weight = 1;
		free(after);
	}
	free(before);
}

/* The kernel's reciprocal_scale(): the upper half of the product. */
static void a_hash_is_scaled_not_divided(void)
{
	EXPECT_INT(bucket_of_hash(0, 1009), 0);
	EXPECT_INT(bucket_of_hash(UINT32_MAX, 1009), 1008);
	EXPECT_INT(bucket_of_hash(0x80000000, 1009), 504);
	EXPECT_INT(bucket_of_hash(1009, 1009), 0);
}

static void slots_take_turns(void)
{
	struct bucket_member m[3];
	uint16_t slots[4];

	make_members(m, 3);
	m[0].weight = 2;
	EXPECT_INT(slot_table_fill(slots, 4, m, 3), 0);
	EXPECT_INT(slots[0], 0);
	EXPECT_INT(slots[1], 1);
	EXPECT_INT(slots[2], 2);
	EXPECT_INT(slots[3], 0);
}

/* The size stays while backends go, and the rest still shares within one slot. */
static void slots_stay_fair_when_one_leaves(void)
{
	struct bucket_member m[3];
	uint32_t size = slot_table_size(3);
	uint16_t slots[512];

	EXPECT_INT(size, 258);
	make_members(m, 3);
	m[1].weight = 0;
	EXPECT_INT(slot_table_fill(slots, size, m, 3), 0);
	EXPECT_INT(buckets_of(slots, size, 0), 129);
	EXPECT_INT(buckets_of(slots, size, 2), 129);
	for (uint32_t i = 1; i < size; i++)
		CU_ASSERT(slots[i] != slots[i - 1]);
	m[0].weight = m[2].weight = 0;
	EXPECT_INT(slot_table_fill(slots, size, m, 3), 0);
	EXPECT_INT(buckets_of(slots, size, BUCKET_NONE), 258);
	EXPECT_INT(slot_table_size(0), SLOT_TABLE_MIN);
	EXPECT_INT(slot_table_size(1000), 1000);
}

UNIT_TESTS(bucket) = {
	{"sizes are primes and large enough", sizes_are_primes_and_large_enough},
	{"equal weights share equally", equal_weights_share_equally},
	{"weights are kept", weights_are_kept},
	{"nobody means an empty table", nobody_means_an_empty_table},
	{"the order of members does not matter", the_order_of_members_does_not_matter},
	{"another seed is another table", another_seed_is_another_table},
	{"few buckets move when one leaves", few_buckets_move_when_one_leaves},
	{"a hash is scaled, not divided", a_hash_is_scaled_not_divided},
	{"slots take turns", slots_take_turns},
	{"slots stay fair when one leaves", slots_stay_fair_when_one_leaves},
	UNIT_TESTS_END,
};
