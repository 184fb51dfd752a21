/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asking the kernel for chosen elements of a big nft map: the requests and what comes back.
 *
 * A dump of a map is quadratic, a request for chosen keys is not. A request of many keys ends at the
 * first one that is not there, so every key is a request of its own, FLOW_ASK_KEYS of them in one
 * datagram: the kernel answers each by its sequence number, with the element or with ENOENT, and the
 * cost is the same whatever is missing. flow_ask_uv.c sends and receives.
 *
 * Pure: bytes and structs.
 */
#ifndef DIRECTOR_FLOW_FLOW_ASK_H
#define DIRECTOR_FLOW_FLOW_ASK_H

#include "include/flow.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	FLOW_ASK_KEYS = 200,	/* keys a datagram: half a millisecond in the kernel */
	FLOW_ASK_NAME = 64,	/* of a table or set, with its NUL */
	FLOW_ASK_KEY_MAX = 64,	/* NFT_DATA_VALUE_MAXLEN, of a key ... */
	FLOW_ASK_DATA_MAX = 64, /* ... and of data */
	/* One request: header, two names and a key with their attributes' headers. */
	FLOW_ASK_REQUEST_MAX = 20 + 2 * (4 + FLOW_ASK_NAME) + 4 * 4 + FLOW_ASK_KEY_MAX,
};

struct flow_ask_set {
	char table[FLOW_ASK_NAME]; /* of the netdev family */
	char set[FLOW_ASK_NAME];
	size_t key_len; /* octets of the kernel's key: every part of a concatenation padded to 4 */
};

struct flow_answer {
	bool present;
	uint8_t data[FLOW_ASK_DATA_MAX]; /* a map's; the rest is zero */
	size_t data_len;
	uint64_t timeout_ms; /* the element's own; 0: it has the set's */
	uint64_t expires_ms; /* from now; 0: never */
};

/*
 * Writes one request for each of n keys of set->key_len octets, with the sequence numbers seq,
 * seq + 1, …. The octets written, or 0 when they do not fit or a name or length is out of bounds.
 */
size_t flow_ask_build(const struct flow_ask_set *set, const uint8_t *keys, size_t n, uint32_t seq,
		      uint8_t *bytes, size_t size);
/* The same for the set itself: it is answered with anything but an error when the set is there. */
size_t flow_ask_build_set(const struct flow_ask_set *set, uint32_t seq, uint8_t *bytes,
			  size_t size);

struct wr;
/* Octets of both names of a set as attributes, 0 when one does not end; and writing them. */
size_t flow_ask_names_len(const struct flow_ask_set *set);
void flow_ask_put_names(struct wr *w, const struct flow_ask_set *set);

/*
 * The key of a flow as the flow tables have it, or of a pin as those have it (director/ruleset/key.c): IPv4: client, VIP, both
 * ports; IPv6: the client's network, the low 32 bits of its address, both ports. Its octets, of
 * which there are as many as flow_ask_key_len() says; what is behind them is left alone.
 */
enum { FLOW_ASK_FLOW_KEY = 16, FLOW_ASK_FLOW_KEY_IPV4 = 12 };
size_t flow_ask_key_len(const struct flow_key *flow);
void flow_ask_key(const struct flow_key *flow, uint8_t key[static FLOW_ASK_FLOW_KEY]);
/*
 * The key of a client as the tables of pins have it: the first prefix bits (persistence-prefix) of
 * its address, the others zero. Its octets are those of the address.
 */
void flow_ask_pin_key(const struct addr *client, uint8_t prefix,
		      uint8_t key[static FLOW_ASK_FLOW_KEY]);
/* The other way, of an IPv4 flow: an IPv6 key does not hold all of the flow. */
void flow_ask_unkey(const uint8_t key[static FLOW_ASK_FLOW_KEY_IPV4], uint8_t protocol,
		    struct flow_key *ret);

/* What a message from the kernel is refused for; "the answer …". */
#define FLOW_ASK_REJECT_LIST(X)                                                                    \
	X(TRUNCATED, "truncated", "is shorter than its headers say")                               \
	X(TYPE, "type", "is neither an element, a set nor an error")                               \
	X(ELEMENTS, "elements", "holds no element or several")                                     \
	X(KEY, "key", "holds an element without a key, or with one too long")                      \
	X(VALUE, "value", "holds a value of a wrong length")

enum flow_ask_reject {
	FLOW_ASK_REJECT_NONE,
#define X(id, name, text) FLOW_ASK_REJECT_##id,
	FLOW_ASK_REJECT_LIST(X)
#undef X
		FLOW_ASK_REJECT_COUNT
};

struct flow_reply {
	uint32_t seq;
	int error; /* negative errno; 0: an element or a set */
	uint8_t key[FLOW_ASK_KEY_MAX];
	size_t key_len; /* 0: not an element */
	struct flow_answer answer;
};

/* One whole netlink message. FLOW_ASK_REJECT_NONE with *ret filled, or the reason, *ret untouched. */
enum flow_ask_reject flow_ask_parse(const uint8_t *bytes, size_t len, struct flow_reply *ret);

const char *flow_ask_reject_name(enum flow_ask_reject r);
const char *flow_ask_reject_text(enum flow_ask_reject r); /* "the answer …" */

#endif
