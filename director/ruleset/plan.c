/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/ruleset/plan.h"

#include "director/ruleset/plan_farm.h"

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

/* --- shared objects --------------------------------------------------------------------------- */

/* Places in the services map that a farm needs: addresses times ports. */
static size_t farm_services(const struct config_farm *farm)
{
	size_t ports = 0;

	for (size_t i = 0; i < farm->n_ports; i++)
		ports += (size_t)(farm->ports[i].last - farm->ports[i].first + 1);
	return ports * farm->n_addresses;
}

static size_t add_services(struct ruleset_element *e, const struct config_farm *farm, int chain)
{
	size_t n = 0;

	for (size_t a = 0; a < farm->n_addresses; a++)
		for (size_t i = 0; i < farm->n_ports; i++)
			for (uint32_t port = farm->ports[i].first; port <= farm->ports[i].last;
			     port++) {
				memcpy(e[n].key, farm->addresses[a].bytes, 4);
				e[n].key[4] = IPPROTO_TCP;
				e[n].key[8] = (uint8_t)(port >> 8);
				e[n].key[9] = (uint8_t)port;
				e[n++].chain = (uint32_t)chain;
			}
	return n;
}

/* farm_chains[i]: the chain of farm i, -1 when it is left out. */
static int plan_services(const struct plan_facts *facts, struct ruleset *r, const int *farm_chains,
			 int services, int vips)
{
	struct ruleset_set *set = &r->sets[services], *addresses = &r->sets[vips];
	size_t n = 0, n_vips = 0;

	for (size_t i = 0; i < facts->config->n_farms; i++) {
		if (farm_chains[i] < 0)
			continue;
		n += farm_services(&facts->config->farms[i]);
		n_vips += facts->config->farms[i].n_addresses;
	}
	if (ruleset_set_reserve(set, n) < 0 || ruleset_set_reserve(addresses, n_vips) < 0)
		return -ENOMEM;
	n = n_vips = 0;
	for (size_t i = 0; i < facts->config->n_farms; i++) {
		const struct config_farm *farm = &facts->config->farms[i];

		if (farm_chains[i] < 0)
			continue;
		n += add_services(&set->elements[n], farm, farm_chains[i]);
		for (size_t a = 0; a < farm->n_addresses; a++)
			memcpy(addresses->elements[n_vips++].key, farm->addresses[a].bytes, 4);
	}
	ruleset_set_sort(set);
	ruleset_set_sort(addresses);
	/* Farms on different ports of one VIP name it twice. */
	n = 0;
	for (size_t i = 0; i < addresses->n_elements; i++)
		if (n == 0 || ruleset_element_compare(SET_ADDRESSES, &addresses->elements[n - 1],
						      &addresses->elements[i]) != 0)
			addresses->elements[n++] = addresses->elements[i];
	addresses->n_elements = n;
	return 0;
}

static int plan_nodes(const struct plan_facts *facts, struct ruleset *r, int set)
{
	const struct config_cluster *cluster = &facts->config->cluster;
	struct ruleset_set *nodes = &r->sets[set];

	if (ruleset_set_reserve(nodes, cluster->n_nodes) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < cluster->n_nodes; i++)
		memcpy(nodes->elements[i].key, cluster->nodes[i].address.bytes, 4);
	ruleset_set_sort(nodes);
	return 0;
}

static int plan_ingress(struct ruleset *r, const struct plan_interface *in, int services, int vips,
			int nodes)
{
	int chain = ruleset_add_chain(r, "ingress-%s", in->name);
	struct ruleset_statement looped = plan_statement_set(ST_LOOPED_BY_PEER, nodes);
	int err = 0;

	if (chain < 0)
		return chain;
	memcpy(r->chains[chain].device, in->name, RULESET_IFNAME);
	err |= PLAN_ADD_RULE(r, chain, plan_statement(ST_NOT_FOR_US), plan_statement(ST_ACCEPT));
	if (nodes >= 0 && in->peer_known) {
		looped.mac = in->peer_mac;
		err |= PLAN_ADD_RULE(r, chain, looped, plan_statement(ST_ACCEPT));
	}
	err |= PLAN_ADD_RULE(r, chain, plan_statement_set(ST_TO_SERVICE, services));
	err |= PLAN_ADD_RULE(r, chain, plan_statement_set(ST_VIP_FRAGMENT, vips),
			     plan_statement(ST_COUNTER), plan_statement(ST_DROP));
	return err ? -ENOMEM : 0;
}

static bool interface_has_farm(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->n_farms; i++)
		if (strcmp(c->farms[i].interface, name) == 0)
			return true;
	return false;
}

static int plan_farms(const struct plan_facts *facts, struct ruleset *r, int *farm_chains)
{
	for (size_t i = 0; i < facts->config->n_farms; i++) {
		const struct config_farm *farm = &facts->config->farms[i];
		const struct plan_interface *out = plan_find_interface(facts, farm->interface);

		farm_chains[i] = -1;
		if (!out)
			continue;
		farm_chains[i] = plan_farm(r, farm, facts->backends[i], out);
		if (farm_chains[i] < 0)
			return farm_chains[i];
	}
	return 0;
}

static int plan_all(const struct plan_facts *facts, struct ruleset *r, int *farm_chains)
{
	int services, vips, nodes = -1, err;

	services = ruleset_add_set(r, SET_SERVICES, "services");
	vips = ruleset_add_set(r, SET_ADDRESSES, "vips");
	if (services < 0 || vips < 0)
		return -ENOMEM;
	if (facts->config->has_cluster) {
		nodes = ruleset_add_set(r, SET_ADDRESSES, "nodes");
		if (nodes < 0 || plan_nodes(facts, r, nodes) < 0)
			return -ENOMEM;
	}
	err = plan_farms(facts, r, farm_chains);
	if (!err)
		err = plan_services(facts, r, farm_chains, services, vips);
	for (size_t i = 0; !err && i < facts->n_interfaces; i++)
		if (interface_has_farm(facts->config, facts->interfaces[i].name))
			err = plan_ingress(r, &facts->interfaces[i], services, vips, nodes);
	return err;
}

int plan_ruleset(const struct plan_facts *facts, struct ruleset *ret)
{
	size_t n = facts->config->n_farms;
	int *farm_chains = calloc(n ? n : 1, sizeof(*farm_chains));
	int err;

	ruleset_init(ret);
	ret->exists = true;
	err = farm_chains ? plan_all(facts, ret, farm_chains) : -ENOMEM;
	free(farm_chains);
	if (err < 0)
		ruleset_clear(ret);
	return err;
}
