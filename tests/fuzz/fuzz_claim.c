/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any frame is refused with a reason, or names a station and an address that it claims.
 * tests/unit/t_claim.c replays the corpus.
 */
#include "ha/claim.h"

#include <stdlib.h>
#include <sys/socket.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int good)
{
	if (!good)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct claim_who who;
	enum claim_reject r = claim_parse(data, size, &who);

	check(r >= CLAIM_REJECT_NONE && r < CLAIM_REJECT_COUNT);
	if (r != CLAIM_REJECT_NONE)
		return 0;
	check(who.address.family == AF_INET || who.address.family == AF_INET6);
	check(mac_is_unicast(&who.mac));
	return 0;
}
