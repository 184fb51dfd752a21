/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/ruleset/plan_memory.h"

#include "director/ruleset/transition.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The facts about one farm. */
struct farm_facts {
	bool admitted;
	struct plan_backend *backends;
	uint64_t transition; /* its version */
	uint16_t *slots;     /* NULL: none */
};

struct plan_memory {
	const struct config *config; /* NULL: nothing was planned */
	struct plan_interface *interfaces;
	size_t n_interfaces;
	struct plan_virtual *virtuals;
	size_t n_virtuals;
	struct farm_facts *farms;
	size_t n_farms;
	struct plan_place *places; /* of the farms in ruleset */
	struct ruleset ruleset;
};

struct plan_memory *plan_memory_new(void)
{
	return calloc(1, sizeof(struct plan_memory));
}

void plan_memory_forget(struct plan_memory *m)
{
	for (size_t i = 0; i < m->n_farms; i++) {
		free(m->farms[i].backends);
		free(m->farms[i].slots);
	}
	free(m->farms);
	free(m->interfaces);
	free(m->virtuals);
	free(m->places);
	ruleset_clear(&m->ruleset);
	*m = (struct plan_memory){0};
}

void plan_memory_free(struct plan_memory *m)
{
	if (!m)
		return;
	plan_memory_forget(m);
	free(m);
}

/* --- comparing -------------------------------------------------------------------------------- */

static bool interfaces_equal(const struct plan_interface *a, const struct plan_interface *b)
{
	return strcmp(a->name, b->name) == 0 && a->ifindex == b->ifindex &&
	       mac_equal(&a->mac, &b->mac) && a->peer_known == b->peer_known &&
	       a->relays == b->relays && mac_equal(&a->peer_mac, &b->peer_mac);
}

static bool virtuals_equal(const struct plan_virtual *a, const struct plan_virtual *b)
{
	return strcmp(a->name, b->name) == 0 && a->ifindex == b->ifindex &&
	       strcmp(a->parent, b->parent) == 0;
}

static bool backends_equal(const struct plan_backend *a, const struct plan_backend *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (a[i].usable != b[i].usable || a[i].weight != b[i].weight ||
		    a[i].percent != b[i].percent || !mac_equal(&a[i].mac, &b[i].mac) ||
		    a[i].out != b[i].out)
			return false;
	return true;
}

static uint64_t transition_version(const struct plan_facts *facts, size_t farm)
{
	const struct transition *t = facts->transitions ? facts->transitions[farm] : NULL;

	return t ? t->version : UINT64_MAX;
}

static bool slots_equal(const struct farm_facts *f, const struct plan_facts *facts, size_t farm)
{
	const uint16_t *slots = facts->slots ? facts->slots[farm] : NULL;

	if (!slots || !f->slots)
		return !slots && !f->slots;
	return memcmp(slots, f->slots,
		      plan_farm_modulus(&facts->config->farms[farm]) * sizeof(*slots)) == 0;
}

bool plan_memory_fits(const struct plan_memory *m, const struct plan_facts *facts)
{
	if (m->config != facts->config || m->n_interfaces != facts->n_interfaces ||
	    m->n_virtuals != facts->n_virtuals)
		return false;
	for (size_t i = 0; i < m->n_virtuals; i++)
		if (!virtuals_equal(&m->virtuals[i], &facts->virtuals[i]))
			return false;
	for (size_t i = 0; i < m->n_interfaces; i++)
		if (!interfaces_equal(&m->interfaces[i], &facts->interfaces[i]))
			return false;
	return true;
}

bool plan_memory_knows(const struct plan_memory *m, const struct plan_facts *facts, size_t farm)
{
	const struct farm_facts *f = &m->farms[farm];

	return f->admitted && f->backends && f->transition == transition_version(facts, farm) &&
	       backends_equal(f->backends, facts->backends[farm],
			      facts->config->farms[farm].n_backends) &&
	       slots_equal(f, facts, farm);
}

bool plan_memory_knows_watched(const struct plan_memory *m, const struct plan_facts *facts)
{
	for (size_t i = 0; i < m->n_farms; i++) {
		const struct plan_backend *a = m->farms[i].backends, *b = facts->backends[i];

		for (size_t k = 0; k < facts->config->farms[i].n_backends; k++)
			if (!mac_equal(&a[k].watched, &b[k].watched))
				return false;
	}
	return true;
}

/* --- sharing ---------------------------------------------------------------------------------- */

