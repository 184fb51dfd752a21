/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A stream as the control socket takes it: in pieces of that size, until it is decided. */
#ifndef TESTS_FUZZ_REQUEST_STREAM_CASE_H
#define TESTS_FUZZ_REQUEST_STREAM_CASE_H

#include "director/control/request_stream.h"

#include <string.h>

static inline void request_stream_case(struct request_stream *s, const uint8_t *bytes, size_t len,
				       size_t piece)
{
	memset(s, 0, sizeof(*s));
	while (len > 0 && s->state == REQUEST_STREAM_MORE) {
		size_t room, n = len < piece ? len : piece;
		uint8_t *at = request_stream_room(s, &room);

		if (n > room)
			n = room;
		memcpy(at, bytes, n);
		request_stream_took(s, n);
		bytes += n;
		len -= n;
	}
}

#endif
