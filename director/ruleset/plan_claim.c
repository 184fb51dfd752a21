/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Backends that claim a virtual address. In Direct Server Return each of them has it on its loopback
 * and must keep silent about it; one that does not gets the clients' packets without a director.
 *
 * What is heard: ARP packets with the address as the sender's, and neighbour advertisements about it,
 * from the MAC address of a backend. A Linux host without arp_announce = 2 asks for its clients and
 * routers in the name of the virtual address, and such a question goes to everybody. An answer to a
 * client's own question goes to that client alone and is not heard here; but a master asks now and then
 * (ha/claim.h), and hears the answer.
 *
 * It is the backends that are looked for, by their MAC addresses, and not everybody but the directors:
 * when the other director takes over, its announcements must never be taken for a claim, not even
 * before its MAC address is known. A third host is the business of ha/claim.h. A director that is a
 * backend, too, is none here.
 *
 * The kernel remembers each pair of address and MAC once, and what does not fit is counted all the
 * same: no frame wakes the daemon up, however many come.
 *
 * Pure.
 */
#include "director/ruleset/plan_memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* --- whose frames ----------------------------------------------------------------------------- */

static uint64_t number_of(const struct mac *mac)
{
	uint64_t n = 0;

	for (size_t i = 0; i < MAC_LEN; i++)
		n = n << 8 | mac->bytes[i];
	return n;
}

static int compare_numbers(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static bool is_node(const struct plan_facts *facts, const struct config_backend *backend)
{
	const struct config_cluster *cluster = &facts->config->cluster;

	for (size_t i = 0; i < cluster->n_nodes; i++)
		if (addr_equal(&cluster->nodes[i].address, &backend->address))
			return true;
	return false;
}

/* Those that are known; several may have the same. Returns how many. */
static size_t list_macs(const struct plan_facts *facts, uint64_t *ret)
{
	size_t n = 0;

	for (size_t i = 0; i < facts->config->n_farms; i++) {
		const struct config_farm *farm = &facts->config->farms[i];

		for (size_t k = 0; k < farm->n_backends; k++) {
			uint64_t number = number_of(&facts->backends[i][k].watched);

			if (number && !is_node(facts, &farm->backends[k]))
				ret[n++] = number;
		}
	}
	return n;
}

static size_t unique(uint64_t *list, size_t n)
{
	size_t kept = 0;

	qsort(list, n, sizeof(*list), compare_numbers);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || list[i] != list[kept - 1])
			list[kept++] = list[i];
	return kept;
}

/* From a list in order without doubles. Returns how many are left. */
static size_t strike_out(uint64_t *list, size_t n, const struct mac *mac)
{
	uint64_t number = number_of(mac);
	uint64_t *at = bsearch(&number, list, n, sizeof(*list), compare_numbers);

	if (!at)
		return n;
	memmove(at, at + 1, (size_t)(list + n - at - 1) * sizeof(*list));
	return n - 1;
}

static size_t strike_out_directors(const struct plan_facts *facts, uint64_t *list, size_t n)
{
	for (size_t i = 0; i < facts->n_interfaces; i++) {
		const struct plan_interface *in = &facts->interfaces[i];

		n = strike_out(list, n, &in->mac);
		if (in->peer_known)
			n = strike_out(list, n, &in->peer_mac);
	}
	return n;
}

static int fill_macs(const struct plan_facts *facts, struct ruleset_set *set, size_t room)
{
	uint64_t *list = calloc(room, sizeof(*list));
	size_t n;

	if (!list)
		return -ENOMEM;
	n = unique(list, list_macs(facts, list));
	n = strike_out_directors(facts, list, n);
	if (ruleset_set_reserve(set, n) < 0) {
		free(list);
		return -ENOMEM;
	}
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < MAC_LEN; k++)
			set->elements[i].key[k] = (uint8_t)(list[i] >> 8 * (MAC_LEN - 1 - k));
	free(list);
	return 0;
}

/* --- which addresses -------------------------------------------------------------------------- */

/* An element for it, if it is of that family; e may be NULL. Returns how many: 0 or 1. */
static size_t put_vip(struct ruleset_element *e, const struct addr *a, uint8_t family)
{
	if (a->family != family)
		return 0;
	if (e)
		memcpy(e->key, a->bytes, addr_len(a));
	return 1;
}

/* All of one family; several farms may have the same. Only their number when e is NULL. */
static size_t list_vips(const struct config *c, uint8_t family, struct ruleset_element *e)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n_farms; i++)
		for (size_t k = 0; k < c->farms[i].n_addresses; k++)
			n += put_vip(e ? &e[n] : NULL, &c->farms[i].addresses[k], family);
	for (size_t i = 0; i < c->n_vrrps; i++)
		for (size_t k = 0; k < c->vrrps[i].n_addresses; k++)
			n += put_vip(e ? &e[n] : NULL, &c->vrrps[i].addresses[k].addr, family);
	return n;
}

