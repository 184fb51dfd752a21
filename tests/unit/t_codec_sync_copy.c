/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The message about a whole configuration: what may neither be sent nor received. */
#include "tests/unit/sync_sample.h"
#include "tests/unit/unit.h"
#include "tests/unit/wire.h"

#include <string.h>

static const struct sync_copy ask = {
	.id = UINT64_MAX, .step = SYNC_COPY_ASK, .at = SYNC_COPY_MAX - 1};
static const struct sync_copy piece = {
	.id = 1, .step = SYNC_COPY_PIECE, .last = true, .text = "\n~ a"};
static const struct sync_copy no = {.id = 1, .step = SYNC_COPY_REFUSED, .why = "no"};

static struct sync_message sample, got;
static uint8_t bytes[SYNC_MESSAGE_MAX];

static size_t packed(const struct sync_copy *c)
{
	sample.type = SYNC_COPY;
	sample.copy = *c;
	return codec_sync_pack(&sample, bytes);
}

static void expect_good(const struct sync_copy *c)
{
	size_t len = packed(c);

	EXPECT_TEXT(sync_verdict(bytes, len), "none");
	EXPECT_INT(codec_sync_unpack(bytes, len, &got), SYNC_REJECT_NONE);
	sync_expect_same(&got, &sample);
}

static void each_step(void)
{
	static struct sync_copy longest;

	expect_good(&ask);
	expect_good(&piece);
	expect_good(&no);
	longest = piece;
	longest.id = UINT64_MAX;
	longest.at = SYNC_COPY_MAX - 1;
	memset(longest.text, '\n', sizeof(longest.text) - 1);
	expect_good(&longest);
}

#define REFUSED(step_of, change)                                                                   \
	do {                                                                                       \
		static struct sync_copy c;                                                         \
                                                                                                   \
		c = step_of;                                                                       \
		change;                                                                            \
		EXPECT_INT(packed(&c), 0);                                                         \
	} while (0)

static void what_is_not_sent(void)
{
	REFUSED(ask, c.id = 0);
	REFUSED(ask, c.step = 0);
	REFUSED(ask, c.step = SYNC_COPY_REFUSED + 1);
	REFUSED(ask, c.at = SYNC_COPY_MAX);
	REFUSED(ask, c.last = true);
	REFUSED(ask, c.text[0] = 'a');
	REFUSED(ask, c.why[0] = 'a');
	REFUSED(piece, c.text[0] = '\0');
	REFUSED(piece, c.text[1] = '\t');
	REFUSED(piece, c.text[1] = '\x7f');
	REFUSED(piece, c.text[1] = '\xc3');
	REFUSED(piece, memset(c.text, 'x', sizeof(c.text)));
	REFUSED(piece, c.why[0] = 'a');
	REFUSED(no, c.why[0] = '\0');
	REFUSED(no, c.why[0] = '\n');
	REFUSED(no, c.text[0] = 'a');
	REFUSED(no, c.at = 1);
	REFUSED(no, c.last = true);
}

static void what_is_not_received(void)
{
	static const struct {
		unsigned int field;
		uint64_t number;
	} cases[] = {{1, 0}, {2, 0}, {2, 4}, {2, 257}, {3, 2}, {4, SYNC_COPY_MAX}, {4, 1ull << 32}};
	static const struct {
		unsigned int field;
		size_t len;
		const char *want;
	} texts[] = {{5, SYNC_COPY_OCTETS, "none"},
		     {5, SYNC_COPY_OCTETS + 1, "text"},
		     {6, SYNC_WHY_MAX, "text"},
		     {6, 1, "text"}}; /* of a piece */
	static char text[SYNC_COPY_OCTETS + 1];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct wr w = wr_init(bytes, sizeof(bytes));

		w.used = packed(&piece);
		wire_number(&w, cases[i].field, cases[i].number);
		EXPECT_TEXT(sync_verdict(bytes, wr_used(&w)), "number");
	}
	memset(text, 'x', sizeof(text));
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct wr w = wr_init(bytes, sizeof(bytes));

		w.used = packed(&piece);
		wire_bytes(&w, texts[i].field, text, texts[i].len);
		EXPECT_TEXT(sync_verdict(bytes, wr_used(&w)), texts[i].want);
	}
}

UNIT_TESTS(codec_sync_copy) = {
	{"each step", each_step},
	{"what is not sent", what_is_not_sent},
	{"what is not received", what_is_not_received},
	UNIT_TESTS_END,
};
