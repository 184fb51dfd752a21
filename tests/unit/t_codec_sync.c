/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages of the sync channel: there and back, and what may not be sent. What is not received is in
 * t_codec_sync_received.c, what strangers could make of them in t_codec_sync_attack.c.
 */
#include "director/ruleset/bucket.h"
#include "director/ruleset/transition.h"
#include "ha/heartbeat.h"
#include "include/config.h"
#include "tests/unit/sync_sample.h"
#include "tests/unit/unit.h"
#include "tests/unit/wire.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct sync_message sample, got;
static uint8_t bytes[SYNC_MESSAGE_MAX];

/* --- there and back --------------------------------------------------------------------------- */

static void there_and_back(const struct sync_message *m)
{
	size_t len = codec_sync_pack(m, bytes);

	CU_ASSERT(len > 0 && bytes[0] == m->type);
	EXPECT_INT(sync_unpack_exact(SYNC_MEMORY_MAX, bytes, len, &got), SYNC_REJECT_NONE);
	sync_expect_same(&got, m);
}

static void a_small_one_of_each_type(void)
{
	for (int type = SYNC_HELLO; type <= SYNC_TYPE_LAST; type++) {
		sync_sample_small((enum sync_type)type, &sample);
		there_and_back(&sample);
	}
}

static void random_ones_of_each_type(void)
{
	uint64_t random = 1;

	for (int i = 0; i < 200; i++)
		for (int type = SYNC_HELLO; type <= SYNC_TYPE_LAST; type++) {
			sync_sample_random(&random, (enum sync_type)type, &sample);
			there_and_back(&sample);
		}
}

