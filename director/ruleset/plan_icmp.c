/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packets of a flow that do not look like it: ICMP errors about what a backend has sent, and
 * fragments. plan.h describes the chains as a whole. None of these rules is met by a whole packet
 * for a service.
 *
 * Pure.
 */
#include "director/ruleset/plan_farm.h"
#include "director/ruleset/transition.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Types of ICMP errors: RFC 792; RFC 4443 has 1 to 4. Version 4, five words of header: no options. */
enum {
	ICMP_UNREACHABLE = 3,
	ICMP_EXCEEDED = 11,
	ICMP_PARAMETER = 12,
	ICMP6_LAST_ERROR = 4,
	IP_WITHOUT_OPTIONS = 0x45,
};

/* Where in an ICMP error: its type, and of the packet in it the first octet and the next header. */
enum { AT_TYPE = 0, AT_EMBEDDED = 8, AT_EMBEDDED_NEXT6 = 14 };

static struct ruleset_statement go(int chain)
{
	return (struct ruleset_statement){.kind = ST_GOTO, .chain = (uint32_t)chain};
}

static struct ruleset_statement octet(uint32_t offset, uint8_t value, bool negate)
{
	return (struct ruleset_statement){
		.kind = ST_OCTET, .number = offset, .value = value, .negate = negate};
}

static struct ruleset_statement verdict_of(enum ruleset_key key, int set)
{
	return (struct ruleset_statement){.kind = ST_TO_SERVICE, .key = key, .set = (uint32_t)set};
}

static struct ruleset_statement out_of(enum ruleset_statement_kind kind,
				       const struct plan_interface *out)
{
	struct ruleset_statement s = {.kind = kind, .number = out->ifindex};

	memcpy(s.text, out->name, RULESET_IFNAME);
	return s;
}

/* A rule that counts, ends with a verdict and says why. */
static int add_counted(struct ruleset *r, int chain, const struct ruleset_statement *match,
		       size_t n, enum ruleset_statement_kind end, const char *comment)
{
	struct ruleset_rule *rule = ruleset_add_rule(r, chain, comment);

	if (!rule)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		rule_add(rule, match[i]);
	rule_add(rule, plan_statement(ST_COUNTER));
	if (end != ST_COUNTER)
		rule_add(rule, plan_statement(end));
	return 0;
}

/* --- copies to several backends --------------------------------------------------------------- */

/* Each Ethernet address once: two farms may have the same server. */
struct receivers {
	struct receiver {
		struct mac mac;
		const struct plan_interface *out;
	} all[CONFIG_BACKENDS_MAX];
	size_t n;
};

static void add_receivers(struct receivers *ret, const struct plan_facts *facts, size_t farm)
{
	for (size_t i = 0; i < facts->config->farms[farm].n_backends; i++) {
		const struct plan_backend *b = &facts->backends[farm][i];
		size_t k = 0;

		while (k < ret->n && memcmp(&ret->all[k].mac, &b->mac, sizeof(b->mac)) != 0)
			k++;
		if (b->usable && k == ret->n && k < CONFIG_BACKENDS_MAX)
			ret->all[ret->n++] = (struct receiver){b->mac, &facts->interfaces[b->out]};
	}
}

/* One copy to each, at most so many copies a second. The last one gets the frame itself. */
static int add_copies(struct ruleset *r, int chain, const struct receivers *to, uint32_t most)
{
	struct ruleset_statement limit = {.kind = ST_TOO_MANY};
	int err = 0;

	if (to->n == 0)
		return add_counted(r, chain, NULL, 0, ST_DROP, "no backend");
	limit.number = most / (uint32_t)to->n ? most / (uint32_t)to->n : 1;
	err |= add_counted(r, chain, &limit, 1, ST_DROP, "too many to copy");
	for (size_t i = 0; i < to->n; i++) {
		struct ruleset_statement macs = {
			.kind = ST_MACS_ARE, .mac = to->all[i].mac, .from = to->all[i].out->mac};

		err |= PLAN_ADD_RULE(r, chain, macs,
				     out_of(i + 1 < to->n ? ST_COPY : ST_FORWARD, to->all[i].out));
	}
	return err;
}

