/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/health/icmp_echo.h"

#include "include/checksum.h"
#include "include/rd.h"
#include "include/wr.h"

#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <string.h>
#include <sys/socket.h>

enum { IPV4_HEADER = 20, IPV4_WORD = 4, FRAGMENT_OFFSET = 0x1fff };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

const char *icmp_echo_reject_name(enum icmp_echo_reject r)
{
	static const char *const names[] = {
#define X(id, name, text) [ICMP_ECHO_REJECT_##id] = (name),
		ICMP_ECHO_REJECT_LIST(X)
#undef X
	};

	return r < ICMP_ECHO_REJECT_COUNT ? names[r] : "?";
}

static void put(struct wr *w, uint8_t family, const struct icmp_echo *echo, uint16_t sum)
{
	wr_u8(w, family == AF_INET ? ICMP_ECHO : ICMP6_ECHO_REQUEST);
	wr_u8(w, 0);
	wr_be16(w, sum);
	wr_be16(w, echo->id);
	wr_be16(w, echo->seq);
	wr_be64(w, echo->token);
}

void icmp_echo_build(uint8_t family, const struct icmp_echo *echo,
		     uint8_t bytes[static ICMP_ECHO_LEN])
{
	struct wr w = wr_init(bytes, ICMP_ECHO_LEN);

	put(&w, family, echo, 0);
	if (family != AF_INET)
		return;
	w = wr_init(bytes, ICMP_ECHO_LEN);
	put(&w, family, echo, checksum_fold(checksum_add(0, bytes, ICMP_ECHO_LEN)));
}

/* --- words ------------------------------------------------------------------------------------ */

/* RFC 792, RFC 1812 (5.2.7.1). Our requests are too small to be fragmented, so that says nothing. */
static const char *const unreachable4[] = {
	[ICMP_NET_UNREACH] = "destination network unreachable",
	[ICMP_HOST_UNREACH] = "destination host unreachable",
	[ICMP_PROT_UNREACH] = "destination protocol unreachable",
	[ICMP_PORT_UNREACH] = "destination port unreachable",
	[ICMP_SR_FAILED] = "source route failed",
	[ICMP_NET_UNKNOWN] = "destination network unknown",
	[ICMP_HOST_UNKNOWN] = "destination host unknown",
	[ICMP_HOST_ISOLATED] = "source host isolated",
	[ICMP_NET_ANO] = "network administratively prohibited",
	[ICMP_HOST_ANO] = "host administratively prohibited",
	[ICMP_NET_UNR_TOS] = "network unreachable for this type of service",
	[ICMP_HOST_UNR_TOS] = "host unreachable for this type of service",
	[ICMP_PKT_FILTERED] = "communication administratively prohibited",
	[ICMP_PREC_VIOLATION] = "host precedence violation",
	[ICMP_PREC_CUTOFF] = "precedence cutoff in effect",
};

/* RFC 4443, 3.1. */
static const char *const unreachable6[] = {
	[ICMP6_DST_UNREACH_NOROUTE] = "no route to destination",
	[ICMP6_DST_UNREACH_ADMIN] = "communication administratively prohibited",
	[ICMP6_DST_UNREACH_BEYONDSCOPE] = "beyond scope of source address",
	[ICMP6_DST_UNREACH_ADDR] = "destination address unreachable",
	[ICMP6_DST_UNREACH_NOPORT] = "destination port unreachable",
	[5] = "source address failed ingress or egress policy",
	[6] = "reject route to destination",
};

/* NULL: that type and code say nothing about the way. */
static const char *words(uint8_t family, uint8_t type, uint8_t code)
{
	if (family == AF_INET && type == ICMP_DEST_UNREACH)
		return code < COUNT(unreachable4) ? unreachable4[code] : "destination unreachable";
	if (family == AF_INET && type == ICMP_TIME_EXCEEDED && code == ICMP_EXC_TTL)
		return "time to live exceeded";
	if (family == AF_INET6 && type == ICMP6_DST_UNREACH)
		return code < COUNT(unreachable6) ? unreachable6[code] : "destination unreachable";
	if (family == AF_INET6 && type == ICMP6_TIME_EXCEEDED && code == ICMP6_TIME_EXCEED_TRANSIT)
		return "hop limit exceeded";
	return NULL;
}

/* --- parsing ---------------------------------------------------------------------------------- */

static struct addr take_address(struct rd *r, uint8_t family, size_t len)
{
	struct addr a = {.family = family};
	const uint8_t *bytes = rd_take(r, len);

	if (bytes)
		memcpy(a.bytes, bytes, len);
	return a;
}

/* Up to what is behind the header and its options, which is ICMP. */
static enum icmp_echo_reject take_ipv4(struct rd *r, struct addr *ret_to)
{
	uint8_t first = rd_u8(r), protocol;
	uint16_t fragment;

