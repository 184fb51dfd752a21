/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/ruleset/bucket.h"

#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

uint32_t bucket_table_size(size_t n)
{
	uint32_t size = BUCKET_TABLE_MIN;

	for (size_t most = BUCKET_TABLE_MIN / BUCKET_PER_BACKEND;
	     n > most && size < BUCKET_TABLE_MAX; most *= 2)
		size *= 2;
	return size;
}

bool bucket_table_size_is_ours(uint32_t size)
{
	for (uint32_t ours = BUCKET_TABLE_MIN; ours <= BUCKET_TABLE_MAX; ours *= 2)
		if (size == ours)
			return true;
	return false;
}

/* A member that has a weight, or is configured with one. */
struct share {
	uint64_t id; /* hash of the name */
	uint16_t member;
	uint32_t weight;  /* in hundredths, the one reached so far: set_weight() */
	uint64_t inverse; /* 2^32 / weight, without per cent: it wants the same buckets */
	uint32_t target;  /* the weight that it is to reach, ... */
	uint32_t percent; /* ... and how much of it */
	uint32_t count;	  /* buckets owned */
	uint32_t floor;	  /* the exact share, rounded down */
	uint32_t ceiling;
};

/* A bucket that may be taken from its owner; a small cost is one that the owner wants much. */
struct offer {
	uint64_t cost;
	uint32_t bucket;
};

/* A table being made; its owners are indexes into shares. */
struct making {
	uint16_t *table;
	uint32_t size;
	uint32_t twins;	      /* neighbours that are one bucket of the smallest table */
	struct share *shares; /* in an order that only names and the seed decide */
	size_t n;
	struct offer *offers; /* [size], scratch */
};

static uint64_t hash_name(const char *name, uint32_t seed)
{
	uint8_t key[crypto_shorthash_KEYBYTES] = {0};
	uint8_t out[crypto_shorthash_BYTES];
	uint64_t value = 0;

	for (size_t i = 0; i < sizeof(seed); i++)
		key[i] = (uint8_t)(seed >> (8 * i));
	crypto_shorthash(out, (const uint8_t *)name, strlen(name), key);
	for (size_t i = sizeof(out); i-- > 0;)
		value = value << 8 | out[i];
	return value;
}

enum { WHOLE = 100 };

static uint32_t percent_of(const struct bucket_member *m)
{
	return m->percent ? m->percent : WHOLE;
}

static int share_compare(const void *a, const void *b)
{
	const struct share *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

/* Dearest first. */
static int offer_compare(const void *a, const void *b)
{
	const struct offer *x = a, *y = b;

	if (x->cost != y->cost)
		return x->cost > y->cost ? -1 : 1;
	return (x->bucket > y->bucket) - (x->bucket < y->bucket);
}

static void set_weight(struct share *s, uint32_t weight, uint32_t percent)
{
	s->weight = weight * percent;
	s->inverse = weight ? ((uint64_t)1 << 32) / weight : 0;
}

/* Where nobody has more of its weight, that is as good as all of it. */
static uint32_t largest_percent(const struct bucket_member *members, size_t n)
{
	uint32_t largest = 0;

	for (size_t i = 0; i < n; i++)
		if (members[i].weight && percent_of(&members[i]) > largest)
			largest = percent_of(&members[i]);
	return largest;
}

/* Returns how many. */
static size_t shares_init(struct share *shares, const struct bucket_member *members, size_t n,
			  uint32_t seed)
{
	uint32_t whole = largest_percent(members, n);
	size_t count = 0;

	for (size_t i = 0; i < n; i++) {
		uint32_t first = members[i].configured ? members[i].configured : members[i].weight;

		if (!first)
			continue;
		shares[count] = (struct share){
			.id = hash_name(members[i].name, seed),
			.member = (uint16_t)i,
			.target = members[i].weight,
			.percent = percent_of(&members[i]),
		};
		set_weight(&shares[count++], first, whole);
	}
	qsort(shares, count, sizeof(*shares), share_compare);
	return count;
}

static uint64_t scramble(uint64_t x)
{
	x = (x ^ x >> 32) * 0xd6e8feb86659fd93;
	x = (x ^ x >> 32) * 0xd6e8feb86659fd93;
	return x ^ x >> 32;
}

/*
 * Weighted rendezvous: the member with the smallest -log2(u) / weight wins a bucket with the
 * probability of its weight, u being its hash of the bucket, between 0 and 1. In integers, with
 * log2(1 + f) = f + 0.344 f (1 - f), so that it is the same on every machine.
 */
static uint64_t cost(const struct making *m, const struct share *s, uint32_t bucket)
{
	uint64_t step = (bucket / m->twins) * 0x9e3779b97f4a7c15;
	uint32_t hash = (uint32_t)(scramble(s->id + step) >> 32) | 1;
	uint32_t zeros = (uint32_t)__builtin_clz(hash);
	uint64_t f = (uint64_t)hash << (zeros + 1) >> 8 & 0xffffff; /* 24 bits */
	uint64_t log = (uint64_t)(31 - zeros) << 24;

	log += f + (f * ((1 << 24) - f) >> 24) * 22525 / 65536;
	return (((uint64_t)32 << 24) - log) * s->inverse; /* 29 bits by 33 */
}

/* Everybody's best, without regard to how many. */
static void rendezvous(struct making *m)
{
	for (uint32_t b = 0; b < m->size; b++) {
		uint64_t best = UINT64_MAX;

		if (b % m->twins)
			m->table[b] = m->table[b - 1];
		for (size_t i = 0; b % m->twins == 0 && i < m->n; i++) {
			uint64_t c = cost(m, &m->shares[i], b);

			if (c < best) {
				best = c;
				m->table[b] = (uint16_t)i;
			}
		}
		m->shares[m->table[b]].count++;
	}
}

static void set_bounds(struct making *m)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < m->n; i++)
		sum += m->shares[i].weight;
	for (size_t i = 0; i < m->n; i++) {
		struct share *s = &m->shares[i];
		uint64_t exact = (uint64_t)s->weight * m->size;

		s->floor = (uint32_t)(exact / sum);
		s->ceiling = (uint32_t)((exact + sum - 1) / sum);
	}
}

