/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/probe/probe_run_uv.h"

#include "director/probe/probe_held_uv.h"
#include "director/probe/probe_tries_uv.h"
#include "ha/clock_uv.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum {
	LOOK_EVERY_MS = 10, /* whose time is over */
	OTHER_FILES = 64,   /* descriptors that are no attempt */
	PARTS = 4,
};

struct run {
	const struct probe_order *order;
	const struct probe_ops *ops;
	struct probe_result *result;
	struct probe_tries tries;
	struct probe_keeper keeper;

	uv_loop_t loop;
	uv_poll_t clock; /* a descriptor that is readable at every moment of the schedule */
	uv_timer_t look;
	uv_signal_t signals[2];
	int clock_fd;
	unsigned int looks, interrupts;
	bool attempts_done;
	uint64_t attempts_done_us;
};

static void step(struct run *r, enum probe_event_kind kind)
{
	probe_book_step(&r->result->book,
			&(struct probe_event){.kind = kind, .now_us = clock_us()});
}

/* --- the end ------------------------------------------------------------------------------------ */

static void finish(struct run *r)
{
	uv_handle_t *parts[PARTS] = {(uv_handle_t *)&r->clock, (uv_handle_t *)&r->look,
				     (uv_handle_t *)&r->signals[0], (uv_handle_t *)&r->signals[1]};

	if (uv_is_closing(parts[0]))
		return;
	r->result->ended_us = clock_us();
	step(r, PROBE_END);
	probe_tries_close(&r->tries);
	probe_keeper_close(&r->keeper);
	for (size_t i = 0; i < PARTS; i++)
		uv_close(parts[i], NULL);
}

static void interrupted(uv_signal_t *signal, int number)
{
	struct run *r = signal->data;

	(void)number;
	if (r->interrupts++ == 0)
		step(r, PROBE_STOP);
	else
		finish(r);
}

/* --- attempts ----------------------------------------------------------------------------------- */

static void answered(void *owner, uint64_t attempt)
{
	struct run *r = owner;

	probe_book_step(&r->result->book, &(struct probe_event){.kind = PROBE_ANSWER,
								.now_us = clock_us(),
								.attempt = attempt});
}

static void lost(void *owner, uint64_t attempt, enum probe_loss loss)
{
	struct run *r = owner;

	probe_book_step(&r->result->book, &(struct probe_event){.kind = PROBE_LOSS,
								.now_us = clock_us(),
								.attempt = attempt,
								.loss = loss});
}

static void tick(uv_poll_t *poll, int status, int events)
{
	struct run *r = poll->data;
	struct probe_book *b = &r->result->book;
	uint64_t passed;

	(void)status;
	(void)events;
	if (read(r->clock_fd, &passed, sizeof(passed)) < 0)
		return; /* too early */
	for (uint64_t due = probe_book_due(b, clock_us()); due > 0; due--) {
		uint64_t attempt = b->begun;
		enum probe_loss loss;

		switch (probe_tries_begin(&r->tries, attempt, clock_us(), &loss)) {
		case PROBE_UNDER_WAY: step(r, PROBE_BEGIN); break;
		case PROBE_NOT_BEGUN:
			step(r, PROBE_BEGIN);
			lost(r, attempt, loss);
			break;
		case PROBE_TO_ITSELF:
			r->result->became_local = true;
			finish(r);
			return;
		}
	}
}

static void held_lost(void *owner, const struct probe_held *h)
{
	struct run *r = owner;

	if (r->ops->held_lost)
		r->ops->held_lost(r->ops->owner, r->result, h);
}

static void look(uv_timer_t *timer)
{
	struct run *r = timer->data;
	uint64_t at = clock_us();

	probe_tries_expire(&r->tries, at);
	if (r->looks++ % (PROBE_TICK_MS / LOOK_EVERY_MS) == 0) {
		probe_keeper_tick(&r->keeper, at);
		if (r->ops->tick)
			r->ops->tick(r->ops->owner, r->result);
	}
	if (!r->attempts_done && probe_book_is_done(&r->result->book)) {
		r->attempts_done = true;
		r->attempts_done_us = at;
		step(r, PROBE_STOP);
	}
	/* A held connection has survived when it is heard after the last attempt. */
	if (r->attempts_done && probe_keeper_is_proven(&r->keeper, r->attempts_done_us))
		finish(r);
}

/* --- the beginning ------------------------------------------------------------------------------ */

