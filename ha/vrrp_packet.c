/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The wire format of VRRP; see vrrp_packet.h. */
#include "ha/vrrp_packet.h"

#include "include/checksum.h"
#include "include/rd.h"
#include "include/wr.h"

#include <string.h>
#include <sys/socket.h>

enum {
	TYPE_ADVERTISEMENT = 1,
	VERSION_2 = 2,
	VERSION_3 = 3,
	IPV4_HEADER_MIN = 20,
	INTERVAL_MASK = 0x0fff, /* the upper 4 bits are reserved: "ignored on reception" (5.2.6) */
	AUTH_NONE = 0,		/* RFC 3768, 5.3.6 */
};

/* The fixed fields, as they are on the wire. */
struct fixed {
	uint8_t version, type, virtual_router_id, priority, count;
	uint8_t auth; /* version 2 */
	uint32_t interval_ms;
};

struct addr vrrp_group(uint8_t family)
{
	struct addr a = {.family = AF_INET6};

	if (family == AF_INET)
		return addr_v4(VRRP_GROUP_V4);
	memcpy(a.bytes, VRRP_GROUP_V6, sizeof(a.bytes));
	return a;
}

/*
 * The header, with the payload cut to the total length: what follows is padding of the link. The
 * kernel has verified the header's checksum and put fragments together.
 */
static enum vrrp_reject read_ipv4(const uint8_t *bytes, size_t len, struct vrrp_ip *ret,
				  struct rd *ret_payload)
{
	struct rd r = rd_init(bytes, len);
	uint8_t version_ihl = rd_u8(&r), protocol;
	size_t header = (size_t)(version_ihl & 0x0f) * 4;
	size_t total;
	const uint8_t *payload;

	rd_u8(&r); /* type of service */
	total = rd_be16(&r);
	rd_be32(&r); /* identification, flags, fragment offset */
	ret->ttl = rd_u8(&r);
	protocol = rd_u8(&r);
	rd_be16(&r); /* header checksum */
	ret->source = addr_v4(rd_be32(&r));
	ret->destination = addr_v4(rd_be32(&r));
	if (!rd_ok(&r))
		return VRRP_REJECT_TRUNCATED;
	if (version_ihl >> 4 != 4 || header < IPV4_HEADER_MIN || protocol != VRRP_PROTOCOL)
		return VRRP_REJECT_NOT_VRRP;
	if (total < header)
		return VRRP_REJECT_TRUNCATED;
	rd_take(&r, header - IPV4_HEADER_MIN); /* options */
	payload = rd_take(&r, total - header);
	if (!payload)
		return VRRP_REJECT_TRUNCATED;
	*ret_payload = rd_init(payload, total - header);
	return VRRP_REJECT_NONE;
}

/*
 * The Internet checksum over the message, with its pseudo-header before it when there shall be one.
 * 0 for a message that carries its right checksum; for one whose checksum field is 0, the value of
 * that field.
 */
static uint16_t checksum(bool pseudo, const struct addr *source, const struct addr *destination,
			 const uint8_t *message, size_t len)
{
	uint32_t sum = 0;

	if (pseudo) {
		sum = (uint32_t)len + VRRP_PROTOCOL;
		sum = checksum_add(sum, source->bytes, addr_len(source));
		sum = checksum_add(sum, destination->bytes, addr_len(destination));
	}
	return checksum_fold(checksum_add(sum, message, len));
}

static struct fixed read_fixed(struct rd *r)
{
	uint8_t version_type = rd_u8(r);
	struct fixed f = {.version = version_type >> 4, .type = version_type & 0x0f};
	uint16_t word;

	f.virtual_router_id = rd_u8(r);
	f.priority = rd_u8(r);
	f.count = rd_u8(r);
	word = rd_be16(r);
	rd_be16(r); /* the checksum, verified later over the whole */
	if (f.version == VERSION_2) {
		f.auth = (uint8_t)(word >> 8);
		f.interval_ms = (uint32_t)(word & 0xff) * VRRP_V2_UNIT_MS;
	} else {
		f.interval_ms = (uint32_t)(word & INTERVAL_MASK) * VRRP_INTERVAL_UNIT_MS;
	}
	return f;
}

