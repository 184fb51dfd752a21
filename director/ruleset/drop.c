/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/ruleset/drop.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void drop_book_clear(struct drop_book *b)
{
	free(b->entries);
	*b = (struct drop_book){0};
}

void drop_book_restart(struct drop_book *b, const char *farm)
{
	for (size_t i = 0; i < b->n; i++)
		if (!farm || strcmp(b->entries[i].farm, farm) == 0)
			b->entries[i].live = 0;
}

static struct drop_entry *entry_of(struct drop_book *b, const char *farm, const char *reason)
{
	struct drop_entry *entries;

	for (size_t i = 0; i < b->n; i++)
		if (strcmp(b->entries[i].farm, farm) == 0 &&
		    strcmp(b->entries[i].reason, reason) == 0)
			return &b->entries[i];
	entries = reallocarray(b->entries, b->n + 1, sizeof(*entries));
	if (!entries)
		return NULL;
	b->entries = entries;
	entries[b->n] = (struct drop_entry){0};
	snprintf(entries[b->n].farm, RULESET_NAME, "%s", farm);
	snprintf(entries[b->n].reason, RULESET_NAME, "%s", reason);
	return &entries[b->n++];
}

int drop_book_add(struct drop_book *b, const char *farm, const char *reason, uint64_t packets)
{
	struct drop_entry *e = entry_of(b, farm, reason);

	if (!e)
		return -ENOMEM;
	e->live += packets;
	return 0;
}

void drop_book_carry(struct drop_book *b, const struct drop_book *gone)
{
	for (size_t i = 0; i < gone->n; i++) {
		const struct drop_entry *from = &gone->entries[i];
		struct drop_entry *to = entry_of(b, from->farm, from->reason);

		if (to)
			to->carried += from->live;
	}
}
