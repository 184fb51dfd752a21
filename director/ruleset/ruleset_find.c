/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Objects of a ruleset by name, and joining them to one that has room.
 *
 * Pure.
 */
#include "director/ruleset/ruleset.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* --- by name ---------------------------------------------------------------------------------- */

static bool is_set(const struct ruleset *r, size_t at, const char *name)
{
	return at < r->n_sets && strcmp(r->sets[at].name, name) == 0;
}

static bool is_chain(const struct ruleset *r, size_t at, const char *name)
{
	return at < r->n_chains && strcmp(r->chains[at].name, name) == 0;
}

/* Of several with one name, which a sequence may leave for a moment, the first. */
int ruleset_find_set_near(const struct ruleset *r, const char *name, size_t near)
{
	int found = -1;

	if (is_set(r, near, name))
		return (int)near;
	for (uint32_t i = name_index_first(&r->set_names, name); i != NAME_INDEX_END;
	     i = name_index_next(&r->set_names, i))
		if (is_set(r, i, name))
			found = (int)i;
	return found;
}

int ruleset_find_chain_near(const struct ruleset *r, const char *name, size_t near)
{
	int found = -1;

	if (is_chain(r, near, name))
		return (int)near;
	for (uint32_t i = name_index_first(&r->chain_names, name); i != NAME_INDEX_END;
	     i = name_index_next(&r->chain_names, i))
		if (is_chain(r, i, name))
			found = (int)i;
	return found;
}

int ruleset_find_set(const struct ruleset *r, const char *name)
{
	return ruleset_find_set_near(r, name, SIZE_MAX);
}

int ruleset_find_chain(const struct ruleset *r, const char *name)
{
	return ruleset_find_chain_near(r, name, SIZE_MAX);
}

static bool is_of(const struct ruleset *r, size_t at, const char *farm)
{
	return at < r->n_sets && strcmp(r->sets[at].farm, farm) == 0;
}

struct ruleset_span ruleset_farm_sets(const struct ruleset *r, const char *farm, size_t near)
{
	struct ruleset_span span = {0};
	size_t at = near < r->n_sets ? near : 0;

	for (size_t i = 0; i < r->n_sets && !is_of(r, at, farm); i++)
		at = at + 1 < r->n_sets ? at + 1 : 0;
	if (!is_of(r, at, farm))
		return span;
	span.end = at;
	while (at > 0 && is_of(r, at - 1, farm))
		at--;
	span.first = at;
	while (is_of(r, span.end, farm))
		span.end++;
	return span;
}

/* --- joining ---------------------------------------------------------------------------------- */

int ruleset_make_room(struct ruleset *r, size_t n_sets, size_t n_chains)
{
	struct ruleset_set *sets = reallocarray(r->sets, r->n_sets + n_sets + 1, sizeof(*sets));
	struct ruleset_chain *chains;

	if (!sets)
		return -ENOMEM;
	r->sets = sets;
	chains = reallocarray(r->chains, r->n_chains + n_chains + 1, sizeof(*chains));
	if (!chains)
		return -ENOMEM;
	r->chains = chains;
	if (name_index_reserve(&r->set_names, r->n_sets + n_sets) < 0 ||
	    name_index_reserve(&r->chain_names, r->n_chains + n_chains) < 0)
		return -ENOMEM;
	return 0;
}

void ruleset_join_set(struct ruleset *r, struct ruleset_set set)
{
	r->sets[r->n_sets++] = set;
	name_index_add(&r->set_names, set.name);
}

void ruleset_join_chain(struct ruleset *r, struct ruleset_chain chain)
{
	r->chains[r->n_chains++] = chain;
	name_index_add(&r->chain_names, chain.name);
}
