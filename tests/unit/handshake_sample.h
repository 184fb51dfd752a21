/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests of the sync channel share: two nodes with a key, and a connection between them. */
#ifndef TESTS_HANDSHAKE_SAMPLE_H
#define TESTS_HANDSHAKE_SAMPLE_H

#include "proto/sync_handshake.h"

#include <stdlib.h>
#include <string.h>

enum {
	SYNC_SAMPLE_OURS = 0x0f, /* features */
	SYNC_SAMPLE_THEIRS = 0x3c,
	/* Where the fields of a hello are. */
	SYNC_KIND_AT = 5,
	SYNC_KEY_AT = 6,
	SYNC_FEATURES_AT = 14,
	SYNC_PUBLIC_AT = 18,
	SYNC_HEADER_AT = 50,
};

/* As node `self` has them, with the other one as its peer. */
static inline struct sync_keys sync_sample_keys(uint8_t first, uint8_t second, const char *self,
						const char *peer)
{
	struct cluster_keys keys = {
		.keys = {{.bytes = {first, 1}}, {.bytes = {second, 1}}},
		.n = second ? 2 : 1,
	};
	struct sync_keys ret;

	sync_keys_make(&keys, "web", self, peer, &ret);
	return ret;
}

static inline struct sync_seed sync_sample_seed(uint8_t n)
{
	struct sync_seed ret;

	memset(ret.secret, n, sizeof(ret.secret));
	memset(ret.header, n + 0x40, sizeof(ret.header));
	return ret;
}

/* Both ends, and what they said. */
struct sync_sample {
	struct sync_handshake initiator, responder;
	struct sync_handshake_update hello, answer, confirm;
};

/* As far as it gets between these two. */
static inline void sync_sample_connect(struct sync_sample *s, const struct sync_keys *initiator,
				       const struct sync_keys *responder, uint8_t seed)
{
	struct sync_seed seeds[2] = {sync_sample_seed(seed), sync_sample_seed(seed + 1)};
	struct sync_handshake_update none;

	*s = (struct sync_sample){0};
	sync_handshake_start(&s->initiator, SYNC_INITIATOR, initiator, &seeds[0], SYNC_SAMPLE_OURS,
			     &s->hello);
	sync_handshake_start(&s->responder, SYNC_RESPONDER, responder, &seeds[1],
			     SYNC_SAMPLE_THEIRS, &none);
	sync_handshake_step(&s->responder, s->hello.out, s->hello.n_out, &s->answer);
	sync_handshake_step(&s->initiator, s->answer.out, s->answer.n_out, &s->confirm);
	sync_handshake_step(&s->responder, s->confirm.out, s->confirm.n_out, &none);
}

/* Two nodes that agree; from a to b. */
static inline void sync_sample_good(struct sync_sample *s, uint8_t seed)
{
	struct sync_keys a = sync_sample_keys(7, 0, "a", "b"), b = sync_sample_keys(7, 0, "b", "a");

	sync_sample_connect(s, &a, &b, seed);
}

static inline struct sync_handshake sync_sample_start(enum sync_role role,
						      const struct sync_keys *keys, uint8_t seed)
{
	struct sync_seed random = sync_sample_seed(seed);
	struct sync_handshake_update u;
	struct sync_handshake h;

	sync_handshake_start(&h, role, keys, &random,
			     role == SYNC_INITIATOR ? SYNC_SAMPLE_OURS : SYNC_SAMPLE_THEIRS, &u);
	return h;
}

/* a, which connects to b */
static inline struct sync_handshake sync_sample_initiator(uint8_t seed)
{
	struct sync_keys a = sync_sample_keys(7, 0, "a", "b");

	return sync_sample_start(SYNC_INITIATOR, &a, seed);
}

/* b, which waits for a */
static inline struct sync_handshake sync_sample_responder(uint8_t seed)
{
	struct sync_keys b = sync_sample_keys(7, 0, "b", "a");

	return sync_sample_start(SYNC_RESPONDER, &b, seed);
}

/* The hello's tag as a holder of the key makes it. */
static inline void sync_sample_sign(uint8_t hello[static SYNC_HELLO_LEN])
{
	struct sync_keys a = sync_sample_keys(7, 0, "a", "b");

	crypto_generichash(hello + SYNC_SIGNED_LEN, SYNC_TAG_LEN, hello, SYNC_SIGNED_LEN,
			   a.roles[SYNC_INITIATOR][0].hello.bytes, CLUSTER_KEY_LEN);
}

/* One message, from a buffer whose end the sanitizer sees. Why it is refused. */
static inline const char *sync_sample_hear(struct sync_handshake *h, const uint8_t *bytes,
					   size_t len)
{
	struct sync_handshake_update u;
	uint8_t *exact = malloc(len);

	if (!exact)
		abort();
	memcpy(exact, bytes, len);
	sync_handshake_step(h, exact, len, &u);
	free(exact);
	return sync_handshake_reject_name(h->reject);
}

/* What is sealed with the one, opened with the other. */
static inline const char *sync_sample_open(const struct sync_stream_key *from,
					   const struct sync_stream_key *to)
{
	static struct sync_opener opener;
	struct sync_sealer sealer;
	uint8_t frame[5 + SYNC_FRAME_OVERHEAD];

	sync_sealer_init(&sealer, from);
	sync_opener_init(&opener, to);
	sync_sealer_message(&sealer, (const uint8_t *)"hello", 5, frame);
	sync_opener_feed(&opener, frame, sizeof(frame));
	return sync_frame_reject_name(sync_opener_reject(&opener));
}

#endif
