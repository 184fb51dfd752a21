/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The book of packets and octets as the story of one table in the kernel: readings, and
 * transactions that take buckets away. A line of the book: farm/backend carried+live packets,
 * carried+live octets.
 */
#include "director/ruleset/count.h"
#include "tests/unit/unit.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { BOOK_TEXT = 1024 };

static char names[][RULESET_NAME] = {"alpha", "beta", "gamma"};

static const struct ruleset_set web = {
	.name = "buckets-web", .farm = "web", .names = names, .n_names = 3};
static const struct ruleset_set mail = {
	.name = "buckets-mail", .farm = "mail", .names = names, .n_names = 2};

static void add(struct count_book *book, const struct ruleset_set *set, uint16_t backend,
		uint64_t packets, uint64_t bytes, bool goes)
{
	const struct ruleset_element e = {.backend = backend};

	count_book_add(book, set, &e, packets, bytes, goes);
}

/* -1: no entry. */
static int live_packets(const struct count_book *book, const char *farm, const char *backend)
{
	const struct count_entry *e = count_book_find(book, farm, backend);

	return e ? (int)e->live_packets : -1;
}

static const char *told(const struct count_book *book)
{
	static char text[BOOK_TEXT];
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < book->n && used < sizeof(text); i++) {
		const struct count_entry *e = &book->entries[i];

		used += (size_t)snprintf(text + used, sizeof(text) - used,
					 "%s/%s %" PRIu64 "+%" PRIu64 " %" PRIu64 "+%" PRIu64 "\n",
					 e->farm, e->backend, e->carried_packets, e->live_packets,
					 e->carried_bytes, e->live_bytes);
	}
	return text;
}

static void sums_the_buckets_of_a_backend(void)
{
	struct count_book book = {0};

	count_book_restart(&book);
	add(&book, &web, 0, 10, 1000, false);
	add(&book, &web, 1, 20, 2000, false);
	add(&book, &web, 0, 3, 300, false);
	add(&book, &web, 2, 0, 0, false);
	EXPECT_TEXT(told(&book), "web/alpha 0+13 0+1300\n"
				 "web/beta 0+20 0+2000\n"
				 "web/gamma 0+0 0+0\n");
	count_book_clear(&book);
}

/* The kernel goes on counting: each reading is the whole truth about what is there. */
static void a_new_reading_replaces_the_last(void)
{
	struct count_book book = {0};

	add(&book, &web, 0, 10, 1000, false);
	add(&book, &web, 1, 20, 2000, false);
	count_book_restart(&book);
	EXPECT_TEXT(told(&book), "web/alpha 0+0 0+0\n"
				 "web/beta 0+0 0+0\n");
	add(&book, &web, 0, 15, 1500, false);
	EXPECT_TEXT(told(&book), "web/alpha 0+15 0+1500\n"
				 "web/beta 0+0 0+0\n");
	count_book_clear(&book);
}

/* alpha dies: its bucket goes to beta and counts from zero there. No packet is lost or doubled. */
static void a_bucket_changes_hands(void)
{
	struct count_book book = {0};

	count_book_restart(&book);
	add(&book, &web, 0, 10, 1000, false);
	add(&book, &web, 1, 20, 2000, false);
	/* Right before the transaction that moves the bucket. */
	count_book_restart(&book);
	add(&book, &web, 0, 12, 1200, true);
	add(&book, &web, 1, 21, 2100, false);
	EXPECT_TEXT(told(&book), "web/alpha 12+0 1200+0\n"
				 "web/beta 0+21 0+2100\n");
	/* Afterwards both buckets are beta's. */
	count_book_restart(&book);
	add(&book, &web, 1, 5, 500, false);
	add(&book, &web, 1, 22, 2200, false);
	EXPECT_TEXT(told(&book), "web/alpha 12+0 1200+0\n"
				 "web/beta 0+27 0+2700\n");
	/* And back: beta keeps what it had, alpha goes on from its own. */
	count_book_restart(&book);
	add(&book, &web, 1, 6, 600, true);
	add(&book, &web, 1, 23, 2300, false);
	count_book_restart(&book);
	add(&book, &web, 0, 1, 100, false);
	add(&book, &web, 1, 24, 2400, false);
	EXPECT_TEXT(told(&book), "web/alpha 12+1 1200+100\n"
				 "web/beta 6+24 600+2400\n");
	count_book_clear(&book);
}

