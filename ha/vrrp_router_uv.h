/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inside of a virtual router on the loop, shared by vrrp_router_uv.c (adverts, the timer and
 * the effects of a step), vrrp_vip_uv.c (the addresses: lease, announcements, who else claims them),
 * vrrp_vmac_uv.c (its virtual MAC address), vrrp_beside_uv.c (what others than the network tell) and
 * vrrp_uv.c (the interface, the life of the router, what others call).
 * Nobody else includes this; the outside is vrrp_uv.h.
 */
#ifndef HA_VRRP_ROUTER_UV_H
#define HA_VRRP_ROUTER_UV_H

#include "ha/announce_uv.h"
#include "ha/claim_uv.h"
#include "ha/deadline_uv.h"
#include "ha/lease.h"
#include "ha/vip_uv.h"
#include "ha/vip_watch_uv.h"
#include "ha/vmac_uv.h"
#include "ha/vrrp_socket_uv.h"
#include "ha/vrrp_uv.h"
#include "include/log.h"

enum {
	READ_BUDGET = 32,	/* datagrams per wake-up: a flood must not starve the timer */
	RECHECK_MS = 1000,	/* how often a fault or a failed address is looked at again */
	DEFAULT_PRIORITY = 100, /* RFC 9568, 5.2.4 */
	NAME_MAX_LEN = CONFIG_NAME_MAX + 16, /* "vrrp ", the name, " (IPv6)" */
};

struct vrrp_router {
	uv_loop_t *loop;
	struct vrrp_router_ops ops;
	void *owner;

	/* copied from the configuration */
	char section[CONFIG_NAME_MAX + 1];
	uint32_t tag;		 /* heartbeat_tag() of it */
	char name[NAME_MAX_LEN]; /* "vrrp web": begins every line in the log */
	char interface[CONFIG_IFNAME_MAX + 1];
	uint8_t virtual_router_id;
	uint8_t version;
	uint8_t family; /* of its addresses and of its adverts */
	bool unicast;
	bool virtual_mac;
	uint8_t garp_repeat;
	struct addr configured; /* the node's address; family 0: the interface's first */
	struct addr peers[CONFIG_NODES_MAX]; /* the other nodes */
	size_t n_peers;
	struct vip_set vips;

	struct vrrp_auth auth;
	struct vrrp_auth_seen seen; /* when nobody gave a longer-lived one */

	/* from beside */
	uint8_t own_priority;	    /* of the configuration */
	uint8_t tracked;	    /* in its place; 0: none */
	char track_fault[160];	    /* "" when what is tracked is well enough */
	bool group_fault;	    /* another one of the group has one */
	enum vrrp_reason own_fault; /* what judge() has found last, without the group */
	uint64_t let_go_us;	    /* when it let the addresses go with a goodbye; 0: never */

	struct vrrp core;
	struct vrrp_link link;
	bool linked; /* link was told at least once */
	bool left;   /* vrrp_router_leave() was called: never starts again */
	bool closing;

	struct vrrp_socket *socket; /* NULL: not open */
	struct vmac vmac;	    /* of use when virtual_mac */
	struct announcer announcer;
	struct deadline deadline; /* the core's */
	struct claimer claimer;
	struct vip_listener listener;
	struct lease lease;
	uv_timer_t lease_timer;
	void (*vips_closed)(void *owner);
	uv_timer_t recheck; /* runs while something is missing */
	int open_handles;

	/* for status */
	uint64_t transitions;
	enum vrrp_state from; /* before the present state */
	uint64_t rival_us;    /* when another master was heard that goes; 0: none was */
	struct vrrp_cause cause;
	int64_t changed_wall_ms;
	uint64_t changed_ms;
	bool heard;
	struct addr heard_from;
	uint8_t heard_priority;
	uint64_t heard_us;
	uint64_t skewed_us; /* when a clock was seen that is far from ours; 0: never */
	int32_t skew_s;
	uint64_t auth_failed_us; /* when an advert under another key came; 0: never */
	struct err fault_error;	 /* text "" when there is none */
	struct err vip_error;
	struct err vmac_error;	/* its device is not up, or not down */
	struct err claim_error; /* another host has our addresses, too */
	struct vrrp_counters counters;
	struct log_limit reject_limits[VRRP_REJECT_COUNT];
	struct log_limit note_limits[VRRP_NOTE_COUNT];
	struct log_limit skew_limit;
	struct log_limit trouble_limit;
	struct log_limit socket_limit;
	struct log_limit lost_limit;
	struct log_limit claim_limit;
	struct log_limit backend_limit; /* a backend's claims */
};

/* Notes when the present state began. */
void vrrp_router_stamp(struct vrrp_router *r);
/* Gives the event to the core, at the present time, and carries out the update. */
void vrrp_router_step(struct vrrp_router *r, struct vrrp_event ev);
/* The core's deadline has come (a deadline's callback). */
void vrrp_router_expired(void *owner, uint64_t late_us);
/* With what is tracked. */
uint8_t vrrp_router_priority(const struct vrrp_router *r);
/* The socket may have something (also an error): reads at most READ_BUDGET datagrams. */
void vrrp_router_readable(void *owner);
/* Whether the router can work, as far as can be seen now; tells the core (in vrrp_uv.c). */
void vrrp_router_judge(struct vrrp_router *r);

/* In vrrp_vip_uv.c. */
int vrrp_vips_init(struct vrrp_router *r, struct err *err);
/* What may change while the router runs. */
void vrrp_vips_configure(struct vrrp_router *r, const struct vrrp_setup *setup);
void vrrp_vips_link(struct vrrp_router *r);
void vrrp_vips_close(struct vrrp_router *r, void (*closed)(void *owner));
/* Puts the addresses that are missing. */
void vrrp_router_take(struct vrrp_router *r);
void vrrp_router_release(struct vrrp_router *r);
void vrrp_router_announce(struct vrrp_router *r);
/* Asks who else has the addresses; before they are announced for the first time. */
void vrrp_router_claim(struct vrrp_router *r);
/* The lease ends with the interface. */
void vrrp_router_forget(struct vrrp_router *r);
/* A sign of life of another router: a lone lease is over. */
void vrrp_router_heard(struct vrrp_router *r);
/* For status: its part about the addresses. */
void vrrp_vips_view(const struct vrrp_router *r, struct vrrp_view *ret);

/* In vrrp_vmac_uv.c. The interface that the addresses are on, and the MAC address they are told with. */
unsigned int vrrp_router_home(const struct vrrp_router *r);
const struct mac *vrrp_router_mac(const struct vrrp_router *r);
/* The rest does nothing without virtual-mac. The device is there, or is made. 0 or a negative errno. */
int vrrp_vmac_open(struct vrrp_router *r, struct err *err);
/* Somebody removed the device. */
bool vrrp_vmac_is_lost(const struct vrrp_router *r);
/* The device is up before the first advert and before the addresses come. */
void vrrp_vmac_take(struct vrrp_router *r);
/* After a step; heard: another master was. The device goes down when it is not of use any more. */
void vrrp_vmac_follow(struct vrrp_router *r, bool heard);
/* What has failed is tried again. True: the device of a master is up now. */
bool vrrp_vmac_again(struct vrrp_router *r);
/* An advert to the group, from the virtual MAC address. 0 or a negative errno. */
int vrrp_vmac_send(struct vrrp_router *r, const struct vrrp_packet *p);

/* Looks at the interface and at failed addresses again after a while (in vrrp_uv.c). */
void vrrp_router_recheck(struct vrrp_router *r, uint64_t ms);

#endif
