/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/heartbeat_sample.h"
#include "tests/unit/unit.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#define CORPUS "tests/fuzz/corpus/fuzz_heartbeat"

static void expect_same(const struct heartbeat_message *a, const struct heartbeat_message *b)
{
	CU_ASSERT(heartbeat_session_equal(&a->session, &b->session));
	CU_ASSERT(heartbeat_session_equal(&a->echo.session, &b->echo.session));
	EXPECT_INT(a->sequence, b->sequence);
	EXPECT_INT(a->sent_us, b->sent_us);
	EXPECT_INT(a->interval_us, b->interval_us);
	EXPECT_INT(a->flags, b->flags);
	EXPECT_INT(a->echo.sent_us, b->echo.sent_us);
	EXPECT_INT(a->echo.dwell_us, b->echo.dwell_us);
	EXPECT_INT(a->n_words, b->n_words);
	for (size_t i = 0; i < a->n_words; i++) {
		const struct heartbeat_word *w = &a->words[i], *v = &b->words[i];

		EXPECT_INT(w->section, v->section);
		EXPECT_INT(w->virtual_router_id, v->virtual_router_id);
		EXPECT_INT(w->family, v->family);
		EXPECT_INT(w->version, v->version);
		EXPECT_INT(w->state, v->state);
		EXPECT_INT(w->priority, v->priority);
		EXPECT_INT(w->flags, v->flags);
		EXPECT_INT(w->interval_us, v->interval_us);
		EXPECT_INT(w->farms.healthy, v->farms.healthy);
		EXPECT_INT(w->farms.lacking, v->farms.lacking);
		EXPECT_INT(w->farms.backends, v->farms.backends);
		CU_ASSERT(mac_equal(&w->mac, &v->mac));
		CU_ASSERT(addr_equal(&w->source, &v->source));
	}
	EXPECT_INT(a->n_stragglers, b->n_stragglers);
	for (size_t i = 0; i < a->n_stragglers; i++) {
		CU_ASSERT(addr_equal(&a->stragglers[i].address, &b->stragglers[i].address));
		CU_ASSERT(mac_equal(&a->stragglers[i].mac, &b->stragglers[i].mac));
	}
}

static const char *open_as(const struct heartbeat_keys *keys, const uint8_t *bytes, size_t len)
{
	struct heartbeat_message m;
	uint8_t *exact = malloc(len ? len : 1); /* so that the sanitizer sees its end */
	const char *name;

	CU_ASSERT_PTR_NOT_NULL_FATAL(exact);
	memcpy(exact, bytes, len);
	name = heartbeat_reject_name(heartbeat_open(keys, exact, len, &m));
	free(exact);
	return name;
}

static void there_and_back(void)
{
	struct heartbeat_keys a = sample_pair(7, 0, "a", "b"), b = sample_pair(7, 0, "b", "a");
	uint8_t bytes[HEARTBEAT_DATAGRAM_MAX];

	for (size_t n = 0; n <= HEARTBEAT_STRAGGLERS_MAX; n++) {
		struct heartbeat_message m = sample_message(heartbeat_room(n), n), again;
		size_t len = heartbeat_seal(&a, &m, bytes);

		CU_ASSERT(len > 0 && len <= HEARTBEAT_DATAGRAM_MAX);
		CU_ASSERT(len + HEARTBEAT_WORD_LEN > HEARTBEAT_DATAGRAM_MAX);
		EXPECT_INT(heartbeat_open(&b, bytes, len, &again), HEARTBEAT_REJECT_NONE);
		expect_same(&again, &m);
	}
}

