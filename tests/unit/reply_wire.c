/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/reply_wire.h"

#include "tests/unit/unit.h"

#include <stdlib.h>

int reply_there_and_back(const struct control_reply *reply, struct control_reply *got)
{
	size_t len = 0;
	uint8_t *bytes = codec_pack_reply(reply, &len);
	int err;

	CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
	err = codec_unpack_reply(bytes + CODEC_LENGTH, len - CODEC_LENGTH, got);
	free(bytes);
	return err;
}
