/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which interfaces can be used, and the sentence about each that cannot. */
#include "director/network/interface.h"
#include "director/network/interface_uv.h"
#include "tests/unit/unit.h"

#include <net/if_arp.h>
#include <stdio.h>
#include <string.h>

#define ETHER .type = ARPHRD_ETHER, .mac = {{2, 0, 0, 0, 0, 1}}

static void kinds_that_can_be_used(void)
{
	static const struct interface_traits good[] = {
		{ETHER},
		{ETHER, .kind = "veth"},
		{ETHER, .kind = "bridge"},
		{ETHER, .kind = "bond"},
		{ETHER, .kind = "team"},
		{ETHER, .kind = "vlan"},
		{ETHER, .kind = "macvlan"},
		{ETHER, .kind = "ipvlan"},
		{ETHER, .kind = "vxlan"},
		{ETHER, .kind = "gretap"},
		{ETHER, .kind = "tun"}, /* a tap: the kernel calls both by this name */
		{ETHER, .kind = "veth", .port_kind = "vrf", .master = "red"},
	};
	char text[INTERFACE_TEXT];

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		EXPECT_TEXT(interface_trouble(&good[i], text), "");
}

static void kinds_that_cannot(void)
{
	static const struct {
		struct interface_traits traits;
		const char *why;
	} bad[] = {
		{{.type = ARPHRD_LOOPBACK},
		 "is the loopback interface, where no frames of a network arrive: use the "
		 "interface "
		 "of the network"},
		{{.type = ARPHRD_NONE, .kind = "tun"},
		 "(tun) has no Ethernet header, and that is what a director writes: use an "
		 "Ethernet "
		 "interface"},
		{{.type = ARPHRD_NONE, .kind = "wireguard"},
		 "(wireguard) has no Ethernet header, and that is what a director writes: use an "
		 "Ethernet interface"},
		{{.type = ARPHRD_TUNNEL, .kind = "ipip"},
		 "(ipip) has no Ethernet header, and that is what a director writes: use an "
		 "Ethernet interface"},
		{{.type = ARPHRD_PPP},
		 "has no Ethernet header, and that is what a director writes: use an Ethernet "
		 "interface"},
		{{ETHER, .kind = "veth", .port_kind = "bridge", .master = "br0"},
		 "is a port of the bridge \"br0\", where the addresses and the frames are: use "
		 "\"br0\""},
		{{ETHER, .port_kind = "bond", .master = "bond0"},
		 "is a port of the bond \"bond0\", where the addresses and the frames are: use "
		 "\"bond0\""},
		{{ETHER, .port_kind = "team"},
		 "is a port of a team, where the addresses and the frames are: use that"},
		{{ETHER, .kind = "macvtap"},
		 "(macvtap) hands its frames to the program behind its tap: use a macvlan"},
		{{ETHER, .kind = "ifb"},
		 "(ifb) is a queue for traffic control, not a network: use the interface whose "
		 "frames it gets"},
		{{ETHER, .kind = "vrf"},
		 "(vrf) is a routing table, not a network: use an interface in it"},
		{{.type = ARPHRD_ETHER}, "has no Ethernet address yet: give it one"},
	};
	char text[INTERFACE_TEXT];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		EXPECT_TEXT(interface_trouble(&bad[i].traits, text), bad[i].why);
}

/* A sentence is of use as a whole only. */
static void the_longest_names_fit(void)
{
	struct interface_traits t = {ETHER, .port_kind = "openvswitch",
				     .master = "abcdefghijklmno"};
	char text[INTERFACE_TEXT];

	CU_ASSERT(strlen(interface_trouble(&t, text)) < INTERFACE_TEXT - 1);
	EXPECT_TEXT(text + strlen(text) - 17, "\"abcdefghijklmno\"");
	t = (struct interface_traits){.type = ARPHRD_NONE, .kind = "abcdefghijklmno"};
	CU_ASSERT(strlen(interface_trouble(&t, text)) < INTERFACE_TEXT - 1);
}

static void lro_is_said_once(void)
{
	bool said = false;

	CU_ASSERT_FALSE(interface_lro_warns(LRO_UNKNOWN, &said));
	CU_ASSERT_FALSE(interface_lro_warns(LRO_OFF, &said));
	CU_ASSERT(interface_lro_warns(LRO_ON, &said));
	CU_ASSERT_FALSE(interface_lro_warns(LRO_ON, &said));
	CU_ASSERT_FALSE(interface_lro_warns(LRO_UNKNOWN, &said));
	CU_ASSERT_FALSE(interface_lro_warns(LRO_ON, &said));
	CU_ASSERT_FALSE(interface_lro_warns(LRO_OFF, &said));
	CU_ASSERT(interface_lro_warns(LRO_ON, &said));
}

/* The question itself: lo is everywhere, and its driver has no LRO. */
static void the_driver_is_asked(void)
{
	EXPECT_INT(interface_ask_lro("lo"), LRO_OFF);
	EXPECT_INT(interface_ask_lro("no-such-one"), LRO_UNKNOWN);
}

UNIT_TESTS(interface) = {
	{"kinds that can be used", kinds_that_can_be_used},
	{"kinds that cannot", kinds_that_cannot},
	{"the longest names fit", the_longest_names_fit},
	{"LRO is said once", lro_is_said_once},
	{"the driver is asked", the_driver_is_asked},
	UNIT_TESTS_END,
};
