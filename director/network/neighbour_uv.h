/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Resolves addresses to MAC addresses through the kernel's neighbour table and follows what
 * becomes of them. Who wants to know an address names it as a target; one that is no target any
 * more is forgotten.
 *
 * Shell around a netlink subscription and one timer; neighbour.c decides.
 */
#ifndef DIRECTOR_NETWORK_NEIGHBOUR_UV_H
#define DIRECTOR_NETWORK_NEIGHBOUR_UV_H

#include "include/addr.h"
#include "include/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct neighbour_target {
	uint32_t ifindex;
	struct addr addr;
	bool link_up;
};

struct neighbours;

enum { NEIGHBOURS_TOLD = 8 }; /* addresses that changed together and are told one by one */

/* n of these targets were resolved, lost or moved to another MAC; addrs NULL: they are too many. */
typedef void neighbours_changed_fn(void *owner, const struct addr *addrs, size_t n);

int neighbours_new(uv_loop_t *loop, neighbours_changed_fn *changed, void *owner,
		   struct neighbours **ret, struct err *err);
/* Asynchronous; accepts NULL. */
void neighbours_close(struct neighbours *ns);
/*
 * Replaces the list of targets; those that stay keep what is known, and what the kernel knows of
 * new ones is known on return (nothing is told). 0 or -ENOMEM (the old list stays).
 */
int neighbours_set_targets(struct neighbours *ns, const struct neighbour_target *targets, size_t n);
/* True when resolved, with the MAC in *ret. */
bool neighbours_find(const struct neighbours *ns, uint32_t ifindex, const struct addr *addr,
		     struct mac *ret);

#endif
