/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What flow_write.h says of the kernel, tried on the real one in a network namespace of the test's
 * own; each story also as on an old kernel. Needs root.
 */
#include "tests/unit/flow_write_place.h"
#include "tests/unit/flow_write_sim.h"
#include "tests/unit/namespace.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	FULL = 5,
	CALLS = 60, /* random ones: each refused transaction takes 10 to 40 ms */
	RANDOM_OPS = 24,
};

static const struct flow_ask_set a_flows = {.table = "director", .set = "a", .key_len = 12};
static const struct flow_ask_set b_flows = {.table = "director", .set = "b", .key_len = 12};
static const struct flow_ask_set no_flows = {.table = "director", .set = "x", .key_len = 12};

#define TABLE                                                                                      \
	"table netdev director {\n" PLACE_MAP("a", "5") PLACE_MAP("b", "5")                        \
		PLACE_MAP("www-flows", "2000") "}\n"

/* --- single facts ------------------------------------------------------------------------------ */

static void times(void)
{
	struct flow_write_op one = place_op(FLOW_WRITE_PUT, &place_flows, 0, 0x15);

	EXPECT_INT(place_do(one), FLOW_WRITE_DONE);
	place_expect(one, 0x15, PLACE_LEFT);
	one.left_ms = PLACE_TIMEOUT;
	EXPECT_INT(place_do(one), FLOW_WRITE_DONE);
	place_expect(one, 0x15, PLACE_TIMEOUT);
	one.left_ms = PLACE_LEFT; /* shorter, too */
	EXPECT_INT(place_do(one), FLOW_WRITE_DONE);
	place_expect(one, 0x15, PLACE_LEFT);
	one.left_ms = 1;
	EXPECT_INT(place_do(one), FLOW_WRITE_DONE);
	usleep(20000);
	place_expect(one, 0, 0);
	one.left_ms = PLACE_LEFT; /* what has ended is not in the way, whoever's it was */
	one.mark = 0x16;
	EXPECT_INT(place_do(one), FLOW_WRITE_DONE);
	place_expect(one, 0x16, PLACE_LEFT);
	one.left_ms = PLACE_TIMEOUT + 1;
	EXPECT_INT(place_do(one), FLOW_WRITE_REFUSED);
	place_expect(one, 0x16, PLACE_LEFT);
}

static void another_backend(void)
{
	struct flow_write_op put = place_op(FLOW_WRITE_PUT, &place_flows, 0, 0x15);
	struct flow_write_op other = place_op(FLOW_WRITE_PUT, &place_flows, 0, 0x16);
	struct flow_write_op change = place_op(FLOW_WRITE_CHANGE, &place_flows, 0, 0x16);
	struct flow_write_op gone = place_op(FLOW_WRITE_DELETE, &place_flows, 0, 0);

	EXPECT_INT(place_do(gone), FLOW_WRITE_DONE);
	EXPECT_INT(place_do(put), FLOW_WRITE_DONE);
	EXPECT_INT(place_do(other), FLOW_WRITE_OTHER);
	place_expect(put, 0x15, PLACE_LEFT);
	EXPECT_INT(place_do(change), FLOW_WRITE_DONE);
	place_expect(put, 0x16, PLACE_LEFT);
	EXPECT_INT(place_do(change), FLOW_WRITE_DONE);
	EXPECT_INT(place_do(gone), FLOW_WRITE_DONE);
	place_expect(put, 0, 0);
	EXPECT_INT(place_do(change), FLOW_WRITE_DONE); /* also when it is not there */
	place_expect(put, 0x16, PLACE_LEFT);
}

