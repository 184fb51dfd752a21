/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The thread, and how the main thread calls into it; see election_uv.h. */
#include "ha/election_uv.h"

#include "ha/thread_uv.h"
#include "include/log.h"
#include "include/precedence.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum {
	STACK = 4 << 20,	   /* sanitizers need much of it for themselves */
	STACK_TOUCHED = 256 << 10, /* in memory from the beginning */
	PAGE = 4096,
	/* Above every thread that is not real-time; below the kernel's own, whose work is ours, too: the
	 * threads of interrupts have 50. */
	REALTIME_PRIORITY = 10,
};

struct election {
	uv_loop_t loop;
	uv_thread_t thread, main;
	uv_async_t called; /* on loop */
	uv_async_t wake;   /* on the main loop */
	uv_sem_t returned;
	/* Written by the main thread before it calls, read by the election thread, which is woken for
	 * it by libuv: `fn` is the release and the acquire of both. */
	void (*_Atomic fn)(void *arg);
	void *arg;
	void (*woken)(void *owner);
	void *owner;
	bool realtime;	     /* of the main thread */
	cpu_set_t cpus;	     /* where the process may run, as it was found */
	struct latency late; /* of the election thread */
};

/* --- on the election thread ------------------------------------------------------------------- */

static void on_call(uv_async_t *async)
{
	struct election *e = async->data;
	void (*fn)(void *arg) = atomic_exchange(&e->fn, NULL);

	if (!fn)
		return;
	fn(e->arg);
	uv_sem_post(&e->returned);
}

/* The first use of a page would wait for the kernel to find one. */
static void __attribute__((noinline)) touch_stack(void)
{
	volatile char stack[STACK_TOUCHED];

	for (size_t i = 0; i < sizeof(stack); i += PAGE)
		stack[i] = 0;
}

static void wake(void *owner)
{
	election_wake(owner);
}

static void run(void *arg)
{
	struct election *e = arg;

	pthread_setname_np(pthread_self(), "election");
	precedence_raise(); /* refused, it was for the main thread, too */
	touch_stack();
	log_defer(wake, e);
	uv_run(&e->loop, UV_RUN_DEFAULT);
	log_defer(NULL, NULL);
}

void election_wake(struct election *e)
{
	uv_async_send(&e->wake); /* writes to an eventfd, which never waits */
}

void election_late(struct election *e, uint64_t late_us)
{
	latency_note(&e->late, late_us);
}

static void close_called(void *arg)
{
	struct election *e = arg;

	uv_close((uv_handle_t *)&e->called, NULL);
}

/* --- on the main thread ----------------------------------------------------------------------- */

static void on_wake(uv_async_t *async)
{
	struct election *e = async->data;

	e->woken(e->owner);
}

static void on_wake_closed(uv_handle_t *handle)
{
	free(handle->data);
}

/* The loop of a thread that did not start. */
static void end_loop(struct election *e)
{
	uv_close((uv_handle_t *)&e->called, NULL);
	uv_run(&e->loop, UV_RUN_DEFAULT);
	uv_loop_close(&e->loop);
}

static size_t last_cpu(const cpu_set_t *cpus)
{
	size_t last = 0;

	for (size_t i = 0; i < CPU_SETSIZE; i++)
		if (CPU_ISSET(i, cpus))
			last = i;
	return last;
}

static void do_nothing(uv_work_t *work)
{
	(void)work;
}

static void pool_started(uv_work_t *work, int status)
{
	(void)status;
	free(work);
}

/*
 * libuv starts its threads when there is something to do for the first time, and they inherit their
 * priority and where they may run from who asked: that is to be us.
 */
static int start_pool(const struct election *e, uv_loop_t *main)
{
	uv_work_t *work = malloc(sizeof(*work));
	cpu_set_t others = e->cpus;
	int code;

	if (!work)
		return -ENOMEM;
	if (CPU_COUNT(&others) > 1)
		CPU_CLR(last_cpu(&others), &others);
	pthread_setaffinity_np(e->main, sizeof(others), &others);
	code = uv_queue_work(main, work, do_nothing, pool_started);
	pthread_setaffinity_np(e->main, sizeof(e->cpus), &e->cpus);
	if (code < 0)
		free(work);
	return code;
}

