/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SYNs that are sent again. In Direct Server Return the answers go past the director; but a client that
 * gets none sends its SYN once more, with the same ports and the same sequence number, and that it sees.
 * It is the only sign here of a backend whose answers do not arrive: the checks ask from its own segment.
 *
 * A farm that has chosen a backend for a SYN, and written its MAC address, sends the frame by a chain that
 * it shares with the other farms behind the same interface: syn-IF. There the frame is
 *
 *     known, from the last seconds      -> resyn-IF: noted in retried, once for a connection, and out
 *     one of too many in this second    -> out
 *     another one                       -> remembered in asked, counted in tried, and out
 *
 * by VIP, port and MAC address. So tried counts a sample, and retried those of the sample that were sent
 * again; a set that is full ends the rule, and the one behind it sends the frame. Whoever reads both
 * (director/evidence/retries.h) has the share.
 *
 * The sets are four for each IP version, whatever many farms there are, and empty without SYNs; what
 * is no SYN pays for one comparison of its flags in a farm without a flow table, and else for nothing. As the
 * ratio to the same farm without (make bench): 1.01 for others, 1.25 for a SYN of a flood; in a farm with a
 * flow table 0.99, and 1.15 for a SYN that is repeated.
 *
 * Pure.
 */
#include "director/ruleset/plan_farm.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* Of one IP version, by index. */
struct syn_sets {
	int asked, again, tried, retried;
};

static bool watches(const struct config_farm *farm, bool ipv6)
{
	if (farm->syn_retries == SYN_RETRIES_OFF || !(farm->protocol & PROTOCOL_TCP))
		return false;
	for (size_t i = 0; i < farm->n_addresses; i++)
		if ((farm->addresses[i].family == AF_INET6) == ipv6)
			return true;
	return false;
}

static bool anybody_watches(const struct config *c, bool ipv6)
{
	for (size_t i = 0; i < c->n_farms; i++)
		if (watches(&c->farms[i], ipv6))
			return true;
	return false;
}

/* --- sets ------------------------------------------------------------------------------------- */

static int add_set(struct ruleset *r, enum ruleset_set_kind kind, const char *name, uint32_t size)
{
	int at = ruleset_add_set(r, kind, "%s", name);

	if (at >= 0)
		r->sets[at].size = size;
	return at;
}

static int add_sets(struct ruleset *r, bool ipv6)
{
	enum ruleset_set_kind syns = ipv6 ? SET_SYNS6 : SET_SYNS;
	enum ruleset_set_kind served = ipv6 ? SET_SERVED6 : SET_SERVED;

	return add_set(r, syns, ipv6 ? "asked6" : "asked", PLAN_SYNS_MAX) < 0 ||
			       add_set(r, syns, ipv6 ? "again6" : "again", PLAN_SYNS_MAX) < 0 ||
			       add_set(r, served, ipv6 ? PLAN_TRIED6 : PLAN_TRIED,
				       PLAN_SERVED_MAX) < 0 ||
			       add_set(r, served, ipv6 ? PLAN_RETRIED6 : PLAN_RETRIED,
				       PLAN_SERVED_MAX) < 0
		       ? -ENOMEM
		       : 0;
}

static struct syn_sets find_sets(const struct ruleset *r, bool ipv6)
{
	return (struct syn_sets){
		.asked = ruleset_find_set(r, ipv6 ? "asked6" : "asked"),
		.again = ruleset_find_set(r, ipv6 ? "again6" : "again"),
		.tried = ruleset_find_set(r, ipv6 ? PLAN_TRIED6 : PLAN_TRIED),
		.retried = ruleset_find_set(r, ipv6 ? PLAN_RETRIED6 : PLAN_RETRIED),
	};
}

/* --- chains ----------------------------------------------------------------------------------- */

static struct ruleset_statement syn_in(bool ipv6, int set, bool negate)
{
	return (struct ruleset_statement){.kind = ST_SOURCE_IN,
					  .key = ipv6 ? KEY_SYN6 : KEY_SYN,
					  .set = (uint32_t)set,
					  .negate = negate};
}

static struct ruleset_statement remembered(bool ipv6, int set)
{
	return (struct ruleset_statement){.kind = ST_NOTE,
					  .key = ipv6 ? KEY_SYN6 : KEY_SYN,
					  .set = (uint32_t)set,
					  .timeout_ms = PLAN_SYN_KEPT_MS};
}

