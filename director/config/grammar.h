/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words -> libconfuse's tree of sections and keys, and the sentence when they make none. */
#ifndef DIRECTOR_CONFIG_GRAMMAR_H
#define DIRECTOR_CONFIG_GRAMMAR_H

#include "director/config/keywords.h"
#include "director/config/source.h"

#include <confuse.h>

/*
 * The tree, to be freed with cfg_free(); NULL without memory. In it every value and title is the
 * decimal number of its word, and a key holds the values of all places where it was given, so
 * nothing that was written is lost: libconfuse by itself lets the last one win. After a mistake the
 * tree holds what was before it, and the source is stopped.
 */
cfg_t *grammar_parse(struct source *s);

/* The word of a title; for a section without title the opening brace. */
size_t grammar_opening(cfg_t *section);
/* The word of the i-th value of a key. */
size_t grammar_value(cfg_opt_t *opt, unsigned int i);

#endif
