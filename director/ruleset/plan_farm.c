/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/ruleset/plan_farm.h"

#include "director/ruleset/bucket.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One farm on its way into the ruleset. */
struct farm_plan {
	struct ruleset *r;
	const struct config_farm *farm;
	const struct plan_backend *backends;
	const struct plan_interface *out;
};

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

/* --- statements that need more than their kind ------------------------------------------------ */

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

	if (!rule)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		rule_add(rule, statements[i]);
	return 0;
}

static struct ruleset_statement go(int chain)
{
	return (struct ruleset_statement){.kind = ST_GOTO, .chain = (uint32_t)chain};
}

static struct ruleset_statement forward(const struct plan_interface *out)
{
	struct ruleset_statement s = {.kind = ST_FORWARD, .number = out->ifindex};

	memcpy(s.ifname, out->name, sizeof(s.ifname));
	return s;
}

static struct ruleset_statement flow(enum ruleset_statement_kind kind, int set, uint32_t timeout_ms)
{
	return (struct ruleset_statement){
		.kind = kind, .set = (uint32_t)set, .timeout_ms = timeout_ms};
}

/* The last rule of a farm: nothing chose a backend. */
static int add_drop_rule(struct ruleset *r, int chain)
{
	struct ruleset_rule *rule = ruleset_add_rule(r, chain, "no backend");

	if (!rule)
		return -ENOMEM;
	rule_add(rule, plan_statement(ST_COUNTER));
	rule_add(rule, plan_statement(ST_DROP));
	return 0;
}

/* --- tables ----------------------------------------------------------------------------------- */

/* A set NAME-SUFFIX that knows its farm and the names of its backends. Index or -ENOMEM. */
static int farm_set(const struct farm_plan *p, enum ruleset_set_kind kind, const char *suffix)
{
	int at = ruleset_add_set(p->r, kind, "%s-%s", p->farm->name, suffix);
	struct ruleset_set *set;

	if (at < 0)
		return at;
	set = &p->r->sets[at];
	snprintf(set->farm, sizeof(set->farm), "%s", p->farm->name);
	if (kind != SET_BUCKETS && kind != SET_BACKENDS)
		return at;
	set->names = calloc(p->farm->n_backends + 1, sizeof(*set->names));
	if (!set->names)
		return -ENOMEM;
	set->n_names = p->farm->n_backends;
	for (size_t i = 0; i < set->n_names; i++)
		snprintf(set->names[i], sizeof(set->names[i]), "%s", p->farm->backends[i].name);
	return at;
}

static void put_macs(struct ruleset_element *e, const struct mac *backend, const struct mac *own)
{
	memcpy(e->data, backend->bytes, MAC_LEN);
	memcpy(e->data + MAC_LEN, own->bytes, MAC_LEN);
}

static void put_number(uint8_t *at, uint32_t number)
{
	memcpy(at, &number, sizeof(number));
}

/* Who takes part, in the configuration's order; -ENOMEM. The caller frees *ret. */
static int members_new(const struct farm_plan *p, struct bucket_member **ret)
{
	size_t n = p->farm->n_backends;
	struct bucket_member *members = calloc(n ? n : 1, sizeof(*members));

	if (!members)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		members[i] = (struct bucket_member){
			.name = p->farm->backends[i].name,
			.weight = p->backends[i].usable ? p->backends[i].weight : 0,
		};
	*ret = members;
	return 0;
}

/* Elements key -> backend for a filled table; none when it is empty. put() writes the data. */
static int add_table_elements(const struct farm_plan *p, int set, const uint16_t *table,
			      uint32_t size, const uint32_t *ids)
{
	struct ruleset_set *s = &p->r->sets[set];

	if (size == 0 || table[0] == BUCKET_NONE)
		return 0;
	if (ruleset_set_reserve(s, size) < 0)
		return -ENOMEM;
	for (uint32_t i = 0; i < size; i++) {
		struct ruleset_element *e = &s->elements[i];

		put_number(e->key, i);
		e->backend = table[i];
		if (ids)
			put_number(e->data, ids[table[i]]);
		else
			put_macs(e, &p->backends[table[i]].mac, &p->out->mac);
	}
	return 0;
}

static int plan_buckets(const struct farm_plan *p, int set)
{
	uint32_t size = p->r->sets[set].size;
	uint16_t *table = calloc(size, sizeof(*table));
	struct bucket_member *members = NULL;
	int err = table ? members_new(p, &members) : -ENOMEM;

	if (!err)
		err = bucket_table_fill(table, size, members, p->farm->n_backends, p->farm->seed);
	if (!err)
		err = add_table_elements(p, set, table, size, NULL);
	free(members);
	free(table);
	return err;
}

static int plan_slots(const struct farm_plan *p, int set, const uint32_t *ids)
{
	uint32_t size = p->r->sets[set].size;
	uint16_t *slots = calloc(size, sizeof(*slots));
	struct bucket_member *members = NULL;
	int err = slots ? members_new(p, &members) : -ENOMEM;

	if (!err)
		err = slot_table_fill(slots, size, members, p->farm->n_backends);
	if (!err)
		err = add_table_elements(p, set, slots, size, ids);
	free(members);
	free(slots);
	return err;
}

/* Living backends by id; one with weight 0 keeps its flows and is in here. */
static int plan_backends(const struct farm_plan *p, int set, const uint32_t *ids)
{
	struct ruleset_set *s = &p->r->sets[set];
	size_t n = p->farm->n_backends, used = 0;

	if (ruleset_set_reserve(s, n) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		if (!p->backends[i].usable)
			continue;
		put_number(s->elements[used].key, ids[i]);
		put_macs(&s->elements[used], &p->backends[i].mac, &p->out->mac);
		s->elements[used++].backend = (uint16_t)i;
	}
	s->n_elements = used;
	ruleset_set_sort(s);
	return 0;
}

