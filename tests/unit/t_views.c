/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the other director sees, and when it has to be told what is seen here. */
#include "director/twin/views.h"

#include "director/config/load.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { FARMS = 3 };

static struct config *config;
static struct views v;

static void begin(void)
{
	static const char text[] =
		"farm \"f0\" { address = \"192.0.2.100\" interface = \"lo\" ports = \"80\" "
		"backend \"x\" { address = \"192.0.2.1\" } backend \"y\" { address = \"192.0.2.2\" "
		"} } "
		"farm \"f1\" { address = \"192.0.2.101\" interface = \"lo\" ports = \"80\" "
		"backend \"x\" { address = \"192.0.2.1\" } } "
		"farm \"f2\" { address = \"192.0.2.102\" interface = \"lo\" ports = \"80\" "
		"backend \"x\" { address = \"192.0.2.1\" } }";
	struct err err = {0};

	if (config_load_text("test.conf", text, strlen(text), &config, &err) < 0)
		CU_FAIL_FATAL(err.text);
	CU_ASSERT_FATAL(views_configure(&v, config) == 0);
	for (size_t i = 0; i < FARMS; i++)
		views_set_alike(&v, i, true);
}

static void finish(void)
{
	views_clear(&v);
	config_free(config);
}

static int take(const char *farm, const char *first, uint8_t a, const char *second, uint8_t b)
{
	static struct sync_views m;

	m = (struct sync_views){.n = second ? 2 : 1};
	snprintf(m.farm, sizeof(m.farm), "%s", farm);
	m.views[0] = (struct sync_view){.state = a, .outcome = 3, .since_s = 2};
	m.views[1] = (struct sync_view){.state = b, .since_s = 1000000};
	snprintf(m.views[0].backend, SYNC_NAME_LEN, "%s", first);
	snprintf(m.views[1].backend, SYNC_NAME_LEN, "%s", second ? second : "");
	return views_take(&v, &m, 10000);
}

static void what_is_told_counts(void)
{
	begin();
	CU_ASSERT_PTR_NULL(views_of(&v, 0, 0));
	/* Its backends come in another order, and one of them is not ours. */
	EXPECT_INT(take("f0", "y", SYNC_VIEW_DEAD, "x", SYNC_VIEW_WELL), 0);
	CU_ASSERT(views_is_well(views_of(&v, 0, 0)));
	EXPECT_INT(views_of(&v, 0, 0)->since_ms, 0);
	EXPECT_INT(views_of(&v, 0, 1)->state, SYNC_VIEW_DEAD);
	EXPECT_INT(views_of(&v, 0, 1)->outcome, 3);
	EXPECT_INT(views_of(&v, 0, 1)->since_ms, 8000);
	CU_ASSERT_PTR_NULL(views_of(&v, 1, 0));
	/* Of one that is not spoken of any more nothing is known. */
	EXPECT_INT(take("f0", "y", SYNC_VIEW_WELL, "z", SYNC_VIEW_WELL), 0);
	CU_ASSERT_PTR_NULL(views_of(&v, 0, 0));
	CU_ASSERT(views_is_well(views_of(&v, 0, 1)));
	EXPECT_INT(take("f9", "x", SYNC_VIEW_WELL, NULL, 0), -ENOENT);
	finish();
}

static void never_stale(void)
{
	begin();
	take("f0", "x", SYNC_VIEW_WELL, "y", SYNC_VIEW_WELL);
	take("f1", "x", SYNC_VIEW_WELL, NULL, 0);
	views_set_alike(&v, 0, false);
	CU_ASSERT_PTR_NULL(views_of(&v, 0, 0));
	CU_ASSERT_PTR_NOT_NULL(views_of(&v, 1, 0));
	views_set_alike(&v, 0, true);
	CU_ASSERT_PTR_NOT_NULL(views_of(&v, 0, 0));
	views_forget(&v);
	CU_ASSERT_PTR_NULL(views_of(&v, 0, 0));
	CU_ASSERT_PTR_NULL(views_of(&v, 1, 0));
	take("f1", "x", SYNC_VIEW_WELL, NULL, 0);
	CU_ASSERT_FATAL(views_configure(&v, config) == 0);
	views_set_alike(&v, 1, true);
	CU_ASSERT_PTR_NULL(views_of(&v, 1, 0));
	/* Out of the configuration, or before there is one. */
	CU_ASSERT_PTR_NULL(views_of(&v, FARMS, 0));
	finish();
	CU_ASSERT_PTR_NULL(views_of(&v, 0, 0));
}

static void what_it_says(void)
{
	static const struct {
		enum sync_view_state state;
		enum outcome_class class;
		bool well;
	} cases[] = {
		{SYNC_VIEW_WELL, OUTCOME_WELL, true},
		{SYNC_VIEW_DOUBTED, OUTCOME_WELL, false},
		{SYNC_VIEW_AILING, OUTCOME_AILING, false},
		{SYNC_VIEW_DEAD, OUTCOME_DEAD, false},
		{SYNC_VIEW_UNKNOWN, OUTCOME_UNDECIDED, false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct views_backend b = {.state = (uint8_t)cases[i].state};

		EXPECT_INT(views_class(&b), cases[i].class);
		EXPECT_INT(views_is_well(&b), cases[i].well);
	}
	EXPECT_INT(views_class(NULL), OUTCOME_UNDECIDED);
	CU_ASSERT(!views_is_well(NULL));
}

/* How many farms are told of then; the last one of them. */
static size_t told_at(uint64_t now_ms, size_t *ret_last)
{
	size_t n = 0;

	while (views_next(&v, now_ms, ret_last))
		n++;
	return n;
}

static void once_a_second(void)
{
	size_t farm = FARMS;

	begin();
	EXPECT_INT(told_at(5000, &farm), FARMS);
	EXPECT_INT(told_at(9000, &farm), 0);
	views_mark(&v, 1);
	EXPECT_INT(told_at(9000, &farm), 1);
	EXPECT_INT(farm, 1);
	views_mark(&v, 1);
	views_mark(&v, 1);
	EXPECT_INT(told_at(9999, &farm), 0);
	views_mark(&v, 2); /* another one need not wait for it */
	EXPECT_INT(told_at(9999, &farm), 1);
	EXPECT_INT(farm, 2);
	EXPECT_INT(told_at(10000, &farm), 1);
	EXPECT_INT(farm, 1);
	views_mark_all(&v); /* anew, whenever that was */
	EXPECT_INT(told_at(10001, &farm), FARMS);
	finish();
}

static void not_too_many_together(void)
{
	size_t farm;

	begin();
	v.begun_ms = 5000;
	v.n_told = VIEWS_AT_ONCE - 1;
	EXPECT_INT(told_at(5001, &farm), 1);
	EXPECT_INT(told_at(5999, &farm), 0);
	EXPECT_INT(told_at(6000, &farm), FARMS - 1);
	finish();
}

UNIT_TESTS(views) = {
	{"what is told counts", what_is_told_counts},
	{"never stale", never_stale},
	{"what it says", what_it_says},
	{"a farm once a second", once_a_second},
	{"not too many together", not_too_many_together},
	UNIT_TESTS_END,
};
