/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory with several owners: a ruleset has most of what it holds in common with the one before it.
 * Whoever shares a block does not change it any more. The last owner's leaving frees it.
 *
 * Pure.
 */
#ifndef DIRECTOR_RULESET_SHARE_H
#define DIRECTOR_RULESET_SHARE_H

#include <stdbool.h>
#include <stddef.h>

/* n zeroed objects with one owner; NULL without memory. */
void *share_new(size_t n, size_t size);
/* Another size, for the only owner; what is new is not zeroed. block may be NULL. NULL: it stays as it was. */
void *share_resize(void *block, size_t n, size_t size);
/* A copy of a text with one owner; NULL without memory. */
char *share_text(const char *text);
/* One owner more. Returns block, which may be NULL. */
void *share_join(const void *block);
/* True for a block with one owner, who frees what it points to before it leaves. */
bool share_is_last(const void *block);
/* One owner less. block may be NULL. */
void share_leave(const void *block);

/*
 * n texts in one block with the pointers to them; of(owner, i) is the i-th. One owner; NULL without
 * memory.
 */
const char **share_texts(size_t n, const char *(*of)(const void *owner, size_t i),
			 const void *owner);

#endif
