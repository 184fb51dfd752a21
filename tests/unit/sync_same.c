/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether two messages say the same, and what octets say. */
#include "tests/unit/sync_sample.h"
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

/* --- comparing -------------------------------------------------------------------------------- */

static void same_flows(const struct sync_flows *a, const struct sync_flows *b)
{
	bool same = a->sequence == b->sequence && a->snapshot == b->snapshot && a->n == b->n;

	for (size_t i = 0; same && i < a->n; i++) {
		const struct sync_flow *f = &a->flows[i], *g = &b->flows[i];

		same = flow_key_equal(&f->key, &g->key) && f->backend == g->backend &&
		       f->life_s == g->life_s && f->closing == g->closing;
	}
	CU_ASSERT(same);
}

static void same_order(const struct sync_order *a, const struct sync_order *b)
{
	EXPECT_TEXT(a->farm, b->farm);
	EXPECT_TEXT(a->backend, b->backend);
	CU_ASSERT(a->epoch == b->epoch && a->has_state == b->has_state &&
		  a->has_weight == b->has_weight && a->state == b->state &&
		  a->configured_state == b->configured_state && a->weight == b->weight &&
		  a->configured_weight == b->configured_weight && a->left_ms == b->left_ms &&
		  a->drain_ms == b->drain_ms);
}

static void same_drill(const struct sync_drill *a, const struct sync_drill *b)
{
	bool same = a->id == b->id && a->step == b->step && a->kind == b->kind &&
		    a->force == b->force && a->asker_yields == b->asker_yields &&
		    a->limit_ms == b->limit_ms && a->at_us == b->at_us &&
		    a->heard_us == b->heard_us && a->lost == b->lost && a->n == b->n;

	same = same && addr_equal(&a->vip, &b->vip) && a->port == b->port &&
	       mac_equal(&a->mac, &b->mac) && a->n_spans == b->n_spans;
	EXPECT_TEXT(a->why, b->why);
	for (size_t i = 0; same && i < a->n_spans; i++)
		same = a->spans[i].good == b->spans[i].good &&
		       a->spans[i].first_us == b->spans[i].first_us &&
		       a->spans[i].last_us == b->spans[i].last_us;
	EXPECT_TEXT(a->version, b->version);
	EXPECT_TEXT(a->config, b->config);
	for (size_t i = 0; same && i < a->n; i++)
		same = a->moments[i].kind == b->moments[i].kind &&
		       a->moments[i].at_us == b->moments[i].at_us;
	CU_ASSERT(same);
}

static void same_buckets(const struct sync_buckets *a, const struct sync_buckets *b)
{
	bool same = a->first == b->first && a->n == b->n;

	EXPECT_TEXT(a->farm, b->farm);
	for (size_t i = 0; same && i < a->n; i++)
		same = a->buckets[i].owner == b->buckets[i].owner &&
		       a->buckets[i].home == b->buckets[i].home &&
		       a->buckets[i].moved == b->buckets[i].moved;
	CU_ASSERT(same);
}

static bool same_domain(const struct sync_domain *a, const struct sync_domain *b)
{
	bool same = a->n == b->n;

	for (size_t i = 0; same && i < a->n; i++)
		same = a->routers[i].section == b->routers[i].section &&
		       a->routers[i].family == b->routers[i].family;
	return same;
}

static void same_digest(const struct sync_digest *a, const struct sync_digest *b)
{
	CU_ASSERT(a->sequence == b->sequence && a->flows == b->flows && a->pins == b->pins);
	CU_ASSERT(a->flows_sum == b->flows_sum && a->pins_sum == b->pins_sum);
	CU_ASSERT(a->wall_ms == b->wall_ms);
	CU_ASSERT(same_domain(&a->domain, &b->domain));
}

static void same_facts(const struct sync_facts *a, const struct sync_facts *b)
{
	bool same = a->sequence == b->sequence && a->epoch == b->epoch && a->n == b->n &&
		    a->phase == b->phase && a->buckets == b->buckets && a->learned == b->learned &&
		    a->relearns == b->relearns && a->since_ms == b->since_ms &&
		    a->unlearned_ms == b->unlearned_ms && a->accepted_ms == b->accepted_ms;

	EXPECT_TEXT(a->farm, b->farm);
	for (size_t i = 0; same && i < a->n; i++) {
		const struct sync_fact *f = &a->facts[i], *g = &b->facts[i];

		same = strcmp(f->backend, g->backend) == 0 && f->weight == g->weight &&
		       f->admin == g->admin && f->health == g->health && f->percent == g->percent;
	}
	CU_ASSERT(same);
}

static void same_views(const struct sync_views *a, const struct sync_views *b)
{
	bool same = a->n == b->n;

	EXPECT_TEXT(a->farm, b->farm);
	for (size_t i = 0; same && i < a->n; i++) {
		const struct sync_view *v = &a->views[i], *w = &b->views[i];

		same = strcmp(v->backend, w->backend) == 0 && v->state == w->state &&
		       v->outcome == w->outcome && v->since_s == w->since_s;
	}
	CU_ASSERT(same);
}

