/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "include/wr.h"
#include "tests/fuzz/sync_frame_case.h"
#include "tests/unit/unit.h"

#define CORPUS "tests/fuzz/corpus/fuzz_sync_frame"

/* Both ends of one direction, and what was sealed. */
static struct sync_sealer sealer;
static struct sync_opener opener;
static uint8_t frame[SYNC_FRAME_WIRE_MAX], message[SYNC_FRAME_MAX + 1];

static void begin(void)
{
	struct sync_stream_key key = sync_case_key();

	sync_sealer_init(&sealer, &key);
	sync_opener_init(&opener, &key);
}

/* A message whose octets are all different from the next one's. */
static void write_message(size_t len, uint8_t n)
{
	for (size_t i = 0; i < len; i++)
		message[i] = (uint8_t)(i * 7 + n);
}

static size_t seal(size_t len, uint8_t n, uint8_t *ret)
{
	write_message(len, n);
	return sync_sealer_message(&sealer, message, len, ret);
}

static const char *feed(const uint8_t *bytes, size_t len, struct sync_opener_update *ret)
{
	static const char *const names[] = {"more", "message", "bye", "bad"};

	*ret = sync_opener_feed(&opener, bytes, len);
	return ret->opened == SYNC_OPENED_BAD ? sync_frame_reject_name(sync_opener_reject(&opener))
					      : names[ret->opened];
}

static void expect_feed(const uint8_t *bytes, size_t len, const char *want)
{
	struct sync_opener_update u;

	EXPECT_TEXT(feed(bytes, len, &u), want);
	EXPECT_INT(u.consumed, len);
}

/* Dead, and so it stays, even if what comes is what should have come. */
static void expect_dead(const uint8_t *bytes, size_t len, const char *want)
{
	struct sync_opener_update u;

	EXPECT_TEXT(feed(bytes, len, &u), want);
	EXPECT_TEXT(feed(NULL, 0, &u), want);
	CU_ASSERT(!sync_opener_end(&opener));
	EXPECT_TEXT(sync_frame_reject_name(sync_opener_reject(&opener)), want);
}

/* --- what is sealed opens --------------------------------------------------------------------- */

static void there_and_back(void)
{
	static const size_t sizes[] = {0, 1, 2, 15, 16, 17, 63, 64, 65, 200, 65535, SYNC_FRAME_MAX};
	struct sync_opener_update u;

	begin();
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		size_t len = seal(sizes[i], (uint8_t)i, frame);

		EXPECT_INT(len, sizes[i] + SYNC_FRAME_OVERHEAD);
		EXPECT_TEXT(feed(frame, len, &u), "message");
		EXPECT_INT(u.consumed, len);
		EXPECT_INT(u.len, sizes[i]);
		CU_ASSERT(memcmp(u.message, message, u.len) == 0);
	}
	EXPECT_INT(seal(SYNC_FRAME_MAX + 1, 0, frame), 0);
	EXPECT_INT(sync_sealer_bye(&sealer, frame), SYNC_FRAME_OVERHEAD);
	expect_feed(frame, SYNC_FRAME_OVERHEAD, "bye");
	CU_ASSERT(sync_opener_end(&opener));
}

static void nothing_is_readable(void)
{
	uint8_t again[200 + SYNC_FRAME_OVERHEAD];

	begin();
	EXPECT_INT(seal(200, 1, frame), sizeof(again));
	for (size_t i = 0; i + 8 <= 200; i++)
		CU_ASSERT_PTR_NULL(memmem(frame, sizeof(again), message + i, 8));
	EXPECT_INT(seal(200, 1, again), sizeof(again)); /* the same message once more */
	CU_ASSERT(memcmp(frame, again, SYNC_FRAME_LENGTH_LEN) == 0);
	CU_ASSERT(memcmp(frame + SYNC_FRAME_LENGTH_LEN, again + SYNC_FRAME_LENGTH_LEN, 8) != 0);
}

