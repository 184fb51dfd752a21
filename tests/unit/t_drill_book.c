/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The drills of the past: what stays, and their file. */
#include "director/drill/drill_book_uv.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct drill_book book, again;

static void begin(void)
{
	memset(&book, 0, sizeof(book));
	memset(&again, 0, sizeof(again));
}

/* As long as one can be: the file has room for all of them. */
static void add(uint64_t lost)
{
	struct control_drill d = {.id = UINT64_MAX,
				  .kind = "graceful",
				  .result = "passed",
				  .let_go = true,
				  .lost = lost,
				  .n = CONTROL_MOMENTS,
				  .about = {.at_ms = UINT64_MAX,
					    .has_asker = true,
					    .uid = UINT32_MAX,
					    .limit_ms = UINT32_MAX}};

	memset(d.from, 'f', sizeof(d.from) - 1);
	memset(d.to, 't', sizeof(d.to) - 1);
	memset(d.why, 'w', sizeof(d.why) - 1);
	memset(d.about.asked_on, 'o', sizeof(d.about.asked_on) - 1);
	memset(d.about.from.version, 'v', sizeof(d.about.from.version) - 1);
	memset(d.about.from.config, 'c', sizeof(d.about.from.config) - 1);
	d.about.to = d.about.from;
	d.from_seen = d.to_seen = (struct sync_tally){.sight = SYNC_SIGHT_FRAME,
						      .stragglers = UINT64_MAX,
						      .flows_before = UINT64_MAX,
						      .flows_after = UINT64_MAX,
						      .lag_us = UINT64_MAX};
	d.back = CONTROL_BACK_NOT;
	memset(d.back_why, 'y', sizeof(d.back_why) - 1);
	for (size_t i = 0; i < d.n; i++)
		d.moments[i] = (struct control_moment){i % 2, SYNC_MOMENT_LAST, -1};
	drill_book_add(&book, &d);
}

/* In a block of its exact size. */
static int take(const uint8_t *bytes, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);
	int code;

	CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
	if (len)
		memcpy(copy, bytes, len);
	code = drill_book_take(copy, len, &again);
	free(copy);
	return code;
}

static void the_oldest_goes(void)
{
	begin();
	for (uint64_t i = 1; i <= DRILL_BOOK_DONE + 7; i++)
		add(i);
	EXPECT_INT(book.n, DRILL_BOOK_DONE);
	EXPECT_INT(book.drills[0].number, 8);
	EXPECT_INT(book.drills[0].lost, 8);
	EXPECT_INT(book.drills[DRILL_BOOK_DONE - 1].number, DRILL_BOOK_DONE + 7);
	EXPECT_INT(book.drills[DRILL_BOOK_DONE - 1].lost, DRILL_BOOK_DONE + 7);
}

static void there_and_back(void)
{
	size_t len = 0;
	uint8_t *bytes;

	begin();
	for (uint64_t i = 1; i <= DRILL_BOOK_DONE + 3; i++)
		add(i);
	bytes = drill_book_pack(&book, &len);
	CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
	CU_ASSERT(len <= DRILL_BOOK_FILE_MAX);
	EXPECT_INT(take(bytes, len), 0);
	EXPECT_INT(again.n, DRILL_BOOK_DONE);
	CU_ASSERT(memcmp(&again.drills[0].about, &book.drills[0].about,
			 sizeof(again.drills[0].about)) == 0);
	EXPECT_INT(again.drills[DRILL_BOOK_DONE - 1].number, DRILL_BOOK_DONE + 3);
	EXPECT_INT(again.drills[DRILL_BOOK_DONE - 1].lost, DRILL_BOOK_DONE + 3);
	EXPECT_INT(again.drills[DRILL_BOOK_DONE - 1].n, CONTROL_MOMENTS);
	/* Numbers go on. */
	book = again;
	add(1);
	EXPECT_INT(book.drills[DRILL_BOOK_DONE - 1].number, DRILL_BOOK_DONE + 4);
	free(bytes);
}

static void an_empty_one(void)
{
	size_t len = 0;
	uint8_t *bytes;

	begin();
	bytes = drill_book_pack(&book, &len);
	EXPECT_INT(take(bytes, len), 0);
	EXPECT_INT(again.n, 0);
	free(bytes);
}

/* At each cut, and with anything behind it. */
static void what_is_torn(void)
{
	size_t len = 0;
	uint8_t *bytes, *longer;

	begin();
	add(1);
	add(2);
	bytes = drill_book_pack(&book, &len);
	CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
	for (size_t cut = 0; cut < len; cut++)
		EXPECT_INT(take(bytes, cut), -EBADMSG);
	EXPECT_INT(again.n, 0);
	longer = calloc(1, len + 2); /* a field that nobody knows */
	CU_ASSERT_PTR_NOT_NULL_FATAL(longer);
	memcpy(longer, bytes, len);
	longer[len] = 0x7a;
	EXPECT_INT(take(longer, len + 2), -EBADMSG);
	free(longer);
	free(bytes);
}

