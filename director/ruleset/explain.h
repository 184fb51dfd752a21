/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a frame of a client goes and why, in words, as a text that a daemon prints and directorctl reads:
 *
 *     end sent
 *     farm www
 *     backend web2
 *     mac 02:00:0a:4d:00:16
 *     interface eth0
 *     hash 3735928559 17 1009
 *     share web1 336
 *     remembered
 *     step farm-www 3 hash of …
 *     difference set www-buckets: …
 *     kernel asked
 *     note …
 *
 * A TCP frame is walked twice: as a segment of a connection that goes on, and, when no table knows that
 * one, as the first of a new one, which is what is told then.
 *
 * Pure.
 */
#ifndef DIRECTOR_RULESET_EXPLAIN_H
#define DIRECTOR_RULESET_EXPLAIN_H

#include "director/ruleset/walk.h"

/* Of ops, tell is not used. The flags of the frame are not, either. 0 or -ENOMEM. */
int explain_print(FILE *out, const struct ruleset *r, const struct walk_frame *frame,
		  const struct walk_ops *ops);
/* "sent", "dropped", … */
const char *explain_end_name(enum walk_end end);

#endif
