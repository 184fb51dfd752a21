/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proto/sync_batch.h"

#include "tests/unit/sync_sample.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

static struct sync_message message;
static struct sync_batch batch;

static struct sync_flow flow(uint8_t family, uint16_t client_port, uint16_t vip_port)
{
	return (struct sync_flow){.key = {.client = {.family = family, .bytes = {10}},
					  .vip = {.family = family, .bytes = {10, 77}},
					  .client_port = client_port,
					  .vip_port = vip_port,
					  .protocol = IPPROTO_TCP},
				  .life_s = 900};
}

static bool add(uint8_t family, uint16_t client_port, uint16_t vip_port)
{
	struct sync_flow f = flow(family, client_port, vip_port);

	return sync_batch_add(&batch, &f);
}

static void begin(void)
{
	message.type = SYNC_FLOWS;
	sync_batch_begin(&batch, &message.flows);
}

/* What a batch has taken can be sent. */
static void expect_sendable(void)
{
	static uint8_t bytes[SYNC_MESSAGE_MAX];

	CU_ASSERT(codec_sync_pack(&message, bytes) > 0);
}

static void as_many_flows_as_a_message_has(void)
{
	begin();
	EXPECT_INT(message.flows.n, 0);
	for (uint16_t i = 0; i < SYNC_FLOWS_MAX; i++)
		CU_ASSERT(add(AF_INET, i, 80));
	CU_ASSERT(!add(AF_INET, 1, 80));
	EXPECT_INT(message.flows.n, SYNC_FLOWS_MAX);
	EXPECT_INT(batch.services.n, 1);
	EXPECT_INT(message.flows.flows[999].key.client_port, 999);
	expect_sendable();
	begin();
	CU_ASSERT(add(AF_INET, 1, 80));
	EXPECT_INT(message.flows.n, 1);
	expect_sendable();
}

static void one_family(void)
{
	begin();
	CU_ASSERT(add(AF_INET, 1, 80));
	CU_ASSERT(!add(AF_INET6, 1, 80));
	CU_ASSERT(add(AF_INET, 2, 80));
	EXPECT_INT(message.flows.n, 2);
	EXPECT_INT(batch.services.n, 1);
	expect_sendable();
	begin();
	CU_ASSERT(add(AF_INET6, 1, 80));
	CU_ASSERT(!add(AF_INET, 1, 80));
	expect_sendable();
}

static void as_many_services_as_a_message_has(void)
{
	begin();
	for (uint16_t i = 0; i < SYNC_SERVICES_MAX; i++)
		CU_ASSERT(add(AF_INET6, 1, (uint16_t)(1000 + i)));
	EXPECT_INT(batch.services.n, SYNC_SERVICES_MAX);
	CU_ASSERT(!add(AF_INET6, 1, 999));
	CU_ASSERT(!add(AF_INET6, 1, 1000 + SYNC_SERVICES_MAX));
	for (uint16_t i = 0; i < SYNC_SERVICES_MAX; i++)
		CU_ASSERT(add(AF_INET6, 2, (uint16_t)(1000 + i)));
	EXPECT_INT(message.flows.n, 2 * SYNC_SERVICES_MAX);
	expect_sendable();
	begin();
	EXPECT_INT(batch.services.n, 0);
	CU_ASSERT(add(AF_INET6, 1, 999));
	EXPECT_INT(batch.services.n, 1);
}

/* Against a plain search, with services that differ in one thing only. */
static void each_service_has_its_index(void)
{
	struct sync_services *s = &batch.services;
	static struct flow_key known[SYNC_SERVICES_MAX];
	uint64_t random = 1;
	int n = 0, full = 0;

	sync_services_clear(s);
	for (int i = 0; i < 20000; i++) {
		struct flow_key key = {.vip = {.family = AF_INET},
				       .vip_port = (uint16_t)(80 + sync_random(&random, 10)),
				       .protocol =
					       sync_random(&random, 2) ? IPPROTO_TCP : IPPROTO_UDP};
		int want = 0;

		key.vip.bytes[sync_random(&random, 4)] = (uint8_t)sync_random(&random, 5);
		while (want < n && !(key.protocol == known[want].protocol &&
				     key.vip_port == known[want].vip_port &&
				     addr_equal(&key.vip, &known[want].vip)))
			want++;
		if (want == n && n < SYNC_SERVICES_MAX)
			known[n++] = key;
		else if (want == n) {
			want = -ENOSPC;
			full++;
		}
		EXPECT_INT(sync_services_index(s, &key), want);
	}
	EXPECT_INT(n, SYNC_SERVICES_MAX);
	CU_ASSERT(full > 0);
}

UNIT_TESTS(sync_batch) = {
	{"as many flows as a message has", as_many_flows_as_a_message_has},
	{"one family", one_family},
	{"as many services as a message has", as_many_services_as_a_message_has},
	{"each service has its index", each_service_has_its_index},
	UNIT_TESTS_END,
};
