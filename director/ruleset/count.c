/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/ruleset/count.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void count_book_clear(struct count_book *book)
{
	free(book->entries);
	*book = (struct count_book){0};
}

int count_book_copy(const struct count_book *book, struct count_book *ret)
{
	*ret = (struct count_book){.entries = calloc(book->n + 1, sizeof(*ret->entries))};
	if (!ret->entries)
		return -ENOMEM;
	if (book->n)
		memcpy(ret->entries, book->entries, book->n * sizeof(*ret->entries));
	ret->n = book->n;
	return 0;
}

const struct count_entry *count_book_find(const struct count_book *book, const char *farm,
					  const char *backend)
{
	for (size_t i = 0; i < book->n; i++)
		if (strcmp(book->entries[i].farm, farm) == 0 &&
		    strcmp(book->entries[i].backend, backend) == 0)
			return &book->entries[i];
	return NULL;
}

struct count_entry *count_book_entry(struct count_book *book, const char *farm, const char *backend)
{
	const struct count_entry *found = count_book_find(book, farm, backend);
	struct count_entry *entries;

	if (found)
		return &book->entries[found - book->entries];
	entries = reallocarray(book->entries, book->n + 1, sizeof(*entries));
	if (!entries)
		return NULL;
	book->entries = entries;
	entries[book->n] = (struct count_entry){0};
	snprintf(entries[book->n].farm, RULESET_NAME, "%s", farm);
	snprintf(entries[book->n].backend, RULESET_NAME, "%s", backend);
	return &entries[book->n++];
}

void count_book_restart(struct count_book *book)
{
	for (size_t i = 0; i < book->n; i++)
		book->entries[i].live_packets = book->entries[i].live_bytes = 0;
}

void count_book_add(struct count_book *book, const struct ruleset_set *set,
		    const struct ruleset_element *e, uint64_t packets, uint64_t bytes, bool goes)
{
	struct count_entry *entry;

	if (e->backend >= set->n_names)
		return;
	entry = count_book_entry(book, set->farm, set->names[e->backend]);
	if (!entry)
		return;
	if (goes) {
		entry->carried_packets += packets;
		entry->carried_bytes += bytes;
	} else {
		entry->live_packets += packets;
		entry->live_bytes += bytes;
	}
}