/* The octets on the wire: another version of the program must read them, too. */
static void octets_of_each_type(void)
{
	static const struct {
		enum sync_type type;
		const char *hex;
	} cases[] = {
		{SYNC_HELLO, "01 0a0161 1210 01020000000000000000000000000000"
			     "1a20 0304000000000000000000000000000000000000000000000000000000000000"
			     "2005 2806 30ac02"},
		{SYNC_NAME, "02 08ac02 1203777777 1a0477656231"},
		{SYNC_FLOWS, "03 08c0843d"
			     "1a0c 0a010000 0a010001 0a010002"
			     "2a06 9c40 9c41 9c42"
			     "320e 0a4d0000 0050 06 0a4d0001 0050 06"
			     "3a03 00 01 00"
			     "4206 0000 0001 0000"
			     "4a06 0384 0383 0384"},
		{SYNC_ACK, "05 08ac02 1001 1801"},
		{SYNC_SNAPSHOT, "06 0803 1001 18ac02 2014"},
		{SYNC_DIGEST, "07 08ac02 1001 1802 210300000000000000 290400000000000000"
			      "320a 00000001 04 00000002 06 a006f403"},
		{SYNC_ORDER, "08 08ac02 1203777777 1a0477656231 2002 2801 3001 3802 4007 4808"},
		{SYNC_FACTS, "09 0806 1007 1a03777777 220c 01610100010101620000 0303"
			     "2801 30f107 3801 4001 48ac02 5805"},
		{SYNC_BYE, "0a 0a0573746f7073"},
		{SYNC_BUCKETS, "04 0a03777777 10ac02 1a0c 0001 0002 ffff 0003 ffff ffff"},
		{SYNC_DRILL, "0b 08ac02 1005 1801 3807 4802 5212 01 0000000000000008"
			     "04 0000000000000009 820711 01 0000000000000001 0000000000000004"},
		{SYNC_CONFIG, "0c 0801 1001 192c01000000000000 2208 6661726d20777777"},
		{SYNC_PROVISIONAL, "0e 08ac02 1003 2a01 78"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char want[512] = "", hex[512] = "";
		size_t len, used = 0;

		for (const char *c = cases[i].hex; *c; c++)
			if (*c != ' ')
				want[used++] = *c;
		sync_sample_small(cases[i].type, &sample);
		len = codec_sync_pack(&sample, bytes);
		CU_ASSERT_FATAL(2 * len < sizeof(hex));
		for (size_t at = 0; at < len; at++)
			snprintf(hex + 2 * at, 3, "%02x", bytes[at]);
		EXPECT_TEXT(hex, want);
	}
}

/* Numbers that are said in two places. */
static void limits_agree(void)
{
	EXPECT_INT(SYNC_NAME_LEN, CONFIG_NAME_MAX + 1);
	EXPECT_INT(SYNC_FACTS_MAX, CONFIG_BACKENDS_MAX);
	EXPECT_INT(SYNC_SESSION_LEN, HEARTBEAT_SESSION_LEN);
	EXPECT_INT(SYNC_PHASE_LAST, TRANSITION_FORGETTING);
	EXPECT_INT(SYNC_TABLE_MAX, BUCKET_TABLE_MAX);
	EXPECT_INT(SYNC_NOBODY, BUCKET_NONE);
	EXPECT_INT(SYNC_ROUTERS_MAX, HEARTBEAT_ROUTERS_MAX);
	CU_ASSERT(SYNC_MESSAGE_MAX < 64 * 1024); /* of a frame */
}

static void reasons_have_names(void)
{
	EXPECT_TEXT(sync_reject_name(SYNC_REJECT_NONE), "none");
	EXPECT_TEXT(sync_reject_text(SYNC_REJECT_NONE), "is good");
	EXPECT_TEXT(sync_reject_name(SYNC_REJECT_TYPE), "type");
	EXPECT_TEXT(sync_reject_text(SYNC_REJECT_TYPE),
		    "is of a type that this version does not know");
	EXPECT_TEXT(sync_reject_name(SYNC_REJECT_NUMBER), "number");
}

/* --- what may not be sent --------------------------------------------------------------------- */

/* Nothing may be written then. */
static bool is_refused(const struct sync_message *m)
{
	size_t len;

	memset(bytes, 0xee, sizeof(bytes));
	len = codec_sync_pack(m, bytes);
	for (size_t i = 0; len == 0 && i < sizeof(bytes); i++)
		if (bytes[i] != 0xee)
			return false;
	return len == 0;
}

/* A small message with one change. */
#define REFUSED(type, change)                                                                      \
	do {                                                                                       \
		sync_sample_small(type, &sample);                                                  \
		change;                                                                            \
		CU_ASSERT(is_refused(&sample));                                                    \
	} while (0)

static void names_that_are_not_sent(void)
{
	static const char *const names[] = {"", "1a", "-a", "a.b", "a b", "\xc3\xa4", "a/b", "a\n"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		REFUSED(SYNC_HELLO, strcpy(sample.hello.node, names[i]));
		REFUSED(SYNC_NAME, strcpy(sample.name.farm, names[i]));
		REFUSED(SYNC_NAME, strcpy(sample.name.backend, names[i]));
		REFUSED(SYNC_FACTS, strcpy(sample.facts.farm, names[i]));
		REFUSED(SYNC_FACTS, strcpy(sample.facts.facts[1].backend, names[i]));
		REFUSED(SYNC_ORDER, strcpy(sample.order.farm, names[i]));
		REFUSED(SYNC_ORDER, strcpy(sample.order.backend, names[i]));
		REFUSED(SYNC_BUCKETS, strcpy(sample.buckets.farm, names[i]));
	}
	/* Without a NUL. */
	REFUSED(SYNC_HELLO, memset(sample.hello.node, 'a', SYNC_NAME_LEN));
	REFUSED(SYNC_NAME, memset(sample.name.farm, 'a', SYNC_NAME_LEN));
	REFUSED(SYNC_NAME, memset(sample.name.backend, 'a', SYNC_NAME_LEN));
	REFUSED(SYNC_FACTS, memset(sample.facts.farm, 'a', SYNC_NAME_LEN));
	REFUSED(SYNC_FACTS, memset(sample.facts.facts[0].backend, 'a', SYNC_NAME_LEN));
	REFUSED(SYNC_ORDER, memset(sample.order.backend, 'a', SYNC_NAME_LEN));
	REFUSED(SYNC_BYE, memset(sample.bye.why, 'a', SYNC_WHY_MAX));
	REFUSED(SYNC_BYE, strcpy(sample.bye.why, ""));
	REFUSED(SYNC_BYE, strcpy(sample.bye.why, "a\tb"));
	REFUSED(SYNC_BYE, strcpy(sample.bye.why, "a\x7f"));
	REFUSED(SYNC_BYE, strcpy(sample.bye.why, "a\x80"));
}

static void tables_that_are_not_sent(void)
{
	static const uint8_t families[] = {0, 1, AF_INET6, 255};

	REFUSED(SYNC_FLOWS, sample.flows.n = 0);
	REFUSED(SYNC_FLOWS, sample.flows.n = SYNC_FLOWS_MAX + 1);
	REFUSED(SYNC_FLOWS, sample.flows.n = SIZE_MAX);
	REFUSED(SYNC_FLOWS, sample.flows.flows[2].life_s = SYNC_LIFE_MAX_S + 1);
	REFUSED(SYNC_FLOWS, sample.flows.flows[2].key.protocol = 0);
	REFUSED(SYNC_FLOWS, sample.flows.flows[2].key.protocol = IPPROTO_ICMP);
	REFUSED(SYNC_FLOWS, sample.flows.flows[2].key.protocol = FLOW_PIN); /* with ports */
	for (size_t i = 0; i < sizeof(families); i++) {
		REFUSED(SYNC_FLOWS, sample.flows.flows[0].key.client.family = families[i]);
		REFUSED(SYNC_FLOWS, sample.flows.flows[2].key.client.family = families[i]);
		REFUSED(SYNC_FLOWS, sample.flows.flows[2].key.vip.family = families[i]);
		REFUSED(SYNC_FLOWS, sample.flows.flows[2].key.vip.family =
					    sample.flows.flows[2].key.client.family = families[i]);
	}
	/* One service more than a message has room for. */
	sync_sample_flows(AF_INET, SYNC_SERVICES_MAX + 1, SYNC_SERVICES_MAX + 1, &sample);
	CU_ASSERT(is_refused(&sample));
	sync_sample_flows(AF_INET, SYNC_SERVICES_MAX + 1, SYNC_SERVICES_MAX, &sample);
	there_and_back(&sample);
}

static void numbers_that_are_not_sent(void)
{
	REFUSED(SYNC_HELLO, sample.type = 0);
	REFUSED(SYNC_HELLO, sample.type = SYNC_TYPE_LAST + 1);
	REFUSED(SYNC_HELLO, sample.hello.epoch = 0);
	REFUSED(SYNC_HELLO, sample.hello.known_epoch = 0);
	REFUSED(SYNC_SNAPSHOT, sample.snapshot.step = 0);
	REFUSED(SYNC_SNAPSHOT, sample.snapshot.step = SYNC_SNAPSHOT_END + 1);
	REFUSED(SYNC_SNAPSHOT, sample.snapshot.step = SYNC_SNAPSHOT_BEGIN); /* with a sequence */
	REFUSED(SYNC_SNAPSHOT, sample.snapshot.id = 0);
	REFUSED(SYNC_SNAPSHOT, sample.snapshot = ((struct sync_snapshot){.step = 1, .id = 1}));
	REFUSED(SYNC_SNAPSHOT, sample.snapshot = ((struct sync_snapshot){.step = 1, .total = 1}));
	REFUSED(SYNC_SNAPSHOT,
		sample.snapshot = ((struct sync_snapshot){.step = 1, .sequence = 1}));
	REFUSED(SYNC_SNAPSHOT, sample.snapshot.domain.n = 1); /* of an end */
	REFUSED(SYNC_DIGEST, sample.digest.domain.n = SYNC_ROUTERS_MAX + 1);
	REFUSED(SYNC_DIGEST, sample.digest.domain.routers[1].family = 0);
	REFUSED(SYNC_ORDER, sample.order.epoch = 0);
	REFUSED(SYNC_ORDER, sample.order.state = 0);
	REFUSED(SYNC_ORDER, sample.order.state = SYNC_DISABLED + 1);
	REFUSED(SYNC_ORDER, sample.order.state = SYNC_ENABLED); /* with a deadline */
	REFUSED(SYNC_ORDER, sample.order.configured_state = 0);
	REFUSED(SYNC_ORDER, sample.order.has_state = false);
	REFUSED(SYNC_ORDER, sample.order.has_weight = false);
	REFUSED(SYNC_ORDER, sample.order.left_ms = sample.order.drain_ms + 1);
	REFUSED(SYNC_FACTS, sample.facts.n = 0);
	REFUSED(SYNC_FACTS, sample.facts.n = SYNC_FACTS_MAX + 1);
	REFUSED(SYNC_FACTS, sample.facts.phase = SYNC_PHASE_LAST + 1);
	REFUSED(SYNC_FACTS, sample.facts.buckets = 0);
	REFUSED(SYNC_FACTS, sample.facts.buckets = SYNC_TABLE_MAX + 1);
	REFUSED(SYNC_BUCKETS, sample.buckets.n = 0);
	REFUSED(SYNC_BUCKETS, sample.buckets.n = SYNC_BUCKETS_MAX + 1);
	REFUSED(SYNC_BUCKETS, sample.buckets.first = SYNC_TABLE_MAX - 1);
	REFUSED(SYNC_BUCKETS, sample.buckets.first = UINT32_MAX);
	REFUSED(SYNC_FACTS, sample.facts.facts[1].admin = 0);
	REFUSED(SYNC_FACTS, sample.facts.facts[1].admin = SYNC_DISABLED + 1);
	REFUSED(SYNC_FACTS, sample.facts.facts[1].health = 0);
	REFUSED(SYNC_FACTS, sample.facts.facts[1].health = SYNC_UNRESOLVED + 1);
}

/* --- another version -------------------------------------------------------------------------- */

static void what_a_newer_version_may_add(void)
{
	static const struct {
		unsigned int field;
		enum sync_reject want;
	} cases[] = {{13, SYNC_REJECT_FIELD},
		     {15, SYNC_REJECT_FIELD},
		     {99, SYNC_REJECT_FIELD},
		     {101, SYNC_REJECT_NONE},
		     {20000, SYNC_REJECT_NONE}};

	for (int type = SYNC_HELLO; type <= SYNC_TYPE_LAST; type++) {
		sync_sample_small((enum sync_type)type, &sample);
		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			struct wr w = wr_init(bytes, sizeof(bytes));

			w.used = codec_sync_pack(&sample, bytes);
			wire_bytes(&w, cases[i].field, "news", 4);
			EXPECT_TEXT(sync_verdict(bytes, wr_used(&w)),
				    sync_reject_name(cases[i].want));
			EXPECT_INT(codec_sync_unpack(bytes, wr_used(&w), &got), cases[i].want);
			if (cases[i].want == SYNC_REJECT_NONE)
				sync_expect_same(&got, &sample);
		}
	}
}