/* --- ICMP errors ------------------------------------------------------------------------------ */

/* Types 3, 11 and 12, or ICMPv6 1 to 4, about a packet whose ports are where they are looked for. */
int plan_icmp_chain(struct ruleset *r, int errors, bool ipv6)
{
	const struct ruleset_statement options = octet(AT_EMBEDDED, IP_WITHOUT_OPTIONS, true);
	const struct ruleset_statement extended[] = {
		octet(AT_EMBEDDED_NEXT6, IPPROTO_TCP, true),
		octet(AT_EMBEDDED_NEXT6, IPPROTO_UDP, true),
		octet(AT_EMBEDDED_NEXT6, IPPROTO_ICMPV6, true),
	};
	int chain = ruleset_add_chain(r, ipv6 ? "errors6" : "errors");
	int err = 0;

	if (chain < 0)
		return chain;
	if (ipv6) {
		struct ruleset_statement no_error = {
			.kind = ST_OCTET_ABOVE, .number = AT_TYPE, .value = ICMP6_LAST_ERROR};

		err |= PLAN_ADD_RULE(r, chain, no_error, plan_statement(ST_ACCEPT));
		err |= PLAN_ADD_RULE(r, chain, verdict_of(KEY_ERROR6, errors));
		err |= add_counted(r, chain, extended, sizeof(extended) / sizeof(extended[0]),
				   ST_ACCEPT, "about a packet with extension headers");
	} else {
		err |= PLAN_ADD_RULE(r, chain, octet(AT_TYPE, ICMP_UNREACHABLE, true),
				     octet(AT_TYPE, ICMP_EXCEEDED, true),
				     octet(AT_TYPE, ICMP_PARAMETER, true),
				     plan_statement(ST_ACCEPT));
		err |= PLAN_ADD_RULE(r, chain, octet(AT_EMBEDDED, IP_WITHOUT_OPTIONS, false),
				     verdict_of(KEY_ERROR, errors));
		err |= add_counted(r, chain, &options, 1, ST_ACCEPT, "about a packet with options");
	}
	return err ? -ENOMEM : chain;
}

static struct ruleset_statement by_hash(const struct farm_plan *p, enum ruleset_statement_kind kind,
					enum ruleset_key peer, enum ruleset_key source, int set)
{
	return (struct ruleset_statement){
		.kind = kind,
		.by = BY_HASH,
		.key = p->farm->scheduler == SCHEDULER_SOURCE_HASH ? source : peer,
		.number = p->modulus,
		.seed = p->farm->seed,
		.set = (uint32_t)set};
}

static struct ruleset_statement forward(const struct farm_plan *p)
{
	return p->out ? out_of(ST_FORWARD, p->out)
		      : plan_statement_set(ST_FORWARD_BY_MAC, p->outputs);
}

/* True when the hash of the client alone tells the backend of each flow. */
static bool hash_tells(const struct farm_plan *p)
{
	return p->hashed && !p->remembers;
}

