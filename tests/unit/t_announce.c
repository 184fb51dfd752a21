/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ha/announce.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

static const struct mac own = {{0x02, 0, 0, 0, 0, 0x05}};

static void frame(void)
{
	static const uint8_t want[ANNOUNCE_ARP_LEN] = {
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0x00, 0x00, 0x00, 0x00,
		0x05, 0x08, 0x06, 0x00, 0x01, 0x08, 0x00, 0x06, 0x04, 0x00, 0x01, /* a request */
		0x02, 0x00, 0x00, 0x00, 0x00, 0x05, 0x0a, 0x4d, 0x00, 0x64,	  /* sender */
		0x02, 0x00, 0x00, 0x00, 0x00, 0x05, 0x0a, 0x4d, 0x00, 0x64,	  /* target */
	};
	const struct addr vip = addr_v4(0x0a4d0064);
	struct addr v6;
	uint8_t bytes[64];

	EXPECT_INT(announce_arp(&vip, &own, bytes, sizeof(bytes)), ANNOUNCE_ARP_LEN);
	CU_ASSERT(memcmp(bytes, want, sizeof(want)) == 0);
	EXPECT_INT(announce_arp(&vip, &own, bytes, ANNOUNCE_ARP_LEN - 1), 0);
	EXPECT_INT(addr_parse("fd77::100", &v6), 0);
	EXPECT_INT(announce_arp(&v6, &own, bytes, sizeof(bytes)), 0);
}

/* RFC 4861, 4.4, with the flags of RFC 9568, 6.4.2; the checksum worked out by hand. */
static void neighbour_advertisement(void)
{
	static const uint8_t want[ANNOUNCE_NA_LEN] = {
		0x33, 0x33, 0x00, 0x00, 0x00, 0x01, 0x02, 0x00, 0x00, 0x00, 0x00, 0x05, 0x86, 0xdd,
		0x60, 0x00, 0x00, 0x00, 0x00, 0x20, 0x3a, 0xff, /* IPv6 */
		0xfd, 0x77, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, /* from */
		0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0xff, 0x02, 0x00, 0x00, 0x00, 0x00,
		0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x88, 0x00, 0xd7, 0xaa,
		0xa0, 0x00, 0x00, 0x00, 0xfd, 0x77, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
		0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x02, 0x01, 0x02, 0x00, 0x00, 0x00, 0x00, 0x05,
	};
	const struct addr v4 = addr_v4(0x0a4d0064);
	struct addr vip;
	uint8_t bytes[ANNOUNCE_NA_LEN];

	EXPECT_INT(addr_parse("fd77::100", &vip), 0);
	EXPECT_INT(announce_na(&vip, &own, bytes, sizeof(bytes)), ANNOUNCE_NA_LEN);
	CU_ASSERT(memcmp(bytes, want, sizeof(want)) == 0);
	EXPECT_INT(announce_na(&vip, &own, bytes, ANNOUNCE_NA_LEN - 1), 0);
	EXPECT_INT(announce_na(&v4, &own, bytes, sizeof(bytes)), 0);
}

/* "0:0-7 10:8-9 …": milliseconds since the start and the addresses announced then. */
static void follow(struct announce *a, uint64_t until_us, char *text, size_t size)
{
	size_t used = 0, first = 0;

	text[0] = '\0';
	while (announce_due(a) <= until_us) {
		uint64_t at = announce_due(a);
		size_t n = announce_step(a, at, &first);

		used += (size_t)snprintf(text + used, size - used, "%llu:%zu-%zu ",
					 (unsigned long long)at / 1000, first, first + n - 1);
	}
}

static void one_address_five_times(void)
{
	struct announce a;
	char text[512];

	announce_init(&a);
	CU_ASSERT(announce_due(&a) == ANNOUNCE_NEVER);
	announce_start(&a, 1, 5, 0);
	follow(&a, 10000000, text, sizeof(text));
	EXPECT_TEXT(text, "0:0-0 200:0-0 400:0-0 600:0-0 800:0-0 1000:0-0 5000:0-0 ");
	CU_ASSERT(announce_due(&a) == ANNOUNCE_NEVER);
}

static void refresh(void)
{
	struct announce a;
	char text[512];

	announce_init(&a);
	announce_refresh(&a, 60000000);
	announce_start(&a, 1, 1, 0);
	follow(&a, 130000000, text, sizeof(text));
	EXPECT_TEXT(text, "0:0-0 1000:0-0 5000:0-0 65000:0-0 125000:0-0 ");
	/* another value counts from the last round; with a burst all begins anew */
	announce_refresh(&a, 10000000);
	EXPECT_INT(announce_due(&a), 135000000);
	announce_refresh(&a, 0);
	CU_ASSERT(announce_due(&a) == ANNOUNCE_NEVER);
	announce_refresh(&a, 1); /* never more often than the rounds of a burst */
	EXPECT_INT(announce_due(&a), 125200000);
	announce_refresh(&a, 60000000);
	announce_start(&a, 1, 2, 130000000);
	follow(&a, 140000000, text, sizeof(text));
	EXPECT_TEXT(text, "130000:0-0 130200:0-0 131000:0-0 135000:0-0 ");
	announce_stop(&a);
	announce_start(&a, 1, 1, 200000000); /* kept */
	follow(&a, 270000000, text, sizeof(text));
	EXPECT_TEXT(text, "200000:0-0 201000:0-0 205000:0-0 265000:0-0 ");
}

