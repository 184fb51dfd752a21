/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Anything may come out of a frame of a peer that is mistaken: every cut, every flipped bit, random
 * octets, and more than there is memory for.
 */
#include "tests/unit/sync_sample.h"
#include "tests/unit/unit.h"
#include "tests/unit/wire.h"

#include <string.h>
#include <sys/socket.h>

static struct sync_message sample, got;
static uint8_t bytes[SYNC_MESSAGE_MAX + 1];

static bool is_good(const uint8_t *message, size_t len)
{
	return strcmp(sync_verdict(message, len), "none") == 0;
}

static size_t packed_small(int type)
{
	sync_sample_small((enum sync_type)type, &sample);
	return codec_sync_pack(&sample, bytes);
}

/*
 * What lies in front of a cut may be a message of its own, when it is one without the last fields, too:
 * hello without what is known, words and facts that say less, and whatever has numbers only.
 */
static void every_cut(void)
{
	static const size_t good_ones[SYNC_TYPE_LAST + 1] = {
		[SYNC_HELLO] = 2, [SYNC_ACK] = 3,   [SYNC_SNAPSHOT] = 2, [SYNC_DIGEST] = 7,
		[SYNC_ORDER] = 3, [SYNC_FACTS] = 4, [SYNC_DRILL] = 4,
	};

	for (int type = SYNC_HELLO; type <= SYNC_TYPE_LAST; type++) {
		size_t len = packed_small(type), good = 0;

		for (size_t cut = 0; cut < len; cut++)
			good += is_good(bytes, cut);
		EXPECT_INT(good, good_ones[type]);
		CU_ASSERT(is_good(bytes, len));
	}
}

