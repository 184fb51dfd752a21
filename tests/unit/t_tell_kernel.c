/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A host with an old entry is told, alone: Linux takes in what announcer_tell() sends. Both ends of the
 * cable are in one network namespace of the test's own. Needs root.
 */
#include "ha/announce_uv.h"
#include "tests/unit/namespace.h"
#include "tests/unit/unit.h"

#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The host's end is `host`, with an entry that was confirmed just now. */
#define CABLE                                                                                      \
	"ip link add eth0 type veth peer name host && "                                            \
	"ip link set eth0 address 02:00:00:00:00:03 up && "                                        \
	"ip link set host address 02:00:00:00:00:0a up && "                                        \
	"ip address add 10.77.0.10/24 dev host && ip address add fd77::10/64 dev host nodad && "   \
	"ip neighbour add 10.77.0.100 lladdr 02:00:00:00:00:02 dev host nud reachable && "         \
	"ip neighbour add fd77::100 lladdr 02:00:00:00:00:02 dev host nud reachable"

static void closed(void *owner)
{
	*(bool *)owner = true;
}

static bool believes(const char *address, const char *mac)
{
	char command[100], *text;
	bool found;

	snprintf(command, sizeof(command), "ip neighbour show %s dev host", address);
	text = unit_output_of(command);
	found = strstr(text, mac);
	free(text);
	return found;
}

static void tell(struct announcer *a, const char *to, const char *address, bool sent)
{
	struct addr vip = {0};
	struct mac mac;

	CU_ASSERT_EQUAL_FATAL(addr_parse(address, &vip), 0);
	CU_ASSERT_EQUAL_FATAL(mac_parse(to, &mac), 0);
	EXPECT_INT(announcer_tell(a, &mac, &vip), sent);
}

static void story(void)
{
	const struct mac ours = {{2, 0, 0, 0, 0, 3}};
	struct announcer a;
	struct err err = {0};
	uv_loop_t loop;
	bool done = false;

	uv_loop_init(&loop);
	CU_ASSERT_EQUAL_FATAL(announcer_init(&a, &loop, "test", &err), 0);
	announcer_link(&a, if_nametoindex("eth0"), &ours);
	CU_ASSERT(believes("10.77.0.100", "02:00:00:00:00:02"));
	CU_ASSERT(believes("fd77::100", "02:00:00:00:00:02"));
	tell(&a, "02:00:00:00:00:0b", "10.77.0.100", true); /* not this host */
	CU_ASSERT(believes("10.77.0.100", "02:00:00:00:00:02"));
	tell(&a, "02:00:00:00:00:0a", "10.77.0.100", true);
	tell(&a, "02:00:00:00:00:0a", "fd77::100", true);
	CU_ASSERT(believes("10.77.0.100", "02:00:00:00:00:03"));
	CU_ASSERT(believes("fd77::100", "02:00:00:00:00:03"));
	tell(&a, "02:00:00:00:00:0a", "10.77.0.100", false); /* just told */
	tell(&a, "ff:ff:ff:ff:ff:ff", "10.77.0.100", false);
	tell(&a, "02:00:00:00:00:03", "10.77.0.100", false); /* ourselves */
	EXPECT_INT((long long)a.sent, 3);
	announcer_close(&a, closed, &done);
	uv_run(&loop, UV_RUN_DEFAULT);
	CU_ASSERT(done);
	EXPECT_INT(uv_loop_close(&loop), 0);
}

static void a_host_with_an_old_entry_is_told(void)
{
	unit_in_namespace(CABLE, story);
}

UNIT_TESTS(tell_kernel) = {
	{"a host with an old entry is told", a_host_with_an_old_entry_is_told},
	UNIT_TESTS_END,
};
