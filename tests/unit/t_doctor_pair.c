/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is found between two directors and in a configuration: each fault alone, all of them, none. */
#include "director/config/load.h"
#include "director/doctor/pair_rules.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A pair that is well. */
struct pair {
	struct status status;
	struct status_peer peer;
	struct status_farm farm;
	struct status_backend backend;
	char alarms[1][STATUS_ALARM];
	const char *differences;
};

static void make(struct pair *p)
{
	*p = (struct pair){.status = {.node = "a", .ruleset_in_sync = true, .n_peers = 1},
			   .peer = {.node = "b",
				    .address = "10.77.0.3",
				    .state = "connected",
				    .sync = "in-sync",
				    .heartbeat = "up"},
			   .differences = ""};
	status_channel_none(&p->peer.channel);
	p->peer.channel.enabled = p->peer.channel.connected = true;
	p->peer.channel.since_ms = 60000;
	p->peer.channel.clock_apart_ms = 3;
	p->status.peers = &p->peer;
	p->farm = (struct status_farm){.name = "www", .backends = &p->backend, .n_backends = 1};
	p->backend = (struct status_backend){.name = "web1",
					     .address = "10.77.0.21",
					     .own_state = "up",
					     .own_ms = 60000,
					     .peer_state = "up",
					     .peer_ms = PAIR_VIEWS_MS + 1};
	p->status.farms = &p->farm;
	p->status.n_farms = 1;
}

static void ring(struct pair *p)
{
	snprintf(p->alarms[0], STATUS_ALARM, "vrrp web: two masters");
	p->status.alarms = p->alarms;
	p->status.n_alarms = 1;
}

static void change_ruleset(struct pair *p)
{
	p->status.ruleset_in_sync = false;
}

static void lag_behind(struct pair *p)
{
	strcpy(p->peer.sync, "syncing");
}

static void configure(struct pair *p)
{
	p->peer.channel.config_differs = true;
	p->differences = "farm www: seed = 1 here, 2 on b\nfarm mail: here, not on b\n";
}

static void set_clock(struct pair *p)
{
	p->peer.channel.clock_apart_ms = PAIR_CLOCKS_MS + 1;
}

static void cut_way(struct pair *p)
{
	strcpy(p->backend.peer_state, "down");
	strcpy(p->backend.peer_reason, "does not answer");
}

static const struct {
	void (*make)(struct pair *p);
	enum finding_code code;
} faults[] = {
	{ring, FINDING_ALARM},	     {change_ruleset, FINDING_RULESET},
	{lag_behind, FINDING_SYNC},  {configure, FINDING_CONFIGURATIONS},
	{set_clock, FINDING_CLOCKS}, {cut_way, FINDING_VIEWS},
};

enum { FAULTS = sizeof(faults) / sizeof(faults[0]) };

/* Those of the mask, and no other ones. */
static void expect_codes(const struct findings *f, unsigned int mask)
{
	size_t n = 0;

	for (size_t i = 0; i < FAULTS; i++) {
		n += mask >> i & 1;
		EXPECT_INT(findings_have(f, faults[i].code, NULL, NULL), (int)(mask >> i & 1));
	}
	EXPECT_INT(f->n, n);
}

static void every_set_of_faults(void)
{
	for (unsigned int mask = 0; mask < 1u << FAULTS; mask++) {
		struct findings f = {0};
		struct pair p;

		make(&p);
		for (size_t i = 0; i < FAULTS; i++)
			if (mask >> i & 1)
				faults[i].make(&p);
		doctor_pair(&p.status, &p.status, p.differences, &f);
		expect_codes(&f, mask);
		CU_ASSERT(!f.no_memory);
		findings_clear(&f);
	}
}

