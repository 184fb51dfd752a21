/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the two halves of vip_path_uv.h share: vip_path_uv.c, which knows all connections and hears
 * for them, and vip_conn_uv.c, which lives one.
 */
#ifndef DIRECTOR_HEALTH_VIP_INSIDE_UV_H
#define DIRECTOR_HEALTH_VIP_INSIDE_UV_H

#include "director/health/vip_path_uv.h"
#include "director/health/vip_ports_uv.h"
#include "director/health/vip_socket_uv.h"

enum { VIP_BUCKETS = 1024, VIP_SECRET = 16 };

struct vip_conn {
	struct vip_path *path;
	struct vip_conn *next_by_peer, *next_by_isn; /* in the path's tables */
	struct vip_socket *socket;		     /* NULL: it could not even begin */
	struct small_tcp tcp;
	uv_timer_t timer;
	struct vip_ask ask;
	struct addr own;
	uint16_t port;			/* ours */
	const struct vip_conn_ops *ops; /* NULL: nobody wants it any more */
	void *owner;
	bool over;
	bool listed; /* in the tables */
	bool was_open;
	bool elsewhere;
	struct mac elsewhere_mac;
	uint64_t give_up_us;	/* or CLOCK_NEVER */
	struct outcome outcome; /* of one that could not begin */
	uint8_t buffer[];
};

struct vip_path {
	struct vip_ports ports;
	struct vip_sockets sockets;
	uint8_t secret[VIP_SECRET];
	unsigned int next_port;
	unsigned int conns; /* whose memory is there */
	bool closing, sockets_closed;
	struct vip_conn *by_peer[VIP_BUCKETS], *by_isn[VIP_BUCKETS];
};

/* vip_path_uv.c: a source port for it, a sequence number, a place in the tables; false: all are taken. */
bool vip_path_enter(struct vip_path *path, struct vip_conn *c, uint32_t *ret_isn);
void vip_path_remove(struct vip_path *path, struct vip_conn *c);
/* Its memory is gone. */
void vip_path_forget(struct vip_path *path);

/* vip_conn_uv.c: what was heard for it. */
void vip_conn_hear(struct vip_conn *c, const struct small_tcp_segment *segment);
void vip_conn_hear_elsewhere(struct vip_conn *c, const struct mac *mac);
void vip_conn_hear_error(struct vip_conn *c, const struct vip_heard *heard);

#endif
