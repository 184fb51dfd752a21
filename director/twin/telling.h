/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the other director is told beside flows, message by message: the operator's words, and of each
 * hashed farm that this node leads the facts and the stand of its table (lead.h is the other end).
 *
 * Pure; allocates in telling_configure() alone.
 */
#ifndef DIRECTOR_TWIN_TELLING_H
#define DIRECTOR_TWIN_TELLING_H

#include "director/backend/admin.h"
#include "director/schedule/transitions.h"
#include "include/sync.h"

struct telling {
	uint64_t *told; /* of each farm: the epoch of transitions.h; 0: nothing */
	size_t n;
	size_t farm;	  /* the next one to be looked at */
	uint32_t first;	  /* the next bucket of it */
	size_t order;	  /* the next word to be looked at, of an epoch above ... */
	uint64_t words;	  /* ... that of the last ones that were told */
	bool all_is_told; /* as far as it is known here */
};

/* Borrowed. */
struct telling_source {
	const struct config *config;
	const struct plan_facts *facts; /* as of the last step of the transitions */
	const struct transitions *transitions;
	const struct admin *admin;
	bool (*leads)(void *owner, size_t farm);
	void *owner;
	uint64_t now_ms; /* by the clock of the transitions, and of admin.h */
};

/* Zeroed: no farms. */
void telling_clear(struct telling *t);
/* For another configuration: all of it will be told. 0, or -ENOMEM and nothing is changed. */
int telling_configure(struct telling *t, const struct config *c);
/* Everything has to be told anew. */
void telling_restart(struct telling *t);
/* A farm may be another one than told; there is another word of the operator. */
void telling_look(struct telling *t);
void telling_order(struct telling *t);
/*
 * The word about a backend of that farm is another one, whatever that changes: its facts say so. Nothing is
 * told of a farm that is not known here.
 */
void telling_farm(struct telling *t, size_t farm);

/*
 * The next message, with all but its sequence number; false: there is none. To be asked again until it
 * says so: the pieces of a farm belong together, and end with its facts.
 */
bool telling_next(struct telling *t, const struct telling_source *s, struct sync_message *ret);

#endif
