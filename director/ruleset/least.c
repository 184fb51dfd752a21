/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/ruleset/least.h"

#include "director/ruleset/bucket.h"

#include <errno.h>
#include <stdlib.h>

/* What a backend's weight counts for new connections. */
static double pull(const struct least_backend *b, double per_weight)
{
	double factor = (per_weight * b->weight + 1) / ((double)b->connections + 1);

	if (factor > LEAST_FACTOR_MAX)
		factor = LEAST_FACTOR_MAX;
	if (factor < 1.0 / LEAST_FACTOR_MIN)
		factor = 1.0 / LEAST_FACTOR_MIN;
	return factor * b->weight;
}

void least_parts(const struct least_backend *backends, size_t n, uint32_t size, uint32_t *ret)
{
	double weights = 0, connections = 0, pulls = 0, sum = 0;
	uint32_t given = 0;

	for (size_t i = 0; i < n; i++)
		if (backends[i].weight) {
			weights += backends[i].weight;
			connections += (double)backends[i].connections;
		}
	for (size_t i = 0; weights > 0 && i < n; i++)
		pulls += pull(&backends[i], connections / weights);
	/* The ends of the parts are rounded, not the parts: so they sum to size. */
	for (size_t i = 0; i < n; i++) {
		uint32_t end;

		ret[i] = 0;
		if (!backends[i].weight)
			continue;
		sum += pull(&backends[i], connections / weights);
		end = (uint32_t)(sum / pulls * size + 0.5);
		end = end > size ? size : end;
		ret[i] = end - given;
		given = end;
	}
}

/* Slots on their way in one step. */
struct moves {
	uint32_t *have, *want, *take, *give; /* of each backend: now, in the end, in this step */
	uint32_t all, forced; /* slots in the wrong place; of nobody who may have them */
};

static void count_slots(struct moves *m, const uint16_t *slots, uint32_t size,
			const struct least_backend *backends, size_t n)
{
	for (uint32_t s = 0; s < size; s++)
		if (slots[s] < n && backends[slots[s]].weight)
			m->have[slots[s]]++;
		else
			m->forced++;
	m->all = m->forced;
	for (size_t i = 0; i < n; i++)
		if (m->have[i] > m->want[i])
			m->all += m->have[i] - m->want[i];
}

/* How many slots change in this step. */
static uint32_t budget(const struct moves *m, uint32_t size, bool at_once)
{
	uint32_t most = size / LEAST_STEP > m->forced ? size / LEAST_STEP : m->forced;
	uint32_t half = m->all / 2 > m->forced ? m->all / 2 : m->forced;

	if (at_once)
		return m->all;
	if (m->all - m->forced <= size / LEAST_NOISE)
		return m->forced;
	return half < most ? half : most;
}

/* part of whole, rounded up, of n. */
static uint32_t fraction(uint32_t n, uint32_t part, uint32_t whole)
{
	return whole ? (uint32_t)(((uint64_t)n * part + whole - 1) / whole) : 0;
}

static void share_out(struct moves *m, size_t n, uint32_t moving)
{
	uint32_t surplus = m->all - m->forced, taken = moving - m->forced;

	for (size_t i = 0; i < n; i++) {
		if (m->have[i] > m->want[i])
			m->give[i] = fraction(m->have[i] - m->want[i], taken, surplus);
		else
			m->take[i] = fraction(m->want[i] - m->have[i], moving, m->all);
	}
}

static int carry_out(struct moves *m, uint16_t *slots, uint32_t size,
		     const struct least_backend *backends, size_t n, uint32_t moving)
{
	uint32_t forced = m->forced, others = moving - m->forced;
	size_t to = 0;
	int moved = 0;

	for (uint32_t s = 0; s < size && (forced || others); s++) {
		bool homeless = slots[s] >= n || !backends[slots[s]].weight;

		if (!homeless && (!others || !m->give[slots[s]]))
			continue;
		while (to < n && !m->take[to])
			to++;
		if (to == n)
			break;
		if (homeless) {
			forced--;
		} else {
			others--;
			m->give[slots[s]]--;
		}
		m->take[to]--;
		slots[s] = (uint16_t)to;
		moved++;
	}
	return moved;
}

/* Nobody may have them. */
static int vacate(uint16_t *slots, uint32_t size)
{
	int moved = 0;

	for (uint32_t s = 0; s < size; s++) {
		moved += slots[s] != BUCKET_NONE;
		slots[s] = BUCKET_NONE;
	}
	return moved;
}

int least_step(uint16_t *slots, uint32_t size, const struct least_backend *backends, size_t n,
	       bool at_once)
{
	uint32_t *memory = calloc(4 * n + 1, sizeof(*memory));
	uint32_t wanted = 0, moving;
	struct moves m;
	int moved;

	if (!memory)
		return -ENOMEM;
	m = (struct moves){
		.have = memory, .want = memory + n, .take = memory + 2 * n, .give = memory + 3 * n};
	least_parts(backends, n, size, m.want);
	for (size_t i = 0; i < n; i++)
		wanted += m.want[i];
	if (!wanted) {
		moved = vacate(slots, size);
	} else {
		count_slots(&m, slots, size, backends, n);
		moving = budget(&m, size, at_once);
		share_out(&m, n, moving);
		moved = carry_out(&m, slots, size, backends, n, moving);
	}
	free(memory);
	return moved;
}
