/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of transitions as data; see vrrp_rules.h. */
#include "tests/unit/vrrp_rules.h"

#include <stdlib.h>

static const struct {
	enum vrrp_state from, to;
	unsigned int flags;
	enum rules_wait wait;
	const char *text;
} rows[] = {
#define X(id, from, to, flags, wait, text) [ROW_##id] = {VRRP_##from, VRRP_##to, flags, wait, text},
	RULES_ROW_LIST(X)
#undef X
};

const char *rules_row_text(enum rules_row row)
{
	return rows[row].text;
}

void rules_init(struct rules *r, const struct vrrp_settings *settings)
{
	*r = (struct rules){
		.settings = *settings,
		.interval_us = settings->interval_us,
		.wait = WAIT_ENDS,
		.deadline_us = VRRP_NEVER,
	};
}

static bool is_owner(const struct vrrp_settings *s)
{
	return s->priority == 255;
}

bool rules_preempts(const struct rules *r)
{
	return is_owner(&r->settings) || (r->settings.preempt && !r->yielded && !r->gated);
}

static uint64_t sent_us(const struct vrrp_event *ev)
{
	return ev->peer.sent_us > ev->now_us ? ev->now_us : ev->peer.sent_us;
}

bool rules_believes(const struct rules *r, const struct vrrp_event *ev)
{
	if (ev->peer.says != VRRP_PEER_MASTER)
		return false;
	if (sent_us(ev) + 2 * ev->peer.interval_us <= ev->now_us)
		return false;
	return !addr_equal(&r->gone, &ev->peer.source) || sent_us(ev) > r->gone_us;
}

static enum rules_row init_row(const struct rules *r, const struct vrrp_event *ev)
{
	if (ev->type != VRRP_EVENT_STARTUP)
		return ROW_INIT_OTHER;
	if (r->retired)
		return ROW_INIT_RETIRED;
	if (r->unfit)
		return ROW_INIT_UNFIT;
	return is_owner(&r->settings) ? ROW_INIT_OWNER : ROW_INIT_STARTUP;
}

static enum rules_row backup_timer_row(const struct rules *r, uint64_t now_us)
{
	if (now_us < r->deadline_us)
		return ROW_BACKUP_EARLY;
	if (r->wait == WAIT_SILENCE && r->discarded)
		return ROW_BACKUP_PREEMPT;
	if (now_us < r->held_us)
		return ROW_BACKUP_HELD;
	if (r->wait == WAIT_SKEW)
		return ROW_BACKUP_SKEW;
	if (r->wait == WAIT_YIELD)
		return ROW_BACKUP_NOBODY;
	return r->wait == WAIT_HELD ? ROW_BACKUP_UNHELD : ROW_BACKUP_SILENCE;
}

static enum rules_row backup_advert_row(const struct rules *r, const struct vrrp_event *ev)
{
	if (ev->advert.priority == 0)
		return ROW_BACKUP_ZERO;
	if (ev->advert.priority > r->settings.priority)
		return ROW_BACKUP_HIGHER;
	if (ev->advert.priority == r->settings.priority)
		return ROW_BACKUP_EQUAL;
	if (rules_preempts(r))
		return r->wait == WAIT_HELD ? ROW_BACKUP_LESSER_HELD : ROW_BACKUP_LESSER;
	if (!r->settings.preempt)
		return ROW_BACKUP_PATIENT;
	return r->yielded ? ROW_BACKUP_YIELDED : ROW_BACKUP_GATED;
}

static bool is_its_end(const struct rules *r, const struct vrrp_event *ev)
{
	return ev->peer.says == VRRP_PEER_GONE && r->master.family &&
	       addr_equal(&r->master, &ev->peer.source);
}

static enum rules_row backup_peer_row(const struct rules *r, const struct vrrp_event *ev)
{
	if (rules_believes(r, ev))
		return r->wait == WAIT_HELD ? ROW_BACKUP_PEER_HOLDS : ROW_BACKUP_PEER;
	if (!is_its_end(r, ev))
		return ROW_BACKUP_PEER_OTHER;
	return ev->peer.successor ? ROW_BACKUP_SUCCESSOR : ROW_BACKUP_GONE;
}

