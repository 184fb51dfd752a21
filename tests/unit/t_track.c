/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ha/track.h"
#include "tests/unit/unit.h"

#include <stdio.h>

static void priorities(void)
{
	static const struct {
		uint8_t base;
		struct track_item items[3];
		size_t n;
		uint8_t priority;
	} cases[] = {
		{100, {{0}}, 0, 100},
		{100, {{20, true}}, 1, 120},
		{100, {{20, false}}, 1, 100},
		{100, {{-20, true}}, 1, 100},
		{100, {{-20, false}}, 1, 80},
		{100, {{0, true}}, 1, 100},
		{100, {{20, true}, {-30, false}, {5, true}}, 3, 95},
		{100, {{-254, false}}, 1, 1},
		{254, {{1, true}}, 1, 254},
		{1, {{254, true}, {254, true}, {254, true}}, 3, 254},
		{250, {{254, true}, {-254, false}}, 2, 250}, /* limited at the end only */
		{255, {{-50, false}, {50, true}}, 2, 255},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct track_result r = track_judge(cases[i].base, cases[i].items, cases[i].n);

		EXPECT_INT(r.priority, cases[i].priority);
		CU_ASSERT(!r.fault);
	}
}

static void faults(void)
{
	const struct track_item items[] = {{-10, false}, {0, true}, {0, false}, {0, false}};
	struct track_result r = track_judge(100, items, 4);

	CU_ASSERT(r.fault);
	EXPECT_INT(r.culprit, 2);
	EXPECT_INT(r.priority, 90);
	CU_ASSERT(track_judge(255, items, 4).fault);
	CU_ASSERT(!track_judge(100, items, 2).fault);
}

/* The table of ha/track.h: three backends that both have. What is there is another set where it says so. */
static void farms(void)
{
	static const struct {
		const char *what;
		struct track_farms here, there;
		bool well, well_there;
	} rows[] = {
		{"all serve", {3, 0, 7}, {3, 0, 7}, true, true},
		{"one is down here only", {2, 1, 7}, {3, 0, 7}, false, true},
		{"more are down here than there", {1, 2, 7}, {2, 1, 7}, false, true},
		{"one is down on both", {2, 1, 7}, {2, 1, 7}, true, true},
		{"all are down on both", {0, 3, 7}, {0, 3, 7}, true, true},
		{"added here first", {4, 0, 8}, {3, 0, 7}, true, true},
		{"added here first, not up yet", {3, 1, 8}, {3, 0, 7}, true, true},
		{"removed here first", {2, 0, 6}, {3, 0, 7}, true, true},
		{"removed here first, it was down", {2, 0, 6}, {2, 1, 7}, true, true},
		{"replaced here first, not up yet", {2, 1, 9}, {3, 0, 7}, true, true},
		{"a farm here only", {6, 0, 8}, {3, 0, 7}, true, true},
		{"a farm here only, all of it is down", {3, 3, 8}, {3, 0, 7}, true, true},
		{"nothing here", {0, 0, 0}, {3, 0, 7}, true, true},
		{"added there first, one is down here", {2, 1, 7}, {4, 0, 8}, true, true},
		{"removed here first, one is down here", {1, 1, 6}, {3, 0, 7}, true, true},
		{"two replaced by one here first, not up yet", {2, 1, 6}, {4, 0, 7}, true, true},
		{"added here first, one is down here", {3, 1, 8}, {3, 0, 7}, true, true},
		{"removed there first, one is down here", {2, 1, 7}, {2, 0, 6}, true, true},
		{"more than can be", {0, UINT32_MAX, 7}, {UINT32_MAX, 0, 7}, false, true},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool well = track_farms_are_well(&rows[i].here, &rows[i].there);
		bool well_there = track_farms_are_well(&rows[i].there, &rows[i].here);

		if (well != rows[i].well || well_there != rows[i].well_there)
			printf("\n    %s: %d here, %d there\n", rows[i].what, well, well_there);
		CU_ASSERT(well == rows[i].well);
		CU_ASSERT(well_there == rows[i].well_there);
		CU_ASSERT(track_farms_are_well(&rows[i].here, NULL));
	}
}

/* Whatever the numbers are: other backends prove nothing. */
static void other_backends(void)
{
	for (uint32_t i = 0; i < 4 * 4 * 4 * 4; i++) {
		struct track_farms a = {i & 3, i >> 2 & 3, 7}, b = {i >> 4 & 3, i >> 6 & 3, 8};

		CU_ASSERT(track_farms_are_well(&a, &b) && track_farms_are_well(&b, &a));
		b.backends = a.backends;
		CU_ASSERT(track_farms_are_well(&a, &b) || track_farms_are_well(&b, &a));
	}
}

UNIT_TESTS(track) = {
	{"priorities", priorities},	    {"faults", faults}, {"farms", farms},
	{"other backends", other_backends}, UNIT_TESTS_END,
};
