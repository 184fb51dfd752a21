/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How the two directors begin a connection of the sync channel: each proves to the other that it
 * holds the cluster key, and both come to keys that nobody else has and that are forgotten with the
 * connection. Every octet and every derivation is in README.md beside this file.
 *
 *     initiator -> responder   hello     magic 4, version 1, kind 1, key id 8, features 4,
 *                                        public key 32, stream header 24, tag 32
 *     responder -> initiator   answer    the same
 *     initiator -> responder   confirm   tag 32
 *
 *     role        sends     waits for          then
 *     initiator   hello     an answer          sends confirm, is done
 *     responder             a hello            sends answer
 *                           a confirm          is done
 *
 * The pattern is Noise's NNpsk0 with libsodium's primitives: fresh X25519 keys on both sides, and a
 * key that was shared before. What each tag proves, and to whom:
 *
 *     tag      under a key made of                      proves
 *     hello    cluster key, cluster, both names, role   its sender holds the key; not that it lives
 *     answer   these, both public keys' secret and      the responder lives and holds the key: the
 *              all that was said                        initiator's public key is fresh
 *     confirm  the same, for another purpose            the initiator lives and holds the key
 *
 * So what was recorded is refused: by an initiator at the answer, by a responder at the confirm.
 * The names are taken in the order of the roles: what is sent back to its sender is under another
 * key, and so is what another node or cluster with our key says. Version, kind, key id and features
 * are under all three tags: neither side can be made to believe in fewer features than were offered.
 *
 * Without the key an attacker sees version, key id, offered features, public keys (random octets)
 * and lengths. With the cluster key of now it opens nothing that it recorded before: that needs one
 * of the two X25519 secrets, which are wiped when the keys are made. It can speak for either node
 * from then on, which is what the key is for.
 *
 * What a stranger costs: messages have one size each, and a foreign beginning is judged at five
 * octets. A responder compares key ids and hashes 74 octets; only a hello with a right tag, thus a
 * recorded one at best, has it multiply on the curve, twice. An initiator multiplies once for an
 * answer, on a connection of its own to an address of its choice.
 *
 * Never allocates or logs; the random octets are given to it. The caller limits the time.
 */
#ifndef PROTO_SYNC_HANDSHAKE_H
#define PROTO_SYNC_HANDSHAKE_H

#include "proto/sync_frame.h"

enum {
	SYNC_VERSION = 1,
	SYNC_PREFIX_LEN = 5, /* magic and version: the same in all versions */
	SYNC_PUBLIC_LEN = crypto_scalarmult_BYTES,
	SYNC_TAG_LEN = 32,
	SYNC_SIGNED_LEN = 74, /* of a hello or answer, all but its tag */
	SYNC_HELLO_LEN = SYNC_SIGNED_LEN + SYNC_TAG_LEN,
	SYNC_CONFIRM_LEN = SYNC_TAG_LEN,
};

/* Why a handshake failed, cheapest check first: id, name, end of a sentence about a message. */
#define SYNC_HANDSHAKE_REJECT_LIST(X)                                                              \
	X(FOREIGN, "foreign", "is none of the sync channel")                                       \
	X(VERSION, "version", "is of another version of the protocol")                             \
	X(REFLECTED, "reflected", "is our own")                                                    \
	X(ROLE, "role", "is not the one that comes next: both sides have connected, or neither")   \
	X(KEY, "key", "is made with a key that is not ours")                                       \
	X(FORGED, "forged",                                                                        \
	  "is not authentic: altered, recorded, or from another node or cluster with our key")     \
	X(WEAK, "weak", "has a public key that nobody drew at random")                             \
	X(CUT, "cut", "did not come, or not all of it")

enum sync_handshake_reject {
	SYNC_HANDSHAKE_REJECT_NONE,
#define X(id, name, text) SYNC_HANDSHAKE_REJECT_##id,
	SYNC_HANDSHAKE_REJECT_LIST(X)
#undef X
		SYNC_HANDSHAKE_REJECT_COUNT
};

