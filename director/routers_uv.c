/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The virtual routers of the running director: one per vrrp section and family of its addresses.
 *
 * Shell: makes, reconfigures and ends them; the election is ha's. The functions named …_here run on
 * the election thread.
 */
#include "director/config/auth_key_file.h"
#include "director/config/key_file.h"
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
			code = vrrp_router_new(election_loop(d->election), &setups[i],
					       pair_router_ops(), d->pair, &next[i], err);
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
}

struct set_call {
	struct director *d;
	const struct vrrp_setup *setups;
	size_t n;
	struct vrrp_router **next;
	struct pair_router *members;
	struct pair_setup pair;
	struct err *err;
	int code;
};

/* The routers that are there now, in the order of the setups. */
static void introduce(struct set_call *call)
{
	struct err why = {0};

	for (size_t i = 0; i < call->n; i++)
		call->members[i] = (struct pair_router){
			.router = call->next[i],
			.group = call->setups[i].section->group,
			.preempt_delay_ms = call->setups[i].section->preempt_delay_ms,
		};
	if (pair_set_routers(call->d->pair, call->members, call->n, &why) < 0 ||
	    pair_configure(call->d->pair, &call->pair, &why) < 0)
		log_error("%s; the directors do not hear each other's heartbeats", why.text);
}

static void set_here(void *arg)
{
	struct set_call *call = arg;

	call->code = make_new(call->d, call->setups, call->n, call->next, call->err);
	if (call->code < 0)
		return;
	replace_old(call->d, call->setups, call->n, call->next);
	introduce(call);
	if (director_is_held(call->d))
		director_order_maintenance(call->next, call->n, true);
}

int director_set_routers(struct director *d, const struct config *c, const struct config_node *self,
			 struct err *err)
{
	size_t max = 2 * c->n_vrrps + 1;
	struct vrrp_setup *setups = calloc(max, sizeof(*setups));
	struct vrrp_router **next = calloc(max, sizeof(struct vrrp_router *));
	struct vrrp_link *fed = calloc(max, sizeof(*fed));
	struct vrrp_auth_keys *keys = calloc(max, sizeof(*keys));
	struct pair_router *members = calloc(max, sizeof(*members));
	struct cluster_keys cluster_keys = {0};
	struct set_call call = {
		.d = d,
		.setups = setups,
		.next = next,
		.members = members,
		.pair = {.cluster = c->has_cluster ? &c->cluster : NULL,
			 .self = self,
			 .keys = &cluster_keys},
		.err = err,
	};

