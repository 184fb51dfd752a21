/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The message about a new generation of the ruleset, at every cut and with every flipped bit. */
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

UNIT_TESTS(nft_watch) = {
	{"it says who", it_says_who},
	{"every cut and bit", every_cut_and_bit},
	{"a name is printable", a_name_is_printable},
	UNIT_TESTS_END,
};
