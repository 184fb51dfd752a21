/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ICMP errors about what a backend has sent. plan.h describes the chains as a whole. None of these
 * rules is met by a whole packet for a service.
 *
 * Pure.
 */
#include "director/ruleset/plan_icmp.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

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

struct ruleset_statement plan_goto(int chain)
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

struct ruleset_statement plan_out(enum ruleset_statement_kind kind,
				  const struct plan_interface *out)
{
	struct ruleset_statement s = {.kind = kind, .number = out->ifindex};

	memcpy(s.text, out->name, RULESET_IFNAME);
	return s;
}

int plan_add_counted(struct ruleset *r, int chain, const struct ruleset_statement *match, size_t n,
		     enum ruleset_statement_kind end, const char *comment)
{
	struct ruleset_rule *rule = ruleset_add_rule(r, chain, comment);
	int err = 0;

	if (!rule)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		err |= rule_add(rule, match[i]);
	err |= rule_add(rule, plan_statement(ST_COUNTER));
	if (end != ST_COUNTER)
		err |= rule_add(rule, plan_statement(end));
	return err;
}

/* --- copies to several backends --------------------------------------------------------------- */

void plan_add_receivers(struct plan_receivers *ret, const struct plan_facts *facts, size_t farm)
{
	for (size_t i = 0; i < facts->config->farms[farm].n_backends; i++) {
		const struct plan_backend *b = &facts->backends[farm][i];
		size_t k = 0;

		while (k < ret->n && memcmp(&ret->all[k].mac, &b->mac, sizeof(b->mac)) != 0)
			k++;
		if (b->usable && k == ret->n && k < CONFIG_BACKENDS_MAX)
			ret->all[ret->n++] =
				(struct plan_receiver){b->mac, &facts->interfaces[b->out]};
	}
}

/*
 * Packets a second of which each makes n copies. With what may come at once (ruleset_burst()) they
 * are no more than that in any one second, also in the first of a flood.
 */
static uint32_t packets_to_copy(uint32_t most, size_t n)
{
	uint32_t packets = most / (uint32_t)n;

	return packets > 1 ? packets - (packets + 10) / 11 : 1;
}

int plan_add_copies(struct ruleset *r, int chain, const struct plan_receivers *to, uint32_t most)
{
	struct ruleset_statement limit = {.kind = ST_TOO_MANY};
	int err = 0;

	if (to->n == 0)
		return plan_add_counted(r, chain, NULL, 0, ST_DROP, "no backend");
	limit.number = packets_to_copy(most, to->n);
	err |= plan_add_counted(r, chain, &limit, 1, ST_DROP, "too many to copy");
	for (size_t i = 0; i < to->n; i++) {
		struct ruleset_statement macs = {
			.kind = ST_MACS_ARE, .mac = to->all[i].mac, .from = to->all[i].out->mac};

		err |= PLAN_ADD_RULE(
			r, chain, macs,
			plan_out(i + 1 < to->n ? ST_COPY : ST_FORWARD, to->all[i].out));
	}
	return err;
}

/* --- ICMP errors ------------------------------------------------------------------------------ */

/* Types 3, 11 and 12, or ICMPv6 1 to 4, about a packet whose ports are where they are looked for. */
int plan_icmp_chain(struct ruleset *r, int errors, int refused, bool ipv6)
{
	const struct ruleset_statement options = octet(AT_EMBEDDED, IP_WITHOUT_OPTIONS, true);
	const struct ruleset_statement extended[] = {
		octet(AT_EMBEDDED_NEXT6, IPPROTO_TCP, true),
		octet(AT_EMBEDDED_NEXT6, IPPROTO_UDP, true),
		octet(AT_EMBEDDED_NEXT6, IPPROTO_ICMPV6, true),
	};
	const struct ruleset_statement no_error6 = {
		.kind = ST_OCTET_ABOVE, .number = AT_TYPE, .value = ICMP6_LAST_ERROR};
	const struct ruleset_statement no_error[] = {
		octet(AT_TYPE, ICMP_UNREACHABLE, true),
		octet(AT_TYPE, ICMP_EXCEEDED, true),
		octet(AT_TYPE, ICMP_PARAMETER, true),
	};
	int chain = ruleset_add_chain(r, ipv6 ? "errors6" : "errors");
	int err = 0;

	if (chain < 0)
		return chain;
	if (ipv6) {
		err |= plan_refuse(r, chain, &no_error6, 1, refused, true);
		err |= PLAN_ADD_RULE(r, chain, no_error6, plan_statement(ST_ACCEPT));
		err |= PLAN_ADD_RULE(r, chain, verdict_of(KEY_ERROR6, errors));
		err |= plan_refuse(r, chain, NULL, 0, refused, true);
		err |= plan_add_counted(r, chain, extended, sizeof(extended) / sizeof(extended[0]),
					ST_ACCEPT, "about a packet with extension headers");
	} else {
		err |= plan_refuse(r, chain, no_error, 3, refused, false);
		err |= PLAN_ADD_RULE(r, chain, no_error[0], no_error[1], no_error[2],
				     plan_statement(ST_ACCEPT));
		err |= PLAN_ADD_RULE(r, chain, octet(AT_EMBEDDED, IP_WITHOUT_OPTIONS, false),
				     verdict_of(KEY_ERROR, errors));
		err |= plan_refuse(r, chain, NULL, 0, refused, false);
		err |= plan_add_counted(r, chain, &options, 1, ST_ACCEPT,
					"about a packet with options");
	}
	return err ? -ENOMEM : chain;
}

struct ruleset_statement plan_by_hash(const struct farm_plan *p, enum ruleset_statement_kind kind,
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
	return p->out ? plan_out(ST_FORWARD, p->out)
		      : plan_statement_set(ST_FORWARD_BY_MAC, p->outputs);
}

/* True when the hash of the client alone tells the backend of each flow. */
static bool hash_tells(const struct farm_plan *p)
{
	return p->hashed && !p->remembers && !p->farm->n_pins;
}

static int add_errors(const struct farm_plan *p, bool ipv6)
{
	int chain = ruleset_add_chain(p->r, "errors%s-%s", ipv6 ? "6" : "", p->farm->name);
	int err;

	if (chain < 0)
		return chain;
	if (hash_tells(p)) {
		struct ruleset_statement macs = ipv6 ? plan_by_hash(p, ST_MACS, KEY_ERROR_PEER6,
								    KEY_ERROR_SOURCE6, p->buckets)
						     : plan_by_hash(p, ST_MACS, KEY_ERROR_PEER,
								    KEY_ERROR_SOURCE, p->buckets);

		err = PLAN_ADD_RULE(p->r, chain, macs, forward(p));
		err |= plan_add_counted(p->r, chain, NULL, 0, ST_DROP, "no backend");
	} else {
		struct plan_receivers to = {.n = 0};

		plan_add_receivers(&to, p->facts, (size_t)(p->farm - p->facts->config->farms));
		err = plan_add_copies(p->r, chain, &to, PLAN_ERROR_COPIES);
	}
	return err ? -ENOMEM : chain;
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
			ret->firsts[lane] = plan_fragment_first(p, lane, ret->chains[lane]);
			if (ret->firsts[lane] < 0)
				return ret->firsts[lane];
		}
	return 0;
}
