/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/ruleset/plan.h"

#include "director/ruleset/nft_netlink.h"
#include "director/ruleset/plan_farm.h"
#include "director/ruleset/plan_memory.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

const struct plan_interface *plan_find_interface(const struct plan_facts *facts, const char *name)
{
	for (size_t i = 0; i < facts->n_interfaces; i++)
		if (strcmp(facts->interfaces[i].name, name) == 0)
			return &facts->interfaces[i];
	return NULL;
}

bool plan_admits(const struct plan_facts *facts, size_t farm)
{
	return !facts->admitted || facts->admitted[farm];
}

/* --- shared objects --------------------------------------------------------------------------- */

/* Sets that farms share, by index; -1: not there. */
struct shared {
	int services, services6, nodes, nodes6;
	int firsts;	     /* VIP, protocol and port to the farm's chain for first fragments */
	int errors, errors6; /* … of the packet in an ICMP error, to the farm's errors */
	int later, later6;   /* VIP and protocol, of later fragments */
	int chain, chain6;   /* for ICMP errors; -1: nobody to send them to */
	struct plan_refused refused;
	struct plan_claims claims;
	const struct plan_place *places; /* of each farm */
};

static bool is_ipv6(const struct addr *a)
{
	return a->family == AF_INET6;
}

/* What a map of VIP, protocol and port leads to. */
enum purpose { WHOLE_PACKETS, FIRST_FRAGMENTS, ICMP_ERRORS };

static int entry_of(const struct plan_entries *entries, enum purpose purpose, bool ipv6, bool udp)
{
	enum plan_lane lane = ipv6 ? (udp ? LANE_UDP6 : LANE_TCP6) : (udp ? LANE_UDP : LANE_TCP);

	if (entries->chains[lane] < 0)
		return -1;
	switch (purpose) {
	case WHOLE_PACKETS: break;
	case FIRST_FRAGMENTS: return entries->firsts[lane];
	case ICMP_ERRORS: return ipv6 ? entries->errors6 : entries->errors;
	}
	return entries->chains[lane];
}

/* Elements for one address, protocol and range of ports; only their number when e is NULL. */
static size_t add_ports(struct ruleset_element *e, const struct addr *address, uint8_t protocol,
			const struct config_ports *ports, int chain)
{
	size_t len = is_ipv6(address) ? 16 : 4, n = 0;

	for (uint32_t port = ports->first; port <= ports->last; port++, n++) {
		if (!e)
			continue;
		memcpy(e[n].key, address->bytes, len);
		e[n].key[len] = protocol;
		e[n].key[len + 4] = (uint8_t)(port >> 8);
		e[n].key[len + 5] = (uint8_t)port;
		e[n].chain = (uint32_t)chain;
	}
	return n;
}

static size_t add_services(struct ruleset_element *e, const struct config_farm *farm,
			   const struct plan_entries *entries, enum purpose purpose, bool ipv6)
{
	size_t n = 0;

	for (size_t a = 0; a < farm->n_addresses; a++)
		for (size_t i = 0; i < farm->n_ports; i++)
			for (int udp = 0; udp < 2; udp++) {
				int chain = entry_of(entries, purpose, ipv6, udp);

				if (is_ipv6(&farm->addresses[a]) == ipv6 && chain >= 0)
					n += add_ports(e ? &e[n] : NULL, &farm->addresses[a],
						       udp ? IPPROTO_UDP : IPPROTO_TCP,
						       &farm->ports[i], chain);
			}
	return n;
}

static int plan_services(const struct plan_facts *facts, struct ruleset *r,
			 const struct shared *shared, int at, enum purpose purpose, bool ipv6)
{
	struct ruleset_set *set = &r->sets[at];
	size_t n = 0;

	for (size_t i = 0; i < facts->config->n_farms; i++)
		n += add_services(NULL, &facts->config->farms[i], &shared->places[i].entries,
				  purpose, ipv6);
	if (ruleset_set_reserve(set, n) < 0)
		return -ENOMEM;
	n = 0;
	for (size_t i = 0; i < facts->config->n_farms; i++)
		n += add_services(&set->elements[n], &facts->config->farms[i],
				  &shared->places[i].entries, purpose, ipv6);
	ruleset_set_sort(set);
	return 0;
}