	if (!setups || !next || !fed || !keys || !members) {
		call.code = err_set(err, -ENOMEM, "no memory");
		goto out;
	}
	call.n = list_setups(c, self, setups);
	call.code = give_keys(d, setups, call.n, keys, err);
	if (call.code == 0)
		call.code = config_read_keys(c, &cluster_keys, err);
	if (call.code == 0)
		election_call(d->election, set_here, &call);
	if (call.code < 0)
		goto out;
	free(d->routers);
	free(d->fed);
	d->routers = next;
	d->n_routers = call.n;
	d->fed = fed;
	d->fed_all = false;
	next = NULL;
	fed = NULL;
	director_set_realtime(d, c);
out:
	cluster_keys_wipe(&cluster_keys);
	free(members);
	if (keys)
		sodium_memzero(keys, max * sizeof(*keys));
	free(keys);
	free(fed);
	free(next);
	free(setups);
	return call.code;
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

static bool same_link(const struct vrrp_link *a, const struct vrrp_link *b)
{
	return a->ifindex == b->ifindex && mac_equal(&a->mac, &b->mac) &&
	       a->present == b->present && a->up == b->up;
}

struct device_call {
	struct vrrp_router *r;
	unsigned int ifindex; /* of the device; of the interface that it is made on */
	bool made;
};

static void device_here(void *arg)
{
	struct device_call *call = arg;

	call->ifindex = vrrp_router_device_index(call->r);
}

/*
 * The chain of a router's device is in the kernel. Without it the host would answer what comes for
 * the farms, with a reset. The router's own word on which device that is: links are told later when
 * it was made anew.
 */
static bool device_is_served(struct director *d, struct vrrp_router *r)
{
	const struct plan_facts *plan = &d->facts.plan;
	const char *name = vrrp_router_device(r);
	const struct link *device = name ? links_find(d->links, name) : NULL;
	struct device_call call = {.r = r};

	if (!name)
		return true;
	election_call(d->election, device_here, &call);
	if (!device || device->ifindex != call.ifindex)
		return false;
	for (size_t i = 0; i < plan->n_virtuals; i++)
		if (strcmp(plan->virtuals[i].name, name) == 0 &&
		    plan->virtuals[i].ifindex == call.ifindex)
			return director_is_settled(d);
	return false;
}

static void prepare_here(void *arg)
{
	struct device_call *call = arg;

	call->made = vrrp_router_prepare(call->r, call->ifindex);
}

/* The router's device is there, or is made again; its chain is still to come. */
static bool device_is_made(struct director *d, struct vrrp_router *r, const struct link *link)
{
	struct device_call call = {.r = r, .ifindex = link->ifindex};

	election_call(d->election, prepare_here, &call);
	return call.made;
}

/*
 * How the router's interface is now. False: it is not to be told yet. ret_again: it is to be told
 * that, were it nothing new, and says what is wrong with its device.
 */
static bool look_at_link(struct director *d, struct vrrp_router *r, struct vrrp_link *ret,
			 bool *ret_again)
{
	const struct link *link = links_find(d->links, vrrp_router_interface(r));

	*ret_again = link && link->up && !device_is_served(d, r);
	if (link && link->up && !link_is_settled(d, link))
		return false; /* until then the router stays as it is: init, or link down */
	if (*ret_again && device_is_made(d, r, link))
		return false; /* likewise */
	*ret = (struct vrrp_link){0};
	if (link)
		*ret = (struct vrrp_link){.ifindex = link->ifindex,
					  .mac = link->mac,
					  .present = true,
					  .up = link->up && !d->rehearsal.cable_out};
	return true;
}

struct feed_call {
	struct director *d;
	bool *told; /* for each router */
	bool *lan;
};

/* Some backend behind the interface answers: it is not us who are cut off. */
static bool lan_answers(struct director *d, const struct vrrp_link *link)
{
	struct facts_source source = director_facts_source(d);
	struct plan_interface out;

	for (size_t i = 0; link->up && i < d->config->n_farms; i++) {
		const struct config_farm *farm = &d->config->farms[i];

		for (size_t k = 0; k < farm->n_backends; k++)
			if (facts_way(farm, &farm->backends[k], &source, &out) &&
			    out.ifindex == link->ifindex &&
			    facts_backend(farm, &farm->backends[k], out.ifindex, &source).usable)
				return true;
	}
	return false;
}

static void feed_here(void *arg)
{
	const struct feed_call *call = arg;

	for (size_t i = 0; i < call->d->n_routers; i++)
		if (call->told[i])
			vrrp_router_link(call->d->routers[i], &call->d->fed[i]);
	for (size_t i = 0; i < call->d->n_routers; i++)
		pair_lan_answers(call->d->pair, i, call->lan[i]);
}

/* A router is told what is new to it; the first time, that there is nothing, too. */
void director_feed_routers(struct director *d)
{
	bool told[2 * CONFIG_VRRPS_MAX] = {0}, lan[2 * CONFIG_VRRPS_MAX];
	bool any = false, all = true;
	struct feed_call call = {.d = d, .told = told, .lan = lan};

	for (size_t i = 0; i < d->n_routers; i++) {
		struct vrrp_link now;
		bool again;

		if (!look_at_link(d, d->routers[i], &now, &again)) {
			all = false;
			continue;
		}
		told[i] = again || !d->fed_all || !same_link(&now, &d->fed[i]);
		any |= told[i];
		d->fed[i] = now;
	}
	for (size_t i = 0; i < d->n_routers; i++) {
		lan[i] = lan_answers(d, &d->fed[i]);
		any |= lan[i] != d->lan[i];
		d->lan[i] = lan[i];
	}
	if (any)
		election_call(d->election, feed_here, &call);
	d->fed_all |= all;
}

static void end_here(void *arg)
{
	const struct director *d = arg;

	for (size_t i = 0; i < d->n_routers; i++)
		vrrp_router_close(d->routers[i]);
	pair_close(d->pair);
}

static void leave_here(void *arg)
{
	const struct director *d = arg;

	pair_leave(d->pair);
}

void director_leave_routers(struct director *d)
{
	election_call(d->election, leave_here, d);
}

struct linger_call {
	const struct director *d;
	bool linger;
};

static void linger_here(void *arg)
{
	struct linger_call *call = arg;

	for (size_t i = 0; i < call->d->n_routers; i++)
		call->linger |= vrrp_router_linger_ms(call->d->routers[i]) > 0;
}

bool director_routers_linger(const struct director *d)
{
	struct linger_call call = {.d = d};

	election_call(d->election, linger_here, &call);
	return call.linger;
}

void director_end_routers(struct director *d)
{
	if (d->pair)
		election_call(d->election, end_here, d);
	d->pair = NULL;
	d->n_routers = 0;
}
