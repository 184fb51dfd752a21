/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What has become of each backend: its state, since when, and the last changes with their reasons.
 *
 * Pure; the time is an argument. A backend that nothing ever happened to takes no memory for changes.
 */
#ifndef DIRECTOR_BACKEND_HISTORY_H
#define DIRECTOR_BACKEND_HISTORY_H

#include "director/backend/backend_state.h"
#include "director/config/places.h"
#include "include/status.h"

enum { HISTORY_MOST = 16 }; /* changes that are kept of each */

struct history_change {
	uint64_t at_ms; /* since 1970 */
	enum backend_state from, to;
	char reason[STATUS_REASON];
};

struct history_backend {
	bool known; /* it was seen in some state */
	enum backend_state state;
	uint64_t since_ms;		/* since 1970: of the state */
	struct history_change *changes; /* [HISTORY_MOST] as a ring; NULL: none */
	size_t n;			/* ever */
};

/* Zeroed: of no configuration. */
struct history {
	struct places places;
	struct history_backend *backends;
};

/* Backends that stay keep what is known of them. 0, or -ENOMEM and nothing is changed: the configuration
 * of before must stay then. The configuration is borrowed. */
int history_configure(struct history *h, const struct config *c);
void history_clear(struct history *h);

/*
 * What a backend is like now. True when that is another state than before; the first one that is seen of
 * a backend is no change.
 */
bool history_see(struct history *h, size_t place, enum backend_state state, const char *reason,
		 uint64_t at_ms);
/* How many changes are kept, and the i-th of them, the latest first. */
size_t history_length(const struct history_backend *b);
const struct history_change *history_change(const struct history_backend *b, size_t i);

#endif
