/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How much flows take on the wire, and which columns are spared. */
#include "tests/unit/sync_sample.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static struct sync_message sample, got;
static uint8_t bytes[SYNC_MESSAGE_MAX];

static size_t there_and_back(void)
{
	size_t len = codec_sync_pack(&sample, bytes);

	CU_ASSERT(len > 0);
	EXPECT_INT(sync_unpack_exact(SYNC_MEMORY_MAX, bytes, len, &got), SYNC_REJECT_NONE);
	sync_expect_same(&got, &sample);
	return len;
}

/* Different clients, ports, lives, and two backends: nothing is spared but the index. */
static void octets_of_a_flow(void)
{
	static const struct {
		uint8_t family;
		size_t flows, services, octets;
	} cases[] = {
		{AF_INET, 1, 1, 32},	   {AF_INET, 10, 1, 122}, /* 12.2 a flow; the goal was 20 */
		{AF_INET, 100, 1, 1026},			  /* 10.3; the goal was 12 */
		{AF_INET, 1000, 1, 10026}, {AF_INET, 100, 10, 1191},   {AF_INET6, 10, 1, 255},
		{AF_INET6, 100, 1, 2238},  {AF_INET6, 1000, 1, 22038},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		sync_sample_flows(cases[i].family, cases[i].flows, cases[i].services, &sample);
		EXPECT_INT(there_and_back(), cases[i].octets);
	}
}

static void columns_that_are_the_same_for_all(void)
{
	struct sync_flows *f = &sample.flows;
	size_t len;

	sync_sample_flows(AF_INET, 100, 1, &sample);
	len = there_and_back();
	for (size_t i = 0; i < f->n; i++)
		f->flows[i].life_s = 900;
	EXPECT_INT(there_and_back(), len - 2 * 99 - 1); /* and a length of one octet less */
	for (size_t i = 0; i < f->n; i++)
		f->flows[i].backend = 7;
	EXPECT_INT(there_and_back(), len - 4 * 99 - 2);
	/* The last one alone is another: of all three kinds. */
	f->flows[99].closing = true;
	EXPECT_INT(there_and_back(), len - 2 * 99 - 1);
	f->flows[99].closing = false;
	f->flows[99].backend = 8;
	EXPECT_INT(there_and_back(), len - 2 * 99 - 1);
	f->flows[99].backend = 7 << 8; /* octets that are the same, in another order */
	EXPECT_INT(there_and_back(), len - 2 * 99 - 1);
	f->flows[0].life_s = 0;
	EXPECT_INT(there_and_back(), len);
}

/* What decides is address, port and protocol, all of them. */
static void what_makes_a_service(void)
{
	struct sync_flow *last;
	size_t len;

	sync_sample_flows(AF_INET6, 4, 1, &sample);
	last = &sample.flows.flows[3];
	len = there_and_back();
	last->key.vip_port = 81;
	EXPECT_INT(there_and_back(), len + 19 + 2 + 4);
	last->key.vip_port = 80;
	last->key.protocol = 17;
	EXPECT_INT(there_and_back(), len + 19 + 2 + 4);
	last->key.protocol = 6;
	last->key.vip.bytes[15] = 1;
	EXPECT_INT(there_and_back(), len + 19 + 2 + 4);
	last->key.vip.bytes[15] = 0;
	EXPECT_INT(there_and_back(), len);
}

/* The largest message that there is of each type. */
static void the_largest_ones(void)
{
	static const struct {
		uint8_t family;
		size_t flows;
	} cases[] = {{AF_INET, 12828}, {AF_INET6, 27900}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		sync_sample_flows(cases[i].family, SYNC_FLOWS_MAX, SYNC_SERVICES_MAX, &sample);
		sample.flows.sequence = UINT64_MAX;
		sample.flows.snapshot = UINT32_MAX;
		EXPECT_INT(there_and_back(), cases[i].flows);
		CU_ASSERT(cases[i].flows <= SYNC_MESSAGE_MAX);
	}
	/* Of the other types only these have lists; they are smaller. */
	memset(&sample, 0, sizeof(sample));
	sample.type = SYNC_FACTS;
	sample.facts.sequence = sample.facts.epoch = UINT64_MAX;
	memset(sample.facts.farm, 'a', SYNC_NAME_LEN - 1);
	sample.facts.n = SYNC_FACTS_MAX;
	sample.facts.buckets = SYNC_TABLE_MAX;
	sample.facts.since_ms = sample.facts.unlearned_ms = sample.facts.accepted_ms =
		UINT64_MAX - 1;
	for (size_t k = 0; k < SYNC_FACTS_MAX; k++) {
		sample.facts.facts[k] = (struct sync_fact){"", UINT16_MAX, 3, 3, 99};
		memset(sample.facts.facts[k].backend, 'a', SYNC_NAME_LEN - 1);
	}
	EXPECT_INT(there_and_back(), 37099);
	memset(&sample, 0, sizeof(sample));
	sample.type = SYNC_BUCKETS;
	memset(sample.buckets.farm, 'a', SYNC_NAME_LEN - 1);
	sample.buckets.first = SYNC_TABLE_MAX - SYNC_BUCKETS_MAX;
	sample.buckets.n = SYNC_BUCKETS_MAX;
	EXPECT_INT(there_and_back(), 24257);
}

UNIT_TESTS(codec_sync_flows) = {
	{"octets of a flow", octets_of_a_flow},
	{"columns that are the same for all", columns_that_are_the_same_for_all},
	{"what makes a service", what_makes_a_service},
	{"the largest ones", the_largest_ones},
	UNIT_TESTS_END,
};
