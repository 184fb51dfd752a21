/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Many short texts, one behind the other, that end together: those of a configuration, and the words
 * of its file. By itself the name of each backend would take 32 octets of malloc().
 */
#ifndef INCLUDE_TEXTS_H
#define INCLUDE_TEXTS_H

#include <stddef.h>

/* Zeroed: none. */
struct texts {
	struct texts_block *blocks;
};

/* A copy that is good until texts_clear(); "" takes no room. NULL without memory. */
const char *texts_add(struct texts *t, const char *text);
/* The same for the first len octets, without a NUL among them. */
const char *texts_add_len(struct texts *t, const char *text, size_t len);
void texts_clear(struct texts *t);

#endif
