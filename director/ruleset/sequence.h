/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The way from one ruleset to another as a sequence of transactions.
 *
 * A transaction is not atomic for packets in flight: one that runs the old rules may meet the new
 * elements; a map that is deleted together with the last rule that names it is empty for such a
 * packet (1,390 misses in 15,000 transactions, 1 when the map went one transaction later); and a list
 * that comes in one transaction with the rule that names it is empty for that rule for a millisecond
 * (bench_lists: 390,439 of 7,968,000 packets in 1,000 changes). And while a transaction of 10,000
 * elements is made, for 22 to 26 ms, nothing else happens. So:
 *
 *   urgent   elements of farms whose rules stay as they are: a backend has died
 *   sets     new sets with their elements; nothing leads to them yet
 *   chains   new chains; likewise
 *   rules    the rules of new chains
 *   farms    farm by farm: elements, then the rules that change, in one transaction
 *   shared   what verdict maps lead to, chains of several farms
 *   entries  base chains: all that they lead to is there
 *   -- SEQUENCE_SETTLE_MS later, when no packet runs the old rules any more --
 *   remains  rules, then sets, then chains that nothing leads to any more
 *
 * Of a farm's elements those that others lead to come in three parts, since the farm's may be cut
 * anywhere between: a backend's id is there before the first slot that leads to it, and goes after
 * the last one (a join of 672 slots cut before the new id lost or moved a third of the connections
 * that began meanwhile).
 *
 * All is cut into transactions of at most about SEQUENCE_MOST elements, rules and objects, and where new sets
 * are complete. So a small change is one transaction, two when it brings sets with elements, and one
 * more for what it leaves behind; while a large one goes on, whoever has something urgent waits for
 * one of them. In the middle of a sequence another one may begin from
 * where it stands: sequence_settle().
 *
 * Only what is made anew under its old name (another declaration: a set of another type) must go
 * before it comes: then all is one transaction.
 *
 * Pure.
 */
#ifndef DIRECTOR_RULESET_SEQUENCE_H
#define DIRECTOR_RULESET_SEQUENCE_H

#include "director/ruleset/change.h"
#include "director/ruleset/diff.h"
#include "director/ruleset/nft_netlink.h"

enum {
	SEQUENCE_MOST = 1000,	  /* 2 ms; with counters 8 */
	SEQUENCE_SETTLE_MS = 100, /* no packet is in flight for so long (softirqs take < 10 ms) */
};

enum sequence_stage {
	SEQUENCE_URGENT,
	SEQUENCE_SETS,
	SEQUENCE_CHAINS,
	SEQUENCE_RULES,
	SEQUENCE_FARMS,
	SEQUENCE_SHARED,
	SEQUENCE_ENTRIES,
	SEQUENCE_DROP_RULES,
	SEQUENCE_DROP_SETS,
	SEQUENCE_DROP_CHAINS,
	SEQUENCE_DONE,
};

/* Of the elements of a farm. In the first and last are only those that others lead to. */
enum sequence_part { SEQUENCE_NEW_KEYS, SEQUENCE_CHANGES, SEQUENCE_OLD_KEYS, SEQUENCE_PARTS };

/* How far an object of the wanted ruleset has come. */
enum sequence_progress { SEQUENCE_UNTOUCHED, SEQUENCE_DECLARED, SEQUENCE_COMPLETE };

struct sequence {
	struct diff diff;
	enum sequence_stage stage;
	size_t at;		   /* in the stage: index of the object that is next */
	enum sequence_part part;   /* urgent, farms: of the farm whose set is next */
	bool amid;		   /* some of that farm's changes were put, not yet all */
	size_t near;		   /* farms: index of the chain that was last */
	size_t deleted, added;	   /* of the set that is next: how many elements were put */
	uint8_t *sets, *chains;	   /* enum sequence_progress, of the wanted ones */
	size_t gone_from, gone_to; /* sets of have that the last transaction deletes are in here */
	bool waits;		   /* until what remains is due */
};

/*
 * Begins; have and want (signed, sorted) stay where they are and as they are until sequence_clear()
 * or sequence_settle(). 0 or -ENOMEM with *s empty.
 */
int sequence_begin(struct sequence *s, const struct ruleset *have, const struct ruleset *want);
void sequence_clear(struct sequence *s);

/*
 * Puts the next transaction into b, which was begun, and adds what it does to *change. b stays
 * without messages when there is nothing left to do, or before what remains is due: then
 * sequence_waits(). b->failed: no memory.
 */
void sequence_next(struct sequence *s, size_t most, struct nft_batch *b,
		   struct ruleset_change *change);

/* All that is wanted is there; what remains of the old may be deleted SEQUENCE_SETTLE_MS later. */
bool sequence_waits(const struct sequence *s);
/* The next transactions are to delete what remains. After sequence_waits(). */
void sequence_resume(struct sequence *s);
/* Nothing is left to do. */
bool sequence_is_done(const struct sequence *s);
/* True when the last transaction deletes that set of have. */
bool sequence_deletes(const struct sequence *s, size_t set);

/*
 * Where the sequence stands, as *have: what has been done is moved over from *want, which is empty
 * afterwards, and the sequence is cleared. In the midst of the elements of a farm or a set that
 * change (sequence_is_cut()) it cannot be told. 0 or -ENOMEM, when both are empty.
 */
int sequence_settle(struct sequence *s, struct ruleset *have, struct ruleset *want);
bool sequence_is_cut(const struct sequence *s);

/*
 * All of it as one transaction, in the order in which a single one must be: what goes before what
 * comes. An empty change leaves b without messages.
 */
void sequence_all(struct sequence *s, struct nft_batch *b, struct ruleset_change *change);
/* The same from begin to end, with *ret what it does. 0 or -ENOMEM. */
int ruleset_diff(const struct ruleset *have, const struct ruleset *want, struct nft_batch *b,
		 struct ruleset_change *ret);

#endif
