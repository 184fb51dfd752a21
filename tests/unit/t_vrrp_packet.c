/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ha/vrrp_packet.h"
#include "include/wr.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CORPUS "tests/fuzz/corpus/fuzz_vrrp_packet"

enum { IP_HEADER = 20, OWN = 0x0a4d0002, PEER = 0x0a4d0003, VIP = 0x0a4d0064, MAX = 2048 };

/* As keepalived 2.2.7 sent it: VRID 51, priority 90, 100 ms, 10.77.0.100. */
static const uint8_t keepalived[] = {
	0x45, 0xc0, 0x00, 0x20, 0x00, 0x01, 0x00, 0x00, 0xff, 0x70, 0xd0,
	0x4a, 0x0a, 0x4d, 0x00, 0x03, 0xe0, 0x00, 0x00, 0x12, 0x31, 0x33,
	0x5a, 0x01, 0x00, 0x0a, 0x7f, 0x31, 0x0a, 0x4d, 0x00, 0x64,
};

static struct vrrp_expect expected(void)
{
	return (struct vrrp_expect){.version = 3, .virtual_router_id = 51, .own = addr_v4(OWN)};
}

static struct vrrp_packet sample(uint8_t n)
{
	struct vrrp_packet p = {
		.version = 3,
		.virtual_router_id = 51,
		.priority = 90,
		.interval_ms = 100,
		.source = addr_v4(PEER),
		.destination = addr_v4(VRRP_GROUP_V4),
		.n_addresses = n,
	};

	for (uint8_t i = 0; i < n; i++)
		p.addresses[i] = addr_v4(VIP + i);
	return p;
}

struct datagram {
	uint8_t bytes[MAX];
	size_t len;
};

/* An IPv4 datagram with options of 4 * words octets around a message. */
static struct datagram wrap(const uint8_t *message, size_t len, uint8_t words)
{
	struct datagram d;
	struct wr w = wr_init(d.bytes, sizeof(d.bytes));

	wr_u8(&w, (uint8_t)(0x45 + words));
	wr_u8(&w, 0xc0);
	wr_be16(&w, (uint16_t)(IP_HEADER + 4u * words + len));
	wr_be32(&w, 0);
	wr_u8(&w, 255);
	wr_u8(&w, VRRP_PROTOCOL);
	wr_be16(&w, 0);
	wr_be32(&w, PEER);
	wr_be32(&w, VRRP_GROUP_V4);
	for (uint8_t i = 0; i < words; i++)
		wr_be32(&w, 0x94040000); /* router alert */
	wr_bytes(&w, message, len);
	d.len = wr_used(&w);
	return d;
}

/* The sample as a datagram, with one octet of the message replaced before the checksum. */
static struct datagram changed(size_t at, uint8_t value)
{
	uint8_t m[64];
	struct vrrp_packet p = sample(1);
	size_t len = vrrp_packet_build(&p, m, sizeof(m));
	uint32_t sum;

	/* RFC 1624: the new checksum from the old one and the word that changes */
	sum = (uint32_t)(uint16_t) ~((unsigned int)m[6] << 8 | m[7]);
	sum += at % 2 ? (uint32_t)value + 0xffff - m[at]
		      : ((uint32_t)value << 8) + 0xffff - ((uint32_t)m[at] << 8);
	m[at] = value;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	m[6] = (uint8_t)(~sum >> 8);
	m[7] = (uint8_t)~sum;
	return wrap(m, len, 0);
}

static const char *parse(const struct datagram *d, struct vrrp_packet *ret)
{
	const struct vrrp_expect expect = expected();

	return vrrp_reject_name(vrrp_packet_parse(d->bytes, d->len, &expect, ret));
}

static const char *parse_bytes(const uint8_t *bytes, size_t len, struct vrrp_packet *ret)
{
	const struct vrrp_expect expect = expected();

	return vrrp_reject_name(vrrp_packet_parse(bytes, len, &expect, ret));
}