static void release(struct making *m, uint32_t bucket)
{
	m->shares[m->table[bucket]].count--;
	m->table[bucket] = BUCKET_NONE;
}

/* Whoever has no weight any more gives up everything. Returns how many buckets that are. */
static uint32_t release_weightless(struct making *m)
{
	uint32_t n = 0;

	for (uint32_t b = 0; b < m->size; b++)
		if (!m->shares[m->table[b]].weight) {
			release(m, b);
			n++;
		}
	return n;
}

static uint32_t missing(const struct making *m)
{
	uint32_t n = 0;

	for (size_t i = 0; i < m->n; i++)
		if (m->shares[i].count < m->shares[i].floor)
			n += m->shares[i].floor - m->shares[i].count;
	return n;
}

static bool somebody_has_too_many(const struct making *m)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->shares[i].count > m->shares[i].ceiling)
			return true;
	return false;
}

/* Fills offers with all owned buckets, the least wanted first. Returns how many. */
static uint32_t offer_all(struct making *m)
{
	uint32_t n = 0;

	for (uint32_t b = 0; b < m->size; b++)
		if (m->table[b] != BUCKET_NONE)
			m->offers[n++] = (struct offer){cost(m, &m->shares[m->table[b]], b), b};
	qsort(m->offers, n, sizeof(*m->offers), offer_compare);
	return n;
}

/*
 * Who has more than its ceiling gives up what it wants least; when these and the free buckets are
 * not enough for those below their floor, so does who has more than its floor. Returns the number
 * of free buckets.
 */
static uint32_t make_room(struct making *m, uint32_t n_free)
{
	uint32_t wanted = missing(m), n;

	if (!somebody_has_too_many(m) && n_free >= wanted)
		return n_free;
	n = offer_all(m);
	for (uint32_t i = 0; i < n; i++) {
		const struct share *s = &m->shares[m->table[m->offers[i].bucket]];

		if (s->count > s->ceiling) {
			release(m, m->offers[i].bucket);
			n_free++;
		}
	}
	for (uint32_t i = 0; i < n && n_free < wanted; i++) {
		uint32_t b = m->offers[i].bucket;

		if (m->table[b] == BUCKET_NONE ||
		    m->shares[m->table[b]].count <= m->shares[m->table[b]].floor)
			continue;
		release(m, b);
		n_free++;
	}
	return n_free;
}

/* Who wants the bucket most, of those that have less than their floor, or their ceiling. */
static struct share *best_taker(const struct making *m, uint32_t bucket, bool below_floor)
{
	uint64_t best = UINT64_MAX;
	struct share *taker = NULL;

	for (size_t i = 0; i < m->n; i++) {
		struct share *s = &m->shares[i];
		uint64_t c;

		if (s->count >= (below_floor ? s->floor : s->ceiling))
			continue;
		c = cost(m, s, bucket);
		if (c < best) {
			best = c;
			taker = s;
		}
	}
	assert(taker);
	return taker;
}

