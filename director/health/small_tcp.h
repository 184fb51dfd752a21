/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The client's side of one TCP connection (RFC 9293), small: for a few kilooctets on one's own network.
 *
 * A check has to reach a backend at the virtual address, which on the master is an address of the
 * machine itself: the kernel's TCP would talk to itself. So the frames are made here. Owns the state
 * of one connection, what is sent and not yet acknowledged (in its user's buffer), and when to send
 * it again. Knows nothing of addresses, ports and frames, never waits, and never gives up by itself:
 * how long a silent peer is borne is its user's business.
 *
 * Left out, since nothing here is far away or large: window scaling, timestamps, selective
 * acknowledgement, keeping what arrives out of order, estimating the round trip, TIME-WAIT. An
 * acknowledgement is never delayed.
 */
#ifndef DIRECTOR_HEALTH_SMALL_TCP_H
#define DIRECTOR_HEALTH_SMALL_TCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SMALL_TCP_SYN_US = 250000,   /* until the first SYN is sent again; then twice as long … */
	SMALL_TCP_AGAIN_US = 200000, /* the same of all others, as Linux at the least */
	SMALL_TCP_AGAIN_MAX = 3200000, /* … up to that */
	SMALL_TCP_CALM_US = 500000,    /* between answers to wrong segments, as Linux */
	SMALL_TCP_MSS = 536,	       /* RFC 9293, 3.7.1: of a peer that does not say */
	SMALL_TCP_MSS_MIN = 64,	       /* one that says less would cost too many frames */
	SMALL_TCP_FLIGHT = 4,	       /* segments under way: RFC 5681's initial window, kept */
	SMALL_TCP_BURST = SMALL_TCP_FLIGHT, /* segments that one step sends */
	SMALL_TCP_RENEWALS = 3, /* SYNs sent at once because the peer had an old connection */
	SMALL_TCP_WINDOW_MAX = 65535,
	SMALL_TCP_BUFFER = 16384, /* a request, a handshake of TLS */
};

#define SMALL_TCP_NEVER UINT64_MAX

enum small_tcp_bits {
	SMALL_TCP_FIN = 1,
	SMALL_TCP_SYN = 2,
	SMALL_TCP_RST = 4,
	SMALL_TCP_PSH = 8,
	SMALL_TCP_ACK = 16,
};

struct small_tcp_segment {
	uint8_t bits; /* enum small_tcp_bits */
	uint32_t seq, ack;
	uint16_t window;
	uint16_t mss; /* the option; 0: none */
	const uint8_t *payload;
	size_t len;
};

enum small_tcp_state {
	SMALL_TCP_IDLE,
	SMALL_TCP_SYN_SENT,
	SMALL_TCP_ESTABLISHED,
	SMALL_TCP_FIN_WAIT,   /* we have ended, the peer has not */
	SMALL_TCP_CLOSE_WAIT, /* the peer has ended, we have not */
	SMALL_TCP_LAST_ACK,   /* both have; ours is not acknowledged */
	SMALL_TCP_OVER,
};

enum small_tcp_end {
	SMALL_TCP_END_NONE,
	SMALL_TCP_END_DONE,    /* both sides have ended, or ours gave up */
	SMALL_TCP_END_REFUSED, /* a reset in answer to the SYN */
	SMALL_TCP_END_RESET,   /* a reset later */
};

struct small_tcp_setup {
	uint32_t isn;	 /* initial sequence number */
	uint16_t mss;	 /* of what may be sent to us, and of what we send at the most */
	size_t room;	 /* octets that can be taken in */
	uint8_t *buffer; /* for what is not acknowledged; NULL: nothing is ever sent */
	size_t size;
};

struct small_tcp {
	enum small_tcp_state state;
	enum small_tcp_end end;
	/* Sending: RFC 9293, 3.3.1. SND.NXT goes back for sending again, snd_max does not. */
	uint32_t isn, snd_una, snd_nxt, snd_max, snd_wnd, snd_wl1, snd_wl2;
	uint16_t own_mss, mss;
	size_t flight; /* octets that may be under way */
	uint8_t *buffer;
	size_t size, used; /* from snd_una on */
	bool closing;	   /* a FIN belongs behind what is in the buffer */
	bool fin_acked;
	bool probing; /* the next octet goes out although the peer has no room */
	/* Receiving. */
	uint32_t irs, rcv_nxt, rcv_edge; /* what the peer may send ends before the edge */
	size_t room, room_max;
	unsigned int renewals;
	uint64_t calm_us;  /* before that no wrong segment without text is answered */
	uint64_t again_us; /* how long the next wait is */
	uint64_t due_us;
};

enum small_tcp_event_type {
	SMALL_TCP_EVENT_CONNECT,
	SMALL_TCP_EVENT_SEGMENT, /* one of the peer's */
	SMALL_TCP_EVENT_SEND,	 /* bytes, len */
	SMALL_TCP_EVENT_ROOM,	 /* room: what can be taken in now */
	SMALL_TCP_EVENT_CLOSE,	 /* nothing more is sent */
	SMALL_TCP_EVENT_ABORT,	 /* a reset, at once */
	SMALL_TCP_EVENT_TIMER,	 /* the deadline may have come; early calls are harmless */
	SMALL_TCP_EVENT_LOST,	 /* a SYN is known not to have arrived: once more, at once */
};

struct small_tcp_event {
	enum small_tcp_event_type type;
	uint64_t now_us;
	struct small_tcp_segment segment;
	const uint8_t *bytes;
	size_t len;
	size_t room;
};

enum small_tcp_flags {
	SMALL_TCP_IS_OPEN = 1 << 0,  /* the handshake is over */
	SMALL_TCP_HAS_DATA = 1 << 1, /* data, len: to be handed on; the room has shrunk by it */
	SMALL_TCP_PEER_END = 1 << 2, /* behind that data the peer's stream ends */
	SMALL_TCP_HAS_ROOM = 1 << 3, /* of what was sent some was acknowledged */
	SMALL_TCP_IS_OVER = 1 << 4,  /* t->end says how; nothing happens any more */
};

/* What to do, in this order: send, then what the flags say. */
struct small_tcp_update {
	struct small_tcp_segment send[SMALL_TCP_BURST]; /* payloads are good until the next step */
	size_t n_send;
	unsigned int flags;  /* enum small_tcp_flags */
	const uint8_t *data; /* inside the event's segment */
	size_t len;
	size_t taken;	      /* of SMALL_TCP_EVENT_SEND's octets */
	uint64_t deadline_us; /* always; SMALL_TCP_NEVER: none */
};

void small_tcp_init(struct small_tcp *t, const struct small_tcp_setup *setup);
struct small_tcp_update small_tcp_step(struct small_tcp *t, const struct small_tcp_event *ev);
/* Octets that SMALL_TCP_EVENT_SEND would take. */
size_t small_tcp_free(const struct small_tcp *t);
/*
 * The reset that a segment of no connection is answered with (RFC 9293, 3.10.7.1); false: with nothing.
 */
bool small_tcp_stray(const struct small_tcp_segment *in, struct small_tcp_segment *ret);
const char *small_tcp_state_name(enum small_tcp_state s);

#endif
