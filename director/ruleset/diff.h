/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The difference between what the kernel has and what it should have, as one transaction.
 *
 * What is equal is not touched: rules keep their handles, elements their counters, flow tables
 * their flows. Order inside the transaction: rules that go, elements that go, sets and chains that
 * go (nothing refers to them any more), then what comes, rules last.
 *
 * Pure.
 */
#ifndef DIRECTOR_RULESET_DIFF_H
#define DIRECTOR_RULESET_DIFF_H

#include "director/ruleset/nft_netlink.h"
#include "director/ruleset/ruleset.h"

enum { RULESET_CHANGE_NAMES = 160, RULESET_CHANGE_TEXT = 360 };

/* What a transaction does, for the log and for `ruleset verify`. */
struct ruleset_change {
	size_t chains_added, chains_deleted, chains_rewritten;
	size_t sets_added, sets_deleted; /* one that is made anew counts as both */
	size_t elements_added,
		elements_deleted; /* a changed one counts as both; only of sets that stay */
	size_t counters_deleted;  /* elements of these that count */
	bool table_added;
	char names
		[RULESET_CHANGE_NAMES]; /* what is concerned, cut with "…" when there is too much */
};

/*
 * Puts into b what leads from have to want; both are signed (nft_sign()) and sorted. An empty
 * change leaves b without messages. 0 or -ENOMEM.
 */
int ruleset_diff(const struct ruleset *have, const struct ruleset *want, struct nft_batch *b,
		 struct ruleset_change *ret);

bool ruleset_change_is_empty(const struct ruleset_change *c);

/* "1 chains rewritten, 340 elements added (chain farm-www, set www-buckets)". Returns buf. */
const char *ruleset_change_format(const struct ruleset_change *c,
				  char buf[static RULESET_CHANGE_TEXT]);

/*
 * A flow table cannot be resized without losing its flows, so a new size waits until the table is
 * made anew: want takes over the sizes of the flow tables that have already holds. Returns how many
 * differed.
 */
size_t ruleset_keep_flow_tables(const struct ruleset *have, struct ruleset *want);

#endif
