/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/health/check_list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* --- one item --------------------------------------------------------------------------------- */

/* FNV-1a, 64 bits. */
static uint64_t mix(uint64_t hash, const void *octets, size_t n)
{
	const uint8_t *at = octets;

	for (size_t i = 0; i < n; i++)
		hash = (hash ^ at[i]) * 0x100000001b3ULL;
	return hash;
}

static uint64_t mix_text(uint64_t hash, const char *text)
{
	return mix(hash, text, strlen(text) + 1);
}

static uint64_t mix_number(uint64_t hash, uint64_t number)
{
	return mix(hash, &number, sizeof(number));
}

/* Every field of it but its name, and the port, of which the farm may have the word. */
static uint64_t check_hash(const struct config_check *k)
{
	uint64_t hash = mix_number(0xcbf29ce484222325ULL, k->type);

	hash = mix_text(mix_text(mix_text(hash, k->method), k->host), k->path);
	hash = mix(hash, k->expect_status, k->n_expect_status * sizeof(*k->expect_status));
	hash = mix_text(mix_text(mix_text(hash, k->expect_body), k->sni), k->ca_file);
	hash = mix_text(mix_number(hash, k->verify), k->command);
	hash = mix_number(hash, k->through);
	hash = mix_number(mix_number(hash, k->interval_ms), k->fast_interval_ms);
	return mix_number(mix_number(mix_number(hash, k->timeout_ms), k->rise), k->fall);
}

static bool check_same(const struct config_check *a, const struct config_check *b)
{
	return a == b ||
	       (a->type == b->type && a->verify == b->verify && a->through == b->through &&
		a->interval_ms == b->interval_ms && a->fast_interval_ms == b->fast_interval_ms &&
		a->timeout_ms == b->timeout_ms && a->rise == b->rise && a->fall == b->fall &&
		a->n_expect_status == b->n_expect_status &&
		(!a->n_expect_status ||
		 memcmp(a->expect_status, b->expect_status,
			a->n_expect_status * sizeof(*a->expect_status)) == 0) &&
		strcmp(a->method, b->method) == 0 && strcmp(a->host, b->host) == 0 &&
		strcmp(a->path, b->path) == 0 && strcmp(a->expect_body, b->expect_body) == 0 &&
		strcmp(a->sni, b->sni) == 0 && strcmp(a->ca_file, b->ca_file) == 0 &&
		strcmp(a->command, b->command) == 0);
}

/* A command is told of farm, backend and check: it may answer otherwise for another one. */
static bool is_of_its_farm(const struct check_item *i)
{
	return i->check->type == CHECK_COMMAND;
}

bool check_item_same(const struct check_item *a, const struct check_item *b)
{
	return a->hash == b->hash && a->port == b->port && addr_equal(&a->vip, &b->vip) &&
	       addr_equal(&a->backend->address, &b->backend->address) &&
	       a->backend->has_mac == b->backend->has_mac &&
	       mac_equal(&a->backend->mac, &b->backend->mac) &&
	       strcmp(a->backend->interface, b->backend->interface) == 0 &&
	       check_same(a->check, b->check) &&
	       (!is_of_its_farm(a) || (strcmp(a->check->name, b->check->name) == 0 &&
				       strcmp(a->farm->name, b->farm->name) == 0 &&
				       strcmp(a->backend->name, b->backend->name) == 0));
}

static uint64_t item_hash(const struct check_item *i, uint64_t hash)
{
	hash = mix(hash, &i->backend->address, sizeof(i->backend->address));
	hash = mix(hash, &i->backend->mac, sizeof(i->backend->mac));
	hash = mix_text(hash, i->backend->interface);
	hash = mix_number(mix(hash, &i->vip, sizeof(i->vip)), i->port);
	if (is_of_its_farm(i))
		hash = mix_text(mix_text(mix_text(hash, i->check->name), i->farm->name),
				i->backend->name);
	hash ^= hash >> 32; /* the low bits of FNV know least of the last octets */
	return hash;
}

/* --- all of them ------------------------------------------------------------------------------ */

static int make_slots(struct check_list *l, size_t uses)
{
	size_t size = 16;

	while (size < 2 * uses)
		size *= 2;
	l->slots = calloc(size, sizeof(*l->slots));
	l->mask = size - 1;
	return l->slots ? 0 : -ENOMEM;
}

/* Where the item is, or would be. */
static uint32_t *slot_of(const struct check_list *l, const struct check_item *item)
{
	size_t at = item->hash & l->mask;

	while (l->slots[at] && !check_item_same(&l->items[l->slots[at] - 1], item))
		at = (at + 1) & l->mask;
	return &l->slots[at];
}

