/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The other director as a twin: what is remembered of flows goes to it, and comes from it, over the
 * sync channel.
 *
 *	packet path -> flows_uv.h -> twin_queue.h -> messages, at once, of up to 1,000 flows or 2 ms -> link
 *	link -> message -> flows_twin_uv.h: kernel and index -> acknowledgement, once for all that
 *	came together
 *
 * When something is sent, asked for, compared or given up is decided by ha/sync.h; how the octets
 * travel by ha/sync_link_uv.h. A node that has no other one, or no key, has no channel.
 *
 * Shell, on the main loop.
 */
#ifndef DIRECTOR_TWIN_TWIN_UV_H
#define DIRECTOR_TWIN_TWIN_UV_H

#include "director/flow/flows_uv.h"
#include "director/flow/twin_roles.h"
#include "director/ruleset/nft_watch_uv.h"
#include "ha/sync.h"
#include "ha/sync_link_uv.h"
#include "include/config.h"
#include "proto/codec_sync.h"

struct twin;

struct twin_ops {
	/* The tables are alike now, or are not any more. */
	void (*changed)(void *owner);
	/* There is a connection, and the other one has said who it is. */
	void (*greeted)(void *owner);
	/* The other one's configuration is known, or one of the two is another one now. */
	void (*configured)(void *owner, bool alike);
	/* The connection is gone: what was heard of its checks counts no more. */
	void (*parted)(void *owner);
	/* Who leads what may be another one (twin_leader()). */
	void (*led)(void *owner);
	/* The other one begins to tell of all farms that it leads; or has told of all of them. */
	void (*told)(void *owner, bool begins);
	/* Any other type but flows and names. False: it cannot be followed, all has to be told anew. */
	bool (*heard)(void *owner, const struct sync_message *m);
	/* What was heard is needed: flows may be of tables that it brings, or it is to be acknowledged. */
	void (*put)(void *owner);
	/* The next one of the same, for the other director: 1; 0: there is none; -1: not yet, and so no flows. */
	int (*next)(void *owner, struct sync_message *ret);
	/* A snapshot begins: all of them again. */
	void (*restart)(void *owner);
	void *owner;
};

/* Who is master of a virtual address. */
enum twin_leader {
	TWIN_NO_ROUTER, /* has it */
	TWIN_NOBODY,	/* that is known here */
	TWIN_OURS,
	TWIN_THEIRS, /* and there is a connection */
};

/* Borrowed for the call. */
struct twin_setup {
	const struct config_cluster *cluster; /* NULL: standalone */
	const struct config_node *self, *peer;
	const struct cluster_keys *keys; /* none: no channel */
	const char *digest;		 /* of the configuration, hexadecimal */
};

struct twin_view {
	bool enabled; /* there is a channel */
	struct sync_link_view link;
	bool current_here, current_there; /* our tables are its twin; its tables are ours */
	bool stale;			  /* an acknowledgement is missing */
	bool config_differs;
	enum sync_end end;	     /* of the last connection */
	uint64_t lag_us;	     /* since the oldest entry is known that was not acknowledged */
	struct sync_lag_view lately; /* of what was acknowledged */
	uint64_t queued, unacknowledged;
	uint64_t held_ours, held_theirs;
	uint64_t held;		 /* with those whose master is not known yet */
	uint64_t sent, received; /* flows */
	uint64_t unknown, refused;
	/* Since the last snapshot began: of theirs that cannot be here, of ours that cannot be there. */
	uint64_t unheld_here, unheld_there;
	uint64_t snapshots_sent, snapshots_received;
	uint64_t snapshot_us; /* when the last one was complete here; 0: never */
	uint64_t snapshot_flows;
	uint64_t snapshot_took_us; /* of the last one that was sent; 0: none was acknowledged */
	uint64_t apart_ms;	   /* the dates of the two nodes, when the last digest came; ... */
	bool apart_known;	   /* ... one that told of it did */
	uint64_t lost;		   /* times that news were lost before they were sent */
	uint64_t rejected[SYNC_REJECT_COUNT];
	uint64_t ended[SYNC_END_COUNT]; /* connections that we ended, by what the other one did */
};

/* 0, or a negative errno with the sentence. flows and watch are borrowed. */
int twin_new(uv_loop_t *loop, struct flows *flows, struct nft_watch *watch,
	     const struct twin_ops *ops, struct twin **ret, struct err *err);
/*
 * As the configuration wants it. The connection stays while the nodes, their addresses and the port do;
 * after another configuration all flows are told anew.
 */
int twin_configure(struct twin *t, const struct twin_setup *setup, struct err *err);
/* The virtual routers of the configuration, their addresses, and of which this node is master. */
void twin_set_roles(struct twin *t, const struct twin_router *routers, size_t n_routers,
		    const struct twin_place *places, size_t n_places, const bool *ours);
/* Of which of them this node is master: n is their number, or nothing is changed. */
void twin_set_masters(struct twin *t, const bool *ours, size_t n);
enum twin_leader twin_leader(const struct twin *t, const struct addr *vip);
/* The other one wants to hear what our checks find. */
bool twin_takes_views(const struct twin *t);
/* It can be asked for its configuration, and may ask for ours. */
bool twin_takes_copies(const struct twin *t);
/* It can be offered a configuration, and may offer us one. */
bool twin_takes_pushes(const struct twin *t);
/* Tables are other ones: what could not be held may have a place now, and is asked for soon. */
void twin_retry(struct twin *t);
/* About a rehearsed failure, at once. False: there is no connection that could take it. */
bool twin_say_drill(struct twin *t, const struct sync_drill *drill);
/* About a provisional reload, likewise; and whether it would be understood. */
bool twin_say_provisional(struct twin *t, const struct sync_provisional *m);
bool twin_takes_provisional(const struct twin *t);
/* Tells what there is to tell, as far as there is room: farms and words, news, the snapshot. */
void twin_go_on(struct twin *t);
void twin_view(const struct twin *t, struct twin_view *ret);
/* Asynchronous, before flows_close(); accepts NULL. */
void twin_close(struct twin *t);

#endif
