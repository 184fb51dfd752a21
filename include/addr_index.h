/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds the entries of a list by address in constant time: lists of all backends are asked once for
 * each of them. The list is the user's; the index knows numbers.
 *
 *     for (uint32_t i = addr_index_first(x, addr); i != ADDR_INDEX_END; i = addr_index_next(x, i))
 *             … list[i] may have that address, others follow …
 *
 * Pure.
 */
#ifndef INCLUDE_ADDR_INDEX_H
#define INCLUDE_ADDR_INDEX_H

#include "include/addr.h"

#define ADDR_INDEX_END UINT32_MAX

/* Zeroed: an empty one without room. */
struct addr_index {
	uint32_t *first; /* by hash; NULL: no room */
	uint32_t *next;	 /* by number */
	uint32_t mask;
};

/* Empty, with room for the numbers below n. 0 or -ENOMEM. */
int addr_index_init(struct addr_index *x, size_t n);
void addr_index_clear(struct addr_index *x);
/* Every number once. */
void addr_index_add(struct addr_index *x, const struct addr *addr, uint32_t number);
uint32_t addr_index_first(const struct addr_index *x, const struct addr *addr);
uint32_t addr_index_next(const struct addr_index *x, uint32_t number);

/* Spreads addresses well, but has no secret: not for addresses that somebody may choose. */
uint32_t addr_hash(const struct addr *addr);

#endif
