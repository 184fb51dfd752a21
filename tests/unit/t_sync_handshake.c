/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/fuzz/sync_handshake_case.h"
#include "tests/unit/unit.h"

#define CORPUS "tests/fuzz/corpus/fuzz_sync_handshake"

static const char *reject_of(const struct sync_handshake *h)
{
	return sync_handshake_reject_name(h->reject);
}

static const char *state_of(const struct sync_handshake *h)
{
	return sync_handshake_state_name(h->state);
}

/* --- two that agree --------------------------------------------------------------------------- */

static void whole_connection(void)
{
	struct sync_session a, b;
	struct sync_sample s;

	sync_sample_good(&s, 1);
	EXPECT_INT(s.hello.n_out, SYNC_HELLO_LEN);
	EXPECT_INT(s.answer.n_out, SYNC_HELLO_LEN);
	EXPECT_INT(s.answer.consumed, SYNC_HELLO_LEN);
	EXPECT_INT(s.confirm.n_out, SYNC_CONFIRM_LEN);
	EXPECT_INT(s.confirm.consumed, SYNC_HELLO_LEN);
	CU_ASSERT_FATAL(sync_handshake_finish(&s.initiator, &a));
	CU_ASSERT_FATAL(sync_handshake_finish(&s.responder, &b));
	EXPECT_INT(a.features, SYNC_SAMPLE_OURS & SYNC_SAMPLE_THEIRS);
	EXPECT_INT(b.features, a.features);
	CU_ASSERT(memcmp(a.key_id, s.hello.out + SYNC_KEY_AT, sizeof(a.key_id)) == 0);
	CU_ASSERT(memcmp(a.key_id, b.key_id, sizeof(a.key_id)) == 0);
	CU_ASSERT(memcmp(&a.send, &b.receive, sizeof(a.send)) == 0);
	CU_ASSERT(memcmp(&b.send, &a.receive, sizeof(a.send)) == 0);
	CU_ASSERT(memcmp(&a.send.key, &a.receive.key, CLUSTER_KEY_LEN) != 0);
	CU_ASSERT(memcmp(a.send.header, a.receive.header, SYNC_STREAM_HEADER_LEN) != 0);
	EXPECT_TEXT(sync_sample_open(&a.send, &b.receive), "none");
	EXPECT_TEXT(sync_sample_open(&b.send, &a.receive), "none");
	EXPECT_TEXT(sync_sample_open(&a.send, &a.receive), "forged"); /* reflected */
	EXPECT_TEXT(sync_sample_open(&b.send, &b.receive), "forged");
	CU_ASSERT(!sync_handshake_finish(&s.initiator, &a)); /* once */
}

/* Either seed alone makes all of them new. */
static void fresh_every_time(void)
{
	struct sync_keys a = sync_sample_keys(7, 0, "a", "b"), b = sync_sample_keys(7, 0, "b", "a");
	struct sync_handshake_update hello, answer, u;
	struct sync_session sessions[4];

	for (uint8_t i = 0; i < 4; i++) {
		struct sync_handshake h = sync_sample_initiator(1 + i % 2),
				      r = sync_sample_responder(3 + i / 2);
		struct sync_seed seed = sync_sample_seed(1 + i % 2);

		sync_handshake_start(&h, SYNC_INITIATOR, &a, &seed, 0, &hello);
		seed = sync_sample_seed(3 + i / 2);
		sync_handshake_start(&r, SYNC_RESPONDER, &b, &seed, 0, &u);
		sync_handshake_step(&r, hello.out, hello.n_out, &answer);
		sync_handshake_step(&h, answer.out, answer.n_out, &u);
		CU_ASSERT(sync_handshake_finish(&h, &sessions[i]));
		for (uint8_t k = 0; k < i; k++) {
			CU_ASSERT(memcmp(&sessions[i].send.key, &sessions[k].send.key,
					 CLUSTER_KEY_LEN) != 0);
			CU_ASSERT(memcmp(&sessions[i].receive.key, &sessions[k].receive.key,
					 CLUSTER_KEY_LEN) != 0);
		}
	}
}