/* A message that was written where it is sealed. */
static void sealed_in_place(void)
{
	static uint8_t place[SYNC_FRAME_WIRE_MAX];

	for (size_t len = 0; len <= SYNC_FRAME_MAX; len = len * 2 + 1) {
		begin();
		seal(len, 3, frame);
		begin();
		memcpy(place + SYNC_FRAME_MESSAGE_AT, message, len);
		EXPECT_INT(sync_sealer_message(&sealer, place + SYNC_FRAME_MESSAGE_AT, len, place),
			   len + SYNC_FRAME_OVERHEAD);
		CU_ASSERT(memcmp(place, frame, len + SYNC_FRAME_OVERHEAD) == 0);
	}
}

/* Both ends begin as libsodium's sender does, which draws its header itself. */
static void begins_as_libsodium_does(void)
{
	struct sync_stream_key key = sync_case_key();
	crypto_secretstream_xchacha20poly1305_state state;

	crypto_secretstream_xchacha20poly1305_init_push(&state, key.header, key.key.bytes);
	sync_sealer_init(&sealer, &key);
	sync_opener_init(&opener, &key);
	CU_ASSERT(memcmp(&sealer.stream, &state, sizeof(state)) == 0);
	CU_ASSERT(memcmp(&opener.stream, &state, sizeof(state)) == 0);
}

/* --- what is not as it was sealed ------------------------------------------------------------- */

/* The fourth octet is enough: none of the frame is waited for. */
static void impossible_lengths(void)
{
	static const uint32_t lengths[] = {0,
					   1,
					   SYNC_FRAME_SEALED_MIN - 1,
					   SYNC_FRAME_SEALED_MAX + 1,
					   0x00ffffff,
					   0x7fffffff,
					   0x80000000,
					   0xffffffff};
	uint8_t head[SYNC_FRAME_LENGTH_LEN];

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct wr w = wr_init(head, sizeof(head));

		wr_be32(&w, lengths[i]);
		begin();
		expect_feed(head, 3, "more");
		expect_dead(head + 3, 1, "length");
	}
	for (uint32_t len = SYNC_FRAME_SEALED_MIN; len <= SYNC_FRAME_SEALED_MAX;
	     len += SYNC_FRAME_MAX) {
		struct wr w = wr_init(head, sizeof(head));

		wr_be32(&w, len);
		begin();
		expect_feed(head, sizeof(head), "more");
	}
}

static void order(void)
{
	uint8_t frames[3][64];
	size_t len = 0;

	begin();
	for (uint8_t i = 0; i < 3; i++)
		len = seal(20, i, frames[i]);
	expect_feed(frames[0], len, "message"); /* doubled */
	expect_dead(frames[0], len, "forged");
	expect_dead(frames[1], len, "forged");
	begin(); /* left out, thus swapped, too */
	expect_feed(frames[0], len, "message");
	expect_dead(frames[2], len, "forged");
	expect_dead(frames[1], len, "forged");
	begin(); /* the first one */
	expect_dead(frames[1], len, "forged");
	begin();
	expect_feed(frames[0], len, "message");
	expect_feed(frames[1], len, "message");
	expect_feed(frames[2], len, "message");
}

static void another_key_or_header(void)
{
	struct sync_stream_key key = sync_case_key();
	size_t len;

	begin();
	len = seal(20, 0, frame);
	key.header[SYNC_STREAM_HEADER_LEN - 1] ^= 1;
	sync_opener_init(&opener, &key);
	expect_dead(frame, len, "forged");
	key = sync_case_key();
	key.key.bytes[0] ^= 1;
	sync_opener_init(&opener, &key);
	expect_dead(frame, len, "forged");
}

/* --- marks ------------------------------------------------------------------------------------ */