/* Of a type that nobody knows nothing is read, whatever it is and however long. */
static void an_unknown_type(void)
{
	static uint8_t long_one[64 * 1024];

	for (int type = 0; type < 256; type++) {
		bool known = type >= SYNC_HELLO && type <= SYNC_TYPE_LAST;

		long_one[0] = (uint8_t)type;
		EXPECT_TEXT(sync_verdict(long_one, sizeof(long_one)), known ? "length" : "type");
		long_one[1] = 0xff;
		EXPECT_TEXT(sync_verdict(long_one, 2), known ? "malformed" : "type");
	}
	EXPECT_TEXT(sync_verdict(long_one, 0), "length");
}

UNIT_TESTS(codec_sync) = {
	{"a small one of each type", a_small_one_of_each_type},
	{"random ones of each type", random_ones_of_each_type},
	{"octets of each type", octets_of_each_type},
	{"limits agree", limits_agree},
	{"reasons have names", reasons_have_names},
	{"names that are not sent", names_that_are_not_sent},
	{"tables that are not sent", tables_that_are_not_sent},
	{"numbers that are not sent", numbers_that_are_not_sent},
	{"what a newer version may add", what_a_newer_version_may_add},
	{"an unknown type", an_unknown_type},
	UNIT_TESTS_END,
};
