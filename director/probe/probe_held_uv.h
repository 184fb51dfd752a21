/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The connections that a probe keeps open, see probe_held.h. Shell: their sockets, and what the kernel knows
 * of them.
 */
#ifndef DIRECTOR_PROBE_PROBE_HELD_UV_H
#define DIRECTOR_PROBE_PROBE_HELD_UV_H

#include "director/probe/probe_run_uv.h"

#include <uv.h>

struct probe_link;

struct probe_keeper {
	uv_loop_t *loop;
	const struct probe_order *order;
	struct probe_held *held; /* order->hold of them */
	void (*lost)(void *owner, const struct probe_held *h);
	void *owner;

	struct probe_link *links;
	uint32_t opened; /* that were asked for so far */
	uint64_t ticks;
};

int probe_keeper_init(struct probe_keeper *k); /* 0 or -ENOMEM */
/* Every PROBE_TICK_MS: opens some, asks the kernel about some. */
void probe_keeper_tick(struct probe_keeper *k, uint64_t now_us);
/* All that are not lost were heard since then. */
bool probe_keeper_is_proven(const struct probe_keeper *k, uint64_t since_us);
void probe_keeper_close(struct probe_keeper *k); /* asynchronous, but for… */
void probe_keeper_free(struct probe_keeper *k);	 /* … its memory, when the loop has run */

#endif
