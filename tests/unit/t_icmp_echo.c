/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/health/icmp_echo.h"
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define CORPUS "tests/fuzz/corpus/fuzz_icmp_echo"

enum { ROOM = 160, EIGHT = 8 };

static const struct icmp_echo sample = {.id = 0x1234, .seq = 7, .token = 0x0102030405060708};
static const struct addr asked4 = {AF_INET, {10, 77, 0, 21}};
static const struct addr asked6 = {AF_INET6, {0xfd, 0x77, [15] = 0x21}};

static uint16_t sum_of(const uint8_t *bytes, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum += (uint32_t)bytes[i] << (i % 2 ? 0 : 8);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)((sum & 0xffff) + (sum >> 16));
}

/* Fills the checksum of an ICMP message. */
static void seal(uint8_t *message, size_t len)
{
	uint16_t sum;

	message[2] = message[3] = 0;
	sum = (uint16_t)~sum_of(message, len);
	message[2] = (uint8_t)(sum >> 8);
	message[3] = (uint8_t)sum;
}

/* An IPv4 header with so many octets of options, or an IPv6 one, in front of an ICMP message to `asked`. */
static size_t header(uint8_t *to, uint8_t family, size_t options)
{
	size_t len = family == AF_INET ? 20 + options : 40;

	memset(to, 0, len);
	to[0] = (uint8_t)(family == AF_INET ? 0x40 + len / 4 : 0x60);
	to[family == AF_INET ? 9 : 6] = family == AF_INET ? 1 : 58;
	if (family == AF_INET)
		memcpy(to + 16, asked4.bytes, 4);
	else
		memcpy(to + 24, asked6.bytes, 16);
	return len;
}

/* A reply as a raw socket of the family gives it. */
static size_t reply(uint8_t *to, uint8_t family, size_t options)
{
	size_t len = family == AF_INET ? header(to, family, options) : 0;

	icmp_echo_build(family, &sample, to + len);
	to[len] = family == AF_INET ? 0 : 129;
	seal(to + len, ICMP_ECHO_LEN);
	return len + ICMP_ECHO_LEN;
}

/* An error of that type and code which quotes so much of the request. */
static size_t error(uint8_t *to, uint8_t family, uint8_t type, uint8_t code, size_t quoted)
{
	size_t begin = family == AF_INET ? header(to, family, 0) : 0, len = begin;
	uint8_t request[ICMP_ECHO_LEN];

	memset(to + len, 0, 8);
	to[len] = type;
	to[len + 1] = code;
	len += 8;
	len += header(to + len, family, 0);
	icmp_echo_build(family, &sample, request);
	memcpy(to + len, request, quoted);
	seal(to + begin, len + quoted - begin);
	return len + quoted;
}

static void requests(void)
{
	static const uint8_t four[] = {8, 0, 0xd5, 0xb0, 0x12, 0x34, 0, 7, 1, 2, 3, 4, 5, 6, 7, 8};
	static const uint8_t six[] = {128, 0, 0, 0, 0x12, 0x34, 0, 7, 1, 2, 3, 4, 5, 6, 7, 8};
	uint8_t bytes[ICMP_ECHO_LEN];

	icmp_echo_build(AF_INET, &sample, bytes);
	EXPECT_INT(sum_of(bytes, sizeof(bytes)), 0xffff);
	CU_ASSERT(memcmp(bytes, four, sizeof(four)) == 0);
	icmp_echo_build(AF_INET6, &sample, bytes);
	CU_ASSERT(memcmp(bytes, six, sizeof(six)) == 0);
}

static const char *verdict_of(uint8_t family, const uint8_t *bytes, size_t len)
{
	struct icmp_heard heard;
	enum icmp_echo_reject r = icmp_echo_parse(family, bytes, len, &heard);

	if (r != ICMP_ECHO_REJECT_NONE)
		return icmp_echo_reject_name(r);
	return heard.why ? "error" : "reply";
}

static struct icmp_heard heard_of(uint8_t family, const uint8_t *bytes, size_t len)
{
	struct icmp_heard heard = {0};

	EXPECT_INT(icmp_echo_parse(family, bytes, len, &heard), ICMP_ECHO_REJECT_NONE);
	EXPECT_INT(heard.echo.id, sample.id);
	EXPECT_INT(heard.echo.seq, sample.seq);
	CU_ASSERT(heard.echo.token == (heard.has_token ? sample.token : 0));
	return heard;
}

