/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames that announce addresses, and their schedule; see announce.h. */
#include "ha/announce.h"

#include "ha/frame.h"

#include <sys/socket.h>

/* Single rounds after the burst, counted from its beginning. */
static const uint64_t follow_us[] = {ANNOUNCE_SECOND_US, ANNOUNCE_THIRD_US};

enum { N_FOLLOW = sizeof(follow_us) / sizeof(follow_us[0]) };

/*
 * RFC 5227, 2.3: "An ARP Announcement is identical to the ARP Probe …, except that now the sender
 * and target IP addresses are both set to the host's newly selected IPv4 address": a request, which
 * every stack takes in, also those that drop unsolicited replies. The target hardware address is
 * ignored there; RFC 9568, 6.4.2 wants "the target link-layer address set to the Virtual Router MAC
 * address", so it is.
 */
size_t announce_arp(const struct addr *address, const struct mac *mac, uint8_t *bytes, size_t size)
{
	const struct frame_arp f = {
		.destination = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}},
		.operation = ARP_REQUEST,
		.sender_mac = *mac,
		.sender = *address,
		.target_mac = *mac,
		.target = *address,
	};
	struct wr w = wr_init(bytes, size);

	if (address->family != AF_INET)
		return 0;
	frame_put_arp(&w, &f);
	return wr_ok(&w) ? wr_used(&w) : 0;
}

/*
 * RFC 9568, 6.4.2: the advertisement is unsolicited, with the router and override flags,
 * the virtual address as target and the MAC as its link-layer address. It is sent from the address
 * itself, which is on the interface by then.
 */
size_t announce_na(const struct addr *address, const struct mac *mac, uint8_t *bytes, size_t size)
{
	const struct frame_nd f = {
		.destination_mac = {{0x33, 0x33, 0, 0, 0, 1}},
		.source_mac = *mac,
		.destination = {.family = AF_INET6, .bytes = {0xff, 0x02, [15] = 1}},
		.source = *address,
		.type = ND_ADVERTISEMENT,
		.flags = ND_FLAGS_ROUTER_OVERRIDE,
		.target = *address,
		.has_option = true,
	};
	struct wr w = wr_init(bytes, size);

	if (address->family != AF_INET6)
		return 0;
	frame_put_nd(&w, &f);
	return wr_ok(&w) ? wr_used(&w) : 0;
}

void announce_init(struct announce *a)
{
	*a = (struct announce){.due_us = ANNOUNCE_NEVER, .round_us = ANNOUNCE_NEVER};
}

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t refresh_due(const struct announce *a)
{
	if (a->refresh_us == 0)
		return ANNOUNCE_NEVER;
	return a->round_us + later(a->refresh_us, ANNOUNCE_SPACING_US);
}

void announce_refresh(struct announce *a, uint64_t refresh_us)
{
	a->refresh_us = refresh_us;
	if (a->resting)
		a->due_us = refresh_due(a);
}

void announce_start(struct announce *a, size_t n_addresses, unsigned int repeat, uint64_t now_us)
{
	bool same = a->n_addresses == n_addresses;
	bool running = same && (a->rounds > 0 || a->next > 0);

	if (n_addresses == 0 || repeat == 0) {
		announce_stop(a);
		return;
	}
	a->rounds = repeat;
	a->follow = 0;
	a->start_us = now_us;
	if (running)
		return;
	a->n_addresses = n_addresses;
	a->next = 0;
	a->resting = false;
	a->due_us = now_us;
	if (a->round_us != ANNOUNCE_NEVER)
		a->due_us = later(now_us, a->round_us + ANNOUNCE_SPACING_US);
}

void announce_stop(struct announce *a)
{
	uint64_t refresh_us = a->refresh_us;

	announce_init(a);
	a->refresh_us = refresh_us;
}

uint64_t announce_due(const struct announce *a)
{
	return a->due_us;
}

/* When the round after the one that has just ended begins; never before the spacing is over. */
static uint64_t next_round(struct announce *a)
{
	uint64_t earliest = a->round_us + ANNOUNCE_SPACING_US;

	if (a->rounds > 0)
		a->rounds--;
	if (a->rounds > 0)
		return earliest;
	/* A burst that took longer than that has done it already. */
	while (a->follow < N_FOLLOW && a->start_us + follow_us[a->follow] <= a->round_us)
		a->follow++;
	if (a->follow < N_FOLLOW)
		return later(earliest, a->start_us + follow_us[a->follow++]);
	a->resting = true;
	return refresh_due(a);
}

size_t announce_step(struct announce *a, uint64_t now_us, size_t *ret_first)
{
	size_t n;

	if (now_us < a->due_us)
		return 0;
	if (a->next == 0) {
		a->round_us = now_us;
		a->resting = false;
	}
	n = a->n_addresses - a->next;
	if (n > ANNOUNCE_BATCH)
		n = ANNOUNCE_BATCH;
	*ret_first = a->next;
	a->next += n;
	a->due_us = now_us + ANNOUNCE_GAP_US;
	if (a->next == a->n_addresses) {
		a->next = 0;
		a->due_us = later(a->due_us, next_round(a));
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
