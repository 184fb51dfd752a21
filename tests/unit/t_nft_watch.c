/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The messages about a changed object and about a new generation of the ruleset, at every cut and
 * with every flipped bit; and which generations are known to be harmless.
 */
#include "director/ruleset/nft_watch.h"
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

/* On a little-endian machine; seen on Linux 6.18 for `nft add table`. */
static const uint8_t seen[] = {
	44, 0, 0, 0, 0x0f, 0x0a, 0,    0,    0, 0, 0, 0, 0, 0, 0, 0, /* header */
	0,  0, 0, 9,						     /* family, version, id */
	8,  0, 1, 0, 0,	   0,	 0,    9,			     /* generation */
	8,  0, 2, 0, 0,	   0,	 0x12, 0x67,			     /* process */
	8,  0, 3, 0, 'n',  'f',	 't',  0,
};

static bool parse(const uint8_t *bytes, size_t len, struct nft_generation *ret)
{
	uint8_t *copy = malloc(len ? len : 1);
	bool good;

	CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
	memcpy(copy, bytes, len);
	good = nft_generation_parse(copy, len, ret);
	free(copy);
	return good;
}

static void it_says_who(void)
{
	struct nft_generation g = {0};

	CU_ASSERT(parse(seen, sizeof(seen), &g));
	EXPECT_INT(g.id, 9);
	EXPECT_INT(g.pid, 0x1267);
	EXPECT_TEXT(g.process, "nft");
}

static void every_cut_and_bit(void)
{
	struct nft_generation g;
	uint8_t bytes[sizeof(seen)];

	for (size_t len = 0; len < sizeof(seen); len++)
		CU_ASSERT(!parse(seen, len, &g));
	for (size_t bit = 0; bit < 8 * sizeof(seen); bit++) {
		memcpy(bytes, seen, sizeof(seen));
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		if (parse(bytes, sizeof(bytes), &g))
			CU_ASSERT(strlen(g.process) < NFT_WATCH_NAME);
	}
}

static void a_name_is_printable(void)
{
	struct nft_generation g = {0};
	uint8_t bytes[sizeof(seen)];

	memcpy(bytes, seen, sizeof(seen));
	bytes[sizeof(seen) - 4] = '\n';
	bytes[sizeof(seen) - 1] = 0x1b;
	CU_ASSERT(parse(bytes, sizeof(bytes), &g));
	EXPECT_TEXT(g.process, "?ft?");
}

/* Seen on Linux 6.18 for `nft add set netdev director x …`, up to the set's name. */
static const uint8_t set_of_ours[] = {
	44, 0, 0, 0, 0x09, 0x0a, 0,   0,   0,	0,   0,	  0,   0, 0, 0, 0, /* header */
	5,  0, 0, 9,							   /* family, version, id */
	13, 0, 1, 0, 'd',  'i',	 'r', 'e', 'c', 't', 'o', 'r', 0, 0, 0, 0, /* table */
	6,  0, 2, 0, 'x',  0,	 0,   0,				   /* set */
};

static bool is_ours(const uint8_t *bytes, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);
	bool ours;

	CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
	memcpy(copy, bytes, len);
	ours = nft_message_is_ours(copy, len);
	free(copy);
	return ours;
}

static void only_our_table_is_ours(void)
{
	uint8_t bytes[sizeof(set_of_ours)];

	CU_ASSERT(is_ours(set_of_ours, sizeof(set_of_ours)));
	CU_ASSERT(!is_ours(seen, sizeof(seen)));
	for (size_t len = 0; len < sizeof(set_of_ours); len++)
		CU_ASSERT(!is_ours(set_of_ours, len));
	for (size_t bit = 0; bit < 8 * sizeof(set_of_ours); bit++) {
		memcpy(bytes, set_of_ours, sizeof(bytes));
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		/* Another family, table or attribute. */
		if (bit / 8 == 16 ||
		    (bit / 8 >= 22 && bit / 8 < 33 && bit != 8 * 23 + 6 && bit != 8 * 23 + 7))
			CU_ASSERT(!is_ours(bytes, sizeof(bytes)));
	}
}

static void end_all(struct nft_history *h, uint32_t from, uint32_t to)
{
	for (uint32_t g = from; g != to + 1; g++)
		CU_ASSERT(!nft_history_end(h, g));
}

