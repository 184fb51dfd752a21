/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The way out to each backend (director/schedule/facts.c), in a small world: machines up to 10.77.0.22 are
 * on eth0, 10.77.0.24 is behind a router, the others are on eth2. Everybody answers.
 *
 * The configuration:  web  eth0  21, 22, 23
 *                     dns  eth1  21, 24
 */
#include "director/schedule/facts.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NET = 0x0a4d0000, ETH0 = 2, ETH1, ETH2 };

struct world {
	struct config config;
	struct config_farm farms[2];
	struct config_backend backends[5];
	struct config_node peer;
	const char *absent; /* this interface is not there */
	uint32_t dead;	    /* this one is down */
	struct facts_source source;
	char text[1024];
};

static bool ask_interface(void *owner, const char *name, struct plan_interface *ret)
{
	const struct world *w = owner;

	/* Whatever is written for an absent one must not be taken for an answer. */
	*ret = (struct plan_interface){.peer_known = true, .ifindex = 99};
	snprintf(ret->name, sizeof(ret->name), "%s", name);
	if (w->absent && strcmp(w->absent, name) == 0)
		return false;
	ret->ifindex = ETH0 + (uint32_t)(name[3] - '0');
	return true;
}

static bool ask_mac(void *owner, uint32_t ifindex, const struct addr *addr, struct mac *ret)
{
	(void)owner;
	*ret = (struct mac){{2, 0, 0, 0, (uint8_t)ifindex, addr->bytes[3]}};
	return true;
}

static bool ask_route(void *owner, const struct addr *addr, char ret[static RULESET_IFNAME])
{
	(void)owner;
	snprintf(ret, RULESET_IFNAME, "%s", addr->bytes[3] <= 22 ? "eth0" : "eth2");
	return addr->bytes[3] != 24;
}

static bool ask_dead(void *owner, uint32_t ifindex)
{
	return ((struct world *)owner)->dead == ifindex;
}

static void begin(struct world *w)
{
	static const uint8_t hosts[] = {21, 22, 23, 21, 24};

	*w = (struct world){.source = {.interface = ask_interface,
				       .mac = ask_mac,
				       .route = ask_route,
				       .dead = ask_dead,
				       .owner = w}};
	for (size_t i = 0; i < sizeof(hosts); i++)
		w->backends[i] = (struct config_backend){.name = (char *)"b",
							 .interface = (char *)"",
							 .address = addr_v4(NET + hosts[i]),
							 .weight = 1};
	w->farms[0] = (struct config_farm){.name = (char *)"web",
					   .interface = (char *)"eth0",
					   .backends = w->backends,
					   .n_backends = 3};
	w->farms[1] = (struct config_farm){.name = (char *)"dns",
					   .interface = (char *)"eth1",
					   .backends = w->backends + 3,
					   .n_backends = 2};
	w->config = (struct config){.farms = w->farms, .n_farms = 2};
	w->peer = (struct config_node){.name = (char *)"b", .address = addr_v4(NET + 3)};
}

/* The interfaces with "+" where the peer is known; then each farm's backends as OUT/HOST. */
static void gather(struct world *w)
{
	char *at = w->text;
	struct facts f;

	CU_ASSERT_FATAL(facts_gather(&f, &w->config, &w->peer, &w->source) == 0);
	for (size_t i = 0; i < f.plan.n_interfaces; i++)
		at += sprintf(at, "%s%s ", f.interfaces[i].name,
			      f.interfaces[i].peer_known ? "+" : "");
	for (size_t i = 0; i < w->config.n_farms; i++) {
		at += sprintf(at, "| ");
		for (size_t k = 0; k < w->farms[i].n_backends; k++) {
			const struct plan_backend *b = &f.farms[i][k];

			if (b->usable)
				at += sprintf(at, "%s/%u ", f.interfaces[b->out].name,
					      b->mac.bytes[5]);
			else
				at += sprintf(at, "- ");
		}
	}
	facts_clear(&f);
}

