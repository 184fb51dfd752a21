/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A farm in transition, packet by packet, in virtual time. A driver takes the part of the daemon:
 * it steps the machine at random changes of backends and at its deadlines, and commits what it
 * says as a new generation of rules and elements. Flows send packets; each runs the rules of the
 * generation of its arrival, and each of its lookups sees the elements of that or of any later
 * generation, less than S later, never older than the lookup before. Commits take their time, too. At every commit each flow that
 * might send is also judged with every such mix of the old rules and the new elements.
 *
 * What is asserted:
 *   - a flow whose backend stays alive is never sent elsewhere, nor dropped
 *   - a packet that arrives after the change that removed a backend is not sent there
 *   - a new TCP flow goes to no draining backend later than SIM_DRAIN_MS after the order, except
 *     when the half-open map is full
 *   - while somebody may serve, no new flow is dropped
 *   - the update says it when rules or elements are other than before
 *
 * At a reload the number of buckets may change, whatever the phase; tables of different sizes have
 * nothing in common.
 *
 * A mutant is a director with one mistake, so that these assertions can be seen to fail.
 */
#ifndef TESTS_TRANSITION_SIM_H
#define TESTS_TRANSITION_SIM_H

#include <stdint.h>

#define SIM_MUTANT_LIST(X)                                                                         \
	X(NONE, "none")                                                                            \
	X(NO_TRANSITION, "the new table at once")                                                  \
	X(SWITCH_FIRST, "buckets switch with the rules of moving")                                 \
	X(SHORT_MOVING, "moving lasts half its time")                                              \
	X(JOIN_KEEPS_TIME, "a joining bucket does not restart the time")                           \
	X(HOME_FOLLOWS, "a retarget takes the last new owner for home")                            \
	X(NO_SWITCHED_DWELL, "settling begins with switched")                                      \
	X(NO_SETTLING_DWELL, "home and moved go with their rules")                                 \
	X(FORGET_EARLY, "forgetting while flows are remembered")                                   \
	X(REFUSE_AT_ONCE, "nobody's buckets are emptied with the rules of moving")                 \
	X(JOIN_WHEN_LEARNED, "buckets join while UDP has learned")                                 \
	X(UDP_SHORT, "UDP learns for half its time")                                               \
	X(ADOPT_BACKWARDS, "a switched transition is adopted as moving")                           \
	X(ADOPT_SHORT, "an adopted transition gets no time")                                       \
	X(RENUMBER_NOT, "backends keep their old indexes after a reload")                          \
	X(DEATH_WAITS, "a dead owner is replaced after moving")                                    \
	X(KEEP_DEAD_FLOWS, "packets do not forget flows of the dead")                              \
	X(HALF_OPEN_NOT_ASKED, "the rules of settling do not ask the half-open map")               \
	X(UDP_NOT_REMEMBERED, "UDP flows that go to moved are not remembered")                     \
	X(SYN_GOES_HOME, "a SYN of a moving bucket goes home")                                     \
	X(GROW_ANEW, "a larger table is a new one")                                                \
	X(GROW_BUCKETS_ONLY, "home and moved do not grow with their buckets")                      \
	X(SHRINK_EARLY, "a table is halved while its twins differ")                                \
	X(TABLE_MADE_ANEW, "a table of another size has the name of the one before")

enum sim_mutant {
#define X(id, text) SIM_##id,
	SIM_MUTANT_LIST(X)
#undef X
		SIM_MUTANT_COUNT
};

enum { SIM_DRAIN_MS = 1000 };

/* What a history contained. */
#define SIM_COUNTER_LIST(X)                                                                        \
	X(PACKETS, "packets of flows")                                                             \
	X(PROBES, "probes at commits")                                                             \
	X(MIXED, "packets of more than one generation")                                            \
	X(REMEMBERED, "decided by a flow map")                                                     \
	X(OVERFLOWS, "SYNs that found the half-open map full")                                     \
	X(STRADDLED, "of these, refused because settling came in between (known limit)")           \
	X(COMMITS, "commits")                                                                      \
	X(MOVING, "to moving")                                                                     \
	X(SWITCHED, "to switched")                                                                 \
	X(SETTLING, "to settling")                                                                 \
	X(EXCEPTIONS, "to exceptions")                                                             \
	X(FORGETTING, "to forgetting")                                                             \
	X(STEADY, "to steady")                                                                     \
	X(JOINED, "joined")                                                                        \
	X(RETARGETED, "retargeted")                                                                \
	X(STOPPED, "stopped")                                                                      \
	X(ORPHANED, "orphaned")                                                                    \
	X(LEARNED, "UDP learned")                                                                  \
	X(RESTARTS, "restarts")                                                                    \
	X(RELOADS, "reloads")                                                                      \
	X(GREW_STEADY, "grew while steady")                                                        \
	X(GREW_MOVING, "grew while moving")                                                        \
	X(GREW_SWITCHED, "grew while switched")                                                    \
	X(GREW_SETTLING, "grew while settling")                                                    \
	X(GREW_EXCEPTIONS, "grew with exceptions")                                                 \
	X(GREW_FORGETTING, "grew while forgetting")                                                \
	X(WAITED, "had more buckets than wanted, for a time")                                      \
	X(SHRANK, "shrank")                                                                        \
	X(ADOPTED_OTHER, "adopted with another size than wanted")

enum sim_counter {
#define X(id, text) SIM_COUNT_##id,
	SIM_COUNTER_LIST(X)
#undef X
		SIM_COUNTERS
};

struct sim_result {
	unsigned int failures;
	char first[160]; /* the first failure, with its time */
	unsigned int counters[SIM_COUNTERS];
};

/* One history of 25 s, chosen by the seed. */
struct sim_result sim_run(uint32_t seed, enum sim_mutant mutant);
const char *sim_mutant_name(enum sim_mutant mutant);
const char *sim_counter_name(enum sim_counter counter);

#endif
