/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "include/addr_index.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int addr_index_init(struct addr_index *x, size_t n)
{
	size_t size = 1;

	while (size < n)
		size *= 2;
	*x = (struct addr_index){.first = malloc(size * sizeof(*x->first)),
				 .next = malloc((n + 1) * sizeof(*x->next)),
				 .mask = (uint32_t)(size - 1)};
	if (!x->first || !x->next) {
		addr_index_clear(x);
		return -ENOMEM;
	}
	memset(x->first, 0xff, size * sizeof(*x->first));
	return 0;
}

void addr_index_clear(struct addr_index *x)
{
	free(x->first);
	free(x->next);
	*x = (struct addr_index){0};
}

static uint64_t scramble(uint64_t x)
{
	x = (x ^ x >> 32) * 0xd6e8feb86659fd93;
	x = (x ^ x >> 32) * 0xd6e8feb86659fd93;
	return x ^ x >> 32;
}

uint32_t addr_hash(const struct addr *addr)
{
	uint64_t halves[2];

	memcpy(halves, addr->bytes, sizeof(halves));
	return (uint32_t)scramble(scramble(halves[0]) + halves[1]);
}

/* Addresses are the configuration's: nobody can choose them to collide. */
static uint32_t place_of(const struct addr_index *x, const struct addr *addr)
{
	return addr_hash(addr) & x->mask;
}

void addr_index_add(struct addr_index *x, const struct addr *addr, uint32_t number)
{
	uint32_t *first = &x->first[place_of(x, addr)];

	x->next[number] = *first;
	*first = number;
}

uint32_t addr_index_first(const struct addr_index *x, const struct addr *addr)
{
	return x->first ? x->first[place_of(x, addr)] : ADDR_INDEX_END;
}

uint32_t addr_index_next(const struct addr_index *x, uint32_t number)
{
	return x->next[number];
}