/* What has to be resolved, as INTERFACE/HOST. */
static void list_targets(struct world *w)
{
	struct facts_target *list = NULL;
	char *at = w->text;
	int n = facts_targets(&w->config, &w->peer, &w->source, &list);

	CU_ASSERT_FATAL(n >= 0 && list);
	for (int i = 0; i < n; i++)
		at += sprintf(at, "%s/%u ", list[i].interface, list[i].addr.bytes[3]);
	free(list);
}

static void by_route(void)
{
	struct world w;

	begin(&w);
	gather(&w);
	EXPECT_TEXT(w.text, "eth0+ eth1+ eth2 | eth0/21 eth0/22 eth2/23 | eth0/21 - ");
	list_targets(&w);
	EXPECT_TEXT(w.text, "eth0/3 eth0/21 eth0/22 eth2/23 eth1/3 eth0/21 ");
}

static void without_routes_by_the_farm(void)
{
	struct world w;

	begin(&w);
	w.source.route = NULL;
	w.backends[1].interface = (char *)"eth2";
	gather(&w);
	EXPECT_TEXT(w.text, "eth0+ eth1+ eth2 | eth0/21 eth2/22 eth0/23 | eth1/21 eth1/24 ");
}

/* What is given needs no route, and a MAC address alone leads nowhere. */
static void given(void)
{
	struct world w;

	begin(&w);
	w.backends[0].interface = (char *)"eth2";
	w.backends[1].has_mac = true;
	w.backends[3].interface = (char *)"eth9";
	w.backends[3].has_mac = true;
	w.backends[4].interface = (char *)"eth1";
	w.absent = "eth9";
	gather(&w);
	EXPECT_TEXT(w.text, "eth0+ eth1+ eth2 | eth2/21 eth0/0 eth2/23 | - eth1/24 ");
	list_targets(&w);
	EXPECT_TEXT(w.text, "eth0/3 eth2/21 eth2/23 eth1/3 eth1/24 ");
}

/* Nothing leaves for a farm at which nothing can arrive. */
static void the_farms_interface_is_absent(void)
{
	struct world w;

	begin(&w);
	w.absent = "eth1";
	gather(&w);
	EXPECT_TEXT(w.text, "eth0+ eth2 | eth0/21 eth0/22 eth2/23 | - - ");
	w.absent = "eth2";
	gather(&w);
	EXPECT_TEXT(w.text, "eth0+ eth1+ | eth0/21 eth0/22 - | eth0/21 - ");
}

/* Nothing is sent to a link that is down; a farm's own is the election's business. */
static void dead(void)
{
	struct world w;

	begin(&w);
	w.dead = ETH2;
	gather(&w);
	EXPECT_TEXT(w.text, "eth0+ eth1+ eth2 | eth0/21 eth0/22 - | eth0/21 - ");
	w.dead = ETH0;
	gather(&w);
	EXPECT_TEXT(w.text, "eth0+ eth1+ eth2 | eth0/21 eth0/22 eth2/23 | - - ");
	list_targets(&w);
	EXPECT_TEXT(w.text, "eth0/3 eth0/21 eth0/22 eth2/23 eth1/3 eth0/21 ");
}

/* Every address without an interface of its own, disabled ones too. */
static void what_is_routed(void)
{
	struct addr *list = NULL, *none = NULL;
	struct world w;

	begin(&w);
	w.backends[0].interface = (char *)"eth0";
	w.backends[1].state = ADMIN_DISABLED;
	w.backends[2].has_mac = true;
	EXPECT_INT(facts_routed(&w.config, &list), 4);
	EXPECT_INT(list[0].bytes[3], 22);
	EXPECT_INT(list[1].bytes[3], 23);
	EXPECT_INT(list[2].bytes[3], 21);
	EXPECT_INT(list[3].bytes[3], 24);
	free(list);
	w.config.n_farms = 0;
	EXPECT_INT(facts_routed(&w.config, &none), 0);
	free(none);
}

UNIT_TESTS(way) = {
	{"by route", by_route}, {"without routes: by the farm", without_routes_by_the_farm},
	{"given", given},	{"the farm's interface is absent", the_farms_interface_is_absent},
	{"dead", dead},		{"what is routed", what_is_routed},
	UNIT_TESTS_END,
};
