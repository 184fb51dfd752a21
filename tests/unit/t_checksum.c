/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "include/checksum.h"
#include "tests/unit/unit.h"

/* RFC 1071, 3. */
static const uint8_t example[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};

static uint16_t whole(const uint8_t *bytes, size_t len)
{
	return checksum_fold(checksum_add(0, bytes, len));
}

static void the_example_of_the_rfc(void)
{
	EXPECT_INT(checksum_add(0, example, sizeof(example)), 0x2ddf0);
	EXPECT_INT(whole(example, sizeof(example)), 0xffff - 0xddf2);
}

static void in_pieces_it_is_the_same(void)
{
	for (size_t at = 0; at <= sizeof(example); at += 2)
		EXPECT_INT(checksum_fold(checksum_add(checksum_add(0, example, at), example + at,
						      sizeof(example) - at)),
			   whole(example, sizeof(example)));
}

static void an_odd_octet_is_the_high_one(void)
{
	static const uint8_t padded[] = {0x12, 0x34, 0x56, 0};

	EXPECT_INT(whole(padded, 3), whole(padded, 4));
	EXPECT_INT(whole(padded, 1), 0xffff - 0x1200);
	EXPECT_INT(whole(NULL, 0), 0xffff);
}

static void over_itself_it_is_0(void)
{
	uint8_t bytes[sizeof(example) + 2] = {0};
	uint16_t sum = whole(example, sizeof(example));

	for (size_t i = 0; i < sizeof(example); i++)
		bytes[i] = example[i];
	bytes[sizeof(example)] = (uint8_t)(sum >> 8);
	bytes[sizeof(example) + 1] = (uint8_t)sum;
	EXPECT_INT(whole(bytes, sizeof(bytes)), 0);
}

/* A carry of a carry. */
static void carries_come_back(void)
{
	EXPECT_INT(checksum_fold(0x1ffff), 0xfffe);
	EXPECT_INT(checksum_fold(0xffffffff), 0);
}

UNIT_TESTS(checksum) = {
	{"the example of the RFC", the_example_of_the_rfc},
	{"in pieces it is the same", in_pieces_it_is_the_same},
	{"an odd octet is the high one", an_odd_octet_is_the_high_one},
	{"over itself it is 0", over_itself_it_is_0},
	{"carries come back", carries_come_back},
	UNIT_TESTS_END,
};
