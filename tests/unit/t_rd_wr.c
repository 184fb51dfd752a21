/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bounded reader and writer at every bound. Buffers are allocated in their exact size, so that
 * the sanitizer sees what the expectations do not.
 */
#include "include/rd.h"
#include "include/wr.h"
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

enum { LONGEST = 9, UNTOUCHED = 0xee };

static uint8_t *new_bytes(size_t len)
{
	uint8_t *bytes = malloc(len ? len : 1);

	CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)(0x81 + i);
	return bytes;
}

/* One way to read: so many octets, and the value of 0x81, 0x82, 0x83, … */
static const struct {
	size_t width;
	uint64_t value;
} reads[] = {{1, 0x81}, {2, 0x8182}, {4, 0x81828384}, {8, 0x8182838485868788}};

static uint64_t read_value(struct rd *r, size_t width)
{
	return width == 1   ? rd_u8(r)
	       : width == 2 ? rd_be16(r)
	       : width == 4 ? rd_be32(r)
			    : rd_be64(r);
}

static void reads_numbers_in_network_order(void)
{
	const uint8_t bytes[] = {0xff, 0x80, 0x01, 0xfe, 0xdc, 0xba, 0x98, 0x7f};
	struct rd r = rd_init(bytes, sizeof(bytes));

	EXPECT_INT(rd_u8(&r), 0xff);
	EXPECT_INT(rd_be16(&r), 0x8001);
	EXPECT_INT(rd_be32(&r), 0xfedcba98);
	EXPECT_INT(rd_left(&r), 1);
	CU_ASSERT(rd_ok(&r));
	EXPECT_INT(rd_u8(&r), 0x7f);
	EXPECT_INT(rd_left(&r), 0);
	CU_ASSERT(rd_ok(&r));
}

static void each_read_with_each_length(void)
{
	for (size_t i = 0; i < sizeof(reads) / sizeof(reads[0]); i++) {
		for (size_t len = 0; len <= LONGEST; len++) {
			uint8_t *bytes = new_bytes(len);
			struct rd r = rd_init(bytes, len);
			bool fits = len >= reads[i].width;

			EXPECT_INT(rd_left(&r), len);
			EXPECT_INT(read_value(&r, reads[i].width), fits ? reads[i].value : 0);
			EXPECT_INT(rd_ok(&r), fits);
			EXPECT_INT(rd_left(&r), fits ? len - reads[i].width : len);
			free(bytes);
		}
	}
}

static void takes_what_is_there(void)
{
	for (size_t len = 0; len <= LONGEST; len++) {
		uint8_t *bytes = new_bytes(len);

		for (size_t n = 0; n <= len; n++) {
			struct rd r = rd_init(bytes, len);

			CU_ASSERT_PTR_EQUAL(rd_take(&r, n), bytes);
			CU_ASSERT_PTR_EQUAL(rd_take(&r, len - n), bytes + n);
			EXPECT_INT(rd_left(&r), 0);
			CU_ASSERT_PTR_EQUAL(rd_take(&r, 0), bytes + len);
			CU_ASSERT(rd_ok(&r));
			CU_ASSERT_PTR_NULL(rd_take(&r, 1));
			CU_ASSERT(!rd_ok(&r));
		}
		free(bytes);
	}
}

static void takes_no_more_than_there_is(void)
{
	static const size_t too_many[] = {LONGEST + 1, LONGEST + 2, SIZE_MAX / 2, SIZE_MAX};
	uint8_t *bytes = new_bytes(LONGEST);

	for (size_t i = 0; i < sizeof(too_many) / sizeof(too_many[0]); i++) {
		struct rd r = rd_init(bytes, LONGEST);

		CU_ASSERT_PTR_NULL(rd_take(&r, too_many[i]));
		CU_ASSERT(!rd_ok(&r));
		r = rd_init(bytes, LONGEST);
		rd_u8(&r);
		CU_ASSERT_PTR_NULL(rd_take(&r, too_many[i] - 1));
		CU_ASSERT(!rd_ok(&r));
	}
	free(bytes);
}

