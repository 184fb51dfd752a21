/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The message about a drill: what may neither be sent nor received. */
#include "tests/unit/sync_sample.h"
#include "tests/unit/unit.h"
#include "tests/unit/wire.h"

#include <string.h>
#include <sys/socket.h>

static const struct sync_drill ask = {.id = 1,
				      .step = SYNC_DRILL_ASK,
				      .kind = SYNC_DRILL_SPLIT,
				      .force = true,
				      .asker_yields = true,
				      .limit_ms = UINT32_MAX,
				      .at_us = UINT64_MAX,
				      .version = "0.1.0",
				      .config = "a-text_of_thirty-five-characters_ab"};
static const struct sync_drill probing = {.id = 1,
					  .step = SYNC_DRILL_ASK,
					  .kind = SYNC_DRILL_CRASH,
					  .limit_ms = 1,
					  .vip = {.family = AF_INET6, .bytes = {[0 ... 15] = 0xff}},
					  .port = UINT16_MAX,
					  .mac = {{2, 0, 0, 0, 0, 1}}};
static const struct sync_drill probed = {.id = 1,
					 .step = SYNC_DRILL_READY,
					 .kind = SYNC_DRILL_CRASH,
					 .heard_us = 1,
					 .mac = {{2, 0, 0, 0, 0, 2}}};
static const struct sync_drill spans = {
	.id = 1,
	.step = SYNC_DRILL_REPORT,
	.kind = SYNC_DRILL_CRASH,
	.n_spans = 3,
	.spans = {{true, 0, 7}, {false, 8, 8}, {true, 9, UINT64_MAX}}};
static const struct sync_drill ready = {
	.id = UINT64_MAX, .step = SYNC_DRILL_READY, .kind = SYNC_DRILL_LINK, .heard_us = 1};
static const struct sync_drill refused = {.id = 1,
					  .step = SYNC_DRILL_REFUSED,
					  .kind = SYNC_DRILL_CRASH,
					  .heard_us = UINT64_MAX,
					  .why = "~ not now"};
static const struct sync_drill begin = {
	.id = 1, .step = SYNC_DRILL_BEGIN, .kind = SYNC_DRILL_DAEMON_KILL};
static const struct sync_drill report = {
	.id = 1,
	.step = SYNC_DRILL_REPORT,
	.kind = SYNC_DRILL_GRACEFUL,
	.lost = UINT64_MAX,
	.n = SYNC_MOMENTS_MAX,
	.moments = {[0 ... SYNC_MOMENTS_MAX - 1] = {SYNC_MOMENT_LAST, UINT64_MAX}}};

static const struct sync_drill tallied = {
	.id = 1,
	.step = SYNC_DRILL_REPORT,
	.kind = SYNC_DRILL_CRASH,
	.tally = {SYNC_SIGHT_FRAME, UINT64_MAX, UINT64_MAX, 0, SYNC_TALLY_UNKNOWN, 1}};
static const struct sync_drill blind = {.id = 1,
					.step = SYNC_DRILL_REPORT,
					.kind = SYNC_DRILL_CRASH,
					.tally = {SYNC_SIGHT_LAST, 0, 0, 1, 2, SYNC_TALLY_UNKNOWN}};

static struct sync_message sample;

/* Octets of what is sent, or 0. */
static size_t packed(const struct sync_drill *d, uint8_t bytes[static SYNC_MESSAGE_MAX])
{
	sample.type = SYNC_DRILL;
	sample.drill = *d;
	return codec_sync_pack(&sample, bytes);
}

static void each_step(void)
{
	static const struct sync_drill *const steps[] = {&ask,	   &ready,   &refused, &begin,
							 &report,  &probing, &probed,  &spans,
							 &tallied, &blind};
	static uint8_t bytes[SYNC_MESSAGE_MAX];

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		size_t len = packed(steps[i], bytes);

		EXPECT_TEXT(sync_verdict(bytes, len), "none");
	}
}

/* The last field of all; it stays as it is. */
static void octets_of_a_tally(void)
{
	static const uint8_t want[] = {0x8a, 0x07, 41, 1, 0, 0, 0, 0, 0, 0, 0, 5, 0,	0, 0,
				       0,    0,	   0,  0, 1, 0, 0, 0, 0, 0, 0, 1, 0x2c, 0, 0,
				       0,    0,	   0,  0, 0, 6, 0, 0, 0, 0, 0, 0, 0,	7};
	static uint8_t bytes[SYNC_MESSAGE_MAX];
	struct sync_drill d = tallied;
	size_t len;

	d.tally = (struct sync_tally){SYNC_SIGHT_FRAME, 5, 1, 300, 6, 7};
	len = packed(&d, bytes);
	CU_ASSERT_FATAL(len > sizeof(want));
	CU_ASSERT(memcmp(bytes + len - sizeof(want), want, sizeof(want)) == 0);
}

#define REFUSED(step, change)                                                                      \
	do {                                                                                       \
		static uint8_t bytes[SYNC_MESSAGE_MAX];                                            \
		struct sync_drill d = step;                                                        \
                                                                                                   \
		change;                                                                            \
		EXPECT_INT(packed(&d, bytes), 0);                                                  \
	} while (0)

