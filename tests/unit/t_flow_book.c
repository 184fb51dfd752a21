/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is meant by a farm's name and a mark; keys of flows as the kernel has them. */
#include "director/flow/flow_ask.h"
#include "director/flow/flow_book.h"
#include "director/ruleset/plan.h"
#include "tests/unit/unit.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum { FARMS = 5, BACKENDS = 20 };

static char farm_names[FARMS][16], names[BACKENDS][16];
static struct config_backend backends[FARMS][BACKENDS];
static struct config_farm farms[FARMS];
static struct config config = {.farms = farms, .n_farms = FARMS};

static void fill(void)
{
	for (size_t i = 0; i < FARMS; i++) {
		farms[i] = (struct config_farm){.backends = backends[i],
						.n_backends = BACKENDS,
						.tcp_timeout_ms = 900000,
						.tcp_close_timeout_ms = 1500,
						.udp_timeout_ms = 120000};
		snprintf(farm_names[i], sizeof(farm_names[i]), "farm%zu", FARMS - i);
		farms[i].name = farm_names[i];
		for (size_t k = 0; k < BACKENDS; k++) {
			snprintf(names[k], sizeof(names[k]), "web%zu", k);
			backends[i][k].name = names[k];
		}
	}
	config.n_farms = FARMS;
}

static void marks_name_backends(void)
{
	struct flow_book book = {0};
	uint32_t ids[BACKENDS];

	fill();
	EXPECT_INT(flow_book_configure(&book, &config), 0);
	for (size_t i = 0; i < FARMS; i++) {
		struct flow_book_farm *f = flow_book_farm(&book, farms[i].name);

		CU_ASSERT_PTR_NOT_NULL_FATAL(f);
		plan_backend_ids(&farms[i], ids);
		for (size_t k = 0; k < BACKENDS; k++) {
			struct flow_book_backend *b = flow_book_backend(f, ids[k]);

			CU_ASSERT_PTR_NOT_NULL_FATAL(b);
			EXPECT_TEXT(b->name, backends[i][k].name);
			CU_ASSERT(b == flow_book_named(f, backends[i][k].name));
		}
		CU_ASSERT(!flow_book_backend(f, 0));
		EXPECT_INT(flow_book_life_s(f, IPPROTO_TCP, false), 900);
		EXPECT_INT(flow_book_life_s(f, IPPROTO_TCP, true), 2);
		EXPECT_INT(flow_book_life_s(f, IPPROTO_UDP, false), 120);
	}
	CU_ASSERT(!flow_book_farm(&book, "farm"));
	CU_ASSERT(!flow_book_farm(&book, "farm9"));
	flow_book_clear(&book);
}

static void counts_outlive_a_configuration(void)
{
	struct flow_book book = {0};

	fill();
	EXPECT_INT(flow_book_configure(&book, &config), 0);
	flow_book_farm(&book, "farm5")->begun = 7;
	flow_book_named(flow_book_farm(&book, "farm5"), "web3")->begun = 4;
	config.n_farms = 1; /* farm5 is the first */
	farms[0].n_backends = 4;
	EXPECT_INT(flow_book_configure(&book, &config), 0);
	EXPECT_INT(flow_book_farm(&book, "farm5")->begun, 7);
	EXPECT_INT(flow_book_named(flow_book_farm(&book, "farm5"), "web3")->begun, 4);
	CU_ASSERT(!flow_book_named(flow_book_farm(&book, "farm5"), "web4"));
	CU_ASSERT(!flow_book_farm(&book, "farm1"));
	flow_book_clear(&book);
}

