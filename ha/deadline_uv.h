/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One moment on a loop, to the microsecond of CLOCK_MONOTONIC (uv_hrtime()): the timers of libuv
 * count whole milliseconds, which is a tenth of the shortest advert interval, and the time of the
 * loop is older than the present by whatever its callbacks took.
 *
 * Owns a timerfd. Knows how late it is when it comes.
 */
#ifndef HA_DEADLINE_UV_H
#define HA_DEADLINE_UV_H

#include "include/err.h"

#include <stdint.h>
#include <uv.h>

#define DEADLINE_NEVER UINT64_MAX

struct deadline {
	uv_poll_t poll;
	int fd;
	uint64_t due_us; /* DEADLINE_NEVER: not armed */
	/* It may arm the deadline again, or close it. */
	void (*expired)(void *owner, uint64_t late_us);
	void (*closed)(void *owner);
	void *owner;
};

/* 0, or a negative errno and the sentence; then nothing is left open. */
int deadline_init(struct deadline *d, uv_loop_t *loop,
		  void (*expired)(void *owner, uint64_t late_us), void *owner, struct err *err);
/* Never before that time; at once when it is over. DEADLINE_NEVER: not any more. */
void deadline_arm(struct deadline *d, uint64_t due_us);
/* closed(owner) is called when the struct may go. */
void deadline_close(struct deadline *d, void (*closed)(void *owner));

#endif
