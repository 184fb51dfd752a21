/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What finding the objects of one ruleset by their names in another costs, as comparing two of them does for
 * each: where all is at its old place, and in a storm, when every second farm has gone and nothing is where
 * it was. Beside it the search around the old place, without an index, and the growth with twice as many
 * farms: whoever grows fourfold is quadratic.
 *
 *	bench_names [--rounds N=9]
 *
 * Medians of rounds in turns. Exit status 1: the storm grows by more than GOAL_GROWTH.
 */
#include "director/ruleset/ruleset.h"
#include "tests/bench/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FARMS = 1000, CHAINS = 6, ROUNDS_MAX = 99 };

#define GOAL_GROWTH 3.0

enum search { INDEX, AROUND };

struct world {
	struct ruleset all, half; /* half: every second farm is missing */
};

static void die(void)
{
	fputs("bench_names: no memory\n", stderr);
	exit(1);
}

static void fill(struct ruleset *r, unsigned int farms, unsigned int step)
{
	ruleset_init(r);
	for (unsigned int f = 0; f < farms; f += step)
		for (int i = 0; i < CHAINS; i++)
			if (ruleset_add_chain(r, "chain%d-f%u", i, f) < 0)
				die();
}

/* Without an index: 0, +1, -1, +2, … places away. */
static int find_around(const struct ruleset *r, const char *name, size_t near)
{
	size_t n = r->n_chains;

	for (size_t i = 0; i <= n; i++) {
		size_t distance = (i + 1) / 2;
		size_t at = i % 2 ? (near + distance) % n : (near + n - distance % n) % n;

		if (strcmp(r->chains[at].name, name) == 0)
			return (int)at;
	}
	return -1;
}

/* Nanoseconds a name, of all those of from in to. */
static double search(const struct ruleset *from, const struct ruleset *to, enum search how)
{
	double begun = report_now();
	size_t found = 0;

	for (size_t i = 0; i < from->n_chains; i++) {
		const char *name = from->chains[i].name;
		int at = how == INDEX ? ruleset_find_chain_near(to, name, i)
				      : find_around(to, name, i % to->n_chains);

		found += at >= 0;
	}
	if (found < from->n_chains / 2)
		die();
	return 1e9 * (report_now() - begun) / (double)from->n_chains;
}

static double median(const struct ruleset *from, const struct ruleset *to, enum search how,
		     unsigned int rounds)
{
	double values[ROUNDS_MAX];

	for (unsigned int i = 0; i < rounds; i++)
		values[i] = search(from, to, how);
	return report_quartiles(values, rounds).median;
}

static double show(const char *what, const struct ruleset *from, const struct ruleset *to,
		   unsigned int rounds)
{
	double indexed = median(from, to, INDEX, rounds), around = median(from, to, AROUND, rounds);

	printf("names, %-38s %9.0f ns each, around the old place %9.0f ns, ratio %8.2f\n", what,
	       indexed, around, around / indexed);
	return indexed * (double)from->n_chains;
}

int main(int argc, char **argv)
{
	unsigned int rounds = argc == 3 && strcmp(argv[1], "--rounds") == 0
				      ? (unsigned int)strtoul(argv[2], NULL, 10)
				      : 9;
	struct world one, two;
	double storm, double_storm, growth;

	if ((argc != 1 && argc != 3) || !rounds || rounds > ROUNDS_MAX) {
		fputs("usage: bench_names [--rounds N]\n", stderr);
		return 2;
	}
	fill(&one.all, FARMS, 1);
	fill(&one.half, FARMS, 2);
	fill(&two.all, 2 * FARMS, 1);
	fill(&two.half, 2 * FARMS, 2);
	show("1,000 farms, nothing has changed", &one.all, &one.all, rounds);
	storm = show("1,000 farms, every second has gone", &one.all, &one.half, rounds);
	double_storm = show("2,000 farms, every second has gone", &two.all, &two.half, rounds);
	growth = double_storm / storm;
	printf("names, twice as many farms take %.1f times as long; goal %.1f %s\n", growth,
	       GOAL_GROWTH, growth <= GOAL_GROWTH ? "met" : "MISSED");
	ruleset_clear(&one.all);
	ruleset_clear(&one.half);
	ruleset_clear(&two.all);
	ruleset_clear(&two.half);
	return growth > GOAL_GROWTH;
}
