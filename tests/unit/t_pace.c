/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/health/pace.h"
#include "tests/unit/unit.h"

#include <stdlib.h>

/* Against the simplest way to find the earliest one. */
static void the_earliest_is_on_top(void)
{
	enum { CHECKS = 200, STEPS = 20000 };
	static uint64_t due[CHECKS];
	struct pace p;
	size_t check = CHECKS;
	unsigned int seed = 1;

	CU_ASSERT_FATAL(pace_init(&p, CHECKS) == 0);
	CU_ASSERT(pace_next(&p, &check) == PACE_NEVER);
	for (size_t i = 0; i < CHECKS; i++)
		due[i] = PACE_NEVER;
	for (int step = 0; step < STEPS; step++) {
		size_t one = (size_t)rand_r(&seed) % CHECKS;
		uint64_t least = PACE_NEVER, found;

		due[one] = rand_r(&seed) % 10 ? (uint64_t)rand_r(&seed) % 1000 : PACE_NEVER;
		pace_set(&p, one, due[one]);
		for (size_t i = 0; i < CHECKS; i++)
			least = due[i] < least ? due[i] : least;
		found = pace_next(&p, &check);
		CU_ASSERT_FATAL(found == least);
		CU_ASSERT_FATAL(check < CHECKS && due[check] == least);
	}
	pace_clear(&p);
}

static void none_at_all(void)
{
	struct pace p;
	size_t check;

	CU_ASSERT_FATAL(pace_init(&p, 0) == 0);
	CU_ASSERT(pace_next(&p, &check) == PACE_NEVER);
	pace_clear(&p);
	pace_clear(&p);
}

static void each_stays_in_its_phase(void)
{
	/* From its moment to its next one, an interval later. */
	EXPECT_INT(pace_in_phase(10300, 2000, 300), 12300);
	EXPECT_INT(pace_in_phase(10300, 2000, 2300), 12300);
	/* Late ones catch up, early ones wait a little longer, none comes sooner than half of it. */
	EXPECT_INT(pace_in_phase(10390, 2000, 300), 12300);
	EXPECT_INT(pace_in_phase(10200, 2000, 300), 12300);
	EXPECT_INT(pace_in_phase(11300, 2000, 300), 12300);
	EXPECT_INT(pace_in_phase(11301, 2000, 300), 14300);
	for (uint64_t from = 0; from < 5000; from++) {
		uint64_t next = pace_in_phase(from, 700, 123456789);

		CU_ASSERT_FATAL(next % 700 == 123456789 % 700 / 10 * 10);
		CU_ASSERT_FATAL(next >= from + 350 && next < from + 350 + 700);
	}
	EXPECT_INT(pace_in_phase(5, 1, 77), 6);
	EXPECT_INT(pace_in_phase(100, 50, 17), 167);
}

UNIT_TESTS(pace) = {
	{"the earliest is on top", the_earliest_is_on_top},
	{"none at all", none_at_all},
	{"each stays in its phase", each_stays_in_its_phase},
	UNIT_TESTS_END,
};
