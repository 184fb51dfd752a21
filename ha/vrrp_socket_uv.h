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

/* Where adverts are heard. */
struct vrrp_place {
	const char *interface; /* borrowed for the call */
	unsigned int ifindex;
	uint8_t family;
	bool unicast; /* the group is not joined */
};

/* readable(owner) shall call vrrp_socket_receive() until it has nothing or had enough. */
int vrrp_socket_new(uv_loop_t *loop, const struct vrrp_place *place, void (*readable)(void *owner),
		    void *owner, struct vrrp_socket **ret, struct err *err);
/* Sends the advert from its source to its destination. 0 or a negative errno. */
int vrrp_socket_send(struct vrrp_socket *s, const struct vrrp_packet *p);
/*
 * One datagram. Length or a negative errno. Of IPv4 with its header, and *ret has the sender only;
 * of IPv6 the message behind the headers, and *ret says what they say.
 */
ssize_t vrrp_socket_receive(struct vrrp_socket *s, uint8_t *bytes, size_t size,
			    struct vrrp_ip *ret);
/* readable() is not called any more; frees itself later. NULL is fine. */
void vrrp_socket_close(struct vrrp_socket *s);

#endif
