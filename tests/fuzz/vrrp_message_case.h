/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A file of the corpus fuzz_vrrp_message as the arguments of vrrp_message_parse(): an octet of bits
 * (1: IPv6, 2: version 2, 4: unicast, 8: there may be a trailer), the TTL, the source, the destination, and the message.
 */
#ifndef TESTS_FUZZ_VRRP_MESSAGE_CASE_H
#define TESTS_FUZZ_VRRP_MESSAGE_CASE_H

#include "ha/vrrp_packet.h"
#include "include/rd.h"

#include <string.h>
#include <sys/socket.h>

struct vrrp_message_case {
	struct vrrp_expect expect;
	struct vrrp_ip ip;
	const uint8_t *message;
	size_t len;
	struct addr peer;
};

static inline struct addr vrrp_case_address(uint8_t family, const uint8_t *bytes)
{
	struct addr a = {.family = family};

	memcpy(a.bytes, bytes, addr_len(&a));
	return a;
}

/* False when it is too short for one. The result must stay where it is: it points to itself. */
static inline bool vrrp_message_case(const uint8_t *bytes, size_t len, struct vrrp_message_case *c)
{
	static const uint8_t own6[16] = {0xfe, 0x80, [15] = 2}, peer6[16] = {0xfe, 0x80, [15] = 3};
	struct rd r = rd_init(bytes, len);
	uint8_t bits = rd_u8(&r), family = bits & 1 ? AF_INET6 : AF_INET;
	size_t address_len = bits & 1 ? 16 : 4;
	const uint8_t *source, *destination;

	*c = (struct vrrp_message_case){.ip.ttl = rd_u8(&r)};
	source = rd_take(&r, address_len);
	destination = rd_take(&r, address_len);
	if (!source || !destination)
		return false;
	c->ip.source = vrrp_case_address(family, source);
	c->ip.destination = vrrp_case_address(family, destination);
	c->len = rd_left(&r);
	c->message = rd_take(&r, c->len);
	c->peer = bits & 1 ? vrrp_case_address(family, peer6) : addr_v4(0x0a4d0003);
	c->expect = (struct vrrp_expect){
		.version = bits & 2 ? 2 : 3,
		.virtual_router_id = 51,
		.own = bits & 1 ? vrrp_case_address(family, own6) : addr_v4(0x0a4d0002),
		.interval_ms = 1000,
		.unicast = bits & 4,
		.trailer = bits & 8,
		.peers = &c->peer,
		.n_peers = 1,
	};
	return true;
}

#endif
