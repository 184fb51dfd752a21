/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proto/codec_sync.h"

#include "include/rd.h"
#include "proto/codec_sync_drill.h"
#include "proto/codec_sync_facts.h"
#include "proto/codec_sync_flows.h"
#include "proto/codec_sync_text.h"
#include "proto/sync_rules.h"

#include <string.h>
#include <sys/socket.h>

enum { OPTIONAL_FIELD = 100 }; /* the first one that may be skipped */

/* --- memory ----------------------------------------------------------------------------------- */

/*
 * All that protobuf-c takes for one message lies here, one piece behind the other, and ends with it.
 * What asks for more is refused.
 */
struct arena {
	ProtobufCAllocator allocator;
	size_t size, used;
	bool full;
	_Alignas(max_align_t) uint8_t bytes[SYNC_MEMORY_MAX];
};

static void *arena_alloc(void *data, size_t size)
{
	struct arena *a = data;
	void *piece = a->bytes + a->used;

	if (size > a->size - a->used) {
		a->full = true;
		return NULL;
	}
	/* Rounded up to what anything may be aligned to, and never beyond the end. */
	size = (size + _Alignof(max_align_t) - 1) / _Alignof(max_align_t) * _Alignof(max_align_t);
	a->used = size < a->size - a->used ? a->used + size : a->size;
	return piece;
}

static void arena_free(void *data, void *pointer)
{
	(void)data;
	(void)pointer;
}

static void arena_init(struct arena *a, size_t size)
{
	a->allocator =
		(ProtobufCAllocator){.alloc = arena_alloc, .free = arena_free, .allocator_data = a};
	a->size = size;
	a->used = 0;
	a->full = false;
}

/* --- back ------------------------------------------------------------------------------------- */

static bool take_exactly(const ProtobufCBinaryData *data, uint8_t *ret, size_t size)
{
	if (data->len != size)
		return false;
	memcpy(ret, data->data, size);
	return true;
}

static enum sync_reject take_hello(const Sync__Hello *m, struct sync_hello *ret)
{
	if (!take_exactly(&m->session, ret->session, sizeof(ret->session)) ||
	    !take_exactly(&m->config_digest, ret->config_digest, sizeof(ret->config_digest)))
		return SYNC_REJECT_SIZE;
	ret->epoch = m->epoch;
	ret->known_epoch = m->known_epoch;
	ret->known_sequence = m->known_sequence;
	return codec_take_text(&m->node, ret->node, sizeof(ret->node)) ? SYNC_REJECT_NONE
								       : SYNC_REJECT_NAME;
}

static enum sync_reject take_name(const Sync__Name *m, struct sync_name *ret)
{
	if (m->number > UINT16_MAX)
		return SYNC_REJECT_NUMBER;
	ret->number = (uint16_t)m->number;
	return codec_take_text(&m->farm, ret->farm, sizeof(ret->farm)) &&
			       codec_take_text(&m->backend, ret->backend, sizeof(ret->backend))
		       ? SYNC_REJECT_NONE
		       : SYNC_REJECT_NAME;
}

/* Of an IP version; 0: of none. */
static uint8_t family_of(uint8_t version)
{
	return version == 4 ? AF_INET : version == 6 ? AF_INET6 : 0;
}

static enum sync_reject take_ack(const Sync__Ack *m, struct sync_ack *ret)
{
	if (m->current > 1)
		return SYNC_REJECT_NUMBER;
	*ret = (struct sync_ack){
		.sequence = m->sequence, .current = m->current == 1, .unknown = m->unknown};
	return SYNC_REJECT_NONE;
}

static enum sync_reject take_domain(const ProtobufCBinaryData *routers, struct sync_domain *ret)
{
	struct rd r = rd_init(routers->data, routers->len);

	if (routers->len % SYNC_ROUTER_OCTETS != 0)
		return SYNC_REJECT_SIZE;
	if (routers->len / SYNC_ROUTER_OCTETS > SYNC_ROUTERS_MAX)
		return SYNC_REJECT_ENTRIES;
	for (ret->n = 0; rd_left(&r) > 0; ret->n++) {
		ret->routers[ret->n].section = rd_be32(&r);
		ret->routers[ret->n].family = family_of(rd_u8(&r));
	}
	return SYNC_REJECT_NONE;
}

