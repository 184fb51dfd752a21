/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/doctor/host_hidden.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

enum { CURE = 512 };

/* --- is a rule about a farm? ------------------------------------------------------------------ */

static bool has_protocol(const struct config_farm *farm, uint8_t protocol)
{
	switch (protocol) {
	case 0: return true;
	case IPPROTO_TCP: return farm->protocol & PROTOCOL_TCP;
	case IPPROTO_UDP: return farm->protocol & PROTOCOL_UDP;
	default: return false;
	}
}

/* The first port of the rule that is the farm's, too; 0: none. */
static uint16_t port_of(const struct config_farm *farm, const struct host_rule *rule)
{
	for (size_t i = 0; i < rule->n_ports; i++)
		for (size_t k = 0; k < farm->n_ports; k++)
			if (rule->ports[i] >= farm->ports[k].first &&
			    rule->ports[i] <= farm->ports[k].last)
				return rule->ports[i];
	return 0;
}

static bool of_family(const struct host_rule *rule, const struct addr *address)
{
	if (strcmp(rule->family, "ip") == 0)
		return address->family == AF_INET;
	return strcmp(rule->family, "ip6") != 0 || address->family == AF_INET6;
}

static bool is_to(const struct host_rule *rule, const struct addr *address)
{
	for (size_t i = 0; i < rule->n_to; i++)
		if (addr_equal(&rule->to[i], address))
			return true;
	return rule->n_to == 0 && of_family(rule, address);
}

/* The first address of the farm that the rule is about, or NULL. */
static const struct addr *about(const struct host_rule *rule, const struct config_farm *farm)
{
	if (rule->set[0] || !has_protocol(farm, rule->protocol) ||
	    (rule->n_ports && !port_of(farm, rule)) ||
	    (rule->device[0] && strcmp(rule->device, farm->interface) != 0))
		return NULL;
	for (size_t i = 0; i < farm->n_addresses; i++)
		if (is_to(rule, &farm->addresses[i]))
			return &farm->addresses[i];
	return NULL;
}

/* --- does it stand where the farm's traffic does not come? ------------------------------------ */

static bool of_table(const struct host_chain *c, const struct host_rule *rule)
{
	return strcmp(c->family, rule->family) == 0 && strcmp(c->table, rule->table) == 0;
}

static bool is_behind(const struct host_chain *c, const struct config_farm *farm)
{
	switch (c->hook) {
	case HOOK_NONE: return false;
	case HOOK_INGRESS: return c->priority > 0 && strcmp(c->device, farm->interface) == 0;
	case HOOK_PREROUTING:
	case HOOK_INPUT:
	case HOOK_FORWARD: return true;
	}
	return false;
}

/*
 * The base chain by which packets would come to the rule: its own, or for want of that any behind us
 * in its table. None when one in front of us may send them there: then it is not hidden.
 */
static const struct host_chain *way_to(const struct host_facts *facts, const struct host_rule *rule,
				       const struct config_farm *farm)
{
	const struct host_chain *way = NULL;

	for (size_t i = 0; i < facts->n_chains; i++) {
		const struct host_chain *c = &facts->chains[i];
		bool own = strcmp(c->name, rule->chain) == 0;

		if (!of_table(c, rule) || c->hook == HOOK_NONE)
			continue;
		if (own)
			return is_behind(c, farm) ? c : NULL;
		if (!is_behind(c, farm))
			return NULL;
		way = c;
	}
	return way;
}

static const char *hook_name(enum host_hook hook)
{
	switch (hook) {
	case HOOK_NONE: return "none";
	case HOOK_INGRESS: return "ingress";
	case HOOK_PREROUTING: return "prerouting";
	case HOOK_INPUT: return "input";
	case HOOK_FORWARD: return "forward";
	}
	return "";
}

/* --- the finding ------------------------------------------------------------------------------ */

/* A rule that allows some is a wall only where the rest is dropped. */
static const struct addr *hides(const struct host_facts *facts, const struct host_rule *rule,
				const struct config_farm *farm, const struct host_chain **ret_way)
{
	*ret_way = way_to(facts, rule, farm);
	if (!*ret_way || !(rule->drops || (rule->admits_some && (*ret_way)->drops)))
		return NULL;
	return about(rule, farm);
}

static bool same_chain(const struct host_rule *a, const struct host_rule *b)
{
	return strcmp(a->chain, b->chain) == 0 && strcmp(a->table, b->table) == 0 &&
	       strcmp(a->family, b->family) == 0;
}

/* How many rules of that chain are about the farm; 0 when it was counted before. */
static size_t count(const struct host_facts *facts, size_t first, const struct config_farm *farm)
{
	const struct host_chain *way;
	size_t n = 0;

	for (size_t i = 0; i < facts->n_rules; i++) {
		if (!same_chain(&facts->rules[i], &facts->rules[first]) ||
		    !hides(facts, &facts->rules[i], farm, &way))
			continue;
		if (i < first)
			return 0;
		n++;
	}
	return n;
}

static void add(const struct host_rule *rule, const struct host_chain *way, size_t n,
		const struct addr *address, const struct config_farm *farm, struct findings *f)
{
	char cure[CURE], text[ADDR_TEXT], port[32] = "";

	if (rule->n_ports)
		snprintf(port, sizeof(port), "port %u of ", port_of(farm, rule));
	snprintf(cure, sizeof(cure),
		 "nft -a list chain %s %s %s\n"
		 "# in director.conf, in farm \"%s\", say it with allow, deny or max-rate",
		 rule->family, rule->table, rule->chain, farm->name);
	findings_add(f, FINDING_FIREWALL_BYPASSED, farm->name, NULL, cure,
		     "%zu rule%s of chain \"%s\" in table %s %s (hook %s) restrict%s %s%s, and "
		     "the farm's traffic does not meet %s: the director forwards it at ingress",
		     n, n == 1 ? "" : "s", rule->chain, rule->family, rule->table,
		     hook_name(way->hook), n == 1 ? "s" : "", port, addr_format(address, text),
		     n == 1 ? "it" : "them");
}

void host_judge_hidden(const struct host_facts *facts, const struct config_farm *farm,
		       struct findings *f)
{
	for (size_t i = 0; i < facts->n_rules; i++) {
		const struct host_chain *way;
		const struct addr *address = hides(facts, &facts->rules[i], farm, &way);
		size_t n = address ? count(facts, i, farm) : 0;

		if (n)
			add(&facts->rules[i], way, n, address, farm, f);
	}
}
