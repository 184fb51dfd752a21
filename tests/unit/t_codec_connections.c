/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connections in a reply: there and back, and what is refused. */
#include "proto/codec.h"
#include "tests/unit/reply_wire.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

static struct control_connection sample(const char *client, const char *address)
{
	struct control_connection c = {
		.farm = "www",
		.backend = "web1",
		.key = {.client_port = 65535, .vip_port = 80, .protocol = IPPROTO_TCP},
		.expires_ms = 12345};

	CU_ASSERT(addr_parse(client, &c.key.client) == 0);
	CU_ASSERT(addr_parse(address, &c.key.vip) == 0);
	return c;
}

static void a_page(void)
{
	struct control_connection list[] = {sample("10.77.0.10", "10.77.0.100"),
					    sample("fd77::10", "fd77::100")};
	struct control_reply reply = {.connections = list,
				      .n_connections = 2,
				      .epoch = UINT64_MAX,
				      .position = 7},
			     got = {0};

	list[1].key.protocol = IPPROTO_UDP;
	EXPECT_INT(reply_there_and_back(&reply, &got), 0);
	EXPECT_INT(got.n_connections, 2);
	CU_ASSERT(got.epoch == UINT64_MAX);
	EXPECT_INT(got.position, 7);
	for (size_t i = 0; i < got.n_connections; i++) {
		EXPECT_TEXT(got.connections[i].farm, "www");
		EXPECT_TEXT(got.connections[i].backend, "web1");
		EXPECT_INT(got.connections[i].expires_ms, 12345);
		CU_ASSERT(flow_key_equal(&got.connections[i].key, &list[i].key));
	}
	control_reply_clear(&got);
}

static int verdict_on(struct control_connection c)
{
	struct control_reply reply = {.connections = &c, .n_connections = 1}, got = {0};
	int err = reply_there_and_back(&reply, &got);

	control_reply_clear(&got);
	return err;
}

static void what_is_refused(void)
{
	struct control_connection good = sample("10.77.0.10", "10.77.0.100"), c = good;

	EXPECT_INT(verdict_on(good), 0);
	c.key.vip = sample("fd77::10", "fd77::100").key.vip;
	EXPECT_INT(verdict_on(c), -EBADMSG);
	c = good;
	c.key.client.family = 0;
	EXPECT_INT(verdict_on(c), -EBADMSG);
	c = good;
	c.key.protocol = IPPROTO_ICMP;
	EXPECT_INT(verdict_on(c), -EBADMSG);
	c = good;
	strcpy(c.farm, "w\nw");
	EXPECT_INT(verdict_on(c), -EBADMSG);
}

/* A client that keeps its backend: no ports, and as many bits as its address may have. */
static void a_pin(void)
{
	struct control_connection good = sample("10.77.0.0", "10.77.0.100"), c;
	struct control_reply reply = {.connections = &good, .n_connections = 1}, got = {0};

	good.key.protocol = FLOW_PIN;
	good.key.client_port = good.key.vip_port = 0;
	good.prefix = 24;
	EXPECT_INT(reply_there_and_back(&reply, &got), 0);
	EXPECT_INT(got.connections[0].prefix, 24);
	CU_ASSERT(flow_key_equal(&got.connections[0].key, &good.key));
	control_reply_clear(&got);
	c = good;
	c.prefix = 32;
	EXPECT_INT(verdict_on(c), 0);
	c.prefix = 33;
	EXPECT_INT(verdict_on(c), -EBADMSG);
	c.prefix = 0;
	EXPECT_INT(verdict_on(c), -EBADMSG);
	c = good;
	c.key.vip_port = 80;
	EXPECT_INT(verdict_on(c), -EBADMSG);
	c = sample("10.77.0.10", "10.77.0.100");
	c.prefix = 32;
	EXPECT_INT(verdict_on(c), -EBADMSG);
}

static void a_page_has_an_end(void)
{
	static struct control_connection list[CODEC_CONNECTIONS_MAX + 1];
	struct control_reply reply = {.connections = list, .n_connections = CODEC_CONNECTIONS_MAX},
			     got = {0};

	for (size_t i = 0; i <= CODEC_CONNECTIONS_MAX; i++)
		list[i] = sample("10.77.0.10", "10.77.0.100");
	EXPECT_INT(reply_there_and_back(&reply, &got), 0);
	EXPECT_INT(got.n_connections, CODEC_CONNECTIONS_MAX);
	control_reply_clear(&got);
	reply.n_connections++;
	EXPECT_INT(reply_there_and_back(&reply, &got), -EBADMSG);
}

UNIT_TESTS(codec_connections) = {
	{"a page", a_page}, {"what is refused", what_is_refused},
	{"a pin", a_pin},   {"a page has an end", a_page_has_an_end},
	UNIT_TESTS_END,
};
