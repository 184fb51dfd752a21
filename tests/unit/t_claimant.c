/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which backends claim a virtual address: when that is told, how often it is counted, who is listed. */
#include "director/evidence/claimant.h"
#include "tests/unit/unit.h"

#include <string.h>
#include <sys/socket.h>

enum { MINUTE = 60000 };

/* As the kernel's sets have it: the MAC address in 8 octets, then the address. */
struct key {
	uint8_t bytes[24];
};

static struct key key_of(uint8_t mac, const char *address)
{
	struct key key = {{2, 0, 0, 0, 0, mac}};
	struct addr a = {0};

	CU_ASSERT_EQUAL_FATAL(addr_parse(address, &a), 0);
	memcpy(key.bytes + 8, a.bytes, addr_len(&a));
	return key;
}

/* One reading in which one was seen, a second ago. */
static enum claimant_news read_one(struct claimant_book *b, uint8_t mac, const char *address,
				   uint64_t packets, uint64_t now_ms)
{
	struct key key = key_of(mac, address);
	struct claimant *c;
	enum claimant_news news;

	claimant_book_begin(b);
	news = claimant_book_see(b, strchr(address, ':'), key.bytes, packets, now_ms - 1000, now_ms,
				 &c);
	claimant_book_end(b, NULL);
	return news;
}

static void read_nobody(struct claimant_book *b)
{
	claimant_book_begin(b);
	claimant_book_end(b, NULL);
}

static void it_is_told_when_it_begins_and_each_hour(void)
{
	struct claimant_book b = {0};
	char mac[MAC_TEXT], address[ADDR_TEXT];
	unsigned int told = 0;

	EXPECT_INT(read_one(&b, 0x15, "10.77.0.100", 1, 5000), CLAIMANT_NEW);
	EXPECT_INT(b.n, 1);
	EXPECT_TEXT(mac_format(&b.list[0].mac, mac), "02:00:00:00:00:15");
	EXPECT_TEXT(addr_format(&b.list[0].address, address), "10.77.0.100");
	EXPECT_INT(b.list[0].first_ms, 4000);
	EXPECT_INT(read_one(&b, 0x15, "10.77.0.100", 1, 6000), CLAIMANT_OLD);
	EXPECT_INT(b.list[0].news, CLAIMANT_NEW); /* until it is said */
	for (unsigned int minute = 1; minute <= 125; minute++)
		switch (read_one(&b, 0x15, "10.77.0.100", 1 + minute, 5000 + minute * MINUTE)) {
		case CLAIMANT_OLD: break;
		case CLAIMANT_NEW: CU_FAIL("it was not new"); break;
		case CLAIMANT_STILL: told++; break;
		}
	EXPECT_INT(told, 2);
	EXPECT_INT(b.n, 1);
	EXPECT_INT(b.list[0].first_ms, 4000);
	EXPECT_INT(b.list[0].last_ms, 4000 + 125 * MINUTE);
}

static void one_that_begins_again_is_new(void)
{
	struct claimant_book b = {0};

	EXPECT_INT(read_one(&b, 0x15, "fd77::100", 1, 5000), CLAIMANT_NEW);
	CU_ASSERT(b.list[0].goes_on);
	read_nobody(&b);
	EXPECT_INT(b.n, 1);
	CU_ASSERT_FALSE(b.list[0].goes_on);
	EXPECT_INT(read_one(&b, 0x15, "fd77::100", 1, 10 * MINUTE), CLAIMANT_NEW);
	EXPECT_INT(b.n, 1);
	EXPECT_INT(b.list[0].first_ms, 10 * MINUTE - 1000);
	EXPECT_INT(b.list[0].count, 2);
}

/* The kernel counts from 0 when its table was made anew, too. */
static void counts_add_up(void)
{
	struct claimant_book b = {0};

	read_one(&b, 0x15, "10.77.0.100", 10, 1000);
	read_one(&b, 0x15, "10.77.0.100", 10, 2000);
	read_one(&b, 0x15, "10.77.0.100", 25, 3000);
	EXPECT_INT(b.list[0].count, 25);
	read_one(&b, 0x15, "10.77.0.100", 4, 4000);
	EXPECT_INT(b.list[0].count, 29);
	read_nobody(&b);
	read_one(&b, 0x15, "10.77.0.100", 30, 5000);
	EXPECT_INT(b.list[0].count, 59);
}

