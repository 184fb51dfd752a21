/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Copying a text into a field of a struct: what does not fit is cut off. A status of a hundred thousand
 * backends has a million of them, and snprintf() takes several times as long.
 *
 * Pure.
 */
#ifndef INCLUDE_TEXT_H
#define INCLUDE_TEXT_H

#include <stddef.h>
#include <string.h>

/* size: of to, at least 1. */
static inline void text_copy(char *to, size_t size, const char *from)
{
	size_t len = strlen(from);

	if (len >= size)
		len = size - 1;
	memcpy(to, from, len);
	to[len] = '\0';
}

#endif