static enum rules_row backup_gate_row(const struct rules *r, const struct vrrp_event *ev)
{
	struct rules then = *r;

	then.gated = ev->gate != VRRP_REASON_NONE;
	return r->wait == WAIT_SILENCE && r->discarded && !rules_preempts(&then) ? ROW_BACKUP_CLOSES
										 : ROW_BACKUP_GATE;
}

static enum rules_row backup_group_row(const struct rules *r, const struct vrrp_event *ev)
{
	if (ev->group == VRRP_GROUP_MASTER)
		return ROW_BACKUP_JOINS;
	if (ev->group == VRRP_GROUP_BACKUP)
		return ROW_BACKUP_YIELD;
	return r->wait == WAIT_SILENCE || r->wait == WAIT_HELD ? ROW_BACKUP_ALIVE
							       : ROW_BACKUP_ALIVE_LATE;
}

static enum rules_row backup_row(const struct rules *r, const struct vrrp_event *ev)
{
	switch (ev->type) {
	case VRRP_EVENT_TIMER: return backup_timer_row(r, ev->now_us);
	case VRRP_EVENT_ADVERT: return backup_advert_row(r, ev);
	case VRRP_EVENT_SHUTDOWN: return ROW_BACKUP_SHUTDOWN;
	case VRRP_EVENT_FAULT: return ROW_BACKUP_FAULT;
	case VRRP_EVENT_RECONFIGURE:
		return is_owner(&ev->settings) ? ROW_BACKUP_OWNER : ROW_BACKUP_RELOAD;
	case VRRP_EVENT_PEER: return backup_peer_row(r, ev);
	case VRRP_EVENT_GATE: return backup_gate_row(r, ev);
	case VRRP_EVENT_GROUP: return backup_group_row(r, ev);
	case VRRP_EVENT_MAINTENANCE: return ROW_BACKUP_RETIRES;
	case VRRP_EVENT_STARTUP:
	case VRRP_EVENT_CLEAR:
	case VRRP_EVENT_RESUME:
	case VRRP_EVENT_YIELD: return ROW_BACKUP_YIELD;
	}
	abort();
}

static enum rules_row master_advert_row(const struct rules *r, const struct vrrp_event *ev)
{
	if (ev->advert.priority == 0)
		return ROW_MASTER_ZERO;
	if (ev->advert.priority != r->settings.priority)
		return ev->advert.priority > r->settings.priority ? ROW_MASTER_HIGHER
								  : ROW_MASTER_LESSER;
	return addr_v4_value(&ev->advert.source) > addr_v4_value(&r->settings.address)
		       ? ROW_MASTER_TIE_LOST
		       : ROW_MASTER_TIE_WON;
}

static enum rules_row master_peer_row(const struct rules *r, const struct vrrp_event *ev)
{
	int rank = ev->peer.priority - r->settings.priority;

	if (ev->peer.says == VRRP_PEER_GONE)
		return ROW_MASTER_PEER_GONE;
	if (!ev->peer.hold || !rules_believes(r, ev))
		return ROW_MASTER_PEER_OTHER;
	if (rank == 0 && addr_v4_value(&ev->peer.source) > addr_v4_value(&r->settings.address))
		return ROW_MASTER_PEER_TIE_LOST;
	return rank > 0 ? ROW_MASTER_PEER_HIGHER : ROW_MASTER_PEER_LESSER;
}

static enum rules_row master_fault_row(const struct vrrp_event *ev)
{
	return ev->fault == VRRP_REASON_NO_LINK || ev->fault == VRRP_REASON_NO_ADDRESS ||
			       ev->fault == VRRP_REASON_NO_SOCKET
		       ? ROW_MASTER_FAULT
		       : ROW_MASTER_UNFIT;
}

