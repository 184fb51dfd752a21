/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What speaks against a drill, on a pair where nothing does but for one thing. */
#include "director/drill/drill_check.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

static const struct drill_budget budget = {.gap_ms = 200, .lost = 2};

/* Node a, the master, and what it knows of b. */
struct pair {
	struct status_vrrp vrrps[2];
	struct status_word words[2];
	struct status_peer peer;
	struct status_farm farm;
	char alarms[1][STATUS_ALARM];
	struct status s;
};

static void pair_init(struct pair *p)
{
	*p = (struct pair){.peer = {.node = "b",
				    .heartbeat = "up",
				    .cause = "heard",
				    .sync = "in-sync",
				    .channel = {.enabled = true,
						.connected = true,
						.current_here = true,
						.current_there = true}},
			   .farm = {.name = "www", .state = "up"},
			   .s = {.node = "a", .n_vrrps = 2, .n_peers = 1, .n_farms = 1}};
	for (int i = 0; i < 2; i++) {
		p->vrrps[i] = (struct status_vrrp){
			.name = "web", .state = "master", .priority = 150, .family = i ? 6 : 4};
		p->words[i] = (struct status_word){
			.name = "web", .state = "backup", .priority = 100, .family = i ? 6 : 4};
	}
	p->peer.words = p->words;
	p->peer.n_words = 2;
	p->s.vrrps = p->vrrps;
	p->s.peers = &p->peer;
	p->s.farms = &p->farm;
	p->s.alarms = p->alarms;
}

static void set_states(struct pair *p, const char *here, const char *there)
{
	for (int i = 0; i < 2; i++) {
		snprintf(p->vrrps[i].state, STATUS_WORD, "%s", here);
		snprintf(p->words[i].state, STATUS_WORD, "%s", there);
	}
}

static void expect_of(const struct pair *p, uint8_t kind, enum drill_who who,
		      enum drill_check verdict, const char *why)
{
	char got[DRILL_WHY];

	EXPECT_INT(drill_check(&p->s, kind, who, &budget, got), verdict);
	EXPECT_TEXT(got, why);
}

static void expect_objection(const struct pair *p, const char *why)
{
	expect_of(p, SYNC_DRILL_GRACEFUL, DRILL_WHO_MASTER, DRILL_CHECK_OBJECTS, why);
}

static void expect_impossible(const struct pair *p, const char *why)
{
	expect_of(p, SYNC_DRILL_GRACEFUL, DRILL_WHO_MASTER, DRILL_CHECK_IMPOSSIBLE, why);
}

static void expect_fine(const struct pair *p, enum drill_who who)
{
	expect_of(p, SYNC_DRILL_GRACEFUL, who, DRILL_CHECK_FINE, "");
}

static void nothing_does(void)
{
	struct pair p;

	pair_init(&p);
	expect_fine(&p, DRILL_WHO_MASTER);
	expect_fine(&p, DRILL_WHO_HERE);
	CU_ASSERT(drill_check_yields_here(&p.s));
	set_states(&p, "backup", "master");
	expect_fine(&p, DRILL_WHO_MASTER);
	expect_fine(&p, DRILL_WHO_THERE);
	CU_ASSERT(!drill_check_yields_here(&p.s));
}

static void what_is_impossible(void)
{
	struct pair p;

	pair_init(&p);
	for (uint8_t kind = SYNC_DRILL_GRACEFUL; kind <= SYNC_DRILL_SPLIT; kind++)
		expect_of(&p, kind, DRILL_WHO_MASTER, DRILL_CHECK_FINE, "");
	p.s.n_vrrps = 0;
	expect_impossible(&p,
			  "there is nothing to rehearse: the configuration has no vrrp section");
	pair_init(&p);
	p.s.n_peers = 0;
	expect_impossible(&p, "there is no other director that could take over");
	pair_init(&p);
	p.peer.channel.enabled = false;
	expect_impossible(&p, "without a key-file there is no channel to node b");
	pair_init(&p);
	p.peer.channel.connected = false;
	expect_impossible(&p, "there is no connection to node b");
	strcpy(p.peer.channel.trouble, "Connection refused");
	expect_impossible(&p, "there is no connection to node b: Connection refused");
	strcpy(p.peer.heartbeat, "gone");
	strcpy(p.peer.cause, "it said goodbye");
	expect_impossible(&p, "node b is not heard: it said goodbye");
	pair_init(&p);
	p.vrrps[1].priority = 255;
	p.peer.channel.config_differs = true; /* which force would go past */
	expect_impossible(&p, "node a is the address owner (priority 255), which cannot leave its "
			      "addresses to the other one");
	p.vrrps[1].priority = 150;
	p.words[0].priority = 255;
	expect_impossible(&p, "node b is the address owner (priority 255), which cannot leave its "
			      "addresses to the other one");
}

static void the_other_one(void)
{
	struct pair p;

	pair_init(&p);
	strcpy(p.peer.heartbeat, "overdue");
	strcpy(p.peer.cause, "none for 0.3 s");
	expect_objection(&p, "node b is not heard: none for 0.3 s");
	pair_init(&p);
	p.peer.channel.config_differs = true;
	expect_objection(&p, "node b has another configuration");
	pair_init(&p);
	strcpy(p.words[1].state, "maintenance");
	expect_objection(&p, "vrrp web of node b is in maintenance");
	strcpy(p.vrrps[1].state, "fault");
	expect_objection(&p, "vrrp web of node a is in fault");
}

