/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What t_vrrp_packet.c leaves out: version 2, IPv6 and unicast. */
#include "tests/fuzz/vrrp_message_case.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

#define CORPUS "tests/fuzz/corpus/fuzz_vrrp_message"

enum { MAX = 2048, PEER = 0x0a4d0003, OWN = 0x0a4d0002, VIP = 0x0a4d0064 };

static struct addr address(const char *text)
{
	struct addr a = {0};

	EXPECT_INT(addr_parse(text, &a), 0);
	return a;
}

static struct vrrp_packet sample_v2(void)
{
	struct vrrp_packet p = {
		.version = 2,
		.virtual_router_id = 51,
		.priority = 90,
		.interval_ms = 1000,
		.source = addr_v4(PEER),
		.destination = addr_v4(VRRP_GROUP_V4),
		.n_addresses = 1,
		.addresses = {addr_v4(VIP)},
	};

	return p;
}

static struct vrrp_packet sample_v6(uint8_t n)
{
	struct vrrp_packet p = {
		.version = 3,
		.virtual_router_id = 51,
		.priority = 90,
		.interval_ms = 1000,
		.source = address("fe80::3"),
		.destination = vrrp_group(AF_INET6),
		.n_addresses = n,
	};

	for (uint8_t i = 0; i < n; i++) {
		p.addresses[i] = address("fd77::100");
		p.addresses[i].bytes[0] = i ? 0xfd : 0xfe;
		p.addresses[i].bytes[1] = i ? 0x77 : 0x80;
		p.addresses[i].bytes[14] = i;
	}
	return p;
}

static const char *parse(const struct vrrp_packet *sent, const struct vrrp_expect *expect,
			 struct vrrp_packet *ret)
{
	const struct vrrp_ip ip = {
		.ttl = 255, .source = sent->source, .destination = sent->destination};
	uint8_t bytes[VRRP_MESSAGE_MAX];
	size_t len = vrrp_packet_build(sent, bytes, sizeof(bytes));

	CU_ASSERT(len > 0);
	return vrrp_reject_name(vrrp_message_parse(&ip, bytes, len, expect, ret));
}

/* RFC 3768, 5.1: octet by octet, the checksum worked out by hand. */
static void version_2_on_the_wire(void)
{
	static const uint8_t want[] = {
		0x21, 0x33, 0x5a, 0x01, 0x00, 0x01, 0x7a, 0x19, 0x0a, 0x4d,
		0x00, 0x64, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	};
	struct vrrp_packet p = sample_v2();
	uint8_t bytes[64];

	EXPECT_INT(vrrp_packet_build(&p, bytes, sizeof(bytes)), sizeof(want));
	CU_ASSERT(memcmp(bytes, want, sizeof(want)) == 0);
}

static void version_2_knows_seconds(void)
{
	struct vrrp_expect expect = {.version = 2, .virtual_router_id = 51, .own = addr_v4(OWN)};
	struct vrrp_packet p = sample_v2(), back;
	uint8_t bytes[64];

	for (uint32_t s = 1; s <= 255; s++) {
		p.interval_ms = expect.interval_ms = s * 1000;
		EXPECT_TEXT(parse(&p, &expect, &back), "none");
		EXPECT_INT(back.interval_ms, s * 1000);
	}
	expect.interval_ms = 1000;
	EXPECT_TEXT(parse(&p, &expect, &back), "other-interval");
	p.interval_ms = 256000;
	EXPECT_INT(vrrp_packet_build(&p, bytes, sizeof(bytes)), 0);
	p.interval_ms = 990;
	EXPECT_INT(vrrp_packet_build(&p, bytes, sizeof(bytes)), 0);
	p = sample_v6(1);
	p.version = 2;
	EXPECT_INT(vrrp_packet_build(&p, bytes, sizeof(bytes)), 0);
}

static void ipv6_there_and_back(void)
{
	const struct vrrp_expect expect = {
		.version = 3, .virtual_router_id = 51, .own = address("fe80::2")};

	for (uint32_t n = 1; n <= VRRP_ADDRESSES_MAX; n++) {
		struct vrrp_packet p = sample_v6((uint8_t)n), back;

		EXPECT_TEXT(parse(&p, &expect, &back), "none");
		EXPECT_INT(back.n_addresses, n);
		EXPECT_INT(back.interval_ms, 1000);
		CU_ASSERT(addr_equal(&back.source, &p.source));
		CU_ASSERT(memcmp(back.addresses, p.addresses, n * sizeof(p.addresses[0])) == 0);
	}
}

