/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtual routers of one group move together: all of a node's are master, or none.
 *
 * Owns what is wrong with each member. The shell asks two things:
 *   - after a step of a member: what the others are told (group_follow). The updates that this
 *     leads to are not followed again; each of the others has been told.
 *   - after a member's own fault came or went: what each member's fault is now (group_fault). The
 *     shell compares it with the one the election knows and gives VRRP_EVENT_FAULT or _CLEAR.
 * All members must be of the same rank: the shell gives them one priority, the least of theirs with
 * what is tracked, or they would pull in two directions.
 */
#ifndef HA_GROUP_H
#define HA_GROUP_H

#include "ha/vrrp.h"

#include <stddef.h>

enum { GROUP_MEMBERS_MAX = 510 }; /* 255 sections, of two families each */

struct group {
	size_t n;
	enum vrrp_reason faults[GROUP_MEMBERS_MAX]; /* each member's own */
	uint64_t alive_us; /* the shell's: when they were told last that their master is alive */
};

/*
 * The step of a member from which `u` came, now in state `now`: false, or the event for each of the
 * others (without its time).
 */
bool group_follow(enum vrrp_state now, const struct vrrp_update *u, struct vrrp_event *ret);

/* n at most GROUP_MEMBERS_MAX. */
void group_init(struct group *g, size_t n);
/* The member's own fault; VRRP_REASON_NONE when there is none. */
void group_set_fault(struct group *g, size_t member, enum vrrp_reason fault);
/* Its own, or VRRP_REASON_GROUP when another has one, or VRRP_REASON_NONE. */
enum vrrp_reason group_fault(const struct group *g, size_t member);

#endif
