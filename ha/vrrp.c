/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The election; the table of transitions is in vrrp.h. Here are the waits, the transitions that
 * more than one state leads to, and the states in which nothing is elected. Quotations, here, in
 * vrrp_backup.c and in vrrp_master.c, are from RFC 9568, sections 6.1 and 6.4.
 */
#include "ha/vrrp_inside.h"

#include <stdlib.h>

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

bool vrrp_is_owner(const struct vrrp *v)
{
	return v->settings.priority == VRRP_PRIORITY_OWNER;
}

/* "the VRRP Router that owns the IPvX address(es) … always preempts", whatever Preempt_Mode is */
bool vrrp_preempts(const struct vrrp *v)
{
	return vrrp_is_owner(v) ||
	       (v->settings.preempt && !v->yielded && v->gate == VRRP_REASON_NONE);
}

/* Counted from when the last advert was due: so did those who waited for it, or from later on. */
bool vrrp_stalled(const struct vrrp *v, uint64_t now_us)
{
	return v->state == VRRP_MASTER && !vrrp_is_owner(v) &&
	       now_us > v->since_us + SILENCE_INTERVALS * v->settings.interval_us;
}

/* --- heartbeats ------------------------------------------------------------------------------- */

/* When it was sent, and no later than now, whatever the sender's clock did. */
static uint64_t sent_us(const struct vrrp_event *ev)
{
	return ev->peer.sent_us < ev->now_us ? ev->peer.sent_us : ev->now_us;
}

static uint64_t fresh_until_us(const struct vrrp_event *ev)
{
	return sent_us(ev) + FRESH_INTERVALS * ev->peer.interval_us;
}

bool vrrp_peer_is_master(const struct vrrp *v, const struct vrrp_event *ev)
{
	bool went = addr_equal(&ev->peer.source, &v->left) && sent_us(ev) <= v->left_us;

	return ev->peer.says == VRRP_PEER_MASTER && !went && ev->now_us < fresh_until_us(ev);
}

bool vrrp_peer_leaves(const struct vrrp *v, const struct vrrp_event *ev)
{
	return ev->peer.says == VRRP_PEER_GONE && v->master.family &&
	       addr_equal(&v->master, &ev->peer.source);
}

void vrrp_note_held(struct vrrp *v, const struct vrrp_event *ev)
{
	uint64_t until_us = fresh_until_us(ev);

	if (!ev->peer.hold || until_us < v->held_until_us)
		return;
	v->held_by = ev->peer.source;
	v->held_until_us = until_us;
}

void vrrp_note_left(struct vrrp *v, const struct addr *who, uint64_t now_us)
{
	v->left = *who;
	v->left_us = now_us;
	if (addr_equal(who, &v->held_by))
		v->held_until_us = 0;
}

/* --- pieces of an update ---------------------------------------------------------------------- */

uint64_t vrrp_wait_length_us(const struct vrrp *v)
{
	switch (v->wait) {
	case VRRP_WAIT_NONE: return VRRP_NEVER;
	case VRRP_WAIT_ADVERT: return v->settings.interval_us;
	case VRRP_WAIT_SILENCE: return vrrp_down_interval_us(v);
	case VRRP_WAIT_SKEW: return vrrp_skew_us(v);
	case VRRP_WAIT_YIELD: return YIELD_INTERVALS * v->active_interval_us;
	case VRRP_WAIT_HELD: return v->held_until_us - v->since_us;
	}
	abort();
}

void vrrp_keep_waiting(const struct vrrp *v, struct vrrp_update *u)
{
	u->flags |= VRRP_TIMER;
	u->deadline_us = v->deadline_us;
}

void vrrp_wait_for(struct vrrp *v, struct vrrp_update *u, enum vrrp_wait wait, uint64_t now_us)
{
	v->wait = wait;
	v->since_us = now_us;
	v->deadline_us = wait == VRRP_WAIT_NONE ? VRRP_NEVER : now_us + vrrp_wait_length_us(v);
	vrrp_keep_waiting(v, u);
}

void vrrp_send_advert(struct vrrp_update *u, uint8_t priority)
{
	u->flags |= VRRP_ADVERT;
	u->send_priority = priority;
}

void vrrp_go(struct vrrp *v, struct vrrp_update *u, enum vrrp_state to, struct vrrp_cause cause)
{
	u->flags |= VRRP_STATE;
	u->from = v->state;
	u->cause = cause;
	v->state = to;
}

struct vrrp_cause vrrp_because(enum vrrp_reason reason)
{
	return (struct vrrp_cause){.reason = reason};
}

