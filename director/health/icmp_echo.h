/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Echo requests and what comes back to a raw socket (RFC 792, RFC 4443): replies, and errors that quote
 * a request of ours. IPv4 messages come with their IP header, IPv6 ones without.
 *
 * Pure: bytes and structs.
 */
#ifndef DIRECTOR_HEALTH_ICMP_ECHO_H
#define DIRECTOR_HEALTH_ICMP_ECHO_H

#include <stddef.h>
#include <stdint.h>

enum { ICMP_ECHO_LEN = 16 }; /* of a request: header and token */

struct icmp_echo {
	uint16_t id, seq;
	uint64_t token; /* of a reply; an error quotes too little to have it */
};

enum icmp_echo_kind {
	ICMP_ECHO_NONE, /* nothing of ours, or cut short */
	ICMP_ECHO_REPLY,
	ICMP_ECHO_UNREACHABLE, /* host, network or address, says somebody on the way */
	ICMP_ECHO_EXPIRED,     /* its hops are used up: it goes round in circles */
};

/* family: AF_INET, AF_INET6. The kernel fills the checksum of an ICMPv6 message. */
void icmp_echo_build(uint8_t family, const struct icmp_echo *echo,
		     uint8_t bytes[static ICMP_ECHO_LEN]);
/* *ret is filled unless it is ICMP_ECHO_NONE. */
enum icmp_echo_kind icmp_echo_parse(uint8_t family, const uint8_t *bytes, size_t len,
				    struct icmp_echo *ret);

#endif
