/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/health/vip_frame.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CORPUS "tests/fuzz/corpus/fuzz_vip_frame"

enum { FRAME = 200 };

static struct addr address(const char *text)
{
	struct addr ret = {0};

	EXPECT_INT(addr_parse(text, &ret), 0);
	return ret;
}

static struct vip_segment syn(const char *from, const char *to)
{
	return (struct vip_segment){
		.source = {{2, 0, 0, 0, 0, 2}},
		.destination = {{2, 0, 0, 0, 0, 0x15}},
		.from = address(from),
		.to = address(to),
		.from_port = 40000,
		.to_port = 80,
		.tcp = {.bits = SMALL_TCP_SYN, .seq = 1000, .window = 65535, .mss = 1460},
	};
}

static void expect_bytes(const uint8_t *got, const uint8_t *want, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (got[i] != want[i])
			EXPECT_INT((long long)(i * 1000 + got[i]), (long long)(i * 1000 + want[i]));
}

/* The checksums from another implementation. */
static void a_syn(void)
{
	static const uint8_t want[] = {
		2,    0,    0,	  0,	0,    0x15, 2,	  0,	0, 0, 0, 2,    8,
		0,    0x45, 0,	  0,	44,   0,    0,	  0x40, 0, 1, 6, 0x64, 0xcd, /* checksum */
		10,   77,   0,	  2,	10,   77,   0,	  100,			     /* IPv4 */
		0x9c, 0x40, 0,	  80,	0,    0,    0x03, 0xe8, 0, 0, 0, 0,    0x60,
		2,    0xff, 0xff, 0xe2, 0xae, /* checksum */
		0,    0,    2,	  4,	0x05, 0xb4,
	};
	const struct vip_segment s = syn("10.77.0.2", "10.77.0.100");
	uint8_t bytes[FRAME];

	EXPECT_INT((long long)vip_frame_put(&s, bytes, sizeof(bytes)), (long long)sizeof(want));
	expect_bytes(bytes, want, sizeof(want));
	EXPECT_INT((long long)vip_frame_put(&s, bytes, sizeof(want) - 1), 0);
}

static void expect_same(const struct vip_segment *s)
{
	uint8_t bytes[FRAME];
	size_t len = vip_frame_put(s, bytes, sizeof(bytes));
	struct vip_heard h;

	EXPECT_INT(vip_frame_parse(bytes, len, true, &h), VIP_REJECT_NONE);
	EXPECT_INT(h.kind, VIP_HEARD_SEGMENT);
	CU_ASSERT(mac_equal(&h.segment.source, &s->source));
	CU_ASSERT(mac_equal(&h.segment.destination, &s->destination));
	CU_ASSERT(addr_equal(&h.segment.from, &s->from));
	CU_ASSERT(addr_equal(&h.segment.to, &s->to));
	EXPECT_INT(h.segment.from_port, s->from_port);
	EXPECT_INT(h.segment.to_port, s->to_port);
	EXPECT_INT(h.segment.tcp.seq, s->tcp.seq);
	EXPECT_INT(h.segment.tcp.ack, s->tcp.ack);
	EXPECT_INT(h.segment.tcp.bits, s->tcp.bits);
	EXPECT_INT(h.segment.tcp.window, s->tcp.window);
	EXPECT_INT(h.segment.tcp.mss, s->tcp.mss);
	EXPECT_INT((long long)h.segment.tcp.len, (long long)s->tcp.len);
	CU_ASSERT(memcmp(h.segment.tcp.payload, s->tcp.payload ? s->tcp.payload : bytes,
			 s->tcp.len) == 0);
}

static void there_and_back(void)
{
	static const char *const pairs[][2] = {{"10.77.0.2", "10.77.0.100"},
					       {"fd77::2", "fd77::100"}};

	for (size_t i = 0; i < 2; i++) {
		struct vip_segment s = syn(pairs[i][0], pairs[i][1]);

		expect_same(&s);
		s.tcp = (struct small_tcp_segment){.bits = SMALL_TCP_ACK | SMALL_TCP_PSH,
						   .seq = 0xfffffffe,
						   .ack = 0x80000001,
						   .window = 17,
						   .payload = (const uint8_t *)"odd",
						   .len = 3};
		expect_same(&s);
	}
}

static void two_families(void)
{
	const struct vip_segment s = syn("10.77.0.2", "fd77::100");
	uint8_t bytes[FRAME];

	EXPECT_INT((long long)vip_frame_put(&s, bytes, sizeof(bytes)), 0);
}

