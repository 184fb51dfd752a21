/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames of address resolution: ARP (RFC 826) and neighbour discovery (RFC 4861) in Ethernet.
 *
 * Writes them, whole or not at all (wr_ok()); what they are good for is announce.h's and claim.h's
 * business. Never sends.
 */
#ifndef HA_FRAME_H
#define HA_FRAME_H

#include "include/addr.h"
#include "include/wr.h"

enum {
	FRAME_ARP_LEN = 42, /* Ethernet header and ARP; the device pads */
	FRAME_ND_LEN = 78,  /* Ethernet, IPv6, a message without options */
	FRAME_ND_OPTION_LEN = 8,
	FRAME_ETHERNET_LEN = 14,
	FRAME_IPV6_LEN = 40,

	FRAME_TYPE_ARP = 0x0806,
	FRAME_TYPE_IPV4 = 0x0800,
	FRAME_TYPE_IPV6 = 0x86dd,

	ARP_ETHERNET = 1, /* hardware address space */
	ARP_REQUEST = 1,
	ARP_REPLY = 2,

	ND_ICMPV6 = 58,
	ND_HOP_LIMIT = 255, /* RFC 4861, 7.1: others are not believed */
	ND_SOLICITATION = 135,
	ND_ADVERTISEMENT = 136,
	ND_FLAGS_ROUTER_OVERRIDE = 0xa0, /* not solicited */
	ND_SOURCE_LINK_LAYER = 1,	 /* RFC 4861, 4.6.1 */
	ND_TARGET_LINK_LAYER = 2,
};

struct frame_arp {
	struct mac destination; /* of the frame */
	uint16_t operation;
	struct mac sender_mac; /* and the frame's source */
	struct addr sender, target;
	struct mac target_mac;
};

struct frame_nd {
	struct mac destination_mac, source_mac;
	struct addr destination, source; /* all zero: unspecified */
	uint8_t type;			 /* ND_… */
	uint8_t flags;
	struct addr target;
	/* A solicitation's source, an advertisement's target has the link-layer address source_mac. */
	bool has_option;
};

void frame_put_arp(struct wr *w, const struct frame_arp *f);
void frame_put_nd(struct wr *w, const struct frame_nd *f);
/*
 * RFC 4443, 2.3: over the pseudo-header of IPv6 and the message. Of a message that holds its own
 * checksum the result is 0 when that is right.
 */
uint16_t frame_icmpv6_checksum(const uint8_t *source, const uint8_t *destination,
			       const uint8_t *message, size_t len);

#endif
