/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The election of simulated directors (vrrp_sim.h): many histories, every row, every mistake. */
#include "tests/unit/unit.h"
#include "tests/unit/vrrp_sim.h"

#include <stdlib.h>

enum {
	SEEDS = 10000,
	MUTANT_SEEDS = 2000, /* by the row that it steps on: some are rare */
	OUTSIDE_SEEDS = 200,
	ROWS_PERCENT = 95,	 /* of the table that must be visited */
	FOUND_FROM_OUTSIDE = 25, /* mistakes that show in what the world can see */
};

static uint64_t number(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 10) : otherwise;
}

/* The whole history, and how to see it again. True when nothing was wrong. */
static bool print_history(uint64_t seed, const struct sim_options *options)
{
	struct sim_options traced = *options;
	struct sim_outcome out;

	traced.trace = stdout;
	printf("\n");
	out = vrrp_sim_run(seed, &traced);
	printf("    seed %llu: %s. The same again:\n"
	       "    VRRP_SEED=%llu VRRP_MUTANT=%d build/san/run-tests vrrp_sim\n",
	       (unsigned long long)seed, out.wrong ? out.wrong : "nothing is wrong",
	       (unsigned long long)seed, (int)options->mutant);
	return !out.wrong;
}

static void add(struct sim_outcome *sum, const struct sim_outcome *o)
{
	for (size_t i = 0; i < SIM_COUNTERS; i++)
		sum->counters[i] += o->counters[i];
	for (size_t i = 0; i < RULES_ROWS; i++)
		sum->rows[i] += o->rows[i];
}

static void print_sums(const struct sim_outcome *sum)
{
	for (size_t i = 0; i < SIM_COUNTERS; i++)
		printf("\n    %10u %s", sum->counters[i],
		       vrrp_sim_counter_name((enum sim_counter)i));
	for (size_t i = 0; i < RULES_ROWS; i++)
		printf("\n    %10u %s", sum->rows[i], rules_row_text((enum rules_row)i));
}

/* Nothing that the simulation is for was left out by chance. */
static void expect_coverage(const struct sim_outcome *sum)
{
	unsigned int visited = 0;

	for (size_t i = 0; i < RULES_ROWS; i++) {
		visited += sum->rows[i] > 0;
		if (!sum->rows[i])
			printf("\n    no history has \"%s\"", rules_row_text((enum rules_row)i));
	}
	CU_ASSERT(visited * 100 >= RULES_ROWS * ROWS_PERCENT);
	for (size_t i = 0; i < SIM_COUNTERS; i++)
		CU_ASSERT(sum->counters[i] > 0 || i == SIM_REJECTED);
	EXPECT_INT(sum->counters[SIM_REJECTED], 0);
}

static void one_master_in_every_history(void)
{
	const struct sim_options options = {.mutant = MUTANT_NONE};
	uint64_t seeds = number("VRRP_SEEDS", SEEDS);
	struct sim_outcome sum = {0};

	if (getenv("VRRP_SEED"))
		return;
	for (uint64_t seed = 1; seed <= seeds; seed++) {
		struct sim_outcome out = vrrp_sim_run(seed, &options);

		add(&sum, &out);
		if (!out.wrong)
			continue;
		CU_ASSERT(print_history(seed, &options));
		return;
	}
	expect_coverage(&sum);
	if (getenv("VRRP_SEEDS"))
		print_sums(&sum);
}

/* The seed that finds a mistake, or 0. */
static uint64_t find(const struct sim_options *options, struct sim_outcome *ret)
{
	for (uint64_t seed = 1; seed <= (options->from_outside ? OUTSIDE_SEEDS : MUTANT_SEEDS);
	     seed++) {
		*ret = vrrp_sim_run(seed, options);
		if (ret->wrong)
			return seed;
	}
	return 0;
}

static void every_mistake_is_found(void)
{
	int from_outside = 0;

	if (getenv("VRRP_SEED"))
		return;
	for (int m = MUTANT_NONE + 1; m < VRRP_MUTANTS; m++) {
		struct sim_options options = {.mutant = (enum vrrp_mutant)m, .from_outside = true};
		struct sim_outcome out;
		uint64_t seed = find(&options, &out);

		from_outside += seed > 0;
		options.from_outside = false;
		if (getenv("VRRP_SEEDS"))
			printf("\n    %2d %s: seed %llu: %s", m, mutant_name(options.mutant),
			       (unsigned long long)seed, seed ? out.wrong : "not from outside");
		if (seed)
			continue;
		seed = find(&options, &out);
		if (!seed)
			printf("\n    not found: %d %s", m, mutant_name(options.mutant));
		CU_ASSERT(seed > 0);
	}
	CU_ASSERT(from_outside >= FOUND_FROM_OUTSIDE);
}

/* VRRP_SEED and VRRP_MUTANT: one history, as it happens. */
static void replay(void)
{
	struct sim_options options = {.mutant = (enum vrrp_mutant)number("VRRP_MUTANT", 0)};

	if (getenv("VRRP_SEED") && options.mutant < VRRP_MUTANTS)
		CU_ASSERT(print_history(number("VRRP_SEED", 0), &options));
}

UNIT_TESTS(vrrp_sim) = {
	{"one master in every history", one_master_in_every_history},
	{"every mistake is found", every_mistake_is_found},
	{"replay", replay},
	UNIT_TESTS_END,
};
