/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rtnetlink requests for addresses of an interface, many in one message.
 *
 * Owns the form in which virtual addresses are on an interface: as /32 or /128, marked as ours
 * (VIP_PROTOCOL), IPv6 without duplicate address detection and with a preferred lifetime of 0.
 * Every call is a synchronous request with a bounded wait (VIP_WAIT_MS). Shared by vip_uv.c and
 * vip_watch_uv.c.
 */
#ifndef HA_VIP_NETLINK_UV_H
#define HA_VIP_NETLINK_UV_H

#include "include/addr.h"
#include "include/err.h"

#include <libmnl/libmnl.h>

enum {
	VIP_WAIT_MS = 500,  /* for the kernel's answer: far more than a busy rtnl lock takes */
	VIP_LIST_MAX = 512, /* addresses of one interface that are looked at */
	VIP_PROTOCOL = 112, /* IFA_PROTO: who put it there; VRRP's own number */
};

/* An address of an interface. */
struct vip_found {
	struct prefix at;
	bool ours;   /* it has our mark */
	bool usable; /* not tentative */
};

/* One address of a batch, and what came of it: 0 or a negative errno. */
struct vip_change {
	struct addr address;
	int code;
};

/* In the kernel's order, IPv4's primary first; at most VIP_LIST_MAX. 0 or a negative errno. */
int vip_netlink_list(uint8_t family, unsigned int ifindex,
		     struct vip_found ret[static VIP_LIST_MAX], size_t *ret_n);
/*
 * Puts all of them, valid for so many seconds. replace: also those that are there, whose lifetime
 * begins anew; else these are -EEXIST. 0, or a negative errno when the batch as a whole failed, which
 * is then everybody's code.
 */
int vip_netlink_put(unsigned int ifindex, struct vip_change *changes, size_t n, uint32_t valid_s,
		    bool replace);
/* Removes all of them; -EADDRNOTAVAIL: it was not there. */
int vip_netlink_remove(unsigned int ifindex, struct vip_change *changes, size_t n);
/* The address that a message about one is about; false when it does not say. */
bool vip_netlink_read(const struct nlmsghdr *h, struct vip_found *ret, unsigned int *ret_ifindex);
/* A sentence's end for people. */
const char *vip_netlink_why(int code);

#endif
