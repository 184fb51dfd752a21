/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The elements of a ruleset put into the kernel by the shortest program there is: a loop over
 * libmnl, in small transactions, knowing nothing of rules, differences or verdicts. What our own
 * way is compared with.
 */
#ifndef TESTS_BENCH_PLAIN_H
#define TESTS_BENCH_PLAIN_H

#include "director/ruleset/ruleset.h"
#include "include/err.h"

/*
 * Makes the table, its sets and chains without a rule or an element, then puts in the elements.
 * Seconds that the elements took in *ret. 0 or negative errno.
 */
int plain_insert(const struct ruleset *r, double *ret, struct err *err);

#endif
