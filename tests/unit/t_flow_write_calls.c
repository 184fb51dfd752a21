/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What becomes of each operation of a call that writes flows, against a kernel of the test's own
 * (flow_write_sim.h).
 */
#include "director/flow/flow_write.h"
#include "tests/unit/flow_write_sim.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TIMEOUT = 900000, LEFT = 420000, ROUNDS = 20000, RANDOM_OPS = 24 };

static const struct flow_write_kernel new_kernel = {true, true, true}, old_kernel = {0};
static const struct flow_ask_set a_flows = {.table = "director", .set = "a", .key_len = 12};
static const struct flow_ask_set b_flows = {.table = "director", .set = "b", .key_len = 12};
static const struct flow_ask_set no_flows = {.table = "director", .set = "x", .key_len = 12};

static struct flow_write_op op(enum flow_write_kind kind, const struct flow_ask_set *set,
			       uint8_t key, uint32_t mark)
{
	return (struct flow_write_op){.kind = kind,
				      .set = set,
				      .key = {key},
				      .mark = mark,
				      .timeout_ms = TIMEOUT,
				      .left_ms = LEFT};
}

static uint8_t transaction[FLOW_WRITE_BYTES];

/* As flow_write_uv.c does it. The number of transactions, or negative. */
static int run(struct flow_write *w, struct sim *s, const struct flow_write_op *ops, size_t n,
	       enum flow_write_result *results)
{
	int code = flow_write_begin(w, &s->kernel, ops, n, results), transactions = 0;
	uint32_t seq = 100;

	if (code == 0 && !flow_write_is_settled(w))
		do {
			size_t len = flow_write_build(w, seq, transaction, sizeof(transaction));

			transactions++;
			if (!len || !sim_transact(s, transaction, len))
				return -EPROTO;
			for (size_t i = 0; i < s->n_answers; i++)
				flow_write_hear(w, &s->answers[i]);
			seq += flow_write_numbers(w);
			code = flow_write_end(w);
		} while (code == FLOW_WRITE_AGAIN);
	return code ? code : transactions;
}

static const char *result_names(const enum flow_write_result *results, size_t n)
{
	static char text[400];
	size_t used = 0;

	for (size_t i = 0; i < n; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", i ? " " : "",
					 flow_write_result_name(results[i]));
	return text;
}

/* One of each kind of failure among good ones: three transactions, the good ones are done. */
static void one_of_each_on(const struct flow_write_kernel *kernel, int transactions)
{
	struct flow_write_op ops[] = {
		op(FLOW_WRITE_PUT, &a_flows, 0, 1),	op(FLOW_WRITE_PUT, &a_flows, 1, 2),
		op(FLOW_WRITE_PUT, &a_flows, 2, 1),	op(FLOW_WRITE_PUT, &a_flows, 3, 1),
		op(FLOW_WRITE_PUT, &no_flows, 3, 1),	op(FLOW_WRITE_DELETE, &b_flows, 5, 1),
		op(FLOW_WRITE_DELETE, &no_flows, 5, 1), op(FLOW_WRITE_CHANGE, &a_flows, 1, 2),
		op(FLOW_WRITE_CHANGE, &b_flows, 1, 2),	op(FLOW_WRITE_PUT, &b_flows, 2, 2),
	};
	struct flow_write *w = calloc(1, sizeof(*w));
	struct sim s = {.kernel = *kernel, .size = 3};
	enum flow_write_result results[10];

	s.table.elements[0][0] = s.table.elements[0][1] = (struct sim_element){true, 1, 5};
	ops[9].left_ms = TIMEOUT + 1;
	EXPECT_INT(run(w, &s, ops, 10, results), transactions);
	EXPECT_TEXT(result_names(results, 10),
		    "done other done full no-set done done done done refused");
	EXPECT_INT(s.table.elements[0][0].left_ms, LEFT);
	EXPECT_INT(s.table.elements[0][1].mark, 2);
	EXPECT_INT(s.table.elements[0][2].there, true);
	EXPECT_INT(s.table.elements[1][1].mark, 2);
	EXPECT_INT(s.table.elements[1][2].there, false);
	EXPECT_INT(s.committed, 1);
	free(w);
}

static void one_of_each(void)
{
	const struct flow_write_kernel middle = {.destroys = true};

	one_of_each_on(&new_kernel, 3);
	one_of_each_on(&middle, 3);
	one_of_each_on(&old_kernel, 3);
}

