/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ha/deadline_uv.h"

#include "ha/clock_uv.h"

#include <errno.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

static void set(struct deadline *d, uint64_t due_us)
{
	const struct itimerspec when = {
		.it_value.tv_sec = (time_t)(due_us / 1000000),
		.it_value.tv_nsec = (long)(due_us % 1000000 * 1000),
	};

	d->due_us = due_us;
	timerfd_settime(d->fd, TFD_TIMER_ABSTIME, &when, NULL); /* fails on a wrong value only */
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	struct deadline *d = poll->data;
	uint64_t times, due_us = d->due_us, now_us = clock_us();

	(void)status;
	(void)events;
	/* It may have been put off since the loop saw it. */
	if (read(d->fd, &times, sizeof(times)) < 0 || due_us == DEADLINE_NEVER)
		return;
	d->due_us = DEADLINE_NEVER;
	d->expired(d->owner, now_us > due_us ? now_us - due_us : 0);
}

int deadline_init(struct deadline *d, uv_loop_t *loop,
		  void (*expired)(void *owner, uint64_t late_us), void *owner, struct err *err)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	int code = fd < 0 ? -errno : 0;

	*d = (struct deadline){
		.fd = fd, .due_us = DEADLINE_NEVER, .expired = expired, .owner = owner};
	if (code == 0)
		code = uv_poll_init(loop, &d->poll, fd);
	if (code < 0) {
		if (fd >= 0)
			close(fd);
		return err_set(err, code, "cannot make a timer: %s", strerror(-code));
	}
	d->poll.data = d;
	uv_poll_start(&d->poll, UV_READABLE, on_poll);
	return 0;
}

/* A time of zero would stop the timer, and a time in the past has come. */
void deadline_arm(struct deadline *d, uint64_t due_us)
{
	static const struct itimerspec never;

	if (due_us != DEADLINE_NEVER) {
		set(d, due_us > 0 ? due_us : 1);
		return;
	}
	d->due_us = DEADLINE_NEVER;
	timerfd_settime(d->fd, 0, &never, NULL);
}

static void on_close(uv_handle_t *handle)
{
	struct deadline *d = handle->data;

	d->closed(d->owner);
}

void deadline_close(struct deadline *d, void (*closed)(void *owner))
{
	d->closed = closed;
	d->due_us = DEADLINE_NEVER;
	uv_close((uv_handle_t *)&d->poll, on_close);
	close(d->fd); /* libuv does not look at it any more */
	d->fd = -1;
}
