/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The other director as a twin: the sync channel follows the configuration and the roles of the
 * virtual routers, and the routers hear whether the tables are alike.
 *
 * Shell, on the program's loop; the functions named …_here run on the election thread.
 */
#include "director/config/key_file.h"
#include "director/director.h"
#include "director/flow/flows_twin_uv.h"
#include "ha/heartbeat.h"
#include "include/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct in_sync_call {
	struct director *d;
	bool in_sync;
};

static void in_sync_here(void *arg)
{
	const struct in_sync_call *call = arg;

	pair_in_sync(call->d->pair, call->in_sync);
}

/* The other director answers at once, or it is not to be waited for. */
enum { ANSWER_MS = 5000 };

/* A node that has no channel waits for no tables. */
static void say_sync(struct director *d)
{
	uint64_t now_ms = uv_now(d->loop);
	struct twin_view view;
	struct in_sync_call call = {.d = d};

	twin_view(d->twin, &view);
	if (view.link.connected || d->alone_ms == 0)
		d->alone_ms = now_ms;
	call.in_sync = !view.enabled || view.current_here ||
		       (!view.link.connected && now_ms - d->alone_ms >= ANSWER_MS);
	if (d->pair)
		election_call(d->election, in_sync_here, &call);
}

static void changed(void *owner)
{
	say_sync(owner);
}

static void told(void *owner, bool begins)
{
	director_hear_all(owner, begins);
}

static void greeted(void *owner)
{
	director_drill_channel(owner);
	director_provisional_channel(owner);
}

static void configured(void *owner, bool alike)
{
	struct director *d = owner;

	director_forget_views(d);
	if (alike)
		config_talk_clear(&d->config_talk);
	else if (config_talk_begin(&d->config_talk, d->config) < 0)
		log_error("no memory to find out where the configurations differ");
	director_compare_farms(d, alike);
}

static void parted(void *owner)
{
	director_forget_views(owner);
	director_part_copies(owner);
	director_part_push(owner);
}

static void led(void *owner)
{
	director_find_leaders(owner);
}

static bool heard(void *owner, const struct sync_message *m)
{
	return director_hear(owner, m);
}

static void put(void *owner)
{
	director_put_heard(owner);
}

static int next(void *owner, struct sync_message *ret)
{
	return director_next_to_tell(owner, ret);
}

static void restart(void *owner)
{
	struct director *d = owner;

	telling_restart(&d->telling);
	views_mark_all(&d->views);
}

int director_open_twin(struct director *d, struct err *err)
{
	struct twin_ops ops = {.changed = changed,
			       .greeted = greeted,
			       .configured = configured,
			       .parted = parted,
			       .led = led,
			       .told = told,
			       .heard = heard,
			       .put = put,
			       .next = next,
			       .restart = restart,
			       .owner = d};

	return twin_new(d->loop, d->flows, d->watch, &ops, &d->twin, err);
}

/* Routers in the order of director_set_routers(), and where their addresses are. */
static size_t list_routers(const struct config *c, struct twin_router *routers,
			   struct twin_place *places, size_t *ret_places)
{
	static const uint8_t families[] = {AF_INET, AF_INET6};
	size_t n = 0;

	*ret_places = 0;
	for (size_t i = 0; i < c->n_vrrps; i++) {
		const struct config_vrrp *v = &c->vrrps[i];

		for (size_t f = 0; f < sizeof(families); f++) {
			if (!config_vrrp_has_family(v, families[f]))
				continue;
			for (size_t k = 0; k < v->n_addresses; k++)
				if (v->addresses[k].addr.family == families[f])
					places[(*ret_places)++] =
						(struct twin_place){.address = v->addresses[k].addr,
								    .router = (uint16_t)n};
			routers[n++] = (struct twin_router){.section = heartbeat_tag(v->name),
							    .family = families[f]};
		}
	}
	return n;
}

struct roles_call {
	struct director *d;
	bool *ours;
};

static void roles_here(void *arg)
{
	struct roles_call *call = arg;

	for (size_t i = 0; i < call->d->n_routers; i++)
		call->ours[i] = vrrp_router_state(call->d->routers[i]) == VRRP_MASTER &&
				flows_are_known(call->d->flows);
}

/* Of each router; good until the next call. */
static const bool *masters(struct director *d)
{
	static bool ours[2 * CONFIG_VRRPS_MAX];
	struct roles_call call = {.d = d, .ours = ours};

	election_call(d->election, roles_here, &call);
	return ours;
}

static void set_roles(struct director *d)
{
	static struct twin_router routers[2 * CONFIG_VRRPS_MAX];
	struct twin_place *places;
	size_t n, n_places, room = 1;

	for (size_t i = 0; i < d->config->n_vrrps; i++)
		room += d->config->vrrps[i].n_addresses;
	places = calloc(room, sizeof(*places));
	if (!places) {
		log_error("no memory to say whose flows are whose: the other director is not told");
		return;
	}
	n = list_routers(d->config, routers, places, &n_places);
	if (n == d->n_routers)
		twin_set_roles(d->twin, routers, n, places, n_places, masters(d));
	free(places);
}

int director_set_twin(struct director *d, struct err *err)
{
	struct cluster_keys keys = {0};
	struct twin_setup setup = {
		.cluster = d->config->has_cluster ? &d->config->cluster : NULL,
		.self = d->self,
		.peer = d->peer,
		.keys = &keys,
		.digest = d->digest,
	};
	int code;

	if (!d->ready)
		return 0; /* what it would bring has no tables yet */
	code = config_read_keys(d->config, &keys, err);
	if (code == 0)
		code = twin_configure(d->twin, &setup, err);
	cluster_keys_wipe(&keys);
	if (d->peer)
		set_roles(d);
	say_sync(d);
	return code;
}

void director_tell_roles(struct director *d)
{
	director_hand_over(d);
	if (!d->twin || d->stopping || !d->peer)
		return;
	twin_set_masters(d->twin, masters(d), d->n_routers);
	say_sync(d);
}
