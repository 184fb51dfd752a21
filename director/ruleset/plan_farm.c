/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/ruleset/plan_farm.h"

#include "director/ruleset/bucket.h"
#include "director/ruleset/transition.h"

#include <errno.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static bool id_is_taken(const uint32_t *ids, size_t n, uint32_t id)
{
	for (size_t i = 0; i < n; i++)
		if (ids[i] == id)
			return true;
	return false;
}

void plan_backend_ids(const struct config_farm *farm, uint32_t *ids)
{
	static const uint8_t key[crypto_shorthash_KEYBYTES] = "backend id";

	for (size_t i = 0; i < farm->n_backends; i++) {
		const char *name = farm->backends[i].name;
		uint8_t hash[crypto_shorthash_BYTES];
		uint32_t id;

		crypto_shorthash(hash, (const uint8_t *)name, strlen(name), key);
		memcpy(&id, hash, sizeof(id));
		while (id == 0 || id_is_taken(ids, i, id))
			id++;
		ids[i] = id;
	}
}

struct ruleset_statement plan_statement(enum ruleset_statement_kind kind)
{
	return (struct ruleset_statement){.kind = kind};
}

struct ruleset_statement plan_statement_set(enum ruleset_statement_kind kind, int set)
{
	return (struct ruleset_statement){.kind = kind, .set = (uint32_t)set};
}

int plan_add_rule(struct ruleset *r, int chain, size_t n,
		  const struct ruleset_statement *statements)
{
	struct ruleset_rule *rule = ruleset_add_rule(r, chain, NULL);
	int err = 0;

	if (!rule)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		err |= rule_add(rule, statements[i]);
	return err;
}

/* --- who gets new connections ----------------------------------------------------------------- */

bool plan_farm_is_hashed(const struct config_farm *farm)
{
	return (farm->scheduler == SCHEDULER_MAGLEV || farm->scheduler == SCHEDULER_SOURCE_HASH) &&
	       farm->flow_table == FLOW_TABLE_AUTO && farm->persistence == PERSISTENCE_NONE;
}

uint32_t plan_farm_modulus(const struct config_farm *farm)
{
	return bucket_table_size(farm->n_backends);
}

const char *plan_table_name(char name[static RULESET_NAME], const char *farm, const char *what,
			    uint32_t size)
{
	int len = snprintf(name, RULESET_NAME, "%.31s-%s", farm, what);

	if (size != BUCKET_TABLE_MIN)
		snprintf(name + len, RULESET_NAME - (size_t)len, ".%u", size);
	return name;
}

uint32_t plan_backend_weight(const struct plan_backend *b)
{
	if (!b->usable)
		return 0;
	return (uint32_t)b->weight * (b->percent ? b->percent : 100);
}

int plan_farm_table(const struct plan_facts *facts, size_t index, uint16_t *table)
{
	const struct config_farm *farm = &facts->config->farms[index];
	size_t n = farm->n_backends;
	struct bucket_member *members = calloc(n ? n : 1, sizeof(*members));
	int err = 0;

	if (!members)
		return -ENOMEM;
	if (facts->slots && facts->slots[index]) {
		memcpy(table, facts->slots[index], plan_farm_modulus(farm) * sizeof(*table));
		free(members);
		return 0;
	}
	for (size_t i = 0; i < n; i++)
		members[i] = (struct bucket_member){
			.name = farm->backends[i].name,
			.weight = facts->backends[index][i].usable
					  ? facts->backends[index][i].weight
					  : 0,
			.configured = farm->backends[i].weight,
			.percent = facts->backends[index][i].percent,
		};
	switch (farm->scheduler) {
	case SCHEDULER_MAGLEV:
	case SCHEDULER_SOURCE_HASH:
		err = bucket_table_fill(table, plan_farm_modulus(farm), members, n, farm->seed);
		break;
	case SCHEDULER_ROUND_ROBIN:
	case SCHEDULER_RANDOM:
	case SCHEDULER_LEAST_CONNECTIONS:
		err = slot_table_fill(table, plan_farm_modulus(farm), members, n);
		break;
	}
	free(members);
	return err;
}

