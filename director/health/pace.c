/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/health/pace.h"

#include <errno.h>
#include <stdlib.h>

int pace_init(struct pace *p, size_t n)
{
	*p = (struct pace){
		.due_ms = calloc(n + 1, sizeof(*p->due_ms)),
		.heap = calloc(n + 1, sizeof(*p->heap)),
		.place = calloc(n + 1, sizeof(*p->place)),
		.n = n,
	};
	if (!p->due_ms || !p->heap || !p->place) {
		pace_clear(p);
		return -ENOMEM;
	}
	for (size_t i = 0; i < n; i++) {
		p->due_ms[i] = PACE_NEVER;
		p->heap[i] = p->place[i] = (uint32_t)i;
	}
	return 0;
}

void pace_clear(struct pace *p)
{
	free(p->due_ms);
	free(p->heap);
	free(p->place);
	*p = (struct pace){0};
}

static uint64_t due_at(const struct pace *p, size_t place)
{
	return p->due_ms[p->heap[place]];
}

static void swap(struct pace *p, size_t a, size_t b)
{
	uint32_t check = p->heap[a];

	p->heap[a] = p->heap[b];
	p->heap[b] = check;
	p->place[p->heap[a]] = (uint32_t)a;
	p->place[p->heap[b]] = (uint32_t)b;
}

static void sift_up(struct pace *p, size_t place)
{
	while (place > 0 && due_at(p, place) < due_at(p, (place - 1) / 2)) {
		swap(p, place, (place - 1) / 2);
		place = (place - 1) / 2;
	}
}

static void sift_down(struct pace *p, size_t place)
{
	for (;;) {
		size_t child = 2 * place + 1;

		if (child >= p->n)
			return;
		if (child + 1 < p->n && due_at(p, child + 1) < due_at(p, child))
			child++;
		if (due_at(p, place) <= due_at(p, child))
			return;
		swap(p, place, child);
		place = child;
	}
}

void pace_set(struct pace *p, size_t check, uint64_t due_ms)
{
	uint64_t before = p->due_ms[check];

	p->due_ms[check] = due_ms;
	if (due_ms < before)
		sift_up(p, p->place[check]);
	else
		sift_down(p, p->place[check]);
}

uint64_t pace_next(const struct pace *p, size_t *ret_check)
{
	if (p->n == 0)
		return PACE_NEVER;
	*ret_check = p->heap[0];
	return due_at(p, 0);
}

uint64_t pace_in_phase(uint64_t from_ms, uint32_t interval_ms, uint64_t phase)
{
	uint64_t earliest = from_ms + (interval_ms + 1) / 2;

	phase %= interval_ms;
	if (interval_ms >= 10 * PACE_STEP_MS)
		phase -= phase % PACE_STEP_MS;

	/* The first moment not before `earliest` that is `phase` after a multiple of the interval. */
	return earliest + (phase + interval_ms - earliest % interval_ms) % interval_ms;
}
