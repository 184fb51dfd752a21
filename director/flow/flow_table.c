/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/flow/flow_table.h"

#include <sodium.h>
#include <string.h>
#include <sys/socket.h>

enum {
	DISTANCE_MAX = 255, /* and beyond: hash the key for it */
	SHIFT_PROTOCOL = 32,
	SHIFT_DISTANCE = 40,
	SHIFT_CHECK = 48,
	SHIFT_FARM = 32,
	SHIFT_BACKEND = 48,
};

static uint64_t *slot_at(const struct flow_table *t, uint32_t slot)
{
	return t->slots + (size_t)slot * t->words;
}

static uint64_t last_word(const struct flow_table *t, uint32_t slot)
{
	return slot_at(t, slot)[t->words - 1];
}

static uint64_t owner_word(const struct flow_table *t, uint32_t slot)
{
	return slot_at(t, slot)[t->words - 2];
}

static uint8_t protocol_of(uint64_t last)
{
	return (uint8_t)(last >> SHIFT_PROTOCOL);
}

static uint32_t home_of(const struct flow_table *t, uint64_t hash)
{
	return (uint32_t)(((hash >> 32) * t->n) >> 32);
}

/* --- keys -------------------------------------------------------------------------------------- */

static void probe_hash(struct flow_probe *p, const uint8_t *hash_key)
{
	uint8_t bytes[sizeof(p->words) + sizeof(p->ports) + 1];
	size_t len = p->n * sizeof(uint64_t);
	uint8_t hash[crypto_shorthash_BYTES];

	memcpy(bytes, p->words, len);
	memcpy(bytes + len, &p->ports, sizeof(p->ports));
	len += sizeof(p->ports);
	bytes[len++] = p->protocol;
	crypto_shorthash(hash, bytes, len, hash_key);
	memcpy(&p->hash, hash, sizeof(p->hash));
}

bool flow_probe_init(struct flow_probe *p, const struct flow_key *key, const uint8_t *hash_key)
{
	size_t len = addr_len(&key->client);

	if (!len || key->client.family != key->vip.family || key->protocol == 0 ||
	    key->protocol == FLOW_GRAVE)
		return false;
	memcpy(p->words, key->client.bytes, len);
	memcpy((uint8_t *)p->words + len, key->vip.bytes, len);
	p->n = (uint32_t)(2 * len / sizeof(uint64_t));
	p->ports = (uint32_t)key->client_port | (uint32_t)key->vip_port << 16;
	p->protocol = key->protocol;
	probe_hash(p, hash_key);
	return true;
}

static void probe_of_slot(struct flow_probe *p, const struct flow_table *t, uint32_t slot)
{
	p->n = t->words - 2;
	memcpy(p->words, slot_at(t, slot), p->n * sizeof(uint64_t));
	p->ports = (uint32_t)owner_word(t, slot);
	p->protocol = protocol_of(last_word(t, slot));
	probe_hash(p, t->hash_key);
}

/* --- words ------------------------------------------------------------------------------------- */

static uint64_t make_owner(const struct flow_probe *p, uint16_t farm, uint16_t backend)
{
	return p->ports | (uint64_t)farm << SHIFT_FARM | (uint64_t)backend << SHIFT_BACKEND;
}

/* 16 bits of the key's hash, mixed with what the hash does not cover. */
static uint64_t check_of(uint64_t hash, uint64_t owner, uint32_t until)
{
	uint64_t mixed = (owner >> 32 | (uint64_t)until << 32) * 0x9e3779b97f4a7c15u;

	return (hash ^ (mixed ^ mixed >> 32) >> 16) & 0xffff;
}

static uint64_t make_last(const struct flow_probe *p, uint64_t owner, uint32_t until,
			  uint32_t distance)
{
	return until | (uint64_t)p->protocol << SHIFT_PROTOCOL |
	       (uint64_t)(distance < DISTANCE_MAX ? distance : DISTANCE_MAX) << SHIFT_DISTANCE |
	       check_of(p->hash, owner, until) << SHIFT_CHECK;
}

/* One word, behind everything stored before it. */
static void publish(uint64_t *word, uint64_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELEASE);
}

