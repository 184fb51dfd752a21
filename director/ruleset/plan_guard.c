/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What stands before a farm: who may come, how often, with which TCP flags. A farm without guards
 * has nothing of this, and an established connection pays for the lists of addresses and one test
 * of its flags only.
 *
 * Lists apply to every packet: one that joins the list of the denied is cut off at once, and a
 * farm that remembers nothing cannot tell its connections from forged segments. Rates and flags
 * are looked at in segments with SYN, FIN or RST, or without ACK. UDP tells a new flow by not
 * remembering it; where no flow is remembered, every datagram counts.
 *
 * A list that changes does so in its set, in one transaction: ranges go, ranges come. Nobody who is on
 * the same side of it before and after may be judged wrongly meanwhile. make bench tries that (lists):
 * 137 million packets in 36,000 changes, of one range, of the very range that the clients are in, or
 * of half of 5,000; none was dropped or let through (Linux 6.18), nor was one of 5.1 million during 200
 * reloads of the whole daemon. So the set keeps its name, and a change costs what changed. The kernel repeats a lookup that a transaction has met since Linux 6.17
 * only; what an older one does was not measured.
 *
 * A table of rates that is full of (forged) sources limits the others no more: the rate of the farm
 * as a whole does.
 *
 * Pure.
 */
#include "director/ruleset/plan_farm.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static bool is_ipv6(enum plan_lane lane)
{
	return lane == LANE_TCP6 || lane == LANE_UDP6;
}

static bool is_udp(enum plan_lane lane)
{
	return lane == LANE_UDP || lane == LANE_UDP6;
}

bool plan_farm_is_guarded(const struct config_farm *farm)
{
	return farm->n_allow || farm->n_deny || farm->max_rate_per_source || farm->max_rate;
}

/* --- sets ------------------------------------------------------------------------------------- */

static int add_ranges(const struct farm_plan *p, const char *name, const struct config_clients *c,
		      bool ipv6)
{
	const struct addr_range *ranges = ipv6 ? c->v6 : c->v4;
	size_t n = ipv6 ? c->n_v6 : c->n_v4, len = ipv6 ? 16 : 4;
	int at = plan_farm_set(p, ipv6 ? SET_RANGES6 : SET_RANGES, "%s%s", name, ipv6 ? "6" : "");
	struct ruleset_set *set;

	if (at < 0)
		return at;
	set = &p->r->sets[at];
	if (ruleset_set_reserve(set, n) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		memcpy(set->elements[i].key, ranges[i].first.bytes, len);
		memcpy(set->elements[i].key + len, ranges[i].last.bytes, len);
	}
	ruleset_set_sort(set);
	return at;
}

static int add_rates(const struct farm_plan *p, bool ipv6)
{
	int at = plan_farm_set(p, ipv6 ? SET_RATES6 : SET_RATES, "rates%s", ipv6 ? "6" : "");

	if (at >= 0)
		p->r->sets[at].size = PLAN_RATES_MAX;
	return at;
}

static bool has_family(const struct config_farm *farm, int family)
{
	for (size_t i = 0; i < farm->n_addresses; i++)
		if (farm->addresses[i].family == family)
			return true;
	return false;
}

int plan_guard_sets(struct farm_plan *p)
{
	for (int ipv6 = 0; ipv6 < 2; ipv6++) {
		struct plan_guard *g = &p->guards[ipv6];

		*g = (struct plan_guard){.allow = -1, .deny = -1, .rates = -1};
		if (!has_family(p->farm, ipv6 ? AF_INET6 : AF_INET))
			continue;
		if (p->farm->n_allow)
			g->allow = add_ranges(p, "allow", &p->farm->allowed, ipv6);
		if (p->farm->n_deny)
			g->deny = add_ranges(p, "deny", &p->farm->denied, ipv6);
		if (p->farm->max_rate_per_source)
			g->rates = add_rates(p, ipv6);
		if (g->allow == -ENOMEM || g->deny == -ENOMEM || g->rates == -ENOMEM)
			return -ENOMEM;
	}
	return 0;
}

/* --- rules ------------------------------------------------------------------------------------ */

/* A packet that matches is dropped and counted by the reason. */
static int add_drop(const struct farm_plan *p, int chain, const char *reason,
		    struct ruleset_statement match)
{
	struct ruleset_rule *rule = ruleset_add_rule(p->r, chain, reason);

	if (!rule)
		return -ENOMEM;
	return rule_add(rule, match) | rule_add(rule, plan_statement(ST_COUNTER)) |
	       rule_add(rule, plan_statement(ST_DROP));
}

