/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The message about a configuration: what may neither be sent nor received. */
#include "tests/unit/sync_sample.h"
#include "tests/unit/unit.h"
#include "tests/unit/wire.h"

#include <string.h>

static const struct sync_config part = {
	.step = SYNC_CONFIG_PART, .last = true, .sum = UINT64_MAX, .name = "farm www"};
static const struct sync_config lines = {
	.step = SYNC_CONFIG_LINES, .name = "~ the top level", .lines = "a = 1\nb = \"~ ~\"\n"};

static struct sync_message sample, got;
static uint8_t bytes[SYNC_MESSAGE_MAX];

static size_t packed(const struct sync_config *c)
{
	sample.type = SYNC_CONFIG;
	sample.config = *c;
	return codec_sync_pack(&sample, bytes);
}

static void expect_good(const struct sync_config *c)
{
	size_t len = packed(c);

	EXPECT_TEXT(sync_verdict(bytes, len), "none");
	EXPECT_INT(codec_sync_unpack(bytes, len, &got), SYNC_REJECT_NONE);
	sync_expect_same(&got, &sample);
}

static void each_step(void)
{
	static struct sync_config longest;

	expect_good(&part);
	expect_good(&lines);
	longest = lines;
	memset(longest.name, 'n', sizeof(longest.name) - 1);
	memset(longest.lines, '\n', sizeof(longest.lines) - 1);
	expect_good(&longest);
}

#define REFUSED(step_of, change)                                                                   \
	do {                                                                                       \
		static struct sync_config c;                                                       \
                                                                                                   \
		c = step_of;                                                                       \
		change;                                                                            \
		EXPECT_INT(packed(&c), 0);                                                         \
	} while (0)

static void what_is_not_sent(void)
{
	REFUSED(part, c.step = 0);
	REFUSED(part, c.step = SYNC_CONFIG_LINES); /* with a sum */
	REFUSED(part, c.step = SYNC_CONFIG_LINES + 1);
	REFUSED(part, c.name[0] = '\0');
	REFUSED(part, c.name[1] = '\n');
	REFUSED(part, c.name[1] = '\x7f');
	REFUSED(part, memset(c.name, 'n', sizeof(c.name)));
	REFUSED(part, c.lines[0] = 'a');
	REFUSED(lines, c.lines[0] = '\0');
	REFUSED(lines, c.lines[1] = '\t');
	REFUSED(lines, strcpy(c.lines, "a = 1"));
	REFUSED(lines, c.lines[1] = '\xc3');
	REFUSED(lines, memset(c.lines, '\n', sizeof(c.lines)));
	REFUSED(lines, c.last = true);
	REFUSED(lines, c.sum = 1);
}

static void what_is_not_received(void)
{
	static const struct {
		unsigned int field;
		uint64_t number;
	} cases[] = {{1, 0}, {1, SYNC_CONFIG_LINES}, {1, SYNC_CONFIG_LINES + 1}, {1, 257}, {2, 2}};
	static const struct {
		unsigned int field;
		size_t len;
		const char *want;
	} texts[] = {{4, SYNC_PART_NAME - 1, "none"},
		     {4, SYNC_PART_NAME, "name"},
		     {5, SYNC_PART_TEXT, "text"},
		     {5, 1, "text"}}; /* of a part */
	static char text[SYNC_PART_TEXT];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct wr w = wr_init(bytes, sizeof(bytes));

		w.used = packed(&part);
		wire_number(&w, cases[i].field, cases[i].number);
		EXPECT_TEXT(sync_verdict(bytes, wr_used(&w)), "number");
	}
	memset(text, 'x', sizeof(text));
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct wr w = wr_init(bytes, sizeof(bytes));

		w.used = packed(&part);
		wire_bytes(&w, texts[i].field, text, texts[i].len);
		EXPECT_TEXT(sync_verdict(bytes, wr_used(&w)), texts[i].want);
	}
}

UNIT_TESTS(codec_sync_config) = {
	{"each step", each_step},
	{"what is not sent", what_is_not_sent},
	{"what is not received", what_is_not_received},
	UNIT_TESTS_END,
};
