/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The book of packets and octets as the story of one table in the kernel: readings, and
 * transactions that take elements away. A line of the book: farm/set/backend kept+gone+live packets,
 * total packets and octets of that backend of that farm; none for a backend without packets.
 */
#include "director/ruleset/count.h"
#include "tests/unit/unit.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { BOOK_TEXT = 2048 };

static struct ruleset_set web = {.name = "web-buckets", .farm = "web", .n_names = 3};
static struct ruleset_set web_ids = {.name = "web-backends", .farm = "web", .n_names = 3};
static struct ruleset_set mail = {.name = "mail-buckets", .farm = "mail", .n_names = 2};

static const char *text_of(const void *owner, size_t i)
{
	return ((const char *const *)owner)[i];
}

/* The sets name their backends as a plan does: all by one block, which the sets keep. */
static void name_backends(void)
{
	static const char *const names[] = {"alpha", "beta", "gamma"};

	if (web.names)
		return;
	web.names = share_texts(3, text_of, names);
	web_ids.names = share_join(web.names);
	mail.names = share_join(web.names);
}

static void add(struct count_book *book, const struct ruleset_set *set, uint16_t backend,
		uint64_t packets, uint64_t bytes)
{
	const struct ruleset_element e = {.backend = backend};

	count_element(book, set, &e, (struct count){packets, bytes});
}

static void leave(struct count_book *book, const struct ruleset_set *set, uint16_t backend,
		  uint64_t packets, uint64_t bytes)
{
	const struct ruleset_element e = {.backend = backend};

	count_gone(book, set, &e, (struct count){packets, bytes});
}

static uint64_t packets_of(const struct count_set *s, enum count_column column, size_t backend)
{
	return s->columns[column] ? s->columns[column][backend].packets : 0;
}

static const char *told(const struct count_book *book)
{
	static char text[BOOK_TEXT];
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < book->n; i++)
		for (size_t k = 0; k < book->sets[i].n && used < sizeof(text); k++) {
			const struct count_set *s = &book->sets[i];
			uint64_t kept = packets_of(s, COUNT_KEPT, k);
			uint64_t gone = packets_of(s, COUNT_GONE, k);
			uint64_t live = packets_of(s, COUNT_LIVE, k);
			struct count total = count_total(book, s->farm, s->names[k], 0);

			if (!kept && !gone && !live)
				continue;
			used += (size_t)snprintf(text + used, sizeof(text) - used,
						 "%s/%s/%s %" PRIu64 "+%" PRIu64 "+%" PRIu64
						 " %" PRIu64 " %" PRIu64 "\n",
						 s->farm, s->name, s->names[k], kept, gone, live,
						 total.packets, total.bytes);
		}
	return text;
}

static void sums_the_buckets_of_a_backend(void)
{
	struct count_book book = {0};

	name_backends();
	count_begin(&book, &web);
	add(&book, &web, 0, 10, 1000);
	add(&book, &web, 1, 20, 2000);
	add(&book, &web, 0, 3, 300);
	add(&book, &web, 2, 0, 0);
	count_end(&book, &web, 7);
	EXPECT_TEXT(told(&book), "web/web-buckets/alpha 0+0+13 13 1300\n"
				 "web/web-buckets/beta 0+0+20 20 2000\n");
	EXPECT_INT(count_read_ms(&book, &web), 7);
	EXPECT_INT(count_read_ms(&book, &mail), 0);
	count_book_clear(&book);
}

/* The kernel goes on counting: each reading is the whole truth about what is there. */
static void a_new_reading_replaces_the_last(void)
{
	struct count_book book = {0};

	name_backends();
	count_begin(&book, &web);
	add(&book, &web, 0, 10, 1000);
	count_end(&book, &web, 1);
	count_begin(&book, &web);
	add(&book, &web, 0, 15, 1500);
	EXPECT_TEXT(told(&book), "web/web-buckets/alpha 0+0+10 10 1000\n"); /* not ended yet */
	count_end(&book, &web, 2);
	EXPECT_TEXT(told(&book), "web/web-buckets/alpha 0+0+15 15 1500\n");
	count_begin(&book, &web); /* one that breaks off ... */
	add(&book, &web, 0, 16, 1600);
	count_begin(&book, &web); /* ... is forgotten */
	add(&book, &web, 0, 17, 1700);
	count_end(&book, &web, 3);
	EXPECT_TEXT(told(&book), "web/web-buckets/alpha 0+0+17 17 1700\n");
	count_book_clear(&book);
}

/*
 * alpha dies: its bucket goes to beta and counts from zero there. Between that and the next reading
 * the last one stands; then no packet is lost and none counted twice.
 */