static enum rules_row master_row(const struct rules *r, const struct vrrp_event *ev)
{
	switch (ev->type) {
	case VRRP_EVENT_TIMER:
		return ev->now_us < r->deadline_us ? ROW_MASTER_EARLY : ROW_MASTER_TIMER;
	case VRRP_EVENT_ADVERT: return master_advert_row(r, ev);
	case VRRP_EVENT_PEER: return master_peer_row(r, ev);
	case VRRP_EVENT_SHUTDOWN: return ROW_MASTER_SHUTDOWN;
	case VRRP_EVENT_FAULT: return master_fault_row(ev);
	case VRRP_EVENT_MAINTENANCE: return ROW_MASTER_RETIRES;
	case VRRP_EVENT_YIELD: return is_owner(&r->settings) ? ROW_MASTER_KEEPS : ROW_MASTER_YIELD;
	case VRRP_EVENT_GROUP:
		return ev->group == VRRP_GROUP_BACKUP ? ROW_MASTER_PARTS : ROW_MASTER_SAME;
	case VRRP_EVENT_RECONFIGURE:
		return ev->settings.priority == r->settings.priority &&
				       ev->settings.interval_us == r->settings.interval_us
			       ? ROW_MASTER_SAME
			       : ROW_MASTER_RELOAD;
	case VRRP_EVENT_GATE:
	case VRRP_EVENT_STARTUP:
	case VRRP_EVENT_RESUME:
	case VRRP_EVENT_CLEAR: return ROW_MASTER_SAME;
	}
	abort();
}

static enum rules_row fault_row(const struct rules *r, const struct vrrp_event *ev)
{
	if (ev->type == VRRP_EVENT_SHUTDOWN)
		return ROW_FAULT_SHUTDOWN;
	if (ev->type == VRRP_EVENT_MAINTENANCE)
		return ROW_FAULT_RETIRES;
	if (ev->type != VRRP_EVENT_CLEAR)
		return ROW_FAULT_OTHER;
	return is_owner(&r->settings) ? ROW_FAULT_OWNER : ROW_FAULT_CLEAR;
}

static enum rules_row retired_row(const struct rules *r, const struct vrrp_event *ev)
{
	if (ev->type == VRRP_EVENT_SHUTDOWN)
		return ROW_RETIRED_SHUTDOWN;
	if (ev->type != VRRP_EVENT_RESUME)
		return ROW_RETIRED_OTHER;
	if (r->unfit)
		return ROW_RETIRED_UNFIT;
	return is_owner(&r->settings) ? ROW_RETIRED_OWNER : ROW_RETIRED_RESUME;
}

static enum rules_row find_row(const struct rules *r, enum vrrp_state from,
			       const struct vrrp_event *ev)
{
	switch (from) {
	case VRRP_INIT: return init_row(r, ev);
	case VRRP_BACKUP: return backup_row(r, ev);
	case VRRP_MASTER: return master_row(r, ev);
	case VRRP_FAULT: return fault_row(r, ev);
	case VRRP_MAINTENANCE: return retired_row(r, ev);
	}
	abort();
}

static void learn_settings(struct rules *r, const struct vrrp_event *ev)
{
	if (ev->type == VRRP_EVENT_RECONFIGURE)
		r->settings = ev->settings;
	if (ev->type == VRRP_EVENT_FAULT)
		r->unfit = true;
	if (ev->type == VRRP_EVENT_CLEAR)
		r->unfit = false;
	if (ev->type == VRRP_EVENT_MAINTENANCE)
		r->retired = true;
	if (ev->type == VRRP_EVENT_RESUME)
		r->retired = false;
	if (ev->type == VRRP_EVENT_GATE)
		r->gated = ev->gate != VRRP_REASON_NONE;
}

static void learn_gone(struct rules *r, const struct addr *who, uint64_t now_us)
{
	r->gone = *who;
	r->gone_us = now_us;
	if (addr_equal(who, &r->holder))
		r->held_us = 0;
}

