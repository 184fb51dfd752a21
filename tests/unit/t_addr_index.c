/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "include/addr_index.h"
#include "tests/unit/unit.h"

enum { MANY = 3000 };

static struct addr list[MANY];

static struct addr sixth(uint32_t i)
{
	struct addr a;

	addr_parse("fd77::", &a);
	a.bytes[7] = (uint8_t)(i >> 8);
	a.bytes[15] = (uint8_t)i;
	return a;
}

/* How often an address is in the list, as the index finds it. */
static int found(const struct addr_index *x, const struct addr *addr)
{
	int n = 0;

	for (uint32_t i = addr_index_first(x, addr); i != ADDR_INDEX_END; i = addr_index_next(x, i))
		n += addr_equal(&list[i], addr);
	return n;
}

static void every_entry_is_found_once(void)
{
	struct addr_index x;
	struct addr absent = addr_v4(0x0a000000 + MANY);
	uint32_t longest = 0;

	CU_ASSERT_EQUAL_FATAL(addr_index_init(&x, MANY), 0);
	for (uint32_t i = 0; i < MANY; i++) {
		list[i] = i % 2 ? addr_v4(0x0a000000 + i) : sixth(i);
		addr_index_add(&x, &list[i], i);
	}
	for (uint32_t i = 0; i < MANY; i++) {
		uint32_t steps = 0;

		CU_ASSERT_EQUAL(found(&x, &list[i]), 1);
		for (uint32_t at = addr_index_first(&x, &list[i]); at != ADDR_INDEX_END;
		     at = addr_index_next(&x, at))
			steps++;
		longest = steps > longest ? steps : longest;
	}
	CU_ASSERT_EQUAL(found(&x, &absent), 0);
	CU_ASSERT(longest < 16);
	addr_index_clear(&x);
}

/* One address of several interfaces. */
static void equal_addresses_are_all_found(void)
{
	struct addr_index x;

	CU_ASSERT_EQUAL_FATAL(addr_index_init(&x, 3), 0);
	for (uint32_t i = 0; i < 3; i++) {
		list[i] = addr_v4(0x0a4d0015);
		addr_index_add(&x, &list[i], i);
	}
	CU_ASSERT_EQUAL(found(&x, &list[0]), 3);
	addr_index_clear(&x);
}

static void an_empty_index_finds_nothing(void)
{
	struct addr_index x = {0};
	struct addr a = addr_v4(1);

	CU_ASSERT_EQUAL(addr_index_first(&x, &a), ADDR_INDEX_END);
	CU_ASSERT_EQUAL_FATAL(addr_index_init(&x, 0), 0);
	CU_ASSERT_EQUAL(addr_index_first(&x, &a), ADDR_INDEX_END);
	addr_index_clear(&x);
}

UNIT_TESTS(addr_index) = {
	{"every entry is found once", every_entry_is_found_once},
	{"equal addresses are all found", equal_addresses_are_all_found},
	{"an empty index finds nothing", an_empty_index_finds_nothing},
	UNIT_TESTS_END,
};
