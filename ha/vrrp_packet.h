/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VRRP advertisements: bytes <-> struct in host order (RFC 9568, section 5; checks of section 7.1
 * with its errata 8298, 8299 and 8301).
 *
 * Owns the knowledge of the wire format and nothing else. Never logs, allocates, keeps state or
 * changes the bytes it is given. Version 3 over IPv4 is built; `version` and `family` are in the
 * structs so that version 2 and IPv6 can join without changing them.
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
	VRRP_HEADER_LEN = 8,	      /* fixed fields of version 3 */
	VRRP_MESSAGE_MAX = VRRP_HEADER_LEN + 16 * VRRP_ADDRESSES_MAX,
	VRRP_DATAGRAM_MAX = 60 + VRRP_MESSAGE_MAX, /* with the longest IPv4 header */
};

/* 224.0.0.18 (5.1.1.2), host order. */
#define VRRP_GROUP_V4 0xe0000012u

/*
 * Why a datagram is refused, cheapest check first: id, name in counters and JSON, sentence.
 * NOT_OURS is no fault: another virtual router lives on the link.
 */
#define VRRP_REJECT_LIST(X)                                                                        \
	X(TRUNCATED, "truncated", "is shorter than its headers say")                               \
	X(NOT_VRRP, "not-vrrp", "is no IPv4 datagram of protocol 112")                             \
	X(TTL, "ttl", "has a TTL other than 255, so it may come from outside the link")            \
	X(VERSION, "version", "has another VRRP version than the one configured")                  \
	X(TYPE, "type", "is no advertisement")                                                     \
	X(NOT_OURS, "not-ours", "belongs to another virtual router")                               \
	X(EMPTY, "empty", "carries no address")                                                    \
	X(LENGTH, "length", "has not the length that its address count asks for")                  \
	X(INTERVAL, "interval", "has an advertisement interval of 0")                              \
	X(CHECKSUM, "checksum", "has a wrong checksum")                                            \
	X(SOURCE, "source", "comes from an address that no host can own")                          \
	X(OWN_SOURCE, "own-source", "comes from our own address: a loop, or an address used twice")

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
	uint8_t version; /* 3 */
	uint8_t virtual_router_id;
	uint8_t priority;
	uint32_t interval_ms; /* Max Advertise Interval */
	struct addr source;
	struct addr destination;
	uint8_t n_addresses;
	struct addr addresses[VRRP_ADDRESSES_MAX];
};

/* What the receiver expects of a packet. */
struct vrrp_expect {
	uint8_t version;
	uint8_t virtual_router_id;
	struct addr own; /* our primary address on the link */
};

/*
 * A whole IPv4 datagram, as a raw socket delivers it. VRRP_REJECT_NONE and *ret, or the reason with
 * *ret untouched.
 */
enum vrrp_reject vrrp_packet_parse(const uint8_t *bytes, size_t len,
				   const struct vrrp_expect *expect, struct vrrp_packet *ret);

/*
 * The VRRP message (without IP header) of a packet, checksum included. Returns its length, or 0
 * when it does not fit, has no address or has a field out of range.
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
