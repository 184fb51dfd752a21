/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The packet sockets of checks: one for each interface and family in use. Opened with the first
 * user, closed some time after the last one has gone.
 *
 * Bound to the family's protocol, not to all of them: so the kernel shows it only what the ruleset
 * did not forward, and clients' packets do not pay for it.
 */
#ifndef DIRECTOR_HEALTH_VIP_SOCKET_UV_H
#define DIRECTOR_HEALTH_VIP_SOCKET_UV_H

#include "director/health/vip_filter.h"
#include "director/health/vip_frame.h"
#include "include/err.h"

#include <uv.h>

enum {
	VIP_MTU_MAX = 1500,	    /* larger frames would gain a check nothing */
	VIP_JUMBO_MAX = 9216,	    /* who asks for the path's MTU sends them all the same */
	VIP_SOURCES_MS = 3000,	    /* for which an interface's addresses are remembered */
	VIP_SOCKET_IDLE_MS = 30000, /* without users */
};

struct vip_socket;

struct vip_sockets {
	uv_loop_t *loop;
	const uint16_t *ports; /* VIP_PORTS */
	/* A good frame, whoever it may be for. */
	void (*heard)(void *owner, struct vip_socket *s, const struct vip_heard *heard);
	/* After vip_sockets_close(), when nothing is left. */
	void (*closed)(void *owner);
	void *owner;
	struct vip_socket *first;
	unsigned int open; /* those whose handles are not all closed */
	bool closing;
	uint64_t rejected[VIP_REJECT_COUNT];
	uint8_t frame[VIP_FRAME_READ_MAX];
};

/* Asynchronous; closed() is called in any case, perhaps at once. */
void vip_sockets_close(struct vip_sockets *all);
/* One more user. NULL: with the sentence. */
struct vip_socket *vip_socket_take(struct vip_sockets *all, uint32_t ifindex, uint8_t family,
				   struct err *err);
void vip_socket_leave(struct vip_socket *s);
/*
 * The address to ask from (vip_source.h). 0, or a negative errno with the sentence.
 */
int vip_socket_source(struct vip_socket *s, const struct addr *vip, const struct addr *backend,
		      struct addr *ret, struct err *err);
/* What fits into a segment on that interface, as vip_socket_source() has last seen it. */
uint16_t vip_socket_mss(const struct vip_socket *s);
/* 0 or a negative errno. */
int vip_socket_send(struct vip_socket *s, const struct vip_segment *segment);
/* Who talks to a connection that there is not, or is no more, is told. */
void vip_socket_refuse(struct vip_socket *s, const struct vip_segment *in);

#endif