static size_t auth_len(uint8_t version)
{
	return version == VERSION_2 ? VRRP_V2_AUTH_LEN : 0;
}

/* Of what follows the fixed fields, without a trailer. */
static size_t body_len(const struct fixed *f, uint8_t family)
{
	return f->count * addr_len(&(struct addr){.family = family}) + auth_len(f->version);
}

/* len: of what follows the fixed fields. */
static enum vrrp_reject check_fixed(const struct fixed *f, uint8_t family, size_t len,
				    const struct vrrp_expect *expect)
{
	size_t body = body_len(f, family);

	if (f->version != expect->version || (f->version == VERSION_2 && family != AF_INET))
		return VRRP_REJECT_VERSION;
	if (f->type != TYPE_ADVERTISEMENT)
		return VRRP_REJECT_TYPE;
	if (f->virtual_router_id != expect->virtual_router_id)
		return VRRP_REJECT_NOT_OURS;
	if (f->auth != AUTH_NONE)
		return VRRP_REJECT_AUTH;
	if (f->count == 0)
		return VRRP_REJECT_EMPTY;
	if (len != body && !(expect->trailer && len == body + VRRP_AUTH_TRAILER))
		return VRRP_REJECT_LENGTH;
	if (f->interval_ms == 0)
		return VRRP_REJECT_INTERVAL;
	/* RFC 3768, 7.1: "MUST verify that the Adver Interval in the packet is the same" */
	if (f->version == VERSION_2 && f->interval_ms != expect->interval_ms)
		return VRRP_REJECT_OTHER_INTERVAL;
	return VRRP_REJECT_NONE;
}

/* Whether a router may send from it: over IPv6 to the group only from a link-local one (5.1.2.1). */
static bool is_sender(const struct addr *a, bool unicast)
{
	if (a->family == AF_INET6 && !unicast)
		return addr_is_link_local(a);
	return addr_is_host(a);
}

static enum vrrp_reject check_sender(const struct vrrp_ip *ip, const struct vrrp_expect *expect)
{
	struct addr group = vrrp_group(ip->source.family);

	if (!is_sender(&ip->source, expect->unicast))
		return VRRP_REJECT_SOURCE;
	if (addr_equal(&ip->source, &expect->own))
		return VRRP_REJECT_OWN_SOURCE;
	if (addr_equal(&ip->destination, &group) == expect->unicast)
		return VRRP_REJECT_DESTINATION;
	for (size_t i = 0; i < expect->n_peers && expect->unicast; i++)
		if (addr_equal(&ip->source, &expect->peers[i]))
			return VRRP_REJECT_NONE;
	return expect->unicast ? VRRP_REJECT_PEER : VRRP_REJECT_NONE;
}

/*
 * 5.2.8: of IPv6 with the pseudo-header and all that is in the datagram, a trailer, too; of IPv4
 * the message alone. RFC 5798 had the pseudo-header in IPv4 as well, and many routers still do:
 * either is right. RFC 3768, 5.3.8, knows none.
 */
static bool checksum_is_right(uint8_t version, const struct vrrp_ip *ip, const uint8_t *bytes,
			      size_t len, size_t message_len)
{
	if (ip->source.family == AF_INET6)
		return checksum(true, &ip->source, &ip->destination, bytes, len) == 0;
	if (checksum(false, &ip->source, &ip->destination, bytes, message_len) == 0)
		return true;
	return version != VERSION_2 &&
	       checksum(true, &ip->source, &ip->destination, bytes, message_len) == 0;
}

