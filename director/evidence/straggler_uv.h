/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Looks for stragglers (straggler.h) while the other director owns addresses.
 *
 * Shell: owns the table "director-stragglers" and a socket to nftables of its own. The table of the
 * farms is not its business. Of the program's thread, never of the election's: a change of role does
 * not wait for it, the table follows with the next stragglers_look(). Until then the new owner has
 * announced itself for the first time; who has not heard that is worth a note.
 */
#ifndef DIRECTOR_EVIDENCE_STRAGGLER_UV_H
#define DIRECTOR_EVIDENCE_STRAGGLER_UV_H

#include "director/evidence/straggler.h"
#include "include/err.h"

struct stragglers;

int stragglers_new(struct stragglers **ret, struct err *err);
/* Deletes the table: nobody reads it any more. Accepts NULL. */
void stragglers_free(struct stragglers *s);
/*
 * To be called every second, with the addresses that this director does not own, on interfaces that
 * are there: the table follows, and who has sent is read.
 */
void stragglers_look(struct stragglers *s, const struct straggler_place *places, size_t n,
		     uint64_t now_ms);
/* Those of the last reading, sorted by address; good until the next call. */
const struct straggler *stragglers_list(const struct stragglers *s, size_t *ret_n);
/* The table as it should be, borrowed until the next look; it may not exist. */
const struct ruleset *stragglers_table(const struct stragglers *s);
/* 0: the kernel's table is as it should be. 1: it is not, said in out. Or a negative errno. */
int stragglers_verify(struct stragglers *s, FILE *out, struct err *err);
/* Deletes the table of a daemon that does not run. 0, also when there was none. */
int stragglers_clean(struct err *err);

#endif
