/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Handshakes that somebody records, sends back, alters or makes with what he has. */
#include "tests/unit/handshake_sample.h"
#include "tests/unit/unit.h"

static const char *reject_of(const struct sync_handshake *h)
{
	return sync_handshake_reject_name(h->reject);
}

static const char *state_of(const struct sync_handshake *h)
{
	return sync_handshake_state_name(h->state);
}

/* --- replay and reflection -------------------------------------------------------------------- */

static void a_recorded_connection(void)
{
	struct sync_handshake r = sync_sample_responder(12), i = sync_sample_initiator(11),
			      again = sync_sample_responder(2);
	struct sync_session old, now;
	struct sync_sample s, next;

	sync_sample_good(&s, 1);
	EXPECT_TEXT(sync_sample_hear(&r, s.hello.out, SYNC_HELLO_LEN), "none");
	EXPECT_TEXT(state_of(&r), "awaits-confirm");
	EXPECT_TEXT(sync_sample_hear(&r, s.confirm.out, SYNC_CONFIRM_LEN), "forged");
	EXPECT_TEXT(sync_sample_hear(&i, s.answer.out, SYNC_HELLO_LEN), "forged");
	/* Only a responder that draws the same octets twice could be deceived. */
	EXPECT_TEXT(sync_sample_hear(&again, s.hello.out, SYNC_HELLO_LEN), "none");
	EXPECT_TEXT(sync_sample_hear(&again, s.confirm.out, SYNC_CONFIRM_LEN), "none");
	/* Frames of one connection within another one. */
	sync_sample_good(&next, 11);
	CU_ASSERT_FATAL(sync_handshake_finish(&s.initiator, &old));
	CU_ASSERT_FATAL(sync_handshake_finish(&next.responder, &now));
	EXPECT_TEXT(sync_sample_open(&old.send, &now.receive), "forged");
}

/* What a node says comes back to it: on the same connection, and on another one as a responder. */
static void sent_back_to_its_sender(void)
{
	struct sync_keys a = sync_sample_keys(7, 0, "a", "b");
	struct sync_handshake h = sync_sample_initiator(1),
			      r = sync_sample_start(SYNC_RESPONDER, &a, 9);
	struct sync_handshake as_responder = sync_sample_responder(2);
	uint8_t bytes[SYNC_HELLO_LEN];
	struct sync_sample s;

	sync_sample_good(&s, 1);
	memcpy(bytes, s.hello.out, sizeof(bytes));
	EXPECT_TEXT(sync_sample_hear(&h, bytes, sizeof(bytes)), "reflected");
	bytes[SYNC_KIND_AT] = 2;
	h = sync_sample_initiator(1);
	EXPECT_TEXT(sync_sample_hear(&h, bytes, sizeof(bytes)), "reflected");
	bytes[SYNC_HEADER_AT - 1] ^= 1; /* not quite what it said */
	h = sync_sample_initiator(1);
	EXPECT_TEXT(sync_sample_hear(&h, bytes, sizeof(bytes)), "forged");
	EXPECT_TEXT(sync_sample_hear(&r, s.hello.out, SYNC_HELLO_LEN), "forged");
	EXPECT_TEXT(sync_sample_hear(&as_responder, s.hello.out, SYNC_HELLO_LEN), "none");
	EXPECT_TEXT(sync_sample_hear(&as_responder, s.answer.out + SYNC_SIGNED_LEN, SYNC_TAG_LEN),
		    "forged"); /* its answer's tag */
}

