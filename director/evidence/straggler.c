/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/evidence/straggler.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

int straggler_book_init(struct straggler_book *b)
{
	*b = (struct straggler_book){
		.list = calloc(STRAGGLERS_MAX, sizeof(*b->list)),
		.last = calloc(STRAGGLERS_MAX, sizeof(*b->last)),
	};
	if (b->list && b->last)
		return 0;
	straggler_book_clear(b);
	return -ENOMEM;
}

void straggler_book_clear(struct straggler_book *b)
{
	free(b->watched);
	free(b->list);
	free(b->last);
	*b = (struct straggler_book){0};
}

/* --- what is looked for ----------------------------------------------------------------------- */

static int compare_places(const struct straggler_place *a, const struct straggler_place *b)
{
	int order = strcmp(a->interface, b->interface);

	return order ? order : addr_compare(&a->address, &b->address);
}

static int by_place(const void *a, const void *b)
{
	const struct straggler_watch *x = a, *y = b;

	return compare_places(&x->place, &y->place);
}

static struct straggler_watch *find(const struct straggler_book *b,
				    const struct straggler_place *place)
{
	struct straggler_watch key = {.place = *place};

	return b->n_watched ? bsearch(&key, b->watched, b->n_watched, sizeof(key), by_place) : NULL;
}

static struct straggler_watch *watch_of(const struct straggler_book *b, const struct straggler *s)
{
	struct straggler_place place = {.address = s->address};

	memcpy(place.interface, s->interface, sizeof(place.interface));
	return find(b, &place);
}

static void forget_others(struct straggler_book *b)
{
	size_t n = 0;

	for (size_t i = 0; i < b->n; i++)
		if (watch_of(b, &b->list[i]))
			b->list[n++] = b->list[i];
	b->n = n;
}

int straggler_book_places(struct straggler_book *b, const struct straggler_place *places, size_t n,
			  uint64_t now_ms)
{
	struct straggler_watch *watched = calloc(n + 1, sizeof(*watched));

	if (!watched)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const struct straggler_watch *old = find(b, &places[i]);

		watched[i] = (struct straggler_watch){
			.place = places[i],
			.until_ms = old ? old->until_ms : now_ms + STRAGGLER_WATCH_MS,
		};
	}
	if (n)
		qsort(watched, n, sizeof(*watched), by_place);
	free(b->watched);
	b->watched = watched;
	b->n_watched = n;
	forget_others(b);
	return 0;
}

size_t straggler_book_active(const struct straggler_book *b, uint64_t now_ms,
			     struct straggler_place *ret)
{
	size_t n = 0;

	for (size_t i = 0; i < b->n_watched; i++)
		if (now_ms < b->watched[i].until_ms)
			ret[n++] = b->watched[i].place;
	return n;
}

/* --- who was seen ----------------------------------------------------------------------------- */

static int by_sender(const void *a, const void *b)
{
	const struct straggler *x = a, *y = b;
	int order = addr_compare(&x->address, &y->address);

	if (order == 0)
		order = memcmp(x->mac.bytes, y->mac.bytes, MAC_LEN);
	return order ? order : strcmp(x->interface, y->interface);
}

void straggler_book_begin(struct straggler_book *b)
{
	struct straggler *last = b->last;

	b->last = b->list;
	b->n_last = b->n;
	b->list = last;
	b->n = 0;
}

void straggler_book_see(struct straggler_book *b, const char *interface, bool ipv6,
			const uint8_t *key, uint64_t sent_ms)
{
	struct straggler s = {.address.family = ipv6 ? AF_INET6 : AF_INET, .sent_ms = sent_ms};
	struct straggler_watch *watch;

	memcpy(s.interface, interface, strnlen(interface, sizeof(s.interface) - 1));
	memcpy(s.mac.bytes, key, MAC_LEN);
	memcpy(s.address.bytes, key + 8, addr_len(&s.address));
	watch = watch_of(b, &s);
	if (!watch || !mac_is_unicast(&s.mac) || mac_equal(&s.mac, &watch->place.peer))
		return;
	if (watch->until_ms < sent_ms + STRAGGLER_WATCH_MS)
		watch->until_ms = sent_ms + STRAGGLER_WATCH_MS;
	if (b->n < STRAGGLERS_MAX)
		b->list[b->n++] = s;
}

void straggler_book_end(struct straggler_book *b)
{
	if (b->n)
		qsort(b->list, b->n, sizeof(*b->list), by_sender);
}

void straggler_book_undo(struct straggler_book *b)
{
	struct straggler *list = b->last;

	b->n = b->n_last;
	b->last = b->list;
	b->n_last = 0;
	b->list = list;
}

bool straggler_book_is_new(const struct straggler_book *b, const struct straggler *s)
{
	return !b->n_last || !bsearch(s, b->last, b->n_last, sizeof(*s), by_sender);
}
