/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The raw socket of one virtual router on one interface.
 *
 * Owns the descriptor, the group membership and the poll handle. Bound to an ifindex: when the
 * interface was deleted and made again, close this one and make another. Never looks into packets.
 */
#ifndef HA_VRRP_SOCKET_UV_H
#define HA_VRRP_SOCKET_UV_H

#include "ha/vrrp_packet.h"
#include "include/err.h"

#include <sys/types.h>
#include <uv.h>

struct vrrp_socket;

/* readable(owner) shall call vrrp_socket_receive() until it has nothing or had enough. */
int vrrp_socket_new(uv_loop_t *loop, const char *interface, unsigned int ifindex,
		    void (*readable)(void *owner), void *owner, struct vrrp_socket **ret,
		    struct err *err);
/* Sends the advert from its source to its destination. 0 or a negative errno. */
int vrrp_socket_send(struct vrrp_socket *s, const struct vrrp_packet *p);
/* One datagram with its IP header; the sender as the kernel saw it. Length or a negative errno. */
ssize_t vrrp_socket_receive(struct vrrp_socket *s, uint8_t *bytes, size_t size,
			    struct addr *ret_from);
/* readable() is not called any more; frees itself later. NULL is fine. */
void vrrp_socket_close(struct vrrp_socket *s);

#endif
