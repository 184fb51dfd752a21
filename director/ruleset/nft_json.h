/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ruleset in nft's JSON schema (libnftables-json(5)), object by object: chains, then sets and maps,
 * whose elements lead to chains, then rules. An object is a line, and so is an element of a set: what
 * differs between two of them, differs in whole lines.
 *
 * What is declared by fields of a packet is {"typeof": …}, which nft reads since 1.1.2; what a packet
 * changes in a map is the statement "map", which it has since 1.0.9. An older nft has no words for
 * either: 1.0.6 prints its own listing of this table with text in the place of statements, and does not
 * read it back. All else is what it prints, and it reads every rule without such a statement.
 *
 * Beside what nft asks for, chains and sets have "farm" and "note", what they are for (note.h); nft does
 * not look at them. The schema has whole seconds: a duration is rounded up.
 *
 * Pure: writes to memory only.
 */
#ifndef DIRECTOR_RULESET_NFT_JSON_H
#define DIRECTOR_RULESET_NFT_JSON_H

#include "director/ruleset/ruleset.h"

#include <jansson.h>
#include <stdio.h>

/*
 * Writes the objects of a planned ruleset, with ",\n" in front of each: they stand behind another one in
 * a list. 0, or -ENOMEM with half of it written. Errors of out are its own (ferror).
 */
int nft_json_print(FILE *out, const struct ruleset *r);

/* --- its parts -------------------------------------------------------------------------------- */

/* Appends what the statement says to a rule's list. 0 or -1: no memory. */
int nft_json_statement(json_t *list, const struct ruleset *r, const struct ruleset_statement *s);
/* A new reference, or NULL without memory: what a rule reads from a packet. */
json_t *nft_json_key(enum ruleset_key key);
/* Both MAC addresses of a frame, likewise. */
json_t *nft_json_frame_macs(void);
/* A set or map with its elements. 0 or -ENOMEM. */
int nft_json_set_print(FILE *out, const struct ruleset *r, const struct ruleset_set *set);
/* The same of a set that is there: its name and whose it is, as each object begins. */
json_t *nft_json_begin(const struct ruleset *r, const char *key, const char *name);
/* Writes {"kind": object}, and lets go of the object; NULL: there was no memory. 0 or -ENOMEM. */
int nft_json_end(FILE *out, const char *kind, json_t *object);
/* Writes it as flags of jansson say, and lets go of it. 0 or -ENOMEM, which nobody else tells of. */
int nft_json_dump(FILE *out, json_t *value, size_t flags);

#endif