static void farms_are_apart(void)
{
	struct count_book book = {0};

	add(&book, &web, 0, 1, 10, false);
	add(&book, &mail, 0, 2, 20, false);
	add(&book, &mail, 1, 3, 30, true);
	add(&book, &web, 1, 4, 40, false);
	EXPECT_TEXT(told(&book), "web/alpha 0+1 0+10\n"
				 "mail/alpha 0+2 0+20\n"
				 "mail/beta 3+0 30+0\n"
				 "web/beta 0+4 0+40\n");
	EXPECT_INT(live_packets(&book, "mail", "alpha"), 2);
	EXPECT_INT(live_packets(&book, "web", "beta"), 4);
	CU_ASSERT_PTR_NULL(count_book_find(&book, "mail", "gamma"));
	CU_ASSERT_PTR_NULL(count_book_find(&book, "dns", "alpha"));
	CU_ASSERT_PTR_NULL(count_book_find(&book, "", ""));
	count_book_clear(&book);
}

/* Somebody else's element, or one of a set that names nobody. */
static void elements_without_a_name_are_left_out(void)
{
	const struct ruleset_set nobody = {.name = "slots-web", .farm = "web"};
	struct count_book book = {0};

	add(&book, &mail, 2, 1, 10, false);
	add(&book, &mail, UINT16_MAX, 1, 10, true);
	add(&book, &nobody, 0, 1, 10, false);
	EXPECT_TEXT(told(&book), "");
	add(&book, &mail, 1, 1, 10, false);
	EXPECT_TEXT(told(&book), "mail/beta 0+1 0+10\n");
	count_book_clear(&book);
}

static void an_entry_is_made_once(void)
{
	struct count_book book = {0};
	struct count_entry *made = count_book_entry(&book, "web", "alpha");

	CU_ASSERT_PTR_NOT_NULL_FATAL(made);
	EXPECT_TEXT(told(&book), "web/alpha 0+0 0+0\n");
	made->carried_packets = 7;
	CU_ASSERT_PTR_EQUAL(count_book_entry(&book, "web", "alpha"), made);
	CU_ASSERT_PTR_EQUAL(count_book_find(&book, "web", "alpha"), made);
	EXPECT_TEXT(told(&book), "web/alpha 7+0 0+0\n");
	CU_ASSERT_PTR_NULL(count_book_find(&book, "alpha", "web"));
	EXPECT_INT(book.n, 1);
	count_book_clear(&book);
}

static void the_longest_names(void)
{
	char longest[RULESET_NAME], other[RULESET_NAME];
	struct count_book book = {0};

	memset(longest, 'x', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	memcpy(other, longest, sizeof(other));
	other[sizeof(other) - 2] = 'y';
	for (int i = 0; i < 2; i++) {
		count_book_entry(&book, longest, longest)->live_packets = 1;
		count_book_entry(&book, longest, other)->live_packets = 2;
	}
	EXPECT_INT(book.n, 2);
	EXPECT_INT(live_packets(&book, longest, longest), 1);
	EXPECT_INT(live_packets(&book, longest, other), 2);
	count_book_clear(&book);
}

static void grows_and_is_emptied(void)
{
	enum { MANY = 500 };
	struct count_book book = {0};
	char name[RULESET_NAME];

	for (unsigned int i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "backend%u", i);
		count_book_entry(&book, "web", name)->live_packets = i;
	}
	EXPECT_INT(book.n, MANY);
	for (unsigned int i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "backend%u", i);
		EXPECT_INT(live_packets(&book, "web", name), i);
	}
	count_book_clear(&book);
	EXPECT_INT(book.n, 0);
	CU_ASSERT_PTR_NULL(book.entries);
	CU_ASSERT_PTR_NULL(count_book_find(&book, "web", "backend0"));
	count_book_restart(&book);
	count_book_clear(&book);
	add(&book, &web, 0, 1, 1, false);
	EXPECT_TEXT(told(&book), "web/alpha 0+1 0+1\n");
	count_book_clear(&book);
}

/* More than 32 bits in one bucket: a day of a busy farm. */
static void large_numbers(void)
{
	struct count_book book = {0};

	add(&book, &web, 0, UINT64_C(1) << 40, UINT64_C(1) << 60, true);
	add(&book, &web, 0, UINT64_C(1) << 33, UINT64_C(1) << 61, false);
	add(&book, &web, 0, UINT64_C(1) << 40, UINT64_C(1) << 60, true);
	EXPECT_TEXT(told(&book), "web/alpha 2199023255552+8589934592 "
				 "2305843009213693952+2305843009213693952\n");
	count_book_clear(&book);
}

UNIT_TESTS(count) = {
	{"sums the buckets of a backend", sums_the_buckets_of_a_backend},
	{"a new reading replaces the last", a_new_reading_replaces_the_last},
	{"a bucket changes hands", a_bucket_changes_hands},
	{"farms are apart", farms_are_apart},
	{"elements without a name are left out", elements_without_a_name_are_left_out},
	{"an entry is made once", an_entry_is_made_once},
	{"the longest names", the_longest_names},
	{"grows and is emptied", grows_and_is_emptied},
	{"large numbers", large_numbers},
	UNIT_TESTS_END,
};
