/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rtnetlink requests about the devices of virtual routers, and what the kernel says of them.
 *
 * Every call is a synchronous request on a socket of its own with a bounded wait (VMAC_WAIT_MS), and
 * touches nothing but its arguments: any thread may call. Only vmac_uv.c does.
 */
#ifndef HA_VMAC_NETLINK_UV_H
#define HA_VMAC_NETLINK_UV_H

#include "ha/vmac_uv.h"

#include <libmnl/libmnl.h>

enum { VMAC_REQUEST = 1024 };

struct vmac_device {
	unsigned int ifindex; /* 0: none */
	unsigned int parent;
	char name[VMAC_NAME];
	struct mac mac;
	bool is_macvlan, ours, up;
};

/* Begins a request about a link in buf, which holds VMAC_REQUEST bytes. */
struct nlmsghdr *vmac_netlink_request(char *buf, uint16_t type, uint16_t flags,
				      unsigned int ifindex);
/* Until the acknowledgement, the end of a dump, or the one message that was asked for. */
int vmac_netlink_talk(struct nlmsghdr *request, mnl_cb_t cb, void *data);
/* False: not about a link. */
bool vmac_netlink_read(const struct nlmsghdr *h, struct vmac_device *ret);
/* By name. 0 with ret->ifindex 0 when there is none. */
int vmac_netlink_find(const char *name, struct vmac_device *ret);
/* 0, also when it is not there. The kernel waits for itself meanwhile, for milliseconds. */
int vmac_netlink_remove(unsigned int ifindex);
/* A sentence's end for people. */
const char *vmac_netlink_why(int code);

#endif