/* What nobody says cannot differ. */
static void a_peer_that_is_silent(void)
{
	static const char *const words[] = {"down", "gone", "overdue"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		struct findings f = {0};
		struct pair p;

		make(&p);
		strcpy(p.peer.heartbeat, words[i]);
		lag_behind(&p);
		configure(&p);
		set_clock(&p);
		doctor_pair(&p.status, &p.status, p.differences, &f);
		CU_ASSERT_FATAL(f.n == 1);
		EXPECT_INT(f.list[0].code, FINDING_PEER);
		CU_ASSERT(strstr(f.list[0].sentence, "\"b\" (10.77.0.3) is not heard") != NULL);
		findings_clear(&f);
	}
}

static void without_a_channel(void)
{
	struct findings f = {0};
	struct pair p, was;

	make(&p);
	p.peer.channel.connected = false;
	strcpy(p.peer.channel.trouble, "Connection refused");
	doctor_pair(&p.status, &p.status, "", &f);
	CU_ASSERT_FATAL(f.n == 1);
	EXPECT_INT(f.list[0].code, FINDING_SYNC);
	CU_ASSERT(strstr(f.list[0].sentence, "(Connection refused)") != NULL);
	findings_clear(&f);
	p.peer.channel.enabled = false; /* nobody wants one */
	doctor_pair(&p.status, &p.status, "", &f);
	EXPECT_INT(f.n, 0);
	/* For a moment they may differ, as after a change. */
	make(&p);
	make(&was);
	lag_behind(&p);
	doctor_pair(&was.status, &p.status, "", &f);
	EXPECT_INT(f.n, 0);
	/* A young one has its time. */
	make(&p);
	lag_behind(&p);
	p.peer.channel.since_ms = PAIR_SETTLE_MS;
	doctor_pair(&p.status, &p.status, "", &f);
	EXPECT_INT(f.n, 0);
	findings_clear(&f);
}

static void what_differs_is_named(void)
{
	struct findings f = {0};
	struct pair p;

	make(&p);
	configure(&p);
	doctor_pair(&p.status, &p.status, p.differences, &f);
	CU_ASSERT_FATAL(f.n == 1 && f.list[0].cure);
	EXPECT_TEXT(f.list[0].sentence, "node \"b\" has another configuration than this one:\n"
					"farm www: seed = 1 here, 2 on b\n"
					"farm mail: here, not on b");
	findings_clear(&f);
}

static void claims(void)
{
	struct status_claim list[] = {
		{"10.77.0.100", "02:00:00:00:00:15", "www", "web1", 7, true, 90000, 30000},
		{"10.77.0.100", "02:00:00:00:00:16", "www", "web2", 7, true, 90000, 60001},
		{"10.77.0.100", "02:00:00:00:00:17", "www", "web3", 7, true, 90000, 100},
		{"10.77.0.100", "02:00:00:00:00:18", "", "", 7, true, 90000, 100},
	};
	struct status s = {.claims = list, .n_claims = 4};
	struct config_farm mail = {.name = "mail"};
	struct findings f = {0};

	doctor_claims(&s, &mail, &f);
	EXPECT_INT(f.n, 0);
	findings_add(&f, FINDING_VIP_SPOKEN, "www", "web3", NULL, "it answers");
	doctor_claims(&s, NULL, &f);
	EXPECT_INT(f.n, 2);
	CU_ASSERT(findings_have(&f, FINDING_VIP_CLAIMED, "www", "web1"));
	findings_clear(&f);
}

