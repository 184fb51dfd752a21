/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proto/sync_batch.h"

#include "include/rd.h"

#include <errno.h>
#include <string.h>

_Static_assert(SYNC_SERVICES_MAX < 1 << SYNC_SLOT_BITS, "a search ends at an empty slot");

void sync_services_clear(struct sync_services *s)
{
	s->n = 0;
	memset(s->slots, 0, sizeof(s->slots));
}

/*
 * The services are our own, not a stranger's choice: multiplications spread them. What differs in one
 * bit differs in the highest ones then.
 */
static size_t slot_of(const struct flow_key *key)
{
	static const uint64_t odd = 0x9e3779b97f4a7c15; /* 2^64 by the golden ratio */
	struct rd r = rd_init(key->vip.bytes, sizeof(key->vip.bytes));
	uint64_t hash = (uint64_t)key->vip_port << 8 | key->protocol;

	hash = (hash ^ rd_be64(&r)) * odd;
	hash = (hash ^ hash >> 32 ^ rd_be64(&r)) * odd;
	return hash >> (64 - SYNC_SLOT_BITS);
}

static bool is_of(const struct flow_key *key, const struct sync_service *s)
{
	return key->vip_port == s->port && key->protocol == s->protocol &&
	       addr_equal(&key->vip, &s->address);
}

int sync_services_index(struct sync_services *s, const struct flow_key *key)
{
	size_t at = slot_of(key);

	for (; s->slots[at] != 0; at = (at + 1) % (1 << SYNC_SLOT_BITS))
		if (is_of(key, &s->list[s->slots[at] - 1]))
			return s->slots[at] - 1;
	if (s->n == SYNC_SERVICES_MAX)
		return -ENOSPC;
	s->list[s->n] = (struct sync_service){
		.address = key->vip, .port = key->vip_port, .protocol = key->protocol};
	s->slots[at] = (uint16_t)++s->n;
	return (int)s->n - 1;
}

void sync_batch_begin(struct sync_batch *b, struct sync_flows *flows)
{
	b->flows = flows;
	flows->n = 0;
	sync_services_clear(&b->services);
}

bool sync_batch_add(struct sync_batch *b, const struct sync_flow *flow)
{
	struct sync_flows *f = b->flows;

	if (f->n == SYNC_FLOWS_MAX ||
	    (f->n > 0 && flow->key.client.family != f->flows[0].key.client.family) ||
	    sync_services_index(&b->services, &flow->key) < 0)
		return false;
	f->flows[f->n++] = *flow;
	return true;
}