enum vrrp_reject vrrp_message_parse(const struct vrrp_ip *ip, const uint8_t *bytes, size_t len,
				    const struct vrrp_expect *expect, struct vrrp_packet *ret)
{
	struct rd r = rd_init(bytes, len);
	struct fixed f = read_fixed(&r);
	size_t message_len = VRRP_HEADER_LEN + body_len(&f, ip->source.family);
	enum vrrp_reject reject;

	if (ip->ttl != VRRP_TTL)
		return VRRP_REJECT_TTL;
	if (!rd_ok(&r))
		return VRRP_REJECT_TRUNCATED;
	reject = check_fixed(&f, ip->source.family, rd_left(&r), expect);
	if (reject != VRRP_REJECT_NONE)
		return reject;
	if (!checksum_is_right(f.version, ip, bytes, len, message_len))
		return VRRP_REJECT_CHECKSUM;
	reject = check_sender(ip, expect);
	if (reject != VRRP_REJECT_NONE)
		return reject;

	*ret = (struct vrrp_packet){
		.version = f.version,
		.virtual_router_id = f.virtual_router_id,
		.priority = f.priority,
		.interval_ms = f.interval_ms,
		.source = ip->source,
		.destination = ip->destination,
		.n_addresses = f.count,
		.message = bytes,
		.message_len = message_len,
	};
	for (size_t i = 0; i < f.count; i++) {
		size_t address_len = addr_len(&ip->source);

		ret->addresses[i].family = ip->source.family;
		memcpy(ret->addresses[i].bytes, rd_take(&r, address_len), address_len);
	}
	rd_take(&r, auth_len(f.version));
	ret->trailer = rd_left(&r) ? rd_take(&r, VRRP_AUTH_TRAILER) : NULL;
	return VRRP_REJECT_NONE;
}

enum vrrp_reject vrrp_packet_parse(const uint8_t *bytes, size_t len,
				   const struct vrrp_expect *expect, struct vrrp_packet *ret)
{
	struct vrrp_ip ip;
	struct rd payload;
	enum vrrp_reject reject = read_ipv4(bytes, len, &ip, &payload);
	size_t left;

	if (reject != VRRP_REJECT_NONE)
		return reject;
	left = rd_left(&payload);
	return vrrp_message_parse(&ip, rd_take(&payload, left), left, expect, ret);
}

static struct wr write_message(const struct vrrp_packet *p, uint16_t sum, uint8_t *bytes,
			       size_t size)
{
	static const uint8_t no_auth[VRRP_V2_AUTH_LEN];
	struct wr w = wr_init(bytes, size);

	wr_u8(&w, (uint8_t)(p->version << 4 | TYPE_ADVERTISEMENT));
	wr_u8(&w, p->virtual_router_id);
	wr_u8(&w, p->priority);
	wr_u8(&w, p->n_addresses);
	if (p->version == VERSION_2) {
		wr_u8(&w, AUTH_NONE);
		wr_u8(&w, (uint8_t)(p->interval_ms / VRRP_V2_UNIT_MS));
	} else {
		wr_be16(&w, (uint16_t)(p->interval_ms / VRRP_INTERVAL_UNIT_MS));
	}
	wr_be16(&w, sum);
	for (size_t i = 0; i < p->n_addresses; i++)
		wr_bytes(&w, p->addresses[i].bytes, addr_len(&p->addresses[i]));
	wr_bytes(&w, no_auth, auth_len(p->version));
	if (p->trailer)
		wr_bytes(&w, p->trailer, VRRP_AUTH_TRAILER);
	return w;
}

static bool interval_fits(const struct vrrp_packet *p)
{
	if (p->version == VERSION_2)
		return p->interval_ms >= VRRP_V2_UNIT_MS && p->interval_ms <= VRRP_V2_MAX_MS;
	return p->interval_ms >= VRRP_INTERVAL_UNIT_MS && p->interval_ms <= VRRP_INTERVAL_MAX_MS;
}

static bool can_be_built(const struct vrrp_packet *p)
{
	uint8_t family = p->source.family;

	if ((p->version != VERSION_2 && p->version != VERSION_3) || !interval_fits(p) ||
	    p->n_addresses == 0 || p->virtual_router_id == 0)
		return false;
	if ((family != AF_INET && (family != AF_INET6 || p->version == VERSION_2)) ||
	    p->destination.family != family)
		return false;
	for (size_t i = 0; i < p->n_addresses; i++)
		if (p->addresses[i].family != family)
			return false;
	return true;
}

