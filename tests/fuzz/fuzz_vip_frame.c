/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any frame is refused with a reason, or says something of a connection; and what it says of a segment
 * makes the same segment again. tests/unit/t_vip_frame.c replays the corpus.
 */
#include "director/health/vip_frame.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int good)
{
	if (!good)
		abort();
}

static void check_again(const struct vip_segment *s)
{
	static uint8_t bytes[VIP_FRAME_READ_MAX];
	size_t len = vip_frame_put(s, bytes, sizeof(bytes));
	struct vip_heard again;

	check(len > 0);
	check(vip_frame_parse(bytes, len, true, &again) == VIP_REJECT_NONE);
	check(again.kind == VIP_HEARD_SEGMENT);
	check(again.segment.tcp.seq == s->tcp.seq && again.segment.tcp.bits == s->tcp.bits);
	check(again.segment.tcp.len == s->tcp.len && again.segment.tcp.mss == s->tcp.mss);
	check(memcmp(again.segment.tcp.payload, s->tcp.payload, s->tcp.len) == 0);
}

static void check_frame(const uint8_t *data, size_t size, bool verify)
{
	struct vip_heard h;
	enum vip_reject r = vip_frame_parse(data, size, verify, &h);

	check(r >= VIP_REJECT_NONE && r < VIP_REJECT_COUNT);
	if (r != VIP_REJECT_NONE)
		return;
	check(mac_is_unicast(&h.segment.source));
	check(h.segment.from.family == h.segment.to.family);
	check(h.segment.to.family == AF_INET || h.segment.to.family == AF_INET6);
	if (h.kind != VIP_HEARD_SEGMENT)
		return;
	check(h.segment.tcp.payload >= data &&
	      h.segment.tcp.payload + h.segment.tcp.len <= data + size);
	check_again(&h.segment);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_frame(data, size, true);
	check_frame(data, size, false);
	return 0;
}
