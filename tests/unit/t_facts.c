/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small world: interfaces, and who answers on them. Every question asked leaves a line, so that
 * the tests see what was not asked, too.
 *
 * The configuration (see begin()):  web   eth0  alpha, beta, gamma
 *                                   dns   eth1  alpha, delta
 *                                   mail  eth0  alpha, epsilon
 */
#include "director/schedule/facts.h"
#include "tests/unit/unit.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	ETH0 = 2,
	ETH1 = 3,
	PEER = 0x0a4d0003,
	ALPHA = 0x0a4d0015,
	BETA,
	GAMMA,
	DELTA,
	EPSILON,
};

/* Who answers where: the last octet of the MAC address, made from both. */
struct answer {
	uint32_t ifindex, address;
};

struct world {
	struct config config;
	struct config_farm farms[3];
	struct config_backend backends[7];
	struct config_node peer;
	const char *absent; /* this interface is not there */
	struct answer silent[4];
	struct facts_source source;
	char text[2048];
};

static void say(struct world *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void say(struct world *w, const char *fmt, ...)
{
	size_t used = strlen(w->text);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(w->text + used, sizeof(w->text) - used, fmt, ap);
	va_end(ap);
}

static bool ask_interface(void *owner, const char *name, struct plan_interface *ret)
{
	struct world *w = owner;

	say(w, "%s?\n", name);
	/* Whatever is written for an absent one must not be taken for an answer. */
	*ret = (struct plan_interface){.peer_known = true, .ifindex = 99};
	snprintf(ret->name, sizeof(ret->name), "%s", name);
	if (w->absent && strcmp(w->absent, name) == 0)
		return false;
	ret->ifindex = strcmp(name, "eth0") == 0 ? ETH0 : ETH1;
	return true;
}

static bool ask_mac(void *owner, uint32_t ifindex, const struct addr *addr, struct mac *ret)
{
	uint32_t address = addr_v4_value(addr);
	struct world *w = owner;

	say(w, "%u 10.77.%u.%u?\n", ifindex, address >> 8 & 255, address & 255);
	for (size_t i = 0; i < sizeof(w->silent) / sizeof(w->silent[0]); i++)
		if (w->silent[i].ifindex == ifindex && w->silent[i].address == address)
			return false;
	*ret = (struct mac){{2, 0, 0, 0, (uint8_t)ifindex, (uint8_t)address}};
	return true;
}

static void add_backend(struct world *w, struct config_farm *farm, const char *name,
			uint32_t address)
{
	if (!farm->backends)
		farm->backends = &w->backends[farm == &w->farms[0]   ? 0
					      : farm == &w->farms[1] ? 3
								     : 5];
	farm->backends[farm->n_backends++] = (struct config_backend){.name = (char *)name,
								     .interface = (char *)"",
								     .address = addr_v4(address),
								     .weight = 1};
}

static void begin(struct world *w)
{
	*w = (struct world){.source = {.interface = ask_interface, .mac = ask_mac, .owner = w}};
	w->farms[0] = (struct config_farm){.name = (char *)"web", .interface = (char *)"eth0"};
	w->farms[1] = (struct config_farm){.name = (char *)"dns", .interface = (char *)"eth1"};
	w->farms[2] = (struct config_farm){.name = (char *)"mail", .interface = (char *)"eth0"};
	add_backend(w, &w->farms[0], "alpha", ALPHA);
	add_backend(w, &w->farms[0], "beta", BETA);
	add_backend(w, &w->farms[0], "gamma", GAMMA);
	add_backend(w, &w->farms[1], "alpha", ALPHA);
	add_backend(w, &w->farms[1], "delta", DELTA);
	add_backend(w, &w->farms[2], "alpha", ALPHA);
	add_backend(w, &w->farms[2], "epsilon", EPSILON);
	w->config = (struct config){.farms = w->farms, .n_farms = 3};
	w->peer = (struct config_node){.name = (char *)"beta", .address = addr_v4(PEER)};
}

/* Gathers, and tells the facts. */
static void gather(struct world *w, const struct config_node *peer)
{
	struct facts f;
	char mac[MAC_TEXT];

	w->text[0] = '\0';
	CU_ASSERT_FATAL(facts_gather(&f, &w->config, peer, &w->source) == 0);
	CU_ASSERT_PTR_EQUAL(f.plan.config, &w->config);
	for (size_t i = 0; i < f.plan.n_interfaces; i++) {
		const struct plan_interface *in = &f.plan.interfaces[i];

		say(w, "%s %u peer %s\n", in->name, in->ifindex,
		    in->peer_known ? mac_format(&in->peer_mac, mac) : "-");
	}
	for (size_t i = 0; i < w->config.n_farms; i++) {
		say(w, "%s", w->farms[i].name);
		for (size_t k = 0; k < w->farms[i].n_backends; k++)
			say(w, " %s",
			    f.plan.backends[i][k].usable
				    ? mac_format(&f.plan.backends[i][k].mac, mac)
				    : "-");
		say(w, "\n");
	}
	facts_clear(&f);
	EXPECT_INT(f.plan.n_interfaces, 0);
	CU_ASSERT_PTR_NULL(f.plan.config);
	CU_ASSERT(!f.interfaces && !f.all && !f.farms);
	facts_clear(&f);
}

/* What was told from there on: the questions do not matter. */
static const char *told_from(const struct world *w, const char *start)
{
	const char *at = strstr(w->text, start);

	return at ? at : "";
}

/* What has to be resolved. */
static void list_targets(struct world *w, const struct config_node *peer)
{
	struct facts_target *list = NULL;
	char addr[ADDR_TEXT];
	int n = facts_targets(&w->config, peer, &w->source, &list);

	w->text[0] = '\0';
	CU_ASSERT_FATAL(n >= 0 && list);
	for (int i = 0; i < n; i++)
		say(w, "%u %s\n", list[i].ifindex, addr_format(&list[i].addr, addr));
	free(list);
}

/* Each interface is asked for once, the peer once on each, each backend on its farm's interface. */
static void everybody_answers(void)
{
	struct world w;

	begin(&w);
	gather(&w, &w.peer);
	EXPECT_TEXT(w.text, "eth0?\n"
			    "2 10.77.0.3?\n"
			    "eth1?\n"
			    "3 10.77.0.3?\n"
			    "2 10.77.0.21?\n"
			    "2 10.77.0.22?\n"
			    "2 10.77.0.23?\n"
			    "3 10.77.0.21?\n"
			    "3 10.77.0.24?\n"
			    "2 10.77.0.21?\n"
			    "2 10.77.0.25?\n"
			    "eth0 2 peer 02:00:00:00:02:03\n"
			    "eth1 3 peer 02:00:00:00:03:03\n"
			    "web 02:00:00:00:02:15 02:00:00:00:02:16 02:00:00:00:02:17\n"
			    "dns 02:00:00:00:03:15 02:00:00:00:03:18\n"
			    "mail 02:00:00:00:02:15 02:00:00:00:02:19\n");
}

static void some_are_silent(void)
{
	struct world w;

	begin(&w);
	w.silent[0] = (struct answer){ETH1, ALPHA};
	w.silent[1] = (struct answer){ETH0, BETA};
	w.silent[2] = (struct answer){ETH1, PEER};
	gather(&w, &w.peer);
	EXPECT_TEXT(told_from(&w, "eth0 2"), "eth0 2 peer 02:00:00:00:02:03\n"
					     "eth1 3 peer -\n"
					     "web 02:00:00:00:02:15 - 02:00:00:00:02:17\n"
					     "dns - 02:00:00:00:03:18\n"
					     "mail 02:00:00:00:02:15 02:00:00:00:02:19\n");
}

/* Standalone: nobody is asked for, and nothing is claimed to be known. */
static void without_a_peer(void)
{
	struct world w;

	begin(&w);
	gather(&w, NULL);
	EXPECT_TEXT(w.text, "eth0?\n"
			    "eth1?\n"
			    "2 10.77.0.21?\n"
			    "2 10.77.0.22?\n"
			    "2 10.77.0.23?\n"
			    "3 10.77.0.21?\n"
			    "3 10.77.0.24?\n"
			    "2 10.77.0.21?\n"
			    "2 10.77.0.25?\n"
			    "eth0 2 peer -\n"
			    "eth1 3 peer -\n"
			    "web 02:00:00:00:02:15 02:00:00:00:02:16 02:00:00:00:02:17\n"
			    "dns 02:00:00:00:03:15 02:00:00:00:03:18\n"
			    "mail 02:00:00:00:02:15 02:00:00:00:02:19\n");
}

/* The first interface is absent: the other one is not pushed aside by it. */
static void an_absent_interface(void)
{
	struct world w;

	begin(&w);
	w.absent = "eth0";
	w.backends[1].has_mac = true; /* known, and still nowhere to send to */
	gather(&w, &w.peer);
	EXPECT_TEXT(w.text, "eth0?\n"
			    "eth1?\n"
			    "3 10.77.0.3?\n"
			    "3 10.77.0.21?\n"
			    "3 10.77.0.24?\n"
			    "eth1 3 peer 02:00:00:00:03:03\n"
			    "web - - -\n"
			    "dns 02:00:00:00:03:15 02:00:00:00:03:18\n"
			    "mail - -\n");
	w.absent = "eth1";
	gather(&w, NULL);
	EXPECT_TEXT(told_from(&w, "eth0 2"),
		    "eth0 2 peer -\n"
		    "web 02:00:00:00:02:15 00:00:00:00:00:00 02:00:00:00:02:17\n"
		    "dns - -\n"
		    "mail 02:00:00:00:02:15 02:00:00:00:02:19\n");
}

/* A disabled backend and a MAC address from the configuration need no question. */
static void static_and_disabled_backends(void)
{
	struct world w;

	begin(&w);
	w.config.n_farms = 1;
	w.backends[0].state = ADMIN_DISABLED;
	w.backends[1].has_mac = true;
	EXPECT_INT(mac_parse("02:aa:00:00:00:01", &w.backends[1].mac), 0);
	w.backends[2].state = ADMIN_DRAINING;
	gather(&w, NULL);
	EXPECT_TEXT(w.text, "eth0?\n"
			    "2 10.77.0.23?\n"
			    "eth0 2 peer -\n"
			    "web - 02:aa:00:00:00:01 02:00:00:00:02:17\n");
	w.backends[1].state = ADMIN_DISABLED;
	w.backends[2].has_mac = true;
	w.backends[2].mac = w.backends[1].mac;
	gather(&w, NULL);
	EXPECT_TEXT(w.text, "eth0?\n"
			    "eth0 2 peer -\n"
			    "web - - 02:aa:00:00:00:01\n");
}

/* The weights of the first farm's backends, "-" for one that is not usable; none has to be asked for. */
static void expect_weights(struct world *w, const char *want)
{
	struct facts f;

	CU_ASSERT_FATAL(facts_gather(&f, &w->config, NULL, &w->source) == 0);
	w->text[0] = '\0';
	for (size_t k = 0; k < w->farms[0].n_backends; k++) {
		const struct plan_backend *b = &f.farms[0][k];
		struct plan_backend one =
			facts_backend(&w->farms[0], &w->farms[0].backends[k], ETH0, &w->source);

		CU_ASSERT(one.usable == b->usable && one.weight == b->weight);
		if (b->usable)
			say(w, "%u ", b->weight);
		else
			say(w, "- ");
	}
	facts_clear(&f);
	EXPECT_TEXT(w->text, want);
}

/* A backend that drains keeps its flows: usable, of no weight. The operator's word comes first. */
static void states_and_weights(void)
{
	struct admin admin = {0};
	struct world w;

	begin(&w);
	for (size_t i = 0; i < 3; i++)
		w.backends[i].has_mac = true; /* no questions */
	w.backends[1].state = ADMIN_DRAINING;
	w.backends[1].weight = 7;
	w.backends[2].state = ADMIN_DISABLED;
	expect_weights(&w, "1 0 - ");
	w.source.admin = &admin;
	expect_weights(&w, "1 0 - ");
	admin_set_state(&admin, "web", &w.backends[0], ADMIN_DISABLED, 0, 0);
	admin_set_state(&admin, "web", &w.backends[1], ADMIN_ENABLED, 0, 0);
	admin_set_state(&admin, "web", &w.backends[2], ADMIN_ENABLED, 0, 0);
	admin_set_weight(&admin, "web", &w.backends[2], 9);
	expect_weights(&w, "- 7 9 ");
	admin_set_state(&admin, "web", &w.backends[2], ADMIN_DRAINING, 0, 0);
	expect_weights(&w, "- 7 0 ");
	admin_clear(&admin);
}

/* Who is disabled by the operator is not asked for; who is enabled by him is. */
static void targets_of_the_operator(void)
{
	struct admin admin = {0};
	struct world w;

	begin(&w);
	w.config.n_farms = 1;
	w.backends[0].state = ADMIN_DISABLED;
	admin_set_state(&admin, "web", &w.backends[0], ADMIN_DRAINING, 0, 0);
	admin_set_state(&admin, "web", &w.backends[1], ADMIN_DISABLED, 0, 0);
	admin_set_state(&admin, "dns", &w.backends[2], ADMIN_DISABLED, 0, 0); /* another farm */
	w.source.admin = &admin;
	list_targets(&w, NULL);
	EXPECT_TEXT(w.text, "2 10.77.0.21\n2 10.77.0.23\n");
	gather(&w, NULL);
	EXPECT_TEXT(told_from(&w, "web "), "web 02:00:00:00:02:15 - 02:00:00:00:02:17\n");
	admin_clear(&admin);
}

static void farms_without_backends_and_no_farms(void)
{
	struct world w;

	begin(&w);
	w.farms[0].n_backends = 0;
	w.config.n_farms = 2;
	gather(&w, NULL);
	EXPECT_TEXT(told_from(&w, "eth0 2"), "eth0 2 peer -\n"
					     "eth1 3 peer -\n"
					     "web\n"
					     "dns 02:00:00:00:03:15 02:00:00:00:03:18\n");
	w.farms[2].interface = w.farms[1].interface;
	w.farms[1].n_backends = w.farms[2].n_backends = 0;
	w.config.n_farms = 3;
	gather(&w, NULL);
	EXPECT_TEXT(w.text, "eth0?\n"
			    "eth1?\n"
			    "eth0 2 peer -\n"
			    "eth1 3 peer -\n"
			    "web\n"
			    "dns\n"
			    "mail\n");
	list_targets(&w, &w.peer);
	EXPECT_TEXT(w.text, "2 10.77.0.3\n"
			    "3 10.77.0.3\n");
	w.config.n_farms = 0;
	gather(&w, &w.peer);
	EXPECT_TEXT(w.text, "");
	list_targets(&w, &w.peer);
	EXPECT_TEXT(w.text, "");
}

static void targets_of_two_interfaces(void)
{
	struct world w;

	begin(&w);
	w.farms[2].backends++; /* alpha belongs to web alone on this interface */
	w.farms[2].n_backends--;
	list_targets(&w, &w.peer);
	EXPECT_TEXT(w.text, "2 10.77.0.3\n"
			    "2 10.77.0.21\n"
			    "2 10.77.0.22\n"
			    "2 10.77.0.23\n"
			    "3 10.77.0.3\n"
			    "3 10.77.0.21\n"
			    "3 10.77.0.24\n"
			    "2 10.77.0.25\n");
	list_targets(&w, NULL);
	EXPECT_TEXT(w.text, "2 10.77.0.21\n"
			    "2 10.77.0.22\n"
			    "2 10.77.0.23\n"
			    "3 10.77.0.21\n"
			    "3 10.77.0.24\n"
			    "2 10.77.0.25\n");
}

/* Whether it is listed once or for each farm is left to the list's reader; listed it must be. */
static void a_target_of_two_farms(void)
{
	struct world w;

	begin(&w);
	w.backends[0].state = ADMIN_DISABLED; /* web does not need it now, mail does */
	list_targets(&w, NULL);
	EXPECT_TEXT(w.text, "2 10.77.0.22\n"
			    "2 10.77.0.23\n"
			    "3 10.77.0.21\n"
			    "3 10.77.0.24\n"
			    "2 10.77.0.21\n"
			    "2 10.77.0.25\n");
}

static void targets_that_need_no_answer(void)
{
	struct world w;

	begin(&w);
	w.absent = "eth0";
	w.backends[3].has_mac = true;
	list_targets(&w, &w.peer);
	EXPECT_TEXT(w.text, "3 10.77.0.3\n"
			    "3 10.77.0.24\n");
	w.backends[4].state = ADMIN_DISABLED;
	list_targets(&w, &w.peer);
	EXPECT_TEXT(w.text, "3 10.77.0.3\n");
	w.backends[4].state = ADMIN_DRAINING; /* its flows go on */
	list_targets(&w, NULL);
	EXPECT_TEXT(w.text, "3 10.77.0.24\n");
}

/* What the plan depends on and what is resolved must be the same, or it is never known. */
static void every_question_is_a_target(void)
{
	char asked[2048] = "", line[ADDR_TEXT + 16];
	struct world w;
	struct facts f;

	begin(&w);
	w.backends[1].has_mac = true;
	w.backends[4].state = ADMIN_DISABLED;
	w.backends[6].state = ADMIN_DRAINING;
	CU_ASSERT_FATAL(facts_gather(&f, &w.config, &w.peer, &w.source) == 0);
	facts_clear(&f);
	memcpy(asked, w.text, sizeof(asked));
	list_targets(&w, &w.peer);
	for (char *at = w.text, *end; (end = strchr(at, '\n')); at = end + 1) {
		snprintf(line, sizeof(line), "%.*s?\n", (int)(end - at), at);
		CU_ASSERT_PTR_NOT_NULL(strstr(asked, line));
	}
	for (char *at = asked, *end; (end = strstr(at, "?\n")); at = end + 2) {
		snprintf(line, sizeof(line), "%.*s\n", (int)(end - at), at);
		CU_ASSERT(strncmp(at, "eth", 3) == 0 || strstr(w.text, line));
	}
}

/* Nothing is relayed where a director is a backend: on eth1 it is. */
static void a_director_among_the_backends(void)
{
	struct world w;
	struct facts f;

	begin(&w);
	w.config.cluster.nodes[0].address = addr_v4(DELTA);
	w.config.cluster.n_nodes = 1;
	CU_ASSERT_FATAL(facts_gather(&f, &w.config, &w.peer, &w.source) == 0);
	CU_ASSERT(f.plan.interfaces[0].relays && !f.plan.interfaces[1].relays);
	facts_clear(&f);
}

UNIT_TESTS(facts) = {
	{"everybody answers", everybody_answers},
	{"some are silent", some_are_silent},
	{"without a peer", without_a_peer},
	{"an absent interface", an_absent_interface},
	{"static and disabled backends", static_and_disabled_backends},
	{"states and weights", states_and_weights},
	{"targets of the operator", targets_of_the_operator},
	{"farms without backends, no farms", farms_without_backends_and_no_farms},
	{"targets of two interfaces", targets_of_two_interfaces},
	{"a target of two farms", a_target_of_two_farms},
	{"targets that need no answer", targets_that_need_no_answer},
	{"every question is a target", every_question_is_a_target},
	{"a director among the backends", a_director_among_the_backends},
	UNIT_TESTS_END,
};