static int add_errors(const struct farm_plan *p, bool ipv6)
{
	int chain = ruleset_add_chain(p->r, "errors%s-%s", ipv6 ? "6" : "", p->farm->name);
	int err;

	if (chain < 0)
		return chain;
	if (hash_tells(p)) {
		struct ruleset_statement macs =
			ipv6 ? by_hash(p, ST_MACS, KEY_ERROR_PEER6, KEY_ERROR_SOURCE6, p->buckets)
			     : by_hash(p, ST_MACS, KEY_ERROR_PEER, KEY_ERROR_SOURCE, p->buckets);

		err = PLAN_ADD_RULE(p->r, chain, macs, forward(p));
		err |= add_counted(p->r, chain, NULL, 0, ST_DROP, "no backend");
	} else {
		struct receivers to = {.n = 0};

		add_receivers(&to, p->facts, (size_t)(p->farm - p->facts->config->farms));
		err = add_copies(p->r, chain, &to, PLAN_ERROR_COPIES);
	}
	return err ? -ENOMEM : chain;
}

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
	struct ruleset_rule *rule = ruleset_add_rule(f->p->r, f->chain, NULL);

	if (!rule)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		rule_add(rule, choice[i]);
	if (choice[n - 1].kind != ST_MACS)
		rule_add(rule, (struct ruleset_statement){.kind = ST_MACS,
							  .by = BY_MARK,
							  .set = (uint32_t)f->p->backends_set});
	rule_add(rule, record);
	rule_add(rule, go(f->farm));
	return 0;
}

static int add_remembered(const struct first *f, int set)
{
	struct ruleset_statement mark = {
		.kind = ST_MARK, .by = BY_KEY, .key = KEY_FLOW, .set = (uint32_t)set};

	return set < 0 ? 0 : add_choice(f, &mark, 1);
}

static int add_hashed(const struct first *f, enum ruleset_statement_kind kind, int set)
{
	struct ruleset_statement s = by_hash(f->p, kind, KEY_PEER, KEY_SOURCE, set);

	return add_choice(f, &s, 1);
}

/*
 * A new UDP flow: its backend is chosen here, and remembered, so that the farm's chain finds it.
 * TCP begins with a SYN, which nobody fragments.
 */
static int add_new(const struct first *f, int half)
{
	struct ruleset_statement choice[2] = {
		by_hash(f->p, ST_MARK, KEY_PEER, KEY_SOURCE, f->p->slots)};

	switch (f->p->farm->scheduler) {
	case SCHEDULER_MAGLEV:
	case SCHEDULER_SOURCE_HASH: break;
	case SCHEDULER_ROUND_ROBIN: choice[0].by = BY_TURN; break;
	case SCHEDULER_RANDOM:
	case SCHEDULER_LEAST_CONNECTIONS: choice[0].by = BY_RANDOM; break;
	}
	choice[1] = flow_change(ST_ADD, half, PLAN_HALF_TIMEOUT_MS);
	return add_choice(f, choice, 2);
}

/* The same questions in the same order as in the farm's own chain. */
static int add_first(const struct farm_plan *p, enum plan_lane lane, int farm)
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
		       add_remembered(&f, p->tables[lane].half);
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
	err |= PLAN_ADD_RULE(p->r, f.chain, go(farm));
	return err ? -ENOMEM : f.chain;
}

int plan_icmp_farm(struct farm_plan *p, struct plan_entries *ret)
{
	bool ipv4 = ret->chains[LANE_TCP] >= 0 || ret->chains[LANE_UDP] >= 0;
	bool ipv6 = ret->chains[LANE_TCP6] >= 0 || ret->chains[LANE_UDP6] >= 0;

	ret->errors = ipv4 ? add_errors(p, false) : -1;
	ret->errors6 = ipv6 ? add_errors(p, true) : -1;
	if (ret->errors == -ENOMEM || ret->errors6 == -ENOMEM)
		return -ENOMEM;
	for (enum plan_lane lane = LANE_TCP; lane <= LANE_UDP; lane++)
		if (ret->chains[lane] >= 0) {
			ret->firsts[lane] = add_first(p, lane, ret->chains[lane]);
			if (ret->firsts[lane] < 0)
				return ret->firsts[lane];
		}
	return 0;
}

/* --- later fragments -------------------------------------------------------------------------- */

/* What the chains for later fragments have in common. */
struct later {
	struct ruleset *r;
	const struct plan_facts *facts;
	const struct plan_entries *entries;
	bool ipv6;
	int dropping; /* the chain of all that are dropped; -1: not there yet */
};

static bool farm_is_there(const struct plan_entries *e)
{
	for (enum plan_lane lane = 0; lane < LANE_COUNT; lane++)
		if (e->chains[lane] >= 0)
			return true;
	return false;
}

