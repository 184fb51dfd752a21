/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/schedule/facts.h"

#include "ha/vmac.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static bool is_first_with_interface(const struct config *c, size_t farm)
{
	for (size_t i = 0; i < farm; i++)
		if (strcmp(c->farms[i].interface, c->farms[farm].interface) == 0)
			return false;
	return true;
}

/* More of them cannot be told apart by plan_backend.out. */
enum { INTERFACES_MAX = UINT16_MAX };

static size_t interfaces_room(const struct config *c)
{
	size_t n = c->n_farms + c->n_vrrps + config_count_backends(c);

	return n < INTERFACES_MAX ? n : INTERFACES_MAX;
}

static bool is_director(const struct config *c, const struct plan_interface *in,
			const struct config_backend *b)
{
	for (size_t i = 0; i < c->cluster.n_nodes; i++)
		if (addr_equal(&c->cluster.nodes[i].address, &b->address))
			return true;
	return b->has_mac && (mac_equal(&b->mac, &in->mac) || mac_equal(&b->mac, &in->peer_mac));
}

/* Of a farm on that interface. Whether it is in service now does not matter: that is no reason to make
 * the rules of all farms anew. */
static bool director_is_backend(const struct config *c, const struct plan_interface *in)
{
	for (size_t i = 0; i < c->n_farms; i++) {
		if (strcmp(c->farms[i].interface, in->name) != 0)
			continue;
		for (size_t k = 0; k < c->farms[i].n_backends; k++)
			if (is_director(c, in, &c->farms[i].backends[k]))
				return true;
	}
	return false;
}

/* The farms' own, with the other director on each. */
static void gather_interfaces(struct facts *f, const struct config *c,
			      const struct config_node *peer, const struct facts_source *source)
{
	for (size_t i = 0; i < c->n_farms; i++) {
		struct plan_interface *in = &f->interfaces[f->plan.n_interfaces];

		if (!is_first_with_interface(c, i) ||
		    !source->interface(source->owner, c->farms[i].interface, in))
			continue;
		in->peer_known = peer && source->mac(source->owner, in->ifindex, &peer->address,
						     &in->peer_mac);
		in->relays = in->peer_known && !director_is_backend(c, in);
		f->plan.n_interfaces++;
	}
}

/* Those on which packets to virtual addresses are not accepted: there are rules for them, too. */
static void gather_refusing(struct facts *f, const struct config *c,
			    const struct facts_source *source)
{
	for (size_t i = 0; i < c->n_vrrps; i++)
		if (!c->vrrps[i].accept && !plan_find_interface(&f->plan, c->vrrps[i].interface) &&
		    source->interface(source->owner, c->vrrps[i].interface,
				      &f->interfaces[f->plan.n_interfaces]))
			f->plan.n_interfaces++;
}

static void gather_virtuals(struct facts *f, const struct config *c,
			    const struct facts_source *source)
{
	static const uint8_t families[] = {AF_INET, AF_INET6};

	for (size_t i = 0; i < c->n_vrrps; i++)
		for (size_t k = 0; k < sizeof(families); k++) {
			const struct config_vrrp *v = &c->vrrps[i];
			struct plan_virtual *virtual = &f->virtuals[f->plan.n_virtuals];
			struct plan_interface in;

			if (!v->virtual_mac || !config_vrrp_has_family(v, families[k]))
				continue;
			vmac_name(virtual->name, families[k], v->virtual_router_id, v->interface);
			if (!source->interface(source->owner, virtual->name, &in))
				continue;
			virtual->ifindex = in.ifindex;
			snprintf(virtual->parent, sizeof(virtual->parent), "%s", v->interface);
			f->plan.n_virtuals++;
		}
}

static size_t count_addresses(const struct config *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n_vrrps; i++)
		n += c->vrrps[i].n_addresses;
	return n;
}

static void gather_handover(struct facts *f, const struct config *c,
			    const struct facts_source *source)
{
	for (size_t i = 0; source->handed && i < c->n_vrrps; i++)
		for (size_t k = 0; k < c->vrrps[i].n_addresses; k++) {
			const struct addr *a = &c->vrrps[i].addresses[k].addr;

			if (source->handed(source->owner, a))
				f->handover[f->plan.n_handover++] = *a;
		}
}

/* The name of the interface that leads to a backend, in buf or in the configuration; or NULL. */
static const char *way_name(const struct config_farm *farm, const struct config_backend *backend,
			    const struct facts_source *source, char buf[static RULESET_IFNAME])
{
	if (backend->interface[0])
		return backend->interface;
	if (!source->route)
		return farm->interface;
	return source->route(source->owner, &backend->address, buf) ? buf : NULL;
}

bool facts_way(const struct config_farm *farm, const struct config_backend *backend,
	       const struct facts_source *source, struct plan_interface *ret)
{
	char buf[RULESET_IFNAME];
	const char *name = way_name(farm, backend, source, buf);

	return name && source->interface(source->owner, name, ret);
}