/* Where a handshake is: id, name. Zeros are one that has failed, as is one that was wiped. */
#define SYNC_HANDSHAKE_STATE_LIST(X)                                                               \
	X(FAILED, "failed")                                                                        \
	X(AWAITS_HELLO, "awaits-hello")                                                            \
	X(AWAITS_ANSWER, "awaits-answer")                                                          \
	X(AWAITS_CONFIRM, "awaits-confirm")                                                        \
	X(DONE, "done")

enum sync_handshake_state {
#define X(id, name) SYNC_HANDSHAKE_##id,
	SYNC_HANDSHAKE_STATE_LIST(X)
#undef X
};

enum sync_role { SYNC_INITIATOR, SYNC_RESPONDER, SYNC_ROLES };

/* What one cluster key gives for connections in one role. */
struct sync_role_key {
	uint8_t id[CLUSTER_KEY_ID_LEN];
	struct cluster_key hello, mix;
};

/* The keys of one pair of nodes. Wiped by whoever made them. */
struct sync_keys {
	struct sync_role_key roles[SYNC_ROLES][CLUSTER_KEYS_MAX];
	size_t n;
};

/* Drawn at random for one connection and used for no other. */
struct sync_seed {
	uint8_t secret[crypto_scalarmult_SCALARBYTES];
	uint8_t header[SYNC_STREAM_HEADER_LEN];
};

/* What a handshake is for. */
struct sync_session {
	struct sync_stream_key send, receive;
	uint32_t features; /* that both sides have offered */
	uint8_t key_id[CLUSTER_KEY_ID_LEN];
};

struct sync_handshake {
	enum sync_handshake_state state;
	enum sync_handshake_reject reject;
	uint8_t peer_version;		       /* where the reject is VERSION; ours: SYNC_VERSION */
	uint8_t key_asked[CLUSTER_KEY_ID_LEN]; /* where it is KEY */
	enum sync_role role;
	uint32_t features; /* ours */
	struct sync_role_key keys[CLUSTER_KEYS_MAX];
	size_t n_keys;
	struct sync_seed seed;
	uint8_t said[SYNC_HELLO_LEN]; /* of an initiator */
	uint8_t heard[SYNC_HELLO_LEN];
	size_t have; /* octets of heard */
	uint8_t confirm[SYNC_CONFIRM_LEN];
	struct sync_session session;
};

struct sync_handshake_update {
	size_t consumed;	     /* the rest is fed again; once it is done, to the opener */
	size_t n_out;		     /* octets to send, before anything else is */
	uint8_t out[SYNC_HELLO_LEN]; /* the longest one */
};

/* Names are those of nodes: 1 to 255 octets, self and peer two different ones. */
void sync_keys_make(const struct cluster_keys *keys, const char *cluster, const char *self,
		    const char *peer, struct sync_keys *ret);
void sync_keys_wipe(struct sync_keys *keys);

/* Of an initiator, *ret is its hello. Without a key it has failed before it began. */
void sync_handshake_start(struct sync_handshake *h, enum sync_role role,
			  const struct sync_keys *keys, const struct sync_seed *seed,
			  uint32_t features, struct sync_handshake_update *ret);
/*
 * At most one message. Fed until all is consumed or h->state is FAILED or DONE; in whatever pieces
 * the octets come, the result is the same. A failed one consumes all and may have a last word.
 */
void sync_handshake_step(struct sync_handshake *h, const uint8_t *bytes, size_t len,
			 struct sync_handshake_update *ret);
/* No more octets will come: fails where any were awaited. */
void sync_handshake_end(struct sync_handshake *h);
/* What it was for, once; nothing is kept. False, and *ret untouched, unless it is done. */
bool sync_handshake_finish(struct sync_handshake *h, struct sync_session *ret);
void sync_handshake_wipe(struct sync_handshake *h);
void sync_session_wipe(struct sync_session *s);

const char *sync_handshake_reject_name(enum sync_handshake_reject r);
const char *sync_handshake_reject_text(enum sync_handshake_reject r);
const char *sync_handshake_state_name(enum sync_handshake_state s);

#endif
