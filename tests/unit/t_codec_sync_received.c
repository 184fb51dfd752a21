/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages of the sync channel: which octets and numbers are received in a field, which are not and why. */
#include "tests/unit/sync_sample.h"
#include "tests/unit/unit.h"
#include "tests/unit/wire.h"

#include <stdio.h>

static struct sync_message sample;
static uint8_t bytes[SYNC_MESSAGE_MAX];

/* A field behind a small message takes the place of the one in it. */
struct instead {
	enum sync_type type;
	unsigned int field;
	const char *text; /* NULL: so many octets of 1 */
	size_t len;
	enum sync_reject want;
};

static void expect_instead(const struct instead *c)
{
	static const uint8_t ones[16 * (SYNC_FLOWS_MAX + 1)] = {[0 ... 16 * SYNC_FLOWS_MAX + 15] =
									1};
	struct wr w;

	sync_sample_small(c->type, &sample);
	w = wr_init(bytes, sizeof(bytes));
	w.used = codec_sync_pack(&sample, bytes);
	wire_bytes(&w, c->field, c->text ? c->text : (const char *)ones, c->len);
	CU_ASSERT_FATAL(wr_ok(&w));
	if (!unit_equal_text(sync_verdict(bytes, wr_used(&w)), sync_reject_name(c->want), __FILE__,
			     __LINE__)) {
		printf("    type %d field %u len %zu", c->type, c->field, c->len);
		CU_FAIL("another verdict");
	}
}

static void expect_each(const struct instead *cases, size_t n)
{
	for (size_t i = 0; i < n; i++)
		expect_instead(&cases[i]);
}

#define EXPECT_EACH(cases) expect_each((cases), sizeof(cases) / sizeof((cases)[0]))
#define TEXT(text)	   (text), sizeof(text) - 1
#define ONES(n)		   NULL, (n)

static void octets_of_a_hello(void)
{
	static const struct instead cases[] = {
		{SYNC_HELLO, 1, TEXT("b-2_C"), SYNC_REJECT_NONE},
		{SYNC_HELLO, 1, TEXT("a234567890123456789012345678901"), SYNC_REJECT_NONE},
		{SYNC_HELLO, 1, TEXT("a2345678901234567890123456789012"), SYNC_REJECT_NAME},
		{SYNC_HELLO, 1, TEXT(""), SYNC_REJECT_NAME},
		{SYNC_HELLO, 1, TEXT("1a"), SYNC_REJECT_NAME},
		{SYNC_HELLO, 1, TEXT("a\0b"), SYNC_REJECT_NAME},
		{SYNC_HELLO, 1, TEXT("a\0"), SYNC_REJECT_NAME},
		{SYNC_HELLO, 2, ONES(SYNC_SESSION_LEN), SYNC_REJECT_NONE},
		{SYNC_HELLO, 2, ONES(SYNC_SESSION_LEN - 1), SYNC_REJECT_SIZE},
		{SYNC_HELLO, 2, ONES(SYNC_SESSION_LEN + 1), SYNC_REJECT_SIZE},
		{SYNC_HELLO, 2, TEXT(""), SYNC_REJECT_SIZE},
		{SYNC_HELLO, 3, ONES(SYNC_DIGEST_LEN - 1), SYNC_REJECT_SIZE},
		{SYNC_HELLO, 3, ONES(SYNC_DIGEST_LEN + 1), SYNC_REJECT_SIZE},
		{SYNC_HELLO, 4, TEXT("a"), SYNC_REJECT_MALFORMED}, /* a number, not octets */
	};

	EXPECT_EACH(cases);
}

static void routers_of_a_digest(void)
{
	static const struct instead cases[] = {
		{SYNC_DIGEST, 6, TEXT("\0\0\0\1\4"), SYNC_REJECT_NONE},
		{SYNC_DIGEST, 6, ONES(0), SYNC_REJECT_NONE},
		{SYNC_DIGEST, 6, ONES(4), SYNC_REJECT_SIZE},
		{SYNC_DIGEST, 6, ONES(6), SYNC_REJECT_SIZE},
		{SYNC_DIGEST, 6, ONES(5), SYNC_REJECT_FAMILY}, /* IP version 1 */
		{SYNC_DIGEST, 6, ONES(5 * (SYNC_ROUTERS_MAX + 1)), SYNC_REJECT_ENTRIES},
		{SYNC_SNAPSHOT, 5, TEXT("\0\0\0\1\4"), SYNC_REJECT_ENTRIES}, /* of an end */
	};

	EXPECT_EACH(cases);
}

static void names(void)
{
	static const struct instead cases[] = {
		{SYNC_NAME, 2, TEXT("a b"), SYNC_REJECT_NAME},
		{SYNC_NAME, 2, TEXT("a\x7f"), SYNC_REJECT_NAME},
		{SYNC_NAME, 3, TEXT(""), SYNC_REJECT_NAME},
		{SYNC_NAME, 3, TEXT("web1\0web2"), SYNC_REJECT_NAME},
	};

	EXPECT_EACH(cases);
}

