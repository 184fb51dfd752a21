/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/evidence/claimant_uv.h"

#include "include/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* To name one is a walk through all backends; the others have their turn in the next reading. */
enum { NAMED_AT_ONCE = 8 };

#define COPY(to, from) snprintf((to), sizeof(to), "%s", (from))

struct reading {
	struct claimant_book *book;
	bool ipv6;
	uint64_t now_ms;
};

/* --- who it is -------------------------------------------------------------------------------- */

static bool has_address(const struct config_farm *farm, const struct addr *address)
{
	for (size_t i = 0; i < farm->n_addresses; i++)
		if (addr_equal(&farm->addresses[i], address))
			return true;
	return false;
}

/* A host may be a backend of several farms: of one with that address, if it can be. */
static void name_claimant(struct claimant *c, const struct plan_facts *facts)
{
	bool found = false;

	for (size_t i = 0; i < facts->config->n_farms; i++) {
		const struct config_farm *farm = &facts->config->farms[i];
		bool better = has_address(farm, &c->address);

		for (size_t k = 0; k < farm->n_backends && (better || !found); k++) {
			if (!mac_equal(&facts->backends[i][k].watched, &c->mac))
				continue;
			found = true;
			COPY(c->farm, farm->name);
			COPY(c->backend, farm->backends[k].name);
			if (better)
				return;
		}
	}
}

static int compare_macs(const void *mac, const void *element)
{
	return memcmp(mac, ((const struct ruleset_element *)element)->key, MAC_LEN);
}

/* Else there is nobody to be found: the kernel remembers longer than there are backends. */
static bool is_watched(const struct ruleset *planned, const struct mac *mac)
{
	int at = ruleset_find_set(planned, PLAN_CLAIM_MACS);
	const struct ruleset_set *set = at < 0 ? NULL : &planned->sets[at];

	return set && set->n_elements &&
	       bsearch(mac->bytes, set->elements, set->n_elements, sizeof(*set->elements),
		       compare_macs);
}

/* --- what is said ----------------------------------------------------------------------------- */

enum { WHO = 2 * STATUS_NAME + MAC_TEXT + 40 };

static const char *who(const struct claimant *c, char text[static WHO])
{
	char mac[MAC_TEXT];

	if (c->backend[0])
		snprintf(text, WHO, "backend %s/%s (%s)", c->farm, c->backend,
			 mac_format(&c->mac, mac));
	else
		snprintf(text, WHO, "a host that was a backend (%s)", mac_format(&c->mac, mac));
	return text;
}

static void say(const struct claimant *c)
{
	bool ipv6 = c->address.family == AF_INET6;
	char name[WHO], address[ADDR_TEXT], again[64] = "", cure[64 + 2 * STATUS_NAME] = "";

	if (c->news == CLAIMANT_STILL)
		snprintf(again, sizeof(again), " still, %llu times so far",
			 (unsigned long long)c->count);
	if (c->backend[0])
		snprintf(cure, sizeof(cure), ": see `directorctl backend-setup %s/%s`", c->farm,
			 c->backend);
	log_warning("%s claims the virtual address %s%s, by %s: clients may reach it without a "
		    "director; %s%s",
		    who(c, name), addr_format(&c->address, address), again,
		    ipv6 ? "neighbour advertisements" : "ARP",
		    ipv6 ? "it must have the address on its loopback alone"
			 : "set arp_ignore = 1 and arp_announce = 2 on it",
		    cure);
}

static void say_end(const struct claimant *c)
{
	char name[WHO], address[ADDR_TEXT];

	log_info("%s has not claimed the virtual address %s for %d minutes", who(c, name),
		 addr_format(&c->address, address), PLAN_CLAIM_KEPT_MS / 60000);
}

/* True when it has got a name that it had not. */
static bool name_anew(struct claimant *c, const struct plan_facts *facts)
{
	bool named = c->backend[0];

	name_claimant(c, facts);
	return !named && c->backend[0];
}

/* One that gets its name later is told then. */
static void tell(struct claimant_book *b, const struct ruleset *planned,
		 const struct plan_facts *facts)
{
	unsigned int walks = 0;

	for (size_t i = 0; i < b->n; i++) {
		struct claimant *c = &b->list[i];

		if (!c->goes_on || (c->backend[0] && c->news == CLAIMANT_OLD))
			continue;
		if (is_watched(planned, &c->mac)) {
			if (walks++ >= NAMED_AT_ONCE)
				continue;
			if (name_anew(c, facts) && c->news == CLAIMANT_OLD)
				c->news = CLAIMANT_NEW;
		}
		if (c->news != CLAIMANT_OLD)
			say(c);
		c->news = CLAIMANT_OLD;
	}
}

/* --- reading ---------------------------------------------------------------------------------- */

static void seen(void *data, const struct kernel_sender *sender)
{
	const struct reading *g = data;
	uint64_t age_ms = sender->expires_ms < PLAN_CLAIM_KEPT_MS
				  ? PLAN_CLAIM_KEPT_MS - sender->expires_ms
				  : 0;
	struct claimant *c;

	claimant_book_see(g->book, g->ipv6, sender->key, sender->packets,
			  g->now_ms > age_ms ? g->now_ms - age_ms : 0, g->now_ms, &c);
}

static int read_set(struct reading *g, struct keeper *k, const char *set, bool ipv6)
{
	g->ipv6 = ipv6;
	if (ruleset_find_set(keeper_planned(k), set) < 0)
		return 0;
	return keeper_senders(k, set, seen, g);
}

void claimants_look(struct claimant_book *b, struct keeper *k, const struct plan_facts *facts,
		    uint64_t now_ms)
{
	struct reading g = {.book = b, .now_ms = now_ms};
	size_t left_out = b->left_out;
	int err;

	if (!facts->config)
		return;
	claimant_book_begin(b);
	err = read_set(&g, k, PLAN_CLAIMS, false);
	if (err >= 0)
		err = read_set(&g, k, PLAN_CLAIMS6, true);
	tell(b, keeper_planned(k), facts);
	if (err < 0) /* what was not read to its end says of nobody that he has stopped */
		return;
	claimant_book_end(b, say_end);
	if (b->left_out && !left_out)
		log_warning("backends claim virtual addresses in %zu more ways, which are not "
			    "listed: only %d are",
			    b->left_out, CLAIMANTS_MAX);
}

int claimants_macs(struct keeper *k, struct mac **ret)
{
	const struct ruleset *planned = keeper_planned(k);
	int at = ruleset_find_set(planned, PLAN_CLAIM_MACS);
	size_t n = at < 0 ? 0 : planned->sets[at].n_elements;

	*ret = calloc(n + 1, sizeof(**ret));
	if (!*ret)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		memcpy((*ret)[i].bytes, planned->sets[at].elements[i].key, MAC_LEN);
	return (int)n;
}

int claimants_show(const struct claimant_book *b, uint64_t now_ms, struct status *s)
{
	s->claims = calloc(b->n + 1, sizeof(*s->claims));
	if (!s->claims)
		return -ENOMEM;
	s->n_claims = b->n;
	for (size_t i = 0; i < b->n; i++) {
		const struct claimant *c = &b->list[i];
		struct status_claim *to = &s->claims[i];

		addr_format(&c->address, to->address);
		mac_format(&c->mac, to->mac);
		COPY(to->farm, c->farm);
		COPY(to->backend, c->backend);
		to->count = c->count;
		to->goes_on = c->goes_on;
		to->since_ms = now_ms - c->first_ms;
		to->age_ms = now_ms - c->last_ms;
	}
	return 0;
}
