/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The drills of the past with their file, drills.state in the runtime directory: they outlive the daemon.
 *
 * Shell: logs what is wrong with the file.
 */
#ifndef DIRECTOR_DRILL_DRILL_BOOK_UV_H
#define DIRECTOR_DRILL_DRILL_BOOK_UV_H

#include "director/drill/drill_book.h"
#include "include/err.h"

struct drill_store;

/* A file that is not ours is set aside, and the book begins anew. 0 or -ENOMEM. */
int drill_store_new(const char *state_dir, struct drill_store **ret, struct err *err);
/* Accepts NULL. Writes what is not written yet. */
void drill_store_free(struct drill_store *s);
/* Written at once; the count of one that is refused again once a minute. */
void drill_store_add(struct drill_store *s, const struct control_drill *d);
/* As drill_book_goes_back(). */
bool drill_store_goes_back(const struct drill_store *s, uint64_t id);
/* To be called now and then: writes the count that was held back, when a minute is over. */
void drill_store_keep(struct drill_store *s, uint64_t wall_ms);
/* As drill_book_back(); written at once. */
const struct control_drill *drill_store_back(struct drill_store *s, uint64_t id,
					     const struct control_drill *from);
void drill_store_answer(const struct drill_store *s, struct control_reply *reply);

#endif
