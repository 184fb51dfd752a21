/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What speaks against a rehearsed failure, before anything is done: from a status, one sentence, as this
 * node sees both.
 *
 * Pure.
 */
#ifndef DIRECTOR_DRILL_DRILL_CHECK_H
#define DIRECTOR_DRILL_DRILL_CHECK_H

#include "director/drill/drill.h"
#include "include/status.h"

enum drill_check {
	DRILL_CHECK_FINE,
	DRILL_CHECK_OBJECTS,	/* force goes past it */
	DRILL_CHECK_IMPOSSIBLE, /* it does not */
};

/* Of the two, who lets go. */
enum drill_who { DRILL_WHO_MASTER, DRILL_WHO_HERE, DRILL_WHO_THERE };

/*
 * In s only the routers, the peer, the alarms, the claims, unconfirmed_ms and name, state and reason of the farms are
 * read. who is what the other director says of it, or MASTER: whoever is. why is printable ASCII; "" when all is fine.
 */
enum drill_check drill_check(const struct status *s, uint8_t kind, enum drill_who who,
			     const struct drill_budget *budget, char why[static DRILL_WHY]);

/* This node is to let go: it is master of all, or of some while the other one is not of all. */
bool drill_check_yields_here(const struct status *s);

/*
 * Connections that a handover now would cost. What is queued or not acknowledged is not among them: who
 * hands over in order lives on, and the other one has it a moment later. STATUS_UNKNOWN: there is no
 * connection between the two.
 */
uint64_t drill_check_lost(const struct status_channel *c);

#endif
