/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The election; the table of transitions is in vrrp.h. Quotations are from RFC 9568, sections 6.1
 * and 6.4.
 */
#include "ha/vrrp.h"

#include "ha/vrrp_packet.h"

#include <stdlib.h>

enum {
	SILENCE_INTERVALS = 3, /* Active_Down_Interval = 3 * Active_Adver_Interval + Skew_Time */
	SECOND_US = 1000 * 1000,
	YIELD_INTERVALS = 2, /* more than any Skew_Time, which is less than one interval */
};

void vrrp_init(struct vrrp *v, const struct vrrp_settings *settings)
{
	*v = (struct vrrp){
		.state = VRRP_INIT,
		.settings = *settings,
		.active_interval_us = settings->interval_us,
		.deadline_us = VRRP_NEVER,
	};
}

/*
 * "Skew_Time: (((256 - Priority) * Active_Adver_Interval) / 256)"; in RFC 3768, 6.1, "( (256 -
 * Priority) / 256 )" seconds, which is less than the interval there, too.
 */
uint64_t vrrp_skew_us(const struct vrrp *v)
{
	uint64_t whole_us = v->settings.version_2 ? SECOND_US : v->active_interval_us;

	return (256u - v->settings.priority) * whole_us / 256;
}

uint64_t vrrp_down_interval_us(const struct vrrp *v)
{
	return SILENCE_INTERVALS * v->active_interval_us + vrrp_skew_us(v);
}

static bool is_owner(const struct vrrp *v)
{
	return v->settings.priority == VRRP_PRIORITY_OWNER;
}

/* "the VRRP Router that owns the IPvX address(es) … always preempts", whatever Preempt_Mode is */
static bool preempts(const struct vrrp *v)
{
	return is_owner(v) || (v->settings.preempt && !v->yielded);
}

/* --- pieces of an update ---------------------------------------------------------------------- */

static uint64_t wait_length_us(const struct vrrp *v)
{
	switch (v->wait) {
	case VRRP_WAIT_NONE: return VRRP_NEVER;
	case VRRP_WAIT_ADVERT: return v->settings.interval_us;
	case VRRP_WAIT_SILENCE: return vrrp_down_interval_us(v);
	case VRRP_WAIT_SKEW: return vrrp_skew_us(v);
	case VRRP_WAIT_YIELD: return YIELD_INTERVALS * v->active_interval_us;
	}
	abort();
}

static void keep_waiting(const struct vrrp *v, struct vrrp_update *u)
{
	u->flags |= VRRP_TIMER;
	u->deadline_us = v->deadline_us;
}

static void wait_for(struct vrrp *v, struct vrrp_update *u, enum vrrp_wait wait, uint64_t now_us)
{
	v->wait = wait;
	v->since_us = now_us;
	v->deadline_us = wait == VRRP_WAIT_NONE ? VRRP_NEVER : now_us + wait_length_us(v);
	keep_waiting(v, u);
}

static void send_advert(struct vrrp_update *u, uint8_t priority)
{
	u->flags |= VRRP_ADVERT;
	u->send_priority = priority;
}

static void go(struct vrrp *v, struct vrrp_update *u, enum vrrp_state to, struct vrrp_cause cause)
{
	u->flags |= VRRP_STATE;
	u->from = v->state;
	u->cause = cause;
	v->state = to;
}

static struct vrrp_cause because(enum vrrp_reason reason)
{
	return (struct vrrp_cause){.reason = reason};
}

static struct vrrp_cause because_of_advert(enum vrrp_reason reason, const struct vrrp_event *ev)
{
	return (struct vrrp_cause){
		.reason = reason,
		.peer = ev->advert.source,
		.peer_priority = ev->advert.priority,
	};
}

/* --- transitions ------------------------------------------------------------------------------ */

static struct vrrp_update become_master(struct vrrp *v, uint64_t now_us, struct vrrp_cause cause)
{
	struct vrrp_update u = {.flags = VRRP_TAKE_VIP | VRRP_ANNOUNCE};

