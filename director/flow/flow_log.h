/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the packet path announces: one message of the kernel's nfnetlink_log (`log prefix "www"
 * group N snaplen 96`) -> the flow that it is about.
 *
 * Owns the knowledge of that format and nothing else. Never logs, allocates, keeps state or changes
 * the bytes that it is given. It wants no alignment. The packet inside comes from anybody.
 */
#ifndef DIRECTOR_FLOW_FLOW_LOG_H
#define DIRECTOR_FLOW_FLOW_LOG_H

#include "include/addr.h"
#include "include/flow.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	FLOW_LOG_PREFIX = 128,	 /* NF_LOG_PREFIXLEN of the kernel, with the NUL */
	FLOW_LOG_EXTENSIONS = 8, /* IPv6 extension headers that are walked; RFC 8200 names 7 */
	FLOW_LOG_SNAPLEN =
		96, /* the longest IPv4 header and TCP's ports and flags; IPv6 with some */
};

/* Why a message is refused: id, name in counters and JSON, "the message …". */
#define FLOW_LOG_REJECT_LIST(X)                                                                    \
	X(TRUNCATED, "truncated", "is shorter than its headers say")                               \
	X(NOT_PACKET, "not-packet", "is no logged packet")                                         \
	X(ATTRIBUTE, "attribute", "has an attribute of a wrong length")                            \
	X(PREFIX, "prefix", "has no prefix, or one without end")                                   \
	X(NO_PAYLOAD, "no-payload", "carries no packet")                                           \
	X(NOT_IP, "not-ip", "carries neither IPv4 nor IPv6")                                       \
	X(HEADER, "header", "carries a packet whose IP header contradicts itself")                 \
	X(FRAGMENT, "fragment", "carries a fragment without ports")                                \
	X(EXTENSIONS, "extensions", "carries a packet with too many extension headers")            \
	X(PROTOCOL, "protocol", "carries neither TCP nor UDP")                                     \
	X(SNAPLEN, "snaplen", "carries too little of the packet to see its ports")

enum flow_log_reject {
	FLOW_LOG_REJECT_NONE,
#define X(id, name, text) FLOW_LOG_REJECT_##id,
	FLOW_LOG_REJECT_LIST(X)
#undef X
		FLOW_LOG_REJECT_COUNT
};

struct flow_log_event {
	struct flow_key key;	      /* of the packet as it came: source is the client */
	char prefix[FLOW_LOG_PREFIX]; /* of the rule: the farm's name */
	uint32_t mark;		      /* meta mark: the backend's id; 0: none */
	uint32_t ifindex;	      /* of the device it came in on; 0: unknown */
	uint32_t sequence;	      /* counts the group's messages; only with has_sequence */
	bool has_sequence;
	uint8_t hook;	   /* NF_NETDEV_INGRESS, … */
	uint8_t tcp_flags; /* 0 for UDP */
	bool has_macs;	   /* of an Ethernet header */
	struct mac source, destination;
};

/*
 * One whole netlink message, header included. FLOW_LOG_REJECT_NONE with *ret filled, or the reason
 * with *ret untouched.
 */
enum flow_log_reject flow_log_parse(const uint8_t *bytes, size_t len, struct flow_log_event *ret);

const char *flow_log_reject_name(enum flow_log_reject r);
const char *flow_log_reject_text(enum flow_log_reject r); /* "the message …" */

#endif