static void swapped_roles(void)
{
	struct sync_handshake h = sync_sample_initiator(21), r = sync_sample_responder(22);
	struct sync_keys b = sync_sample_keys(7, 0, "b", "a");
	struct sync_handshake_update hello;
	struct sync_handshake other;
	struct sync_seed seed = sync_sample_seed(23);
	uint8_t bytes[SYNC_HELLO_LEN];
	struct sync_sample s;

	/* Both have connected. */
	sync_handshake_start(&other, SYNC_INITIATOR, &b, &seed, 0, &hello);
	EXPECT_TEXT(sync_sample_hear(&h, hello.out, hello.n_out), "role");
	/* The kind is no more than a word: with it changed, the tag is still a hello's. */
	memcpy(bytes, hello.out, sizeof(bytes));
	bytes[SYNC_KIND_AT] = 2;
	h = sync_sample_initiator(21);
	EXPECT_TEXT(sync_sample_hear(&h, bytes, sizeof(bytes)), "forged");
	/* An answer to a responder. */
	sync_sample_good(&s, 1);
	EXPECT_TEXT(sync_sample_hear(&r, s.answer.out, SYNC_HELLO_LEN), "role");
	memcpy(bytes, s.answer.out, sizeof(bytes));
	bytes[SYNC_KIND_AT] = 1;
	r = sync_sample_responder(22);
	EXPECT_TEXT(sync_sample_hear(&r, bytes, sizeof(bytes)), "forged");
	/* The other node's hello where this node would connect, not wait. */
	r = sync_sample_responder(22);
	EXPECT_TEXT(sync_sample_hear(&r, hello.out, hello.n_out), "forged");
	/* Neither has connected. */
	r = sync_sample_responder(22);
	sync_handshake_end(&r);
	EXPECT_TEXT(reject_of(&r), "cut");
}

/* --- somebody else ---------------------------------------------------------------------------- */

static const char *connect_to(const char *cluster, const char *self, const char *peer,
			      uint8_t key_octet)
{
	struct cluster_keys secret = {.keys = {{.bytes = {key_octet, 1}}}, .n = 1};
	struct sync_keys a = sync_sample_keys(7, 0, "a", "b"), b;
	struct sync_sample s;

	sync_keys_make(&secret, cluster, self, peer, &b);
	sync_sample_connect(&s, &a, &b, 1);
	EXPECT_INT(s.initiator.state == SYNC_HANDSHAKE_DONE,
		   s.responder.state == SYNC_HANDSHAKE_DONE);
	return reject_of(&s.responder);
}

static void another_node_cluster_or_key(void)
{
	struct sync_keys a = sync_sample_keys(7, 0, "a", "b"), b = sync_sample_keys(8, 0, "b", "a");
	struct sync_sample s;

	EXPECT_TEXT(connect_to("web", "b", "a", 7), "none");
	EXPECT_TEXT(connect_to("mail", "b", "a", 7), "forged");
	EXPECT_TEXT(connect_to("web", "c", "a", 7), "forged");
	EXPECT_TEXT(connect_to("web", "b", "c", 7), "forged");
	EXPECT_TEXT(connect_to("web", "a", "b", 7), "forged"); /* to ourselves */
	EXPECT_TEXT(connect_to("we", "ba", "b", 7), "forged"); /* not just one behind the other */
	EXPECT_TEXT(connect_to("web", "b", "a", 8), "key");
	/* A key whose id is ours, as nobody can make one: the id opens nothing. */
	memcpy(b.roles[SYNC_RESPONDER][0].id, a.roles[SYNC_RESPONDER][0].id, CLUSTER_KEY_ID_LEN);
	sync_sample_connect(&s, &a, &b, 1);
	EXPECT_TEXT(reject_of(&s.responder), "forged");
}

/* The hello's key is right, the other's is not: an answer must be made with both. */
static void impostor_answers(void)
{
	struct sync_keys a = sync_sample_keys(7, 0, "a", "b"), b = sync_sample_keys(7, 0, "b", "a");
	struct sync_sample s;

	b.roles[SYNC_RESPONDER][0].mix.bytes[0] ^= 1;
	sync_sample_connect(&s, &a, &b, 1);
	EXPECT_TEXT(state_of(&s.responder), "awaits-confirm");
	EXPECT_TEXT(reject_of(&s.initiator), "forged");
	EXPECT_INT(s.confirm.n_out, 0);
}