/*
 * Over IPv4 the pseudo-header of RFC 5798 counts, because routers of Debian 12's keepalived accept
 * nothing else; but not before a trailer, whose draft has the checksum of RFC 9568.
 */
static uint16_t own_checksum(const struct vrrp_packet *p, const uint8_t *bytes, size_t len)
{
	bool ipv6 = p->source.family == AF_INET6;
	size_t covered = p->trailer && !ipv6 ? len - VRRP_AUTH_TRAILER : len;

	return checksum(ipv6 || (p->version != VERSION_2 && !p->trailer), &p->source,
			&p->destination, bytes, covered);
}

size_t vrrp_packet_build(const struct vrrp_packet *p, uint8_t *bytes, size_t size)
{
	struct wr w;

	if (!can_be_built(p))
		return 0;
	/* "the checksum field is set to zero" for its own computation (5.2.8) */
	w = write_message(p, 0, bytes, size);
	if (!wr_ok(&w))
		return 0;
	w = write_message(p, own_checksum(p, bytes, wr_used(&w)), bytes, size);
	return wr_used(&w);
}

static bool listed(const struct addr *a, const struct prefix *addresses, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (addr_equal(a, &addresses[i].addr))
			return true;
	return false;
}

/* The same set; the usual case, the same order, costs one pass. */
static bool same_addresses(const struct vrrp_packet *p, const struct prefix *addresses, size_t n)
{
	size_t same = 0;

	if (p->n_addresses != n)
		return false;
	while (same < n && addr_equal(&p->addresses[same], &addresses[same].addr))
		same++;
	for (size_t i = same; i < n; i++) {
		bool found = false;

		for (size_t k = same; k < n && !found; k++)
			found = addr_equal(&addresses[i].addr, &p->addresses[k]);
		if (!found || !listed(&p->addresses[i], addresses, n))
			return false;
	}
	return true;
}

unsigned int vrrp_packet_notes(const struct vrrp_packet *p, const struct prefix *addresses,
			       size_t n_addresses, uint32_t interval_ms, uint8_t priority)
{
	unsigned int notes = 0;

	if (p->interval_ms != interval_ms)
		notes |= 1u << VRRP_NOTE_INTERVAL;
	if (!same_addresses(p, addresses, n_addresses))
		notes |= 1u << VRRP_NOTE_ADDRESSES;
	if (priority == VRRP_PRIORITY_OWNER)
		notes |= 1u << VRRP_NOTE_OWNER;
	return notes;
}

const char *vrrp_reject_name(enum vrrp_reject r)
{
	static const char *const names[VRRP_REJECT_COUNT] = {[VRRP_REJECT_NONE] = "none",
#define X(id, name, text) [VRRP_REJECT_##id] = name,
							     VRRP_REJECT_LIST(X)
#undef X
	};

	return names[r];
}

const char *vrrp_reject_text(enum vrrp_reject r)
{
	static const char *const texts[VRRP_REJECT_COUNT] = {[VRRP_REJECT_NONE] = "is good",
#define X(id, name, text) [VRRP_REJECT_##id] = text,
							     VRRP_REJECT_LIST(X)
#undef X
	};

	return texts[r];
}

const char *vrrp_note_name(enum vrrp_note n)
{
	static const char *const names[VRRP_NOTE_COUNT] = {
#define X(id, name, text) [VRRP_NOTE_##id] = name,
		VRRP_NOTE_LIST(X)
#undef X
	};

	return names[n];
}

const char *vrrp_note_text(enum vrrp_note n)
{
	static const char *const texts[VRRP_NOTE_COUNT] = {
#define X(id, name, text) [VRRP_NOTE_##id] = text,
		VRRP_NOTE_LIST(X)
#undef X
	};

	return texts[n];
}
