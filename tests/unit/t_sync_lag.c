/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ha/sync_lag.h"
#include "tests/unit/unit.h"

enum { MS = 1000, SECOND = 1000 * MS };

static struct sync_lag_view view(const struct sync_lag *l, uint64_t now_us)
{
	struct sync_lag_view v;

	sync_lag_view(l, now_us, &v);
	return v;
}

static void nothing_yet(void)
{
	struct sync_lag l = {0};

	CU_ASSERT_EQUAL(view(&l, 0).n, 0);
	CU_ASSERT_EQUAL(view(&l, 5 * SECOND).n, 0);
	sync_lag_note(&l, 0, 1, 5 * SECOND);
	CU_ASSERT_EQUAL(view(&l, 5 * SECOND).n, 1);
	CU_ASSERT_EQUAL(view(&l, 5 * SECOND).p99_us, 0);
}

/* Two that are told in one bucket: what comes out for the shorter one, at most 1/8 too much. */
static void no_lag_is_told_too_short(void)
{
	for (uint64_t lag_us = 0; lag_us < 15 * SECOND; lag_us += 1 + lag_us / 37) {
		struct sync_lag l = {0};
		uint64_t told_us;

		sync_lag_note(&l, lag_us, 1000, SECOND);
		CU_ASSERT_EQUAL(view(&l, SECOND).p99_us, lag_us);
		sync_lag_note(&l, 60 * (uint64_t)SECOND, 1, SECOND);
		told_us = view(&l, SECOND).p99_us;
		CU_ASSERT(told_us >= lag_us && told_us <= lag_us + lag_us / 8);
		CU_ASSERT_EQUAL(view(&l, SECOND).max_us, 60 * (uint64_t)SECOND);
	}
}

static void the_very_long(void)
{
	struct sync_lag l = {0};

	sync_lag_note(&l, UINT64_MAX, 1, SECOND);
	CU_ASSERT(view(&l, SECOND).median_us >= 15 * SECOND);
	CU_ASSERT_EQUAL(view(&l, SECOND).max_us, UINT64_MAX);
}

static void quantiles_count_entries(void)
{
	struct sync_lag l = {0};

	sync_lag_note(&l, 8, 99, SECOND);
	sync_lag_note(&l, 40 * MS, 1, SECOND);
	CU_ASSERT_EQUAL(view(&l, SECOND).median_us, 8);
	CU_ASSERT_EQUAL(view(&l, SECOND).p99_us, 8);
	sync_lag_note(&l, 40 * MS, 1, SECOND); /* two of 101 */
	CU_ASSERT_EQUAL(view(&l, SECOND).median_us, 8);
	CU_ASSERT_EQUAL(view(&l, SECOND).p99_us, 40 * MS);
	sync_lag_note(&l, 40 * MS, 100, SECOND);
	CU_ASSERT_EQUAL(view(&l, SECOND).median_us, 40 * MS);
	CU_ASSERT_EQUAL(view(&l, SECOND).n, 201);
}

static void old_ones_go(void)
{
	const uint64_t begin_us = 100 * (uint64_t)SECOND;
	struct sync_lag l = {0};

	sync_lag_note(&l, 3 * MS, 1, begin_us);
	CU_ASSERT_EQUAL(view(&l, begin_us + 19 * SECOND).n, 1);
	CU_ASSERT_EQUAL(view(&l, begin_us + 20 * SECOND).n, 0);
	sync_lag_note(&l, 5, 1, begin_us + 11 * SECOND);
	CU_ASSERT_EQUAL(view(&l, begin_us + 12 * SECOND).n, 2);
	CU_ASSERT_EQUAL(view(&l, begin_us + 12 * SECOND).max_us, 3 * MS);
	CU_ASSERT_EQUAL(view(&l, begin_us + 21 * SECOND).n, 1);
	CU_ASSERT_EQUAL(view(&l, begin_us + 21 * SECOND).max_us, 5);
	sync_lag_note(&l, 7, 1, begin_us + 22 * SECOND);
	CU_ASSERT_EQUAL(view(&l, begin_us + 22 * SECOND).n, 2);
	sync_lag_note(&l, 9, 1, begin_us + 50 * SECOND);
	CU_ASSERT_EQUAL(view(&l, begin_us + 50 * SECOND).n, 1);
}

UNIT_TESTS(sync_lag) = {
	{"nothing yet", nothing_yet},	  {"no lag is told too short", no_lag_is_told_too_short},
	{"the very long", the_very_long}, {"quantiles count entries", quantiles_count_entries},
	{"old ones go", old_ones_go},	  UNIT_TESTS_END,
};
