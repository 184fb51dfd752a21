/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proto/codec_sync_drill.h"

#include "include/rd.h"
#include "include/wr.h"
#include "proto/codec_sync_text.h"

void codec_put_drill(const struct sync_drill *from,
		     uint8_t bytes[static SYNC_MOMENT_OCTETS * SYNC_MOMENTS_MAX], Sync__Drill *ret)
{
	struct wr w = wr_init(bytes, SYNC_MOMENT_OCTETS * SYNC_MOMENTS_MAX);

	for (size_t i = 0; i < from->n; i++) {
		wr_u8(&w, from->moments[i].kind);
		wr_be64(&w, from->moments[i].at_us);
	}
	ret->id = from->id;
	ret->step = from->step;
	ret->kind = from->kind;
	ret->force = from->force;
	ret->yields = from->asker_yields;
	ret->limit = from->limit_ms;
	ret->at = from->at_us;
	ret->heard = from->heard_us;
	ret->lost = from->lost;
	ret->moments = codec_borrow(bytes, wr_used(&w));
	ret->why = codec_borrow_text(from->why);
}

enum sync_reject codec_take_drill(const Sync__Drill *m, struct sync_drill *ret)
{
	struct rd r = rd_init(m->moments.data, m->moments.len);

	if (m->step > UINT8_MAX || m->kind > UINT8_MAX || m->force > 1 || m->yields > 1 ||
	    m->limit > UINT32_MAX)
		return SYNC_REJECT_NUMBER;
	if (m->moments.len % SYNC_MOMENT_OCTETS != 0)
		return SYNC_REJECT_SIZE;
	if (m->moments.len / SYNC_MOMENT_OCTETS > SYNC_MOMENTS_MAX)
		return SYNC_REJECT_ENTRIES;
	for (ret->n = 0; rd_left(&r) > 0; ret->n++) {
		ret->moments[ret->n].kind = rd_u8(&r);
		ret->moments[ret->n].at_us = rd_be64(&r);
	}
	ret->id = m->id;
	ret->step = (uint8_t)m->step;
	ret->kind = (uint8_t)m->kind;
	ret->force = m->force;
	ret->asker_yields = m->yields;
	ret->limit_ms = (uint32_t)m->limit;
	ret->at_us = m->at;
	ret->heard_us = m->heard;
	ret->lost = m->lost;
	return codec_take_text(&m->why, ret->why, sizeof(ret->why)) ? SYNC_REJECT_NONE
								    : SYNC_REJECT_TEXT;
}
