/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the two nodes of a drill told of the frames that they forwarded and of the connections that they
 * knew, in the words of every kind of report. Pure.
 */
#ifndef DIRECTOR_CTL_DRILL_SEEN_H
#define DIRECTOR_CTL_DRILL_SEEN_H

#include "proto/codec.h"

#include <stdio.h>

struct json_t;

enum { DRILL_SEEN_TEXT = 192 };

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

/* For people, a line each. */
void drill_seen_print(const struct control_drill *d);
/* Members of the report. NULL without memory. */
struct json_t *drill_seen_document(const struct control_drill *d);
/* Of one of both directors; null for what is not known. NULL without memory. */
struct json_t *drill_seen_number(uint64_t n);

#endif
