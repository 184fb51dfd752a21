/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A stream of frames in whatever pieces it comes, or ends, or with one bit that is another one. */
#include "tests/fuzz/sync_frame_case.h"
#include "tests/unit/unit.h"

#include <stdlib.h>

enum { STREAM_MAX = 4096 };

/* Both ends of one direction. */
static struct sync_sealer sealer;
static struct sync_opener opener;
static uint8_t message[SYNC_FRAME_MAX];

static void begin(void)
{
	struct sync_stream_key key = sync_case_key();

	sync_sealer_init(&sealer, &key);
	sync_opener_init(&opener, &key);
}

static size_t seal(size_t len, uint8_t n, uint8_t *ret)
{
	for (size_t i = 0; i < len; i++)
		message[i] = (uint8_t)(i * 7 + n);
	return sync_sealer_message(&sealer, message, len, ret);
}

/* Three messages and a bye. ends[i]: where frame i ends. */
static size_t make_stream(uint8_t ret[static STREAM_MAX], size_t ends[static 4])
{
	static const size_t sizes[] = {5, 0, 70};
	size_t len = 0;

	begin();
	for (size_t i = 0; i < 3; i++) {
		len += seal(sizes[i], (uint8_t)i, ret + len);
		ends[i] = len;
	}
	len += sync_sealer_bye(&sealer, ret + len);
	ends[3] = len;
	return len;
}

static void take(const uint8_t *bytes, size_t len, size_t piece, struct sync_frame_taken *ret)
{
	uint8_t *exact = malloc(len ? len : 1); /* so that the sanitizer sees its end */

	CU_ASSERT_PTR_NOT_NULL_FATAL(exact);
	memcpy(exact, bytes, len);
	sync_frame_take(exact, len, piece, ret);
	free(exact);
}

static bool begins_alike(const struct sync_frame_taken *a, const struct sync_frame_taken *whole)
{
	return a->len <= whole->len && memcmp(a->messages, whole->messages, a->len) == 0;
}

/* How long the record is of the messages that end before that octet. */
static size_t taken_before(const size_t ends[static 4], size_t at)
{
	size_t len = 0;

	for (size_t i = 0; i < 3 && ends[i] <= at; i++)
		len = ends[i] - (i + 1) * (SYNC_FRAME_OVERHEAD - 2);
	return len;
}

static void any_pieces(void)
{
	static struct sync_frame_taken whole, pieces;
	uint8_t stream[STREAM_MAX];
	size_t ends[4], len = make_stream(stream, ends);

	take(stream, len, len, &whole);
	CU_ASSERT(whole.bye);
	EXPECT_INT(whole.len, 3 * 2 + 5 + 70);
	for (size_t piece = 1; piece <= len; piece++) {
		take(stream, len, piece, &pieces);
		CU_ASSERT(pieces.bye && pieces.len == whole.len && begins_alike(&pieces, &whole));
	}
}

/* Cut in two at each place: both parts are fed one after the other. */
static void every_cut(void)
{
	uint8_t stream[STREAM_MAX];
	size_t ends[4], len = make_stream(stream, ends);

	for (size_t cut = 0; cut <= len; cut++) {
		size_t at = 0, frames = 0;

		begin();
		while (at < len) {
			size_t end = at < cut ? cut : len;
			struct sync_opener_update u =
				sync_opener_feed(&opener, stream + at, end - at);

			at += u.consumed;
			if (u.opened == SYNC_OPENED_MORE) {
				EXPECT_INT(at, end);
				continue;
			}
			EXPECT_INT(u.opened, frames < 3 ? SYNC_OPENED_MESSAGE : SYNC_OPENED_BYE);
			EXPECT_INT(at, ends[frames]);
			frames++;
		}
		EXPECT_INT(frames, 4);
	}
}

static void every_end_but_the_right_one(void)
{
	static struct sync_frame_taken whole, part;
	uint8_t stream[STREAM_MAX];
	size_t ends[4], len = make_stream(stream, ends);

	take(stream, len, len, &whole);
	for (size_t end = 0; end < len; end++) {
		take(stream, end, end + 1, &part);
		CU_ASSERT(!part.bye);
		EXPECT_TEXT(sync_frame_reject_name(part.reject), "cut");
		EXPECT_INT(part.len, taken_before(ends, end));
		CU_ASSERT(begins_alike(&part, &whole));
	}
}

/* A large frame in pieces of any size, behind one that leaves it at an odd place. */
static void large_pieces(void)
{
	static const size_t pieces[] = {1, 1000, 4096, 65535, 65536, 70000, 200000};
	static uint8_t stream[3 * SYNC_FRAME_WIRE_MAX];
	size_t len;

	begin();
	len = seal(3, 0, stream);
	len += seal(SYNC_FRAME_MAX, 1, stream + len);
	len += seal(SYNC_FRAME_MAX, 1, stream + len);
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		size_t at = 0, messages = 0, octets = 0;

		begin();
		while (at < len) {
			size_t n = len - at < pieces[i] ? len - at : pieces[i];
			struct sync_opener_update u = sync_opener_feed(&opener, stream + at, n);

			at += u.consumed;
			messages += u.opened == SYNC_OPENED_MESSAGE;
			octets += u.len;
			if (u.len == SYNC_FRAME_MAX)
				CU_ASSERT(memcmp(u.message, message, u.len) == 0);
		}
		EXPECT_INT(messages, 3);
		EXPECT_INT(octets, 3 + 2 * SYNC_FRAME_MAX);
	}
}

static void every_flipped_bit(void)
{
	static struct sync_frame_taken whole, spoilt;
	uint8_t stream[STREAM_MAX];
	size_t ends[4], len = make_stream(stream, ends);

	take(stream, len, len, &whole);
	for (size_t bit = 0; bit < len * 8; bit++) {
		stream[bit / 8] ^= (uint8_t)(1 << bit % 8);
		take(stream, len, len, &spoilt);
		stream[bit / 8] ^= (uint8_t)(1 << bit % 8);
		CU_ASSERT(!spoilt.bye && spoilt.reject != SYNC_FRAME_REJECT_NONE);
		EXPECT_INT(spoilt.len, taken_before(ends, bit / 8)); /* and nothing else */
		CU_ASSERT(begins_alike(&spoilt, &whole));
	}
}

UNIT_TESTS(sync_frame_pieces) = {
	{"any pieces", any_pieces},
	{"every cut", every_cut},
	{"every end but the right one", every_end_but_the_right_one},
	{"large pieces", large_pieces},
	{"every flipped bit", every_flipped_bit},
	UNIT_TESTS_END,
};
