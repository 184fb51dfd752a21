/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A drill in a reply on the control socket: there and back, and what is none. */
#include "proto/codec.h"
#include "tests/unit/reply_wire.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

static struct control_drill sample(void)
{
	return (struct control_drill){
		.id = UINT64_MAX,
		.kind = "graceful",
		.from = "a-name_of_thirty-one-characters",
		.to = "b",
		.result = "missed",
		.why = "the takeover took 201 ms, max-gap is 200 ms",
		.let_go = true,
		.took_over = true,
		.lost = 7,
		.takeover_us = 200100,
		.within_us = 250,
		.n = 2,
		.moments = {{true, SYNC_MOMENT_LAST_ADVERT, -70000},
			    {false, SYNC_MOMENT_LAST, INT64_MAX}},
		.vip = {.family = AF_INET6, .bytes = {0xfd, 0x77}},
		.port = UINT16_MAX,
		.gap = DRILL_GAP_KNOWN,
		.gap_us = UINT64_MAX,
		.from_seen = {.sight = SYNC_SIGHT_FRAME,
			      .stragglers = UINT64_MAX,
			      .flows_before = 1,
			      .flows_after = SYNC_TALLY_UNKNOWN,
			      .lag_us = 2},
		.to_seen = {.sight = SYNC_SIGHT_LAST, .flows_after = 3},
		.about = {.at_ms = UINT64_MAX,
			  .asked_on = "b",
			  .has_asker = true,
			  .uid = UINT32_MAX,
			  .force = true,
			  .limit_ms = 600000,
			  .max_gap_ms = UINT32_MAX,
			  .max_lost = 9,
			  .from = {"0.1.0", "0123456789abcdef"},
			  .to = {"0.1.1", "a-text_of_thirty-five-characters_ab"}}};
}

/* What it is on the other side; or the error. */
static int there_and_back(const struct control_drill *d, struct control_drill *ret)
{
	struct control_reply reply = {.has_drill = true, .drill = *d}, got = {0};
	int err = reply_there_and_back(&reply, &got);

	if (!err) {
		CU_ASSERT(got.has_drill);
		*ret = got.drill;
	}
	control_reply_clear(&got);
	return err;
}

static void expect_same_about(const struct control_drill_about *got,
			      const struct control_drill_about *want)
{
	CU_ASSERT(got->at_ms == want->at_ms && got->has_asker == want->has_asker &&
		  got->uid == want->uid && got->force == want->force &&
		  got->limit_ms == want->limit_ms && got->max_gap_ms == want->max_gap_ms &&
		  got->max_lost == want->max_lost);
	EXPECT_TEXT(got->asked_on, want->asked_on);
	EXPECT_TEXT(got->from.version, want->from.version);
	EXPECT_TEXT(got->from.config, want->from.config);
	EXPECT_TEXT(got->to.version, want->to.version);
	EXPECT_TEXT(got->to.config, want->to.config);
}

static void expect_same_seen(const struct sync_tally *got, const struct sync_tally *want)
{
	EXPECT_INT(got->sight, want->sight);
	CU_ASSERT(got->frame_us == 0 && got->stragglers == want->stragglers &&
		  got->flows_before == want->flows_before &&
		  got->flows_after == want->flows_after && got->lag_us == want->lag_us);
}

static void expect_same(const struct control_drill *d)
{
	struct control_drill got = {0};

	EXPECT_INT(there_and_back(d, &got), 0);
	CU_ASSERT(got.id == d->id && got.lost == d->lost && got.takeover_us == d->takeover_us);
	CU_ASSERT(got.back == d->back && got.back_us == d->back_us);
	EXPECT_TEXT(got.back_why, d->back_why);
	CU_ASSERT(got.again == d->again && got.again_ms == d->again_ms);
	EXPECT_INT(got.within_us, d->within_us);
	EXPECT_INT(got.n, d->n);
	CU_ASSERT(addr_equal(&got.vip, &d->vip) && got.gap_us == d->gap_us);
	EXPECT_INT(got.port, d->port);
	EXPECT_INT(got.gap, d->gap);
	for (size_t i = 0; i < d->n; i++) {
		EXPECT_INT(got.moments[i].there, d->moments[i].there);
		EXPECT_INT(got.moments[i].kind, d->moments[i].kind);
		CU_ASSERT(got.moments[i].at_us == d->moments[i].at_us);
	}
	EXPECT_INT(got.let_go, d->let_go);
	EXPECT_INT(got.took_over, d->took_over);
	EXPECT_TEXT(got.kind, d->kind);
	EXPECT_TEXT(got.from, d->from);
	EXPECT_TEXT(got.to, d->to);
	EXPECT_TEXT(got.result, d->result);
	EXPECT_TEXT(got.why, d->why);
	expect_same_about(&got.about, &d->about);
	expect_same_seen(&got.from_seen, &d->from_seen);
	expect_same_seen(&got.to_seen, &d->to_seen);
}

static void a_drill_there_and_back(void)
{
	struct control_drill d = sample();

	expect_same(&d);
	memset(d.why, '~', sizeof(d.why) - 1);
	expect_same(&d);
	d.gap = DRILL_GAP_NO_NEW;
	d.gap_us = 0;
	expect_same(&d);
	d.moments[0].kind = CONTROL_MOMENT_LAST_FRAME;
	d.moments[1].kind = CONTROL_MOMENT_LAST;
	d.from_seen = (struct sync_tally){0};
	expect_same(&d);
	d = (struct control_drill){.id = 1, .kind = "graceful", .result = "open"};
	expect_same(&d);
	d.again = d.again_ms = UINT64_MAX;
	expect_same(&d);
}

