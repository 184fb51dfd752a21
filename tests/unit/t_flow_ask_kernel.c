/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asking the real kernel for chosen elements of a map of 120,000, in a network namespace of the
 * test's own. Prints keys per second. Needs root.
 */
#include "director/flow/flow_ask_uv.h"
#include "tests/unit/namespace.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	ELEMENTS = 120000,
	ASKED = 2 * ELEMENTS,
	CHUNK = 1000,	  /* keys a call */
	KEY = 12,	  /* address, two ports padded to 4 octets each */
	OWN_TIMEOUT = 77, /* the element that has one */
};

static const struct flow_ask_set flows = {.table = "director", .set = "www-flows", .key_len = KEY};

/* Key i: there are elements of the keys below ELEMENTS. */
static void key_of(uint32_t i, uint8_t key[static KEY])
{
	const uint8_t bytes[KEY] = {
		10, 1, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i, 1, 0, 0, 0, 80};

	memcpy(key, bytes, KEY);
}

static void load(uint32_t elements)
{
	FILE *nft = popen("nft -f -", "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(nft);
	fputs("table netdev director {\nmap www-flows {\n"
	      "type ipv4_addr . inet_service . inet_service : mark\n"
	      "flags dynamic,timeout\ntimeout 15m\nsize 200000\n",
	      nft);
	for (uint32_t i = 0; i < elements; i++) {
		uint8_t k[KEY];

		key_of(i, k);
		fprintf(nft, "%s%u.%u.%u.%u . %u . 80%s : %u", i ? ",\n" : "elements = { ", k[0],
			k[1], k[2], k[3], k[4] << 8 | k[5],
			i == OWN_TIMEOUT ? " timeout 2h expires 1h" : "", i + 1);
	}
	fputs(elements ? " }\n}\n}\n" : "}\n}\n", nft);
	EXPECT_INT(pclose(nft), 0);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void expect_answer(const struct flow_answer *a, uint32_t i)
{
	uint32_t data = 0;

	CU_ASSERT_EQUAL_FATAL(a->present, i < ELEMENTS);
	if (!a->present)
		return;
	CU_ASSERT_EQUAL_FATAL(a->data_len, sizeof(data));
	memcpy(&data, a->data, sizeof(data));
	CU_ASSERT_EQUAL_FATAL(data, i + 1);
	if (i == OWN_TIMEOUT) {
		EXPECT_INT(a->timeout_ms, 2 * 3600 * 1000);
		CU_ASSERT(a->expires_ms > 3540 * 1000 && a->expires_ms <= 3600 * 1000);
	} else {
		CU_ASSERT_FATAL(a->expires_ms > 600 * 1000 && a->expires_ms <= 900 * 1000);
	}
}

/* Asks for n keys, the k-th being that of number(k); every answer must be right. */
static void ask_all(struct flow_asker *a, uint32_t n, uint32_t (*number)(uint32_t),
		    const char *what)
{
	uint8_t keys[CHUNK * KEY];
	static struct flow_answer answers[CHUNK];
	double spent = 0, begin, longest = 0;

	for (uint32_t first = 0; first < n; first += CHUNK) {
		for (uint32_t k = 0; k < CHUNK; k++)
			key_of(number(first + k), keys + (size_t)k * KEY);
		begin = now();
		CU_ASSERT_EQUAL_FATAL(flow_ask(a, &flows, keys, CHUNK, answers), 0);
		begin = now() - begin;
		spent += begin;
		longest = begin > longest ? begin : longest;
		for (uint32_t k = 0; k < CHUNK; k++)
			expect_answer(&answers[k], number(first + k));
	}
	printf("\n    %s: %.0f keys/s, %d keys in at most %.1f ms ", what, n / spent, CHUNK,
	       longest * 1e3);
}

static uint32_t present(uint32_t k)
{
	return (uint32_t)((uint64_t)k * 7919 % ELEMENTS);
}

static uint32_t mixed(uint32_t k)
{
	return (uint32_t)((uint64_t)k * 7919 % ASKED);
}

static uint32_t missing(uint32_t k)
{
	return ELEMENTS + k;
}

static void many(void)
{
	struct flow_asker *a;
	struct err err = {0};

	load(ELEMENTS);
	CU_ASSERT_EQUAL_FATAL(flow_asker_new(&a, &err), 0);
	ask_all(a, ELEMENTS, present, "all there");
	ask_all(a, ASKED, mixed, "half of them there");
	ask_all(a, ELEMENTS, missing, "none there");
	flow_asker_free(a);
}

static void chosen_keys_of_a_big_map(void)
{
	unit_in_namespace("true", many);
}

static void refused(void)
{
	struct flow_ask_set set = flows;
	struct flow_answer answers[2];
	struct flow_asker *a;
	struct err err = {0};
	uint8_t keys[2 * KEY];

	CU_ASSERT_EQUAL_FATAL(flow_asker_new(&a, &err), 0);
	key_of(0, keys);
	key_of(1, keys + KEY);
	EXPECT_INT(flow_ask(a, &set, keys, 2, answers), -ENOENT); /* no table */
	load(0);
	EXPECT_INT(flow_ask(a, &set, keys, 2, answers), 0);
	EXPECT_INT(answers[0].present || answers[1].present, false);
	set.key_len = KEY - 4;
	EXPECT_INT(flow_ask(a, &set, keys, 2, answers), -EINVAL);
	set.key_len = 0;
	EXPECT_INT(flow_ask(a, &set, keys, 2, answers), -EINVAL);
	set.key_len = KEY;
	set.set[0] = 'x';
	EXPECT_INT(flow_ask(a, &set, keys, 2, answers), -ENOENT); /* no such set */
	memset(set.set, 'x', sizeof(set.set));
	EXPECT_INT(flow_ask(a, &set, keys, 2, answers), -EINVAL);
	EXPECT_INT(flow_ask(a, &flows, keys, 0, answers), 0);
	EXPECT_INT(flow_ask(a, &flows, keys, 2, answers), 0); /* good after all of that */
	flow_asker_free(a);
	flow_asker_free(NULL);
}

static void what_cannot_be_asked(void)
{
	unit_in_namespace("true", refused);
}

UNIT_TESTS(flow_ask_kernel) = {
	{"chosen keys of a big map", chosen_keys_of_a_big_map},
	{"what cannot be asked", what_cannot_be_asked},
	UNIT_TESTS_END,
};
