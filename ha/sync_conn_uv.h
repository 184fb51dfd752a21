/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One TCP connection of the sync channel: handshake, then frames, then its end. Who may connect and
 * which connection stays is decided by sync_link_uv.c, which owns them all.
 */
#ifndef HA_SYNC_CONN_UV_H
#define HA_SYNC_CONN_UV_H

#include "include/addr.h"
#include "proto/sync_handshake.h"

#include <uv.h>

struct sync_conn;

/* Why one ended. */
struct sync_conn_end {
	int code; /* negative errno of the socket, 0: none of these */
	enum sync_handshake_reject handshake;
	enum sync_frame_reject frame;
	uint8_t peer_version;		       /* handshake VERSION */
	uint8_t key_asked[CLUSTER_KEY_ID_LEN]; /* handshake KEY */
	bool late, bye;
};

struct sync_conn_ops {
	void (*ready)(void *owner, struct sync_conn *c);
	void (*message)(void *owner, struct sync_conn *c, const uint8_t *bytes, size_t len);
	/* All that one wake-up brought was told. */
	void (*settled)(void *owner, struct sync_conn *c);
	/* It is of no use any more: sync_conn_close(). Told once, and not after that call. */
	void (*ended)(void *owner, struct sync_conn *c, const struct sync_conn_end *why);
	/* Its memory goes. */
	void (*closed)(void *owner, struct sync_conn *c);
};

struct sync_conn_setup {
	uv_loop_t *loop;
	const struct sync_conn_ops *ops;
	void *owner;
	const struct sync_keys *keys; /* copied */
	uint32_t features;
	uint64_t limit_ms; /* for the handshake */
};

/* One of our own, or of the other side's. NULL without memory. */
struct sync_conn *sync_conn_new(const struct sync_conn_setup *setup, bool by_us);
/* Each 0 or a negative errno; then it is to be closed. */
int sync_conn_dial(struct sync_conn *c, const struct addr *self, const struct addr *peer,
		   uint16_t port);
int sync_conn_accept(struct sync_conn *c, uv_stream_t *listener);
/* The handshake of one that was accepted. */
void sync_conn_begin(struct sync_conn *c);
/* Of the other side. False: it has gone already. */
bool sync_conn_peer(const struct sync_conn *c, struct addr *ret);

bool sync_conn_by_us(const struct sync_conn *c);
/* The handshake is over, and it has not ended. */
bool sync_conn_is_ready(const struct sync_conn *c);
bool sync_conn_is_closing(const struct sync_conn *c);
uint64_t sync_conn_ready_us(const struct sync_conn *c);
const struct sync_session *sync_conn_session(const struct sync_conn *c); /* without its keys */

/* False: it has ended, or cannot take it; then ended() was or will not be told: close it. */
bool sync_conn_send(struct sync_conn *c, const uint8_t *message, size_t len);
/* What waits to be sent, in octets of memory. */
size_t sync_conn_queued(const struct sync_conn *c);
void sync_conn_octets(const struct sync_conn *c, uint64_t *ret_in, uint64_t *ret_out);
/*
 * Nothing more is told, nor read from the socket, until that ends; then not from within the call. Of one
 * that is ready. What is told of itself takes no longer than 10 ms, one message more, before the loop
 * has its turn.
 */
void sync_conn_hold(struct sync_conn *c, bool hold);
/* Says goodbye, which arrives when nothing else waits to be sent. */
void sync_conn_close(struct sync_conn *c);

/* For a list of its owner's. */
struct sync_conn **sync_conn_next(struct sync_conn *c);

#endif