static void the_way_back(void)
{
	struct control_drill d = sample(), got;

	d.back = CONTROL_BACK_ORDERLY;
	d.back_us = UINT64_MAX;
	expect_same(&d);
	d.back = CONTROL_BACK_ITSELF;
	EXPECT_INT(there_and_back(&d, &got), -EBADMSG);
	d.back_us = 0;
	expect_same(&d);
	strcpy(d.back_why, "why not");
	EXPECT_INT(there_and_back(&d, &got), -EBADMSG);
	d.back = CONTROL_BACK_NOT;
	expect_same(&d);
	d.back_why[0] = '\n';
	EXPECT_INT(there_and_back(&d, &got), -EBADMSG);
	d.back_why[0] = '\0';
	d.back = CONTROL_BACK_LAST + 1;
	EXPECT_INT(there_and_back(&d, &got), -EBADMSG);
}

static void what_is_no_drill(void)
{
	struct control_drill d = sample(), got;

	d.id = 0;
	EXPECT_INT(there_and_back(&d, &got), -EBADMSG);
	d = sample();
	d.again_ms = 1;
	EXPECT_INT(there_and_back(&d, &got), -EBADMSG);
	d = sample();
	d.kind[0] = '\0';
	EXPECT_INT(there_and_back(&d, &got), -EBADMSG);
	d = sample();
	d.result[0] = '\0';
	EXPECT_INT(there_and_back(&d, &got), -EBADMSG);
	d = sample();
	d.why[0] = '\n';
	EXPECT_INT(there_and_back(&d, &got), -EBADMSG);
	d = sample();
	d.to[0] = '\x7f';
	EXPECT_INT(there_and_back(&d, &got), -EBADMSG);
	d = sample();
	d.let_go = false;
	EXPECT_INT(there_and_back(&d, &got), -EBADMSG);
	d = sample();
	d.moments[1].kind = 0;
	EXPECT_INT(there_and_back(&d, &got), -EBADMSG);
	d = sample();
	d.moments[0].kind = SYNC_MOMENT_LAST + 1;
	EXPECT_INT(there_and_back(&d, &got), -EBADMSG);
	d = sample();
	d.moments[0].kind = CONTROL_MOMENT_LAST_FRAME - 1;
	EXPECT_INT(there_and_back(&d, &got), -EBADMSG);
	d = sample();
	d.moments[0].kind = CONTROL_MOMENT_LAST + 1;
	EXPECT_INT(there_and_back(&d, &got), -EBADMSG);
	d = sample();
	d.to_seen.sight = SYNC_SIGHT_LAST + 1;
	EXPECT_INT(there_and_back(&d, &got), -EBADMSG);
	d = sample();
	d.to_seen.stragglers = 1;
	EXPECT_INT(there_and_back(&d, &got), -EBADMSG);
	d = sample();
	d.port = 0;
	EXPECT_INT(there_and_back(&d, &got), -EBADMSG);
	d = sample();
	d.vip = (struct addr){0};
	EXPECT_INT(there_and_back(&d, &got), -EBADMSG);
	d = sample();
	d.gap = DRILL_GAP_NO_OLD; /* and yet known */
	EXPECT_INT(there_and_back(&d, &got), -EBADMSG);
	d.gap_us = 0;
	d.gap = CONTROL_GAP_LAST + 1;
	EXPECT_INT(there_and_back(&d, &got), -EBADMSG);
	d = sample();
	d.took_over = false;
	EXPECT_INT(there_and_back(&d, &got), -EBADMSG);
	d = sample();
	d.about.to.config[3] = '\n';
	EXPECT_INT(there_and_back(&d, &got), -EBADMSG);
	d = sample();
	d.about.from.version[0] = '\x1b';
	EXPECT_INT(there_and_back(&d, &got), -EBADMSG);
}

/* By hand, for it is longer than its field: id 1, kind "graceful", a result of n octets. */
static int result_of(size_t n)
{
	uint8_t bytes[64] = {
		0x3a, (uint8_t)(14 + n), 0x08, 1, 0x12, 8, 'g', 'r', 'a', 'c', 'e', 'f', 'u', 'l',
		0x2a, (uint8_t)n};
	struct control_reply got = {0};
	int err;

	memset(bytes + 16, 'x', n);
	err = codec_unpack_reply(bytes, 16 + n, &got);
	if (!err)
		EXPECT_INT(strlen(got.drill.result), n);
	control_reply_clear(&got);
	return err;
}

static void a_text_and_its_room(void)
{
	EXPECT_INT(result_of(STATUS_WORD - 1), 0);
	EXPECT_INT(result_of(STATUS_WORD), -EBADMSG);
	EXPECT_INT(result_of(40), -EBADMSG);
}

UNIT_TESTS(codec_drill) = {
	{"a drill, there and back", a_drill_there_and_back},
	{"the way back", the_way_back},
	{"what is no drill", what_is_no_drill},
	{"a text and its room", a_text_and_its_room},
	UNIT_TESTS_END,
};
