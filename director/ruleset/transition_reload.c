/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The same transition without what it does not need, with another number of buckets, of backends, or where another director is. */
#include "director/ruleset/transition.h"

#include "director/ruleset/bucket.h"

#include <errno.h>
#include <stdlib.h>

void transition_rest(struct transition *t)
{
	free(t->home);
	t->home = t->moved = NULL;
}

int transition_wake(struct transition *t)
{
	size_t n = (size_t)t->size * 2;

	if (t->home)
		return 0;
	t->home = malloc(n * sizeof(*t->home));
	if (!t->home)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		t->home[i] = BUCKET_NONE;
	t->moved = t->home + t->size;
	return 0;
}

static void repeat(uint16_t *to, const uint16_t *from, uint32_t size, uint32_t times)
{
	for (uint32_t b = 0; b < size * times; b++)
		to[b] = from[b / times];
}

/* Maps of another size, not filled; the old ones are the caller's to free (buckets, home). -ENOMEM: as before. */
static int remake(struct transition *t, uint32_t size)
{
	uint16_t *buckets = malloc((size_t)size * sizeof(*buckets));
	uint16_t *home = malloc((size_t)size * 2 * sizeof(*home));

	if (!buckets || !home) {
		free(buckets);
		free(home);
		return -ENOMEM;
	}
	t->buckets = buckets;
	t->home = home;
	t->moved = home + size;
	t->size = size;
	return 0;
}

int transition_grow(struct transition *t, uint32_t size)
{
	const struct transition old = *t;
	uint32_t times = size / old.size;

	if (remake(t, size) < 0)
		return -ENOMEM;
	repeat(t->buckets, old.buckets, old.size, times);
	repeat(t->home, old.home, old.size, times);
	repeat(t->moved, old.moved, old.size, times);
	free(old.buckets);
	free(old.home);
	t->moving *= times;
	t->unreported = true;
	return 0;
}

/* True when every so many neighbours have one owner. */
static bool agree(const uint16_t *owners, uint32_t size, uint32_t times)
{
	for (uint32_t b = 0; b < size; b++)
		if (owners[b] != owners[b - b % times])
			return false;
	return true;
}

static void keep_first(uint16_t *owners, uint32_t size, uint32_t times)
{
	for (uint32_t b = 0; b < size / times; b++)
		owners[b] = owners[b * times];
}

bool transition_shrink(struct transition *t, uint32_t size)
{
	uint32_t times = size ? t->size / size : 0;

	if (!times || !agree(t->buckets, t->size, times) || !agree(t->home, t->size, times) ||
	    !agree(t->moved, t->size, times))
		return false;
	keep_first(t->buckets, t->size, times);
	keep_first(t->home, t->size, times);
	keep_first(t->moved, t->size, times);
	t->moving /= times;
	t->size = size;
	return true;
}

static uint16_t renumbered(uint16_t backend, const uint16_t *map, size_t n)
{
	if (backend == BUCKET_NONE)
		return BUCKET_NONE;
	return backend < n && map[backend] != BUCKET_NONE ? map[backend] : TRANSITION_REMOVED;
}

void transition_renumber(struct transition *t, const uint16_t *map, size_t n)
{
	for (uint32_t b = 0; b < t->size; b++) {
		t->buckets[b] = renumbered(t->buckets[b], map, n);
		t->home[b] = renumbered(t->home[b], map, n);
		t->moved[b] = renumbered(t->moved[b], map, n);
	}
	t->unreported = true;
}

/* --- another director --------------------------------------------------------------------------- */

static bool is_possible(const struct transition_stand *s, uint32_t size)
{
	return bucket_table_size_is_ours(s->size) && size && s->size % size == 0 &&
	       transition_shape(s->phase).maps == (s->owners != NULL);
}

/* The owners of a stand, or as the table wants them and nobody moves. */
static uint16_t stand_owner(const struct transition_stand *s, const uint16_t *table, uint32_t size,
			    size_t i)
{
	if (s->owners)
		return s->owners[i];
	return i < s->size ? table[i / (s->size / size)] : (uint16_t)BUCKET_NONE;
}

static bool is_there(const struct transition *t, const struct transition_stand *s,
		     const uint16_t *table, uint32_t size)
{
	if (t->phase != s->phase || t->size != s->size || t->udp_learned != s->udp_learned)
		return false;
	for (uint32_t b = 0; b < t->size; b++)
		if (t->buckets[b] != stand_owner(s, table, size, b) ||
		    t->home[b] != stand_owner(s, table, size, (size_t)t->size + b) ||
		    t->moved[b] != stand_owner(s, table, size, (size_t)t->size * 2 + b))
			return false;
	return true;
}

int transition_follow(struct transition *t, const struct transition_stand *s, const uint16_t *table,
		      uint32_t size)
{
	bool there;

	if (!is_possible(s, size))
		return -EINVAL;
	there = is_there(t, s, table, size);
	if (t->size != s->size) {
		const struct transition old = *t;

		if (remake(t, s->size) < 0)
			return -ENOMEM;
		free(old.buckets);
		free(old.home);
	}
	t->since_ms = s->since_ms;
	t->unlearned_ms = s->unlearned_ms;
	t->accepted_ms = s->accepted_ms;
	t->relearns = s->relearns;
	if (there)
		return 0;
	t->phase = s->phase;
	t->udp_learned = s->udp_learned;
	t->moving = 0;
	for (uint32_t b = 0; b < t->size; b++) {
		t->buckets[b] = stand_owner(s, table, size, b);
		t->home[b] = stand_owner(s, table, size, (size_t)t->size + b);
		t->moved[b] = stand_owner(s, table, size, (size_t)t->size * 2 + b);
		t->moving += t->home[b] != BUCKET_NONE;
	}
	t->unreported = true;
	return 1;
}
