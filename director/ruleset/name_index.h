/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds the objects of a ruleset by name in constant time: two rulesets of a thousand farms that have
 * little in common ask for each of their names. The index knows numbers; whoever has the list compares
 * the names, for two of them may have the same hash:
 *
 *     for (uint32_t i = name_index_first(x, name); i != NAME_INDEX_END; i = name_index_next(x, i))
 *             … list[i] may be called that, others follow …
 *
 * Pure.
 */
#ifndef DIRECTOR_RULESET_NAME_INDEX_H
#define DIRECTOR_RULESET_NAME_INDEX_H

#include <stddef.h>
#include <stdint.h>

#define NAME_INDEX_END UINT32_MAX

struct name_entry {
	uint32_t hash;
	uint32_t next; /* number with the same place */
};

/* Zeroed: an empty one without room. */
struct name_index {
	uint32_t *first; /* by hash; room of them, a power of two */
	struct name_entry *entries;
	size_t room, n;
};

/* Room for n numbers in all. 0, or -ENOMEM and it is as it was. */
int name_index_reserve(struct name_index *x, size_t n);
/* The next number, from 0 on, for which there is room. */
void name_index_add(struct name_index *x, const char *name);
/* The last one that was added comes first. */
uint32_t name_index_first(const struct name_index *x, const char *name);
uint32_t name_index_next(const struct name_index *x, uint32_t number);
void name_index_clear(struct name_index *x);

#endif