static void what_is_not_sent(void)
{
	REFUSED(ask, d.id = 0);
	REFUSED(ask, d.step = 0);
	REFUSED(begin, d.step = SYNC_DRILL_REPORT + 1);
	REFUSED(ask, d.kind = 0);
	REFUSED(ask, d.kind = SYNC_DRILL_SPLIT + 1);
	REFUSED(ask, d.limit_ms = 0);
	REFUSED(ready, d.limit_ms = 1);
	REFUSED(begin, d.force = true);
	REFUSED(report, d.asker_yields = true);
	REFUSED(ask, d.heard_us = 1);
	REFUSED(report, d.heard_us = 1);
	REFUSED(ready, d.lost = 1);
	REFUSED(begin, d.n = 1; d.moments[0].kind = SYNC_MOMENT_LET_GO);
	REFUSED(report, d.n = SYNC_MOMENTS_MAX + 1);
	REFUSED(report, d.moments[3].kind = 0);
	REFUSED(report, d.moments[SYNC_MOMENTS_MAX - 1].kind = SYNC_MOMENT_LAST + 1);
	REFUSED(probing, d.port = 0);
	REFUSED(probing, d.vip.family = AF_UNIX);
	REFUSED(probing, d.mac = (struct mac){0});
	REFUSED(probing, d.mac.bytes[0] = 1);
	REFUSED(ask, d.port = 80);
	REFUSED(ask, d.mac = probing.mac);
	REFUSED(probed, d.vip = probing.vip; d.port = 80);
	REFUSED(probed, d.mac.bytes[0] = 1);
	REFUSED(refused, d.mac = probing.mac);
	REFUSED(report, d.mac = probing.mac);
	REFUSED(begin, d.n_spans = 1);
	REFUSED(spans, d.n_spans = SYNC_SPANS_MAX + 1);
	REFUSED(spans, d.spans[0].last_us = 8);
	REFUSED(spans, d.spans[1].last_us = 7);
	REFUSED(begin, d.tally = tallied.tally);
	REFUSED(ask, d.tally = blind.tally);
	REFUSED(tallied, d.tally.sight = SYNC_SIGHT_UNTOLD);
	REFUSED(tallied, d.tally.sight = SYNC_SIGHT_NONE);
	REFUSED(tallied, d.tally.sight = SYNC_SIGHT_LAST + 1);
	REFUSED(blind, d.tally.frame_us = 1);
	REFUSED(blind, d.tally.stragglers = 1);
	REFUSED(blind, d.tally.sight = SYNC_SIGHT_UNTOLD);
	REFUSED(refused, d.why[0] = '\0');
	REFUSED(refused, d.why[0] = '\n');
	REFUSED(refused, d.why[1] = '\x7f');
	REFUSED(refused, memset(d.why, 'a', sizeof(d.why)));
	REFUSED(ready, strcpy(d.why, "well"));
	REFUSED(ask, strcpy(d.why, "well"));
	REFUSED(ask, d.version[2] = '\n');
	REFUSED(ask, memset(d.config, 'a', sizeof(d.config)));
	REFUSED(report, strcpy(d.version, "1"));
	REFUSED(begin, strcpy(d.config, "1"));
	REFUSED(refused, strcpy(d.config, "1"));
}

/* A report with one field more; protobuf takes the last one of a number. */
struct field {
	unsigned int number;
	uint64_t value;
	size_t octets; /* of 1s; else it is a number */
	const char *verdict;
};

static void what_is_not_received(void)
{
	static const struct field cases[] = {
		{1, 0, 0, "number"},
		{2, 256 + SYNC_DRILL_REPORT, 0, "number"},
		{2, UINT32_MAX + 1ULL + SYNC_DRILL_REPORT, 0, "number"},
		{3, 256 + SYNC_DRILL_GRACEFUL, 0, "number"},
		{4, 1, 0, "number"},
		{4, 2, 0, "number"},
		{5, 256, 0, "number"},
		{6, UINT32_MAX + 1ULL, 0, "number"},
		{7, UINT64_MAX, 0, "none"},
		{8, 1, 0, "number"},
		{9, UINT64_MAX, 0, "none"},
		{10, 0, 9 * SYNC_MOMENTS_MAX, "none"},
		{10, 0, 9 * SYNC_MOMENTS_MAX + 9, "entries"},
		{10, 0, 9 * 1000, "entries"},
		{10, 0, 8, "size"},
		{10, 0, 10, "size"},
		{11, 0, 1, "text"},
		{11, 0, SYNC_WHY_MAX, "text"},
		{12, 0, 0, "field"},
		{20, 0, 1, "text"},
		{21, 0, SYNC_ABOUT_MAX, "text"},
		{110, 0, 5, "size"},
		{110, 0, 6, "number"},
		{110, 0, 18, "number"},
		{110, 0, 19, "size"},
		{111, 0, 5, "size"},
		{111, 0, 6, "number"},
		{112, 0, 16, "size"},
		{112, 0, 17, "none"},
		{112, 0, 34, "number"},
		{112, 0, 17 * SYNC_SPANS_MAX + 17, "entries"},
		{113, 0, 40, "size"},
		{113, 0, 41, "none"},
		{113, 0, 42, "size"},
		{100, 0, 0, "none"},
	};
	static uint8_t bytes[SYNC_MESSAGE_MAX], ones[9 * 1000];

	memset(ones, 1, sizeof(ones));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct field *f = &cases[i];
		size_t len = packed(&report, bytes);
		struct wr w = wr_init(bytes + len, sizeof(bytes) - len);

		if (f->octets)
			wire_bytes(&w, f->number, ones, f->octets);
		else
			wire_number(&w, f->number, f->value);
		EXPECT_TEXT(sync_verdict(bytes, len + wr_used(&w)), f->verdict);
	}
}

UNIT_TESTS(codec_sync_drill) = {
	{"each step", each_step},
	{"octets of a tally", octets_of_a_tally},
	{"what is not sent", what_is_not_sent},
	{"what is not received", what_is_not_received},
	UNIT_TESTS_END,
};
