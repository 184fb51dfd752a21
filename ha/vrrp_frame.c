/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ha/vrrp_frame.h"

#include "include/checksum.h"
#include "include/wr.h"

#include <sys/socket.h>

enum {
	TYPE_IPV4 = 0x0800,
	TYPE_IPV6 = 0x86dd,
	IPV4_LEN = 20,
	IPV4_WORDS = 0x45,	/* version 4, a header of 5 words */
	DONT_FRAGMENT = 0x4000, /* so that the identification means nothing (RFC 6864, 4.1) */
	NETWORK_CONTROL = 0xc0, /* precedence, as for what leaves through a socket */
};

static void write_ipv4(struct wr *w, const struct vrrp_packet *p, size_t len, uint16_t sum)
{
	wr_u8(w, IPV4_WORDS);
	wr_u8(w, NETWORK_CONTROL);
	wr_be16(w, (uint16_t)(IPV4_LEN + len));
	wr_be16(w, 0); /* identification */
	wr_be16(w, DONT_FRAGMENT);
	wr_u8(w, VRRP_TTL);
	wr_u8(w, VRRP_PROTOCOL);
	wr_be16(w, sum);
	wr_bytes(w, p->source.bytes, 4);
	wr_bytes(w, p->destination.bytes, 4);
}

/* RFC 1112, 6.4: 01-00-5E and the low 23 bits of the group. */
static void put_ipv4(struct wr *w, const struct vrrp_packet *p, const struct mac *from, size_t len)
{
	const uint8_t *group = p->destination.bytes;
	const uint8_t to[MAC_LEN] = {0x01, 0x00, 0x5e, group[1] & 0x7f, group[2], group[3]};
	uint8_t header[IPV4_LEN];
	struct wr h = wr_init(header, sizeof(header));

	write_ipv4(&h, p, len, 0);
	wr_bytes(w, to, sizeof(to));
	wr_bytes(w, from->bytes, MAC_LEN);
	wr_be16(w, TYPE_IPV4);
	write_ipv4(w, p, len, checksum_fold(checksum_add(0, header, sizeof(header))));
}

/* RFC 2464, 7: 33-33 and the low 32 bits of the group. */
static void put_ipv6(struct wr *w, const struct vrrp_packet *p, const struct mac *from, size_t len)
{
	const uint8_t *group = p->destination.bytes;
	const uint8_t to[MAC_LEN] = {0x33, 0x33, group[12], group[13], group[14], group[15]};

	wr_bytes(w, to, sizeof(to));
	wr_bytes(w, from->bytes, MAC_LEN);
	wr_be16(w, TYPE_IPV6);
	wr_be32(w, 6U << 28 | (uint32_t)NETWORK_CONTROL << 20); /* no flow label */
	wr_be16(w, (uint16_t)len);
	wr_u8(w, VRRP_PROTOCOL);
	wr_u8(w, VRRP_TTL);
	wr_bytes(w, p->source.bytes, 16);
	wr_bytes(w, group, 16);
}

size_t vrrp_frame_build(const struct vrrp_packet *p, const struct mac *from, uint8_t *bytes,
			size_t size)
{
	const struct addr group = vrrp_group(p->source.family);
	uint8_t message[VRRP_MESSAGE_MAX];
	size_t len = vrrp_packet_build(p, message, sizeof(message));
	struct wr w = wr_init(bytes, size);

	if (len == 0 || !addr_equal(&p->destination, &group))
		return 0;
	if (p->source.family == AF_INET6)
		put_ipv6(&w, p, from, len);
	else
		put_ipv4(&w, p, from, len);
	wr_bytes(&w, message, len);
	return wr_ok(&w) ? wr_used(&w) : 0;
}
