/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/backend/order_waits.h"

#include <stddef.h>

static size_t place_of(const struct order_waits *w, uint64_t ticket)
{
	size_t i = 0;

	while (i < ORDER_WAITS_MAX && (!ticket || w->all[i].ticket != ticket))
		i++;
	return i;
}

struct order_wait *order_waits_begin(struct order_waits *w, uint64_t ticket, uint64_t until_ms)
{
	size_t at = place_of(w, ticket);

	/* Tickets rise, and a free place has the lowest one. */
	if (at == ORDER_WAITS_MAX) {
		at = 0;
		for (size_t i = 1; i < ORDER_WAITS_MAX; i++)
			if (w->all[i].ticket < w->all[at].ticket)
				at = i;
	}
	w->all[at] = (struct order_wait){.ticket = ticket, .until_ms = until_ms};
	return &w->all[at];
}

const struct order_wait *order_waits_of(const struct order_waits *w, uint64_t ticket)
{
	size_t at = place_of(w, ticket);

	return at < ORDER_WAITS_MAX ? &w->all[at] : NULL;
}

bool order_waits_is_due(const struct order_waits *w, uint64_t ticket, uint64_t now_ms)
{
	const struct order_wait *of = order_waits_of(w, ticket);

	return !of || now_ms >= of->until_ms;
}

void order_waits_end(struct order_waits *w, uint64_t ticket)
{
	size_t at = place_of(w, ticket);

	if (at < ORDER_WAITS_MAX)
		w->all[at] = (struct order_wait){0};
}