static void what_is_foreign(void)
{
	static const char text[] = "director journal 1\nend\n";
	struct control_reply status = {.text = (char *)"well"};
	size_t len = 0;
	uint8_t *bytes = codec_pack_reply(&status, &len);

	begin();
	EXPECT_INT(take((const uint8_t *)text, strlen(text)), -EBADMSG);
	EXPECT_INT(take(bytes, len), -EBADMSG);
	free(bytes);
	add(1);
	add(2);
	book.drills[1].number = 1;
	bytes = drill_book_pack(&book, &len);
	EXPECT_INT(take(bytes, len), -EBADMSG);
	free(bytes);
}

static bool refuse(const char *kind, const char *why, uint64_t at_ms, uint32_t uid)
{
	struct control_drill d = {.id = 1,
				  .result = "refused",
				  .about = {.at_ms = at_ms, .has_asker = true, .uid = uid}};

	snprintf(d.kind, sizeof(d.kind), "%s", kind);
	snprintf(d.why, sizeof(d.why), "%s", why);
	return drill_book_add(&book, &d);
}

/* Numbers in the reason go on; who it is, what he wants and why not make it another attempt. */
static void refused_again(void)
{
	begin();
	CU_ASSERT(!refuse("crash", "2 of 40 are there", 1000, 0));
	add(1);
	CU_ASSERT(refuse("crash", "12 of 40 are there", 2000, 0));
	CU_ASSERT(refuse("crash", "3 of 40 are there", 1500, 0)); /* the clock went back */
	EXPECT_INT(book.n, 2);
	EXPECT_INT(book.drills[0].about.at_ms, 1000);
	EXPECT_INT(book.drills[0].again, 2);
	EXPECT_INT(book.drills[0].again_ms, 1500);
	CU_ASSERT_STRING_EQUAL(book.drills[0].why, "3 of 40 are there");
	CU_ASSERT(!refuse("link", "3 of 40 are there", 3000, 0));
	CU_ASSERT(!refuse("crash", "nobody is there", 3000, 0));
	CU_ASSERT(!refuse("crash", "3 of 40 are there", 3000, 1));
	CU_ASSERT(!refuse("crash", "3 of 40 are there", 1500 + DRILL_BOOK_AGAIN_MS, 0));
	EXPECT_INT(book.n, 6);
	EXPECT_INT(book.drills[5].number, 6);
}

/* The latest of that id which was carried out; a file keeps it. */
static void the_way_back(void)
{
	struct control_drill d = {.id = 5, .kind = "crash", .result = "refused", .why = "no"};
	struct control_drill back = {.back = CONTROL_BACK_NOT, .back_why = "nobody is there"};
	size_t len = 0;
	uint8_t *bytes;

	begin();
	drill_book_add(&book, &d);
	CU_ASSERT_PTR_NULL(drill_book_back(&book, 5, &back));
	strcpy(d.result, "passed");
	d.why[0] = '\0';
	drill_book_add(&book, &d);
	add(1);
	CU_ASSERT_PTR_NULL(drill_book_back(&book, 6, &back));
	CU_ASSERT_PTR_EQUAL(drill_book_back(&book, 5, &back), &book.drills[1]);
	bytes = drill_book_pack(&book, &len);
	EXPECT_INT(take(bytes, len), 0);
	free(bytes);
	EXPECT_INT(again.drills[0].back, CONTROL_BACK_UNWANTED);
	EXPECT_INT(again.drills[1].back, CONTROL_BACK_NOT);
	EXPECT_TEXT(again.drills[1].back_why, "nobody is there");
	back = (struct control_drill){.back = CONTROL_BACK_ORDERLY, .back_us = 3};
	CU_ASSERT_PTR_EQUAL(drill_book_back(&book, 5, &back), &book.drills[1]);
	EXPECT_INT(book.drills[1].back_us, 3);
	EXPECT_TEXT(book.drills[1].back_why, "");
}

/* However often, and however differently. */
static void refused_ones_take_no_place(void)
{
	char why[32];
	size_t len = 0;
	uint8_t *bytes;

	begin();
	for (uint64_t i = 1; i <= DRILL_BOOK_DONE; i++)
		add(i);
	for (unsigned int i = 0; i < 1000; i++) {
		snprintf(why, sizeof(why), "reason %c%c", (int)('a' + i / 26 % 26),
			 (int)('a' + i % 26));
		refuse("crash", why, i, 0);
	}
	EXPECT_INT(book.n, DRILL_BOOK_MOST);
	EXPECT_INT(book.drills[0].lost, 1);
	EXPECT_INT(book.drills[DRILL_BOOK_DONE - 1].lost, DRILL_BOOK_DONE);
	add(DRILL_BOOK_DONE + 1);
	EXPECT_INT(book.n, DRILL_BOOK_MOST);
	EXPECT_INT(book.drills[0].lost, 2);
	EXPECT_INT(book.drills[DRILL_BOOK_MOST - 1].lost, DRILL_BOOK_DONE + 1);
	refuse("crash", "reason", 1000, 0);
	refuse("crash", "reason", 1001, 0);
	bytes = drill_book_pack(&book, &len);
	CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
	CU_ASSERT(len <= DRILL_BOOK_FILE_MAX);
	EXPECT_INT(take(bytes, len), 0);
	EXPECT_INT(again.n, DRILL_BOOK_MOST);
	EXPECT_INT(again.drills[DRILL_BOOK_MOST - 1].again, 1);
	EXPECT_INT(again.drills[DRILL_BOOK_MOST - 1].again_ms, 1001);
	free(bytes);
}

