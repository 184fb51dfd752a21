/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One backend in detail: what its checks find and what has become of it. Filled by the daemon, carried by
 * proto/codec_detail.c, shown by `directorctl backend show`. Plain data.
 */
#ifndef INCLUDE_BACKEND_DETAIL_H
#define INCLUDE_BACKEND_DETAIL_H

#include "include/status.h"

enum {
	DETAIL_TARGET = 64,	 /* "10.77.0.100 port 80" */
	DETAIL_CHECKS_MAX = 256, /* beyond that nobody reads */
	DETAIL_CHANGES_MAX = 64, /* there are fewer */
};

struct detail_check {
	char name[STATUS_NAME];
	char type[STATUS_WORD];
	char target[DETAIL_TARGET];
	char state[STATUS_WORD];   /* good, ailing, dead; presumed: it was not tried yet */
	char outcome[STATUS_WORD]; /* of the last attempt, in one word; "" before it */
	char text[STATUS_REASON];  /* the same as what the backend does */
	uint64_t took_us;
	uint64_t age_ms;   /* since it ended; STATUS_UNKNOWN: there was none */
	uint64_t since_ms; /* in this state for so long */
	uint64_t interval_ms;
};

struct detail_change {
	uint64_t at_ms; /* since 1970 */
	char from[STATUS_WORD], to[STATUS_WORD];
	char reason[STATUS_REASON];
};

struct backend_detail {
	uint64_t since_ms; /* since 1970: of its state; 0: not known */
	struct detail_check *checks;
	size_t n_checks;
	struct detail_change *changes; /* the latest first */
	size_t n_changes;
};

void backend_detail_clear(struct backend_detail *d);

#endif
