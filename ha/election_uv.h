/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The election's own thread: a second loop, on which the virtual routers, their addresses and their
 * announcements live, so that adverts wait for nothing else that the daemon does.
 *
 * THE RULE OF THE TWO THREADS
 *   1. What is made on election_loop() belongs to the election thread: every vrrp_router_…() runs
 *      there. The main thread, which is the one that called election_new(), calls them in a function
 *      that it hands to election_call(), and waits until it has returned. Nobody else calls.
 *   2. While it waits, that function may use what is the main thread's. Otherwise the election thread
 *      touches nothing outside of its loop, and the main thread keeps no pointer into it.
 *   3. The election thread never waits for the main thread, nor for a lock that it may hold. What it
 *      has to say it leaves behind, calls election_wake(), and goes on.
 *   4. On the election thread: no file is read or written, nothing of unbounded size is allocated or
 *      walked through; a log line goes into a queue (log.h) that the main thread writes out.
 *   5. It may run at real-time priority, above all else on its processor. So every callback has a
 *      budget and goes back to the loop, and nothing ever spins.
 *   6. Where the kernel waits for itself, to close a packet socket or to remove a device, the threads
 *      of libuv's pool do it (aside_uv.h); but for a device of an earlier run that is not as it should
 *      be, and without memory. election_new() starts them, with the priority of the main
 *      thread and off the processor that election_set_realtime() may take: who starts them hands on
 *      both.
 */
#ifndef HA_ELECTION_UV_H
#define HA_ELECTION_UV_H

#include "include/err.h"
#include "include/latency.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct election;

struct election_view {
	bool realtime;
	struct latency late; /* how late its deadlines were */
};

/*
 * woken(owner) runs on the main loop soon after election_wake(), once for several of them. The
 * thread's log lines call for it by themselves: it is to call log_flush(). 0, or a negative errno and
 * the sentence.
 */
int election_new(uv_loop_t *main, void (*woken)(void *owner), void *owner, struct election **ret,
		 struct err *err);
uv_loop_t *election_loop(struct election *e);
/* Runs fn(arg) on the election thread; returns when it has. */
void election_call(struct election *e, void (*fn)(void *arg), void *arg);
/*
 * Real-time priority for the thread (SCHED_FIFO) and, when there are several, a processor that the
 * main thread keeps off; or no longer. 0 or a negative errno; then it stays as it was.
 */
int election_set_realtime(struct election *e, bool on);
void election_view(struct election *e, struct election_view *ret);
/*
 * Ends the thread and waits for that; every handle on its loop must have been closed (uv_close())
 * before. e frees itself when the main loop runs next. NULL is fine.
 */
void election_close(struct election *e);

/* From the election thread: */
void election_wake(struct election *e);
void election_late(struct election *e, uint64_t late_us);

#endif
