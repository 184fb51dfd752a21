/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "include/pool.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* So large that the system gives it on its own (memory_start()), and only what is used is touched. */
enum { BLOCK = 256 * 1024 };

struct pool_block {
	struct pool_block *before;
	size_t used, size;
	alignas(max_align_t) char bytes[];
};

static void *take(struct pool *p, size_t len, size_t alignment)
{
	struct pool_block *b = p->blocks;
	size_t at = b ? (b->used + alignment - 1) & ~(alignment - 1) : 0;

	if (!b || b->size < at || b->size - at < len) {
		size_t size = len > BLOCK ? len : BLOCK;

		b = malloc(sizeof(*b) + size);
		if (!b)
			return NULL;
		*b = (struct pool_block){.before = p->blocks, .size = size};
		p->blocks = b;
		at = 0;
	}
	b->used = at + len;
	return b->bytes + at;
}

void *pool_take(struct pool *p, size_t n, size_t size)
{
	void *taken =
		size && n > SIZE_MAX / 2 / size ? NULL : take(p, n * size, alignof(max_align_t));

	return taken ? memset(taken, 0, n * size) : NULL;
}

const char *pool_text_len(struct pool *p, const char *text, size_t len)
{
	char *copy;

	if (len == 0)
		return "";
	copy = take(p, len + 1, 1);
	if (!copy)
		return NULL;
	memcpy(copy, text, len);
	copy[len] = '\0';
	return copy;
}

const char *pool_text(struct pool *p, const char *text)
{
	return pool_text_len(p, text, strlen(text));
}

void pool_clear(struct pool *p)
{
	while (p->blocks) {
		struct pool_block *b = p->blocks;

		p->blocks = b->before;
		free(b);
	}
}
