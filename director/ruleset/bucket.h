/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bucket table of a farm: which backend owns which of the values of a connection's hash; and
 * the slot table of round-robin. Both are pure functions of what the two directors agree on, so
 * both hold the same.
 *
 * Maglev (Eisenbud et al., "Maglev: A Fast and Reliable Software Network Load Balancer", NSDI 2016,
 * section 3.4) fills such a table in turns; when one backend goes, everybody's turns shift. This
 * one keeps what is promised there, everybody's share within one bucket, and moves less:
 *   1. every bucket goes to the member that wants it most, by weighted rendezvous hashing (Thaler,
 *      Ravishankar, 1998) with the configured weights, also of backends that are down;
 *   2. who has more than its share, rounded up, gives up what it wants least; each of these buckets
 *      goes to who wants it most among those that may have more;
 *   3. then one member after the other, in the order of their names' hashes, takes its present
 *      weight, and 2. is done again.
 * So all tables start from the one with everybody up, and a backend that fails, drains or gets
 * another weight moves its own buckets alone.
 *
 * Buckets that change hands, as a multiple of those that must: mean and, in brackets, the worst of
 * up to 72 cases with 1009 buckets (equal weights | weights of 1 to 9). "out" or back: a backend
 * fails, drains or returns, all others being up. "weight": one is doubled. "second": another one is
 * out already. "edit": the configuration has one backend more or less. "turns": any of these with
 * Maglev.
 *
 *   backends   out, weight   second               edit                 turns
 *          3   1.00 | 1.00   1.00       | 1.00    1.03       | 1.03    1.01       | 1.02
 *         10   1.00 | 1.00   1.03 (1.1) | 1.04    1.16 (1.3) | 1.21    1.24 (1.3) | 1.40
 *         30   1.00 | 1.00   1.14 (1.4) | 1.20    1.65 (2.2) | 1.88    2.18 (2.8) | 2.93
 *        100   1.00 | 1.00   1.07 (1.5) | 1.27    3.86 (5.0) | 4.34    4.52 (5.9) | 4.92
 *
 * An edit of a large farm is dear because exact shares of ten buckets each are tight; it is one of a
 * few per cent of all buckets, and no connection is lost by it (transition.h).
 *
 * A member that starts slowly has per cent of its weight: it wants what it always wants, and gives up
 * what it wants least. So with all others up each step gives it more of the buckets that are its own in
 * the end. All that move from 10 to 100 % in ten steps, as a multiple of those that must, mean and worst
 * (equal weights | weights of 1 to 9), and the most that one step moves, of all buckets:
 *
 *   backends
 *          3   1.04 (1.1) | 1.06 (1.1)   5.2 | 10.6 %
 *         10   1.44 (1.5) | 1.42 (1.8)   2.2 |  3.1 %
 *         30   1.86 (2.2) | 1.79 (2.1)   1.2 |  1.8 %
 *        100   1.02 (1.1) | 1.03 (1.2)   0.3 |  0.3 %
 *
 * In a larger table, the buckets that are one in the table of 1009 are wanted alike: so the tables of
 * all sizes are nearly the same function, and the backend with which a farm gets a larger one moves
 * few. With one backend more than 100, 200, 400 or 800, of all buckets (weights as above):
 *
 *   backends               101         201         401         801
 *   must move            1.0 | 1.6   0.5 | 0.6   0.3 | 0.1   0.1 | 0.1 %
 *   moves                3.2 | 5.4   2.5 | 2.7   2.2 | 2.3   2.5 | 2.2 %
 *   wanted bucket by bucket, 99 %
 *
 * It makes an edit dearer, with 1000 backends 11 | 13 times what must move instead of 6 | 6; "out" stays
 * 1.00, "second" below 1.3.
 *
 * Every count is the exact share rounded up or down. 1009 buckets for 100 backends take 0.9 ms, 16144
 * for 1000 take 40.
 *
 * Pure: no clock, no randomness; the caller owns all memory.
 */
#ifndef DIRECTOR_RULESET_BUCKET_H
#define DIRECTOR_RULESET_BUCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	BUCKET_NONE = 0xffff,	 /* no backend: the table is empty */
	BUCKET_PER_BACKEND = 10, /* at least: equal shares are right within a tenth */
	BUCKET_TABLE_MIN = 1009, /* room for 100 */
	BUCKET_TABLE_MAX = BUCKET_TABLE_MIN << 4,
};

struct bucket_member {
	const char *name;    /* identity: decides which buckets it wants, so a rename moves them */
	uint32_t weight;     /* now; 0: takes no buckets */
	uint32_t configured; /* its weight when nothing is wrong with it; 0: as weight */
	uint32_t percent;    /* of its weight, how much it has now; 0: all */
};

/*
 * Buckets for a farm of n configured backends, constant while they come and go:
 *
 *   backends up to   100   200   400   800  1000
 *   buckets         1009  2018  4036  8072 16144
 *
 * Small, because the table shares the processor's cache with everything else: on one machine a
 * packet cost as much with 1009 buckets as with 251, 6 % more with twice as many, 12 % more with
 * four times.
 *
 * Each size is twice the one before, because bucket_of_hash() makes of a table with every bucket
 * twice the same function: what was bucket b is 2 b and 2 b + 1. So a farm takes another size, and
 * other rules, without sending a connection elsewhere (transition.h). Maglev's own way of filling
 * needs a prime, for its steps through the table to meet every bucket; ranking members bucket by
 * bucket needs none.
 */
uint32_t bucket_table_size(size_t n);
/* One of these. */
bool bucket_table_size_is_ours(uint32_t size);

/*
 * Fills table[0..size) with indexes into members (BUCKET_NONE when all weights are 0). The result
 * does not depend on the order of members; seed is shared by both directors. A member whose share
 * is less than one bucket may get none. -ENOMEM when scratch memory is not to be had.
 */
int bucket_table_fill(uint16_t *table, uint32_t size, const struct bucket_member *members, size_t n,
		      uint32_t seed);

/*
 * The bucket that the kernel chooses for a hash value: reciprocal_scale(), not the remainder
 * (Linux, include/linux/kernel.h; net/netfilter/nft_hash.c).
 */
uint32_t bucket_of_hash(uint32_t hash, uint32_t size);

/*
 * Slots of a weighted round-robin of n configured backends, constant while they come and go (a
 * changed modulus would need a new rule). So many that no multiple of the weights' sum is needed.
 */
uint32_t slot_table_size(size_t n);

/*
 * Fills slots[0..size) in the order of smooth weighted round-robin: every backend as evenly spaced
 * as its weight allows, with its share of the slots within one. Same indexes and BUCKET_NONE as
 * above; among equals the first of the list gets the odd slot.
 */
int slot_table_fill(uint16_t *slots, uint32_t size, const struct bucket_member *members, size_t n);

#endif
