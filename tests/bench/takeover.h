/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The instruments of takeover.sh, each a run of the program bench_takeover: who sends and who
 * answers, who owns the virtual address at what time, the load, the table at the end.
 *
 * What waits runs with real-time priority when it may: a late instrument must not be taken for a
 * late director. Times are CLOCK_REALTIME, which the shell reads too.
 */
#ifndef TESTS_BENCH_TAKEOVER_H
#define TESTS_BENCH_TAKEOVER_H

#include <stdint.h>
#include <time.h>

/* Each takes its own arguments from argv[0] on and returns an exit status. */
int takeover_echo(int argc, char **argv);
int takeover_send(int argc, char **argv);
int takeover_watch(int argc, char **argv);
int takeover_fill(int argc, char **argv);
int takeover_report(int argc, char **argv);

/* Real-time priority and no page faults; without the right to it all goes on as it is. */
void takeover_be_prompt(void);

static inline int64_t takeover_ns(const struct timespec *t)
{
	return (int64_t)t->tv_sec * 1000000000 + t->tv_nsec;
}

static inline int64_t takeover_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return takeover_ns(&t);
}

#endif
