/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/claimant_uv.h"

#include "include/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define COPY(to, from) snprintf((to), sizeof(to), "%s", (from))

struct reading {
	struct claimant_book *book;
	const struct plan_facts *facts;
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
			if (!mac_equal(&facts->backends[i][k].mac, &c->mac))
				continue;
			found = true;
			COPY(c->farm, farm->name);
			COPY(c->backend, farm->backends[k].name);
			if (better)
				return;
		}
	}
}

/* --- what is said ----------------------------------------------------------------------------- */

static void say(const struct claimant *c, bool still)
{
	bool ipv6 = c->address.family == AF_INET6;
	char mac[MAC_TEXT], address[ADDR_TEXT], again[64] = "";

	if (still)
		snprintf(again, sizeof(again), " still, %llu times so far",
			 (unsigned long long)c->count);
	log_warning("backend %s/%s (%s) claims the virtual address %s%s, by %s: clients may reach "
		    "it without a director; %s: see `directorctl backend-setup %s/%s`",
		    c->farm, c->backend, mac_format(&c->mac, mac),
		    addr_format(&c->address, address), again,
		    ipv6 ? "neighbour advertisements" : "ARP",
		    ipv6 ? "it must have the address on its loopback alone"
			 : "set arp_ignore = 1 and arp_announce = 2 on it",
		    c->farm, c->backend);
}

static void say_end(const struct claimant *c)
{
	char mac[MAC_TEXT], address[ADDR_TEXT];

	log_info("backend %s/%s (%s) has not claimed the virtual address %s for %d minutes",
		 c->farm, c->backend, mac_format(&c->mac, mac), addr_format(&c->address, address),
		 PLAN_CLAIM_KEPT_MS / 60000);
}

/* --- reading ---------------------------------------------------------------------------------- */

static void seen(void *data, const struct kernel_sender *sender)
{
	const struct reading *g = data;
	uint64_t age_ms = sender->expires_ms < PLAN_CLAIM_KEPT_MS
				  ? PLAN_CLAIM_KEPT_MS - sender->expires_ms
				  : 0;
	struct claimant *c;
	enum claimant_news news =
		claimant_book_see(g->book, g->ipv6, sender->key, sender->packets,
				  g->now_ms > age_ms ? g->now_ms - age_ms : 0, g->now_ms, &c);

	if (news == CLAIMANT_OLD)
		return;
	name_claimant(c, g->facts);
	say(c, news == CLAIMANT_STILL);
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
	struct reading g = {.book = b, .facts = facts, .now_ms = now_ms};
	size_t left_out = b->left_out;

	if (!facts->config)
		return;
	claimant_book_begin(b);
	/* What could not be read to its end says of nobody that he has stopped. */
	if (read_set(&g, k, PLAN_CLAIMS, false) < 0 || read_set(&g, k, PLAN_CLAIMS6, true) < 0)
		return;
	claimant_book_end(b, say_end);
	if (b->left_out && !left_out)
		log_warning("backends claim virtual addresses in %zu more ways, which are not "
			    "listed: only %d are",
			    b->left_out, CLAIMANTS_MAX);
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