static void full(void)
{
	struct flow_write_op ops[FULL + 4];

	for (uint16_t i = 0; i < FULL; i++)
		EXPECT_INT(place_do(place_op(FLOW_WRITE_PUT, &a_flows, i, 1)), FLOW_WRITE_DONE);
	EXPECT_INT(place_do(place_op(FLOW_WRITE_PUT, &a_flows, 10, 1)), FLOW_WRITE_FULL);
	EXPECT_INT(place_do(place_op(FLOW_WRITE_CHANGE, &a_flows, 10, 1)), FLOW_WRITE_FULL);
	/* What is there needs no room, nor does what takes the place of another. */
	ops[0] = place_op(FLOW_WRITE_PUT, &a_flows, 0, 1);
	ops[1] = place_op(FLOW_WRITE_CHANGE, &a_flows, 1, 2);
	ops[2] = place_op(FLOW_WRITE_PUT, &a_flows, 11, 1);
	ops[3] = place_op(FLOW_WRITE_DELETE, &a_flows, 2, 0);
	ops[4] = place_op(FLOW_WRITE_PUT, &a_flows, 12, 1);
	ops[5] = place_op(FLOW_WRITE_PUT, &b_flows, 13, 1);
	EXPECT_TEXT(place_do_all(ops, 6), "done done full done done done");
	place_expect(ops[1], 2, PLACE_LEFT);
	place_expect(ops[2], 0, 0);
	place_expect(ops[3], 0, 0);
	place_expect(ops[4], 1, PLACE_LEFT);
	place_expect(ops[5], 1, PLACE_LEFT);
}

static void no_set(void)
{
	struct flow_ask_set elsewhere = place_flows;
	struct flow_write_op ops[] = {
		place_op(FLOW_WRITE_PUT, &no_flows, 0, 1),
		place_op(FLOW_WRITE_PUT, &no_flows, 1, 1),
		place_op(FLOW_WRITE_PUT, &place_flows, 2, 1),
		place_op(FLOW_WRITE_CHANGE, &no_flows, 3, 1),
		place_op(FLOW_WRITE_CHANGE, &elsewhere, 3, 1),
		place_op(FLOW_WRITE_DELETE, &no_flows, 4, 1),
		place_op(FLOW_WRITE_CHANGE, &place_flows, 5, 1),
	};

	snprintf(elsewhere.table, sizeof(elsewhere.table), "elsewhere");
	EXPECT_TEXT(place_do_all(ops, 7), "no-set no-set done no-set no-set done done");
	place_expect(ops[2], 1, PLACE_LEFT);
	place_expect(ops[6], 1, PLACE_LEFT);
}

/* A key of another length than the map's. */
static void refused(void)
{
	struct flow_ask_set shorter = place_flows;
	struct flow_write_op ops[] = {place_op(FLOW_WRITE_PUT, &shorter, 0, 1),
				      place_op(FLOW_WRITE_PUT, &place_flows, 0, 1),
				      place_op(FLOW_WRITE_DELETE, &shorter, 0, 1)};

	shorter.key_len = 8;
	EXPECT_TEXT(place_do_all(ops, 3), "refused done refused");
	memset(shorter.set, 'x', sizeof(shorter.set));
	EXPECT_INT(flow_write(place_writer(), ops, 3, (enum flow_write_result[3]){0}), -EINVAL);
	EXPECT_TEXT(place_do_all(ops + 1, 1), "done"); /* good after all of that */
}

static void facts(void)
{
	place_on_each_kernel(TABLE, times);
	place_on_each_kernel(TABLE, another_backend);
	place_on_each_kernel(TABLE, full);
	place_on_each_kernel(TABLE, no_set);
	place_on_each_kernel(TABLE, refused);
}

static void single_facts(void)
{
	unit_in_namespace("true", facts);
}

/* --- one bad element does not lose the others --------------------------------------------------- */

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

typedef int write_some(const struct flow_write_op *ops, size_t n, enum flow_write_result *results);

static int at_once(const struct flow_write_op *ops, size_t n, enum flow_write_result *results)
{
	return flow_write(place_writer(), ops, n, results);
}

static int in_two_steps(const struct flow_write_op *ops, size_t n, enum flow_write_result *results)
{
	flow_write_start(place_writer(), ops, n, results);
	return flow_write_finish(place_writer());
}

