/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One connection, the client's side; see small_tcp.h. */
#include "director/health/small_tcp.h"

#include <stdlib.h>
#include <string.h>

/* RFC 9293, 3.4: "arithmetic on sequence numbers must be performed modulo 2^32". */
static bool before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

static bool at_most(uint32_t a, uint32_t b)
{
	return !before(b, a);
}

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

const char *small_tcp_state_name(enum small_tcp_state s)
{
	static const char *const names[] = {
		[SMALL_TCP_IDLE] = "idle",
		[SMALL_TCP_SYN_SENT] = "syn-sent",
		[SMALL_TCP_ESTABLISHED] = "established",
		[SMALL_TCP_FIN_WAIT] = "fin-wait",
		[SMALL_TCP_CLOSE_WAIT] = "close-wait",
		[SMALL_TCP_LAST_ACK] = "last-ack",
		[SMALL_TCP_OVER] = "over",
	};

	return names[s];
}

void small_tcp_init(struct small_tcp *t, const struct small_tcp_setup *setup)
{
	*t = (struct small_tcp){
		.isn = setup->isn,
		.snd_una = setup->isn,
		.snd_nxt = setup->isn,
		.snd_max = setup->isn,
		.own_mss = setup->mss,
		.mss = SMALL_TCP_MSS,
		.buffer = setup->buffer,
		.size = setup->buffer ? setup->size : 0,
		.room = setup->room,
		.room_max = setup->room,
		.again_us = SMALL_TCP_SYN_US,
		.due_us = SMALL_TCP_NEVER,
	};
}

size_t small_tcp_free(const struct small_tcp *t)
{
	return t->closing || t->state == SMALL_TCP_OVER ? 0 : t->size - t->used;
}

bool small_tcp_stray(const struct small_tcp_segment *in, struct small_tcp_segment *ret)
{
	if (in->bits & SMALL_TCP_RST || !(in->bits & SMALL_TCP_ACK))
		return false;
	*ret = (struct small_tcp_segment){.bits = SMALL_TCP_RST, .seq = in->ack};
	return true;
}

/* --- sending ---------------------------------------------------------------------------------- */

/*
 * RFC 9293, 3.8.6.2.2: the edge moves when it is worth a segment, and never back.
 */
static uint16_t window(struct small_tcp *t)
{
	uint32_t edge = t->rcv_nxt + (uint32_t)smaller(t->room, SMALL_TCP_WINDOW_MAX);
	uint32_t worth = (uint32_t)smaller(t->own_mss, t->room_max / 2);

	if (before(t->rcv_edge, edge) && edge - t->rcv_edge >= worth)
		t->rcv_edge = edge;
	return (uint16_t)(t->rcv_edge - t->rcv_nxt);
}

static struct small_tcp_segment *put(struct small_tcp_update *u, uint8_t bits, uint32_t seq)
{
	struct small_tcp_segment *s = &u->send[u->n_send++];

	*s = (struct small_tcp_segment){.bits = bits, .seq = seq};
	return s;
}

static void put_syn(struct small_tcp *t, struct small_tcp_update *u, uint64_t now_us)
{
	struct small_tcp_segment *s = put(u, SMALL_TCP_SYN, t->isn);

	s->window = (uint16_t)smaller(t->room, SMALL_TCP_WINDOW_MAX);
	s->mss = t->own_mss;
	t->snd_nxt = t->snd_max = t->isn + 1;
	t->due_us = now_us + t->again_us;
}

static void put_ack(struct small_tcp *t, struct small_tcp_update *u)
{
	struct small_tcp_segment *s = put(u, SMALL_TCP_ACK, t->snd_max);

	s->ack = t->rcv_nxt;
	s->window = window(t);
}

/* How much of what follows snd_nxt may go out in one segment. */
static size_t sendable(const struct small_tcp *t)
{
	size_t sent = t->snd_nxt - t->snd_una;
	size_t limit = smaller(t->snd_wnd, t->flight), left, len;

	if (t->probing && limit == 0)
		limit = 1;
	if (sent >= t->used || sent >= limit)
		return 0;
	left = t->used - sent;
	len = smaller(smaller(left, limit - sent), t->mss);
	/* Rather than a piece because of the window, a whole one after the next acknowledgement. */
	return len < smaller(left, t->mss) && sent > 0 ? 0 : len;
}

