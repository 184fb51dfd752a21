/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proto/sync_handshake.h"

#include "include/rd.h"
#include "include/wr.h"

#include <string.h>

#define MAGIC 0x4453594eu /* "DSYN" */

enum { KIND_HELLO = 1, KIND_ANSWER = 2, HASH_LEN = crypto_generichash_BYTES_MAX };

_Static_assert(SYNC_SIGNED_LEN == SYNC_PREFIX_LEN + 1 + CLUSTER_KEY_ID_LEN + 4 + SYNC_PUBLIC_LEN +
					  SYNC_STREAM_HEADER_LEN,
	       "the fields of a hello");

/* A hello or an answer, pointing into its octets. */
struct greeting {
	uint32_t magic;
	uint8_t version, kind;
	const uint8_t *key_id;
	uint32_t features;
	const uint8_t *public_key, *header, *tag;
};

/* What both sides make of a hello and an answer. */
struct agreement {
	uint8_t answer[SYNC_TAG_LEN], confirm[SYNC_TAG_LEN];
	struct cluster_key to_responder, to_initiator;
};

/* --- keys ------------------------------------------------------------------------------------- */

/* Of a pair's key; the initiator comes first. */
static void make_role(const struct cluster_key *pair, struct sync_role_key *ret)
{
	cluster_key_derive(pair, "synhello", &ret->hello);
	cluster_key_derive(pair, "sync-mix", &ret->mix);
}

void sync_keys_make(const struct cluster_keys *keys, const char *cluster, const char *self,
		    const char *peer, struct sync_keys *ret)
{
	struct cluster_key purpose, pair;

	*ret = (struct sync_keys){.n = keys->n};
	for (size_t i = 0; i < keys->n; i++) {
		struct sync_role_key *initiator = &ret->roles[SYNC_INITIATOR][i];
		struct sync_role_key *responder = &ret->roles[SYNC_RESPONDER][i];

		cluster_key_id(&keys->keys[i], initiator->id);
		cluster_key_id(&keys->keys[i], responder->id);
		cluster_key_derive(&keys->keys[i], "syncchan", &purpose);
		cluster_key_between(&purpose, cluster, self, peer, &pair);
		make_role(&pair, initiator);
		cluster_key_between(&purpose, cluster, peer, self, &pair);
		make_role(&pair, responder);
	}
	sodium_memzero(&purpose, sizeof(purpose));
	sodium_memzero(&pair, sizeof(pair));
}

void sync_keys_wipe(struct sync_keys *keys)
{
	sodium_memzero(keys, sizeof(*keys));
}

static void make_tag(const struct cluster_key *key, const uint8_t *bytes, size_t len,
		     uint8_t ret[static SYNC_TAG_LEN])
{
	crypto_generichash(ret, SYNC_TAG_LEN, bytes, len, key->bytes, sizeof(key->bytes));
}

static void derive_tag(const struct cluster_key *key, const char context[static 8],
		       const uint8_t hash[static HASH_LEN], uint8_t ret[static SYNC_TAG_LEN])
{
	struct cluster_key purpose;

	cluster_key_derive(key, context, &purpose);
	make_tag(&purpose, hash, HASH_LEN, ret);
	sodium_memzero(&purpose, sizeof(purpose));
}

/* The whole hello and the answer but for its tag: all that is said before the answer's tag. */
static void hash_transcript(const uint8_t hello[static SYNC_HELLO_LEN],
			    const uint8_t answer[static SYNC_SIGNED_LEN],
			    uint8_t ret[static HASH_LEN])
{
	crypto_generichash_state h;

	crypto_generichash_init(&h, NULL, 0, HASH_LEN);
	crypto_generichash_update(&h, hello, SYNC_HELLO_LEN);
	crypto_generichash_update(&h, answer, SYNC_SIGNED_LEN);
	crypto_generichash_final(&h, ret, HASH_LEN);
}