static void a_thousand_written(write_some *write)
{
	static struct flow_write_op ops[FLOW_WRITE_OPS];
	static enum flow_write_result results[FLOW_WRITE_OPS];
	struct flow_write_sent before, after;
	double begin;

	EXPECT_INT(place_do(place_op(FLOW_WRITE_PUT, &place_flows, 500, 0x16)), FLOW_WRITE_DONE);
	for (uint16_t i = 0; i < FLOW_WRITE_OPS; i++)
		ops[i] = place_op(FLOW_WRITE_PUT, &place_flows, i, 0x15);
	before = flow_writer_sent(place_writer());
	begin = now();
	EXPECT_INT(write(ops, FLOW_WRITE_OPS, results), 0);
	begin = now() - begin;
	after = flow_writer_sent(place_writer());
	for (size_t i = 0; i < FLOW_WRITE_OPS; i++)
		CU_ASSERT_EQUAL_FATAL(results[i], i == 500 ? FLOW_WRITE_OTHER : FLOW_WRITE_DONE);
	EXPECT_INT(after.sent - before.sent, 3);
	EXPECT_INT(after.refused - before.refused, 2);
	place_expect(ops[999], 0x15, PLACE_LEFT);
	place_expect(ops[500], 0x16, PLACE_LEFT);
	printf("\n    one of %d is refused: %.1f ms", FLOW_WRITE_OPS, begin * 1e3);
}

static void a_thousand(void)
{
	a_thousand_written(at_once);
}

static void a_thousand_apart(void)
{
	a_thousand_written(in_two_steps);
}

static void one_of_a_thousand(void)
{
	place_on_each_kernel(TABLE, a_thousand);
}

static void one_bad_element(void)
{
	unit_in_namespace("true", one_of_a_thousand);
}

static void one_of_a_thousand_apart(void)
{
	place_on_each_kernel(TABLE, a_thousand_apart);
}

static void by_a_thread(void)
{
	unit_in_namespace("true", one_of_a_thousand_apart);
}

/* Few, none, too many; and behind many the writer does whatever it did. */
static void steps(void)
{
	static struct flow_write_op ops[FLOW_WRITE_OPS + 1];
	static enum flow_write_result results[FLOW_WRITE_OPS + 1];

	for (uint16_t i = 0; i <= FLOW_WRITE_OPS; i++)
		ops[i] = place_op(FLOW_WRITE_PUT, &place_flows, i, 0x15);
	EXPECT_INT(in_two_steps(ops, 0, results), 0);
	EXPECT_INT(in_two_steps(ops, FLOW_WRITE_OPS + 1, results), -EINVAL);
	for (size_t n = 1; n <= FLOW_WRITE_OPS; n = n == 1 ? FLOW_WRITE_APART - 1 : n + 372) {
		EXPECT_INT(in_two_steps(ops, n, results), 0);
		for (size_t i = 0; i < n; i++)
			CU_ASSERT_EQUAL_FATAL(results[i], FLOW_WRITE_DONE);
		place_expect(ops[n - 1], 0x15, PLACE_LEFT);
		place_expect(ops[n], 0, 0);
		EXPECT_INT(place_do(place_op(FLOW_WRITE_DELETE, &place_flows, 0, 0)),
			   FLOW_WRITE_DONE);
	}
	flow_write_start(place_writer(), ops, FLOW_WRITE_OPS, results);
	/* It ends with that under way. */
}

static void stepping(void)
{
	place_on_this_kernel(TABLE, steps);
}

static void in_steps(void)
{
	unit_in_namespace("true", stepping);
}

/* Any operations in one call do what they do one after the other: the model is proven here. */
static struct flow_write_op random_op(unsigned int *seed, const struct flow_write_op *before)
{
	static const struct flow_ask_set *const sets[] = {&a_flows, &a_flows, &b_flows, &no_flows};
	struct flow_write_op o = {.kind = (enum flow_write_kind)(rand_r(seed) % 3),
				  .set = sets[rand_r(seed) % 4],
				  .key = {(uint8_t)(rand_r(seed) % SIM_KEYS)},
				  .mark = (uint32_t)(rand_r(seed) % 2) + 1,
				  .timeout_ms = PLACE_TIMEOUT,
				  .left_ms = (uint64_t)(rand_r(seed) % 10 + 1) * 60 * 1000};