static void keys_of_flows(void)
{
	static const uint8_t ipv4[] = {10, 77, 0, 10, 10, 77, 0, 100, 0x12, 0x34, 0, 80};
	static const uint8_t ipv6[] = {0xfd, 0x77, 0, 0, 0, 0, 0, 1, 9, 8, 7, 6, 0x12, 0x34, 0, 80};
	struct flow_key flow = {.client_port = 0x1234, .vip_port = 80, .protocol = IPPROTO_TCP},
			got;
	uint8_t key[FLOW_ASK_FLOW_KEY];

	EXPECT_INT(addr_parse("10.77.0.10", &flow.client), 0);
	EXPECT_INT(addr_parse("10.77.0.100", &flow.vip), 0);
	EXPECT_INT(flow_ask_key_len(&flow), sizeof(ipv4));
	flow_ask_key(&flow, key);
	CU_ASSERT(memcmp(key, ipv4, sizeof(ipv4)) == 0);
	flow_ask_unkey(key, IPPROTO_TCP, &got);
	CU_ASSERT(flow_key_equal(&flow, &got));
	EXPECT_INT(addr_parse("fd77:0:0:1:2:3:908:706", &flow.client), 0);
	EXPECT_INT(addr_parse("fd77::100", &flow.vip), 0);
	EXPECT_INT(flow_ask_key_len(&flow), sizeof(ipv6));
	flow_ask_key(&flow, key);
	CU_ASSERT(memcmp(key, ipv6, sizeof(ipv6)) == 0);
}

/* As the rules make them, see plan_pins.c. */
static void pins_of_clients(void)
{
	struct addr addresses[3] = {
		addr_v4(0x0a4d0064), {.family = AF_INET6, .bytes = {0xfd, 9}}, addr_v4(0x0a4d0065)};
	struct addr four = addr_v4(0x0a500107), six = {.family = AF_INET6, .bytes = {0xfd, 1, 2}};
	struct flow_book book = {0};
	uint8_t bytes[FLOW_ASK_FLOW_KEY];
	struct flow_book_farm *f;
	struct flow_key key;

	six.bytes[15] = 3;
	fill();
	farms[0].persistence = PERSISTENCE_SOURCE_ADDRESS;
	farms[0].persistence_timeout_ms = 1000000;
	farms[0].persistence_prefix = 24;
	farms[0].persistence_prefix6 = 64;
	farms[0].protocol = PROTOCOL_TCP;
	farms[0].addresses = addresses;
	farms[0].n_addresses = 3;
	EXPECT_INT(flow_book_configure(&book, &config), 0);
	f = flow_book_farm(&book, farms[0].name);
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	EXPECT_INT(flow_book_life_s(f, FLOW_PIN, false), 1000);
	CU_ASSERT_FATAL(flow_book_pin(f, &four, &key));
	CU_ASSERT(flow_is_pin(&key) && !key.client_port && !key.vip_port);
	CU_ASSERT(addr_equal(&key.vip, &addresses[0]));
	EXPECT_INT(addr_v4_value(&key.client), 0x0a500100);
	EXPECT_INT(flow_ask_key_len(&key), 4);
	flow_ask_key(&key, bytes);
	CU_ASSERT(memcmp(bytes, key.client.bytes, 4) == 0);
	CU_ASSERT_FATAL(flow_book_pin(f, &six, &key));
	CU_ASSERT(addr_equal(&key.vip, &addresses[1]));
	six.bytes[15] = 0;
	CU_ASSERT(addr_equal(&key.client, &six));
	EXPECT_INT(flow_ask_key_len(&key), 16);
	/* Never less than a connection may be silent; a farm without persistence, or of one family. */
	farms[0].persistence_timeout_ms = 1000;
	farms[0].n_addresses = 1;
	EXPECT_INT(flow_book_configure(&book, &config), 0);
	f = flow_book_farm(&book, farms[0].name);
	EXPECT_INT(flow_book_life_s(f, FLOW_PIN, false), 900);
	CU_ASSERT(!flow_book_pin(f, &six, &key));
	CU_ASSERT(!flow_book_pin(flow_book_farm(&book, farms[1].name), &four, &key));
	flow_book_clear(&book);
}

UNIT_TESTS(flow_book) = {
	{"marks name backends", marks_name_backends},
	{"counts outlive a configuration", counts_outlive_a_configuration},
	{"keys of flows", keys_of_flows},
	{"pins of clients", pins_of_clients},
	UNIT_TESTS_END,
};
