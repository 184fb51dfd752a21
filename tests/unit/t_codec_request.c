/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests on the control socket: there and back, and what they may not hold. What is decoded lies
 * in a block of its exact size, so that the sanitizer sees a read too far.
 */
#include "proto/codec.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

enum { UNTOUCHED = 4242 };

static uint8_t *exact_copy(const uint8_t *bytes, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
	memcpy(copy, bytes, len);
	return copy;
}

/* 0, or the error; *ret must not be touched by a refusal. */
static int decode_whole_request(const uint8_t *bytes, size_t len, struct control_request *ret)
{
	struct control_request request, untouched;
	uint8_t *copy = exact_copy(bytes, len);
	int err;

	memset(&request, 0x5a, sizeof(request));
	untouched = request;
	err = codec_unpack_request(copy, len, &request);
	free(copy);
	*ret = request;
	if (err) {
		CU_ASSERT(memcmp(&request, &untouched, sizeof(request)) == 0);
		memset(ret, 0, sizeof(*ret));
	}
	return err;
}

/* The command, or the error. */
static int decode_request(const uint8_t *bytes, size_t len)
{
	struct control_request request;
	int err = decode_whole_request(bytes, len, &request);

	return err ? err : (int)request.command;
}

static int request_there_and_back(const struct control_request *request)
{
	struct control_request got;
	size_t len = 0, length = 0;
	uint8_t *bytes = codec_pack_request(request, &len);
	int err;

	CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
	EXPECT_INT(codec_message_length(bytes, len, CODEC_REQUEST_MAX, &length), 0);
	EXPECT_INT(length, len);
	err = decode_whole_request(bytes + CODEC_LENGTH, len - CODEC_LENGTH, &got);
	free(bytes);
	if (err)
		return err;
	EXPECT_INT(got.command, request->command);
	EXPECT_TEXT(got.farm, request->farm);
	EXPECT_TEXT(got.backend, request->backend);
	EXPECT_INT(got.number, request->number);
	EXPECT_INT(got.epoch, request->epoch);
	EXPECT_INT(got.kind, request->kind);
	CU_ASSERT(got.drill == request->drill);
	EXPECT_INT(got.force, request->force);
	CU_ASSERT(addr_equal(&got.client, &request->client));
	CU_ASSERT(addr_equal(&got.address, &request->address));
	EXPECT_INT(got.client_port, request->client_port);
	EXPECT_INT(got.port, request->port);
	EXPECT_INT(got.protocol, request->protocol);
	return (int)got.command;
}

static bool takes_backend(int command)
{
	return (command >= CONTROL_BACKEND_ENABLE && command <= CONTROL_BACKEND_WEIGHT) ||
	       command == CONTROL_BACKEND_SHOW;
}

/* A request with all that its command takes. */
static struct control_request sample_request(int command)
{
	struct control_request r = {.command = (enum control_command)command};

	if (takes_backend(command))
		strcpy(r.backend, "web1");
	if (command == CONTROL_DRILL) {
		r.number = DRILL_LIMIT_MIN_MS;
		r.kind = SYNC_DRILL_SPLIT;
		r.force = true;
	}
	if (command == CONTROL_DRILL_RETURN) {
		r.number = CONTROL_BACK_NOT;
		r.drill = UINT64_MAX;
	}
	if (command == CONTROL_RULESET_EXPLAIN) {
		r.client = addr_v4(0x0a4d0009);
		r.address = addr_v4(0x0a4d0064);
		r.client_port = 40000;
		r.port = 80;
		r.protocol = IPPROTO_TCP;
	}
	if (takes_backend(command) || command == CONTROL_FARM_SHOW)
		strcpy(r.farm, "a-name_of_thirty-one-characters");
	return r;
}

static void every_request(void)
{
	static const int unknown[] = {-1, 0, CONTROL_LAST + 1, 127, 65537, INT32_MIN};

	for (int c = CONTROL_STATUS; c <= CONTROL_LAST; c++) {
		struct control_request r = sample_request(c);

		EXPECT_INT(request_there_and_back(&r), c);
		if (!r.farm[0] && !r.kind && !r.port && !r.drill)
			EXPECT_INT(decode_request((const uint8_t[]){0x08, (uint8_t)c}, 2), c);
	}
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
		struct control_request r = sample_request(unknown[i]);

		EXPECT_INT(request_there_and_back(&r), -EBADMSG);
	}
}

