/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/health/icmp_echo.h"
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define CORPUS "tests/fuzz/corpus/fuzz_icmp_echo"

enum { ROOM = 128 };

static const struct icmp_echo sample = {.id = 0x1234, .seq = 7, .token = 0x0102030405060708};

/* An IPv4 header of that many octets, or an IPv6 one, in front of an ICMP message. */
static size_t header(uint8_t *to, uint8_t family, size_t options)
{
	size_t len = family == AF_INET ? 20 + options : 40;

	memset(to, 0, len);
	to[0] = (uint8_t)(family == AF_INET ? 0x40 + len / 4 : 0x60);
	to[family == AF_INET ? 9 : 6] = family == AF_INET ? 1 : 58;
	return len;
}

/* A reply as a raw socket of the family gives it. */
static size_t reply(uint8_t *to, uint8_t family, size_t options)
{
	size_t len = family == AF_INET ? header(to, family, options) : 0;

	icmp_echo_build(family, &sample, to + len);
	to[len] = family == AF_INET ? 0 : 129;
	return len + ICMP_ECHO_LEN;
}

/* An error of that type which quotes the request. */
static size_t error(uint8_t *to, uint8_t family, uint8_t type, size_t quoted)
{
	size_t len = family == AF_INET ? header(to, family, 0) : 0;
	uint8_t request[ICMP_ECHO_LEN];

	memset(to + len, 0, 8);
	to[len] = type;
	len += 8;
	len += header(to + len, family, 0);
	icmp_echo_build(family, &sample, request);
	memcpy(to + len, request, quoted);
	return len + quoted;
}

static void requests(void)
{
	static const uint8_t four[] = {8, 0, 0xd3, 0xb0, 0x12, 0x34, 0, 7, 1, 2, 3, 4, 5, 6, 7, 8};
	static const uint8_t six[] = {128, 0, 0, 0, 0x12, 0x34, 0, 7, 1, 2, 3, 4, 5, 6, 7, 8};
	uint8_t bytes[ICMP_ECHO_LEN];
	uint32_t sum = 0;

	icmp_echo_build(AF_INET, &sample, bytes);
	for (size_t i = 0; i < ICMP_ECHO_LEN; i += 2)
		sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
	EXPECT_INT((sum & 0xffff) + (sum >> 16), 0xffff);
	memcpy(bytes + 2, four + 2, 2); /* the sum itself was added up above */
	CU_ASSERT(memcmp(bytes, four, sizeof(four)) == 0);
	icmp_echo_build(AF_INET6, &sample, bytes);
	CU_ASSERT(memcmp(bytes, six, sizeof(six)) == 0);
}

static void expect(uint8_t family, const uint8_t *bytes, size_t len, enum icmp_echo_kind want)
{
	struct icmp_echo got = {0};

	EXPECT_INT(icmp_echo_parse(family, bytes, len, &got), want);
	if (want == ICMP_ECHO_NONE)
		return;
	EXPECT_INT(got.id, sample.id);
	EXPECT_INT(got.seq, sample.seq);
	CU_ASSERT(want != ICMP_ECHO_REPLY || got.token == sample.token);
}

static void answers(void)
{
	uint8_t bytes[ROOM];

	expect(AF_INET, bytes, reply(bytes, AF_INET, 0), ICMP_ECHO_REPLY);
	expect(AF_INET, bytes, reply(bytes, AF_INET, 40), ICMP_ECHO_REPLY);
	expect(AF_INET6, bytes, reply(bytes, AF_INET6, 0), ICMP_ECHO_REPLY);
	expect(AF_INET, bytes, error(bytes, AF_INET, 3, 8), ICMP_ECHO_UNREACHABLE);
	expect(AF_INET, bytes, error(bytes, AF_INET, 11, 16), ICMP_ECHO_EXPIRED);
	expect(AF_INET6, bytes, error(bytes, AF_INET6, 1, 8), ICMP_ECHO_UNREACHABLE);
	expect(AF_INET6, bytes, error(bytes, AF_INET6, 3, 16), ICMP_ECHO_EXPIRED);
	/* Source quench, packet too big: they say nothing about the host. */
	expect(AF_INET, bytes, error(bytes, AF_INET, 4, 8), ICMP_ECHO_NONE);
	expect(AF_INET6, bytes, error(bytes, AF_INET6, 2, 8), ICMP_ECHO_NONE);
}

/* Nothing is read behind the end, and what is cut says nothing. */
static void every_cut(void)
{
	static const uint8_t families[] = {AF_INET, AF_INET6};

	for (size_t f = 0; f < 2; f++)
		for (int kind = 0; kind < 2; kind++) {
			uint8_t bytes[ROOM];
			size_t len = kind ? error(bytes, families[f], f ? 1 : 3, 8)
					  : reply(bytes, families[f], 0);

			for (size_t cut = 0; cut < len; cut++) {
				uint8_t *copy = malloc(cut ? cut : 1);

				memcpy(copy, bytes, cut);
				expect(families[f], copy, cut, ICMP_ECHO_NONE);
				free(copy);
			}
		}
}

static void what_is_not_ours(void)
{
	uint8_t bytes[ROOM];
	size_t len = error(bytes, AF_INET, 3, 8);

	bytes[28] = 0x44; /* a quoted header that is too short */
	expect(AF_INET, bytes, len, ICMP_ECHO_NONE);
	len = error(bytes, AF_INET, 3, 8);
	bytes[28 + 9] = 17; /* of a UDP packet */
	expect(AF_INET, bytes, len, ICMP_ECHO_NONE);
	len = error(bytes, AF_INET, 3, 8);
	bytes[48] = 0; /* of a reply, which nobody asks for */
	expect(AF_INET, bytes, len, ICMP_ECHO_NONE);
	len = reply(bytes, AF_INET, 0);
	bytes[0] = 0x65;
	expect(AF_INET, bytes, len, ICMP_ECHO_NONE);
}

/* The first octet of a file says the family. */
static const char *verdict(const uint8_t *bytes, size_t len)
{
	static const char *const names[] = {"none", "reply", "unreachable", "expired"};
	struct icmp_echo echo;

	if (len == 0)
		return "none";
	return names[icmp_echo_parse(bytes[0] ? AF_INET6 : AF_INET, bytes + 1, len - 1, &echo)];
}

static void corpus(void)
{
	CU_ASSERT(unit_replay_verdicts(CORPUS, verdict) >= 8);
}

UNIT_TESTS(icmp_echo) = {
	{"requests", requests},	  {"answers", answers},
	{"every cut", every_cut}, {"what is not ours", what_is_not_ours},
	{"corpus", corpus},	  UNIT_TESTS_END,
};
