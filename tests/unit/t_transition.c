/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/transition_sim.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

static void flows_stay_in_every_history(void)
{
	const char *more = getenv("TRANSITION_SEEDS");
	uint32_t seeds = more ? (uint32_t)atoi(more) : 60;
	struct sim_result sum = {0};

	for (uint32_t seed = 1; seed <= seeds; seed++) {
		struct sim_result r = sim_run(seed, SIM_NONE);

		if (r.failures)
			printf("\n    seed %u: %s", seed, r.first);
		EXPECT_INT(r.failures, 0);
		sum.packets += r.packets;
		sum.probes += r.probes;
		sum.mixed += r.mixed;
		sum.remembered += r.remembered;
		sum.overflows += r.overflows;
		sum.straddled += r.straddled;
		sum.commits += r.commits;
		for (int i = 0; i < 6; i++)
			sum.entered[i] += r.entered[i];
		sum.joined += r.joined;
		sum.retargeted += r.retargeted;
		sum.stopped += r.stopped;
		sum.orphaned += r.orphaned;
		sum.learned += r.learned;
		sum.restarts += r.restarts;
		sum.reloads += r.reloads;
	}
	printf("packets %u probes %u mixed %u remembered %u overflows %u straddled %u commits %u\n"
	       "entered %u %u %u %u %u %u joined %u retargeted %u stopped %u orphaned %u learned "
	       "%u "
	       "restarts %u reloads %u\n",
	       sum.packets, sum.probes, sum.mixed, sum.remembered, sum.overflows, sum.straddled,
	       sum.commits, sum.entered[0], sum.entered[1], sum.entered[2], sum.entered[3],
	       sum.entered[4], sum.entered[5], sum.joined, sum.retargeted, sum.stopped,
	       sum.orphaned, sum.learned, sum.restarts, sum.reloads);
}

static void every_mistake_is_found(void)
{
	for (int m = SIM_NONE + 1; m < SIM_MUTANT_COUNT; m++) {
		struct sim_result r = {0};
		uint32_t seed = 0;

		while (!r.failures && seed < 1000)
			r = sim_run(++seed, (enum sim_mutant)m);
		printf("%-60s seed %2u: %s\n", sim_mutant_name((enum sim_mutant)m), seed, r.first);
		CU_ASSERT(r.failures > 0);
	}
}

UNIT_TESTS(transition) = {
	{"flows stay in every history", flows_stay_in_every_history},
	{"every mistake is found", every_mistake_is_found},
	UNIT_TESTS_END,
};
