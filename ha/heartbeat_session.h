/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What one node knows of another by its heartbeats: a machine of one peer, in this node's monotonic
 * clock. Wall clocks and their steps play no part.
 *
 * FRESH. Each heartbeat echoes the last one that its sender heard of us: our session, when we sent
 * it, and how long ago it arrived there. So it was sent no earlier, in our clock, than
 *
 *     sent = echo.sent + echo.dwell - echo.dwell / 1024
 *
 * (the last term because two clocks may run apart by some hundred millionths). A datagram that was
 * held up or recorded has an old `sent`, however late it arrives: what is decided by "it is well"
 * looks at `sent`, never at the time of arrival. When our own clock has stood still (a machine that
 * was halted), the sum may lie in the future: then only echo.sent itself is certain.
 *
 * PROVEN. A session is believed once it has echoed the session that we drew at random at our start:
 * nothing that was recorded before can do that. Until then it is a stranger that we echo, so that it
 * can. Within a session the sequence only rises. The session that took the place of another one has
 * echoed something that we sent after the last word of that other one, which had ended by then; so
 * an ended session never comes back.
 *
 *     state    event                                         next     effects
 *     any      heartbeat of a proven session                 up       SAID
 *     any      the same, the first of its session            up       SAID, PROBE
 *     any      the same, that says its process ends          gone     SAID, GONE
 *     but gone proven heartbeat of another process           gone     GONE, AGAIN
 *     any      heartbeat of a stranger                       -        PROBE, ten a second at most
 *     up       half an interval past the next heartbeat      overdue  PROBE
 *     up       the same, and the port was refused since      gone     GONE
 *     overdue  port refused, and it heard us to the end      gone     GONE
 *     overdue  3 intervals without a heartbeat               down
 *     down     port refused, and it heard us to the end      gone     GONE
 *
 * A refused port (ICMP, port unreachable) is not authentic. It is believed only of a peer that is
 * overdue, and that has heard us up to its last heartbeat: a firewall that refuses what we send is
 * no news then. PROBE: a heartbeat at once, to be refused or answered. With it two nodes that have
 * just met believe each other after one and a half round trips.
 *
 * Of each virtual router the machine keeps the last word. GONE turns each "master" into "gone".
 * "Gone" is said once: a word that repeats it says "not master", so that whoever took the router
 * over since then is left alone.
 *
 * Pure.
 */
#ifndef HA_HEARTBEAT_SESSION_H
#define HA_HEARTBEAT_SESSION_H

#include "ha/heartbeat.h"

#define HEARTBEAT_NEVER UINT64_MAX

enum heartbeat_state { HEARTBEAT_DOWN, HEARTBEAT_UP, HEARTBEAT_OVERDUE, HEARTBEAT_GONE };

enum heartbeat_cause {
	HEARTBEAT_CAUSE_NONE,
	HEARTBEAT_CAUSE_HEARD,
	HEARTBEAT_CAUSE_LATE,
	HEARTBEAT_CAUSE_SILENT,
	HEARTBEAT_CAUSE_REFUSED,
	HEARTBEAT_CAUSE_LEFT,
	HEARTBEAT_CAUSE_RESTARTED,
};

/* What a node says of a virtual router, as the election takes it. */
enum heartbeat_says {
	HEARTBEAT_SAYS_NOT_MASTER,
	HEARTBEAT_SAYS_MASTER, /* and its link is up */
	/* Was master and is no more: it let go and names us, or its process has ended. */
	HEARTBEAT_SAYS_GONE,
};

struct heartbeat_said {
	struct heartbeat_word word;
	enum heartbeat_says says;
	uint64_t sent_us; /* it was said no earlier than that, in our clock */
};

enum heartbeat_event_type {
	HEARTBEAT_EVENT_DATAGRAM, /* one that opened */
	HEARTBEAT_EVENT_TIMER,	  /* the deadline may have come; early calls are harmless */
	HEARTBEAT_EVENT_REFUSED,  /* the peer's machine has nobody at its port */
};

struct heartbeat_event {
	enum heartbeat_event_type type;
	uint64_t now_us;
	const struct heartbeat_message *message; /* HEARTBEAT_EVENT_DATAGRAM */
};

/* In this order. */
enum heartbeat_effects {
	HEARTBEAT_CHANGED = 1 << 0,   /* the state; `from` and the peer's cause tell */
	HEARTBEAT_SAID = 1 << 1,      /* said[0..n_said) */
	HEARTBEAT_PEER_GONE = 1 << 2, /* the peer's known[0..n_known) */
	HEARTBEAT_PROBE = 1 << 3,
	HEARTBEAT_AGAIN = 1 << 4, /* the same event once more, when all the others are done */
};

struct heartbeat_update {
	unsigned int flags;	      /* enum heartbeat_effects */
	enum heartbeat_reject reject; /* of the datagram: nothing of it is kept */
	bool unproven;		      /* accepted from a stranger: nothing of it is believed */
	enum heartbeat_state from;
	uint64_t deadline_us;		   /* always: when TIMER is wanted; HEARTBEAT_NEVER: not */
	uint64_t sent_us;		   /* HEARTBEAT_SAID */
	const struct heartbeat_said *said; /* in the peer, until the next step */
	size_t n_said;
};

struct heartbeat_peer {
	struct heartbeat_session own;
	uint64_t sequence;    /* of our last heartbeat */
	uint64_t interval_us; /* of ours */

	enum heartbeat_state state;
	enum heartbeat_cause cause;
	uint64_t since_us;

	/* the session that we echo */
	bool heard, proven;
	struct heartbeat_session session;
	uint64_t heard_sequence;
	uint64_t heard_us;	/* when its last one arrived */
	uint64_t heard_sent_us; /* and was sent, by the sender's clock */

	/* of the last heartbeat that was proven */
	uint64_t alive_us;
	uint64_t sent_us;
	uint64_t round_trip_us;
	uint64_t their_interval_us;
	bool hears_us;	      /* it had heard one of our last few */
	bool refused;	      /* the port, since then */
	uint64_t answered_us; /* the last stranger, at once */

	size_t n_known, next_known;
	struct heartbeat_said known[HEARTBEAT_ROUTERS_MAX];
	struct heartbeat_said said[HEARTBEAT_WORDS_MAX];
};

/* own: drawn at random, the same for all peers of a start. */
void heartbeat_peer_init(struct heartbeat_peer *p, const struct heartbeat_session *own,
			 uint64_t interval_us, uint64_t now_us);
struct heartbeat_update heartbeat_step(struct heartbeat_peer *p, const struct heartbeat_event *ev);
/* The next heartbeat to the peer: all but the flags, the words and the stragglers. */
void heartbeat_stamp(struct heartbeat_peer *p, uint64_t now_us, struct heartbeat_message *ret);

const char *heartbeat_state_name(enum heartbeat_state s); /* down, up, overdue, gone */
/* "its process has ended: port refused", … */
const char *heartbeat_cause_text(enum heartbeat_cause c);
const char *heartbeat_says_name(enum heartbeat_says s); /* not-master, master, gone */

#endif
