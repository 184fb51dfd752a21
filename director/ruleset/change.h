/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a change of the ruleset does, for the log and for `ruleset verify`. Pure. */
#ifndef DIRECTOR_RULESET_CHANGE_H
#define DIRECTOR_RULESET_CHANGE_H

#include <stdbool.h>
#include <stddef.h>

enum { RULESET_CHANGE_NAMES = 160, RULESET_CHANGE_TEXT = 360 };

struct ruleset_change {
	size_t chains_added, chains_deleted, chains_rewritten;
	size_t sets_added, sets_deleted; /* one that is made anew counts as both */
	size_t elements_added,
		elements_deleted; /* a changed one counts as both; only of sets that stay */
	size_t counters_deleted;  /* elements of these that count */
	bool table_added;
	char names
		[RULESET_CHANGE_NAMES]; /* what is concerned, cut with "..." when there is too much */
};

/* Notes an object that is concerned, "set", "www-buckets": once, as long as there is room. */
void ruleset_change_name(struct ruleset_change *c, const char *what, const char *name);

bool ruleset_change_is_empty(const struct ruleset_change *c);

/* "1 chains rewritten, 340 elements added (chain farm-www, set www-buckets)". Returns buf. */
const char *ruleset_change_format(const struct ruleset_change *c,
				  char buf[static RULESET_CHANGE_TEXT]);

#endif