static bool loses_to_peer(enum rules_row row)
{
	return row == ROW_MASTER_PEER_HIGHER || row == ROW_MASTER_PEER_TIE_LOST;
}

/* Was the master, or is. */
static bool forgets(enum rules_row row)
{
	return rows[row].to == VRRP_MASTER || row == ROW_MASTER_STALLED ||
	       row == ROW_MASTER_PARTS || row == ROW_MASTER_YIELD;
}

static void learn_master(struct rules *r, const struct vrrp_event *ev)
{
	uint64_t until_us = sent_us(ev) + 2 * ev->peer.interval_us;

	r->master = ev->peer.source;
	if (!ev->peer.hold || until_us < r->held_us)
		return;
	r->holder = ev->peer.source;
	r->held_us = until_us;
}

/* In a state in which nothing is elected. */
static void learn_aside(struct rules *r, const struct vrrp_event *ev)
{
	if (rules_believes(r, ev)) {
		learn_master(r, ev);
	} else if (is_its_end(r, ev)) {
		learn_gone(r, &ev->peer.source, ev->now_us);
		r->master = (struct addr){0};
	}
}

/* Who is master, who no more, and whose heartbeat holds. */
static void learn_masters(struct rules *r, enum rules_row row, const struct vrrp_event *ev)
{
	bool hears = rows[row].from == VRRP_BACKUP || rows[row].from == VRRP_MASTER;

	if (!hears && ev->type == VRRP_EVENT_PEER)
		learn_aside(r, ev);
	if (hears && ev->type == VRRP_EVENT_ADVERT && ev->advert.priority == 0)
		learn_gone(r, &ev->advert.source, ev->now_us);
	if (row == ROW_BACKUP_GONE || row == ROW_BACKUP_SUCCESSOR || row == ROW_MASTER_PEER_GONE)
		learn_gone(r, &ev->peer.source, ev->now_us);
	if (forgets(row)) {
		r->master = (struct addr){0};
		r->held_us = 0;
	}
	if (rows[row].to == VRRP_BACKUP && ev->type == VRRP_EVENT_ADVERT && ev->advert.priority > 0)
		r->master = ev->advert.source;
	if (row == ROW_BACKUP_PEER || row == ROW_BACKUP_PEER_HOLDS || loses_to_peer(row))
		learn_master(r, ev);
}

/* What the router knows after the event. */
static void learn(struct rules *r, enum rules_row row, const struct vrrp_event *ev)
{
	bool advert = ev->type == VRRP_EVENT_ADVERT;

	learn_masters(r, row, ev);
	if (row == ROW_MASTER_YIELD)
		r->yielded = true;
	if (rows[row].flags & VRRP_TAKE_VIP ||
	    (rows[row].from == VRRP_INIT && ev->type == VRRP_EVENT_STARTUP) ||
	    (rows[row].from == VRRP_MAINTENANCE && ev->type == VRRP_EVENT_RESUME))
		r->yielded = false;
	if (row == ROW_BACKUP_LESSER) {
		r->discarded = true;
		r->discard = *ev;
	}
	if (rows[row].wait == WAIT_SILENCE || rows[row].wait == WAIT_YIELD) {
		r->discarded = false;
		r->learned = (advert && row != ROW_MASTER_STALLED) || loses_to_peer(row);
		r->interval_us = !r->learned ? r->settings.interval_us
				 : advert    ? ev->advert.interval_us
					     : ev->peer.interval_us;
	}
	if (row == ROW_BACKUP_CLOSES) {
		r->master = r->discard.advert.source;
		r->interval_us = r->discard.advert.interval_us;
		r->learned = true;
	}
	if (rows[row].wait == WAIT_LESSER || rows[row].wait == WAIT_AGAIN)
		r->discarded = false;
	if (row == ROW_BACKUP_RELOAD && !r->learned)
		r->interval_us = r->settings.interval_us;
}

static uint64_t skew_us(const struct rules *r)
{
	return (256u - r->settings.priority) * r->interval_us / 256;
}