static bool is_dead(const struct config_farm *farm, const struct plan_interface *out,
		    const struct facts_source *source)
{
	return source->dead && strcmp(out->name, farm->interface) != 0 &&
	       source->dead(source->owner, out->ifindex);
}

/* The way out to a backend among the interfaces that are known, or joined to them; or NULL. */
static const struct plan_interface *gather_way(struct facts *f, const struct config_farm *farm,
					       const struct config_backend *backend,
					       const struct facts_source *source)
{
	const struct plan_interface *known;
	char buf[RULESET_IFNAME];
	const char *name = way_name(farm, backend, source, buf);
	struct plan_interface in;

	if (!name)
		return NULL;
	known = plan_find_interface(&f->plan, name);
	if (known)
		return known;
	if (f->plan.n_interfaces == interfaces_room(f->plan.config) ||
	    !source->interface(source->owner, name, &in))
		return NULL;
	in.peer_known = in.relays = false; /* of use to the chain of an interface with farms only */
	f->interfaces[f->plan.n_interfaces] = in;
	return &f->interfaces[f->plan.n_interfaces++];
}

struct plan_backend facts_backend(const struct config_farm *farm,
				  const struct config_backend *backend, uint32_t ifindex,
				  const struct facts_source *source)
{
	struct admin_view ordered = admin_view(source->admin, farm->name, backend);
	struct plan_backend b = {0};

	if (backend->has_mac)
		b.watched = backend->mac;
	if (ordered.state == ADMIN_DISABLED)
		return b;
	b.mac = backend->mac;
	b.weight = ordered.state == ADMIN_DRAINING ? 0 : ordered.weight;
	b.usable =
		backend->has_mac || source->mac(source->owner, ifindex, &backend->address, &b.mac);
	if (!b.usable)
		b.mac = (struct mac){0}; /* whatever was left there */
	else
		b.watched = b.mac;
	return b;
}

void facts_apply_backups(const struct config_farm *farm, struct plan_backend *backends)
{
	uint32_t serving = 0;

	for (size_t i = 0; i < farm->n_backends; i++)
		serving += !farm->backends[i].backup && backends[i].usable && backends[i].weight;
	if (serving < farm->minimum_backends)
		return;
	for (size_t i = 0; i < farm->n_backends; i++)
		if (farm->backends[i].backup)
			backends[i].weight = 0;
}

static void apply_health(size_t farm, struct plan_backend *backends, size_t n,
			 const struct facts_source *source)
{
	for (size_t i = 0; source->health && i < n; i++)
		switch (source->health(source->owner, farm, i)) {
		case OUTCOME_DEAD: backends[i].usable = false; break;
		case OUTCOME_AILING: backends[i].weight = 0; break;
		case OUTCOME_WELL:
		case OUTCOME_UNDECIDED: break;
		}
}

void facts_set_percent(struct plan_backend *b, uint8_t percent)
{
	b->percent = b->weight ? percent : 0;
}

static void apply_slow_start(size_t farm, struct plan_backend *backends, size_t n,
			     const struct facts_source *source)
{
	for (size_t i = 0; source->percent && i < n; i++)
		facts_set_percent(&backends[i], source->percent(source->owner, farm, i));
}

/* Whom claims are still expected of, though his MAC is not known now. */
static void remember_watched(struct plan_backend *b, const struct mac *before)
{
	if (!mac_is_unicast(&b->watched))
		b->watched = *before;
}

/* The backends of one farm, zeroed before but for who is watched. */
static void gather_farm(struct facts *f, size_t at, struct plan_backend *backends,
			const struct facts_source *source)
{
	const struct config_farm *farm = &f->plan.config->farms[at];
	const struct lead_farm *lead = source->lead ? lead_of(source->lead, at) : NULL;
	bool there = plan_find_interface(&f->plan, farm->interface);

	for (size_t k = 0; there && k < farm->n_backends; k++) {
		const struct plan_interface *out = gather_way(f, farm, &farm->backends[k], source);
		struct mac before = backends[k].watched;

		if (!out) {
			remember_watched(&backends[k], &farm->backends[k].mac);
			continue;
		}
		if (!is_dead(farm, out, source))
			backends[k] = facts_backend(farm, &farm->backends[k], out->ifindex, source);
		remember_watched(&backends[k], &before);
		remember_watched(&backends[k], &farm->backends[k].mac);
		backends[k].out = (uint16_t)(out - f->interfaces);
	}
	if (!lead) /* else what the other one finds counts: both do the same with a frame */
		apply_health(at, backends, farm->n_backends, source);
	facts_apply_backups(farm, backends);
	if (lead)
		lead_apply(lead, backends, farm->n_backends);
	else
		apply_slow_start(at, backends, farm->n_backends, source);
}

