/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "include/texts.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK = 16384 - 64 }; /* of texts; some of the last block stays empty */

struct texts_block {
	struct texts_block *before;
	size_t used, size;
	char bytes[];
};

static struct texts_block *with_room(struct texts *t, size_t len)
{
	struct texts_block *b = t->blocks;

	if (b && b->size - b->used >= len)
		return b;
	b = malloc(sizeof(*b) + (len > BLOCK ? len : BLOCK));
	if (!b)
		return NULL;
	*b = (struct texts_block){.before = t->blocks, .size = len > BLOCK ? len : BLOCK};
	t->blocks = b;
	return b;
}

const char *texts_add_len(struct texts *t, const char *text, size_t len)
{
	struct texts_block *b;
	char *copy;

	if (len == 0)
		return "";
	b = with_room(t, len + 1);
	if (!b)
		return NULL;
	copy = b->bytes + b->used;
	memcpy(copy, text, len);
	copy[len] = '\0';
	b->used += len + 1;
	return copy;
}

const char *texts_add(struct texts *t, const char *text)
{
	return texts_add_len(t, text, strlen(text));
}

void texts_clear(struct texts *t)
{
	while (t->blocks) {
		struct texts_block *b = t->blocks;

		t->blocks = b->before;
		free(b);
	}
}
