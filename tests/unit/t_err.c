/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one sentence: with and without its place, and cut where it does not fit. */
#include "include/err.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

/* A text of n times one letter: where it was cut can be counted. */
static const char *letters(char *buf, char letter, size_t n)
{
	memset(buf, letter, n);
	buf[n] = '\0';
	return buf;
}

static void says_what_is_wrong(void)
{
	struct err err = {0};
	char line[ERR_LINE];

	memset(&err, 0x5a, sizeof(err));
	EXPECT_INT(err_set(&err, -ENOENT, "%s: no such %s of %d", "web", "farm", 3), -ENOENT);
	EXPECT_TEXT(err.text, "web: no such farm of 3");
	EXPECT_TEXT(err.file, "");
	EXPECT_INT(err.line, 0);
	CU_ASSERT_PTR_EQUAL(err_format(&err, line), line);
	EXPECT_TEXT(line, "web: no such farm of 3");
}

static void says_where(void)
{
	struct err err = {0};
	char line[ERR_LINE];

	memset(&err, 0x5a, sizeof(err));
	EXPECT_INT(err_at(&err, -EINVAL, "/etc/director.conf", 17, "port %d%%", 70000), -EINVAL);
	EXPECT_TEXT(err.text, "port 70000%");
	EXPECT_TEXT(err.file, "/etc/director.conf");
	EXPECT_INT(err.line, 17);
	CU_ASSERT_PTR_EQUAL(err_format(&err, line), line);
	EXPECT_TEXT(line, "/etc/director.conf:17: port 70000%");
	EXPECT_INT(err_at(&err, -EIO, "a.conf", 1, "cannot be read"), -EIO);
	EXPECT_TEXT(err_format(&err, line), "a.conf:1: cannot be read");
}

static void a_whole_file_has_no_line(void)
{
	struct err err = {.text = ""};
	char line[ERR_LINE];

	EXPECT_INT(err_at(&err, -EACCES, "/etc/director.conf", 0, "cannot be read"), -EACCES);
	EXPECT_TEXT(err_format(&err, line), "/etc/director.conf: cannot be read");
	EXPECT_INT(err_at(&err, -EACCES, "/etc/director.conf", -1, "cannot be read"), -EACCES);
	EXPECT_TEXT(err_format(&err, line), "/etc/director.conf: cannot be read");
}

/* A place of the last error must not stay on the next one. */
static void forgets_the_last_place(void)
{
	struct err err = {.text = ""};
	char line[ERR_LINE];

	err_at(&err, -EINVAL, "a.conf", 5, "one");
	EXPECT_INT(err_set(&err, 0, "two"), 0);
	EXPECT_TEXT(err_format(&err, line), "two");
	EXPECT_TEXT(err.file, "");
	EXPECT_INT(err.line, 0);
	err_at(&err, -EINVAL, "", 5, "no file, no line");
	EXPECT_TEXT(err_format(&err, line), "no file, no line");
}

static void nothing_wrong(void)
{
	const struct err err = {.text = ""};
	char line[ERR_LINE] = "rubbish";

	EXPECT_TEXT(err_format(&err, line), "");
}

/* A text from outside is an argument, never a format; and formats are not read again. */
static void percent_signs_stay(void)
{
	struct err err = {.text = ""};
	char line[ERR_LINE];

	err_at(&err, -EINVAL, "%s%n.conf", 1, "%s", "%s%n%d");
	EXPECT_TEXT(err_format(&err, line), "%s%n.conf:1: %s%n%d");
}

/* One octet less than fits, exactly, one more, many more. */
static void long_sentences_are_cut(void)
{
	static const size_t lengths[] = {ERR_TEXT - 2, ERR_TEXT - 1, ERR_TEXT, ERR_TEXT + 500};
	char in[ERR_TEXT + 501];

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		size_t want = lengths[i] < ERR_TEXT ? lengths[i] : ERR_TEXT - 1;
		struct err err = {0};

		memset(&err, 0x5a, sizeof(err));
		EXPECT_INT(err_set(&err, -1, "%s", letters(in, 't', lengths[i])), -1);
		EXPECT_INT(strnlen(err.text, sizeof(err.text)), want);
		EXPECT_INT(strspn(err.text, "t"), want);
		EXPECT_TEXT(err.file, "");
		memset(&err, 0x5a, sizeof(err));
		EXPECT_INT(err_at(&err, -1, "f", 1, "%s", letters(in, 't', lengths[i])), -1);
		EXPECT_INT(strnlen(err.text, sizeof(err.text)), want);
		EXPECT_TEXT(err.file, "f");
	}
}

static void long_paths_are_cut(void)
{
	static const size_t lengths[] = {ERR_FILE - 2, ERR_FILE - 1, ERR_FILE, ERR_FILE + 500};
	char in[ERR_FILE + 501];

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		size_t want = lengths[i] < ERR_FILE ? lengths[i] : ERR_FILE - 1;
		struct err err = {0};

		memset(&err, 0x5a, sizeof(err));
		err_at(&err, -1, letters(in, 'f', lengths[i]), 7, "text");
		EXPECT_INT(strnlen(err.file, sizeof(err.file)), want);
		EXPECT_INT(strspn(err.file, "f"), want);
		EXPECT_INT(err.line, 7);
		EXPECT_TEXT(err.text, "text");
	}
}

/* ERR_LINE has room for the longest of everything: what an error kept is shown whole. */
static void the_longest_line_is_whole(void)
{
	char file[ERR_FILE], text[ERR_TEXT], want[2 * ERR_LINE], line[ERR_LINE];
	struct err err = {0};

	letters(file, 'f', ERR_FILE - 1);
	letters(text, 't', ERR_TEXT - 1);
	err_at(&err, -1, file, INT_MAX, "%s", text);
	snprintf(want, sizeof(want), "%s:2147483647: %s", file, text);
	EXPECT_TEXT(err_format(&err, line), want);
	err_at(&err, -1, file, 0, "%s", text);
	snprintf(want, sizeof(want), "%s: %s", file, text);
	EXPECT_TEXT(err_format(&err, line), want);
	err_set(&err, -1, "%s", text);
	EXPECT_TEXT(err_format(&err, line), text);
}

UNIT_TESTS(err) = {
	{"says what is wrong", says_what_is_wrong},
	{"says where", says_where},
	{"a whole file has no line", a_whole_file_has_no_line},
	{"forgets the last place", forgets_the_last_place},
	{"nothing wrong", nothing_wrong},
	{"percent signs stay", percent_signs_stay},
	{"long sentences are cut", long_sentences_are_cut},
	{"long paths are cut", long_paths_are_cut},
	{"the longest line is whole", the_longest_line_is_whole},
	UNIT_TESTS_END,
};