/* A run of others' generations that left our table alone. */
static void a_run_is_harmless(uint32_t from)
{
	struct nft_history h = {0};

	CU_ASSERT(nft_history_is_harmless(&h, from, from));
	CU_ASSERT(!nft_history_is_harmless(&h, from, from + 1));
	end_all(&h, from + 1, from + 3);
	CU_ASSERT(nft_history_is_harmless(&h, from, from + 3));
	CU_ASSERT(nft_history_is_harmless(&h, from + 1, from + 2));
	CU_ASSERT(!nft_history_is_harmless(&h, from - 1, from + 3));
	CU_ASSERT(!nft_history_is_harmless(&h, from, from + 4));
	CU_ASSERT(!nft_history_is_harmless(&h, from + 3, from + 1));
	/* One of our own is not told. */
	end_all(&h, from + 5, from + 5);
	CU_ASSERT(nft_history_is_harmless(&h, from + 4, from + 5));
	CU_ASSERT(!nft_history_is_harmless(&h, from + 3, from + 5));
}

static void runs_are_harmless(void)
{
	a_run_is_harmless(7);
	a_run_is_harmless(UINT32_MAX - 1); /* generations begin again at 0 */
	a_run_is_harmless(UINT32_MAX - 4);
}

/* What passed unheard joins the run that it follows, and begins one otherwise. */
static void what_passes_is_harmless(uint32_t from)
{
	struct nft_history h = {0};

	end_all(&h, from, from + 2);
	nft_history_pass(&h, from + 2, from + 2);
	nft_history_pass(&h, from + 2, from + 5);
	CU_ASSERT(nft_history_is_harmless(&h, from - 1, from + 5));
	CU_ASSERT(!nft_history_is_harmless(&h, from - 1, from + 6));
	nft_history_pass(&h, from + 7, from + 9);
	CU_ASSERT(nft_history_is_harmless(&h, from + 7, from + 9));
	CU_ASSERT(!nft_history_is_harmless(&h, from + 6, from + 9));
	nft_history_lose(&h);
	nft_history_pass(&h, from + 9, from + 10);
	CU_ASSERT(nft_history_is_harmless(&h, from + 9, from + 10));
	CU_ASSERT(!nft_history_is_harmless(&h, from + 8, from + 10));
}

static void passing(void)
{
	what_passes_is_harmless(1);
	what_passes_is_harmless(1000);
	what_passes_is_harmless(UINT32_MAX - 3);
}

static void what_touches_us_is_not(void)
{
	struct nft_history h = {0};

	end_all(&h, 1, 2);
	h.touched = true;
	CU_ASSERT(nft_history_end(&h, 3));
	CU_ASSERT(!nft_history_is_harmless(&h, 1, 2));
	CU_ASSERT(!nft_history_is_harmless(&h, 2, 3));
	end_all(&h, 4, 5);
	CU_ASSERT(nft_history_is_harmless(&h, 3, 5));
	CU_ASSERT(!nft_history_is_harmless(&h, 2, 5));
	nft_history_lose(&h);
	CU_ASSERT(!nft_history_is_harmless(&h, 3, 5));
	CU_ASSERT(nft_history_end(&h, 6)); /* what it did was perhaps lost */
	CU_ASSERT(!nft_history_is_harmless(&h, 5, 6));
	end_all(&h, 7, 7);
	CU_ASSERT(nft_history_is_harmless(&h, 6, 7));
}

static const char *verdict_of(const uint8_t *bytes, size_t len)
{
	struct nft_generation g;

	if (nft_generation_parse(bytes, len, &g))
		return "generation";
	return nft_message_is_ours(bytes, len) ? "set" : "none";
}

/* A file's name begins with what it is. */
static void corpus(void)
{
	CU_ASSERT(unit_replay_verdicts("tests/fuzz/corpus/fuzz_nft_watch", verdict_of) >= 5);
}

UNIT_TESTS(nft_watch) = {
	{"it says who", it_says_who},
	{"every cut and bit", every_cut_and_bit},
	{"a name is printable", a_name_is_printable},
	{"only our table is ours", only_our_table_is_ours},
	{"runs are harmless", runs_are_harmless},
	{"what passes is harmless", passing},
	{"what touches us is not", what_touches_us_is_not},
	{"corpus", corpus},
	UNIT_TESTS_END,
};