struct vrrp_cause vrrp_because_of_advert(enum vrrp_reason reason, const struct vrrp_event *ev)
{
	return (struct vrrp_cause){
		.reason = reason,
		.peer = ev->advert.source,
		.peer_priority = ev->advert.priority,
	};
}

struct vrrp_cause vrrp_because_of_peer(enum vrrp_reason reason, const struct vrrp_event *ev)
{
	return (struct vrrp_cause){
		.reason = reason,
		.peer = ev->peer.source,
		.peer_priority = ev->peer.priority,
	};
}

/* --- transitions ------------------------------------------------------------------------------ */

static void forget_interval(struct vrrp *v)
{
	v->active_interval_us = v->settings.interval_us;
	v->learned = false;
	v->lesser = vrrp_because(VRRP_REASON_NONE);
}

void vrrp_forget_master(struct vrrp *v)
{
	forget_interval(v);
	v->master = (struct addr){0};
	v->held_until_us = 0;
}

struct vrrp_update vrrp_become_master(struct vrrp *v, uint64_t now_us, struct vrrp_cause cause)
{
	struct vrrp_update u = {.flags = VRRP_TAKE_VIP | VRRP_ANNOUNCE};

	v->yielded = false;
	v->master = (struct addr){0};
	v->held_until_us = 0;
	vrrp_send_advert(&u, v->settings.priority);
	vrrp_wait_for(v, &u, VRRP_WAIT_ADVERT, now_us);
	vrrp_go(v, &u, VRRP_MASTER, cause);
	return u;
}

/* Initialize: "If a Startup event is received"; also the way out of a fault and of maintenance. */
static struct vrrp_update start(struct vrrp *v, uint64_t now_us, struct vrrp_cause cause)
{
	struct vrrp_update u = {0};

	if (v->maintenance) {
		vrrp_go(v, &u, VRRP_MAINTENANCE, vrrp_because(VRRP_REASON_MAINTENANCE));
		return u;
	}
	if (v->fault != VRRP_REASON_NONE) {
		vrrp_go(v, &u, VRRP_FAULT, vrrp_because(v->fault));
		return u;
	}
	if (vrrp_is_owner(v))
		return vrrp_become_master(v, now_us, vrrp_because(VRRP_REASON_OWNER));
	/* "Set the Active_Adver_Interval to Advertisement_Interval" */
	forget_interval(v);
	vrrp_wait_for(v, &u, VRRP_WAIT_SILENCE, now_us);
	vrrp_go(v, &u, VRRP_BACKUP, cause);
	return u;
}

struct vrrp_update vrrp_stop(struct vrrp *v, const struct vrrp_event *ev, enum vrrp_state to,
			     enum vrrp_reason reason)
{
	struct vrrp_update u = {0};

	if (v->state == VRRP_MASTER)
		u.flags |= VRRP_RELEASE_VIP | VRRP_GOODBYE;
	vrrp_wait_for(v, &u, VRRP_WAIT_NONE, ev->now_us);
	vrrp_go(v, &u, to, vrrp_because(reason));
	return u;
}

void vrrp_respect(struct vrrp *v, struct vrrp_update *u, const struct addr *master,
		  uint64_t interval_us, uint64_t now_us)
{
	v->master = *master; /* first: it may be the one in `lesser` */
	v->active_interval_us = interval_us;
	v->learned = true;
	v->lesser = vrrp_because(VRRP_REASON_NONE);
	vrrp_wait_for(v, u, VRRP_WAIT_SILENCE, now_us);
}

/* --- states in which nothing is elected ------------------------------------------------------- */

/* The other path goes on; its master's interval may be longer than the first wait. */
static void remember_peer(struct vrrp *v, const struct vrrp_event *ev)
{
	if (vrrp_peer_is_master(v, ev)) {
		v->master = ev->peer.source;
		vrrp_note_held(v, ev);
	} else if (vrrp_peer_leaves(v, ev)) {
		vrrp_note_left(v, &ev->peer.source, ev->now_us);
		v->master = (struct addr){0};
	}
}

/* What is only remembered, for the next start. */
static void remember(struct vrrp *v, const struct vrrp_event *ev)
{
	switch (ev->type) {
	case VRRP_EVENT_FAULT: v->fault = ev->fault; return;
	case VRRP_EVENT_CLEAR: v->fault = VRRP_REASON_NONE; return;
	case VRRP_EVENT_RECONFIGURE: v->settings = ev->settings; return;
	case VRRP_EVENT_GATE: v->gate = ev->gate; return;
	case VRRP_EVENT_MAINTENANCE: v->maintenance = true; return;
	case VRRP_EVENT_RESUME: v->maintenance = false; return;
	case VRRP_EVENT_PEER: remember_peer(v, ev); return;
	case VRRP_EVENT_STARTUP:
	case VRRP_EVENT_SHUTDOWN:
	case VRRP_EVENT_TIMER:
	case VRRP_EVENT_ADVERT:
	case VRRP_EVENT_YIELD:
	case VRRP_EVENT_GROUP: return;
	}
	abort();
}