	rd_take(r, 5); /* type of service, length (the kernel's own business), identification */
	fragment = rd_be16(r);
	rd_u8(r);
	protocol = rd_u8(r);
	rd_take(r, 6); /* checksum, source */
	*ret_to = take_address(r, AF_INET, 4);
	if (!rd_ok(r))
		return ICMP_ECHO_REJECT_TRUNCATED;
	if (first >> 4 != 4 || (first & 15) * IPV4_WORD < IPV4_HEADER)
		return ICMP_ECHO_REJECT_HEADER;
	rd_take(r, (size_t)(first & 15) * IPV4_WORD - IPV4_HEADER);
	if (!rd_ok(r))
		return ICMP_ECHO_REJECT_TRUNCATED;
	return protocol == IPPROTO_ICMP && !(fragment & FRAGMENT_OFFSET) ? ICMP_ECHO_REJECT_NONE
									 : ICMP_ECHO_REJECT_OTHER;
}

/* No request of ours has an extension header. */
static enum icmp_echo_reject take_ipv6(struct rd *r, struct addr *ret_to)
{
	uint8_t first = rd_u8(r), next;

	rd_take(r, 5); /* traffic class, flow label, length */
	next = rd_u8(r);
	rd_take(r, 17); /* hop limit, source */
	*ret_to = take_address(r, AF_INET6, 16);
	if (!rd_ok(r))
		return ICMP_ECHO_REJECT_TRUNCATED;
	if (first >> 4 != 6)
		return ICMP_ECHO_REJECT_HEADER;
	return next == IPPROTO_ICMPV6 ? ICMP_ECHO_REJECT_NONE : ICMP_ECHO_REJECT_OTHER;
}

/* Behind type, code and checksum. */
static void take_echo(struct rd *r, struct icmp_heard *ret)
{
	ret->echo.id = rd_be16(r);
	ret->echo.seq = rd_be16(r);
	ret->has_token = rd_ok(r) && rd_left(r) >= sizeof(ret->echo.token);
	if (ret->has_token)
		ret->echo.token = rd_be64(r);
}

/* Behind type, code and checksum of an error: the packet that did not arrive. */
static enum icmp_echo_reject take_quote(struct rd *r, uint8_t family, struct icmp_heard *ret)
{
	const uint8_t request = family == AF_INET ? ICMP_ECHO : ICMP6_ECHO_REQUEST;
	enum icmp_echo_reject reject;
	uint8_t type;

	rd_be32(r); /* unused */
	reject = family == AF_INET ? take_ipv4(r, &ret->asked) : take_ipv6(r, &ret->asked);
	if (reject != ICMP_ECHO_REJECT_NONE)
		return reject;
	type = rd_u8(r);
	rd_take(r, 3); /* code; a checksum of more than is quoted */
	take_echo(r, ret);
	if (!rd_ok(r))
		return ICMP_ECHO_REJECT_TRUNCATED;
	return type == request ? ICMP_ECHO_REJECT_NONE : ICMP_ECHO_REJECT_OTHER;
}

static enum icmp_echo_reject take_message(struct rd *r, uint8_t family, struct icmp_heard *ret)
{
	const uint8_t reply = family == AF_INET ? ICMP_ECHOREPLY : ICMP6_ECHO_REPLY;
	uint8_t type = rd_u8(r), code = rd_u8(r);

	rd_be16(r); /* the checksum */
	if (!rd_ok(r))
		return ICMP_ECHO_REJECT_TRUNCATED;
	if (type == reply && code == 0) {
		take_echo(r, ret);
		return ret->has_token ? ICMP_ECHO_REJECT_NONE : ICMP_ECHO_REJECT_TRUNCATED;
	}
	ret->why = words(family, type, code);
	return ret->why ? take_quote(r, family, ret) : ICMP_ECHO_REJECT_OTHER;
}

/*
 * Linux verifies the checksum before a raw socket of ICMPv6 has a message (rawv6_rcv()), but a raw socket
 * of ICMP gets its copy before anybody has looked (raw_local_deliver() comes before icmp_rcv()).
 */
enum icmp_echo_reject icmp_echo_parse(uint8_t family, const uint8_t *bytes, size_t len,
				      struct icmp_heard *ret)
{
	struct rd r = rd_init(bytes, len), message;
	struct icmp_heard heard = {0};
	struct addr own;
	enum icmp_echo_reject reject =
		family == AF_INET ? take_ipv4(&r, &own) : ICMP_ECHO_REJECT_NONE;

	if (reject != ICMP_ECHO_REJECT_NONE)
		return reject;
	len = rd_left(&r);
	bytes = rd_take(&r, len);
	if (family == AF_INET && checksum_fold(checksum_add(0, bytes, len)) != 0)
		return ICMP_ECHO_REJECT_CHECKSUM;
	message = rd_init(bytes, len);
	reject = take_message(&message, family, &heard);
	if (reject == ICMP_ECHO_REJECT_NONE)
		*ret = heard;
	return reject;
}