static enum sync_reject take_snapshot(const Sync__Snapshot *m, struct sync_snapshot *ret)
{
	if (m->step > SYNC_SNAPSHOT_END || m->id > UINT32_MAX)
		return SYNC_REJECT_NUMBER;
	ret->step = (uint8_t)m->step;
	ret->id = (uint32_t)m->id;
	ret->sequence = m->sequence;
	ret->total = m->total;
	return take_domain(&m->routers, &ret->domain);
}

static enum sync_reject take_digest(const Sync__Digest *m, struct sync_digest *ret)
{
	ret->sequence = m->sequence;
	ret->flows = m->flows;
	ret->pins = m->pins;
	ret->flows_sum = m->flows_sum;
	ret->pins_sum = m->pins_sum;
	ret->wall_ms = m->wall;
	return take_domain(&m->routers, &ret->domain);
}

static enum sync_reject take_bye(const Sync__Bye *m, struct sync_bye *ret)
{
	return codec_take_text(&m->why, ret->why, sizeof(ret->why)) ? SYNC_REJECT_NONE
								    : SYNC_REJECT_TEXT;
}

static enum sync_reject take_config(const Sync__Config *m, struct sync_config *ret)
{
	if (m->step > SYNC_CONFIG_LINES || m->last > 1)
		return SYNC_REJECT_NUMBER;
	ret->step = (uint8_t)m->step;
	ret->last = m->last == 1;
	ret->sum = m->sum;
	if (!codec_take_text(&m->name, ret->name, sizeof(ret->name)))
		return SYNC_REJECT_NAME;
	return codec_take_text(&m->lines, ret->lines, sizeof(ret->lines)) ? SYNC_REJECT_NONE
									  : SYNC_REJECT_TEXT;
}

static enum sync_reject take_provisional(const Sync__Provisional *m, struct sync_provisional *ret)
{
	if (m->step > SYNC_PROVISIONAL_LAST || m->limit > SYNC_PROVISIONAL_MAX_MS)
		return SYNC_REJECT_NUMBER;
	*ret = (struct sync_provisional){
		.id = m->id, .step = (uint8_t)m->step, .limit_ms = (uint32_t)m->limit};
	if (m->step == SYNC_PROVISIONAL_ASK
		    ? !take_exactly(&m->digest, ret->digest, sizeof(ret->digest))
		    : m->digest.len > 0)
		return SYNC_REJECT_SIZE;
	return codec_take_text(&m->why, ret->why, sizeof(ret->why)) ? SYNC_REJECT_NONE
								    : SYNC_REJECT_TEXT;
}

static enum sync_reject take_copy(const Sync__Copy *m, struct sync_copy *ret)
{
	if (m->step > SYNC_COPY_REFUSED || m->last > 1 || m->at >= SYNC_COPY_MAX)
		return SYNC_REJECT_NUMBER;
	ret->id = m->id;
	ret->step = (uint8_t)m->step;
	ret->last = m->last == 1;
	ret->at = (uint32_t)m->at;
	return codec_take_text(&m->text, ret->text, sizeof(ret->text)) &&
			       codec_take_text(&m->why, ret->why, sizeof(ret->why))
		       ? SYNC_REJECT_NONE
		       : SYNC_REJECT_TEXT;
}

static enum sync_reject take_push(const Sync__Push *m, struct sync_push *ret)
{
	if (m->step > SYNC_PUSH_LAST || m->last > 1 || m->at >= SYNC_COPY_MAX ||
	    m->size > SYNC_COPY_MAX)
		return SYNC_REJECT_NUMBER;
	ret->id = m->id;
	ret->step = (uint8_t)m->step;
	ret->last = m->last == 1;
	ret->at = (uint32_t)m->at;
	ret->size = (uint32_t)m->size;
	memset(ret->digest, 0, sizeof(ret->digest));
	if (m->step == SYNC_PUSH_OFFER ? !take_exactly(&m->digest, ret->digest, sizeof(ret->digest))
				       : m->digest.len > 0)
		return SYNC_REJECT_SIZE;
	return codec_take_text(&m->text, ret->text, sizeof(ret->text)) &&
			       codec_take_text(&m->why, ret->why, sizeof(ret->why))
		       ? SYNC_REJECT_NONE
		       : SYNC_REJECT_TEXT;
}

