/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Backends by their place: those of all farms in a row, in the order of the configuration. For what is
 * kept of each of them beside the configuration, and goes on under another one.
 *
 * Pure; allocates in places_make() and places_make_items() alone.
 */
#ifndef DIRECTOR_CONFIG_PLACES_H
#define DIRECTOR_CONFIG_PLACES_H

#include "include/config.h"

/* Zeroed: none. */
struct places {
	const struct config *config; /* borrowed; NULL: none */
	size_t *first; /* the place of each farm's first backend; [n_farms]: how many there are */
};

/* 0, or -ENOMEM with *ret zeroed. */
int places_make(struct places *ret, const struct config *c);
/* The same with an array, zeroed, of so many octets for each place: to be freed. NULL without memory. */
void *places_make_items(struct places *ret, const struct config *c, size_t size);
void places_clear(struct places *p);

size_t places_count(const struct places *p);
/* Of a backend, by the numbers of both. */
size_t places_of(const struct places *p, size_t farm, size_t backend);
/* Who is there. */
const struct config_farm *places_farm(const struct places *p, size_t place);
const struct config_backend *places_backend(const struct places *p, size_t place);

enum { PLACE_NONE = -1 };
/* The place in `old` of the backend with the names of that one, or PLACE_NONE. */
ptrdiff_t places_before(const struct places *old, const struct places *p, size_t place);

#endif
