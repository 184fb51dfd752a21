/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The clock of the elections, libuv's timers in it, and the date. */
#ifndef HA_CLOCK_UV_H
#define HA_CLOCK_UV_H

#include <stdint.h>
#include <time.h>
#include <uv.h>

/* The same in all *_NEVER. */
#define CLOCK_NEVER UINT64_MAX

/* Monotonic: it goes on over restarts of a program, and nobody sets it. Microseconds. */
static inline uint64_t clock_us(void)
{
	return uv_hrtime() / 1000;
}

static inline uint64_t clock_ms(void)
{
	return clock_us() / 1000;
}

/* Since 1970, microseconds. Somebody may set it at any time. */
static inline uint64_t clock_wall_us(void)
{
	struct timespec wall;

	clock_gettime(CLOCK_REALTIME, &wall);
	return (uint64_t)wall.tv_sec * 1000000 + (uint64_t)wall.tv_nsec / 1000;
}

static inline uint64_t clock_wall_ms(void)
{
	return clock_wall_us() / 1000;
}

/* Not before due_us: libuv counts milliseconds of the same clock. CLOCK_NEVER stops the timer. */
static inline void clock_timer(uv_timer_t *timer, uv_timer_cb cb, uint64_t due_us)
{
	uint64_t due_ms = due_us / 1000 + (due_us % 1000 != 0), now_ms = uv_now(timer->loop);

	if (due_us == CLOCK_NEVER)
		uv_timer_stop(timer);
	else
		uv_timer_start(timer, cb, due_ms > now_ms ? due_ms - now_ms : 0, 0);
}

#endif
