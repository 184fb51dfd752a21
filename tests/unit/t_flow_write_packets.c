/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Flows that are written while packets make, find and refresh them, in a namespace. Needs root. */
#include "include/wr.h"
#include "tests/unit/flow_write_place.h"
#include "tests/unit/namespace.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <net/if.h>
#include <netpacket/packet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/if_ether.h>

#define FLOW "0x0a4d0009 . 0x0a4d0064 . 0x9c400035" /* place_flow in nft's words */

enum { FRAME = 60, CHANGES = 300, RACES = 5000, RACES_LEAST = 200, RACE_PAUSE_US = 400 };

static const struct flow_ask_set pins = {.table = "director", .set = "www-pins", .key_len = 4};

/* As the plan has them: a flow that is known is refreshed, one that is not gets backend 0x15. */
#define PACKETS                                                                                    \
	"table netdev director {\n" PLACE_MAP(                                                     \
		"www-flows",                                                                       \
		"2000") "map www-pins {\ntypeof @nh,96,32 : meta mark\nflags "                     \
			"dynamic,timeout\nsize 100\n}\n"                                           \
			"counter known { }\ncounter missed { }\ncounter to-22 { }\ncounter "       \
			"pinned { }\n"                                                             \
			"chain count {\nmeta mark 0x16 counter name to-22\ndrop\n}\n"              \
			"chain ingress {\ntype filter hook ingress device \"eth0\" priority 0;\n"  \
			"ether type != ip drop\n"                                                  \
			"meta mark set @nh,96,32 & 0xffffff00 map @www-pins counter name pinned\n" \
			"meta mark set @nh,96,32 . @nh,128,32 . @th,0,32 map @www-flows counter "  \
			"name known\n"                                                             \
			"meta mark set @nh,96,32 . @nh,128,32 . @th,0,32 map @www-flows "          \
			"update @www-flows { @nh,96,32 . @nh,128,32 . @th,0,32 timeout 15m : "     \
			"meta mark } "                                                             \
			"goto count\n"                                                             \
			"counter name missed\nmeta mark set 0x15 "                                 \
			"add @www-flows { @nh,96,32 . @nh,128,32 . @th,0,32 timeout 15m : meta "   \
			"mark }\n"                                                                 \
			"drop\n}\n}\n"

struct port {
	int fd;
	struct sockaddr_ll to;
};

static struct port port_open(void)
{
	struct port p = {
		.fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0),
		.to = {.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex("p0")},
	};

	CU_ASSERT_FATAL(p.fd >= 0);
	return p;
}

/* A packet of the flow above. */
static void send_packet(const struct port *p)
{
	static const uint8_t macs[] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 9};
	uint8_t bytes[FRAME] = {0};
	struct wr w = wr_init(bytes, sizeof(bytes));

	wr_bytes(&w, macs, sizeof(macs));
	wr_be16(&w, ETH_P_IP);
	wr_be32(&w, 0x4500001c);
	wr_be32(&w, 0);
	wr_be32(&w, 0x40110000);
	wr_be32(&w, addr_v4_value(&place_flow.client));
	wr_be32(&w, addr_v4_value(&place_flow.vip));
	wr_be16(&w, place_flow.client_port);
	wr_be16(&w, place_flow.vip_port);
	wr_be32(&w, 8 << 16);
	while (sendto(p->fd, bytes, sizeof(bytes), 0, (const struct sockaddr *)&p->to,
		      sizeof(p->to)) < 0 &&
	       errno == ENOBUFS)
		;
}

static unsigned long counter(const char *name)
{
	char command[100], *text;
	unsigned long n = 0;

	snprintf(command, sizeof(command),
		 "nft list counter netdev director %s | sed -n 's/.*packets \\([0-9]*\\).*/\\1/p'",
		 name);
	text = unit_output_of(command);
	n = strtoul(text, NULL, 10);
	free(text);
	return n;
}

/* The receiving side of a veth runs by itself. */
static void expect_counter(const char *name, unsigned long want)
{
	for (int i = 0; i < 100 && counter(name) < want; i++)
		usleep(20000);
	EXPECT_INT(counter(name), want);
}

