/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/flowcheck/frame.h"

#include <netinet/in.h>
#include <string.h>

static void put16(uint8_t *at, size_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void ipv4(uint8_t *ip, const struct addr *client, const struct addr *vip, uint8_t protocol,
		 size_t payload)
{
	ip[0] = 0x45;
	put16(ip + 2, 20 + payload);
	ip[8] = 64;
	ip[9] = protocol;
	memcpy(ip + 12, client->bytes, 4);
	memcpy(ip + 16, vip->bytes, 4);
}

static void ipv6(uint8_t *ip, const struct addr *client, const struct addr *vip, uint8_t protocol,
		 size_t payload)
{
	ip[0] = 0x60;
	put16(ip + 4, payload);
	ip[6] = protocol;
	ip[7] = 64;
	memcpy(ip + 8, client->bytes, 16);
	memcpy(ip + 24, vip->bytes, 16);
}

/* Of the header as it is (RFC 1071), before it is folded. */
static uint32_t sum_of(const uint8_t *ip)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < 20; i += 2)
		sum += (uint32_t)ip[i] << 8 | ip[i + 1];
	return sum;
}

void frame_init(struct frame *f, const struct mac *to, const struct mac *from,
		const struct addr *client, const struct addr *vip, uint8_t protocol, uint16_t port)
{
	bool is_v6 = vip->family == AF_INET6, is_tcp = protocol == IPPROTO_TCP;
	size_t header = is_tcp ? 20 : 8, payload = header + FLOW_STAMP_LEN;
	uint8_t *transport;

	*f = (struct frame){.transport_at = is_v6 ? 54 : 34, .client_low_at = is_v6 ? 36 : 28};
	f->stamp_at = f->transport_at + header;
	f->len = f->transport_at + payload;
	memcpy(f->bytes, to->bytes, MAC_LEN);
	memcpy(f->bytes + 6, from->bytes, MAC_LEN);
	put16(f->bytes + 12, is_v6 ? 0x86dd : 0x0800);
	(is_v6 ? ipv6 : ipv4)(f->bytes + 14, client, vip, protocol, payload);
	transport = f->bytes + f->transport_at;
	if (!is_v6) {
		put16(f->bytes + f->client_low_at, 0);
		f->ip_sum = sum_of(f->bytes + 14);
	}
	put16(transport + 2, port);
	if (is_tcp) {
		transport[12] = 5 << 4;
		put16(transport + 14, 0xffff);
	} else {
		put16(transport + 4, payload);
	}
}

void frame_set_tuple(struct frame *f, const struct flow_tuple *t)
{
	put16(f->bytes + f->client_low_at, t->low);
	put16(f->bytes + f->transport_at, t->port);
	if (f->ip_sum) {
		uint32_t sum = f->ip_sum + t->low;

		while (sum >> 16)
			sum = (sum & 0xffff) + (sum >> 16);
		put16(f->bytes + 24, ~sum & 0xffff);
	}
}

void frame_set_tcp_flags(struct frame *f, uint8_t flags)
{
	f->bytes[f->transport_at + 13] = flags;
}