static void ipv6_refuses_to_build(void)
{
	struct vrrp_packet p = sample_v6(2);
	uint8_t bytes[VRRP_MESSAGE_MAX];

	for (size_t size = 0; size < 40; size++)
		EXPECT_INT(vrrp_packet_build(&p, bytes, size), 0);
	EXPECT_INT(vrrp_packet_build(&p, bytes, 40), 40);
	p.addresses[1] = addr_v4(VIP);
	EXPECT_INT(vrrp_packet_build(&p, bytes, sizeof(bytes)), 0);
	p = sample_v6(2);
	p.destination = addr_v4(VRRP_GROUP_V4);
	EXPECT_INT(vrrp_packet_build(&p, bytes, sizeof(bytes)), 0);
}

static void unicast_believes_its_peers(void)
{
	const struct addr peers[] = {addr_v4(0x0a4d0009), addr_v4(PEER)};
	struct vrrp_expect expect = {
		.version = 3,
		.virtual_router_id = 51,
		.own = addr_v4(OWN),
		.unicast = true,
		.peers = peers,
		.n_peers = 2,
	};
	struct vrrp_packet p = sample_v2(), back;

	p.version = 3;
	EXPECT_TEXT(parse(&p, &expect, &back), "destination");
	p.destination = expect.own;
	EXPECT_TEXT(parse(&p, &expect, &back), "none");
	expect.n_peers = 1;
	EXPECT_TEXT(parse(&p, &expect, &back), "peer");
	expect.unicast = false;
	EXPECT_TEXT(parse(&p, &expect, &back), "destination");
	p.destination = addr_v4(VRRP_GROUP_V4);
	EXPECT_TEXT(parse(&p, &expect, &back), "none");
}

/* No bit of a message may flip unnoticed; the reserved ones are under the checksum, too. */
static void every_flipped_bit(void)
{
	const struct vrrp_packet samples[] = {sample_v2(), sample_v6(2)};

	for (size_t i = 0; i < 2; i++) {
		const struct vrrp_packet *p = &samples[i];
		const struct vrrp_expect expect = {
			.version = p->version, .virtual_router_id = 51, .interval_ms = 1000};
		const struct vrrp_ip ip = {
			.ttl = 255, .source = p->source, .destination = p->destination};
		uint8_t bytes[64];
		size_t len = vrrp_packet_build(p, bytes, sizeof(bytes));
		struct vrrp_packet back;

		for (size_t bit = 0; bit < len * 8; bit++) {
			bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
			CU_ASSERT(vrrp_message_parse(&ip, bytes, len, &expect, &back) !=
				  VRRP_REJECT_NONE);
			bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		}
		for (size_t cut = 0; cut < len; cut++) {
			/* on the heap, so that one octet too far is found */
			uint8_t *copy = malloc(cut ? cut : 1);

			memcpy(copy, bytes, cut);
			CU_ASSERT(vrrp_message_parse(&ip, copy, cut, &expect, &back) !=
				  VRRP_REJECT_NONE);
			free(copy);
		}
		EXPECT_INT(vrrp_message_parse(&ip, bytes, len, &expect, &back), VRRP_REJECT_NONE);
	}
}

static const char *verdict_of(const uint8_t *bytes, size_t len)
{
	struct vrrp_message_case c;
	struct vrrp_packet p;

	CU_ASSERT_FATAL(vrrp_message_case(bytes, len, &c));
	return vrrp_reject_name(vrrp_message_parse(&c.ip, c.message, c.len, &c.expect, &p));
}

/* A file's name begins with the verdict it must get. */
static void corpus(void)
{
	CU_ASSERT(unit_replay_verdicts(CORPUS, verdict_of) >= VRRP_REJECT_COUNT);
}

UNIT_TESTS(vrrp_message) = {
	{"version 2 on the wire", version_2_on_the_wire},
	{"version 2 knows seconds", version_2_knows_seconds},
	{"IPv6 there and back", ipv6_there_and_back},
	{"IPv6 refuses to build", ipv6_refuses_to_build},
	{"unicast believes its peers", unicast_believes_its_peers},
	{"every flipped bit", every_flipped_bit},
	{"corpus", corpus},
	UNIT_TESTS_END,
};
