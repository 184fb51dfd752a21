/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any answer is refused with a reason, or has every part in bounds. t_flow_ask.c replays the corpus. */
#include "director/flow/flow_ask.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int good)
{
	if (!good)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct flow_reply reply;
	enum flow_ask_reject r = flow_ask_parse(data, size, &reply);

	check(r >= FLOW_ASK_REJECT_NONE && r < FLOW_ASK_REJECT_COUNT);
	if (r != FLOW_ASK_REJECT_NONE)
		return 0;
	check(reply.key_len <= FLOW_ASK_KEY_MAX && reply.answer.data_len <= FLOW_ASK_DATA_MAX);
	check(reply.answer.present == (reply.key_len > 0));
	check(!reply.error || !reply.answer.present);
	return 0;
}
