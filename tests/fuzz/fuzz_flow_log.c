/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any message is refused with a reason, or becomes an event whose every part is in bounds.
 * tests/unit/t_flow_log.c replays the corpus.
 */
#include "director/flow/flow_log.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int good)
{
	if (!good)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct flow_log_event e;
	enum flow_log_reject r = flow_log_parse(data, size, &e);

	check(r >= FLOW_LOG_REJECT_NONE && r < FLOW_LOG_REJECT_COUNT);
	if (r != FLOW_LOG_REJECT_NONE)
		return 0;
	check(memchr(e.prefix, '\0', sizeof(e.prefix)) != NULL);
	check(addr_len(&e.key.client) && e.key.client.family == e.key.vip.family);
	check(e.key.protocol == IPPROTO_TCP || e.key.protocol == IPPROTO_UDP);
	check(e.key.protocol == IPPROTO_TCP || !e.tcp_flags);
	return 0;
}