	v->yielded = false;
	send_advert(&u, v->settings.priority);
	wait_for(v, &u, VRRP_WAIT_ADVERT, now_us);
	go(v, &u, VRRP_MASTER, cause);
	return u;
}

/* Initialize: "If a Startup event is received"; also the way out of a fault. */
static struct vrrp_update start(struct vrrp *v, uint64_t now_us, struct vrrp_cause cause)
{
	struct vrrp_update u = {0};

	if (v->fault != VRRP_REASON_NONE) {
		go(v, &u, VRRP_FAULT, because(v->fault));
		return u;
	}
	if (is_owner(v))
		return become_master(v, now_us, because(VRRP_REASON_OWNER));
	/* "Set the Active_Adver_Interval to Advertisement_Interval" */
	v->active_interval_us = v->settings.interval_us;
	v->learned = false;
	v->lesser = because(VRRP_REASON_NONE);
	wait_for(v, &u, VRRP_WAIT_SILENCE, now_us);
	go(v, &u, VRRP_BACKUP, cause);
	return u;
}

/* Ends in init or fault; the addresses are given up when they were held. */
static struct vrrp_update stop(struct vrrp *v, const struct vrrp_event *ev, enum vrrp_state to,
			       enum vrrp_reason reason)
{
	struct vrrp_update u = {0};

	if (v->state == VRRP_MASTER)
		u.flags |= VRRP_RELEASE_VIP;
	wait_for(v, &u, VRRP_WAIT_NONE, ev->now_us);
	go(v, &u, to, because(reason));
	return u;
}

/* "Set the Active_Adver_Interval to the Max Advertise Interval contained in the ADVERTISEMENT" */
static void accept_advert(struct vrrp *v, struct vrrp_update *u, const struct vrrp_event *ev)
{
	v->active_interval_us = ev->advert.interval_us;
	v->learned = true;
	v->lesser = because(VRRP_REASON_NONE);
	wait_for(v, u, VRRP_WAIT_SILENCE, ev->now_us);
}

/* --- states ----------------------------------------------------------------------------------- */

static struct vrrp_update step_init(struct vrrp *v, const struct vrrp_event *ev)
{
	struct vrrp_update nothing = {0};

	switch (ev->type) {
	case VRRP_EVENT_STARTUP:
		v->yielded = false;
		return start(v, ev->now_us, because(VRRP_REASON_STARTUP));
	case VRRP_EVENT_FAULT: v->fault = ev->fault; return nothing;
	case VRRP_EVENT_CLEAR: v->fault = VRRP_REASON_NONE; return nothing;
	case VRRP_EVENT_RECONFIGURE: v->settings = ev->settings; return nothing;
	case VRRP_EVENT_SHUTDOWN:
	case VRRP_EVENT_TIMER:
	case VRRP_EVENT_ADVERT:
	case VRRP_EVENT_YIELD: return nothing;
	}
	abort();
}

static struct vrrp_update backup_timer(struct vrrp *v, uint64_t now_us)
{
	struct vrrp_update u = {0};
	struct vrrp_cause cause = {.waited_us = now_us - v->since_us};

	if (now_us < v->deadline_us) {
		keep_waiting(v, &u);
		return u;
	}
	switch (v->wait) {
	case VRRP_WAIT_SILENCE:
		cause.reason = VRRP_REASON_SILENCE;
		if (v->lesser.reason != VRRP_REASON_NONE)
			cause = v->lesser;
		break;
	case VRRP_WAIT_SKEW:
		cause.reason = VRRP_REASON_PRIORITY_ZERO;
		cause.peer = v->stopped;
		break;
	case VRRP_WAIT_YIELD: cause.reason = VRRP_REASON_NOBODY; break;
	case VRRP_WAIT_NONE:
	case VRRP_WAIT_ADVERT: abort(); /* never waited for in backup */
	}
	return become_master(v, now_us, cause);
}