/* How many attempts there is room for. */
static int take_files(const struct probe_order *order, uint32_t *ret, struct err *err)
{
	struct rlimit limit = {0};
	rlim_t others = order->hold + (rlim_t)OTHER_FILES;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return err_set(err, -errno, "the limit of open files cannot be read");
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		return err_set(err, -errno, "the limit of open files cannot be raised");
	if (limit.rlim_cur <= others)
		return err_set(err, -EMFILE,
			       "%u held connections are too many for a limit of %llu open files",
			       order->hold, (unsigned long long)limit.rlim_cur);
	*ret = limit.rlim_cur - others < PROBE_UNDER_WAY_MAX ? (uint32_t)(limit.rlim_cur - others)
							     : PROBE_UNDER_WAY_MAX;
	return 0;
}

/* Readable at each moment of the schedule, however late the last one was served. */
static int make_clock(struct run *r)
{
	uint64_t first_ns = r->result->book.start_us * 1000, every_ns = 1000000000 / r->order->rate;
	struct itimerspec when = {
		.it_value = {.tv_sec = (time_t)(first_ns / 1000000000),
			     .tv_nsec = (long)(first_ns % 1000000000)},
		.it_interval = {.tv_sec = (time_t)(every_ns / 1000000000),
				.tv_nsec = (long)(every_ns % 1000000000)},
	};

	r->clock_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (r->clock_fd >= 0 && timerfd_settime(r->clock_fd, TFD_TIMER_ABSTIME, &when, NULL) == 0)
		return 0;
	return -errno;
}

static int prepare(struct run *r, struct err *err)
{
	const struct probe_order *order = r->order;
	struct probe_result *result = r->result;
	uint64_t start_us = clock_us();

	result->unix_us = clock_wall_us() - start_us;
	result->held = calloc(order->hold + 1, sizeof(*result->held));
	result->n_held = order->hold;
	r->keeper = (struct probe_keeper){.loop = &r->loop,
					  .order = order,
					  .held = result->held,
					  .lost = held_lost,
					  .owner = r};
	if (!result->held ||
	    probe_book_init(&result->book, order->rate, order->attempts, order->timeout_ms * 1000,
			    order->slot_us, start_us) < 0 ||
	    probe_keeper_init(&r->keeper) < 0)
		return err_set(err, -ENOMEM, "no memory for a probe");
	if (make_clock(r) < 0)
		return err_set(err, -errno, "no timer for a probe: %s", strerror(errno));
	return 0;
}

static void start(struct run *r)
{
	static const int numbers[2] = {SIGINT, SIGTERM};

	r->tries.loop = &r->loop;
	r->tries.order = r->order;
	r->tries.max = r->result->under_way_max;
	r->tries.answered = answered;
	r->tries.lost = lost;
	r->tries.owner = r;
	probe_tries_init(&r->tries);
	r->clock.data = r->look.data = r;
	uv_timer_init(&r->loop, &r->look);
	uv_timer_start(&r->look, look, 0, LOOK_EVERY_MS);
	uv_poll_start(&r->clock, UV_READABLE, tick);
	for (size_t i = 0; i < 2; i++) {
		uv_signal_init(&r->loop, &r->signals[i]);
		r->signals[i].data = r;
		uv_signal_start(&r->signals[i], interrupted, numbers[i]);
	}
}

int probe_run(const struct probe_order *order, const struct probe_ops *ops,
	      struct probe_result *ret, struct err *err)
{
	struct run r = {.order = order, .ops = ops, .result = ret, .clock_fd = -1};
	int code;

	*ret = (struct probe_result){0};
	code = take_files(order, &ret->under_way_max, err);
	if (code == 0)
		code = prepare(&r, err);
	if (code == 0) {
		code = uv_loop_init(&r.loop);
		if (code < 0)
			err_set(err, code, "no loop for a probe: %s", uv_strerror(code));
	}
	if (code == 0) {
		code = uv_poll_init(&r.loop, &r.clock, r.clock_fd);
		if (code < 0)
			err_set(err, code, "no timer for a probe: %s", uv_strerror(code));
		else
			start(&r);
		uv_run(&r.loop, UV_RUN_DEFAULT);
		uv_loop_close(&r.loop);
	}
	probe_keeper_free(&r.keeper);
	if (r.clock_fd >= 0)
		close(r.clock_fd);
	return code;
}

void probe_result_clear(struct probe_result *r)
{
	probe_book_clear(&r->book);
	free(r->held);
	r->held = NULL;
}