static void each_address_and_each_host_is_one(void)
{
	struct claimant_book b = {0};

	EXPECT_INT(read_one(&b, 0x15, "10.77.0.100", 1, 5000), CLAIMANT_NEW);
	EXPECT_INT(read_one(&b, 0x15, "10.77.0.101", 1, 6000), CLAIMANT_NEW);
	EXPECT_INT(read_one(&b, 0x16, "10.77.0.101", 1, 7000), CLAIMANT_NEW);
	EXPECT_INT(read_one(&b, 0x16, "fd77::100", 1, 8000), CLAIMANT_NEW);
	EXPECT_INT(b.n, 4);
	CU_ASSERT_FALSE(b.list[2].goes_on);
	CU_ASSERT(b.list[3].goes_on);
}

/* All places are taken. */
static struct claimant_book full_book(void)
{
	struct claimant_book b = {0};
	struct claimant *c;

	claimant_book_begin(&b);
	for (uint8_t i = 0; i < CLAIMANTS_MAX; i++) {
		struct key key = key_of(i, "10.77.0.100");

		EXPECT_INT(claimant_book_see(&b, false, key.bytes, 1, 1000 + i, 2000, &c),
			   CLAIMANT_NEW);
	}
	claimant_book_end(&b, NULL);
	EXPECT_INT(b.n, CLAIMANTS_MAX);
	EXPECT_INT(b.left_out, 0);
	return b;
}

/* Those that go on keep their places. */
static void what_finds_no_place_is_counted(void)
{
	struct claimant_book b = full_book();
	struct claimant *c;

	claimant_book_begin(&b);
	for (uint8_t i = 0; i < CLAIMANTS_MAX + 2; i++) {
		struct key key = key_of(i, "10.77.0.100");

		EXPECT_INT(claimant_book_see(&b, false, key.bytes, 1, 3000, 3000, &c),
			   CLAIMANT_OLD);
		CU_ASSERT_EQUAL(c == NULL, i >= CLAIMANTS_MAX);
	}
	claimant_book_end(&b, NULL);
	EXPECT_INT(b.n, CLAIMANTS_MAX);
	EXPECT_INT(b.left_out, 2);
	read_nobody(&b);
	EXPECT_INT(b.left_out, 0);
}

static void who_has_stopped_first_makes_room(void)
{
	struct claimant_book b = full_book();

	read_nobody(&b);
	EXPECT_INT(read_one(&b, 0xf0, "10.77.0.100", 1, 4000), CLAIMANT_NEW);
	EXPECT_INT(b.n, CLAIMANTS_MAX);
	EXPECT_INT(b.list[0].mac.bytes[5], 0xf0);
	EXPECT_INT(b.list[0].count, 1);
	EXPECT_INT(b.list[1].mac.bytes[5], 1);
}

static unsigned int ended;

static void note_end(const struct claimant *c)
{
	EXPECT_INT(c->mac.bytes[5], 0x15);
	ended++;
}

static void its_end_is_told_once(void)
{
	struct claimant_book b = {0};

	ended = 0;
	read_one(&b, 0x15, "10.77.0.100", 1, 5000);
	for (int i = 0; i < 3; i++) {
		claimant_book_begin(&b);
		claimant_book_end(&b, note_end);
	}
	EXPECT_INT(ended, 1);
}

UNIT_TESTS(claimant) = {
	{"it is told when it begins and each hour", it_is_told_when_it_begins_and_each_hour},
	{"one that begins again is new", one_that_begins_again_is_new},
	{"counts add up", counts_add_up},
	{"each address and each host is one", each_address_and_each_host_is_one},
	{"what finds no place is counted", what_finds_no_place_is_counted},
	{"who has stopped first makes room", who_has_stopped_first_makes_room},
	{"its end is told once", its_end_is_told_once},
	UNIT_TESTS_END,
};
