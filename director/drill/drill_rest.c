/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/drill/drill_rest.h"

#include "include/rd.h"
#include "include/wr.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t magic[8] = {'d', 'r', 'i', 'l', 'l', ' ', '1', '\n'};

enum { HEAD = sizeof(magic) + 1 + 2 * 4 + 6 * 8 };

uint8_t *drill_rest_pack(const struct drill *d, const struct control_drill *shown,
			 uint64_t let_go_us, uint64_t lost, size_t *ret_len)
{
	struct control_reply reply = {.has_drill = true, .drill = *shown};
	size_t len = 0;
	uint8_t *about = codec_pack_reply(&reply, &len);
	uint8_t *bytes = about ? malloc(HEAD + len) : NULL;
	struct wr w = wr_init(bytes, bytes ? HEAD + len : 0);

	if (bytes) {
		wr_bytes(&w, magic, sizeof(magic));
		wr_u8(&w, d->asked_here);
		wr_be32(&w, d->limit_ms);
		wr_be32(&w, d->within_us);
		wr_be64(&w, d->began_us);
		wr_be64(&w, let_go_us);
		wr_be64(&w, (uint64_t)d->ahead_us);
		wr_be64(&w, lost);
		wr_be64(&w, d->here.tally.flows_before);
		wr_be64(&w, d->here.tally.lag_us);
		wr_bytes(&w, about, len);
		*ret_len = w.used;
	}
	free(about);
	return bytes;
}

/* What it is about, and nothing else. */
static int take_about(struct rd *r, struct control_drill *ret)
{
	struct control_reply reply = {0};
	size_t size = 0;
	int code = codec_message_length(r->at, rd_left(r), DRILL_REST_MAX, &size);

	if (code < 0 || !size || size != rd_left(r))
		return -EBADMSG;
	code = codec_unpack_reply(r->at + CODEC_LENGTH, size - CODEC_LENGTH, &reply);
	if (code < 0)
		return code;
	if (!reply.has_drill || !drill_kind_by_name(reply.drill.kind))
		code = -EBADMSG;
	else
		*ret = reply.drill;
	control_reply_clear(&reply);
	return code;
}

static bool is_sound(const struct drill *d, uint64_t let_go_us)
{
	return d->limit_ms > 0 && d->limit_ms <= drill_limit_max_ms(d->kind) && d->within_us > 0 &&
	       d->began_us <= let_go_us;
}

int drill_rest_take(const uint8_t *bytes, size_t len, const struct drill_budget *budget,
		    uint64_t now_us, struct drill *ret, struct control_drill *ret_shown)
{
	struct rd r = rd_init(bytes, len);
	const uint8_t *start = rd_take(&r, sizeof(magic));
	struct drill d = {.state = DRILL_RUNNING, .yields_here = true, .yielded = true};
	struct control_drill shown = {0};
	uint8_t asked_here = rd_u8(&r);
	uint64_t let_go_us;
	int code;

	d.limit_ms = rd_be32(&r);
	d.within_us = rd_be32(&r);
	d.began_us = rd_be64(&r);
	let_go_us = rd_be64(&r);
	d.ahead_us = (int64_t)rd_be64(&r);
	d.here.lost = rd_be64(&r);
	d.here.tally.flows_before = rd_be64(&r);
	d.here.tally.lag_us = rd_be64(&r);
	if (!rd_ok(&r) || memcmp(start, magic, sizeof(magic)) != 0 || asked_here > 1)
		return -EBADMSG;
	code = take_about(&r, &shown);
	if (code < 0)
		return code;
	d.id = shown.id;
	d.kind = drill_kind_by_name(shown.kind);
	if (!is_sound(&d, let_go_us))
		return -EBADMSG;
	d.until_us = d.began_us + (uint64_t)d.limit_ms * 1000;
	if (now_us < let_go_us || now_us >= d.until_us + DRILL_REPORT_US)
		return -ESTALE;
	d.asked_here = asked_here;
	d.budget = *budget;
	d.here.tally.sight = SYNC_SIGHT_KILLED;
	d.here.tally.flows_after = SYNC_TALLY_UNKNOWN;
	d.here.n = 1;
	d.here.moments[0] = (struct sync_moment){.kind = SYNC_MOMENT_LET_GO, .at_us = let_go_us};
	*ret = d;
	*ret_shown = shown;
	return 0;
}
