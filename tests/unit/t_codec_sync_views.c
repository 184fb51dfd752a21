/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The message of what checks find: its octets, and what may neither be sent nor received. */
#include "include/config.h"
#include "tests/unit/sync_sample.h"
#include "tests/unit/unit.h"
#include "tests/unit/wire.h"

#include <string.h>

static struct sync_message sample, got;
static uint8_t bytes[SYNC_MESSAGE_MAX];

static void its_octets(void)
{
	static const uint8_t want[] = {0x0d, 0x0a, 3, 'w', 'w', 'w', 0x12, 16, 1, 'a', 1, 1,
				       0,    0,	   1, 44,  1,	'b', 4,	   4,  0, 0,   0, 1};

	sync_sample_small(SYNC_VIEWS, &sample);
	EXPECT_INT(codec_sync_pack(&sample, bytes), sizeof(want));
	CU_ASSERT(memcmp(bytes, want, sizeof(want)) == 0);
}

static void the_longest(void)
{
	size_t len;

	sync_sample_small(SYNC_VIEWS, &sample);
	sample.views.n = SYNC_FACTS_MAX;
	memset(sample.views.farm, 'f', SYNC_NAME_LEN - 1);
	for (size_t i = 0; i < SYNC_FACTS_MAX; i++) {
		sample.views.views[i] = (struct sync_view){
			.state = SYNC_VIEW_UNKNOWN, .outcome = 255, .since_s = UINT32_MAX};
		memset(sample.views.views[i].backend, 'b', SYNC_NAME_LEN - 1);
	}
	len = codec_sync_pack(&sample, bytes);
	CU_ASSERT(len > 38000);
	EXPECT_TEXT(sync_verdict(bytes, len), "none");
	EXPECT_INT(codec_sync_unpack(bytes, len, &got), SYNC_REJECT_NONE);
	sync_expect_same(&got, &sample);
}

#define REFUSED(change)                                                                            \
	do {                                                                                       \
		sync_sample_small(SYNC_VIEWS, &sample);                                            \
		change;                                                                            \
		EXPECT_INT(codec_sync_pack(&sample, bytes), 0);                                    \
	} while (0)

static void what_is_not_sent(void)
{
	REFUSED(sample.views.n = 0);
	REFUSED(sample.views.n = SYNC_FACTS_MAX + 1);
	REFUSED(sample.views.farm[0] = '\0');
	REFUSED(memset(sample.views.farm, 'f', SYNC_NAME_LEN));
	REFUSED(sample.views.views[1].backend[0] = '/');
	REFUSED(memset(sample.views.views[1].backend, 'b', SYNC_NAME_LEN));
	REFUSED(sample.views.views[1].state = 0);
	REFUSED(sample.views.views[1].state = SYNC_VIEW_UNKNOWN + 1);
}

static void what_is_not_received(void)
{
	static const struct {
		const char *list, *want;
		size_t len;
	} cases[] = {
		{"\1a\1\0\0\0\0\0", "none", 8},	  {"", "entries", 0},
		{"\1a\1\0\0\0\0", "size", 7},	  {"\1a\1\0\0\0\0\0\1", "size", 9},
		{"\0\1\0\0\0\0\0", "name", 7},	  {"\1a\0\0\0\0\0\0", "number", 8},
		{"\1a\6\0\0\0\0\0", "number", 8}, {"\1\0\1\0\0\0\0\0", "name", 8},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct wr w = wr_init(bytes, sizeof(bytes));

		wr_u8(&w, SYNC_VIEWS);
		wire_bytes(&w, 1, "www", 3);
		wire_bytes(&w, 2, cases[i].list, cases[i].len);
		EXPECT_TEXT(sync_verdict(bytes, wr_used(&w)), cases[i].want);
	}
}

UNIT_TESTS(codec_sync_views) = {
	{"its octets", its_octets},
	{"the longest", the_longest},
	{"what is not sent", what_is_not_sent},
	{"what is not received", what_is_not_received},
	UNIT_TESTS_END,
};
