/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A probe from its first attempt to its last, on a loop of its own: it makes the attempts that the book
 * wants, keeps connections open beside them, and ends by itself, or with SIGINT or SIGTERM: the first one
 * ends the schedule, the second one all of it.
 *
 * Shell; probe_book.c and probe_held.c judge.
 */
#ifndef DIRECTOR_PROBE_PROBE_RUN_UV_H
#define DIRECTOR_PROBE_PROBE_RUN_UV_H

#include "director/probe/probe_book.h"
#include "director/probe/probe_held.h"
#include "director/probe/probe_target.h"

#include <sys/socket.h>

enum {
	/* Attempts under way at the same time: each has a port, of 28000 that Linux has by default. */
	PROBE_UNDER_WAY_MAX = 16384,
	PROBE_TICK_MS = 100, /* between two calls of `tick` */
};

struct probe_order {
	struct sockaddr_storage to;
	socklen_t to_len;
	bool udp;
	uint64_t rate;
	uint64_t attempts; /* or PROBE_ENDLESS */
	uint64_t timeout_ms;
	uint64_t slot_us;
	const uint8_t *said; /* to be sent, with an answer expected */
	size_t said_len;     /* 0: nothing over TCP, an empty datagram over UDP */
	uint32_t hold;	     /* connections */
};

struct probe_result {
	struct probe_book book;
	struct probe_held *held; /* as many as were ordered */
	uint32_t n_held;
	uint64_t unix_us;	/* to be added to a time of the book for one since 1970 */
	uint64_t ended_us;	/* until when held connections were looked at */
	uint32_t under_way_max; /* attempts for which there is room */
	bool became_local;	/* the address is this machine's own by now: it ended there */
};

struct probe_ops {
	void (*tick)(void *owner, const struct probe_result *so_far);
	void (*held_lost)(void *owner, const struct probe_result *so_far,
			  const struct probe_held *h);
	void *owner;
};

/*
 * Returns when it is over. 0 with *ret filled, or negative errno with the sentence; *ret is to be cleared
 * in either case.
 */
int probe_run(const struct probe_order *order, const struct probe_ops *ops,
	      struct probe_result *ret, struct err *err);
void probe_result_clear(struct probe_result *r);

#endif
