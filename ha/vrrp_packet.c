/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The wire format of VRRP; see vrrp_packet.h. */
#include "ha/vrrp_packet.h"

#include "include/rd.h"
#include "include/wr.h"

#include <string.h>
#include <sys/socket.h>

enum {
	TYPE_ADVERTISEMENT = 1,
	VERSION_3 = 3,
	IPV4_HEADER_MIN = 20,
	IPV4_LEN = 4,
	INTERVAL_MASK = 0x0fff, /* the upper 4 bits are reserved: "ignored on reception" (5.2.6) */
};

struct ipv4 {
	uint8_t ttl;
	uint8_t protocol;
	struct addr source;
	struct addr destination;
	struct rd payload;
};

/*
 * The header, with the payload cut to the total length: what follows is padding of the link. The
 * kernel has verified the header's checksum and put fragments together.
 */
static enum vrrp_reject read_ipv4(const uint8_t *bytes, size_t len, struct ipv4 *ret)
{
	struct rd r = rd_init(bytes, len);
	uint8_t version_ihl = rd_u8(&r);
	size_t header = (size_t)(version_ihl & 0x0f) * 4;
	size_t total;
	const uint8_t *payload;

	rd_u8(&r); /* type of service */
	total = rd_be16(&r);
	rd_be32(&r); /* identification, flags, fragment offset */
	ret->ttl = rd_u8(&r);
	ret->protocol = rd_u8(&r);
	rd_be16(&r); /* header checksum */
	ret->source = addr_v4(rd_be32(&r));
	ret->destination = addr_v4(rd_be32(&r));
	if (!rd_ok(&r))
		return VRRP_REJECT_TRUNCATED;
	if (version_ihl >> 4 != 4 || header < IPV4_HEADER_MIN || ret->protocol != VRRP_PROTOCOL)
		return VRRP_REJECT_NOT_VRRP;
	if (total < header)
		return VRRP_REJECT_TRUNCATED;
	rd_take(&r, header - IPV4_HEADER_MIN); /* options */
	payload = rd_take(&r, total - header);
	if (!payload)
		return VRRP_REJECT_TRUNCATED;
	ret->payload = rd_init(payload, total - header);
	return VRRP_REJECT_NONE;
}

static uint32_t sum_bytes(uint32_t sum, struct rd r)
{
	while (rd_left(&r) >= 2)
		sum += rd_be16(&r);
	if (rd_left(&r))
		sum += (uint32_t)rd_u8(&r) << 8;
	return sum;
}

/*
 * The Internet checksum over the pseudo-header and the message (5.2.8). 0 for a message that
 * carries its right checksum; for one whose checksum field is 0, the value of that field.
 */
static uint16_t checksum(const struct addr *source, const struct addr *destination,
			 struct rd message)
{
	size_t len = rd_left(&message);
	uint32_t sum = (uint32_t)len + VRRP_PROTOCOL;

	sum = sum_bytes(sum, rd_init(source->bytes, addr_len(source)));
	sum = sum_bytes(sum, rd_init(destination->bytes, addr_len(destination)));
	sum = sum_bytes(sum, message);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

enum vrrp_reject vrrp_packet_parse(const uint8_t *bytes, size_t len,
				   const struct vrrp_expect *expect, struct vrrp_packet *ret)
{
	struct ipv4 ip;
	enum vrrp_reject reject = read_ipv4(bytes, len, &ip);
	struct rd r;
	uint8_t version_type, virtual_router_id, priority, count;
	uint16_t interval;

	if (reject != VRRP_REJECT_NONE)
		return reject;
	if (ip.ttl != VRRP_TTL)
		return VRRP_REJECT_TTL;
	r = ip.payload;
	version_type = rd_u8(&r);
	virtual_router_id = rd_u8(&r);
	priority = rd_u8(&r);
	count = rd_u8(&r);
	interval = rd_be16(&r) & INTERVAL_MASK;
	rd_be16(&r); /* the checksum, verified below over the whole */
	if (!rd_ok(&r))
		return VRRP_REJECT_TRUNCATED;
	if (version_type >> 4 != expect->version)
		return VRRP_REJECT_VERSION;
	if ((version_type & 0x0f) != TYPE_ADVERTISEMENT)
		return VRRP_REJECT_TYPE;
	if (virtual_router_id != expect->virtual_router_id)
		return VRRP_REJECT_NOT_OURS;
	if (count == 0)
		return VRRP_REJECT_EMPTY;
	if (rd_left(&r) != (size_t)count * IPV4_LEN)
		return VRRP_REJECT_LENGTH;
	if (interval == 0)
		return VRRP_REJECT_INTERVAL;
	if (checksum(&ip.source, &ip.destination, ip.payload) != 0)
		return VRRP_REJECT_CHECKSUM;
	if (!addr_is_host(&ip.source))
		return VRRP_REJECT_SOURCE;
	if (addr_equal(&ip.source, &expect->own))
		return VRRP_REJECT_OWN_SOURCE;

	*ret = (struct vrrp_packet){
		.version = version_type >> 4,
		.virtual_router_id = virtual_router_id,
		.priority = priority,
		.interval_ms = (uint32_t)interval * VRRP_INTERVAL_UNIT_MS,
		.source = ip.source,
		.destination = ip.destination,
		.n_addresses = count,
	};
	for (size_t i = 0; i < count; i++)
		ret->addresses[i] = addr_v4(rd_be32(&r));
	return VRRP_REJECT_NONE;
}

static struct wr write_message(const struct vrrp_packet *p, uint16_t sum, uint8_t *bytes,
			       size_t size)
{
	struct wr w = wr_init(bytes, size);

	wr_u8(&w, VERSION_3 << 4 | TYPE_ADVERTISEMENT);
	wr_u8(&w, p->virtual_router_id);
	wr_u8(&w, p->priority);
	wr_u8(&w, p->n_addresses);
	wr_be16(&w, (uint16_t)(p->interval_ms / VRRP_INTERVAL_UNIT_MS));
	wr_be16(&w, sum);
	for (size_t i = 0; i < p->n_addresses; i++)
		wr_bytes(&w, p->addresses[i].bytes, addr_len(&p->addresses[i]));
	return w;
}

static bool can_be_built(const struct vrrp_packet *p)
{
	if (p->version != VERSION_3 || p->n_addresses == 0 || p->virtual_router_id == 0 ||
	    p->interval_ms < VRRP_INTERVAL_UNIT_MS || p->interval_ms > VRRP_INTERVAL_MAX_MS ||
	    p->source.family != AF_INET || p->destination.family != AF_INET)
		return false;
	for (size_t i = 0; i < p->n_addresses; i++)
		if (p->addresses[i].family != AF_INET)
			return false;
	return true;
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
	w = write_message(p, checksum(&p->source, &p->destination, rd_init(bytes, wr_used(&w))),
			  bytes, size);
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