static struct vrrp_update backup_advert(struct vrrp *v, const struct vrrp_event *ev)
{
	struct vrrp_update u = {0};

	if (ev->advert.priority == VRRP_PRIORITY_STOP) {
		v->stopped = ev->advert.source;
		wait_for(v, &u, VRRP_WAIT_SKEW, ev->now_us);
	} else if (!preempts(v) || ev->advert.priority >= v->settings.priority) {
		accept_advert(v, &u, ev);
	} else {
		v->lesser = because_of_advert(VRRP_REASON_PREEMPT, ev);
	}
	return u;
}

/* The running wait keeps its beginning: neither a reload nor many of them defer a takeover. */
static struct vrrp_update backup_reconfigure(struct vrrp *v, const struct vrrp_event *ev)
{
	struct vrrp_update u = {0};

	v->settings = ev->settings;
	if (is_owner(v))
		return become_master(v, ev->now_us, because(VRRP_REASON_OWNER));
	if (!v->learned)
		v->active_interval_us = v->settings.interval_us;
	v->deadline_us = v->since_us + wait_length_us(v);
	keep_waiting(v, &u);
	return u;
}

static struct vrrp_update step_backup(struct vrrp *v, const struct vrrp_event *ev)
{
	switch (ev->type) {
	case VRRP_EVENT_TIMER: return backup_timer(v, ev->now_us);
	case VRRP_EVENT_ADVERT: return backup_advert(v, ev);
	case VRRP_EVENT_RECONFIGURE: return backup_reconfigure(v, ev);
	case VRRP_EVENT_SHUTDOWN: return stop(v, ev, VRRP_INIT, VRRP_REASON_SHUTDOWN);
	case VRRP_EVENT_FAULT: v->fault = ev->fault; return stop(v, ev, VRRP_FAULT, ev->fault);
	case VRRP_EVENT_STARTUP:
	case VRRP_EVENT_CLEAR:
	case VRRP_EVENT_YIELD: return (struct vrrp_update){0};
	}
	abort();
}

/*
 * "Reset the Adver_Timer to Advertisement_Interval": counted from when it was due, so that timers
 * which fire late do not stretch every interval; from now on when a whole one was missed.
 */
static struct vrrp_update master_timer(struct vrrp *v, uint64_t now_us)
{
	struct vrrp_update u = {0};
	uint64_t due_us = v->deadline_us;

	if (now_us < due_us) {
		keep_waiting(v, &u);
		return u;
	}
	send_advert(&u, v->settings.priority);
	wait_for(v, &u, VRRP_WAIT_ADVERT,
		 now_us - due_us < v->settings.interval_us ? due_us : now_us);
	return u;
}

/* "the primary IPvX address of the sender is greater than the local primary IPvX address" */
static bool outranks(const struct vrrp_event *ev, const struct vrrp_settings *own)
{
	if (ev->advert.priority != own->priority)
		return ev->advert.priority > own->priority;
	return addr_compare(&ev->advert.source, &own->address) > 0;
}

static struct vrrp_update master_advert(struct vrrp *v, const struct vrrp_event *ev)
{
	struct vrrp_update u = {0};

	if (ev->advert.priority == VRRP_PRIORITY_STOP) {
		u.flags |= VRRP_ANNOUNCE;
		send_advert(&u, v->settings.priority);
		wait_for(v, &u, VRRP_WAIT_ADVERT, ev->now_us);
	} else if (outranks(ev, &v->settings)) {
		/* not in the RFC: tells the winner that there were two of us; see vrrp.h */
		u.flags |= VRRP_RELEASE_VIP;
		send_advert(&u, v->settings.priority);
		accept_advert(v, &u, ev);
		go(v, &u, VRRP_BACKUP, because_of_advert(VRRP_REASON_HIGHER, ev));
	} else {
		/* "Send an ADVERTISEMENT immediately to assert the {Active} state" */
		u.flags |= VRRP_ANNOUNCE;
		send_advert(&u, v->settings.priority);
	}
	return u;
}

