/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/probe/probe_spark.h"
#include "director/probe/probe_target.h"
#include "tests/unit/unit.h"

#include <string.h>

static void targets(void)
{
	static const char *const good[] = {"10.77.0.100:80", "[fd77::100]:65535",
					   "[fe80::1%eth0]:1"};
	static const char *const bad[] = {
		"",
		":80",
		"10.77.0.100",
		"10.77.0.100:",
		"10.77.0.100:0",
		"10.77.0.100:65536",
		"10.77.0.100:80x",
		"10.77.0.100:-1",
		"10.77.0.100:+1",
		"fd77::100:80",
		"[fd77::100]",
		"[fd77::100]80",
		"[fd77::100:80",
		"fd77::100]:80",
		"[]:80",
		"www:80",
		"[fe80::1]:80",
		"[fe80::1%]:80",
		"10.0.0.1%eth0:80",
		"[fe80::1%sixteen-octets-x]:80",
		"[fd77::1%eth0]:80",
		"10.77.0.100: 80",
		"[fe80::1%a%b]:80x",
	};
	char text[PROBE_TARGET_TEXT];
	struct probe_target t;
	struct err err;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		EXPECT_INT(probe_target_parse(good[i], &t, &err), 0);
		EXPECT_TEXT(probe_target_format(&t, text), good[i]);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		err.text[0] = '\0';
		if (probe_target_parse(bad[i], &t, &err) == 0)
			EXPECT_TEXT(bad[i], "no target");
		CU_ASSERT(err.text[0] != '\0');
	}
}

static void what_is_said(void)
{
	uint8_t said[PROBE_SAID];
	char longest[PROBE_SAID + 2];
	struct err err;

	EXPECT_INT(probe_said_parse("", said, &err), 0);
	EXPECT_INT(probe_said_parse("GET\\r\\n\\x00\\xfF\\\\", said, &err), 8);
	CU_ASSERT(memcmp(said, "GET\r\n\0\xff\\", 8) == 0);
	EXPECT_INT(probe_said_parse("a\\", said, &err), -22);
	EXPECT_INT(probe_said_parse("a\\q", said, &err), -22);
	EXPECT_INT(probe_said_parse("a\\x", said, &err), -22);
	EXPECT_INT(probe_said_parse("a\\x1", said, &err), -22);
	memset(longest, 'a', sizeof(longest));
	longest[PROBE_SAID + 1] = '\0';
	EXPECT_INT(probe_said_parse(longest, said, &err), -22);
	longest[PROBE_SAID] = '\0';
	EXPECT_INT(probe_said_parse(longest, said, &err), PROBE_SAID);
}

/* One attempt a slot: so slow, or lost. */
static void attempt(struct probe_book *b, uint64_t took_us, bool lost)
{
	uint64_t n = b->begun, due = probe_book_due_at(b, n);

	probe_book_step(b, &(struct probe_event){.kind = PROBE_BEGIN, .now_us = due});
	probe_book_step(b, &(struct probe_event){.kind = lost ? PROBE_LOSS : PROBE_ANSWER,
						 .now_us = due + took_us,
						 .attempt = n});
}

static void the_near_past(void)
{
	static const uint64_t took[] = {100, 500, 1500, 3000, 5000, 20000, 400000, 500000};
	static char line[PROBE_SPARK_TEXT];
	struct probe_book b;

	CU_ASSERT_FATAL(probe_book_init(&b, 2, PROBE_ENDLESS, 500000, 500000, 0) == 0);
	EXPECT_INT(probe_spark(&b, 80, false, false, line), 0);
	EXPECT_TEXT(line, "");
	for (size_t i = 0; i < sizeof(took) / sizeof(took[0]); i++)
		attempt(&b, took[i], false);
	attempt(&b, 0, true);
	EXPECT_INT(probe_spark(&b, 80, false, true, line), 9);
	EXPECT_TEXT(line, ".:-=+*#@\033[31mX\033[0m");
	EXPECT_INT(probe_spark(&b, 80, true, false, line), 9);
	EXPECT_TEXT(line, "▁▂▃▄▅▆▇█X");
	EXPECT_INT(probe_spark(&b, 3, false, false, line), 3);
	EXPECT_TEXT(line, "#@X");
	/* The whole of it has room. */
	for (int i = 0; i < 2 * PROBE_SLOTS; i++)
		attempt(&b, 0, true);
	EXPECT_INT(probe_spark(&b, 10000, true, true, line), PROBE_SLOTS);
	probe_book_clear(&b);

	CU_ASSERT_FATAL(probe_book_init(&b, 4, PROBE_ENDLESS, 500000, 500000, 0) == 0);
	attempt(&b, 0, true);
	attempt(&b, 0, false);
	probe_spark(&b, 80, true, false, line);
	EXPECT_TEXT(line, "x");
	probe_book_clear(&b);
}

UNIT_TESTS(probe_target) = {
	{"targets", targets},
	{"what is said", what_is_said},
	{"the near past", the_near_past},
	UNIT_TESTS_END,
};