	if (before && rand_r(seed) % 4) {
		o.kind = before->kind;
		o.set = before->set;
	}
	return o;
}

/* Times are minutes apart. */
static bool is_like(const struct sim *model)
{
	bool same = true;

	for (size_t set = 0; set < SIM_SETS; set++)
		for (uint8_t key = 0; key < SIM_KEYS; key++) {
			const struct sim_element *e = &model->table.elements[set][key];
			struct flow_write_op o = {.set = set ? &b_flows : &a_flows, .key = {key}};
			struct flow_answer a = place_ask(&o);

			same &= place_mark(&a) == (e->there ? e->mark : 0);
			same &= !e->there || (a.expires_ms <= e->left_ms &&
					      a.expires_ms + 50 * 1000 > e->left_ms);
		}
	return same;
}

static void random_calls(void)
{
	struct sim model = {.size = FULL};
	unsigned int seed = 4711, left = 0;
	bool same = true;

	for (int round = 0; same && round < CALLS; round++) {
		enum flow_write_result results[RANDOM_OPS];
		struct flow_write_op ops[RANDOM_OPS];
		size_t n = (size_t)(rand_r(&seed) % RANDOM_OPS) + 1;
		bool given_up = false;

		for (size_t i = 0; i < n; i++)
			ops[i] = random_op(&seed, i ? &ops[i - 1] : NULL);
		EXPECT_INT(flow_write(place_writer(), ops, n, results), 0);
		for (size_t i = 0; i < n; i++)
			given_up |= results[i] == FLOW_WRITE_LEFT;
		for (size_t i = 0; i < n && !given_up; i++)
			same &= results[i] == sim_do(&model, &ops[i]);
		left += given_up;
		same &= is_like(&model);
	}
	CU_ASSERT(same);
	CU_ASSERT(left <= CALLS / 4);
	printf("\n    %d random calls, %u given up ", CALLS, left);
}

static void random_calls_on_each(void)
{
	place_on_each_kernel(TABLE, random_calls);
}

static void calls_do_what_operations_do(void)
{
	unit_in_namespace("true", random_calls_on_each);
}

/* --- the table goes ----------------------------------------------------------------------------- */

static void replaced(void)
{
	struct flow_write_op ops[50];
	enum flow_write_result results[50];
	unsigned int done = 0, gone = 0;
	pid_t child = fork();

	if (child == 0) {
		for (int i = 0; i < 100; i++)
			if (system("nft delete table netdev director; printf '" TABLE
				   "' | nft -f -"))
				_exit(1);
		_exit(0);
	}
	for (uint16_t i = 0; i < 50; i++)
		ops[i] = place_op((enum flow_write_kind)(i / 10 % 2), &place_flows, i, 1);
	while (waitpid(child, NULL, WNOHANG) == 0) {
		EXPECT_INT(flow_write(place_writer(), ops, 50, results), 0);
		for (size_t i = 0; i < 50; i++) {
			CU_ASSERT(results[i] == results[0]);
			done += results[i] == FLOW_WRITE_DONE;
			gone += results[i] == FLOW_WRITE_NO_SET;
		}
	}
	CU_ASSERT(done > 0 && gone > 0);
	printf("\n    the table is replaced: %u done, %u without a map ", done, gone);
}

static void replacing(void)
{
	place_on_this_kernel(TABLE, replaced);
}

static void the_table_is_replaced(void)
{
	unit_in_namespace("true", replacing);
}

UNIT_TESTS(flow_write_kernel) = {
	{"single facts", single_facts},
	{"one bad element does not lose the others", one_bad_element},
	{"the same by a thread", by_a_thread},
	{"many in two steps, and few", in_steps},
	{"calls do what single operations do", calls_do_what_operations_do},
	{"the table is replaced", the_table_is_replaced},
	UNIT_TESTS_END,
};