/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the virtual routers of this node depend on (track-interface, track-command, track-farm), how
 * each of it is, and what follows for a router. The arithmetic is ha/track.h's.
 *
 * Owns the list, one entry for each such section of the configuration. An entry that stays in a new
 * configuration keeps its state; one that nobody has told about yet counts as well, so that neither
 * a start nor a reload moves anything by itself.
 *
 * Pure: time is an argument; allocates in tracking_configure().
 */
#ifndef DIRECTOR_TRACK_TRACKING_H
#define DIRECTOR_TRACK_TRACKING_H

#include "ha/track.h"
#include "include/config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	TRACKING_WHY = 128,   /* a sentence about one entry */
	TRACKING_FAULT = 160, /* the same with its weight, and a fault: STATUS_REASON */
	/*
	 * The two directors see a backend die at different times, up to the time between two looks
	 * apart (neighbour.h): a difference is one when it has lasted for twice that.
	 */
	TRACKING_FARM_MS = 5000,
};

struct tracked {
	enum config_track_kind kind;
	char section[CONFIG_NAME_MAX + 1]; /* vrrp */
	char name[CONFIG_NAME_MAX + 1];
	int weight;
	bool well;
	bool news;		/* this or the sentence has changed; for the caller, who ends it */
	char why[TRACKING_WHY]; /* not well: the sentence; else the last one */
	uint64_t behind_since_ms; /* TRACK_FARM: the peer has seen more since; 0: it does not */
	uint32_t backends;	  /* TRACK_FARM: which of its backends count (ha/track.h) */
};

/* Zeroed: nothing is tracked. */
struct tracking {
	struct tracked *items; /* in the order of the configuration */
	size_t n;
};

/* 0, or -ENOMEM and nothing is changed. */
int tracking_configure(struct tracking *t, const struct config *c);
void tracking_clear(struct tracking *t);
/* NULL when there is no such entry. */
struct tracked *tracking_find(const struct tracking *t, enum config_track_kind kind,
			      const char *section, const char *name);

/* How an entry is now, and the sentence when it is not well. True when that has changed it. */
bool tracking_tell(struct tracked *item, bool well, const char *why);

struct tracking_farms {
	struct track_farms farm; /* this one */
	struct track_farms all;	 /* that the section tracks */
	struct track_farms peer; /* the same of the other director, */
	bool peer_known;	 /* which can be master and has said so */
};

/*
 * The same for a farm: not well once the other director has seen more healthy backends for
 * TRACKING_FARM_MS; ha/track.h says when it does. Of several farms of a section those are to blame
 * that lack backends here.
 */
bool tracking_tell_farm(struct tracked *item, const struct tracking_farms *f, uint64_t now_ms);

struct tracking_verdict {
	uint8_t priority;	    /* 0: that of the configuration, nothing is tracked */
	char fault[TRACKING_FAULT]; /* "": none */
};

/*
 * For the i'th vrrp section of the configuration that t was configured with: the fault is its own;
 * the priority the least of its group's, whose routers must be of one rank.
 */
struct tracking_verdict tracking_judge(const struct tracking *t, const struct config *c,
				       const struct config_node *self, size_t section);

/* The first entry of the section that is not well, with its weight; "" when all are. */
void tracking_trouble(const struct tracking *t, const char *section,
		      char buf[static TRACKING_FAULT]);

#endif