/* In two pieces, cut at each place; what is behind stays. */
static void gathers_what_comes_in_pieces(void)
{
	for (size_t want = 0; want <= LONGEST; want++) {
		for (size_t at = 0; at <= LONGEST; at++) {
			uint8_t *bytes = new_bytes(LONGEST), *to = new_bytes(want);
			struct rd r = rd_init(bytes, at);
			size_t have = 0;

			memset(to, UNTOUCHED, want);
			EXPECT_INT(rd_gather(&r, to, &have, want), at >= want);
			EXPECT_INT(have, at < want ? at : want);
			EXPECT_INT(rd_left(&r), at - have);
			r = rd_init(bytes + at, LONGEST - at);
			CU_ASSERT(rd_gather(&r, to, &have, want));
			CU_ASSERT(have == want && rd_ok(&r) && memcmp(to, bytes, want) == 0);
			EXPECT_INT(rd_left(&r), LONGEST - (at < want ? want : at));
			free(bytes);
			free(to);
		}
	}
}

static void a_failed_reader_gathers_nothing(void)
{
	uint8_t bytes[] = {1, 2}, to[] = {UNTOUCHED, UNTOUCHED};
	struct rd r = rd_init(bytes, sizeof(bytes));
	size_t have = 0;

	rd_be32(&r);
	CU_ASSERT(!rd_gather(&r, to, &have, sizeof(to)));
	CU_ASSERT(have == 0 && to[0] == UNTOUCHED);
}

/* After one read too many nothing is read, although octets are left: one question at the end. */
static void a_failed_read_sticks(void)
{
	uint8_t *bytes = new_bytes(3);
	struct rd r = rd_init(bytes, 3);

	EXPECT_INT(rd_be32(&r), 0);
	EXPECT_INT(rd_u8(&r), 0);
	EXPECT_INT(rd_be16(&r), 0);
	CU_ASSERT_PTR_NULL(rd_take(&r, 0));
	CU_ASSERT_PTR_NULL(rd_take(&r, 3));
	EXPECT_INT(rd_left(&r), 3);
	CU_ASSERT(!rd_ok(&r));
	free(bytes);
}

static void write_value(struct wr *w, size_t width)
{
	if (width == 1)
		wr_u8(w, 0x81);
	else if (width == 2)
		wr_be16(w, 0x8182);
	else if (width == 4)
		wr_be32(w, 0x81828384);
	else
		wr_be64(w, 0x8182838485868788);
}

static void writes_numbers_in_network_order(void)
{
	const uint8_t want[] = {0xff, 0x80, 0x01, 0xfe, 0xdc, 0xba, 0x98, 'a', 'b', UNTOUCHED};
	uint8_t bytes[sizeof(want)];
	struct wr w = wr_init(bytes, sizeof(bytes));

	memset(bytes, UNTOUCHED, sizeof(bytes));
	wr_u8(&w, 0xff);
	wr_be16(&w, 0x8001);
	wr_be32(&w, 0xfedcba98);
	wr_bytes(&w, "ab", 2);
	EXPECT_INT(wr_used(&w), 9);
	CU_ASSERT(wr_ok(&w));
	CU_ASSERT(memcmp(bytes, want, sizeof(want)) == 0);
}

static void each_write_with_each_room(void)
{
	static const uint8_t want[] = {0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88};

	for (size_t i = 0; i < sizeof(reads) / sizeof(reads[0]); i++) {
		for (size_t room = 0; room <= LONGEST; room++) {
			size_t width = reads[i].width;
			uint8_t *bytes = new_bytes(room);
			struct wr w = wr_init(bytes, room);
			bool fits = room >= width;

			memset(bytes, UNTOUCHED, room);
			write_value(&w, width);
			EXPECT_INT(wr_ok(&w), fits);
			EXPECT_INT(wr_used(&w), fits ? width : 0);
			if (fits)
				CU_ASSERT(memcmp(bytes, want, width) == 0);
			for (size_t k = fits ? width : 0; k < room; k++)
				EXPECT_INT(bytes[k], UNTOUCHED);
			free(bytes);
		}
	}
}

