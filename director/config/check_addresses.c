/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every address that is somebody's own, in one sorted list: those that stand side by side with the
 * same value clash, or do not, by what they are.
 */
#include "director/config/check.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum role { ROLE_NODE, ROLE_VIP, ROLE_FARM, ROLE_BACKEND };

struct holder {
	const struct addr *addr;
	size_t order; /* in the file */
	enum role role;
	const char *name;
	const struct config_farm *farm; /* ROLE_FARM, ROLE_BACKEND */
};

static int by_address(const void *a, const void *b)
{
	const struct holder *x = a, *y = b;
	int d = addr_compare(x->addr, y->addr);

	return d ? d : (x->order > y->order) - (x->order < y->order);
}

static size_t collect(struct source *s, const struct config *c, struct holder *ret)
{
	size_t n = 0;
#define HOLDER(field, which, owner, in)                                                            \
	do {                                                                                       \
		if (ret)                                                                           \
			ret[n] = (struct holder){&(field), source_order(s, &(field)), which,       \
						 owner, in};                                       \
		n++;                                                                               \
	} while (0)

	for (size_t i = 0; i < c->cluster.n_nodes; i++)
		HOLDER(c->cluster.nodes[i].address, ROLE_NODE, c->cluster.nodes[i].name, NULL);
	for (size_t i = 0; i < c->n_vrrps; i++)
		for (size_t j = 0; j < c->vrrps[i].n_addresses; j++)
			HOLDER(c->vrrps[i].addresses[j].addr, ROLE_VIP, c->vrrps[i].name, NULL);
	for (size_t i = 0; i < c->n_farms; i++) {
		const struct config_farm *f = &c->farms[i];

		for (size_t j = 0; j < f->n_addresses; j++)
			HOLDER(f->addresses[j], ROLE_FARM, f->name, f);
		for (size_t j = 0; j < f->n_backends; j++)
			HOLDER(f->backends[j].address, ROLE_BACKEND, f->backends[j].name, f);
	}
#undef HOLDER
	return n;
}

/* The first port that both farms serve with a common protocol; 0: none. */
static uint16_t common_port(const struct config_farm *a, const struct config_farm *b)
{
	if (!(a->protocol & b->protocol))
		return 0;
	for (size_t i = 0; i < a->n_ports; i++) {
		for (size_t j = 0; j < b->n_ports; j++) {
			const struct config_ports *x = &a->ports[i], *y = &b->ports[j];

			if (x->first <= y->last && y->first <= x->last)
				return x->first > y->first ? x->first : y->first;
		}
	}
	return 0;
}

static bool may_share(const struct holder *a, const struct holder *b)
{
	enum role x = a->role < b->role ? a->role : b->role;
	enum role y = a->role < b->role ? b->role : a->role;

	if (x == ROLE_BACKEND && y == ROLE_BACKEND)
		return a->farm != b->farm;
	if (x == ROLE_FARM && y == ROLE_FARM)
		return a->farm != b->farm && common_port(a->farm, b->farm) == 0;
	/* A farm's address is usually virtual. A director can be a backend of its twin. */
	return (x == ROLE_VIP && y == ROLE_FARM) || (x == ROLE_NODE && y == ROLE_BACKEND);
}

static void refuse(struct source *s, const struct holder *later, const struct holder *first)
{
	static const char *const roles[] = {
		[ROLE_NODE] = "node",
		[ROLE_VIP] = "vrrp",
		[ROLE_FARM] = "farm",
		[ROLE_BACKEND] = "backend",
	};
	char address[ADDR_TEXT], place[ERR_FILE];

	addr_format(later->addr, address);
	source_place_of(s, first->addr, place);
	if (later->role == ROLE_FARM && first->role == ROLE_FARM && later->farm != first->farm)
		source_mistake(s, later->order,
			       "port %u of %s (%s) is already served by farm \"%s\" (%s)",
			       common_port(later->farm, first->farm), address,
			       config_protocol_name(later->farm->protocol & first->farm->protocol),
			       first->name, place);
	else
		source_mistake(s, later->order, "%s is already an address of %s \"%s\" (%s)",
			       address, roles[first->role], first->name, place);
}

void config_check_addresses(struct source *s, const struct config *c)
{
	size_t n = collect(s, c, NULL);
	struct holder *all = calloc(n + 1, sizeof(*all));

	if (!all) {
		source_no_memory(s);
		return;
	}
	collect(s, c, all);
	qsort(all, n, sizeof(*all), by_address);
	for (size_t i = 1; i < n; i++) {
		for (size_t j = i; j-- > 0 && addr_equal(all[j].addr, all[i].addr);) {
			if (may_share(&all[i], &all[j]))
				continue;
			refuse(s, &all[i], &all[j]);
			break;
		}
	}
	free(all);
}
