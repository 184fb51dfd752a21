/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was dropped is counted on when rules are made anew. */
#include "director/ruleset/drop.h"
#include "tests/unit/unit.h"

static uint64_t total(const struct drop_book *b, size_t i)
{
	return b->entries[i].live + b->entries[i].carried;
}

static void read_two(struct drop_book *b, uint64_t first, uint64_t second)
{
	drop_book_restart(b, NULL);
	EXPECT_INT(drop_book_add(b, "www", "denied", first), 0);
	EXPECT_INT(drop_book_add(b, "www", "rate", second), 0);
}

static void rules_of_one_reason_add_up(void)
{
	struct drop_book b = {0};

	read_two(&b, 3, 4);
	EXPECT_INT(drop_book_add(&b, "www", "denied", 5), 0);
	EXPECT_INT(drop_book_add(&b, "dns", "denied", 7), 0);
	EXPECT_INT(b.n, 3);
	EXPECT_INT(total(&b, 0), 8);
	EXPECT_INT(total(&b, 1), 4);
	EXPECT_INT(total(&b, 2), 7);
	drop_book_clear(&b);
	EXPECT_INT(b.n, 0);
}

static void nothing_is_lost_with_a_rule(void)
{
	struct drop_book b = {0}, gone = {0};

	read_two(&b, 10, 20);
	/* The first rule is made anew, the second counts on. */
	EXPECT_INT(drop_book_add(&gone, "www", "denied", 11), 0);
	drop_book_carry(&b, &gone);
	read_two(&b, 1, 21);
	EXPECT_INT(total(&b, 0), 12);
	EXPECT_INT(total(&b, 1), 21);
	read_two(&b, 5, 22);
	EXPECT_INT(total(&b, 0), 16);
	/* Both go, and a farm that was never read. */
	drop_book_clear(&gone);
	read_two(&gone, 5, 22);
	EXPECT_INT(drop_book_add(&gone, "dns", "rate", 3), 0);
	drop_book_carry(&b, &gone);
	drop_book_restart(&b, NULL);
	EXPECT_INT(total(&b, 0), 16);
	EXPECT_INT(total(&b, 1), 22);
	EXPECT_INT(total(&b, 2), 3);
	drop_book_clear(&gone);
	drop_book_clear(&b);
}

static void one_farm_is_read_anew(void)
{
	struct drop_book b = {0};

	read_two(&b, 3, 4);
	EXPECT_INT(drop_book_add(&b, "dns", "denied", 7), 0);
	drop_book_restart(&b, "www");
	EXPECT_INT(drop_book_add(&b, "www", "rate", 5), 0);
	EXPECT_INT(total(&b, 0), 0);
	EXPECT_INT(total(&b, 1), 5);
	EXPECT_INT(total(&b, 2), 7);
	drop_book_clear(&b);
}

UNIT_TESTS(drop) = {
	{"one farm is read anew", one_farm_is_read_anew},
	{"rules of one reason add up", rules_of_one_reason_add_up},
	{"nothing is lost with a rule", nothing_is_lost_with_a_rule},
	UNIT_TESTS_END,
};
