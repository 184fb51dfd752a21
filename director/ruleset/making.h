/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of a transaction of a sequence. Private to sequence.c. Pure. */
#ifndef DIRECTOR_RULESET_MAKING_H
#define DIRECTOR_RULESET_MAKING_H

#include "director/ruleset/sequence.h"

/* A transaction being made. Objects are given by their index in want. */
struct making {
	struct sequence *s;
	const struct ruleset *have, *want;
	struct nft_batch *b;
	struct ruleset_change *change;
	size_t left; /* elements, rules and objects that may still go into it */
	bool fills;  /* it has elements of new sets */
};

void making_spend(struct making *m, size_t n);

/*
 * What changes among the elements of a set, from s->deleted and s->added on, as much as there is
 * room for. Deletions come first, because changed data is a deletion and an addition of one key.
 * True when the set is complete.
 */
bool making_change_elements(struct making *m, size_t set);
/*
 * The same for a farm, all of it in three parts (enum sequence_part) and only when the last is done
 * complete; *set is one of its sets that was reached, and when it is complete, the one behind them.
 */
bool making_change_farm(struct making *m, size_t *set);
/* All of one half of what changes in a set. */
void making_change_half(struct making *m, size_t set, bool additions);

/* Once. */
void making_declare_set(struct making *m, size_t set);
/* All its elements, likewise from s->added on. True when the set has all. */
bool making_fill_set(struct making *m, size_t set);

void making_declare_chain(struct making *m, size_t chain);
void making_put_rules(struct making *m, size_t chain);
void making_flush_chain(struct making *m, size_t chain);
/* Other rules instead of those that are there. */
void making_rewrite_chain(struct making *m, size_t chain);

#endif
