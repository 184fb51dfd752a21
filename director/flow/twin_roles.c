/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/flow/twin_roles.h"

#include "include/wr.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static size_t octets(uint8_t family)
{
	return family == AF_INET6 ? 16 : 4;
}

static int order(const struct addr *a, const struct addr *b)
{
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return memcmp(a->bytes, b->bytes, octets(a->family));
}

static int by_address(const void *a, const void *b)
{
	return order(&((const struct twin_place *)a)->address,
		     &((const struct twin_place *)b)->address);
}

int twin_roles_set(struct twin_roles *r, const struct twin_router *routers, size_t n_routers,
		   const struct twin_place *places, size_t n_places)
{
	struct twin_roles next = {.n_routers = n_routers, .n_places = n_places};

	next.routers = calloc(n_routers + 1, sizeof(*next.routers));
	next.places = calloc(n_places + 1, sizeof(*next.places));
	if (!next.routers || !next.places) {
		twin_roles_clear(&next);
		return -ENOMEM;
	}
	for (size_t i = 0; i < n_routers; i++)
		next.routers[i] = (struct twin_router){.section = routers[i].section,
						       .family = routers[i].family};
	memcpy(next.places, places, n_places * sizeof(*places));
	qsort(next.places, n_places, sizeof(*next.places), by_address);
	twin_roles_clear(r);
	*r = next;
	return 0;
}

void twin_roles_clear(struct twin_roles *r)
{
	free(r->routers);
	free(r->places);
	*r = (struct twin_roles){0};
}

bool twin_roles_are(const struct twin_roles *r, const struct twin_router *routers, size_t n_routers,
		    const struct twin_place *places, size_t n_places)
{
	if (r->n_routers != n_routers || r->n_places != n_places)
		return false;
	for (size_t i = 0; i < n_routers; i++)
		if (r->routers[i].section != routers[i].section ||
		    r->routers[i].family != routers[i].family)
			return false;
	for (size_t i = 0; i < n_places; i++) {
		const struct twin_router *found = twin_roles_find(r, &places[i].address);

		if (found != &r->routers[places[i].router])
			return false;
	}
	return true;
}

struct twin_router *twin_roles_find(const struct twin_roles *r, const struct addr *vip)
{
	size_t low = 0, high = r->n_places;

	while (low < high) {
		size_t middle = (low + high) / 2;
		int where = order(&r->places[middle].address, vip);

		if (where == 0)
			return &r->routers[r->places[middle].router];
		if (where < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

bool twin_roles_take(struct twin_roles *r, const bool *ours, uint32_t now_s)
{
	bool new = false;

	for (size_t i = 0; i < r->n_routers; i++) {
		new |= r->routers[i].ours != ours[i];
		if (ours[i] && !r->routers[i].ours)
			r->routers[i].since_s = now_s;
		r->routers[i].ours = ours[i];
		r->routers[i].theirs &= !ours[i];
	}
	return new;
}

static bool domain_has(const struct sync_domain *domain, const struct twin_router *router)
{
	for (size_t i = 0; i < domain->n; i++)
		if (domain->routers[i].section == router->section &&
		    domain->routers[i].family == router->family)
			return true;
	return false;
}

void twin_roles_theirs(struct twin_roles *r, const struct sync_domain *domain)
{
	for (size_t i = 0; i < r->n_routers; i++)
		r->routers[i].theirs = !r->routers[i].ours && domain_has(domain, &r->routers[i]);
}

void twin_roles_domain(const struct twin_roles *r, struct sync_domain *ret)
{
	ret->n = 0;
	for (size_t i = 0; i < r->n_routers && ret->n < SYNC_ROUTERS_MAX; i++) {
		if (!r->routers[i].ours)
			continue;
		ret->routers[ret->n].section = r->routers[i].section;
		ret->routers[ret->n++].family = r->routers[i].family;
	}
}

void twin_router_count(struct twin_router *r, const struct flow_key *key, const char *farm,
		       const char *backend, bool closing, bool held)
{
	static const uint8_t hash_key[crypto_shorthash_KEYBYTES] = "digest of flows";
	uint8_t bytes[1 + 16 + 16 + 2 + 2 + 1 + 1 + 2 * SYNC_NAME_LEN], hash[sizeof(uint64_t)];
	size_t farm_len = strnlen(farm, SYNC_NAME_LEN - 1) + 1;
	size_t backend_len = strnlen(backend, SYNC_NAME_LEN - 1) + 1;
	size_t n = octets(key->vip.family);
	struct wr w = wr_init(bytes, sizeof(bytes));
	uint64_t value = 0;

	wr_u8(&w, key->vip.family == AF_INET6 ? 6 : 4);
	wr_bytes(&w, key->client.bytes, n);
	wr_bytes(&w, key->vip.bytes, n);
	wr_be16(&w, key->client_port);
	wr_be16(&w, key->vip_port);
	wr_u8(&w, key->protocol);
	wr_u8(&w, closing);
	wr_bytes(&w, farm, farm_len);
	wr_bytes(&w, backend, backend_len);
	crypto_shorthash(hash, bytes, wr_used(&w), hash_key);
	for (size_t i = 0; i < sizeof(hash); i++)
		value = value << 8 | hash[i];
	if (flow_is_pin(key)) {
		r->pins = held ? r->pins + 1 : r->pins - 1;
		r->pins_sum = held ? r->pins_sum + value : r->pins_sum - value;
		return;
	}
	r->flows = held ? r->flows + 1 : r->flows - 1;
	r->flows_sum = held ? r->flows_sum + value : r->flows_sum - value;
}

void twin_roles_digest(const struct twin_roles *r, const struct sync_domain *domain,
		       struct sync_digest *ret)
{
	ret->flows = ret->flows_sum = ret->pins = ret->pins_sum = 0;
	ret->domain = *domain;
	for (size_t i = 0; i < r->n_routers; i++) {
		if (!domain_has(domain, &r->routers[i]))
			continue;
		ret->flows += r->routers[i].flows;
		ret->flows_sum += r->routers[i].flows_sum;
		ret->pins += r->routers[i].pins;
		ret->pins_sum += r->routers[i].pins_sum;
	}
}

bool twin_roles_agree(const struct twin_roles *r, const struct sync_digest *theirs)
{
	struct sync_digest here;

	for (size_t i = 0; i < r->n_routers; i++)
		if (r->routers[i].ours && domain_has(&theirs->domain, &r->routers[i]))
			return true;
	twin_roles_digest(r, &theirs->domain, &here);
	return here.flows == theirs->flows && here.flows_sum == theirs->flows_sum &&
	       here.pins == theirs->pins && here.pins_sum == theirs->pins_sum;
}

uint64_t twin_roles_all(const struct twin_roles *r)
{
	uint64_t n = 0;

	for (size_t i = 0; i < r->n_routers; i++)
		n += r->routers[i].flows;
	return n;
}

uint64_t twin_roles_held(const struct twin_roles *r, bool ours)
{
	uint64_t n = 0;

	for (size_t i = 0; i < r->n_routers; i++)
		if (ours ? r->routers[i].ours : r->routers[i].theirs)
			n += r->routers[i].flows;
	return n;
}
