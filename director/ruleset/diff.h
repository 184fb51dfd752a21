/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What differs between the ruleset that the kernel has and the one that it should have, object by
 * object and element by element. What is equal is not touched: rules keep their handles, elements
 * their counters, flow tables their flows. sequence.h says in which transactions one becomes the
 * other.
 *
 * Pure.
 */
#ifndef DIRECTOR_RULESET_DIFF_H
#define DIRECTOR_RULESET_DIFF_H

#include "director/ruleset/ruleset.h"

/* What becomes of a set or chain of the wanted ruleset. */
enum diff_fate {
	DIFF_KEEP,   /* it is there and equal */
	DIFF_CHANGE, /* it is there with other elements or rules */
	DIFF_ADD,
	DIFF_REMAKE, /* it is there with another declaration */
};

struct diff_object {
	enum diff_fate fate;
	int at; /* its index in the ruleset that is there, or -1 */
};

struct diff {
	const struct ruleset *have, *want;
	struct diff_object *sets, *chains; /* of want, in its order */
	bool *set_goes, *chain_goes;	   /* of have: not wanted, or made anew */
	bool remakes;			   /* a set or chain is made anew */
};

/*
 * Compares; both are signed (nft_sign()) and sorted and stay as they are until diff_clear(). 0 or
 * -ENOMEM with *d empty.
 */
int diff_init(struct diff *d, const struct ruleset *have, const struct ruleset *want);
void diff_clear(struct diff *d);

/* Elements to delete and to add, each in the set's order. A changed one is in both lists. */
struct element_diff {
	struct ruleset_element *deleted, *added;
	size_t n_deleted, n_added;
};

/* Of a set of want with the fate DIFF_CHANGE, by its index. 0 or -ENOMEM; to be cleared in any case. */
int element_diff_init(struct element_diff *e, const struct diff *d, size_t set);
void element_diff_clear(struct element_diff *e);

/*
 * A flow table cannot be resized without losing its flows, so a new size waits until the table is
 * made anew: want takes over the sizes of the flow tables that have already holds. Returns how many
 * differed.
 */
size_t ruleset_keep_flow_tables(const struct ruleset *have, struct ruleset *want);

#endif
