/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a monitor and a browser ask for over HTTP: GET /metrics, /status and /healthz are texts of its
 * owner, GET / is the page that shows the status; one request on a connection, then it is closed. A text that takes long
 * is printed in a thread, of what was gathered on the loop; who asks for it waits that long.
 *
 * A text is made at most once a second, and so seldom that it takes no more than a twentieth of the
 * loop's time; who asks in between gets the last one. A connection has five seconds until it has
 * read the whole reply, or one when all places are taken: those who wait behind it come in then.
 *
 * Shell: owns the listening socket and libmicrohttpd, which has no thread here: its epoll descriptor
 * is polled by the loop. It never waits.
 */
#ifndef DIRECTOR_MONITOR_METRICS_UV_H
#define DIRECTOR_MONITOR_METRICS_UV_H

#include "include/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

struct metrics_server;

enum { METRICS_ADDRESS = 64 }; /* room for ADDRESS:PORT and its NUL */

/* What it serves. */
struct metrics_source {
	/* A new text and its octets, to be freed; NULL: there is no memory. */
	char *(*text)(void *owner, size_t *ret_len);
	char *(*status)(void *owner, size_t *ret_len); /* the same, as JSON */
	/* The same; and whether the director is ready, which is the status of the reply. */
	char *(*health)(void *owner, size_t *ret_len, bool *ret_ready);
	/*
	 * What text and status are printed of, where that takes long: print does it in a thread, and
	 * takes over what was gathered. NULL, either of them: text and status are asked.
	 */
	void *(*gather)(void *owner);
	char *(*print)(void *gathered, bool json, size_t *ret_len);
	void *owner;
};

/*
 * address: ADDRESS:PORT as in director.conf(5), kept as metrics_server_address(). 0, or negative errno
 * with *err filled.
 */
int metrics_server_new(uv_loop_t *loop, const char *address, const struct metrics_source *source,
		       struct metrics_server **ret, struct err *err);
/* It listens no more when this returns, and asks its owner for nothing; accepts NULL. */
void metrics_server_close(struct metrics_server *s);

/* METRICS_ADDRESS octets. */
const char *metrics_server_address(const struct metrics_server *s);

#endif
