/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The gap of a drill at the service itself. While it lasts each of both directors, for as long as it is
 * not the master, asks a service as a client does, by way of the other one:
 *
 *     this node --SYN--> MAC of the other director --the packet path--> a backend
 *     this node <--------------------SYN and ACK---------------------- the backend
 *
 * and resets what was opened, before the service sees it. So the node that is to take over sees when the
 * way by the old master ends, and the old master when the one by the new master is there; an attempt by
 * that counts only from when the new one is master, for a director forwards before its address is known.
 *
 * Nobody but a farm's own virtual address is probed, in a drill that this node has accepted, and no more
 * than DRILL_PROBE_MAX times.
 *
 * Pure: what to send and what was heard are segments (vip_frame.h), the time is an argument.
 */
#ifndef DIRECTOR_DRILL_DRILL_PROBE_H
#define DIRECTOR_DRILL_DRILL_PROBE_H

#include "director/health/vip_filter.h"
#include "director/health/vip_frame.h"
#include "include/config.h"
#include "include/sync.h"
#include "proto/codec.h"

enum {
	DRILL_PROBE_EVERY_MS = 4,
	DRILL_PROBE_MAX = 7500,	       /* attempts of a node in one drill: 30 s */
	DRILL_PROBE_ANSWER_US = 10000, /* a younger attempt may be answered yet */
	DRILL_PROBE_LEARN_US = 5000,   /* for the network to learn where the new master is */
};

struct drill_target {
	struct addr vip; /* family 0: nothing is probed */
	uint16_t port;
};

/* --- may it be probed? ------------------------------------------------------------------------ */

/* The section of the virtual router that has the address; NULL with the sentence: why not. */
const struct config_vrrp *drill_probe_section(const struct config *c, uint8_t kind,
					      const struct drill_target *t,
					      char why[static SYNC_WHY_MAX]);
/* Where frames to the address go when the other node has it; there: its interface's MAC. */
struct mac drill_probe_way(const struct config_vrrp *section, uint8_t family,
			   const struct mac *there);

/* --- attempts of one node --------------------------------------------------------------------- */

struct drill_attempt {
	uint64_t at_us;
	bool good;
};

struct drill_probe {
	struct drill_target target;
	struct addr own;
	struct mac own_mac, way;
	uint16_t ports[VIP_PORTS];
	uint32_t isn; /* of the first one; drawn at random */
	size_t n;
	struct drill_attempt attempts[DRILL_PROBE_MAX];
};

/* The next attempt, to be sent now. False: there were enough. */
bool drill_probe_next(struct drill_probe *p, uint64_t now_us, struct vip_segment *ret);
/* True: it answers an attempt of ours. */
bool drill_probe_hear(struct drill_probe *p, const struct vip_segment *in);
/*
 * What came of them so far; the last spans of those that there are when last, else the first ones.
 * How many.
 */
size_t drill_probe_spans(const struct drill_probe *p, uint64_t now_us, bool last,
			 struct sync_span ret[static SYNC_SPANS_MAX]);

/* --- what both saw ---------------------------------------------------------------------------- */

struct drill_gap_ask {
	const struct sync_span *old_way; /* as the node that takes over saw it */
	size_t n_old;
	const struct sync_span *new_way; /* as the one that let go did */
	size_t n_new;
	int64_t old_ahead_us; /* the clock of the one that takes over, to that of the other one */
	bool has_master;
	uint64_t master_us; /* when it was, by its own clock */
};

/*
 * From the last good attempt by the old master to the first good one by the new; 0 when none between
 * them was lost. *ret is set only when it is known.
 */
enum drill_gap drill_probe_gap(const struct drill_gap_ask *ask, uint64_t *ret_us);

#endif
