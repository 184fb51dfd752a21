/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A file of the corpus fuzz_sync_frame as a stream that a holder of the session's key may send:
 * records of an octet of bits, a length n and n octets. The low two bits are the mark that the octets
 * are sealed with; 4: they go into the stream as they are; 8: sealed and then left out; 16: sealed,
 * and sent twice. The file may end within a record.
 */
#ifndef TESTS_FUZZ_SYNC_FRAME_CASE_H
#define TESTS_FUZZ_SYNC_FRAME_CASE_H

#include "include/rd.h"
#include "include/wr.h"
#include "proto/sync_frame.h"

#include <string.h>

enum {
	SYNC_CASE_MARK = 3,
	SYNC_CASE_RAW = 4,
	SYNC_CASE_DROPPED = 8,
	SYNC_CASE_TWICE = 16,
	SYNC_CASE_STREAM_MAX = 16384
};

/* How a stream was taken. */
struct sync_frame_taken {
	uint8_t messages[SYNC_CASE_STREAM_MAX]; /* each behind two octets of its length */
	size_t len;
	bool bye;
	enum sync_frame_reject reject;
};

struct sync_frame_case {
	uint8_t stream[SYNC_CASE_STREAM_MAX];
	size_t len;
	struct sync_frame_taken want; /* the messages before the first thing that is wrong */
};

static inline struct sync_stream_key sync_case_key(void)
{
	struct sync_stream_key key;

	memset(&key, 5, sizeof(key));
	return key;
}

static inline void sync_case_add(struct sync_frame_taken *t, const uint8_t *message, size_t len)
{
	struct wr w = wr_init(t->messages + t->len, sizeof(t->messages) - t->len);

	wr_be16(&w, (uint16_t)len);
	wr_bytes(&w, message, len);
	t->len += wr_used(&w);
}

static inline void sync_frame_case(const uint8_t *data, size_t size, struct sync_frame_case *c)
{
	struct sync_stream_key key = sync_case_key();
	crypto_secretstream_xchacha20poly1305_state state;
	struct wr w = wr_init(c->stream, sizeof(c->stream));
	struct rd r = rd_init(data, size);
	bool good = true;

	c->want.len = 0;
	crypto_secretstream_xchacha20poly1305_init_pull(&state, key.header, key.key.bytes);
	while (rd_left(&r) > 1) {
		uint8_t bits = rd_u8(&r), mark = bits & SYNC_CASE_MARK;
		uint8_t frame[UINT8_MAX + SYNC_FRAME_OVERHEAD];
		size_t n = rd_u8(&r);
		struct wr f = wr_init(frame, sizeof(frame));
		const uint8_t *octets;

		if (n > rd_left(&r))
			n = rd_left(&r);
		octets = rd_take(&r, n);
		if (bits & SYNC_CASE_RAW) {
			wr_bytes(&w, octets, n);
			good = good && n == 0;
			continue;
		}
		wr_be32(&f, (uint32_t)(n + SYNC_FRAME_SEALED_MIN));
		crypto_secretstream_xchacha20poly1305_push(&state, frame + SYNC_FRAME_LENGTH_LEN,
							   NULL, octets, n, frame,
							   SYNC_FRAME_LENGTH_LEN, mark);
		if (bits & SYNC_CASE_DROPPED) {
			good = false;
			continue;
		}
		wr_bytes(&w, frame, n + SYNC_FRAME_OVERHEAD);
		good = good && wr_ok(&w) && (mark == 0 || mark == 2);
		if (good)
			sync_case_add(&c->want, octets, n);
		if (bits & SYNC_CASE_TWICE) {
			wr_bytes(&w, frame, n + SYNC_FRAME_OVERHEAD);
			good = false;
		}
	}
	c->len = wr_used(&w);
}

/* In pieces of that size. */
static inline void sync_frame_take(const uint8_t *bytes, size_t len, size_t piece,
				   struct sync_frame_taken *ret)
{
	static struct sync_opener o;
	struct sync_stream_key key = sync_case_key();

	sync_opener_init(&o, &key);
	ret->len = 0;
	while (len > 0) {
		struct sync_opener_update u =
			sync_opener_feed(&o, bytes, len < piece ? len : piece);

		if (u.opened == SYNC_OPENED_MESSAGE)
			sync_case_add(ret, u.message, u.len);
		bytes += u.consumed;
		len -= u.consumed;
	}
	ret->bye = sync_opener_end(&o);
	ret->reject = sync_opener_reject(&o);
}

/* "none" where the stream came to its end. */
static inline const char *sync_frame_case_verdict(const uint8_t *data, size_t size)
{
	static struct sync_frame_case c;
	static struct sync_frame_taken taken;

	sync_frame_case(data, size, &c);
	sync_frame_take(c.stream, c.len, SYNC_CASE_STREAM_MAX, &taken);
	return sync_frame_reject_name(taken.reject);
}

#endif
