/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fragments: what the first one records, and where the others go. plan.h describes the chains as a
 * whole. None of these rules is met by a whole packet for a service.
 *
 * Pure.
 */
#include "director/ruleset/plan_icmp.h"
#include "director/ruleset/transition.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* --- first fragments -------------------------------------------------------------------------- */

struct first {
	const struct farm_plan *p;
	int chain, farm; /* chains: this one, and the lane's own */
	int fragments;	 /* set */
};

static struct ruleset_statement flow_change(enum ruleset_statement_kind kind, int set,
					    uint32_t timeout_ms)
{
	return (struct ruleset_statement){
		.kind = kind, .key = KEY_FLOW, .set = (uint32_t)set, .timeout_ms = timeout_ms};
}

/* When that chooses a backend: its MACs are recorded, and the frame goes the way of all others. */
static int add_choice(const struct first *f, const struct ruleset_statement *choice, size_t n)
{
	struct ruleset_statement record = {.kind = ST_RECORD,
					   .key = KEY_FRAGMENT,
					   .set = (uint32_t)f->fragments,
					   .timeout_ms = PLAN_FRAGMENT_TIMEOUT_MS};
	struct ruleset_statement by_mark = {
		.kind = ST_MACS, .by = BY_MARK, .set = (uint32_t)f->p->backends_set};
	struct ruleset_rule *rule = ruleset_add_rule(f->p->r, f->chain, NULL);
	int err = 0;

	if (!rule)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		err |= rule_add(rule, choice[i]);
	if (n == 0 || choice[n - 1].kind != ST_MACS)
		err |= rule_add(rule, by_mark);
	return err | rule_add(rule, record) | rule_add(rule, plan_goto(f->farm));
}

static int add_remembered(const struct first *f, int set)
{
	struct ruleset_statement mark = {
		.kind = ST_MARK, .by = BY_KEY, .key = KEY_FLOW, .set = (uint32_t)set};

	return set < 0 ? 0 : add_choice(f, &mark, 1);
}

/* Bits of the client's address that persistence knows it by; 0: all. */
static uint8_t client_bits(const struct first *f)
{
	uint8_t prefix = f->p->farm->persistence_prefix;

	return f->p->persists && prefix < 32 ? prefix : 0;
}

/* The backend that a client keeps: by persistence, or by the configuration. */
static int add_client(const struct first *f, enum ruleset_key key, int set)
{
	struct ruleset_statement mark = {.kind = ST_MARK,
					 .by = BY_KEY,
					 .key = key,
					 .prefix = key == KEY_CLIENT ? client_bits(f) : 0,
					 .set = (uint32_t)set};

	if (set < 0)
		return 0;
	if (key == KEY_CLIENT)
		return add_choice(f, &mark, 1);
	/*
	 * "ip saddr" makes nft list the raw fields of the same rule by name, which it does not take
	 * back. So the mark has a rule of its own; without a pin it names no backend in the next.
	 */
	return PLAN_ADD_RULE(f->p->r, f->chain, mark) ? -ENOMEM : add_choice(f, NULL, 0);
}

static struct ruleset_statement hashed(const struct first *f, enum ruleset_statement_kind kind,
				       int set)
{
	struct ruleset_statement s = plan_by_hash(f->p, kind, KEY_PEER, KEY_SOURCE, set);

	if (f->p->persists) {
		s.key = KEY_CLIENT;
		s.prefix = client_bits(f);
	}
	return s;
}

static int add_hashed(const struct first *f, enum ruleset_statement_kind kind, int set)
{
	struct ruleset_statement s = hashed(f, kind, set);

	return add_choice(f, &s, 1);
}

/*
 * A new UDP flow: its backend is chosen here, and remembered, so that the farm's chain finds it.
 * TCP begins with a SYN, which nobody fragments.
 */
static int add_new(const struct first *f, int half)
{
	struct ruleset_statement choice[2] = {hashed(f, ST_MARK, f->p->slots)};

	switch (f->p->farm->scheduler) {
	case SCHEDULER_MAGLEV:
	case SCHEDULER_SOURCE_HASH: break;
	case SCHEDULER_ROUND_ROBIN: choice[0].by = BY_TURN; break;
	case SCHEDULER_RANDOM:
	case SCHEDULER_LEAST_CONNECTIONS: choice[0].by = BY_RANDOM; break;
	}
	choice[1] = flow_change(ST_ADD, half, PLAN_HALF_TIMEOUT_MS);
	if (f->p->persists) {
		choice[1].key = KEY_CLIENT;
		choice[1].prefix = client_bits(f);
	}
	return add_choice(f, choice, 2);
}

