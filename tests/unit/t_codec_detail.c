/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proto/codec.h"

#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct control_reply sample(size_t checks, size_t changes)
{
	struct control_reply r = {.has_detail = true};
	struct backend_detail *d = &r.detail;

	d->since_ms = 1764266400000;
	d->checks = calloc(checks + 1, sizeof(*d->checks));
	d->changes = calloc(changes + 1, sizeof(*d->changes));
	CU_ASSERT_FATAL(d->checks && d->changes);
	d->n_checks = checks;
	d->n_changes = changes;
	for (size_t i = 0; i < checks; i++) {
		struct detail_check *c = &d->checks[i];

		*c = (struct detail_check){.name = "web",
					   .type = "http",
					   .target = "10.77.0.100 port 80",
					   .state = "ailing",
					   .outcome = "status",
					   .text = "answers with status 503 instead of 200",
					   .took_us = 1500 + i,
					   .age_ms = STATUS_UNKNOWN,
					   .since_ms = 70000,
					   .interval_ms = 2000};
	}
	for (size_t i = 0; i < changes; i++)
		d->changes[i] = (struct detail_change){
			.at_ms = 1764266400000 - i, .from = "up", .to = "down", .reason = "silent"};
	return r;
}

/* There and back: 0 with what came in *got, or the error. */
static int carry(const struct control_reply *reply, struct control_reply *got)
{
	size_t len = 0;
	uint8_t *bytes = codec_pack_reply(reply, &len);
	int code;

	CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
	code = codec_unpack_reply(bytes + CODEC_LENGTH, len - CODEC_LENGTH, got);
	free(bytes);
	return code;
}

static void there_and_back(void)
{
	struct control_reply r = sample(3, 2), got;

	CU_ASSERT_FATAL(carry(&r, &got) == 0);
	CU_ASSERT_FATAL(got.has_detail);
	EXPECT_INT(got.detail.since_ms, r.detail.since_ms);
	CU_ASSERT_FATAL(got.detail.n_checks == 3 && got.detail.n_changes == 2);
	CU_ASSERT(memcmp(got.detail.checks, r.detail.checks, 3 * sizeof(*r.detail.checks)) == 0);
	CU_ASSERT(memcmp(got.detail.changes, r.detail.changes, 2 * sizeof(*r.detail.changes)) == 0);
	control_reply_clear(&got);
	control_reply_clear(&r);
}

static void without_checks_and_changes(void)
{
	struct control_reply r = sample(0, 0), got;

	CU_ASSERT_FATAL(carry(&r, &got) == 0);
	CU_ASSERT(got.has_detail && !got.detail.n_checks && !got.detail.n_changes);
	control_reply_clear(&got);
	control_reply_clear(&r);
}

static void more_than_there_can_be(void)
{
	struct control_reply r = sample(DETAIL_CHECKS_MAX, DETAIL_CHANGES_MAX), got;

	CU_ASSERT_FATAL(carry(&r, &got) == 0);
	control_reply_clear(&got);
	control_reply_clear(&r);
	r = sample(DETAIL_CHECKS_MAX + 1, 0);
	EXPECT_INT(carry(&r, &got), -EBADMSG);
	control_reply_clear(&r);
	r = sample(0, DETAIL_CHANGES_MAX + 1);
	EXPECT_INT(carry(&r, &got), -EBADMSG);
	control_reply_clear(&r);
}

/* What goes to a terminal comes from backends, too. */
static void what_cannot_be_printed(void)
{
	struct control_reply r = sample(1, 1), got;

	strcpy(r.detail.checks[0].text, "\033[2J");
	EXPECT_INT(carry(&r, &got), -EBADMSG);
	strcpy(r.detail.checks[0].text, "well");
	strcpy(r.detail.changes[0].reason, "a\nb");
	EXPECT_INT(carry(&r, &got), -EBADMSG);
	control_reply_clear(&r);
}

UNIT_TESTS(codec_detail) = {
	{"there and back", there_and_back},
	{"without checks and changes", without_checks_and_changes},
	{"more than there can be", more_than_there_can_be},
	{"what cannot be printed", what_cannot_be_printed},
	UNIT_TESTS_END,
};
