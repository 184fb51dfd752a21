/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long news took until the other director had them, lately: their median and their 99th
 * percentile over the last SYNC_LAG_US to twice as long, and the longest.
 *
 * Counted in buckets that are an eighth of a power of two wide; what is told is the end of a bucket,
 * up to 1/8 too much and never too little.
 *
 * Pure.
 */
#ifndef HA_SYNC_LAG_H
#define HA_SYNC_LAG_H

#include <stdint.h>

enum {
	SYNC_LAG_US = 10 * 1000 * 1000,
	SYNC_LAG_PARTS = 8, /* of each power of two */
	SYNC_LAG_OCTAVES =
		24, /* the last bucket has all from 15.7 s on: no connection waits so long */
	SYNC_LAG_BUCKETS = (SYNC_LAG_OCTAVES - 2) * SYNC_LAG_PARTS,
};

/* All 0: nothing yet. */
struct sync_lag {
	uint64_t since_us; /* when the newer half begins; it is the first */
	struct sync_lag_half {
		uint64_t n, max_us;
		uint64_t buckets[SYNC_LAG_BUCKETS];
	} halves[2];
};

struct sync_lag_view {
	uint64_t n; /* entries; 0: the rest means nothing */
	uint64_t median_us, p99_us, max_us;
};

/* So many entries were acknowledged, the oldest of which had been known for so long. */
void sync_lag_note(struct sync_lag *l, uint64_t lag_us, uint32_t entries, uint64_t now_us);
void sync_lag_view(const struct sync_lag *l, uint64_t now_us, struct sync_lag_view *ret);

#endif
