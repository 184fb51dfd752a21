/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TCP in IP in Ethernet, and ICMP errors about it; see vip_frame.h. */
#include "director/health/vip_frame.h"

#include "include/checksum.h"
#include "include/rd.h"
#include "include/wr.h"

#include <string.h>
#include <sys/socket.h>

enum {
	TYPE_IPV4 = 0x0800,
	TYPE_IPV6 = 0x86dd,
	PROTOCOL_ICMP = 1,
	PROTOCOL_TCP = 6,
	PROTOCOL_ICMPV6 = 58,
	DONT_FRAGMENT = 0x4000,
	FRAGMENT_BITS = 0x3fff, /* more fragments, offset */
	OPTION_END = 0,
	OPTION_NOP = 1,
	OPTION_MSS = 2,
	OPTION_MSS_LEN = 4,
	TCP_CHECKSUM_AT = 16,
	IPV4_CHECKSUM_AT = 10,
};

const char *vip_reject_name(enum vip_reject r)
{
	static const char *const names[] = {
#define X(id, name, text) [VIP_REJECT_##id] = (name),
		VIP_REJECT_LIST(X)
#undef X
	};

	return r < VIP_REJECT_COUNT ? names[r] : "?";
}

/* --- checksums: RFC 1071 ---------------------------------------------------------------------- */

/* RFC 9293, 3.1 and RFC 8200, 8.1: the pseudo-header is the same in the sum, IPv4 or IPv6. */
static uint16_t upper_checksum(const struct addr *from, const struct addr *to, uint8_t protocol,
			       const uint8_t *bytes, size_t len)
{
	uint32_t sum = (uint32_t)len + protocol;

	sum = checksum_add(sum, from->bytes, addr_len(from));
	sum = checksum_add(sum, to->bytes, addr_len(to));
	return checksum_fold(checksum_add(sum, bytes, len));
}

/* --- making ----------------------------------------------------------------------------------- */

static size_t header_len(const struct small_tcp_segment *s)
{
	return s->mss ? VIP_FRAME_TCP + OPTION_MSS_LEN : VIP_FRAME_TCP;
}

static void put_tcp(struct wr *w, const struct vip_segment *s)
{
	size_t header = header_len(&s->tcp);

	wr_be16(w, s->from_port);
	wr_be16(w, s->to_port);
	wr_be32(w, s->tcp.seq);
	wr_be32(w, s->tcp.ack);
	wr_u8(w, (uint8_t)(header / 4 << 4));
	wr_u8(w, s->tcp.bits);
	wr_be16(w, s->tcp.window);
	wr_be16(w, 0); /* the checksum, later */
	wr_be16(w, 0);
	if (s->tcp.mss) {
		wr_u8(w, OPTION_MSS);
		wr_u8(w, OPTION_MSS_LEN);
		wr_be16(w, s->tcp.mss);
	}
	if (s->tcp.len > 0)
		wr_bytes(w, s->tcp.payload, s->tcp.len);
}

static uint8_t ttl_of(const struct vip_segment *s)
{
	return s->ttl ? s->ttl : VIP_FRAME_TTL;
}

static void put_ipv4(struct wr *w, const struct vip_segment *s, size_t len)
{
	wr_u8(w, 0x45);
	wr_u8(w, 0);
	wr_be16(w, (uint16_t)(VIP_FRAME_IPV4 + len));
	wr_be16(w, 0); /* RFC 6864, 4.1: a datagram that is never cut needs no identification */
	wr_be16(w, DONT_FRAGMENT);
	wr_u8(w, ttl_of(s));
	wr_u8(w, PROTOCOL_TCP);
	wr_be16(w, 0); /* the checksum, later */
	wr_bytes(w, s->from.bytes, addr_len(&s->from));
	wr_bytes(w, s->to.bytes, addr_len(&s->to));
}

static void put_ipv6(struct wr *w, const struct vip_segment *s, size_t len)
{
	wr_be32(w, 6u << 28);
	wr_be16(w, (uint16_t)len);
	wr_u8(w, PROTOCOL_TCP);
	wr_u8(w, ttl_of(s));
	wr_bytes(w, s->from.bytes, addr_len(&s->from));
	wr_bytes(w, s->to.bytes, addr_len(&s->to));
}

/* Over what has been written from `at` on, where the field is still 0. */
static void set_checksum(struct wr *w, size_t at, uint16_t sum)
{
	struct wr field = wr_init(w->start + at, sizeof(sum));

	wr_be16(&field, sum);
}

