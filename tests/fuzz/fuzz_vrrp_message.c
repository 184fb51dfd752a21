/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any message behind any header is refused with a reason, or becomes a packet that can be built
 * again and read back as the same: both versions and families, multicast and unicast. The corpus is
 * replayed by tests/unit/t_vrrp_message.c.
 */
#include "tests/fuzz/vrrp_message_case.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int good)
{
	if (!good)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vrrp_message_case c;
	uint8_t bytes[VRRP_MESSAGE_MAX];
	struct vrrp_packet p, again;
	enum vrrp_reject r;

	if (!vrrp_message_case(data, size, &c))
		return 0;
	r = vrrp_message_parse(&c.ip, c.message, c.len, &c.expect, &p);
	check(r >= VRRP_REJECT_NONE && r < VRRP_REJECT_COUNT);
	if (r != VRRP_REJECT_NONE)
		return 0;
	check(p.n_addresses > 0 && p.interval_ms > 0 && p.version == c.expect.version);
	check(p.message_len + (p.trailer ? VRRP_AUTH_TRAILER : 0) == c.len);
	check(!p.trailer || c.expect.trailer);
	size = vrrp_packet_build(&p, bytes, sizeof(bytes));
	check(size == c.len);
	check(vrrp_message_parse(&c.ip, bytes, size, &c.expect, &again) == VRRP_REJECT_NONE);
	check(again.priority == p.priority && again.interval_ms == p.interval_ms &&
	      again.n_addresses == p.n_addresses && addr_equal(&again.source, &p.source));
	check(memcmp(again.addresses, p.addresses, p.n_addresses * sizeof(p.addresses[0])) == 0);
	return 0;
}
