/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state of a backend in one word, as users read it.
 *
 * Pure.
 */
#ifndef DIRECTOR_BACKEND_BACKEND_STATE_H
#define DIRECTOR_BACKEND_BACKEND_STATE_H

#include "include/config.h"

enum backend_state {
	BACKEND_UNRESOLVED, /* its MAC address is not known, or no way leads there */
	BACKEND_UP,
	BACKEND_SLOW_START, /* up, with part of its weight (slow_start.h) */
	BACKEND_DOWN,	    /* so checks find, here or of the director that leads the farm */
	BACKEND_DRAINING,
	BACKEND_DISABLED,
	BACKEND_STATES,
};

/* From what the operator or the configuration wants, and what is known; the first that holds counts. */
enum backend_state backend_state(enum config_admin_state ordered, bool resolved, bool well,
				 bool slow);
const char *backend_state_name(enum backend_state s);

#endif
