/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who goes first when the processors do not suffice for all. What the director does is little, and
 * others wait for it: the routers of the network for advertisements, the other director for news.
 * Beside it the kernel works in threads like any other's (to double a large hash table under load
 * takes one some 100 ms), and with an equal share for each the news were the later for it.
 */
#ifndef INCLUDE_PRECEDENCE_H
#define INCLUDE_PRECEDENCE_H

enum { PRECEDENCE_NICE = -10 };

/*
 * The calling thread goes before others of its session from now on (nice(2)), and 1 is returned. 0: its
 * nice value is not 0, which was somebody's wish, and stays. A negative errno: refused, without
 * CAP_SYS_NICE and with an RLIMIT_NICE of less than 30; nothing has changed then.
 */
int precedence_raise(void);
/*
 * The session goes before others, where the kernel groups threads by sessions first and the nice value
 * of one counts within its group alone (sched(7), autogroup). 0, also where it does not, and where the
 * session is not that of this process, as behind a terminal; or a negative errno as above.
 */
int precedence_raise_session(void);
/*
 * Threads and processes that the calling thread begins from now on have a nice value of 0: commands of
 * the configuration, say. 0 or a negative errno.
 */
int precedence_keep_from_children(void);

#endif
