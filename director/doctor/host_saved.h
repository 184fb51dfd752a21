/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a file for nft says about the director's own tables. A ruleset that was saved while the
 * daemon ran holds them: loaded at boot, they forward to yesterday's backends until the daemon runs,
 * which mends them, as it does when they are loaded beside it.
 *
 * Pure: only what has to be understood of nft's language is.
 */
#ifndef DIRECTOR_DOCTOR_HOST_SAVED_H
#define DIRECTOR_DOCTOR_HOST_SAVED_H

#include <stddef.h>

enum {
	HOST_INCLUDES_MAX = 32, /* of one file */
	HOST_PATH = 256,
};

struct host_saved {
	int line; /* the first that names one of our tables; 0: none */
	char includes[HOST_INCLUDES_MAX][HOST_PATH];
	size_t n_includes;
};

/* Reads any octets; text need not end with a NUL. What does not fit is left out. */
void host_saved_read(const char *text, size_t len, struct host_saved *ret);

#endif
