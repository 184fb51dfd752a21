/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any stream, even from a holder of its key: the messages that come out are those that were sealed,
 * up to the first thing that is wrong, and the same ones whatever pieces it comes in. The corpus is
 * replayed by tests/unit/t_sync_frame.c.
 */
#include "tests/fuzz/sync_frame_case.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int good)
{
	if (!good)
		abort();
}

static bool is_same(const struct sync_frame_taken *a, const struct sync_frame_taken *b)
{
	return a->len == b->len && memcmp(a->messages, b->messages, a->len) == 0 &&
	       a->bye == b->bye && a->reject == b->reject;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct sync_frame_case c;
	static struct sync_frame_taken whole, pieces;

	check(sodium_init() >= 0);
	sync_frame_case(data, size, &c);
	sync_frame_take(c.stream, c.len, SYNC_CASE_STREAM_MAX, &whole);
	check(whole.bye == (whole.reject == SYNC_FRAME_REJECT_NONE));
	check(whole.len == c.want.len && memcmp(whole.messages, c.want.messages, whole.len) == 0);
	for (size_t piece = 1; piece < 8; piece += 3) {
		sync_frame_take(c.stream, c.len, piece, &pieces);
		check(is_same(&whole, &pieces));
	}
	return 0;
}