/* m: what was unpacked as a message of ret->type. */
static enum sync_reject take(const ProtobufCMessage *m, struct sync_message *ret)
{
	switch (ret->type) {
	case SYNC_HELLO: return take_hello((const Sync__Hello *)m, &ret->hello);
	case SYNC_NAME: return take_name((const Sync__Name *)m, &ret->name);
	case SYNC_FLOWS: return codec_take_flows((const Sync__Flows *)m, &ret->flows);
	case SYNC_ACK: return take_ack((const Sync__Ack *)m, &ret->ack);
	case SYNC_SNAPSHOT: return take_snapshot((const Sync__Snapshot *)m, &ret->snapshot);
	case SYNC_DIGEST: return take_digest((const Sync__Digest *)m, &ret->digest);
	case SYNC_ORDER: return codec_take_order((const Sync__Order *)m, &ret->order);
	case SYNC_FACTS: return codec_take_facts((const Sync__Facts *)m, &ret->facts);
	case SYNC_BYE: return take_bye((const Sync__Bye *)m, &ret->bye);
	case SYNC_BUCKETS: return codec_take_buckets((const Sync__Buckets *)m, &ret->buckets);
	case SYNC_DRILL: return codec_take_drill((const Sync__Drill *)m, &ret->drill);
	case SYNC_CONFIG: return take_config((const Sync__Config *)m, &ret->config);
	case SYNC_VIEWS: return codec_take_views((const Sync__Views *)m, &ret->views);
	case SYNC_PROVISIONAL:
		return take_provisional((const Sync__Provisional *)m, &ret->provisional);
	case SYNC_COPY: return take_copy((const Sync__Copy *)m, &ret->copy);
	case SYNC_PUSH: return take_push((const Sync__Push *)m, &ret->push);
	}
	return SYNC_REJECT_TYPE;
}

/* A newer version may add what an older one need not understand. */
static bool is_understood(const ProtobufCMessage *m)
{
	for (unsigned int i = 0; i < m->n_unknown_fields; i++)
		if (m->unknown_fields[i].tag < OPTIONAL_FIELD)
			return false;
	return true;
}

enum sync_reject codec_sync_unpack_within(size_t memory, const uint8_t *bytes, size_t len,
					  struct sync_message *ret)
{
	static const ProtobufCMessageDescriptor *const types[SYNC_TYPE_LAST + 1] = {
		[SYNC_HELLO] = &sync__hello__descriptor,
		[SYNC_NAME] = &sync__name__descriptor,
		[SYNC_FLOWS] = &sync__flows__descriptor,
		[SYNC_ACK] = &sync__ack__descriptor,
		[SYNC_SNAPSHOT] = &sync__snapshot__descriptor,
		[SYNC_DIGEST] = &sync__digest__descriptor,
		[SYNC_ORDER] = &sync__order__descriptor,
		[SYNC_FACTS] = &sync__facts__descriptor,
		[SYNC_BYE] = &sync__bye__descriptor,
		[SYNC_BUCKETS] = &sync__buckets__descriptor,
		[SYNC_DRILL] = &sync__drill__descriptor,
		[SYNC_CONFIG] = &sync__config__descriptor,
		[SYNC_VIEWS] = &sync__views__descriptor,
		[SYNC_PROVISIONAL] = &sync__provisional__descriptor,
		[SYNC_COPY] = &sync__copy__descriptor,
		[SYNC_PUSH] = &sync__push__descriptor,
	};
	struct rd r = rd_init(bytes, len);
	uint8_t type = rd_u8(&r);
	struct arena arena;
	ProtobufCMessage *m;
	enum sync_reject reject;

	if (!rd_ok(&r))
		return SYNC_REJECT_LENGTH;
	if (type > SYNC_TYPE_LAST || !types[type])
		return SYNC_REJECT_TYPE;
	if (len > SYNC_MESSAGE_MAX)
		return SYNC_REJECT_LENGTH;
	arena_init(&arena, memory < sizeof(arena.bytes) ? memory : sizeof(arena.bytes));
	m = protobuf_c_message_unpack(types[type], &arena.allocator, rd_left(&r), r.at);
	if (!m)
		return arena.full ? SYNC_REJECT_MEMORY : SYNC_REJECT_MALFORMED;
	if (!is_understood(m))
		return SYNC_REJECT_FIELD;
	ret->type = (enum sync_type)type;
	reject = take(m, ret);
	return reject == SYNC_REJECT_NONE ? sync_rules_judge(ret) : reject;
}

enum sync_reject codec_sync_unpack(const uint8_t *bytes, size_t len, struct sync_message *ret)
{
	return codec_sync_unpack_within(SYNC_MEMORY_MAX, bytes, len, ret);
}
