/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ha/sync_lag.h"

/* The first SYNC_LAG_PARTS buckets are of 1 us each, and so are the next. */
static unsigned int bucket_of(uint64_t lag_us)
{
	unsigned int shift = 0;

	while (lag_us >> shift >= 2 * SYNC_LAG_PARTS)
		shift++;
	if (shift >= SYNC_LAG_OCTAVES - 3)
		return SYNC_LAG_BUCKETS - 1;
	return shift * SYNC_LAG_PARTS + (unsigned int)(lag_us >> shift);
}

/* The longest that belongs to it. */
static uint64_t end_of(unsigned int bucket)
{
	unsigned int shift = bucket < SYNC_LAG_PARTS ? 0 : bucket / SYNC_LAG_PARTS - 1;

	return ((uint64_t)(bucket - shift * SYNC_LAG_PARTS + 1) << shift) - 1;
}

/* 0: all are of now; 1: the newer half is the older one by now; 2: both are too old. */
static unsigned int halves_past(const struct sync_lag *l, uint64_t now_us)
{
	if (now_us < l->since_us + SYNC_LAG_US)
		return 0;
	return now_us < l->since_us + 2 * (uint64_t)SYNC_LAG_US ? 1 : 2;
}

void sync_lag_note(struct sync_lag *l, uint64_t lag_us, uint32_t entries, uint64_t now_us)
{
	unsigned int past = halves_past(l, now_us);

	if (past > 0) {
		l->halves[1] = past == 1 ? l->halves[0] : (struct sync_lag_half){0};
		l->halves[0] = (struct sync_lag_half){0};
		l->since_us = now_us;
	}
	l->halves[0].n += entries;
	l->halves[0].buckets[bucket_of(lag_us)] += entries;
	if (lag_us > l->halves[0].max_us)
		l->halves[0].max_us = lag_us;
}

static uint64_t quantile(const struct sync_lag *l, unsigned int n_halves, uint64_t rank)
{
	uint64_t seen = 0;
	unsigned int i;

	for (i = 0; i < SYNC_LAG_BUCKETS - 1; i++) {
		for (unsigned int half = 0; half < n_halves; half++)
			seen += l->halves[half].buckets[i];
		if (seen >= rank)
			break;
	}
	return end_of(i);
}

static uint64_t at_most(uint64_t value, uint64_t most)
{
	return value < most ? value : most;
}

void sync_lag_view(const struct sync_lag *l, uint64_t now_us, struct sync_lag_view *ret)
{
	unsigned int n_halves = 2 - halves_past(l, now_us);

	*ret = (struct sync_lag_view){0};
	for (unsigned int half = 0; half < n_halves; half++) {
		ret->n += l->halves[half].n;
		if (l->halves[half].max_us > ret->max_us)
			ret->max_us = l->halves[half].max_us;
	}
	if (ret->n == 0)
		return;
	ret->median_us = at_most(quantile(l, n_halves, (ret->n + 1) / 2), ret->max_us);
	ret->p99_us = at_most(quantile(l, n_halves, ret->n - ret->n / 100), ret->max_us);
}
