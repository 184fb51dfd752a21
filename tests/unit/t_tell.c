/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One host alone is told where an address is: the frames, and how often. */
#include "ha/announce.h"
#include "ha/tell.h"
#include "tests/unit/unit.h"

#include <string.h>

static const struct mac ours = {{2, 0, 0, 0, 0, 3}}, theirs = {{2, 0, 0, 0, 0, 0x0a}};

static struct addr address(const char *text)
{
	struct addr a = {0};

	CU_ASSERT_EQUAL_FATAL(addr_parse(text, &a), 0);
	return a;
}

/* Octet by octet: header, reply, sender and target. */
static void an_arp_reply_goes_to_one_host(void)
{
	static const uint8_t want[ANNOUNCE_ARP_LEN] = {
		2,  0,	0, 0,	0, 0x0a, 2, 0, 0, 0, 0, 3, 0x08, 0x06,
		0,  1,	8, 0,	6, 4,	 0, 2, 2, 0, 0, 0, 0,	 3, /* sender: our MAC … */
		10, 77, 0, 100,					    /* … and the address */
		2,  0,	0, 0,	0, 3,				    /* target: gratuitous */
		10, 77, 0, 100,
	};
	uint8_t got[ANNOUNCE_NA_LEN];
	struct addr vip = address("10.77.0.100");

	EXPECT_INT(announce_reply(&vip, &ours, &theirs, got, sizeof(got)), ANNOUNCE_ARP_LEN);
	CU_ASSERT(memcmp(got, want, sizeof(want)) == 0);
	for (size_t size = 0; size < ANNOUNCE_ARP_LEN; size++)
		EXPECT_INT(announce_reply(&vip, &ours, &theirs, got, size), 0);
}

/* But for whom the frame goes to, it is the advertisement to all nodes. */
static void an_advertisement_goes_to_one_host(void)
{
	uint8_t all[ANNOUNCE_NA_LEN], got[ANNOUNCE_NA_LEN];
	struct addr vip = address("fd77::100");

	EXPECT_INT(announce_na(&vip, &ours, all, sizeof(all)), ANNOUNCE_NA_LEN);
	EXPECT_INT(announce_reply(&vip, &ours, &theirs, got, sizeof(got)), ANNOUNCE_NA_LEN);
	CU_ASSERT(memcmp(got, theirs.bytes, MAC_LEN) == 0);
	CU_ASSERT(memcmp(got + MAC_LEN, all + MAC_LEN, ANNOUNCE_NA_LEN - MAC_LEN) == 0);
	EXPECT_INT(announce_reply(&vip, &ours, &theirs, got, sizeof(got) - 1), 0);
}

static void each_host_once_a_second(void)
{
	struct addr vip = address("10.77.0.100"), other = address("10.77.0.101");
	struct mac third = {{2, 0, 0, 0, 0, 0x0b}};
	struct tell t = {0};

	CU_ASSERT(tell_pass(&t, &theirs, &vip, 5));
	CU_ASSERT_FALSE(tell_pass(&t, &theirs, &vip, 5));
	CU_ASSERT(tell_pass(&t, &theirs, &other, 6));
	CU_ASSERT(tell_pass(&t, &third, &vip, 7));
	CU_ASSERT_FALSE(tell_pass(&t, &theirs, &vip, 5 + TELL_EVERY_US - 1));
	CU_ASSERT(tell_pass(&t, &theirs, &vip, 5 + TELL_EVERY_US));
	CU_ASSERT_FALSE(tell_pass(&t, &theirs, &vip, 5 + TELL_EVERY_US + 1));
}

/* Names of a thousand hosts, ten times a second for a minute: never more than the limit in a second. */
static void all_of_them_have_a_limit(void)
{
	struct addr vip = address("10.77.0.100");
	struct tell t = {0};
	size_t sent[600] = {0};

	for (uint64_t beat = 0; beat < 600; beat++)
		for (int host = 0; host < 1000; host++) {
			struct mac to = {{2, 0, 0, 1, (uint8_t)(host / 256), (uint8_t)host}};

			sent[beat] += tell_pass(&t, &to, &vip, beat * 100000);
		}
	EXPECT_INT((long long)sent[0], TELL_MAX);
	for (size_t first = 0; first + 10 <= 600; first++) {
		size_t second = 0;

		for (size_t i = first; i < first + 10; i++)
			second += sent[i];
		CU_ASSERT(second == TELL_MAX);
	}
}

UNIT_TESTS(tell) = {
	{"an ARP reply goes to one host", an_arp_reply_goes_to_one_host},
	{"an advertisement goes to one host", an_advertisement_goes_to_one_host},
	{"each host once a second", each_host_once_a_second},
	{"all of them have a limit", all_of_them_have_a_limit},
	UNIT_TESTS_END,
};
