/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether this director could do its work if it were asked to now, for GET /healthz: what a monitor
 * restarts it for, or a balancer in front of it looks elsewhere for. A backup that waits is as ready as
 * a master; that backends are down is not the director's fault.
 *
 * Pure.
 */
#ifndef DIRECTOR_MONITOR_READY_H
#define DIRECTOR_MONITOR_READY_H

#include "include/status.h"

enum { READY_WHY = 256 };

/* What the status does not tell. */
struct ready_daemon {
	bool applied; /* the first ruleset */
	bool stopping;
	bool drifted; /* nothing is being changed, and the kernel holds something else */
};

/* false: *why is a sentence; true: it is empty. */
bool ready_judge(const struct status *s, const struct ready_daemon *d, char why[static READY_WHY]);

#endif