static void reads_a_real_one(void)
{
	struct vrrp_packet p;
	char text[ADDR_TEXT];

	EXPECT_TEXT(parse_bytes(keepalived, sizeof(keepalived), &p), "none");
	EXPECT_INT(p.version, 3);
	EXPECT_INT(p.virtual_router_id, 51);
	EXPECT_INT(p.priority, 90);
	EXPECT_INT(p.interval_ms, 100);
	EXPECT_TEXT(addr_format(&p.source, text), "10.77.0.3");
	EXPECT_TEXT(addr_format(&p.destination, text), "224.0.0.18");
	EXPECT_INT(p.n_addresses, 1);
	EXPECT_TEXT(addr_format(&p.addresses[0], text), "10.77.0.100");
}

static void builds_the_same(void)
{
	struct vrrp_packet p = sample(1);
	uint8_t bytes[64];

	EXPECT_INT(vrrp_packet_build(&p, bytes, sizeof(bytes)), sizeof(keepalived) - IP_HEADER);
	CU_ASSERT(memcmp(bytes, keepalived + IP_HEADER, sizeof(keepalived) - IP_HEADER) == 0);
}

static void there_and_back(void)
{
	static const uint32_t intervals[] = {10, 1000, 40950};

	for (uint32_t n = 1; n <= VRRP_ADDRESSES_MAX; n++) {
		struct vrrp_packet p = sample((uint8_t)n), back;
		uint8_t m[VRRP_MESSAGE_MAX];
		struct datagram d;

		p.interval_ms = intervals[n % 3];
		p.priority = (uint8_t)n;
		d = wrap(m, vrrp_packet_build(&p, m, sizeof(m)), (uint8_t)(n % 11));
		EXPECT_TEXT(parse(&d, &back), "none");
		EXPECT_INT(back.interval_ms, p.interval_ms);
		EXPECT_INT(back.priority, p.priority);
		EXPECT_INT(back.n_addresses, n);
		CU_ASSERT(memcmp(back.addresses, p.addresses, n * sizeof(p.addresses[0])) == 0);
	}
}

static void refuses_to_build(void)
{
	struct vrrp_packet p = sample(2);
	uint8_t bytes[VRRP_MESSAGE_MAX];

	EXPECT_INT(vrrp_packet_build(&p, bytes, 16), 16);
	for (size_t size = 0; size < 16; size++)
		EXPECT_INT(vrrp_packet_build(&p, bytes, size), 0);
#define REFUSED(change)                                                                            \
	do {                                                                                       \
		p = sample(2);                                                                     \
		change;                                                                            \
		EXPECT_INT(vrrp_packet_build(&p, bytes, sizeof(bytes)), 0);                        \
	} while (0)
	REFUSED(p.n_addresses = 0);
	REFUSED(p.version = 2);
	REFUSED(p.virtual_router_id = 0);
	REFUSED(p.interval_ms = 0);
	REFUSED(p.interval_ms = 40960);
	REFUSED(p.source = (struct addr){0});
	REFUSED(p.destination = (struct addr){0});
	REFUSED(addr_parse("fd77::100", &p.addresses[1]));
#undef REFUSED
}

