/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The message about a configuration that both shall have: what may neither be sent nor received. */
#include "tests/unit/sync_sample.h"
#include "tests/unit/unit.h"

#include <string.h>

static const struct sync_push offer = {
	.id = UINT64_MAX, .step = SYNC_PUSH_OFFER, .size = SYNC_COPY_MAX, .digest = {1}};
static const struct sync_push ask = {.id = 1, .step = SYNC_PUSH_ASK, .at = SYNC_COPY_MAX - 1};
static const struct sync_push piece = {
	.id = 1, .step = SYNC_PUSH_PIECE, .last = true, .text = "\t# f\xc3\xbcr\r\n"};
static const struct sync_push ready = {.id = 1, .step = SYNC_PUSH_READY};
static const struct sync_push no = {.id = 1, .step = SYNC_PUSH_REFUSED, .why = "no"};

static struct sync_message sample, got;
static uint8_t bytes[SYNC_MESSAGE_MAX];

static size_t packed(const struct sync_push *p)
{
	sample.type = SYNC_PUSH;
	sample.push = *p;
	return codec_sync_pack(&sample, bytes);
}

static void expect_good(const struct sync_push *p)
{
	size_t len = packed(p);

	EXPECT_TEXT(sync_verdict(bytes, len), "none");
	EXPECT_INT(codec_sync_unpack(bytes, len, &got), SYNC_REJECT_NONE);
	sync_expect_same(&got, &sample);
}

static void each_step(void)
{
	static struct sync_push longest;

	expect_good(&offer);
	expect_good(&ask);
	expect_good(&piece);
	expect_good(&ready);
	expect_good(&no);
	longest = piece;
	longest.id = UINT64_MAX;
	longest.at = SYNC_COPY_MAX - 1;
	memset(longest.text, '\xff', sizeof(longest.text) - 1);
	expect_good(&longest);
	longest = no;
	memset(longest.why, '~', sizeof(longest.why) - 1);
	expect_good(&longest);
}

#define REFUSED(step_of, change)                                                                   \
	do {                                                                                       \
		static struct sync_push c;                                                         \
                                                                                                   \
		c = step_of;                                                                       \
		change;                                                                            \
		EXPECT_INT(packed(&c), 0);                                                         \
	} while (0)

static void what_is_not_sent(void)
{
	REFUSED(ready, c.id = 0);
	REFUSED(ready, c.step = 0);
	REFUSED(ready, c.step = SYNC_PUSH_LAST + 1);
	REFUSED(ready, c.at = 1);
	REFUSED(ready, c.size = 1);
	REFUSED(ready, c.digest[31] = 1);
	REFUSED(ready, c.text[0] = 'a');
	REFUSED(ready, c.why[0] = 'a');
	REFUSED(offer, c.size = 0);
	REFUSED(offer, c.size = SYNC_COPY_MAX + 1);
	REFUSED(offer, c.at = 1);
	REFUSED(ask, c.at = SYNC_COPY_MAX);
	REFUSED(ask, c.last = true);
	REFUSED(piece, c.text[0] = '\0');
	REFUSED(piece, c.text[0] = '\x1b');
	REFUSED(piece, c.text[1] = '\x7f');
	REFUSED(piece, memset(c.text, 'x', sizeof(c.text)));
	REFUSED(no, c.why[0] = '\0');
	REFUSED(no, c.why[0] = '\xc3');
	REFUSED(no, memset(c.why, 'x', sizeof(c.why)));
}

UNIT_TESTS(codec_sync_push) = {
	{"each step", each_step},
	{"what is not sent", what_is_not_sent},
	UNIT_TESTS_END,
};