/* --- what a router says ----------------------------------------------------------------------- */

static void parse_file(const char *name, struct vip_heard *ret)
{
	char path[200];
	uint8_t bytes[FRAME];
	FILE *f;
	size_t len;

	snprintf(path, sizeof(path), CORPUS "/%s", name);
	f = fopen(path, "r");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	len = fread(bytes, 1, sizeof(bytes), f);
	fclose(f);
	EXPECT_INT(vip_frame_parse(bytes, len, true, ret), VIP_REJECT_NONE);
}

static void expect_error(const char *name, enum vip_heard_kind kind, uint8_t code,
			 const char *router, const char *from, const char *to)
{
	struct vip_heard h = {0};
	char text[ADDR_TEXT];

	parse_file(name, &h);
	EXPECT_INT(h.kind, kind);
	EXPECT_INT(h.code, code);
	EXPECT_TEXT(addr_format(&h.router, text), router);
	EXPECT_TEXT(addr_format(&h.segment.from, text), from);
	EXPECT_TEXT(addr_format(&h.segment.to, text), to);
	EXPECT_INT(h.segment.from_port, 40000);
	EXPECT_INT(h.segment.to_port, 80);
	EXPECT_INT(h.segment.tcp.seq, 1000);
	EXPECT_INT(h.segment.source.bytes[5], 0x15);
}

static void routers(void)
{
	expect_error("none-exceeded", VIP_HEARD_EXCEEDED, 0, "10.77.0.21", "10.77.0.2",
		     "10.77.0.100");
	expect_error("none-exceeded-short", VIP_HEARD_EXCEEDED, 0, "10.77.0.21", "10.77.0.2",
		     "10.77.0.100");
	expect_error("none-unreachable", VIP_HEARD_UNREACHABLE, 13, "10.77.0.21", "10.77.0.2",
		     "10.77.0.100");
	expect_error("none-exceeded-v6", VIP_HEARD_EXCEEDED, 0, "fd77::21", "fd77::2", "fd77::100");
	expect_error("none-unreachable-v6", VIP_HEARD_UNREACHABLE, 4, "fd77::21", "fd77::2",
		     "fd77::100");
}

/* --- frames that are none --------------------------------------------------------------------- */

static const char *verdict(const uint8_t *bytes, size_t len)
{
	struct vip_heard h;

	return vip_reject_name(vip_frame_parse(bytes, len, true, &h));
}

static void corpus(void)
{
	CU_ASSERT(unit_replay_verdicts(CORPUS, verdict) >= 40);
}

/* Each in memory of its own size, so that a sanitizer sees every octet too many. */
static void parse_copy(const uint8_t *bytes, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);
	struct vip_heard h;

	CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
	memcpy(copy, bytes, len);
	vip_frame_parse(copy, len, true, &h);
	vip_frame_parse(copy, len, false, &h);
	free(copy);
}

static void cut_and_flip(void *data, const char *name, const uint8_t *bytes, size_t len)
{
	uint8_t flipped[FRAME];

	(void)data;
	(void)name;
	CU_ASSERT_FATAL(len <= sizeof(flipped));
	for (size_t i = 0; i < len; i++)
		parse_copy(bytes, i);
	memcpy(flipped, bytes, len);
	for (size_t bit = 0; bit < len * 8; bit++) {
		flipped[bit / 8] ^= (uint8_t)(1 << bit % 8);
		parse_copy(flipped, len);
		flipped[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}

static void cuts_and_flips(void)
{
	CU_ASSERT(unit_each_file(CORPUS, cut_and_flip, NULL) >= 40);
}

/* Whatever bit of the packet is another, the checksums notice. */
static void a_flipped_bit_is_noticed(void)
{
	const struct vip_segment s = syn("10.77.0.2", "10.77.0.100");
	uint8_t bytes[FRAME];
	size_t len = vip_frame_put(&s, bytes, sizeof(bytes));
	struct vip_heard h;

	for (size_t bit = VIP_FRAME_ETHERNET * 8; bit < len * 8; bit++) {
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		CU_ASSERT(vip_frame_parse(bytes, len, true, &h) != VIP_REJECT_NONE);
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}

UNIT_TESTS(vip_frame) = {
	{"a SYN", a_syn},
	{"there and back", there_and_back},
	{"two families", two_families},
	{"what routers say", routers},
	{"corpus", corpus},
	{"cuts and flips", cuts_and_flips},
	{"a flipped bit is noticed", a_flipped_bit_is_noticed},
	UNIT_TESTS_END,
};
