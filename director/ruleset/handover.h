/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether a connection that is not known here is known to the other director's kernel, which forwards
 * whatever its daemon does: of which virtual addresses, and for how long after they have moved.
 * ruleset/plan_relay.c says what is done with that.
 *
 * Pure; the time is an argument.
 */
#ifndef DIRECTOR_RULESET_HANDOVER_H
#define DIRECTOR_RULESET_HANDOVER_H

#include "ha/heartbeat_session.h"
#include "ha/vrrp.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	/*
	 * After the addresses came here. What is open at that moment and not known sends within it: so
	 * long takes the second retransmission of a segment (RFC 6298: 1 s, then 2 s).
	 */
	HANDOVER_MS = 3000,
};

/* A virtual router here, and the other node as its heartbeats show it. */
struct handover {
	enum vrrp_state state;
	enum vrrp_reason reason; /* of the last transition, ... */
	uint64_t changed_ms;	 /* ... and when it was */
	enum heartbeat_state peer;
	bool heard;    /* there are heartbeats, and one was believed */
	bool at_fault; /* it says of its router that it cannot serve: it may not reach its backends */
};

/* True: its addresses are handed over. now_ms in the clock of changed_ms. */
bool handover_is_on(const struct handover *h, uint64_t now_ms);

#endif
