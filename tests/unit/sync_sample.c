/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/sync_sample.h"

#include "tests/unit/unit.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

uint32_t sync_random(uint64_t *random, uint32_t n)
{
	*random = *random * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(*random >> 33) % n;
}

/* --- random ----------------------------------------------------------------------------------- */

/* As often short as long: from no bit to all 64. */
static uint64_t random_number(uint64_t *random)
{
	uint64_t n = (uint64_t)sync_random(random, 1u << 31) << 33 |
		     (uint64_t)sync_random(random, 1u << 31) << 2 | sync_random(random, 4);
	uint32_t shift = sync_random(random, 65);

	return shift == 64 ? 0 : n >> shift;
}

static void random_bytes(uint64_t *random, uint8_t *ret, size_t len)
{
	for (size_t i = 0; i < len; i++)
		ret[i] = (uint8_t)sync_random(random, 256);
}

static void random_name(uint64_t *random, char ret[static SYNC_NAME_LEN])
{
	static const char signs[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
	size_t len = 1 + sync_random(random, SYNC_NAME_LEN - 1);

	memset(ret, 0, SYNC_NAME_LEN);
	for (size_t i = 0; i < len; i++)
		ret[i] = signs[sync_random(random, i == 0 ? 52 : sizeof(signs) - 1)];
}

static struct addr random_address(uint64_t *random, uint8_t family)
{
	struct addr a = {.family = family};

	random_bytes(random, a.bytes, addr_len(&a));
	return a;
}

/* Few and many, and the bounds themselves. */
static size_t random_count(uint64_t *random, uint32_t least, uint32_t most)
{
	switch (sync_random(random, 4)) {
	case 0: return least;
	case 1: return most;
	case 2: return least + sync_random(random, 12);
	default: return least + sync_random(random, most - least + 1);
	}
}

static uint8_t random_family(uint64_t *random)
{
	return sync_random(random, 2) ? AF_INET6 : AF_INET;
}

static void random_flows(uint64_t *random, struct sync_flows *ret)
{
	uint8_t family = random_family(random);
	size_t n_services = random_count(random, 1, SYNC_SERVICES_MAX);
	bool same_life = sync_random(random, 2), same_backend = sync_random(random, 2);
	static const uint8_t protocols[] = {IPPROTO_TCP, IPPROTO_UDP, FLOW_PIN};
	struct flow_key services[SYNC_SERVICES_MAX] = {{.protocol = 0}};

	for (size_t i = 0; i < n_services; i++)
		services[i] = (struct flow_key){.vip = random_address(random, family),
						.vip_port = (uint16_t)sync_random(random, 65536),
						.protocol = protocols[sync_random(random, 3)]};
	ret->sequence = random_number(random);
	ret->snapshot = (uint32_t)random_number(random);
	ret->n = random_count(random, 1, SYNC_FLOWS_MAX);
	for (size_t i = 0; i < ret->n; i++) {
		struct sync_flow *f = &ret->flows[i];

		*f = (struct sync_flow){.key = services[sync_random(random, (uint32_t)n_services)],
					.backend = (uint16_t)sync_random(random, 65536),
					.life_s =
						(uint16_t)sync_random(random, SYNC_LIFE_MAX_S + 1),
					.closing = sync_random(random, 2)};
		if (same_life && i > 0) {
			f->life_s = ret->flows[0].life_s;
			f->closing = ret->flows[0].closing;
		}
		if (same_backend && i > 0)
			f->backend = ret->flows[0].backend;
		f->key.client = random_address(random, family);
		f->key.client_port = (uint16_t)sync_random(random, 65536);
		if (flow_is_pin(&f->key)) {
			f->key.client_port = f->key.vip_port = 0;
			f->closing = false;
		}
	}
}

static void random_order(uint64_t *random, struct sync_order *ret)
{
	*ret = (struct sync_order){.epoch = 1 + random_number(random) % SYNC_EPOCH_MAX,
				   .has_state = sync_random(random, 2),
				   .has_weight = sync_random(random, 2)};
	random_name(random, ret->farm);
	random_name(random, ret->backend);
	if (ret->has_state) {
		ret->state = (uint8_t)(SYNC_ENABLED + sync_random(random, SYNC_DISABLED));
		ret->configured_state =
			(uint8_t)(SYNC_ENABLED + sync_random(random, SYNC_DISABLED));
	}
	if (ret->has_weight) {
		ret->weight = (uint16_t)sync_random(random, 65536);
		ret->configured_weight = (uint16_t)sync_random(random, 65536);
	}
	if (ret->state == SYNC_DRAINING) {
		ret->drain_ms = random_number(random);
		ret->left_ms = ret->drain_ms ? ret->drain_ms / 2 : 0;
	}
}

static void random_probe(uint64_t *random, struct sync_drill *ret)
{
	ret->vip.family = sync_random(random, 2) ? AF_INET : AF_INET6;
	for (size_t i = 0; i < addr_len(&ret->vip); i++)
		ret->vip.bytes[i] = (uint8_t)sync_random(random, 256);
	ret->port = (uint16_t)(1 + sync_random(random, UINT16_MAX));
	ret->mac = (struct mac){{2, 0, 0, 0, 0, (uint8_t)sync_random(random, 256)}};
}

static void random_drill(uint64_t *random, struct sync_drill *ret)
{
	*ret = (struct sync_drill){
		.id = 1 + random_number(random) / 2,
		.step = (uint8_t)(SYNC_DRILL_ASK + sync_random(random, SYNC_DRILL_REPORT)),
		.kind = (uint8_t)(SYNC_DRILL_GRACEFUL + sync_random(random, SYNC_DRILL_SPLIT)),
		.at_us = random_number(random)};
	switch (ret->step) {
	case SYNC_DRILL_ASK:
		ret->force = sync_random(random, 2);
		ret->asker_yields = sync_random(random, 2);
		ret->limit_ms = 1 + (uint32_t)sync_random(random, 1u << 30);
		if (sync_random(random, 2))
			random_probe(random, ret);
		strcpy(ret->version, "0.1.0");
		strcpy(ret->config, sync_random(random, 2) ? "0123abcd" : "");
		return;
	case SYNC_DRILL_REFUSED: strcpy(ret->why, "not in sync"); /* fall through */
	case SYNC_DRILL_READY:
		ret->heard_us = random_number(random);
		if (ret->step == SYNC_DRILL_READY && sync_random(random, 2))
			ret->mac = (struct mac){{2, 0, 0, 0, 0, (uint8_t)sync_random(random, 256)}};
		return;
	case SYNC_DRILL_REPORT: break;
	default: return;
	}
	ret->lost = random_number(random);
	ret->n = sync_random(random, SYNC_MOMENTS_MAX + 1);
	for (size_t i = 0; i < ret->n; i++)
		ret->moments[i] = (struct sync_moment){
			(uint8_t)(SYNC_MOMENT_LET_GO + sync_random(random, SYNC_MOMENT_LAST)),
			random_number(random)};
	ret->tally.sight = (uint8_t)sync_random(random, SYNC_SIGHT_LAST + 1);
	if (ret->tally.sight) {
		ret->tally.flows_before = random_number(random);
		ret->tally.flows_after = random_number(random);
		ret->tally.lag_us = random_number(random);
	}
	if (ret->tally.sight == SYNC_SIGHT_FRAME) {
		ret->tally.frame_us = random_number(random);
		ret->tally.stragglers = random_number(random);
	}
	ret->n_spans = sync_random(random, SYNC_SPANS_MAX + 1);
	for (size_t i = 0; i < ret->n_spans; i++)
		ret->spans[i] = (struct sync_span){.good = sync_random(random, 2),
						   .first_us = 100 * i + sync_random(random, 50),
						   .last_us = 100 * i + 50};
}

static uint64_t random_ago(uint64_t *random)
{
	return sync_random(random, 4) ? random_number(random) / 2 : SYNC_AGO_NEVER;
}

static void random_facts(uint64_t *random, struct sync_facts *ret)
{
	ret->sequence = random_number(random);
	ret->epoch = random_number(random);
	random_name(random, ret->farm);
	ret->phase = (uint8_t)sync_random(random, SYNC_PHASE_LAST + 1);
	ret->buckets = 1 + sync_random(random, SYNC_TABLE_MAX);
	ret->learned = sync_random(random, 2);
	ret->relearns = sync_random(random, 2);
	ret->since_ms = random_number(random);
	ret->unlearned_ms = random_ago(random);
	ret->accepted_ms = random_ago(random);
	ret->n = random_count(random, 1, SYNC_FACTS_MAX);
	for (size_t i = 0; i < ret->n; i++) {
		ret->facts[i] = (struct sync_fact){
			.weight = (uint16_t)sync_random(random, 65536),
			.admin = (uint8_t)(SYNC_ENABLED + sync_random(random, SYNC_DISABLED)),
			.health = (uint8_t)(SYNC_UP + sync_random(random, SYNC_UNRESOLVED)),
			.percent = (uint8_t)(sync_random(random, 2) * sync_random(random, 100))};
		random_name(random, ret->facts[i].backend);
	}
}

static void random_views(uint64_t *random, struct sync_views *ret)
{
	random_name(random, ret->farm);
	ret->n = random_count(random, 1, SYNC_FACTS_MAX);
	for (size_t i = 0; i < ret->n; i++) {
		ret->views[i] = (struct sync_view){
			.state = (uint8_t)(SYNC_VIEW_WELL + sync_random(random, SYNC_VIEW_UNKNOWN)),
			.outcome = (uint8_t)sync_random(random, 256),
			.since_s = (uint32_t)random_number(random)};
		random_name(random, ret->views[i].backend);
	}
}

static void random_buckets(uint64_t *random, struct sync_buckets *ret)
{
	random_name(random, ret->farm);
	ret->n = random_count(random, 1, SYNC_BUCKETS_MAX);
	ret->first = sync_random(random, SYNC_TABLE_MAX - (uint32_t)ret->n + 1);
	for (size_t i = 0; i < ret->n; i++)
		ret->buckets[i] = (struct sync_bucket){(uint16_t)sync_random(random, 65536),
						       (uint16_t)sync_random(random, 65536),
						       (uint16_t)sync_random(random, 65536)};
}

static void random_hello(uint64_t *random, struct sync_hello *ret)
{
	random_name(random, ret->node);
	random_bytes(random, ret->session, sizeof(ret->session));
	random_bytes(random, ret->config_digest, sizeof(ret->config_digest));
	ret->epoch = 1 + random_number(random) / 2;
	ret->known_epoch = random_number(random);
	ret->known_sequence = ret->known_epoch ? random_number(random) : 0;
}

static void random_domain(uint64_t *random, struct sync_domain *ret)
{
	ret->n = random_count(random, 0, SYNC_ROUTERS_MAX);
	for (size_t i = 0; i < ret->n; i++) {
		ret->routers[i].section = (uint32_t)random_number(random);
		ret->routers[i].family = random_family(random);
	}
}

static void random_snapshot(uint64_t *random, struct sync_snapshot *ret)
{
	*ret = (struct sync_snapshot){
		.step = (uint8_t)(SYNC_SNAPSHOT_WANTED + sync_random(random, SYNC_SNAPSHOT_END))};
	if (ret->step == SYNC_SNAPSHOT_WANTED)
		return;
	ret->id = 1 + (uint32_t)random_number(random) / 2;
	ret->total = random_number(random);
	if (ret->step == SYNC_SNAPSHOT_END)
		ret->sequence = random_number(random);
	else
		random_domain(random, &ret->domain);
}

static void random_printable(uint64_t *random, char *ret, size_t size)
{
	size_t len = random_count(random, 1, (uint32_t)size - 1);

	memset(ret, 0, size);
	for (size_t i = 0; i < len; i++)
		ret[i] = (char)(' ' + sync_random(random, '~' - ' ' + 1));
}

static void random_bye(uint64_t *random, struct sync_bye *ret)
{
	random_printable(random, ret->why, sizeof(ret->why));
}

static void random_config(uint64_t *random, struct sync_config *ret)
{
	*ret = (struct sync_config){
		.step = (uint8_t)(SYNC_CONFIG_PART + sync_random(random, SYNC_CONFIG_LINES))};
	random_printable(random, ret->name, sizeof(ret->name));
	if (ret->step == SYNC_CONFIG_PART) {
		ret->last = sync_random(random, 2) == 1;
		ret->sum = random_number(random);
		return;
	}
	random_printable(random, ret->lines, sizeof(ret->lines));
	ret->lines[strlen(ret->lines) - 1] = '\n';
}

static void random_provisional(uint64_t *random, struct sync_provisional *ret)
{
	*ret = (struct sync_provisional){
		.id = 1 + random_number(random) / 2,
		.step = (uint8_t)(SYNC_PROVISIONAL_ASK +
				  sync_random(random, SYNC_PROVISIONAL_LAST))};
	if (ret->step == SYNC_PROVISIONAL_REFUSED)
		random_printable(random, ret->why, sizeof(ret->why));
	if (ret->step != SYNC_PROVISIONAL_ASK)
		return;
	ret->limit_ms = SYNC_PROVISIONAL_MIN_MS +
			sync_random(random, SYNC_PROVISIONAL_MAX_MS - SYNC_PROVISIONAL_MIN_MS + 1);
	for (size_t i = 0; i < sizeof(ret->digest); i++)
		ret->digest[i] = (uint8_t)sync_random(random, 256);
}

static void random_copy(uint64_t *random, struct sync_copy *ret)
{
	*ret = (struct sync_copy){
		.id = 1 + random_number(random) / 2,
		.step = (uint8_t)(SYNC_COPY_ASK + sync_random(random, SYNC_COPY_REFUSED))};
	if (ret->step == SYNC_COPY_REFUSED) {
		random_printable(random, ret->why, sizeof(ret->why));
		return;
	}
	ret->at = sync_random(random, SYNC_COPY_MAX);
	if (ret->step == SYNC_COPY_ASK)
		return;
	ret->last = sync_random(random, 2) == 1;
	random_printable(random, ret->text, sizeof(ret->text));
	ret->text[0] = '\n';
}

void sync_sample_random(uint64_t *random, enum sync_type type, struct sync_message *ret)
{
	ret->type = type;
	switch (type) {
	case SYNC_HELLO: random_hello(random, &ret->hello); return;
	case SYNC_NAME:
		ret->name.number = (uint16_t)sync_random(random, 65536);
		random_name(random, ret->name.farm);
		random_name(random, ret->name.backend);
		return;
	case SYNC_FLOWS: random_flows(random, &ret->flows); return;
	case SYNC_ACK:
		ret->ack = (struct sync_ack){random_number(random), sync_random(random, 2) == 1,
					     random_number(random)};
		return;
	case SYNC_SNAPSHOT: random_snapshot(random, &ret->snapshot); return;
	case SYNC_DIGEST:
		ret->digest = (struct sync_digest){random_number(random),
						   random_number(random),
						   random_number(random),
						   random_number(random),
						   random_number(random),
						   random_number(random),
						   {0}};
		random_domain(random, &ret->digest.domain);
		return;
	case SYNC_ORDER: random_order(random, &ret->order); return;
	case SYNC_FACTS: random_facts(random, &ret->facts); return;
	case SYNC_BYE: random_bye(random, &ret->bye); return;
	case SYNC_BUCKETS: random_buckets(random, &ret->buckets); return;
	case SYNC_DRILL: random_drill(random, &ret->drill); return;
	case SYNC_CONFIG: random_config(random, &ret->config); return;
	case SYNC_VIEWS: random_views(random, &ret->views); return;
	case SYNC_PROVISIONAL: random_provisional(random, &ret->provisional); return;
	case SYNC_COPY: random_copy(random, &ret->copy); return;
	}
	CU_FAIL("a type that has no sample");
}

/* --- chosen ----------------------------------------------------------------------------------- */

static struct addr numbered_address(uint8_t family, uint8_t net, size_t i)
{
	struct addr a = {.family = family, .bytes = {10, net, (uint8_t)(i >> 8), (uint8_t)i}};

	a.bytes[addr_len(&a) - 1] = (uint8_t)i;
	return a;
}

void sync_sample_flows(uint8_t family, size_t n, size_t services, struct sync_message *ret)
{
	ret->type = SYNC_FLOWS;
	ret->flows.sequence = 1000000;
	ret->flows.snapshot = 0;
	ret->flows.n = n;
	for (size_t i = 0; i < n; i++)
		ret->flows.flows[i] = (struct sync_flow){
			.key = {.client = numbered_address(family, 1, i),
				.vip = numbered_address(family, 77, i % services),
				.client_port = (uint16_t)(40000 + i),
				.vip_port = 80,
				.protocol = IPPROTO_TCP},
			.backend = (uint16_t)(i % 2),
			.life_s = (uint16_t)(900 - i % 2),
		};
}

void sync_sample_small(enum sync_type type, struct sync_message *ret)
{
	static const struct sync_digest digest = {
		300, 1, 2, 3, 4, 500, {.n = 2, .routers = {{1, AF_INET}, {2, AF_INET6}}}};
	static const struct sync_facts facts = {
		.sequence = 6,
		.epoch = 7,
		.farm = "www",
		.phase = 1,
		.buckets = 1009,
		.learned = true,
		.relearns = true,
		.since_ms = 300,
		.unlearned_ms = SYNC_AGO_NEVER,
		.accepted_ms = 4,
		.n = 2,
		.facts = {{"a", 256, SYNC_ENABLED, SYNC_UP, 0},
			  {"b", 0, SYNC_DISABLED, SYNC_UNRESOLVED, 0}}};

	ret->type = type;
	switch (type) {
	case SYNC_HELLO: ret->hello = (struct sync_hello){"a", {1, 2}, {3, 4}, 5, 6, 300}; return;
	case SYNC_NAME: ret->name = (struct sync_name){300, "www", "web1"}; return;
	case SYNC_FLOWS: sync_sample_flows(AF_INET, 3, 2, ret); return;
	case SYNC_ACK: ret->ack = (struct sync_ack){300, true, 1}; return;
	case SYNC_SNAPSHOT:
		ret->snapshot = (struct sync_snapshot){SYNC_SNAPSHOT_END, 1, 300, 20, {0}};
		return;
	case SYNC_DIGEST: ret->digest = digest; return;
	case SYNC_ORDER:
		ret->order = (struct sync_order){300, "www", "web1", true, true, 2, 1, 0, 1, 7, 8};
		return;
	case SYNC_FACTS: ret->facts = facts; return;
	case SYNC_BYE: strcpy(ret->bye.why, "stops"); return;
	case SYNC_CONFIG:
		ret->config = (struct sync_config){SYNC_CONFIG_PART, true, 300, "farm www", ""};
		return;
	case SYNC_COPY:
		ret->copy = (struct sync_copy){
			.id = 300, .step = SYNC_COPY_PIECE, .last = true, .at = 7, .text = "a\n"};
		return;
	case SYNC_VIEWS:
		ret->views.n = 2;
		strcpy(ret->views.farm, "www");
		ret->views.views[0] = (struct sync_view){"a", SYNC_VIEW_WELL, 1, 300};
		ret->views.views[1] = (struct sync_view){"b", SYNC_VIEW_DEAD, 4, 1};
		return;
	case SYNC_PROVISIONAL:
		ret->provisional = (struct sync_provisional){
			.id = 300, .step = SYNC_PROVISIONAL_REFUSED, .why = "x"};
		return;
	case SYNC_DRILL:
		ret->drill = (struct sync_drill){
			.id = 300,
			.step = SYNC_DRILL_REPORT,
			.kind = SYNC_DRILL_GRACEFUL,
			.at_us = 7,
			.lost = 2,
			.n = 2,
			.moments = {{SYNC_MOMENT_LET_GO, 8}, {SYNC_MOMENT_MASTER, 9}},
			.n_spans = 1,
			.spans = {{true, 1, 4}}};
		return;
	case SYNC_BUCKETS:
		ret->buckets.first = 300;
		ret->buckets.n = 2;
		strcpy(ret->buckets.farm, "www");
		ret->buckets.buckets[0] = (struct sync_bucket){1, 2, SYNC_NOBODY};
		ret->buckets.buckets[1] = (struct sync_bucket){3, SYNC_NOBODY, SYNC_NOBODY};
		return;
	}
	CU_FAIL("a type that has no sample");
}
