/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TCP connections to a virtual address at one certain backend: through the path that the traffic
 * takes, in frames with the backend's MAC.
 *
 * Owns the connections (small_tcp.h), their source ports (vip_ports_uv.h), the packet sockets
 * (vip_socket_uv.h), and what became of each connection, as an outcome. On the main loop; nothing
 * waits, and no callback comes from inside a call of its own connection's start.
 *
 * Connections from here to one port of one backend differ by the source port alone: there are
 * VIP_PORTS of them at a time. A segment finds its connection by that port, the virtual address and
 * its port, and the MAC that it comes from. An answer from another MAC, and an ICMP error, find it by
 * the initial sequence number, which nobody else knows.
 *
 * Whose answer is it? A SYN with a TTL of 1 (vip_frame.h) is answered by the backend itself: the MAC of
 * the answer may be another one, as with a bond that chooses a sender for each peer, or a second
 * interface; clients do not care either. Where the backend says that it forwards, or nothing answers to
 * VIP_SHALLOW SYNs, more hops are allowed, for a service in a container; then only what comes from the
 * backend's own MAC is its answer, since the next hop may be another backend. Where that was good, the
 * next connection begins with it: the kernel says only so often that it forwards (Linux: six times, then
 * once a second to each destination, net/ipv4/icmp.c). So silence soon after it has said so is told as
 * that, not as silence.
 */
#ifndef DIRECTOR_HEALTH_VIP_PATH_UV_H
#define DIRECTOR_HEALTH_VIP_PATH_UV_H

#include "director/health/probe_uv.h"
#include "director/health/small_tcp.h"
#include "include/addr.h"
#include "include/err.h"

#include <uv.h>

enum {
	VIP_ELSEWHERE_MS = 300, /* for which the right answer is waited for after a wrong one */
	VIP_LEAVE_MS = 1000,	/* for a connection to end properly when nobody wants it any more */
	VIP_SHALLOW = 2,	/* SYNs that do not go beyond the backend: one may be lost */
	VIP_FORWARDS_MS = 10000, /* for which it counts that a backend has said that it forwards */
};

struct vip_path;
struct vip_conn;

struct vip_ask {
	struct addr vip;
	uint16_t port;
	struct addr backend; /* its own address; of any family, or none */
	uint32_t ifindex;
	struct mac mac, own_mac; /* the backend's, the interface's */
};

/* What a probe asks, as a connection does. */
struct vip_ask vip_ask_of(const struct probe_ask *ask);

/* All may call vip_conn_…() for the connection. ended() is the last one; the connection is gone then. */
struct vip_conn_ops {
	void (*established)(void *owner);
	/* At most as much as there is room for; the room has shrunk by it. len 0: the peer's end. */
	void (*data)(void *owner, const uint8_t *bytes, size_t len);
	/* More can be sent. */
	void (*drained)(void *owner);
	/* OUTCOME_GOOD: both sides have ended. */
	void (*ended)(void *owner, const struct outcome *o);
};

/* 0, or a negative errno with the sentence. */
int vip_path_new(uv_loop_t *loop, struct vip_path **ret, struct err *err);
/* After all connections have ended or are left. Asynchronous; accepts NULL. */
void vip_path_close(struct vip_path *path);
uv_loop_t *vip_path_loop(const struct vip_path *path);

/*
 * room: octets that can be taken in; buffer: octets that may be sent and not yet acknowledged, 0 for
 * a connection on which nothing is sent. NULL: no memory. Any other failure is an outcome.
 */
struct vip_conn *vip_conn_start(struct vip_path *path, const struct vip_ask *ask, size_t room,
				size_t buffer, const struct vip_conn_ops *ops, void *owner);
/* How many octets were taken; how many would be. */
size_t vip_conn_send(struct vip_conn *c, const uint8_t *bytes, size_t len);
size_t vip_conn_free(const struct vip_conn *c);
void vip_conn_room(struct vip_conn *c, size_t room);
/* Nothing more is sent; what the peer sends still comes. */
void vip_conn_finish(struct vip_conn *c);
/* Nobody wants it any more. Reset at once; or ended properly, in the background. No callback comes. */
void vip_conn_abort(struct vip_conn *c);
void vip_conn_leave(struct vip_conn *c);
/* What is to be said of it when it is given up now: OUTCOME_GOOD once it is established. */
void vip_conn_so_far(const struct vip_conn *c, struct outcome *ret);

#endif