static void clients_of_flows(void)
{
	static const struct instead cases[] = {
		/* Three flows of IPv4, of two services. */
		{SYNC_FLOWS, 3, ONES(12), SYNC_REJECT_NONE},
		{SYNC_FLOWS, 3, ONES(11), SYNC_REJECT_SIZE},
		{SYNC_FLOWS, 3, ONES(8), SYNC_REJECT_SIZE}, /* two: the other columns have three */
		{SYNC_FLOWS, 3, ONES(16), SYNC_REJECT_SIZE},
		{SYNC_FLOWS, 3, ONES(0), SYNC_REJECT_ENTRIES},
		{SYNC_FLOWS, 3, ONES(4 * (SYNC_FLOWS_MAX + 1)), SYNC_REJECT_ENTRIES},
		{SYNC_FLOWS, 4, ONES(48), SYNC_REJECT_FAMILY}, /* IPv4 and IPv6 */
		{SYNC_FLOWS, 5, ONES(6), SYNC_REJECT_NONE},
		{SYNC_FLOWS, 5, ONES(5), SYNC_REJECT_SIZE},
		{SYNC_FLOWS, 5, ONES(8), SYNC_REJECT_SIZE},
		{SYNC_FLOWS, 5, ONES(2), SYNC_REJECT_SIZE}, /* not a column that may stand once */
		{SYNC_FLOWS, 5, ONES(0), SYNC_REJECT_SIZE},
	};

	EXPECT_EACH(cases);
}

static void services_of_flows(void)
{
	static const struct instead cases[] = {
		{SYNC_FLOWS, 6, TEXT("\1\1\1\1\0\1\6\1\1\1\2\0\1\x11"), SYNC_REJECT_NONE},
		{SYNC_FLOWS, 6, TEXT("\1\1\1\1\0\1\6\1\1\1\2\0\1\0"), SYNC_REJECT_PROTOCOL},
		{SYNC_FLOWS, 6, TEXT("\1\1\1\1\0\1\6\1\1\1\2\0\0\xfe"), SYNC_REJECT_PIN},
		{SYNC_FLOWS, 6, TEXT("\1\1\1\1\0\1\1\1\1\1\2\0\1\6"), SYNC_REJECT_PROTOCOL},
		{SYNC_FLOWS, 6, TEXT("\1\1\1\1\0\1\6"), SYNC_REJECT_SIZE}, /* and an index */
		{SYNC_FLOWS, 6, ONES(13), SYNC_REJECT_SIZE},
		{SYNC_FLOWS, 6, ONES(0), SYNC_REJECT_ENTRIES},
		{SYNC_FLOWS, 6, ONES(7 * (SYNC_SERVICES_MAX + 1)), SYNC_REJECT_ENTRIES},
		{SYNC_FLOWS, 7, TEXT("\0\0\1"), SYNC_REJECT_NONE},
		{SYNC_FLOWS, 7, TEXT("\0\0\2"), SYNC_REJECT_SERVICE},
		{SYNC_FLOWS, 7, TEXT("\xff\0\1"), SYNC_REJECT_SERVICE},
		{SYNC_FLOWS, 7, TEXT("\0\0"), SYNC_REJECT_SIZE},
		{SYNC_FLOWS, 7, TEXT("\0\0\0\0"), SYNC_REJECT_SIZE},
		{SYNC_FLOWS, 7, TEXT(""), SYNC_REJECT_SIZE},
	};

	EXPECT_EACH(cases);
}

static void backends_and_lives_of_flows(void)
{
	static const struct instead cases[] = {
		{SYNC_FLOWS, 8, ONES(2), SYNC_REJECT_NONE}, /* once for all */
		{SYNC_FLOWS, 8, ONES(4), SYNC_REJECT_SIZE},
		{SYNC_FLOWS, 8, ONES(7), SYNC_REJECT_SIZE},
		{SYNC_FLOWS, 8, ONES(0), SYNC_REJECT_SIZE},
		{SYNC_FLOWS, 9, TEXT("\x80\0"), SYNC_REJECT_NONE}, /* ended, closing */
		{SYNC_FLOWS, 9, TEXT("\xff\xff"), SYNC_REJECT_NONE},
		{SYNC_FLOWS, 9, ONES(1), SYNC_REJECT_SIZE},
		{SYNC_FLOWS, 9, ONES(4), SYNC_REJECT_SIZE},
		{SYNC_FLOWS, 9, ONES(0), SYNC_REJECT_SIZE},
	};

	EXPECT_EACH(cases);
}

