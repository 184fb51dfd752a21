/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proto/codec_sync_facts.h"

#include "include/rd.h"
#include "include/wr.h"
#include "proto/codec_sync_text.h"

#include <string.h>

/* --- there ------------------------------------------------------------------------------------ */

/* Where 0 stands for nothing, each number is one more than it is. */
static uint64_t or_nothing(bool there, uint64_t value)
{
	return there ? value + 1 : 0;
}

void codec_put_order(const struct sync_order *from, Sync__Order *ret)
{
	ret->epoch = from->epoch;
	ret->farm = codec_borrow_text(from->farm);
	ret->backend = codec_borrow_text(from->backend);
	ret->state = from->state;
	ret->configured_state = from->configured_state;
	ret->weight = or_nothing(from->has_weight, from->weight);
	ret->configured_weight = or_nothing(from->has_weight, from->configured_weight);
	ret->left = from->left_ms;
	ret->drain = from->drain_ms;
}

static bool somebody_is_slow(const struct sync_facts *f)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->facts[i].percent)
			return true;
	return false;
}

/* Behind what is in bytes already. */
static ProtobufCBinaryData put_slow(const struct sync_facts *from, struct wr *w, uint8_t *bytes)
{
	size_t begin = wr_used(w);

	for (size_t i = 0; i < from->n; i++)
		wr_u8(w, from->facts[i].percent);
	return codec_borrow(bytes + begin, wr_used(w) - begin);
}

static void put_name(struct wr *w, const char *name)
{
	size_t len = strlen(name);

	wr_u8(w, (uint8_t)len);
	wr_bytes(w, name, len);
}

void codec_put_facts(const struct sync_facts *from,
		     uint8_t bytes[static SYNC_FACT_OCTETS * SYNC_FACTS_MAX], Sync__Facts *ret)
{
	struct wr w = wr_init(bytes, SYNC_FACT_OCTETS * SYNC_FACTS_MAX);

	for (size_t i = 0; i < from->n; i++) {
		const struct sync_fact *f = &from->facts[i];

		put_name(&w, f->backend);
		wr_be16(&w, f->weight);
		wr_u8(&w, f->admin);
		wr_u8(&w, f->health);
	}
	ret->sequence = from->sequence;
	ret->epoch = from->epoch;
	ret->farm = codec_borrow_text(from->farm);
	ret->facts = codec_borrow(bytes, wr_used(&w));
	if (somebody_is_slow(from))
		ret->slow = put_slow(from, &w, bytes);
	ret->phase = from->phase;
	ret->buckets = from->buckets;
	ret->learned = from->learned;
	ret->relearns = from->relearns;
	ret->since = from->since_ms;
	ret->unlearned = or_nothing(from->unlearned_ms != SYNC_AGO_NEVER, from->unlearned_ms);
	ret->accepted = or_nothing(from->accepted_ms != SYNC_AGO_NEVER, from->accepted_ms);
}

void codec_put_buckets(const struct sync_buckets *from,
		       uint8_t bytes[static SYNC_BUCKET_OCTETS * SYNC_BUCKETS_MAX],
		       Sync__Buckets *ret)
{
	struct wr w = wr_init(bytes, SYNC_BUCKET_OCTETS * SYNC_BUCKETS_MAX);

	for (size_t i = 0; i < from->n; i++) {
		wr_be16(&w, from->buckets[i].owner);
		wr_be16(&w, from->buckets[i].home);
		wr_be16(&w, from->buckets[i].moved);
	}
	ret->farm = codec_borrow_text(from->farm);
	ret->first = from->first;
	ret->owners = codec_borrow(bytes, wr_used(&w));
}

void codec_put_views(const struct sync_views *from,
		     uint8_t bytes[static SYNC_VIEW_OCTETS * SYNC_FACTS_MAX], Sync__Views *ret)
{
	struct wr w = wr_init(bytes, SYNC_VIEW_OCTETS * SYNC_FACTS_MAX);

	for (size_t i = 0; i < from->n; i++) {
		const struct sync_view *v = &from->views[i];

		put_name(&w, v->backend);
		wr_u8(&w, v->state);
		wr_u8(&w, v->outcome);
		wr_be32(&w, v->since_s);
	}
	ret->farm = codec_borrow_text(from->farm);
	ret->views = codec_borrow(bytes, wr_used(&w));
}

/* --- back ------------------------------------------------------------------------------------- */

static bool take_bool(uint64_t value, bool *ret)
{
	*ret = value == 1;
	return value <= 1;
}

static bool take_weight(uint64_t value, uint16_t *ret)
{
	*ret = value ? (uint16_t)(value - 1) : 0;
	return value <= (uint64_t)UINT16_MAX + 1;
}

