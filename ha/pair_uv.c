/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The life of a pair, its routers, its heartbeats as they are set up, and the leases that depend on
 * the other node; see pair_uv.h.
 */
#include "ha/pair_inside_uv.h"

#include "ha/clock_uv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	LOOK_MS = 500, /* how often leases learn whether the other node is silent */
	INTERVAL_DEFAULT_US = 1000 * 1000,
	SURE_US = 10 * 1000 * 1000, /* without any sign of life, before a node counts as alone */
};

/* A tag is a hash already. */
static struct member **bucket(struct members *m, uint32_t tag)
{
	return &m->buckets[tag % MEMBER_BUCKETS];
}

struct member *pair_member_of(struct pair *p, const struct vrrp_router *r)
{
	struct member *m = *bucket(&p->members, vrrp_router_tag(r));

	while (m && m->router != r)
		m = m->next;
	return m;
}

struct member *pair_member_named(struct pair *p, const struct heartbeat_word *w)
{
	struct member *m = *bucket(&p->members, w->section);

	while (m && !vrrp_router_is(m->router, w))
		m = m->next;
	return m;
}

void pair_tell_changed(struct pair *p)
{
	if (p->ops.changed)
		p->ops.changed(p->owner);
}

/* --- leases ----------------------------------------------------------------------------------- */

/*
 * Nothing that could be a sign of life: no heartbeat, also none that cannot be believed (another
 * key, or one that does not hear us), and for long enough when it was never heard. Without
 * heartbeats nothing is known of a backup, which sends no adverts: then it is taken for alive.
 */
static bool heartbeats_are_silent(const struct pair *p)
{
	struct heartbeat_view v;

	if (!p->heartbeat)
		return false;
	heartbeat_view(p->heartbeat, 0, &v);
	return (v.state == HEARTBEAT_DOWN || v.state == HEARTBEAT_GONE) &&
	       (v.cause != HEARTBEAT_CAUSE_NONE || clock_us() - v.since_us > SURE_US) &&
	       (v.sign_us == 0 || clock_us() - v.sign_us > SURE_US);
}

/* The other node is silent when its heartbeats are, and adverts, too (vrrp_uv.h). */
void pair_look_at_leases(struct pair *p)
{
	bool silent = heartbeats_are_silent(p);

	for (size_t i = 0; i < p->members.n; i++) {
		const struct member *m = &p->members.at[i];
		const struct lease_facts facts = {
			.peer_silent = silent && !vrrp_router_hears(m->router),
			.link_up = true,
			.lan_answers = m->lan_answers,
		};

		vrrp_router_lease(m->router, &facts);
	}
}

static void on_look(uv_timer_t *timer)
{
	pair_look_at_leases(timer->data);
}

void pair_lan_answers(struct pair *p, size_t router, bool answers)
{
	if (router < p->members.n)
		p->members.at[router].lan_answers = answers;
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
	const struct member *before = pair_member_of(p, r->router);
	struct member *m = &all->at[all->n++];
	struct member **first = bucket(all, vrrp_router_tag(r->router));

	*m = (struct member){.router = r->router, .next = *first};
	*first = m;
	gate_init(&m->gate, (uint64_t)r->preempt_delay_ms * 1000);
	if (before) {
		m->gate = before->gate;
		m->gate.delay_us = (uint64_t)r->preempt_delay_ms * 1000;
		m->serves = before->serves;
		m->told = before->told;
		m->lan_answers = before->lan_answers;
		m->farms = before->farms;
	}
	m->group = group_of(all, r->group);
	if (!m->group)
		return;
	m->in_group = m->group->n++;
	if (before && before->group && before->group->tied_us > m->group->tied_us)
		m->group->tied_us = before->group->tied_us;
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

/* Of a group that others belong to since now some are master here and some on the other node. */
static bool is_parted(const struct pair *p, const struct group *g)
{
	bool master = false, backup = false;

	for (size_t i = 0; i < p->members.n; i++) {
		enum vrrp_state s = vrrp_router_state(p->members.at[i].router);

		if (p->members.at[i].group != g)
			continue;
		master |= s == VRRP_MASTER;
		backup |= s == VRRP_BACKUP;
	}
	return master && backup;
}

/* As after a tie (group.h): of the two nodes only one gives up the rest, in 3 intervals. */
static void mend_parted(struct pair *p)
{
	for (size_t i = 0; i < p->members.n_groups; i++) {
		struct group *g = &p->members.groups[i];

		if (!p->greater && g->tied_us == 0 && is_parted(p, g))
			g->tied_us = clock_us();
	}
}

static void tell_backends(struct pair *p)
{
	for (size_t i = 0; i < p->members.n; i++)
		vrrp_router_set_backends(p->members.at[i].router, p->backends, p->n_backends);
}

void pair_set_backends(struct pair *p, struct mac *macs, size_t n)
{
	struct mac *before = p->backends;

	p->backends = macs;
	p->n_backends = n;
	tell_backends(p);
	free(before);
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
		members_free(&p->members); /* some of them have ended */
		return err_set(err, -ENOMEM, "no memory");
	}
	for (size_t i = 0; i < n; i++)
		join(p, &next, &routers[i]);
	/* The goodbye of those that have just ended, while they can be asked. */
	if (p->heartbeat && uv_is_active((uv_handle_t *)&p->soon)) {
		uv_timer_stop(&p->soon);
		heartbeat_send_now(p->heartbeat, false);
	}
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
		pair_tell_group_faults(p, &p->members.groups[i]);
	tell_backends(p);
	mend_parted(p);
	set_interval(p);
	pair_look_at_gates(p);
	pair_look_at_leases(p);
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
	int code = heartbeat_new(p->loop, &h, pair_heartbeat_ops(), p, &next, err);

	if (code < 0)
		return code;
	heartbeat_part(p->heartbeat);
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
		heartbeat_part(p->heartbeat);
		heartbeat_close(p->heartbeat);
		p->heartbeat = NULL;
	} else if (same_path(p, setup, peer)) {
		heartbeat_set_keys(p->heartbeat, setup->keys);
	} else {
		code = begin(p, setup, peer, err);
	}
	if (setup->cluster)
		p->hold = setup->cluster->hold_takeover;
	p->greater = peer && addr_compare(&setup->self->address, &peer->address) > 0;
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

	if (--p->open_handles > 0)
		return;
	free(p->backends);
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
