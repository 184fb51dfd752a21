/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the routers and the heartbeats tell each other; see pair_uv.h. */
#include "ha/pair_uv.h"

#include "ha/gate.h"
#include "ha/group.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	LOOK_MS = 500, /* how often leases learn whether the other node is silent */
	INTERVAL_DEFAULT_US = 1000 * 1000,
};

struct member {
	struct vrrp_router *router;
	struct group *group; /* NULL: none */
	size_t in_group;     /* its index there */
	struct gate gate;
	enum vrrp_reason told; /* of the gate */
	bool lan_answers;
	uint32_t healthy;
};

struct members {
	struct member *at;
	size_t n;
	struct group *groups;
	char (*names)[CONFIG_NAME_MAX + 1]; /* of the groups */
	size_t n_groups;
};

struct pair {
	uv_loop_t *loop;
	struct pair_ops ops;
	void *owner;
	struct members members;
	struct heartbeat *heartbeat; /* NULL: none */
	/* as the heartbeats were set up, to see what has changed */
	char cluster[CONFIG_NAME_MAX + 1], self[CONFIG_NAME_MAX + 1], peer[CONFIG_NAME_MAX + 1];
	struct addr own_address, peer_address;
	uint16_t port;
	bool hold;
	uv_timer_t look;  /* leases */
	uv_timer_t gates; /* the next one to open */
	uv_timer_t soon;  /* a heartbeat, when all that happens now has happened */
	bool leaving;	  /* one goodbye for all routers, at the end */
	bool following;	  /* events for the others of a group are not followed again */
	int open_handles;
};

static uint64_t now_us(void)
{
	return uv_hrtime() / 1000;
}

static struct member *member_of(struct pair *p, const struct vrrp_router *r)
{
	for (size_t i = 0; i < p->members.n; i++)
		if (p->members.at[i].router == r)
			return &p->members.at[i];
	return NULL;
}

static void tell_changed(struct pair *p)
{
	if (p->ops.changed)
		p->ops.changed(p->owner);
}

/* --- gates ------------------------------------------------------------------------------------ */

static void on_gate(uv_timer_t *timer);

static void look_at_gates(struct pair *p)
{
	uint64_t now = now_us(), next = GATE_NEVER, due;

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
	look_at_gates(timer->data);
}

void pair_in_sync(struct pair *p, bool in_sync)
{
	for (size_t i = 0; i < p->members.n; i++)
		gate_sync(&p->members.at[i].gate, in_sync);
	look_at_gates(p);
}

/* --- what heartbeats say ---------------------------------------------------------------------- */

static bool peer_is_well(const struct heartbeat_view *v)
{
	return v->state == HEARTBEAT_UP;
}

/* The last word of the other node about that router; NULL when there is none, or no heartbeats. */
static const struct heartbeat_said *word_of(const struct pair *p, const struct vrrp_router *r)
{
	struct heartbeat_view v;

	if (!p->heartbeat)
		return NULL;
	heartbeat_view(p->heartbeat, 0, &v);
	for (size_t i = 0; peer_is_well(&v) && i < v.n_known; i++)
		if (vrrp_router_is(r, &v.known[i].word))
			return &v.known[i];
	return NULL;
}

bool pair_has_successor(const struct pair *p, size_t router)
{
	const struct heartbeat_said *said = word_of(p, p->members.at[router].router);

	return said && said->word.state == HEARTBEAT_BACKUP;
}

bool pair_two_masters(const struct pair *p, size_t router)
{
	const struct vrrp_router *r = p->members.at[router].router;
	const struct heartbeat_said *said = word_of(p, r);

	return said && said->says == HEARTBEAT_SAYS_MASTER && vrrp_router_state(r) == VRRP_MASTER;
}

