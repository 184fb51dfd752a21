/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The frames of claim.h: questions, and what others say. */
#include "ha/claim.h"

#include "include/rd.h"

#include <string.h>
#include <sys/socket.h>

enum { IPV4_LEN = 4, IPV6_LEN = 16, IPV6_VERSION = 6, OPTION_UNIT = 8 };

const char *claim_reject_name(enum claim_reject r)
{
	static const char *const names[] = {
#define X(id, name, text) [CLAIM_REJECT_##id] = (name),
		CLAIM_REJECT_LIST(X)
#undef X
	};

	return r < CLAIM_REJECT_COUNT ? names[r] : "?";
}

/* --- what others say -------------------------------------------------------------------------- */

static struct addr take_address(struct rd *r, uint8_t family, size_t len)
{
	struct addr a = {.family = family};
	const uint8_t *bytes = rd_take(r, len);

	if (bytes)
		memcpy(a.bytes, bytes, len);
	return a;
}

static struct mac take_mac(struct rd *r)
{
	struct mac m = {{0}};
	const uint8_t *bytes = rd_take(r, MAC_LEN);

	if (bytes)
		memcpy(m.bytes, bytes, MAC_LEN);
	return m;
}

static bool is_zero(const struct addr *a)
{
	static const uint8_t zero[IPV6_LEN];

	return memcmp(a->bytes, zero, addr_len(a)) == 0;
}

/*
 * RFC 5227, 2.4: any ARP packet, request or reply, whose sender IP address is the host's own, and
 * whose sender hardware address is not, conflicts.
 */
static enum claim_reject parse_arp(struct rd *r, struct claim_who *ret)
{
	uint16_t hardware = rd_be16(r), protocol = rd_be16(r);
	uint8_t hardware_len = rd_u8(r), protocol_len = rd_u8(r);
	uint16_t operation = rd_be16(r);

	if (!rd_ok(r))
		return CLAIM_REJECT_TRUNCATED;
	if (hardware != ARP_ETHERNET || protocol != FRAME_TYPE_IPV4 || hardware_len != MAC_LEN ||
	    protocol_len != IPV4_LEN)
		return CLAIM_REJECT_KIND;
	if (operation != ARP_REQUEST && operation != ARP_REPLY)
		return CLAIM_REJECT_OTHER;
	ret->mac = take_mac(r);
	ret->address = take_address(r, AF_INET, IPV4_LEN);
	rd_take(r, MAC_LEN + IPV4_LEN); /* the target */
	if (!rd_ok(r))
		return CLAIM_REJECT_TRUNCATED;
	return is_zero(&ret->address) ? CLAIM_REJECT_PROBE : CLAIM_REJECT_NONE;
}

/* The MAC is that of the option, or without one the frame's source. */
static enum claim_reject parse_options(struct rd *r, struct mac *ret)
{
	while (rd_left(r) > 0) {
		uint8_t type = rd_u8(r), units = rd_u8(r);
		struct rd option;
		const uint8_t *bytes;

		if (!rd_ok(r))
			return CLAIM_REJECT_TRUNCATED;
		/* RFC 4861, 4.6: "Nodes MUST silently discard an ND packet that contains an option
		 * with length zero." */
		if (units == 0)
			return CLAIM_REJECT_OPTION;
		bytes = rd_take(r, (size_t)units * OPTION_UNIT - 2);
		if (!bytes)
			return CLAIM_REJECT_TRUNCATED;
		option = rd_init(bytes, (size_t)units * OPTION_UNIT - 2);
		if (type == ND_TARGET_LINK_LAYER)
			*ret = take_mac(&option);
	}
	return CLAIM_REJECT_NONE;
}

static enum claim_reject parse_message(const uint8_t *bytes, size_t len, struct claim_who *ret)
{
	struct rd r = rd_init(bytes, len);
	uint8_t type = rd_u8(&r);

	rd_take(&r, 7); /* code, checksum, flags */
	ret->address = take_address(&r, AF_INET6, IPV6_LEN);
	if (!rd_ok(&r))
		return CLAIM_REJECT_TRUNCATED;
	if (type != ND_ADVERTISEMENT)
		return CLAIM_REJECT_OTHER;
	return parse_options(&r, &ret->mac);
}

