/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Orders that wait, each with its own deadline and its own things to say (director/backend/order_waits.h). */
#include "director/backend/order_waits.h"
#include "tests/unit/unit.h"

#include <stdio.h>

static struct order_waits w;

static void later_orders_do_not_extend_a_deadline(void)
{
	w = (struct order_waits){0};
	order_waits_begin(&w, 7, 3000);
	order_waits_begin(&w, 8, 4500);
	CU_ASSERT(!order_waits_is_due(&w, 7, 2999));
	CU_ASSERT(order_waits_is_due(&w, 7, 3000));
	CU_ASSERT(!order_waits_is_due(&w, 8, 3000));
	CU_ASSERT(order_waits_is_due(&w, 8, 4500));
	/* Nobody's, and one that is answered. */
	CU_ASSERT(order_waits_is_due(&w, 0, 0));
	order_waits_end(&w, 8);
	CU_ASSERT(order_waits_is_due(&w, 8, 0));
	CU_ASSERT_PTR_NULL(order_waits_of(&w, 8));
	CU_ASSERT_PTR_NOT_NULL(order_waits_of(&w, 7));
}

static void a_warning_is_of_its_order(void)
{
	struct order_wait *first, *second;

	w = (struct order_waits){0};
	first = order_waits_begin(&w, 7, 3000);
	snprintf(first->unsaved.text, sizeof(first->unsaved.text), "not kept over a restart");
	first->had.connections = 12;
	second = order_waits_begin(&w, 8, 3000);
	CU_ASSERT_STRING_EQUAL(second->unsaved.text, "");
	CU_ASSERT_STRING_EQUAL(order_waits_of(&w, 7)->unsaved.text, "not kept over a restart");
	EXPECT_INT(order_waits_of(&w, 7)->had.connections, 12);
	/* The place is used again without what was said. */
	order_waits_end(&w, 7);
	CU_ASSERT_STRING_EQUAL(order_waits_begin(&w, 9, 3000)->unsaved.text, "");
}

static void the_oldest_one_makes_room(void)
{
	w = (struct order_waits){0};
	for (uint64_t ticket = 1; ticket <= ORDER_WAITS_MAX; ticket++)
		order_waits_begin(&w, ticket, 3000);
	CU_ASSERT_PTR_NOT_NULL(order_waits_of(&w, 1));
	order_waits_begin(&w, ORDER_WAITS_MAX + 1, 3000);
	CU_ASSERT_PTR_NULL(order_waits_of(&w, 1));
	CU_ASSERT_PTR_NOT_NULL(order_waits_of(&w, 2));
	CU_ASSERT_PTR_NOT_NULL(order_waits_of(&w, ORDER_WAITS_MAX + 1));
}

UNIT_TESTS(order_waits) = {
	{"later orders do not extend a deadline", later_orders_do_not_extend_a_deadline},
	{"a warning is of its order", a_warning_is_of_its_order},
	{"the oldest one makes room", the_oldest_one_makes_room},
	UNIT_TESTS_END,
};
