/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What of a farm's live connections a reload ends without any bucket moving: those to what it serves no
 * longer, those of clients that it drops from then on, those of a backend whose address is another host's.
 *
 * Pure.
 */
#ifndef DIRECTOR_AUDIT_FATE_H
#define DIRECTOR_AUDIT_FATE_H

#include <stdbool.h>
#include <stddef.h>

enum { FATE_TEXT = 192 };

struct fate {
	char text[FATE_TEXT]; /* the first of its reasons in words; "" without */
	size_t n;	      /* reasons */
};

/* Of the lines of a farm's part (prospect.h). */
void fate_of_farm(const char *before, const char *after, struct fate *ret);
/* Its connections end, all of them: it goes, is disabled from then on, or its address is another one. */
bool fate_backend_is_gone(const char *before, const char *after, const char *backend);

#endif
