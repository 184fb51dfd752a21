/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the other director says on the sync channel, opened: refused with a reason, or a message that
 * can be sent on, is accepted again and says the same then. tests/unit/t_codec_sync_attack.c replays
 * the corpus.
 */
#include "proto/codec_sync.h"

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
	static struct sync_message message, again;
	static uint8_t first[SYNC_MESSAGE_MAX], second[SYNC_MESSAGE_MAX];
	enum sync_reject reject = codec_sync_unpack(data, size, &message);
	size_t len;

	check(reject < SYNC_REJECT_COUNT);
	if (reject != SYNC_REJECT_NONE)
		return 0;
	check(size <= SYNC_MESSAGE_MAX && message.type == data[0]);
	len = codec_sync_pack(&message, first);
	check(len > 0);
	check(codec_sync_unpack(first, len, &again) == SYNC_REJECT_NONE);
	check(codec_sync_pack(&again, second) == len && memcmp(first, second, len) == 0);
	return 0;
}
