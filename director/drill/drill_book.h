/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The drills of the past, the latest last: DRILL_BOOK_MOST of them, then the oldest goes. Its file is a reply of the
 * control socket with all of them: one decoder reads both, and bytes are read as a whole or not at all.
 *
 * Pure.
 */
#ifndef DIRECTOR_DRILL_DRILL_BOOK_H
#define DIRECTOR_DRILL_DRILL_BOOK_H

#include "proto/codec.h"

enum {
	DRILL_BOOK_MOST = CODEC_DRILLS_MAX,
	DRILL_BOOK_FILE_MAX = DRILL_BOOK_MOST * 2048, /* one has at most 1000 octets */
};

/* Zeroed: empty. */
struct drill_book {
	struct control_drill drills[DRILL_BOOK_MOST];
	size_t n;
};

/* Gives it its number. */
void drill_book_add(struct drill_book *b, const struct control_drill *d);
/* Allocated; NULL without memory. */
uint8_t *drill_book_pack(const struct drill_book *b, size_t *ret_len);
/* 0; -EBADMSG, -ENOMEM, with *ret untouched. */
int drill_book_take(const uint8_t *bytes, size_t len, struct drill_book *ret);

#endif