/* What a command takes has to be there, and nothing else. */
static void arguments_of_a_request(void)
{
	static const uint64_t most[CONTROL_LAST + 1] = {

		[CONTROL_RELOAD] = SYNC_PROVISIONAL_MAX_MS,
		[CONTROL_CONFIRM] = 1,
		[CONTROL_BACKEND_DRAIN] = CONFIG_DEADLINE_MAX_MS,
		[CONTROL_BACKEND_WEIGHT] = CONFIG_WEIGHT_MAX,
		[CONTROL_MAINTENANCE] = 2,
		[CONTROL_DRILL] = DRILL_LIMIT_MAX_MS,
		[CONTROL_DRILL_RETURN] = CONTROL_BACK_LAST,
	};

	for (int c = CONTROL_STATUS; c <= CONTROL_LAST; c++) {
		const struct control_request good = sample_request(c);
		struct control_request r = good;

		if (c == CONTROL_CONNECTIONS || c == CONTROL_PERSISTENCE)
			continue; /* filters_of_lists() */
		strcpy(r.farm, good.farm[0] ? "" : "www");
		EXPECT_INT(request_there_and_back(&r), -EBADMSG);
		r = good;
		strcpy(r.backend, good.backend[0] ? "" : "web1");
		EXPECT_INT(request_there_and_back(&r), -EBADMSG);
		r = good;
		r.number = most[c];
		EXPECT_INT(request_there_and_back(&r), c);
		r.number++;
		EXPECT_INT(request_there_and_back(&r), -EBADMSG);
		r.number = UINT64_MAX;
		EXPECT_INT(request_there_and_back(&r), -EBADMSG);
	}
}

static void a_drill_in_a_request(void)
{
	struct control_request r = sample_request(CONTROL_DRILL);

	r.number = DRILL_LIMIT_MIN_MS - 1;
	EXPECT_INT(request_there_and_back(&r), -EBADMSG);
	r = sample_request(CONTROL_DRILL);
	r.kind = 0;
	EXPECT_INT(request_there_and_back(&r), -EBADMSG);
	r.kind = SYNC_DRILL_SPLIT + 1;
	EXPECT_INT(request_there_and_back(&r), -EBADMSG);
	r.kind = SYNC_DRILL_GRACEFUL;
	r.force = false;
	EXPECT_INT(request_there_and_back(&r), CONTROL_DRILL);
	/* What is probed has an address and a port, and nothing else. */
	r.address = addr_v4(0x0a4d0064);
	EXPECT_INT(request_there_and_back(&r), -EBADMSG);
	r.port = 80;
	EXPECT_INT(request_there_and_back(&r), CONTROL_DRILL);
	r.protocol = IPPROTO_TCP;
	EXPECT_INT(request_there_and_back(&r), -EBADMSG);
	r.protocol = 0;
	r.address = (struct addr){0};
	EXPECT_INT(request_there_and_back(&r), -EBADMSG);
	for (int c = CONTROL_STATUS; c <= CONTROL_LAST; c++) {
		if (c == CONTROL_DRILL)
			continue;
		r = sample_request(c);
		r.kind = SYNC_DRILL_GRACEFUL;
		EXPECT_INT(request_there_and_back(&r), -EBADMSG);
		r.kind = 0;
		r.force = true;
		EXPECT_INT(request_there_and_back(&r), -EBADMSG);
	}
}

/* Which one: of it alone, and of another one that is its way back. */
static void a_way_back_in_a_request(void)
{
	struct control_request r;

	for (int c = CONTROL_STATUS; c <= CONTROL_LAST; c++) {
		r = sample_request(c);
		r.drill = 7;
		EXPECT_INT(request_there_and_back(&r),
			   c == CONTROL_DRILL || c == CONTROL_DRILL_RETURN ? c : -EBADMSG);
	}
	r = sample_request(CONTROL_DRILL_RETURN);
	r.drill = 0;
	EXPECT_INT(request_there_and_back(&r), -EBADMSG);
	r = sample_request(CONTROL_DRILL_RETURN);
	r.number = CONTROL_BACK_UNWANTED;
	EXPECT_INT(request_there_and_back(&r), -EBADMSG);
}

/* Changes one thing of a question that is good. */
#define FRAME_REFUSED(field, value)                                                                \
	do {                                                                                       \
		struct control_request r = sample_request(CONTROL_RULESET_EXPLAIN);                \
		r.field = (value);                                                                 \
		EXPECT_INT(request_there_and_back(&r), -EBADMSG);                                  \
	} while (0)

static void a_frame_in_a_request(void)
{
	struct control_request question = sample_request(CONTROL_RULESET_EXPLAIN);
	struct addr v6 = {.family = AF_INET6, .bytes = {0x20, 1}};

	FRAME_REFUSED(client, (struct addr){0});
	FRAME_REFUSED(address, (struct addr){0});
	FRAME_REFUSED(address, v6);
	FRAME_REFUSED(port, 0);
	FRAME_REFUSED(protocol, 0);
	FRAME_REFUSED(protocol, IPPROTO_ICMP);
	FRAME_REFUSED(epoch, 1);
	question.client_port = 0;
	question.client = question.address = v6;
	question.protocol = IPPROTO_UDP;
	EXPECT_INT(request_there_and_back(&question), CONTROL_RULESET_EXPLAIN);
	for (int c = CONTROL_STATUS; c <= CONTROL_LAST; c++) {
		if (c == CONTROL_RULESET_EXPLAIN)
			continue;
		question = sample_request(c);
		question.port = 80;
		EXPECT_INT(request_there_and_back(&question), -EBADMSG);
		question = sample_request(c);
		question.address = v6;
		EXPECT_INT(request_there_and_back(&question), -EBADMSG);
	}
}

