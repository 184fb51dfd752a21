/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inside of a virtual router on the loop, shared by vrrp_router_uv.c (adverts, the timer and
 * the effects of a step), vrrp_vmac_uv.c (its virtual MAC address) and vrrp_uv.c (the interface, the
 * life of the router, what others call).
 * Nobody else includes this; the outside is vrrp_uv.h.
 */
#ifndef HA_VRRP_ROUTER_UV_H
#define HA_VRRP_ROUTER_UV_H

#include "ha/announce_uv.h"
#include "ha/vip_uv.h"
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

	struct vrrp core;
	struct vrrp_link link;
	bool linked; /* link was told at least once */
	bool left;   /* vrrp_router_leave() was called: never starts again */
	bool closing;

	struct vrrp_socket *socket; /* NULL: not open */
	struct vmac vmac;	    /* of use when virtual_mac */
	struct announcer announcer;
	uv_timer_t timer;   /* the core's deadline */
	uv_timer_t recheck; /* runs while something is missing */
	int open_handles;

	/* for status */
	uint64_t transitions;
	struct vrrp_cause cause;
	int64_t changed_wall_ms;
	uint64_t changed_ms;
	bool heard;
	struct addr heard_from;
	uint8_t heard_priority;
	uint64_t heard_us;
	struct err fault_error; /* text "" when there is none */
	struct err vip_error;
	struct vrrp_counters counters;
	struct log_limit reject_limits[VRRP_REJECT_COUNT];
	struct log_limit note_limits[VRRP_NOTE_COUNT];
	struct log_limit skew_limit;
	struct log_limit socket_limit;
};

/* Notes when the present state began. */
void vrrp_router_stamp(struct vrrp_router *r);
/* Gives the event to the core, at the present time, and carries out the update. */
void vrrp_router_step(struct vrrp_router *r, struct vrrp_event ev);
/* The socket may have something (also an error): reads at most READ_BUDGET datagrams. */
void vrrp_router_readable(void *owner);
/* Addresses and announcements outside of a step: a second try, or another list. */
void vrrp_router_take(struct vrrp_router *r);
void vrrp_router_release(struct vrrp_router *r);
void vrrp_router_announce(struct vrrp_router *r);
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
/* An advert to the group, from the virtual MAC address. 0 or a negative errno. */
int vrrp_vmac_send(struct vrrp_router *r, const struct vrrp_packet *p);

/* Looks at the interface and at failed addresses again after a while (in vrrp_uv.c). */
void vrrp_router_recheck(struct vrrp_router *r, uint64_t ms);

#endif
