/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which address of its own a director asks a backend from.
 *
 * The backend answers to it directly, so the best one is of the backend's own network: from there the
 * answer needs no router, and comes from the backend's MAC. A virtual address will not do: it may be
 * the other director's the next moment.
 *
 * Pure.
 */
#ifndef DIRECTOR_HEALTH_VIP_SOURCE_H
#define DIRECTOR_HEALTH_VIP_SOURCE_H

#include "include/addr.h"

/* An address of the interface, as it is there. */
struct vip_source {
	struct prefix at;
	bool is_virtual; /* put there by a director */
	bool usable;	 /* not tentative */
};

/*
 * The best of n, the first of those that are alike: of the network that has `backend` (of any family,
 * or none), of another network, then one that stands alone (/32, /128). Of IPv6, a link-local one only
 * where the virtual address is one, too. False: there is none.
 */
bool vip_source_pick(const struct vip_source *sources, size_t n, const struct addr *vip,
		     const struct addr *backend, struct addr *ret);

#endif
