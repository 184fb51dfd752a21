/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/config/places.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int places_make(struct places *ret, const struct config *c)
{
	*ret = (struct places){.config = c, .first = calloc(c->n_farms + 1, sizeof(*ret->first))};
	if (!ret->first) {
		places_clear(ret);
		return -ENOMEM;
	}
	for (size_t i = 0; i < c->n_farms; i++)
		ret->first[i + 1] = ret->first[i] + c->farms[i].n_backends;
	return 0;
}

void *places_make_items(struct places *ret, const struct config *c, size_t size)
{
	void *items;

	if (places_make(ret, c) < 0)
		return NULL;
	items = calloc(places_count(ret) + 1, size);
	if (!items)
		places_clear(ret);
	return items;
}

void places_clear(struct places *p)
{
	free(p->first);
	*p = (struct places){0};
}

size_t places_count(const struct places *p)
{
	return p->config ? p->first[p->config->n_farms] : 0;
}

size_t places_of(const struct places *p, size_t farm, size_t backend)
{
	return p->first[farm] + backend;
}

/* The number of the farm whose backends include that place: the last one that begins not behind it. */
static size_t farm_at(const struct places *p, size_t place)
{
	size_t low = 0, high = p->config->n_farms;

	while (high - low > 1) {
		size_t middle = (low + high) / 2;

		if (p->first[middle] <= place)
			low = middle;
		else
			high = middle;
	}
	return low;
}

const struct config_farm *places_farm(const struct places *p, size_t place)
{
	return &p->config->farms[farm_at(p, place)];
}

const struct config_backend *places_backend(const struct places *p, size_t place)
{
	size_t farm = farm_at(p, place);

	return &p->config->farms[farm].backends[place - p->first[farm]];
}

ptrdiff_t places_before(const struct places *old, const struct places *p, size_t place)
{
	size_t farm = farm_at(p, place), number = place - p->first[farm];
	const struct config_farm *f = &p->config->farms[farm], *then = NULL;
	const struct config_backend *b = NULL;

	if (old->config)
		then = config_farm_near(old->config, farm, f->name);
	if (then)
		b = config_backend_near(then, number, f->backends[number].name);
	return b ? (ptrdiff_t)places_of(old, (size_t)(then - old->config->farms),
					(size_t)(b - then->backends))
		 : PLACE_NONE;
}
