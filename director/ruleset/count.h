/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packets and bytes per backend, summed from the counters of its buckets. Changing an element in
 * the kernel resets its counter, so what a bucket had counted for its old backend is carried over
 * into this book first. Totals begin with the table in the kernel; a restarted daemon goes on with
 * what the elements still hold.
 *
 * Pure.
 */
#ifndef DIRECTOR_RULESET_COUNT_H
#define DIRECTOR_RULESET_COUNT_H

#include "director/ruleset/ruleset.h"

struct count_entry {
	char farm[RULESET_NAME];
	char backend[RULESET_NAME];
	uint64_t carried_packets, carried_bytes; /* of elements that are gone */
	uint64_t live_packets, live_bytes;	 /* of the elements at the last reading */
};

struct count_book {
	struct count_entry *entries;
	size_t n;
};

void count_book_clear(struct count_book *book);
/* *ret becomes a copy. 0 or -ENOMEM with *ret empty. */
int count_book_copy(const struct count_book *book, struct count_book *ret);
/* The entry of that backend, made when there is none; NULL: no memory. */
struct count_entry *count_book_entry(struct count_book *book, const char *farm,
				     const char *backend);
/* The entry or NULL. */
const struct count_entry *count_book_find(const struct count_book *book, const char *farm,
					  const char *backend);
/* Before a reading: nothing is live. */
void count_book_restart(struct count_book *book);
/*
 * One element of `set` was read. goes: the next transaction deletes it, so its counts are carried.
 * An element without a name in the set (somebody else's) is left out.
 */
void count_book_add(struct count_book *book, const struct ruleset_set *set,
		    const struct ruleset_element *e, uint64_t packets, uint64_t bytes, bool goes);

#endif