static struct vrrp_update step_init(struct vrrp *v, const struct vrrp_event *ev)
{
	remember(v, ev);
	if (ev->type != VRRP_EVENT_STARTUP)
		return (struct vrrp_update){0};
	v->yielded = false;
	return start(v, ev->now_us, vrrp_because(VRRP_REASON_STARTUP));
}

static struct vrrp_update step_fault(struct vrrp *v, const struct vrrp_event *ev)
{
	enum vrrp_reason was = v->fault;

	remember(v, ev);
	if (ev->type == VRRP_EVENT_SHUTDOWN)
		return vrrp_stop(v, ev, VRRP_INIT, VRRP_REASON_SHUTDOWN);
	if (ev->type == VRRP_EVENT_MAINTENANCE)
		return vrrp_stop(v, ev, VRRP_MAINTENANCE, VRRP_REASON_MAINTENANCE);
	if (ev->type != VRRP_EVENT_CLEAR)
		return (struct vrrp_update){0};
	return start(v, ev->now_us,
		     vrrp_because(was == VRRP_REASON_NO_LINK ? VRRP_REASON_LINK_UP
							     : VRRP_REASON_CLEARED));
}

static struct vrrp_update step_maintenance(struct vrrp *v, const struct vrrp_event *ev)
{
	remember(v, ev);
	if (ev->type == VRRP_EVENT_SHUTDOWN)
		return vrrp_stop(v, ev, VRRP_INIT, VRRP_REASON_SHUTDOWN);
	if (ev->type != VRRP_EVENT_RESUME)
		return (struct vrrp_update){0};
	v->yielded = false;
	return start(v, ev->now_us, vrrp_because(VRRP_REASON_RESUMED));
}

static struct vrrp_update step(struct vrrp *v, const struct vrrp_event *ev)
{
	switch (v->state) {
	case VRRP_INIT: return step_init(v, ev);
	case VRRP_BACKUP: return vrrp_backup_step(v, ev);
	case VRRP_MASTER: return vrrp_master_step(v, ev);
	case VRRP_FAULT: return step_fault(v, ev);
	case VRRP_MAINTENANCE: return step_maintenance(v, ev);
	}
	abort();
}

/*
 * Priority 0, sent when the addresses are gone, is right whoever is master by now: another one
 * asserts itself and announces, a backup takes over without waiting for our silence. An advert of
 * our own priority could make a lesser master step down for nobody.
 */
struct vrrp_update vrrp_withdraw(struct vrrp *v, uint64_t now_us, struct vrrp_cause cause)
{
	struct vrrp_update u = {.flags = VRRP_RELEASE_VIP | VRRP_GOODBYE};

	vrrp_forget_master(v);
	vrrp_send_advert(&u, VRRP_PRIORITY_STOP);
	vrrp_wait_for(v, &u, VRRP_WAIT_SILENCE, now_us);
	vrrp_go(v, &u, VRRP_BACKUP, cause);
	return u;
}

static struct vrrp_update step_stalled(struct vrrp *v, const struct vrrp_event *ev)
{
	struct vrrp_cause cause = {
		.reason = VRRP_REASON_STALLED,
		.waited_us = ev->now_us - v->since_us,
	};
	struct vrrp_update down = vrrp_withdraw(v, ev->now_us, cause);
	struct vrrp_update u = step(v, ev);

	if (!(u.flags & VRRP_ADVERT))
		u.send_priority = down.send_priority;
	if (!(u.flags & VRRP_TIMER))
		u.deadline_us = down.deadline_us;
	if (!(u.flags & VRRP_STATE))
		u.cause = down.cause;
	u.from = down.from;
	u.flags |= down.flags;
	return u;
}

struct vrrp_update vrrp_step(struct vrrp *v, const struct vrrp_event *ev)
{
	bool held = v->wait == VRRP_WAIT_HELD;
	struct vrrp_update u = vrrp_stalled(v, ev->now_us) ? step_stalled(v, ev) : step(v, ev);

	if (held != (v->wait == VRRP_WAIT_HELD))
		u.flags |= VRRP_HELD;
	return u;
}