static void a_bucket_changes_hands(void)
{
	struct count_book book = {0};

	name_backends();
	count_begin(&book, &web);
	add(&book, &web, 0, 10, 1000);
	add(&book, &web, 1, 20, 2000);
	count_end(&book, &web, 1);
	leave(&book, &web, 0, 12, 1200);
	EXPECT_TEXT(told(&book), "web/web-buckets/alpha 0+12+10 10 1000\n"
				 "web/web-buckets/beta 0+0+20 20 2000\n");
	count_begin(&book, &web); /* both buckets are beta's */
	add(&book, &web, 1, 5, 500);
	add(&book, &web, 1, 22, 2200);
	count_end(&book, &web, 2);
	EXPECT_TEXT(told(&book), "web/web-buckets/alpha 12+0+0 12 1200\n"
				 "web/web-buckets/beta 0+0+27 27 2700\n");
	leave(&book, &web, 1, 6, 600); /* and back */
	leave(&book, &web, 1, 1, 100); /* several changes between two readings */
	count_begin(&book, &web);
	add(&book, &web, 0, 1, 100);
	add(&book, &web, 1, 24, 2400);
	count_end(&book, &web, 3);
	EXPECT_TEXT(told(&book), "web/web-buckets/alpha 12+0+1 13 1300\n"
				 "web/web-buckets/beta 7+0+24 31 3100\n");
	count_book_clear(&book);
}

/* What was read before a transaction counts only when the transaction comes about. */
static void another_book_is_merged(void)
{
	struct count_book book = {0}, before = {0};

	name_backends();
	count_begin(&book, &web);
	add(&book, &web, 0, 10, 1000);
	count_end(&book, &web, 1);
	leave(&before, &web, 0, 11, 1100);
	leave(&before, &mail, 1, 2, 200);
	count_gone_merge(&book, &before);
	count_book_clear(&before);
	EXPECT_TEXT(told(&book), "mail/mail-buckets/beta 0+2+0 0 0\n"
				 "web/web-buckets/alpha 0+11+10 10 1000\n");
	count_set_gone(&book, &web);
	count_set_gone(&book, &mail);
	EXPECT_TEXT(told(&book), "mail/mail-buckets/beta 2+0+0 2 200\n"
				 "web/web-buckets/alpha 11+0+0 11 1100\n");
	EXPECT_INT(count_read_ms(&book, &web), 1);
	count_set_gone(&book, &web_ids); /* never seen */
	EXPECT_INT(book.n, 2);
	count_book_clear(&book);
}

static void sets_of_a_farm_are_summed_and_farms_are_apart(void)
{
	struct count_book book = {0};

	name_backends();
	count_begin(&book, &web);
	add(&book, &web, 0, 1, 10);
	count_end(&book, &web, 1);
	count_begin(&book, &web_ids);
	add(&book, &web_ids, 0, 4, 40);
	count_end(&book, &web_ids, 2);
	count_begin(&book, &mail);
	add(&book, &mail, 0, 2, 20);
	count_end(&book, &mail, 3);
	EXPECT_TEXT(told(&book), "mail/mail-buckets/alpha 0+0+2 2 20\n"
				 "web/web-backends/alpha 0+0+4 5 50\n"
				 "web/web-buckets/alpha 0+0+1 5 50\n");
	EXPECT_INT(count_total(&book, "web", "gamma", 0).packets, 0);
	EXPECT_INT(count_total(&book, "dns", "alpha", 0).packets, 0);
	EXPECT_INT(count_total(&book, "", "", 0).packets, 0);
	EXPECT_INT(count_farm_total(&book, "web").packets, 5);
	EXPECT_INT(count_farm_total(&book, "mail").bytes, 20);
	EXPECT_INT(count_farm_total(&book, "dns").packets, 0);
	count_book_clear(&book);
}

/*
 * A configuration without beta, and with delta: beta's counts stay for its return, also what was being
 * read and what has gone.
 */
static void names_come_and_go(void)
{
	static const char *const others[] = {"delta", "gamma", "alpha"};
	struct ruleset_set next;
	struct count_book book = {0};

	name_backends();
	next = web;
	next.names = share_texts(3, text_of, others);
	for (uint64_t i = 1; i <= 2; i++) {
		count_begin(&book, &web);
		add(&book, &web, 0, 10, 1000);
		add(&book, &web, 1, 20, 2000);
		add(&book, &web, 2, 30, 3000);
		if (i == 1) /* the other breaks off */
			count_end(&book, &web, i);
	}
	leave(&book, &web, 1, 21, 2100);
	leave(&book, &next, 0, 1, 100);
	EXPECT_TEXT(told(&book), "web/web-buckets/delta 0+1+0 0 0\n"
				 "web/web-buckets/gamma 0+0+30 30 3000\n"
				 "web/web-buckets/alpha 0+0+10 10 1000\n"
				 "web/web-buckets/beta 0+21+20 20 2000\n");
	count_begin(&book, &next);
	add(&book, &next, 0, 5, 500);
	add(&book, &next, 2, 12, 1200);
	count_end(&book, &next, 3);
	EXPECT_TEXT(told(&book), "web/web-buckets/delta 1+0+5 6 600\n"
				 "web/web-buckets/alpha 0+0+12 12 1200\n"
				 "web/web-buckets/beta 21+0+0 21 2100\n");
	share_leave(next.names);
	EXPECT_INT(count_total(&book, "web", "beta", 0).packets, 21);
	EXPECT_INT(count_farm_total(&book, "web").packets,
		   6 + 12 + 21); /* of gamma nothing was told */
	count_book_clear(&book);
}

