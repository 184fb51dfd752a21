/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The election in state backup; see vrrp.h. */
#include "ha/vrrp_inside.h"

#include <stdlib.h>

/* Why a wait that is over leads to a takeover. */
static struct vrrp_cause cause_of_timer(const struct vrrp *v, uint64_t now_us)
{
	struct vrrp_cause cause = {.waited_us = now_us - v->since_us};

	switch (v->wait) {
	case VRRP_WAIT_SILENCE:
		cause.reason = VRRP_REASON_SILENCE;
		return v->lesser.reason != VRRP_REASON_NONE ? v->lesser : cause;
	case VRRP_WAIT_SKEW: return v->stopped;
	case VRRP_WAIT_YIELD: cause.reason = VRRP_REASON_NOBODY; return cause;
	case VRRP_WAIT_HELD: cause.reason = VRRP_REASON_HELD; return cause;
	case VRRP_WAIT_NONE:
	case VRRP_WAIT_ADVERT: break; /* never waited for in backup */
	}
	abort();
}

/*
 * A preemption is not held: the lesser master's adverts came through, so ours will, or its
 * heartbeat tells it as much.
 */
static struct vrrp_update backup_timer(struct vrrp *v, uint64_t now_us)
{
	struct vrrp_update u = {0};
	struct vrrp_cause cause;

	if (now_us < v->deadline_us) {
		vrrp_keep_waiting(v, &u);
		return u;
	}
	cause = cause_of_timer(v, now_us);
	if (cause.reason != VRRP_REASON_PREEMPT && now_us < v->held_until_us) {
		v->wait = VRRP_WAIT_HELD;
		v->deadline_us = v->held_until_us;
		vrrp_keep_waiting(v, &u);
		return u;
	}
	return vrrp_become_master(v, now_us, cause);
}

static struct vrrp_update backup_advert(struct vrrp *v, const struct vrrp_event *ev)
{
	struct vrrp_update u = {0};

	if (ev->advert.priority == VRRP_PRIORITY_STOP) {
		vrrp_note_left(v, &ev->advert.source, ev->now_us);
		v->stopped = vrrp_because_of_advert(VRRP_REASON_PRIORITY_ZERO, ev);
		vrrp_wait_for(v, &u, VRRP_WAIT_SKEW, ev->now_us);
		return u;
	}
	if (!vrrp_preempts(v) || ev->advert.priority >= v->settings.priority) {
		vrrp_respect(v, &u, &ev->advert.source, ev->advert.interval_us, ev->now_us);
		u.flags |= VRRP_HEARD;
		return u;
	}
	v->master = ev->advert.source;
	v->lesser = vrrp_because_of_advert(VRRP_REASON_PREEMPT, ev);
	v->lesser_us = ev->now_us;
	v->lesser_interval_us = ev->advert.interval_us;
	if (v->wait == VRRP_WAIT_HELD)
		return vrrp_become_master(v, ev->now_us, v->lesser);
	return u;
}

static struct vrrp_update backup_peer(struct vrrp *v, const struct vrrp_event *ev)
{
	struct vrrp_update u = {0};

	if (vrrp_peer_is_master(v, ev)) {
		v->master = ev->peer.source;
		vrrp_note_held(v, ev);
		if (v->wait == VRRP_WAIT_HELD) {
			v->deadline_us = v->held_until_us;
			vrrp_keep_waiting(v, &u);
		}
		return u;
	}
	if (!vrrp_peer_leaves(v, ev))
		return u;
	vrrp_note_left(v, &ev->peer.source, ev->now_us);
	if (ev->peer.successor)
		return vrrp_become_master(v, ev->now_us, vrrp_because_of_peer(ev->peer.why, ev));
	v->stopped = vrrp_because_of_peer(ev->peer.why, ev);
	vrrp_wait_for(v, &u, VRRP_WAIT_SKEW, ev->now_us);
	return u;
}

/* The running wait keeps its beginning: neither a reload nor many of them defer a takeover. */
static struct vrrp_update backup_reconfigure(struct vrrp *v, const struct vrrp_event *ev)
{
	struct vrrp_update u = {0};

	v->settings = ev->settings;
	if (vrrp_is_owner(v))
		return vrrp_become_master(v, ev->now_us, vrrp_because(VRRP_REASON_OWNER));
	if (!v->learned)
		v->active_interval_us = v->settings.interval_us;
	v->deadline_us = v->since_us + vrrp_wait_length_us(v);
	vrrp_keep_waiting(v, &u);
	return u;
}

/*
 * A lesser advert that was discarded while the gate was open would now be respected: the wait is
 * the one that it would have begun.
 */
static struct vrrp_update backup_gate(struct vrrp *v, const struct vrrp_event *ev)
{
	struct vrrp_update u = {0};

	v->gate = ev->gate;
	if (v->wait == VRRP_WAIT_SILENCE && v->lesser.reason != VRRP_REASON_NONE &&
	    !vrrp_preempts(v))
		vrrp_respect(v, &u, &v->lesser.peer, v->lesser_interval_us, v->lesser_us);
	return u;
}

static struct vrrp_update backup_group(struct vrrp *v, const struct vrrp_event *ev)
{
	struct vrrp_update u = {0};

	switch (ev->group) {
	case VRRP_GROUP_ALIVE:
		if (v->wait != VRRP_WAIT_SILENCE && v->wait != VRRP_WAIT_HELD)
			return u;
		v->lesser = vrrp_because(VRRP_REASON_NONE);
		vrrp_wait_for(v, &u, VRRP_WAIT_SILENCE, ev->now_us);
		return u;
	case VRRP_GROUP_MASTER:
		return vrrp_become_master(v, ev->now_us, vrrp_because(VRRP_REASON_GROUP));
	case VRRP_GROUP_BACKUP: return u;
	}
	abort();
}

struct vrrp_update vrrp_backup_step(struct vrrp *v, const struct vrrp_event *ev)
{
	switch (ev->type) {
	case VRRP_EVENT_TIMER: return backup_timer(v, ev->now_us);
	case VRRP_EVENT_ADVERT: return backup_advert(v, ev);
	case VRRP_EVENT_PEER: return backup_peer(v, ev);
	case VRRP_EVENT_RECONFIGURE: return backup_reconfigure(v, ev);
	case VRRP_EVENT_GATE: return backup_gate(v, ev);
	case VRRP_EVENT_GROUP: return backup_group(v, ev);
	case VRRP_EVENT_SHUTDOWN: return vrrp_stop(v, ev, VRRP_INIT, VRRP_REASON_SHUTDOWN);
	case VRRP_EVENT_FAULT: v->fault = ev->fault; return vrrp_stop(v, ev, VRRP_FAULT, ev->fault);
	case VRRP_EVENT_MAINTENANCE:
		v->maintenance = true;
		return vrrp_stop(v, ev, VRRP_MAINTENANCE, VRRP_REASON_MAINTENANCE);
	case VRRP_EVENT_STARTUP:
	case VRRP_EVENT_CLEAR:
	case VRRP_EVENT_RESUME:
	case VRRP_EVENT_YIELD: return (struct vrrp_update){0};
	}
	abort();
}
