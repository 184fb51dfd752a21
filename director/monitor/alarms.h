/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What somebody should look at now: from a status, the sentences on top of it. An alarm goes by
 * itself when its cause has gone; of what comes one by one (a datagram that does not open), a
 * minute later.
 *
 * Pure.
 */
#ifndef DIRECTOR_MONITOR_ALARMS_H
#define DIRECTOR_MONITOR_ALARMS_H

#include "include/status.h"

enum {
	ALARMS_RECENT_MS = 60000,
	ALARMS_START_MS = 5000, /* a peer that was never heard may be just starting */
	ALARMS_INTERVALS = 4,	/* adverts come when the last one is not older than that */
};

/* Fills the alarms of a status that has none yet. 0 or -ENOMEM. */
int alarms_fill(struct status *s);

#endif
