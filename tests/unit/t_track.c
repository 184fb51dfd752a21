/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ha/track.h"
#include "tests/unit/unit.h"

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

static void farms(void)
{
	CU_ASSERT(track_farm_is_well(0, false, 0));
	CU_ASSERT(track_farm_is_well(0, true, 0));
	CU_ASSERT(track_farm_is_well(2, true, 2));
	CU_ASSERT(track_farm_is_well(3, true, 2));
	CU_ASSERT(!track_farm_is_well(2, true, 3));
	CU_ASSERT(!track_farm_is_well(0, true, 1));
	CU_ASSERT(track_farm_is_well(0, false, 5)); /* of a heartbeat that is too old */
}

UNIT_TESTS(track) = {
	{"priorities", priorities},
	{"faults", faults},
	{"farms", farms},
	UNIT_TESTS_END,
};