static uint64_t length_us(const struct rules *r)
{
	switch (r->wait) {
	case WAIT_ADVERT: return r->settings.interval_us;
	case WAIT_SILENCE: return 3 * r->interval_us + skew_us(r);
	case WAIT_SKEW: return skew_us(r);
	case WAIT_YIELD: return 2 * r->interval_us;
	case WAIT_HELD: return r->held_us - r->since_us;
	case WAIT_LESSER:
	case WAIT_AGAIN:
	case WAIT_AS_BEFORE:
	case WAIT_ENDS:
	case WAIT_BEAT:
	case WAIT_RESIZED: break;
	}
	return 0; /* only a mistake, which was noticed, leads here */
}

static void wait_on(struct rules *r, enum rules_wait wait, uint64_t now_us)
{
	switch (wait) {
	case WAIT_AS_BEFORE: return;
	case WAIT_ENDS:
		r->wait = wait;
		r->deadline_us = VRRP_NEVER;
		return;
	case WAIT_RESIZED: r->deadline_us = r->since_us + length_us(r); return;
	case WAIT_BEAT:
		r->wait = WAIT_ADVERT;
		r->since_us =
			now_us - r->deadline_us < r->settings.interval_us ? r->deadline_us : now_us;
		r->deadline_us = r->since_us + length_us(r);
		return;
	case WAIT_HELD:
		r->wait = wait;
		r->deadline_us = r->held_us;
		return;
	case WAIT_LESSER: wait_on(r, WAIT_SILENCE, r->discard.now_us); return;
	case WAIT_AGAIN: wait_on(r, WAIT_SILENCE, now_us); return;
	case WAIT_ADVERT:
	case WAIT_SILENCE:
	case WAIT_SKEW:
	case WAIT_YIELD:
		r->wait = wait;
		r->since_us = now_us;
		r->deadline_us = now_us + length_us(r);
	}
}

/* 3 intervals after the last advert was due, or sent when that was a whole interval late. */
static bool is_stalled(const struct rules *r, enum vrrp_state from, uint64_t now_us)
{
	return from == VRRP_MASTER && !is_owner(&r->settings) &&
	       now_us > r->deadline_us + 2 * r->settings.interval_us;
}

static void go_through(struct rules *r, enum rules_row row, const struct vrrp_event *ev)
{
	learn(r, row, ev);
	wait_on(r, rows[row].wait, ev->now_us);
}

const char *rules_judge(struct rules *r, enum vrrp_state from, const struct vrrp_event *ev,
			const struct vrrp *after, const struct vrrp_update *u,
			enum rules_row *ret_row)
{
	bool stalled = is_stalled(r, from, ev->now_us), held = r->wait == WAIT_HELD;
	unsigned int flags = 0;
	enum rules_row row;
	bool stops;

	if (stalled) { /* down first, then as any backup */
		flags = rows[ROW_MASTER_STALLED].flags | VRRP_STATE;
		go_through(r, ROW_MASTER_STALLED, ev);
		from = VRRP_BACKUP;
	}
	row = find_row(r, from, ev);
	learn_settings(r, ev);
	go_through(r, row, ev);
	stops = (stalled && !(rows[row].flags & VRRP_ADVERT)) ||
		(rows[row].flags & RULES_RAGT) == RULES_RAGT;
	flags |= rows[row].flags | (rows[row].to != from ? VRRP_STATE : 0) |
		 (held != (r->wait == WAIT_HELD) ? VRRP_HELD : 0);
	*ret_row = stalled ? ROW_MASTER_STALLED : row;
	if (after->state != rows[row].to)
		return "a state that the table does not say";
	if (u->flags != flags)
		return "effects that the table does not say";
	if (flags & VRRP_ADVERT && u->send_priority != (stops ? 0 : r->settings.priority))
		return "an advert of another priority than the table says";
	if (after->deadline_us != r->deadline_us ||
	    (flags & VRRP_TIMER && u->deadline_us != r->deadline_us))
		return "a timer that the table does not say";
	return NULL;
}
