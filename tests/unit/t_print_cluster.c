/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pair for people: what stands where, and what is left out. */
#include "director/ctl/ctl.h"
#include "tests/unit/unit.h"

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

static void all_that_can_be_said(void)
{
	char alarms[][STATUS_ALARM] = {"vrrp web: one", "node a: two"};
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
	struct status s = {.node = "b", .version = "1", .uptime_ms = 1000, .ruleset_in_sync = true};

	s.alarms = alarms;
	s.n_alarms = 2;
	s.vrrps = &v;
	s.peers = &p;
	s.n_vrrps = s.n_peers = 1;
	expect_printed(
		&s,
		"ALARM vrrp web: one\n"
		"ALARM node a: two\n"
		"node b, director 1, running for 1000 ms, ruleset in sync\n"
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
		"  trouble: no socket\n"
		"peer a          10.77.0.2, connected, tables stale\n"
		"  heartbeat up for 2 s (heard), the last one is 40 ms old, round trip 312 us\n"
		"  7 sent, 8 received, rejected 9 key\n"
		"  trouble: no way\n"
		"  there: vrrp web master, priority 150, holds the addresses, said 40 ms ago\n"
		"  there: virtual router 52, which is not ours, (IPv6) fault, priority 100, link "
		"down, said 41 ms ago\n");
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
	{"all that can be said", all_that_can_be_said},
	{"the device for programs", the_device_for_programs},
	UNIT_TESTS_END,
};
