/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The journal with its file, journal.state in the runtime directory: it outlives the daemon.
 *
 * Shell: logs what is wrong with the file.
 */
#ifndef DIRECTOR_AUDIT_JOURNAL_UV_H
#define DIRECTOR_AUDIT_JOURNAL_UV_H

#include "director/audit/journal.h"
#include "include/err.h"

struct journal_store;

/* A file that is not ours is set aside, and the journal begins anew. 0 or -ENOMEM. */
int journal_store_new(const char *state_dir, struct journal_store **ret, struct err *err);
/* Writes what is not written yet; accepts NULL. */
void journal_store_free(struct journal_store *s);

/* Now. What was asked for is written at once, all else at the next journal_store_keep(). */
void journal_store_add(struct journal_store *s, struct journal_entry *e);
/*
 * What a change does that began under this number, as far as it is known now: true when that is an entry
 * of its own, to be added; else it was counted as part of the one before, or is nothing.
 */
bool journal_store_look(struct journal_store *s, uint64_t number,
			const struct ruleset_change *change, struct journal_entry *e);
/* To be called now and then. */
void journal_store_keep(struct journal_store *s);
const struct journal *journal_store_book(const struct journal_store *s);

#endif
