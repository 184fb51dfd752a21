/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/doctor/wire_facts.h"

#include "ha/vmac.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

void wire_macs_add(struct wire_macs *m, const struct mac *mac)
{
	if (m->n < WIRE_MACS && !wire_macs_have(m, mac))
		m->list[m->n++] = *mac;
}

bool wire_macs_have(const struct wire_macs *m, const struct mac *mac)
{
	for (size_t i = 0; i < m->n; i++)
		if (mac_equal(&m->list[i], mac))
			return true;
	return false;
}

const char *wire_vip_text(const struct wire_vip *vip, char buf[static WIRE_VIP_TEXT])
{
	char address[ADDR_TEXT];

	snprintf(buf, WIRE_VIP_TEXT, "virtual address %s of farm \"%s\"",
		 addr_format(&vip->address, address), vip->farm->name);
	return buf;
}

bool wire_backend_mac(const struct wire_backend *b, struct mac *ret)
{
	bool configured = b->backend->has_mac &&
			  (b->macs.n == 0 || wire_macs_have(&b->macs, &b->backend->mac));

	if (!configured && b->macs.n == 0)
		return false;
	*ret = configured ? b->backend->mac : b->macs.list[0];
	return true;
}

bool wire_answer_takes(enum wire_answer a)
{
	return a == WIRE_OPEN || a == WIRE_CLOSED;
}

int wire_facts_add_director(struct wire_facts *w, const struct mac *mac)
{
	struct mac *list;

	if (wire_facts_is_director(w, mac))
		return 0;
	list = realloc(w->directors, (w->n_directors + 1) * sizeof(*list));
	if (!list)
		return -ENOMEM;
	w->directors = list;
	w->directors[w->n_directors++] = *mac;
	return 0;
}

bool wire_facts_is_director(const struct wire_facts *w, const struct mac *mac)
{
	for (size_t i = 0; i < w->n_directors; i++)
		if (mac_equal(&w->directors[i], mac))
			return true;
	return false;
}

/* RFC 9568, 7.3. */
static int add_virtual_macs(struct wire_facts *w)
{
	static const uint8_t families[] = {AF_INET, AF_INET6};

	for (size_t i = 0; i < w->config->n_vrrps; i++)
		for (size_t k = 0; k < sizeof(families); k++) {
			const struct mac mac =
				vmac_address(families[k], w->config->vrrps[i].virtual_router_id);

			if (wire_facts_add_director(w, &mac) < 0)
				return -ENOMEM;
		}
	return 0;
}

static void add_vip(struct wire_facts *w, const struct config_farm *farm, const struct addr *a)
{
	for (size_t i = 0; i < w->n_vips; i++)
		if (addr_equal(&w->vips[i].address, a))
			return;
	if (w->n_vips == WIRE_VIPS_MAX)
		w->vips_left_out = true;
	else
		w->vips[w->n_vips++] = (struct wire_vip){.farm = farm, .address = *a};
}

/* Single ports first; without any, the first of a range stands for the machine. */
static struct wire_farm farm_of(const struct config_farm *farm)
{
	struct wire_farm f = {.farm = farm};

	for (size_t i = 0; i < farm->n_ports && f.n_ports < WIRE_PORTS; i++)
		if (farm->ports[i].first == farm->ports[i].last)
			f.ports[f.n_ports++] = farm->ports[i].first;
	f.serves = f.n_ports > 0 && farm->protocol & PROTOCOL_TCP;
	if (f.n_ports == 0)
		f.ports[f.n_ports++] = config_farm_check_port(farm);
	return f;
}

/* Every virtual address at the first port, and every other port at the first virtual address. */
static size_t add_spots(const struct wire_farm *f, const struct config_backend *b,
			struct wire_spot *spots)
{
	const struct addr *first = NULL;
	size_t n = 0;

	for (size_t i = 0; i < f->farm->n_addresses; i++) {
		const struct addr *vip = &f->farm->addresses[i];

		if (vip->family != b->address.family)
			continue;
		if (!first)
			first = vip;
		spots[n++] = (struct wire_spot){.vip = vip};
	}
	for (size_t p = 1; first && p < f->n_ports; p++)
		spots[n++] = (struct wire_spot){.vip = first, .port = p};
	return n;
}

/* How many of a farm's backends there is room for behind n others. */
static size_t room_for(const struct config_farm *farm, size_t n)
{
	const size_t room = WIRE_BACKENDS_MAX - n;

	return farm->n_backends < room ? farm->n_backends : room;
}

static void add_farm(struct wire_facts *w, const struct config_farm *farm, struct wire_spot **spots)
{
	struct wire_farm *f = &w->farms[w->n_farms++];
	const size_t n = room_for(farm, w->n_backends);

	*f = farm_of(farm);
	for (size_t i = 0; i < farm->n_addresses; i++)
		add_vip(w, farm, &farm->addresses[i]);
	w->left_out += farm->n_backends - n;
	for (size_t i = 0; i < n; i++) {
		struct wire_backend *b = &w->backends[w->n_backends++];

		*b = (struct wire_backend){.farm = f, .backend = &farm->backends[i]};
		b->spots = *spots;
		b->n_spots = add_spots(f, b->backend, *spots);
		*spots += b->n_spots;
	}
}

int wire_facts_init(struct wire_facts *w, const struct config *c, const struct config_farm *only)
{
	size_t n_vips = 0, n_backends = 0, n_spots = 0,
	       first = only ? (size_t)(only - c->farms) : 0;
	size_t end = only ? first + 1 : c->n_farms;
	struct wire_spot *spots;

	*w = (struct wire_facts){.config = c};
	for (size_t i = first; i < end; i++) {
		const struct config_farm *farm = &c->farms[i];
		const size_t n = room_for(farm, n_backends);

		n_vips += farm->n_addresses;
		n_backends += n;
		n_spots += n * (farm->n_addresses + WIRE_PORTS);
	}
	w->vips = calloc(n_vips + 1, sizeof(*w->vips));
	w->farms = calloc(end - first + 1, sizeof(*w->farms));
	w->backends = calloc(n_backends + 1, sizeof(*w->backends));
	w->spots = spots = calloc(n_spots + 1, sizeof(*w->spots));
	if (!w->vips || !w->farms || !w->backends || !w->spots || add_virtual_macs(w) < 0) {
		wire_facts_clear(w);
		return -ENOMEM;
	}
	for (size_t i = first; i < end; i++)
		add_farm(w, &c->farms[i], &spots);
	return 0;
}

void wire_facts_clear(struct wire_facts *w)
{
	free(w->vips);
	free(w->farms);
	free(w->backends);
	free(w->spots);
	free(w->directors);
	*w = (struct wire_facts){0};
}