/* The mark of a frame, by libsodium alone; *state goes on. */
static uint8_t mark_of(crypto_secretstream_xchacha20poly1305_state *state, size_t len)
{
	static uint8_t opened[SYNC_FRAME_MAX];
	uint8_t mark = 0xff;

	EXPECT_INT(crypto_secretstream_xchacha20poly1305_pull(
			   state, opened, NULL, &mark, frame + SYNC_FRAME_LENGTH_LEN,
			   len - SYNC_FRAME_LENGTH_LEN, frame, SYNC_FRAME_LENGTH_LEN),
		   0);
	return mark;
}

/* Every frame up to the first that changes the key, and some under the next one. */
static void rekey_by_frames(void)
{
	crypto_secretstream_xchacha20poly1305_state state;
	size_t opened = 0, frames = SYNC_REKEY_FRAMES + 3;
	uint8_t first[sizeof(state.k)];

	begin();
	memcpy(first, sealer.stream.k, sizeof(first));
	for (size_t i = 1; i <= frames; i++) {
		size_t len = sync_sealer_message(&sealer, message, 1, frame);

		state = opener.stream;
		opened += sync_opener_feed(&opener, frame, len).opened == SYNC_OPENED_MESSAGE;
		if (i + 2 > SYNC_REKEY_FRAMES)
			EXPECT_INT(mark_of(&state, len),
				   i == SYNC_REKEY_FRAMES
					   ? crypto_secretstream_xchacha20poly1305_TAG_REKEY
					   : crypto_secretstream_xchacha20poly1305_TAG_MESSAGE);
		if (i < SYNC_REKEY_FRAMES)
			opened -= memcmp(first, sealer.stream.k, sizeof(first)) != 0;
	}
	EXPECT_INT(opened, frames);
	CU_ASSERT(memcmp(first, sealer.stream.k, sizeof(first)) != 0);
	CU_ASSERT(memcmp(opener.stream.k, sealer.stream.k, sizeof(first)) == 0);
}

/* As if almost all of them had been sealed: a gibibyte takes seconds. */
static void rekey_by_octets(void)
{
	struct sync_stream_key key = sync_case_key();
	crypto_secretstream_xchacha20poly1305_state state;

	begin();
	crypto_secretstream_xchacha20poly1305_init_pull(&state, key.header, key.key.bytes);
	sealer.octets = SYNC_REKEY_OCTETS - 2 * SYNC_FRAME_MAX;
	for (size_t i = 0; i < 5; i++) {
		size_t len = seal(SYNC_FRAME_MAX, (uint8_t)i, frame);

		expect_feed(frame, len, "message");
		EXPECT_INT(mark_of(&state, len),
			   i == 1 ? crypto_secretstream_xchacha20poly1305_TAG_REKEY
				  : crypto_secretstream_xchacha20poly1305_TAG_MESSAGE);
	}
	EXPECT_INT(sealer.frames, 3);
	EXPECT_INT(sealer.octets, 3 * SYNC_FRAME_MAX);
}

static void the_end(void)
{
	uint8_t bye[SYNC_FRAME_OVERHEAD];
	struct sync_opener_update u;
	size_t len;

	begin();
	len = seal(9, 0, frame);
	EXPECT_INT(sync_sealer_bye(&sealer, bye), sizeof(bye));
	EXPECT_INT(sync_sealer_bye(&sealer, bye), 0);
	EXPECT_INT(seal(9, 0, message), 0);
	expect_feed(frame, len, "message");
	expect_feed(bye, sizeof(bye), "bye");
	EXPECT_TEXT(feed(NULL, 0, &u), "bye"); /* it stays so */
	CU_ASSERT(sync_opener_end(&opener));
	expect_dead(bye, 1, "after");
	begin();
	CU_ASSERT(!sync_opener_end(&opener)); /* even where nothing was said */
	expect_dead(frame, len, "cut");
}

