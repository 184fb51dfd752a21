/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The drills of the past, the latest last: DRILL_BOOK_DONE that were carried out and DRILL_BOOK_REFUSED that were
 * refused, then the oldest of these or of those goes: however often a drill is refused, none that was carried
 * out is forgotten for it. One that is refused again, to the same user and for the same reason, is counted.
 *
 * Its file is a reply of the control socket with all of them: one decoder reads both, and bytes are read as a whole
 * or not at all.
 *
 * Pure.
 */
#ifndef DIRECTOR_DRILL_DRILL_BOOK_H
#define DIRECTOR_DRILL_DRILL_BOOK_H

#include "proto/codec.h"

/* As many in all as there were before refused ones were kept: who knew only those reads the file, too. */
enum {
	DRILL_BOOK_DONE = 80,
	DRILL_BOOK_REFUSED = 20,
	DRILL_BOOK_MOST = DRILL_BOOK_DONE + DRILL_BOOK_REFUSED,
	DRILL_BOOK_AGAIN_MS = 60 * 60 * 1000,	      /* later it is another attempt */
	DRILL_BOOK_FILE_MAX = DRILL_BOOK_MOST * 2048, /* one has at most 1000 octets */
};

/* Zeroed: empty. */
struct drill_book {
	struct control_drill drills[DRILL_BOOK_MOST];
	size_t n;
};

_Static_assert((int)DRILL_BOOK_MOST == (int)CODEC_DRILLS_MAX, "a reply holds all of them");

/* Gives it its number. True: it is one more of a refused one that is there. */
bool drill_book_add(struct drill_book *b, const struct control_drill *d);
/* Who wanted the one with that id is on the way back of it. */
bool drill_book_goes_back(const struct drill_book *b, uint64_t id);
/*
 * What has become of the way back of the one with that id: back, back_us and back_why of from. NULL: it is not there;
 * else that one.
 */
const struct control_drill *drill_book_back(struct drill_book *b, uint64_t id,
					    const struct control_drill *from);
/* Allocated; NULL without memory. */
uint8_t *drill_book_pack(const struct drill_book *b, size_t *ret_len);
/* 0; -EBADMSG, -ENOMEM, with *ret untouched. */
int drill_book_take(const uint8_t *bytes, size_t len, struct drill_book *ret);

#endif