static void one_reason_per_check(void)
{
	struct vrrp_packet p = {.priority = 42};
	struct datagram d;

	d = changed(0, 0x31); /* changes nothing */
	EXPECT_TEXT(parse(&d, &p), "none");
	p.priority = 42;
	d.bytes[0] = 0x65;
	EXPECT_TEXT(parse(&d, &p), "not-vrrp");
	d.bytes[0] = 0x44;
	EXPECT_TEXT(parse(&d, &p), "not-vrrp");
	d = changed(0, 0x31);
	d.bytes[9] = 17;
	EXPECT_TEXT(parse(&d, &p), "not-vrrp");
	d = changed(0, 0x31);
	d.bytes[8] = 254;
	EXPECT_TEXT(parse(&d, &p), "ttl");
	d = changed(0, 0x21);
	EXPECT_TEXT(parse(&d, &p), "version");
	d = changed(0, 0x32);
	EXPECT_TEXT(parse(&d, &p), "type");
	d = changed(1, 52);
	EXPECT_TEXT(parse(&d, &p), "not-ours");
	d = changed(3, 0);
	EXPECT_TEXT(parse(&d, &p), "empty");
	d = changed(3, 2);
	EXPECT_TEXT(parse(&d, &p), "length");
	d = changed(5, 0);
	EXPECT_TEXT(parse(&d, &p), "interval");
	d = changed(0, 0x31);
	d.bytes[IP_HEADER + 6] ^= 0x80;
	EXPECT_TEXT(parse(&d, &p), "checksum");
	d = changed(0, 0x31);
	d.bytes[15] ^= 1; /* the pseudo-header counts too */
	EXPECT_TEXT(parse(&d, &p), "checksum");
	d = wrap(keepalived + IP_HEADER, sizeof(keepalived) - IP_HEADER, 0);
	d.bytes[2] = 0xff; /* longer than what came */
	EXPECT_TEXT(parse(&d, &p), "truncated");
	d.bytes[2] = 0;
	d.bytes[3] = 19; /* shorter than its header */
	EXPECT_TEXT(parse(&d, &p), "truncated");
	d.bytes[3] = 27;
	EXPECT_TEXT(parse(&d, &p), "truncated");
	EXPECT_INT(p.priority, 42); /* untouched by all of them */
}

static void sources(void)
{
	struct vrrp_expect expect = expected();
	struct vrrp_packet p = sample(1), ret;
	uint8_t m[64];
	struct datagram d;

	expect.own = addr_v4(PEER);
	EXPECT_TEXT(
		vrrp_reject_name(vrrp_packet_parse(keepalived, sizeof(keepalived), &expect, &ret)),
		"own-source");
	/* 224.0.0.1 as source, with its right checksum */
	p.source = addr_v4(0xe0000001);
	d = wrap(m, vrrp_packet_build(&p, m, sizeof(m)), 0);
	memcpy(d.bytes + 12, p.source.bytes, 4);
	EXPECT_TEXT(parse(&d, &ret), "source");
}

static void reserved_bits_are_ignored(void)
{
	struct datagram d = changed(4, 0xf0);
	struct vrrp_packet p;

	EXPECT_TEXT(parse(&d, &p), "none");
	EXPECT_INT(p.interval_ms, 100);
}

static void padding_is_cut_off(void)
{
	struct vrrp_packet p;
	uint8_t bytes[46] = {0};

	memcpy(bytes, keepalived, sizeof(keepalived));
	memset(bytes + sizeof(keepalived), 0xee, sizeof(bytes) - sizeof(keepalived));
	EXPECT_TEXT(parse_bytes(bytes, sizeof(bytes), &p), "none");
	EXPECT_INT(p.n_addresses, 1);
}

static void every_truncation(void)
{
	struct vrrp_packet p;

	for (size_t len = 0; len < sizeof(keepalived); len++) {
		/* on the heap, so that one octet too far is found */
		uint8_t *cut = malloc(len ? len : 1);

		memcpy(cut, keepalived, len);
		EXPECT_TEXT(parse_bytes(cut, len, &p), "truncated");
		free(cut);
	}
}

/*
 * Every flipped bit is refused, except in the fields of the IP header that say nothing about the
 * message: type of service, identification, fragment bits and the header checksum (verified by the
 * kernel). There it must change nothing.
 */
