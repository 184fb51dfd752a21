/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Orders on backends whose answers wait until they are in force: until when each of them waits, and what its
 * own answer says beside that. By the ticket of who gave it, as several may wait at once.
 *
 * Pure.
 */
#ifndef DIRECTOR_BACKEND_ORDER_WAITS_H
#define DIRECTOR_BACKEND_ORDER_WAITS_H

#include "include/config.h"
#include "include/err.h"

#include <stdbool.h>
#include <stdint.h>

/* More than there are clients at once. Of who left without an answer one stays until its place is needed. */
enum { ORDER_WAITS_MAX = 40 };

/* What a backend had before it was disabled; zeroed: nothing is known of any. */
struct order_had {
	char farm[CONFIG_NAME_MAX + 1], backend[CONFIG_NAME_MAX + 1];
	uint64_t connections;
	bool counted; /* else there may be more */
};

struct order_wait {
	uint64_t ticket;      /* 0: nobody's */
	uint64_t until_ms;    /* it is answered then, whatever is in force */
	struct err unsaved;   /* why it is not kept over a restart */
	struct order_had had; /* what it has ended */
};

/* Zeroed: none waits. */
struct order_waits {
	struct order_wait all[ORDER_WAITS_MAX];
};

/* One more, with nothing to say yet; when all places are taken the oldest one's. Good until it ends. */
struct order_wait *order_waits_begin(struct order_waits *w, uint64_t ticket, uint64_t until_ms);
/* NULL: none of that ticket waits. */
const struct order_wait *order_waits_of(const struct order_waits *w, uint64_t ticket);
/* It has to be answered as it is; so has one that is not known. */
bool order_waits_is_due(const struct order_waits *w, uint64_t ticket, uint64_t now_ms);
void order_waits_end(struct order_waits *w, uint64_t ticket);

#endif
