/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What follows from the roles of the virtual routers, beside the election: who is still to be told of
 * the other director, and of which addresses it knows more than we do.
 *
 * Shell, on the program's loop; the functions named …_here run on the election thread.
 */
#include "director/director.h"
#include "director/ruleset/handover.h"
#include "ha/clock_uv.h"
#include "include/log.h"

#include <stdlib.h>
#include <string.h>

/* The addresses of one router, if it does not own them; how many. */
static size_t list_places(struct director *d, const struct vrrp_view *view,
			  struct straggler_place *ret)
{
	const struct link *link = links_find(d->links, view->interface);
	struct straggler_place place = {0};

	if (view->state == VRRP_MASTER || !link)
		return 0;
	memcpy(place.interface, link->name, sizeof(place.interface));
	place.ifindex = link->ifindex;
	if (d->peer &&
	    !neighbours_find(d->neighbours, link->ifindex, &d->peer->address, &place.peer))
		place.peer = (struct mac){0};
	for (size_t i = 0; i < view->n_addresses; i++) {
		ret[i] = place;
		ret[i].address = view->addresses[i].addr;
	}
	return view->n_addresses;
}

struct places_call {
	struct director *d;
	struct straggler_place *places; /* room for all addresses of all routers */
	size_t n;
};

static void list_here(void *arg)
{
	struct places_call *call = arg;
	struct director *d = call->d;

	for (size_t i = 0; i < d->n_routers; i++) {
		struct vrrp_view view;

		vrrp_router_view(d->routers[i], &view);
		call->n += list_places(d, &view, &call->places[call->n]);
	}
}

struct report_call {
	struct pair *pair;
	struct heartbeat_straggler list[STRAGGLERS_MAX];
	size_t n;
};

static void report_here(void *arg)
{
	const struct report_call *call = arg;

	pair_report_stragglers(call->pair, call->list, call->n);
}

/* Those that are seen now: the other director is to tell them where it is. */
static void report(struct director *d)
{
	struct report_call *call;
	size_t n;
	const struct straggler *list = stragglers_list(d->stragglers, &n);

	if (n == 0 && !d->reported)
		return;
	call = calloc(1, sizeof(*call));
	if (!call)
		return; /* they are there in a second, too */
	call->pair = d->pair;
	for (; call->n < n && call->n < STRAGGLERS_MAX; call->n++)
		call->list[call->n] = (struct heartbeat_straggler){.address = list[call->n].address,
								   .mac = list[call->n].mac};
	election_call(d->election, report_here, call);
	d->reported = n > 0;
	free(call);
}

void director_look_for_stragglers(struct director *d)
{
	struct places_call call = {.d = d};
	size_t room = 1;

	for (size_t i = 0; i < d->config->n_vrrps; i++)
		room += d->config->vrrps[i].n_addresses;
	call.places = calloc(room, sizeof(*call.places));
	if (!call.places) {
		log_error("no memory to look for stragglers; trying again");
		return;
	}
	election_call(d->election, list_here, &call);
	stragglers_look(d->stragglers, call.places, call.n, uv_now(d->loop));
	free(call.places);
	report(d);
}

/* --- who never gets an address ----------------------------------------------------------------- */

struct backends_call {
	struct pair *pair;
	struct mac *macs; /* the pair's from then on */
	size_t n;
};

static void backends_here(void *arg)
{
	const struct backends_call *call = arg;

	pair_set_backends(call->pair, call->macs, call->n);
}

static bool macs_are_new(const struct director *d, const struct mac *macs, size_t n)
{
	return n != d->n_macs || (n > 0 && memcmp(macs, d->macs, n * sizeof(*macs)) != 0);
}

void director_tell_backends(struct director *d)
{
	struct backends_call call = {.pair = d->pair};
	struct mac *macs;
	int n = claimants_macs(d->keeper, &macs);

	if (n < 0)
		return; /* once more in a second */
	call.n = (size_t)n;
	if (!macs_are_new(d, macs, call.n) || !(call.macs = calloc(call.n + 1, sizeof(*macs)))) {
		free(macs);
		return;
	}
	memcpy(call.macs, macs, call.n * sizeof(*macs));
	election_call(d->election, backends_here, &call);
	free(d->macs);
	d->macs = macs;
	d->n_macs = call.n;
}

/* --- what is handed over ---------------------------------------------------------------------- */

struct handover_call {
	struct director *d;
	struct addr *list;
	size_t room, n; /* of list, and in it */
};

static void handed_here(void *arg)
{
	struct handover_call *call = arg;
	uint64_t now_ms = clock_ms();
	struct pair_view peer;

	pair_view(call->d->pair, &peer);
	for (size_t i = 0; i < call->d->n_routers; i++) {
		struct vrrp_view view;
		struct handover h;

		vrrp_router_view(call->d->routers[i], &view);
		h = (struct handover){.state = view.state,
				      .reason = view.reason,
				      .changed_ms = view.changed_ms,
				      .peer = peer.peer.state,
				      .heard = peer.configured && peer.peer.heard,
				      .at_fault = pair_peer_is_at_fault(call->d->pair, i)};
		if (!handover_is_on(&h, now_ms))
			continue;
		for (size_t k = 0; k < view.n_addresses && call->n < call->room; k++)
			call->list[call->n++] = view.addresses[k].addr;
	}
}

/* In the order of the routers, so equal lists are equal octet by octet. */
static bool is_new(const struct director *d, const struct handover_call *call)
{
	return call->n != d->n_handover ||
	       (call->n && memcmp(call->list, d->handover, call->n * sizeof(*call->list)) != 0);
}

void director_hand_over(struct director *d)
{
	struct handover_call call = {.d = d};

	if (d->stopping || !d->ready)
		return;
	/* A router whose change was refused keeps more addresses than the configuration has, or fewer. */
	for (size_t i = 0; i < d->config->n_vrrps; i++)
		call.room += d->config->vrrps[i].n_addresses;
	call.list = calloc(call.room + 1, sizeof(*call.list));
	if (!call.list)
		return; /* once more in a second */
	if (d->peer)
		election_call(d->election, handed_here, &call);
	if (!is_new(d, &call)) {
		free(call.list);
		return;
	}
	free(d->handover);
	d->handover = call.list;
	d->n_handover = call.n;
	director_cause(d, JOURNAL_ELECTION);
	director_refresh_soon(d);
}
