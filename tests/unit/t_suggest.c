/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The farm and the backend that somebody may have meant; keywords are tested with the loader. */
#include "director/config/keywords.h"
#include "tests/unit/unit.h"

static void farms_and_backends(void)
{
	struct config_backend backends[] = {{.name = (char *)"web1"}, {.name = (char *)"database"}};
	struct config_farm farms[] = {
		{.name = (char *)"www", .backends = backends, .n_backends = 2},
		{.name = (char *)"mail-in"},
		{.name = (char *)"mail-out"},
	};
	struct config c = {.farms = farms, .n_farms = 3};
	static const char far_too_long[] =
		"a-name-that-no-farm-could-ever-have-because-of-its-length";

	EXPECT_TEXT(config_suggest_farm(&c, "ww"), "www");
	EXPECT_TEXT(config_suggest_farm(&c, "mail_in"), "mail-in");
	EXPECT_TEXT(config_suggest_farm(&c, "mailout"), "mail-out");
	CU_ASSERT_PTR_NULL(config_suggest_farm(&c, "dns"));
	CU_ASSERT_PTR_NULL(config_suggest_farm(&c, ""));
	CU_ASSERT_PTR_NULL(config_suggest_farm(&c, far_too_long));
	EXPECT_TEXT(config_suggest_backend(&farms[0], "web11"), "web1");
	EXPECT_TEXT(config_suggest_backend(&farms[0], "databsae"), "database");
	CU_ASSERT_PTR_NULL(config_suggest_backend(&farms[0], "mail-in"));
	CU_ASSERT_PTR_NULL(config_suggest_backend(&farms[1], "web1"));
}

UNIT_TESTS(suggest) = {
	{"farms and backends", farms_and_backends},
	UNIT_TESTS_END,
};