static void same_hello(const struct sync_hello *a, const struct sync_hello *b)
{
	EXPECT_TEXT(a->node, b->node);
	CU_ASSERT(memcmp(a->session, b->session, sizeof(a->session)) == 0);
	CU_ASSERT(memcmp(a->config_digest, b->config_digest, sizeof(a->config_digest)) == 0);
	CU_ASSERT(a->epoch == b->epoch && a->known_epoch == b->known_epoch &&
		  a->known_sequence == b->known_sequence);
}

void sync_expect_same(const struct sync_message *got, const struct sync_message *want)
{
	EXPECT_INT(got->type, want->type);
	switch (want->type) {
	case SYNC_HELLO: same_hello(&got->hello, &want->hello); return;
	case SYNC_NAME:
		EXPECT_INT(got->name.number, want->name.number);
		EXPECT_TEXT(got->name.farm, want->name.farm);
		EXPECT_TEXT(got->name.backend, want->name.backend);
		return;
	case SYNC_FLOWS: same_flows(&got->flows, &want->flows); return;
	case SYNC_ACK:
		CU_ASSERT(got->ack.sequence == want->ack.sequence &&
			  got->ack.current == want->ack.current &&
			  got->ack.unknown == want->ack.unknown);
		return;
	case SYNC_SNAPSHOT:
		EXPECT_INT(got->snapshot.step, want->snapshot.step);
		EXPECT_INT(got->snapshot.id, want->snapshot.id);
		CU_ASSERT(got->snapshot.sequence == want->snapshot.sequence &&
			  got->snapshot.total == want->snapshot.total &&
			  same_domain(&got->snapshot.domain, &want->snapshot.domain));
		return;
	case SYNC_DIGEST: same_digest(&got->digest, &want->digest); return;
	case SYNC_ORDER: same_order(&got->order, &want->order); return;
	case SYNC_FACTS: same_facts(&got->facts, &want->facts); return;
	case SYNC_BYE: EXPECT_TEXT(got->bye.why, want->bye.why); return;
	case SYNC_BUCKETS: same_buckets(&got->buckets, &want->buckets); return;
	case SYNC_DRILL: same_drill(&got->drill, &want->drill); return;
	case SYNC_CONFIG:
		CU_ASSERT(got->config.step == want->config.step &&
			  got->config.last == want->config.last &&
			  got->config.sum == want->config.sum);
		EXPECT_TEXT(got->config.name, want->config.name);
		EXPECT_TEXT(got->config.lines, want->config.lines);
		return;
	case SYNC_COPY:
		CU_ASSERT(got->copy.id == want->copy.id && got->copy.step == want->copy.step &&
			  got->copy.last == want->copy.last && got->copy.at == want->copy.at);
		EXPECT_TEXT(got->copy.text, want->copy.text);
		EXPECT_TEXT(got->copy.why, want->copy.why);
		return;
	case SYNC_PUSH:
		CU_ASSERT(got->push.id == want->push.id && got->push.step == want->push.step &&
			  got->push.last == want->push.last && got->push.at == want->push.at &&
			  got->push.size == want->push.size);
		CU_ASSERT(memcmp(got->push.digest, want->push.digest, SYNC_DIGEST_LEN) == 0);
		EXPECT_TEXT(got->push.text, want->push.text);
		EXPECT_TEXT(got->push.why, want->push.why);
		return;
	case SYNC_VIEWS: same_views(&got->views, &want->views); return;
	case SYNC_PROVISIONAL:
		CU_ASSERT(got->provisional.id == want->provisional.id &&
			  got->provisional.step == want->provisional.step &&
			  got->provisional.limit_ms == want->provisional.limit_ms);
		CU_ASSERT(memcmp(got->provisional.digest, want->provisional.digest,
				 SYNC_DIGEST_LEN) == 0);
		EXPECT_TEXT(got->provisional.why, want->provisional.why);
		return;
	}
	CU_FAIL("a type that cannot be compared");
}

/* --- reading ---------------------------------------------------------------------------------- */

enum sync_reject sync_unpack_exact(size_t memory, const uint8_t *bytes, size_t len,
				   struct sync_message *ret)
{
	uint8_t *copy = malloc(len ? len : 1);
	enum sync_reject reject;

	CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
	memcpy(copy, bytes, len);
	reject = codec_sync_unpack_within(memory, copy, len, ret);
	free(copy);
	return reject;
}

const char *sync_verdict(const uint8_t *bytes, size_t len)
{
	static struct sync_message first, second;
	static uint8_t packed[SYNC_MESSAGE_MAX], again[SYNC_MESSAGE_MAX];
	enum sync_reject reject = sync_unpack_exact(SYNC_MEMORY_MAX, bytes, len, &first);
	size_t packed_len;

	if (reject != SYNC_REJECT_NONE)
		return sync_reject_name(reject);
	packed_len = codec_sync_pack(&first, packed);
	CU_ASSERT(packed_len > 0 && packed[0] == bytes[0]);
	EXPECT_INT(sync_unpack_exact(SYNC_MEMORY_MAX, packed, packed_len, &second),
		   SYNC_REJECT_NONE);
	sync_expect_same(&second, &first);
	EXPECT_INT(codec_sync_pack(&second, again), packed_len);
	CU_ASSERT(memcmp(again, packed, packed_len) == 0);
	return sync_reject_name(reject);
}
