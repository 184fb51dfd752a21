/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Routers with one mistake, made around vrrp_step(): the event, the settings or the outcome are
 * altered. The simulation must notice every one of them.
 */
#ifndef TESTS_VRRP_MUTANT_H
#define TESTS_VRRP_MUTANT_H

#include "ha/vrrp.h"

#define VRRP_MUTANT_LIST(X)                                                                        \
	X(NONE, "none")                                                                            \
	X(NO_SKEW, "silence lasts 3 intervals, without the skew")                                  \
	X(LONG_SILENCE, "silence lasts 6 intervals")                                               \
	X(TIE_INVERTED, "a tie goes to the smaller address")                                       \
	X(TIE_HIDDEN, "master: a tie that was lost is told from no other loss")                    \
	X(EQUAL_DISCARDED, "backup: equal priority is discarded like a lesser one")                \
	X(ZERO_IGNORED, "backup: priority 0 is not heard")                                         \
	X(ZERO_UNANSWERED, "master: priority 0 is not heard")                                      \
	X(WINNER_SILENT, "master: nothing is announced when another master is heard")              \
	X(LOSER_SILENT, "master: goes without an advert when a higher one is heard")               \
	X(NOT_ASSERTED, "master: a lesser master gets no advert")                                  \
	X(TAKE_LAST, "addresses are announced before they are there")                              \
	X(RELEASE_LAST, "addresses go after the advert")                                           \
	X(HOLDS_ON, "addresses stay when a higher master is heard")                                \
	X(FAULT_HOLDS_ON, "addresses stay when the link goes")                                     \
	X(NOT_REARMED, "backup: an advert does not restart the wait")                              \
	X(INTERVAL_STALE, "backup: the master's interval is not learned")                          \
	X(PREEMPT_ALWAYS, "preempt off means nothing")                                             \
	X(PREEMPT_NEVER, "preempt on means nothing")                                               \
	X(YIELD_FORGOTTEN, "a yield is forgotten at once")                                         \
	X(YIELD_FOR_EVER, "a yield that nobody answers waits for ever")                            \
	X(TWO_MASTERS, "master: a higher master is tolerated")                                     \
	X(ANY_MASTER, "master: gives way to a lesser one")                                         \
	X(ONE_ADVERT, "master: the timer is not armed again")                                      \
	X(LEAVES_SILENTLY, "shutdown sends no priority 0")                                         \
	X(RELOAD_DEFERS, "backup: a reload restarts the wait")                                     \
	X(RELOAD_IGNORED, "master: peers do not learn a reload")                                   \
	X(OWNER_YIELDS, "the address owner yields")                                                \
	X(CLEAR_IS_MASTER, "out of a fault goes straight to master")                               \
	X(HOLD_IGNORED, "backup: a heartbeat holds nothing")                                       \
	X(HOLD_TOO_LONG, "backup: a heartbeat holds for 200 intervals")                            \
	X(HOLD_UNREAD, "backup: heartbeats do not prolong a hold")                                 \
	X(GONE_IGNORED, "backup: a master that says goodbye is waited for")                        \
	X(GONE_BELIEVED, "backup: what was sent before the end counts on")                         \
	X(HEIR_WAITS, "backup: the successor waits for the skew")                                  \
	X(PEER_TOLERATED, "master: another master is tolerated when only heartbeats say so")       \
	X(PEER_OBEYED, "master: gives way to any heartbeat of a master")                           \
	X(NO_GOODBYE, "master: leaves without a goodbye")                                          \
	X(STALL_IGNORED, "master: goes on as if it had not been late")                             \
	X(STALL_HIDDEN, "master: steps down without a word after being late")                      \
	X(ANNOUNCES_LATE, "announcements go on although their master is late")                     \
	X(GATE_IGNORED, "a closed gate means nothing")                                             \
	X(GATE_LATE, "backup: a gate that closes is not heeded before the next advert")            \
	X(GATE_SHUT, "backup: a closed gate keeps from any takeover")                              \
	X(RETIRED_HOLDS, "addresses stay in maintenance")                                          \
	X(RETIRED_SILENT, "maintenance sends no priority 0")                                       \
	X(RETIRED_TAKES_PART, "maintenance ends at the next advert")                               \
	X(UNFIT_SILENT, "a fault that leaves the link sends no priority 0")                        \
	X(GROUP_ALIVE_IGNORED, "backup: the group's master does not count")                        \
	X(GROUP_MASTER_IGNORED, "backup: does not follow the group")                               \
	X(GROUP_BACKUP_IGNORED, "master: does not follow the group")

enum vrrp_mutant {
#define X(id, text) MUTANT_##id,
	VRRP_MUTANT_LIST(X)
#undef X
		VRRP_MUTANTS
};

/* vrrp_step() with the mistake in it; with MUTANT_NONE it is just that. */
struct vrrp_update mutant_step(enum vrrp_mutant m, struct vrrp *v, const struct vrrp_event *ev);
const char *mutant_name(enum vrrp_mutant m);

#endif
