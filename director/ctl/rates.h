/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rates from the counters of consecutive answers of the daemon. The daemon reads its counters when it sees
 * fit, so what counts is when they were read, not when the answer came. A counter that went back (a table
 * was made anew) or cannot be told has no rate until there are two good readings again.
 *
 * Pure: the time is an argument.
 */
#ifndef DIRECTOR_CTL_RATES_H
#define DIRECTOR_CTL_RATES_H

#include "include/status.h"

enum rate { RATE_FLOWS, RATE_PACKETS, RATE_BYTES, RATES };

/* Readings that are closer than that tell more of the clock than of the traffic. */
enum { RATES_APART_MS = 250 };

struct rates_row {
	char farm[STATUS_NAME], backend[STATUS_NAME]; /* "": the farm itself */
	uint64_t counters[RATES];
	uint64_t per_second[RATES]; /* STATUS_UNKNOWN: no two readings */
};

/* A row for each farm, followed by its backends, in the order of the last status. Zero to begin with. */
struct rates {
	struct rates_row *rows;
	size_t n;
	uint64_t read_ms;      /* when the counters of the rows were */
	uint64_t total[RATES]; /* of the farms that have a rate; STATUS_UNKNOWN: none has */
};

/* The next status, which was answered at now_ms. 0, or -ENOMEM with nothing changed. */
int rates_take(struct rates *r, const struct status *s, uint64_t now_ms);
void rates_clear(struct rates *r);

#endif
