/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "include/latency.h"

void latency_note(struct latency *l, uint64_t late_us)
{
	unsigned int bucket = 0;

	while (bucket < LATENCY_BUCKETS - 1 && late_us >> bucket != 0)
		bucket++;
	l->buckets[bucket]++;
	l->count++;
	l->sum_us += late_us;
	if (late_us > l->max_us)
		l->max_us = late_us;
}

uint64_t latency_bucket_end(unsigned int bucket)
{
	return bucket < LATENCY_BUCKETS - 1 ? UINT64_C(1) << bucket : UINT64_MAX;
}
