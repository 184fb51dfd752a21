/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proto/codec_sync.h"

#include "include/wr.h"
#include "proto/codec_sync_drill.h"
#include "proto/codec_sync_facts.h"
#include "proto/codec_sync_flows.h"
#include "proto/codec_sync_text.h"
#include "proto/sync_rules.h"

#include <string.h>
#include <sys/socket.h>

const char *sync_reject_name(enum sync_reject r)
{
	static const char *const names[SYNC_REJECT_COUNT] = {[SYNC_REJECT_NONE] = "none",
#define X(id, name, text) [SYNC_REJECT_##id] = name,
							     SYNC_REJECT_LIST(X)
#undef X
	};

	return names[r];
}

const char *sync_reject_text(enum sync_reject r)
{
	static const char *const texts[SYNC_REJECT_COUNT] = {[SYNC_REJECT_NONE] = "is good",
#define X(id, name, text) [SYNC_REJECT_##id] = text,
							     SYNC_REJECT_LIST(X)
#undef X
	};

	return texts[r];
}

/* protobuf-c writes without a bound, so the size is looked at before. */
static size_t finish(enum sync_type type, const ProtobufCMessage *m, uint8_t *ret)
{
	size_t size = protobuf_c_message_get_packed_size(m);

	if (size > SYNC_MESSAGE_MAX - SYNC_TYPE_OCTETS)
		return 0;
	ret[0] = (uint8_t)type;
	protobuf_c_message_pack(m, ret + SYNC_TYPE_OCTETS);
	return SYNC_TYPE_OCTETS + size;
}

static size_t pack_hello(const struct sync_hello *h, uint8_t *ret)
{
	Sync__Hello m = SYNC__HELLO__INIT;

	m.node = codec_borrow_text(h->node);
	m.session = codec_borrow(h->session, sizeof(h->session));
	m.config_digest = codec_borrow(h->config_digest, sizeof(h->config_digest));
	m.epoch = h->epoch;
	m.known_epoch = h->known_epoch;
	m.known_sequence = h->known_sequence;
	return finish(SYNC_HELLO, &m.base, ret);
}

static size_t pack_name(const struct sync_name *n, uint8_t *ret)
{
	Sync__Name m = SYNC__NAME__INIT;

	m.number = n->number;
	m.farm = codec_borrow_text(n->farm);
	m.backend = codec_borrow_text(n->backend);
	return finish(SYNC_NAME, &m.base, ret);
}

static size_t pack_flows(const struct sync_flows *f, uint8_t *ret)
{
	Sync__Flows m = SYNC__FLOWS__INIT;
	struct sync_columns columns;

	return codec_put_flows(&columns, f, &m) ? finish(SYNC_FLOWS, &m.base, ret) : 0;
}

static size_t pack_ack(const struct sync_ack *a, uint8_t *ret)
{
	Sync__Ack m = SYNC__ACK__INIT;

	m.sequence = a->sequence;
	m.unknown = a->unknown;
	m.current = a->current;
	return finish(SYNC_ACK, &m.base, ret);
}

static ProtobufCBinaryData put_domain(const struct sync_domain *d,
				      uint8_t bytes[static SYNC_ROUTER_OCTETS * SYNC_ROUTERS_MAX])
{
	struct wr w = wr_init(bytes, SYNC_ROUTER_OCTETS * SYNC_ROUTERS_MAX);

	for (size_t i = 0; i < d->n; i++) {
		wr_be32(&w, d->routers[i].section);
		wr_u8(&w, d->routers[i].family == AF_INET6 ? 6 : 4);
	}
	return codec_borrow(bytes, wr_used(&w));
}

static size_t pack_snapshot(const struct sync_snapshot *s, uint8_t *ret)
{
	Sync__Snapshot m = SYNC__SNAPSHOT__INIT;
	uint8_t routers[SYNC_ROUTER_OCTETS * SYNC_ROUTERS_MAX];

	m.step = s->step;
	m.id = s->id;
	m.sequence = s->sequence;
	m.total = s->total;
	m.routers = put_domain(&s->domain, routers);
	return finish(SYNC_SNAPSHOT, &m.base, ret);
}

static size_t pack_digest(const struct sync_digest *d, uint8_t *ret)
{
	Sync__Digest m = SYNC__DIGEST__INIT;
	uint8_t routers[SYNC_ROUTER_OCTETS * SYNC_ROUTERS_MAX];

	m.sequence = d->sequence;
	m.flows = d->flows;
	m.pins = d->pins;
	m.flows_sum = d->flows_sum;
	m.pins_sum = d->pins_sum;
	m.wall = d->wall_ms;
	m.routers = put_domain(&d->domain, routers);
	return finish(SYNC_DIGEST, &m.base, ret);
}

static size_t pack_order(const struct sync_order *o, uint8_t *ret)
{
	Sync__Order m = SYNC__ORDER__INIT;

	codec_put_order(o, &m);
	return finish(SYNC_ORDER, &m.base, ret);
}

