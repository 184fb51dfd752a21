/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What goes to the virtual addresses of a section with accept = false and is no farm's: "MUST NOT
 * accept packets addressed to the IPvX address(es)" (RFC 9568, 6.4.3), neighbour solicitations and
 * advertisements excepted. It is dropped at the ingress hook, before the host's own stack. The farms
 * come first: what is forwarded was never accepted. ARP is no IP and not concerned; and of an owner,
 * whose addresses are the host's, all is accepted.
 *
 * Pure.
 */
#include "director/ruleset/plan_farm.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

static bool refuses(const struct config_vrrp *v, const struct addr *a, uint8_t family)
{
	return !v->accept && a->family == family;
}

/* The addresses of one family, if any. The index of the set, -1 without, or -ENOMEM. */
static int add_set(const struct plan_facts *facts, struct ruleset *r, uint8_t family)
{
	const struct config *c = facts->config;
	size_t len = family == AF_INET6 ? 16 : 4, n = 0;
	struct ruleset_set *set;
	int at;

	for (size_t i = 0; i < c->n_vrrps; i++)
		for (size_t k = 0; k < c->vrrps[i].n_addresses; k++)
			n += refuses(&c->vrrps[i], &c->vrrps[i].addresses[k].addr, family);
	if (n == 0 || facts->owner)
		return -1;
	at = family == AF_INET6 ? ruleset_add_set(r, SET_ADDRESSES6, "refused6")
				: ruleset_add_set(r, SET_ADDRESSES, "refused");
	if (at < 0)
		return at;
	set = &r->sets[at];
	if (ruleset_set_reserve(set, n) < 0)
		return -ENOMEM;
	n = 0;
	for (size_t i = 0; i < c->n_vrrps; i++)
		for (size_t k = 0; k < c->vrrps[i].n_addresses; k++) {
			const struct addr *a = &c->vrrps[i].addresses[k].addr;

			if (refuses(&c->vrrps[i], a, family))
				memcpy(set->elements[n++].key, a->bytes, len);
		}
	ruleset_set_sort(set);
	return at;
}

int plan_refused_sets(const struct plan_facts *facts, struct ruleset *r, struct plan_refused *ret)
{
	ret->v4 = add_set(facts, r, AF_INET);
	ret->v6 = add_set(facts, r, AF_INET6);
	return ret->v4 == -ENOMEM || ret->v6 == -ENOMEM ? -ENOMEM : 0;
}

bool plan_refuses_on(const struct config *c, const char *interface)
{
	for (size_t i = 0; i < c->n_vrrps; i++)
		if (!c->vrrps[i].accept && strcmp(c->vrrps[i].interface, interface) == 0)
			return true;
	return false;
}

int plan_refuse(struct ruleset *r, int chain, const struct ruleset_statement *matches, size_t n,
		int set, bool ipv6)
{
	const struct ruleset_statement to = {
		.kind = ST_SOURCE_IN, .key = ipv6 ? KEY_VIP6 : KEY_VIP, .set = (uint32_t)set};
	struct ruleset_rule *rule;
	int err = 0;

	if (set < 0)
		return 0;
	rule = ruleset_add_rule(r, chain, "not accepted");
	if (!rule)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		err |= rule_add(rule, matches[i]);
	return err | rule_add(rule, to) | rule_add(rule, plan_statement(ST_COUNTER)) |
	       rule_add(rule, plan_statement(ST_DROP));
}

static struct ruleset_statement nd(uint8_t type)
{
	return (struct ruleset_statement){.kind = ST_ND, .value = type};
}

int plan_refuse_but_neighbours(struct ruleset *r, int chain, const struct plan_refused *refused)
{
	if (refused->v6 < 0)
		return 0;
	return PLAN_ADD_RULE(r, chain, nd(ND_SOLICITATION), plan_statement(ST_ACCEPT)) |
	       PLAN_ADD_RULE(r, chain, nd(ND_ADVERTISEMENT), plan_statement(ST_ACCEPT));
}

int plan_refuse_rest(struct ruleset *r, int chain, const struct plan_refused *refused)
{
	const struct ruleset_statement near = plan_statement(ST_NOT_FOR_OTHERS);

	return plan_refuse(r, chain, &near, 1, refused->v4, false) |
	       plan_refuse(r, chain, &near, 1, refused->v6, true);
}

int plan_ignore_routers(struct ruleset *r, int chain)
{
	return PLAN_ADD_RULE(r, chain, nd(ND_ROUTER_ADVERTISEMENT), plan_statement(ST_DROP));
}