/* More drills than are kept: nothing is written past the end. */
static void a_file_with_too_many(void)
{
	begin();
	for (uint64_t i = 0; i < DRILL_BOOK_MOST; i++)
		book.drills[i] = (struct control_drill){
			.id = 1, .kind = "link", .result = "passed", .number = i + 1};
	book.n = DRILL_BOOK_MOST;
	refuse("crash", "reason", 1, 0);
	EXPECT_INT(book.n, DRILL_BOOK_MOST);
	EXPECT_INT(book.drills[DRILL_BOOK_MOST - 1].number, DRILL_BOOK_MOST + 1);
	add(1);
	EXPECT_INT(book.n, DRILL_BOOK_MOST);
}

/* Of a daemon that kept no refused ones. */
static void an_older_file(void)
{
	static const uint8_t old[] = {
		0x00, 0x00, 0x00, 0x4e, 0xa2, 0x01, 0x4b, 0x08, 0x07, 0x12, 0x08, 0x67, 0x72, 0x61,
		0x63, 0x65, 0x66, 0x75, 0x6c, 0x1a, 0x01, 0x61, 0x22, 0x01, 0x62, 0x2a, 0x06, 0x70,
		0x61, 0x73, 0x73, 0x65, 0x64, 0x38, 0x01, 0x40, 0xc0, 0xb8, 0x02, 0x48, 0x01, 0x50,
		0x03, 0x5a, 0x0a, 0x01, 0x04, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x9c, 0x40, 0x60,
		0x14, 0xa2, 0x01, 0x13, 0x08, 0x9e, 0xd5, 0xa6, 0x80, 0xa2, 0x34, 0x12, 0x01, 0x61,
		0x18, 0x01, 0x28, 0xb0, 0xea, 0x01, 0x30, 0xc8, 0x01, 0xa8, 0x01, 0x01};

	begin();
	EXPECT_INT(take(old, sizeof(old)), 0);
	EXPECT_INT(again.n, 1);
	EXPECT_INT(again.drills[0].lost, 3);
	EXPECT_INT(again.drills[0].again, 0);
	EXPECT_INT(again.drills[0].back, CONTROL_BACK_UNWANTED);
}

static uint32_t count_in_file(const char *path)
{
	uint8_t bytes[4096];
	FILE *f = fopen(path, "r");
	size_t n = f ? fread(bytes, 1, sizeof(bytes), f) : 0;

	if (f)
		fclose(f);
	EXPECT_INT(take(bytes, n), 0);
	return again.n == 1 ? (uint32_t)again.drills[0].again : UINT32_MAX;
}

/* Nothing comes after the refusals, and nobody ends the daemon: the file has their count all the same. */
static void the_count_is_written_in_time(void)
{
	char folder[] = "/tmp/t_drill_book.XXXXXX", path[64];
	struct control_drill d = {.id = 1,
				  .kind = "crash",
				  .from = "a",
				  .to = "b",
				  .result = "refused",
				  .about.at_ms = 1000000};
	struct drill_store *store;
	struct err err = {0};

	begin();
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/drills.state", folder);
	EXPECT_INT(drill_store_new(folder, &store, &err), 0);
	for (int i = 0; i < 5; i++, d.about.at_ms += 2000)
		drill_store_add(store, &d);
	EXPECT_INT(count_in_file(path), 0);
	drill_store_keep(store, 1000000 + 59999);
	EXPECT_INT(count_in_file(path), 0);
	drill_store_keep(store, 1000000 + 60000);
	EXPECT_INT(count_in_file(path), 4);
	/* Only what is not written yet. */
	unlink(path);
	drill_store_keep(store, 1000000 + 600000);
	CU_ASSERT(access(path, F_OK) < 0);
	drill_store_free(store);
	unlink(path);
	EXPECT_INT(rmdir(folder), 0);
}

UNIT_TESTS(drill_book) = {
	{"the oldest goes", the_oldest_goes},
	{"there and back", there_and_back},
	{"an empty one", an_empty_one},
	{"what is torn", what_is_torn},
	{"what is foreign", what_is_foreign},
	{"refused again", refused_again},
	{"the way back", the_way_back},
	{"refused ones take no place", refused_ones_take_no_place},
	{"a file with too many", a_file_with_too_many},
	{"an older file", an_older_file},
	{"the count is written in time", the_count_is_written_in_time},
	UNIT_TESTS_END,
};