static void replies(void)
{
	static const uint8_t families[] = {AF_INET, AF_INET, AF_INET6};
	uint8_t bytes[ROOM];

	for (size_t i = 0; i < sizeof(families); i++) {
		size_t len = reply(bytes, families[i], i == 1 ? 40 : 0);
		struct icmp_heard heard = heard_of(families[i], bytes, len);

		CU_ASSERT(heard.has_token && !heard.why);
	}
}

static void expect_error(uint8_t family, uint8_t type, uint8_t code, const char *why)
{
	const struct addr *asked = family == AF_INET ? &asked4 : &asked6;
	uint8_t bytes[ROOM];
	size_t len = error(bytes, family, type, code, ICMP_ECHO_LEN);
	struct icmp_heard heard;

	if (!why) {
		EXPECT_TEXT(verdict_of(family, bytes, len), "other");
		return;
	}
	heard = heard_of(family, bytes, len);
	EXPECT_TEXT(heard.why, why);
	CU_ASSERT(heard.has_token && addr_equal(&heard.asked, asked));
	len = error(bytes, family, type, code, EIGHT);
	heard = heard_of(family, bytes, len);
	CU_ASSERT(!heard.has_token && addr_equal(&heard.asked, asked));
}

static void errors(void)
{
	expect_error(AF_INET, 3, 0, "destination network unreachable");
	expect_error(AF_INET, 3, 1, "destination host unreachable");
	expect_error(AF_INET, 3, 13, "communication administratively prohibited");
	expect_error(AF_INET, 3, 99, "destination unreachable");
	expect_error(AF_INET, 11, 0, "time to live exceeded");
	expect_error(AF_INET6, 1, 0, "no route to destination");
	expect_error(AF_INET6, 1, 3, "destination address unreachable");
	expect_error(AF_INET6, 1, 99, "destination unreachable");
	expect_error(AF_INET6, 3, 0, "hop limit exceeded");
	/* Fragments of it, redirects, source quench: nothing is wrong with the way. */
	expect_error(AF_INET, 3, 4, NULL);
	expect_error(AF_INET, 4, 0, NULL);
	expect_error(AF_INET, 5, 1, NULL);
	expect_error(AF_INET, 11, 1, NULL);
	expect_error(AF_INET6, 2, 0, NULL);
	expect_error(AF_INET6, 3, 1, NULL);
}

/* Nothing is read behind the end, and what is cut says nothing; of IPv4 the checksum may say so first. */
static void every_cut(void)
{
	static const uint8_t families[] = {AF_INET, AF_INET6};

	for (size_t f = 0; f < 2; f++)
		for (int kind = 0; kind < 2; kind++) {
			uint8_t bytes[ROOM];
			size_t len = kind ? error(bytes, families[f], f ? 1 : 3, 0, EIGHT)
					  : reply(bytes, families[f], 0);

			for (size_t cut = 0; cut < len; cut++) {
				uint8_t *copy = malloc(cut ? cut : 1);
				const char *verdict;

				memcpy(copy, bytes, cut);
				verdict = verdict_of(families[f], copy, cut);
				CU_ASSERT(strcmp(verdict, "truncated") == 0 ||
					  (f == 0 && strcmp(verdict, "checksum") == 0));
				free(copy);
			}
		}
}

/* A raw socket of IPv4 is given what the kernel has not verified. */
static void every_flipped_bit(void)
{
	uint8_t bytes[ROOM];

	for (int kind = 0; kind < 2; kind++) {
		size_t len = kind ? error(bytes, AF_INET, 3, 1, ICMP_ECHO_LEN)
				  : reply(bytes, AF_INET, 0);

		for (size_t bit = 20 * 8; bit < len * 8; bit++) {
			bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
			EXPECT_TEXT(verdict_of(AF_INET, bytes, len), "checksum");
			bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
	}
}

static const char *corpus_verdict(const uint8_t *bytes, size_t len)
{
	return len == 0 ? "truncated"
			: verdict_of(bytes[0] ? AF_INET6 : AF_INET, bytes + 1, len - 1);
}

static void corpus(void)
{
	CU_ASSERT(unit_replay_verdicts(CORPUS, corpus_verdict) >= 30);
}

UNIT_TESTS(icmp_echo) = {
	{"requests", requests},
	{"replies", replies},
	{"errors", errors},
	{"every cut", every_cut},
	{"every flipped bit", every_flipped_bit},
	{"corpus", corpus},
	UNIT_TESTS_END,
};
