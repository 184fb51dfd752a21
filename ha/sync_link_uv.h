/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sync channel's connection to the other director: TCP, its handshake and its frames. What the
 * messages say is their owner's matter (sync.h).
 *
 * Both nodes listen and dial (sync_dial.h). Only the other node's address is let in. Whoever does not
 * finish the handshake within SYNC_DIAL_LIMIT_US is closed, and of those that try at a time the
 * oldest has to go when there are more than SYNC_LINK_TRYING: a node that finds the listener full
 * comes again soon, and a connection that is ready is never among them.
 *
 * Shell: owns the sockets, the keys of each connection, the timers; logs when the channel comes and
 * goes, and why it does not, once. What was sent waits in memory, no more than SYNC_LINK_QUEUE: then
 * the connection is given up.
 */
#ifndef HA_SYNC_LINK_UV_H
#define HA_SYNC_LINK_UV_H

#include "include/addr.h"
#include "include/err.h"
#include "proto/cluster_key.h"
#include "proto/sync_handshake.h"

#include <uv.h>

enum {
	SYNC_LINK_TRYING = 16,
	SYNC_LINK_QUEUE = 8 * 1024 * 1024, /* four windows of the longest messages */
};

/* No callback comes from within a call but sync_link_send(), which may end the connection. */
struct sync_link_ops {
	void (*up)(void *owner, uint32_t features);
	/* One message; bytes are good during the call. */
	void (*message)(void *owner, const uint8_t *bytes, size_t len);
	/* All that was heard together was told. */
	void (*settled)(void *owner);
	void (*down)(void *owner);
};

/* Borrowed for the call; names as in the configuration. */
struct sync_link_setup {
	struct addr self, peer;
	uint16_t port;
	const char *cluster, *self_name, *peer_name;
	const struct cluster_keys *keys;
	uint32_t features;
};

struct sync_link_view {
	bool connected, by_us;
	uint64_t since_us; /* of that; 0: never */
	uint8_t key_id[CLUSTER_KEY_ID_LEN];
	uint64_t octets_in, octets_out, connections;
	size_t queued;	  /* octets */
	uint64_t foreign; /* connections from other addresses */
	uint64_t late;	  /* closed before their handshake was over: too slow, or too many */
	uint64_t handshakes[SYNC_HANDSHAKE_REJECT_COUNT];
	uint64_t frames[SYNC_FRAME_REJECT_COUNT];
	const char *trouble; /* why there is no connection, as far as it is known; "" */
};

struct sync_link;

/* 0 or a negative errno with the sentence. A port that is taken is a line in the log, tried again. */
int sync_link_new(uv_loop_t *loop, const struct sync_link_setup *setup,
		  const struct sync_link_ops *ops, void *owner, struct sync_link **ret,
		  struct err *err);
/* Other keys: the connection stays, the next handshake uses them. */
void sync_link_set_keys(struct sync_link *l, const struct sync_link_setup *setup);
/* A message of at most SYNC_FRAME_MAX. False: there is no connection, or there is none any more. */
bool sync_link_send(struct sync_link *l, const uint8_t *message, size_t len);
/*
 * No message is told until that ends: what the other one says waits in its own socket. A connection
 * that comes later is not held.
 */
void sync_link_hold(struct sync_link *l, bool hold);
/* Ends the connection, in order; another one is tried. down() is not called. */
void sync_link_hang_up(struct sync_link *l);
void sync_link_view(const struct sync_link *l, struct sync_link_view *ret);
/* Asynchronous, no callback after it; accepts NULL. */
void sync_link_close(struct sync_link *l);

#endif