static void nothing_is_readable(void)
{
	struct heartbeat_keys a = sample_pair(7, 0, "a", "b");
	struct heartbeat_message m = sample_message(1, 0);
	uint8_t bytes[HEARTBEAT_DATAGRAM_MAX], body[HEARTBEAT_BODY_MAX];
	uint8_t next[HEARTBEAT_DATAGRAM_MAX];
	size_t len = heartbeat_seal(&a, &m, bytes), body_len = heartbeat_body_build(&m, body);

	EXPECT_INT(len, HEARTBEAT_HEADER_LEN + body_len + HEARTBEAT_TAG_LEN);
	EXPECT_INT(body_len, HEARTBEAT_FIXED_LEN + HEARTBEAT_WORD_LEN);
	CU_ASSERT(memcmp(bytes + HEARTBEAT_HEADER_LEN, body, body_len) != 0);
	CU_ASSERT_PTR_NULL(memmem(bytes, len, m.words[0].mac.bytes, MAC_LEN));
	m.sequence++; /* the nonce: every octet differs */
	EXPECT_INT(heartbeat_seal(&a, &m, next), len);
	CU_ASSERT(memcmp(bytes + HEARTBEAT_HEADER_LEN, next + HEARTBEAT_HEADER_LEN, 8) != 0);
}

static void every_cut_and_every_flipped_bit(void)
{
	struct heartbeat_keys a = sample_pair(7, 8, "a", "b"), b = sample_pair(8, 7, "b", "a");
	struct heartbeat_message m = sample_message(heartbeat_room(3), 3);
	uint8_t bytes[HEARTBEAT_DATAGRAM_MAX + 1] = {0};
	size_t len = heartbeat_seal(&a, &m, bytes), good = 0;

	EXPECT_TEXT(open_as(&b, bytes, len), "none");
	for (size_t cut = 0; cut < len; cut++)
		good += strcmp(open_as(&b, bytes, cut), "none") == 0;
	for (size_t more = len + 1; more <= sizeof(bytes); more++)
		good += strcmp(open_as(&b, bytes, more), "none") == 0;
	for (size_t bit = 0; bit < len * 8; bit++) {
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		good += strcmp(open_as(&b, bytes, len), "none") == 0;
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	EXPECT_INT(good, 0);
	EXPECT_TEXT(open_as(&b, bytes, len), "none");
}

static void each_check_in_its_order(void)
{
	struct heartbeat_keys a = sample_pair(7, 0, "a", "b"), b = sample_pair(7, 0, "b", "a");
	struct heartbeat_message m = sample_message(1, 0);
	uint8_t bytes[HEARTBEAT_DATAGRAM_MAX + 1] = {0}, id[CLUSTER_KEY_ID_LEN];
	size_t len = heartbeat_seal(&a, &m, bytes);

	EXPECT_TEXT(open_as(&b, bytes, sizeof(bytes)), "length");
	bytes[len - 1] ^= 1;
	EXPECT_TEXT(open_as(&b, bytes, len), "forged");
	bytes[5] ^= 1;
	EXPECT_TEXT(open_as(&b, bytes, len), "key");
	CU_ASSERT(heartbeat_key_asked(bytes, len, id));
	CU_ASSERT(memcmp(id, bytes + 5, sizeof(id)) == 0);
	CU_ASSERT(!heartbeat_key_asked(bytes, 12, id));
	bytes[4] ^= 1;
	EXPECT_TEXT(open_as(&b, bytes, len), "version");
	bytes[0] ^= 1;
	EXPECT_TEXT(open_as(&b, bytes, len), "foreign");
	CU_ASSERT(!heartbeat_key_asked(bytes, len, id));
	EXPECT_TEXT(open_as(&b, bytes, 10), "length");
}

/* The same key and the same octets; only who sends to whom, or where, is another one. */
static void opens_for_its_receiver_alone(void)
{
	struct heartbeat_keys a = sample_pair(7, 0, "a", "b"), c = sample_pair(7, 0, "c", "a"),
			      other;
	struct cluster_keys keys = sample_keys(7, 0);
	struct heartbeat_message m = sample_message(1, 0);
	uint8_t bytes[HEARTBEAT_DATAGRAM_MAX];
	size_t len = heartbeat_seal(&a, &m, bytes);

	EXPECT_TEXT(open_as(&a, bytes, len), "forged"); /* reflected */
	EXPECT_TEXT(open_as(&c, bytes, len), "forged");
	heartbeat_keys_make(&keys, "mail", "b", "a", &other);
	EXPECT_TEXT(open_as(&other, bytes, len), "forged");
	/* Names are not just put one behind the other. */
	heartbeat_keys_make(&keys, "we", "b", "ba", &other);
	EXPECT_TEXT(open_as(&other, bytes, len), "forged");
	heartbeat_keys_make(&keys, "web", "b", "a", &other);
	EXPECT_TEXT(open_as(&other, bytes, len), "none");
}

/* Key 1 is replaced by key 2, one node after the other, and each step works on both ways. */
static void keys_are_changed(void)
{
	static const uint8_t steps[][4] = {
		/* of a: seals, accepts; of b: seals, accepts */
		{1, 0, 1, 0}, {1, 2, 1, 0}, {1, 2, 1, 2}, {2, 1, 1, 2},
		{2, 1, 2, 1}, {2, 0, 2, 1}, {2, 0, 2, 0},
	};
	struct heartbeat_message m = sample_message(1, 0);
	uint8_t bytes[HEARTBEAT_DATAGRAM_MAX];

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct heartbeat_keys a = sample_pair(steps[i][0], steps[i][1], "a", "b");
		struct heartbeat_keys b = sample_pair(steps[i][2], steps[i][3], "b", "a");

		EXPECT_TEXT(open_as(&b, bytes, heartbeat_seal(&a, &m, bytes)), "none");
		EXPECT_TEXT(open_as(&a, bytes, heartbeat_seal(&b, &m, bytes)), "none");
	}
	{
		struct heartbeat_keys a = sample_pair(1, 0, "a", "b");
		struct heartbeat_keys b = sample_pair(2, 0, "b", "a");

		EXPECT_TEXT(open_as(&b, bytes, heartbeat_seal(&a, &m, bytes)), "key");
		heartbeat_keys_wipe(&a);
		EXPECT_INT(heartbeat_seal(&a, &m, bytes), 0);
	}
}