/* Sealed with the right key, by a peer that has lost its mind. */
static void mark_without_meaning(uint8_t mark, size_t len)
{
	begin();
	frame[3] = (uint8_t)(len + SYNC_FRAME_SEALED_MIN);
	memset(frame, 0, 3);
	crypto_secretstream_xchacha20poly1305_push(&sealer.stream, frame + SYNC_FRAME_LENGTH_LEN,
						   NULL, message, len, frame, SYNC_FRAME_LENGTH_LEN,
						   mark);
	expect_dead(frame, len + SYNC_FRAME_OVERHEAD, "mark");
}

static void marks_without_meaning(void)
{
	mark_without_meaning(crypto_secretstream_xchacha20poly1305_TAG_PUSH, 0);
	mark_without_meaning(crypto_secretstream_xchacha20poly1305_TAG_PUSH, 5);
	mark_without_meaning(crypto_secretstream_xchacha20poly1305_TAG_FINAL, 1);
	mark_without_meaning(4, 5);
	mark_without_meaning(0x80, 5);
}

/* --- what is left ----------------------------------------------------------------------------- */

/* A key of zeros is a key, too: nothing may be sealed with it or open. */
static void zeros_and_wiped(void)
{
	struct sync_stream_key zero = {0};
	size_t len;

	sync_sealer_init(&sealer, &zero);
	len = seal(9, 0, frame);
	memset(&opener, 0, sizeof(opener));
	expect_dead(frame, len, "cut");
	begin();
	sync_opener_wipe(&opener);
	expect_dead(frame, len, "cut");
	sync_sealer_wipe(&sealer);
	EXPECT_INT(seal(9, 0, frame), 0);
	EXPECT_INT(sync_sealer_bye(&sealer, frame), 0);
}

/* Neither key nor message stays behind a bad frame or a bye. */
static void forgets(void)
{
	uint8_t bye[SYNC_FRAME_OVERHEAD];
	size_t len;

	begin();
	len = seal(100, 0, frame);
	sync_sealer_bye(&sealer, bye);
	CU_ASSERT(sodium_is_zero((const uint8_t *)&sealer, sizeof(sealer)));
	expect_feed(frame, len, "message");
	expect_feed(bye, sizeof(bye), "bye");
	CU_ASSERT(sodium_is_zero((const uint8_t *)&opener.stream, sizeof(opener.stream)));
	CU_ASSERT(sodium_is_zero(opener.frame, sizeof(opener.frame)));
	begin();
	expect_feed(frame, len, "message");
	expect_dead(frame, len, "forged");
	CU_ASSERT(sodium_is_zero((const uint8_t *)&opener.stream, sizeof(opener.stream)));
	CU_ASSERT(sodium_is_zero(opener.frame, sizeof(opener.frame)));
}

static void names(void)
{
	EXPECT_TEXT(sync_frame_reject_name(SYNC_FRAME_REJECT_NONE), "none");
	for (unsigned int r = 0; r < SYNC_FRAME_REJECT_COUNT; r++)
		CU_ASSERT(strlen(sync_frame_reject_text((enum sync_frame_reject)r)) > 0);
}

static void corpus(void)
{
	CU_ASSERT(unit_replay_verdicts(CORPUS, sync_frame_case_verdict) >= 10);
}

UNIT_TESTS(sync_frame) = {
	{"there and back", there_and_back},
	{"nothing is readable", nothing_is_readable},
	{"sealed in place", sealed_in_place},
	{"begins as libsodium does", begins_as_libsodium_does},
	{"impossible lengths", impossible_lengths},
	{"order", order},
	{"another key or header", another_key_or_header},
	{"a new key after many frames", rekey_by_frames},
	{"a new key after many octets", rekey_by_octets},
	{"the end", the_end},
	{"marks without meaning", marks_without_meaning},
	{"zeros and wiped", zeros_and_wiped},
	{"forgets", forgets},
	{"names", names},
	{"corpus", corpus},
	UNIT_TESTS_END,
};
