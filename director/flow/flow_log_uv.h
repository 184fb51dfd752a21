/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Listens to what the packet path announces: a nfnetlink_log group on the loop. An event is told at
 * once; where thousands come in a second, the kernel gathers more of them the faster they come.
 *
 * Shell: owns one socket and one poll handle; counts, and logs once in a while; what an event means
 * is its user's business. A group belongs to one socket of a network namespace.
 */
#ifndef DIRECTOR_FLOW_FLOW_LOG_UV_H
#define DIRECTOR_FLOW_FLOW_LOG_UV_H

#include "director/flow/flow_log.h"
#include "include/err.h"

#include <uv.h>

enum { FLOW_LOG_GROUP = 8405 }; /* the number of the product's port */

struct flow_log_handler {
	/* One announced packet; *e is valid during the call. */
	void (*event)(void *owner, const struct flow_log_event *e);
	/* The socket ran over: events are missing from here on. stats.missed counts them later. */
	void (*lost)(void *owner);
	/* What one wake-up had to say was said, after one or more events; may be NULL. */
	void (*settled)(void *owner);
	void *owner;
};

struct flow_log_stats {
	uint64_t events;
	uint64_t datagrams; /* that they came in */
	uint64_t overruns;  /* times that the socket ran over */
	uint64_t missed;    /* events that the kernel numbered and nobody read */
	uint64_t rejects[FLOW_LOG_REJECT_COUNT];
};

struct flow_log;

/*
 * Binds the group and starts to listen; no callback before it returns. 0, or a negative errno with
 * *err filled: -EBUSY another socket of this namespace has the group, -EPERM no CAP_NET_ADMIN.
 */
int flow_log_new(uv_loop_t *loop, uint16_t group, const struct flow_log_handler *handler,
		 struct flow_log **ret, struct err *err);
/* Asynchronous, no callback after it; accepts NULL. */
void flow_log_close(struct flow_log *fl);
/* Valid until flow_log_close(). */
const struct flow_log_stats *flow_log_stats(const struct flow_log *fl);

#endif