static struct ruleset_statement source_in(bool ipv6, int set, bool negate)
{
	return (struct ruleset_statement){.kind = ST_SOURCE_IN,
					  .key = ipv6 ? KEY_STATIC6 : KEY_STATIC,
					  .set = (uint32_t)set,
					  .negate = negate};
}

static struct ruleset_statement flags(uint8_t mask, uint8_t value, bool negate)
{
	return (struct ruleset_statement){
		.kind = ST_TCP_FLAGS, .mask = mask, .value = value, .negate = negate};
}

/* SYN, FIN and RST exclude each other, and all but SYN and RST carry ACK (RFC 9293, 3.10.7). */
static int add_flag_rules(const struct farm_plan *p, int chain)
{
	static const struct {
		uint8_t mask, value;
	} invalid[] = {
		{TCP_SYN | TCP_FIN, TCP_SYN | TCP_FIN},
		{TCP_SYN | TCP_RST, TCP_SYN | TCP_RST},
		{TCP_FIN | TCP_RST, TCP_FIN | TCP_RST},
		{TCP_SYN | TCP_RST | TCP_ACK, 0},
	};
	int err = 0;

	for (size_t i = 0; i < sizeof(invalid) / sizeof(invalid[0]); i++)
		err |= add_drop(p, chain, PLAN_DROP_FLAGS,
				flags(invalid[i].mask, invalid[i].value, false));
	return err;
}

int plan_guard_rates(const struct farm_plan *p, enum plan_lane lane, int chain)
{
	const struct plan_guard *g = &p->guards[is_ipv6(lane)];
	int err = 0;

	if (g->rates >= 0)
		err |= add_drop(p, chain, PLAN_DROP_SOURCE_RATE,
				(struct ruleset_statement){
					.kind = ST_SOURCE_RATE,
					.key = is_ipv6(lane) ? KEY_SOURCE6 : KEY_SOURCE,
					.set = (uint32_t)g->rates,
					.number = p->farm->max_rate_per_source,
					.timeout_ms = PLAN_RATES_TIMEOUT_MS,
				});
	if (p->farm->max_rate)
		err |= add_drop(
			p, chain, PLAN_DROP_RATE,
			(struct ruleset_statement){.kind = ST_RATE, .number = p->farm->max_rate});
	return err;
}

static int add_list_rules(const struct farm_plan *p, enum plan_lane lane, int chain)
{
	const struct plan_guard *g = &p->guards[is_ipv6(lane)];
	int err = 0;

	if (g->deny >= 0)
		err |= add_drop(p, chain, PLAN_DROP_DENIED,
				source_in(is_ipv6(lane), g->deny, false));
	if (g->allow >= 0)
		err |= add_drop(p, chain, PLAN_DROP_NOT_ALLOWED,
				source_in(is_ipv6(lane), g->allow, true));
	return err;
}

/* Of SYN, FIN, RST and ACK the segment has ACK alone: an established connection. */
static int add_tcp_rules(const struct farm_plan *p, enum plan_lane lane, int chain,
			 struct ruleset_statement enter)
{
	int err = PLAN_ADD_RULE(
		p->r, chain, flags(TCP_FIN | TCP_SYN | TCP_RST | TCP_ACK, TCP_ACK, false), enter);

	err |= add_flag_rules(p, chain);
	if (!p->farm->max_rate_per_source && !p->farm->max_rate)
		return err;
	err |= PLAN_ADD_RULE(p->r, chain, flags(TCP_SYN | TCP_ACK, TCP_SYN, true), enter);
	return err | plan_guard_rates(p, lane, chain);
}

int plan_guard(struct farm_plan *p, enum plan_lane lane, int entry)
{
	struct ruleset_statement enter = {.kind = ST_GOTO, .chain = (uint32_t)entry};
	char name[RULESET_NAME]; /* a copy: the chains move when there is one more */
	int chain, err = 0;

	if (!plan_farm_is_guarded(p->farm))
		return entry;
	memcpy(name, p->r->chains[entry].name, sizeof(name));
	chain = ruleset_add_chain(p->r, "guard-%s", name + strlen("farm-"));
	if (chain < 0)
		return chain;
	memcpy(p->r->chains[chain].farm, p->r->chains[entry].farm, RULESET_NAME);
	err |= add_list_rules(p, lane, chain);
	if (!is_udp(lane))
		err |= add_tcp_rules(p, lane, chain, enter);
	else if (p->hashed)
		err |= plan_guard_rates(p, lane, chain);
	err |= PLAN_ADD_RULE(p->r, chain, enter);
	return err ? -ENOMEM : chain;
}