static void facts(void)
{
	static const struct instead cases[] = {
		{SYNC_FACTS, 3, TEXT("a:b"), SYNC_REJECT_NAME},
		{SYNC_FACTS, 3, TEXT("a\0"), SYNC_REJECT_NAME},
		{SYNC_FACTS, 4, TEXT("\1b\xff\xff\3\3"), SYNC_REJECT_NONE},
		{SYNC_FACTS, 4, TEXT("\1b\0\0\0\1"), SYNC_REJECT_NUMBER},
		{SYNC_FACTS, 12, TEXT("\12\143"), SYNC_REJECT_NONE},
		{SYNC_FACTS, 12, TEXT("\0\144"), SYNC_REJECT_NUMBER},
		{SYNC_FACTS, 12, ONES(1), SYNC_REJECT_SIZE},
		{SYNC_FACTS, 4, TEXT("\1b\0\0\4\1"), SYNC_REJECT_NUMBER},
		{SYNC_FACTS, 4, TEXT("\1b\0\0\1\0"), SYNC_REJECT_NUMBER},
		{SYNC_FACTS, 4, TEXT("\1b\0\0\1\4"), SYNC_REJECT_NUMBER},
		{SYNC_FACTS, 4, TEXT("\0\0\0\1\1"), SYNC_REJECT_NAME},
		{SYNC_FACTS, 4, TEXT("\2a\0\0\0\1\1"), SYNC_REJECT_NAME},
		{SYNC_FACTS, 4, TEXT("\1b\0\0\1"), SYNC_REJECT_SIZE},
		{SYNC_FACTS, 4, TEXT("\1b\0\0\1\1\7a"), SYNC_REJECT_SIZE},
		{SYNC_FACTS, 4,
		 TEXT("\xff"
		      "b\0\0\1\1"),
		 SYNC_REJECT_SIZE},
		{SYNC_FACTS, 4, ONES(32 + 4), SYNC_REJECT_NAME},
		{SYNC_FACTS, 4, ONES(0), SYNC_REJECT_ENTRIES},
		{SYNC_FACTS, 4, ONES(6 * (SYNC_FACTS_MAX + 1)), SYNC_REJECT_ENTRIES},
	};

	EXPECT_EACH(cases);
}

static void buckets_and_orders(void)
{
	static const struct instead cases[] = {
		{SYNC_BUCKETS, 3, TEXT("\0\0\0\0\0\0"), SYNC_REJECT_NONE},
		{SYNC_BUCKETS, 3, ONES(5), SYNC_REJECT_SIZE},
		{SYNC_BUCKETS, 3, ONES(0), SYNC_REJECT_ENTRIES},
		{SYNC_ORDER, 2, TEXT("a:b"), SYNC_REJECT_NAME},
		{SYNC_ORDER, 3, TEXT("a\0"), SYNC_REJECT_NAME},
	};

	EXPECT_EACH(cases);
}

static void words_of_a_bye(void)
{
	static const struct instead cases[] = {
		{SYNC_BYE, 1, TEXT("~ it stops"), SYNC_REJECT_NONE},
		{SYNC_BYE, 1, TEXT(""), SYNC_REJECT_TEXT},
		{SYNC_BYE, 1, TEXT("a\nb"), SYNC_REJECT_TEXT},
		{SYNC_BYE, 1, TEXT("a\0b"), SYNC_REJECT_TEXT},
		{SYNC_BYE, 1, TEXT("\x7f"), SYNC_REJECT_TEXT},
		{SYNC_BYE, 1, TEXT("\x80"), SYNC_REJECT_TEXT},
		{SYNC_BYE, 1, ONES(SYNC_WHY_MAX), SYNC_REJECT_TEXT},
	};

	EXPECT_EACH(cases);
}

