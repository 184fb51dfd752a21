/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inside of the heartbeats on the loop, shared by heartbeat_peer_uv.c (one peer: its datagrams,
 * its deadline) and heartbeat_uv.c (the interval, the life of the whole, what others call). Nobody
 * else includes this; the outside is heartbeat_uv.h.
 */
#ifndef HA_HEARTBEAT_PEER_UV_H
#define HA_HEARTBEAT_PEER_UV_H

#include "ha/heartbeat_uv.h"
#include "include/log.h"

struct heartbeat_link {
	struct heartbeat *h;
	size_t index;
	char name[CONFIG_NAME_MAX + 1];
	struct addr address;
	struct heartbeat_keys keys;
	struct heartbeat_peer core;
	uv_poll_t poll;
	uv_timer_t timer; /* the core's deadline */
	int fd;		  /* -1: not open */
	bool polled;	  /* poll was initialised, and is to be closed */
	bool was_refused; /* seen while sending: told to the core from the loop */
	uint64_t retry_us;
	struct err error; /* text "" when there is none */
	struct heartbeat_counters counters;
	uint64_t sealed_us; /* when a datagram came that does not open; 0: never */
	/* When one came of somebody who has not heard us, or of another version; 0: never. */
	uint64_t sign_us;
	struct log_limit reject_limits[HEARTBEAT_REJECT_COUNT];
	struct log_limit send_limit;
};

struct heartbeat {
	uv_loop_t *loop;
	struct heartbeat_ops ops;
	void *owner;
	char cluster[CONFIG_NAME_MAX + 1], self[CONFIG_NAME_MAX + 1];
	struct addr address;
	uint16_t port;
	uv_timer_t tick;
	bool leaving; /* goodbye was said: whatever is sent later does not take it back */
	bool closing;
	int open_handles;
	struct heartbeat_link peers[HEARTBEAT_PEERS_MAX];
	size_t n_peers;
	struct heartbeat_word words[HEARTBEAT_ROUTERS_MAX]; /* while a heartbeat is made */
};

/* One heartbeat now. */
void heartbeat_link_send(struct heartbeat_link *p);
/*
 * We go on, but without these heartbeats: says that we have not heard the peer for long, so that a
 * port which is refused from now on is not taken for our end.
 */
void heartbeat_link_part(struct heartbeat_link *p);

#endif
