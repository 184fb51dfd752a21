/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * This node's virtual routers and the other node: what the routers tell each other and the
 * heartbeats, and the heartbeats them.
 *
 *   a router lets its addresses go       -> a heartbeat at once that names the successor
 *   a heartbeat's word of a router       -> that router's election (VRRP_EVENT_PEER)
 *   the other node is heard, or not      -> the leases of all routers, and who may answer for VIPs
 *   a step of a router of a group        -> the others of its group (group.h)
 *   hosts that send to the wrong node    -> the router that owns the address tells them
 *   a router serves (again)              -> it does not preempt before its gate opens (gate.h)
 *
 * Owns the heartbeats; the routers are made and ended by the caller, with pair_router_ops() and the
 * pair as their owner. Decides nothing about the election. All of it belongs to the election
 * thread.
 */
#ifndef HA_PAIR_UV_H
#define HA_PAIR_UV_H

#include "ha/heartbeat_uv.h"
#include "ha/vrrp_uv.h"
#include "proto/cluster_key.h"

struct pair;

enum { PAIR_STRAGGLERS_MAX = 1024 };

/* Called on the election thread; each may be NULL. */
struct pair_ops {
	/* The state of a router, or what is known of the other node. */
	void (*changed)(void *owner);
	/* The state of a router: each change of it, in order. */
	void (*moved)(void *owner, const struct vrrp_router *r);
	void (*late)(void *owner, uint64_t late_us);
};

/* Borrowed for the call. */
struct pair_setup {
	const struct config_cluster *cluster; /* NULL: standalone */
	const struct config_node *self;
	const struct cluster_keys *keys; /* none: no heartbeats */
};

/* A router and what the pair is to know of it. Borrowed for the call. */
struct pair_router {
	struct vrrp_router *router;
	const char *group; /* "": none */
	uint32_t preempt_delay_ms;
};

/* The heartbeats' state of the other node, for status; strings as in heartbeat_view. */
struct pair_view {
	bool configured; /* there are heartbeats */
	struct heartbeat_view peer;
};

int pair_new(uv_loop_t *loop, const struct pair_ops *ops, void *owner, struct pair **ret,
	     struct err *err);
const struct vrrp_router_ops *pair_router_ops(void);
/*
 * The routers from now on, in place of the last ones. 0 or a negative errno with the sentence; then
 * there are none.
 */
int pair_set_routers(struct pair *p, const struct pair_router *routers, size_t n, struct err *err);
/* Heartbeats as they shall be; when only keys or intervals differ, the session goes on. */
int pair_configure(struct pair *p, const struct pair_setup *setup, struct err *err);
/* Whether a backend behind the i-th router's interface answers. */
void pair_lan_answers(struct pair *p, size_t router, bool answers);
/* The tables of the other node are here, or none are needed. */
void pair_in_sync(struct pair *p, bool in_sync);
/* What is known here of the i-th router's tracked farms. */
void pair_farms(struct pair *p, size_t router, const struct track_farms *farms);
/*
 * The same of the other node, by its last word. False when it is not known, or the router could not
 * be master there.
 */
bool pair_peer_farms(const struct pair *p, size_t router, struct track_farms *ret);
/* The other node is well and its router could take over from the i-th one here. */
bool pair_has_successor(const struct pair *p, size_t router);
/* The other node is well, its router is backup or master. */
bool pair_peer_serves(const struct pair *p, size_t router);
/* The other node is well, and its router cannot serve. */
bool pair_peer_is_at_fault(const struct pair *p, size_t router);
/* The other node believes itself master, as we do. */
bool pair_two_masters(const struct pair *p, size_t router);
/*
 * The hosts that send to us what is the other node's, in place of the last ones: heartbeats name
 * them to it, some at a time. What it names to us is told by the router that owns the address.
 */
void pair_report_stragglers(struct pair *p, const struct heartbeat_straggler *list, size_t n);
/*
 * The MAC addresses of all backends, allocated and in order, which the pair frees later. Its routers never
 * give an address up to one of them (claim.h).
 */
void pair_set_backends(struct pair *p, struct mac *macs, size_t n);
/* Orderly end of all routers, and the goodbye. */
void pair_leave(struct pair *p);
void pair_view(const struct pair *p, struct pair_view *ret);
/* The routers are closed before. NULL is fine. */
void pair_close(struct pair *p);

#endif