/* The nodes' own addresses of one IP version. */
static int plan_nodes(const struct plan_facts *facts, struct ruleset *r, int set, bool ipv6)
{
	const struct config_cluster *cluster = &facts->config->cluster;
	struct ruleset_set *nodes = &r->sets[set];
	size_t n = 0;

	if (ruleset_set_reserve(nodes, cluster->n_nodes) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < cluster->n_nodes; i++)
		if (is_ipv6(&cluster->nodes[i].address) == ipv6)
			memcpy(nodes->elements[n++].key, cluster->nodes[i].address.bytes,
			       addr_len(&cluster->nodes[i].address));
	nodes->n_elements = n;
	ruleset_set_sort(nodes);
	return 0;
}

/* --- the ingress hook ------------------------------------------------------------------------- */

/*
 * True when a farm of this interface has the other director for a backend: only then may a frame go
 * to and fro between two directors that each take the other for a backend, for fwd decrements no
 * TTL. Nobody else pays for the guard.
 */
static bool peer_is_backend(const struct plan_facts *facts, const struct plan_interface *in)
{
	for (size_t i = 0; in->peer_known && i < facts->config->n_farms; i++) {
		const struct config_farm *farm = &facts->config->farms[i];

		if (strcmp(farm->interface, in->name) != 0)
			continue;
		for (size_t k = 0; k < farm->n_backends; k++)
			if (facts->backends[i][k].usable &&
			    memcmp(&facts->backends[i][k].mac, &in->peer_mac,
				   sizeof(in->peer_mac)) == 0)
				return true;
	}
	return false;
}

static int add_guard(struct ruleset *r, int chain, const struct plan_interface *in,
		     const struct shared *shared, bool ipv6)
{
	struct ruleset_statement looped =
		plan_statement_set(ST_LOOPED_BY_PEER, ipv6 ? shared->nodes6 : shared->nodes);
	int err = 0;

	looped.mac = in->peer_mac;
	looped.key = ipv6 ? KEY_STATIC6 : KEY_STATIC;
	if (ipv6) { /* the other director asks from an address that is no node's */
		err |= plan_refuse_but_neighbours(r, chain, &shared->refused);
		err |= plan_refuse(r, chain, &looped, 1, shared->refused.v6, true);
	} else {
		err |= plan_refuse(r, chain, &looped, 1, shared->refused.v4, false);
	}
	return err | PLAN_ADD_RULE(r, chain, looped, plan_statement(ST_ACCEPT));
}

static struct ruleset_statement to_service(enum ruleset_key key, int set)
{
	return (struct ruleset_statement){.kind = ST_TO_SERVICE, .key = key, .set = (uint32_t)set};
}

/*
 * To the only service of an IP version: a rule that compares costs half of a lookup in the map. Two
 * such rules would cost the second service more than the map does.
 */
static int add_only_service(struct ruleset *r, int chain, enum ruleset_key key, int set)
{
	struct ruleset_statement is = {
		.kind = ST_IS_SERVICE, .key = key, .set = (uint32_t)set, .number = 0};
	struct ruleset_statement go = {.kind = ST_GOTO};

	if (r->sets[set].n_elements != 1)
		return 0;
	go.chain = r->sets[set].elements[0].chain;
	if (ruleset_key_is_ipv6(key))
		return PLAN_ADD_RULE(r, chain, plan_statement(ST_FOR_US), is, go);
	return PLAN_ADD_RULE(r, chain, plan_statement(ST_FOR_US), plan_statement(ST_WHOLE), is, go);
}

/* What the other director sent here although it was here already goes to the host. */
static int plan_looped(const struct plan_facts *facts, struct ruleset *r, int chain,
		       const struct plan_interface *in, const struct shared *shared)
{
	int err;

	if (!in || shared->nodes < 0 || !peer_is_backend(facts, in))
		return 0;
	err = add_guard(r, chain, in, shared, false);
	return shared->nodes6 < 0 ? err : err | add_guard(r, chain, in, shared, true);
}

/* In front of it, what is no service's and no error. */
static int plan_errors(struct ruleset *r, int chain, const struct shared *shared)
{
	struct ruleset_statement for_us = plan_statement(ST_FOR_US);
	struct ruleset_statement icmp = {.kind = ST_PROTOCOL, .value = IPPROTO_ICMP};
	struct ruleset_statement to_errors = {.kind = ST_GOTO, .chain = (uint32_t)shared->chain};
	int err = 0;

	if (shared->chain >= 0)
		err |= PLAN_ADD_RULE(r, chain, for_us, icmp, to_errors);
	if (shared->chain6 >= 0) {
		icmp.value = IPPROTO_ICMPV6;
		to_errors.chain = (uint32_t)shared->chain6;
		err |= PLAN_ADD_RULE(r, chain, plan_statement(ST_LATER6), for_us,
				     to_service(KEY_LATER6, shared->later6));
		err |= PLAN_ADD_RULE(r, chain, for_us, icmp, to_errors);
	}
	return err;
}