/* The same questions in the same order as in the farm's own chain. */
int plan_fragment_first(const struct farm_plan *p, enum plan_lane lane, int farm)
{
	enum transition_phase phase = p->transition ? p->transition->phase : TRANSITION_STEADY;
	bool udp = lane == LANE_UDP;
	struct first f = {.p = p, .farm = farm, .fragments = ruleset_find_set(p->r, "fragments")};
	int err = 0;

	f.chain = ruleset_add_chain(p->r, "first-%s%s", p->farm->name, udp ? ".udp" : "");
	if (f.chain < 0)
		return f.chain;
	if (p->remembers && phase != TRANSITION_FORGETTING)
		err |= add_remembered(&f, p->tables[lane].flows) |
		       add_remembered(&f, p->tables[lane].closing) |
		       (p->persists ? 0 : add_remembered(&f, p->tables[lane].half));
	err |= add_client(&f, KEY_STATIC, p->pins[0].fixed) |
	       add_client(&f, KEY_CLIENT, p->pins[0].kept) |
	       add_client(&f, KEY_CLIENT, p->pins[0].half);
	if (p->hashed) {
		if (phase == TRANSITION_MOVING || phase == TRANSITION_SWITCHED)
			err |= add_hashed(&f, ST_MARK,
					  udp && p->transition->udp_learned ? p->moved : p->home);
		err |= add_hashed(&f, ST_MACS, p->buckets);
	} else {
		if (udp)
			err |= add_new(&f, p->tables[lane].half);
		err |= add_hashed(&f, ST_MARK, p->slots);
	}
	err |= PLAN_ADD_RULE(p->r, f.chain, plan_goto(farm));
	return err ? -ENOMEM : f.chain;
}

/* --- later fragments -------------------------------------------------------------------------- */

/* What the chains for later fragments have in common. */
struct later {
	struct ruleset *r;
	const struct plan_facts *facts;
	const struct plan_place *places; /* of each farm */
	bool ipv6;
	bool sprays;  /* a farm does; mostly none, and then no farm is looked at for each VIP */
	int dropping; /* the chain of all that are dropped; -1: not there yet */
};

static bool farm_is_there(const struct plan_entries *e)
{
	for (enum plan_lane lane = 0; lane < LANE_COUNT; lane++)
		if (e->chains[lane] >= 0)
			return true;
	return false;
}

/* The interface that leads to every backend, as in plan_farm.c; NULL when there are several. */
static const struct plan_interface *only_way(const struct later *l)
{
	const struct plan_interface *way = NULL;

	for (size_t i = 0; i < l->facts->config->n_farms; i++) {
		const struct config_farm *farm = &l->facts->config->farms[i];

		if (!farm_is_there(&l->places[i].entries))
			continue;
		for (size_t k = 0; k < farm->n_backends; k++) {
			const struct plan_backend *b = &l->facts->backends[i][k];
			const struct plan_interface *out = &l->facts->interfaces[b->out];

			if (!plan_backend_has_way(b))
				continue;
			if (way && way != out)
				return NULL;
			way = out;
		}
	}
	return way ? way : l->facts->interfaces;
}

static const char *interface_name(const void *facts, size_t i)
{
	return ((const struct plan_facts *)facts)->interfaces[i].name;
}

/* The way out by a backend's MAC address, as each farm has it for itself. Index or -ENOMEM. */
static int add_outputs(const struct later *l)
{
	size_t room = config_count_backends(l->facts->config), n = 0, used = 0;
	int at = ruleset_add_set(l->r, SET_OUTPUTS, "outputs");
	struct ruleset_set *set;

	if (at < 0)
		return at;
	set = &l->r->sets[at];
	set->names = share_texts(l->facts->n_interfaces, interface_name, l->facts);
	if (!set->names || ruleset_set_reserve(set, room) < 0)
		return -ENOMEM;
	set->n_names = l->facts->n_interfaces;
	for (size_t i = 0; i < l->facts->config->n_farms; i++)
		for (size_t k = 0; k < l->facts->config->farms[i].n_backends; k++) {
			const struct plan_backend *b = &l->facts->backends[i][k];
			const struct plan_interface *out = &l->facts->interfaces[b->out];
			struct ruleset_element *e = &set->elements[n];

			if (!b->usable || !farm_is_there(&l->places[i].entries))
				continue;
			memcpy(e->key, b->mac.bytes, MAC_LEN);
			memcpy(e->data, &out->ifindex, sizeof(out->ifindex));
			e->backend = b->out; /* its name is that of the interface */
			n++;
		}
	set->n_elements = n;
	ruleset_set_sort(set);
	for (size_t i = 0; i < n; i++)
		if (used == 0 ||
		    memcmp(set->elements[used - 1].key, set->elements[i].key, MAC_LEN) != 0)
			set->elements[used++] = set->elements[i];
	set->n_elements = used;
	return at;
}