static void answers_that_are_lost(void)
{
	struct status_backend list[] = {
		{.name = "odd", .state = "up", .syn_repeated = 3, .syn_tried = 12},
		{.name = "lossy", .state = "up", .syn_repeated = 3, .syn_tried = 13},
		{.name = "dead", .state = "down", .syn_repeated = 3, .syn_tried = 3},
		{.name = "inhibited", .state = "down", .syn_tried = 3, .inhibited_ms = 9000},
		{.name = "wired", .state = "up", .syn_repeated = 3, .syn_tried = 3},
		{.name = "off", .state = "up", .syn_repeated = 3, .syn_tried = 3},
	};
	struct status_farm farm = {.name = "www", .backends = list, .n_backends = 6};
	struct status s = {.farms = &farm, .n_farms = 1};
	struct config_farm mail = {.name = "mail"};
	struct findings f = {0};

	for (size_t i = 0; i < 6; i++) {
		list[i].syn_retries = i == 5 ? STATUS_UNKNOWN : 40;
		if (i != 3)
			list[i].inhibited_ms = STATUS_UNKNOWN;
	}
	doctor_retries(&s, &mail, &f);
	EXPECT_INT(f.n, 0);
	findings_add(&f, FINDING_FILTERED, "www", "wired", NULL, "it drops connections");
	doctor_retries(&s, NULL, &f);
	EXPECT_INT(f.n, 3);
	CU_ASSERT(findings_have(&f, FINDING_ANSWERS_LOST, "www", "odd"));
	CU_ASSERT(findings_have(&f, FINDING_ANSWERS_LOST, "www", "inhibited"));
	EXPECT_TEXT(f.list[1].sentence,
		    "its checks are good, and its clients repeat their SYNs (40 so far, 3 of 12 in "
		    "the last seconds): its answers do not reach them");
	findings_clear(&f);
}

static void a_file_that_is_not_loaded(void)
{
	struct status s = {.config_digest = "00ff"};
	struct findings f = {0};

	doctor_file("/etc/director/director.conf", "00ff", &s, &f);
	EXPECT_INT(f.n, 0);
	doctor_file("/etc/director/director.conf", "00fe", &s, &f);
	CU_ASSERT(f.n == 1 && findings_have(&f, FINDING_FILE, NULL, NULL));
	findings_clear(&f);
}

#define NODES "node \"a\" { address = \"10.77.0.2\" } node \"b\" { address = \"10.77.0.3\" } "
#define VRRP(address)                                                                              \
	"cluster \"c\" { " NODES "} "                                                              \
	"vrrp \"web\" { interface = \"eth0\" virtual-router-id = 51 addresses = \"" address "\" }"
#define FARM(backends) "farm \"www\" { address = \"10.77.0.100\" ports = \"80\" " backends "} "
#define WEB1	       "backend \"web1\" { address = \"10.77.0.21\" } "
#define WEB2	       "backend \"web2\" { address = \"10.77.0.22\" } "
#define FAR1	       "backend \"far1\" { address = \"10.88.0.21\" } "
#define FAR2	       "backend \"far2\" { address = \"10.88.0.22\" } "

static void expect_config(const char *text, enum finding_code code)
{
	struct config *c = NULL;
	struct findings f = {0};
	struct err err = {0};

	if (config_load_text("test.conf", text, strlen(text), &c, &err) < 0) {
		printf("\n    %s", err.text);
		CU_FAIL_FATAL("a configuration is refused");
	}
	doctor_config(c, NULL, NULL, NULL, &f);
	EXPECT_INT(f.n, code == FINDING_NONE ? 0 : 1);
	if (f.n) {
		EXPECT_INT(f.list[0].code, code);
		EXPECT_TEXT(f.list[0].farm, "www");
	}
	findings_clear(&f);
	config_free(c);
}

static void configurations(void)
{
	expect_config(VRRP("10.77.0.100/24") FARM(WEB1 WEB2), FINDING_NONE);
	expect_config(VRRP("10.77.0.100/24") FARM(WEB1), FINDING_ONE_BACKEND);
	expect_config(
		VRRP("10.77.0.100/24") FARM(
			WEB1 "backend \"web2\" { address = \"10.77.0.22\" state = \"disabled\" } "),
		FINDING_ONE_BACKEND);
	expect_config(VRRP("10.77.0.100/24") FARM(FAR1 FAR2), FINDING_NETWORK);
	expect_config(VRRP("10.77.0.100/24") FARM(FAR1 WEB1), FINDING_NONE);
	/* Of an address alone no network is known. */
	expect_config(VRRP("10.77.0.100/32") FARM(FAR1 FAR2), FINDING_NONE);
}

