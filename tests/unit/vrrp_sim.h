/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two or three directors' elections in one process, in virtual time. The cores are the object files
 * of directord (vrrp, vrrp_packet, announce); the shells around them, the network and the hosts on
 * the link are simulated. Adverts and announcements travel as bytes.
 *
 *     VRRP_SEED=123 build/san/run-tests vrrp_sim                  prints the whole history 123
 *     VRRP_SEED=123 VRRP_MUTANT=4 build/san/run-tests vrrp_sim    the same with mistake 4
 *     VRRP_SEEDS=1000000 build/san/run-tests vrrp_sim             runs more histories
 *
 * Heartbeats are a second path: each node sends one each interval, at every change of state, and
 * with a goodbye when it leaves; a host whose director is gone refuses them.
 *
 * From the seed come the settings (intervals from 10 ms to 40.95 s, on some links not the same on all
 * nodes; any priority, often equal ones, sometimes 255; preempt), the link (delay D, reordering
 * within it, duplicates) and what goes wrong:
 *   network   loss; cuts of one way, of a pair, of a node from all, of a node from a host, of all
 *             adverts; delays of many intervals; the same of heartbeats alone
 *   process   SIGSTOP (timers late, adverts queue up), a virtual machine that stands still (its
 *             clock, too), a crash (the addresses stay on the interface, nobody is told), restarts,
 *             steps forward of the monotonic clock. The wall clock is no input of the election.
 *   operator  yield, reconfigure, shutdown, startup, faults of the link and others, their end,
 *             maintenance, the gate, a word of the group (t_group.c and t_group_tie.c have whole groups)
 * First comes a time of trouble of all that, then the network is mended and the rest happens one by
 * one, each time until the dust has settled.
 *
 * TAKEOVER TIME. I is the largest interval on the link, D the longest delay of a whole network, L
 * what a timer is late. After the last disturbance
 *   - silence is noticed: the last advert arrives after D, a backup waits at most
 *     Active_Down_Interval = 3 I + Skew_Time < 4 I (RFC 9568, 6.1), and L
 *   - the same bounds a preemption: the wait of a backup that discards lesser adverts began before
 *     the disturbance, or with the last advert it accepted, and goes on
 *   - a yield to nobody ends after 2 I; after priority 0 a backup waits Skew_Time: both are less
 *   - two who took over at once hear each other after D: the lesser one goes
 *   - a master that was late steps down at its next event and waits as any backup
 *   - a hold ends 2 I after the last heartbeat of a master: before a silence does
 *   together T = 4 I + 2 D + L. Where intervals differ, an advert of the loser that comes in last
 *   teaches a third router the loser's shorter interval; it takes over for a moment before the
 *   winner's next advert, within I + D, which corrects it after D more: T + 2 I + 3 D.
 *
 * INVARIANTS. The network is whole: nothing is lost or cut, no delay above D. A disturbance is
 * whatever comes from outside; a router takes part when it runs and is backup or master.
 *   1. T after the last disturbance exactly one of those that take part is master, if there are any:
 *      so two masters, or none, never last longer than T
 *   2. no state changes later than T after the last disturbance: nothing flaps
 *   3. the master is nobody's lesser who preempts; with preempt off, and after a yield until the
 *      next time as master, a router may be of higher priority and wait
 *   4. the winner announced last: when it had time for its announcements, the ARP entry of every
 *      host, for every address, is the master's. The exception: all was decided before the network
 *      was whole, or a master died without a word beside another one. Then nobody can know what
 *      the hosts heard last.
 *   5. always: running, the addresses are held exactly by masters; they are announced only by a
 *      holder; priority 0 is sent only by one who does not hold them
 *   6. unless a heartbeat or its group tells it to, a backup never takes over before its wait is
 *      over: 3 intervals of the master and the skew after the last advert that it must respect (own
 *      or higher priority; any, when it does not preempt), the skew after priority 0, 2 intervals
 *      after a yield
 *   7. nor does it wait longer than that and L
 *   8. every step is that of its row in the table (vrrp_rules.h)
 * Of heartbeats:
 *   9. when they hold takeovers, and neither they nor a process was disturbed for 3 I: silence never
 *      leads to a takeover beside one who has been master for 3 I, and two are never master for
 *      longer than 2 I, whatever becomes of adverts
 *  10. when the master of two leaves, or says that it cannot go on, the other one is master after one
 *      delay of a heartbeat; when its process ends, after 2.5 I (overdue by half an interval, and
 *      refused)
 * Always:
 *  11. a master that sent no advert for more than 3 of its intervals sends neither an advert nor an
 *      announcement before it has let go of the addresses
 *  12. who takes no part, in maintenance for instance, sends nothing but priority 0 when it leaves
 *  13. a closed gate never preempts; by 1 it does take over after silence
 */
#ifndef TESTS_VRRP_SIM_H
#define TESTS_VRRP_SIM_H

#include "tests/unit/vrrp_mutant.h"
#include "tests/unit/vrrp_rules.h"

#include <stdio.h>

#define SIM_COUNTER_LIST(X)                                                                        \
	X(EVENTS, "events")                                                                        \
	X(DISTURBANCES, "disturbances")                                                            \
	X(SETTLED, "settled")                                                                      \
	X(DELIVERED, "adverts heard")                                                              \
	X(DROPPED, "packets lost")                                                                 \
	X(DOUBLED, "packets doubled")                                                              \
	X(STALE, "adverts heard after a pause")                                                    \
	X(OVERFLOWN, "adverts that found the socket full")                                         \
	X(REJECTED, "adverts refused")                                                             \
	X(DUELS, "moments with two masters in a whole network")                                    \
	X(BEATS, "heartbeats heard")                                                               \
	X(REFUSED, "heartbeats refused by a host")                                                 \
	X(HELD, "times that a hold began or ended")                                                \
	X(HEIRS, "takeovers at the word of a heartbeat")                                           \
	X(STALLED, "masters that found themselves late")                                           \
	X(GATED, "takeovers with the gate closed")                                                 \
	X(TAKEOVERS, "takeovers")                                                                  \
	X(ANNOUNCED, "announcements")                                                              \
	X(HOSTS_RIGHT, "ARP entries that point to the winner")                                     \
	X(HOSTS_EXCUSED, "others that nobody could know of")

enum sim_counter {
#define X(id, text) SIM_##id,
	SIM_COUNTER_LIST(X)
#undef X
		SIM_COUNTERS
};

struct sim_options {
	enum vrrp_mutant mutant;
	bool from_outside; /* invariants 1 to 5 only: what the world can see */
	FILE *trace;	   /* NULL: none */
};

struct sim_outcome {
	const char *wrong; /* NULL, or the first thing that was */
	unsigned int counters[SIM_COUNTERS];
	unsigned int rows[RULES_ROWS];
};

struct sim_outcome vrrp_sim_run(uint64_t seed, const struct sim_options *options);
const char *vrrp_sim_counter_name(enum sim_counter c);

#endif
