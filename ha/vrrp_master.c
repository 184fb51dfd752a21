/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The election in state master; see vrrp.h. */
#include "ha/vrrp_inside.h"

#include <stdlib.h>

/*
 * "Reset the Adver_Timer to Advertisement_Interval": counted from when it was due, so that timers
 * which fire late do not stretch every interval; from now on when a whole one was missed.
 */
static struct vrrp_update master_timer(struct vrrp *v, uint64_t now_us)
{
	struct vrrp_update u = {0};
	uint64_t due_us = v->deadline_us;

	if (now_us < due_us) {
		vrrp_keep_waiting(v, &u);
		return u;
	}
	vrrp_send_advert(&u, v->settings.priority);
	vrrp_wait_for(v, &u, VRRP_WAIT_ADVERT,
		      now_us - due_us < v->settings.interval_us ? due_us : now_us);
	return u;
}

/* "the primary IPvX address of the sender is greater than the local primary IPvX address" */
static bool outranks(uint8_t priority, const struct addr *source, const struct vrrp_settings *own)
{
	if (priority != own->priority)
		return priority > own->priority;
	return addr_compare(source, &own->address) > 0;
}

/*
 * Another master is there, and its rank is greater. The advert is not in the RFC: it tells the
 * winner that there were two of us; see vrrp.h.
 */
static struct vrrp_update lose(struct vrrp *v, uint64_t now_us, uint64_t interval_us,
			       struct vrrp_cause cause)
{
	struct vrrp_update u = {.flags = VRRP_RELEASE_VIP};

	if (cause.peer_priority == v->settings.priority)
		u.flags |= VRRP_TIED;
	vrrp_send_advert(&u, v->settings.priority);
	vrrp_respect(v, &u, &cause.peer, interval_us, now_us);
	vrrp_go(v, &u, VRRP_BACKUP, cause);
	return u;
}

/* "Send an ADVERTISEMENT immediately to assert the {Active} state" */
static struct vrrp_update assert_mastership(const struct vrrp *v)
{
	struct vrrp_update u = {.flags = VRRP_ANNOUNCE};

	vrrp_send_advert(&u, v->settings.priority);
	return u;
}

/* Another master went by itself: only now is it certain that nobody else answers. */
static struct vrrp_update outlast(struct vrrp *v, const struct addr *who, uint64_t now_us)
{
	struct vrrp_update u = assert_mastership(v);

	vrrp_note_left(v, who, now_us);
	vrrp_wait_for(v, &u, VRRP_WAIT_ADVERT, now_us);
	return u;
}

static struct vrrp_update master_advert(struct vrrp *v, const struct vrrp_event *ev)
{
	if (ev->advert.priority == VRRP_PRIORITY_STOP)
		return outlast(v, &ev->advert.source, ev->now_us);
	if (outranks(ev->advert.priority, &ev->advert.source, &v->settings))
		return lose(v, ev->now_us, ev->advert.interval_us,
			    vrrp_because_of_advert(VRRP_REASON_HIGHER, ev));
	return assert_mastership(v);
}

static struct vrrp_update master_peer(struct vrrp *v, const struct vrrp_event *ev)
{
	struct vrrp_update u;

	if (ev->peer.says == VRRP_PEER_GONE)
		return outlast(v, &ev->peer.source, ev->now_us);
	if (!ev->peer.hold || !vrrp_peer_is_master(v, ev))
		return (struct vrrp_update){0};
	if (!outranks(ev->peer.priority, &ev->peer.source, &v->settings))
		return assert_mastership(v);
	u = lose(v, ev->now_us, ev->peer.interval_us,
		 vrrp_because_of_peer(VRRP_REASON_HEARTBEAT, ev));
	vrrp_note_held(v, ev);
	return u;
}

static struct vrrp_update master_yield(struct vrrp *v, uint64_t now_us)
{
	struct vrrp_update u = {.flags = VRRP_RELEASE_VIP | VRRP_GOODBYE};

	if (vrrp_is_owner(v))
		return (struct vrrp_update){0};
	v->yielded = true;
	vrrp_forget_master(v);
	vrrp_send_advert(&u, VRRP_PRIORITY_STOP);
	vrrp_wait_for(v, &u, VRRP_WAIT_YIELD, now_us);
	vrrp_go(v, &u, VRRP_BACKUP, vrrp_because(VRRP_REASON_OPERATOR));
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
	vrrp_send_advert(&u, v->settings.priority);
	vrrp_wait_for(v, &u, VRRP_WAIT_ADVERT, ev->now_us);
	return u;
}

/* Whether an advert can still leave; others then need not wait for our silence. */
static bool can_speak(enum vrrp_reason fault)
{
	return fault == VRRP_REASON_GROUP || fault == VRRP_REASON_TRACKED ||
	       fault == VRRP_REASON_ADDRESS_TAKEN;
}

static struct vrrp_update master_leaves(struct vrrp *v, const struct vrrp_event *ev,
					enum vrrp_state to, enum vrrp_reason why)
{
	struct vrrp_update u = vrrp_stop(v, ev, to, why);

	/* "Send an ADVERTISEMENT with Priority = 0" */
	if (to != VRRP_FAULT || can_speak(why))
		vrrp_send_advert(&u, VRRP_PRIORITY_STOP);
	return u;
}

static struct vrrp_update master_group(struct vrrp *v, const struct vrrp_event *ev)
{
	if (ev->group != VRRP_GROUP_BACKUP)
		return (struct vrrp_update){0};
	return vrrp_withdraw(v, ev->now_us, vrrp_because(VRRP_REASON_GROUP));
}

struct vrrp_update vrrp_master_step(struct vrrp *v, const struct vrrp_event *ev)
{
	switch (ev->type) {
	case VRRP_EVENT_TIMER: return master_timer(v, ev->now_us);
	case VRRP_EVENT_ADVERT: return master_advert(v, ev);
	case VRRP_EVENT_PEER: return master_peer(v, ev);
	case VRRP_EVENT_YIELD: return master_yield(v, ev->now_us);
	case VRRP_EVENT_RECONFIGURE: return master_reconfigure(v, ev);
	case VRRP_EVENT_GATE: v->gate = ev->gate; return (struct vrrp_update){0};
	case VRRP_EVENT_GROUP: return master_group(v, ev);
	case VRRP_EVENT_SHUTDOWN: return master_leaves(v, ev, VRRP_INIT, VRRP_REASON_SHUTDOWN);
	case VRRP_EVENT_FAULT:
		v->fault = ev->fault;
		return master_leaves(v, ev, VRRP_FAULT, ev->fault);
	case VRRP_EVENT_MAINTENANCE:
		v->maintenance = true;
		return master_leaves(v, ev, VRRP_MAINTENANCE, VRRP_REASON_MAINTENANCE);
	case VRRP_EVENT_STARTUP:
	case VRRP_EVENT_RESUME:
	case VRRP_EVENT_CLEAR: return (struct vrrp_update){0};
	}
	abort();
}
