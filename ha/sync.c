/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ha/sync.h"

#include <stdlib.h>

void sync_init(struct sync *s)
{
	*s = (struct sync){0};
}

/* --- pieces ----------------------------------------------------------------------------------- */

bool sync_in_is_current(const struct sync *s)
{
	return s->in == SYNC_IN_CURRENT;
}

bool sync_out_is_current(const struct sync *s)
{
	return s->out == SYNC_OUT_LIVE && !s->stale;
}

static void go_out(struct sync *s, struct sync_update *u, enum sync_out to)
{
	if (s->out != to)
		u->flags |= SYNC_CHANGED;
	s->out = to;
}

static void go_in(struct sync *s, struct sync_update *u, enum sync_in to)
{
	if (s->in != to)
		u->flags |= SYNC_CHANGED;
	s->in = to;
}

static void end(struct sync *s, struct sync_update *u, enum sync_end why)
{
	if (s->out == SYNC_OUT_CLOSED)
		return;
	go_out(s, u, SYNC_OUT_CLOSED);
	go_in(s, u, SYNC_IN_CLOSED);
	s->end = why;
	s->stale = false;
	s->owed_us = 0;
	u->flags = (u->flags & SYNC_CHANGED) | SYNC_CLOSE;
	u->end = why;
}

static void begin_snapshot(struct sync *s, struct sync_update *u, uint64_t now_us)
{
	s->snapshot++;
	if (s->snapshot == 0)
		s->snapshot = 1; /* 0 stands for news */
	s->begun_us = now_us;
	go_out(s, u, SYNC_OUT_STREAMING);
	s->stale = false;
	u->flags |= SYNC_SEND_SNAPSHOT | SYNC_STREAM;
	u->step = SYNC_SNAPSHOT_BEGIN;
	u->snapshot = s->snapshot;
}

/* Asks for a snapshot now, or when it may. */
static void want(struct sync *s, struct sync_update *u, uint64_t now_us)
{
	uint64_t least_us = s->wanted_us ? s->wanted_us + SYNC_WANT_US : now_us;

	go_in(s, u, SYNC_IN_WAITING);
	if (now_us < least_us) {
		s->want_us = least_us;
		return;
	}
	s->wanted_us = now_us > 0 ? now_us : 1;
	s->want_us = now_us + SYNC_WANT_US;
	u->flags |= SYNC_SEND_SNAPSHOT;
	u->step = SYNC_SNAPSHOT_WANTED;
	u->snapshot = 0;
}

static void set_stale(struct sync *s, struct sync_update *u, bool stale)
{
	if (s->stale != stale)
		u->flags |= SYNC_CHANGED;
	s->stale = stale;
}

/* What is to be acknowledged next waits for too long. */
static bool is_late(const struct sync *s, uint64_t now_us)
{
	return s->owed_us && now_us >= s->owed_us + SYNC_STALE_US;
}

/* When a peer that acknowledges nothing more is given up: one that is slow goes on. */
static uint64_t patience_us(const struct sync *s)
{
	uint64_t since_us = s->owed_us > s->progress_us ? s->owed_us : s->progress_us;

	return since_us + SYNC_ACK_MAX_US;
}

static void acknowledge(struct sync *s, struct sync_update *u)
{
	u->flags |= SYNC_SEND_ACK;
	u->acknowledge = s->applied;
	u->current = s->in == SYNC_IN_CURRENT;
}

static void owe(struct sync *s, uint64_t now_us)
{
	if (s->owed_us == 0)
		s->owed_us = now_us > 0 ? now_us : 1;
}

/* --- what is heard ---------------------------------------------------------------------------- */

static void heard_hello(struct sync *s, struct sync_update *u, uint64_t now_us)
{
	if (s->out != SYNC_OUT_GREETING)
		return; /* said again, of another configuration */
	go_in(s, u, SYNC_IN_WAITING);
	s->want_us = now_us + SYNC_WANT_US;
	begin_snapshot(s, u, now_us);
}

static void note_lag(struct sync *s, uint64_t sequence, uint64_t now_us)
{
	for (uint64_t i = s->acked + 1; i <= sequence; i++)
		if (s->window[i % SYNC_WINDOW].entries > 0)
			sync_lag_note(&s->lag, now_us - s->window[i % SYNC_WINDOW].since_us,
				      s->window[i % SYNC_WINDOW].entries, now_us);
}

