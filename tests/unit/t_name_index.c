/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/ruleset/name_index.h"
#include "director/ruleset/ruleset.h"
#include "tests/unit/unit.h"

#include <string.h>

enum { MANY = 3000, FARM_SETS = 3 };

static void every_name_is_found_once(void)
{
	struct name_index x = {0};
	char name[RULESET_NAME];
	uint32_t longest = 0;

	EXPECT_INT(name_index_first(&x, "www-flows"), NAME_INDEX_END);
	for (uint32_t i = 0; i < MANY; i++) {
		CU_ASSERT_EQUAL_FATAL(name_index_reserve(&x, i + 1), 0);
		snprintf(name, sizeof(name), "f%u-buckets", i);
		name_index_add(&x, name);
	}
	for (uint32_t i = 0; i < MANY; i++) {
		uint32_t n = 0, length = 0;

		snprintf(name, sizeof(name), "f%u-buckets", i);
		for (uint32_t k = name_index_first(&x, name); k != NAME_INDEX_END;
		     k = name_index_next(&x, k), length++)
			n += k == i;
		EXPECT_INT(n, 1);
		longest = length > longest ? length : longest;
	}
	CU_ASSERT(longest <= 2);
	EXPECT_INT(name_index_first(&x, "f0-bucketz"), NAME_INDEX_END);
	name_index_clear(&x);
}

static void fill(struct ruleset *r, uint32_t first, uint32_t n)
{
	ruleset_init(r);
	for (uint32_t i = first; i < first + n; i++) {
		int at = ruleset_add_set(r, SET_FLOWS, "f%u-flows", i / FARM_SETS);

		CU_ASSERT_FATAL(at >= 0);
		snprintf(r->sets[at].farm, RULESET_NAME, "f%u", i / FARM_SETS);
		CU_ASSERT_FATAL(ruleset_add_chain(r, "farm-f%u", i) >= 0);
	}
}

/* Wherever the search begins, and whatever another ruleset was. */
static void objects_are_found_by_name(void)
{
	struct ruleset r;
	char name[RULESET_NAME];

	fill(&r, 100, MANY);
	for (uint32_t i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "farm-f%u", 100 + i);
		EXPECT_INT(ruleset_find_chain(&r, name), i);
		EXPECT_INT(ruleset_find_chain_near(&r, name, i), i);
		EXPECT_INT(ruleset_find_chain_near(&r, name, i + 1), i);
		EXPECT_INT(ruleset_find_chain_near(&r, name, 7 * i), i);
	}
	EXPECT_INT(ruleset_find_chain(&r, "farm-f99"), -1);
	EXPECT_INT(ruleset_find_chain_near(&r, "farm-f99", 5), -1);
	EXPECT_INT(ruleset_find_set(&r, "farm-f100"), -1);
	ruleset_clear(&r);
	EXPECT_INT(ruleset_find_chain(&r, "farm-f100"), -1);
}

/* What one takes over from another, it has under its names, too. */
static void shared_and_joined_objects_are_found(void)
{
	struct ruleset a, b;
	struct ruleset_set set = {.kind = SET_FLOWS, .name = "dns-flows"};
	struct ruleset_chain chain = {.name = "farm-dns"};
	struct ruleset_shift none = {0};

	fill(&a, 0, MANY);
	ruleset_init(&b);
	for (size_t i = MANY; i-- > 0;)
		CU_ASSERT_FATAL(ruleset_share_set(&b, &a.sets[i]) >= 0 &&
				ruleset_share_chain(&b, &a.chains[i], &none) >= 0);
	EXPECT_INT(ruleset_find_chain(&b, "farm-f0"), MANY - 1);
	EXPECT_INT(ruleset_find_chain(&b, "farm-f2999"), 0);
	CU_ASSERT_EQUAL_FATAL(ruleset_make_room(&b, 1, 1), 0);
	ruleset_join_set(&b, set);
	ruleset_join_chain(&b, chain);
	EXPECT_INT(ruleset_find_set(&b, "dns-flows"), MANY);
	EXPECT_INT(ruleset_find_chain(&b, "farm-dns"), MANY);
	EXPECT_INT(ruleset_find_chain(&b, "farm-f0"), MANY - 1);
	ruleset_clear(&a);
	ruleset_clear(&b);
}

/* The first of them, whatever came later. */
static void of_two_with_one_name_the_first_is_found(void)
{
	struct ruleset r;

	ruleset_init(&r);
	for (int i = 0; i < 3; i++)
		CU_ASSERT_FATAL(ruleset_add_set(&r, SET_FLOWS, "%s", i ? "www-flows" : "x") == i);
	EXPECT_INT(ruleset_find_set(&r, "www-flows"), 1);
	EXPECT_INT(ruleset_find_set_near(&r, "www-flows", 2), 2);
	ruleset_clear(&r);
}

static void the_sets_of_a_farm_are_found_from_anywhere(void)
{
	struct ruleset r;

	fill(&r, 0, 10 * FARM_SETS);
	for (size_t near = 0; near < 40; near++) {
		struct ruleset_span span = ruleset_farm_sets(&r, "f4", near);

		EXPECT_INT(span.first, 4 * FARM_SETS);
		EXPECT_INT(span.end, 5 * FARM_SETS);
	}
	EXPECT_INT(ruleset_farm_sets(&r, "f9", 0).end, 10 * FARM_SETS);
	EXPECT_INT(ruleset_farm_sets(&r, "f0", 12).first, 0);
	EXPECT_INT(ruleset_farm_sets(&r, "f10", 3).end, 0);
	ruleset_clear(&r);
	EXPECT_INT(ruleset_farm_sets(&r, "f1", 3).end, 0);
}

UNIT_TESTS(name_index) = {
	{"every name is found once", every_name_is_found_once},
	{"objects are found by name", objects_are_found_by_name},
	{"shared and joined objects are found", shared_and_joined_objects_are_found},
	{"of two with one name the first is found", of_two_with_one_name_the_first_is_found},
	{"the sets of a farm are found from anywhere", the_sets_of_a_farm_are_found_from_anywhere},
	UNIT_TESTS_END,
};
