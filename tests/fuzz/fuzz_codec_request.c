/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What anybody who may open the control socket may send: refused, or a command that is packed and
 * read back as the same. tests/unit/t_codec.c replays the corpus.
 */
#include "proto/codec.h"

#include <errno.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int good)
{
	if (!good)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum control_command command = 0, again = 0;
	size_t len = 0, length;
	uint8_t *bytes;
	int err;

	err = codec_message_length(data, size, CODEC_REQUEST_MAX, &length);
	check(err == 0 || (err == -EMSGSIZE && length == 0));
	check(length == 0 || (length >= CODEC_LENGTH && size >= CODEC_LENGTH));
	check(length <= CODEC_LENGTH + CODEC_REQUEST_MAX);
	err = codec_unpack_request(data, size, &command);
	check(err == 0 || (err == -EBADMSG && command == 0));
	if (err)
		return 0;
	check(size <= CODEC_REQUEST_MAX);
	check(command >= CONTROL_STATUS && command <= CONTROL_FAILOVER);
	bytes = codec_pack_request(command, &len);
	check(bytes && codec_message_length(bytes, len, CODEC_REQUEST_MAX, &length) == 0);
	check(length == len);
	check(codec_unpack_request(bytes + CODEC_LENGTH, len - CODEC_LENGTH, &again) == 0);
	check(again == command);
	free(bytes);
	return 0;
}