/*
 * Of a device: an interface, or the device of a virtual MAC address on that interface (NULL: one
 * without farms). The order is that of frequency: a whole packet for a service is done after the first
 * rule of its IP version.
 */
static int plan_ingress(const struct plan_facts *facts, struct ruleset *r, const char *device,
			const struct plan_interface *in, const struct shared *shared)
{
	struct ruleset_statement for_us = plan_statement(ST_FOR_US);
	int chain = ruleset_add_chain(r, "ingress-%s", device);
	int err = 0;

	if (chain < 0)
		return chain;
	memcpy(r->chains[chain].device, device, RULESET_IFNAME);
	err |= plan_looped(facts, r, chain, in, shared);
	err |= add_only_service(r, chain, KEY_SERVICE, shared->services);
	err |= PLAN_ADD_RULE(r, chain, for_us, plan_statement(ST_WHOLE),
			     to_service(KEY_SERVICE, shared->services));
	if (shared->services6 >= 0) {
		err |= add_only_service(r, chain, KEY_SERVICE6, shared->services6);
		err |= PLAN_ADD_RULE(r, chain, for_us, to_service(KEY_SERVICE6, shared->services6));
	}
	err |= PLAN_ADD_RULE(r, chain, for_us, plan_statement(ST_FIRST_FRAGMENT),
			     to_service(KEY_SERVICE, shared->firsts));
	err |= PLAN_ADD_RULE(r, chain, for_us, plan_statement(ST_LATER_FRAGMENT),
			     to_service(KEY_LATER, shared->later));
	if (!in || strcmp(in->name, device) != 0)
		err |= plan_ignore_routers(r, chain);
	else /* what is for all passes here, and then the device of a virtual MAC address, too */
		err |= plan_claim_watch(r, chain, &shared->claims);
	err |= plan_refuse_but_neighbours(r, chain, &shared->refused);
	err |= plan_errors(r, chain, shared);
	err |= plan_refuse_rest(r, chain, &shared->refused);
	return err ? -ENOMEM : 0;
}

static bool interface_has_farm(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->n_farms; i++)
		if (strcmp(c->farms[i].interface, name) == 0)
			return true;
	return false;
}

/* One farm, as it was planned the last time when that is still right. */
static int plan_or_share_farm(const struct plan_facts *facts, const struct plan_memory *m,
			      size_t index, struct ruleset *r, struct plan_entries *ret)
{
	for (enum plan_lane lane = 0; lane < LANE_COUNT; lane++)
		ret->chains[lane] = -1;
	if (!plan_admits(facts, index) ||
	    !plan_find_interface(facts, facts->config->farms[index].interface))
		return 0;
	return m && plan_memory_knows(m, facts, index) ? plan_memory_share(m, index, r, ret)
						       : plan_farm(r, facts, index, ret);
}

static int plan_farms(const struct plan_facts *facts, const struct plan_memory *m,
		      struct ruleset *r, struct plan_place *places)
{
	for (size_t i = 0; i < facts->config->n_farms; i++) {
		struct plan_place *place = &places[i];
		int err;

		place->first_set = r->n_sets;
		place->first_chain = r->n_chains;
		err = plan_or_share_farm(facts, m, i, r, &place->entries);
		if (err)
			return err;
		place->n_sets = r->n_sets - place->first_set;
		place->n_chains = r->n_chains - place->first_chain;
	}
	return 0;
}

static bool has_ipv6(const struct config *c)
{
	for (size_t i = 0; i < c->n_farms; i++)
		for (size_t a = 0; a < c->farms[i].n_addresses; a++)
			if (is_ipv6(&c->farms[i].addresses[a]))
				return true;
	return false;
}