/* Which keys each has; with which of them they speak, or 0: not at all. */
static void keys_are_changed(void)
{
	static const uint8_t steps[][5] = {
		{1, 0, 1, 0, 1}, {1, 2, 1, 0, 1}, {1, 2, 1, 2, 1}, {2, 1, 1, 2, 2}, {1, 2, 2, 1, 1},
		{2, 1, 2, 1, 2}, {2, 0, 2, 1, 2}, {2, 0, 2, 0, 2}, {1, 0, 2, 1, 1}, {1, 0, 2, 0, 0},
		{2, 0, 1, 0, 0}, {1, 2, 2, 0, 0}, {3, 1, 1, 2, 0}, {0, 0, 1, 0, 0}, {1, 0, 0, 0, 0},
	};

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		const uint8_t *t = steps[i];
		struct sync_keys a = sync_sample_keys(t[0], t[1], "a", "b");
		struct sync_keys b = sync_sample_keys(t[2], t[3], "b", "a");
		struct cluster_key key = {.bytes = {t[4], 1}};
		uint8_t id[CLUSTER_KEY_ID_LEN];
		struct sync_sample s;
		bool a_has = t[0] != 0, b_has = t[2] != 0;

		a.n = a_has ? a.n : 0;
		b.n = b_has ? b.n : 0;
		sync_sample_connect(&s, &a, &b, 1);
		cluster_key_id(&key, id);
		EXPECT_TEXT(state_of(&s.initiator), t[4]    ? "done"
						    : a_has ? "awaits-answer"
							    : "failed");
		EXPECT_TEXT(state_of(&s.responder), t[4]	      ? "done"
						    : a_has || !b_has ? "failed"
								      : "awaits-hello");
		EXPECT_TEXT(reject_of(&s.responder), t[4] || (b_has && !a_has) ? "none" : "key");
		CU_ASSERT(!t[4] || memcmp(s.initiator.session.key_id, id, sizeof(id)) == 0);
		CU_ASSERT(!t[4] || memcmp(s.responder.session.key_id, id, sizeof(id)) == 0);
	}
}

/* --- pieces ----------------------------------------------------------------------------------- */

/* The honest octets in two parts, cut at each place, and what it comes to. */
static void every_cut(void)
{
	for (uint8_t role = 0; role <= SYNC_CASE_RESPONDER; role++) {
		uint8_t bytes[SYNC_CASE_MAX];
		struct sync_sample s;
		size_t len;

		sync_sample_good(&s, 1);
		len = sync_case_honest(&s, role, bytes);
		for (size_t cut = 0; cut <= len; cut++) {
			struct sync_handshake h =
				role ? sync_sample_responder(2) : sync_sample_initiator(1);
			const struct sync_handshake *want = role ? &s.responder : &s.initiator;

			sync_case_feed(&h, bytes, cut, SYNC_CASE_MAX);
			EXPECT_INT(h.state == SYNC_HANDSHAKE_DONE, cut == len);
			EXPECT_TEXT(reject_of(&h), "none");
			sync_case_feed(&h, bytes + cut, len - cut, SYNC_CASE_MAX);
			EXPECT_TEXT(state_of(&h), "done");
			CU_ASSERT(memcmp(&h.session, &want->session, sizeof(h.session)) == 0);
			h = role ? sync_sample_responder(2) : sync_sample_initiator(1);
			sync_case_feed(&h, bytes, cut, 1);
			sync_handshake_end(&h);
			EXPECT_TEXT(reject_of(&h), cut == len ? "none" : "cut");
		}
	}
}

