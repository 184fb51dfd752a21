/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pair for people: what stands where, and what is left out. */
#include "director/ctl/ctl.h"
#include "tests/unit/unit.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void expect_printed(const struct status *s, const char *want)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	print_cluster(out, s);
	fclose(out);
	EXPECT_TEXT(text, want);
	free(text);
}

static void a_standalone_director(void)
{
	struct status s = {.version = "1", .uptime_ms = 3000, .ruleset_in_sync = true};

	expect_printed(&s, "standalone, director 1, running for 3 s, ruleset in sync\n"
			   "no vrrp section: nobody holds a virtual address\n");
}

static void a_master_and_its_silent_peer(void)
{
	char addresses[][PREFIX_TEXT] = {"10.77.0.100/24"};
	struct status_vrrp v = {
		.name = "web",
		.state = "master",
		.interface = "eth0",
		.priority = 150,
		.virtual_router_id = 51,
		.addresses = addresses,
		.n_addresses = 1,
		.transitions = 2,
		.reason = "no advert for 3.609 s",
		.since_ms = 60000,
		.master = "10.77.0.2",
		.lease_s = 600,
		.adverts_sent = 60,
		.authentication = "off",
	};
	struct status_peer p = {
		.node = "b",
		.address = "10.77.0.3",
		.state = "connecting",
		.sync = "stale",
		.heartbeat = "down",
		.cause = "not heard yet",
		.since_ms = 61000,
		.age_ms = STATUS_UNKNOWN,
		.round_trip_us = STATUS_UNKNOWN,
		.sent = 61,
	};
	struct status s = {.node = "a", .version = "1", .uptime_ms = 61000, .vrrps = &v};

	s.n_vrrps = 1;
	s.peers = &p;
	s.n_peers = 1;
	expect_printed(&s,
		       "node a, director 1, running for 61 s, ruleset NOT in sync with the kernel\n"
		       "election at most 0 us late in 0 deadlines, main loop 0 us\n"
		       "vrrp web        master   for 60 s (no advert for 3.609 s)\n"
		       "  eth0, virtual router 51, priority 150, 2 transitions\n"
		       "  addresses 10.77.0.100/24, held for 600 s at a time\n"
		       "  adverts 60 sent, 0 accepted, authentication off\n"
		       "peer b          10.77.0.3, connecting, tables stale\n"
		       "  heartbeat down for 61 s (not heard yet)\n"
		       "  61 sent, 0 received\n");
	snprintf(p.heartbeat, sizeof(p.heartbeat), "off");
	snprintf(p.state, sizeof(p.state), "down");
	s.n_vrrps = 0;
	expect_printed(&s,
		       "node a, director 1, running for 61 s, ruleset NOT in sync with the kernel\n"
		       "no vrrp section: nobody holds a virtual address\n"
		       "peer b          10.77.0.3, down, tables stale\n"
		       "  no heartbeats\n");
}

static struct status of_b(void)
{
	return (struct status){
		.node = "b", .version = "1", .uptime_ms = 1000, .ruleset_in_sync = true};
}

#define B_RUNS	  "node b, director 1, running for 1000 ms, ruleset in sync\n"
#define NO_ROUTER "no vrrp section: nobody holds a virtual address\n"

static void alarms_come_first(void)
{
	char alarms[][STATUS_ALARM] = {"vrrp web: one", "node a: two"};
	struct status s = of_b();

	s.alarms = alarms;
	s.n_alarms = 2;
	expect_printed(&s, "ALARM vrrp web: one\n"
			   "ALARM node a: two\n" B_RUNS NO_ROUTER);
}

