/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hears when addresses leave interfaces: one netlink subscription for all virtual routers of a loop.
 *
 * Owns the subscription, which begins with the first listener and ends with the last one. Decides
 * nothing. All calls come from the loop's thread.
 */
#ifndef HA_VIP_WATCH_UV_H
#define HA_VIP_WATCH_UV_H

#include "include/addr.h"
#include "include/err.h"

#include <uv.h>

struct vip_watch;

struct vip_listener {
	struct vip_watch *watch;   /* NULL: listens to nothing */
	struct vip_listener *next; /* of the same watch */
	/* An address was removed, by whomever; NULL: some may have been, events were lost. */
	void (*lost)(void *owner, unsigned int ifindex, const struct addr *address);
	void *owner;
};

/* lost and owner are set by the caller before. 0, or a negative errno and the sentence. */
int vip_watch_join(uv_loop_t *loop, struct vip_listener *l, struct err *err);
/* It hears nothing any more and may be freed. */
void vip_watch_leave(struct vip_listener *l);
/*
 * Reads what has happened up to now. After we removed addresses ourselves: what is heard later is
 * somebody else's doing.
 */
void vip_watch_read(struct vip_listener *l);

#endif
