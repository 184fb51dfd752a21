/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the other director's own checks find of the backends, and which farms it has to be told of with what
 * ours find.
 *
 *     SYNC_VIEWS -> views_take(): counts until views_forget(), for farms that both configure alike
 *     a check finds something else -> views_mark() -> views_next(): a farm no more than once a second
 *
 * Never stale: they are forgotten with the channel, with either configuration, and when the other one begins
 * anew; whoever connects or hears a hello tells of all farms again.
 *
 * Pure; the time is an argument; allocates in views_configure() alone.
 */
#ifndef DIRECTOR_TWIN_VIEWS_H
#define DIRECTOR_TWIN_VIEWS_H

#include "director/config/places.h"
#include "director/health/outcome.h"
#include "include/sync.h"

#include <stdbool.h>

enum {
	VIEWS_EVERY_MS = 1000,	/* a farm is told of no more often */
	VIEWS_AT_ONCE = 100000, /* backends told of within that time: 3.8 MB at most */
};

struct views_farm {
	bool alike;	  /* both have it, with the same words */
	bool marked;	  /* something of it is to be told */
	uint64_t told_ms; /* when ours was told last; 0: never */
};

struct views_backend {
	uint8_t state;	   /* enum sync_view_state; 0: it was not told */
	uint8_t outcome;   /* as in struct sync_view */
	uint64_t since_ms; /* by our clock */
};

struct views {
	struct places places;
	struct views_backend *backends; /* by place: as the other one sees them */
	struct views_farm *farms;
	size_t next;	   /* farm to be looked at */
	uint64_t begun_ms; /* of what was told of ... */
	size_t n_told;	   /* ... so many backends */
};

/* Zeroed: no farms. */
void views_clear(struct views *v);
/* For another configuration: nothing is told of it, either way. 0, or -ENOMEM and nothing is changed. */
int views_configure(struct views *v, const struct config *c);

/* Nothing that the other one told counts any more. */
void views_forget(struct views *v);
/* Whether what it tells of a farm is about the same farm as ours. */
void views_set_alike(struct views *v, size_t farm, bool alike);
/* What it told. The number of the farm, or -ENOENT: it is none of ours. */
int views_take(struct views *v, const struct sync_views *m, uint64_t now_ms);
/* As the other one sees a backend; NULL: nothing that counts is known of it. */
const struct views_backend *views_of(const struct views *v, size_t farm, size_t backend);
/* What that says of the backend: OUTCOME_UNDECIDED when it cannot say. */
enum outcome_class views_class(const struct views_backend *b);
/* It says that a backend is well, and nothing contradicts it. */
bool views_is_well(const struct views_backend *b);

/* One farm, all of them, are to be told of. */
void views_mark(struct views *v, size_t farm);
void views_mark_all(struct views *v);
/* The next farm to be told of now; false: there is none, or not yet. */
bool views_next(struct views *v, uint64_t now_ms, size_t *ret_farm);

#endif
