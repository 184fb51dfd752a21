/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Least connections: from how many connections each backend has to a table of slots that new ones
 * are drawn from by chance.
 *
 * The packet path cannot compare counts, so the table is moved after them, every
 * LEAST_INTERVAL_MS. A backend's part is its weight times (fair + 1) / (connections + 1), where
 * fair is what it would have if all connections lay by weight; that factor stays between 1/4 and 2:
 * one that is new and empty gets at most twice its part, one that is overloaded still some. A step
 * goes half the way there and moves an eighth of the table at most: counts follow a table later,
 * and one that went the whole way would swing for ever where connections are shorter than a step.
 * Small differences are left alone: they are noise.
 *
 * Pure: the same slots, weights and counts give the same slots.
 */
#ifndef DIRECTOR_RULESET_LEAST_H
#define DIRECTOR_RULESET_LEAST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	LEAST_INTERVAL_MS = 2000,
	LEAST_FACTOR_MAX = 2, /* of a backend's part … */
	LEAST_FACTOR_MIN = 4, /* … and 1 / this */
	LEAST_STEP = 8,	      /* 1 / this of the table moves in one step */
	LEAST_NOISE = 64,     /* 1 / this of the table is not worth a step */
};

struct least_backend {
	uint32_t weight; /* 0: gets no new connections */
	uint64_t connections;
};

/* Slots that each should have, of `size`; they sum to it, or to 0 when nobody has a weight. */
void least_parts(const struct least_backend *backends, size_t n, uint32_t size, uint32_t *ret);

/*
 * One step of slots[size], indexes into backends or BUCKET_NONE; at_once: all the way. Slots of
 * nobody, and of those with weight 0, go at once in any case. How many slots changed, or -ENOMEM.
 */
int least_step(uint16_t *slots, uint32_t size, const struct least_backend *backends, size_t n,
	       bool at_once);

#endif
