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
	return true;
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
	if (m == MUTANT_RELOAD_DEFERS && silence && ev->type == VRRP_EVENT_RECONFIGURE) {
		wait_until(v, u, v->deadline_us + ev->now_us - v->since_us);
		v->since_us = ev->now_us;
	}
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
	if (m == MUTANT_YIELD_FORGOTTEN)
		v->yielded = false;
}

struct vrrp_update mutant_step(enum vrrp_mutant m, struct vrrp *v, const struct vrrp_event *event)
{
	struct vrrp before = *v;
	struct vrrp_event ev = *event;
	struct vrrp_update u;

	if (!spoil_event(m, v, &ev))
		return (struct vrrp_update){0};
	spoil_settings(m, v, &ev);
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