/* Where the record says; by the one interface that there is, or by the one of those MACs. */
static int add_recorded(const struct later *l, int chain)
{
	const struct plan_interface *way = only_way(l);
	int outputs;
	struct ruleset_statement macs = {
		.kind = ST_MACS,
		.by = BY_KEY,
		.key = KEY_FRAGMENT,
		.set = (uint32_t)ruleset_find_set(l->r, "fragments"),
	};

	if (way)
		return PLAN_ADD_RULE(l->r, chain, macs, plan_out(ST_FORWARD, way));
	outputs = ruleset_find_set(l->r, "outputs");
	if (outputs < 0)
		outputs = add_outputs(l);
	return outputs < 0 ? outputs
			   : PLAN_ADD_RULE(l->r, chain, macs,
					   plan_statement_set(ST_FORWARD_BY_MAC, outputs));
}

static int dropping_chain(struct later *l)
{
	int chain;

	if (l->dropping >= 0)
		return l->dropping;
	chain = ruleset_add_chain(l->r, l->ipv6 ? "fragments6" : "fragments");
	if (chain < 0 || (!l->ipv6 && add_recorded(l, chain)) ||
	    plan_add_counted(l->r, chain, NULL, 0, ST_DROP, "fragment without its first"))
		return -ENOMEM;
	return l->dropping = chain;
}

static int spraying_chain(const struct later *l, const struct addr *vip, bool udp,
			  const struct plan_receivers *to)
{
	char name[2 * sizeof(vip->bytes) + 1] = "", text[ADDR_TEXT];
	int chain;

	for (size_t i = 0; i < (l->ipv6 ? 16U : 4U); i++)
		snprintf(name + 2 * i, 3, "%02x", vip->bytes[i]);
	chain = ruleset_add_chain(l->r, "spray-%s.%s", name, udp ? "udp" : "tcp");
	if (chain < 0)
		return chain;
	snprintf(l->r->chains[chain].comment, RULESET_NAME, "%s %s", addr_format(vip, text),
		 udp ? "udp" : "tcp");
	if ((!l->ipv6 && add_recorded(l, chain)) ||
	    plan_add_counted(l->r, chain, NULL, 0, ST_COUNTER, "fragment without its first") ||
	    plan_add_copies(l->r, chain, to, PLAN_FRAGMENT_COPIES))
		return -ENOMEM;
	return chain;
}

static bool has_address(const struct config_farm *farm, const struct addr *vip)
{
	for (size_t i = 0; i < farm->n_addresses; i++)
		if (addr_equal(&farm->addresses[i], vip))
			return true;
	return false;
}

/* The chain for later fragments to a VIP by one protocol: farms that share both share it. */
static int later_chain(struct later *l, const struct addr *vip, bool udp)
{
	enum plan_lane lane = l->ipv6 ? (udp ? LANE_UDP6 : LANE_TCP6) : (udp ? LANE_UDP : LANE_TCP);
	struct plan_receivers to = {.n = 0};
	bool spray = false;

	for (size_t i = 0; l->sprays && i < l->facts->config->n_farms; i++) {
		const struct config_farm *farm = &l->facts->config->farms[i];

		if (farm->fragments != FRAGMENTS_SPRAY || l->places[i].entries.chains[lane] < 0 ||
		    !has_address(farm, vip))
			continue;
		plan_add_receivers(&to, l->facts, i);
		spray = true;
	}
	return spray ? spraying_chain(l, vip, udp, &to) : dropping_chain(l);
}

int plan_fragment_later(struct ruleset *r, const struct plan_facts *facts,
			const struct plan_place *places, int services, int later, bool ipv6)
{
	struct later l = {.r = r, .facts = facts, .places = places, .ipv6 = ipv6, .dropping = -1};
	const struct ruleset_set *from = &r->sets[services];
	struct ruleset_set *set = &r->sets[later];
	struct ruleset_element *elements;
	size_t len = ipv6 ? 16 : 4, n = 0;

	if (ruleset_set_reserve(set, from->n_elements) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < facts->config->n_farms; i++)
		l.sprays |= facts->config->farms[i].fragments == FRAGMENTS_SPRAY;
	for (size_t i = 0; i < from->n_elements; i++)
		memcpy(set->elements[i].key, from->elements[i].key, len + 1);
	ruleset_set_sort(set);
	for (size_t i = 0; i < set->n_elements; i++)
		if (n == 0 || ruleset_element_compare(set->kind, &set->elements[n - 1],
						      &set->elements[i]) != 0)
			set->elements[n++] = set->elements[i];
	set->n_elements = n;
	elements = set->elements; /* chains and sets that come now may move the set */
	for (size_t i = 0; i < n; i++) {
		struct ruleset_element *e = &elements[i];
		struct addr vip = {.family = ipv6 ? AF_INET6 : AF_INET};
		int chain;

		memcpy(vip.bytes, e->key, len);
		chain = later_chain(&l, &vip, e->key[len] == IPPROTO_UDP);
		if (chain < 0)
			return chain;
		e->chain = (uint32_t)chain;
	}
	return 0;
}
