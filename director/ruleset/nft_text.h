/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ruleset in nft's language, spelled exactly as `nft -s list table netdev director` (1.0.6)
 * lists it, so that the two may be compared as text and `nft -f` loads it. But for one line: how often
 * a map is looked through for what has expired, which nft before 1.0.9 lists and does not read. It is
 * a comment here, and what was loaded is looked through each second.
 *
 * Pure: writes to memory only.
 */
#ifndef DIRECTOR_RULESET_NFT_TEXT_H
#define DIRECTOR_RULESET_NFT_TEXT_H

#include "director/ruleset/ruleset.h"

#include <stdio.h>

/* Writes the table to out, which must be a planned ruleset's. Errors are out's own (ferror). */
void nft_text_print(FILE *out, const struct ruleset *r);
/* The same with a comment line in front of each chain, set and map: what it is for (note.h). */
void nft_text_print_noted(FILE *out, const struct ruleset *r);

#endif
