/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/ruleset/name_index.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM_MIN = 16 };

/* FNV-1a: names are the configuration's, nobody can choose them to collide. */
static uint32_t hash_of(const char *name)
{
	uint32_t hash = 2166136261;

	for (; *name; name++)
		hash = (hash ^ (uint8_t)*name) * 16777619;
	return hash;
}

static void link_entry(struct name_index *x, uint32_t number)
{
	struct name_entry *e = &x->entries[number];
	uint32_t *first = &x->first[e->hash & (x->room - 1)];

	e->next = *first;
	*first = number;
}

int name_index_reserve(struct name_index *x, size_t n)
{
	struct name_entry *entries;
	size_t room = x->room ? x->room : ROOM_MIN;
	uint32_t *first;

	if (n <= x->room)
		return 0;
	while (room < n)
		room *= 2;
	entries = reallocarray(x->entries, room, sizeof(*entries));
	if (!entries)
		return -ENOMEM;
	x->entries = entries;
	first = malloc(room * sizeof(*first));
	if (!first)
		return -ENOMEM;
	memset(first, 0xff, room * sizeof(*first));
	free(x->first);
	x->first = first;
	x->room = room;
	for (uint32_t i = 0; i < x->n; i++)
		link_entry(x, i);
	return 0;
}

void name_index_add(struct name_index *x, const char *name)
{
	x->entries[x->n].hash = hash_of(name);
	link_entry(x, (uint32_t)x->n++);
}

/* The first of the chain from that number on whose hash is the same. */
static uint32_t same_hash(const struct name_index *x, uint32_t number, uint32_t hash)
{
	while (number != NAME_INDEX_END && x->entries[number].hash != hash)
		number = x->entries[number].next;
	return number;
}

uint32_t name_index_first(const struct name_index *x, const char *name)
{
	uint32_t hash = hash_of(name);

	return x->room ? same_hash(x, x->first[hash & (x->room - 1)], hash) : NAME_INDEX_END;
}

uint32_t name_index_next(const struct name_index *x, uint32_t number)
{
	return same_hash(x, x->entries[number].next, x->entries[number].hash);
}

void name_index_clear(struct name_index *x)
{
	free(x->first);
	free(x->entries);
	*x = (struct name_index){0};
}
