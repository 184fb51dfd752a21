/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtual addresses on an interface, through rtnetlink.
 *
 * Owns which addresses of a virtual router were put on the interface by us, and takes only those
 * away again. Always as /32 or /128: an address that became the first of a subnet would take its
 * siblings with it when it goes, and the length tells our addresses from those of the host. IPv6
 * addresses come without duplicate address detection, which would keep them silent for a second
 * (the other router may still hold them), and with a preferred lifetime of 0, so that the host does
 * not choose them as the source of its own traffic. Every call is a synchronous request with a bounded wait (VIP_WAIT_MS); putting what is there and removing what is
 * not are no errors. Never touches the addresses of another interface or with another prefix
 * length.
 */
#ifndef HA_VIP_UV_H
#define HA_VIP_UV_H

#include "include/addr.h"
#include "include/err.h"

enum {
	VIP_WAIT_MS = 500,  /* for the kernel's answer: far more than a busy rtnl lock takes */
	VIP_LIST_MAX = 512, /* addresses of one interface that are looked at */
};

enum vip_state {
	VIP_ABSENT,
	VIP_OURS,  /* put there, or found there with our prefix length */
	VIP_HOSTS, /* the host's own address: this node is the address owner */
};

struct vip_set {
	struct prefix *addresses;
	enum vip_state *states;
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
/* Puts every address on the interface; goes on after a failure (not after a timeout), returns the
 * first one. */
int vip_set_take(struct vip_set *s, unsigned int ifindex, bool owner, struct err *err);
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
