/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the checks "http" and "https" need beside the table of their kind: libcurl, once for the program,
 * and the way to the backend, when that is another one than the kernel's TCP.
 */
#ifndef DIRECTOR_HEALTH_PROBE_HTTP_UV_H
#define DIRECTOR_HEALTH_PROBE_HTTP_UV_H

#include "director/health/check_list.h"
#include "director/health/probe_uv.h"

/*
 * libcurl and its OpenSSL: before the first prober is opened and while there is only one thread; after
 * the last one is closed.
 */
int probe_http_global_init(struct err *err);
void probe_http_global_close(void);

/* Connections that somebody else makes. All of it is called from the main loop. */
struct http_transport {
	/* Whether it, and not the kernel, carries this one. */
	bool (*carries)(void *owner, const struct probe_ask *ask);
	/*
	 * Begins a connection: one end of a pair of stream sockets, which is the probe's from then on,
	 * and what the connection is called by. Or a negative errno.
	 */
	int (*open)(void *owner, const struct probe_ask *ask, void **ret_connection);
	/*
	 * How far it has come by itself: true when the other end is there; else *why says what is to be
	 * said of the backend, should it end now.
	 */
	bool (*is_open)(void *connection, struct outcome *why);
	/* The probe is over. */
	void (*end)(void *connection);
	void *owner;
};

/* Borrowed, for probes that start from now on; NULL: the kernel's alone. */
void probe_http_set_transport(struct prober *prober, const struct http_transport *transport);

/*
 * Certificates of files that no check of that list looks at are forgotten, and those that are read again
 * later are read anew. While no probe is under way.
 */
void probe_http_keep(struct prober *prober, const struct check_list *l);

#endif
