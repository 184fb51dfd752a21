/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a drill was about: who asked, of what, and what the other director tells of itself. */
#include "director/drill/drill_about.h"
#include "tests/unit/unit.h"

#include <string.h>

static const struct drill_self self = {"a", "b", "0123abcd", 1795833834142};

static void asked_here(void)
{
	struct drill d = {.id = 5,
			  .asked_here = true,
			  .yields_here = true,
			  .limit_ms = 1000,
			  .budget = {200, 3}};
	struct drill_event ev = {
		.type = DRILL_EVENT_ORDER, .force = true, .has_asker = true, .uid = 7};
	struct sync_drill m = {.id = 5, .step = SYNC_DRILL_READY, .version = "9", .config = "77"};
	struct control_drill_about a = {.uid = 4};

	drill_about_begin(&a, &d, &ev, &self);
	EXPECT_TEXT(a.asked_on, "a");
	EXPECT_TEXT(a.from.version, DIRECTOR_VERSION);
	EXPECT_TEXT(a.from.config, "0123abcd");
	EXPECT_TEXT(a.to.version, "");
	CU_ASSERT(a.force && a.has_asker && a.uid == 7 && a.at_ms == self.wall_ms);
	EXPECT_INT(a.limit_ms, 1000);
	EXPECT_INT(a.max_gap_ms, 200);
	EXPECT_INT(a.max_lost, 3);
	drill_about_hear(&a, &d, &m);
	EXPECT_TEXT(a.to.version, "9");
	EXPECT_TEXT(a.to.config, "77");
	EXPECT_TEXT(a.from.config, "0123abcd");
	/* The first word counts. */
	strcpy(m.version, "10");
	drill_about_hear(&a, &d, &m);
	EXPECT_TEXT(a.to.version, "9");
}

static void asked_there(void)
{
	struct drill d = {.id = 5, .yields_here = true, .limit_ms = 1000};
	struct sync_drill m = {
		.id = 5, .step = SYNC_DRILL_ASK, .force = true, .version = "9", .config = "77"};
	struct drill_event ev = {.type = DRILL_EVENT_HEARD, .heard = &m};
	struct control_drill_about a;

	drill_about_begin(&a, &d, &ev, &self);
	EXPECT_TEXT(a.asked_on, "b");
	CU_ASSERT(a.force && !a.has_asker && a.uid == 0);
	m.id = 6;
	drill_about_hear(&a, &d, &m);
	EXPECT_TEXT(a.to.version, "");
	m.id = 5;
	m.step = SYNC_DRILL_REPORT;
	drill_about_hear(&a, &d, &m);
	EXPECT_TEXT(a.to.version, "");
	m.step = SYNC_DRILL_ASK;
	drill_about_hear(&a, &d, &m);
	EXPECT_TEXT(a.to.version, "9");
}

static void what_is_told(void)
{
	struct sync_drill m = {.step = SYNC_DRILL_READY};

	drill_about_sign(&m, "0123abcd");
	EXPECT_TEXT(m.version, DIRECTOR_VERSION);
	EXPECT_TEXT(m.config, "0123abcd");
	m = (struct sync_drill){.step = SYNC_DRILL_REPORT};
	drill_about_sign(&m, "0123abcd");
	EXPECT_TEXT(m.version, "");
	EXPECT_TEXT(m.config, "");
}

static void attempts_to_go_back(void)
{
	struct drill d = {.result = DRILL_REFUSED, .asked_here = true};

	CU_ASSERT(drill_about_counts(&d, 0));
	CU_ASSERT(!drill_about_counts(&d, 7));
	d.asked_here = false;
	CU_ASSERT(!drill_about_counts(&d, 0));
	for (int result = DRILL_REFUSED + 1; result <= DRILL_UNKNOWN; result++) {
		d.result = (enum drill_result)result;
		CU_ASSERT(drill_about_counts(&d, 7));
	}
}

UNIT_TESTS(drill_about) = {
	{"asked here", asked_here},
	{"asked there", asked_there},
	{"what is told", what_is_told},
	{"attempts to go back", attempts_to_go_back},
	UNIT_TESTS_END,
};
