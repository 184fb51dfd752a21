/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A drill for people and for programs: the one that has just ended, and those of the past. */
#ifndef DIRECTOR_CTL_DRILL_H
#define DIRECTOR_CTL_DRILL_H

#include "director/ctl/ctl.h"
#include "director/drill/drill.h"

/* What --failback came to. */
struct drill_return {
	bool wanted;
	bool there;		/* the node that let go is master of all again */
	bool took_over;		/* by an orderly drill, which took ... */
	uint64_t takeover_us;	/* ... so long; else it has come back by itself */
	char why[SYNC_WHY_MAX]; /* of the last attempt, or "" */
};

bool drill_is(const struct control_drill *d, enum drill_result result);
void drill_print_return(const struct control_drill *d, const struct drill_return *back);
/* null when it was not wanted; NULL without memory. */
struct json_t *drill_return_document(const struct control_drill *d,
				     const struct drill_return *back);
void drill_print(const struct control_drill *d);
/* NULL without memory. */
struct json_t *drill_document(const struct control_drill *d);

#endif
