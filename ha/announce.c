/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames that announce addresses, and their schedule; see announce.h. */
#include "ha/announce.h"

#include "include/rd.h"
#include "include/wr.h"

#include <sys/socket.h>

enum {
	ETHERTYPE_ARP = 0x0806,
	ETHERTYPE_IPV4 = 0x0800,
	HARDWARE_ETHERNET = 1,
	OPERATION_REQUEST = 1,
	IPV4_LEN = 4,
	ETHERTYPE_IPV6 = 0x86dd,
	IPV6_LEN = 16,
	ICMPV6 = 58,
	HOP_LIMIT = 255,	  /* RFC 4861, 7.1.2: others are not believed */
	NA_TYPE = 136,		  /* RFC 4861, 4.4 */
	NA_FLAGS = 0xa0,	  /* router, override; not solicited */
	NA_TARGET_LINK_LAYER = 2, /* RFC 4861, 4.6.1 */
	NA_LEN = 32,		  /* with that option */
};

/*
 * RFC 5227, 2.3: "An ARP Announcement is identical to the ARP Probe …, except that now the sender
 * and target IP addresses are both set to the host's newly selected IPv4 address": a request, which
 * every stack takes in, also those that drop unsolicited replies. The target hardware address is
 * ignored there; RFC 9568, 6.4.2 wants "the target link-layer address set to the Virtual Router MAC
 * address", so it is.
 */
size_t announce_arp(const struct addr *address, const struct mac *mac, uint8_t *bytes, size_t size)
{
	static const struct mac broadcast = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
	struct wr w = wr_init(bytes, size);

	if (address->family != AF_INET)
		return 0;
	wr_bytes(&w, broadcast.bytes, MAC_LEN);
	wr_bytes(&w, mac->bytes, MAC_LEN);
	wr_be16(&w, ETHERTYPE_ARP);
	wr_be16(&w, HARDWARE_ETHERNET);
	wr_be16(&w, ETHERTYPE_IPV4);
	wr_u8(&w, MAC_LEN);
	wr_u8(&w, IPV4_LEN);
	wr_be16(&w, OPERATION_REQUEST);
	wr_bytes(&w, mac->bytes, MAC_LEN);
	wr_bytes(&w, address->bytes, IPV4_LEN);
	wr_bytes(&w, mac->bytes, MAC_LEN);
	wr_bytes(&w, address->bytes, IPV4_LEN);
	return wr_ok(&w) ? wr_used(&w) : 0;
}

static uint32_t sum_words(uint32_t sum, const uint8_t *bytes, size_t len)
{
	struct rd r = rd_init(bytes, len);

	while (rd_left(&r) >= 2)
		sum += rd_be16(&r);
	return sum;
}

static void write_na(struct wr *w, const struct addr *target, const struct mac *mac, uint16_t sum)
{
	wr_u8(w, NA_TYPE);
	wr_u8(w, 0); /* code */
	wr_be16(w, sum);
	wr_be32(w, (uint32_t)NA_FLAGS << 24);
	wr_bytes(w, target->bytes, IPV6_LEN);
	wr_u8(w, NA_TARGET_LINK_LAYER);
	wr_u8(w, 1); /* in units of 8 octets */
	wr_bytes(w, mac->bytes, MAC_LEN);
}

