/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One short text that tells whether two directors were configured alike. */
#ifndef DIRECTOR_CONFIG_DIGEST_H
#define DIRECTOR_CONFIG_DIGEST_H

#include "include/config.h"

enum {
	CONFIG_DIGEST_BYTES = 16,
	CONFIG_DIGEST_TEXT = 2 * CONFIG_DIGEST_BYTES + 1, /* hexadecimal, and its NUL */
};

/*
 * The same for files that differ in comments, blanks, the order of keys in a section, how a value
 * is written, and whether a default is written at all, and in the sections metrics and drill, which
 * are of one node alone; another one for everything else, the order of sections among them: it numbers the
 * backends. The prefixes in files that allow and deny name count as if they were written in their
 * place. Returns buf.
 */
const char *config_digest(const struct config *c, char buf[static CONFIG_DIGEST_TEXT]);

/* What is hashed: "farm{", "name=www", "}", one line per value, to be freed; NULL without memory. */
char *config_canonical(const struct config *c);

#endif
