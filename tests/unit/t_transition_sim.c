/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The promise of a transition in simulated packets (transition_sim.h). TRANSITION_SEEDS=N runs more
 * histories and prints sums.
 */
#include "tests/unit/transition_sim.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

enum { SEEDS = 40, MUTANT_SEEDS = 200 };

static void add(struct sim_result *sum, const struct sim_result *r)
{
	for (size_t i = 0; i < SIM_COUNTERS; i++)
		sum->counters[i] += r->counters[i];
}

static void print_counters(const struct sim_result *r)
{
	for (size_t i = 0; i < SIM_COUNTERS; i++)
		printf("%s%s %u", i ? ", " : "\n    ", sim_counter_name((enum sim_counter)i),
		       r->counters[i]);
}

static void flows_stay_in_every_history(void)
{
	const char *more = getenv("TRANSITION_SEEDS");
	uint32_t seeds = more ? (uint32_t)strtoul(more, NULL, 10) : SEEDS;
	struct sim_result sum = {0};

	for (uint32_t seed = 1; seed <= seeds; seed++) {
		struct sim_result r = sim_run(seed, SIM_NONE);

		if (r.failures)
			printf("\n    seed %u: %s", seed, r.first);
		EXPECT_INT(r.failures, 0);
		add(&sum, &r);
	}
	/* Nothing that the simulation is for was left out by chance. */
	for (size_t i = 0; i < SIM_COUNTERS; i++)
		CU_ASSERT(sum.counters[i] > 0);
	/* The known limit stays one that is hard to meet. */
	CU_ASSERT(sum.counters[SIM_COUNT_STRADDLED] * 10 < sum.counters[SIM_COUNT_OVERFLOWS]);
	if (more)
		print_counters(&sum);
}

static void every_mistake_is_found(void)
{
	for (int m = SIM_NONE + 1; m < SIM_MUTANT_COUNT; m++) {
		struct sim_result r = {0};
		uint32_t seed = 0;

		while (!r.failures && seed < MUTANT_SEEDS)
			r = sim_run(++seed, (enum sim_mutant)m);
		if (!r.failures || getenv("TRANSITION_SEEDS"))
			printf("\n    %s: seed %u: %s", sim_mutant_name((enum sim_mutant)m), seed,
			       r.first);
		CU_ASSERT(r.failures > 0);
	}
}

UNIT_TESTS(transition_sim) = {
	{"flows stay in every history", flows_stay_in_every_history},
	{"every mistake is found", every_mistake_is_found},
	UNIT_TESTS_END,
};
