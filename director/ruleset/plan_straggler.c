/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/ruleset/plan_straggler.h"

#include "director/ruleset/plan_farm.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

const char *plan_straggler_set(char buf[static RULESET_NAME], const char *interface, bool ipv6)
{
	snprintf(buf, RULESET_NAME, "senders%s-%s", ipv6 ? "6" : "", interface);
	return buf;
}

/* The addresses of one family, which the caller has counted. */
static int add_addresses(struct ruleset *r, const struct straggler_place *places, size_t n,
			 size_t n_family, bool ipv6)
{
	int at = ruleset_add_set(r, ipv6 ? SET_ADDRESSES6 : SET_ADDRESSES, "addresses%s-%s",
				 ipv6 ? "6" : "", places[0].interface);
	struct ruleset_element *e;

	if (at < 0 || ruleset_set_reserve(&r->sets[at], n_family) < 0)
		return -ENOMEM;
	e = r->sets[at].elements;
	for (size_t i = 0; i < n; i++)
		if ((places[i].address.family == AF_INET6) == ipv6)
			memcpy((e++)->key, places[i].address.bytes, addr_len(&places[i].address));
	ruleset_set_sort(&r->sets[at]);
	return at;
}

static int add_family(struct ruleset *r, int chain, const struct straggler_place *places, size_t n,
		      bool ipv6)
{
	struct ruleset_statement is = plan_statement(ST_SOURCE_IN), note = plan_statement(ST_NOTE);
	char name[RULESET_NAME];
	size_t n_family = 0;
	int addresses, senders;

	for (size_t i = 0; i < n; i++)
		n_family += (places[i].address.family == AF_INET6) == ipv6;
	if (n_family == 0)
		return 0;
	addresses = add_addresses(r, places, n, n_family, ipv6);
	senders = ruleset_add_set(r, ipv6 ? SET_SENDERS6 : SET_SENDERS, "%s",
				  plan_straggler_set(name, places[0].interface, ipv6));
	if (addresses < 0 || senders < 0)
		return -ENOMEM;
	r->sets[senders].size = STRAGGLER_SENDERS_MAX;
	is.key = ipv6 ? KEY_VIP6 : KEY_VIP;
	is.set = (uint32_t)addresses;
	note.key = ipv6 ? KEY_SENDER6 : KEY_SENDER;
	note.set = (uint32_t)senders;
	note.timeout_ms = STRAGGLER_KEPT_MS;
	return PLAN_ADD_RULE(r, chain, plan_statement(ST_FOR_US), is, note);
}

static int add_interface(struct ruleset *r, const struct straggler_place *places, size_t n)
{
	int chain = ruleset_add_chain(r, "ingress-%s", places[0].interface);

	if (chain < 0)
		return chain;
	memcpy(r->chains[chain].device, places[0].interface, RULESET_IFNAME);
	r->chains[chain].priority = STRAGGLER_PRIORITY;
	if (add_family(r, chain, places, n, false) < 0 || add_family(r, chain, places, n, true) < 0)
		return -ENOMEM;
	return 0;
}

int plan_stragglers(const struct straggler_place *places, size_t n, struct ruleset *ret)
{
	int code = 0;

	ruleset_init(ret);
	ret->table = RULESET_STRAGGLERS;
	ret->exists = n > 0;
	for (size_t first = 0, end; code == 0 && first < n; first = end) {
		for (end = first + 1; end < n; end++)
			if (strcmp(places[end].interface, places[first].interface) != 0)
				break;
		code = add_interface(ret, &places[first], end - first);
	}
	if (code < 0)
		ruleset_clear(ret);
	return code;
}