/* Only what follows the IPv6 header directly: RFC 4861 puts nothing in between. */
static enum claim_reject parse_ipv6(struct rd *r, struct claim_who *ret)
{
	uint32_t first = rd_be32(r);
	uint16_t len = rd_be16(r);
	uint8_t next = rd_u8(r), hop_limit = rd_u8(r);
	const uint8_t *source = rd_take(r, IPV6_LEN), *destination = rd_take(r, IPV6_LEN);
	const uint8_t *message;

	if (!source || !destination)
		return CLAIM_REJECT_TRUNCATED;
	if (first >> 28 != IPV6_VERSION || next != ND_ICMPV6)
		return CLAIM_REJECT_OTHER;
	if (hop_limit != ND_HOP_LIMIT)
		return CLAIM_REJECT_HOP_LIMIT;
	message = rd_take(r, len);
	if (!message)
		return CLAIM_REJECT_TRUNCATED;
	if (frame_icmpv6_checksum(source, destination, message, len) != 0)
		return CLAIM_REJECT_CHECKSUM;
	return parse_message(message, len, ret);
}

enum claim_reject claim_parse(const uint8_t *bytes, size_t len, struct claim_who *ret)
{
	struct rd r = rd_init(bytes, len);
	struct claim_who who = {0};
	enum claim_reject reject = CLAIM_REJECT_OTHER;
	uint16_t type;

	rd_take(&r, MAC_LEN); /* destination */
	who.mac = take_mac(&r);
	type = rd_be16(&r);
	if (!rd_ok(&r))
		return CLAIM_REJECT_TRUNCATED;
	if (type == FRAME_TYPE_ARP)
		reject = parse_arp(&r, &who);
	else if (type == FRAME_TYPE_IPV6)
		reject = parse_ipv6(&r, &who);
	if (reject == CLAIM_REJECT_NONE && !mac_is_unicast(&who.mac))
		reject = CLAIM_REJECT_MAC;
	if (reject == CLAIM_REJECT_NONE)
		*ret = who;
	return reject;
}

/* --- questions -------------------------------------------------------------------------------- */

static const struct mac broadcast = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

static void put_arp_request(struct wr *w, const struct addr *node, const struct addr *from,
			    const struct mac *own)
{
	const struct frame_arp f = {
		.destination = broadcast,
		.operation = ARP_REQUEST,
		.sender_mac = *own,
		.sender = *from,
		.target = *node,
	};

	frame_put_arp(w, &f);
}

/*
 * To the solicited-node multicast address of the target (RFC 4291, 2.7.1: ff02::1:ff and its last three
 * octets). From the unspecified address without an option (RFC 4861, 4.3).
 */
static void put_solicitation(struct wr *w, const struct addr *address, const struct addr *from,
			     const struct mac *own)
{
	const uint8_t *last = address->bytes + IPV6_LEN - 3;
	const struct frame_nd f = {
		.destination_mac = {{0x33, 0x33, 0xff, last[0], last[1], last[2]}},
		.source_mac = *own,
		.destination = {.family = AF_INET6,
				.bytes = {0xff, 0x02, [11] = 1, 0xff, last[0], last[1], last[2]}},
		.source = *from,
		.type = ND_SOLICITATION,
		.target = *address,
		.has_option = !is_zero(from),
	};

	frame_put_nd(w, &f);
}

size_t claim_ask(const struct addr *node, const struct addr *from, const struct mac *own,
		 uint8_t *bytes, size_t size)
{
	struct wr w = wr_init(bytes, size);

	if (node->family != from->family)
		return 0;
	if (node->family == AF_INET6)
		put_solicitation(&w, node, from, own);
	else
		put_arp_request(&w, node, from, own);
	return wr_ok(&w) ? wr_used(&w) : 0;
}

/*
 * The same question of nobody, so that no host takes us for the owner already. RFC 5227, 2.1.1: "The
 * 'sender IP address' field MUST be set to all zeroes"; RFC 4862, 5.4.2: from the unspecified address.
 */
size_t claim_probe(const struct addr *address, const struct mac *own, uint8_t *bytes, size_t size)
{
	const struct addr nobody = {.family = address->family};

	return claim_ask(address, &nobody, own, bytes, size);
}
