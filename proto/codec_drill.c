/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proto/codec_drill.h"

#include "include/name.h"
#include "include/rd.h"
#include "include/wr.h"
#include "proto/codec_connections.h"

#include <errno.h>
#include <string.h>

void codec_put_control_drill(const struct control_drill *from,
			     uint8_t bytes[static CONTROL_MOMENT_OCTETS * CONTROL_MOMENTS],
			     Control__Drill *ret)
{
	struct wr w = wr_init(bytes, CONTROL_MOMENT_OCTETS * CONTROL_MOMENTS);

	/* The generated strings are not const; packing does not change them. */
	struct control_drill *d = (struct control_drill *)from;

	ret->id = d->id;
	ret->kind = d->kind;
	ret->from = d->from;
	ret->to = d->to;
	ret->result = d->result;
	ret->why = d->why;
	ret->let_go = d->let_go;
	ret->lost = d->lost;
	ret->took_over = d->took_over;
	ret->takeover_us = d->takeover_us;
	ret->within = d->within_us;
	for (size_t i = 0; i < d->n; i++) {
		wr_u8(&w, d->moments[i].there);
		wr_u8(&w, d->moments[i].kind);
		wr_be64(&w, (uint64_t)d->moments[i].at_us);
	}
	ret->moments = (ProtobufCBinaryData){.data = bytes, .len = wr_used(&w)};
	ret->vip = codec_address(&from->vip);
	ret->port = d->port;
	ret->gap = d->gap;
	ret->gap_us = d->gap_us;
}

static bool take_moments(const Control__Drill *m, struct control_drill *ret)
{
	struct rd r = rd_init(m->moments.data, m->moments.len);

	if (m->moments.len % CONTROL_MOMENT_OCTETS != 0 ||
	    m->moments.len / CONTROL_MOMENT_OCTETS > CONTROL_MOMENTS || m->within > UINT32_MAX)
		return false;
	for (ret->n = 0; rd_left(&r) > 0; ret->n++) {
		struct control_moment *moment = &ret->moments[ret->n];
		uint8_t there = rd_u8(&r);

		moment->there = there;
		moment->kind = rd_u8(&r);
		moment->at_us = (int64_t)rd_be64(&r);
		if (there > 1 || moment->kind < SYNC_MOMENT_LET_GO ||
		    moment->kind > SYNC_MOMENT_LAST)
			return false;
	}
	ret->within_us = (uint32_t)m->within;
	return true;
}

static bool take_gap(const Control__Drill *m, struct control_drill *ret)
{
	if (!codec_is_address(&m->vip, true, true) || !m->vip.len != !m->port ||
	    m->port > UINT16_MAX || m->gap > CONTROL_GAP_LAST || (m->gap && !m->vip.len) ||
	    (m->gap_us && (m->gap || !m->vip.len)))
		return false;
	ret->vip = codec_take_address(&m->vip);
	ret->port = (uint16_t)m->port;
	ret->gap = (uint8_t)m->gap;
	ret->gap_us = m->gap_us;
	return true;
}

int codec_take_control_drill(const Control__Drill *m, struct control_drill *ret)
{
	struct control_drill d = {0};

	if (!m->id || !m->kind[0] || !m->result[0] ||
	    !text_is_printable(m->kind, sizeof(ret->kind)) ||
	    !text_is_printable(m->from, sizeof(ret->from)) ||
	    !text_is_printable(m->to, sizeof(ret->to)) ||
	    !text_is_printable(m->result, sizeof(ret->result)) ||
	    !text_is_printable(m->why, sizeof(ret->why)) || (m->lost && !m->let_go) ||
	    (m->takeover_us && !m->took_over))
		return -EBADMSG;
	if (!take_moments(m, &d) || !take_gap(m, &d))
		return -EBADMSG;
	d.id = m->id;
	d.let_go = m->let_go;
	d.took_over = m->took_over;
	d.lost = m->lost;
	d.takeover_us = m->takeover_us;
	*ret = d;
	strcpy(ret->kind, m->kind);
	strcpy(ret->from, m->from);
	strcpy(ret->to, m->to);
	strcpy(ret->result, m->result);
	strcpy(ret->why, m->why);
	return 0;
}
