/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One message of nfnetlink_log; see flow_log.h. */
#include "director/flow/flow_log.h"

#include "director/netlink/nl_reader.h"

#include <netinet/in.h>
#include <string.h>

#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>

enum {
	IPV4_HEADER_MIN = 20,
	IPV6_HEADER = 40,
	FRAGMENT_OFFSET_V4 = 0x1fff, /* in units of 8 octets, behind the flags */
	FRAGMENT_OFFSET_V6 = 0xfff8,
	TCP_OFFSET_AND_FLAGS = 12, /* where TCP's header has its data offset, then the flags */
};

/* The attributes that are of use; at NULL: not there. */
struct attributes {
	struct rd packet, payload, mark, ifindex, prefix, sequence, hwtype, hwheader;
};

static struct rd *place_of(struct attributes *a, uint16_t type)
{
	switch (type) {
	case NFULA_PACKET_HDR: return &a->packet;
	case NFULA_MARK: return &a->mark;
	case NFULA_IFINDEX_INDEV: return &a->ifindex;
	case NFULA_PAYLOAD: return &a->payload;
	case NFULA_PREFIX: return &a->prefix;
	case NFULA_SEQ: return &a->sequence;
	case NFULA_HWTYPE: return &a->hwtype;
	case NFULA_HWHEADER: return &a->hwheader;
	default: return NULL; /* newer kernels have more of them */
	}
}

static enum flow_log_reject read_message(const uint8_t *bytes, size_t len, struct attributes *ret)
{
	struct nl_message m;
	struct rd value, *place;
	uint16_t type;

	if (!nl_read_message(bytes, len, &m) || !rd_take(&m.body, NL_FAMILY_HEADER))
		return FLOW_LOG_REJECT_TRUNCATED;
	if (m.type != (NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_PACKET))
		return FLOW_LOG_REJECT_NOT_PACKET;
	while (nl_next_attribute(&m.body, &type, &value)) {
		place = place_of(ret, type);
		if (place)
			*place = value;
	}
	return rd_ok(&m.body) ? FLOW_LOG_REJECT_NONE : FLOW_LOG_REJECT_TRUNCATED;
}

/* --- the attributes --------------------------------------------------------------------------- */

static bool lengths_are_right(const struct attributes *a)
{
	return a->packet.at && rd_left(&a->packet) >= sizeof(struct nfulnl_msg_packet_hdr) &&
	       (!a->mark.at || rd_left(&a->mark) == sizeof(uint32_t)) &&
	       (!a->ifindex.at || rd_left(&a->ifindex) == sizeof(uint32_t)) &&
	       (!a->sequence.at || rd_left(&a->sequence) == sizeof(uint32_t)) &&
	       (!a->hwtype.at || rd_left(&a->hwtype) == sizeof(uint16_t));
}

static bool read_prefix(const struct attributes *a, struct flow_log_event *e)
{
	size_t len = rd_left(&a->prefix);

	if (!a->prefix.at || len == 0 || len > sizeof(e->prefix) ||
	    !memchr(a->prefix.at, '\0', len))
		return false;
	memcpy(e->prefix, a->prefix.at, len);
	return true;
}

static void read_macs(struct attributes *a, struct flow_log_event *e)
{
	const uint8_t *destination = rd_take(&a->hwheader, MAC_LEN);
	const uint8_t *source = rd_take(&a->hwheader, MAC_LEN);

	rd_be16(&a->hwheader); /* EtherType */
	if (!rd_ok(&a->hwheader) || rd_be16(&a->hwtype) != ARPHRD_ETHER)
		return;
	e->has_macs = true;
	memcpy(e->destination.bytes, destination, MAC_LEN);
	memcpy(e->source.bytes, source, MAC_LEN);
}

/* --- the packet ------------------------------------------------------------------------------- */

/*
 * Behind the IP header there is no more than it says: the rest is padding of the link. A length of 0
 * is a packet put together from segments that has become too long for the field (BIG TCP).
 */
static void cut_to(struct rd *r, size_t len)
{
	if (len && len < rd_left(r))
		*r = rd_init(r->at, len);
}

static enum flow_log_reject read_ipv4(struct rd *r, struct flow_key *key)
{
	size_t header = (size_t)(rd_u8(r) & 0x0f) * 4, total;
	uint16_t offset;

	rd_u8(r); /* type of service */
	total = rd_be16(r);
	rd_be16(r); /* identification */
	offset = rd_be16(r) & FRAGMENT_OFFSET_V4;
	rd_u8(r); /* time to live */
	key->protocol = rd_u8(r);
	rd_be16(r); /* header checksum */
	key->client = addr_v4(rd_be32(r));
	key->vip = addr_v4(rd_be32(r));
	if (!rd_ok(r))
		return FLOW_LOG_REJECT_SNAPLEN;
	if (header < IPV4_HEADER_MIN || (total && total < header))
		return FLOW_LOG_REJECT_HEADER;
	if (offset)
		return FLOW_LOG_REJECT_FRAGMENT;
	rd_take(r, header - IPV4_HEADER_MIN); /* options */
	if (!rd_ok(r))
		return FLOW_LOG_REJECT_SNAPLEN;
	cut_to(r, total ? total - header : 0);
	return total == header ? FLOW_LOG_REJECT_HEADER : FLOW_LOG_REJECT_NONE;
}

static struct addr addr_v6(struct rd *r)
{
	struct addr a = {.family = AF_INET6};
	const uint8_t *p = rd_take(r, sizeof(a.bytes));

	if (p)
		memcpy(a.bytes, p, sizeof(a.bytes));
	return a;
}