/* One field at a time that no sender writes; that no receiver believes it, other tests show. */
static void impossible(void (*spoil)(struct heartbeat_message *m))
{
	struct heartbeat_message m = sample_message(2, 2);
	uint8_t body[HEARTBEAT_BODY_MAX];

	CU_ASSERT(heartbeat_body_build(&m, body) > 0);
	spoil(&m);
	EXPECT_INT(heartbeat_body_build(&m, body), 0);
}

static void no_router(struct heartbeat_message *m)
{
	m->words[1].virtual_router_id = 0;
}

static void no_state(struct heartbeat_message *m)
{
	m->words[0].state = HEARTBEAT_MAINTENANCE + 1;
}

static void no_family(struct heartbeat_message *m)
{
	m->words[0].family = AF_UNIX;
}

static void no_version(struct heartbeat_message *m)
{
	m->words[0].version = 1;
}

static void no_priority(struct heartbeat_message *m)
{
	m->words[0].priority = 0;
}

static void unknown_flag(struct heartbeat_message *m)
{
	m->words[0].flags = HEARTBEAT_WORD_FLAGS + 1;
}

static void unknown_message_flag(struct heartbeat_message *m)
{
	m->flags = HEARTBEAT_FLAGS + 1;
}

static void no_interval(struct heartbeat_message *m)
{
	m->interval_us = 0;
}

static void long_interval(struct heartbeat_message *m)
{
	m->words[1].interval_us = HEARTBEAT_INTERVAL_MAX_US + 1;
}

static void group_mac(struct heartbeat_message *m)
{
	m->stragglers[1].mac.bytes[0] = 1;
}

static void no_address(struct heartbeat_message *m)
{
	m->stragglers[0].address.family = 0;
}

static void too_many_words(struct heartbeat_message *m)
{
	m->n_words = (uint8_t)(heartbeat_room(2) + 1);
}