static void all_that_can_be_said_of_a_router(void)
{
	char addresses[][PREFIX_TEXT] = {"10.77.0.100/24", "10.77.0.101/24"};
	struct status_vrrp v = {
		.name = "web",
		.state = "backup",
		.interface = "eth0",
		.device = "v4-51-eth0",
		.priority = 100,
		.virtual_router_id = 51,
		.addresses = addresses,
		.n_addresses = 2,
		.transitions = 1,
		.since_ms = 1000,
		.master = "10.77.0.2",
		.master_priority = 150,
		.master_age_ms = 1100,
		.yielded = true,
		.gate = "does not preempt yet (preempt-delay)",
		.restored = 2,
		.claims = 3,
		.error = "no socket",
		.adverts_sent = 4,
		.adverts_received = 5,
		.authentication = "enforce",
		.rejected = {.at = {{"ttl", 1}, {"checksum", 2}}, .n = 2},
		.notes = {.at = {{"interval-differs", 6}}, .n = 1},
	};
	struct status s = of_b();

	s.vrrps = &v;
	s.n_vrrps = 1;
	expect_printed(
		&s, B_RUNS
		"election at most 0 us late in 0 deadlines, main loop 0 us\n"
		"vrrp web        backup   for 1000 ms (started)\n"
		"  v4-51-eth0 on eth0, virtual router 51, priority 100 (handed over by the "
		"operator), 1 transitions\n"
		"  addresses 10.77.0.100/24 10.77.0.101/24, put back 2 times, claimed by others 3 "
		"times\n"
		"  master is 10.77.0.2, priority 150, last heard 1100 ms ago\n"
		"  does not preempt yet (preempt-delay)\n"
		"  adverts 4 sent, 5 accepted, rejected 1 ttl, 2 checksum, noted 6 "
		"interval-differs, authentication enforce\n"
		"  trouble: no socket\n");
}

static void all_that_can_be_said_of_a_peer(void)
{
	struct status_word words[] = {
		{.name = "web",
		 .family = 4,
		 .state = "master",
		 .priority = 150,
		 .holds = true,
		 .link_up = true,
		 .age_ms = 40},
		{.virtual_router_id = 52,
		 .family = 6,
		 .state = "fault",
		 .priority = 100,
		 .age_ms = 41},
	};
	struct status_peer p = {
		.node = "a",
		.address = "10.77.0.2",
		.state = "connected",
		.sync = "stale",
		.heartbeat = "up",
		.cause = "heard",
		.since_ms = 2000,
		.age_ms = 40,
		.round_trip_us = 312,
		.sent = 7,
		.received = 8,
		.error = "no way",
		.rejected = {.at = {{"key", 9}}, .n = 1},
		.words = words,
		.n_words = 2,
	};
	struct status s = of_b();

	s.peers = &p;
	s.n_peers = 1;
	expect_printed(
		&s, B_RUNS NO_ROUTER
		"peer a          10.77.0.2, connected, tables stale\n"
		"  heartbeat up for 2 s (heard), the last one is 40 ms old, round trip 312 us\n"
		"  7 sent, 8 received, rejected 9 key\n"
		"  trouble: no way\n"
		"  there: vrrp web master, priority 150, holds the addresses, said 40 ms ago\n"
		"  there: virtual router 52, which is not ours, (IPv6) fault, priority 100, link "
		"down, said 41 ms ago\n");
}

/* What stands below the peer's own line. */
static void expect_channel(const struct status_channel *c, uint64_t lag_ms, const char *want)
{
	struct status_peer p = {.node = "b",
				.address = "10.77.0.3",
				.state = "connected",
				.sync = "syncing",
				.lag_ms = lag_ms,
				.heartbeat = "off",
				.channel = *c};
	struct status s = {.node = "a", .version = "1", .uptime_ms = 1000, .ruleset_in_sync = true};
	char *all = NULL;

	s.peers = &p;
	s.n_peers = 1;
	CU_ASSERT_FATAL(asprintf(&all,
				 "node a, director 1, running for 1000 ms, ruleset in sync\n"
				 "no vrrp section: nobody holds a virtual address\n"
				 "peer b          10.77.0.3, connected, tables syncing\n"
				 "  no heartbeats\n%s",
				 want) > 0);
	expect_printed(&s, all);
	free(all);
}

static void no_channel_is_not_spoken_of(void)
{
	struct status_channel c;

	status_channel_none(&c);
	snprintf(c.trouble, sizeof(c.trouble), "not shown");
	expect_channel(&c, STATUS_UNKNOWN, "");
}

static void a_channel_that_works(void)
{
	struct status_channel c = {
		.enabled = true,
		.connected = true,
		.since_ms = 200000,
		.connections = 1,
		.octets_sent = 1299999,
		.octets_received = 80123,
		.current_here = true,
		.current_there = true,
		.held_ours = 12034,
		.flows_sent = 20000,
	};

	expect_channel(&c, 2,
		       "  channel up for 3 min, 1.2 MB sent, 80 kB received\n"
		       "  tables in sync both ways, 12034 flows ours, 0 theirs, lag 2 ms; "
		       "0 would be lost if it took over now\n"
		       "  flows 20000 sent, 0 received\n");
}

