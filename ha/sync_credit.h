/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How much the other director may talk: what it says beside entries costs time, and who is further
 * ahead than SYNC_CREDIT_US is not heard until it is not any more. Nothing is dropped: what it says
 * meanwhile waits in its own socket. So one that is authentic, and says senseless things as fast as
 * it can, costs no more than two turns a second, and a line or two in the log.
 *
 * A pair in its senses does not notice: it names each backend once, acknowledges once for all that
 * came together, and turns when its masters do, or when an operator's tool reloads it.
 *
 * Pure: time is an argument.
 */
#ifndef HA_SYNC_CREDIT_H
#define HA_SYNC_CREDIT_H

#include <stdint.h>

enum {
	/*
	 * Forty turns, or all names that there are numbers for. When addresses move several times in a
	 * few seconds each move takes a snapshot each way. A reload on both nodes costs either three (a
	 * hello, a snapshot, and that the other one has ours): once in two seconds, and forever, is fine.
	 */
	SYNC_CREDIT_US = 20 * 1000 * 1000,
	SYNC_COST_WORD_US = 50,		  /* a name, an acknowledgement */
	SYNC_COST_COPY_US = 1000,	  /* a piece of a configuration, or a question for one */
	SYNC_COST_DIGEST_US = 100 * 1000, /* a walk over the virtual routers; one in 10 s is due */
	SYNC_COST_TURN_US = 500 * 1000,	  /* a hello, a snapshot, whatever changes the state */
};

/* Zero-initialised: it has all. */
struct sync_credit {
	uint64_t paid_us; /* when all that was said will be paid for */
};

/* Never more ahead than the credit and two turns, however fast it is. */
void sync_credit_take(struct sync_credit *c, uint64_t cost_us, uint64_t now_us);
/* From when on it may be heard; the past: it may. */
uint64_t sync_credit_from_us(const struct sync_credit *c);

#endif
