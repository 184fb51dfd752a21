/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DIRECTOR_CONFIG_TEXT_H
#define DIRECTOR_CONFIG_TEXT_H

#include "director/config/keywords.h"

/* What a text of this type must be, to follow "must be"; NULL when it is. */
const char *text_wants(enum keyword_type type, const char *text);
/* True when all bits behind the prefix's length are ones (zeros). */
bool prefix_rest_is(const struct prefix *p, bool ones);

#endif
