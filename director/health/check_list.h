/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What has to be checked, as the configuration says: one item for what several farms ask of a backend in
 * the same way, and which items each backend depends on.
 *
 * A backend is known by its place (places.h).
 *
 * Pure; allocates in check_list_make() alone.
 */
#ifndef DIRECTOR_HEALTH_CHECK_LIST_H
#define DIRECTOR_HEALTH_CHECK_LIST_H

#include "director/config/places.h"

struct check_item {
	const struct config_check *check;
	const struct config_farm *farm; /* one of those that ask */
	const struct config_backend *backend;
	struct addr vip; /* of a check through the virtual address; else one of the farm's */
	uint16_t port;
	uint64_t hash; /* of all that makes it the item that it is, the same in each run */
};

/* Part of a list of indices. */
struct check_span {
	const uint32_t *at;
	size_t n;
};

struct check_list {
	struct places places; /* of the configuration that the items point into */
	struct check_item *items;
	size_t n;
	uint32_t *item_first,
		*item_of; /* of backend b: item_of[item_first[b]] up to item_first[b + 1] */
	uint32_t *user_first, *user_of; /* of item i: places of backends, likewise */
	/* Items by hash, open addressing: 1 + number of the item, 0: none. At least half are none. */
	uint32_t *slots;
	size_t mask;
};

/* 0, or -ENOMEM with an empty list. The configuration is borrowed. */
int check_list_make(struct check_list *ret, const struct config *c);
void check_list_clear(struct check_list *l);

/* The items that a backend depends on; the backends that depend on an item. */
struct check_span check_list_items(const struct check_list *l, size_t backend);
struct check_span check_list_users(const struct check_list *l, size_t item);
/* The number of the same item in that list; its n when it has none. */
size_t check_list_find(const struct check_list *l, const struct check_item *item);
/* True when they ask the same of the same backend, whatever farms they are of. */
bool check_item_same(const struct check_item *a, const struct check_item *b);

#endif
