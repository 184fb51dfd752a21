/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the two nodes of a drill told of the frames that they forwarded, of the connections that they knew and of the
 * service that they probed, and what came of the way back, in the words of every kind of report. Pure.
 */
#ifndef DIRECTOR_CTL_DRILL_SEEN_H
#define DIRECTOR_CTL_DRILL_SEEN_H

#include "director/probe/probe_target.h"
#include "proto/codec.h"

#include <stdio.h>

struct json_t;

enum { DRILL_SEEN_TEXT = 192 };

/* The other one's record did not come: what it did is not known, and not what was lost. */
bool drill_seen_half(const struct control_drill *d);
bool drill_lost_is_known(const struct control_drill *d);
/* False: neither told anything, or nobody let go; then there is nothing to report. */
bool drill_seen_is(const struct control_drill *d);
/* "+12.3 ms", of the first frame of the new master (there) or the last one of the old; else why it is not known. */
const char *drill_seen_frame(const struct control_drill *d, bool there,
			     char buf[static DRILL_SEEN_TEXT]);
/* "0"; "not known". */
const char *drill_seen_stragglers(const struct control_drill *d, char buf[static DRILL_SEEN_TEXT]);
/* "12 before, 12 after". */
const char *drill_seen_flows(const struct sync_tally *t, char buf[static DRILL_SEEN_TEXT]);
/* "0.4 ms". */
const char *drill_seen_lag(const struct control_drill *d, char buf[static DRILL_SEEN_TEXT]);

/* Whether the node that let go is master again, and how; or why not. */
const char *drill_seen_back(const struct control_drill *d, char buf[static DRILL_SEEN_TEXT]);
/* The service was probed, and it is known how long it was away: that is what max-gap is about then. */
bool drill_gap_is_known(const struct control_drill *d);
/* Why it is not known; "": it is, or nothing was probed. */
const char *drill_no_gap(const struct control_drill *d, char buf[static SYNC_WHY_MAX]);
/* "656.4 ms"; else why it is not known. */
const char *drill_seen_gap(const struct control_drill *d, char buf[static DRILL_SEEN_TEXT]);
/* "10.77.0.100:80"; "": nothing was probed. */
const char *drill_probed(const struct control_drill *d, char buf[static PROBE_TARGET_TEXT]);

/* For people, a line each. */
void drill_seen_print(const struct control_drill *d);
/* Members of the report. NULL without memory. */
struct json_t *drill_seen_document(const struct control_drill *d);
/* Of one of both directors; null for what is not known. NULL without memory. */
struct json_t *drill_seen_number(uint64_t n);

#endif
