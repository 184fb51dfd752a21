/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inside of the election, shared by vrrp.c (waits, what leads from one state to another),
 * vrrp_backup.c and vrrp_master.c (what happens in those states). Nobody else includes this; the
 * outside, with the table of transitions, is vrrp.h.
 */
#ifndef HA_VRRP_INSIDE_H
#define HA_VRRP_INSIDE_H

#include "ha/vrrp.h"
#include "ha/vrrp_packet.h"

enum {
	SILENCE_INTERVALS = 3, /* Active_Down_Interval = 3 * Active_Adver_Interval + Skew_Time */
	FRESH_INTERVALS = 2,   /* one heartbeat each interval: one may be lost */
	SECOND_US = 1000 * 1000,
	YIELD_INTERVALS = 2, /* more than any Skew_Time, which is less than one interval */
};

struct vrrp_update vrrp_backup_step(struct vrrp *v, const struct vrrp_event *ev);
struct vrrp_update vrrp_master_step(struct vrrp *v, const struct vrrp_event *ev);

bool vrrp_is_owner(const struct vrrp *v);
/* A heartbeat that says "master" now, and not of the time before its router went. */
bool vrrp_peer_is_master(const struct vrrp *v, const struct vrrp_event *ev);
/* The end of the one that was last heard as master. */
bool vrrp_peer_leaves(const struct vrrp *v, const struct vrrp_event *ev);
/* Whoever it was is master no more: what it said before counts no longer. */
void vrrp_note_left(struct vrrp *v, const struct addr *who, uint64_t now_us);
void vrrp_note_held(struct vrrp *v, const struct vrrp_event *ev);

/* Pieces of an update. */
uint64_t vrrp_wait_length_us(const struct vrrp *v);
void vrrp_keep_waiting(const struct vrrp *v, struct vrrp_update *u);
void vrrp_wait_for(struct vrrp *v, struct vrrp_update *u, enum vrrp_wait wait, uint64_t now_us);
void vrrp_send_advert(struct vrrp_update *u, uint8_t priority);
void vrrp_go(struct vrrp *v, struct vrrp_update *u, enum vrrp_state to, struct vrrp_cause cause);
struct vrrp_cause vrrp_because(enum vrrp_reason reason);
struct vrrp_cause vrrp_because_of_advert(enum vrrp_reason reason, const struct vrrp_event *ev);
struct vrrp_cause vrrp_because_of_peer(enum vrrp_reason reason, const struct vrrp_event *ev);

/* Transitions. */
struct vrrp_update vrrp_become_master(struct vrrp *v, uint64_t now_us, struct vrrp_cause cause);
/* Nothing is known of any master, its interval is taken to be the own one. */
void vrrp_forget_master(struct vrrp *v);
/* Ends in `to`, where nothing is waited for; the addresses are given up when they were held. */
struct vrrp_update vrrp_stop(struct vrrp *v, const struct vrrp_event *ev, enum vrrp_state to,
			     enum vrrp_reason reason);
/* From master to backup, although no better master was heard. */
struct vrrp_update vrrp_withdraw(struct vrrp *v, uint64_t now_us, struct vrrp_cause cause);
/* The master is heard: another wait for its silence begins. */
void vrrp_respect(struct vrrp *v, struct vrrp_update *u, const struct addr *master,
		  uint64_t interval_us, uint64_t now_us);

#endif
