/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mistakes around the election; see vrrp_mutant.h. */
#include "tests/unit/vrrp_mutant.h"

static const char *const names[] = {
#define X(id, text) [MUTANT_##id] = text,
	VRRP_MUTANT_LIST(X)
#undef X
};

const char *mutant_name(enum vrrp_mutant m)
{
	return names[m];
}

static bool spoil_group(enum vrrp_mutant m, const struct vrrp_event *ev)
{
	if (ev->type != VRRP_EVENT_GROUP)
		return true;
	return !(m == MUTANT_GROUP_ALIVE_IGNORED && ev->group == VRRP_GROUP_ALIVE) &&
	       !(m == MUTANT_GROUP_MASTER_IGNORED && ev->group == VRRP_GROUP_MASTER) &&
	       !(m == MUTANT_GROUP_BACKUP_IGNORED && ev->group == VRRP_GROUP_BACKUP);
}

/* Mistakes in what is heard. False: nothing is. */
static bool spoil_event(enum vrrp_mutant m, const struct vrrp *v, struct vrrp_event *ev)
{
	bool advert = ev->type == VRRP_EVENT_ADVERT;
	bool equal = advert && ev->advert.priority == v->settings.priority;
	bool higher = addr_v4_value(&ev->advert.source) > addr_v4_value(&v->settings.address);

	if (m == MUTANT_ZERO_IGNORED && v->state == VRRP_BACKUP)
		return !advert || ev->advert.priority != 0;
	if (m == MUTANT_ZERO_UNANSWERED && v->state == VRRP_MASTER)
		return !advert || ev->advert.priority != 0;
	if (m == MUTANT_TWO_MASTERS && v->state == VRRP_MASTER)
		return !advert || ev->advert.priority <= v->settings.priority;
	if (m == MUTANT_TIE_INVERTED && equal)
		ev->advert.source = addr_v4(higher ? 1 : UINT32_MAX);
	if (m == MUTANT_EQUAL_DISCARDED && equal && v->state == VRRP_BACKUP)
		ev->advert.priority--;
	if (m == MUTANT_ANY_MASTER && advert && v->state == VRRP_MASTER && ev->advert.priority > 0)
		ev->advert.priority = 255;
	if (m == MUTANT_INTERVAL_STALE && advert)
		ev->advert.interval_us = v->settings.interval_us;
	return spoil_group(m, ev);
}

/* Mistakes in what the other path and the program say; they change what the core knows, too. */
static void spoil_peer(enum vrrp_mutant m, struct vrrp *v, struct vrrp_event *ev)
{
	bool peer = ev->type == VRRP_EVENT_PEER, backup = v->state == VRRP_BACKUP;
	bool gone = peer && ev->peer.says == VRRP_PEER_GONE;

	if (m == MUTANT_HOLD_IGNORED && backup)
		v->held_until_us = 0;
	if (m == MUTANT_HOLD_TOO_LONG && peer && backup)
		ev->peer.interval_us *= 100;
	if ((m == MUTANT_HOLD_UNREAD && v->wait == VRRP_WAIT_HELD && !gone) ||
	    (m == MUTANT_GONE_IGNORED && backup && gone) ||
	    (m == MUTANT_PEER_TOLERATED && v->state == VRRP_MASTER && !gone))
		ev->peer.says = VRRP_PEER_OTHER;
	if (m == MUTANT_GONE_BELIEVED)
		v->left = (struct addr){0};
	if (m == MUTANT_HEIR_WAITS)
		ev->peer.successor = false;
	if (m == MUTANT_PEER_OBEYED && peer && v->state == VRRP_MASTER)
		ev->peer.priority = 255;
	if (m == MUTANT_STALL_IGNORED && vrrp_stalled(v, ev->now_us))
		v->since_us = ev->now_us;
	if (m == MUTANT_GATE_IGNORED)
		v->gate = VRRP_REASON_NONE;
	if (m == MUTANT_GATE_LATE && backup && ev->type == VRRP_EVENT_GATE) {
		v->gate = ev->gate;
		ev->type = VRRP_EVENT_CLEAR;
	}
	if (m == MUTANT_RETIRED_TAKES_PART && v->state == VRRP_MAINTENANCE &&
	    ev->type == VRRP_EVENT_ADVERT)
		ev->type = VRRP_EVENT_RESUME;
}

/* Mistakes in what is configured; they last for one step. */
static void spoil_settings(enum vrrp_mutant m, struct vrrp *v, const struct vrrp_event *ev)
{
	if (m == MUTANT_PREEMPT_ALWAYS)
		v->settings.preempt = true;
	if (m == MUTANT_PREEMPT_NEVER)
		v->settings.preempt = false;
	if (m == MUTANT_OWNER_YIELDS && ev->type == VRRP_EVENT_YIELD && v->settings.priority == 255)
		v->settings.priority = 254;
}

static void wait_until(struct vrrp *v, struct vrrp_update *u, uint64_t deadline_us)
{
	v->deadline_us = deadline_us;
	if (u->flags & VRRP_TIMER)
		u->deadline_us = deadline_us;
}

