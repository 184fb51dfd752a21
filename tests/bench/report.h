/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What both benchmarks report alike: quantiles, facts of the machine, the JSON file. */
#ifndef TESTS_BENCH_REPORT_H
#define TESTS_BENCH_REPORT_H

#include <jansson.h>
#include <stddef.h>

struct quartiles {
	double q1, median, q3;
};

/* Of n > 0 values, which it sorts. */
struct quartiles report_quartiles(double *values, size_t n);
double report_now(void); /* seconds */
/* {"kernel", "cpu", "cores", "load"} */
json_t *report_machine(void);
/*
 * Writes the document to a file, whole or not at all, and lets go of it. 0, or negative errno after
 * a line on standard error.
 */
int report_write(const char *path, json_t *document);

#endif
