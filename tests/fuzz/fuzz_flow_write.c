/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any answer is refused with a reason, or is heard: then every operation of a call gets a result, in
 * a bounded number of transactions. t_flow_write.c replays the corpus.
 */
#include "director/flow/flow_write.h"

#include <stdlib.h>

enum { OPS = 6 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int good)
{
	if (!good)
		abort();
}

/* The same answer to every transaction, with a number that may be any of it. */
static void hear_all(const struct flow_write_answer *answer, const struct flow_write_kernel *kernel)
{
	static const struct flow_ask_set set = {.table = "t", .set = "s", .key_len = 12};
	static uint8_t bytes[FLOW_WRITE_BYTES];
	static struct flow_write w;
	struct flow_write_op ops[OPS];
	enum flow_write_result results[OPS];
	int code = FLOW_WRITE_AGAIN, n = 0;

	for (int i = 0; i < OPS; i++)
		ops[i] = (struct flow_write_op){.kind = (enum flow_write_kind)(i / 2),
						.set = &set,
						.timeout_ms = 2,
						.left_ms = 1};
	for (int i = 0; i < OPS; i++)
		results[i] = FLOW_WRITE_RESULT_COUNT;
	check(flow_write_begin(&w, kernel, ops, OPS, results) == 0);
	while (code == FLOW_WRITE_AGAIN) {
		check(flow_write_build(&w, answer->seq % 16, bytes, sizeof(bytes)) > 0);
		flow_write_hear(&w, &(struct flow_write_answer){16, answer->error});
		code = flow_write_end(&w);
		check(++n <= FLOW_WRITE_ATTEMPTS);
	}
	for (int i = 0; code == 0 && i < OPS; i++)
		check(results[i] < FLOW_WRITE_RESULT_COUNT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct flow_write_kernel new_kernel = {true, true, true}, old_kernel = {0};
	struct flow_write_answer answer;
	enum flow_write_reject r = flow_write_parse(data, size, &answer);

	check(r >= FLOW_WRITE_REJECT_NONE && r < FLOW_WRITE_REJECT_COUNT);
	if (r != FLOW_WRITE_REJECT_NONE)
		return 0;
	check(answer.error <= 0);
	hear_all(&answer, &new_kernel);
	hear_all(&answer, &old_kernel);
	return 0;
}
