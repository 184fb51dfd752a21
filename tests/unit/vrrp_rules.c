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
	return is_owner(&r->settings) || (r->settings.preempt && !r->yielded);
}

static enum rules_row init_row(const struct rules *r, const struct vrrp_event *ev)
{
	if (ev->type != VRRP_EVENT_STARTUP)
		return ROW_INIT_OTHER;
	if (r->unfit)
		return ROW_INIT_UNFIT;
	return is_owner(&r->settings) ? ROW_INIT_OWNER : ROW_INIT_STARTUP;
}

static enum rules_row backup_timer_row(const struct rules *r, uint64_t now_us)
{
	if (now_us < r->deadline_us)
		return ROW_BACKUP_EARLY;
	if (r->wait == WAIT_SKEW)
		return ROW_BACKUP_SKEW;
	if (r->wait == WAIT_YIELD)
		return ROW_BACKUP_NOBODY;
	return r->discarded ? ROW_BACKUP_PREEMPT : ROW_BACKUP_SILENCE;
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
		return ROW_BACKUP_LESSER;
	return r->settings.preempt ? ROW_BACKUP_YIELDED : ROW_BACKUP_PATIENT;
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
	case VRRP_EVENT_STARTUP:
	case VRRP_EVENT_CLEAR:
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

static enum rules_row master_row(const struct rules *r, const struct vrrp_event *ev)
{
	switch (ev->type) {
	case VRRP_EVENT_TIMER:
		return ev->now_us < r->deadline_us ? ROW_MASTER_EARLY : ROW_MASTER_TIMER;
	case VRRP_EVENT_ADVERT: return master_advert_row(r, ev);
	case VRRP_EVENT_SHUTDOWN: return ROW_MASTER_SHUTDOWN;
	case VRRP_EVENT_FAULT: return ROW_MASTER_FAULT;
	case VRRP_EVENT_YIELD: return is_owner(&r->settings) ? ROW_MASTER_KEEPS : ROW_MASTER_YIELD;
	case VRRP_EVENT_RECONFIGURE:
		return ev->settings.priority == r->settings.priority &&
				       ev->settings.interval_us == r->settings.interval_us
			       ? ROW_MASTER_SAME
			       : ROW_MASTER_RELOAD;
	case VRRP_EVENT_STARTUP:
	case VRRP_EVENT_CLEAR: return ROW_MASTER_SAME;
	}
	abort();
}

static enum rules_row fault_row(const struct rules *r, const struct vrrp_event *ev)
{
	if (ev->type == VRRP_EVENT_SHUTDOWN)
		return ROW_FAULT_SHUTDOWN;
	if (ev->type != VRRP_EVENT_CLEAR)
		return ROW_FAULT_OTHER;
	return is_owner(&r->settings) ? ROW_FAULT_OWNER : ROW_FAULT_CLEAR;
}

static enum rules_row find_row(const struct rules *r, enum vrrp_state from,
			       const struct vrrp_event *ev)
{
	switch (from) {
	case VRRP_INIT: return init_row(r, ev);
	case VRRP_BACKUP: return backup_row(r, ev);
	case VRRP_MASTER: return master_row(r, ev);
	case VRRP_FAULT: return fault_row(r, ev);
	}
	abort();
}

/* What the router knows after the event. */
static void learn(struct rules *r, enum rules_row row, const struct vrrp_event *ev)
{
	if (ev->type == VRRP_EVENT_RECONFIGURE)
		r->settings = ev->settings;
	if (ev->type == VRRP_EVENT_FAULT)
		r->unfit = true;
	if (ev->type == VRRP_EVENT_CLEAR)
		r->unfit = false;
	if (row == ROW_MASTER_YIELD)
		r->yielded = true;
	if (rows[row].flags & VRRP_TAKE_VIP ||
	    (rows[row].from == VRRP_INIT && ev->type == VRRP_EVENT_STARTUP))
		r->yielded = false;
	if (row == ROW_BACKUP_LESSER)
		r->discarded = true;
	if (rows[row].wait == WAIT_SILENCE || rows[row].wait == WAIT_YIELD) {
		r->discarded = false;
		r->learned = ev->type == VRRP_EVENT_ADVERT;
		r->interval_us = r->learned ? ev->advert.interval_us : r->settings.interval_us;
	}
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
	case WAIT_AS_BEFORE:
	case WAIT_ENDS:
	case WAIT_BEAT:
	case WAIT_RESIZED: break;
	}
	abort();
}

static void wait_on(struct rules *r, enum rules_wait wait, uint64_t now_us)
{
	switch (wait) {
	case WAIT_AS_BEFORE: return;
	case WAIT_ENDS: r->deadline_us = VRRP_NEVER; return;
	case WAIT_RESIZED: r->deadline_us = r->since_us + length_us(r); return;
	case WAIT_BEAT:
		r->wait = WAIT_ADVERT;
		r->since_us =
			now_us - r->deadline_us < r->settings.interval_us ? r->deadline_us : now_us;
		r->deadline_us = r->since_us + length_us(r);
		return;
	case WAIT_ADVERT:
	case WAIT_SILENCE:
	case WAIT_SKEW:
	case WAIT_YIELD:
		r->wait = wait;
		r->since_us = now_us;
		r->deadline_us = now_us + length_us(r);
	}
}

const char *rules_judge(struct rules *r, enum vrrp_state from, const struct vrrp_event *ev,
			const struct vrrp *after, const struct vrrp_update *u,
			enum rules_row *ret_row)
{
	enum rules_row row = find_row(r, from, ev);
	unsigned int flags = rows[row].flags | (rows[row].to != from ? VRRP_STATE : 0);
	bool stops = row == ROW_MASTER_YIELD || row == ROW_MASTER_SHUTDOWN;

	*ret_row = row;
	learn(r, row, ev);
	wait_on(r, rows[row].wait, ev->now_us);
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
