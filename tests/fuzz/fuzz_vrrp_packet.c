/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any datagram is refused with a reason, or becomes a packet that can be built again and read back
 * as the same. The expectations are those of tests/unit/t_vrrp_packet.c, which replays the corpus.
 */
#include "ha/vrrp_packet.h"
#include "include/wr.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int good)
{
	if (!good)
		abort();
}

static size_t wrap(const struct vrrp_packet *p, uint8_t *bytes, size_t size)
{
	uint8_t message[VRRP_MESSAGE_MAX];
	size_t len = vrrp_packet_build(p, message, sizeof(message));
	struct wr w = wr_init(bytes, size);

	check(len == VRRP_HEADER_LEN + 4u * p->n_addresses);
	wr_be16(&w, 0x4500);
	wr_be16(&w, (uint16_t)(20 + len));
	wr_be32(&w, 0);
	wr_u8(&w, VRRP_TTL);
	wr_u8(&w, VRRP_PROTOCOL);
	wr_be16(&w, 0);
	wr_bytes(&w, p->source.bytes, 4);
	wr_bytes(&w, p->destination.bytes, 4);
	wr_bytes(&w, message, len);
	check(wr_ok(&w));
	return wr_used(&w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct vrrp_expect expect = {
		.version = 3,
		.virtual_router_id = 51,
		.own = addr_v4(0x0a4d0002),
	};
	struct prefix ours[2] = {{.addr = addr_v4(0x0a4d0064)}, {.addr = addr_v4(0x0a4d0065)}};
	uint8_t bytes[VRRP_DATAGRAM_MAX];
	struct vrrp_packet p, again;
	enum vrrp_reject r = vrrp_packet_parse(data, size, &expect, &p);

	check(r >= VRRP_REJECT_NONE && r < VRRP_REJECT_COUNT);
	if (r != VRRP_REJECT_NONE)
		return 0;
	check(p.n_addresses > 0 && p.interval_ms > 0 && p.interval_ms <= VRRP_INTERVAL_MAX_MS);
	vrrp_packet_notes(&p, ours, 2, 1000, 100);
	size = wrap(&p, bytes, sizeof(bytes));
	check(vrrp_packet_parse(bytes, size, &expect, &again) == VRRP_REJECT_NONE);
	check(again.priority == p.priority && again.interval_ms == p.interval_ms &&
	      again.n_addresses == p.n_addresses && addr_equal(&again.source, &p.source));
	check(memcmp(again.addresses, p.addresses, p.n_addresses * sizeof(p.addresses[0])) == 0);
	return 0;
}
