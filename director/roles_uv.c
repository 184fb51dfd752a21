/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What follows from the roles of the virtual routers, beside the election: who is still to be told of
 * the other director.
 *
 * Shell: asks the routers, on the program's loop.
 */
#include "director/director.h"
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

void director_look_for_stragglers(struct director *d)
{
	struct straggler_place *places;
	struct vrrp_view view;
	size_t room = 1, n = 0;

	for (size_t i = 0; i < d->n_routers; i++) {
		vrrp_router_view(d->routers[i], &view);
		room += view.n_addresses;
	}
	places = calloc(room, sizeof(*places));
	if (!places) {
		log_error("no memory to look for stragglers; trying again");
		return;
	}
	for (size_t i = 0; i < d->n_routers; i++) {
		vrrp_router_view(d->routers[i], &view);
		n += list_places(d, &view, &places[n]);
	}
	stragglers_look(d->stragglers, places, n, uv_now(d->loop));
	free(places);
}
