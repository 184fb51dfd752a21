/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What anybody who may open the control socket may send: refused, or a request that is packed and
 * read back as the same. tests/unit/t_codec.c replays the corpus.
 */
#include "proto/codec.h"

#include <errno.h>
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
	struct control_request request = {0}, again = {0};
	size_t len = 0, length;
	uint8_t *bytes;
	int err;

	err = codec_message_length(data, size, CODEC_REQUEST_MAX, &length);
	check(err == 0 || (err == -EMSGSIZE && length == 0));
	check(length == 0 || (length >= CODEC_LENGTH && size >= CODEC_LENGTH));
	check(length <= CODEC_LENGTH + CODEC_REQUEST_MAX);
	err = codec_unpack_request(data, size, &request);
	check(err == 0 || (err == -EBADMSG && request.command == 0));
	if (err)
		return 0;
	check(size <= CODEC_REQUEST_MAX);
	check(request.command >= CONTROL_STATUS && request.command <= CONTROL_LAST);
	check(memchr(request.farm, '\0', sizeof(request.farm)) != NULL);
	check(memchr(request.backend, '\0', sizeof(request.backend)) != NULL);
	check(request.command == CONTROL_CONNECTIONS || request.command == CONTROL_PERSISTENCE ||
	      request.number <= CONFIG_DEADLINE_MAX_MS);
	bytes = codec_pack_request(&request, &len);
	check(bytes && codec_message_length(bytes, len, CODEC_REQUEST_MAX, &length) == 0);
	check(length == len);
	check(codec_unpack_request(bytes + CODEC_LENGTH, len - CODEC_LENGTH, &again) == 0);
	check(memcmp(&again, &request, sizeof(request)) == 0);
	free(bytes);
	return 0;
}
