/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A backend that comes back gets its weight in steps, so that it is not flooded while its caches are
 * cold: a tenth at once, all of it when the time of the farm is over.
 *
 *     state without slow start ... slow_start_step() -> per cent of the weight in the facts of the plan
 *     what the other director does, which leads the farm ... slow_start_follow()
 *
 * Comes back: it was down or disabled, or its MAC address was lost, since this node knows it. Not so one that
 * was only draining, for its connections went on; one of weight 0 that gets one; a backup that is needed;
 * and whoever is well when the daemon starts, or is new in the configuration.
 *
 * Pure; the time is an argument; allocates in slow_starts_configure() alone.
 */
#ifndef DIRECTOR_SCHEDULE_SLOW_START_H
#define DIRECTOR_SCHEDULE_SLOW_START_H

#include "director/backend/backend_state.h"
#include "director/config/places.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	SLOW_START_FIRST = 10,	       /* per cent, at once */
	SLOW_START_STEPS = 9,	       /* to all of it, at most: each moves buckets */
	SLOW_START_STEP_MIN_MS = 1000, /* a step is a plan and a transaction */
	SLOW_START_GRID_MS = 1000      /* and those of many backends come together */
};

#define SLOW_START_NEVER UINT64_MAX

/* Of one backend. Zeroed: nothing is known of it. */
struct slow_start {
	bool known;	 /* it was in another state than unresolved */
	bool away;	 /* it was taken out */
	uint8_t percent; /* of its weight that it has; 0: it does not start slowly */
	uint64_t since_ms;
};

/* What it has of its weight so long after it came, of so long in all; 0: all, it is over. */
uint8_t slow_start_percent(uint64_t elapsed_ms, uint32_t total_ms);
/* How it is now. Returns its per cent; total_ms 0: no slow start. */
uint8_t slow_start_step(struct slow_start *s, enum backend_state state, uint32_t total_ms,
			uint64_t now_ms);
/* In place of a step, the word of the other director: from there it goes on when that one fails. */
void slow_start_follow(struct slow_start *s, enum backend_state state, uint8_t percent,
		       uint32_t total_ms, uint64_t now_ms);
/* When the next step is to be made; SLOW_START_NEVER: there is none. */
uint64_t slow_start_next_ms(const struct slow_start *s, uint32_t total_ms, uint64_t now_ms);
/* Until it has all of its weight; 0 when it has. */
uint64_t slow_start_left_ms(const struct slow_start *s, uint32_t total_ms, uint64_t now_ms);

/* Of all backends of a configuration. Zeroed: of none. */
struct slow_starts {
	struct places places;
	struct slow_start *backends;
	uint64_t next_ms; /* the next step of any, for the owner to keep */
};

/*
 * Backends that stay go on, unless their farm has no slow start now: they have all of their weight. 0, or
 * -ENOMEM and nothing is changed. The configuration is borrowed.
 */
int slow_starts_configure(struct slow_starts *s, const struct config *c);
void slow_starts_clear(struct slow_starts *s);

#endif
