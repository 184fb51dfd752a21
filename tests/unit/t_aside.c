/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Closing beside the loop (ha/aside_uv.h), and that the loop's end waits for it. */
#include "ha/aside_uv.h"
#include "tests/unit/pool.h"
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <unistd.h>

/* Many: more than the pool has threads. */
enum { PIPES = 100 };

static void open_pipes(int read_ends[static PIPES], int write_ends[static PIPES])
{
	for (int i = 0; i < PIPES; i++) {
		int ends[2];

		CU_ASSERT_EQUAL_FATAL(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
		read_ends[i] = ends[0];
		write_ends[i] = ends[1];
	}
}

/* Of those whose other end is open a read has nothing yet; of the others it is the end. */
static int closed_ones(const int read_ends[static PIPES])
{
	int n = 0;
	char byte;

	for (int i = 0; i < PIPES; i++)
		n += read(read_ends[i], &byte, 1) == 0;
	return n;
}

static void the_end_of_the_loop_waits(void)
{
	int read_ends[PIPES], write_ends[PIPES];
	uv_loop_t loop;

	CU_ASSERT_EQUAL_FATAL(uv_loop_init(&loop), 0);
	open_pipes(read_ends, write_ends);
	EXPECT_INT(closed_ones(read_ends), 0);
	for (int i = 0; i < PIPES; i++)
		aside_close(&loop, write_ends[i]);
	uv_run(&loop, UV_RUN_DEFAULT);
	EXPECT_INT(closed_ones(read_ends), PIPES);
	EXPECT_INT(uv_loop_close(&loop), 0);
	for (int i = 0; i < PIPES; i++)
		close(read_ends[i]);
}

static void who_closes_does_not_wait(void)
{
	int read_ends[PIPES], write_ends[PIPES];
	struct pool pool;
	uv_loop_t loop;

	CU_ASSERT_EQUAL_FATAL(uv_loop_init(&loop), 0);
	open_pipes(read_ends, write_ends);
	pool_hold(&pool, &loop);
	for (int i = 0; i < PIPES; i++)
		aside_close(&loop, write_ends[i]);
	uv_run(&loop, UV_RUN_NOWAIT);
	EXPECT_INT(closed_ones(read_ends), 0); /* a pool that is busy is late … */
	EXPECT_INT(uv_loop_alive(&loop), 1);
	pool_release(&pool);
	uv_run(&loop, UV_RUN_DEFAULT);
	EXPECT_INT(closed_ones(read_ends), PIPES); /* … and that is all */
	EXPECT_INT(uv_loop_close(&loop), 0);
	for (int i = 0; i < PIPES; i++)
		close(read_ends[i]);
}

UNIT_TESTS(aside) = {
	{"the end of the loop waits for what is closed", the_end_of_the_loop_waits},
	{"who closes does not wait, whatever the pool does", who_closes_does_not_wait},
	UNIT_TESTS_END,
};
