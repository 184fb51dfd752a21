/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How late things were that had a time of their own: how many, the latest, all together, and how they
 * are spread over powers of two.
 */
#ifndef INCLUDE_LATENCY_H
#define INCLUDE_LATENCY_H

#include <stdint.h>

enum { LATENCY_BUCKETS = 24 }; /* the last begins at 4.2 s: beyond every election's patience */

struct latency {
	uint64_t count;
	uint64_t max_us;
	uint64_t sum_us;
	/* [0]: less than 1 us late; [i]: from 2^(i-1) on, less than 2^i us; the last has no end */
	uint64_t buckets[LATENCY_BUCKETS];
};

void latency_note(struct latency *l, uint64_t late_us);
/* Where the bucket ends, in us; UINT64_MAX for the last one. */
uint64_t latency_bucket_end(unsigned int bucket);

#endif
