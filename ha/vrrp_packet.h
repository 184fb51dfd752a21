/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VRRP advertisements: bytes <-> struct in host order. Version 3 over IPv4 and IPv6 (RFC 9568,
 * section 5; checks of section 7.1 with its errata 8298, 8299 and 8301), version 2 over IPv4
 * (RFC 3768, sections 5 and 7.1).
 *
 * Owns the knowledge of the wire format and nothing else. Never logs, allocates, keeps state or
 * changes the bytes it is given. Which version is believed is configured; both at once, which RFC
 * 9568, 8.4.2, allows while routers are exchanged, are not.
 */
#ifndef HA_VRRP_PACKET_H
#define HA_VRRP_PACKET_H

#include "include/addr.h"

enum {
	VRRP_PROTOCOL = 112,	      /* IP protocol number */
	VRRP_TTL = 255,		      /* "The TTL MUST be set to 255" (5.1.1.3) */
	VRRP_PRIORITY_STOP = 0,	      /* the Active Router gives up (5.2.4) */
	VRRP_PRIORITY_OWNER = 255,    /* owns the addresses (5.2.4) */
	VRRP_ADDRESSES_MAX = 255,     /* the count is one octet (5.2.5) */
	VRRP_INTERVAL_UNIT_MS = 10,   /* Max Advertise Interval is in centiseconds (5.2.7) ... */
	VRRP_INTERVAL_MAX_MS = 40950, /* ... of 12 bits */
	VRRP_V2_UNIT_MS = 1000,	      /* RFC 3768, 5.3.7: seconds ... */
	VRRP_V2_MAX_MS = 255000,      /* ... of 8 bits */
	VRRP_HEADER_LEN = 8,	      /* fixed fields of both versions */
	VRRP_V2_AUTH_LEN = 8,	      /* RFC 3768, 5.3.10: behind the addresses, without a use */
	VRRP_AUTH_TRAILER = 28,	      /* behind all of that, when adverts are authenticated */
	VRRP_MESSAGE_MAX = VRRP_HEADER_LEN + 16 * VRRP_ADDRESSES_MAX + VRRP_AUTH_TRAILER,
	VRRP_DATAGRAM_MAX = 60 + VRRP_MESSAGE_MAX, /* with the longest IPv4 header */
};

/* 224.0.0.18 (5.1.1.2), host order. */
#define VRRP_GROUP_V4 0xe0000012u
/* ff02::12 (5.1.2.2) */
#define VRRP_GROUP_V6 "\xff\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\x12"

/*
 * Why a datagram is refused, cheapest check first: id, name in counters and JSON, sentence.
 * NOT_OURS is no fault: another virtual router lives on the link.
 */
#define VRRP_REJECT_LIST(X)                                                                        \
	X(TRUNCATED, "truncated", "is shorter than its headers say")                               \
	X(NOT_VRRP, "not-vrrp", "is no IPv4 datagram of protocol 112")                             \
	X(TTL, "ttl", "has a TTL or hop limit other than 255: it may come from outside the link")  \
	X(VERSION, "version", "has another VRRP version than the one configured")                  \
	X(TYPE, "type", "is no advertisement")                                                     \
	X(NOT_OURS, "not-ours", "belongs to another virtual router")                               \
	X(AUTH, "auth", "asks for an authentication of version 2, which is not used")              \
	X(EMPTY, "empty", "carries no address")                                                    \
	X(LENGTH, "length", "has not the length that its address count asks for")                  \
	X(INTERVAL, "interval", "has an advertisement interval of 0")                              \
	X(OTHER_INTERVAL, "other-interval",                                                        \
	  "has another advertisement interval than ours, which version 2 does not allow")          \
	X(CHECKSUM, "checksum", "has a wrong checksum")                                            \
	X(SOURCE, "source", "comes from an address that no router sends from")                     \
	X(OWN_SOURCE, "own-source",                                                                \
	  "comes from our own address: a loop, or an address used twice")                          \
	X(DESTINATION, "destination",                                                              \
	  "went to the group while unicast is configured, or the other way round")                 \
	X(PEER, "peer", "comes from a router that is not configured as a node")                    \
	X(AUTH_MISSING, "auth-missing", "is not authenticated, and auth-mode is enforce")          \
	X(AUTH_FORMAT, "auth-format", "has a trailer of an unknown kind")                          \
	X(AUTH_KEY, "auth-key", "is authenticated under a key id that is not known here")          \
	X(AUTH_HMAC, "auth-hmac", "has a wrong HMAC: another key, or a forgery")                   \
	X(AUTH_STALE, "auth-stale",                                                                \
	  "is of another time: the clocks of the routers differ, or it is a recording")            \
	X(AUTH_REPLAY, "auth-replay", "was heard before, or is older than one that was")

