/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Connections that the other director knows, on the real kernel: frames go in at one end of a cable and
 * come back with the MAC address of a backend, or of the other director. The rules are those of
 * tests/golden/ruleset/relay.nft, of which the other director has 02:00:00:00:00:fe. Needs root.
 */
#include "include/addr.h"
#include "include/wr.h"
#include "tests/unit/namespace.h"
#include "tests/unit/ruleset_case.h"
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netpacket/packet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/if_ether.h>

enum {
	FRAME = 60,
	SYN = 2,
	ACK = 16,
	FIN = 17,
	PUSH = 24,
	PEER = 0xfe,   /* the last octets of MAC addresses: the other director, ... */
	CLIENT = 0x63, /* ... a client, or the router before it, ... */
	NOBODY = -1,   /* ... and no frame at all */
	WAIT_MS = 2000,
	APP = 80,
	SHOP = 443,
};

static int cable = -1;

static void open_cable(void)
{
	struct sockaddr_ll at = {.sll_family = AF_PACKET,
				 .sll_protocol = htons(ETH_P_IP),
				 .sll_ifindex = (int)if_nametoindex("p0")};

	cable = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_IP));
	CU_ASSERT_FATAL(cable >= 0);
	CU_ASSERT_EQUAL_FATAL(bind(cable, (const struct sockaddr *)&at, sizeof(at)), 0);
}

/* The rules as nft loads them: those of the case, on the interface that is there. */
static void load_rules(void)
{
	struct ruleset_case c;
	char *text;

	if (!ruleset_case_init(&c, "tests/golden/ruleset/relay.conf", if_nametoindex("eth0")))
		return;
	text = ruleset_case_text(&c.ruleset);
	unit_feed("nft -f -", text);
	free(text);
	ruleset_case_clear(&c);
}

static void send_segment(uint8_t from, uint16_t port, uint16_t service, uint8_t flags)
{
	const uint8_t macs[] = {2, 0, 0, 0, 0, 0x0a, 2, 0, 0, 0, 0, from};
	uint8_t bytes[FRAME] = {0};
	struct wr w = wr_init(bytes, sizeof(bytes));

	wr_bytes(&w, macs, sizeof(macs));
	wr_be16(&w, ETH_P_IP);
	wr_be32(&w, 0x45000028);
	wr_be32(&w, 0);
	wr_be32(&w, 0x40060000);
	wr_be32(&w, 0x0a4d0009);
	wr_be32(&w, 0x0a4d0064);
	wr_be16(&w, port);
	wr_be16(&w, service);
	wr_be32(&w, 1);
	wr_be32(&w, 1);
	wr_be16(&w, (uint16_t)(0x5000 | flags));
	wr_be16(&w, 64240);
	CU_ASSERT_EQUAL(send(cable, bytes, sizeof(bytes), 0), sizeof(bytes));
}

/* The last octet of the MAC address that the frame which comes back is for. */
static int receive(void)
{
	struct pollfd p = {.fd = cable, .events = POLLIN};

	while (poll(&p, 1, WAIT_MS) > 0) {
		struct sockaddr_ll who;
		socklen_t len = sizeof(who);
		uint8_t bytes[FRAME];
		ssize_t n = recvfrom(cable, bytes, sizeof(bytes), 0, (struct sockaddr *)&who, &len);

		if (n == FRAME && who.sll_pkttype != PACKET_OUTGOING)
			return bytes[11] == 0x0a ? bytes[5] : NOBODY;
	}
	return NOBODY;
}

static int way(uint8_t from, uint16_t port, uint16_t service, uint8_t flags)
{
	send_segment(from, port, service, flags);
	return receive();
}

static bool is_backend(int octet)
{
	return octet == 21 || octet == 22;
}

static void forget_addresses(void)
{
	unit_feed("nft -f -", "flush set netdev director handover\n");
}

static void unknown_connections(void)
{
	int backend;

	load_rules();
	open_cable();
	EXPECT_INT(way(CLIENT, 1000, APP, ACK), PEER);
	EXPECT_INT(way(CLIENT, 1001, APP, FIN), PEER);
	/* A connection that begins here is served here. */
	backend = way(CLIENT, 1002, APP, SYN);
	CU_ASSERT(is_backend(backend));
	EXPECT_INT(way(CLIENT, 1002, APP, ACK), backend);
	EXPECT_INT(way(CLIENT, 1002, APP, ACK), backend);
	/* Nothing goes to and fro. */
	CU_ASSERT(is_backend(way(PEER, 1003, APP, ACK)));
	CU_ASSERT(is_backend(way(PEER, 1000, APP, ACK)));
	/* What went there goes on, what is new to both is not asked about any more. */
	forget_addresses();
	EXPECT_INT(way(CLIENT, 1000, APP, ACK), PEER);
	CU_ASSERT(is_backend(way(CLIENT, 1004, APP, ACK)));
	/* The daemon is told of it: from then on it is known. */
	unit_feed("nft -f -", "add element netdev director app-flows { 0x0a4d0009 . 0x0a4d0064 . "
			      "0x03e80050 timeout 1m : 0x1 }\n"
			      "add element netdev director app-backends { 0x1 : "
			      "0x02000000001602000000000a }\n");
	EXPECT_INT(way(CLIENT, 1000, APP, ACK), 22);
	close(cable);
}