static void shift_entries(struct plan_entries *e, int by)
{
	for (enum plan_lane lane = 0; lane < LANE_COUNT; lane++)
		if (e->chains[lane] >= 0) {
			e->chains[lane] += by;
			e->firsts[lane] += by;
		}
	e->errors += e->errors >= 0 ? by : 0;
	e->errors6 += e->errors6 >= 0 ? by : 0;
}

int plan_memory_share(const struct plan_memory *m, size_t farm, struct ruleset *r,
		      struct plan_entries *ret)
{
	const struct plan_place *place = &m->places[farm];
	struct ruleset_shift shift = {
		.set_from = place->first_set,
		.set_by = (ptrdiff_t)r->n_sets - (ptrdiff_t)place->first_set,
		.chain_from = place->first_chain,
		.chain_by = (ptrdiff_t)r->n_chains - (ptrdiff_t)place->first_chain,
	};

	for (size_t i = 0; i < place->n_sets; i++)
		if (ruleset_share_set(r, &m->ruleset.sets[place->first_set + i]) < 0)
			return -ENOMEM;
	for (size_t i = 0; i < place->n_chains; i++)
		if (ruleset_share_chain(r, &m->ruleset.chains[place->first_chain + i], &shift) < 0)
			return -ENOMEM;
	*ret = place->entries;
	shift_entries(ret, (int)shift.chain_by);
	return 0;
}

int plan_memory_share_set(const struct plan_memory *m, const char *name, struct ruleset *r)
{
	return ruleset_share_set(r, &m->ruleset.sets[ruleset_find_set(&m->ruleset, name)]);
}

/* --- keeping ---------------------------------------------------------------------------------- */

/* Configuration and interfaces: what concerns all farms. 0 or -ENOMEM. */
static int begin_anew(struct plan_memory *m, const struct plan_facts *facts)
{
	plan_memory_forget(m);
	m->interfaces = calloc(facts->n_interfaces + 1, sizeof(*m->interfaces));
	m->virtuals = calloc(facts->n_virtuals + 1, sizeof(*m->virtuals));
	m->farms = calloc(facts->config->n_farms + 1, sizeof(*m->farms));
	if (!m->interfaces || !m->virtuals || !m->farms)
		return -ENOMEM;
	for (size_t i = 0; i < facts->n_virtuals; i++)
		m->virtuals[i] = facts->virtuals[i];
	m->n_virtuals = facts->n_virtuals;
	for (size_t i = 0; i < facts->n_interfaces; i++)
		m->interfaces[i] = facts->interfaces[i];
	m->n_interfaces = facts->n_interfaces;
	m->n_farms = facts->config->n_farms;
	m->config = facts->config;
	return 0;
}

static int keep_farm(struct farm_facts *f, const struct plan_facts *facts, size_t farm)
{
	const struct config_farm *c = &facts->config->farms[farm];
	const uint16_t *slots = facts->slots ? facts->slots[farm] : NULL;

	if (!f->backends)
		f->backends = calloc(c->n_backends + 1, sizeof(*f->backends));
	if (slots && !f->slots)
		f->slots = calloc(plan_farm_modulus(c), sizeof(*f->slots));
	if (!f->backends || (slots && !f->slots))
		return -ENOMEM;
	memcpy(f->backends, facts->backends[farm], c->n_backends * sizeof(*f->backends));
	f->admitted = plan_admits(facts, farm);
	f->transition = transition_version(facts, farm);
	if (slots) {
		memcpy(f->slots, slots, plan_farm_modulus(c) * sizeof(*slots));
	} else {
		free(f->slots);
		f->slots = NULL;
	}
	return 0;
}

static int keep_ruleset(struct plan_memory *m, const struct ruleset *r)
{
	static const struct ruleset_shift none;
	struct ruleset old = m->ruleset;
	int err = 0;

	ruleset_init(&m->ruleset);
	for (size_t i = 0; err >= 0 && i < r->n_sets; i++)
		err = ruleset_share_set(&m->ruleset, &r->sets[i]);
	for (size_t i = 0; err >= 0 && i < r->n_chains; i++)
		err = ruleset_share_chain(&m->ruleset, &r->chains[i], &none);
	ruleset_clear(&old);
	return err < 0 ? err : 0;
}

void plan_memory_keep(struct plan_memory *m, const struct plan_facts *facts,
		      struct plan_place *places, const struct ruleset *r)
{
	int err = plan_memory_fits(m, facts) ? 0 : begin_anew(m, facts);

	free(m->places);
	m->places = places;
	for (size_t i = 0; !err && i < m->n_farms; i++)
		err = keep_farm(&m->farms[i], facts, i);
	if (!err)
		err = keep_ruleset(m, r);
	if (err)
		plan_memory_forget(m);
}