/* RFC 4443, 2.3: over the pseudo-header of IPv6 and the message. */
static uint16_t na_checksum(const struct addr *source, const uint8_t *destination,
			    const struct mac *mac)
{
	uint8_t message[NA_LEN];
	struct wr w = wr_init(message, sizeof(message));
	uint32_t sum = NA_LEN + ICMPV6;

	write_na(&w, source, mac, 0);
	sum = sum_words(sum, source->bytes, IPV6_LEN);
	sum = sum_words(sum, destination, IPV6_LEN);
	sum = sum_words(sum, message, sizeof(message));
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/*
 * RFC 9568, 6.4.2: the advertisement is unsolicited, with the router and override flags,
 * the virtual address as target and the MAC as its link-layer address. It is sent from the address
 * itself, which is on the interface by then.
 */
size_t announce_na(const struct addr *address, const struct mac *mac, uint8_t *bytes, size_t size)
{
	static const struct mac all_nodes_mac = {{0x33, 0x33, 0, 0, 0, 1}};
	static const uint8_t all_nodes[IPV6_LEN] = {0xff, 0x02, [15] = 1};
	struct wr w = wr_init(bytes, size);

	if (address->family != AF_INET6)
		return 0;
	wr_bytes(&w, all_nodes_mac.bytes, MAC_LEN);
	wr_bytes(&w, mac->bytes, MAC_LEN);
	wr_be16(&w, ETHERTYPE_IPV6);
	wr_be32(&w, 6u << 28); /* version; no class, no label */
	wr_be16(&w, NA_LEN);
	wr_u8(&w, ICMPV6);
	wr_u8(&w, HOP_LIMIT);
	wr_bytes(&w, address->bytes, IPV6_LEN);
	wr_bytes(&w, all_nodes, IPV6_LEN);
	write_na(&w, address, mac, na_checksum(address, all_nodes, mac));
	return wr_ok(&w) ? wr_used(&w) : 0;
}

void announce_init(struct announce *a)
{
	*a = (struct announce){.due_us = ANNOUNCE_NEVER, .round_us = ANNOUNCE_NEVER};
}

void announce_start(struct announce *a, size_t n_addresses, unsigned int repeat, uint64_t now_us)
{
	bool running = a->rounds > 0 && a->n_addresses == n_addresses;

	if (n_addresses == 0 || repeat == 0) {
		announce_stop(a);
		return;
	}
	a->rounds = repeat;
	if (running)
		return;
	a->n_addresses = n_addresses;
	a->next = 0;
	a->due_us = now_us;
	if (a->round_us != ANNOUNCE_NEVER && a->round_us + ANNOUNCE_SPACING_US > now_us)
		a->due_us = a->round_us + ANNOUNCE_SPACING_US;
}

void announce_stop(struct announce *a)
{
	announce_init(a);
}

uint64_t announce_due(const struct announce *a)
{
	return a->due_us;
}

size_t announce_step(struct announce *a, uint64_t now_us, size_t *ret_first)
{
	size_t n;

	if (now_us < a->due_us)
		return 0;
	if (a->next == 0)
		a->round_us = now_us;
	n = a->n_addresses - a->next;
	if (n > ANNOUNCE_BATCH)
		n = ANNOUNCE_BATCH;
	*ret_first = a->next;
	a->next += n;
	a->due_us = now_us + ANNOUNCE_GAP_US;
	if (a->next == a->n_addresses) {
		a->next = 0;
		if (a->round_us + ANNOUNCE_SPACING_US > a->due_us)
			a->due_us = a->round_us + ANNOUNCE_SPACING_US;
		if (--a->rounds == 0)
			a->due_us = ANNOUNCE_NEVER;
	}
	return n;
}

/* --- one host alone --------------------------------------------------------------------------- */

enum { ARP_OPERATION_AT = 14 + 6, OPERATION_REPLY = 2 };

/*
 * The host is known by its MAC only, so the target address of the reply is the virtual one again, and
 * its hardware address ours: RFC 826 takes the sender in before it looks at the target, and who
 * tells gratuitous replies apart wants just that. A reply, because whoever did not heed the
 * announcements may heed what looks like an answer.
 *
 * RFC 6085, 3: a multicast datagram may go to a unicast link-layer address.
 */
size_t announce_reply(const struct addr *address, const struct mac *mac, const struct mac *to,
		      uint8_t *bytes, size_t size)
{
	bool ipv6 = address->family == AF_INET6;
	size_t len = ipv6 ? announce_na(address, mac, bytes, size)
			  : announce_arp(address, mac, bytes, size);
	struct wr w = wr_init(bytes, len);

	wr_bytes(&w, to->bytes, MAC_LEN);
	if (!ipv6 && len) {
		w = wr_init(bytes + ARP_OPERATION_AT, len - ARP_OPERATION_AT);
		wr_be16(&w, OPERATION_REPLY);
	}
	return len;
}