static size_t fill(void *owner, size_t peer, struct heartbeat_word *list, size_t max)
{
	struct pair *p = owner;
	size_t n = p->members.n < max ? p->members.n : max;

	(void)peer;
	for (size_t i = 0; i < n; i++) {
		vrrp_router_word(p->members.at[i].router, &list[i]);
		list[i].healthy = p->members.at[i].healthy;
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
	for (size_t i = 0; i < p->members.n; i++) {
		struct vrrp_router *r = p->members.at[i].router;

		if (!vrrp_router_is(r, w))
			continue;
		vrrp_router_add_friend(r, &w->mac);
		vrrp_router_tell(r, &ev);
		return;
	}
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

/* --- leases ----------------------------------------------------------------------------------- */

/*
 * The other node is silent when its heartbeats are, and adverts, too (vrrp_uv.h). Without heartbeats
 * nothing is known of a backup, which sends no adverts: then it is taken for alive.
 */
static void look_at_leases(struct pair *p)
{
	struct heartbeat_view v = {.state = HEARTBEAT_UP};

	if (p->heartbeat)
		heartbeat_view(p->heartbeat, 0, &v);
	for (size_t i = 0; i < p->members.n; i++) {
		const struct member *m = &p->members.at[i];
		const struct lease_facts facts = {
			.peer_silent = (v.state == HEARTBEAT_DOWN || v.state == HEARTBEAT_GONE) &&
				       !vrrp_router_hears(m->router),
			.link_up = true,
			.lan_answers = m->lan_answers,
		};

		vrrp_router_lease(m->router, &facts);
	}
}

static void on_look(uv_timer_t *timer)
{
	look_at_leases(timer->data);
}

void pair_lan_answers(struct pair *p, size_t router, bool answers)
{
	if (router < p->members.n)
		p->members.at[router].lan_answers = answers;
}

void pair_healthy(struct pair *p, size_t router, uint32_t healthy)
{
	if (router < p->members.n)
		p->members.at[router].healthy = healthy;
}

bool pair_peer_healthy(const struct pair *p, size_t router, uint32_t *ret)
{
	const struct heartbeat_said *said = word_of(p, p->members.at[router].router);

	if (said)
		*ret = said->word.healthy;
	return said != NULL;
}

static void peer_changed(void *owner, size_t peer)
{
	struct pair *p = owner;

	(void)peer;
	look_at_leases(p);
	tell_changed(p);
}

static void on_soon(uv_timer_t *timer)
{
	struct pair *p = timer->data;

	if (p->heartbeat)
		heartbeat_send_now(p->heartbeat, false);
}

/* One heartbeat for all routers whose state changes in this round of the loop. */
static void speak_soon(struct pair *p)
{
	if (p->heartbeat && !p->leaving && !uv_is_active((uv_handle_t *)&p->soon))
		uv_timer_start(&p->soon, on_soon, 0, 0);
}

/* --- what routers say ------------------------------------------------------------------------- */

static void router_changed(void *owner, struct vrrp_router *r)
{
	struct pair *p = owner;
	struct member *m = member_of(p, r);
	enum vrrp_state state = vrrp_router_state(r);

	if (m && (state == VRRP_INIT || state == VRRP_FAULT || state == VRRP_MAINTENANCE))
		gate_begin(&m->gate, now_us()); /* until it serves again it does not matter */
	if (m && state == VRRP_BACKUP && m->gate.running && m->told == VRRP_REASON_NONE)
		look_at_gates(p);
	speak_soon(p); /* a young master that dies at once shall be known to have been one */
	tell_changed(p);
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
	speak_soon(owner);
}

static void router_stepped(void *owner, struct vrrp_router *r, const struct vrrp_update *u)
{
	struct pair *p = owner;
	struct member *m = member_of(p, r);
	struct vrrp_event ev;

	if (!m || !m->group || p->following || !group_follow(vrrp_router_state(r), u, &ev))
		return;
	p->following = true;
	for (size_t i = 0; i < p->members.n; i++)
		if (p->members.at[i].group == m->group && p->members.at[i].router != r)
			vrrp_router_tell(p->members.at[i].router, &ev);
	p->following = false;
}

static void tell_group_faults(struct pair *p, const struct group *g)
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
	struct member *m = member_of(p, r);

	if (!m || !m->group)
		return;
	group_set_fault(m->group, m->in_group, fault);
	tell_group_faults(p, m->group);
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

/* --- the routers ------------------------------------------------------------------------------ */

static void members_free(struct members *m)
{
	free(m->at);
	free(m->groups);
	free(m->names);
	*m = (struct members){0};
}

/* The group of that name, made when there is none yet; they are as many as routers at most. */
static struct group *group_of(struct members *m, const char *name)
{
	if (!name[0])
		return NULL;
	for (size_t i = 0; i < m->n_groups; i++)
		if (strcmp(m->names[i], name) == 0)
			return &m->groups[i];
	snprintf(m->names[m->n_groups], sizeof(m->names[0]), "%s", name);
	return &m->groups[m->n_groups++];
}

static void join(struct pair *p, struct members *all, const struct pair_router *r)
{
	const struct member *before = member_of(p, r->router);
	struct member *m = &all->at[all->n++];

	*m = (struct member){.router = r->router};
	gate_init(&m->gate, (uint64_t)r->preempt_delay_ms * 1000);
	if (before) {
		m->gate.running = before->gate.running;
		m->gate.since_us = before->gate.since_us;
		m->told = before->told;
		m->lan_answers = before->lan_answers;
		m->healthy = before->healthy;
	} else {
		gate_begin(&m->gate, now_us());
	}
	m->group = group_of(all, r->group);
	if (m->group)
		m->in_group = m->group->n++;
}

static void set_interval(struct pair *p)
{
	uint64_t least = UINT64_MAX;

	for (size_t i = 0; i < p->members.n; i++) {
		uint64_t own = vrrp_router_interval_us(p->members.at[i].router);

		least = own < least ? own : least;
	}
	if (p->heartbeat)
		heartbeat_set_interval(p->heartbeat,
				       least == UINT64_MAX ? INTERVAL_DEFAULT_US : least);
}

int pair_set_routers(struct pair *p, const struct pair_router *routers, size_t n, struct err *err)
{
	struct members next = {
		.at = calloc(n + 1, sizeof(*next.at)),
		.groups = calloc(n + 1, sizeof(*next.groups)),
		.names = calloc(n + 1, sizeof(*next.names)),
	};

	if (!next.at || !next.groups || !next.names) {
		members_free(&next);
		return err_set(err, -ENOMEM, "no memory");
	}
	for (size_t i = 0; i < n; i++)
		join(p, &next, &routers[i]);
	members_free(&p->members);
	p->members = next;
	for (size_t i = 0; i < n; i++)
		if (next.at[i].group)
			group_set_fault(next.at[i].group, next.at[i].in_group,
					vrrp_router_own_fault(next.at[i].router));
	for (size_t i = 0; i < n; i++)
		if (!next.at[i].group)
			vrrp_router_group_fault(next.at[i].router, false);
	for (size_t i = 0; i < next.n_groups; i++)
		tell_group_faults(p, &p->members.groups[i]);
	set_interval(p);
	look_at_gates(p);
	look_at_leases(p);
	return 0;
}

/* --- the heartbeats --------------------------------------------------------------------------- */

static struct addr path_of(const struct config_node *n)
{
	return n->sync_address.family ? n->sync_address : n->address;
}

static bool same_path(const struct pair *p, const struct pair_setup *setup,
		      const struct config_node *peer)
{
	struct addr own = path_of(setup->self), other = path_of(peer);

	return p->heartbeat && strcmp(p->cluster, setup->cluster->name) == 0 &&
	       strcmp(p->self, setup->self->name) == 0 && strcmp(p->peer, peer->name) == 0 &&
	       addr_equal(&p->own_address, &own) && addr_equal(&p->peer_address, &other) &&
	       p->port == setup->cluster->sync_port;
}

static int begin(struct pair *p, const struct pair_setup *setup, const struct config_node *peer,
		 struct err *err)
{
	const struct heartbeat_ops ops = {
		.fill = fill, .heard = heard, .gone = gone, .changed = peer_changed};
	const struct heartbeat_setup h = {
		.cluster = setup->cluster->name,
		.self = {.name = setup->self->name, .address = path_of(setup->self)},
		.peers = {{.name = peer->name, .address = path_of(peer)}},
		.n_peers = 1,
		.port = setup->cluster->sync_port,
		.keys = setup->keys,
		.interval_us = INTERVAL_DEFAULT_US,
	};
	struct heartbeat *next;
	int code = heartbeat_new(p->loop, &h, &ops, p, &next, err);

	if (code < 0)
		return code;
	heartbeat_close(p->heartbeat);
	p->heartbeat = next;
	snprintf(p->cluster, sizeof(p->cluster), "%s", setup->cluster->name);
	snprintf(p->self, sizeof(p->self), "%s", setup->self->name);
	snprintf(p->peer, sizeof(p->peer), "%s", peer->name);
	p->own_address = path_of(setup->self);
	p->peer_address = path_of(peer);
	p->port = setup->cluster->sync_port;
	return 0;
}

static const struct config_node *other_node(const struct pair_setup *setup)
{
	for (size_t i = 0; setup->cluster && setup->self && i < setup->cluster->n_nodes; i++)
		if (&setup->cluster->nodes[i] != setup->self)
			return &setup->cluster->nodes[i];
	return NULL;
}

int pair_configure(struct pair *p, const struct pair_setup *setup, struct err *err)
{
	const struct config_node *peer = other_node(setup);
	int code = 0;

	if (!peer || setup->keys->n == 0) {
		heartbeat_close(p->heartbeat);
		p->heartbeat = NULL;
	} else if (same_path(p, setup, peer)) {
		heartbeat_set_keys(p->heartbeat, setup->keys);
	} else {
		code = begin(p, setup, peer, err);
	}
	if (setup->cluster)
		p->hold = setup->cluster->hold_takeover;
	set_interval(p);
	return code;
}

/* --- life ------------------------------------------------------------------------------------- */

int pair_new(uv_loop_t *loop, const struct pair_ops *ops, void *owner, struct pair **ret,
	     struct err *err)
{
	struct pair *p = calloc(1, sizeof(*p));

	if (!p)
		return err_set(err, -ENOMEM, "no memory");
	p->loop = loop;
	p->ops = *ops;
	p->owner = owner;
	uv_timer_init(loop, &p->look);
	uv_timer_init(loop, &p->gates);
	uv_timer_init(loop, &p->soon);
	p->look.data = p->gates.data = p->soon.data = p;
	p->open_handles = 3;
	uv_timer_start(&p->look, on_look, LOOK_MS, LOOK_MS);
	*ret = p;
	return 0;
}

void pair_leave(struct pair *p)
{
	p->leaving = true;
	for (size_t i = 0; i < p->members.n; i++)
		vrrp_router_leave(p->members.at[i].router);
	if (p->heartbeat)
		heartbeat_send_now(p->heartbeat, true);
	p->leaving = false;
}

void pair_view(const struct pair *p, struct pair_view *ret)
{
	*ret = (struct pair_view){.configured = p->heartbeat != NULL};
	if (p->heartbeat)
		heartbeat_view(p->heartbeat, 0, &ret->peer);
}

static void on_closed(uv_handle_t *handle)
{
	struct pair *p = handle->data;

	if (--p->open_handles == 0)
		free(p);
}

void pair_close(struct pair *p)
{
	if (!p)
		return;
	heartbeat_close(p->heartbeat);
	p->heartbeat = NULL;
	members_free(&p->members);
	uv_close((uv_handle_t *)&p->look, on_closed);
	uv_close((uv_handle_t *)&p->gates, on_closed);
	uv_close((uv_handle_t *)&p->soon, on_closed);
}
