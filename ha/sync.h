/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One connection of the sync channel, from the end of its handshake on: a machine of two halves that
 * do not know of each other.
 *
 * OUT, what this node tells: the entries of the virtual addresses that it is master of. First all of
 * them (a snapshot, which the owner reads from its index piece by piece), with the news in between
 * in the same stream, then the news alone. The other node acknowledges what its kernel has.
 *
 *     out        event                                     next       effects
 *     closed     OPEN                                      greeting   SEND_HELLO
 *     greeting   hello                                     streaming  SEND_SNAPSHOT (begin), STREAM
 *     streaming  STREAMED                                  ending     SEND_SNAPSHOT (end)
 *     streaming  an acknowledgement makes room             -          STREAM
 *     ending     the end is acknowledged, as current       live
 *     any but    LOST, the other one wants a snapshot      streaming  SEND_SNAPSHOT (begin), STREAM
 *     greeting   DOMAIN
 *     live       SYNC_DIGEST_US since the last digest      -          SEND_DIGEST
 *
 * A snapshot that begins while another one runs takes its place, under a new number. At most
 * SYNC_WINDOW messages are on their way: so a peer that stops reading costs so much memory, and no
 * more, beside what answers its own messages. One that acknowledges nothing new for SYNC_ACK_MAX_US,
 * while something waits for it, is given up.
 *
 * IN, what this node is told:
 *
 *     in         event                                     next       effects
 *     closed     OPEN                                      greeting
 *     greeting   hello                                     waiting
 *     any else   hello: another configuration              -
 *     any        entries, orders, facts                    -          APPLY
 *     any        APPLIED                                   -          SEND_ACK
 *     any        snapshot begins                           marking    MARK
 *     marking    MARKED                                    filling
 *     filling    the one that began ends                   sweeping   SEND_ACK, SWEEP
 *     sweeping   SWEPT                                     current    SEND_ACK
 *     filling    the same, and something was not applied   waiting    SEND_SNAPSHOT (wanted), SEND_ACK
 *     waiting    the same, since DOMAIN came in between    -          SEND_ACK
 *     current    digest                                    -          COMPARE
 *     current    COMPARED                                  -          SEND_ACK
 *     current    COMPARED, it differs                      waiting    SEND_SNAPSHOT (wanted), SEND_ACK
 *     any else   digest                                    -          SEND_ACK
 *     sweeping,  FAILED                                    waiting    SEND_SNAPSHOT (wanted), SEND_ACK
 *     current
 *     any        DOMAIN                                    waiting    SEND_ACK; in SYNC_DOMAIN_US, unless one
 *                                                                     begins: SEND_SNAPSHOT (wanted)
 *     waiting    wanted SYNC_WANT_US ago, nothing began    -          SEND_SNAPSHOT (wanted)
 *
 * Nothing is to be heard while it marks, nor of one that talks too much (sync_credit.h): that is what
 * sync_hears() says. The rest waits in the socket of the other one.
 *
 * A snapshot is asked for no sooner than SYNC_WANT_US after the last time, and after the end of one
 * that failed: two nodes that never agree must not do nothing else.
 *
 * IN SYNC is said of what was acknowledged. This node's tables are the twin of the other one's while
 * `in` is current, and each acknowledgement says whether they are. The other one's are the twin of
 * this one's while `out` is live, the last acknowledgement said so, and nothing that was told waits
 * longer than SYNC_STALE_US for the next.
 *
 * Whatever an authentic peer says that does not fit (an acknowledgement of what was never sent, a
 * sequence that leaps) ends the connection with the reason: the next one begins
 * from a snapshot.
 *
 * Pure. The owner applies, reads, sends; it numbers what it sends with sync_number(), and says what
 * became of one message before it gives the next.
 */
#ifndef HA_SYNC_H
#define HA_SYNC_H

#include "ha/sync_credit.h"
#include "ha/sync_lag.h"
#include "include/sync.h"

#define SYNC_NEVER UINT64_MAX