/* Everything that may go out now; an acknowledgement alone when one is due and nothing carries it. */
static void output(struct small_tcp *t, struct small_tcp_update *u, uint64_t now_us, bool ack)
{
	while (u->n_send < SMALL_TCP_BURST) {
		size_t sent = t->snd_nxt - t->snd_una, len = sendable(t);
		/* Once the FIN itself is sent, `sent` is greater than `used`. */
		bool fin = t->closing && !t->fin_acked && sent + len == t->used;
		struct small_tcp_segment *s;

		if (len == 0 && !fin)
			break;
		s = put(u, SMALL_TCP_ACK, t->snd_nxt);
		s->ack = t->rcv_nxt;
		s->window = window(t);
		s->payload = len > 0 ? t->buffer + sent : NULL;
		s->len = len;
		if (len > 0 && sent + len == t->used)
			s->bits |= SMALL_TCP_PSH;
		if (fin)
			s->bits |= SMALL_TCP_FIN;
		t->snd_nxt += (uint32_t)len + fin;
		if (before(t->snd_max, t->snd_nxt))
			t->snd_max = t->snd_nxt;
		ack = false;
	}
	t->probing = false;
	if (ack)
		put_ack(t, u);
	if (t->snd_una == t->snd_max && t->used == 0)
		t->due_us = SMALL_TCP_NEVER;
	else if (t->due_us == SMALL_TCP_NEVER)
		t->due_us = now_us + t->again_us;
}

static void end(struct small_tcp *t, struct small_tcp_update *u, enum small_tcp_end how)
{
	t->state = SMALL_TCP_OVER;
	t->end = how;
	t->due_us = SMALL_TCP_NEVER;
	u->flags |= SMALL_TCP_IS_OVER;
}

/* --- a segment in answer to the SYN: RFC 9293, 3.10.7.3 ---------------------------------------- */

static void open_up(struct small_tcp *t, const struct small_tcp_segment *in,
		    struct small_tcp_update *u, uint64_t now_us)
{
	size_t mss = in->mss ? in->mss : SMALL_TCP_MSS;

	t->state = t->closing ? SMALL_TCP_FIN_WAIT : SMALL_TCP_ESTABLISHED;
	t->irs = in->seq;
	t->rcv_nxt = in->seq + 1;
	t->rcv_edge = t->rcv_nxt + (uint32_t)smaller(t->room, SMALL_TCP_WINDOW_MAX);
	t->snd_una = in->ack;
	t->snd_wnd = in->window;
	t->snd_wl1 = in->seq;
	t->snd_wl2 = in->ack;
	t->mss = (uint16_t)smaller(mss < SMALL_TCP_MSS_MIN ? SMALL_TCP_MSS_MIN : mss, t->own_mss);
	t->flight = (size_t)t->mss * SMALL_TCP_FLIGHT;
	t->again_us = SMALL_TCP_AGAIN_US;
	t->due_us = SMALL_TCP_NEVER;
	u->flags |= SMALL_TCP_IS_OPEN;
	output(t, u, now_us, true);
}

static void hear_before(struct small_tcp *t, const struct small_tcp_segment *in,
			struct small_tcp_update *u, uint64_t now_us)
{
	if (!(in->bits & SMALL_TCP_ACK))
		return; /* neither a SYN nor a reset that has seen ours */
	if (in->ack != t->isn + 1) {
		/*
		 * The peer still has an old connection of these ports, and acknowledges that (RFC 5961,
		 * 4.2): "<SEQ=SEG.ACK><CTL=RST>" ends it.
		 */
		if (in->bits & SMALL_TCP_RST || t->renewals == SMALL_TCP_RENEWALS)
			return;
		t->renewals++;
		put(u, SMALL_TCP_RST, in->ack);
		put_syn(t, u, now_us);
		return;
	}
	if (in->bits & SMALL_TCP_RST)
		end(t, u, SMALL_TCP_END_REFUSED);
	else if (in->bits & SMALL_TCP_SYN)
		open_up(t, in, u, now_us);
}

/* --- a segment of the connection: RFC 9293, 3.10.7.4 ------------------------------------------- */

/* The peer's FIN counts as one. */
static bool is_acceptable(const struct small_tcp *t, const struct small_tcp_segment *in)
{
	uint32_t len = (uint32_t)in->len + !!(in->bits & SMALL_TCP_FIN);
	uint32_t room = t->rcv_edge - t->rcv_nxt;

	if (len == 0 && room == 0)
		return in->seq == t->rcv_nxt;
	if (len == 0)
		return at_most(t->rcv_nxt, in->seq) && before(in->seq, t->rcv_edge);
	/* With no room the peer's FIN and its acknowledgements still count. */
	return before(t->rcv_nxt, in->seq + len) && at_most(in->seq, t->rcv_edge);
}

static void drop_acknowledged(struct small_tcp *t, uint32_t n)
{
	size_t octets = smaller(n, t->used);

	if (n > octets)
		t->fin_acked = true; /* nothing else is left to acknowledge */
	t->used -= octets;
	if (t->used > 0)
		memmove(t->buffer, t->buffer + octets, t->used);
}

