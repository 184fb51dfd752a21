/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/ruleset/count.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void count_book_clear(struct count_book *book)
{
	for (size_t i = 0; i < book->n; i++)
		free(book->sets[i].entries);
	free(book->sets);
	*book = (struct count_book){0};
}

static int compare(const struct count_set *set, const char *farm, const char *name)
{
	int order = strcmp(set->farm, farm);

	return order ? order : strcmp(set->name, name);
}

/* Where the set is, or belongs. */
static size_t place_of(const struct count_book *book, const char *farm, const char *name)
{
	size_t low = 0, high = book->n;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (compare(&book->sets[middle], farm, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Made when there is none; NULL: no memory. */
static struct count_set *set_of(struct count_book *book, const char *farm, const char *name)
{
	size_t at = place_of(book, farm, name);
	struct count_set *sets;

	if (at < book->n && compare(&book->sets[at], farm, name) == 0)
		return &book->sets[at];
	sets = reallocarray(book->sets, book->n + 1, sizeof(*sets));
	if (!sets)
		return NULL;
	book->sets = sets;
	memmove(&sets[at + 1], &sets[at], (book->n - at) * sizeof(*sets));
	book->n++;
	sets[at] = (struct count_set){0};
	snprintf(sets[at].farm, RULESET_NAME, "%s", farm);
	snprintf(sets[at].name, RULESET_NAME, "%s", name);
	return &sets[at];
}

/* Likewise; near: where it is likely to be. */
static struct count_entry *entry_of(struct count_set *set, const char *backend, size_t near)
{
	struct count_entry *entries;

	if (near < set->n && strcmp(set->entries[near].backend, backend) == 0)
		return &set->entries[near];
	for (size_t i = 0; i < set->n; i++)
		if (strcmp(set->entries[i].backend, backend) == 0)
			return &set->entries[i];
	entries = reallocarray(set->entries, set->n + 1, sizeof(*entries));
	if (!entries)
		return NULL;
	set->entries = entries;
	entries[set->n] = (struct count_entry){0};
	snprintf(entries[set->n].backend, RULESET_NAME, "%s", backend);
	return &entries[set->n++];
}

static void add(struct count *to, struct count count)
{
	to->packets += count.packets;
	to->bytes += count.bytes;
}

void count_begin(struct count_book *book, const struct ruleset_set *set)
{
	struct count_set *s = set_of(book, set->farm, set->name);

	for (size_t i = 0; s && i < s->n; i++)
		s->entries[i].reading = (struct count){0};
}

static struct count_entry *entry_of_element(struct count_book *book, const struct ruleset_set *set,
					    const struct ruleset_element *e)
{
	struct count_set *s = e->backend < set->n_names ? set_of(book, set->farm, set->name) : NULL;

	return s ? entry_of(s, set->names[e->backend], e->backend) : NULL;
}

void count_element(struct count_book *book, const struct ruleset_set *set,
		   const struct ruleset_element *e, struct count count)
{
	struct count_entry *entry = entry_of_element(book, set, e);

	if (entry)
		add(&entry->reading, count);
}

void count_end(struct count_book *book, const struct ruleset_set *set, uint64_t now_ms)
{
	struct count_set *s = set_of(book, set->farm, set->name);

	if (!s)
		return;
	s->read_ms = now_ms;
	for (size_t i = 0; i < s->n; i++) {
		struct count_entry *e = &s->entries[i];

		add(&e->kept, e->gone);
		e->gone = (struct count){0};
		e->live = e->reading;
	}
}

void count_gone(struct count_book *book, const struct ruleset_set *set,
		const struct ruleset_element *e, struct count count)
{
	struct count_entry *entry = entry_of_element(book, set, e);

	if (entry)
		add(&entry->gone, count);
}

void count_gone_merge(struct count_book *book, const struct count_book *other)
{
	for (size_t i = 0; i < other->n; i++) {
		const struct count_set *from = &other->sets[i];
		struct count_set *to = set_of(book, from->farm, from->name);

		for (size_t k = 0; to && k < from->n; k++) {
			struct count_entry *e = entry_of(to, from->entries[k].backend, k);

			if (e)
				add(&e->gone, from->entries[k].gone);
		}
	}
}

void count_set_gone(struct count_book *book, const struct ruleset_set *set)
{
	size_t at = place_of(book, set->farm, set->name);

	if (at == book->n || compare(&book->sets[at], set->farm, set->name) != 0)
		return;
	count_begin(book, set);
	count_end(book, set, book->sets[at].read_ms);
}

struct count count_total(const struct count_book *book, const char *farm, const char *backend)
{
	struct count total = {0};

	for (size_t i = place_of(book, farm, "");
	     i < book->n && strcmp(book->sets[i].farm, farm) == 0; i++)
		for (size_t k = 0; k < book->sets[i].n; k++) {
			const struct count_entry *e = &book->sets[i].entries[k];

			if (strcmp(e->backend, backend) != 0)
				continue;
			add(&total, e->kept);
			add(&total, e->live);
			break;
		}
	return total;
}

uint64_t count_read_ms(const struct count_book *book, const struct ruleset_set *set)
{
	size_t at = place_of(book, set->farm, set->name);

	return at < book->n && compare(&book->sets[at], set->farm, set->name) == 0
		       ? book->sets[at].read_ms
		       : 0;
}