static void heard_ack(struct sync *s, struct sync_update *u, const struct sync_event *ev)
{
	uint64_t sequence = ev->heard.sequence;
	bool was_full = sync_room(s) == 0;

	if (sequence > s->sent || sequence < s->acked) {
		end(s, u, SYNC_END_ACK);
		return;
	}
	if (sequence > s->acked)
		s->progress_us = ev->now_us;
	note_lag(s, sequence, ev->now_us);
	s->acked = sequence;
	s->owed_us = 0;
	if (s->acked < s->sent)
		owe(s, s->window[(s->acked + 1) % SYNC_WINDOW].sent_us);
	if (s->out == SYNC_OUT_ENDING && ev->heard.current && s->acked >= s->snapshot_end) {
		go_out(s, u, SYNC_OUT_LIVE);
		s->took_us = ev->now_us - s->begun_us;
		s->digest_us = ev->now_us;
	}
	set_stale(s, u, s->out == SYNC_OUT_LIVE && (!ev->heard.current || is_late(s, ev->now_us)));
	if (s->out == SYNC_OUT_STREAMING || (was_full && sync_room(s) > 0))
		u->flags |= SYNC_STREAM;
}

static void heard_entries(struct sync *s, struct sync_update *u, uint64_t sequence)
{
	if (sequence != s->heard + 1) {
		end(s, u, SYNC_END_SEQUENCE);
		return;
	}
	s->heard = sequence;
	u->flags |= SYNC_APPLY;
}

static void heard_end(struct sync *s, struct sync_update *u, const struct sync_event *ev)
{
	if (ev->heard.sequence != s->heard + 1) {
		end(s, u, SYNC_END_SEQUENCE);
		return;
	}
	if (s->filling == 0 || ev->heard.snapshot != s->filling) {
		end(s, u, SYNC_END_SNAPSHOT);
		return;
	}
	s->heard++;
	s->applied = s->heard;
	s->filling = 0;
	if (s->in == SYNC_IN_FILLING && s->failed) {
		s->wanted_us = ev->now_us; /* the next one not at once: it would fail, too */
		want(s, u, ev->now_us);
	} else if (s->in == SYNC_IN_FILLING) {
		go_in(s, u, SYNC_IN_SWEEPING);
		u->flags |= SYNC_SWEEP;
	}
	acknowledge(s, u);
}

static void heard_snapshot(struct sync *s, struct sync_update *u, const struct sync_event *ev)
{
	switch (ev->heard.step) {
	case SYNC_SNAPSHOT_WANTED: begin_snapshot(s, u, ev->now_us); return;
	case SYNC_SNAPSHOT_BEGIN:
		s->filling = ev->heard.snapshot;
		s->failed = false;
		go_in(s, u, SYNC_IN_MARKING);
		u->flags |= SYNC_MARK;
		return;
	case SYNC_SNAPSHOT_END: heard_end(s, u, ev); return;
	}
	abort();
}

static void heard_digest(struct sync *s, struct sync_update *u, const struct sync_event *ev)
{
	if (ev->heard.sequence != s->heard) {
		end(s, u, SYNC_END_SEQUENCE);
		return;
	}
	if (s->in == SYNC_IN_CURRENT)
		u->flags |= SYNC_COMPARE;
	else
		acknowledge(s, u);
}

static void heard(struct sync *s, struct sync_update *u, const struct sync_event *ev)
{
	if (s->out == SYNC_OUT_GREETING && ev->heard.type != SYNC_HELLO &&
	    ev->heard.type != SYNC_BYE) {
		end(s, u, SYNC_END_HELLO);
		return;
	}
	switch (ev->heard.type) {
	case SYNC_HELLO: heard_hello(s, u, ev->now_us); return;
	case SYNC_NAME:
	case SYNC_ORDER:
	case SYNC_DRILL:
	case SYNC_CONFIG:
	case SYNC_VIEWS:
	case SYNC_PROVISIONAL:
	case SYNC_COPY:
	case SYNC_PUSH:
	case SYNC_BUCKETS: u->flags |= SYNC_APPLY; return;
	case SYNC_FLOWS:
	case SYNC_FACTS: heard_entries(s, u, ev->heard.sequence); return;
	case SYNC_ACK: heard_ack(s, u, ev); return;
	case SYNC_SNAPSHOT: heard_snapshot(s, u, ev); return;
	case SYNC_DIGEST: heard_digest(s, u, ev); return;
	case SYNC_BYE: end(s, u, SYNC_END_BYE); return;
	}
	abort();
}

/* --- the other events ------------------------------------------------------------------------- */