static void a_packet(void)
{
	struct flow_write_op put = place_op(FLOW_WRITE_PUT, &place_flows, 0, 0x16);
	struct flow_write_op change = place_op(FLOW_WRITE_CHANGE, &place_flows, 0, 0x16);
	struct flow_write_op pin = {
		.set = &pins, .mark = 7, .timeout_ms = PLACE_TIMEOUT, .left_ms = PLACE_LEFT};
	struct port p = port_open();

	/* It has just made its flow, with another backend: that one stays, unless it is to change. */
	send_packet(&p);
	expect_counter("missed", 1);
	EXPECT_INT(place_do(put), FLOW_WRITE_OTHER);
	place_expect(put, 0x15, PLACE_TIMEOUT);
	EXPECT_INT(place_do(change), FLOW_WRITE_DONE);
	place_expect(put, 0x16, PLACE_LEFT);
	/* What was put is found, has the mark that rules compare, and is refreshed like any other. */
	send_packet(&p);
	expect_counter("to-22", 1);
	EXPECT_INT(counter("missed"), 1);
	place_expect(put, 0x16, PLACE_TIMEOUT);
	EXPECT_INT(place_do(put), FLOW_WRITE_DONE);
	place_expect(put, 0x16, PLACE_LEFT);
	/* Without a timeout of its own it would stay for ever, packets or not. */
	unit_feed("nft -f -", "delete element netdev director www-flows { " FLOW " }\n"
			      "add element netdev director www-flows { " FLOW " : 0x16 }\n");
	send_packet(&p);
	expect_counter("to-22", 2);
	EXPECT_INT(place_ask(&put).timeout_ms, 0);
	EXPECT_INT(place_ask(&put).expires_ms, 0);
	/* A client is found by its network. */
	EXPECT_INT(counter("pinned"), 0);
	flow_ask_pin_key(&place_flow.client, 24, pin.key);
	EXPECT_INT(place_do(pin), FLOW_WRITE_DONE);
	send_packet(&p);
	expect_counter("pinned", 1);
	close(p.fd);
}

/* Packets with pauses of any length up to that, 0: without one, until it is ended. */
static pid_t flood(unsigned int pause_us)
{
	pid_t child = fork();

	if (child == 0) {
		struct port p = port_open();

		for (unsigned int i = 0;; i++) {
			send_packet(&p);
			if (pause_us)
				usleep(i % pause_us);
		}
	}
	return child;
}

static void end(pid_t child)
{
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

/*
 * The backend changes again and again under a flood: no packet misses the flow. Now and then packets
 * put it again as it was so often that the change is given up.
 */
static void changing(void)
{
	struct flow_write_op op = place_op(FLOW_WRITE_PUT, &place_flows, 0, 0x15);
	unsigned int done = 0, other = 0;
	unsigned long known, began = 0;
	pid_t child;

	EXPECT_INT(place_do(op), FLOW_WRITE_DONE);
	child = flood(0);
	for (int i = 0; i < 100 && !began; i++, usleep(20000))
		began = counter("known");
	op.kind = FLOW_WRITE_CHANGE;
	for (uint32_t i = 0; i < CHANGES; i++) {
		enum flow_write_result result;

		op.mark = 0x15 + i % 2;
		result = place_do(op);
		done += result == FLOW_WRITE_DONE;
		other += result == FLOW_WRITE_OTHER;
	}
	end(child);
	known = counter("known");
	printf("\n    %u changes, %u given up, %lu packets ", done, other, known);
	CU_ASSERT(began > 0 && known > began);
	EXPECT_INT(done + other, CHANGES);
	CU_ASSERT(done > 0);
	EXPECT_INT(counter("missed"), 0);
}

/*
 * Packets that add what is deleted, and refresh what is put, race every call: now and then first. They
 * pause about as long as a call takes, or one side would hardly ever be.
 */
static void racing(void)
{
	struct flow_write_op gone = place_op(FLOW_WRITE_DELETE, &place_flows, 0, 0);
	struct flow_write_op put = place_op(FLOW_WRITE_PUT, &place_flows, 0, 0x16);
	unsigned int done = 0, other = 0;
	pid_t child = flood(RACE_PAUSE_US);

	for (int i = 0; i < RACES && (i < RACES_LEAST || !done || !other); i++) {
		enum flow_write_result result;

		EXPECT_INT(place_do(gone), FLOW_WRITE_DONE);
		usleep((useconds_t)(i % 100));
		result = place_do(put);
		done += result == FLOW_WRITE_DONE;
		other += result == FLOW_WRITE_OTHER;
		EXPECT_INT(done + other, i + 1);
	}
	end(child);
	printf("\n    %u races won, %u lost ", done, other);
	CU_ASSERT(done > 0 && other > 0);
}

static void a_flood(void)
{
	changing();
	racing();
}

static void packets(void)
{
	place_on_each_kernel(PACKETS, a_packet);
	place_on_this_kernel(PACKETS, a_flood);
}

static void packets_and_calls(void)
{
	unit_in_namespace(UNIT_ETH0, packets);
}

UNIT_TESTS(flow_write_packets) = {
	{"packets and calls", packets_and_calls},
	UNIT_TESTS_END,
};