/* --- tables ----------------------------------------------------------------------------------- */

static int farm_set(const struct farm_plan *p, enum ruleset_set_kind kind, const char *name)
{
	int at = ruleset_add_set(p->r, kind, "%s", name);

	if (at >= 0)
		snprintf(p->r->sets[at].farm, sizeof(p->r->sets[at].farm), "%s", p->farm->name);
	return at;
}

int plan_farm_set(const struct farm_plan *p, enum ruleset_set_kind kind, const char *fmt, ...)
{
	char suffix[RULESET_NAME], name[2 * RULESET_NAME];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(suffix, sizeof(suffix), fmt, ap);
	va_end(ap);
	snprintf(name, sizeof(name), "%s-%s", p->farm->name, suffix);
	return farm_set(p, kind, name);
}

static const char *backend_name(const void *farm, size_t i)
{
	return ((const struct config_farm *)farm)->backends[i].name;
}

const char **plan_backend_names(const struct config_farm *farm)
{
	return share_texts(farm->n_backends, backend_name, farm);
}

/* The names of the backends, for those who count or comment. */
static void name_values(const struct farm_plan *p, int at)
{
	struct ruleset_set *set = &p->r->sets[at];

	set->names = share_join(p->names);
	set->n_names = p->farm->n_backends;
}

static const char *way_of(const void *owner, size_t i)
{
	const struct farm_plan *p = owner;

	return p->backends[i].usable ? p->facts->interfaces[p->backends[i].out].name : "";
}

static void put_macs(const struct farm_plan *p, uint8_t data[static RULESET_DATA_MAX],
		     size_t backend)
{
	const struct plan_backend *b = &p->backends[backend];

	memcpy(data, b->mac.bytes, MAC_LEN);
	memcpy(data + MAC_LEN, p->facts->interfaces[b->out].mac.bytes, MAC_LEN);
}

/* A table bucket -> owner; a bucket whose owner cannot serve is left out. Index or -ENOMEM. */
static int add_indexed(const struct farm_plan *p, enum ruleset_set_kind kind, const char *what,
		       const uint16_t *owners)
{
	char name[RULESET_NAME];
	int at = farm_set(p, kind, plan_table_name(name, p->farm->name, what, p->modulus));
	struct ruleset_set *set;

	if (at < 0)
		return at;
	set = &p->r->sets[at];
	if (ruleset_set_index(set, p->modulus, p->farm->n_backends) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < p->farm->n_backends; i++) {
		if (!p->backends[i].usable)
			continue;
		if (kind == SET_BUCKETS)
			put_macs(p, set->values[i], i);
		else
			memcpy(set->values[i], &p->ids[i], sizeof(p->ids[i]));
	}
	for (uint32_t b = 0; b < p->modulus; b++)
		if (owners[b] != BUCKET_NONE && p->backends[owners[b]].usable)
			set->owners[b] = owners[b];
	if (kind == SET_BUCKETS) /* slots neither count nor show names */
		name_values(p, at);
	return at;
}

/* Living backends by id; one with weight 0 keeps its flows and is in here. */
static int add_backends(const struct farm_plan *p)
{
	int at = plan_farm_set(p, SET_BACKENDS, "backends");
	size_t n = p->farm->n_backends, used = 0;
	struct ruleset_set *set;

	if (at < 0)
		return at;
	set = &p->r->sets[at];
	if (ruleset_set_reserve(set, n) < 0)
		return -ENOMEM;
	name_values(p, at);
	for (size_t i = 0; i < n; i++) {
		if (!p->backends[i].usable)
			continue;
		memcpy(set->elements[used].key, &p->ids[i], sizeof(p->ids[i]));
		put_macs(p, set->elements[used].data, i);
		set->elements[used++].backend = (uint16_t)i;
	}
	set->n_elements = used;
	ruleset_set_sort(set);
	return at;
}

