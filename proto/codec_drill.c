/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proto/codec_drill.h"

#include "include/name.h"
#include "include/rd.h"
#include "include/wr.h"
#include "proto/codec_connections.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* --- out -------------------------------------------------------------------------------------- */

static void put_about(struct control_drill_about *from, Control__About *ret)
{
	control__about__init(ret);
	ret->at_ms = from->at_ms;
	ret->asked_on = from->asked_on;
	ret->asker = from->has_asker ? 1 + (uint64_t)from->uid : 0;
	ret->force = from->force;
	ret->limit = from->limit_ms;
	ret->max_gap = from->max_gap_ms;
	ret->max_lost = from->max_lost;
	ret->from_version = from->from.version;
	ret->from_config = from->from.config;
	ret->to_version = from->to.version;
	ret->to_config = from->to.config;
}

/* NULL: it tells nothing. */
static Control__Seen *put_seen(const struct sync_tally *from, Control__Seen *ret)
{
	if (from->sight == SYNC_SIGHT_UNTOLD)
		return NULL;
	control__seen__init(ret);
	ret->sight = from->sight;
	ret->stragglers = from->stragglers;
	ret->flows_before = from->flows_before;
	ret->flows_after = from->flows_after;
	ret->lag_us = from->lag_us;
	return ret;
}

Control__Drill *codec_put_control_drill(const struct control_drill *from, struct packed_drill *ret)
{
	struct wr w = wr_init(ret->moments, sizeof(ret->moments));
	Control__Drill *m = &ret->message;

	/* The generated strings are not const; packing does not change them. */
	struct control_drill *d = (struct control_drill *)from;

	control__drill__init(m);
	m->id = d->id;
	m->kind = d->kind;
	m->from = d->from;
	m->to = d->to;
	m->result = d->result;
	m->why = d->why;
	m->let_go = d->let_go;
	m->lost = d->lost;
	m->took_over = d->took_over;
	m->takeover_us = d->takeover_us;
	m->within = d->within_us;
	for (size_t i = 0; i < d->n; i++) {
		wr_u8(&w, d->moments[i].there);
		wr_u8(&w, d->moments[i].kind);
		wr_be64(&w, (uint64_t)d->moments[i].at_us);
	}
	m->moments = (ProtobufCBinaryData){.data = ret->moments, .len = wr_used(&w)};
	put_about(&d->about, &ret->about);
	m->about = &ret->about;
	m->number = d->number;
	m->again = d->again;
	m->again_ms = d->again_ms;
	m->back = d->back;
	m->back_us = d->back_us;
	m->back_why = d->back_why;
	m->vip = codec_address(&from->vip);
	m->port = d->port;
	m->gap = d->gap;
	m->gap_us = d->gap_us;
	m->from_seen = put_seen(&d->from_seen, &ret->from_seen);
	m->to_seen = put_seen(&d->to_seen, &ret->to_seen);
	return m;
}

/* --- in --------------------------------------------------------------------------------------- */

