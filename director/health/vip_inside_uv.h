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

/* By what a connection differs from others, as its frames have it. */
struct vip_key {
	struct addr vip;
	uint16_t own_port, port;
	struct mac mac;
};

/* Where a connection is found by the MAC of its frames. */
struct vip_place {
	struct vip_place *next;
	struct vip_conn *conn; /* NULL: it is not in the table */
	struct vip_key key;
};

struct vip_conn {
	struct vip_path *path;
	struct vip_conn *next_by_isn;	 /* in the path's table */
	struct vip_place asked, answers; /* by the backend's MAC; by another one of its */
	struct vip_socket *socket;	 /* NULL: it could not even begin */
	struct small_tcp tcp;
	uv_timer_t timer;
	struct vip_ask ask;
	struct addr own;
	uint16_t port;			/* ours */
	const struct vip_conn_ops *ops; /* NULL: nobody wants it any more */
	void *owner;
	bool over;
	bool was_open;
	uint8_t ttl;
	unsigned int syns; /* that were sent by the clock */
	bool passed_on;	   /* the backend has said that it forwards */
	bool elsewhere;
	struct mac elsewhere_mac;
	uint64_t give_up_us;	/* or CLOCK_NEVER */
	struct outcome outcome; /* of one that could not begin */
	uint8_t buffer[];
};

/* Whom something is known of, until when; what it is asked, as a hash. */
struct vip_known {
	uint32_t hash;
	uint64_t until_us;
};

struct vip_path {
	struct vip_ports ports;
	struct vip_sockets sockets;
	uint8_t secret[VIP_SECRET];
	unsigned int next_port;
	unsigned int conns; /* whose memory is there */
	bool closing, sockets_closed;
	struct vip_place *by_peer[VIP_BUCKETS];
	struct vip_conn *by_isn[VIP_BUCKETS];
	struct vip_known behind[VIP_BUCKETS];	/* whom a TTL of 1 does not reach */
	struct vip_known forwards[VIP_BUCKETS]; /* who has said that it forwards */
};

/* vip_path_uv.c: a source port for it, a sequence number, a place in the tables; false: all are taken. */
bool vip_path_enter(struct vip_path *path, struct vip_conn *c, uint32_t *ret_isn);
void vip_path_remove(struct vip_path *path, struct vip_conn *c);
/* Its frames come from that MAC. */
void vip_path_enter_answers(struct vip_path *path, struct vip_conn *c, const struct mac *mac);
/* The service of a backend is known to be behind it. */
bool vip_path_is_behind(const struct vip_path *path, const struct vip_ask *ask);
void vip_path_set_behind(struct vip_path *path, const struct vip_ask *ask, bool behind);
/* The backend has said that it forwards, VIP_FORWARDS_MS ago at most, and has not answered since. */
bool vip_path_forwards(const struct vip_path *path, const struct vip_ask *ask);
void vip_path_set_forwards(struct vip_path *path, const struct vip_ask *ask, bool forwards);
/* Its memory is gone. */
void vip_path_forget(struct vip_path *path);

/* vip_conn_uv.c: what was heard for it, from that MAC; false: it is not its backend's. */
bool vip_conn_hear(struct vip_conn *c, const struct mac *mac,
		   const struct small_tcp_segment *segment);
void vip_conn_hear_error(struct vip_conn *c, const struct vip_heard *heard);

#endif
