/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/facts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static size_t count_backends(const struct config *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n_farms; i++)
		n += c->farms[i].n_backends;
	return n;
}

static bool is_first_with_interface(const struct config *c, size_t farm)
{
	for (size_t i = 0; i < farm; i++)
		if (strcmp(c->farms[i].interface, c->farms[farm].interface) == 0)
			return false;
	return true;
}

static void gather_interfaces(struct facts *f, const struct config *c,
			      const struct config_node *peer, const struct facts_source *source)
{
	for (size_t i = 0; i < c->n_farms; i++) {
		struct plan_interface *in = &f->interfaces[f->plan.n_interfaces];

		if (!is_first_with_interface(c, i) ||
		    !source->interface(source->owner, c->farms[i].interface, in))
			continue;
		in->peer_known = peer && source->mac(source->owner, in->ifindex, &peer->address,
						     &in->peer_mac);
		f->plan.n_interfaces++;
	}
}

struct plan_backend facts_backend(const struct config_farm *farm,
				  const struct config_backend *backend, uint32_t ifindex,
				  const struct facts_source *source)
{
	struct admin_view ordered = admin_view(source->admin, farm->name, backend);
	struct plan_backend b = {0};

	if (ordered.state == ADMIN_DISABLED)
		return b;
	b.mac = backend->mac;
	b.weight = ordered.state == ADMIN_DRAINING ? 0 : ordered.weight;
	b.usable =
		backend->has_mac || source->mac(source->owner, ifindex, &backend->address, &b.mac);
	return b;
}

int facts_gather(struct facts *f, const struct config *c, const struct config_node *peer,
		 const struct facts_source *source)
{
	struct plan_backend *next;

	*f = (struct facts){
		.interfaces = calloc(c->n_farms + 1, sizeof(*f->interfaces)),
		.all = calloc(count_backends(c) + 1, sizeof(*f->all)),
		.farms = calloc(c->n_farms + 1, sizeof(*f->farms)),
	};
	if (!f->interfaces || !f->all || !f->farms) {
		facts_clear(f);
		return -ENOMEM;
	}
	f->plan =
		(struct plan_facts){.config = c, .interfaces = f->interfaces, .backends = f->farms};
	gather_interfaces(f, c, peer, source);
	next = f->all;
	for (size_t i = 0; i < c->n_farms; i++) {
		const struct config_farm *farm = &c->farms[i];
		const struct plan_interface *in = plan_find_interface(&f->plan, farm->interface);

		f->farms[i] = next;
		for (size_t k = 0; in && k < farm->n_backends; k++) {
			next[k] = facts_backend(farm, &farm->backends[k], in->ifindex, source);
			next[k].out = (uint16_t)(in - f->interfaces);
		}
		next += farm->n_backends;
	}
	return 0;
}

void facts_clear(struct facts *f)
{
	free(f->interfaces);
	free(f->all);
	free(f->farms);
	*f = (struct facts){0};
}

int facts_targets(const struct config *c, const struct config_node *peer,
		  const struct facts_source *source, struct facts_target **ret)
{
	struct facts_target *list = calloc(count_backends(c) + c->n_farms + 1, sizeof(*list));
	int n = 0;

	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < c->n_farms; i++) {
		const struct config_farm *farm = &c->farms[i];
		struct plan_interface in = {0};

		if (!source->interface(source->owner, farm->interface, &in))
			continue;
		if (peer && is_first_with_interface(c, i))
			list[n++] =
				(struct facts_target){in.ifindex, peer->address, farm->interface};
		for (size_t k = 0; k < farm->n_backends; k++) {
			const struct config_backend *b = &farm->backends[k];

			if (!b->has_mac &&
			    admin_view(source->admin, farm->name, b).state != ADMIN_DISABLED)
				list[n++] = (struct facts_target){in.ifindex, b->address,
								  farm->interface};
		}
	}
	*ret = list;
	return n;
}