static void in_their_order(void)
{
	struct findings f = {0};

	findings_add(&f, FINDING_NETWORK, "www", NULL, NULL, "4");
	findings_add(&f, FINDING_ALARM, "www", "web1", NULL, "2");
	findings_add(&f, FINDING_ONE_BACKEND, "www", NULL, NULL, "3");
	findings_add(&f, FINDING_ALARM, NULL, NULL, "do", "%d", 1);
	findings_skip(&f, "the wire", "this needs %s", "root");
	findings_sort(&f);
	CU_ASSERT_FATAL(f.n == 4 && f.n_skipped == 1);
	for (size_t i = 0; i < 4; i++)
		EXPECT_INT(f.list[i].sentence[0], '1' + (int)i);
	EXPECT_TEXT(f.list[0].cure, "do");
	EXPECT_TEXT(f.skipped[0].why, "this needs root");
	CU_ASSERT(findings_have(&f, FINDING_ALARM, "www", "web1"));
	CU_ASSERT(!findings_have(&f, FINDING_ALARM, "www", "web2"));
	findings_clear(&f);
}

static void names_are_different(void)
{
	for (int i = 0; i < FINDING_CODES; i++) {
		CU_ASSERT_FATAL(finding_name((enum finding_code)i) != NULL);
		for (int k = 0; k < i; k++)
			CU_ASSERT_STRING_NOT_EQUAL(finding_name((enum finding_code)i),
						   finding_name((enum finding_code)k));
	}
}

static void the_manual_has_all(void)
{
	char *manual = unit_read_file("deploy/man/directorctl.8");

	for (int i = FINDING_NONE + 1; i < FINDING_CODES; i++) {
		char item[64];

		snprintf(item, sizeof(item), "\n.It Cm %s\n", finding_name((enum finding_code)i));
		if (!strstr(manual, item)) {
			CU_FAIL("a finding is not in the manual");
			printf("\n    %s", item);
		}
	}
	free(manual);
}

static void what_the_two_find(void)
{
	static const struct {
		const char *own, *peer;
		uint64_t own_ms, peer_ms;
		const char *want; /* "" : nothing is found */
	} cases[] = {
		{"up", "down", 60000, PAIR_VIEWS_MS + 1,
		 "node \"b\" finds it down, node \"a\" finds it up: the way from node \"b\" to it "
		 "is "
		 "broken, not the backend"},
		{"down", "up", 60000, PAIR_VIEWS_MS + 1,
		 "node \"a\" finds it down, node \"b\" finds it up: the way from node \"a\" to it "
		 "is "
		 "broken, not the backend"},
		{"up", "down", 60000, PAIR_VIEWS_MS, ""},
		{"up", "down", PAIR_VIEWS_MS, 60000, ""},
		{"up", "down", STATUS_UNKNOWN, 60000, ""},
		{"down", "down", 60000, 60000, ""},
		{"unknown", "down", 60000, 60000, ""},
		{"down", "unknown", 60000, 60000, ""},
		{"down", "", 60000, 60000, ""},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct findings f = {0};
		struct pair p;

		make(&p);
		strcpy(p.backend.own_state, cases[i].own);
		strcpy(p.backend.peer_state, cases[i].peer);
		p.backend.own_ms = cases[i].own_ms;
		p.backend.peer_ms = cases[i].peer_ms;
		doctor_pair(&p.status, &p.status, "", &f);
		EXPECT_INT(f.n, cases[i].want[0] != '\0');
		if (f.n == 1)
			EXPECT_TEXT(f.list[0].sentence, cases[i].want);
		findings_clear(&f);
	}
}

UNIT_TESTS(doctor_pair) = {
	{"what the two find of a backend", what_the_two_find},
	{"every set of faults", every_set_of_faults},
	{"a peer that is silent", a_peer_that_is_silent},
	{"without a channel", without_a_channel},
	{"what differs is named", what_differs_is_named},
	{"claims", claims},
	{"answers that are lost", answers_that_are_lost},
	{"a file that is not loaded", a_file_that_is_not_loaded},
	{"configurations", configurations},
	{"findings in their order", in_their_order},
	{"names are different", names_are_different},
	{"the manual has all", the_manual_has_all},
	UNIT_TESTS_END,
};