static struct vrrp_update master_yield(struct vrrp *v, uint64_t now_us)
{
	struct vrrp_update u = {.flags = VRRP_RELEASE_VIP};

	if (is_owner(v))
		return (struct vrrp_update){0};
	v->yielded = true;
	v->active_interval_us = v->settings.interval_us;
	v->learned = false;
	v->lesser = because(VRRP_REASON_NONE);
	send_advert(&u, VRRP_PRIORITY_STOP);
	wait_for(v, &u, VRRP_WAIT_YIELD, now_us);
	go(v, &u, VRRP_BACKUP, because(VRRP_REASON_OPERATOR));
	return u;
}

static struct vrrp_update master_reconfigure(struct vrrp *v, const struct vrrp_event *ev)
{
	struct vrrp_update u = {0};
	struct vrrp_settings old = v->settings;

	v->settings = ev->settings;
	if (old.priority == v->settings.priority && old.interval_us == v->settings.interval_us &&
	    addr_equal(&old.address, &v->settings.address))
		return u;
	send_advert(&u, v->settings.priority);
	wait_for(v, &u, VRRP_WAIT_ADVERT, ev->now_us);
	return u;
}

static struct vrrp_update step_master(struct vrrp *v, const struct vrrp_event *ev)
{
	struct vrrp_update u = {0};

	switch (ev->type) {
	case VRRP_EVENT_TIMER: return master_timer(v, ev->now_us);
	case VRRP_EVENT_ADVERT: return master_advert(v, ev);
	case VRRP_EVENT_YIELD: return master_yield(v, ev->now_us);
	case VRRP_EVENT_RECONFIGURE: return master_reconfigure(v, ev);
	case VRRP_EVENT_SHUTDOWN:
		/* "Send an ADVERTISEMENT with Priority = 0" */
		u = stop(v, ev, VRRP_INIT, VRRP_REASON_SHUTDOWN);
		send_advert(&u, VRRP_PRIORITY_STOP);
		return u;
	case VRRP_EVENT_FAULT: v->fault = ev->fault; return stop(v, ev, VRRP_FAULT, ev->fault);
	case VRRP_EVENT_STARTUP:
	case VRRP_EVENT_CLEAR: return u;
	}
	abort();
}

static struct vrrp_update step_fault(struct vrrp *v, const struct vrrp_event *ev)
{
	struct vrrp_update nothing = {0};
	enum vrrp_reason was = v->fault;

	switch (ev->type) {
	case VRRP_EVENT_SHUTDOWN: return stop(v, ev, VRRP_INIT, VRRP_REASON_SHUTDOWN);
	case VRRP_EVENT_CLEAR:
		v->fault = VRRP_REASON_NONE;
		return start(v, ev->now_us,
			     because(was == VRRP_REASON_NO_LINK ? VRRP_REASON_LINK_UP
								: VRRP_REASON_CLEARED));
	case VRRP_EVENT_FAULT: v->fault = ev->fault; return nothing;
	case VRRP_EVENT_RECONFIGURE: v->settings = ev->settings; return nothing;
	case VRRP_EVENT_STARTUP:
	case VRRP_EVENT_TIMER:
	case VRRP_EVENT_ADVERT:
	case VRRP_EVENT_YIELD: return nothing;
	}
	abort();
}

struct vrrp_update vrrp_step(struct vrrp *v, const struct vrrp_event *ev)
{
	switch (v->state) {
	case VRRP_INIT: return step_init(v, ev);
	case VRRP_BACKUP: return step_backup(v, ev);
	case VRRP_MASTER: return step_master(v, ev);
	case VRRP_FAULT: return step_fault(v, ev);
	}
	abort();
}
