/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who still sends to a director that does not own the address any more: what is looked for, who is listed. */
#include "director/evidence/straggler.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

static struct straggler_place place(const char *interface, const char *address)
{
	struct straggler_place p = {.ifindex = 2, .peer = {{2, 0, 0, 0, 0, 3}}};

	snprintf(p.interface, sizeof(p.interface), "%s", interface);
	CU_ASSERT_EQUAL_FATAL(addr_parse(address, &p.address), 0);
	return p;
}

/* Two addresses of eth1 and one of eth0, not in order. */
static struct straggler_book some_book(uint64_t now_ms)
{
	const struct straggler_place places[] = {place("eth1", "fd77::100"),
						 place("eth0", "10.77.0.100"),
						 place("eth1", "10.78.0.100")};
	struct straggler_book b;

	CU_ASSERT_EQUAL_FATAL(straggler_book_init(&b), 0);
	EXPECT_INT(straggler_book_places(&b, places, 3, now_ms), 0);
	return b;
}

static void see(struct straggler_book *b, const char *interface, uint8_t mac_first,
		uint8_t mac_last, const char *address, uint64_t sent_ms)
{
	struct addr a = {0};
	uint8_t key[24] = {mac_first, 0, 0, 0, 0, mac_last};

	CU_ASSERT_EQUAL_FATAL(addr_parse(address, &a), 0);
	memcpy(key + 8, a.bytes, addr_len(&a));
	straggler_book_see(b, interface, strchr(address, ':'), key, sent_ms);
}

/* "10.77.0.100 02:00:00:00:00:0a, …" */
static const char *listed(const struct straggler_book *b)
{
	static char text[1000];
	char address[ADDR_TEXT], mac[MAC_TEXT];

	text[0] = '\0';
	for (size_t i = 0; i < b->n; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s %s", i ? ", " : "",
			 addr_format(&b->list[i].address, address),
			 mac_format(&b->list[i].mac, mac));
	return text;
}

static void the_list_is_that_of_the_last_reading(void)
{
	struct straggler_book b = some_book(0);

	straggler_book_begin(&b);
	see(&b, "eth1", 2, 0x0b, "fd77::100", 900);
	see(&b, "eth0", 2, 0x0b, "10.77.0.100", 950);
	see(&b, "eth0", 2, 0x0a, "10.77.0.100", 400);
	straggler_book_end(&b);
	EXPECT_TEXT(listed(&b), "10.77.0.100 02:00:00:00:00:0a, 10.77.0.100 02:00:00:00:00:0b, "
				"fd77::100 02:00:00:00:00:0b");
	EXPECT_INT(b.list[0].sent_ms, 400);
	EXPECT_TEXT(b.list[2].interface, "eth1");
	CU_ASSERT(straggler_book_is_new(&b, &b.list[0]));
	straggler_book_begin(&b);
	see(&b, "eth0", 2, 0x0a, "10.77.0.100", 1800);
	see(&b, "eth0", 2, 0x0c, "10.77.0.100", 1800);
	straggler_book_end(&b);
	EXPECT_TEXT(listed(&b), "10.77.0.100 02:00:00:00:00:0a, 10.77.0.100 02:00:00:00:00:0c");
	CU_ASSERT_FALSE(straggler_book_is_new(&b, &b.list[0]));
	CU_ASSERT(straggler_book_is_new(&b, &b.list[1]));
	straggler_book_begin(&b);
	straggler_book_end(&b);
	EXPECT_INT(b.n, 0);
	straggler_book_clear(&b);
}

static void a_reading_that_is_broken_off_changes_nothing(void)
{
	struct straggler_book b = some_book(0);

	straggler_book_begin(&b);
	see(&b, "eth0", 2, 0x0a, "10.77.0.100", 1);
	see(&b, "eth0", 2, 0x0b, "10.77.0.100", 1);
	straggler_book_end(&b);
	straggler_book_begin(&b);
	see(&b, "eth0", 2, 0x0c, "10.77.0.100", 2);
	straggler_book_undo(&b);
	EXPECT_TEXT(listed(&b), "10.77.0.100 02:00:00:00:00:0a, 10.77.0.100 02:00:00:00:00:0b");
	straggler_book_begin(&b);
	see(&b, "eth0", 2, 0x0b, "10.77.0.100", 3);
	straggler_book_end(&b);
	EXPECT_TEXT(listed(&b), "10.77.0.100 02:00:00:00:00:0b");
	CU_ASSERT_FALSE(straggler_book_is_new(&b, &b.list[0]));
	straggler_book_clear(&b);
}