/* What comes behind the last message is the stream's. */
static void leaves_the_rest(void)
{
	struct sync_handshake_update u;
	struct sync_handshake r = sync_sample_responder(2);
	uint8_t bytes[SYNC_CONFIRM_LEN + 10] = {0};
	struct sync_sample s;

	sync_sample_good(&s, 1);
	memcpy(bytes, s.confirm.out, SYNC_CONFIRM_LEN);
	sync_handshake_step(&r, s.hello.out, SYNC_HELLO_LEN, &u);
	sync_handshake_step(&r, bytes, sizeof(bytes), &u);
	EXPECT_INT(u.consumed, SYNC_CONFIRM_LEN);
	sync_handshake_step(&r, bytes, sizeof(bytes), &u);
	EXPECT_INT(u.consumed, 0);
	EXPECT_TEXT(state_of(&r), "done");
}

/* --- what is not as it was said --------------------------------------------------------------- */

static void every_flipped_bit(void)
{
	for (uint8_t role = 0; role <= SYNC_CASE_RESPONDER; role++) {
		uint8_t bytes[SYNC_CASE_MAX];
		struct sync_sample s;
		size_t len, refused = 0;

		sync_sample_good(&s, 1);
		len = sync_case_honest(&s, role, bytes);
		for (size_t bit = 0; bit < len * 8; bit++) {
			struct sync_handshake h =
				role ? sync_sample_responder(2) : sync_sample_initiator(1);

			bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
			sync_case_feed(&h, bytes, len, SYNC_CASE_MAX);
			bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
			refused += h.state == SYNC_HANDSHAKE_FAILED;
			EXPECT_TEXT(reject_of(&h), bit / 8 < 4			? "foreign"
						   : bit / 8 < SYNC_KIND_AT	? "version"
						   : bit / 8 < SYNC_KEY_AT	? "role"
						   : bit / 8 < SYNC_FEATURES_AT ? "key"
										: "forged");
		}
		EXPECT_INT(refused, len * 8);
	}
}

/* A message with everything wrong, put right from the left. */
static void each_check_in_its_order(void)
{
	struct sync_handshake h;
	uint8_t bytes[SYNC_HELLO_LEN];
	struct sync_sample s;

	sync_sample_good(&s, 1);
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = s.hello.out[i] ^ 1;
	h = sync_sample_responder(2);
	EXPECT_TEXT(sync_sample_hear(&h, bytes, sizeof(bytes)), "foreign");
	memcpy(bytes, s.hello.out, 4);
	h = sync_sample_responder(2);
	EXPECT_TEXT(sync_sample_hear(&h, bytes, sizeof(bytes)), "version");
	bytes[4] ^= 1;
	h = sync_sample_responder(2);
	EXPECT_TEXT(sync_sample_hear(&h, bytes, sizeof(bytes)), "role");
	bytes[SYNC_KIND_AT] = s.hello.out[SYNC_KIND_AT];
	h = sync_sample_responder(2);
	EXPECT_TEXT(sync_sample_hear(&h, bytes, sizeof(bytes)), "key");
	CU_ASSERT(memcmp(h.key_asked, bytes + SYNC_KEY_AT, sizeof(h.key_asked)) == 0);
	memcpy(bytes + SYNC_KEY_AT, s.hello.out + SYNC_KEY_AT, CLUSTER_KEY_ID_LEN);
	h = sync_sample_responder(2);
	EXPECT_TEXT(sync_sample_hear(&h, bytes, sizeof(bytes)), "forged");
	memset(bytes + SYNC_PUBLIC_AT, 0, SYNC_PUBLIC_LEN);
	sync_sample_sign(bytes);
	h = sync_sample_responder(2);
	EXPECT_TEXT(sync_sample_hear(&h, bytes, sizeof(bytes)), "weak");
}

/* A failed one hears nothing any more. */
static void dead_stays_dead(void)
{
	struct sync_handshake h = sync_sample_responder(2);
	struct sync_handshake_update u;
	struct sync_sample s;

	sync_sample_good(&s, 1);
	EXPECT_TEXT(sync_sample_hear(&h, (const uint8_t *)"GET / HTTP/1.1", 14), "foreign");
	sync_handshake_step(&h, s.hello.out, SYNC_HELLO_LEN, &u);
	EXPECT_INT(u.n_out, 0);
	EXPECT_INT(u.consumed, SYNC_HELLO_LEN);
	sync_handshake_end(&h);
	EXPECT_TEXT(reject_of(&h), "foreign");
	memset(&h, 0, sizeof(h));
	EXPECT_TEXT(state_of(&h), "failed");
	sync_handshake_end(&h);
	EXPECT_TEXT(reject_of(&h), "cut");
}

