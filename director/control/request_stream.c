/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/control/request_stream.h"

uint8_t *request_stream_room(struct request_stream *s, size_t *ret_len)
{
	*ret_len = sizeof(s->bytes) - s->used;
	return s->bytes + s->used;
}

enum request_stream_state request_stream_took(struct request_stream *s, size_t len)
{
	size_t length;

	s->used += len;
	if (s->state != REQUEST_STREAM_MORE)
		return s->state;
	if (codec_message_length(s->bytes, s->used, CODEC_REQUEST_MAX, &length) < 0)
		s->state = REQUEST_STREAM_MALFORMED;
	else if (length == 0 || s->used < length)
		s->state = REQUEST_STREAM_MORE;
	else if (codec_unpack_request(s->bytes + CODEC_LENGTH, length - CODEC_LENGTH, &s->request) <
		 0)
		s->state = REQUEST_STREAM_UNKNOWN;
	else
		s->state = REQUEST_STREAM_WHOLE;
	return s->state;
}