static void another_version(void)
{
	struct sync_handshake r = sync_sample_responder(2), i = sync_sample_initiator(1);
	struct sync_handshake_update u;
	uint8_t bytes[SYNC_HELLO_LEN];
	struct sync_sample s;

	sync_sample_good(&s, 1);
	memcpy(bytes, s.hello.out, sizeof(bytes));
	bytes[4] = 0;
	sync_sample_sign(bytes); /* an old one with our key */
	sync_handshake_step(&r, bytes, 4, &u);
	EXPECT_INT(u.n_out, 0);
	sync_handshake_step(&r, bytes + 4, 1, &u); /* it need not be as long as ours */
	EXPECT_TEXT(reject_of(&r), "version");
	EXPECT_INT(r.peer_version, 0);
	EXPECT_INT(u.n_out, SYNC_PREFIX_LEN);
	CU_ASSERT(memcmp(u.out, s.hello.out, SYNC_PREFIX_LEN) == 0);
	/* An initiator hears such a prefix, and is silent. */
	u.out[4] = 9;
	memcpy(bytes, u.out, u.n_out);
	sync_handshake_step(&i, bytes, SYNC_PREFIX_LEN, &u);
	EXPECT_TEXT(reject_of(&i), "version");
	EXPECT_INT(i.peer_version, 9);
	EXPECT_INT(u.n_out, 0);
}

/* Who is between them lets each believe that the other can do less. */
static void downgraded_features(void)
{
	struct sync_handshake r = sync_sample_responder(2), i = sync_sample_initiator(1);
	uint8_t bytes[SYNC_HELLO_LEN];
	struct sync_sample s;

	sync_sample_good(&s, 1);
	memcpy(bytes, s.hello.out, sizeof(bytes));
	EXPECT_INT(bytes[SYNC_FEATURES_AT + 3], SYNC_SAMPLE_OURS);
	bytes[SYNC_FEATURES_AT + 3] = 0;
	EXPECT_TEXT(sync_sample_hear(&r, bytes, sizeof(bytes)), "forged");
	memcpy(bytes, s.answer.out, sizeof(bytes));
	EXPECT_INT(bytes[SYNC_FEATURES_AT + 3], SYNC_SAMPLE_THEIRS);
	bytes[SYNC_FEATURES_AT + 3] = 0;
	EXPECT_TEXT(sync_sample_hear(&i, bytes, sizeof(bytes)), "forged");
	/* Even a hello with a right tag, when the initiator said something else. */
	memcpy(bytes, s.hello.out, sizeof(bytes));
	bytes[SYNC_FEATURES_AT + 3] = 0;
	sync_sample_sign(bytes);
	r = sync_sample_responder(2);
	i = sync_sample_initiator(1);
	{
		struct sync_handshake_update answer;

		sync_handshake_step(&r, bytes, sizeof(bytes), &answer);
		EXPECT_INT(answer.n_out, SYNC_HELLO_LEN);
		EXPECT_TEXT(sync_sample_hear(&i, answer.out, answer.n_out), "forged");
	}
}

/* Points of which every multiple is zero, as a holder of the key might send them. */
static void points_of_low_order(void)
{
	static const char *const points[] = {
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
		"5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	};

	for (size_t n = 0; n < 2 * sizeof(points) / sizeof(points[0]); n++) {
		struct sync_handshake r = sync_sample_responder(2), i = sync_sample_initiator(1);
		uint8_t bytes[SYNC_HELLO_LEN];
		struct sync_handshake_update u;
		struct sync_sample s;

		sync_sample_good(&s, 1);
		memcpy(bytes, s.hello.out, sizeof(bytes));
		sodium_hex2bin(bytes + SYNC_PUBLIC_AT, SYNC_PUBLIC_LEN, points[n / 2], 64, NULL,
			       NULL, NULL);
		if (n % 2) /* the last bit, which X25519 ignores */
			bytes[SYNC_PUBLIC_AT + SYNC_PUBLIC_LEN - 1] |= 0x80;
		sync_sample_sign(bytes);
		sync_handshake_step(&r, bytes, sizeof(bytes), &u);
		EXPECT_TEXT(reject_of(&r), "weak");
		EXPECT_INT(u.n_out, 0);
		bytes[SYNC_KIND_AT] = 2;
		EXPECT_TEXT(sync_sample_hear(&i, bytes, sizeof(bytes)), "weak");
	}
}

UNIT_TESTS(sync_handshake_attack) = {
	{"a recorded connection", a_recorded_connection},
	{"sent back to its sender", sent_back_to_its_sender},
	{"swapped roles", swapped_roles},
	{"another node, cluster or key", another_node_cluster_or_key},
	{"an impostor answers", impostor_answers},
	{"another version", another_version},
	{"downgraded features", downgraded_features},
	{"points of low order", points_of_low_order},
	UNIT_TESTS_END,
};