/* False: it acknowledges what was never sent. */
static bool hear_ack(struct small_tcp *t, const struct small_tcp_segment *in,
		     struct small_tcp_update *u)
{
	bool had_room = t->snd_wnd > 0;

	if (before(t->snd_max, in->ack))
		return false;
	if (before(in->ack, t->snd_una))
		return true;
	if (before(t->snd_una, in->ack)) {
		drop_acknowledged(t, in->ack - t->snd_una);
		t->snd_una = in->ack;
		if (before(t->snd_nxt, t->snd_una))
			t->snd_nxt = t->snd_una;
		t->flight = (size_t)t->mss * SMALL_TCP_FLIGHT;
		t->again_us = SMALL_TCP_AGAIN_US;
		t->due_us = SMALL_TCP_NEVER;
		u->flags |= SMALL_TCP_HAS_ROOM;
	}
	if (before(t->snd_wl1, in->seq) ||
	    (t->snd_wl1 == in->seq && at_most(t->snd_wl2, in->ack))) {
		t->snd_wnd = in->window;
		t->snd_wl1 = in->seq;
		t->snd_wl2 = in->ack;
		/* What was sent into no room is lost, and not because of the network. */
		if (!had_room && t->snd_wnd > 0) {
			t->snd_nxt = t->snd_una;
			t->flight = (size_t)t->mss * SMALL_TCP_FLIGHT;
		}
	}
	return true;
}

/* Takes in what comes next in order; true when an acknowledgement is due. */
static bool hear_text(struct small_tcp *t, const struct small_tcp_segment *in,
		      struct small_tcp_update *u)
{
	bool fin = in->bits & SMALL_TCP_FIN,
	     known = t->state == SMALL_TCP_CLOSE_WAIT || t->state == SMALL_TCP_LAST_ACK;
	uint32_t skip = t->rcv_nxt - in->seq;
	size_t left, take;

	if (in->len == 0 && !fin)
		return false;
	if (known || before(t->rcv_nxt, in->seq))
		return true; /* a hole before it: say what is missing */
	left = in->len - smaller(skip, in->len);
	take = smaller(left, t->rcv_edge - t->rcv_nxt);
	if (take > 0) {
		u->flags |= SMALL_TCP_HAS_DATA;
		u->data = in->payload + skip;
		u->len = take;
		t->rcv_nxt += (uint32_t)take;
		t->room -= smaller(take, t->room);
	}
	if (fin && take == left) {
		t->rcv_nxt++;
		if (before(t->rcv_edge, t->rcv_nxt))
			t->rcv_edge = t->rcv_nxt;
		t->state = t->closing ? SMALL_TCP_LAST_ACK : SMALL_TCP_CLOSE_WAIT;
		u->flags |= SMALL_TCP_PEER_END;
	}
	return true;
}

/* RFC 5961, 3.2: only the very next sequence number is believed; others are asked again. */
static void hear_reset(struct small_tcp *t, const struct small_tcp_segment *in,
		       struct small_tcp_update *u)
{
	if (in->seq == t->rcv_nxt)
		end(t, u, SMALL_TCP_END_RESET);
	else if (before(t->rcv_nxt, in->seq) && before(in->seq, t->rcv_edge))
		put_ack(t, u);
}

/* Two sides that find each other's acknowledgements wrong must not answer for ever. */
static void challenge(struct small_tcp *t, const struct small_tcp_segment *in,
		      struct small_tcp_update *u, uint64_t now_us)
{
	if (in->len == 0 && now_us < t->calm_us)
		return;
	if (in->len == 0)
		t->calm_us = now_us + SMALL_TCP_CALM_US;
	put_ack(t, u);
}

static void hear_later(struct small_tcp *t, const struct small_tcp_segment *in,
		       struct small_tcp_update *u, uint64_t now_us)
{
	bool ack;

	if (in->bits & SMALL_TCP_RST) {
		hear_reset(t, in, u);
		return;
	}
	/* Its SYN again: our acknowledgement was lost. Any other SYN is asked about (RFC 5961, 4.2). */
	if (in->bits & SMALL_TCP_SYN || !is_acceptable(t, in)) {
		challenge(t, in, u, now_us);
		return;
	}
	if (!(in->bits & SMALL_TCP_ACK))
		return;
	if (!hear_ack(t, in, u)) {
		challenge(t, in, u, now_us);
		return;
	}
	ack = hear_text(t, in, u);
	output(t, u, now_us, ack);
	if (t->state == SMALL_TCP_LAST_ACK && t->fin_acked)
		end(t, u, SMALL_TCP_END_DONE);
}

