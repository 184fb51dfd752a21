/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What heartbeats say, and what they tell the other node. */
#include "ha/pair_inside_uv.h"

#include <string.h>

enum { STALE_INTERVALS = 3 };

/* --- what heartbeats say ---------------------------------------------------------------------- */

/* Overdue is late by half an interval: what it said last is as good as it was. */
static bool peer_is_well(const struct heartbeat_view *v)
{
	return v->state == HEARTBEAT_UP || v->state == HEARTBEAT_OVERDUE;
}

/* The last word of the other node about that router; NULL when there is none, or no heartbeats. */
static const struct heartbeat_said *word_of(const struct pair *p, const struct vrrp_router *r)
{
	struct heartbeat_view v;

	if (!p->heartbeat)
		return NULL;
	heartbeat_view(p->heartbeat, 0, &v);
	for (size_t i = 0; peer_is_well(&v) && i < v.n_known; i++) {
		const struct heartbeat_said *said = v.known + i;

		/* What the last heartbeats did not repeat is of a router that is no more. */
		if (said->sent_us + STALE_INTERVALS * v.interval_us >= v.sent_us &&
		    vrrp_router_is(r, &said->word))
			return said;
	}
	return NULL;
}

static const struct heartbeat_said *word_at(const struct pair *p, size_t router)
{
	return router < p->members.n ? word_of(p, p->members.at[router].router) : NULL;
}

bool pair_has_successor(const struct pair *p, size_t router)
{
	const struct heartbeat_said *said = word_at(p, router);

	return said && said->word.state == HEARTBEAT_BACKUP;
}

bool pair_peer_serves(const struct pair *p, size_t router)
{
	const struct heartbeat_said *said = word_at(p, router);

	return said &&
	       (said->word.state == HEARTBEAT_BACKUP || said->word.state == HEARTBEAT_MASTER);
}

bool pair_peer_is_at_fault(const struct pair *p, size_t router)
{
	const struct heartbeat_said *said = word_at(p, router);

	return said && said->word.state == HEARTBEAT_FAULT;
}

bool pair_two_masters(const struct pair *p, size_t router)
{
	const struct heartbeat_said *said = word_at(p, router);

	return said && said->says == HEARTBEAT_SAYS_MASTER &&
	       vrrp_router_state(p->members.at[router].router) == VRRP_MASTER;
}

static size_t fill(void *owner, size_t peer, struct heartbeat_word *list, size_t max)
{
	struct pair *p = owner;
	size_t n = p->members.n < max ? p->members.n : max;

	(void)peer;
	for (size_t i = 0; i < n; i++) {
		vrrp_router_word(p->members.at[i].router, &list[i]);
		list[i].farms = p->members.at[i].farms;
		if (list[i].flags & HEARTBEAT_GOODBYE && pair_has_successor(p, i))
			list[i].flags |= HEARTBEAT_SUCCESSOR;
	}
	return n;
}

static enum vrrp_peer_word peer_word(enum heartbeat_says s)
{
	switch (s) {
	case HEARTBEAT_SAYS_NOT_MASTER: return VRRP_PEER_OTHER;
	case HEARTBEAT_SAYS_MASTER: return VRRP_PEER_MASTER;
	case HEARTBEAT_SAYS_GONE: return VRRP_PEER_GONE;
	}
	return VRRP_PEER_OTHER;
}

/* died: its process has ended without a goodbye, so that nobody was named as its successor. */
static void hand_on(struct pair *p, const struct heartbeat_said *said, bool died)
{
	const struct heartbeat_word *w = &said->word;
	const struct member *m = pair_member_named(p, w);
	struct vrrp_event ev = {
		.type = VRRP_EVENT_PEER,
		.peer = {.source = w->source,
			 .priority = w->priority,
			 .says = peer_word(said->says),
			 .why = VRRP_REASON_PEER_LEFT,
			 .successor = died || w->flags & HEARTBEAT_SUCCESSOR,
			 .hold = p->hold,
			 .interval_us = w->interval_us,
			 .sent_us = said->sent_us},
	};

	if (died)
		ev.peer.why = VRRP_REASON_PEER_DIED;
	else if (!(w->flags & HEARTBEAT_LINK_UP))
		ev.peer.why = VRRP_REASON_PEER_NO_LINK;
	if (!m)
		return;
	vrrp_router_add_friend(m->router, &w->mac);
	vrrp_router_tell(m->router, &ev);
}