static void every_flipped_bit(void)
{
	struct vrrp_packet good, p;

	memset(&good, 0, sizeof(good));
	memset(&p, 0, sizeof(p));
	EXPECT_TEXT(parse_bytes(keepalived, sizeof(keepalived), &good), "none");
	for (size_t bit = 0; bit < sizeof(keepalived) * 8; bit++) {
		uint8_t bytes[sizeof(keepalived)];
		size_t at = bit / 8;
		bool ignored = at == 1 || (at >= 4 && at <= 7) || at == 10 || at == 11;

		memcpy(bytes, keepalived, sizeof(bytes));
		bytes[at] ^= (uint8_t)(1u << bit % 8);
		if (ignored) {
			EXPECT_TEXT(parse_bytes(bytes, sizeof(bytes), &p), "none");
			EXPECT_INT(p.priority, good.priority);
			EXPECT_INT(p.interval_ms, good.interval_ms);
			CU_ASSERT(addr_equal(&p.source, &good.source));
			CU_ASSERT(addr_equal(&p.addresses[0], &good.addresses[0]));
		} else {
			CU_ASSERT(strcmp(parse_bytes(bytes, sizeof(bytes), &p), "none") != 0);
		}
	}
}

static void notes(void)
{
	struct vrrp_packet p = sample(3);
	struct prefix ours[4];

	for (size_t i = 0; i < 4; i++)
		ours[i] = (struct prefix){.addr = p.addresses[i < 3 ? i : 2], .length = 24};
	EXPECT_INT(vrrp_packet_notes(&p, ours, 3, 100, 100), 0);
	EXPECT_INT(vrrp_packet_notes(&p, ours, 3, 200, 100), 1 << VRRP_NOTE_INTERVAL);
	EXPECT_INT(vrrp_packet_notes(&p, ours, 3, 100, 255), 1 << VRRP_NOTE_OWNER);
	EXPECT_INT(vrrp_packet_notes(&p, ours, 2, 100, 100), 1 << VRRP_NOTE_ADDRESSES);
	EXPECT_INT(vrrp_packet_notes(&p, ours, 4, 100, 100), 1 << VRRP_NOTE_ADDRESSES);
	ours[0].addr = p.addresses[2]; /* another order is the same set ... */
	ours[2].addr = p.addresses[0];
	EXPECT_INT(vrrp_packet_notes(&p, ours, 3, 100, 100), 0);
	ours[2].addr = p.addresses[2]; /* ... one of them twice is not, on either side */
	EXPECT_INT(vrrp_packet_notes(&p, ours, 3, 100, 100), 1 << VRRP_NOTE_ADDRESSES);
	for (size_t i = 0; i < 3; i++)
		ours[i].addr = p.addresses[i];
	p.addresses[1] = p.addresses[0];
	EXPECT_INT(vrrp_packet_notes(&p, ours, 3, 100, 100), 1 << VRRP_NOTE_ADDRESSES);
}

static void words(void)
{
	for (int r = 0; r < VRRP_REJECT_COUNT; r++) {
		CU_ASSERT_PTR_NOT_NULL(vrrp_reject_name((enum vrrp_reject)r));
		CU_ASSERT_PTR_NOT_NULL(vrrp_reject_text((enum vrrp_reject)r));
	}
	for (int n = 0; n < VRRP_NOTE_COUNT; n++) {
		CU_ASSERT_PTR_NOT_NULL(vrrp_note_name((enum vrrp_note)n));
		CU_ASSERT_PTR_NOT_NULL(vrrp_note_text((enum vrrp_note)n));
	}
}

static const char *verdict_of(const uint8_t *bytes, size_t len)
{
	struct vrrp_packet p;

	return parse_bytes(bytes, len, &p);
}

/* What fuzzing found worth keeping; a file's name begins with the verdict it must get. */
static void corpus(void)
{
	CU_ASSERT(unit_replay_verdicts(CORPUS, verdict_of) >= VRRP_REJECT_COUNT);
}

UNIT_TESTS(vrrp_packet) = {
	{"reads a real one", reads_a_real_one},
	{"builds the same", builds_the_same},
	{"there and back", there_and_back},
	{"refuses to build", refuses_to_build},
	{"one reason per check", one_reason_per_check},
	{"sources", sources},
	{"reserved bits are ignored", reserved_bits_are_ignored},
	{"padding is cut off", padding_is_cut_off},
	{"every truncation", every_truncation},
	{"every flipped bit", every_flipped_bit},
	{"notes", notes},
	{"words", words},
	{"corpus", corpus},
	UNIT_TESTS_END,
};
