/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The drills of the past: what stays, and their file. */
#include "director/drill/drill_book.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

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
	for (uint64_t i = 1; i <= DRILL_BOOK_MOST + 7; i++)
		add(i);
	EXPECT_INT(book.n, DRILL_BOOK_MOST);
	EXPECT_INT(book.drills[0].number, 8);
	EXPECT_INT(book.drills[0].lost, 8);
	EXPECT_INT(book.drills[DRILL_BOOK_MOST - 1].number, DRILL_BOOK_MOST + 7);
	EXPECT_INT(book.drills[DRILL_BOOK_MOST - 1].lost, DRILL_BOOK_MOST + 7);
}

static void there_and_back(void)
{
	size_t len = 0;
	uint8_t *bytes;

	begin();
	for (uint64_t i = 1; i <= DRILL_BOOK_MOST + 3; i++)
		add(i);
	bytes = drill_book_pack(&book, &len);
	CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
	CU_ASSERT(len <= DRILL_BOOK_FILE_MAX);
	EXPECT_INT(take(bytes, len), 0);
	EXPECT_INT(again.n, DRILL_BOOK_MOST);
	CU_ASSERT(memcmp(&again.drills[0].about, &book.drills[0].about,
			 sizeof(again.drills[0].about)) == 0);
	EXPECT_INT(again.drills[99].number, 103);
	EXPECT_INT(again.drills[99].lost, 103);
	EXPECT_INT(again.drills[99].n, CONTROL_MOMENTS);
	/* Numbers go on. */
	book = again;
	add(1);
	EXPECT_INT(book.drills[DRILL_BOOK_MOST - 1].number, 104);
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

UNIT_TESTS(drill_book) = {
	{"the oldest goes", the_oldest_goes}, {"there and back", there_and_back},
	{"an empty one", an_empty_one},	      {"what is torn", what_is_torn},
	{"what is foreign", what_is_foreign}, UNIT_TESTS_END,
};
