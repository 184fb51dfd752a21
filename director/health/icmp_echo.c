/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/health/icmp_echo.h"

#include "include/rd.h"
#include "include/wr.h"

#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <sys/socket.h>

enum { IPV6_HEADER = 40, NEXT_HEADER = 6, PROTOCOL = 9 };

/* RFC 1071. */
static uint16_t checksum(const uint8_t *bytes, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

void icmp_echo_build(uint8_t family, const struct icmp_echo *echo,
		     uint8_t bytes[static ICMP_ECHO_LEN])
{
	struct wr w = wr_init(bytes, ICMP_ECHO_LEN);
	uint16_t sum;

	wr_u8(&w, family == AF_INET ? ICMP_ECHO : ICMP6_ECHO_REQUEST);
	wr_u8(&w, 0);
	wr_be16(&w, 0);
	wr_be16(&w, echo->id);
	wr_be16(&w, echo->seq);
	wr_be32(&w, (uint32_t)(echo->token >> 32));
	wr_be32(&w, (uint32_t)echo->token);
	if (family != AF_INET)
		return;
	sum = checksum(bytes, ICMP_ECHO_LEN);
	w = wr_init(bytes + 2, 2);
	wr_be16(&w, sum);
}

/* The header of an IPv4 packet is taken off; false when there is no ICMP behind it. */
static bool take_ipv4(struct rd *r)
{
	const uint8_t *header = rd_take(r, 20);
	size_t options;

	if (!header || header[0] >> 4 != 4 || (header[0] & 15) < 5)
		return false;
	options = (size_t)(header[0] & 15) * 4 - 20;
	return rd_take(r, options) && header[PROTOCOL] == IPPROTO_ICMP;
}

static bool take_ipv6(struct rd *r)
{
	const uint8_t *header = rd_take(r, IPV6_HEADER);

	return header && header[0] >> 4 == 6 && header[NEXT_HEADER] == IPPROTO_ICMPV6;
}

/* The first eight octets of a message: its type, and what an echo has. */
static bool take_echo(struct rd *r, uint8_t *ret_type, uint8_t *ret_code, struct icmp_echo *ret)
{
	*ret_type = rd_u8(r);
	*ret_code = rd_u8(r);
	rd_be16(r); /* the kernel has verified the checksum of the message, and the quoted one is cut */
	ret->id = rd_be16(r);
	ret->seq = rd_be16(r);
	return rd_ok(r);
}

/* What an error of that type and code says; ICMP_ECHO_NONE: nothing about the host. */
static enum icmp_echo_kind error_kind(uint8_t family, uint8_t type)
{
	if (family == AF_INET)
		return type == ICMP_DEST_UNREACH    ? ICMP_ECHO_UNREACHABLE
		       : type == ICMP_TIME_EXCEEDED ? ICMP_ECHO_EXPIRED
						    : ICMP_ECHO_NONE;
	return type == ICMP6_DST_UNREACH     ? ICMP_ECHO_UNREACHABLE
	       : type == ICMP6_TIME_EXCEEDED ? ICMP_ECHO_EXPIRED
					     : ICMP_ECHO_NONE;
}

enum icmp_echo_kind icmp_echo_parse(uint8_t family, const uint8_t *bytes, size_t len,
				    struct icmp_echo *ret)
{
	uint8_t request = family == AF_INET ? ICMP_ECHO : ICMP6_ECHO_REQUEST;
	uint8_t reply = family == AF_INET ? ICMP_ECHOREPLY : ICMP6_ECHO_REPLY;
	struct rd r = rd_init(bytes, len);
	struct icmp_echo echo = {0};
	enum icmp_echo_kind kind;
	uint8_t type, code;

	if ((family == AF_INET && !take_ipv4(&r)) || !take_echo(&r, &type, &code, &echo))
		return ICMP_ECHO_NONE;
	if (type == reply && code == 0) {
		echo.token = rd_be64(&r);
		kind = rd_ok(&r) ? ICMP_ECHO_REPLY : ICMP_ECHO_NONE;
	} else {
		kind = error_kind(family, type);
		if (!(family == AF_INET ? take_ipv4(&r) : take_ipv6(&r)) ||
		    !take_echo(&r, &type, &code, &echo) || type != request)
			return ICMP_ECHO_NONE;
	}
	if (kind != ICMP_ECHO_NONE)
		*ret = echo;
	return kind;
}
