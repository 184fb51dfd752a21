/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What routers say: to the others of their group, to their gates, to the other node. */
#include "ha/pair_inside_uv.h"

#include "ha/clock_uv.h"

/* --- gates ------------------------------------------------------------------------------------ */

static void on_gate(uv_timer_t *timer);

void pair_look_at_gates(struct pair *p)
{
	uint64_t now = clock_us(), next = GATE_NEVER, due;

	for (size_t i = 0; i < p->members.n; i++) {
		struct member *m = &p->members.at[i];
		enum vrrp_reason why = gate_look(&m->gate, now, &due);

		if (why != m->told) {
			m->told = why;
			vrrp_router_tell(m->router, &(struct vrrp_event){.type = VRRP_EVENT_GATE,
									 .gate = why});
		}
		next = due < next ? due : next;
	}
	if (next == GATE_NEVER)
		uv_timer_stop(&p->gates);
	else
		uv_timer_start(&p->gates, on_gate, (next - now) / 1000 + 1, 0);
}

static void on_gate(uv_timer_t *timer)
{
	pair_look_at_gates(timer->data);
}

void pair_in_sync(struct pair *p, bool in_sync)
{
	for (size_t i = 0; i < p->members.n; i++)
		gate_sync(&p->members.at[i].gate, in_sync);
	pair_look_at_gates(p);
}

/* --- what routers say ------------------------------------------------------------------------- */

static void router_changed(void *owner, struct vrrp_router *r)
{
	struct pair *p = owner;
	struct member *m = pair_member_of(p, r);
	enum vrrp_state state = vrrp_router_state(r);
	bool serves = state == VRRP_BACKUP || state == VRRP_MASTER;

	if (m && serves && !m->serves) {
		gate_begin(&m->gate, clock_us());
		pair_look_at_gates(p);
	}
	if (m)
		m->serves = serves;
	if (p->ops.moved)
		p->ops.moved(p->owner, r);
	pair_speak_soon(p); /* a young master that dies at once shall be known to have been one */
	pair_tell_changed(p);
}

static void router_late(void *owner, uint64_t late_us)
{
	struct pair *p = owner;

	if (p->ops.late)
		p->ops.late(p->owner, late_us);
}

static void router_goodbye(void *owner, struct vrrp_router *r)
{
	(void)r;
	pair_speak_soon(owner);
}

static bool is_alive(const struct vrrp_event *ev)
{
	return ev->type == VRRP_EVENT_GROUP && ev->group == VRRP_GROUP_ALIVE;
}

static void router_stepped(void *owner, struct vrrp_router *r, const struct vrrp_update *u)
{
	struct pair *p = owner;
	const struct group_step s = {
		.update = u,
		.state = vrrp_router_state(r),
		.greater = p->greater,
		.now_us = clock_us(),
		.interval_us = vrrp_router_interval_us(r),
	};
	struct member *m;
	struct vrrp_event ev;

	if (p->following)
		return;
	m = pair_member_of(p, r);
	if (!m || !m->group || !group_follow(m->group, &s, &ev))
		return;
	if (is_alive(&ev)) { /* the others wait for 3 intervals */
		if (s.now_us - m->group->alive_us < s.interval_us / 2)
			return;
		m->group->alive_us = s.now_us;
	}
	p->following = true;
	for (size_t i = 0; i < p->members.n; i++)
		if (p->members.at[i].group == m->group && p->members.at[i].router != r)
			vrrp_router_tell(p->members.at[i].router, &ev);
	p->following = false;
}

void pair_tell_group_faults(struct pair *p, const struct group *g)
{
	for (size_t i = 0; i < p->members.n; i++) {
		const struct member *m = &p->members.at[i];

		if (m->group == g)
			vrrp_router_group_fault(m->router,
						group_fault(g, m->in_group) == VRRP_REASON_GROUP);
	}
}

static void router_fault(void *owner, struct vrrp_router *r, enum vrrp_reason fault)
{
	struct pair *p = owner;
	struct member *m = pair_member_of(p, r);

	if (!m || !m->group)
		return;
	group_set_fault(m->group, m->in_group, fault);
	pair_tell_group_faults(p, m->group);
}

const struct vrrp_router_ops *pair_router_ops(void)
{
	static const struct vrrp_router_ops ops = {
		.changed = router_changed,
		.late = router_late,
		.goodbye = router_goodbye,
		.stepped = router_stepped,
		.fault = router_fault,
	};

	return &ops;
}
