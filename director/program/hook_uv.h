/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The program of `notify`: run once for each notice, one run after the other in the order of the
 * notices.
 *
 * Shell, on the main loop; nothing ever waits for the program. One that takes longer than HOOK_LIMIT_MS is
 * ended. When there is nothing to tell, the owner is asked how everything is, one thing after the other: at
 * the start, under another configuration and after notices were lost. So whoever is told knows in the end.
 */
#ifndef DIRECTOR_PROGRAM_HOOK_UV_H
#define DIRECTOR_PROGRAM_HOOK_UV_H

#include "director/program/notice.h"

#include <uv.h>

enum {
	HOOK_LIMIT_MS = 10000,
	HOOK_GAP_MS =
		10, /* from one state to the next: starting a program costs a large daemon time */
	HOOK_END_MS = 1000, /* so long the end of the daemon waits for what is to be told */
};

struct hook;

struct hook_ops {
	/* Before that: tells what has changed and waits elsewhere, if anything. */
	void (*settle)(void *owner);
	/* How the next thing is; from the beginning again, when asked. False: that was all. */
	bool (*next)(void *owner, bool again, struct notice *ret);
};

/* How often what happened. */
struct hook_stats {
	uint64_t done, failed, timeout, lost;
};

/* 0 or -ENOMEM. */
int hook_new(uv_loop_t *loop, const struct hook_ops *ops, void *owner, struct hook **ret);
/* The program from the next run on ("": none), and who tells it. */
void hook_configure(struct hook *h, const char *path, const char *node);
/* How everything is, once more. */
void hook_tell_all(struct hook *h);
/* Without a program nothing happens. */
void hook_tell(struct hook *h, const struct notice *n);
/* So many changes came to nothing on their way to here. */
void hook_lose(struct hook *h, uint64_t n);
void hook_stats(const struct hook *h, struct hook_stats *ret);
/* What waits is still told, for a while; nothing else. */
void hook_stop(struct hook *h);
/* After hook_stop(): it should not be closed yet. */
bool hook_lingers(const struct hook *h);
/* Ends a run that goes on. NULL is fine. */
void hook_close(struct hook *h);

#endif