static void heard(void *owner, size_t peer, const struct heartbeat_said *said, size_t n,
		  uint64_t sent_us)
{
	(void)peer;
	(void)sent_us;
	for (size_t i = 0; i < n; i++)
		hand_on(owner, &said[i], false);
}

static void gone(void *owner, size_t peer, const struct heartbeat_said *known, size_t n)
{
	struct pair *p = owner;
	struct heartbeat_view v;

	heartbeat_view(p->heartbeat, peer, &v);
	for (size_t i = 0; i < n; i++)
		hand_on(p, &known[i], v.cause != HEARTBEAT_CAUSE_LEFT);
}

/* --- stragglers ------------------------------------------------------------------------------- */

void pair_report_stragglers(struct pair *p, const struct heartbeat_straggler *list, size_t n)
{
	p->n_stragglers = n < PAIR_STRAGGLERS_MAX ? n : PAIR_STRAGGLERS_MAX;
	memcpy(p->stragglers, list, p->n_stragglers * sizeof(*list));
}

/* In turns, when there are more than a heartbeat holds. */
static size_t fill_stragglers(void *owner, size_t peer, struct heartbeat_straggler *list,
			      size_t max)
{
	struct pair *p = owner;
	size_t n = p->n_stragglers < max ? p->n_stragglers : max;

	(void)peer;
	for (size_t i = 0; i < n; i++) {
		p->next_straggler = p->next_straggler < p->n_stragglers ? p->next_straggler : 0;
		list[i] = p->stragglers[p->next_straggler++];
	}
	return n;
}

static void tell_stragglers(void *owner, size_t peer, const struct heartbeat_straggler *list,
			    size_t n)
{
	struct pair *p = owner;

	(void)peer;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < p->members.n; k++)
			vrrp_router_tell_host(p->members.at[k].router, &list[i].mac,
					      &list[i].address);
}

/* --- the other node ---------------------------------------------------------------------------- */

void pair_farms(struct pair *p, size_t router, const struct track_farms *farms)
{
	if (router >= p->members.n ||
	    memcmp(&p->members.at[router].farms, farms, sizeof(*farms)) == 0)
		return;
	p->members.at[router].farms = *farms;
	pair_speak_soon(p); /* it is compared there with one that may change now, too */
}

bool pair_peer_farms(const struct pair *p, size_t router, struct track_farms *ret)
{
	const struct heartbeat_said *said = word_at(p, router);

	if (!said || !pair_peer_serves(p, router))
		return false;
	*ret = said->word.farms;
	return true;
}

static void peer_changed(void *owner, size_t peer)
{
	struct pair *p = owner;

	(void)peer;
	pair_look_at_leases(p);
	pair_tell_changed(p);
}

static void on_soon(uv_timer_t *timer)
{
	struct pair *p = timer->data;

	if (p->heartbeat)
		heartbeat_send_now(p->heartbeat, false);
}

void pair_speak_soon(struct pair *p)
{
	if (p->heartbeat && !p->leaving && !uv_is_active((uv_handle_t *)&p->soon))
		uv_timer_start(&p->soon, on_soon, 0, 0);
}

const struct heartbeat_ops *pair_heartbeat_ops(void)
{
	static const struct heartbeat_ops ops = {
		.fill = fill,
		.fill_stragglers = fill_stragglers,
		.heard = heard,
		.stragglers = tell_stragglers,
		.gone = gone,
		.changed = peer_changed,
	};

	return &ops;
}
