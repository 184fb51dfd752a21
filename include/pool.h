/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Many small things, one behind the other, that end together: texts and arrays of a configuration,
 * and the words of its file. By itself the name of each backend would take 32 octets of malloc(),
 * and an array of each farm would hold a page of the heap that was left by what is freed around it
 * (14 MiB for 100,000 backends instead of 6).
 */
#ifndef INCLUDE_POOL_H
#define INCLUDE_POOL_H

#include <stddef.h>

/* Zeroed: empty. */
struct pool {
	struct pool_block *blocks;
};

/* n elements, zeroed, aligned for everything; good until pool_clear(). NULL without memory. */
void *pool_take(struct pool *p, size_t n, size_t size);
/* A copy, likewise; "" takes no room. */
const char *pool_text(struct pool *p, const char *text);
/* The same for the first len octets, without a NUL among them. */
const char *pool_text_len(struct pool *p, const char *text, size_t len);
void pool_clear(struct pool *p);

#endif