static int fill_vips(const struct config *c, struct ruleset_set *set, uint8_t family, size_t n)
{
	size_t kept = 0;

	if (ruleset_set_reserve(set, n) < 0)
		return -ENOMEM;
	list_vips(c, family, set->elements);
	ruleset_set_sort(set);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || ruleset_element_compare(set->kind, &set->elements[i],
						      &set->elements[kept - 1]) != 0)
			set->elements[kept++] = set->elements[i];
	set->n_elements = kept;
	return 0;
}

/* --- sets and rules --------------------------------------------------------------------------- */

static int add_family(const struct plan_facts *facts, struct ruleset *r, bool ipv6, int *ret_vips,
		      int *ret_claims)
{
	uint8_t family = ipv6 ? AF_INET6 : AF_INET;
	size_t n = list_vips(facts->config, family, NULL);
	int vips, claims;

	if (n == 0)
		return 0;
	vips = ipv6 ? ruleset_add_set(r, SET_TARGETS6, "vips6")
		    : ruleset_add_set(r, SET_ADDRESSES, "vips");
	claims = ipv6 ? ruleset_add_set(r, SET_CLAIMS6, PLAN_CLAIMS6)
		      : ruleset_add_set(r, SET_SENDERS, PLAN_CLAIMS);
	if (vips < 0 || claims < 0)
		return -ENOMEM;
	r->sets[claims].size = PLAN_CLAIMS_MAX;
	*ret_vips = vips;
	*ret_claims = claims;
	return fill_vips(facts->config, &r->sets[vips], family, n);
}

/* Index or -ENOMEM. To list and sort those of all backends is for plans in which one has changed. */
static int add_macs(const struct plan_facts *facts, const struct plan_memory *m, struct ruleset *r,
		    size_t n_backends)
{
	int at;

	if (m && plan_memory_knows_watched(m, facts))
		return plan_memory_share_set(m, PLAN_CLAIM_MACS, r);
	at = ruleset_add_set(r, SET_MACS, PLAN_CLAIM_MACS);
	return at < 0 || fill_macs(facts, &r->sets[at], n_backends) < 0 ? -ENOMEM : at;
}

int plan_claim_sets(const struct plan_facts *facts, const struct plan_memory *m, struct ruleset *r,
		    struct plan_claims *ret)
{
	size_t n_backends = config_count_backends(facts->config);
	int err;

	*ret = (struct plan_claims){-1, -1, -1, -1, -1};
	if (n_backends == 0)
		return 0;
	ret->macs = add_macs(facts, m, r, n_backends);
	if (ret->macs < 0)
		return ret->macs;
	err = add_family(facts, r, false, &ret->vips, &ret->claims);
	return err ? err : add_family(facts, r, true, &ret->vips6, &ret->claims6);
}

static struct ruleset_statement is_in(enum ruleset_key key, int set)
{
	return (struct ruleset_statement){.kind = ST_SOURCE_IN, .key = key, .set = (uint32_t)set};
}

static struct ruleset_statement noted(enum ruleset_key key, int set)
{
	return (struct ruleset_statement){.kind = ST_NOTE_COUNT,
					  .key = key,
					  .set = (uint32_t)set,
					  .timeout_ms = PLAN_CLAIM_KEPT_MS};
}

/* The set may be full, which ends the rule: the counter comes first. */
static int add_watch(struct ruleset *r, int chain, const struct plan_claims *c, bool ipv6)
{
	struct ruleset_rule *rule = ruleset_add_rule(r, chain, PLAN_CLAIM);
	int err = 0;

	if (!rule)
		return -ENOMEM;
	if (ipv6)
		err |= rule_add(
			rule, (struct ruleset_statement){.kind = ST_ND, .value = ND_ADVERTISEMENT});
	err |= rule_add(rule, ipv6 ? is_in(KEY_TARGET, c->vips6) : is_in(KEY_ARP, c->vips));
	err |= rule_add(rule, is_in(KEY_FROM, c->macs));
	err |= rule_add(rule, plan_statement(ST_COUNTER));
	return err |
	       rule_add(rule, ipv6 ? noted(KEY_CLAIM6, c->claims6) : noted(KEY_CLAIM, c->claims));
}

int plan_claim_watch(struct ruleset *r, int chain, const struct plan_claims *c)
{
	int err = 0;

	if (c->claims >= 0)
		err |= add_watch(r, chain, c, false);
	if (c->claims6 >= 0)
		err |= add_watch(r, chain, c, true);
	return err ? -ENOMEM : 0;
}