static void too_many_stragglers(struct heartbeat_message *m)
{
	m->n_stragglers = HEARTBEAT_STRAGGLERS_MAX + 1;
}

static void what_makes_no_sense(void)
{
	impossible(no_router);
	impossible(no_state);
	impossible(no_family);
	impossible(no_version);
	impossible(no_priority);
	impossible(unknown_flag);
	impossible(unknown_message_flag);
	impossible(no_interval);
	impossible(long_interval);
	impossible(group_mac);
	impossible(no_address);
	impossible(too_many_words);
	impossible(too_many_stragglers);
}

/* The body of the sample with one octet changed; what is good is built again as the same. */
static void every_octet_of_the_body(void)
{
	struct heartbeat_message m = sample_message(2, 2), again;
	uint8_t body[HEARTBEAT_BODY_MAX], rebuilt[HEARTBEAT_BODY_MAX];
	size_t len = heartbeat_body_build(&m, body), refused = 0;

	for (size_t i = 0; i < len; i++)
		for (unsigned int change = 1; change < 256; change++) {
			body[i] ^= (uint8_t)change;
			if (!heartbeat_body_parse(body, len, &again)) {
				refused++;
			} else {
				EXPECT_INT(heartbeat_body_build(&again, rebuilt), len);
				CU_ASSERT(memcmp(body, rebuilt, len) == 0);
			}
			body[i] ^= (uint8_t)change;
		}
	CU_ASSERT(refused > 2000);
	for (size_t cut = 0; cut < len; cut++)
		CU_ASSERT(!heartbeat_body_parse(body, cut, &again));
	CU_ASSERT(heartbeat_body_parse(body, len, &again));
}

/* Sealed with the right key, by a peer that has lost its mind. */
static void sealed_nonsense(void)
{
	struct heartbeat_keys a = sample_pair(7, 0, "a", "b"), b = sample_pair(7, 0, "b", "a");
	struct heartbeat_message m = sample_message(1, 0);
	uint8_t bytes[HEARTBEAT_DATAGRAM_MAX], body[HEARTBEAT_BODY_MAX], nonce[24];
	size_t len = heartbeat_seal(&a, &m, bytes), body_len = heartbeat_body_build(&m, body);
	unsigned long long sealed;

	memcpy(nonce, bytes + 13, sizeof(nonce)); /* session and sequence */
	body[45]++;				  /* the number of words */
	crypto_aead_xchacha20poly1305_ietf_encrypt(bytes + HEARTBEAT_HEADER_LEN, &sealed, body,
						   body_len, bytes, HEARTBEAT_HEADER_LEN, NULL,
						   nonce, a.keys[0].seal.bytes);
	EXPECT_TEXT(open_as(&b, bytes, len), "content");
	body[45]--;
	crypto_aead_xchacha20poly1305_ietf_encrypt(bytes + HEARTBEAT_HEADER_LEN, &sealed, body,
						   body_len, bytes, HEARTBEAT_HEADER_LEN, NULL,
						   nonce, a.keys[0].seal.bytes);
	EXPECT_TEXT(open_as(&b, bytes, len), "none");
}

static bool is_good(const uint8_t *bytes, size_t len)
{
	struct heartbeat_message m;

	return heartbeat_body_parse(bytes, len, &m);
}

static void corpus(void)
{
	CU_ASSERT(unit_replay(CORPUS, is_good) >= 8);
}

UNIT_TESTS(heartbeat) = {
	{"there and back, as full as can be", there_and_back},
	{"nothing is readable", nothing_is_readable},
	{"every cut and every flipped bit", every_cut_and_every_flipped_bit},
	{"each check in its order", each_check_in_its_order},
	{"opens for its receiver alone", opens_for_its_receiver_alone},
	{"keys are changed", keys_are_changed},
	{"what makes no sense", what_makes_no_sense},
	{"every octet of the body", every_octet_of_the_body},
	{"sealed nonsense", sealed_nonsense},
	{"corpus", corpus},
	UNIT_TESTS_END,
};