/* What has no outcome to wait for must not be asked not to. */
static void an_order_that_nobody_waits_for(void)
{
	struct control_request got;
	size_t orders = 0;

	for (int c = CONTROL_STATUS; c <= CONTROL_LAST; c++) {
		struct control_request r = sample_request(c);
		bool order = control_is_order(&r);
		size_t len = 0;
		uint8_t *bytes;

		r.no_wait = true;
		EXPECT_INT(request_there_and_back(&r), order ? c : -EBADMSG);
		bytes = codec_pack_request(&r, &len);
		CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
		if (decode_whole_request(bytes + CODEC_LENGTH, len - CODEC_LENGTH, &got) == 0)
			CU_ASSERT_TRUE(got.no_wait);
		free(bytes);
		orders += order;
	}
	EXPECT_INT(orders, 6);
}

/* True when the codec takes it; then *got is what it took. */
static bool is_taken(const struct control_request *r, struct control_request *got)
{
	size_t len = 0;
	uint8_t *bytes = codec_pack_request(r, &len);
	int code;

	CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
	code = decode_whole_request(bytes + CODEC_LENGTH, len - CODEC_LENGTH, got);
	CU_ASSERT(code == 0 || code == -EBADMSG);
	free(bytes);
	return code == 0;
}

/* Of a status alone there are parts, and of an export alone is there JSON. */
static void forms_of_one_command(void)
{
	for (int c = CONTROL_STATUS; c <= CONTROL_LAST; c++) {
		struct control_request r = sample_request(c), got = {.parts = false};

		r.parts = true;
		CU_ASSERT_EQUAL(is_taken(&r, &got), c == CONTROL_STATUS);
		CU_ASSERT_EQUAL(got.parts, c == CONTROL_STATUS);
		r.parts = false;
		r.json = true;
		got = (struct control_request){.json = false};
		CU_ASSERT_EQUAL(is_taken(&r, &got), c == CONTROL_RULESET_EXPORT);
		CU_ASSERT_EQUAL(got.json, c == CONTROL_RULESET_EXPORT);
	}
}

/* All that it takes may be left out; a backend needs its farm. */
static void check_filters(enum control_command command)
{
	struct control_request r = {.command = command,
				    .number = UINT64_MAX,
				    .epoch = UINT64_MAX,
				    .farm = "a-name_of_thirty-one-characters",
				    .backend = "b-name_of_thirty-one-characters"};

	EXPECT_INT(addr_parse("fd77::10", &r.client), 0);
	EXPECT_INT(request_there_and_back(&r), (int)command);
	EXPECT_INT(addr_parse("10.77.0.10", &r.client), 0);
	EXPECT_INT(request_there_and_back(&r), (int)command);
	r.farm[0] = '\0';
	EXPECT_INT(request_there_and_back(&r), -EBADMSG);
	r.backend[0] = '\0';
	EXPECT_INT(request_there_and_back(&r), (int)command);
	r.command = CONTROL_STATUS;
	r.number = r.epoch = 0;
	EXPECT_INT(request_there_and_back(&r), -EBADMSG);
	r.client = (struct addr){0};
	EXPECT_INT(request_there_and_back(&r), CONTROL_STATUS);
	r.epoch = 1;
	EXPECT_INT(request_there_and_back(&r), -EBADMSG);
}

static void filters_of_lists(void)
{
	check_filters(CONTROL_CONNECTIONS);
	check_filters(CONTROL_PERSISTENCE);
}

/* A name of n octets for `farm show`, by hand: it may be longer than its field. */
static int show_farm(const char *name, size_t n)
{
	uint8_t bytes[CODEC_REQUEST_MAX] = {0x08, CONTROL_FARM_SHOW, 0x12, (uint8_t)n};

	memcpy(bytes + 4, name, n);
	return decode_request(bytes, 4 + n);
}