enum {
	SYNC_WINDOW = 64, /* messages: 64,000 flows, which another node applies in 0.2 s */
	SYNC_HELLO_US = 5 * 1000 * 1000,
	SYNC_ACK_MAX_US = 10 * 1000 * 1000,
	SYNC_STALE_US = 1000 * 1000,
	SYNC_DIGEST_US = 10 * 1000 * 1000, /* proves that the channel lives, too */
	SYNC_WANT_US = 10 * 1000 * 1000,
	SYNC_DOMAIN_US = 1000 * 1000, /* until a snapshot is asked for that should have begun */
};

enum sync_out {
	SYNC_OUT_CLOSED,
	SYNC_OUT_GREETING,
	SYNC_OUT_STREAMING,
	SYNC_OUT_ENDING,
	SYNC_OUT_LIVE,
};

enum sync_in {
	SYNC_IN_CLOSED,
	SYNC_IN_GREETING,
	SYNC_IN_WAITING,
	SYNC_IN_MARKING,
	SYNC_IN_FILLING,
	SYNC_IN_SWEEPING,
	SYNC_IN_CURRENT,
};

/* Why a connection ended: id, name in counters and JSON, "the other director …". */
#define SYNC_END_LIST(X)                                                                           \
	X(CLOSED, "closed", "closed the connection")                                               \
	X(BYE, "bye", "said goodbye")                                                              \
	X(SILENT, "silent", "did not say who it is")                                               \
	X(UNACKNOWLEDGED, "unacknowledged", "acknowledged nothing for 10 s")                       \
	X(HELLO, "hello", "spoke before its hello")                                                \
	X(SEQUENCE, "sequence", "left out a number")                                               \
	X(ACK, "ack", "acknowledged what was not sent")                                            \
	X(SNAPSHOT, "snapshot", "ended a snapshot that had not begun")

enum sync_end {
	SYNC_END_NONE,
#define X(id, name, text) SYNC_END_##id,
	SYNC_END_LIST(X)
#undef X
		SYNC_END_COUNT
};

enum sync_event_type {
	SYNC_EVENT_OPEN,     /* a connection; its handshake is over */
	SYNC_EVENT_CLOSED,   /* it has ended */
	SYNC_EVENT_HEARD,    /* a message that opened and made sense: heard */
	SYNC_EVENT_APPLIED,  /* what APPLY asked for is in the kernel */
	SYNC_EVENT_FAILED,   /* it is not */
	SYNC_EVENT_COMPARED, /* what COMPARE asked for: equal */
	SYNC_EVENT_MARKED,   /* what MARK asked for is done */
	SYNC_EVENT_SWEPT,    /* what SWEEP asked for is */
	SYNC_EVENT_STREAMED, /* all of the snapshot was sent */
	SYNC_EVENT_LOST, /* some news will never be sent: a queue ran over, the kernel's log did */
	SYNC_EVENT_DOMAIN, /* this node is master of other addresses than before */
	SYNC_EVENT_TIMER,
};

/* What the machine is to know of a message. */
struct sync_heard {
	enum sync_type type;
	uint64_t sequence;	      /* FLOWS, FACTS, ACK, DIGEST; SNAPSHOT: of its end */
	bool current;		      /* ACK */
	uint32_t snapshot;	      /* SNAPSHOT: its id */
	enum sync_snapshot_step step; /* SNAPSHOT */
};

struct sync_event {
	enum sync_event_type type;
	uint64_t now_us; /* monotonic; the only clock */
	struct sync_heard heard;
	bool equal; /* COMPARED */
};

