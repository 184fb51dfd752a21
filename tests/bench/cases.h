/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What bench_packet measures: a case is a row. */
#ifndef TESTS_BENCH_CASES_H
#define TESTS_BENCH_CASES_H

#include "tests/bench/frames.h"
#include "tests/bench/planned.h"

#include <stddef.h>

struct bench_case {
	const char *name;
	/* The ruleset: a file of tests/bench/rulesets (its name without ".nft") or a planned one. */
	const char *nft;
	struct shape shape;
	uint32_t fill; /* connections that are made before anything is measured */
	struct traffic traffic;
	bool drops;	       /* no frame leaves; else every one does */
	const char *reference; /* name of the row that it is divided by */
	double goal;	       /* the ratio should not exceed it; 0: there is no goal */
};

extern const struct bench_case bench_cases[];
extern const size_t bench_cases_count;

/* Rows beside each other with the same ruleset and the same connections share a place. */
bool bench_case_same_place(const struct bench_case *a, const struct bench_case *b);
/* Row of that name, which is there. */
size_t bench_case_find(const char *name);

#endif