/* One extension header of that type. NONE: *next is what follows it. */
static enum flow_log_reject read_extension(struct rd *r, uint8_t type, uint8_t *next)
{
	uint8_t len;
	uint16_t offset;

	*next = rd_u8(r);
	len = rd_u8(r);
	switch (type) {
	case IPPROTO_FRAGMENT:
		offset = rd_be16(r) & FRAGMENT_OFFSET_V6;
		rd_be32(r); /* identification */
		if (rd_ok(r) && offset)
			return FLOW_LOG_REJECT_FRAGMENT;
		break;
	case IPPROTO_AH: /* "in 4-octet units, minus 2" (RFC 4302, 2.2) */
		rd_take(r, ((size_t)len + 2) * 4 - 2);
		break;
	default: /* "in 8-octet units, not including the first 8 octets" (RFC 8200, 4.3) */
		rd_take(r, ((size_t)len + 1) * 8 - 2);
		break;
	}
	return rd_ok(r) ? FLOW_LOG_REJECT_NONE : FLOW_LOG_REJECT_SNAPLEN;
}

static bool is_extension(uint8_t type)
{
	return type == IPPROTO_HOPOPTS || type == IPPROTO_ROUTING || type == IPPROTO_FRAGMENT ||
	       type == IPPROTO_DSTOPTS || type == IPPROTO_AH || type == IPPROTO_MH;
}

static enum flow_log_reject read_ipv6(struct rd *r, struct flow_key *key)
{
	enum flow_log_reject reject = FLOW_LOG_REJECT_NONE;
	size_t payload;
	uint8_t next;

	rd_be32(r); /* version, traffic class, flow label */
	payload = rd_be16(r);
	next = rd_u8(r);
	rd_u8(r); /* hop limit */
	key->client = addr_v6(r);
	key->vip = addr_v6(r);
	if (!rd_ok(r))
		return FLOW_LOG_REJECT_SNAPLEN;
	cut_to(r, payload);
	for (int i = 0; reject == FLOW_LOG_REJECT_NONE && is_extension(next); i++)
		reject = i < FLOW_LOG_EXTENSIONS ? read_extension(r, next, &next)
						 : FLOW_LOG_REJECT_EXTENSIONS;
	key->protocol = next;
	return reject;
}

static enum flow_log_reject read_ports(struct rd *r, struct flow_log_event *e)
{
	if (e->key.protocol != IPPROTO_TCP && e->key.protocol != IPPROTO_UDP)
		return FLOW_LOG_REJECT_PROTOCOL;
	e->key.client_port = rd_be16(r);
	e->key.vip_port = rd_be16(r);
	if (e->key.protocol == IPPROTO_TCP) {
		rd_take(r, TCP_OFFSET_AND_FLAGS - 4);
		e->tcp_flags = (uint8_t)rd_be16(r);
	}
	return rd_ok(r) ? FLOW_LOG_REJECT_NONE : FLOW_LOG_REJECT_SNAPLEN;
}

/* The hook says which protocol the frame carries; the packet's own version must agree. */
static enum flow_log_reject read_packet(struct rd r, uint16_t ethertype, struct flow_log_event *e)
{
	enum flow_log_reject reject = FLOW_LOG_REJECT_NOT_IP;

	if (rd_left(&r) == 0)
		return FLOW_LOG_REJECT_NO_PAYLOAD;
	if (ethertype == ETH_P_IP && r.at[0] >> 4 == 4)
		reject = read_ipv4(&r, &e->key);
	else if (ethertype == ETH_P_IPV6 && r.at[0] >> 4 == 6)
		reject = read_ipv6(&r, &e->key);
	return reject == FLOW_LOG_REJECT_NONE ? read_ports(&r, e) : reject;
}

enum flow_log_reject flow_log_parse(const uint8_t *bytes, size_t len, struct flow_log_event *ret)
{
	struct attributes a = {0};
	struct flow_log_event e = {0};
	enum flow_log_reject reject = read_message(bytes, len, &a);
	uint16_t ethertype;

	if (reject != FLOW_LOG_REJECT_NONE)
		return reject;
	if (!lengths_are_right(&a))
		return FLOW_LOG_REJECT_ATTRIBUTE;
	if (!read_prefix(&a, &e))
		return FLOW_LOG_REJECT_PREFIX;
	ethertype = rd_be16(&a.packet);
	e.hook = rd_u8(&a.packet);
	reject = read_packet(a.payload, ethertype, &e);
	if (reject != FLOW_LOG_REJECT_NONE)
		return reject;
	e.mark = a.mark.at ? rd_be32(&a.mark) : 0;
	e.ifindex = a.ifindex.at ? rd_be32(&a.ifindex) : 0;
	e.has_sequence = a.sequence.at != NULL;
	e.sequence = e.has_sequence ? rd_be32(&a.sequence) : 0;
	read_macs(&a, &e);
	*ret = e;
	return FLOW_LOG_REJECT_NONE;
}

const char *flow_log_reject_name(enum flow_log_reject r)
{
	static const char *const names[FLOW_LOG_REJECT_COUNT] = {[FLOW_LOG_REJECT_NONE] = "none",
#define X(id, name, text) [FLOW_LOG_REJECT_##id] = name,
								 FLOW_LOG_REJECT_LIST(X)
#undef X
	};

	return names[r];
}

const char *flow_log_reject_text(enum flow_log_reject r)
{
	static const char *const texts[FLOW_LOG_REJECT_COUNT] = {[FLOW_LOG_REJECT_NONE] = "is good",
#define X(id, name, text) [FLOW_LOG_REJECT_##id] = text,
								 FLOW_LOG_REJECT_LIST(X)
#undef X
	};

	return texts[r];
}