/* In this order. */
enum sync_effects {
	SYNC_APPLY = 1 << 0, /* the message; then APPLIED or FAILED */
	/* What is heard from here on belongs to the snapshot; then MARKED. */
	SYNC_MARK = 1 << 1,
	SYNC_COMPARE = 1 << 3, /* the digest; then COMPARED */
	SYNC_SEND_HELLO = 1 << 4,
	SYNC_SEND_ACK = 1 << 5, /* of acknowledge and current, as they are when it is sent */
	/* What was not heard since then is forgotten, while in is sweeping; then SWEPT. */
	SYNC_SWEEP = 1 << 2,
	SYNC_SEND_SNAPSHOT = 1 << 6, /* step and snapshot */
	SYNC_SEND_DIGEST =
		1 << 7,	       /* with the number of the last message: nothing before it waits */
	SYNC_STREAM = 1 << 8,  /* the snapshot may go on, and what waits for room */
	SYNC_CHANGED = 1 << 9, /* out, in or whether they are in sync */
	SYNC_CLOSE = 1 << 10,  /* because of end; a goodbye may be said */
};

struct sync_update {
	unsigned int flags;
	uint64_t acknowledge;
	bool current; /* with it */
	enum sync_snapshot_step step;
	uint32_t snapshot;
	uint64_t sequence; /* of the snapshot's end */
	enum sync_end end;
};

struct sync {
	enum sync_out out;
	enum sync_in in;
	enum sync_end end; /* of the last connection */
	uint64_t opened_us;
	struct sync_credit credit; /* of the other one, across connections */
	bool tired;		   /* it is not heard until that suffices again */

	/* out */
	uint64_t sent, acked;  /* sequence numbers; 0: none */
	uint32_t snapshot;     /* the one that is sent, or was */
	uint64_t snapshot_end; /* ending: its last sequence */
	uint64_t begun_us;     /* when it began */
	uint64_t took_us;      /* from there until the last one was acknowledged; 0: none was */
	struct {
		uint64_t since_us; /* when the oldest of its entries became known here */
		uint64_t sent_us;
		uint32_t entries;
	} window[SYNC_WINDOW]; /* by sequence */
	uint64_t progress_us;  /* when more was acknowledged last; 0: never */
	uint64_t owed_us;      /* when what is to be acknowledged next was sent; 0: nothing is */
	uint64_t digest_us;    /* when the next one is due */
	bool stale;	       /* live, but an acknowledgement is missing */
	struct sync_lag lag;   /* over all connections, as took_us is */

	/* in */
	uint64_t heard; /* sequence of the last one */
	uint64_t applied;
	uint32_t filling;    /* the snapshot that began */
	bool failed;	     /* something since then was not applied */
	uint64_t want_us;    /* waiting: when a snapshot is to be asked for; SYNC_NEVER: not */
	uint64_t wanted_us;  /* when it was last; 0: never */
	uint64_t current_us; /* when the last snapshot was complete; 0: never */
};

void sync_init(struct sync *s);
struct sync_update sync_step(struct sync *s, const struct sync_event *ev);
/* The next message may be given to it; to be asked after each step. */
bool sync_hears(const struct sync *s);
/* When TIMER is wanted, after each step and each sync_number(); SYNC_NEVER: not. */
uint64_t sync_deadline_us(const struct sync *s);

/*
 * Numbers a message of entries or facts that is sent now. since_us: when the oldest of its
 * entries became known. 0: there is no room, STREAM will tell.
 */
uint64_t sync_number(struct sync *s, uint32_t entries, uint64_t since_us, uint64_t now_us);
/* How many sync_number() will give. */
size_t sync_room(const struct sync *s);

/* This node's tables are the other one's twin. */
bool sync_in_is_current(const struct sync *s);
/* The other one's are this one's. */
bool sync_out_is_current(const struct sync *s);
/* Entries that were sent and are not acknowledged. */
uint64_t sync_unacknowledged(const struct sync *s);
/* How long the oldest of them is known already; 0: there is none. */
uint64_t sync_lag_us(const struct sync *s, uint64_t now_us);

const char *sync_out_name(enum sync_out o); /* closed, greeting, … */
const char *sync_in_name(enum sync_in i);
const char *sync_end_name(enum sync_end e);
const char *sync_end_text(enum sync_end e); /* "the other director …" */

#endif