size_t vip_frame_put(const struct vip_segment *s, uint8_t *bytes, size_t size)
{
	struct wr w = wr_init(bytes, size);
	size_t len = header_len(&s->tcp) + s->tcp.len, at;
	bool v6 = s->to.family == AF_INET6;

	if (s->from.family != s->to.family || len > UINT16_MAX - VIP_FRAME_IPV4 ||
	    addr_len(&s->to) == 0)
		return 0;
	wr_bytes(&w, s->destination.bytes, MAC_LEN);
	wr_bytes(&w, s->source.bytes, MAC_LEN);
	wr_be16(&w, v6 ? TYPE_IPV6 : TYPE_IPV4);
	if (v6)
		put_ipv6(&w, s, len);
	else
		put_ipv4(&w, s, len);
	at = wr_used(&w);
	put_tcp(&w, s);
	if (!wr_ok(&w))
		return 0;
	set_checksum(&w, at + TCP_CHECKSUM_AT,
		     upper_checksum(&s->from, &s->to, PROTOCOL_TCP, bytes + at, len));
	if (!v6)
		set_checksum(
			&w, VIP_FRAME_ETHERNET + IPV4_CHECKSUM_AT,
			checksum_fold(checksum_add(0, bytes + VIP_FRAME_ETHERNET, VIP_FRAME_IPV4)));
	return wr_used(&w);
}

/* --- reading ---------------------------------------------------------------------------------- */

/* An IP header and what it carries. */
struct packet {
	struct addr from, to;
	uint8_t protocol;
	const uint8_t *bytes;
	size_t len;
};

static struct addr take_address(struct rd *r, uint8_t family)
{
	struct addr a = {.family = family};
	const uint8_t *bytes = rd_take(r, addr_len(&a));

	if (bytes)
		memcpy(a.bytes, bytes, addr_len(&a));
	return a;
}

/*
 * quoted: as an ICMP error has it, of which the end may be missing, the header's checksum be that of
 * another TTL, and any other field be as the packet was when it was found wanting.
 */
static enum vip_reject take_ipv4(struct rd *r, bool quoted, struct packet *ret)
{
	const uint8_t *start = r->at;
	uint8_t version_len = rd_u8(r);
	size_t header = (size_t)(version_len & 15) * 4, total;
	uint16_t fragment;

	rd_u8(r);
	total = rd_be16(r);
	rd_be16(r);
	fragment = rd_be16(r);
	rd_u8(r); /* TTL */
	ret->protocol = rd_u8(r);
	rd_be16(r);
	ret->from = take_address(r, AF_INET);
	ret->to = take_address(r, AF_INET);
	if (!rd_ok(r))
		return VIP_REJECT_TRUNCATED;
	if (version_len >> 4 != 4 || header < VIP_FRAME_IPV4 || total < header)
		return VIP_REJECT_HEADER;
	if (!rd_take(r, header - VIP_FRAME_IPV4))
		return VIP_REJECT_TRUNCATED;
	if (fragment & FRAGMENT_BITS)
		return VIP_REJECT_FRAGMENT;
	if (!quoted && checksum_fold(checksum_add(0, start, header)) != 0)
		return VIP_REJECT_CHECKSUM;
	ret->len = total - header;
	if (quoted && ret->len > rd_left(r))
		ret->len = rd_left(r);
	ret->bytes = rd_take(r, ret->len); /* behind it comes what fills a short frame */
	return ret->bytes ? VIP_REJECT_NONE : VIP_REJECT_TRUNCATED;
}

static enum vip_reject take_ipv6(struct rd *r, bool quoted, struct packet *ret)
{
	uint32_t first = rd_be32(r);

	ret->len = rd_be16(r);
	ret->protocol = rd_u8(r);
	rd_u8(r); /* hop limit */
	ret->from = take_address(r, AF_INET6);
	ret->to = take_address(r, AF_INET6);
	if (!rd_ok(r))
		return VIP_REJECT_TRUNCATED;
	if (first >> 28 != 6)
		return VIP_REJECT_HEADER;
	if (quoted && ret->len > rd_left(r))
		ret->len = rd_left(r);
	ret->bytes = rd_take(r, ret->len);
	return ret->bytes ? VIP_REJECT_NONE : VIP_REJECT_TRUNCATED;
}

static enum vip_reject read_options(const uint8_t *bytes, size_t len, uint16_t *ret_mss)
{
	struct rd r = rd_init(bytes, len);

	while (rd_left(&r) > 0) {
		uint8_t kind = rd_u8(&r), octets;
		struct rd option;

		if (kind == OPTION_END)
			break;
		if (kind == OPTION_NOP)
			continue;
		octets = rd_u8(&r);
		if (!rd_ok(&r) || octets < 2 || octets - 2u > rd_left(&r))
			return VIP_REJECT_OPTION;
		option = rd_init(rd_take(&r, octets - 2u), octets - 2u);
		if (kind == OPTION_MSS && octets == OPTION_MSS_LEN)
			*ret_mss = rd_be16(&option);
	}
	return VIP_REJECT_NONE;
}

static enum vip_reject read_tcp(const struct packet *p, bool verify, struct vip_segment *ret)
{
	struct rd r = rd_init(p->bytes, p->len);
	const uint8_t *options;
	size_t header;
	enum vip_reject reject;