static void names_in_a_request(void)
{
	static const char longest[] = "a-name_of_thirty-one-characters1";

	EXPECT_INT(show_farm(longest, CONFIG_NAME_MAX), CONTROL_FARM_SHOW);
	EXPECT_INT(show_farm(longest, CONFIG_NAME_MAX + 1), -EBADMSG);
	EXPECT_INT(show_farm("~", 1), CONTROL_FARM_SHOW);
	for (int c = 0; c < 256; c++) {
		char name[] = {'w', (char)c, 'w'};
		bool good = c == 0 || (c > ' ' && c <= '~'); /* what is behind a NUL is cut */

		EXPECT_INT(show_farm(name, sizeof(name)), good ? CONTROL_FARM_SHOW : -EBADMSG);
	}
}

/* A field that nobody knows is skipped; with it a request may have any length. */
static void a_too_long_request(void)
{
	uint8_t bytes[CODEC_REQUEST_MAX + 1] = {0x08, CONTROL_RELOAD, 0x7a, 0x7c};

	EXPECT_INT(decode_request(bytes, 4 + 0x7c), CONTROL_RELOAD);
	bytes[3] = 0xfb; /* a length in two octets */
	bytes[4] = 0x01;
	EXPECT_INT(decode_request(bytes, CODEC_REQUEST_MAX), CONTROL_RELOAD);
	bytes[3] = 0xfc;
	EXPECT_INT(decode_request(bytes, CODEC_REQUEST_MAX + 1), -EBADMSG);
}

static void every_flipped_bit_of_a_request(void)
{
	EXPECT_INT(decode_request((const uint8_t[]){0x08}, 0), -EBADMSG);
	EXPECT_INT(decode_request((const uint8_t[]){0x08}, 1), -EBADMSG);
	for (int c = CONTROL_STATUS; c <= CONTROL_FAILOVER; c++) {
		for (int bit = 0; bit < 8; bit++) {
			const uint8_t key[] = {(uint8_t)(0x08 ^ 1 << bit), (uint8_t)c};
			const uint8_t value[] = {0x08, (uint8_t)(c ^ 1 << bit)};
			bool known = value[1] == CONTROL_CONNECTIONS ||
				     value[1] == CONTROL_MAINTENANCE ||
				     value[1] == CONTROL_RULESET_PROSPECT ||
				     value[1] == CONTROL_RULESET_HISTORY ||
				     value[1] == CONTROL_DRILL_HISTORY ||
				     value[1] == CONTROL_CONFIRM ||
				     (value[1] >= CONTROL_STATUS && value[1] <= CONTROL_FAILOVER);

			EXPECT_INT(decode_request(key, sizeof(key)), -EBADMSG);
			EXPECT_INT(decode_request(value, sizeof(value)),
				   known ? value[1] : -EBADMSG);
		}
	}
}

/* Refused, or a request within its limits. */
static void every_flipped_bit_of_an_order(void)
{
	struct control_request r = sample_request(CONTROL_BACKEND_DRAIN), got;
	size_t len = 0, good = 0;
	uint8_t *bytes;

	r.number = 600000;
	bytes = codec_pack_request(&r, &len);
	CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
	for (size_t i = CODEC_LENGTH * 8; i < len * 8; i++) {
		bytes[i / 8] ^= (uint8_t)(1 << i % 8);
		if (decode_whole_request(bytes + CODEC_LENGTH, len - CODEC_LENGTH, &got) == 0) {
			good++;
			CU_ASSERT(got.number <= CONFIG_DEADLINE_MAX_MS && got.farm[0]);
		}
		bytes[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	CU_ASSERT(good > 0);
	for (size_t cut = 0; cut < len - CODEC_LENGTH; cut++)
		CU_ASSERT(decode_request(bytes + CODEC_LENGTH, cut) == -EBADMSG ||
			  cut >= len - CODEC_LENGTH - 4); /* without its deadline it is one, too */
	free(bytes);
}

static bool is_good_request(const uint8_t *bytes, size_t len)
{
	int command = decode_request(bytes, len);

	CU_ASSERT(command == -EBADMSG || (command >= CONTROL_STATUS && command <= CONTROL_LAST));
	return command > 0;
}

static void corpus(void)
{
	CU_ASSERT(unit_replay("tests/fuzz/corpus/fuzz_codec_request", is_good_request) >= 10);
}

UNIT_TESTS(codec_request) = {
	{"every request", every_request},
	{"arguments of a request", arguments_of_a_request},
	{"an order that nobody waits for", an_order_that_nobody_waits_for},
	{"forms of one command", forms_of_one_command},
	{"filters of lists", filters_of_lists},
	{"a drill in a request", a_drill_in_a_request},
	{"a way back in a request", a_way_back_in_a_request},
	{"a frame in a request", a_frame_in_a_request},
	{"names in a request", names_in_a_request},
	{"a too long request", a_too_long_request},
	{"every flipped bit of a request", every_flipped_bit_of_a_request},
	{"every flipped bit of an order", every_flipped_bit_of_an_order},
	{"corpus", corpus},
	UNIT_TESTS_END,
};
