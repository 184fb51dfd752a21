/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One route in virtual time: which of the kernel's answers count, and when. */
#include "director/network/route.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

enum { ETH0 = 2, ETH1 = 3 };

static struct addr address(const char *text)
{
	struct addr a = {0};

	EXPECT_INT(addr_parse(text, &a), 0);
	return a;
}

static struct route direct(uint32_t ifindex)
{
	return (struct route){.kind = ROUTE_DIRECT, .ifindex = ifindex};
}

static struct route behind(const char *gateway, uint32_t ifindex)
{
	return (struct route){
		.kind = ROUTE_GATEWAY, .ifindex = ifindex, .gateway = address(gateway)};
}

static const struct route none = {.kind = ROUTE_NONE};

static bool answer(struct route_target *t, uint64_t now_ms, struct route r, bool down)
{
	return route_answer(t, &r, down, now_ms);
}

static void the_first_answer_counts(void)
{
	const struct route first[] = {
		none, direct(ETH0), behind("10.77.0.1", ETH0), {.kind = ROUTE_LOCAL, .ifindex = 1}};

	for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++) {
		struct route_target t = {.addr = address("10.77.0.21")};

		CU_ASSERT(answer(&t, 5, first[i], false));
		CU_ASSERT(t.known);
		EXPECT_INT(t.kind, first[i].kind);
		EXPECT_INT(t.ifindex, first[i].ifindex);
		CU_ASSERT_FALSE(answer(&t, 6, first[i], false));
	}
}

static void another_direct_way_counts_at_once(void)
{
	struct route_target t = {.addr = address("fd77::21")};

	answer(&t, 0, direct(ETH0), false);
	CU_ASSERT(answer(&t, 1, direct(ETH1), true));
	EXPECT_INT(t.ifindex, ETH1);
	CU_ASSERT_FALSE(answer(&t, 2, direct(ETH1), false));
}

static void a_bad_way_is_left_at_once(void)
{
	struct route_target t = {.addr = address("10.77.0.21")};

	answer(&t, 0, none, false);
	CU_ASSERT(answer(&t, 1, behind("10.77.0.1", ETH0), false));
	CU_ASSERT(answer(&t, 2, behind("10.77.0.2", ETH0), false));
	CU_ASSERT(answer(&t, 3, none, false));
	CU_ASSERT(answer(&t, 4, direct(ETH0), false));
}

/* Nothing, or the default route, is what the kernel says of a network whose interface is down. */
static void a_lost_way_is_doubted(void)
{
	struct route_target t = {.addr = address("10.77.0.21")};

	answer(&t, 0, direct(ETH0), false);
	CU_ASSERT_FALSE(answer(&t, 100, none, false));
	CU_ASSERT_FALSE(answer(&t, 1099, behind("10.78.0.1", ETH1), false));
	EXPECT_INT(t.ifindex, ETH0);
	CU_ASSERT(t.doubted);
	CU_ASSERT(answer(&t, 1100, none, false));
	EXPECT_INT(t.kind, ROUTE_NONE);
	CU_ASSERT_FALSE(t.doubted);
}

static void a_link_that_is_down_proves_nothing(void)
{
	struct route_target t = {.addr = address("10.77.0.21")};

	answer(&t, 0, direct(ETH0), false);
	for (uint64_t ms = 100; ms < 60000; ms += 250)
		CU_ASSERT_FALSE(answer(&t, ms, none, true));
	CU_ASSERT_FALSE(answer(&t, 60000, none, false)); /* up, the route is not there yet */
	CU_ASSERT_FALSE(answer(&t, 60100, direct(ETH0), false));
	CU_ASSERT_FALSE(t.doubted);
	CU_ASSERT_FALSE(answer(&t, 70000, none, true));
	CU_ASSERT_FALSE(answer(&t, 70500, none, false));
	CU_ASSERT(answer(&t, 71000, none, false));
}

static const char *trouble(const char *addr, struct route route, const char *interface)
{
	static char text[ROUTE_TEXT];
	struct addr a = address(addr);

	return route_trouble(&a, &route, interface, text);
}

static void the_reasons(void)
{
	const char *text;

	EXPECT_TEXT(trouble("10.77.0.21", none, ""), "there is no route to 10.77.0.21");
	EXPECT_TEXT(trouble("10.77.0.21", behind("fd77::1", ETH0), "eth0"),
		    "10.77.0.21 is behind the router fd77::1 on eth0, but a backend has to be in a "
		    "network of the director");
	EXPECT_TEXT(trouble("10.77.0.21", (struct route){.kind = ROUTE_LOCAL, .ifindex = 1}, "lo"),
		    "10.77.0.21 is an address of this host itself");
	EXPECT_TEXT(trouble("10.77.0.21", direct(ETH0), "eth0"), "");
	text = trouble("fe80:1111:2222:3333:4444:5555:6666:7777",
		       behind("2001:db81:2222:3333:4444:5555:6666:7777", ETH0), "abcdefghijklmno");
	CU_ASSERT(strlen(text) < ROUTE_TEXT - 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "of the director"));
}

/* Doubt is counted in 32 bits of milliseconds, which begin again after 49 days. */
static void doubt_outlives_its_clock(void)
{
	const uint64_t late = (1ULL << 32) - 500;
	struct route_target t = {.addr = address("10.77.0.21")};

	answer(&t, 0, direct(ETH0), false);
	CU_ASSERT_FALSE(answer(&t, late, none, false));
	CU_ASSERT_FALSE(answer(&t, late + 999, none, false));
	CU_ASSERT(answer(&t, late + 1000, none, false));
}

UNIT_TESTS(route) = {
	{"the first answer counts", the_first_answer_counts},
	{"another direct way counts at once", another_direct_way_counts_at_once},
	{"a bad way is left at once", a_bad_way_is_left_at_once},
	{"a lost way is doubted", a_lost_way_is_doubted},
	{"a link that is down proves nothing", a_link_that_is_down_proves_nothing},
	{"the reasons", the_reasons},
	{"doubt outlives its clock", doubt_outlives_its_clock},
	UNIT_TESTS_END,
};