	ret->from_port = rd_be16(&r);
	ret->to_port = rd_be16(&r);
	ret->tcp.seq = rd_be32(&r);
	ret->tcp.ack = rd_be32(&r);
	header = (size_t)(rd_u8(&r) >> 4) * 4;
	ret->tcp.bits = rd_u8(&r) & (SMALL_TCP_FIN | SMALL_TCP_SYN | SMALL_TCP_RST | SMALL_TCP_PSH |
				     SMALL_TCP_ACK);
	ret->tcp.window = rd_be16(&r);
	rd_be32(&r); /* checksum, urgent pointer */
	if (!rd_ok(&r))
		return VIP_REJECT_TRUNCATED;
	if (header < VIP_FRAME_TCP)
		return VIP_REJECT_HEADER;
	options = rd_take(&r, header - VIP_FRAME_TCP);
	if (!options)
		return VIP_REJECT_TRUNCATED;
	if (verify && upper_checksum(&p->from, &p->to, PROTOCOL_TCP, p->bytes, p->len) != 0)
		return VIP_REJECT_CHECKSUM;
	reject = read_options(options, header - VIP_FRAME_TCP, &ret->tcp.mss);
	ret->tcp.len = rd_left(&r);
	ret->tcp.payload = rd_take(&r, ret->tcp.len);
	return reject;
}

static bool icmp_kind(bool v6, uint8_t type, enum vip_heard_kind *ret)
{
	if (type == (v6 ? VIP_FRAME_ICMPV6_EXCEEDED : VIP_FRAME_ICMP_EXCEEDED))
		*ret = VIP_HEARD_EXCEEDED;
	else if (type == (v6 ? VIP_FRAME_ICMPV6_UNREACHABLE : VIP_FRAME_ICMP_UNREACHABLE))
		*ret = VIP_HEARD_UNREACHABLE;
	else
		return false;
	return true;
}

/* RFC 792, RFC 4443, 3.1 and 3.3: type, code, checksum, four octets, the packet or its beginning. */
static enum vip_reject read_icmp(const struct packet *p, struct vip_heard *ret)
{
	bool v6 = p->from.family == AF_INET6;
	struct rd r = rd_init(p->bytes, p->len), ports;
	struct packet quoted = {0};
	enum vip_reject reject;
	uint8_t type = rd_u8(&r);
	uint16_t sum;

	ret->code = rd_u8(&r);
	rd_be16(&r);
	rd_be32(&r);
	if (!rd_ok(&r))
		return VIP_REJECT_TRUNCATED;
	if (!icmp_kind(v6, type, &ret->kind))
		return VIP_REJECT_OTHER;
	sum = v6 ? upper_checksum(&p->from, &p->to, PROTOCOL_ICMPV6, p->bytes, p->len)
		 : checksum_fold(checksum_add(0, p->bytes, p->len));
	if (sum != 0)
		return VIP_REJECT_CHECKSUM;
	reject = v6 ? take_ipv6(&r, true, &quoted) : take_ipv4(&r, true, &quoted);
	if (reject != VIP_REJECT_NONE)
		return reject;
	if (quoted.protocol != PROTOCOL_TCP)
		return VIP_REJECT_OTHER;
	ports = rd_init(quoted.bytes, quoted.len);
	ret->router = p->from;
	ret->segment.from = quoted.from;
	ret->segment.to = quoted.to;
	ret->segment.from_port = rd_be16(&ports);
	ret->segment.to_port = rd_be16(&ports);
	ret->segment.tcp.seq = rd_be32(&ports);
	return rd_ok(&ports) ? VIP_REJECT_NONE : VIP_REJECT_TRUNCATED;
}

static enum vip_reject read_packet(struct rd *r, bool v6, bool verify, struct vip_heard *ret)
{
	struct packet p = {0};
	enum vip_reject reject = v6 ? take_ipv6(r, false, &p) : take_ipv4(r, false, &p);

	if (reject != VIP_REJECT_NONE)
		return reject;
	if (p.protocol == (v6 ? PROTOCOL_ICMPV6 : PROTOCOL_ICMP))
		return read_icmp(&p, ret);
	if (p.protocol != PROTOCOL_TCP)
		return VIP_REJECT_OTHER;
	ret->kind = VIP_HEARD_SEGMENT;
	ret->segment.from = p.from;
	ret->segment.to = p.to;
	return read_tcp(&p, verify, &ret->segment);
}

enum vip_reject vip_frame_parse(const uint8_t *bytes, size_t len, bool verify,
				struct vip_heard *ret)
{
	struct rd r = rd_init(bytes, len);
	const uint8_t *destination = rd_take(&r, MAC_LEN), *source = rd_take(&r, MAC_LEN);
	uint16_t type = rd_be16(&r);
	struct vip_heard heard = {0};
	enum vip_reject reject;

	if (!rd_ok(&r))
		return VIP_REJECT_TRUNCATED;
	if (type != TYPE_IPV4 && type != TYPE_IPV6)
		return VIP_REJECT_OTHER;
	memcpy(heard.segment.destination.bytes, destination, MAC_LEN);
	memcpy(heard.segment.source.bytes, source, MAC_LEN);
	if (!mac_is_unicast(&heard.segment.source))
		return VIP_REJECT_MAC;
	reject = read_packet(&r, type == TYPE_IPV6, verify, &heard);
	if (reject == VIP_REJECT_NONE)
		*ret = heard;
	return reject;
}
