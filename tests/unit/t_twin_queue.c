/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What waits to be told, and who its numbers stand for. */
#include "director/twin/twin_queue.h"

#include "director/flow/twin_names.h"
#include "tests/unit/unit.h"

static void numbers_stand_for_names(void)
{
	struct twin_names t = {0};

	CU_ASSERT_PTR_NULL(twin_names_get(&t, 0));
	EXPECT_INT(twin_names_set(&t, 3, "www", "web1"), 0);
	EXPECT_INT(twin_names_set(&t, 65535, "www", "web2"), 0);
	CU_ASSERT_PTR_NULL(twin_names_get(&t, 2));
	CU_ASSERT_PTR_NULL(twin_names_get(&t, 4));
	CU_ASSERT(twin_names_has(&t, 3, "www", "web1"));
	CU_ASSERT_FALSE(twin_names_has(&t, 3, "www", "web2"));
	CU_ASSERT(twin_names_has(&t, 65535, "www", "web2"));
	EXPECT_INT(twin_names_set(&t, 3, "api", "app1"), 0);
	EXPECT_TEXT(twin_names_get(&t, 3)->farm, "api");
	twin_names_clear(&t);
	CU_ASSERT_PTR_NULL(twin_names_get(&t, 3));
}

static void queues_have_a_bound(void)
{
	struct twin_queue q;
	struct sync_flow f = {.life_s = 1};

	EXPECT_INT(twin_queue_init(&q), 0);
	for (size_t round = 0; round < 3; round++) {
		CU_ASSERT_PTR_NULL(twin_queue_first(&q));
		for (size_t i = 0; i < TWIN_QUEUE; i++) {
			f.backend = (uint16_t)i;
			CU_ASSERT_FATAL(twin_queue_add(&q, &f, 100 + i));
		}
		CU_ASSERT_FALSE(twin_queue_add(&q, &f, 1));
		EXPECT_INT(q.since_us, 100);
		for (size_t i = 0; i < TWIN_QUEUE / 2; i++) {
			CU_ASSERT_EQUAL_FATAL(twin_queue_first(&q)->backend, (uint16_t)i);
			twin_queue_drop_first(&q);
		}
		f.backend = 4711;
		CU_ASSERT(twin_queue_add(&q, &f, 7)); /* behind the end of the memory */
		while (q.n > 1)
			twin_queue_drop_first(&q);
		EXPECT_INT(twin_queue_first(&q)->backend, 4711);
		twin_queue_drop_first(&q);
		EXPECT_INT(q.since_us, 0);
	}
	twin_queue_free(&q);
}

UNIT_TESTS(twin_queue) = {
	{"numbers stand for names", numbers_stand_for_names},
	{"queues have a bound", queues_have_a_bound},
	UNIT_TESTS_END,
};
