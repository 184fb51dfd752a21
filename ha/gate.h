/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When a director that has come back may take the addresses from a lesser master: not before
 * preempt-delay is over, and not before it holds the other one's tables, or its clients would be
 * sent elsewhere. The wait for the tables is bounded: a channel that never gets in sync must not
 * leave the addresses with the lesser director for good.
 *
 * Owns one such wait. It says nothing about a takeover after silence, which is never put off.
 * Pure: the time is an argument.
 */
#ifndef HA_GATE_H
#define HA_GATE_H

#include "ha/vrrp.h"

/* After preempt-delay: a million entries take some three seconds, on a bad day ten times that. */
enum { GATE_SYNC_MAX_US = 60 * 1000 * 1000 };

#define GATE_NEVER UINT64_MAX

struct gate {
	uint64_t delay_us; /* preempt-delay */
	bool running;	   /* a wait has begun and is not over */
	bool in_sync;	   /* it holds the tables, or needs none */
	uint64_t since_us;
};

void gate_init(struct gate *g, uint64_t delay_us);
/* It serves (again): the wait begins. */
void gate_begin(struct gate *g, uint64_t now_us);
void gate_sync(struct gate *g, bool in_sync);
/*
 * VRRP_REASON_NONE: open; else why not, and until when at most in *ret_due_us. Once open it stays
 * open until gate_begin().
 */
enum vrrp_reason gate_look(struct gate *g, uint64_t now_us, uint64_t *ret_due_us);

#endif
