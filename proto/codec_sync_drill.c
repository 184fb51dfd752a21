/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proto/codec_sync_drill.h"

#include "include/rd.h"
#include "include/wr.h"
#include "proto/codec_sync_text.h"

#include <string.h>
#include <sys/socket.h>

static void put_probe(const struct sync_drill *from, struct codec_drill_octets *octets,
		      Sync__Drill *ret)
{
	static const struct mac none;
	struct wr w = wr_init(octets->probe, sizeof(octets->probe));

	if (from->vip.family) {
		wr_bytes(&w, from->vip.bytes, addr_len(&from->vip));
		wr_be16(&w, from->port);
		ret->probe = codec_borrow(octets->probe, wr_used(&w));
	}
	if (!mac_equal(&from->mac, &none))
		ret->mac = codec_borrow(from->mac.bytes, MAC_LEN);
	w = wr_init(octets->spans, sizeof(octets->spans));
	for (size_t i = 0; i < from->n_spans; i++) {
		wr_u8(&w, from->spans[i].good);
		wr_be64(&w, from->spans[i].first_us);
		wr_be64(&w, from->spans[i].last_us);
	}
	ret->spans = codec_borrow(octets->spans, wr_used(&w));
}

static void put_tally(const struct sync_tally *from, struct codec_drill_octets *octets,
		      Sync__Drill *ret)
{
	struct wr w = wr_init(octets->tally, sizeof(octets->tally));

	if (from->sight == SYNC_SIGHT_UNTOLD)
		return;
	wr_u8(&w, from->sight);
	wr_be64(&w, from->frame_us);
	wr_be64(&w, from->stragglers);
	wr_be64(&w, from->flows_before);
	wr_be64(&w, from->flows_after);
	wr_be64(&w, from->lag_us);
	ret->tally = codec_borrow(octets->tally, wr_used(&w));
}

void codec_put_drill(const struct sync_drill *from, struct codec_drill_octets *octets,
		     Sync__Drill *ret)
{
	struct wr w = wr_init(octets->moments, sizeof(octets->moments));

	for (size_t i = 0; i < from->n; i++) {
		wr_u8(&w, from->moments[i].kind);
		wr_be64(&w, from->moments[i].at_us);
	}
	put_probe(from, octets, ret);
	put_tally(&from->tally, octets, ret);
	ret->id = from->id;
	ret->step = from->step;
	ret->kind = from->kind;
	ret->force = from->force;
	ret->yields = from->asker_yields;
	ret->limit = from->limit_ms;
	ret->at = from->at_us;
	ret->heard = from->heard_us;
	ret->lost = from->lost;
	ret->moments = codec_borrow(octets->moments, wr_used(&w));
	ret->why = codec_borrow_text(from->why);
	ret->version = codec_borrow_text(from->version);
	ret->config = codec_borrow_text(from->config);
}

static enum sync_reject take_spans(const ProtobufCBinaryData *data, struct sync_drill *ret)
{
	struct rd r = rd_init(data->data, data->len);

	if (data->len % SYNC_SPAN_OCTETS != 0)
		return SYNC_REJECT_SIZE;
	if (data->len / SYNC_SPAN_OCTETS > SYNC_SPANS_MAX)
		return SYNC_REJECT_ENTRIES;
	for (ret->n_spans = 0; rd_left(&r) > 0; ret->n_spans++) {
		struct sync_span *span = &ret->spans[ret->n_spans];
		uint8_t good = rd_u8(&r);

		if (good > 1)
			return SYNC_REJECT_NUMBER;
		span->good = good;
		span->first_us = rd_be64(&r);
		span->last_us = rd_be64(&r);
	}
	return SYNC_REJECT_NONE;
}

/* Whom it is about, and by whose MAC. */
static enum sync_reject take_probe(const Sync__Drill *m, struct sync_drill *ret)
{
	struct rd probe = rd_init(m->probe.data, m->probe.len);
	struct addr vip = {0};

	ret->port = 0;
	ret->mac = (struct mac){0};
	if ((m->probe.len && m->probe.len != 4 + 2 && m->probe.len != 16 + 2) ||
	    (m->mac.len && m->mac.len != MAC_LEN))
		return SYNC_REJECT_SIZE;
	if (m->probe.len)
		vip.family = m->probe.len == 4 + 2 ? AF_INET : AF_INET6;
	if (m->probe.len) {
		memcpy(vip.bytes, rd_take(&probe, addr_len(&vip)), addr_len(&vip));
		ret->port = rd_be16(&probe);
	}
	ret->vip = vip;
	if (m->mac.len)
		memcpy(ret->mac.bytes, m->mac.data, MAC_LEN);
	return take_spans(&m->spans, ret);
}

static enum sync_reject take_tally(const ProtobufCBinaryData *data, struct sync_tally *ret)
{
	struct rd r = rd_init(data->data, data->len);

	*ret = (struct sync_tally){0};
	if (!data->len)
		return SYNC_REJECT_NONE;
	if (data->len != SYNC_TALLY_OCTETS)
		return SYNC_REJECT_SIZE;
	ret->sight = rd_u8(&r);
	ret->frame_us = rd_be64(&r);
	ret->stragglers = rd_be64(&r);
	ret->flows_before = rd_be64(&r);
	ret->flows_after = rd_be64(&r);
	ret->lag_us = rd_be64(&r);
	return ret->sight ? SYNC_REJECT_NONE : SYNC_REJECT_NUMBER;
}

enum sync_reject codec_take_drill(const Sync__Drill *m, struct sync_drill *ret)
{
	struct rd r = rd_init(m->moments.data, m->moments.len);
	enum sync_reject bad;

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
	if (!codec_take_text(&m->why, ret->why, sizeof(ret->why)) ||
	    !codec_take_text(&m->version, ret->version, sizeof(ret->version)) ||
	    !codec_take_text(&m->config, ret->config, sizeof(ret->config)))
		return SYNC_REJECT_TEXT;
	bad = take_tally(&m->tally, &ret->tally);
	return bad == SYNC_REJECT_NONE ? take_probe(m, ret) : bad;
}