/* False when the other side's public key gives no secret. */
static bool agree(const struct cluster_key *mix, const uint8_t *secret, const uint8_t *public_key,
		  const uint8_t *hello, const uint8_t *answer, struct agreement *ret)
{
	struct {
		uint8_t shared[SYNC_PUBLIC_LEN], hash[HASH_LEN];
	} input;
	struct cluster_key key;
	bool good = crypto_scalarmult(input.shared, secret, public_key) == 0;

	if (good) {
		hash_transcript(hello, answer, input.hash);
		make_tag(mix, (const uint8_t *)&input, sizeof(input), key.bytes);
		derive_tag(&key, "syn-answ", input.hash, ret->answer);
		derive_tag(&key, "syn-conf", input.hash, ret->confirm);
		cluster_key_derive(&key, "sync-i2r", &ret->to_responder);
		cluster_key_derive(&key, "sync-r2i", &ret->to_initiator);
	}
	sodium_memzero(&input, sizeof(input));
	sodium_memzero(&key, sizeof(key));
	return good;
}

/* --- messages --------------------------------------------------------------------------------- */

static void put_greeting(const struct sync_handshake *h, uint8_t kind, const uint8_t *key_id,
			 uint8_t ret[static SYNC_HELLO_LEN])
{
	struct wr w = wr_init(ret, SYNC_HELLO_LEN);
	uint8_t public_key[SYNC_PUBLIC_LEN];

	crypto_scalarmult_base(public_key, h->seed.secret);
	wr_be32(&w, MAGIC);
	wr_u8(&w, SYNC_VERSION);
	wr_u8(&w, kind);
	wr_bytes(&w, key_id, CLUSTER_KEY_ID_LEN);
	wr_be32(&w, h->features);
	wr_bytes(&w, public_key, sizeof(public_key));
	wr_bytes(&w, h->seed.header, sizeof(h->seed.header));
}

static struct greeting parse_greeting(const uint8_t bytes[static SYNC_HELLO_LEN])
{
	struct rd r = rd_init(bytes, SYNC_HELLO_LEN);
	struct greeting g = {.magic = rd_be32(&r)};

	g.version = rd_u8(&r);
	g.kind = rd_u8(&r);
	g.key_id = rd_take(&r, CLUSTER_KEY_ID_LEN);
	g.features = rd_be32(&r);
	g.public_key = rd_take(&r, SYNC_PUBLIC_LEN);
	g.header = rd_take(&r, SYNC_STREAM_HEADER_LEN);
	g.tag = rd_take(&r, SYNC_TAG_LEN);
	return g;
}

/* --- ends ------------------------------------------------------------------------------------- */

static void fail(struct sync_handshake *h, enum sync_handshake_reject reject)
{
	sync_handshake_wipe(h);
	h->reject = reject;
}

static void fail_key(struct sync_handshake *h, const uint8_t key_id[static CLUSTER_KEY_ID_LEN])
{
	uint8_t asked[CLUSTER_KEY_ID_LEN];

	memcpy(asked, key_id, sizeof(asked)); /* it may be within h */
	fail(h, SYNC_HANDSHAKE_REJECT_KEY);
	memcpy(h->key_asked, asked, sizeof(asked));
}

/* All but what it was for is forgotten. */
static void finish(struct sync_handshake *h)
{
	struct sync_session session = h->session;

	sync_handshake_wipe(h);
	h->session = session;
	h->state = SYNC_HANDSHAKE_DONE;
	sync_session_wipe(&session);
}

static void make_session(struct sync_handshake *h, const struct agreement *a,
			 const struct greeting *peer)
{
	bool initiates = h->role == SYNC_INITIATOR;
	struct sync_session *s = &h->session;

	s->send.key = initiates ? a->to_responder : a->to_initiator;
	s->receive.key = initiates ? a->to_initiator : a->to_responder;
	memcpy(s->send.header, h->seed.header, sizeof(s->send.header));
	memcpy(s->receive.header, peer->header, sizeof(s->receive.header));
	memcpy(s->key_id, peer->key_id, sizeof(s->key_id));
	s->features = h->features & peer->features;
}

/* --- the other side's messages ---------------------------------------------------------------- */