static bool is_moment(uint8_t kind)
{
	return (kind >= SYNC_MOMENT_LET_GO && kind <= SYNC_MOMENT_LAST) ||
	       (kind >= CONTROL_MOMENT_LAST_FRAME && kind <= CONTROL_MOMENT_LAST);
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
		if (there > 1 || !is_moment(moment->kind))
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

static bool take_seen(const Control__Seen *m, struct sync_tally *ret)
{
	if (!m)
		return true;
	if (m->sight < SYNC_SIGHT_FRAME || m->sight > SYNC_SIGHT_LAST ||
	    (m->stragglers && m->sight != SYNC_SIGHT_FRAME))
		return false;
	ret->sight = (uint8_t)m->sight;
	ret->stragglers = m->stragglers;
	ret->flows_before = m->flows_before;
	ret->flows_after = m->flows_after;
	ret->lag_us = m->lag_us;
	return true;
}

static bool take_text(const char *text, char *ret, size_t size)
{
	if (!text_is_printable(text, size))
		return false;
	strcpy(ret, text);
	return true;
}

static bool take_about(const Control__About *m, struct control_drill_about *ret)
{
	if (!m)
		return true;
	if (m->asker > 1 + (uint64_t)UINT32_MAX || m->limit > UINT32_MAX ||
	    m->max_gap > UINT32_MAX || m->max_lost > UINT32_MAX)
		return false;
	ret->at_ms = m->at_ms;
	ret->has_asker = m->asker > 0;
	ret->uid = (uint32_t)(m->asker ? m->asker - 1 : 0);
	ret->force = m->force;
	ret->limit_ms = (uint32_t)m->limit;
	ret->max_gap_ms = (uint32_t)m->max_gap;
	ret->max_lost = (uint32_t)m->max_lost;
	return take_text(m->asked_on, ret->asked_on, sizeof(ret->asked_on)) &&
	       take_text(m->from_version, ret->from.version, sizeof(ret->from.version)) &&
	       take_text(m->from_config, ret->from.config, sizeof(ret->from.config)) &&
	       take_text(m->to_version, ret->to.version, sizeof(ret->to.version)) &&
	       take_text(m->to_config, ret->to.config, sizeof(ret->to.config));
}

static bool take_texts(const Control__Drill *m, struct control_drill *ret)
{
	return take_text(m->kind, ret->kind, sizeof(ret->kind)) && ret->kind[0] &&
	       take_text(m->from, ret->from, sizeof(ret->from)) &&
	       take_text(m->to, ret->to, sizeof(ret->to)) &&
	       take_text(m->result, ret->result, sizeof(ret->result)) && ret->result[0] &&
	       take_text(m->why, ret->why, sizeof(ret->why));
}

static bool take_back(const Control__Drill *m, struct control_drill *ret)
{
	if (m->back > CONTROL_BACK_LAST || (m->back_us && m->back != CONTROL_BACK_ORDERLY) ||
	    (m->back_why[0] && m->back != CONTROL_BACK_NOT))
		return false;
	ret->back = (uint8_t)m->back;
	ret->back_us = m->back_us;
	return take_text(m->back_why, ret->back_why, sizeof(ret->back_why));
}

int codec_take_control_drill(const Control__Drill *m, struct control_drill *ret)
{
	struct control_drill d = {0};

	if (!m->id || (m->lost && !m->let_go) || (m->takeover_us && !m->took_over) ||
	    (m->again_ms && !m->again) || !take_texts(m, &d) || !take_moments(m, &d) ||
	    !take_about(m->about, &d.about) || !take_gap(m, &d) || !take_back(m, &d) ||
	    !take_seen(m->from_seen, &d.from_seen) || !take_seen(m->to_seen, &d.to_seen))
		return -EBADMSG;
	d.id = m->id;
	d.let_go = m->let_go;
	d.took_over = m->took_over;
	d.lost = m->lost;
	d.takeover_us = m->takeover_us;
	d.number = m->number;
	d.again = m->again;
	d.again_ms = m->again_ms;
	*ret = d;
	return 0;
}

/* --- those of the past ------------------------------------------------------------------------ */

struct packed_drills {
	struct packed_drill *drills;
	Control__Drill **list;
};

void packed_drills_free(struct packed_drills *p)
{
	if (!p)
		return;
	free(p->drills);
	free(p->list);
	free(p);
}

struct packed_drills *packed_drills_new(const struct control_reply *reply, Control__Reply *message)
{
	struct packed_drills *p = calloc(1, sizeof(*p));
	size_t n = reply->n_drills;

	if (!p)
		return NULL;
	p->drills = calloc(n + 1, sizeof(*p->drills));
	p->list = calloc(n + 1, sizeof(*p->list));
	if (!p->drills || !p->list) {
		packed_drills_free(p);
		return NULL;
	}
	for (size_t i = 0; i < n; i++)
		p->list[i] = codec_put_control_drill(&reply->drills[i], &p->drills[i]);
	message->n_drills = n;
	message->drills = p->list;
	return p;
}

int codec_take_drills(struct control_reply *reply, const Control__Reply *message)
{
	uint64_t before = 0;

	if (message->n_drills > CODEC_DRILLS_MAX)
		return -EBADMSG;
	if (!message->n_drills)
		return 0;
	reply->drills = calloc(message->n_drills, sizeof(*reply->drills));
	if (!reply->drills)
		return -ENOMEM;
	for (size_t i = 0; i < message->n_drills; i++) {
		struct control_drill *d = &reply->drills[i];
		int err = codec_take_control_drill(message->drills[i], d);

		if (err < 0 || d->number <= before)
			return -EBADMSG;
		before = d->number;
		reply->n_drills++;
	}
	return 0;
}
