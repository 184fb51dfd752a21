/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/ctl/world.h"

#include "director/schedule/facts.h"

#include <stdlib.h>
#include <string.h>

static void links_changed(void *owner)
{
	(void)owner;
}

static bool link_is_down(void *owner, uint32_t ifindex)
{
	(void)owner;
	(void)ifindex;
	return false;
}

bool world_interface(void *owner, const char *name, struct plan_interface *ret)
{
	return links_find_interface(((struct world *)owner)->links, name, ret);
}

bool world_route(void *owner, const struct addr *addr, char ret[static RULESET_IFNAME])
{
	const struct world *w = owner;
	const struct route_target *t = routes_find(w->routes, addr);
	const struct link *link = t && t->known && t->kind == ROUTE_DIRECT
					  ? links_find_index(w->links, t->ifindex)
					  : NULL;

	if (link)
		memcpy(ret, link->name, RULESET_IFNAME);
	return link;
}

int world_open(struct world *w, const struct config *config, struct err *err)
{
	const struct routes_ops ops = {.changed = links_changed, .link_is_down = link_is_down};
	struct addr *list = NULL;
	int code;

	uv_loop_init(&w->loop);
	w->is_open = true;
	code = links_new(&w->loop, links_changed, NULL, &w->links, err);

	if (code == 0)
		code = routes_new(&w->loop, &ops, &w->routes, err);
	if (code < 0)
		return code;
	code = facts_routed(config, &list);
	if (code >= 0)
		code = routes_set_targets(w->routes, list, (size_t)code);
	free(list);
	return code < 0 ? err_set(err, code, "no memory to plan the ruleset") : 0;
}

void world_close(struct world *w)
{
	if (!w->is_open)
		return;
	routes_close(w->routes);
	links_close(w->links);
	uv_run(&w->loop, UV_RUN_DEFAULT);
	uv_loop_close(&w->loop);
	w->is_open = false;
}