enum sync_reject codec_take_order(const Sync__Order *m, struct sync_order *ret)
{
	if (!codec_take_text(&m->farm, ret->farm, sizeof(ret->farm)) ||
	    !codec_take_text(&m->backend, ret->backend, sizeof(ret->backend)))
		return SYNC_REJECT_NAME;
	if (m->state > SYNC_DISABLED || m->configured_state > SYNC_DISABLED ||
	    !take_weight(m->weight, &ret->weight) ||
	    !take_weight(m->configured_weight, &ret->configured_weight) ||
	    !m->weight != !m->configured_weight)
		return SYNC_REJECT_NUMBER;
	ret->epoch = m->epoch;
	ret->has_state = m->state != 0;
	ret->has_weight = m->weight != 0;
	ret->state = (uint8_t)m->state;
	ret->configured_state = (uint8_t)m->configured_state;
	ret->left_ms = m->left;
	ret->drain_ms = m->drain;
	return SYNC_REJECT_NONE;
}

/* A name of a list; one that is too long, or has a NUL in it, becomes "", which nothing is called. */
static void take_name(struct rd *r, char ret[static SYNC_NAME_LEN])
{
	size_t len = rd_u8(r);
	const uint8_t *bytes = rd_take(r, len);

	memset(ret, 0, SYNC_NAME_LEN);
	if (bytes && len < SYNC_NAME_LEN && !memchr(bytes, '\0', len))
		memcpy(ret, bytes, len);
}

static enum sync_reject take_list(const ProtobufCBinaryData *data, struct sync_facts *ret)
{
	struct rd r = rd_init(data->data, data->len);

	for (ret->n = 0; rd_ok(&r) && rd_left(&r) > 0; ret->n++) {
		struct sync_fact *f = &ret->facts[ret->n];

		if (ret->n == SYNC_FACTS_MAX)
			return SYNC_REJECT_ENTRIES;
		take_name(&r, f->backend);
		f->weight = rd_be16(&r);
		f->admin = rd_u8(&r);
		f->health = rd_u8(&r);
	}
	return rd_ok(&r) ? SYNC_REJECT_NONE : SYNC_REJECT_SIZE;
}

static enum sync_reject take_slow(const ProtobufCBinaryData *data, struct sync_facts *ret)
{
	if (data->len && data->len != ret->n)
		return SYNC_REJECT_SIZE;
	for (size_t i = 0; i < ret->n; i++)
		ret->facts[i].percent = data->len ? data->data[i] : 0;
	return SYNC_REJECT_NONE;
}

static uint64_t ago(uint64_t value)
{
	return value ? value - 1 : SYNC_AGO_NEVER;
}

enum sync_reject codec_take_facts(const Sync__Facts *m, struct sync_facts *ret)
{
	enum sync_reject reject;

	if (!codec_take_text(&m->farm, ret->farm, sizeof(ret->farm)))
		return SYNC_REJECT_NAME;
	if (m->phase > SYNC_PHASE_LAST || m->buckets > SYNC_TABLE_MAX ||
	    !take_bool(m->learned, &ret->learned) || !take_bool(m->relearns, &ret->relearns))
		return SYNC_REJECT_NUMBER;
	ret->sequence = m->sequence;
	ret->epoch = m->epoch;
	ret->phase = (uint8_t)m->phase;
	ret->buckets = (uint32_t)m->buckets;
	ret->since_ms = m->since;
	ret->unlearned_ms = ago(m->unlearned);
	ret->accepted_ms = ago(m->accepted);
	reject = take_list(&m->facts, ret);
	return reject != SYNC_REJECT_NONE ? reject : take_slow(&m->slow, ret);
}

enum sync_reject codec_take_buckets(const Sync__Buckets *m, struct sync_buckets *ret)
{
	struct rd r = rd_init(m->owners.data, m->owners.len);

	if (!codec_take_text(&m->farm, ret->farm, sizeof(ret->farm)))
		return SYNC_REJECT_NAME;
	if (m->owners.len % SYNC_BUCKET_OCTETS != 0)
		return SYNC_REJECT_SIZE;
	if (m->owners.len / SYNC_BUCKET_OCTETS > SYNC_BUCKETS_MAX)
		return SYNC_REJECT_ENTRIES;
	if (m->first >= SYNC_TABLE_MAX)
		return SYNC_REJECT_NUMBER;
	ret->first = (uint32_t)m->first;
	for (ret->n = 0; rd_left(&r) > 0; ret->n++) {
		struct sync_bucket *b = &ret->buckets[ret->n];

		b->owner = rd_be16(&r);
		b->home = rd_be16(&r);
		b->moved = rd_be16(&r);
	}
	return SYNC_REJECT_NONE;
}

enum sync_reject codec_take_views(const Sync__Views *m, struct sync_views *ret)
{
	struct rd r = rd_init(m->views.data, m->views.len);

	if (!codec_take_text(&m->farm, ret->farm, sizeof(ret->farm)))
		return SYNC_REJECT_NAME;
	for (ret->n = 0; rd_ok(&r) && rd_left(&r) > 0; ret->n++) {
		struct sync_view *v = &ret->views[ret->n];

		if (ret->n == SYNC_FACTS_MAX)
			return SYNC_REJECT_ENTRIES;
		take_name(&r, v->backend);
		v->state = rd_u8(&r);
		v->outcome = rd_u8(&r);
		v->since_s = rd_be32(&r);
	}
	return rd_ok(&r) ? SYNC_REJECT_NONE : SYNC_REJECT_SIZE;
}
