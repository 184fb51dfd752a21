/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of the keeper share. Private to keeper*_uv.c. */
#ifndef DIRECTOR_RULESET_KEEPER_H
#define DIRECTOR_RULESET_KEEPER_H

#include "director/ruleset/keeper_uv.h"
#include "director/ruleset/nft_socket_uv.h"
#include "director/ruleset/nft_watch_uv.h"
#include "director/ruleset/sequence.h"

struct keeper {
	struct nft_socket socket;
	struct nft_watch *watch;      /* borrowed; NULL: nobody tells what others have done */
	struct ruleset want;	      /* the plan */
	struct ruleset have;	      /* what the kernel held before the sequence to it began */
	struct ruleset named;	      /* the plan before, when have was read from the kernel */
	struct sequence sequence;     /* done: the kernel holds want */
	struct ruleset_change change; /* that the sequence makes */
	uint64_t n_changes;	      /* sequences that were begun */
	uint64_t remains_until_ms;    /* while it waits */
	bool trusted; /* nobody else changed the table, as far as our own transactions go */
	bool failing; /* the last attempt failed and that was logged */
	bool stale; /* the kernel may have changed the table by itself: read it before the next change */
	bool warned;		 /* that a flow table keeps its size */
	bool quiet;		 /* the next change is not told */
	char blamed[KEEPER_WHO]; /* "": nobody */
	uint32_t generation;
	uint64_t reads; /* of the whole table, to find out what is there */
	struct count_book counts;
	size_t next_counted; /* index of the set with which the next piece of the roll begins */
	size_t next_first;   /* the same of those that were never read */
	size_t next_asked; /* about where the sets begin of the farm that somebody asks for next */
	struct drop_book drops;
	bool counts_good, drops_good; /* the last reading did not fail */
};

/*
 * Commits a transaction of the sequence, and takes the last counts of the elements that go with it
 * into the book: so many are told by the kernel. Errors as of nft_socket_commit().
 */
int keeper_counts_commit(struct keeper *k, size_t counters_deleted, struct nft_batch *batch,
			 struct err *err);

#endif
