/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/ruleset/share.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* In front of every block. */
union head {
	size_t owners;
	max_align_t align;
};

static union head *head_of(const void *block)
{
	return (union head *)block - 1;
}

static bool is_too_much(size_t n, size_t size)
{
	return size && n > (SIZE_MAX - sizeof(union head)) / size;
}

void *share_new(size_t n, size_t size)
{
	union head *head = is_too_much(n, size) ? NULL : calloc(1, sizeof(*head) + n * size);

	if (!head)
		return NULL;
	head->owners = 1;
	return head + 1;
}

void *share_resize(void *block, size_t n, size_t size)
{
	union head *head;

	if (!block)
		return share_new(n, size);
	if (!share_is_last(block))
		abort();
	head = is_too_much(n, size) ? NULL : realloc(head_of(block), sizeof(*head) + n * size);
	return head ? head + 1 : NULL;
}

char *share_text(const char *text)
{
	size_t len = strlen(text) + 1;
	char *block = share_new(len, 1);

	return block ? memcpy(block, text, len) : NULL;
}

void *share_join(const void *block)
{
	if (block)
		head_of(block)->owners++;
	return (void *)block;
}

bool share_is_last(const void *block)
{
	return block && head_of(block)->owners == 1;
}

void share_leave(const void *block)
{
	if (block && --head_of(block)->owners == 0)
		free(head_of(block));
}

const char **share_texts(size_t n, const char *(*of)(const void *owner, size_t i),
			 const void *owner)
{
	size_t room = 0;
	const char **texts;
	char *at;

	for (size_t i = 0; i < n; i++)
		room += strlen(of(owner, i)) + 1;
	texts = share_new(1, n * sizeof(*texts) + room);
	if (!texts)
		return NULL;
	at = (char *)&texts[n];
	for (size_t i = 0; i < n; i++) {
		texts[i] = at;
		at = stpcpy(at, of(owner, i)) + 1;
	}
	return texts;
}