int facts_gather(struct facts *f, const struct config *c, const struct config_node *peer,
		 const struct facts_source *source)
{
	struct plan_backend *next;

	*f = (struct facts){
		.interfaces = calloc(interfaces_room(c) + 1, sizeof(*f->interfaces)),
		.virtuals = calloc(2 * c->n_vrrps + 1, sizeof(*f->virtuals)),
		.all = calloc(config_count_backends(c) + 1, sizeof(*f->all)),
		.farms = calloc(c->n_farms + 1, sizeof(*f->farms)),
		.handover = calloc(count_addresses(c) + 1, sizeof(*f->handover)),
	};
	if (!f->interfaces || !f->virtuals || !f->all || !f->farms || !f->handover) {
		facts_clear(f);
		return -ENOMEM;
	}
	f->plan = (struct plan_facts){.config = c,
				      .interfaces = f->interfaces,
				      .virtuals = f->virtuals,
				      .backends = f->farms,
				      .handover = f->handover};
	gather_interfaces(f, c, peer, source);
	gather_refusing(f, c, source);
	gather_virtuals(f, c, source);
	gather_handover(f, c, source);
	next = f->all;
	for (size_t i = 0; i < c->n_farms; i++) {
		f->farms[i] = next;
		gather_farm(f, i, next, source);
		next += c->farms[i].n_backends;
	}
	return 0;
}

int facts_farm(const struct config *c, size_t at, const struct facts_source *source,
	       struct plan_backend *ret)
{
	const struct config_farm *farm = &c->farms[at];
	/* Its own, and at most one for each backend. */
	struct facts f = {.interfaces = calloc(farm->n_backends + 1, sizeof(*f.interfaces))};

	if (!f.interfaces)
		return -ENOMEM;
	f.plan = (struct plan_facts){.config = c, .interfaces = f.interfaces};
	f.plan.n_interfaces = source->interface(source->owner, farm->interface, f.interfaces);
	memset(ret, 0, farm->n_backends * sizeof(*ret));
	gather_farm(&f, at, ret, source);
	free(f.interfaces);
	return 0;
}

void facts_remember(struct facts *f, const struct facts *before)
{
	size_t n =
		before->plan.config == f->plan.config ? config_count_backends(f->plan.config) : 0;

	for (size_t i = 0; i < n; i++)
		remember_watched(&f->all[i], &before->all[i].watched);
}

/* Compared as a whole, without a call: every backend's address is. */
static bool is_one_of(const struct addr *addr, const struct addr *addrs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (memcmp(addr, &addrs[i], sizeof(*addr)) == 0)
			return true;
	return false;
}

static bool farm_has_one_of(const struct config_farm *farm, const struct addr *addrs, size_t n)
{
	for (size_t k = 0; k < farm->n_backends; k++)
		if (is_one_of(&farm->backends[k].address, addrs, n))
			return true;
	return false;
}

bool facts_renew(struct facts *f, const struct config_node *peer, const struct facts_source *source,
		 const struct addr *addrs, size_t n)
{
	const struct config *c = f->plan.config;
	struct plan_backend *next = f->all;

	if (peer && is_one_of(&peer->address, addrs, n))
		return false;
	for (size_t i = 0; i < c->n_farms; i++) {
		size_t backends = c->farms[i].n_backends;

		if (farm_has_one_of(&c->farms[i], addrs, n)) {
			for (size_t k = 0; k < backends; k++)
				next[k] = (struct plan_backend){.watched = next[k].watched};
			gather_farm(f, i, next, source);
		}
		next += backends;
	}
	return true;
}

void facts_clear(struct facts *f)
{
	free(f->interfaces);
	free(f->virtuals);
	free(f->all);
	free(f->farms);
	free(f->handover);
	*f = (struct facts){0};
}

static struct facts_target target(const struct plan_interface *in, const struct addr *addr)
{
	struct facts_target t = {.ifindex = in->ifindex, .addr = *addr};

	memcpy(t.interface, in->name, sizeof(t.interface));
	return t;
}

int facts_targets(const struct config *c, const struct config_node *peer,
		  const struct facts_source *source, struct facts_target **ret)
{
	struct facts_target *list =
		calloc(config_count_backends(c) + c->n_farms + 1, sizeof(*list));
	int n = 0;

	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < c->n_farms; i++) {
		const struct config_farm *farm = &c->farms[i];
		struct plan_interface in = {0};

		if (!source->interface(source->owner, farm->interface, &in))
			continue;
		if (peer && is_first_with_interface(c, i))
			list[n++] = target(&in, &peer->address);
		for (size_t k = 0; k < farm->n_backends; k++) {
			const struct config_backend *b = &farm->backends[k];

			if (b->has_mac ||
			    admin_view(source->admin, farm->name, b).state == ADMIN_DISABLED)
				continue;
			if (facts_way(farm, b, source, &in))
				list[n++] = target(&in, &b->address);
		}
	}
	*ret = list;
	return n;
}

int facts_routed(const struct config *c, struct addr **ret)
{
	struct addr *list = calloc(config_count_backends(c) + 1, sizeof(*list));
	int n = 0;

	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < c->n_farms; i++)
		for (size_t k = 0; k < c->farms[i].n_backends; k++)
			if (!c->farms[i].backends[k].interface[0])
				list[n++] = c->farms[i].backends[k].address;
	*ret = list;
	return n;
}