/* All that is new, among what is not: the kernel is asked four times, not once for each. */
static void full_map_on(const struct flow_write_kernel *kernel, bool keeps)
{
	struct flow_write *w = calloc(1, sizeof(*w));
	struct sim s = {.kernel = *kernel, .size = 3, .keeps = keeps}, model;
	enum flow_write_result results[2 * SIM_KEYS];
	struct flow_write_op ops[2 * SIM_KEYS];

	for (int i = 0; i < 3; i++)
		s.table.elements[0][3 + i] = (struct sim_element){true, 1, 5};
	model = s;
	for (uint8_t i = 0; i < 2 * SIM_KEYS; i++)
		ops[i] = op(i < SIM_KEYS ? FLOW_WRITE_PUT : FLOW_WRITE_CHANGE, &a_flows,
			    i % SIM_KEYS, 1 + i / SIM_KEYS);
	CU_ASSERT(run(w, &s, ops, 2 * SIM_KEYS, results) <= 4);
	EXPECT_TEXT(
		result_names(results, 2 * SIM_KEYS),
		"full full full done done done full full full full full done done done full full");
	for (int i = 0; i < 2 * SIM_KEYS; i++)
		sim_do(&model, &ops[i]);
	CU_ASSERT(memcmp(&s.table, &model.table, sizeof(s.table)) == 0);
	free(w);
}

static void full_map(void)
{
	const struct flow_write_kernel middle = {.destroys = true};

	for (int keeps = 0; keeps < 2; keeps++) {
		full_map_on(&new_kernel, keeps);
		full_map_on(&middle, keeps);
		full_map_on(&old_kernel, keeps);
	}
}

/* What is impossible by itself is not even sent. */
static void impossible(void)
{
	struct flow_ask_set no_key = a_flows, long_key = a_flows;
	struct flow_write_op ops[] = {
		op(FLOW_WRITE_PUT, &a_flows, 0, 1),
		op(FLOW_WRITE_PUT, &a_flows, 0, 1),
		op(FLOW_WRITE_DELETE, &no_key, 0, 1),
		op(FLOW_WRITE_DELETE, &long_key, 0, 1),
	};
	struct flow_write *w = calloc(1, sizeof(*w));
	struct sim s = {.kernel = new_kernel, .size = 3};
	enum flow_write_result results[4];

	no_key.key_len = 0;
	long_key.key_len = FLOW_ASK_FLOW_KEY + 1;
	ops[0].left_ms = 0;
	ops[1].timeout_ms = 0;
	EXPECT_INT(run(w, &s, ops, 4, results), 0);
	EXPECT_TEXT(result_names(results, 4), "refused refused refused refused");
	EXPECT_INT(run(w, &s, ops, 0, results), 0);
	free(w);
}

static struct flow_write_op random_op(unsigned int *seed, const struct flow_write_op *before)
{
	static const struct flow_ask_set *const sets[] = {&a_flows, &a_flows, &a_flows,
							  &b_flows, &b_flows, &no_flows};
	struct flow_write_op o =
		op((enum flow_write_kind)(rand_r(seed) % 3), sets[rand_r(seed) % 6],
		   (uint8_t)(rand_r(seed) % SIM_KEYS), (uint32_t)(rand_r(seed) % 2));

	if (before && rand_r(seed) % 4) { /* runs, so that there are groups */
		o.kind = before->kind;
		o.set = before->set;
	}
	o.left_ms = (uint64_t)(rand_r(seed) % 100000);
	return o;
}

/* Any operations on any table: in one call they do what they do one after the other. */
static void random_calls_on(const struct flow_write_kernel *kernel, bool keeps)
{
	struct flow_write *w = calloc(1, sizeof(*w));
	struct sim s = {.kernel = *kernel, .size = 5, .keeps = keeps}, model;
	unsigned int seed = 4711, left = 0, most = 0;

	for (int round = 0; round < ROUNDS; round++) {
		enum flow_write_result results[RANDOM_OPS];
		struct flow_write_op ops[RANDOM_OPS];
		size_t n = (size_t)(rand_r(&seed) % RANDOM_OPS) + 1;
		bool wrong = false;
		int transactions;

		model = s;
		for (size_t i = 0; i < n; i++)
			ops[i] = random_op(&seed, i ? &ops[i - 1] : NULL);
		transactions = run(w, &s, ops, n, results);
		CU_ASSERT_FATAL(transactions >= 0 && transactions <= FLOW_WRITE_ATTEMPTS);
		most = (unsigned int)transactions > most ? (unsigned int)transactions : most;
		if (strstr(result_names(results, n), "left")) {
			left++; /* nothing was done */
			CU_ASSERT(memcmp(&s.table, &model.table, sizeof(s.table)) == 0);
			continue;
		}
		for (size_t i = 0; i < n; i++)
			wrong |= sim_do(&model, &ops[i]) != results[i];
		for (size_t i = 0; i < SIM_SETS * SIM_KEYS; i++) {
			const struct sim_element *is = &s.table.elements[0][0] + i;
			const struct sim_element *should = &model.table.elements[0][0] + i;

			wrong |= is->there != should->there ||
				 (is->there &&
				  (is->mark != should->mark || is->left_ms != should->left_ms));
		}
		CU_ASSERT_FATAL(!wrong);
	}
	printf("\n    %d random calls: at most %u transactions, %u given up ", ROUNDS, most, left);
	CU_ASSERT(left < ROUNDS / 5);
	free(w);
}

