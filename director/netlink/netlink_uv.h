/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A route-netlink subscription on the loop: dumps what is there, follows what changes, and dumps
 * again when the kernel had to drop events. Requests that need no answer go through it as well.
 *
 * Shell: owns one socket and one poll handle; what messages mean is its users' business.
 */
#ifndef DIRECTOR_NETLINK_NETLINK_UV_H
#define DIRECTOR_NETLINK_NETLINK_UV_H

#include "include/err.h"

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <uv.h>

struct netlink {
	uv_poll_t poll;
	struct mnl_socket *nl;
	uint16_t dump_type; /* RTM_GETLINK, RTM_GETNEIGH */
	uint32_t seq;
	uint32_t dump_seq; /* of the dump that runs */
	bool dumping;	   /* the kernel runs one dump of a socket at a time */
	bool again;	   /* events were lost meanwhile: another one is to follow */
	/* One message of a dump or an event. */
	void (*message)(void *owner, const struct nlmsghdr *nlh);
	/* A batch of messages was read; dump_done: with it a dump ended. */
	void (*settled)(void *owner, bool dump_done);
	/* A dump starts: what is not seen again is gone. */
	void (*restarted)(void *owner);
	void *owner;
	void (*closed)(void *owner);
};

/*
 * Subscribes to the groups (RTMGRP_…) and reads the first dump before it returns, so that its user
 * knows the present state. n->owner and the callbacks are set by the caller before. After success
 * only netlink_close() ends it.
 */
int netlink_open(struct netlink *n, uv_loop_t *loop, uint32_t groups, uint16_t dump_type,
		 struct err *err);
/* Asynchronous; calls closed() when the handle is gone. */
void netlink_close(struct netlink *n, void (*closed)(void *owner));
/*
 * Dumps again, and has read the whole dump when it returns; settled() is not called for it.
 * 0 or negative errno.
 */
int netlink_refresh(struct netlink *n);
/* Sends one request without asking for an answer. 0 or negative errno. */
int netlink_send(struct netlink *n, struct nlmsghdr *nlh);

#endif
