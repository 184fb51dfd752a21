/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The virtual routers of the running director: one per vrrp section and family of its addresses.
 *
 * Shell: makes, reconfigures and ends them; the election is ha's.
 */
#include "director/config/auth_key_file.h"
#include "director/director.h"
#include "ha/vmac_uv.h"
#include "include/log.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* The kernel repeats an ARP request after a second (RFC 1122, 2.3.2.1): two of them and some. */
enum { SETTLE_MS = 2500 };

/* The ruleset does not depend on the role, both directors always forward: nothing to be told. */
static const struct vrrp_router_ops ops;

/* Sections by name, not only by what vrrp_router_fits() compares: names are what people see. */
static bool goes_on_as(const struct vrrp_router *r, const struct vrrp_setup *setup)
{
	struct vrrp_view view;

	vrrp_router_view(r, &view);
	return strcmp(view.name, setup->section->name) == 0 && vrrp_router_fits(r, setup);
}

/* The router of the old list that goes on as this one, taken out of the list; or NULL. */
static struct vrrp_router *take_fitting(struct vrrp_router **old, size_t n,
					const struct vrrp_setup *setup)
{
	for (size_t i = 0; i < n; i++) {
		struct vrrp_router *r = old[i];

		if (!r || !goes_on_as(r, setup))
			continue;
		old[i] = NULL;
		return r;
	}
	return NULL;
}

/* One router for each family of each section; at most two a section. */
static size_t list_setups(const struct config *c, const struct config_node *self,
			  struct vrrp_setup *ret)
{
	static const uint8_t families[] = {AF_INET, AF_INET6};
	size_t n = 0;

	for (size_t i = 0; i < c->n_vrrps; i++)
		for (size_t f = 0; f < sizeof(families); f++)
			if (config_vrrp_has_family(&c->vrrps[i], families[f]))
				ret[n++] = (struct vrrp_setup){
					.section = &c->vrrps[i],
					.family = families[f],
					.self = self,
					.cluster = c->has_cluster ? &c->cluster : NULL,
				};
	return n;
}

/* NULL, and said, when they cannot be kept: a restart then forgets what was heard. */
static struct vrrp_auth_seen *marks_of(struct director *d, const struct vrrp_setup *setup)
{
	struct err err = {0};

	if (!d->marks && advert_marks_open(d->options.runtime_dir, &d->marks, &err) < 0)
		log_warning("%s; a recording of the last seconds may be believed after a restart",
			    err.text);
	return d->marks ? advert_marks_of(d->marks, setup->section->interface,
					  setup->section->virtual_router_id, setup->family)
			: NULL;
}

/* Those whose adverts are authenticated. The routers copy the keys. */
static int give_keys(struct director *d, struct vrrp_setup *setups, size_t n,
		     struct vrrp_auth_keys *keys, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		int code = config_read_auth_keys(setups[i].section, &keys[i], err);

		if (code < 0)
			return code;
		if (keys[i].n == 0)
			continue;
		setups[i].auth_keys = &keys[i];
		setups[i].auth_seen = marks_of(d, &setups[i]);
	}
	return 0;
}

static void end_router(struct vrrp_router *r, bool leave)
{
	if (r && leave)
		vrrp_router_leave(r);
	vrrp_router_close(r);
}

/* Those that do not exist yet. When one cannot be made, the old ones have not been touched. */
static int make_new(struct director *d, const struct vrrp_setup *setups, size_t n,
		    struct vrrp_router **next, struct err *err)
{
	int code = 0;

	for (size_t i = 0; !code && i < n; i++) {
		bool exists = false;

		for (size_t k = 0; k < d->n_routers; k++)
			exists |= goes_on_as(d->routers[k], &setups[i]);
		if (!exists)
			code = vrrp_router_new(d->loop, &setups[i], &ops, d, &next[i], err);
	}
	for (size_t i = 0; code < 0 && i < n; i++)
		vrrp_router_close(next[i]);
	return code;
}

static void replace_old(struct director *d, const struct vrrp_setup *setups, size_t n,
			struct vrrp_router **next)
{
	for (size_t i = 0; i < n; i++) {
		struct err why = {0};

		if (next[i])
			continue;
		next[i] = take_fitting(d->routers, d->n_routers, &setups[i]);
		if (next[i] && vrrp_router_reconfigure(next[i], &setups[i], &why) < 0)
			log_error("vrrp \"%s\" keeps its old settings: %s", setups[i].section->name,
				  why.text);
	}
	for (size_t i = 0; i < d->n_routers; i++)
		end_router(d->routers[i], true);
	for (size_t i = 0; i < n; i++)
		vrrp_router_confirm(next[i]);
	free(d->routers);
	d->routers = next;
	d->n_routers = n;
}

int director_set_routers(struct director *d, const struct config *c, const struct config_node *self,
			 struct err *err)
{
	struct vrrp_setup *setups = calloc(2 * c->n_vrrps + 1, sizeof(*setups));
	struct vrrp_router **next = calloc(2 * c->n_vrrps + 1, sizeof(struct vrrp_router *));
	struct vrrp_auth_keys *keys = calloc(2 * c->n_vrrps + 1, sizeof(*keys));
	int code;
	size_t n;

