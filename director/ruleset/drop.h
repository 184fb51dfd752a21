/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How many packets of a farm were dropped, and why. The kernel counts in rules, and a rule that is
 * made anew begins at 0; the book keeps what went with the old ones.
 *
 * A reading: drop_book_restart(), drop_book_add() for each rule. Rules that go are read into a book of
 * their own before, and drop_book_carry() takes that over when they have gone; until the next reading
 * they are live as well.
 *
 * Pure.
 */
#ifndef DIRECTOR_RULESET_DROP_H
#define DIRECTOR_RULESET_DROP_H

#include "director/ruleset/ruleset.h"

struct drop_entry {
	char farm[RULESET_NAME];
	char reason[RULESET_NAME];
	uint64_t live;	  /* in the rules of the kernel at the last reading */
	uint64_t carried; /* went with rules that are no more */
};

struct drop_book {
	struct drop_entry *entries;
	size_t n;
};

void drop_book_clear(struct drop_book *b);
/* What is live is read anew: of a farm, or of all (NULL). */
void drop_book_restart(struct drop_book *b, const char *farm);
/* One rule of a farm. 0 or -ENOMEM. */
int drop_book_add(struct drop_book *b, const char *farm, const char *reason, uint64_t packets);
/* The rules that were read into gone have gone. */
void drop_book_carry(struct drop_book *b, const struct drop_book *gone);

#endif