static struct ruleset_statement counted(bool ipv6, int set)
{
	return (struct ruleset_statement){.kind = ST_NOTE_COUNT,
					  .key = ipv6 ? KEY_SERVED6 : KEY_SERVED,
					  .set = (uint32_t)set,
					  .timeout_ms = PLAN_SERVED_KEPT_MS};
}

static int fill_chains(struct ruleset *r, int first, int again, bool ipv6,
		       struct ruleset_statement out)
{
	const struct syn_sets s = find_sets(r, ipv6);
	struct ruleset_statement go = {.kind = ST_GOTO, .chain = (uint32_t)again};
	struct ruleset_statement many = {.kind = ST_TOO_MANY, .number = PLAN_SYN_SAMPLE};
	int err = 0;

	err |= PLAN_ADD_RULE(r, again, syn_in(ipv6, s.again, true), remembered(ipv6, s.again),
			     counted(ipv6, s.retried), out);
	err |= PLAN_ADD_RULE(r, again, out);
	err |= PLAN_ADD_RULE(r, first, syn_in(ipv6, s.asked, false), go);
	err |= PLAN_ADD_RULE(r, first, many, out);
	err |= PLAN_ADD_RULE(r, first, remembered(ipv6, s.asked), counted(ipv6, s.tried), out);
	return (err | PLAN_ADD_RULE(r, first, out)) ? -ENOMEM : 0;
}

static int add_chains(struct ruleset *r, const struct plan_interface *out, bool ipv6)
{
	struct ruleset_statement forward = {.kind = ST_FORWARD, .number = out->ifindex};
	int again = ruleset_add_chain(r, ipv6 ? "resyn6-%s" : "resyn-%s", out->name);
	int first =
		again < 0 ? again : ruleset_add_chain(r, ipv6 ? "syn6-%s" : "syn-%s", out->name);

	if (first < 0)
		return first;
	memcpy(forward.text, out->name, RULESET_IFNAME);
	return fill_chains(r, first, again, ipv6, forward);
}

/*
 * For every interface, for a farm's way out is found when its neighbours are; and so that these chains are
 * the same ones in the next plan, which shares farms with this one (plan_memory.h).
 */
int plan_syn_shared(const struct plan_facts *facts, struct ruleset *r)
{
	int err = 0;

	for (int ipv6 = 0; !err && ipv6 < 2; ipv6++) {
		if (!anybody_watches(facts->config, ipv6))
			continue;
		err = add_sets(r, ipv6);
		for (size_t i = 0; !err && i < facts->n_interfaces; i++)
			err = add_chains(r, &facts->interfaces[i], ipv6);
	}
	return err;
}

/* --- of a farm -------------------------------------------------------------------------------- */

static int add_own_chain(const struct farm_plan *p, const char *name, bool ipv6)
{
	int at = ruleset_add_chain(p->r, "%s-%s%s", name, p->farm->name, ipv6 ? ".tcp6" : "");

	if (at >= 0)
		memcpy(p->r->chains[at].farm, p->r->sets[p->outputs].farm, RULESET_NAME);
	return at;
}

/* The sample is the farm's own then. */
static int add_own_chains(const struct farm_plan *p, bool ipv6)
{
	int again = add_own_chain(p, "reasked", ipv6);
	int first = again < 0 ? again : add_own_chain(p, "asked", ipv6);

	if (first < 0 || fill_chains(p->r, first, again, ipv6, plan_farm_forward(p)) < 0)
		return -ENOMEM;
	return first;
}

static int find_chain(const struct farm_plan *p, bool ipv6)
{
	char name[RULESET_NAME];

	snprintf(name, sizeof(name), "%s-%s", ipv6 ? "syn6" : "syn", p->out->name);
	return ruleset_find_chain(p->r, name);
}

int plan_syn_farm(struct farm_plan *p)
{
	for (int ipv6 = 0; ipv6 < 2; ipv6++) {
		p->syns[ipv6] = -1;
		if (!watches(p->farm, ipv6))
			continue;
		p->syns[ipv6] = p->out ? find_chain(p, ipv6) : add_own_chains(p, ipv6);
		if (p->syns[ipv6] == -ENOMEM)
			return -ENOMEM;
	}
	return 0;
}
