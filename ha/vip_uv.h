/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The virtual addresses of a router on its interface.
 *
 * Owns which of them were put on the interface by us, and takes only those away again. Always as /32
 * or /128: an address that became the first of a subnet would take its siblings with it when it goes,
 * and the length tells our addresses from those of the host. They have a lifetime (lease.h), after
 * which the kernel removes them by itself. IPv6 addresses come without duplicate address detection,
 * which would keep them silent for a second (the other router may still hold them), and with a
 * preferred lifetime of 0, so that the host does not choose them as the source of its own traffic.
 * All addresses go in one request; its wait is bounded (VIP_WAIT_MS). Putting what is there and
 * removing what is not are no errors. Never touches the addresses of another interface or with
 * another prefix length.
 */
#ifndef HA_VIP_UV_H
#define HA_VIP_UV_H

#include "ha/vip_netlink_uv.h"
#include "include/addr.h"
#include "include/err.h"

enum vip_state {
	VIP_ABSENT,
	VIP_FOUND, /* there before us; whose it is comes out before the call returns */
	VIP_OURS,  /* put there, or found there with our mark or prefix length */
	VIP_HOSTS, /* the host's own address: this node is the address owner */
};

struct vip_set {
	struct prefix *addresses;
	enum vip_state *states;
	struct vip_change *changes; /* room for a request */
	size_t n;
};

/*
 * The addresses of a family on an interface that can be used now (of IPv6: not tentative) in the
 * kernel's order, IPv4's primary first; at most VIP_LIST_MAX.
 */
int vip_list(uint8_t family, unsigned int ifindex, struct prefix ret[static VIP_LIST_MAX],
	     size_t *ret_n, struct err *err);
/*
 * Removes what an earlier run left behind. An interface that does not exist has nothing. Not for an
 * address owner (priority 255), whose addresses are the host's.
 */
int vip_clean(const char *interface, const struct prefix *addresses, size_t n, size_t *ret_removed,
	      struct err *err);

/* Copies the list. 0 or -ENOMEM. */
int vip_set_init(struct vip_set *s, const struct prefix *addresses, size_t n);
void vip_set_free(struct vip_set *s);
/*
 * Puts every absent address on the interface, valid for so long; goes on after a failure (not after
 * a timeout), returns the first one. What an address owner finds there without our mark is the
 * host's, and so is an address with the prefix length of a network.
 */
int vip_set_take(struct vip_set *s, unsigned int ifindex, bool owner, uint32_t valid_s,
		 struct err *err);
/* Begins the lifetime of ours anew. Those for which that fails are absent; the first failure. */
int vip_set_renew(struct vip_set *s, unsigned int ifindex, uint32_t valid_s, struct err *err);
/* The address is gone from the interface. True when it was ours. */
bool vip_set_lost(struct vip_set *s, const struct addr *address);
/* Looks which of ours are gone; returns how many, or a negative errno. */
int vip_set_find_lost(struct vip_set *s, unsigned int ifindex);
/* Removes those that are ours; the others are forgotten. */
int vip_set_release(struct vip_set *s, unsigned int ifindex, struct err *err);
/* Ours may have been taken away by another set that held them, too: the next take puts them back. */
void vip_set_doubt(struct vip_set *s);
/* The interface is gone and the addresses with it. */
void vip_set_forget(struct vip_set *s);
/*
 * *s becomes *next (which is consumed): addresses in both keep their state, ours that are not in
 * *next are removed from the interface.
 */
int vip_set_replace(struct vip_set *s, struct vip_set *next, unsigned int ifindex, struct err *err);
bool vip_set_complete(const struct vip_set *s); /* none is absent */
bool vip_set_empty(const struct vip_set *s);	/* all are absent */

#endif