static void a_channel_that_does_not(void)
{
	struct status_channel c;

	status_channel_none(&c);
	c.enabled = true;
	expect_channel(&c, STATUS_UNKNOWN,
		       "  channel DOWN: no connection yet\n"
		       "  tables NOT in sync, 0 flows ours, 0 theirs; "
		       "? would be lost if it took over now\n"
		       "  flows 0 sent, 0 received\n");
	snprintf(c.trouble, sizeof(c.trouble), "connection refused");
	snprintf(c.ended, sizeof(c.ended), "said goodbye");
	c.would_lose = c.held_ours = 7;
	c.held_theirs = 8;
	expect_channel(&c, STATUS_UNKNOWN,
		       "  channel DOWN: connection refused; the last one ended when the other "
		       "director said goodbye\n"
		       "  tables NOT in sync, 7 flows ours, 8 theirs; "
		       "7 would be lost if it took over now\n"
		       "  flows 0 sent, 0 received\n");
}

static void a_channel_with_everything(void)
{
	struct status_channel c = {
		.enabled = true,
		.connected = true,
		.since_ms = 900,
		.trouble = "not shown",
		.ended = "closed the connection",
		.connections = 2,
		.octets_sent = 999,
		.octets_received = 10000000000,
		.current_there = true,
		.queued = 1,
		.unacknowledged = 2,
		.would_lose = 3,
		.held_ours = 4,
		.held_theirs = 5,
		.flows_sent = 6,
		.flows_received = 7,
		.flows_unknown = 8,
		.flows_refused = 9,
		.lost = 10,
		.config_differs = true,
	};
	const char *rest =
		", 4 flows ours, 5 theirs, lag 40 ms; 3 would be lost if it took over now\n"
		"  flows 6 sent, 7 received, 1 entries wait, 2 are on their way, 8 for "
		"backends that we do not have, 9 that found no place, lost track 10 times, "
		"rejected 11 frame-forged, 12 message-type\n"
		"  its configuration is another one (`directorctl doctor` tells where): flows of "
		"backends that only one of "
		"us has are not kept\n";
	char want[1024];

	status_add_count_of(&c.rejected, "frame", "forged", 11);
	status_add_count_of(&c.rejected, "frame", "cut", 0);
	status_add_count_of(&c.rejected, "message", "type", 12);
	for (unsigned int here = 0; here < 2; here++) {
		c.current_here = here;
		c.current_there = !here;
		snprintf(want, sizeof(want),
			 "  channel up for 900 ms, 999 octets sent, 10 GB received; the one before "
			 "ended when the other director closed the connection\n"
			 "  tables in sync %s%s",
			 here ? "here, NOT there" : "there, NOT here", rest);
		expect_channel(&c, 40, want);
	}
}

static void octets_at_a_glance(void)
{
	static const struct {
		uint64_t octets;
		const char *text;
	} cases[] = {
		{0, "0 octets"},	   {999, "999 octets"},
		{1000, "1.0 kB"},	   {9999, "9.9 kB"},
		{10000, "10 kB"},	   {999999, "999 kB"},
		{1000000, "1.0 MB"},	   {9999999999, "9.9 GB"},
		{1500000000000, "1.5 TB"}, {UINT64_MAX - 1, "18446744 TB"},
	};
	struct status_channel c = {.enabled = true, .connected = true};
	char want[512];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		c.octets_sent = c.octets_received = cases[i].octets;
		snprintf(want, sizeof(want),
			 "  channel up for 0 ms, %s sent, %s received\n"
			 "  tables NOT in sync, 0 flows ours, 0 theirs; 0 would be lost if it took "
			 "over now\n"
			 "  flows 0 sent, 0 received\n",
			 cases[i].text, cases[i].text);
		expect_channel(&c, STATUS_UNKNOWN, want);
	}
}