/* From here on the slot is empty, whatever is stored into it. */
static void withdraw(uint64_t *word)
{
	__atomic_store_n(word, 0, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

/* --- the table --------------------------------------------------------------------------------- */

static bool is_flow(const struct flow_table *t, uint32_t slot, const struct flow_probe *p)
{
	const uint64_t *words = slot_at(t, slot);

	return protocol_of(words[t->words - 1]) == p->protocol &&
	       (uint32_t)words[t->words - 2] == p->ports &&
	       memcmp(words, p->words, p->n * sizeof(uint64_t)) == 0;
}

/* A search goes through 1.6 lines of the cache on average where the table is half full. */
void flow_table_prefetch(const struct flow_table *t, const struct flow_probe *p)
{
	const uint64_t *words = slot_at(t, home_of(t, p->hash));

	__builtin_prefetch(words, 1);
	__builtin_prefetch(words + 8, 1);
}

uint32_t flow_table_find(const struct flow_table *t, const struct flow_probe *p, uint32_t *ret_free)
{
	uint32_t end = flow_table_slots(t), slot = home_of(t, p->hash);

	for (; slot < end && protocol_of(last_word(t, slot)); slot++)
		if (is_flow(t, slot, p))
			return slot;
	if (ret_free)
		*ret_free = slot < end ? slot : (uint32_t)FLOW_NO_SLOT;
	return FLOW_NO_SLOT;
}

void flow_table_insert(struct flow_table *t, const struct flow_probe *p, uint32_t slot,
		       uint16_t farm, uint16_t backend, uint32_t until)
{
	uint64_t owner = make_owner(p, farm, backend), *words = slot_at(t, slot);

	memcpy(words, p->words, p->n * sizeof(uint64_t));
	words[t->words - 2] = owner;
	publish(&words[t->words - 1], make_last(p, owner, until, slot - home_of(t, p->hash)));
	t->used++;
}

void flow_table_update(struct flow_table *t, const struct flow_probe *p, uint32_t slot,
		       uint16_t farm, uint16_t backend, uint32_t until)
{
	uint64_t owner = make_owner(p, farm, backend), *words = slot_at(t, slot);

	if (words[t->words - 2] != owner) {
		withdraw(&words[t->words - 1]);
		words[t->words - 2] = owner;
	}
	publish(&words[t->words - 1], make_last(p, owner, until, slot - home_of(t, p->hash)));
}

static uint32_t distance_of(const struct flow_table *t, uint32_t slot)
{
	uint32_t distance = (uint8_t)(last_word(t, slot) >> SHIFT_DISTANCE);
	struct flow_probe p;

	if (distance < DISTANCE_MAX)
		return distance;
	probe_of_slot(&p, t, slot);
	return slot - home_of(t, p.hash);
}

/* The flow at `from`, so far from its home, is at `to` afterwards, too. */
static void copy_slot(struct flow_table *t, uint32_t from, uint32_t to, uint32_t distance)
{
	uint64_t last = last_word(t, from), *words = slot_at(t, to);

	distance -= from - to;
	last &= ~((uint64_t)DISTANCE_MAX << SHIFT_DISTANCE);
	last |= (uint64_t)(distance < DISTANCE_MAX ? distance : DISTANCE_MAX) << SHIFT_DISTANCE;
	withdraw(&words[t->words - 1]);
	memcpy(words, slot_at(t, from), (t->words - 1) * sizeof(uint64_t));
	publish(&words[t->words - 1], last);
}

/* Knuth, 6.4, algorithm R: what probing would not find beyond the gap moves into it. */
void flow_table_erase(struct flow_table *t, uint32_t slot)
{
	uint32_t end = flow_table_slots(t), gap = slot;

	for (uint32_t next = gap + 1; next < end && protocol_of(last_word(t, next)); next++) {
		uint32_t distance = distance_of(t, next);

		if (next - distance > gap)
			continue;
		copy_slot(t, next, gap, distance);
		gap = next;
	}
	withdraw(&slot_at(t, gap)[t->words - 1]);
	t->used--;
}

void flow_table_bury(struct flow_table *t, uint32_t slot)
{
	publish(&slot_at(t, slot)[t->words - 1], (uint64_t)FLOW_GRAVE << SHIFT_PROTOCOL);
	t->used--;
}

/* --- one slot ---------------------------------------------------------------------------------- */

bool flow_table_live(const struct flow_table *t, uint32_t slot)
{
	uint8_t protocol = protocol_of(last_word(t, slot));

	return protocol != 0 && protocol != FLOW_GRAVE;
}

uint16_t flow_table_farm(const struct flow_table *t, uint32_t slot)
{
	return (uint16_t)(owner_word(t, slot) >> SHIFT_FARM);
}

uint16_t flow_table_backend(const struct flow_table *t, uint32_t slot)
{
	return (uint16_t)(owner_word(t, slot) >> SHIFT_BACKEND);
}

uint8_t flow_table_protocol(const struct flow_table *t, uint32_t slot)
{
	return protocol_of(last_word(t, slot));
}

uint32_t flow_table_until(const struct flow_table *t, uint32_t slot)
{
	return (uint32_t)last_word(t, slot);
}

static size_t address_len(const struct flow_table *t)
{
	return (t->words - 2) * sizeof(uint64_t) / 2;
}

bool flow_table_client_is(const struct flow_table *t, uint32_t slot, const struct addr *client)
{
	return addr_len(client) == address_len(t) &&
	       memcmp(slot_at(t, slot), client->bytes, address_len(t)) == 0;
}

void flow_table_record(const struct flow_table *t, uint32_t slot, struct flow_record *ret)
{
	const uint8_t *addresses = (const uint8_t *)slot_at(t, slot);
	uint8_t family = t->words == FLOW_WORDS_IPV4 ? AF_INET : AF_INET6;
	uint64_t owner = owner_word(t, slot), last = last_word(t, slot);

	*ret = (struct flow_record){
		.key = {.client.family = family,
			.vip.family = family,
			.client_port = (uint16_t)owner,
			.vip_port = (uint16_t)(owner >> 16),
			.protocol = protocol_of(last)},
		.farm = flow_table_farm(t, slot),
		.backend = flow_table_backend(t, slot),
		.expires_s = flow_until_expires((uint32_t)last),
		.flags = flow_until_flags((uint32_t)last),
	};
	memcpy(ret->key.client.bytes, addresses, address_len(t));
	memcpy(ret->key.vip.bytes, addresses + address_len(t), address_len(t));
}

bool flow_table_probe(const struct flow_table *t, uint32_t slot, struct flow_probe *ret)
{
	uint64_t last = last_word(t, slot);

	probe_of_slot(ret, t, slot);
	return check_of(ret->hash, owner_word(t, slot), (uint32_t)last) == last >> SHIFT_CHECK;
}
