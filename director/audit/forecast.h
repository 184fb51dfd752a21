/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a reload would do, from what two configurations come to (prospect.h): the changes in words, and of
 * each farm how many of its buckets move and what that is to connections.
 *
 * Pure.
 */
#ifndef DIRECTOR_AUDIT_FORECAST_H
#define DIRECTOR_AUDIT_FORECAST_H

#include "director/audit/fate.h"
#include "director/audit/prospect.h"

enum { FORECAST_SENTENCE = 768 };

/* Tells of one change after another, in the order of the configuration. 0 or -ENOMEM. */
typedef void forecast_say(void *owner, const char *sentence);
int forecast_changes(const struct prospect *before, const struct prospect *after, forecast_say *say,
		     void *owner);

struct forecast_farm {
	const char *name; /* the prospect's */
	bool added, removed;
	bool absent;	 /* so is its interface: it is left out */
	bool hashed;	 /* all below about buckets is 0 when neither is so */
	bool hashes_new; /* connections and clients that are remembered stay, new ones hash */
	bool new_seed;
	bool reseeded;	  /* so that its connections move */
	uint32_t buckets; /* of the larger table, ... */
	uint32_t moved;	  /* ... of which so many get another backend */
	/* May be STATUS_UNKNOWN: all of now; those on buckets that move, which stay where they are; those
	 * that end, for their backend goes away, is disabled or another host. */
	uint64_t connections, on_moved, ended;
	/* Connections end for another reason than their backend. How many is not known. */
	struct fate fate;
	bool forgotten; /* it hashes from now on: what was remembered goes, ... */
	bool unlearned; /* ... or does so no longer, and remembers nothing yet */
	bool ends;	/* a backend's connections do, known or not */
};

struct forecast {
	struct forecast_farm *farms;
	size_t n;
};

/* s: of what runs; NULL: no connection is known. The names are borrowed. 0 or -ENOMEM. */
int forecast_make(const struct prospect *before, const struct prospect *after,
		  const struct status *s, struct forecast *ret);
void forecast_clear(struct forecast *f);
/* Which connections end for another reason than their backend; "" when none does. Returns buf. */
const char *forecast_ends(const struct forecast_farm *f, char buf[static FORECAST_SENTENCE]);
/* A sentence. Returns buf. */
const char *forecast_text(const struct forecast_farm *f, char buf[static FORECAST_SENTENCE]);

#endif
