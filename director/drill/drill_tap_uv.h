/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * drill_tap.h in the kernel: a table of its own which drops nothing, with a chain at the way out of each
 * interface to backends, behind all others, and a set in which a frame to a virtual address is counted by
 * its time. So what a silent node drops (drill_mute.h) does not count, nor what the ruleset drops; nothing
 * is copied to this process, and it needs no more of root's powers than the ruleset does.
 *
 * Frames of this node's own are told by their source; those of checks and probes, the other node's too, by
 * their TTL.
 *
 * It ends as the table of drill_mute_uv.h does: with this process, and when the time is over. It needs the
 * egress hook (Linux 5.16).
 */
#ifndef DIRECTOR_DRILL_DRILL_TAP_UV_H
#define DIRECTOR_DRILL_DRILL_TAP_UV_H

#include "director/drill/drill_tap.h"
#include "director/ruleset/nft_socket_uv.h"
#include "include/config.h"

#include <net/if.h>

#define DRILL_TAP_TABLE "director-frames"

/* Zeroed: not open. */
struct drill_tap {
	bool on;
	struct nft_socket socket;
	uint64_t wall_ahead_us; /* CLOCK_REALTIME, which the kernel notes, to our clock */
};

enum { DRILL_TAP_DEVICES_MAX = 64 /* a host with more is none that one rehearses on */ };

/* Names of interfaces, none twice. */
struct drill_tap_devices {
	char names[DRILL_TAP_DEVICES_MAX][IF_NAMESIZE];
	size_t n;
};

/* False: there is no room for it. */
bool drill_tap_add_device(struct drill_tap_devices *d, const char *name);

/* Counts frames to the addresses of virtual routers. 0, or a negative errno with the sentence. */
int drill_tap_begin(struct drill_tap *t, const struct config *c,
		    const struct drill_tap_devices *devices, uint32_t limit_ms, struct err *err);
/*
 * What was counted so far, allocated; by our clock. 0; -ESTALE: the date was set meanwhile; -E2BIG: there was
 * more than is noted; another errno: of the kernel.
 */
int drill_tap_read(struct drill_tap *t, struct tap_slot **ret, size_t *ret_n);
/* Also of one that is not open. */
void drill_tap_end(struct drill_tap *t);

#endif