	if (!setups || !next || !keys) {
		code = err_set(err, -ENOMEM, "no memory");
		goto out;
	}
	n = list_setups(c, self, setups);
	code = give_keys(d, setups, n, keys, err);
	if (code == 0)
		code = make_new(d, setups, n, next, err);
	if (code == 0) {
		replace_old(d, setups, n, next);
		next = NULL;
	}
out:
	if (keys)
		sodium_memzero(keys, (2 * c->n_vrrps + 1) * sizeof(*keys));
	free(keys);
	free(next);
	free(setups);
	return code;
}

static bool device_is_wanted(const void *owner, const char *name)
{
	static const uint8_t families[] = {AF_INET, AF_INET6};
	const struct config *c = owner;
	char wanted[VMAC_NAME];

	for (size_t i = 0; i < 2 * c->n_vrrps; i++) {
		const struct config_vrrp *v = &c->vrrps[i / 2];
		uint8_t family = families[i % 2];

		if (v->virtual_mac && config_vrrp_has_family(v, family) &&
		    strcmp(name, vmac_name(wanted, family, v->virtual_router_id, v->interface)) ==
			    0)
			return true;
	}
	return false;
}

void director_clean_devices(const struct config *c)
{
	struct err err = {0};
	size_t removed = 0;

	if (vmac_clean(device_is_wanted, c, &removed, &err) < 0)
		log_error("%s, going on", err.text);
	if (removed > 0)
		log_warning("removed %zu interface(s) that an earlier run left", removed);
}

/* True when a backend on the link was found; of a farm that has none there, any backend. */
static bool farm_has_backend(struct director *d, const struct config_farm *farm, uint32_t ifindex)
{
	struct facts_source source = director_facts_source(d);
	bool elsewhere = false, some_here = false;
	struct plan_interface out;

	for (size_t i = 0; i < farm->n_backends; i++) {
		bool here, found;

		if (!facts_way(farm, &farm->backends[i], &source, &out))
			continue;
		here = out.ifindex == ifindex;
		found = facts_backend(farm, &farm->backends[i], out.ifindex, &source).usable;
		if (here && found)
			return true;
		some_here |= here;
		elsewhere |= found;
	}
	return elsewhere && !some_here;
}

/*
 * A link that has just come up is not of use before a backend of each farm on it was found: the
 * switch's port may not forward yet, and a master with empty tables would drop what the other
 * director serves well. After a while it is good as it is, or nobody would be master at all.
 */
static bool link_is_settled(struct director *d, const struct link *link)
{
	bool late = uv_now(d->loop) - link->up_since_ms >= SETTLE_MS;

	if (link->settled)
		return true;
	for (size_t i = 0; !late && i < d->config->n_farms; i++)
		if (strcmp(d->config->farms[i].interface, link->name) == 0 &&
		    !farm_has_backend(d, &d->config->farms[i], link->ifindex))
			return false;
	links_settle(d->links, link->ifindex);
	return true;
}

/*
 * The chain of the router's device is in the kernel. Without it the host would answer what comes for
 * the farms, with a reset.
 */
static bool device_is_served(struct director *d, const struct vrrp_view *view)
{
	const struct link *device = view->device ? links_find(d->links, view->device) : NULL;
	const struct plan_facts *plan = &d->facts.plan;

	if (!view->device)
		return true;
	for (size_t i = 0; device && i < plan->n_virtuals; i++)
		if (strcmp(plan->virtuals[i].name, view->device) == 0 &&
		    plan->virtuals[i].ifindex == device->ifindex)
			return director_is_settled(d);
	return false;
}

void director_feed_routers(struct director *d)
{
	for (size_t i = 0; i < d->n_routers; i++) {
		struct vrrp_view view;
		struct vrrp_link now = {0};
		const struct link *link;

		vrrp_router_view(d->routers[i], &view);
		link = links_find(d->links, view.interface);
		if (link && link->up && !link_is_settled(d, link))
			continue; /* until then the router stays as it is: init, or link down */
		if (link && link->up && !device_is_served(d, &view) &&
		    vrrp_router_prepare(d->routers[i], link->ifindex))
			continue; /* likewise */
		if (link)
			now = (struct vrrp_link){.ifindex = link->ifindex,
						 .mac = link->mac,
						 .present = true,
						 .up = link->up};
		vrrp_router_link(d->routers[i], &now);
	}
}

void director_leave_routers(struct director *d)
{
	for (size_t i = 0; i < d->n_routers; i++)
		vrrp_router_leave(d->routers[i]);
}

bool director_routers_linger(const struct director *d)
{
	for (size_t i = 0; i < d->n_routers; i++)
		if (vrrp_router_linger_ms(d->routers[i]) > 0)
			return true;
	return false;
}

void director_end_routers(struct director *d, bool leave)
{
	for (size_t i = 0; i < d->n_routers; i++)
		end_router(d->routers[i], leave);
	d->n_routers = 0;
}
