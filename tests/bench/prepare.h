/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Puts the ruleset of a case into the place that was entered, with the flows that it is about. */
#ifndef TESTS_BENCH_PREPARE_H
#define TESTS_BENCH_PREPARE_H

#include "include/err.h"
#include "tests/bench/cases.h"

/* Who sends to whom in that place. */
struct frame_ends prepare_ends(const struct bench_case *c, const struct place *place);
/*
 * The number of flows in its tables goes to *ret_held; -1: not known. 0, -ENOTSUP when the product
 * does not do yet what the case asks for, or another negative errno; *err says what, or is left
 * alone.
 */
int prepare(const struct bench_case *c, const struct place *place, int64_t *ret_held,
	    struct err *err);

#endif
