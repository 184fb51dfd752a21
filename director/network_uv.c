/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the running director says about interfaces and routes that it cannot work with, and how it
 * follows routes.
 *
 * Shell.
 */
#include "director/director.h"
#include "director/network/interface_uv.h"
#include "include/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- interfaces ------------------------------------------------------------------------------- */

const char *director_interface_trouble(struct director *d, const char *name,
				       char buf[static INTERFACE_TEXT])
{
	const struct link *link = links_find(d->links, name);

	if (link)
		return links_trouble(d->links, link, buf);
	snprintf(buf, INTERFACE_TEXT, "is not there");
	return buf;
}

static void say_interface(struct director *d, const char *name, const char *whose,
			  const char *whose_name)
{
	char trouble[INTERFACE_TEXT];

	director_interface_trouble(d, name, trouble);
	if (trouble[0])
		log_warning("interface \"%s\" %s; %s \"%s\" waits for it", name, trouble, whose,
			    whose_name);
}

/* LRO joins packets in the card, beyond what can be sent: only where requests arrive. */
static void say_lro(struct director *d, const char *name)
{
	if (links_lro_warns(d->links, name, interface_ask_lro(name)))
		log_warning("interface \"%s\" has large receive offload (LRO) on, which breaks "
			    "forwarding: turn it off with `ethtool -K %s lro off`",
			    name, name);
}

void director_say_interfaces(struct director *d)
{
	for (size_t i = 0; i < d->config->n_farms; i++) {
		const struct config_farm *farm = &d->config->farms[i];

		say_interface(d, farm->interface, "farm", farm->name);
		for (size_t k = 0; k < farm->n_backends; k++)
			if (farm->backends[k].interface[0])
				say_interface(d, farm->backends[k].interface, "backend",
					      farm->backends[k].name);
	}
	director_say_lro(d);
}

void director_say_lro(struct director *d)
{
	for (size_t i = 0; i < d->config->n_farms; i++)
		say_lro(d, d->config->farms[i].interface);
}

/* Whether backends are on a link that is not their farm's own. */
static bool leads_to_backends(struct director *d, const struct link *link)
{
	struct facts_source source = director_facts_source(d);
	struct plan_interface out;

	for (size_t i = 0; i < d->config->n_farms; i++) {
		const struct config_farm *farm = &d->config->farms[i];

		if (strcmp(farm->interface, link->name) == 0)
			continue;
		for (size_t k = 0; k < farm->n_backends; k++)
			if (facts_way(farm, &farm->backends[k], &source, &out) &&
			    out.ifindex == link->ifindex)
				return true;
	}
	return false;
}

bool director_miss_links(struct director *d)
{
	const struct link *link;
	bool any = false;

	while ((link = links_next_dead(d->links))) {
		if (!leads_to_backends(d, link))
			continue;
		log_warning("interface \"%s\" is down: nothing is sent to the backends on it",
			    link->name);
		any = true;
	}
	return any;
}

/* --- routes ----------------------------------------------------------------------------------- */

static bool link_is_down(void *owner, uint32_t ifindex)
{
	const struct director *d = owner;
	const struct link *link = links_find_index(d->links, ifindex);

	return link && !link->up;
}

static void judged(void *owner, const struct addr *target, const struct route *route,
		   bool had_trouble)
{
	const struct director *d = owner;
	const struct link *link = links_find_index(d->links, route->ifindex);
	char text[ROUTE_TEXT], addr[ADDR_TEXT];

	if (route_trouble(target, route, link ? link->name : "", text)[0])
		log_warning("%s: nothing is sent to that backend; see the key interface in "
			    "director.conf(5)",
			    text);
	else if (had_trouble)
		log_info("%s is in a network of the director again", addr_format(target, addr));
}

static void routes_changed(void *owner)
{
	director_ways_changed(owner);
}

int director_open_routes(struct director *d, struct err *err)
{
	const struct routes_ops ops = {.changed = routes_changed,
				       .link_is_down = link_is_down,
				       .judged = judged,
				       .owner = d};

	return routes_new(d->loop, &ops, &d->routes, err);
}

bool director_route(struct director *d, const struct addr *addr, char ret[static RULESET_IFNAME])
{
	const struct route_target *t = routes_find(d->routes, addr);
	const struct link *link;

	if (!t || !t->known || t->kind != ROUTE_DIRECT)
		return false;
	link = links_find_index(d->links, t->ifindex);
	if (!link)
		return false;
	memcpy(ret, link->name, RULESET_IFNAME);
	return true;
}

int director_set_routed(struct director *d)
{
	struct addr *list = NULL;
	int n = facts_routed(d->config, &list);

	if (n >= 0)
		n = routes_set_targets(d->routes, list, (size_t)n);
	free(list);
	return n;
}

bool director_routes_known(struct director *d)
{
	struct addr *list = NULL;
	int n = facts_routed(d->config, &list);
	bool all = n >= 0;

	for (int i = 0; all && i < n; i++) {
		const struct route_target *t = routes_find(d->routes, &list[i]);

		all = t && t->known && t->kind != ROUTE_NONE;
	}
	free(list);
	return all;
}
