/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What comes over the control socket, in whatever pieces, becomes one request or is refused. It is bounded:
 * no more is taken than the longest request has. What has been decided stays decided.
 */
#ifndef DIRECTOR_CONTROL_REQUEST_STREAM_H
#define DIRECTOR_CONTROL_REQUEST_STREAM_H

#include "proto/codec.h"

enum request_stream_state {
	REQUEST_STREAM_MORE,	  /* it is not whole yet */
	REQUEST_STREAM_WHOLE,	  /* request is what was asked for */
	REQUEST_STREAM_MALFORMED, /* the length is none of a request */
	REQUEST_STREAM_UNKNOWN,	  /* the message is none */
};

struct request_stream {
	uint8_t bytes[CODEC_LENGTH + CODEC_REQUEST_MAX];
	size_t used;
	enum request_stream_state state;
	struct control_request request;
};

/* Where the next octets go; *ret_len is 0 only when it has been decided. All zeros is an empty one. */
uint8_t *request_stream_room(struct request_stream *s, size_t *ret_len);
/* So many have been put there. */
enum request_stream_state request_stream_took(struct request_stream *s, size_t len);

#endif