/* Entries are what the channel is for. */
static uint64_t cost_of(const struct sync_heard *h, const struct sync_update *u)
{
	switch (h->type) {
	case SYNC_FLOWS: return 0;
	case SYNC_HELLO: return SYNC_COST_TURN_US;
	case SYNC_SNAPSHOT: /* its end is paid for with its beginning, and without one ends all */
		return h->step == SYNC_SNAPSHOT_END ? SYNC_COST_WORD_US : SYNC_COST_TURN_US;
	case SYNC_DIGEST: return SYNC_COST_DIGEST_US;
	case SYNC_COPY:
	case SYNC_PUSH: return SYNC_COST_COPY_US;
	case SYNC_NAME:
	case SYNC_ACK:
	case SYNC_ORDER:
	case SYNC_FACTS:
	case SYNC_BUCKETS:
	case SYNC_DRILL:
	case SYNC_CONFIG:
	case SYNC_VIEWS:
	case SYNC_PROVISIONAL:
	case SYNC_BYE: break;
	}
	return u->flags & SYNC_CHANGED ? SYNC_COST_TURN_US : SYNC_COST_WORD_US;
}

static void charge(struct sync *s, uint64_t cost_us, uint64_t now_us)
{
	sync_credit_take(&s->credit, cost_us, now_us);
	if (now_us < sync_credit_from_us(&s->credit))
		s->tired = true;
}

static void opened(struct sync *s, struct sync_update *u, uint64_t now_us)
{
	const struct sync last = *s;

	*s = (struct sync){.snapshot = last.snapshot,
			   .current_us = last.current_us,
			   .took_us = last.took_us,
			   .lag = last.lag,
			   .credit = last.credit, /* nobody gets another one by connecting anew */
			   .opened_us = now_us};
	charge(s, SYNC_COST_WORD_US, now_us);
	go_out(s, u, SYNC_OUT_GREETING);
	go_in(s, u, SYNC_IN_GREETING);
	s->want_us = SYNC_NEVER;
	u->flags |= SYNC_SEND_HELLO;
}

static void applied(struct sync *s, struct sync_update *u, const struct sync_event *ev, bool well)
{
	s->applied = s->heard;
	if (!well) {
		s->failed = true;
		if (s->in == SYNC_IN_CURRENT || s->in == SYNC_IN_SWEEPING)
			want(s, u, ev->now_us);
	}
	acknowledge(s, u);
}

static void compared(struct sync *s, struct sync_update *u, const struct sync_event *ev)
{
	if (s->in == SYNC_IN_CURRENT && !ev->equal)
		want(s, u, ev->now_us);
	acknowledge(s, u);
}

static void swept(struct sync *s, struct sync_update *u, uint64_t now_us)
{
	if (s->in != SYNC_IN_SWEEPING)
		return;
	go_in(s, u, SYNC_IN_CURRENT);
	s->current_us = now_us;
	acknowledge(s, u);
}

static void streamed(struct sync *s, struct sync_update *u, uint64_t now_us)
{
	uint64_t number = s->out == SYNC_OUT_STREAMING ? sync_number(s, 0, now_us, now_us) : 0;

	if (number == 0)
		return; /* no room for the end: STREAM asks again */
	go_out(s, u, SYNC_OUT_ENDING);
	s->snapshot_end = number;
	u->flags |= SYNC_SEND_SNAPSHOT;
	u->step = SYNC_SNAPSHOT_END;
	u->snapshot = s->snapshot;
	u->sequence = number;
}

/*
 * What the other one told of addresses that this node was master of was not taken. Most often it
 * begins a snapshot by itself, because the same event has changed its own domain.
 */
static void other_domain(struct sync *s, struct sync_update *u, uint64_t now_us)
{
	go_in(s, u, SYNC_IN_WAITING);
	s->wanted_us = 0; /* that of another domain is no reason to wait */
	s->want_us = now_us + SYNC_DOMAIN_US;
	acknowledge(s, u);
	begin_snapshot(s, u, now_us);
}

static bool talks(const struct sync *s)
{
	return s->out != SYNC_OUT_CLOSED && s->out != SYNC_OUT_GREETING;
}

