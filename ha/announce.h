/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Telling the link where the virtual addresses live: which frames, and when to send them.
 *
 * Owns the frame formats (gratuitous ARP, unsolicited neighbour advertisement) and the schedule, a
 * pure function of time. Never sends and never looks at a clock.
 *
 * A burst is `repeat` rounds, one frame per address in each. The first round starts at once, the
 * others ANNOUNCE_SPACING_US apart: one lost frame, or a host that just then hears the old owner,
 * costs 200 ms. Two single rounds follow, a second and five seconds after the burst began: a switch
 * or a host that only then is back has heard nothing of it. From then on there is a round at every
 * refresh, because hosts forget and some never ask. Inside a round frames leave in batches, because
 * switches limit the rate of ARP.
 */
#ifndef HA_ANNOUNCE_H
#define HA_ANNOUNCE_H

#include "ha/frame.h"
#include "include/addr.h"

enum {
	ANNOUNCE_ARP_LEN = FRAME_ARP_LEN,
	ANNOUNCE_NA_LEN = FRAME_ND_LEN + FRAME_ND_OPTION_LEN,
	ANNOUNCE_BATCH = 8,		  /* frames sent back to back */
	ANNOUNCE_GAP_US = 10 * 1000,	  /* between batches: 800 frames a second at most */
	ANNOUNCE_SPACING_US = 200 * 1000, /* from the beginning of a round to that of the next */
	ANNOUNCE_SECOND_US = 1000 * 1000, /* after the beginning of the burst */
	ANNOUNCE_THIRD_US = 5000 * 1000,
};

#define ANNOUNCE_NEVER UINT64_MAX

struct announce {
	size_t n_addresses;
	unsigned int rounds; /* of the burst, still to begin or in progress */
	unsigned int follow; /* the single round after the burst that is next */
	uint64_t start_us;   /* when the burst was asked for */
	uint64_t refresh_us; /* 0: never */
	bool resting;	     /* nothing but the refresh is due */
	size_t next;	     /* next address of this round */
	uint64_t due_us;     /* of the next batch */
	uint64_t round_us;   /* when the last round began, or ANNOUNCE_NEVER */
};

/* The frame that announces an IPv4 address at mac. Its length, or 0 when it does not fit. */
size_t announce_arp(const struct addr *address, const struct mac *mac, uint8_t *bytes, size_t size);
/* The same for IPv6, to all nodes of the link: flags router and override (RFC 9568, 6.4.2). */
size_t announce_na(const struct addr *address, const struct mac *mac, uint8_t *bytes, size_t size);

void announce_init(struct announce *a);
/* How long after a round the next one follows when nothing else is due; 0: never, the default. */
void announce_refresh(struct announce *a, uint64_t refresh_us);
/*
 * A burst from now on. While one is running it is prolonged to `repeat` rounds, and a new one keeps
 * the spacing to the last round: however often it is called, the rate stays bounded.
 */
void announce_start(struct announce *a, size_t n_addresses, unsigned int repeat, uint64_t now_us);
/* The addresses are not ours any more; the next burst starts at once again. Keeps the refresh. */
void announce_stop(struct announce *a);
/* When announce_step() has something to do, or ANNOUNCE_NEVER. */
uint64_t announce_due(const struct announce *a);
/* The frames to send now are those of the addresses *ret_first … + the returned number. */
size_t announce_step(struct announce *a, uint64_t now_us, size_t *ret_first);

/*
 * For one host alone, which has not heard where the address is: an ARP reply, or the neighbour
 * advertisement as above, at that host's MAC. Its length, or 0 when it does not fit.
 */
size_t announce_reply(const struct addr *address, const struct mac *mac, const struct mac *to,
		      uint8_t *bytes, size_t size);

#endif
