/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "include/latency.h"
#include "tests/unit/unit.h"

static unsigned int bucket_of(uint64_t late_us)
{
	struct latency l = {0};
	unsigned int found = LATENCY_BUCKETS;

	latency_note(&l, late_us);
	EXPECT_INT(l.count, 1);
	CU_ASSERT_EQUAL(l.max_us, late_us);
	for (unsigned int i = 0; i < LATENCY_BUCKETS; i++)
		if (l.buckets[i]) {
			EXPECT_INT(l.buckets[i], 1);
			EXPECT_INT(found, LATENCY_BUCKETS);
			found = i;
		}
	return found;
}

static void every_time_has_its_bucket(void)
{
	EXPECT_INT(bucket_of(0), 0);
	EXPECT_INT(bucket_of(1), 1);
	EXPECT_INT(bucket_of(2), 2);
	EXPECT_INT(bucket_of(3), 2);
	EXPECT_INT(bucket_of(4), 3);
	EXPECT_INT(bucket_of(1000), 10);
	EXPECT_INT(bucket_of(UINT64_MAX), LATENCY_BUCKETS - 1);
}

static void buckets_touch(void)
{
	for (unsigned int i = 0; i < LATENCY_BUCKETS - 1; i++) {
		EXPECT_INT(bucket_of(latency_bucket_end(i) - 1), i);
		EXPECT_INT(bucket_of(latency_bucket_end(i)), i + 1);
	}
	CU_ASSERT_EQUAL(latency_bucket_end(LATENCY_BUCKETS - 1), UINT64_MAX);
}

static void the_latest_stays(void)
{
	struct latency l = {0};

	latency_note(&l, 7);
	latency_note(&l, 90);
	latency_note(&l, 3);
	EXPECT_INT(l.max_us, 90);
	EXPECT_INT(l.sum_us, 100);
	EXPECT_INT(l.count, 3);
}

UNIT_TESTS(latency) = {
	{"every time has its bucket", every_time_has_its_bucket},
	{"buckets touch", buckets_touch},
	{"the latest stays", the_latest_stays},
	UNIT_TESTS_END,
};