/* The interface that leads to every backend in service; NULL when there are several. */
static const struct plan_interface *only_way(const struct later *l)
{
	const struct plan_interface *way = NULL;

	for (size_t i = 0; i < l->facts->config->n_farms; i++) {
		const struct config_farm *farm = &l->facts->config->farms[i];

		if (!farm_is_there(&l->entries[i]))
			continue;
		for (size_t k = 0; k < farm->n_backends; k++) {
			const struct plan_backend *b = &l->facts->backends[i][k];
			const struct plan_interface *out = &l->facts->interfaces[b->out];

			if (b->usable && way && way != out)
				return NULL;
			if (b->usable)
				way = out;
		}
	}
	return way ? way : l->facts->interfaces;
}

static size_t count_backends(const struct config *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n_farms; i++)
		n += c->farms[i].n_backends;
	return n;
}

/* The way out by a backend's MAC address, as each farm has it for itself. Index or -ENOMEM. */
static int add_outputs(const struct later *l)
{
	size_t room = count_backends(l->facts->config), n = 0, used = 0;
	int at = ruleset_add_set(l->r, SET_OUTPUTS, "outputs");
	struct ruleset_set *set;

	if (at < 0)
		return at;
	set = &l->r->sets[at];
	set->names = calloc(room + 1, sizeof(*set->names));
	if (!set->names || ruleset_set_reserve(set, room) < 0)
		return -ENOMEM;
	set->n_names = room;
	for (size_t i = 0; i < l->facts->config->n_farms; i++)
		for (size_t k = 0; k < l->facts->config->farms[i].n_backends; k++) {
			const struct plan_backend *b = &l->facts->backends[i][k];
			const struct plan_interface *out = &l->facts->interfaces[b->out];
			struct ruleset_element *e = &set->elements[n];

			if (!b->usable || !farm_is_there(&l->entries[i]))
				continue;
			memcpy(e->key, b->mac.bytes, MAC_LEN);
			memcpy(e->data, &out->ifindex, sizeof(out->ifindex));
			snprintf(set->names[n], sizeof(set->names[n]), "%s", out->name);
			e->backend = (uint16_t)n++;
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
		return PLAN_ADD_RULE(l->r, chain, macs, out_of(ST_FORWARD, way));
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
	    add_counted(l->r, chain, NULL, 0, ST_DROP, "fragment without its first"))
		return -ENOMEM;
	return l->dropping = chain;
}

static int spraying_chain(const struct later *l, const struct addr *vip, bool udp,
			  const struct receivers *to)
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
	    add_counted(l->r, chain, NULL, 0, ST_COUNTER, "fragment without its first") ||
	    add_copies(l->r, chain, to, PLAN_FRAGMENT_COPIES))
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
	struct receivers to = {.n = 0};
	bool spray = false;

	for (size_t i = 0; i < l->facts->config->n_farms; i++) {
		const struct config_farm *farm = &l->facts->config->farms[i];

		if (farm->fragments != FRAGMENTS_SPRAY || l->entries[i].chains[lane] < 0 ||
		    !has_address(farm, vip))
			continue;
		add_receivers(&to, l->facts, i);
		spray = true;
	}
	return spray ? spraying_chain(l, vip, udp, &to) : dropping_chain(l);
}

int plan_icmp_later(struct ruleset *r, const struct plan_facts *facts,
		    const struct plan_entries *entries, int services, int later, bool ipv6)
{
	struct later l = {.r = r, .facts = facts, .entries = entries, .ipv6 = ipv6, .dropping = -1};
	const struct ruleset_set *from = &r->sets[services];
	struct ruleset_set *set = &r->sets[later];
	struct ruleset_element *elements;
	size_t len = ipv6 ? 16 : 4, n = 0;

	if (ruleset_set_reserve(set, from->n_elements) < 0)
		return -ENOMEM;
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
