/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What comes over the control socket: cut anywhere it is the same request, and no more of it is taken. */
#include "tests/fuzz/request_stream_case.h"
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

static uint8_t *an_order(size_t *ret_len)
{
	struct control_request r = {.command = CONTROL_BACKEND_DRAIN, .number = 600000};
	uint8_t *bytes;

	strcpy(r.farm, "www");
	strcpy(r.backend, "web1");
	bytes = codec_pack_request(&r, ret_len);
	CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
	return bytes;
}

static void cut_anywhere(void)
{
	struct request_stream s;
	size_t len = 0;
	uint8_t *bytes = an_order(&len);

	for (size_t piece = 1; piece <= len; piece++) {
		request_stream_case(&s, bytes, len, piece);
		EXPECT_INT(s.state, REQUEST_STREAM_WHOLE);
		EXPECT_TEXT(s.request.backend, "web1");
		EXPECT_INT(s.used, len);
	}
	for (size_t cut = 0; cut < len; cut++) {
		request_stream_case(&s, bytes, cut, 1);
		EXPECT_INT(s.state, REQUEST_STREAM_MORE);
	}
	free(bytes);
}

static void mistakes(void)
{
	static const uint8_t huge[] = {0xff, 0, 0, 0}, unknown[] = {0, 0, 0, 2, 8, 127};
	struct request_stream s;

	request_stream_case(&s, huge, 3, 1);
	EXPECT_INT(s.state, REQUEST_STREAM_MORE);
	request_stream_case(&s, huge, sizeof(huge), 1);
	EXPECT_INT(s.state, REQUEST_STREAM_MALFORMED);
	request_stream_case(&s, unknown, sizeof(unknown), 4);
	EXPECT_INT(s.state, REQUEST_STREAM_UNKNOWN);
}

/* What follows a request changes nothing of it, and is not more than there is room for. */
static void decided_is_decided(void)
{
	struct request_stream s;
	size_t len = 0, room;
	uint8_t *bytes = an_order(&len);

	request_stream_case(&s, bytes, len, len);
	for (uint8_t *at = request_stream_room(&s, &room); room > 0;
	     at = request_stream_room(&s, &room)) {
		size_t n = room > 100 ? 100 : room;

		memset(at, 0xff, n);
		EXPECT_INT(request_stream_took(&s, n), REQUEST_STREAM_WHOLE);
		EXPECT_TEXT(s.request.farm, "www");
	}
	EXPECT_INT(s.used, sizeof(s.bytes));
	free(bytes);
}

static bool is_good(const uint8_t *bytes, size_t len)
{
	struct request_stream s;

	request_stream_case(&s, bytes + (len > 0), len - (len > 0), len ? bytes[0] % 16 + 1 : 1);
	return s.state == REQUEST_STREAM_WHOLE;
}

static void corpus(void)
{
	CU_ASSERT(unit_replay("tests/fuzz/corpus/fuzz_request_stream", is_good) >= 40);
}

UNIT_TESTS(request_stream) = {
	{"cut anywhere it is the same", cut_anywhere},
	{"mistakes", mistakes},
	{"decided is decided", decided_is_decided},
	{"corpus", corpus},
	UNIT_TESTS_END,
};