/* A burst that takes longer than that needs no single rounds behind it. */
static void a_long_burst(void)
{
	struct announce a;
	unsigned int sent = 0;
	size_t first;

	announce_init(&a);
	announce_start(&a, 1, 255, 0);
	for (; announce_due(&a) != ANNOUNCE_NEVER; sent++)
		EXPECT_INT(announce_step(&a, announce_due(&a), &first), 1);
	EXPECT_INT(sent, 255);
}

/* The refresh is paced, too, and a burst that is asked for amid a round does not tear it apart. */
static void a_burst_amid_a_round(void)
{
	struct announce a;
	char text[512];
	size_t first;

	announce_init(&a);
	announce_start(&a, 20, 1, 0);
	follow(&a, 999999, text, sizeof(text));
	EXPECT_INT(announce_step(&a, 1000000, &first), ANNOUNCE_BATCH);
	announce_start(&a, 20, 2, 1001000);
	follow(&a, 3000000, text, sizeof(text));
	EXPECT_TEXT(text, "1010:8-15 1020:16-19 1200:0-7 1210:8-15 1220:16-19 2001:0-7 2011:8-15 "
			  "2021:16-19 ");
}

static void many_addresses_are_paced(void)
{
	struct announce a;
	char text[4096];

	announce_init(&a);
	announce_start(&a, 20, 2, 0);
	follow(&a, 10000000, text, sizeof(text));
	EXPECT_TEXT(text, "0:0-7 10:8-15 20:16-19 200:0-7 210:8-15 220:16-19 "
			  "1000:0-7 1010:8-15 1020:16-19 5000:0-7 5010:8-15 5020:16-19 ");
	announce_init(&a);
	announce_start(&a, 255, 2, 0); /* a round longer than the spacing */
	follow(&a, 315000, text, sizeof(text));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "310:248-254 "));
	follow(&a, 10000000, text, sizeof(text));
	CU_ASSERT(strncmp(text, "320:0-7 330:8-15 ", 17) == 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "630:248-254 "));
}

static void not_before_its_time(void)
{
	struct announce a;
	size_t first = 42;

	announce_init(&a);
	EXPECT_INT(announce_step(&a, 12345, &first), 0);
	announce_start(&a, 1, 2, 1000);
	EXPECT_INT(announce_step(&a, 999, &first), 0);
	EXPECT_INT(announce_step(&a, 1000, &first), 1);
	EXPECT_INT(announce_step(&a, 1000, &first), 0);
	EXPECT_INT(first, 0);
}

static void many_starts_keep_the_rate(void)
{
	struct announce a;
	unsigned int sent = 0;
	size_t first;

	announce_init(&a);
	for (uint64_t us = 0; us < 1000000; us += 1000) { /* a start each millisecond */
		announce_start(&a, 1, 2, us);
		sent += (unsigned int)announce_step(&a, us, &first);
	}
	EXPECT_INT(sent, 5);
	/* … also when every burst has ended before the next one starts */
	announce_init(&a);
	sent = 0;
	for (uint64_t us = 0; us < 1000000; us += 1000) {
		if (a.rounds == 0)
			announce_start(&a, 1, 1, us);
		sent += (unsigned int)announce_step(&a, us, &first);
	}
	EXPECT_INT(sent, 5);
}

static void a_takeover_is_announced_at_once(void)
{
	struct announce a;
	size_t first;

	announce_init(&a);
	announce_start(&a, 1, 5, 0);
	EXPECT_INT(announce_step(&a, 0, &first), 1);
	announce_stop(&a);
	CU_ASSERT(announce_due(&a) == ANNOUNCE_NEVER);
	announce_start(&a, 1, 5, 1000);
	EXPECT_INT(announce_step(&a, 1000, &first), 1);
}

static void another_list(void)
{
	struct announce a;
	char text[512];
	size_t first;

	announce_init(&a);
	announce_start(&a, 20, 1, 0);
	EXPECT_INT(announce_step(&a, 0, &first), ANNOUNCE_BATCH);
	announce_start(&a, 2, 1, 5000); /* a shorter list: never an index beyond it */
	follow(&a, 10000000, text, sizeof(text));
	EXPECT_TEXT(text, "200:0-1 1005:0-1 5005:0-1 ");
	announce_start(&a, 0, 5, 0);
	CU_ASSERT(announce_due(&a) == ANNOUNCE_NEVER);
	announce_start(&a, 5, 0, 0);
	CU_ASSERT(announce_due(&a) == ANNOUNCE_NEVER);
}

UNIT_TESTS(announce) = {
	{"frame", frame},
	{"neighbour advertisement", neighbour_advertisement},
	{"one address, five times", one_address_five_times},
	{"refresh", refresh},
	{"a long burst", a_long_burst},
	{"a burst amid a round", a_burst_amid_a_round},
	{"many addresses are paced", many_addresses_are_paced},
	{"not before its time", not_before_its_time},
	{"many starts keep the rate", many_starts_keep_the_rate},
	{"a takeover is announced at once", a_takeover_is_announced_at_once},
	{"another list", another_list},
	UNIT_TESTS_END,
};
