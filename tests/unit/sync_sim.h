/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two directors that keep their tables alike, in virtual time: the machine of ha/sync.h with a small
 * table, a queue, a window and a wire that holds messages up, stands still, or is cut. Masters change,
 * also to both and to none; tables are lost, kernels refuse, queues run over, single entries go wrong
 * without anybody noticing.
 *
 * What is asserted:
 *   - while a node says that its tables are the twin's, they hold what it was told
 *   - while a node says that the other one's are, and all was acknowledged, the other one's hold what
 *     this one's do
 *   - nothing is sent beyond the window
 *   - a peer that obeys the protocol is never refused
 *   - when the trouble is over, both say that they are in sync, and are
 *
 * A mutant is a director with one mistake, so that these assertions can be seen to fail.
 */
#ifndef TESTS_SYNC_SIM_H
#define TESTS_SYNC_SIM_H

#include <stdint.h>

#define SYNC_MUTANT_LIST(X)                                                                        \
	X(NONE, "none")                                                                            \
	X(NO_SWEEP, "what a snapshot does not hold stays")                                         \
	X(SWEEP_ALL, "what came as news during a snapshot is swept")                               \
	X(ACK_BEFORE, "acknowledged before it is applied")                                         \
	X(LOSS_UNSAID, "a queue that ran over says nothing")                                       \
	X(DOMAIN_UNSAID, "a new master tells news alone")                                          \
	X(DIGEST_IGNORED, "a digest that differs is nothing")                                      \
	X(FAILURE_IGNORED, "what was not applied is acknowledged all the same")                    \
	X(DELETIONS_UNSAID, "what ended is not told")                                              \
	X(SNAPSHOT_SHORT, "a snapshot leaves out its last piece")

enum sync_mutant {
#define X(id, text) SYNC_SIM_##id,
	SYNC_MUTANT_LIST(X)
#undef X
		SYNC_SIM_MUTANT_COUNT
};

const char *sync_mutant_text(enum sync_mutant m);

/*
 * One story. NULL, or what was asserted and is not so; trace: prints what happens to standard output.
 * *ret_taken (may be NULL) counts snapshots that were completed.
 */
const char *sync_sim(uint64_t seed, enum sync_mutant mutant, int trace, unsigned int *ret_taken);

#endif