static void who_is_master(void)
{
	struct pair p;

	pair_init(&p);
	set_states(&p, "master", "master");
	expect_objection(&p, "both nodes are master of virtual routers");
	CU_ASSERT(drill_check_yields_here(&p.s));
	set_states(&p, "backup", "backup");
	expect_objection(&p, "neither node is master of all virtual routers");
	CU_ASSERT(!drill_check_yields_here(&p.s));
	strcpy(p.vrrps[1].state, "master");
	expect_objection(&p, "neither node is master of all virtual routers");
	CU_ASSERT(drill_check_yields_here(&p.s));
	/* A router that is not here counts for nothing. */
	set_states(&p, "backup", "master");
	p.words[1].name[0] = '\0';
	expect_objection(&p, "neither node is master of all virtual routers");
	pair_init(&p);
	expect_of(&p, SYNC_DRILL_GRACEFUL, DRILL_WHO_THERE, DRILL_CHECK_OBJECTS,
		  "the two nodes do not agree on which one is the master");
	set_states(&p, "backup", "master");
	expect_of(&p, SYNC_DRILL_GRACEFUL, DRILL_WHO_HERE, DRILL_CHECK_OBJECTS,
		  "the two nodes do not agree on which one is the master");
}

static void connections(void)
{
	struct pair p;

	pair_init(&p);
	strcpy(p.peer.sync, "syncing");
	expect_objection(&p, "the tables of the two nodes are not alike (syncing)");
	pair_init(&p);
	p.peer.channel.queued = 40;
	p.peer.channel.unacknowledged = 50;
	p.peer.channel.would_lose = 92;
	expect_fine(&p, DRILL_WHO_MASTER);
	p.peer.channel.would_lose = 93;
	expect_objection(&p, "3 connections would be lost, max-lost-connections is 2");
	set_states(&p, "backup", "master"); /* what it would lose only the other one knows */
	expect_fine(&p, DRILL_WHO_MASTER);
}

static void what_is_lost(void)
{
	struct status_channel c = {.connected = true,
				   .current_there = true,
				   .queued = 4,
				   .unacknowledged = 5,
				   .would_lose = 9};

	EXPECT_INT(drill_check_lost(&c), 0);
	c.would_lose = 11;
	EXPECT_INT(drill_check_lost(&c), 2);
	c.would_lose = 3;
	EXPECT_INT(drill_check_lost(&c), 0);
	c.current_there = false; /* nothing says what of them it has */
	EXPECT_INT(drill_check_lost(&c), 3);
	c.connected = false;
	CU_ASSERT(drill_check_lost(&c) == STATUS_UNKNOWN);
}

static void farms_and_alarms(void)
{
	struct status_claim claims[3] = {
		{.farm = "www", .backend = "web1", .address = "10.77.0.100"},
		{.farm = "www",
		 .backend = "web2",
		 .address = "fd77::100",
		 .goes_on = true,
		 .age_ms = 11900},
		{.mac = "02:00:00:00:00:16", .address = "10.77.0.100"},
	};
	char why[DRILL_WHY];
	struct pair p;

	pair_init(&p);
	p.s.n_alarms = 1;
	strcpy(p.alarms[0], "vrrp web: \xe2\x80\xa6");
	expect_objection(&p, "there is an alarm on node a: vrrp web: ???");
	memset(p.alarms[0], 'x', STATUS_ALARM - 1); /* is cut */
	EXPECT_INT(drill_check(&p.s, SYNC_DRILL_GRACEFUL, DRILL_WHO_MASTER, &budget, why),
		   DRILL_CHECK_OBJECTS);
	EXPECT_INT(strlen(why), DRILL_WHY - 1);
	p.s.claims = claims;
	p.s.n_claims = 3;
	expect_objection(&p, "an alarm on node a, for 289 s yet (--force goes past it): www/web2 "
			     "claimed fd77::100");
	claims[2] = (struct status_claim){.mac = "02:00:00:00:00:16",
					  .address = "10.77.0.100",
					  .goes_on = true,
					  .age_ms = 400000};
	claims[1].goes_on = false;
	expect_objection(&p, "an alarm on node a, for 0 s yet (--force goes past it): a host "
			     "02:00:00:00:00:16 claimed 10.77.0.100");
	claims[1].goes_on = true; /* of two one is not among the alarms */
	strcpy(p.alarms[0], "vrrp web: two masters");
	expect_objection(&p, "there is an alarm on node a: vrrp web: two masters");
	strcpy(p.farm.state, "down");
	strcpy(p.farm.reason, "1 of at least 2 backends take new connections");
	expect_objection(&p, "farm www of node a is down: 1 of at least 2 backends take new "
			     "connections");
}

static void what_is_not_confirmed(void)
{
	struct pair p;

	pair_init(&p);
	p.s.unconfirmed_ms = 4001;
	for (uint8_t kind = SYNC_DRILL_GRACEFUL; kind <= SYNC_DRILL_SPLIT; kind++)
		expect_of(&p, kind, DRILL_WHO_MASTER, DRILL_CHECK_OBJECTS,
			  "the configuration of node a waits for confirmation, for 5 s yet");
	/* It is not what is said of the impossible. */
	p.peer.channel.enabled = false;
	expect_impossible(&p, "without a key-file there is no channel to node b");
}

UNIT_TESTS(drill_check) = {
	{"nothing speaks against it", nothing_does},
	{"what is impossible", what_is_impossible},
	{"the other director", the_other_one},
	{"who is master", who_is_master},
	{"connections that would be lost", connections},
	{"what is lost, and what is on its way", what_is_lost},
	{"farms and alarms", farms_and_alarms},
	{"what is not confirmed", what_is_not_confirmed},
	UNIT_TESTS_END,
};
