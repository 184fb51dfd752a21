/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One attempt at one backend, whatever kind of check it is of: what is asked, and what every kind of
 * prober can do. health_uv.c decides when, keeps the time and judges; a prober asks and says how it
 * ended.
 *
 * All on the main loop; nothing here waits.
 */
#ifndef DIRECTOR_HEALTH_PROBE_UV_H
#define DIRECTOR_HEALTH_PROBE_UV_H

#include "director/health/outcome.h"
#include "include/addr.h"
#include "include/config.h"
#include "include/err.h"

#include <uv.h>

/* Borrowed until the probe has ended. */
struct probe_ask {
	const struct config_check *check;
	const char *farm, *backend; /* names, of one of those that share the check */
	struct addr address;	    /* the backend's own */
	struct addr vip;	    /* the farm's virtual address */
	uint16_t port;
	uint32_t timeout_ms;
	/* The way to it: the link, both ends' MAC addresses. */
	uint32_t ifindex;
	struct mac mac, own_mac;
};

struct prober;
struct probe;

/* It has ended, and its memory with it when this returns. */
typedef void probe_done_fn(void *owner, const struct outcome *o);

struct probe_kind {
	/* What all probes of a kind share. 0, or a negative errno with the sentence. */
	int (*open)(uv_loop_t *loop, struct prober **ret, struct err *err);
	/* After every probe of it has ended. Asynchronous; accepts NULL. */
	void (*close)(struct prober *prober);
	/*
	 * Begins one. done() is called once, never from inside start(). NULL: no memory; then it never
	 * is.
	 */
	struct probe *(*start)(struct prober *prober, const struct probe_ask *ask,
			       probe_done_fn *done, void *owner);
	/* Its time is over: done() is called from inside, with how far it came. */
	void (*expire)(struct probe *p);
	/* Nobody wants to know any more: done() is not called. */
	void (*cancel)(struct probe *p);
};

/* By config_check.type. took_us is filled by whoever keeps the time. */
extern const struct probe_kind probe_tcp, probe_http, probe_icmp, probe_command, probe_dsr;

#endif
