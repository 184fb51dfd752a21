/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether this node lets the other director make it fall silent, or kill its daemon. Who holds the key of the channel may have
 * been broken into: what it may cost a node is bounded by that node alone, by its own configuration and its
 * own clock.
 *
 * Unless the configuration allows it, a node does that for its own operator alone. Where it does, an
 * objection of its own counts whatever force the other one asks with (drill.h).
 *
 * Pure.
 */
#ifndef DIRECTOR_DRILL_DRILL_CONSENT_H
#define DIRECTOR_DRILL_DRILL_CONSENT_H

#include "director/drill/drill.h"

enum {
	DRILL_BY_PEER_MAX_MS = 30000,	/* longer than one looks away, shorter than one is missed */
	DRILL_BY_PEER_PAUSE_S = 10 * 60 /* from the beginning of one to that of the next */
};

/* Zero-initialised: it has never been silent for the other one. */
struct drill_consent {
	uint64_t last_us;
};

/*
 * To a question of the other one: false with the sentence, printable ASCII with what to do first, when this
 * node is to fall silent and will not. by_peer is the key of director.conf(5).
 */
bool drill_consent(const struct drill_consent *c, const struct sync_drill *asked, bool by_peer,
		   const char *node, uint64_t now_us, char why[static DRILL_WHY]);
/* It falls silent now, or was killed then, if that is for the other one. */
void drill_consent_used(struct drill_consent *c, const struct drill *d, uint64_t now_us);

#endif