static void share_out(struct making *m, uint32_t n_free)
{
	uint32_t wanted = missing(m);

	for (uint32_t b = 0; n_free > 0; b++) {
		struct share *taker;

		if (m->table[b] != BUCKET_NONE)
			continue;
		taker = best_taker(m, b, wanted >= n_free);
		wanted -= taker->count < taker->floor;
		taker->count++;
		m->table[b] = (uint16_t)(taker - m->shares);
		n_free--;
	}
}

/* Everybody between floor and ceiling of the present weights, with few changes. */
static void level(struct making *m)
{
	set_bounds(m);
	share_out(m, make_room(m, release_weightless(m)));
}

static void make(struct making *m)
{
	rendezvous(m);
	level(m);
	for (size_t i = 0; i < m->n; i++)
		if (m->shares[i].weight != m->shares[i].target * m->shares[i].percent) {
			set_weight(&m->shares[i], m->shares[i].target, m->shares[i].percent);
			level(m);
		}
	for (uint32_t b = 0; b < m->size; b++)
		m->table[b] = m->shares[m->table[b]].member;
}

static uint64_t hundredths(const struct bucket_member *m)
{
	return (uint64_t)m->weight * percent_of(m);
}

static uint64_t weight_sum(const struct bucket_member *members, size_t n)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += hundredths(&members[i]);
	return sum;
}

static void fill_with_nobody(uint16_t *table, uint32_t size)
{
	for (uint32_t i = 0; i < size; i++)
		table[i] = BUCKET_NONE;
}

int bucket_table_fill(uint16_t *table, uint32_t size, const struct bucket_member *members, size_t n,
		      uint32_t seed)
{
	struct making m = {.table = table, .size = size, .twins = 1};
	int err = -ENOMEM;

	assert(size > 1);
	if (weight_sum(members, n) == 0) {
		fill_with_nobody(table, size);
		return 0;
	}
	m.shares = calloc(n, sizeof(*m.shares));
	m.offers = calloc(size, sizeof(*m.offers));
	if (m.shares && m.offers) {
		m.n = shares_init(m.shares, members, n, seed);
		if (bucket_table_size_is_ours(size))
			m.twins = size / BUCKET_TABLE_MIN;
		make(&m);
		err = 0;
	}
	free(m.offers);
	free(m.shares);
	return err;
}

uint32_t bucket_of_hash(uint32_t hash, uint32_t size)
{
	return (uint32_t)((uint64_t)hash * size >> 32);
}

/* --- round-robin ------------------------------------------------------------------------------ */

/* A member's part of the slots, and its place in smooth weighted round-robin. */
struct turn {
	uint32_t slots;
	uint64_t remainder;
	int64_t current;
};

uint32_t slot_table_size(size_t n)
{
	return bucket_table_size(n);
}

/* Whole slots first, then one more for each of the largest remainders (the first of equals). */
static void count_slots(struct turn *turns, uint32_t size, const struct bucket_member *members,
			size_t n)
{
	uint64_t sum = weight_sum(members, n);
	uint32_t left = size;

	for (size_t i = 0; i < n; i++) {
		uint64_t exact = hundredths(&members[i]) * size;

		turns[i].slots = (uint32_t)(exact / sum);
		turns[i].remainder = exact % sum;
		left -= turns[i].slots;
	}
	for (; left > 0; left--) {
		size_t best = 0;

		for (size_t i = 1; i < n; i++)
			if (turns[i].remainder > turns[best].remainder)
				best = i;
		turns[best].slots++;
		turns[best].remainder = 0;
	}
}

static uint16_t next_turn(struct turn *turns, size_t n, uint32_t size)
{
	size_t best = n;

	for (size_t i = 0; i < n; i++) {
		if (!turns[i].slots)
			continue;
		turns[i].current += turns[i].slots;
		if (best == n || turns[i].current > turns[best].current)
			best = i;
	}
	assert(best < n);
	turns[best].current -= size;
	return (uint16_t)best;
}

int slot_table_fill(uint16_t *slots, uint32_t size, const struct bucket_member *members, size_t n)
{
	struct turn *turns;

	if (weight_sum(members, n) == 0) {
		fill_with_nobody(slots, size);
		return 0;
	}
	turns = calloc(n, sizeof(*turns));
	if (!turns)
		return -ENOMEM;
	count_slots(turns, size, members, n);
	for (uint32_t slot = 0; slot < size; slot++)
		slots[slot] = next_turn(turns, n, size);
	free(turns);
	return 0;
}
