/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a drill was about, for its report: who wanted it, when, what was allowed, and what the two directors
 * were: each tells the other its version and the digest of its configuration, with the question and with
 * the answer to it.
 *
 * Pure.
 */
#ifndef DIRECTOR_DRILL_DRILL_ABOUT_H
#define DIRECTOR_DRILL_DRILL_ABOUT_H

#include "director/drill/drill.h"

/* This node, while the drill begins. */
struct drill_self {
	const char *here, *there; /* names of nodes */
	const char *digest;
	uint64_t wall_ms; /* since 1970 */
};

/* The event has begun the drill. */
void drill_about_begin(struct control_drill_about *a, const struct drill *d,
		       const struct drill_event *ev, const struct drill_self *self);
/* What the other one tells of itself, if it does. */
void drill_about_hear(struct control_drill_about *a, const struct drill *d,
		      const struct sync_drill *m);
/*
 * It is worth a line in the log and a place in the history. back_of as in drill_event: an attempt to go back that is
 * refused is not, for it is made again soon, and the way back as a whole is told of; nor is one that was refused
 * to the other director, which keeps it.
 */
bool drill_about_counts(const struct drill *d, uint64_t back_of);
/* Tells it. */
void drill_about_sign(struct sync_drill *m, const char *digest);

#endif
