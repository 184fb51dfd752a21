/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames to virtual addresses that this node forwards while a drill lasts: how many in each slot of half
 * a millisecond, as the kernel counts them where they go out (drill_tap_uv.h), and what is told of that.
 *
 * Both directors forward all the time, so a frame that one of them forwards says nothing of who is the
 * master. What counts is
 *
 *     the first one that the new master forwards once it is master;
 *     the last one that the old one forwards;
 *     stragglers, which come to the old one too late: to one that has handed over in order, after the
 *     new master has announced the addresses; to one that is to be silent, after it has fallen silent.
 *
 * Pure.
 */
#ifndef DIRECTOR_DRILL_DRILL_TAP_H
#define DIRECTOR_DRILL_DRILL_TAP_H

#include "director/drill/drill.h"

#define DRILL_TAP_NEVER UINT64_MAX

enum {
	DRILL_TAP_SLOT_BITS = 19,    /* a slot is 2^19 ns */
	DRILL_TAP_SLOTS_MAX = 65536, /* 34 s of traffic without a pause; a drill ends sooner */
	DRILL_TAP_HALF_US = (1 << DRILL_TAP_SLOT_BITS) / 1000 / 2,
	/* The directors' own, which go to virtual addresses, too, are not younger (vip_frame.h). */
	DRILL_TAP_TTL = 8,
	/* The new master's record waits so long for a first frame: clients whose frames were lost send them again later. */
	DRILL_TAP_WAIT_US = 600000,
	DRILL_TAP_SPARE_US = 300000, /* … but leaves so much of the limit */
};

struct tap_slot {
	uint64_t at_us; /* its middle */
	uint64_t frames;
};

/*
 * Of slots in any order: the last frame and, from after_us on, stragglers of a node that yields; the
 * first frame from after_us on of the other one. Sight, time and stragglers in *ret; the rest stays.
 */
void drill_tap_tally(const struct tap_slot *slots, size_t n, bool yields, uint64_t after_us,
		     struct sync_tally *ret);

/*
 * On the node that lets go: when the new master had announced all its addresses, by our clock; by the
 * record that it has told or that it tells just now (or NULL). DRILL_TAP_NEVER: not known.
 */
uint64_t drill_tap_settled_us(const struct drill *d, const struct sync_drill *told);

/* True when a step with this event may complete the record of this node. */
bool drill_tap_is_last_look(const struct drill *d, const struct drill_event *ev, uint64_t now_us);

#endif
