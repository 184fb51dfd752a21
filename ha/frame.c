/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames of address resolution; see frame.h. */
#include "ha/frame.h"

#include "include/checksum.h"

enum {
	IPV4_LEN = 4,
	IPV6_LEN = 16,
	ND_LEN = 24,	 /* type, code, checksum, flags, target */
	OPTION_UNIT = 8, /* octets */
};

static void put_ethernet(struct wr *w, const struct mac *destination, const struct mac *source,
			 uint16_t type)
{
	wr_bytes(w, destination->bytes, MAC_LEN);
	wr_bytes(w, source->bytes, MAC_LEN);
	wr_be16(w, type);
}

void frame_put_arp(struct wr *w, const struct frame_arp *f)
{
	put_ethernet(w, &f->destination, &f->sender_mac, FRAME_TYPE_ARP);
	wr_be16(w, ARP_ETHERNET);
	wr_be16(w, FRAME_TYPE_IPV4);
	wr_u8(w, MAC_LEN);
	wr_u8(w, IPV4_LEN);
	wr_be16(w, f->operation);
	wr_bytes(w, f->sender_mac.bytes, MAC_LEN);
	wr_bytes(w, f->sender.bytes, IPV4_LEN);
	wr_bytes(w, f->target_mac.bytes, MAC_LEN);
	wr_bytes(w, f->target.bytes, IPV4_LEN);
}

uint16_t frame_icmpv6_checksum(const uint8_t *source, const uint8_t *destination,
			       const uint8_t *message, size_t len)
{
	uint32_t sum = (uint32_t)len + ND_ICMPV6;

	sum = checksum_add(sum, source, IPV6_LEN);
	sum = checksum_add(sum, destination, IPV6_LEN);
	return checksum_fold(checksum_add(sum, message, len));
}

static void put_message(struct wr *w, const struct frame_nd *f, uint16_t sum)
{
	wr_u8(w, f->type);
	wr_u8(w, 0); /* code */
	wr_be16(w, sum);
	wr_be32(w, (uint32_t)f->flags << 24);
	wr_bytes(w, f->target.bytes, IPV6_LEN);
	if (!f->has_option)
		return;
	wr_u8(w, f->type == ND_SOLICITATION ? ND_SOURCE_LINK_LAYER : ND_TARGET_LINK_LAYER);
	wr_u8(w, FRAME_ND_OPTION_LEN / OPTION_UNIT);
	wr_bytes(w, f->source_mac.bytes, MAC_LEN);
}

void frame_put_nd(struct wr *w, const struct frame_nd *f)
{
	uint8_t bytes[ND_LEN + FRAME_ND_OPTION_LEN];
	struct wr message = wr_init(bytes, sizeof(bytes));

	put_message(&message, f, 0);
	put_ethernet(w, &f->destination_mac, &f->source_mac, FRAME_TYPE_IPV6);
	wr_be32(w, 6u << 28); /* version; no class, no label */
	wr_be16(w, (uint16_t)wr_used(&message));
	wr_u8(w, ND_ICMPV6);
	wr_u8(w, ND_HOP_LIMIT);
	wr_bytes(w, f->source.bytes, IPV6_LEN);
	wr_bytes(w, f->destination.bytes, IPV6_LEN);
	put_message(w, f,
		    frame_icmpv6_checksum(f->source.bytes, f->destination.bytes, bytes,
					  wr_used(&message)));
}
