/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libuv's pool with all of its threads held up, as by a slow disk. */
#ifndef TESTS_POOL_H
#define TESTS_POOL_H

#include <uv.h>

enum { POOL_THREADS = 4 }; /* libuv's default */

struct pool {
	uv_work_t work[POOL_THREADS];
	uv_sem_t begun, go_on;
};

/* Returns when every thread is held up; what is given to the pool from then on waits. */
void pool_hold(struct pool *p, uv_loop_t *loop);
/* p is to stay until the loop has ended. */
void pool_release(struct pool *p);

#endif
