/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proto/cluster_key.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#define CORPUS "tests/fuzz/corpus/fuzz_cluster_key"
#define DIGITS "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define GOOD   CLUSTER_KEY_MARK DIGITS "\n"

static struct cluster_key sample(void)
{
	struct cluster_key key;

	for (uint8_t i = 0; i < CLUSTER_KEY_LEN; i++)
		key.bytes[i] = i;
	return key;
}

static enum cluster_key_reject parse(const char *text)
{
	struct cluster_key key;

	return cluster_key_parse(text, strlen(text), &key);
}

static void there_and_back(void)
{
	struct cluster_key key = sample(), again = {0};
	char text[CLUSTER_KEY_TEXT];

	cluster_key_print(&key, text);
	EXPECT_INT(sizeof(GOOD) - 1, CLUSTER_KEY_TEXT);
	CU_ASSERT(memcmp(text, GOOD, sizeof(text)) == 0);
	EXPECT_INT(cluster_key_parse(text, sizeof(text), &again), CLUSTER_KEY_GOOD);
	CU_ASSERT(memcmp(&key, &again, sizeof(key)) == 0);
	EXPECT_INT(cluster_key_parse(text, sizeof(text) - 1, &again), CLUSTER_KEY_GOOD);
}

static void every_reason(void)
{
	EXPECT_INT(parse(""), CLUSTER_KEY_EMPTY);
	EXPECT_INT(parse(DIGITS "\n"), CLUSTER_KEY_FOREIGN);
	EXPECT_INT(parse("director-key-2 " DIGITS "\n"), CLUSTER_KEY_FOREIGN);
	EXPECT_INT(parse(CLUSTER_KEY_MARK), CLUSTER_KEY_LENGTH);
	EXPECT_INT(parse(GOOD "\n"), CLUSTER_KEY_LENGTH);
	EXPECT_INT(parse(GOOD GOOD), CLUSTER_KEY_LENGTH);
	EXPECT_INT(parse(CLUSTER_KEY_MARK DIGITS " "), CLUSTER_KEY_DIGITS);
	EXPECT_INT(parse(CLUSTER_KEY_MARK DIGITS "\r"), CLUSTER_KEY_DIGITS);
	EXPECT_INT(parse(CLUSTER_KEY_MARK "0G0102030405060708090a0b0c0d0e0f"
					  "101112131415161718191a1b1c1d1e1f\n"),
		   CLUSTER_KEY_DIGITS);
	EXPECT_INT(parse(CLUSTER_KEY_MARK "000102030405060708090A0b0c0d0e0f"
					  "101112131415161718191a1b1c1d1e1f\n"),
		   CLUSTER_KEY_DIGITS);
	EXPECT_INT(parse(CLUSTER_KEY_MARK "abababababababababababababababab"
					  "abababababababababababababababab\n"),
		   CLUSTER_KEY_WEAK);
	EXPECT_TEXT(cluster_key_reject_text(CLUSTER_KEY_EMPTY), "is empty");
}

static void every_cut_and_every_flipped_bit(void)
{
	char text[CLUSTER_KEY_TEXT];
	struct cluster_key key = sample(), other;

	for (size_t len = 0; len < CLUSTER_KEY_TEXT - 1; len++)
		CU_ASSERT(cluster_key_parse(GOOD, len, &other) != CLUSTER_KEY_GOOD);
	for (size_t bit = 0; bit < CLUSTER_KEY_TEXT * 8UL; bit++) {
		memcpy(text, GOOD, sizeof(text));
		text[bit / 8] = (char)(text[bit / 8] ^ 1 << bit % 8);
		if (cluster_key_parse(text, sizeof(text), &other) == CLUSTER_KEY_GOOD)
			CU_ASSERT(memcmp(&key, &other, sizeof(key)) != 0);
	}
}

/* Both directors print it, of different versions too: it stays what it is. */
static void the_fingerprint_stays(void)
{
	struct cluster_key key = sample();
	char print[CLUSTER_PRINT_TEXT], text[CLUSTER_KEY_ID_TEXT];
	uint8_t id[CLUSTER_KEY_ID_LEN];

	EXPECT_TEXT(cluster_key_fingerprint(&key, print),
		    "250e-9e26-f05b-1b8e-eb68-9dfc-b16b-6d8c");
	cluster_key_id(&key, id);
	EXPECT_TEXT(cluster_key_id_format(id, text), "250e-9e26-f05b-1b8e");
	CU_ASSERT(strncmp(text, print, strlen(text)) == 0);
	key.bytes[31] ^= 1;
	CU_ASSERT(strcmp(cluster_key_fingerprint(&key, print),
			 "250e-9e26-f05b-1b8e-eb68-9dfc-b16b-6d8c") != 0);
}

static void each_purpose_has_its_key(void)
{
	struct cluster_key key = sample(), first, second;

	cluster_key_derive(&key, "purpose1", &first);
	cluster_key_derive(&key, "purpose2", &second);
	CU_ASSERT(memcmp(&first, &second, sizeof(first)) != 0);
	CU_ASSERT(memcmp(&first, &key, sizeof(first)) != 0);
	cluster_key_derive(&key, "purpose1", &second);
	CU_ASSERT(memcmp(&first, &second, sizeof(first)) == 0);
}

static void wiped(void)
{
	struct cluster_keys keys = {.keys = {sample()}, .n = 1};
	static const struct cluster_keys nothing;

	cluster_keys_wipe(&keys);
	CU_ASSERT(memcmp(&keys, &nothing, sizeof(keys)) == 0);
}

static bool is_good(const uint8_t *bytes, size_t len)
{
	struct cluster_key key;

	return cluster_key_parse((const char *)bytes, len, &key) == CLUSTER_KEY_GOOD;
}

static void corpus(void)
{
	CU_ASSERT(unit_replay(CORPUS, is_good) >= 6);
}

UNIT_TESTS(cluster_key) = {
	{"there and back", there_and_back},
	{"every reason", every_reason},
	{"every cut and every flipped bit", every_cut_and_every_flipped_bit},
	{"the fingerprint stays", the_fingerprint_stays},
	{"each purpose has its key", each_purpose_has_its_key},
	{"wiped", wiped},
	{"corpus", corpus},
	UNIT_TESTS_END,
};