/* Those whose clients are scheduled anew when they open another connection. -1: nobody leaves. */
static int add_leaving(const struct farm_plan *p)
{
	size_t n = 0;
	struct ruleset_set *set;
	int at;

	for (size_t i = 0; i < p->farm->n_backends; i++)
		n += p->backends[i].usable && !p->backends[i].weight;
	if (n == 0)
		return -1;
	at = plan_farm_set(p, SET_LEAVING, "leaving");
	if (at < 0)
		return at;
	set = &p->r->sets[at];
	if (ruleset_set_reserve(set, n) < 0)
		return -ENOMEM;
	n = 0;
	for (size_t i = 0; i < p->farm->n_backends; i++)
		if (p->backends[i].usable && !p->backends[i].weight)
			memcpy(set->elements[n++].key, &p->ids[i], sizeof(p->ids[i]));
	ruleset_set_sort(set);
	return at;
}

static uint32_t between(uint32_t value, uint32_t low, uint32_t high)
{
	return value < low ? low : value > high ? high : value;
}

uint32_t plan_closing_size(uint32_t most)
{
	return between(most / 4, PLAN_TABLE_MIN, most);
}

uint32_t plan_half_size(uint32_t most)
{
	return between(most / 16, PLAN_TABLE_MIN, PLAN_HALF_MAX);
}

bool plan_backend_has_way(const struct plan_backend *b)
{
	return b->usable || b->out;
}

/*
 * The interface that leads to every backend; NULL when there are several. Who is not in service
 * counts, so that the rules do not change when the last one behind an interface dies or returns.
 */
static const struct plan_interface *only_way(const struct farm_plan *p)
{
	const struct plan_interface *way = NULL;

	for (size_t i = 0; i < p->farm->n_backends; i++) {
		const struct plan_interface *out = &p->facts->interfaces[p->backends[i].out];

		if (!plan_backend_has_way(&p->backends[i]))
			continue;
		if (way && way != out)
			return NULL;
		way = out;
	}
	return way ? way : plan_find_interface(p->facts, p->farm->interface);
}

/* The way out by the backend's MAC address. Two backends may share one (and then its interface). */
static int add_outputs(const struct farm_plan *p)
{
	int at = plan_farm_set(p, SET_OUTPUTS, "outputs");
	size_t n = p->farm->n_backends, used = 0;
	struct ruleset_set *set;

	if (at < 0)
		return at;
	set = &p->r->sets[at];
	set->names = share_texts(n, way_of, p);
	set->n_names = n;
	if (!set->names || ruleset_set_reserve(set, n) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const struct plan_interface *out = &p->facts->interfaces[p->backends[i].out];
		struct ruleset_element *e = &set->elements[used];

		if (!p->backends[i].usable)
			continue;
		memcpy(e->key, p->backends[i].mac.bytes, MAC_LEN);
		memcpy(e->data, &out->ifindex, sizeof(out->ifindex));
		e->backend = (uint16_t)i;
		used++;
	}
	set->n_elements = used;
	ruleset_set_sort(set);
	n = 0;
	for (size_t i = 0; i < used; i++)
		if (n == 0 || memcmp(set->elements[n - 1].key, set->elements[i].key, MAC_LEN) != 0)
			set->elements[n++] = set->elements[i];
	set->n_elements = n;
	return at;
}

struct ruleset_statement plan_farm_forward(const struct farm_plan *p)
{
	struct ruleset_statement s = {.kind = ST_FORWARD};

	if (!p->out)
		return plan_statement_set(ST_FORWARD_BY_MAC, p->outputs);
	s.number = p->out->ifindex;
	memcpy(s.text, p->out->name, RULESET_IFNAME);
	return s;
}

static bool moves(const struct transition *t)
{
	return t->phase == TRANSITION_MOVING || t->phase == TRANSITION_SWITCHED ||
	       t->phase == TRANSITION_SETTLING;
}

