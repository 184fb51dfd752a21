/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the other side of a handshake may say: it is done when that is what an honest one says, and
 * has failed, with nothing kept but the reason, when it is anything else. The corpus is replayed by
 * tests/unit/t_sync_handshake.c.
 */
#include "tests/fuzz/sync_handshake_case.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int good)
{
	if (!good)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sync_handshake_case c;

	check(sodium_init() >= 0);
	sync_handshake_case(data, size, &c);
	check(c.h.reject < SYNC_HANDSHAKE_REJECT_COUNT);
	check((c.h.reject == SYNC_HANDSHAKE_REJECT_NONE) == c.honest);
	check(c.h.state == (c.honest ? SYNC_HANDSHAKE_DONE : SYNC_HANDSHAKE_FAILED));
	check(c.honest == !sodium_is_zero(c.h.session.send.key.bytes, CLUSTER_KEY_LEN));
	check(sodium_is_zero((const uint8_t *)&c.h.seed, sizeof(c.h.seed)));
	check(sodium_is_zero((const uint8_t *)c.h.keys, sizeof(c.h.keys)));
	return 0;
}
