/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When which of many checks is due. Each keeps a phase of its own within its interval, so that a
 * thousand of them never fire together and none drifts; the one that is due next is on top of a heap.
 *
 * Pure; the time is an argument, in milliseconds. Allocates in pace_init() alone.
 */
#ifndef DIRECTOR_HEALTH_PACE_H
#define DIRECTOR_HEALTH_PACE_H

#include <stddef.h>
#include <stdint.h>

#define PACE_NEVER UINT64_MAX

/*
 * Moments are multiples of this: those few of a thousand checks that fall into one are begun together,
 * and their answers read together, where each by itself would wake an idle processor twice.
 */
enum { PACE_STEP_MS = 10 };

/*
 * How many times as long the interval is of a check that the master of its addresses makes as well, while
 * both find the backend well: together they ask it 4/3 as often as one alone.
 */
enum { PACE_STANDBY = 3 };

struct pace {
	uint64_t *due_ms; /* of each check */
	uint32_t *heap;	  /* checks, the earliest on top */
	uint32_t *place;  /* of each check in the heap */
	size_t n;
};

/* For n checks, none of them due ever. 0 or -ENOMEM. */
int pace_init(struct pace *p, size_t n);
void pace_clear(struct pace *p);
void pace_set(struct pace *p, size_t check, uint64_t due_ms);
/* When something is due first, and what. PACE_NEVER: nothing is. */
uint64_t pace_next(const struct pace *p, size_t *ret_check);

/*
 * The moment of a check's own phase (any number, the same each time) that is nearest to from_ms +
 * interval_ms, never less than half an interval away from from_ms: one that began late, or sooner
 * because it was changing, is back in its phase at the next time. An interval of less than ten steps is
 * not cut into them.
 */
uint64_t pace_in_phase(uint64_t from_ms, uint32_t interval_ms, uint64_t phase);

#endif