static void numbers(void)
{
	static const struct {
		enum sync_type type;
		unsigned int field;
		uint64_t number;
		enum sync_reject want;
	} cases[] = {
		{SYNC_HELLO, 1, 97, SYNC_REJECT_MALFORMED}, /* octets, not a number */
		{SYNC_HELLO, 4, UINT64_MAX, SYNC_REJECT_NONE},
		{SYNC_HELLO, 4, 0, SYNC_REJECT_NUMBER},
		{SYNC_HELLO, 5, 0, SYNC_REJECT_NUMBER}, /* and up to 300 */
		{SYNC_NAME, 1, UINT16_MAX, SYNC_REJECT_NONE},
		{SYNC_NAME, 1, UINT16_MAX + 1, SYNC_REJECT_NUMBER},
		{SYNC_NAME, 1, UINT32_MAX + 2ULL, SYNC_REJECT_NUMBER},
		{SYNC_NAME, 1, UINT64_MAX, SYNC_REJECT_NUMBER},
		{SYNC_FLOWS, 1, UINT64_MAX, SYNC_REJECT_NONE},
		{SYNC_FLOWS, 2, UINT32_MAX, SYNC_REJECT_NONE},
		{SYNC_FLOWS, 2, UINT32_MAX + 1ULL, SYNC_REJECT_NUMBER},
		{SYNC_ACK, 2, UINT64_MAX, SYNC_REJECT_NONE},
		{SYNC_SNAPSHOT, 1, 0, SYNC_REJECT_NUMBER},
		{SYNC_SNAPSHOT, 1, 2, SYNC_REJECT_NUMBER}, /* BEGIN with a sequence */
		{SYNC_SNAPSHOT, 1, 4, SYNC_REJECT_NUMBER},
		{SYNC_SNAPSHOT, 1, 256 + 3, SYNC_REJECT_NUMBER},
		{SYNC_SNAPSHOT, 1, UINT32_MAX + 4ULL, SYNC_REJECT_NUMBER},
		{SYNC_SNAPSHOT, 2, 0, SYNC_REJECT_NUMBER},
		{SYNC_SNAPSHOT, 2, UINT32_MAX, SYNC_REJECT_NONE},
		{SYNC_SNAPSHOT, 2, UINT32_MAX + 2ULL, SYNC_REJECT_NUMBER},
		{SYNC_ORDER, 1, 0, SYNC_REJECT_NUMBER},
		{SYNC_ORDER, 1, SYNC_EPOCH_MAX, SYNC_REJECT_NONE},
		{SYNC_ORDER, 1, SYNC_EPOCH_MAX + 1ULL, SYNC_REJECT_NUMBER},
		{SYNC_ORDER, 4, 3, SYNC_REJECT_NUMBER}, /* with a deadline */
		{SYNC_ORDER, 4, 256 + 2, SYNC_REJECT_NUMBER},
		{SYNC_ORDER, 5, 0, SYNC_REJECT_NUMBER},
		{SYNC_ORDER, 5, 4, SYNC_REJECT_NUMBER},
		{SYNC_ORDER, 6, 0, SYNC_REJECT_NUMBER},
		{SYNC_ORDER, 6, UINT16_MAX + 1, SYNC_REJECT_NONE},
		{SYNC_ORDER, 6, UINT16_MAX + 2, SYNC_REJECT_NUMBER},
		{SYNC_ORDER, 7, 0, SYNC_REJECT_NUMBER},
		{SYNC_ORDER, 8, 9, SYNC_REJECT_NUMBER}, /* of 8 */
		{SYNC_FACTS, 5, 6, SYNC_REJECT_NUMBER},
		{SYNC_FACTS, 5, 256, SYNC_REJECT_NUMBER},
		{SYNC_FACTS, 6, 0, SYNC_REJECT_NUMBER},
		{SYNC_FACTS, 6, SYNC_TABLE_MAX, SYNC_REJECT_NONE},
		{SYNC_FACTS, 6, SYNC_TABLE_MAX + 1, SYNC_REJECT_NUMBER},
		{SYNC_FACTS, 6, UINT32_MAX + 2ULL, SYNC_REJECT_NUMBER},
		{SYNC_FACTS, 7, 2, SYNC_REJECT_NUMBER},
		{SYNC_FACTS, 8, 256, SYNC_REJECT_NUMBER},
		{SYNC_FACTS, 9, UINT64_MAX, SYNC_REJECT_NONE},
		{SYNC_FACTS, 10, UINT64_MAX, SYNC_REJECT_NONE},
		{SYNC_BUCKETS, 2, SYNC_TABLE_MAX - 2, SYNC_REJECT_NONE},
		{SYNC_BUCKETS, 2, SYNC_TABLE_MAX - 1, SYNC_REJECT_NUMBER},
		{SYNC_BUCKETS, 2, UINT32_MAX + 1ULL, SYNC_REJECT_NUMBER},
		{SYNC_FACTS, 2, UINT64_MAX, SYNC_REJECT_NONE},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct wr w = wr_init(bytes, sizeof(bytes));

		sync_sample_small(cases[i].type, &sample);
		w.used = codec_sync_pack(&sample, bytes);
		wire_number(&w, cases[i].field, cases[i].number);
		EXPECT_TEXT(sync_verdict(bytes, wr_used(&w)), sync_reject_name(cases[i].want));
	}
}

UNIT_TESTS(codec_sync_received) = {
	{"octets of a hello", octets_of_a_hello},
	{"routers of a digest", routers_of_a_digest},
	{"names", names},
	{"clients of flows", clients_of_flows},
	{"services of flows", services_of_flows},
	{"backends and lives of flows", backends_and_lives_of_flows},
	{"facts", facts},
	{"buckets and orders", buckets_and_orders},
	{"the words of a bye", words_of_a_bye},
	{"numbers", numbers},
	UNIT_TESTS_END,
};
