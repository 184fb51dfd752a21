/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The journal of the ruleset: what stays in it, and its file. */
#include "director/audit/journal.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct journal book;

static void begin(void)
{
	book = (struct journal){0};
}

static void add(enum journal_cause cause)
{
	struct journal_entry e = {
		.cause = cause, .outcome = JOURNAL_APPLIED, .steps = 1, .added = 2, .digest = "01"};

	journal_add(&book, &e);
}

static size_t count(bool asked)
{
	size_t n = 0;

	for (size_t i = 0; i < book.n; i++)
		n += journal_is_asked(book.entries[i].cause) == asked;
	return n;
}

/* --- what stays --------------------------------------------------------------------------------- */

static void numbers_go_on(void)
{
	begin();
	add(JOURNAL_START);
	add(JOURNAL_RELOAD);
	EXPECT_INT(book.entries[0].number, 1);
	EXPECT_INT(book.entries[1].number, 2);
	book.last = 700;
	add(JOURNAL_COMMAND);
	EXPECT_INT(book.entries[2].number, 701);
}

/* A night of flapping leaves the reloads of the evening in their places. */
static void who_asked_stays(void)
{
	begin();
	for (int i = 0; i < 100; i++)
		add(JOURNAL_RELOAD);
	for (int i = 0; i < 1000; i++)
		add(JOURNAL_CHECKS);
	EXPECT_INT(book.n, JOURNAL_MOST);
	EXPECT_INT(count(true), 100);
	EXPECT_INT(book.entries[99].number, 100);
	EXPECT_INT(book.entries[100].number, 945);
	EXPECT_INT(book.entries[JOURNAL_MOST - 1].number, 1100);
}

static void what_nobody_asked_for_has_half(void)
{
	begin();
	for (int i = 0; i < JOURNAL_MOST; i++)
		add(JOURNAL_NETWORK);
	for (int i = 0; i < 1000; i++)
		add(JOURNAL_COMMAND);
	EXPECT_INT(book.n, JOURNAL_MOST);
	/* It gives its places up until it has less than half. */
	EXPECT_INT(count(false), JOURNAL_UNASKED_MOST - 1);
	EXPECT_INT(book.entries[0].number, JOURNAL_MOST - JOURNAL_UNASKED_MOST + 2);
	EXPECT_INT(book.entries[JOURNAL_MOST - 1].number, book.last);
	for (size_t i = 1; i < book.n; i++)
		CU_ASSERT(book.entries[i].number > book.entries[i - 1].number);
}

static void steps_are_one_entry(void)
{
	struct journal_entry other = {.cause = JOURNAL_STEP, .steps = 1, .digest = "02"};

	begin();
	add(JOURNAL_RELOAD);
	add(JOURNAL_STEP);
	add(JOURNAL_STEP);
	add(JOURNAL_STEP);
	EXPECT_INT(book.n, 2);
	EXPECT_INT(book.entries[0].steps, 1);
	EXPECT_INT(book.entries[1].steps, 3);
	EXPECT_INT(book.entries[1].added, 6);
	journal_add(&book, &other);
	EXPECT_INT(book.n, 3);
	other.outcome = JOURNAL_FAILED;
	journal_add(&book, &other);
	EXPECT_INT(book.n, 4);
	add(JOURNAL_CHECKS);
	add(JOURNAL_STEP);
	EXPECT_INT(book.n, 6);
}

static void what_goes_later_is_the_same_change(void)
{
	struct ruleset_change change = {.chains_added = 1,
					.sets_added = 2,
					.sets_deleted = 1,
					.chains_rewritten = 3,
					.elements_added = 40,
					.elements_deleted = 5,
					.names = "set www-buckets"};
	struct ruleset_change later = {.sets_deleted = 2, .chains_deleted = 1};
	struct journal_entry e = {.cause = JOURNAL_RELOAD, .steps = 1}, refused = e;

	begin();
	CU_ASSERT(!journal_grow(&book, &later));
	journal_take_change(&e, &change);
	journal_add(&book, &e);
	refused.outcome = JOURNAL_REFUSED;
	journal_add(&book, &refused);
	CU_ASSERT(journal_grow(&book, &later));
	EXPECT_INT(book.entries[0].added, 3);
	EXPECT_INT(book.entries[0].removed, 4);
	EXPECT_INT(book.entries[0].rewritten, 3);
	EXPECT_INT(book.entries[0].elements_added, 40);
	EXPECT_INT(book.entries[0].elements_removed, 5);
	EXPECT_TEXT(book.entries[0].objects, "set www-buckets");
	EXPECT_INT(book.entries[1].removed, 0);
}

