/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Paths and methods over HTTP. */
#include "tests/fuzz/metrics_path_case.h"
#include "tests/unit/unit.h"

static void paths(void)
{
	EXPECT_INT(metrics_path_of("/", "GET"), METRICS_PATH_PAGE);
	EXPECT_INT(metrics_path_of("/metrics", "HEAD"), METRICS_PATH_METRICS);
	EXPECT_INT(metrics_path_of("/status", "GET"), METRICS_PATH_STATUS);
	EXPECT_INT(metrics_path_of("/healthz", "GET"), METRICS_PATH_HEALTH);
	EXPECT_INT(metrics_path_of("/healthz", "PUT"), METRICS_PATH_REFUSED);
	EXPECT_INT(metrics_path_of("/health", "PUT"), METRICS_PATH_NONE);
	EXPECT_INT(metrics_path_of("", "GET"), METRICS_PATH_NONE);
}

static bool is_good(const uint8_t *bytes, size_t len)
{
	enum metrics_path asked;

	CU_ASSERT(metrics_path_case(bytes, len, &asked));
	return asked < METRICS_PATH_NONE;
}

static void corpus(void)
{
	CU_ASSERT(unit_replay("tests/fuzz/corpus/fuzz_metrics_path", is_good) >= 15);
}

UNIT_TESTS(metrics_path) = {
	{"paths and methods", paths},
	{"corpus", corpus},
	UNIT_TESTS_END,
};
