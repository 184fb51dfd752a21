/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A file of the corpus fuzz_sync_handshake as what one side of a handshake hears: an octet of bits
 * (1: it is the responder, 2: a holder of the key made the hello's tag, 4: octet by octet), then
 * what is changed in the octets of an honest other side, by exclusive or. Zeros are that side itself.
 */
#ifndef TESTS_FUZZ_SYNC_HANDSHAKE_CASE_H
#define TESTS_FUZZ_SYNC_HANDSHAKE_CASE_H

#include "tests/unit/handshake_sample.h"

enum { SYNC_CASE_RESPONDER = 1, SYNC_CASE_SIGNED = 2, SYNC_CASE_OCTETS = 4, SYNC_CASE_MAX = 256 };

struct sync_handshake_case {
	struct sync_handshake h; /* after all of it */
	bool honest;		 /* nothing was changed or is missing */
};

/* What the honest side says; returns how many octets. */
static inline size_t sync_case_honest(const struct sync_sample *s, bool responder,
				      uint8_t ret[static SYNC_CASE_MAX])
{
	if (!responder) {
		memcpy(ret, s->answer.out, SYNC_HELLO_LEN);
		return SYNC_HELLO_LEN;
	}
	memcpy(ret, s->hello.out, SYNC_HELLO_LEN);
	memcpy(ret + SYNC_HELLO_LEN, s->confirm.out, SYNC_CONFIRM_LEN);
	return SYNC_HELLO_LEN + SYNC_CONFIRM_LEN;
}

static inline void sync_case_feed(struct sync_handshake *h, const uint8_t *bytes, size_t len,
				  size_t piece)
{
	struct sync_handshake_update u;

	while (len > 0 && h->state != SYNC_HANDSHAKE_DONE && h->state != SYNC_HANDSHAKE_FAILED) {
		sync_handshake_step(h, bytes, len < piece ? len : piece, &u);
		bytes += u.consumed;
		len -= u.consumed;
	}
}

static inline void sync_handshake_case(const uint8_t *data, size_t size,
				       struct sync_handshake_case *c)
{
	static struct sync_keys a, b;
	static struct sync_sample s; /* always the same one */
	uint8_t bits = size > 0 ? data[0] : 0, bytes[SYNC_CASE_MAX] = {0}, honest[SYNC_CASE_MAX];
	bool responder = bits & SYNC_CASE_RESPONDER;
	size_t len = size > 1 ? size - 1 : 0, honest_len;

	if (s.hello.n_out == 0) {
		a = sync_sample_keys(7, 0, "a", "b");
		b = sync_sample_keys(7, 0, "b", "a");
		sync_sample_connect(&s, &a, &b, 1);
	}
	honest_len = sync_case_honest(&s, responder, bytes);
	memcpy(honest, bytes, sizeof(honest));
	if (len > SYNC_CASE_MAX)
		len = SYNC_CASE_MAX;
	for (size_t i = 0; i < len; i++)
		bytes[i] ^= data[i + 1];
	if (bits & SYNC_CASE_SIGNED)
		sync_sample_sign(bytes);
	c->h = sync_sample_start(responder ? SYNC_RESPONDER : SYNC_INITIATOR, responder ? &b : &a,
				 responder ? 2 : 1);
	sync_case_feed(&c->h, bytes, len, bits & SYNC_CASE_OCTETS ? 1 : SYNC_CASE_MAX);
	sync_handshake_end(&c->h);
	c->honest = len >= honest_len && memcmp(bytes, honest, honest_len) == 0;
}

/* "none" where it is done. */
static inline const char *sync_handshake_case_verdict(const uint8_t *data, size_t size)
{
	struct sync_handshake_case c;

	sync_handshake_case(data, size, &c);
	return sync_handshake_reject_name(c.h.reject);
}

#endif
