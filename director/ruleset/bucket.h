/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bucket table of a farm: weighted Maglev hashing (Eisenbud et al., "Maglev: A Fast and
 * Reliable Software Network Load Balancer", NSDI 2016, section 3.4), and the slot table of
 * round-robin. Both are pure functions of what the two directors agree on, so both hold the same.
 *
 * Pure: no clock, no randomness; the caller owns all memory.
 */
#ifndef DIRECTOR_RULESET_BUCKET_H
#define DIRECTOR_RULESET_BUCKET_H

#include <stddef.h>
#include <stdint.h>

enum {
	BUCKET_NONE = 0xffff,	   /* no backend: the table is empty */
	BUCKET_PER_BACKEND = 100,  /* the paper's M >= 100 N: shares are right within 1 % */
	BUCKET_TABLE_MAX = 100003, /* 100 for each of 1,000 backends */
	SLOT_TABLE_MIN = 256,	   /* so that n - 1 of n living backends still share evenly */
};

struct bucket_member {
	const char *
		name; /* identity: decides the member's permutation, so a rename moves its buckets */
	uint32_t weight; /* 0: takes no buckets */
};

/* Buckets for a farm of n configured backends: a prime, so that every step visits every bucket. */
uint32_t bucket_table_size(size_t n);

/*
 * Fills table[0..size) with indexes into members (BUCKET_NONE when all weights are 0). size is a
 * value of bucket_table_size(), members are in the configuration's order (the result does not
 * depend on it), seed is shared by both directors. -ENOMEM when scratch memory is not to be had.
 */
int bucket_table_fill(uint16_t *table, uint32_t size, const struct bucket_member *members, size_t n,
		      uint32_t seed);

/*
 * The bucket that the kernel chooses for a hash value: reciprocal_scale(), not the remainder
 * (Linux, include/linux/kernel.h; net/netfilter/nft_hash.c).
 */
uint32_t bucket_of_hash(uint32_t hash, uint32_t size);

/*
 * Slots of a weighted round-robin whose weights sum to sum: a multiple of it, at least
 * SLOT_TABLE_MIN, constant while backends come and go (a changed modulus would need a new rule).
 */
uint32_t slot_table_size(uint64_t weight_sum);

/*
 * Fills slots[0..size) in the order of smooth weighted round-robin: every backend as evenly spaced
 * as its weight allows. Same indexes and BUCKET_NONE as above.
 */
int slot_table_fill(uint16_t *slots, uint32_t size, const struct bucket_member *members, size_t n);

#endif