/* --- farms ------------------------------------------------------------------------------------ */

static int plan_maglev(const struct farm_plan *p)
{
	struct ruleset *r = p->r;
	uint32_t size = bucket_table_size(p->farm->n_backends);
	int set = farm_set(p, SET_BUCKETS, "buckets");
	int chain = ruleset_add_chain(r, "farm-%s", p->farm->name);
	struct ruleset_statement by_bucket = {.kind = ST_MACS_BY_BUCKET,
					      .set = (uint32_t)set,
					      .number = size,
					      .seed = p->farm->seed};

	if (set < 0 || chain < 0)
		return -ENOMEM;
	r->sets[set].size = size;
	if (PLAN_ADD_RULE(r, chain, by_bucket, forward(p->out)) < 0 ||
	    add_drop_rule(r, chain) < 0 || plan_buckets(p, set) < 0)
		return -ENOMEM;
	return chain;
}

/* Sets and chains of a farm with a flow table, by index. */
struct flow_farm {
	int backends, slots, flows;
	int new_chain, send, known, entry;
	uint32_t slot_count;
};

static int flow_farm_objects(const struct farm_plan *p, struct flow_farm *f)
{
	const char *name = p->farm->name;
	uint64_t weights = 0;

	for (size_t i = 0; i < p->farm->n_backends; i++)
		weights += p->farm->backends[i].weight;
	f->slot_count = slot_table_size(weights);
	f->backends = farm_set(p, SET_BACKENDS, "backends");
	f->slots = farm_set(p, SET_SLOTS, "slots");
	f->flows = farm_set(p, SET_FLOWS, "flows");
	f->new_chain = ruleset_add_chain(p->r, "new-%s", name);
	f->send = ruleset_add_chain(p->r, "send-%s", name);
	f->known = ruleset_add_chain(p->r, "known-%s", name);
	f->entry = ruleset_add_chain(p->r, "farm-%s", name);
	if (f->backends < 0 || f->slots < 0 || f->flows < 0 || f->new_chain < 0 || f->send < 0 ||
	    f->known < 0 || f->entry < 0)
		return -ENOMEM;
	p->r->sets[f->slots].size = f->slot_count;
	p->r->sets[f->flows].size = p->farm->max_connections;
	return 0;
}

static int flow_farm_rules(const struct farm_plan *p, const struct flow_farm *f)
{
	struct ruleset *r = p->r;
	struct ruleset_statement send = plan_statement_set(ST_MACS_BY_MARK, f->backends);
	struct ruleset_statement turn = {
		.kind = ST_MARK_BY_TURN, .set = (uint32_t)f->slots, .number = f->slot_count};
	uint32_t idle = p->farm->tcp_timeout_ms, closing = p->farm->tcp_close_timeout_ms;
	int err = 0;

	err |= PLAN_ADD_RULE(r, f->new_chain, plan_statement(ST_TCP_SYN),
			     flow(ST_FLOW_ADD, f->flows, PLAN_SYN_TIMEOUT_MS));
	err |= PLAN_ADD_RULE(r, f->new_chain, send, forward(p->out));

	err |= PLAN_ADD_RULE(r, f->send, send, forward(p->out));
	err |= PLAN_ADD_RULE(r, f->send, flow(ST_FLOW_DELETE, f->flows, 0));
	err |= PLAN_ADD_RULE(r, f->send, turn, go(f->new_chain));
	err |= add_drop_rule(r, f->send);

	err |= PLAN_ADD_RULE(r, f->known, plan_statement(ST_TCP_CLOSING),
			     flow(ST_FLOW_UPDATE, f->flows, closing), go(f->send));
	err |= PLAN_ADD_RULE(r, f->known, flow(ST_FLOW_UPDATE, f->flows, idle));
	err |= PLAN_ADD_RULE(r, f->known, go(f->send));

	err |= PLAN_ADD_RULE(r, f->entry, plan_statement_set(ST_MARK_BY_FLOW, f->flows),
			     go(f->known));
	err |= PLAN_ADD_RULE(r, f->entry, turn, go(f->new_chain));
	err |= add_drop_rule(r, f->entry);
	return err ? -ENOMEM : 0;
}

static int plan_round_robin(const struct farm_plan *p)
{
	uint32_t *ids = calloc(p->farm->n_backends ? p->farm->n_backends : 1, sizeof(*ids));
	struct flow_farm f;
	int err = ids ? flow_farm_objects(p, &f) : -ENOMEM;

	if (!err) {
		plan_backend_ids(p->farm, ids);
		err = flow_farm_rules(p, &f);
	}
	if (!err)
		err = plan_backends(p, f.backends, ids);
	if (!err)
		err = plan_slots(p, f.slots, ids);
	free(ids);
	return err ? err : f.entry;
}

int plan_farm(struct ruleset *r, const struct config_farm *farm,
	      const struct plan_backend *backends, const struct plan_interface *out)
{
	struct farm_plan p = {.r = r, .farm = farm, .backends = backends, .out = out};
	int chain = -ENOTSUP;

	switch (farm->scheduler) {
	case SCHEDULER_MAGLEV: chain = plan_maglev(&p); break;
	case SCHEDULER_ROUND_ROBIN: chain = plan_round_robin(&p); break;
	case SCHEDULER_RANDOM:
	case SCHEDULER_SOURCE_HASH:
	case SCHEDULER_LEAST_CONNECTIONS: break; /* refused when the configuration is checked */
	}
	if (chain >= 0)
		snprintf(r->chains[chain].comment, RULESET_NAME, "farm %s: %s", farm->name,
			 config_scheduler_name(farm->scheduler));
	return chain;
}
