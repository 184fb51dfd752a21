/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/flow/flow_strays.h"
#include "tests/unit/unit.h"

static struct flow_strays strays;

static void add(uint32_t number, uint32_t heard_s)
{
	flow_strays_add(&strays, &(struct flow_stray){.backend = number, .heard_s = heard_s});
}

static void expect_next(uint32_t now_s, uint32_t number)
{
	struct flow_stray got = {0};

	EXPECT_INT(flow_strays_next(&strays, now_s, &got), true);
	EXPECT_INT(got.backend, number);
}

static void expect_none(uint32_t now_s)
{
	struct flow_stray got;

	EXPECT_INT(flow_strays_next(&strays, now_s, &got), false);
}

static void they_come_in_their_order_and_once(void)
{
	strays = (struct flow_strays){0};
	expect_none(0);
	add(1, 100);
	add(2, 100);
	expect_next(100, 1);
	add(3, 101);
	expect_next(101, 2);
	expect_next(101, 3);
	expect_none(101);
}

static void old_ones_are_left_out(void)
{
	strays = (struct flow_strays){0};
	add(1, 100);
	add(2, 101);
	add(3, 103);
	expect_next(101 + FLOW_STRAYS_S, 2);
	expect_none(104 + FLOW_STRAYS_S);
}

static void of_too_many_the_first_are_forgotten(void)
{
	strays = (struct flow_strays){0};
	for (uint32_t i = 0; i < FLOW_STRAYS + 10; i++)
		add(i, 7);
	for (uint32_t i = 10; i < FLOW_STRAYS + 10; i++)
		expect_next(7, i);
	expect_none(7);
}

UNIT_TESTS(flow_strays) = {
	{"they come in their order, and once", they_come_in_their_order_and_once},
	{"old ones are left out", old_ones_are_left_out},
	{"of too many the first are forgotten", of_too_many_the_first_are_forgotten},
	UNIT_TESTS_END,
};
