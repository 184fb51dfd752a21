/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/backend/history.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

int history_configure(struct history *h, const struct config *c)
{
	struct history next = {0};

	next.backends = places_make_items(&next.places, c, sizeof(*next.backends));
	if (!next.backends)
		return -ENOMEM;
	for (size_t i = 0; i < places_count(&next.places); i++) {
		ptrdiff_t before = places_before(&h->places, &next.places, i);

		if (before == PLACE_NONE)
			continue;
		next.backends[i] = h->backends[before];
		h->backends[before].changes = NULL;
	}
	history_clear(h);
	*h = next;
	return 0;
}

void history_clear(struct history *h)
{
	for (size_t i = 0; i < places_count(&h->places); i++)
		free(h->backends[i].changes);
	free(h->backends);
	places_clear(&h->places);
	*h = (struct history){0};
}

bool history_see(struct history *h, size_t place, enum backend_state state, const char *reason,
		 uint64_t at_ms)
{
	struct history_backend *b = &h->backends[place];
	struct history_change *change;
	enum backend_state from = b->state;

	if (b->known && b->state == state)
		return false;
	b->state = state;
	b->since_ms = at_ms;
	if (!b->known) {
		b->known = true;
		return false;
	}
	if (!b->changes)
		b->changes = calloc(HISTORY_MOST, sizeof(*b->changes));
	if (!b->changes) /* it is the state that counts */
		return true;
	change = &b->changes[b->n++ % HISTORY_MOST];
	*change = (struct history_change){.at_ms = at_ms, .from = from, .to = state};
	snprintf(change->reason, sizeof(change->reason), "%s", reason);
	return true;
}

size_t history_length(const struct history_backend *b)
{
	return b->n < HISTORY_MOST ? b->n : HISTORY_MOST;
}

const struct history_change *history_change(const struct history_backend *b, size_t i)
{
	return &b->changes[(b->n - 1 - i) % HISTORY_MOST];
}
