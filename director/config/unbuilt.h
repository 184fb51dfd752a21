/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the grammar has and the program does not do yet: refused by name, never ignored. */
#ifndef DIRECTOR_CONFIG_UNBUILT_H
#define DIRECTOR_CONFIG_UNBUILT_H

#include "director/config/keywords.h"
#include "director/config/source.h"

/* A mistake for the first thing that is not built. */
void config_check_built(struct source *s);
/* True when every value of this key is refused. */
bool keyword_is_unbuilt(enum config_section section, const char *name);

#endif
