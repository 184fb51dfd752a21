/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtual routers of one group move together: all of a node's are master, or none.
 *
 * Owns what is wrong with each member, and when one lost a tie. The shell asks two things:
 *   - after a step of a member: what the others are told (group_follow). The updates that this
 *     leads to are not followed again; each of the others has been told.
 *   - after a member's own fault came or went: what each member's fault is now (group_fault). The
 *     shell compares it with the one the election knows and gives VRRP_EVENT_FAULT or _CLEAR.
 * All members must be of the same rank: the shell gives them one priority, the least of theirs with
 * what is tracked, or they would pull in two directions.
 *
 * TIES. Of two masters of the same priority the one with the greater address wins (RFC 9568, 6.4.3),
 * each member for itself: the IPv4 address of this node may be the greater one, and the IPv6 address
 * of the other. When a split heals and their adverts cross, each node loses a member and gives up all
 * the others for its sake; both take over again after the same wait, and so on in turns. So of the
 * two nodes only one follows a member that lost by its address alone: the one whose node address in
 * the configuration is the lesser. Both read the same two addresses, so it is exactly one. The other
 * node waits:
 *   - the lesser node has lost one as well: it gives up the others with priority 0, and the node that
 *     waits takes them over after the skew, or at once at the word of a heartbeat
 *   - it has lost none: it wins all, each by its address
 *   - it does not hear us: the one that was lost hears the other master still, after 3 intervals, and
 *     is followed after all
 * A reload that makes one group of routers whose masters are on both nodes is mended in the same way:
 * the lesser node gives up the rest after 3 intervals.
 *
 * It is decided here and not in the election, whose rules stay those of the RFC for each member:
 * nothing on the wire changes, the two need not know each other's addresses on each link, and a third
 * router is met by its address as ever.
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
	uint64_t tied_us;  /* when a member lost a tie that is not followed yet; 0: none did */
};

/* A step of a member. */
struct group_step {
	const struct vrrp_update *update;
	enum vrrp_state state; /* after it */
	bool greater;	       /* this node's address is greater than the other node's */
	uint64_t now_us;
	uint64_t interval_us; /* of the member */
};

/* False, or the event for each of the others (without its time). */
bool group_follow(struct group *g, const struct group_step *s, struct vrrp_event *ret);

/* n at most GROUP_MEMBERS_MAX. */
void group_init(struct group *g, size_t n);
/* The member's own fault; VRRP_REASON_NONE when there is none. */
void group_set_fault(struct group *g, size_t member, enum vrrp_reason fault);
/* Its own, or VRRP_REASON_GROUP when another has one, or VRRP_REASON_NONE. */
enum vrrp_reason group_fault(const struct group *g, size_t member);

#endif