static int add_shared_sets(const struct plan_facts *facts, struct ruleset *r, struct shared *s)
{
	bool ipv6 = has_ipv6(facts->config);
	int fragments;

	s->services = ruleset_add_set(r, SET_SERVICES, "services");
	s->services6 = ipv6 ? ruleset_add_set(r, SET_SERVICES6, "services6") : -1;
	s->firsts = ruleset_add_set(r, SET_SERVICES, "first-fragments");
	s->later = ruleset_add_set(r, SET_LATER, "later-fragments");
	s->later6 = ipv6 ? ruleset_add_set(r, SET_LATER6, "later-fragments6") : -1;
	fragments = ruleset_add_set(r, SET_FRAGMENTS, "fragments");
	s->errors = ruleset_add_set(r, SET_ERRORS, "errors");
	s->errors6 = ipv6 ? ruleset_add_set(r, SET_ERRORS6, "errors6") : -1;
	if (s->services < 0 || s->firsts < 0 || s->later < 0 || fragments < 0 || s->errors < 0 ||
	    (ipv6 && (s->services6 < 0 || s->later6 < 0 || s->errors6 < 0)))
		return -ENOMEM;
	r->sets[fragments].size = PLAN_FRAGMENTS_MAX;
	if (!facts->config->has_cluster)
		return 0;
	s->nodes = ruleset_add_set(r, SET_ADDRESSES, "nodes");
	if (s->nodes < 0 || plan_nodes(facts, r, s->nodes, false) < 0)
		return -ENOMEM;
	if (!ipv6)
		return 0;
	s->nodes6 = ruleset_add_set(r, SET_ADDRESSES6, "nodes6");
	return s->nodes6 < 0 ? -ENOMEM : plan_nodes(facts, r, s->nodes6, true);
}

/* The maps of one IP version, and the chains that are no farm's. */
static int fill_shared_sets(const struct plan_facts *facts, struct ruleset *r, struct shared *s,
			    bool ipv6)
{
	int services = ipv6 ? s->services6 : s->services, errors = ipv6 ? s->errors6 : s->errors;
	int chain, err = plan_services(facts, r, s, services, WHOLE_PACKETS, ipv6);

	if (!err)
		err = plan_services(facts, r, s, errors, ICMP_ERRORS, ipv6);
	if (!err && !ipv6)
		err = plan_services(facts, r, s, s->firsts, FIRST_FRAGMENTS, ipv6);
	if (!err)
		err = plan_fragment_later(r, facts, s->places, services,
					  ipv6 ? s->later6 : s->later, ipv6);
	if (err)
		return err;
	if (r->sets[errors].n_elements == 0)
		return 0;
	chain = plan_icmp_chain(r, errors, ipv6 ? s->refused.v6 : s->refused.v4, ipv6);
	*(ipv6 ? &s->chain6 : &s->chain) = chain;
	return chain < 0 ? chain : 0;
}

static int plan_all(const struct plan_facts *facts, const struct plan_memory *m, struct ruleset *r,
		    struct plan_place *places)
{
	struct shared shared = {
		.nodes = -1, .nodes6 = -1, .chain = -1, .chain6 = -1, .places = places};
	const struct config *c = facts->config;
	int err;

	err = add_shared_sets(facts, r, &shared);
	if (!err)
		err = plan_refused_sets(facts, r, &shared.refused);
	if (!err)
		err = plan_claim_sets(facts, m, r, &shared.claims);
	if (!err)
		err = plan_handover_sets(facts, r);
	if (!err)
		err = plan_syn_shared(facts, r);
	if (!err)
		err = plan_farms(facts, m, r, places);
	if (!err)
		err = fill_shared_sets(facts, r, &shared, false);
	if (!err && shared.services6 >= 0)
		err = fill_shared_sets(facts, r, &shared, true);
	for (size_t i = 0; !err && i < facts->n_interfaces; i++) {
		const struct plan_interface *in = &facts->interfaces[i];

		if (interface_has_farm(c, in->name) || plan_refuses_on(c, in->name))
			err = plan_ingress(facts, r, in->name, in, &shared);
	}
	for (size_t i = 0; !err && i < facts->n_virtuals; i++) {
		const struct plan_virtual *virtual = &facts->virtuals[i];

		err = plan_ingress(facts, r, virtual->name,
				   plan_find_interface(facts, virtual->parent), &shared);
	}
	return err;
}

int plan_ruleset(const struct plan_facts *facts, struct ruleset *ret)
{
	struct plan_place *places = calloc(facts->config->n_farms + 1, sizeof(*places));
	int err;

	ruleset_init(ret);
	ret->exists = true;
	err = places ? plan_all(facts, NULL, ret, places) : -ENOMEM;
	free(places);
	if (err < 0)
		ruleset_clear(ret);
	return err;
}

int plan_ruleset_again(struct plan_memory *m, const struct plan_facts *facts, struct ruleset *ret)
{
	struct plan_place *places = calloc(facts->config->n_farms + 1, sizeof(*places));
	int err;

	ruleset_init(ret);
	ret->exists = true;
	err = places ? plan_all(facts, plan_memory_fits(m, facts) ? m : NULL, ret, places)
		     : -ENOMEM;
	if (!err)
		err = nft_sign(ret);
	if (err < 0) {
		free(places);
		ruleset_clear(ret);
		return err;
	}
	plan_memory_keep(m, facts, places, ret);
	return 0;
}