/* A client that has a backend by now keeps it for what it opens, not for what the other one knows. */
static void clients(void)
{
	int backend;

	load_rules();
	open_cable();
	EXPECT_INT(way(CLIENT, 1000, SHOP, ACK), PEER);
	backend = way(CLIENT, 1001, SHOP, SYN);
	CU_ASSERT(is_backend(backend));
	EXPECT_INT(way(CLIENT, 1000, SHOP, ACK), PEER);
	EXPECT_INT(way(CLIENT, 1001, SHOP, ACK), backend);
	EXPECT_INT(way(CLIENT, 1000, SHOP, ACK), PEER);
	EXPECT_INT(way(CLIENT, 1002, SHOP, ACK), backend); /* its client's */
	forget_addresses();
	EXPECT_INT(way(CLIENT, 1000, SHOP, ACK), PEER);
	/* The same ports again: a new connection. */
	EXPECT_INT(way(CLIENT, 1000, SHOP, SYN), backend);
	EXPECT_INT(way(CLIENT, 1000, SHOP, ACK), backend);
	close(cable);
}

static void remember_closing(uint16_t port)
{
	char text[200];

	snprintf(text, sizeof(text),
		 "add element netdev director app-closing { 0x0a4d0009 . 0x0a4d0064 . 0x%04x0050 "
		 "timeout 1m : 0x1 }\n",
		 port);
	unit_feed("nft -f -", text);
}

/* They may have been used again where nobody tells of it any more. */
static void closing_ports(void)
{
	int backend;

	load_rules();
	unit_feed("nft -f -", "add element netdev director app-backends { 0x1 : "
			      "0x02000000001602000000000a }\n");
	open_cable();
	for (uint16_t port = 1000; port < 1005; port++)
		remember_closing(port);
	/* Who writes has a new connection, which stays there. */
	EXPECT_INT(way(CLIENT, 1000, APP, ACK), PEER);
	EXPECT_INT(way(CLIENT, 1000, APP, PUSH), PEER);
	EXPECT_INT(way(CLIENT, 1000, APP, ACK), PEER);
	/* Anything else may be the end of the old one. */
	EXPECT_INT(way(CLIENT, 1001, APP, ACK), PEER);
	EXPECT_INT(way(CLIENT, 1001, APP, FIN), PEER);
	EXPECT_INT(way(PEER, 1002, APP, PUSH), 22);
	EXPECT_INT(way(PEER, 1002, APP, ACK), 22);
	/* Who begins anew is served here. */
	backend = way(CLIENT, 1003, APP, SYN);
	CU_ASSERT(is_backend(backend));
	EXPECT_INT(way(CLIENT, 1003, APP, PUSH), backend);
	/* What ends here may be known here alone. */
	EXPECT_INT(way(CLIENT, 1003, APP, FIN), backend);
	EXPECT_INT(way(CLIENT, 1003, APP, ACK), backend);
	EXPECT_INT(way(CLIENT, 1003, APP, FIN), backend);
	EXPECT_INT(way(CLIENT, 1003, APP, PUSH), backend);
	forget_addresses();
	EXPECT_INT(way(CLIENT, 1000, APP, PUSH), PEER);
	EXPECT_INT(way(CLIENT, 1001, APP, ACK), 22);
	EXPECT_INT(way(CLIENT, 1002, APP, PUSH), 22);
	EXPECT_INT(way(CLIENT, 1004, APP, PUSH), 22);
	close(cable);
}

#define CABLE UNIT_ETH0 " && ip link set eth0 address 02:00:00:00:00:0a"

static void unknown_connections_go_to_the_other_director(void)
{
	unit_in_namespace(CABLE, unknown_connections);
}

static void a_client_with_a_backend_keeps_both(void)
{
	unit_in_namespace(CABLE, clients);
}

static void ports_of_a_closing_connection(void)
{
	unit_in_namespace(CABLE, closing_ports);
}

UNIT_TESTS(relay_kernel) = {
	{"unknown connections go to the other director",
	 unknown_connections_go_to_the_other_director},
	{"a client with a backend keeps both", a_client_with_a_backend_keeps_both},
	{"the ports of a closing connection may be another's", ports_of_a_closing_connection},
	UNIT_TESTS_END,
};