static void who_is_no_straggler(void)
{
	struct straggler_book b = some_book(0);

	straggler_book_begin(&b);
	see(&b, "eth0", 2, 3, "10.77.0.100", 1);    /* the other director */
	see(&b, "eth0", 1, 9, "10.77.0.100", 1);    /* a group address */
	see(&b, "eth0", 0, 0, "10.77.0.100", 1);    /* none */
	see(&b, "eth0", 2, 0x0a, "10.77.0.101", 1); /* not looked for */
	see(&b, "eth0", 2, 0x0a, "10.78.0.100", 1); /* on another interface */
	see(&b, "eth9", 2, 0x0a, "10.77.0.100", 1);
	straggler_book_end(&b);
	EXPECT_INT(b.n, 0);
	straggler_book_clear(&b);
}

static void no_more_than_there_is_room_for(void)
{
	struct straggler_book b = some_book(0);

	straggler_book_begin(&b);
	for (int i = 0; i < STRAGGLERS_MAX + 5; i++)
		see(&b, "eth0", (uint8_t)(2 + 4 * (i / 256)), (uint8_t)(i % 256), "10.77.0.100", 1);
	straggler_book_end(&b);
	CU_ASSERT(b.n == STRAGGLERS_MAX);
	straggler_book_clear(&b);
}

static size_t active(const struct straggler_book *b, uint64_t now_ms)
{
	struct straggler_place places[3];

	return straggler_book_active(b, now_ms, places);
}

static void an_address_is_looked_for_for_a_while(void)
{
	struct straggler_book b = some_book(1000);
	const uint64_t end = 1000 + STRAGGLER_WATCH_MS;

	EXPECT_INT(active(&b, 1000), 3);
	EXPECT_INT(active(&b, end - 1), 3);
	EXPECT_INT(active(&b, end), 0);
	straggler_book_begin(&b);
	see(&b, "eth0", 2, 0x0a, "10.77.0.100", 61000);
	straggler_book_end(&b);
	EXPECT_INT(active(&b, end + 59999), 1);
	EXPECT_INT(active(&b, end + 60000), 0);
	straggler_book_clear(&b);
}

/* A second call with the same addresses does not begin anew, one without an address forgets it. */
static void who_owns_the_address_again_forgets(void)
{
	struct straggler_book b = some_book(1000);
	const struct straggler_place one[] = {place("eth1", "10.78.0.100")};
	struct straggler_place places[3];

	straggler_book_begin(&b);
	see(&b, "eth0", 2, 0x0a, "10.77.0.100", 1001);
	see(&b, "eth1", 2, 0x0a, "10.78.0.100", 1002);
	straggler_book_end(&b);
	EXPECT_INT(straggler_book_places(&b, one, 1, 5000), 0);
	EXPECT_TEXT(listed(&b), "10.78.0.100 02:00:00:00:00:0a");
	EXPECT_INT(straggler_book_active(&b, 1002 + STRAGGLER_WATCH_MS - 1, places), 1);
	EXPECT_INT(straggler_book_active(&b, 1002 + STRAGGLER_WATCH_MS, places), 0);
	EXPECT_INT(straggler_book_places(&b, NULL, 0, 6000), 0);
	EXPECT_INT(b.n, 0);
	EXPECT_INT(straggler_book_places(&b, one, 1, 7000), 0);
	EXPECT_INT(straggler_book_active(&b, 7000 + STRAGGLER_WATCH_MS - 1, places), 1);
	straggler_book_clear(&b);
}

UNIT_TESTS(straggler) = {
	{"the list is that of the last reading", the_list_is_that_of_the_last_reading},
	{"a reading that is broken off changes nothing",
	 a_reading_that_is_broken_off_changes_nothing},
	{"who is no straggler", who_is_no_straggler},
	{"no more than there is room for", no_more_than_there_is_room_for},
	{"an address is looked for for a while", an_address_is_looked_for_for_a_while},
	{"who owns the address again forgets", who_owns_the_address_again_forgets},
	UNIT_TESTS_END,
};
