/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inside of a pair, shared by pair_uv.c (its life, the routers, the heartbeats as they are set
 * up, leases), pair_router_uv.c (what routers say: groups, gates) and pair_heartbeat_uv.c (what
 * heartbeats say, and what is told by them). Nobody else includes this.
 */
#ifndef HA_PAIR_INSIDE_UV_H
#define HA_PAIR_INSIDE_UV_H

#include "ha/gate.h"
#include "ha/group.h"
#include "ha/pair_uv.h"

/* About as many as routers: each word of a heartbeat looks for its own. */
enum { MEMBER_BUCKETS = 512 };

struct member {
	struct vrrp_router *router;
	struct member *next; /* of its bucket */
	struct group *group; /* NULL: none */
	size_t in_group;     /* its index there */
	struct gate gate;
	enum vrrp_reason told; /* of the gate */
	bool serves;	       /* it is backup or master: since then the gate's wait runs */
	bool lan_answers;
	struct track_farms farms;
};

struct members {
	struct member *at;
	size_t n;
	struct member *buckets[MEMBER_BUCKETS]; /* by the tag of the section */
	struct group *groups;
	char (*names)[CONFIG_NAME_MAX + 1]; /* of the groups */
	size_t n_groups;
};

struct pair {
	uv_loop_t *loop;
	struct pair_ops ops;
	void *owner;
	struct members members;
	struct heartbeat *heartbeat; /* NULL: none */
	/* as the heartbeats were set up, to see what has changed */
	char cluster[CONFIG_NAME_MAX + 1], self[CONFIG_NAME_MAX + 1], peer[CONFIG_NAME_MAX + 1];
	struct addr own_address, peer_address;
	uint16_t port;
	bool hold;
	bool greater;	  /* of the two nodes' addresses ours is, by the configuration: group.h */
	uv_timer_t look;  /* leases */
	uv_timer_t gates; /* the next one to open */
	uv_timer_t soon;  /* a heartbeat, when all that happens now has happened */
	struct mac *backends; /* in order; the routers borrow them */
	size_t n_backends;
	struct heartbeat_straggler stragglers[PAIR_STRAGGLERS_MAX];
	size_t n_stragglers, next_straggler;
	bool leaving;	/* one goodbye for all routers, at the end */
	bool following; /* events for the others of a group are not followed again */
	int open_handles;
};

struct member *pair_member_of(struct pair *p, const struct vrrp_router *r);
/* The one that the word is about, or NULL. */
struct member *pair_member_named(struct pair *p, const struct heartbeat_word *w);
void pair_tell_changed(struct pair *p);
void pair_look_at_gates(struct pair *p);
void pair_look_at_leases(struct pair *p);
void pair_tell_group_faults(struct pair *p, const struct group *g);
/* One heartbeat for all routers whose state changes in this round of the loop. */
void pair_speak_soon(struct pair *p);
const struct heartbeat_ops *pair_heartbeat_ops(void);

#endif
