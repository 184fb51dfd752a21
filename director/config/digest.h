/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One short text that tells whether two directors were configured alike. */
#ifndef DIRECTOR_CONFIG_DIGEST_H
#define DIRECTOR_CONFIG_DIGEST_H

#include "director/config/keywords.h"
#include "include/config.h"

#include <stdio.h>

enum {
	CONFIG_DIGEST_BYTES = 16,
	CONFIG_DIGEST_TEXT = 2 * CONFIG_DIGEST_BYTES + 1, /* hexadecimal, and its NUL */
};

/*
 * The same for files that differ in comments, blanks, the order of keys in a section, how a value
 * is written, and whether a default is written at all, and in the sections metrics, drill and control, which
 * are of one node alone; another one for everything else, the order of sections among them: it numbers the
 * backends. The prefixes in files that allow and deny name count as if they were written in their
 * place. Returns buf.
 */
const char *config_digest(const struct config *c, char buf[static CONFIG_DIGEST_TEXT]);

/* --- what is hashed, for who compares pieces of it ------------------------------------------------ */

/* The sections that a key is: so many objects one behind the other. */
struct config_elements {
	const char *first;
	size_t n, size;
};

struct config_elements config_elements(const struct keyword *k, const void *object);
/* One of a node alone, which does not count. */
bool config_is_of_the_node(const struct keyword *k);
/* "ports=80", a line for each value. */
void config_print_key(const struct keyword *k, const void *object, FILE *out);
/* What is in a section: its name first if it has one, sections in it as "backend{", ..., "}". */
void config_print_section(enum config_section id, const void *object, FILE *out);

#endif