/* Somebody else's element, or one of a set that names nobody. */
static void elements_without_a_name_are_left_out(void)
{
	const struct ruleset_set nobody = {.name = "web-slots", .farm = "web"};
	struct count_book book = {0};

	name_backends();
	count_begin(&book, &mail);
	add(&book, &mail, 2, 1, 10);
	leave(&book, &mail, UINT16_MAX, 1, 10);
	add(&book, &nobody, 0, 1, 10);
	count_end(&book, &mail, 1);
	EXPECT_TEXT(told(&book), "");
	count_book_clear(&book);
}

static void the_longest_names(void)
{
	char long_names[2][RULESET_NAME];
	const char *both[] = {long_names[0], long_names[1]};
	struct ruleset_set set = {.n_names = 2};
	struct count_book book = {0};

	memset(long_names, 'x', sizeof(long_names));
	long_names[0][RULESET_NAME - 1] = long_names[1][RULESET_NAME - 1] = '\0';
	long_names[1][RULESET_NAME - 2] = 'y';
	memcpy(set.name, long_names[0], RULESET_NAME);
	memcpy(set.farm, long_names[0], RULESET_NAME);
	set.names = share_texts(2, text_of, both);
	count_begin(&book, &set);
	add(&book, &set, 0, 1, 0);
	add(&book, &set, 1, 2, 0);
	add(&book, &set, 0, 1, 0);
	count_end(&book, &set, 1);
	EXPECT_INT(book.n, 1);
	EXPECT_INT(count_total(&book, long_names[0], long_names[0], 0).packets, 2);
	EXPECT_INT(count_total(&book, long_names[0], long_names[1], 0).packets, 2);
	count_book_clear(&book);
	share_leave(set.names);
}

static void grows_and_is_emptied(void)
{
	enum { MANY = 500 };
	static char many[MANY][RULESET_NAME];
	static const char *all[MANY];
	struct ruleset_set set = {.farm = "web", .n_names = MANY};
	struct count_book book = {0};

	for (unsigned int i = 0; i < MANY; i++) {
		snprintf(many[i], RULESET_NAME, "backend%u", i);
		all[i] = many[i];
	}
	set.names = share_texts(MANY, text_of, all);
	for (unsigned int s = 0; s < 10; s++) {
		snprintf(set.name, sizeof(set.name), "set%u", (s * 7) % 10);
		count_begin(&book, &set);
		for (unsigned int i = MANY; i-- > 0;) /* in no order that a place follows from */
			add(&book, &set, (uint16_t)i, i, 0);
		count_end(&book, &set, 1);
	}
	EXPECT_INT(book.n, 10);
	for (unsigned int i = 0; i < MANY; i++)
		EXPECT_INT(count_total(&book, "web", many[i], 0).packets, 10 * i);
	count_book_clear(&book);
	EXPECT_INT(book.n, 0);
	CU_ASSERT_PTR_NULL(book.sets);
	count_book_clear(&book);
	share_leave(set.names);
}

/* More than 32 bits in one bucket: a day of a busy farm. */
static void large_numbers(void)
{
	struct count_book book = {0};

	name_backends();
	leave(&book, &web, 0, UINT64_C(1) << 40, UINT64_C(1) << 60);
	leave(&book, &web, 0, UINT64_C(1) << 40, UINT64_C(1) << 60);
	count_begin(&book, &web);
	add(&book, &web, 0, UINT64_C(1) << 33, UINT64_C(1) << 61);
	count_end(&book, &web, 1);
	EXPECT_TEXT(told(&book), "web/web-buckets/alpha 2199023255552+0+8589934592 2207613190144 "
				 "4611686018427387904\n");
	count_book_clear(&book);
}

UNIT_TESTS(count) = {
	{"sums the buckets of a backend", sums_the_buckets_of_a_backend},
	{"a new reading replaces the last", a_new_reading_replaces_the_last},
	{"a bucket changes hands", a_bucket_changes_hands},
	{"another book is merged", another_book_is_merged},
	{"sets of a farm are summed and farms are apart",
	 sets_of_a_farm_are_summed_and_farms_are_apart},
	{"names come and go", names_come_and_go},
	{"elements without a name are left out", elements_without_a_name_are_left_out},
	{"the longest names", the_longest_names},
	{"grows and is emptied", grows_and_is_emptied},
	{"large numbers", large_numbers},
	UNIT_TESTS_END,
};