static void timer(struct sync *s, struct sync_update *u, uint64_t now_us)
{
	if (s->out == SYNC_OUT_CLOSED)
		return;
	if (s->tired && now_us >= sync_credit_from_us(&s->credit))
		s->tired = false;
	if (s->out == SYNC_OUT_GREETING) {
		if (now_us >= s->opened_us + SYNC_HELLO_US)
			end(s, u, SYNC_END_SILENT);
		return;
	}
	if (s->owed_us && now_us >= patience_us(s)) {
		end(s, u, SYNC_END_UNACKNOWLEDGED);
		return;
	}
	if (s->out == SYNC_OUT_LIVE && is_late(s, now_us))
		set_stale(s, u, true);
	if (s->out == SYNC_OUT_LIVE && now_us >= s->digest_us) {
		s->digest_us = now_us + SYNC_DIGEST_US;
		owe(s, now_us);
		u->flags |= SYNC_SEND_DIGEST;
	}
	if (s->in == SYNC_IN_WAITING && now_us >= s->want_us)
		want(s, u, now_us);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t sync_deadline_us(const struct sync *s)
{
	uint64_t due_us = SYNC_NEVER;

	if (s->out == SYNC_OUT_CLOSED)
		return SYNC_NEVER;
	if (s->tired)
		due_us = sync_credit_from_us(&s->credit);
	if (s->out == SYNC_OUT_GREETING)
		return earlier(due_us, s->opened_us + SYNC_HELLO_US);
	if (s->owed_us && s->out == SYNC_OUT_LIVE && !s->stale)
		due_us = earlier(due_us, s->owed_us + SYNC_STALE_US);
	else if (s->owed_us)
		due_us = earlier(due_us, patience_us(s));
	if (s->out == SYNC_OUT_LIVE)
		due_us = earlier(due_us, s->digest_us);
	if (s->in == SYNC_IN_WAITING)
		due_us = earlier(due_us, s->want_us);
	return due_us;
}

bool sync_hears(const struct sync *s)
{
	return !s->tired && s->in != SYNC_IN_MARKING;
}

static void act(struct sync *s, struct sync_update *u, const struct sync_event *ev)
{
	switch (ev->type) {
	case SYNC_EVENT_OPEN: opened(s, u, ev->now_us); return;
	case SYNC_EVENT_CLOSED: end(s, u, SYNC_END_CLOSED); return;
	case SYNC_EVENT_HEARD:
		if (s->out == SYNC_OUT_CLOSED)
			return;
		heard(s, u, ev);
		charge(s, cost_of(&ev->heard, u), ev->now_us);
		return;
	case SYNC_EVENT_APPLIED:
		if (talks(s))
			applied(s, u, ev, true);
		return;
	case SYNC_EVENT_FAILED:
		if (talks(s))
			applied(s, u, ev, false);
		return;
	case SYNC_EVENT_COMPARED:
		if (talks(s))
			compared(s, u, ev);
		return;
	case SYNC_EVENT_MARKED:
		if (s->in == SYNC_IN_MARKING)
			go_in(s, u, SYNC_IN_FILLING);
		return;
	case SYNC_EVENT_SWEPT: swept(s, u, ev->now_us); return;
	case SYNC_EVENT_STREAMED: streamed(s, u, ev->now_us); return;
	case SYNC_EVENT_LOST:
		if (talks(s))
			begin_snapshot(s, u, ev->now_us);
		return;
	case SYNC_EVENT_DOMAIN:
		if (talks(s))
			other_domain(s, u, ev->now_us);
		return;
	case SYNC_EVENT_TIMER: timer(s, u, ev->now_us); return;
	}
	abort();
}

struct sync_update sync_step(struct sync *s, const struct sync_event *ev)
{
	struct sync_update u = {0};

	act(s, &u, ev);
	return u;
}

/* --- numbers ---------------------------------------------------------------------------------- */

size_t sync_room(const struct sync *s)
{
	return talks(s) ? SYNC_WINDOW - (size_t)(s->sent - s->acked) : 0;
}

uint64_t sync_number(struct sync *s, uint32_t entries, uint64_t since_us, uint64_t now_us)
{
	if (sync_room(s) == 0)
		return 0;
	s->sent++;
	s->window[s->sent % SYNC_WINDOW].since_us = since_us;
	s->window[s->sent % SYNC_WINDOW].sent_us = now_us;
	s->window[s->sent % SYNC_WINDOW].entries = entries;
	owe(s, now_us);
	return s->sent;
}

uint64_t sync_unacknowledged(const struct sync *s)
{
	uint64_t n = 0;

	for (uint64_t i = s->acked + 1; i <= s->sent; i++)
		n += s->window[i % SYNC_WINDOW].entries;
	return n;
}

uint64_t sync_lag_us(const struct sync *s, uint64_t now_us)
{
	uint64_t oldest_us = now_us;

	for (uint64_t i = s->acked + 1; i <= s->sent; i++)
		oldest_us = earlier(oldest_us, s->window[i % SYNC_WINDOW].since_us);
	return now_us - oldest_us;
}
