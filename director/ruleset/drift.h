/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How what the kernel has differs from what it should have, one by one and for people: elements, rules,
 * sets and chains. diff.h counts the same and makes a transaction of it.
 *
 * Pure: writes to memory only.
 */
#ifndef DIRECTOR_RULESET_DRIFT_H
#define DIRECTOR_RULESET_DRIFT_H

#include "director/ruleset/ruleset.h"

#include <stdio.h>

enum {
	DRIFT_PER_OBJECT = 10, /* lines of one set or chain; more are counted */
	DRIFT_LINES = 100,     /* in all; whoever needs more wants the export and nft's own list */
};

/*
 * A line for each difference, such as "set www-buckets: 17 is web2, the plan has web1". want is the
 * plan; both are signed (nft_sign()) and sorted. A name from the kernel may hold any octet: what is
 * not printable ASCII becomes a "?".
 */
void drift_print(FILE *out, const struct ruleset *have, const struct ruleset *want);

#endif
