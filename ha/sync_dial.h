/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When to dial the other director, and which of two connections stays. Both dial, so that a firewall
 * in one direction does no harm; one connection is all they need.
 *
 *     state      event           next       effects
 *     resting    TIMER           dialing    DIAL
 *     dialing    FAILED          resting    in the next pause: TIMER
 *     any        UP              connected
 *     connected  DOWN            resting    at once, or after the pause of one that failed when it
 *                                           was up for less than SYNC_DIAL_STEADY_US: TIMER
 *
 * The pause doubles from SYNC_DIAL_FIRST_US to SYNC_DIAL_MOST_US, and chance makes it up to a quarter
 * longer or shorter: two nodes that start together must not meet in step for ever.
 *
 * When a connection is ready while another one is (sync_dial_stays()): a node dials only while it has
 * none. So one that comes two limits of an attempt after the other was ready comes from a node that has lost the other,
 * whatever is known of it here: the new one stays. If both were dialed at the same time, both nodes
 * keep the one that the elder dialed, which is the node whose name comes first.
 *
 * Pure: time and chance are in the event.
 */
#ifndef HA_SYNC_DIAL_H
#define HA_SYNC_DIAL_H

#include <stdbool.h>
#include <stdint.h>

#define SYNC_DIAL_NEVER UINT64_MAX

enum {
	SYNC_DIAL_FIRST_US = 100 * 1000,
	SYNC_DIAL_MOST_US = 5 * 1000 * 1000,
	SYNC_DIAL_LIMIT_US = 5 * 1000 * 1000, /* of one attempt, with its handshake */
	SYNC_DIAL_STEADY_US = 10 * 1000 * 1000,
};

enum sync_dial_state { SYNC_DIAL_RESTING, SYNC_DIAL_DIALING, SYNC_DIAL_CONNECTED };

enum sync_dial_event_type {
	SYNC_DIAL_EVENT_TIMER,
	SYNC_DIAL_EVENT_FAILED, /* the attempt: refused, cut, not authentic, over its limit */
	SYNC_DIAL_EVENT_UP,	/* a connection is ready, whoever dialed */
	SYNC_DIAL_EVENT_DOWN,	/* it has ended, and there is no other */
};

struct sync_dial_event {
	enum sync_dial_event_type type;
	uint64_t now_us; /* monotonic */
	uint32_t chance; /* drawn at random */
};

struct sync_dial {
	enum sync_dial_state state;
	unsigned int failures; /* in a row */
	uint64_t due_us;       /* resting: when to dial */
	uint64_t up_us;	       /* connected: since when */
};

struct sync_dial_update {
	bool dial;
	uint64_t deadline_us; /* when TIMER is wanted; SYNC_DIAL_NEVER: not */
};

/* The first attempt is due at once. */
void sync_dial_init(struct sync_dial *d, uint64_t now_us);
struct sync_dial_update sync_dial_step(struct sync_dial *d, const struct sync_dial_event *ev);

/* A connection that is ready. */
struct sync_dialed {
	bool by_elder;
	uint64_t ready_us; /* when its handshake was over */
};

/* Which of two stays: true: the new one. */
bool sync_dial_stays(const struct sync_dialed *old, const struct sync_dialed *new);

#endif
