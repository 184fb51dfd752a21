/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Least connections: how slots follow the counts. */
#include "director/ruleset/bucket.h"
#include "director/ruleset/least.h"
#include "tests/unit/unit.h"

#include <string.h>

enum { SIZE = 307, MOST = 10 };

/* A farm whose backends end a part of their connections in each step. */
struct farm {
	struct least_backend backends[MOST];
	double lifetimes[MOST]; /* in steps */
	double connections[MOST];
	size_t n;
	uint16_t slots[SIZE];
};

static void farm_init(struct farm *f, size_t n)
{
	*f = (struct farm){.n = n};
	for (size_t i = 0; i < n; i++) {
		f->backends[i].weight = 1;
		f->lifetimes[i] = 10;
	}
	for (uint32_t s = 0; s < SIZE; s++)
		f->slots[s] = BUCKET_NONE;
	least_step(f->slots, SIZE, f->backends, n, true);
}

static uint32_t part(const struct farm *f, size_t i)
{
	uint32_t n = 0;

	for (uint32_t s = 0; s < SIZE; s++)
		n += f->slots[s] == i;
	return n;
}

static int step(struct farm *f, double arrivals)
{
	for (size_t i = 0; i < f->n; i++) {
		double life = f->lifetimes[i], rest = arrivals * part(f, i) / SIZE * life;

		f->connections[i] = rest + (f->connections[i] - rest) * life / (1 + life);
		f->backends[i].connections = (uint64_t)f->connections[i];
	}
	return least_step(f->slots, SIZE, f->backends, f->n, false);
}

static void equal_backends_are_equal(void)
{
	struct farm f;

	farm_init(&f, 3);
	for (int i = 0; i < 100; i++)
		EXPECT_INT(step(&f, 100), 0);
	for (size_t i = 0; i < 3; i++)
		CU_ASSERT(part(&f, i) >= 102 && part(&f, i) <= 103);
}

static void weights_count(void)
{
	struct farm f;
	uint32_t parts[2];

	farm_init(&f, 2);
	f.backends[0].weight = 3;
	least_parts(f.backends, 2, 400, parts);
	EXPECT_INT(parts[0], 300);
	f.backends[0].connections = 300;
	f.backends[1].connections = 100;
	least_parts(f.backends, 2, 400, parts);
	EXPECT_INT(parts[0], 300);
	f.backends[0].connections = 0;
	least_parts(f.backends, 2, 400, parts);
	CU_ASSERT(parts[0] > 300);
}

/* Connections of one backend last three times as long: loads meet, and stay. */
static void converges(void)
{
	static const double lifetimes[] = {0.1, 0.5, 1, 2, 10, 50};

	for (size_t k = 0; k < sizeof(lifetimes) / sizeof(lifetimes[0]); k++) {
		struct farm f;
		int moved = 0;

		farm_init(&f, 3);
		for (size_t i = 0; i < 3; i++)
			f.lifetimes[i] = lifetimes[k] * (i == 0 ? 3 : 1);
		for (int i = 0; i < 1000; i++)
			step(&f, 1000);
		for (int i = 0; i < 200; i++)
			moved += step(&f, 1000);
		EXPECT_INT(moved, 0);
		CU_ASSERT(part(&f, 0) < part(&f, 1) * 7 / 10);
		CU_ASSERT(f.connections[0] < 2 * f.connections[1]);
	}
}

static void an_empty_backend_is_not_flooded(void)
{
	struct farm f;
	uint32_t before;

	farm_init(&f, 10);
	for (size_t i = 1; i < 10; i++)
		f.backends[i].connections = 100000;
	for (int i = 0; i < 50; i++) {
		before = part(&f, 0);
		least_step(f.slots, SIZE, f.backends, 10, false);
		CU_ASSERT(part(&f, 0) >= before);
		CU_ASSERT(part(&f, 0) <= 2 * SIZE / 10);
	}
	CU_ASSERT(part(&f, 0) > SIZE * 3 / 20);
}

static void an_overloaded_one_still_gets_some(void)
{
	struct farm f;

	farm_init(&f, 2);
	f.backends[0].connections = 1000000;
	for (int i = 0; i < 50; i++)
		least_step(f.slots, SIZE, f.backends, 2, false);
	CU_ASSERT(part(&f, 0) > SIZE / 10);
	CU_ASSERT(part(&f, 0) < SIZE / 4);
}

static void a_step_is_bounded(void)
{
	struct farm f;

	farm_init(&f, 2);
	f.backends[0].connections = 1000000;
	for (int i = 0; i < 50; i++)
		CU_ASSERT(least_step(f.slots, SIZE, f.backends, 2, false) <= SIZE / LEAST_STEP);
}

static void who_may_have_none_loses_all_at_once(void)
{
	struct farm f;
	uint32_t lost;

	farm_init(&f, 3);
	lost = part(&f, 1);
	f.backends[1].weight = 0;
	EXPECT_INT(least_step(f.slots, SIZE, f.backends, 3, false), lost);
	EXPECT_INT(part(&f, 1), 0);
	EXPECT_INT(part(&f, 0) + part(&f, 2), SIZE);
	f.backends[0].weight = f.backends[2].weight = 0;
	EXPECT_INT(least_step(f.slots, SIZE, f.backends, 3, false), SIZE);
	EXPECT_INT(f.slots[0], BUCKET_NONE);
	f.backends[1].weight = 1;
	least_step(f.slots, SIZE, f.backends, 3, false);
	EXPECT_INT(part(&f, 1), SIZE);
}

/* What does not have to change stays where it is. */
static void changes_are_few_and_the_same_each_time(void)
{
	struct farm f, g;
	uint16_t before[SIZE];
	int moved, differ = 0;

	farm_init(&f, 5);
	f.backends[2].connections = 1000;
	g = f;
	memcpy(before, f.slots, sizeof(before));
	moved = least_step(f.slots, SIZE, f.backends, 5, false);
	least_step(g.slots, SIZE, g.backends, 5, false);
	CU_ASSERT(memcmp(f.slots, g.slots, sizeof(f.slots)) == 0);
	for (uint32_t s = 0; s < SIZE; s++)
		differ += before[s] != f.slots[s];
	EXPECT_INT(moved, differ);
	CU_ASSERT(moved > 0);
}

UNIT_TESTS(least) = {
	{"equal backends are equal", equal_backends_are_equal},
	{"weights count", weights_count},
	{"converges", converges},
	{"an empty backend is not flooded", an_empty_backend_is_not_flooded},
	{"an overloaded one still gets some", an_overloaded_one_still_gets_some},
	{"a step is bounded", a_step_is_bounded},
	{"who may have none loses all at once", who_may_have_none_loses_all_at_once},
	{"changes are few and the same each time", changes_are_few_and_the_same_each_time},
	UNIT_TESTS_END,
};