static void random_calls(void)
{
	const struct flow_write_kernel middle = {.destroys = true};

	for (int keeps = 0; keeps < 2; keeps++) {
		random_calls_on(&new_kernel, keeps);
		random_calls_on(&middle, keeps);
		random_calls_on(&old_kernel, keeps);
	}
}

/* The transaction as a whole. */
static void verdicts(void)
{
	struct flow_write_op one = op(FLOW_WRITE_PUT, &a_flows, 0, 1);
	struct flow_write *w = calloc(1, sizeof(*w));
	enum flow_write_result result;
	const struct flow_write_answer begin = {10, -EPERM}, end = {12, 0},
				       stale[] = {{9, -EEXIST}, {13, 0}};

	EXPECT_INT(flow_write_begin(w, &new_kernel, &one, 1, &result), 0);
	CU_ASSERT(flow_write_build(w, 10, transaction, sizeof(transaction)) > 0);
	flow_write_hear(w, &stale[0]);
	flow_write_hear(w, &stale[1]);
	EXPECT_INT(flow_write_end(w), -EIO);
	flow_write_hear(w, &end);
	EXPECT_INT(flow_write_end(w), 0);
	EXPECT_INT(result, FLOW_WRITE_DONE);
	EXPECT_INT(flow_write_begin(w, &new_kernel, &one, 1, &result), 0);
	CU_ASSERT(flow_write_build(w, 10, transaction, sizeof(transaction)) > 0);
	flow_write_hear(w, &begin);
	EXPECT_INT(flow_write_end(w), -EPERM);
	free(w);
}

/* Packets that always are faster: the work is bounded, nothing is done of what is left. */
static void raced(void)
{
	struct flow_write_op ops[] = {op(FLOW_WRITE_PUT, &a_flows, 0, 1),
				      op(FLOW_WRITE_PUT, &a_flows, 1, 1)};
	struct flow_write *w = calloc(1, sizeof(*w));
	enum flow_write_result results[2];
	int code = FLOW_WRITE_AGAIN, transactions = 0;

	EXPECT_INT(flow_write_begin(w, &new_kernel, ops, 2, results), 0);
	while (code == FLOW_WRITE_AGAIN) {
		CU_ASSERT(flow_write_build(w, 10, transaction, sizeof(transaction)) > 0);
		transactions++;
		/* Whenever they are together: somebody is in the way. When they are not: nobody. */
		if (flow_write_numbers(w) == 3)
			flow_write_hear(w, &(struct flow_write_answer){11, -EEXIST});
		else
			w->refused = true;
		code = flow_write_end(w);
	}
	EXPECT_INT(code, 0);
	EXPECT_INT(transactions, FLOW_WRITE_ATTEMPTS);
	EXPECT_TEXT(result_names(results, 2), "left left");
	free(w);
}

/*
 * A packet puts again what the first of two changes has just taken out, in so many transactions: it
 * is tried again, and given up before the other one is.
 */
static void raced_change(int times, const char *results_wanted)
{
	struct flow_write_op ops[] = {op(FLOW_WRITE_CHANGE, &a_flows, 0, 1),
				      op(FLOW_WRITE_CHANGE, &a_flows, 1, 1)};
	struct flow_write *w = calloc(1, sizeof(*w));
	enum flow_write_result results[2];
	int code = FLOW_WRITE_AGAIN, transactions = 0;

	EXPECT_INT(flow_write_begin(w, &new_kernel, ops, 2, results), 0);
	while (code == FLOW_WRITE_AGAIN && transactions < FLOW_WRITE_ATTEMPTS) {
		CU_ASSERT(flow_write_build(w, 10, transaction, sizeof(transaction)) > 0);
		/* Its put is the second message, then the third: it deletes what the packet put. */
		EXPECT_INT(flow_write_numbers(w), transactions == 0   ? 4
						  : transactions == 1 ? 6
						  : transactions < 4  ? 7
								      : 4);
		if (transactions++ < times)
			flow_write_hear(w, &(struct flow_write_answer){transactions < 3 ? 12 : 13,
								       -EEXIST});
		else
			flow_write_hear(
				w, &(struct flow_write_answer){10 + flow_write_numbers(w) - 1, 0});
		code = flow_write_end(w);
	}
	EXPECT_INT(code, 0);
	EXPECT_INT(transactions, times + 1);
	EXPECT_TEXT(result_names(results, 2), results_wanted);
	free(w);
}

static void raced_changes(void)
{
	for (int times = 0; times < 4; times++)
		raced_change(times, "done done");
	raced_change(4, "other done");
}

UNIT_TESTS(flow_write_calls) = {
	{"one of each failure", one_of_each},
	{"a full map", full_map},
	{"what is impossible", impossible},
	{"random calls do what single operations do", random_calls},
	{"verdicts on the whole", verdicts},
	{"packets that are always faster", raced},
	{"changes that packets race", raced_changes},
	UNIT_TESTS_END,
};
