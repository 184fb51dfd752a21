/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Heartbeats between the two directors: bytes <-> struct. What they say and when is believed is in
 * heartbeat_session.h.
 *
 *     magic 4, version 1, key id 8, session 16, sequence 8        in the clear, authenticated
 *     sent 8, interval 4, flags 1, echo 16 + 8 + 8, counts 1 + 1  sealed
 *     words 48 each, stragglers 23 each                           sealed
 *     tag 16
 *
 * Sealed with XChaCha20-Poly1305 and the clear part as associated data. The nonce is session and
 * sequence: a session is drawn at random at each start and a sequence number is used once, so no
 * nonce comes twice under a key. The key is derived from the cluster key, the cluster's name and the
 * names of sender and receiver: what is sent back to its sender, or into another cluster that has
 * the same key, does not open.
 *
 * Before a datagram has opened, nothing of it is looked at but the clear part, which has one size.
 * Owns the knowledge of the format. Never logs, allocates or keeps state.
 */
#ifndef HA_HEARTBEAT_H
#define HA_HEARTBEAT_H

#include "ha/track.h"
#include "include/addr.h"
#include "proto/cluster_key.h"

enum {
	HEARTBEAT_DATAGRAM_MAX = 1400, /* passes through a tunnel or two in one piece */
	HEARTBEAT_HEADER_LEN = 37,
	HEARTBEAT_TAG_LEN = 16,
	HEARTBEAT_FIXED_LEN = 47, /* of the sealed part */
	HEARTBEAT_WORD_LEN = 48,
	HEARTBEAT_STRAGGLER_LEN = 23,
	HEARTBEAT_BODY_MAX = HEARTBEAT_DATAGRAM_MAX - HEARTBEAT_HEADER_LEN - HEARTBEAT_TAG_LEN,
	HEARTBEAT_WORDS_MAX = (HEARTBEAT_BODY_MAX - HEARTBEAT_FIXED_LEN) / HEARTBEAT_WORD_LEN,
	HEARTBEAT_STRAGGLERS_MAX = 32,	       /* a datagram; the rest goes with the next one */
	HEARTBEAT_ROUTERS_MAX = 2 * 255,       /* one for each section and family */
	HEARTBEAT_INTERVAL_MAX_US = 255000000, /* of VRRP version 2 (RFC 3768, 5.3.7) */
	HEARTBEAT_SESSION_LEN = 16,
};

/* Why a datagram is refused, cheapest check first: id, name in counters and JSON, sentence. */
#define HEARTBEAT_REJECT_LIST(X)                                                                   \
	X(LENGTH, "length", "is shorter or longer than a heartbeat can be")                        \
	X(FOREIGN, "foreign", "is no heartbeat")                                                   \
	X(VERSION, "version", "is a heartbeat of another version of the protocol")                 \
	X(KEY, "key", "is sealed with a key that is not ours")                                     \
	X(FORGED, "forged",                                                                        \
	  "does not open: it was altered, or comes from another node or cluster with our key")     \
	X(CONTENT, "content", "opens and makes no sense")                                          \
	X(REFLECTED, "reflected", "is one of our own")                                             \
	X(SEQUENCE, "sequence", "was heard before, or comes after a later one")                    \
	X(STRANGER, "stranger", "is of a session that has not heard us")                           \
	X(ENDED, "ended", "is of a session that has ended")                                        \
	X(FUTURE, "future", "answers something that we have not sent")

enum heartbeat_reject {
	HEARTBEAT_REJECT_NONE,
#define X(id, name, text) HEARTBEAT_REJECT_##id,
	HEARTBEAT_REJECT_LIST(X)
#undef X
		HEARTBEAT_REJECT_COUNT
};

/* One run of a sender, drawn at random. */
struct heartbeat_session {
	uint8_t bytes[HEARTBEAT_SESSION_LEN];
};

/* The states of a virtual router as they are on the wire: these numbers stay. */
enum heartbeat_router {
	HEARTBEAT_INIT,
	HEARTBEAT_BACKUP,
	HEARTBEAT_MASTER,
	HEARTBEAT_FAULT,
	HEARTBEAT_MAINTENANCE,
};