/* --- what is left ----------------------------------------------------------------------------- */

static bool holds(const void *where, size_t len, const void *what)
{
	return memmem(where, len, what, CLUSTER_KEY_LEN) != NULL;
}

/* Neither the secret of the connection nor what the cluster key gave stays behind. */
static void forgets(void)
{
	struct sync_keys a = sync_sample_keys(7, 0, "a", "b"), b = sync_sample_keys(7, 0, "b", "a");
	struct sync_seed seed = sync_sample_seed(1);
	struct sync_handshake h = sync_sample_initiator(1), r = sync_sample_responder(2);
	const struct sync_role_key *of_b = b.roles[SYNC_RESPONDER];
	struct sync_session session;
	struct sync_sample s;

	CU_ASSERT(holds(&h, sizeof(h), seed.secret)); /* as long as it is needed */
	CU_ASSERT(holds(&h, sizeof(h), a.roles[SYNC_INITIATOR][0].mix.bytes));
	sync_sample_good(&s, 1);
	CU_ASSERT(!holds(&s.initiator, sizeof(h), seed.secret));
	CU_ASSERT(!holds(&s.initiator, sizeof(h), a.roles[SYNC_INITIATOR][0].mix.bytes));
	sync_sample_hear(&h, s.hello.out, SYNC_HELLO_LEN);
	EXPECT_TEXT(reject_of(&h), "reflected");
	h.reject = SYNC_HANDSHAKE_REJECT_NONE;
	CU_ASSERT(sodium_is_zero((const uint8_t *)&h, sizeof(h)));
	seed = sync_sample_seed(2);
	CU_ASSERT(holds(&r, sizeof(r), seed.secret));
	sync_sample_hear(&r, s.hello.out,
			 SYNC_HELLO_LEN); /* what a responder keeps until the confirm */
	CU_ASSERT(!holds(&r, sizeof(r), seed.secret));
	CU_ASSERT(!holds(&r, sizeof(r), of_b[0].mix.bytes));
	CU_ASSERT(!holds(&r, sizeof(r), of_b[0].hello.bytes));
	CU_ASSERT(sync_handshake_finish(&s.initiator, &session));
	CU_ASSERT(sodium_is_zero((const uint8_t *)&s.initiator, sizeof(h)));
	sync_session_wipe(&session);
	CU_ASSERT(sodium_is_zero((const uint8_t *)&session, sizeof(session)));
	sync_keys_wipe(&a);
	CU_ASSERT(sodium_is_zero((const uint8_t *)&a, sizeof(a)));
}

static void names(void)
{
	for (unsigned int r = 0; r < SYNC_HANDSHAKE_REJECT_COUNT; r++)
		CU_ASSERT(strlen(sync_handshake_reject_text((enum sync_handshake_reject)r)) > 0);
	EXPECT_TEXT(sync_handshake_state_name(SYNC_HANDSHAKE_AWAITS_ANSWER), "awaits-answer");
}

static void corpus(void)
{
	CU_ASSERT(unit_replay_verdicts(CORPUS, sync_handshake_case_verdict) >= 10);
}

UNIT_TESTS(sync_handshake) = {
	{"whole connection", whole_connection},
	{"fresh every time", fresh_every_time},
	{"keys are changed", keys_are_changed},
	{"every cut", every_cut},
	{"leaves the rest", leaves_the_rest},
	{"every flipped bit", every_flipped_bit},
	{"each check in its order", each_check_in_its_order},
	{"dead stays dead", dead_stays_dead},
	{"forgets", forgets},
	{"names", names},
	{"corpus", corpus},
	UNIT_TESTS_END,
};
