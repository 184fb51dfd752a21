/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asks the kernel by which interface addresses are reached, and asks again when routes, addresses
 * or rules of the host change. Who wants to know an address names it as a target.
 *
 * Shell around two sockets (events; questions) and one timer; route.c decides.
 */
#ifndef DIRECTOR_NETWORK_ROUTE_UV_H
#define DIRECTOR_NETWORK_ROUTE_UV_H

#include "director/network/route.h"
#include "include/err.h"

#include <uv.h>

struct routes;

struct routes_ops {
	/* One or more targets are reached in another way. */
	void (*changed)(void *owner);
	/* The interface of that index is there, but down. */
	bool (*link_is_down)(void *owner, uint32_t ifindex);
	/*
	 * A target's route is known or changed, for the log. had_trouble: until now it could not be
	 * reached as a backend has to be.
	 */
	void (*judged)(void *owner, const struct addr *target, const struct route *route,
		       bool had_trouble);
	void *owner;
};

int routes_new(uv_loop_t *loop, const struct routes_ops *ops, struct routes **ret, struct err *err);
/* Asynchronous; accepts NULL. */
void routes_close(struct routes *routes);
/*
 * Replaces the list of targets, in which an address may stand twice; those that stay keep what is
 * known, new ones are asked for before it returns (changed() is not called). 0 or -ENOMEM (the old
 * list stays).
 */
int routes_set_targets(struct routes *routes, const struct addr *addrs, size_t n);
/* Something happened that may change routes without an event of theirs: a link went or came. */
void routes_ask_again(struct routes *routes);
/* What is known of a target; NULL when it is none. Good until the loop runs again. */
const struct route_target *routes_find(const struct routes *routes, const struct addr *addr);

#endif
