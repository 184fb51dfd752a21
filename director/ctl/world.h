/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * This machine's interfaces and routes, as a plan asks for them (struct facts_source): what directorctl
 * finds without the daemon.
 *
 * Shell.
 */
#ifndef DIRECTOR_CTL_WORLD_H
#define DIRECTOR_CTL_WORLD_H

#include "director/network/link_uv.h"
#include "director/network/route_uv.h"

/* Zeroed: not open. */
struct world {
	uv_loop_t loop;
	bool is_open;
	struct links *links;
	struct routes *routes;
};

/* For the addresses of that configuration. 0 or negative errno; to be closed in any case. */
int world_open(struct world *w, const struct config *config, struct err *err);
void world_close(struct world *w);

/* Of a facts_source whose owner is the world. */
bool world_interface(void *owner, const char *name, struct plan_interface *ret);
bool world_route(void *owner, const struct addr *addr, char ret[static RULESET_IFNAME]);

#endif