enum vrrp_reject {
	VRRP_REJECT_NONE,
#define X(id, name, text) VRRP_REJECT_##id,
	VRRP_REJECT_LIST(X)
#undef X
		VRRP_REJECT_COUNT
};

/*
 * What an accepted advert may show all the same; "the receiver SHOULD log the event" (7.1), and
 * goes on. Bits of vrrp_packet_notes().
 */
#define VRRP_NOTE_LIST(X)                                                                          \
	X(INTERVAL, "interval-differs", "another advertisement interval than ours")                \
	X(ADDRESSES, "addresses-differ", "other addresses than ours")                              \
	X(OWNER, "owner-conflict",                                                                 \
	  "a router beside us, although our priority 255 says that we own the addresses")

enum vrrp_note {
#define X(id, name, text) VRRP_NOTE_##id,
	VRRP_NOTE_LIST(X)
#undef X
		VRRP_NOTE_COUNT
};

struct vrrp_packet {
	uint8_t version; /* 2, 3 */
	uint8_t virtual_router_id;
	uint8_t priority;
	uint32_t interval_ms; /* Max Advertise Interval */
	struct addr source;
	struct addr destination;
	uint8_t n_addresses;
	struct addr addresses[VRRP_ADDRESSES_MAX];
	/* Of one that was received, borrowed from its bytes: for vrrp_auth_check(). */
	const uint8_t *message; /* without the trailer */
	size_t message_len;
	const uint8_t *trailer; /* VRRP_AUTH_TRAILER octets; NULL: none */
};

/* What the receiver expects of a packet. */
struct vrrp_expect {
	uint8_t version;
	uint8_t virtual_router_id;
	struct addr own;	  /* our primary address on the link */
	uint32_t interval_ms;	  /* ours; version 2 accepts no other (RFC 3768, 7.1) */
	bool unicast;		  /* false: only what went to the group */
	const struct addr *peers; /* unicast: nobody else is believed */
	size_t n_peers;
	bool trailer; /* there may be one behind the message */
};

/* What the IP header says, of either family. */
struct vrrp_ip {
	uint8_t ttl; /* or hop limit */
	struct addr source;
	struct addr destination;
};

/* The group that adverts of a family go to. */
struct addr vrrp_group(uint8_t family);

/*
 * A whole IPv4 datagram, as a raw socket delivers it. VRRP_REJECT_NONE and *ret, or the reason with
 * *ret untouched.
 */
enum vrrp_reject vrrp_packet_parse(const uint8_t *bytes, size_t len,
				   const struct vrrp_expect *expect, struct vrrp_packet *ret);
/* The same for the message behind a header that was read elsewhere: of IPv6, raw sockets deliver no
 * header. */
enum vrrp_reject vrrp_message_parse(const struct vrrp_ip *ip, const uint8_t *bytes, size_t len,
				    const struct vrrp_expect *expect, struct vrrp_packet *ret);

/*
 * The VRRP message (without IP header) of a packet, with the checksum and the trailer if there is
 * one; `message` is not looked at. Returns its length, or 0 when it does not fit, has no address,
 * addresses of two families or a field out of range.
 */
size_t vrrp_packet_build(const struct vrrp_packet *p, uint8_t *bytes, size_t size);

/* The notes as bits 1 << VRRP_NOTE_…; the arguments are what is configured here. */
unsigned int vrrp_packet_notes(const struct vrrp_packet *p, const struct prefix *addresses,
			       size_t n_addresses, uint32_t interval_ms, uint8_t priority);

const char *vrrp_reject_name(enum vrrp_reject r);
const char *vrrp_reject_text(enum vrrp_reject r); /* "the advert …" */
const char *vrrp_note_name(enum vrrp_note n);
const char *vrrp_note_text(enum vrrp_note n);

#endif