/* --- other events ----------------------------------------------------------------------------- */

static void timer(struct small_tcp *t, struct small_tcp_update *u, uint64_t now_us)
{
	if (now_us < t->due_us)
		return;
	t->again_us = smaller(t->again_us * 2, SMALL_TCP_AGAIN_MAX);
	if (t->state == SMALL_TCP_SYN_SENT) {
		put_syn(t, u, now_us);
		return;
	}
	t->due_us = SMALL_TCP_NEVER;
	t->snd_nxt = t->snd_una;
	t->flight = t->mss;
	t->probing = true;
	output(t, u, now_us, false);
}

static void send_octets(struct small_tcp *t, const struct small_tcp_event *ev,
			struct small_tcp_update *u)
{
	u->taken = smaller(ev->len, small_tcp_free(t));
	if (u->taken == 0)
		return;
	memcpy(t->buffer + t->used, ev->bytes, u->taken);
	t->used += u->taken;
	if (t->state != SMALL_TCP_IDLE && t->state != SMALL_TCP_SYN_SENT)
		output(t, u, ev->now_us, false);
}

static void set_room(struct small_tcp *t, size_t room, struct small_tcp_update *u)
{
	uint32_t edge = t->rcv_edge;

	t->room = room;
	if (room > t->room_max)
		t->room_max = room;
	if (t->state != SMALL_TCP_ESTABLISHED && t->state != SMALL_TCP_FIN_WAIT)
		return;
	window(t);
	if (t->rcv_edge != edge)
		put_ack(t, u);
}

static void close_down(struct small_tcp *t, struct small_tcp_update *u, uint64_t now_us)
{
	if (t->closing)
		return;
	t->closing = true;
	if (t->state == SMALL_TCP_IDLE || t->state == SMALL_TCP_SYN_SENT)
		return; /* the FIN goes out behind the handshake */
	t->state = t->state == SMALL_TCP_CLOSE_WAIT ? SMALL_TCP_LAST_ACK : SMALL_TCP_FIN_WAIT;
	output(t, u, now_us, false);
}

/* Of a connection that is only asked for the peer may know nothing; there a reset would be a riddle. */
static void give_up(struct small_tcp *t, struct small_tcp_update *u)
{
	if (t->state != SMALL_TCP_IDLE && t->state != SMALL_TCP_SYN_SENT) {
		struct small_tcp_segment *s = put(u, SMALL_TCP_RST | SMALL_TCP_ACK, t->snd_max);

		s->ack = t->rcv_nxt;
	}
	end(t, u, SMALL_TCP_END_DONE);
}

static void hear(struct small_tcp *t, const struct small_tcp_event *ev, struct small_tcp_update *u)
{
	switch (t->state) {
	case SMALL_TCP_IDLE:
	case SMALL_TCP_OVER: return;
	case SMALL_TCP_SYN_SENT: hear_before(t, &ev->segment, u, ev->now_us); return;
	case SMALL_TCP_ESTABLISHED:
	case SMALL_TCP_FIN_WAIT:
	case SMALL_TCP_CLOSE_WAIT:
	case SMALL_TCP_LAST_ACK: hear_later(t, &ev->segment, u, ev->now_us); return;
	}
	abort();
}

static void handle(struct small_tcp *t, const struct small_tcp_event *ev,
		   struct small_tcp_update *u)
{
	switch (ev->type) {
	case SMALL_TCP_EVENT_CONNECT:
		if (t->state == SMALL_TCP_IDLE) {
			t->state = SMALL_TCP_SYN_SENT;
			put_syn(t, u, ev->now_us);
		}
		return;
	case SMALL_TCP_EVENT_SEGMENT: hear(t, ev, u); return;
	case SMALL_TCP_EVENT_SEND: send_octets(t, ev, u); return;
	case SMALL_TCP_EVENT_ROOM: set_room(t, ev->room, u); return;
	case SMALL_TCP_EVENT_CLOSE: close_down(t, u, ev->now_us); return;
	case SMALL_TCP_EVENT_ABORT: give_up(t, u); return;
	case SMALL_TCP_EVENT_TIMER: timer(t, u, ev->now_us); return;
	case SMALL_TCP_EVENT_LOST:
		if (t->state == SMALL_TCP_SYN_SENT)
			put_syn(t, u, ev->now_us);
		return;
	}
	abort();
}

struct small_tcp_update small_tcp_step(struct small_tcp *t, const struct small_tcp_event *ev)
{
	struct small_tcp_update u = {0};

	if (t->state != SMALL_TCP_OVER)
		handle(t, ev, &u);
	u.deadline_us = t->due_us;
	return u;
}
