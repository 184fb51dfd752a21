/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file of the operator's overrides: taken when it is as we write it, octet for octet, else
 * refused with its line and as a whole.
 */
#include "director/backend/admin.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAD "director overrides 1\n"

/* In a block of its exact size. 0, or the line that was refused; *ret is untouched then. */
static int refused_at(const char *text, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);
	struct admin a = {.n = 4242};
	int line = 0, code;
	char *again;
	FILE *out;
	size_t again_len;

	CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
	memcpy(copy, text, len);
	code = admin_parse(copy, len, &a, &line);
	free(copy);
	if (code < 0) {
		EXPECT_INT(code, -EBADMSG);
		CU_ASSERT(a.n == 4242 && !a.entries && line > 0);
		return line;
	}
	out = open_memstream(&again, &again_len);
	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	admin_print(&a, out);
	fclose(out);
	CU_ASSERT(again_len == len && memcmp(again, text, len) == 0);
	free(again);
	admin_clear(&a);
	return 0;
}

static const char good_file[] =
	HEAD "maintenance\n"
	     "dns/ns1 weight 0 configured 256\n"
	     "www/web-1 state draining configured enabled deadline 754000 of 604800000 weight 5 "
	     "configured 1\n"
	     "www/web2 state enabled configured disabled\n"
	     "www/web3 state draining configured draining deadline 0 of 1\n"
	     "end\n";

static void a_good_file(void)
{
	EXPECT_INT(refused_at(good_file, sizeof(good_file) - 1), 0);
	EXPECT_INT(refused_at(HEAD "end\n", strlen(HEAD "end\n")), 0);
	EXPECT_INT(refused_at(HEAD "maintenance\nend\n", strlen(HEAD "maintenance\nend\n")), 0);
}

static void bad_lines(void)
{
	static const char *const lines[] = {
		"",
		"www",
		"www/",
		"www/web1",
		"www/web1 ",
		"/web1 weight 5 configured 1",
		" www/web1 weight 5 configured 1",
		"www/web1/x weight 5 configured 1",
		"www web1 weight 5 configured 1",
		"www/web1 weight 5 configured 1 ",
		"www/web1 weight  5 configured 1",
		"www/web1 weight 5 configured 5", /* is none */
		"www/web1 weight 257 configured 1",
		"www/web1 weight 5 configured 257",
		"www/web1 weight 05 configured 1",
		"www/web1 weight +5 configured 1",
		"www/web1 weight -5 configured 1",
		"www/web1 weight 0x5 configured 1",
		"www/web1 weight 18446744073709551621 configured 1",
		"www/web1 weight 5",
		"www/web1 weight 5 configured",
		"www/web1 weight 5 was 1",
		"www/web1 weight 5 configured 1 weight 6 configured 1",
		"www/web1 weight 5 configured 1 state draining configured enabled",
		"www/web1 state up configured enabled",
		"www/web1 state enabled configured enabled",
		"www/web1 state Draining configured enabled",
		"www/web1 state draining",
		"www/web1 state draining configured",
		"www/web1 state draining configured enabled deadline",
		"www/web1 state draining configured enabled deadline 5",
		"www/web1 state draining configured enabled deadline 5 of 0",
		"www/web1 state draining configured enabled deadline 5 of 604800001",
		"www/web1 state draining configured enabled deadline 1000000000000000 of 5",
		"www/web1 state disabled configured enabled deadline 5 of 5",
		"www/web1 deadline 5 of 5",
		"www/web1 mode draining configured enabled",
		"www/web1\tweight 5 configured 1",
		"www/w\xc3\xa4 weight 5 configured 1",
		"a-name-of-thirty-two-characters1/web1 weight 5 configured 1",
		"www/a-name-of-thirty-two-characters1 weight 5 configured 1",
		"end ",
		"End",
		"maintenance", /* not in the second line */
		"maintenance ",
	};
	char text[512];

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		snprintf(text, sizeof(text), HEAD "aaa/b weight 5 configured 1\n%s\nend\n",
			 lines[i]);
		if (refused_at(text, strlen(text)) != 3) {
			CU_FAIL("a bad line is taken, or another one refused");
			printf("\n    %s", lines[i]);
		}
	}
}

static void bad_files(void)
{
	static const struct {
		const char *text;
		int line;
	} cases[] = {
		{"", 1},
		{"\n", 1},
		{"director overrides 2\nend\n", 1},
		{"director overrides 1", 1},
		{HEAD, 2},
		{HEAD "end", 2},
		{HEAD "end\n\n", 2},
		{HEAD "end\nwww/web1 weight 5 configured 1\n", 2},
		{HEAD "maintenance", 2},
		{HEAD "maintenance\n", 3},
		{HEAD "maintenance\nmaintenance\nend\n", 3},
		{HEAD "Maintenance\nend\n", 2},
		{HEAD "b/b weight 5 configured 1\nb/b weight 6 configured 1\nend\n", 3},
		{HEAD "b/b weight 5 configured 1\nb/a weight 6 configured 1\nend\n", 3},
		{HEAD "b/b weight 5 configured 1\na/c weight 6 configured 1\nend\n", 3},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		EXPECT_INT(refused_at(cases[i].text, strlen(cases[i].text)), cases[i].line);
	EXPECT_INT(refused_at(HEAD "b\0b/c weight 5 configured 1\nend\n",
			      sizeof(HEAD "b\0b/c weight 5 configured 1\nend\n") - 1),
		   2);
}

/* Nothing of a file that was cut short, or changed by a bit and not as we write it. */
static void every_cut_and_every_flipped_bit(void)
{
	enum { LEN = sizeof(good_file) - 1 };
	char text[LEN];
	size_t good = 0;

	for (size_t cut = 0; cut < LEN; cut++)
		CU_ASSERT(refused_at(good_file, cut) > 0);
	memcpy(text, good_file, LEN);
	for (size_t i = 0; i < LEN * 8; i++) {
		text[i / 8] ^= (char)(1 << i % 8);
		good += refused_at(text, LEN) == 0;
		text[i / 8] ^= (char)(1 << i % 8);
	}
	CU_ASSERT(good > 0 && good < LEN * 4); /* within a name or a number nobody can tell */
}

static void a_too_long_file(void)
{
	char *text = malloc(ADMIN_FILE_MAX + 1);
	size_t used = strlen(HEAD);

	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	memcpy(text, HEAD, used);
	memset(text + used, 'x', ADMIN_FILE_MAX + 1 - used);
	EXPECT_INT(refused_at(text, ADMIN_FILE_MAX + 1), 1);
	for (int i = 0; i <= ADMIN_MAX; i++)
		used += (size_t)sprintf(text + used, "w/%06d weight 5 configured 1\n", i);
	used += (size_t)sprintf(text + used, "end\n");
	EXPECT_INT(refused_at(text, used), ADMIN_MAX + 2);
	free(text);
}

static bool is_good(const uint8_t *bytes, size_t len)
{
	return refused_at((const char *)bytes, len) == 0;
}

static void corpus(void)
{
	CU_ASSERT(unit_replay("tests/fuzz/corpus/fuzz_admin", is_good) >= 8);
}

UNIT_TESTS(admin_text) = {
	{"a good file", a_good_file},
	{"bad lines", bad_lines},
	{"bad files", bad_files},
	{"every cut and every flipped bit", every_cut_and_every_flipped_bit},
	{"a too long file", a_too_long_file},
	{"corpus", corpus},
	UNIT_TESTS_END,
};
