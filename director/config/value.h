/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One value: what was written -> the C field that its row describes, and back to text. */
#ifndef DIRECTOR_CONFIG_VALUE_H
#define DIRECTOR_CONFIG_VALUE_H

#include "director/config/keywords.h"

#include <stdio.h>

enum { VALUE_WHY = 256 }; /* the rest of a sentence */

/*
 * Stores a value in its field (of a list: the element); text fields get a copy in
 * `pool`. 0; -EINVAL with `why` filled to follow "KEY must be"; -ENOMEM.
 */
int value_parse(const struct keyword *k, const char *text, void *field, struct pool *pool,
		char why[static VALUE_WHY]);
/* Octets of one field, or of one element of a list. */
size_t value_size(const struct keyword *k);
/* Writes a value in the form that equal values have in common. */
void value_print(const struct keyword *k, const void *field, FILE *out);

#endif