size_t check_list_find(const struct check_list *l, const struct check_item *item)
{
	uint32_t found = l->n ? *slot_of(l, item) : 0;

	return found ? found - 1 : l->n;
}

/* The number of the item: of its like that came before, or a new one at the end of the list. */
static uint32_t join(struct check_list *l, const struct check_item *item)
{
	uint32_t *slot = slot_of(l, item);

	if (!*slot) {
		l->items[l->n++] = *item;
		*slot = (uint32_t)l->n;
	}
	return *slot - 1;
}

/* One that asks by the backend's own address asks once, whatever addresses the farm has. */
static size_t addresses_asked(const struct config_farm *f, const struct config_check *k)
{
	return config_check_uses_vip(k) ? f->n_addresses : 1;
}

static size_t count_uses(const struct config *c, size_t *ret_backends)
{
	size_t uses = 0;

	*ret_backends = 0;
	for (size_t i = 0; i < c->n_farms; i++) {
		const struct config_farm *f = &c->farms[i];

		*ret_backends += f->n_backends;
		for (size_t k = 0; k < f->n_checks; k++)
			uses += f->n_backends * addresses_asked(f, &f->checks[k]);
	}
	return uses;
}

static void add_backend(struct check_list *l, const uint64_t *hashes, const struct config_farm *f,
			size_t place)
{
	const struct config_backend *b = places_backend(&l->places, place);
	uint32_t at = l->item_first[place];

	for (size_t k = 0; k < f->n_checks; k++)
		for (size_t a = 0; a < addresses_asked(f, &f->checks[k]); a++) {
			struct check_item item = {
				.check = &f->checks[k],
				.farm = f,
				.backend = b,
				.vip = f->addresses[a],
				.port = f->checks[k].port ? f->checks[k].port
							  : config_farm_check_port(f),
			};

			item.hash = item_hash(&item, hashes[k]);
			l->item_of[at++] = join(l, &item);
		}
	l->item_first[place + 1] = at;
}

static void add_all(struct check_list *l)
{
	const struct config *c = l->places.config;

	for (size_t i = 0; i < c->n_farms; i++) {
		const struct config_farm *f = &c->farms[i];
		uint64_t hashes[CONFIG_CHECKS_MAX] = {0};

		for (size_t k = 0; k < f->n_checks; k++)
			hashes[k] = check_hash(&f->checks[k]);
		for (size_t k = 0; k < f->n_backends; k++)
			add_backend(l, hashes, f, places_of(&l->places, i, k));
	}
}

/* Who uses each item: counted, then filled in. */
static void find_users(struct check_list *l, size_t backends)
{
	for (size_t i = 0; i < l->item_first[backends]; i++)
		l->user_first[l->item_of[i] + 1]++;
	for (size_t i = 0; i < l->n; i++)
		l->user_first[i + 1] += l->user_first[i];
	/* Filled from the back, the first of each ends where it has to be. */
	for (size_t i = l->n; i > 0; i--)
		l->user_first[i] = l->user_first[i - 1];
	for (size_t b = 0; b < backends; b++)
		for (uint32_t i = l->item_first[b]; i < l->item_first[b + 1]; i++)
			l->user_of[l->user_first[l->item_of[i] + 1]++] = (uint32_t)b;
}

int check_list_make(struct check_list *ret, const struct config *c)
{
	size_t backends, uses = count_uses(c, &backends);
	struct check_list l = {
		.items = calloc(uses + 1, sizeof(*l.items)),
		.item_first = calloc(backends + 1, sizeof(*l.item_first)),
		.item_of = calloc(uses + 1, sizeof(*l.item_of)),
		.user_first = calloc(uses + 2, sizeof(*l.user_first)),
		.user_of = calloc(uses + 1, sizeof(*l.user_of)),
	};

	if (!l.items || !l.item_first || !l.item_of || !l.user_first || !l.user_of ||
	    make_slots(&l, uses) < 0 || places_make(&l.places, c) < 0) {
		check_list_clear(&l);
		*ret = l;
		return -ENOMEM;
	}
	add_all(&l);
	find_users(&l, backends);
	*ret = l;
	return 0;
}

void check_list_clear(struct check_list *l)
{
	free(l->items);
	places_clear(&l->places);
	free(l->item_first);
	free(l->item_of);
	free(l->user_first);
	free(l->user_of);
	free(l->slots);
	*l = (struct check_list){0};
}

struct check_span check_list_items(const struct check_list *l, size_t backend)
{
	uint32_t first = l->item_first[backend];

	return (struct check_span){&l->item_of[first], l->item_first[backend + 1] - first};
}

struct check_span check_list_users(const struct check_list *l, size_t item)
{
	uint32_t first = l->user_first[item];

	return (struct check_span){&l->user_of[first], l->user_first[item + 1] - first};
}