static void take_hello(struct sync_handshake *h, struct sync_handshake_update *ret)
{
	struct greeting g = parse_greeting(h->heard);
	const struct sync_role_key *key = NULL;
	uint8_t tag[SYNC_TAG_LEN];
	struct agreement a;

	if (g.kind != KIND_HELLO) {
		fail(h, SYNC_HANDSHAKE_REJECT_ROLE);
		return;
	}
	for (size_t i = 0; i < h->n_keys && !key; i++)
		if (memcmp(h->keys[i].id, g.key_id, CLUSTER_KEY_ID_LEN) == 0)
			key = &h->keys[i];
	if (!key) {
		fail_key(h, g.key_id);
		return;
	}
	make_tag(&key->hello, h->heard, SYNC_SIGNED_LEN, tag);
	if (sodium_memcmp(tag, g.tag, SYNC_TAG_LEN) != 0) {
		fail(h, SYNC_HANDSHAKE_REJECT_FORGED);
		return;
	}
	put_greeting(h, KIND_ANSWER, key->id, ret->out);
	if (!agree(&key->mix, h->seed.secret, g.public_key, h->heard, ret->out, &a)) {
		fail(h, SYNC_HANDSHAKE_REJECT_WEAK);
		return;
	}
	memcpy(ret->out + SYNC_SIGNED_LEN, a.answer, SYNC_TAG_LEN);
	ret->n_out = SYNC_HELLO_LEN;
	memcpy(h->confirm, a.confirm, sizeof(h->confirm));
	make_session(h, &a, &g);
	sodium_memzero(&a, sizeof(a));
	sodium_memzero(&h->seed, sizeof(h->seed));
	sodium_memzero(h->keys, sizeof(h->keys));
	h->have = 0;
	h->state = SYNC_HANDSHAKE_AWAITS_CONFIRM;
}

static void take_answer(struct sync_handshake *h, struct sync_handshake_update *ret)
{
	struct greeting g = parse_greeting(h->heard), ours = parse_greeting(h->said);
	enum sync_handshake_reject reject = SYNC_HANDSHAKE_REJECT_NONE;
	struct agreement a;

	if (memcmp(g.public_key, ours.public_key, SYNC_PUBLIC_LEN) == 0)
		reject = SYNC_HANDSHAKE_REJECT_REFLECTED;
	else if (g.kind != KIND_ANSWER)
		reject = SYNC_HANDSHAKE_REJECT_ROLE;
	if (reject != SYNC_HANDSHAKE_REJECT_NONE) {
		fail(h, reject);
		return;
	}
	if (memcmp(g.key_id, ours.key_id, CLUSTER_KEY_ID_LEN) != 0) {
		fail_key(h, g.key_id);
		return;
	}
	if (!agree(&h->keys[0].mix, h->seed.secret, g.public_key, h->said, h->heard, &a)) {
		fail(h, SYNC_HANDSHAKE_REJECT_WEAK);
		return;
	}
	if (sodium_memcmp(a.answer, g.tag, SYNC_TAG_LEN) == 0) {
		memcpy(ret->out, a.confirm, SYNC_CONFIRM_LEN);
		ret->n_out = SYNC_CONFIRM_LEN;
		make_session(h, &a, &g);
		finish(h);
	} else {
		fail(h, SYNC_HANDSHAKE_REJECT_FORGED);
	}
	sodium_memzero(&a, sizeof(a));
}

static void take_confirm(struct sync_handshake *h)
{
	if (sodium_memcmp(h->confirm, h->heard, SYNC_CONFIRM_LEN) == 0)
		finish(h);
	else
		fail(h, SYNC_HANDSHAKE_REJECT_FORGED);
}

/* --- the machine ------------------------------------------------------------------------------ */

void sync_handshake_start(struct sync_handshake *h, enum sync_role role,
			  const struct sync_keys *keys, const struct sync_seed *seed,
			  uint32_t features, struct sync_handshake_update *ret)
{
	*ret = (struct sync_handshake_update){0};
	*h = (struct sync_handshake){
		.role = role,
		.features = features,
		.n_keys = keys->n,
		.seed = *seed,
		.state = SYNC_HANDSHAKE_AWAITS_HELLO,
	};
	memcpy(h->keys, keys->roles[role], sizeof(h->keys));
	if (keys->n == 0) {
		fail(h, SYNC_HANDSHAKE_REJECT_KEY);
		return;
	}
	if (role == SYNC_RESPONDER)
		return;
	put_greeting(h, KIND_HELLO, h->keys[0].id, h->said);
	make_tag(&h->keys[0].hello, h->said, SYNC_SIGNED_LEN, h->said + SYNC_SIGNED_LEN);
	memcpy(ret->out, h->said, SYNC_HELLO_LEN);
	ret->n_out = SYNC_HELLO_LEN;
	h->state = SYNC_HANDSHAKE_AWAITS_ANSWER;
}

