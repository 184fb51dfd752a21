/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Facts that are renewed by address: the farms with that address are asked about, and they alone;
 * afterwards the facts are as if they had been gathered then.
 */
#include "director/schedule/facts.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

enum { PEER = 0x0a4d0003, ALPHA = 0x0a4d0015, BETA, GAMMA, DELTA };

static char name[] = "b", eth0[] = "eth0", none[] = "";

static struct config_backend backends[] = {
	{.name = name, .interface = none, .address = {0}, .weight = 1},
	{.name = name, .interface = none, .address = {0}, .weight = 1},
	{.name = name, .interface = none, .address = {0}, .weight = 1, .backup = true},
	{.name = name, .interface = none, .address = {0}, .weight = 1},
	{.name = name, .interface = none, .address = {0}, .weight = 1},
};
/* web: alpha, beta, gamma (a backup); mail: alpha, delta */
static struct config_farm farms[] = {
	{.name = name,
	 .interface = eth0,
	 .backends = backends,
	 .n_backends = 3,
	 .minimum_backends = 2},
	{.name = name, .interface = eth0, .backends = backends + 3, .n_backends = 2},
};
static const struct config config = {.farms = farms, .n_farms = 2};
static struct config_node peer;

struct world {
	uint32_t silent; /* its address */
	int asked;
	struct facts_source source;
};

static bool ask_interface(void *owner, const char *in, struct plan_interface *ret)
{
	(void)owner;
	*ret = (struct plan_interface){.ifindex = 2};
	snprintf(ret->name, sizeof(ret->name), "%s", in);
	return true;
}

static bool ask_mac(void *owner, uint32_t ifindex, const struct addr *addr, struct mac *ret)
{
	struct world *w = owner;

	(void)ifindex;
	w->asked++;
	*ret = (struct mac){{2, 0, 0, 0, 0, addr->bytes[3]}};
	return addr_v4_value(addr) != w->silent;
}

/* The facts while everybody answers. */
static void begin(struct world *w, struct facts *f)
{
	const uint32_t addresses[] = {ALPHA, BETA, GAMMA, ALPHA, DELTA};

	*w = (struct world){.source = {.interface = ask_interface, .mac = ask_mac, .owner = w}};
	peer.address = addr_v4(PEER);
	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++)
		backends[i].address = addr_v4(addresses[i]);
	CU_ASSERT_EQUAL_FATAL(facts_gather(f, &config, &peer, &w->source), 0);
	w->asked = 0;
}

/* addrs changed while one is silent. Returns how often was asked. */
static int renewed(uint32_t silent, const struct addr *addrs, size_t n)
{
	struct world w;
	struct facts f, anew;
	int asked;

	begin(&w, &f);
	w.silent = silent;
	CU_ASSERT(facts_renew(&f, &peer, &w.source, addrs, n));
	asked = w.asked;
	CU_ASSERT_EQUAL_FATAL(facts_gather(&anew, &config, &peer, &w.source), 0);
	for (size_t i = 0; i < sizeof(backends) / sizeof(backends[0]); i++) {
		EXPECT_INT(f.all[i].usable, anew.all[i].usable);
		EXPECT_INT(f.all[i].weight, anew.all[i].weight);
		EXPECT_INT(f.all[i].out, anew.all[i].out);
		CU_ASSERT(mac_equal(&f.all[i].mac, &anew.all[i].mac));
	}
	facts_clear(&f);
	facts_clear(&anew);
	return asked;
}

static void as_if_gathered(void)
{
	struct addr beta = addr_v4(BETA), delta = addr_v4(DELTA), alpha = addr_v4(ALPHA);
	struct addr both[] = {beta, delta};

	EXPECT_INT(renewed(BETA, &beta, 1), 3); /* a backup takes its place */
	EXPECT_INT(renewed(DELTA, &delta, 1), 2);
	EXPECT_INT(renewed(DELTA, both, 2), 5);
	EXPECT_INT(renewed(ALPHA, &alpha, 1), 5); /* of both farms */
}

static void others_do_not_matter(void)
{
	struct addr other = addr_v4(0x0a4d0063);

	EXPECT_INT(renewed(0, &other, 1), 0);
	EXPECT_INT(renewed(0, NULL, 0), 0);
}

/* It is told to every interface with farms. */
static void the_peer_calls_for_everything(void)
{
	struct world w;
	struct facts f;

	begin(&w, &f);
	CU_ASSERT(!facts_renew(&f, &peer, &w.source, &peer.address, 1));
	CU_ASSERT(facts_renew(&f, NULL, &w.source, &peer.address, 1));
	facts_clear(&f);
}

static void expect_watched(const struct facts *f, size_t backend, uint32_t address)
{
	EXPECT_INT(f->all[backend].watched.bytes[MAC_LEN - 1], address & 0xff);
}

/* Nothing is sent to who is lost or disabled; who he was is remembered to know his claims. */
static void who_was_known_is_watched(void)
{
	struct addr alpha = addr_v4(ALPHA), beta = addr_v4(BETA);
	struct facts f, anew, empty = {0};
	struct world w;

	begin(&w, &f);
	w.silent = BETA;
	backends[0].state = ADMIN_DISABLED;
	CU_ASSERT(facts_renew(&f, &peer, &w.source, &beta, 1));
	CU_ASSERT(facts_renew(&f, &peer, &w.source, &alpha, 1));
	for (size_t i = 0; i < 2; i++) {
		CU_ASSERT_FALSE(f.all[i].usable);
		CU_ASSERT_FALSE(mac_is_unicast(&f.all[i].mac));
	}
	expect_watched(&f, 0, ALPHA);
	expect_watched(&f, 1, BETA);
	CU_ASSERT_EQUAL_FATAL(facts_gather(&anew, &config, &peer, &w.source), 0);
	expect_watched(&anew, 0, 0);
	facts_remember(&anew, &empty);
	expect_watched(&anew, 1, 0);
	facts_remember(&anew, &f);
	expect_watched(&anew, 0, ALPHA);
	expect_watched(&anew, 1, BETA);
	expect_watched(&anew, 4, DELTA);
	/* What the configuration says needs no question. */
	backends[0].has_mac = true;
	backends[0].mac = (struct mac){{2, 0, 0, 0, 0, 0x77}};
	CU_ASSERT(facts_renew(&anew, &peer, &w.source, &alpha, 1));
	expect_watched(&anew, 0, 0x77);
	CU_ASSERT_FALSE(anew.all[0].usable);
	CU_ASSERT_FALSE(mac_is_unicast(&anew.all[0].mac));
	backends[0].has_mac = false;
	backends[0].state = ADMIN_ENABLED;
	facts_clear(&f);
	facts_clear(&anew);
}

UNIT_TESTS(facts_renew) = {
	{"as if gathered", as_if_gathered},
	{"others do not matter", others_do_not_matter},
	{"the peer calls for everything", the_peer_calls_for_everything},
	{"who was known is watched", who_was_known_is_watched},
	UNIT_TESTS_END,
};