static void spoil_timer(enum vrrp_mutant m, struct vrrp *v, const struct vrrp *before,
			const struct vrrp_event *ev, struct vrrp_update *u)
{
	bool silence = v->state == VRRP_BACKUP && v->wait == VRRP_WAIT_SILENCE;

	if (m == MUTANT_NO_SKEW && silence)
		wait_until(v, u, v->since_us + 3 * v->active_interval_us);
	if (m == MUTANT_LONG_SILENCE && silence)
		wait_until(v, u, v->since_us + 6 * v->active_interval_us);
	if (m == MUTANT_NOT_REARMED && silence && before->state == VRRP_BACKUP &&
	    ev->type == VRRP_EVENT_ADVERT)
		wait_until(v, u, before->deadline_us);
	if (m == MUTANT_YIELD_FOR_EVER && v->wait == VRRP_WAIT_YIELD)
		wait_until(v, u, VRRP_NEVER);
	if (m == MUTANT_ONE_ADVERT && before->state == VRRP_MASTER && v->state == VRRP_MASTER &&
	    ev->type == VRRP_EVENT_TIMER)
		wait_until(v, u, VRRP_NEVER);
	if (m == MUTANT_GATE_SHUT && silence && v->gate != VRRP_REASON_NONE)
		wait_until(v, u, VRRP_NEVER);
	if (m == MUTANT_RELOAD_DEFERS && silence && ev->type == VRRP_EVENT_RECONFIGURE) {
		wait_until(v, u, v->deadline_us + ev->now_us - v->since_us);
		v->since_us = ev->now_us;
	}
}

static void spoil_departure(enum vrrp_mutant m, const struct vrrp *v, struct vrrp_update *u)
{
	bool retires = u->flags & VRRP_STATE && v->state == VRRP_MAINTENANCE;
	bool stalled = u->flags & VRRP_STATE && u->cause.reason == VRRP_REASON_STALLED;
	bool unfit = u->flags & VRRP_STATE && v->state == VRRP_FAULT;

	if (m == MUTANT_RETIRED_HOLDS && retires)
		u->flags &= ~(unsigned int)VRRP_RELEASE_VIP;
	if ((m == MUTANT_RETIRED_SILENT && retires) || (m == MUTANT_STALL_HIDDEN && stalled) ||
	    (m == MUTANT_UNFIT_SILENT && unfit))
		u->flags &= ~(unsigned int)(VRRP_ADVERT | VRRP_GOODBYE);
	if (m == MUTANT_NO_GOODBYE)
		u->flags &= ~(unsigned int)VRRP_GOODBYE;
}

static void spoil_effects(enum vrrp_mutant m, struct vrrp *v, const struct vrrp *before,
			  const struct vrrp_event *ev, struct vrrp_update *u)
{
	bool advert = ev->type == VRRP_EVENT_ADVERT && before->state == VRRP_MASTER;
	bool loses = advert && v->state == VRRP_BACKUP;

	if (m == MUTANT_WINNER_SILENT && advert)
		u->flags &= ~(unsigned int)VRRP_ANNOUNCE;
	if (m == MUTANT_LOSER_SILENT && loses)
		u->flags &= ~(unsigned int)VRRP_ADVERT;
	if (m == MUTANT_NOT_ASSERTED && advert && !loses)
		u->flags &= ~(unsigned int)VRRP_ADVERT;
	if ((m == MUTANT_HOLDS_ON && loses) ||
	    (m == MUTANT_FAULT_HOLDS_ON && ev->type == VRRP_EVENT_FAULT))
		u->flags &= ~(unsigned int)VRRP_RELEASE_VIP;
	if (m == MUTANT_LEAVES_SILENTLY && ev->type == VRRP_EVENT_SHUTDOWN)
		u->flags &= ~(unsigned int)VRRP_ADVERT;
	if (m == MUTANT_RELOAD_IGNORED && before->state == VRRP_MASTER &&
	    ev->type == VRRP_EVENT_RECONFIGURE)
		u->flags &= ~(unsigned int)VRRP_ADVERT;
	if (m == MUTANT_TIE_HIDDEN)
		u->flags &= ~(unsigned int)VRRP_TIED;
	if (m == MUTANT_YIELD_FORGOTTEN)
		v->yielded = false;
	spoil_departure(m, v, u);
}

struct vrrp_update mutant_step(enum vrrp_mutant m, struct vrrp *v, const struct vrrp_event *event)
{
	struct vrrp before = *v;
	struct vrrp_event ev = *event;
	struct vrrp_update u;

	if (!spoil_event(m, v, &ev))
		return (struct vrrp_update){0};
	spoil_settings(m, v, &ev);
	spoil_peer(m, v, &ev);
	if (m == MUTANT_CLEAR_IS_MASTER && ev.type == VRRP_EVENT_CLEAR)
		v->settings.priority = 255;
	u = vrrp_step(v, &ev);
	if (u.flags & VRRP_ADVERT && u.send_priority != 0 && ev.type != VRRP_EVENT_RECONFIGURE)
		u.send_priority = before.settings.priority;
	if (ev.type != VRRP_EVENT_RECONFIGURE)
		v->settings = before.settings;
	spoil_timer(m, v, &before, &ev, &u);
	spoil_effects(m, v, &before, &ev, &u);
	return u;
}
