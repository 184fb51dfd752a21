/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Echo requests and what comes back to a raw socket (RFC 792, RFC 4443): replies, and errors that quote
 * a request of ours. IPv4 messages come with their IP header, IPv6 ones without.
 *
 * Pure: bytes and structs. Whether a request was asked at all is not known here.
 */
#ifndef DIRECTOR_HEALTH_ICMP_ECHO_H
#define DIRECTOR_HEALTH_ICMP_ECHO_H

#include "include/addr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ICMP_ECHO_LEN = 16 }; /* of a request: header and token */

struct icmp_echo {
	uint16_t id, seq;
	uint64_t token;
};

/* Why a message says nothing: id, name (stable, for scripts), what it is. */
#define ICMP_ECHO_REJECT_LIST(X)                                                                   \
	X(NONE, "none", "is good")                                                                 \
	X(OTHER, "other", "is about no echo request")                                              \
	X(TRUNCATED, "truncated", "ends too early")                                                \
	X(HEADER, "header", "has an IP header that cannot be")                                     \
	X(CHECKSUM, "checksum", "has a wrong checksum")

enum icmp_echo_reject {
#define X(id, name, text) ICMP_ECHO_REJECT_##id,
	ICMP_ECHO_REJECT_LIST(X)
#undef X
		ICMP_ECHO_REJECT_COUNT
};

/* A reply, or an error that quotes a request. */
struct icmp_heard {
	struct icmp_echo echo;
	/* A reply has it. RFC 792 has an error quote 8 octets of the request, and few stop there. */
	bool has_token;
	const char *why;   /* NULL: a reply. Of an error: the words for its type and code, static */
	struct addr asked; /* of an error: where the request that it quotes went to */
};

/* family: AF_INET, AF_INET6. The kernel fills the checksum of an ICMPv6 message. */
void icmp_echo_build(uint8_t family, const struct icmp_echo *echo,
		     uint8_t bytes[static ICMP_ECHO_LEN]);
/* *ret is set only when the result is ICMP_ECHO_REJECT_NONE. */
enum icmp_echo_reject icmp_echo_parse(uint8_t family, const uint8_t *bytes, size_t len,
				      struct icmp_heard *ret);
const char *icmp_echo_reject_name(enum icmp_echo_reject r);

#endif