static void writes_fill_the_room_exactly(void)
{
	uint8_t *from = new_bytes(LONGEST), *to = new_bytes(LONGEST);

	for (size_t n = 0; n <= LONGEST; n++) {
		struct wr w = wr_init(to, LONGEST);

		memset(to, UNTOUCHED, LONGEST);
		wr_bytes(&w, from, n);
		wr_bytes(&w, from + n, LONGEST - n);
		CU_ASSERT(wr_ok(&w));
		EXPECT_INT(wr_used(&w), LONGEST);
		CU_ASSERT(memcmp(to, from, LONGEST) == 0);
		wr_bytes(&w, from, 0);
		CU_ASSERT(wr_ok(&w));
		wr_u8(&w, 0);
		CU_ASSERT(!wr_ok(&w));
		EXPECT_INT(wr_used(&w), LONGEST);
	}
	free(from);
	free(to);
}

static void what_is_written_over(void)
{
	uint8_t *bytes = new_bytes(4);
	struct wr w = wr_init(bytes, 4);

	wr_be16(&w, 0);
	wr_u8(&w, 3);
	wr_over(&w, 0, "\x1\x2", 2);
	wr_over(&w, 3, "", 0);
	CU_ASSERT(wr_ok(&w) && memcmp(bytes, "\x1\x2\x3", 3) == 0);
	EXPECT_INT(wr_used(&w), 3);
	bytes[3] = UNTOUCHED;
	wr_over(&w, 2, "\x7\x7", 2); /* there is room, but nothing was written there */
	CU_ASSERT(!wr_ok(&w) && bytes[2] == 3 && bytes[3] == UNTOUCHED);
	w = wr_init(bytes, 4);
	wr_over(&w, SIZE_MAX, "\x7", 1);
	CU_ASSERT(!wr_ok(&w) && bytes[0] == 1);
	free(bytes);
}

static void a_failed_write_sticks(void)
{
	uint8_t *bytes = new_bytes(3), *from = new_bytes(LONGEST);
	struct wr w = wr_init(bytes, 3);

	memset(bytes, UNTOUCHED, 3);
	wr_u8(&w, 0x81);
	wr_bytes(&w, from, SIZE_MAX); /* and the octet before: a sum of 0 */
	CU_ASSERT(!wr_ok(&w));
	wr_u8(&w, 1);
	wr_be16(&w, 1);
	wr_bytes(&w, from, 2);
	CU_ASSERT(!wr_ok(&w));
	EXPECT_INT(wr_used(&w), 1);
	for (size_t i = 1; i < 3; i++)
		EXPECT_INT(bytes[i], UNTOUCHED);
	free(bytes);
	free(from);
}

static void what_is_written_is_read(void)
{
	uint8_t *bytes = new_bytes(10);
	struct wr w = wr_init(bytes, 10);
	struct rd r;

	wr_be32(&w, UINT32_MAX);
	wr_be16(&w, 0);
	wr_be16(&w, UINT16_MAX);
	wr_u8(&w, 0x80);
	r = rd_init(bytes, wr_used(&w));
	EXPECT_INT(rd_be32(&r), UINT32_MAX);
	EXPECT_INT(rd_be16(&r), 0);
	EXPECT_INT(rd_be16(&r), UINT16_MAX);
	EXPECT_INT(rd_u8(&r), 0x80);
	EXPECT_INT(rd_left(&r), 0);
	CU_ASSERT(rd_ok(&r) && wr_ok(&w));
	free(bytes);
}

UNIT_TESTS(rd_wr) = {
	{"reads numbers in network order", reads_numbers_in_network_order},
	{"each read with each length", each_read_with_each_length},
	{"takes what is there", takes_what_is_there},
	{"takes no more than there is", takes_no_more_than_there_is},
	{"gathers what comes in pieces", gathers_what_comes_in_pieces},
	{"a failed reader gathers nothing", a_failed_reader_gathers_nothing},
	{"a failed read sticks", a_failed_read_sticks},
	{"writes numbers in network order", writes_numbers_in_network_order},
	{"each write with each room", each_write_with_each_room},
	{"writes fill the room exactly", writes_fill_the_room_exactly},
	{"what is written over", what_is_written_over},
	{"a failed write sticks", a_failed_write_sticks},
	{"what is written is read", what_is_written_is_read},
	UNIT_TESTS_END,
};
