/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/ruleset/bucket.h"

#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* About a factor of two apart; each at least 100 times the backends that it serves. */
static const uint32_t primes[] = {1009, 2003, 4001, 8009, 16001, 32003, 64007, BUCKET_TABLE_MAX};

uint32_t bucket_table_size(size_t n)
{
	size_t i = 0;

	while (i + 1 < sizeof(primes) / sizeof(primes[0]) && primes[i] < n * BUCKET_PER_BACKEND)
		i++;
	return primes[i];
}

/* A member's walk over the table: offset, offset + skip, offset + 2 skip, … modulo the size. */
struct walk {
	uint32_t next;
	uint32_t skip;
	uint64_t credit; /* weight not yet turned into a turn */
	uint64_t order;	 /* hash of the name: who is served first in a round */
	uint16_t member;
	uint32_t weight;
};

static uint64_t hash_name(const char *name, uint32_t seed, uint8_t purpose)
{
	uint8_t key[crypto_shorthash_KEYBYTES] = {0};
	uint8_t out[crypto_shorthash_BYTES];
	uint64_t value = 0;

	for (size_t i = 0; i < sizeof(seed); i++)
		key[i] = (uint8_t)(seed >> (8 * i));
	key[8] = purpose;
	crypto_shorthash(out, (const uint8_t *)name, strlen(name), key);
	for (size_t i = sizeof(out); i-- > 0;)
		value = value << 8 | out[i];
	return value;
}

static int walk_compare(const void *a, const void *b)
{
	const struct walk *x = a, *y = b;

	if (x->order != y->order)
		return x->order < y->order ? -1 : 1;
	return 0;
}

/* Walks of the members with a weight, in an order that only their names decide. Returns how many. */
static size_t walks_init(struct walk *walks, const struct bucket_member *members, size_t n,
			 uint32_t size, uint32_t seed)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++) {
		if (!members[i].weight)
			continue;
		walks[count++] = (struct walk){
			.next = (uint32_t)(hash_name(members[i].name, seed, 1) % size),
			.skip = (uint32_t)(hash_name(members[i].name, seed, 2) % (size - 1) + 1),
			.order = hash_name(members[i].name, seed, 3),
			.member = (uint16_t)i,
			.weight = members[i].weight,
		};
	}
	qsort(walks, count, sizeof(*walks), walk_compare);
	return count;
}

static void take_next_free(uint16_t *table, uint32_t size, struct walk *w)
{
	while (table[w->next] != BUCKET_NONE)
		w->next = (w->next + w->skip) % size;
	table[w->next] = w->member;
}

int bucket_table_fill(uint16_t *table, uint32_t size, const struct bucket_member *members, size_t n,
		      uint32_t seed)
{
	struct walk *walks = calloc(n ? n : 1, sizeof(*walks));
	uint64_t heaviest = 0;
	uint32_t filled = 0;
	size_t count;

	assert(size > 1);
	if (!walks)
		return -ENOMEM;
	for (uint32_t i = 0; i < size; i++)
		table[i] = BUCKET_NONE;
	count = walks_init(walks, members, n, size, seed);
	for (size_t i = 0; i < count; i++)
		if (walks[i].weight > heaviest)
			heaviest = walks[i].weight;
	/* In each round the heaviest takes one bucket and the others their fraction of one. */
	while (count && filled < size)
		for (size_t i = 0; i < count && filled < size; i++) {
			walks[i].credit += walks[i].weight;
			if (walks[i].credit < heaviest)
				continue;
			walks[i].credit -= heaviest;
			take_next_free(table, size, &walks[i]);
			filled++;
		}
	free(walks);
	return 0;
}

uint32_t bucket_of_hash(uint32_t hash, uint32_t size)
{
	return (uint32_t)((uint64_t)hash * size >> 32);
}

uint32_t slot_table_size(uint64_t weight_sum)
{
	if (!weight_sum)
		return SLOT_TABLE_MIN;
	return (uint32_t)((SLOT_TABLE_MIN + weight_sum - 1) / weight_sum * weight_sum);
}

int slot_table_fill(uint16_t *slots, uint32_t size, const struct bucket_member *members, size_t n)
{
	int64_t *current = calloc(n ? n : 1, sizeof(*current));
	int64_t total = 0;

	if (!current)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		total += members[i].weight;
	for (uint32_t slot = 0; slot < size; slot++) {
		size_t best = n;

		for (size_t i = 0; i < n; i++) {
			if (!members[i].weight)
				continue;
			current[i] += members[i].weight;
			if (best == n || current[i] > current[best])
				best = i;
		}
		slots[slot] = best < n ? (uint16_t)best : BUCKET_NONE;
		if (best < n)
			current[best] -= total;
	}
	free(current);
	return 0;
}