static int open_loop(struct election *e)
{
	int code = uv_loop_init(&e->loop);

	if (code < 0)
		return code;
	code = uv_async_init(&e->loop, &e->called, on_call);
	if (code < 0) {
		uv_loop_close(&e->loop);
		return code;
	}
	e->called.data = e;
	code = uv_sem_init(&e->returned, 0);
	if (code < 0) {
		end_loop(e);
		return code;
	}
	code = thread_start(&e->thread, STACK, run, e);
	if (code < 0) {
		uv_sem_destroy(&e->returned);
		end_loop(e);
	}
	return code;
}

int election_new(uv_loop_t *main, void (*woken)(void *owner), void *owner, struct election **ret,
		 struct err *err)
{
	struct election *e = calloc(1, sizeof(*e));
	int code;

	if (!e)
		return err_set(err, -ENOMEM, "no memory");
	e->woken = woken;
	e->owner = owner;
	e->main = uv_thread_self();
	if (sched_getaffinity(0, sizeof(e->cpus), &e->cpus) < 0)
		CPU_ZERO(&e->cpus);
	code = start_pool(e, main);
	if (code == 0)
		code = uv_async_init(main, &e->wake, on_wake);
	if (code < 0) {
		free(e);
		goto failed;
	}
	e->wake.data = e;
	code = open_loop(e);
	if (code < 0) {
		uv_close((uv_handle_t *)&e->wake, on_wake_closed);
		goto failed;
	}
	*ret = e;
	return 0;
failed:
	return err_set(err, code, "cannot start the thread of the election: %s", strerror(-code));
}

uv_loop_t *election_loop(struct election *e)
{
	return &e->loop;
}

void election_call(struct election *e, void (*fn)(void *arg), void *arg)
{
	uv_thread_t self = uv_thread_self();

	assert(uv_thread_equal(&self, &e->main));
	(void)self;
	e->arg = arg;
	atomic_store(&e->fn, fn);
	uv_async_send(&e->called);
	uv_sem_wait(&e->returned);
}

/*
 * Priority is not enough where the kernel is not preempted in system calls (PREEMPT_NONE, usual on
 * servers): who wakes on the processor where the main thread's transaction is being committed waits for
 * its end, whoever else would give way at once. So the two do not meet: one processor is the
 * election's, and the main thread keeps off it. Best effort; with one processor there is no choice.
 */
static void set_apart(struct election *e, bool apart)
{
	cpu_set_t its = e->cpus, others = e->cpus;

	if (CPU_COUNT(&e->cpus) < 2)
		return;
	if (apart) {
		CPU_ZERO(&its);
		CPU_SET(last_cpu(&e->cpus), &its);
		CPU_CLR(last_cpu(&e->cpus), &others);
	}
	pthread_setaffinity_np(e->thread, sizeof(its), &its);
	pthread_setaffinity_np(e->main, sizeof(others), &others);
}

int election_set_realtime(struct election *e, bool on)
{
	const struct sched_param param = {.sched_priority = on ? REALTIME_PRIORITY : 0};
	int code;

	if (on == e->realtime)
		return 0;
	code = -pthread_setschedparam(e->thread, on ? SCHED_FIFO : SCHED_OTHER, &param);
	if (code < 0)
		return code;
	set_apart(e, on);
	e->realtime = on;
	return 0;
}

struct view_call {
	struct election *e;
	struct election_view *ret;
};

static void view_here(void *arg)
{
	const struct view_call *call = arg;

	call->ret->late = call->e->late;
}

void election_view(struct election *e, struct election_view *ret)
{
	ret->realtime = e->realtime;
	election_call(e, view_here, &(struct view_call){.e = e, .ret = ret});
}

void election_close(struct election *e)
{
	if (!e)
		return;
	election_call(e, close_called, e);
	uv_thread_join(&e->thread);
	if (uv_loop_close(&e->loop) < 0)
		log_warning("a handle of the election was left open at the end");
	uv_sem_destroy(&e->returned);
	uv_close((uv_handle_t *)&e->wake, on_wake_closed);
}
