/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the election thread does not wait for. To close a packet socket the kernel waits until nobody
 * can be using it any more (an RCU grace period, 5 to 20 ms): adverts every 10 ms do not have that
 * time, let alone once for each section that a reload ends.
 *
 * It is done by the threads of libuv's pool, which election_new() starts. They are the process's, and
 * others use them, too: while all of them wait for a slow disk a socket is closed late, and that does
 * no harm. The loop goes on until all is done, so the end of the daemon waits for it.
 */
#ifndef HA_ASIDE_UV_H
#define HA_ASIDE_UV_H

#include <uv.h>

/* Closes fd, which the loop must not watch any more, soon; at once when there is no memory. */
void aside_close(uv_loop_t *loop, int fd);

#endif
