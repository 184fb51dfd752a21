/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The attempts of a probe that are under way: a socket each, with a port of its own, as clients have.
 *
 * A connection that came about ends with a reset: ten thousand a second would leave no port within seconds
 * if each stayed in TIME_WAIT.
 *
 * Shell; whoever owns it is told once of each attempt, never from within probe_tries_begin.
 */
#ifndef DIRECTOR_PROBE_PROBE_TRIES_UV_H
#define DIRECTOR_PROBE_PROBE_TRIES_UV_H

#include "director/probe/probe_run_uv.h"

#include <sys/queue.h>
#include <uv.h>

struct probe_try;
TAILQ_HEAD(probe_try_list, probe_try);

struct probe_tries {
	uv_loop_t *loop;
	const struct probe_order *order;
	struct probe_try_list list; /* the oldest first */
	uint32_t n, max;
	void (*answered)(void *owner, uint64_t attempt);
	void (*lost)(void *owner, uint64_t attempt, enum probe_loss loss);
	void *owner;
};

enum probe_begun {
	PROBE_UNDER_WAY,
	PROBE_NOT_BEGUN, /* *ret_loss says why */
	PROBE_TO_ITSELF, /* the address is one of this machine */
};

void probe_tries_init(struct probe_tries *t);
enum probe_begun probe_tries_begin(struct probe_tries *t, uint64_t attempt, uint64_t now_us,
				   enum probe_loss *ret_loss);
/* Those whose time is over are lost. */
void probe_tries_expire(struct probe_tries *t, uint64_t now_us);
/* Nobody is told any more; memory goes when the loop has run. */
void probe_tries_close(struct probe_tries *t);

/* A socket for the order that is being connected, reset when it is closed; or negative errno. */
int probe_connect(const struct probe_order *order);
/* Whether it leads to this machine itself. */
bool probe_is_to_itself(int fd, const struct probe_order *order);
/* The port of our end; 0 when it has none. */
uint16_t probe_own_port(int fd);
/* The error that the socket has, as a positive errno; 0: none. */
int probe_socket_error(int fd);

#endif
