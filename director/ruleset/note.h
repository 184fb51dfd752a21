/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What each chain, set and map of a planned ruleset is there for, in one sentence for whoever reads an
 * export. plan.h says it at length.
 *
 * Pure. A name without a row has no note: a test looks for those.
 */
#ifndef DIRECTOR_RULESET_NOTE_H
#define DIRECTOR_RULESET_NOTE_H

#include "director/ruleset/ruleset.h"

/* A constant, or NULL. */
const char *note_of_chain(const struct ruleset *r, const struct ruleset_chain *chain);
const char *note_of_set(const struct ruleset_set *set);

#endif
