/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any stream on the control socket, cut where its first octet says: it becomes the same request, or is
 * refused for the same reason, as in one piece. tests/unit/t_request_stream.c replays the corpus.
 */
#include "tests/fuzz/request_stream_case.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct request_stream whole, pieces;
	size_t step = size ? data[0] % 16 + 1 : 1;

	request_stream_case(&whole, data + (size > 0), size - (size > 0), sizeof(whole.bytes));
	request_stream_case(&pieces, data + (size > 0), size - (size > 0), step);
	if (whole.state != pieces.state || whole.used > sizeof(whole.bytes) ||
	    memcmp(&whole.request, &pieces.request, sizeof(whole.request)) != 0)
		abort();
	if ((whole.state == REQUEST_STREAM_WHOLE) != (whole.request.command != 0))
		abort();
	return 0;
}