/* The JSON of a pair with this channel; freed by the caller. */
static json_t *channel_document(const struct status_channel *c)
{
	struct status_peer p = {.node = "b", .channel = *c};
	struct status s = {.node = "a", .peers = &p, .n_peers = 1};
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	json_t *document;

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	EXPECT_INT(print_json(out, &s, JSON_CLUSTER), 0);
	fclose(out);
	document = json_loads(text, 0, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(document);
	free(text);
	return document;
}

static void expect_channel_json(const struct status_channel *c, const char *want)
{
	json_t *document = channel_document(c), *wanted = json_loads(want, 0, NULL);
	json_t *peer = json_array_get(json_object_get(document, "peers"), 0);
	json_t *channel = json_object_get(peer, "channel");

	CU_ASSERT_PTR_NOT_NULL_FATAL(wanted);
	CU_ASSERT_PTR_NOT_NULL_FATAL(channel);
	if (!json_equal(channel, wanted)) {
		CU_FAIL("the channel for programs is another one");
		json_dumpf(channel, stdout, JSON_INDENT(2));
	}
	json_decref(wanted);
	json_decref(document);
}

static void the_channel_for_programs(void)
{
	struct status_channel c;

	status_channel_none(&c);
	expect_channel_json(
		&c,
		"{\"enabled\": false, \"connected\": false, \"since_ms\": null, \"trouble\": \"\","
		" \"ended\": \"\", \"connections\": 0, \"octets_sent\": 0, \"octets_received\": 0,"
		" \"current_here\": false, \"current_there\": false, \"queued\": 0,"
		" \"unacknowledged\": 0, \"would_lose\": null, \"held_ours\": 0,"
		" \"held_theirs\": 0, \"flows_sent\": 0, \"flows_received\": 0,"
		" \"flows_unknown\": 0, \"flows_refused\": 0, \"snapshots_sent\": 0,"
		" \"snapshots_received\": 0, \"snapshot_age_ms\": null, \"snapshot_flows\": 0,"
		" \"snapshot_took_ms\": null, \"lag_median_us\": null, \"lag_p99_us\": null,"
		" \"lag_max_us\": null, \"clock_apart_ms\": null,"
		" \"lost\": 0, \"config_differs\": false, \"rejected\": {}}");
	c = (struct status_channel){true, true, 1,  "t", "e", 2,  3,  4,    true,    true, 5,
				    6,	  7,	8,  9,	 10,  11, 12, 13,   14,	     15,   16,
				    17,	  18,	19, 20,	 21,  22, 23, true, {.n = 0}};
	status_add_count_of(&c.rejected, "frame", "forged", 24);
	expect_channel_json(
		&c,
		"{\"enabled\": true, \"connected\": true, \"since_ms\": 1, \"trouble\": \"t\","
		" \"ended\": \"e\", \"connections\": 2, \"octets_sent\": 3, \"octets_received\": 4,"
		" \"current_here\": true, \"current_there\": true, \"queued\": 5,"
		" \"unacknowledged\": 6, \"would_lose\": 7, \"held_ours\": 8,"
		" \"held_theirs\": 9, \"flows_sent\": 10, \"flows_received\": 11,"
		" \"flows_unknown\": 12, \"flows_refused\": 13, \"snapshots_sent\": 14,"
		" \"snapshots_received\": 15, \"snapshot_age_ms\": 16, \"snapshot_flows\": 17,"
		" \"snapshot_took_ms\": 18, \"lag_median_us\": 19, \"lag_p99_us\": 20,"
		" \"lag_max_us\": 21, \"clock_apart_ms\": 22,"
		" \"lost\": 23, \"config_differs\": true, \"rejected\": {\"frame-forged\": 24}}");
}

static void expect_device(const char *device)
{
	struct status_vrrp v = {.name = "web", .interface = "eth0"};
	struct status s = {.vrrps = &v, .n_vrrps = 1};
	char *text = NULL, want[64];
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	snprintf(v.device, sizeof(v.device), "%s", device);
	snprintf(want, sizeof(want), "\"device\": \"%s\"", device);
	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	EXPECT_INT(print_json(out, &s, JSON_CLUSTER), 0);
	fclose(out);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, want));
	free(text);
}

static void the_device_for_programs(void)
{
	expect_device("v4-51-eth0");
	expect_device("");
}

UNIT_TESTS(print_cluster) = {
	{"a standalone director", a_standalone_director},
	{"a master and its silent peer", a_master_and_its_silent_peer},
	{"alarms come first", alarms_come_first},
	{"all that can be said of a router", all_that_can_be_said_of_a_router},
	{"all that can be said of a peer", all_that_can_be_said_of_a_peer},
	{"no channel is not spoken of", no_channel_is_not_spoken_of},
	{"a channel that works", a_channel_that_works},
	{"a channel that does not", a_channel_that_does_not},
	{"a channel with everything", a_channel_with_everything},
	{"octets at a glance", octets_at_a_glance},
	{"the device for programs", the_device_for_programs},
	{"the channel for programs", the_channel_for_programs},
	UNIT_TESTS_END,
};
