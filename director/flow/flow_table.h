/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A hash table of flows in memory that outlives the process: open addressing, linear probing, 24
 * octets an IPv4 flow, 48 an IPv6 flow. Used by flow_index.c, which is the face of it.
 *
 * A slot is an array of 64-bit words in the machine's order:
 *
 *	addresses	1 word (IPv4: client, VIP) or 4 (IPv6: client, client, VIP, VIP)
 *	owner word	client port, VIP port, farm, backend: 16 bits each, the first the lowest
 *	last word	expiry (30 bits), flags (2), protocol (8), distance (8), check (16)
 *
 * A slot whose protocol is 0 is empty, so a new sparse file is an empty table. FLOW_GRAVE is one
 * that was emptied in a table that is being moved away from, where slots do not change places.
 *
 * A process killed between any two stores leaves no slot that is half one flow and half another:
 * the last word is stored last, as one word, and is cleared first when another part changes. What
 * it may leave is a flow twice (one place while it moves to another), and the one whose backend was
 * being changed may be missing. The check is for what the order of stores cannot answer for:
 * somebody else's hand in the file.
 *
 * The hash is keyed (SipHash): clients cannot choose addresses and ports that meet in one place. The
 * upper half of it, scaled to the number of slots, is the home of a flow, so slots lie in the order
 * of their hash and a bigger table is filled from front to end. There is no wrapping around: behind
 * the last home there are FLOW_TAIL slots more. So emptying a slot moves flows towards the front
 * only, and walking from the end to the front meets every flow that stays, whatever happens
 * meanwhile; one that moves may be met twice.
 *
 * distance (of a slot from its flow's home, at most 255) saves hashing again when a slot is emptied.
 */
#ifndef DIRECTOR_FLOW_FLOW_TABLE_H
#define DIRECTOR_FLOW_FLOW_TABLE_H

#include "include/flow.h"

#include <stddef.h>

enum {
	FLOW_IPV4,
	FLOW_IPV6,
	FLOW_TABLES,

	FLOW_WORDS_IPV4 = 3,
	FLOW_WORDS_IPV6 = 6,
	FLOW_WORDS_MAX = FLOW_WORDS_IPV6,
	FLOW_TAIL = 256,  /* at 15/16 full a run beyond the end is longer once in 10^14 tables */
	FLOW_GRAVE = 255, /* as protocol: IANA's "reserved" */
	FLOW_HASH_KEY = 16,
	FLOW_SHIFT_FLAGS = 30,
	FLOW_EXPIRES_MAX = (1u << FLOW_SHIFT_FLAGS) - 1, /* seconds since boot: 34 years */
};

/* What a flow is besides. */
enum {
	FLOW_CLOSING = 1, /* FIN or RST was seen: it is in the closing table */
	FLOW_MARK = 2,	  /* the owner's: mark and sweep */
	FLOW_FLAGS_ALL = FLOW_CLOSING | FLOW_MARK,
};

struct flow_record {
	struct flow_key key;
	uint16_t farm, backend; /* numbers of the index's names */
	uint32_t expires_s;	/* seconds since boot */
	uint8_t flags;		/* FLOW_CLOSING, FLOW_MARK */
};

struct flow_table {
	uint64_t *slots;
	uint32_t n;	/* homes; there are FLOW_TAIL slots more */
	uint32_t used;	/* live ones */
	uint32_t words; /* of a slot */
	const uint8_t *hash_key;
};

/* A key in the form of a slot. */
struct flow_probe {
	uint64_t words[FLOW_WORDS_MAX - 2]; /* addresses */
	uint64_t hash;
	uint32_t ports;
	uint32_t n; /* words of addresses */
	uint8_t protocol;
};

enum { FLOW_NO_SLOT = UINT32_MAX };

/*
 * Expiry and flags in one, as a slot holds them: an expiry beyond FLOW_EXPIRES_MAX becomes that one,
 * other bits than FLOW_FLAGS_ALL are cut off.
 */
static inline uint32_t flow_until(uint32_t expires_s, uint8_t flags)
{
	uint32_t expiry = expires_s < FLOW_EXPIRES_MAX ? expires_s : (uint32_t)FLOW_EXPIRES_MAX;

	return expiry | (uint32_t)(flags & FLOW_FLAGS_ALL) << FLOW_SHIFT_FLAGS;
}

static inline uint32_t flow_until_expires(uint32_t until)
{
	return until & FLOW_EXPIRES_MAX;
}

static inline uint8_t flow_until_flags(uint32_t until)
{
	return (uint8_t)(until >> FLOW_SHIFT_FLAGS);
}

/* Octets of a table. */
static inline size_t flow_table_size(uint32_t n, uint32_t words)
{
	return ((size_t)n + FLOW_TAIL) * words * sizeof(uint64_t);
}

static inline uint32_t flow_table_slots(const struct flow_table *t)
{
	return t->n + FLOW_TAIL;
}

/* False for a key that is no flow: families that differ, or a protocol that is no number for one. */
bool flow_probe_init(struct flow_probe *p, const struct flow_key *key, const uint8_t *hash_key);

/* Brings the flow's place near the processor: out of a big table a search would wait for it. */
void flow_table_prefetch(const struct flow_table *t, const struct flow_probe *p);
/*
 * The slot of the flow, or FLOW_NO_SLOT. ret_free (may be NULL) gets the slot where it would go, or
 * FLOW_NO_SLOT when there is none.
 */
uint32_t flow_table_find(const struct flow_table *t, const struct flow_probe *p,
			 uint32_t *ret_free);
/* until: flow_until(). */
void flow_table_insert(struct flow_table *t, const struct flow_probe *p, uint32_t slot,
		       uint16_t farm, uint16_t backend, uint32_t until);
void flow_table_update(struct flow_table *t, const struct flow_probe *p, uint32_t slot,
		       uint16_t farm, uint16_t backend, uint32_t until);
/* Empties a slot; moves others up. */
void flow_table_erase(struct flow_table *t, uint32_t slot);
/* Empties a slot and leaves the others where they are: for a table that nothing is put in any more. */
void flow_table_bury(struct flow_table *t, uint32_t slot);

bool flow_table_live(const struct flow_table *t, uint32_t slot);
uint16_t flow_table_farm(const struct flow_table *t, uint32_t slot);
uint16_t flow_table_backend(const struct flow_table *t, uint32_t slot);
uint8_t flow_table_protocol(const struct flow_table *t, uint32_t slot);
uint32_t flow_table_until(const struct flow_table *t, uint32_t slot);
/* True when the client's address is that one. */
bool flow_table_client_is(const struct flow_table *t, uint32_t slot, const struct addr *client);
/* A live slot as a record. */
void flow_table_record(const struct flow_table *t, uint32_t slot, struct flow_record *ret);
/* Its key. False when a slot of memory from outside is not what was once stored there. */
bool flow_table_probe(const struct flow_table *t, uint32_t slot, struct flow_probe *ret);

#endif