static size_t pack_facts(const struct sync_facts *f, uint8_t *ret)
{
	Sync__Facts m = SYNC__FACTS__INIT;
	uint8_t bytes[SYNC_FACT_OCTETS * SYNC_FACTS_MAX];

	codec_put_facts(f, bytes, &m);
	return finish(SYNC_FACTS, &m.base, ret);
}

static size_t pack_buckets(const struct sync_buckets *b, uint8_t *ret)
{
	Sync__Buckets m = SYNC__BUCKETS__INIT;
	uint8_t bytes[SYNC_BUCKET_OCTETS * SYNC_BUCKETS_MAX];

	codec_put_buckets(b, bytes, &m);
	return finish(SYNC_BUCKETS, &m.base, ret);
}

static size_t pack_bye(const struct sync_bye *b, uint8_t *ret)
{
	Sync__Bye m = SYNC__BYE__INIT;

	m.why = codec_borrow_text(b->why);
	return finish(SYNC_BYE, &m.base, ret);
}

static size_t pack_drill(const struct sync_drill *d, uint8_t *ret)
{
	Sync__Drill m = SYNC__DRILL__INIT;
	struct codec_drill_octets octets;

	codec_put_drill(d, &octets, &m);
	return finish(SYNC_DRILL, &m.base, ret);
}

static size_t pack_config(const struct sync_config *c, uint8_t *ret)
{
	Sync__Config m = SYNC__CONFIG__INIT;

	m.step = c->step;
	m.last = c->last;
	m.sum = c->sum;
	m.name = codec_borrow_text(c->name);
	m.lines = codec_borrow_text(c->lines);
	return finish(SYNC_CONFIG, &m.base, ret);
}

static size_t pack_views(const struct sync_views *v, uint8_t *ret)
{
	Sync__Views m = SYNC__VIEWS__INIT;
	uint8_t bytes[SYNC_VIEW_OCTETS * SYNC_FACTS_MAX];

	codec_put_views(v, bytes, &m);
	return finish(SYNC_VIEWS, &m.base, ret);
}

static size_t pack_provisional(const struct sync_provisional *p, uint8_t *ret)
{
	Sync__Provisional m = SYNC__PROVISIONAL__INIT;

	m.id = p->id;
	m.step = p->step;
	m.limit = p->limit_ms;
	if (p->step == SYNC_PROVISIONAL_ASK)
		m.digest = codec_borrow(p->digest, sizeof(p->digest));
	m.why = codec_borrow_text(p->why);
	return finish(SYNC_PROVISIONAL, &m.base, ret);
}

static size_t pack_copy(const struct sync_copy *c, uint8_t *ret)
{
	Sync__Copy m = SYNC__COPY__INIT;

	m.id = c->id;
	m.step = c->step;
	m.last = c->last;
	m.at = c->at;
	m.text = codec_borrow_text(c->text);
	m.why = codec_borrow_text(c->why);
	return finish(SYNC_COPY, &m.base, ret);
}

static size_t pack_push(const struct sync_push *p, uint8_t *ret)
{
	Sync__Push m = SYNC__PUSH__INIT;

	m.id = p->id;
	m.step = p->step;
	m.last = p->last;
	m.at = p->at;
	m.size = p->size;
	if (p->step == SYNC_PUSH_OFFER)
		m.digest = codec_borrow(p->digest, sizeof(p->digest));
	m.text = codec_borrow_text(p->text);
	m.why = codec_borrow_text(p->why);
	return finish(SYNC_PUSH, &m.base, ret);
}

size_t codec_sync_pack(const struct sync_message *m, uint8_t ret[static SYNC_MESSAGE_MAX])
{
	if (sync_rules_judge(m) != SYNC_REJECT_NONE)
		return 0;
	switch (m->type) {
	case SYNC_HELLO: return pack_hello(&m->hello, ret);
	case SYNC_NAME: return pack_name(&m->name, ret);
	case SYNC_FLOWS: return pack_flows(&m->flows, ret);
	case SYNC_ACK: return pack_ack(&m->ack, ret);
	case SYNC_SNAPSHOT: return pack_snapshot(&m->snapshot, ret);
	case SYNC_DIGEST: return pack_digest(&m->digest, ret);
	case SYNC_ORDER: return pack_order(&m->order, ret);
	case SYNC_FACTS: return pack_facts(&m->facts, ret);
	case SYNC_BYE: return pack_bye(&m->bye, ret);
	case SYNC_BUCKETS: return pack_buckets(&m->buckets, ret);
	case SYNC_DRILL: return pack_drill(&m->drill, ret);
	case SYNC_CONFIG: return pack_config(&m->config, ret);
	case SYNC_VIEWS: return pack_views(&m->views, ret);
	case SYNC_PROVISIONAL: return pack_provisional(&m->provisional, ret);
	case SYNC_COPY: return pack_copy(&m->copy, ret);
	case SYNC_PUSH: return pack_push(&m->push, ret);
	}
	return 0;
}