static void every_flipped_bit(void)
{
	for (int type = SYNC_HELLO; type <= SYNC_TYPE_LAST; type++) {
		size_t bits = packed_small(type) * 8, good = 0;

		for (size_t bit = 0; bit < bits; bit++) {
			bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
			good += is_good(bytes, bits / 8);
			bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		/* In a value it goes unnoticed, in a key or a length it does not. */
		CU_ASSERT(good > bits / 20 && good < bits * 19 / 20);
		CU_ASSERT(is_good(bytes, bits / 8));
	}
}

static void cuts_and_bits_of_large_ones(void)
{
	uint64_t random = 2;

	for (int i = 0; i < 4000; i++) {
		size_t len, at;

		if (i % 100 == 0)
			sync_sample_random(&random, i % 200 ? SYNC_FLOWS : SYNC_BUCKETS, &sample);
		len = codec_sync_pack(&sample, bytes);
		CU_ASSERT_FATAL(len > 0);
		at = sync_random(&random, (uint32_t)len);
		if (i % 2)
			bytes[at] ^= (uint8_t)(1 << sync_random(&random, 8));
		else
			CU_ASSERT(!is_good(bytes, at));
		sync_verdict(bytes, len);
	}
}

static void random_octets(void)
{
	uint64_t random = 3;
	size_t counts[SYNC_REJECT_COUNT] = {0};

	for (int i = 0; i < 100000; i++) {
		size_t len = sync_random(&random, 40);

		for (size_t k = 0; k < len; k++)
			bytes[k] = (uint8_t)sync_random(&random, 256);
		if (len > 0)
			bytes[0] = (uint8_t)sync_random(&random, SYNC_TYPE_LAST + 2);
		sync_verdict(bytes, len);
		counts[codec_sync_unpack(bytes, len, &got)]++;
	}
	CU_ASSERT(counts[SYNC_REJECT_LENGTH] > 0 && counts[SYNC_REJECT_TYPE] > 0);
	CU_ASSERT(counts[SYNC_REJECT_MALFORMED] > 0 && counts[SYNC_REJECT_FIELD] > 0);
}

/* --- memory ----------------------------------------------------------------------------------- */

/* With every size: refused with that reason as long as it is not enough, and good from then on. */
static void any_memory(void)
{
	for (int type = SYNC_HELLO; type <= SYNC_TYPE_LAST; type++) {
		struct wr w = wr_init(bytes, sizeof(bytes));
		size_t enough = 0, wrong = 0;

		w.used = packed_small(type);
		/* Many fields: protobuf-c makes a list of them, and gives it back. */
		for (unsigned int i = 0; i < 17; i++)
			wire_number(&w, 100, i);
		for (size_t memory = 0; memory <= SYNC_MEMORY_MAX; memory++) {
			enum sync_reject reject =
				sync_unpack_exact(memory, bytes, wr_used(&w), &got);

			if (reject == SYNC_REJECT_NONE && !enough)
				enough = memory;
			wrong += reject != (enough ? SYNC_REJECT_NONE : SYNC_REJECT_MEMORY);
		}
		EXPECT_INT(wrong, 0);
		CU_ASSERT(enough > 1000 && enough < 4096);
	}
}

/* The largest good message has memory enough, also with what a newer version may add. */
static void memory_for_the_largest(void)
{
	struct wr w = wr_init(bytes, SYNC_MESSAGE_MAX);

	sync_sample_flows(AF_INET6, SYNC_FLOWS_MAX, SYNC_SERVICES_MAX, &sample);
	w.used = codec_sync_pack(&sample, bytes);
	for (unsigned int i = 0; i < 8; i++)
		wire_bytes(&w, 100 + i, "news", 4);
	CU_ASSERT(wr_ok(&w));
	EXPECT_TEXT(sync_verdict(bytes, wr_used(&w)), "none");
}

/*
 * A field of three octets takes thirty in memory and more in a list: what has thousands of them is
 * refused before that.
 */
static void many_small_fields(void)
{
	struct wr w = wr_init(bytes, SYNC_MESSAGE_MAX);

	sync_sample_small(SYNC_ACK, &sample);
	w.used = codec_sync_pack(&sample, bytes);
	while (w.size - wr_used(&w) >= 3)
		wire_number(&w, 100, 1);
	CU_ASSERT(wr_ok(&w));
	EXPECT_TEXT(sync_verdict(bytes, wr_used(&w)), "memory");
	/* The last one counts, and the others take their room all the same. */
	w = wr_init(bytes, SYNC_MESSAGE_MAX);
	sync_sample_small(SYNC_BYE, &sample);
	w.used = codec_sync_pack(&sample, bytes);
	for (int i = 0; i < 20; i++)
		wire_bytes(&w, 1, "stops later", 11);
	EXPECT_TEXT(sync_verdict(bytes, wr_used(&w)), "none");
	while (w.size - wr_used(&w) >= 13)
		wire_bytes(&w, 1, "stops later", 11);
	EXPECT_TEXT(sync_verdict(bytes, wr_used(&w)), "memory");
}

/* Up to its last octet, and not one beyond: the sanitizer would see it. */
static void the_last_octet_of_memory(void)
{
	static const uint8_t news[31200];
	size_t longest = 0, wrong = 0;

	for (size_t len = 29200; len < sizeof(news); len++) {
		struct wr w = wr_init(bytes, SYNC_MESSAGE_MAX);
		enum sync_reject reject;

		w.used = packed_small(SYNC_ACK);
		for (unsigned int i = 0; i < 120; i++)
			wire_number(&w, 100, i);
		wire_bytes(&w, 100, news, len);
		reject = sync_unpack_exact(SYNC_MEMORY_MAX, bytes, wr_used(&w), &got);
		if (reject == SYNC_REJECT_NONE)
			longest = len;
		wrong += reject != (longest == len ? SYNC_REJECT_NONE : SYNC_REJECT_MEMORY);
	}
	EXPECT_INT(wrong, 0);
	CU_ASSERT(longest > 29200 && longest < sizeof(news) - 1);
	/* It is kept with the three octets of its length, behind pieces that are rounded up. */
	EXPECT_INT((longest + 3) % 16, 0);
}

static void longer_than_a_message_can_be(void)
{
	struct wr w = wr_init(bytes, sizeof(bytes));

	sync_sample_small(SYNC_ACK, &sample);
	w.used = codec_sync_pack(&sample, bytes);
	wire_varint(&w, 100 << 3 | WIRE_BYTES);
	wire_varint(&w, SYNC_MESSAGE_MAX - wr_used(&w) - 3);
	memset(bytes + wr_used(&w), 1, sizeof(bytes) - wr_used(&w));
	EXPECT_TEXT(sync_verdict(bytes, SYNC_MESSAGE_MAX), "none");
	EXPECT_TEXT(sync_verdict(bytes, SYNC_MESSAGE_MAX + 1), "length");
}

static void corpus(void)
{
	CU_ASSERT(unit_replay_verdicts("tests/fuzz/corpus/fuzz_codec_sync", sync_verdict) >= 40);
}

UNIT_TESTS(codec_sync_attack) = {
	{"every cut", every_cut},
	{"every flipped bit", every_flipped_bit},
	{"cuts and bits of large ones", cuts_and_bits_of_large_ones},
	{"random octets", random_octets},
	{"any memory", any_memory},
	{"memory for the largest", memory_for_the_largest},
	{"many small fields", many_small_fields},
	{"the last octet of memory", the_last_octet_of_memory},
	{"longer than a message can be", longer_than_a_message_can_be},
	{"corpus", corpus},
	UNIT_TESTS_END,
};