/* Takes from *r until `want` octets were heard. True when they are. */
static bool hear(struct sync_handshake *h, struct rd *r, size_t want)
{
	return rd_gather(r, h->heard, &h->have, want);
}

/*
 * Who speaks another version may never send as many octets as ours has, and hears at once which one
 * we speak. The initiator has said so in its hello.
 */
static bool is_prefix_good(struct sync_handshake *h, struct sync_handshake_update *ret)
{
	struct greeting g = parse_greeting(h->heard);

	if (g.magic != MAGIC) {
		fail(h, SYNC_HANDSHAKE_REJECT_FOREIGN);
		return false;
	}
	if (g.version == SYNC_VERSION)
		return true;
	if (h->role == SYNC_RESPONDER) {
		struct wr w = wr_init(ret->out, SYNC_PREFIX_LEN);

		wr_be32(&w, MAGIC);
		wr_u8(&w, SYNC_VERSION);
		ret->n_out = SYNC_PREFIX_LEN;
	}
	fail(h, SYNC_HANDSHAKE_REJECT_VERSION);
	h->peer_version = g.version;
	return false;
}

static bool hear_greeting(struct sync_handshake *h, struct rd *r, struct sync_handshake_update *ret)
{
	return hear(h, r, SYNC_PREFIX_LEN) && is_prefix_good(h, ret) && hear(h, r, SYNC_HELLO_LEN);
}

void sync_handshake_step(struct sync_handshake *h, const uint8_t *bytes, size_t len,
			 struct sync_handshake_update *ret)
{
	struct rd r = rd_init(bytes, len);

	*ret = (struct sync_handshake_update){0};
	switch (h->state) {
	case SYNC_HANDSHAKE_AWAITS_HELLO:
		if (hear_greeting(h, &r, ret))
			take_hello(h, ret);
		break;
	case SYNC_HANDSHAKE_AWAITS_ANSWER:
		if (hear_greeting(h, &r, ret))
			take_answer(h, ret);
		break;
	case SYNC_HANDSHAKE_AWAITS_CONFIRM:
		if (hear(h, &r, SYNC_CONFIRM_LEN))
			take_confirm(h);
		break;
	case SYNC_HANDSHAKE_FAILED:
	case SYNC_HANDSHAKE_DONE: break;
	}
	ret->consumed = h->state == SYNC_HANDSHAKE_FAILED ? len : len - rd_left(&r);
}

void sync_handshake_end(struct sync_handshake *h)
{
	if (h->state != SYNC_HANDSHAKE_DONE && h->reject == SYNC_HANDSHAKE_REJECT_NONE)
		fail(h, SYNC_HANDSHAKE_REJECT_CUT);
}

bool sync_handshake_finish(struct sync_handshake *h, struct sync_session *ret)
{
	if (h->state != SYNC_HANDSHAKE_DONE)
		return false;
	*ret = h->session;
	sync_handshake_wipe(h);
	return true;
}

void sync_handshake_wipe(struct sync_handshake *h)
{
	sodium_memzero(h, sizeof(*h));
}

void sync_session_wipe(struct sync_session *s)
{
	sodium_memzero(s, sizeof(*s));
}

/* --- names ------------------------------------------------------------------------------------ */

const char *sync_handshake_reject_name(enum sync_handshake_reject r)
{
	static const char *const names[SYNC_HANDSHAKE_REJECT_COUNT] = {
		[SYNC_HANDSHAKE_REJECT_NONE] = "none",
#define X(id, name, text) [SYNC_HANDSHAKE_REJECT_##id] = name,
		SYNC_HANDSHAKE_REJECT_LIST(X)
#undef X
	};

	return names[r];
}

const char *sync_handshake_reject_text(enum sync_handshake_reject r)
{
	static const char *const texts[SYNC_HANDSHAKE_REJECT_COUNT] = {
		[SYNC_HANDSHAKE_REJECT_NONE] = "is accepted",
#define X(id, name, text) [SYNC_HANDSHAKE_REJECT_##id] = text,
		SYNC_HANDSHAKE_REJECT_LIST(X)
#undef X
	};

	return texts[r];
}

const char *sync_handshake_state_name(enum sync_handshake_state s)
{
	static const char *const names[] = {
#define X(id, name) [SYNC_HANDSHAKE_##id] = name,
		SYNC_HANDSHAKE_STATE_LIST(X)
#undef X
	};

	return names[s];
}