/* --- the file ----------------------------------------------------------------------------------- */

static char *printed(const struct journal *j)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	journal_print(j, out);
	fclose(out);
	return text;
}

/* In a block of its exact size. */
static int parse(const char *text, size_t len, int *ret_line)
{
	uint8_t *copy = malloc(len ? len : 1);
	int code;

	CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
	memcpy(copy, text, len);
	code = journal_parse(copy, len, &book, ret_line);
	free(copy);
	return code;
}

static void a_file_is_what_was_written(void)
{
	struct journal_entry e = {.cause = JOURNAL_COMMAND,
				  .outcome = JOURNAL_REFUSED,
				  .has_asker = true,
				  .uid = UINT32_MAX,
				  .pid = 4242,
				  .generation = 57,
				  .order = "drain www/web1",
				  .objects = "set a\xe2\x80\xa6",
				  .reason = "one\ttwo\nthree"};
	char *text, *again;
	int line;

	begin();
	add(JOURNAL_START);
	journal_add(&book, &e);
	text = printed(&book);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\n2 0 command refused 4294967295 4242 57 0 0 0 0 0 0 "
					    "\tdrain www/web1\tset a???\tone?two?three\nend\n"));
	begin();
	EXPECT_INT(parse(text, strlen(text), &line), 0);
	EXPECT_INT(book.last, 2);
	again = printed(&book);
	EXPECT_TEXT(again, text);
	free(again);
	/* Each cut is refused, and the line is known. */
	for (size_t len = 0; len < strlen(text); len++) {
		begin();
		EXPECT_INT(parse(text, len, &line), -EBADMSG);
		CU_ASSERT(line >= 1 && line <= 4 && book.n == 0);
	}
	free(text);
}

static void the_longest_fits(void)
{
	struct journal_entry e = {.at_ms = 999999999999999999,
				  .cause = JOURNAL_ELECTION,
				  .has_asker = true,
				  .uid = UINT32_MAX,
				  .pid = UINT32_MAX,
				  .generation = UINT32_MAX,
				  .steps = UINT32_MAX,
				  .added = UINT32_MAX,
				  .removed = UINT32_MAX,
				  .rewritten = UINT32_MAX,
				  .elements_added = UINT32_MAX,
				  .elements_removed = UINT32_MAX};
	char *text;
	int line;

	memset(e.digest, 'f', sizeof(e.digest) - 1);
	memset(e.order, 'o', sizeof(e.order) - 1);
	memset(e.objects, 'o', sizeof(e.objects) - 1);
	memset(e.reason, 'r', sizeof(e.reason) - 1);
	begin();
	book.last = 999999999999999000;
	for (int i = 0; i < JOURNAL_MOST; i++)
		journal_add(&book, &e);
	text = printed(&book);
	CU_ASSERT(strlen(text) <= JOURNAL_FILE_MAX);
	EXPECT_INT(parse(text, strlen(text), &line), 0);
	EXPECT_INT(book.n, JOURNAL_MOST);
	free(text);
}

static void one_too_many(void)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	int line;

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	fputs("director journal 1\n", out);
	for (int i = 1; i <= JOURNAL_MOST + 1; i++)
		fprintf(out, "%d 0 checks applied - - 0 1 0 0 0 0 0 \t\t\t\n", i);
	fputs("end\n", out);
	fclose(out);
	begin();
	EXPECT_INT(parse(text, size, &line), -EBADMSG);
	EXPECT_INT(line, JOURNAL_MOST + 2);
	free(text);
}

static bool is_good(const uint8_t *bytes, size_t len)
{
	int line;

	return journal_parse(bytes, len, &book, &line) == 0;
}

static void what_fuzzing_found(void)
{
	CU_ASSERT(unit_replay("tests/fuzz/corpus/fuzz_journal", is_good) >= 17);
}

UNIT_TESTS(journal) = {
	{"numbers go on", numbers_go_on},
	{"who asked stays in it", who_asked_stays},
	{"what nobody asked for has half of it", what_nobody_asked_for_has_half},
	{"steps are one entry", steps_are_one_entry},
	{"what goes later is the same change", what_goes_later_is_the_same_change},
	{"a file is what was written", a_file_is_what_was_written},
	{"the longest fits", the_longest_fits},
	{"one too many", one_too_many},
	{"what fuzzing found", what_fuzzing_found},
	UNIT_TESTS_END,
};