enum heartbeat_word_flags {
	HEARTBEAT_HOLDS_VIP = 1 << 0,
	HEARTBEAT_LINK_UP = 1 << 1,
	HEARTBEAT_SUCCESSOR = 1 << 2, /* it was master here, has let go, and you are next */
	HEARTBEAT_GOODBYE = 1 << 3,   /* it lets go on purpose */
	HEARTBEAT_WORD_FLAGS = 15,
};

/* What a node says of one of its virtual routers. */
struct heartbeat_word {
	/* heartbeat_tag() of its section's name: an ID is unique on one interface only */
	uint32_t section;
	uint8_t virtual_router_id;
	uint8_t family;	 /* AF_INET or AF_INET6 */
	uint8_t version; /* of VRRP */
	uint8_t state;	 /* enum heartbeat_router */
	uint8_t priority;
	uint8_t flags; /* enum heartbeat_word_flags */
	uint32_t interval_us;
	struct track_farms farms; /* that it depends on */
	struct mac mac;		  /* of its interface */
	struct addr source;	  /* of its adverts, of the same family; family 0: not known yet */
};

/* A host that still sends to the former master, which reports it: frames for `address` from `mac`. */
struct heartbeat_straggler {
	struct addr address;
	struct mac mac;
};

enum heartbeat_flags {
	HEARTBEAT_LEAVING = 1 << 0, /* the process ends */
	HEARTBEAT_FLAGS = 1,
};

struct heartbeat_message {
	struct heartbeat_session session;
	uint64_t sequence;
	uint64_t sent_us;     /* by the sender's monotonic clock */
	uint32_t interval_us; /* until its next one */
	uint8_t flags;	      /* enum heartbeat_flags */
	/* What the sender last heard of the receiver; a session of zeros: nothing yet. */
	struct {
		struct heartbeat_session session;
		uint64_t sent_us;  /* by the receiver's clock */
		uint64_t dwell_us; /* from hearing it to sending this */
	} echo;
	uint8_t n_words;
	struct heartbeat_word words[HEARTBEAT_WORDS_MAX];
	uint8_t n_stragglers;
	struct heartbeat_straggler stragglers[HEARTBEAT_STRAGGLERS_MAX];
};

/* The keys of one pair of nodes, one for each direction. Wiped by whoever made them. */
struct heartbeat_keys {
	struct {
		uint8_t id[CLUSTER_KEY_ID_LEN];
		struct cluster_key seal, open;
	} keys[CLUSTER_KEYS_MAX];
	size_t n;
};

void heartbeat_keys_make(const struct cluster_keys *keys, const char *cluster, const char *self,
			 const char *peer, struct heartbeat_keys *ret);
void heartbeat_keys_wipe(struct heartbeat_keys *keys);

uint32_t heartbeat_tag(const char *section);
bool heartbeat_session_equal(const struct heartbeat_session *a, const struct heartbeat_session *b);
/* How many words a datagram holds beside so many stragglers. */
size_t heartbeat_room(size_t n_stragglers);

/* Sealed with the first key. Octets written; 0 when the message is not a possible one. */
size_t heartbeat_seal(const struct heartbeat_keys *keys, const struct heartbeat_message *message,
		      uint8_t ret[static HEARTBEAT_DATAGRAM_MAX]);
/* HEARTBEAT_REJECT_NONE and *ret, or the reason with *ret undefined. */
enum heartbeat_reject heartbeat_open(const struct heartbeat_keys *keys, const uint8_t *bytes,
				     size_t len, struct heartbeat_message *ret);
/* The key that a datagram asks for, for a sentence about it. False when there is none. */
bool heartbeat_key_asked(const uint8_t *bytes, size_t len, uint8_t ret[static CLUSTER_KEY_ID_LEN]);

/* The sealed part alone. */
size_t heartbeat_body_build(const struct heartbeat_message *message,
			    uint8_t ret[static HEARTBEAT_BODY_MAX]);
bool heartbeat_body_parse(const uint8_t *bytes, size_t len, struct heartbeat_message *ret);

const char *heartbeat_reject_name(enum heartbeat_reject r);
const char *heartbeat_reject_text(enum heartbeat_reject r);
const char *heartbeat_router_name(uint8_t state); /* init, backup, … */

#endif