static int add_tables(struct farm_plan *p, const uint16_t *table)
{
	const struct transition *t = p->transition;

	p->buckets = p->slots = p->home = p->moved = p->backends_set = p->leaving = p->outputs = -1;
	if (p->hashed)
		p->buckets = add_indexed(p, SET_BUCKETS, "buckets", t ? t->buckets : table);
	else
		p->slots = add_indexed(p, SET_SLOTS, "slots", table);
	if (p->buckets == -ENOMEM || p->slots == -ENOMEM)
		return -ENOMEM;
	if (p->hashed && t && moves(t)) {
		p->home = add_indexed(p, SET_SLOTS, "home", t->home);
		p->moved = add_indexed(p, SET_SLOTS, "moved", t->moved);
		if (p->home < 0 || p->moved < 0)
			return -ENOMEM;
	}
	if (plan_pins(p) < 0)
		return -ENOMEM;
	if (p->remembers || p->farm->n_pins) {
		p->backends_set = add_backends(p);
		p->leaving = p->remembers ? add_leaving(p) : -1;
		if (p->backends_set < 0 || p->leaving == -ENOMEM)
			return -ENOMEM;
	}
	p->out = only_way(p);
	if (!p->out)
		p->outputs = add_outputs(p);
	return p->outputs == -ENOMEM ? -ENOMEM : 0;
}

/* --- the farm --------------------------------------------------------------------------------- */

static bool has_lane(const struct config_farm *farm, enum plan_lane lane)
{
	bool ipv6 = lane == LANE_TCP6 || lane == LANE_UDP6;
	bool udp = lane == LANE_UDP || lane == LANE_UDP6;

	if (!(farm->protocol & (udp ? PROTOCOL_UDP : PROTOCOL_TCP)))
		return false;
	for (size_t i = 0; i < farm->n_addresses; i++)
		if ((farm->addresses[i].family == AF_INET6) == ipv6)
			return true;
	return false;
}

static int add_lanes(struct farm_plan *p, struct plan_entries *ret)
{
	for (enum plan_lane lane = 0; lane < LANE_COUNT; lane++) {
		int entry;

		ret->chains[lane] = -1;
		if (!has_lane(p->farm, lane))
			continue;
		entry = plan_lane(p, lane);
		if (entry < 0)
			return entry;
		ret->chains[lane] = plan_guard(p, lane, entry);
		if (ret->chains[lane] < 0)
			return ret->chains[lane];
		snprintf(p->r->chains[entry].comment, RULESET_NAME, "farm %s: %s", p->farm->name,
			 config_scheduler_name(p->farm->scheduler));
	}
	return 0;
}

int plan_farm(struct ruleset *r, const struct plan_facts *facts, size_t index,
	      struct plan_entries *ret)
{
	const struct config_farm *farm = &facts->config->farms[index];
	struct farm_plan p = {
		.r = r,
		.facts = facts,
		.farm = farm,
		.backends = facts->backends[index],
		.transition = facts->transitions ? facts->transitions[index] : NULL,
		.modulus = plan_farm_modulus(farm),
		.hashed = plan_farm_is_hashed(farm),
		.persists = farm->persistence == PERSISTENCE_SOURCE_ADDRESS,
	};
	uint32_t *ids = calloc(farm->n_backends + 1, sizeof(*ids));
	uint16_t *table = calloc(p.modulus, sizeof(*table));
	int err = 0;

	p.names = plan_backend_names(farm);
	if (!ids || !table || !p.names)
		err = -ENOMEM;

	if (p.hashed && p.transition)
		p.modulus = p.transition->size;
	if (!err && !(p.hashed && p.transition)) /* else the transition has the tables */
		err = plan_farm_table(facts, index, table);

	if (!err) {
		p.remembers =
			!p.hashed || (p.transition && p.transition->phase != TRANSITION_STEADY);
		if (p.remembers || farm->n_pins)
			plan_backend_ids(farm, ids);
		p.ids = ids;
		err = add_tables(&p, table);
	}
	if (!err)
		err = plan_guard_sets(&p);
	if (!err)
		err = plan_syn_farm(&p);
	if (!err)
		err = add_lanes(&p, ret);
	if (!err)
		err = plan_icmp_farm(&p, ret);
	free(ids);
	free(table);
	share_leave(p.names);
	return err;
}
