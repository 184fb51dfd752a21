/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Gratuitous ARP frames and their schedule; see announce.h. */
#include "ha/announce.h"

#include "include/wr.h"

#include <sys/socket.h>

enum {
	ETHERTYPE_ARP = 0x0806,
	ETHERTYPE_IPV4 = 0x0800,
	HARDWARE_ETHERNET = 1,
	OPERATION_REQUEST = 1,
	IPV4_LEN = 4,
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
