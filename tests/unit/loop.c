/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/loop.h"

#include "tests/unit/unit.h"

enum { PATIENCE_MS = 10000 };

void unit_loop_run(uv_loop_t *loop, uint64_t ms)
{
	uint64_t until = uv_hrtime() + ms * 1000000;

	while (uv_hrtime() < until)
		uv_run(loop, UV_RUN_ONCE);
}

void unit_loop_wait(uv_loop_t *loop, const unsigned int *counter, unsigned int value)
{
	uint64_t until = uv_hrtime() + PATIENCE_MS * 1000000ULL;

	while (*counter < value && uv_hrtime() < until)
		uv_run(loop, UV_RUN_ONCE);
	EXPECT_INT(*counter, value);
}
