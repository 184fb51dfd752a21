/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/pool.h"

#include "tests/unit/unit.h"

static void wait_here(uv_work_t *work)
{
	struct pool *p = work->data;

	uv_sem_post(&p->begun);
	uv_sem_wait(&p->go_on);
}

void pool_hold(struct pool *p, uv_loop_t *loop)
{
	CU_ASSERT_EQUAL_FATAL(uv_sem_init(&p->begun, 0), 0);
	CU_ASSERT_EQUAL_FATAL(uv_sem_init(&p->go_on, 0), 0);
	for (int i = 0; i < POOL_THREADS; i++) {
		p->work[i].data = p;
		CU_ASSERT_EQUAL_FATAL(uv_queue_work(loop, &p->work[i], wait_here, NULL), 0);
	}
	for (int i = 0; i < POOL_THREADS; i++)
		uv_sem_wait(&p->begun);
}

void pool_release(struct pool *p)
{
	for (int i = 0; i < POOL_THREADS; i++)
		uv_sem_post(&p->go_on);
}
