/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The judge. Every packet of a flow must have come to one and the same backend, once. Two things may
 * be granted:
 *
 *	an outage   a backend was dead from one moment to another: its flows may move once, to one
 *	            other backend and not before that moment, and what was sent to it meanwhile may be
 *	            lost. Only packets of flows that were alive in the outage are excused.
 *	a closure   a backend must not get flows that were opened between these moments.
 */
#ifndef TESTS_FLOWCHECK_JUDGE_H
#define TESTS_FLOWCHECK_JUDGE_H

#include "tests/flowcheck/flow.h"

enum { JUDGE_BACKENDS_MAX = 16, JUDGE_OFFENDERS_MAX = 100, JUDGE_TEXT = 300 };

struct judge_rule {
	char name[FLOW_NAME_MAX];
	int64_t from_ms, until_ms;
};

struct judge_case {
	const struct flow_report *sent;
	const struct flow_report *backends;
	size_t n_backends;
	const struct judge_rule *outages, *closures;
	const struct judge_rule *marks; /* what was done when, in order: for offenders */
	size_t n_outages, n_closures, n_marks;
	size_t offenders; /* how many to name */
};

enum judge_verdict {
	JUDGE_GOOD,
	JUDGE_BAD,
	JUDGE_OVERLOAD, /* packets are missing, but no more than the instrument itself dropped */
};

struct judge_result {
	enum judge_verdict verdict;
	uint64_t flows_moved;	  /* to another backend, not granted */
	uint64_t flows_lossy;	  /* with packets missing */
	uint64_t packets_lost;	  /* not excused */
	uint64_t packets_twice;	  /* came again */
	uint64_t packets_late;	  /* too late to be judged */
	uint64_t packets_strange; /* of a flow that nobody sent */
	uint64_t flows_misplaced; /* opened on a closed backend */
	uint64_t moves_granted, losses_excused, reordered, overload;
	char offenders[JUDGE_OFFENDERS_MAX][JUDGE_TEXT];
	size_t n_offenders;
};

/* 0 or -ENOMEM. */
int judge(const struct judge_case *c, struct judge_result *ret);
const char *judge_verdict_name(enum judge_verdict v);

#endif
