/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Replies on the control socket: there and back, and everything that may go wrong in between.
 * What is decoded lies in a block of its exact size, so that the sanitizer sees a read too far.
 */
#include "include/wr.h"
#include "proto/codec.h"
#include "tests/unit/status_sample.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { UNTOUCHED = 4242 };

/* --- decoding --------------------------------------------------------------------------------- */

static uint8_t *exact_copy(const uint8_t *bytes, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
	memcpy(copy, bytes, len);
	return copy;
}

/* 0 or the error; *ret must not be touched by a refusal. The caller clears it when 0 is returned. */
static int decode_reply(const uint8_t *bytes, size_t len, struct control_reply *ret)
{
	struct control_reply reply = {.code = UNTOUCHED};
	uint8_t *copy = exact_copy(bytes, len);
	int err = codec_unpack_reply(copy, len, &reply);

	free(copy);
	if (!err)
		*ret = reply;
	else
		CU_ASSERT(reply.code == UNTOUCHED && !reply.text && !reply.has_status);
	return err;
}

/*
 * Whatever these bytes are: they are refused, or become a reply that means the same after it was
 * sent on. True when they are one.
 */
static bool survives(const uint8_t *bytes, size_t len)
{
	struct control_reply first, second;
	uint8_t *packed, *again;
	size_t packed_len = 0, again_len = 0;
	int err = decode_reply(bytes, len, &first);

	if (err) {
		EXPECT_INT(err, -EBADMSG);
		return false;
	}
	CU_ASSERT_PTR_NOT_NULL_FATAL(first.text);
	CU_ASSERT(first.code >= 0 && first.code <= 255);
	packed = codec_pack_reply(&first, &packed_len);
	CU_ASSERT_PTR_NOT_NULL_FATAL(packed);
	err = decode_reply(packed + CODEC_LENGTH, packed_len - CODEC_LENGTH, &second);
	CU_ASSERT_FATAL(err == 0);
	again = codec_pack_reply(&second, &again_len);
	CU_ASSERT_PTR_NOT_NULL_FATAL(again);
	CU_ASSERT(packed_len == again_len && memcmp(packed, again, packed_len) == 0);
	control_reply_clear(&first);
	control_reply_clear(&second);
	free(packed);
	free(again);
	return true;
}

/* Packs it, and looks at the length in front. */
static uint8_t *packed_reply(const struct control_reply *reply, size_t *ret_len)
{
	uint8_t *bytes = codec_pack_reply(reply, ret_len);
	size_t length = UNTOUCHED;

	CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
	EXPECT_INT(codec_message_length(bytes, *ret_len, CODEC_REPLY_MAX, &length), 0);
	EXPECT_INT(length, *ret_len);
	return bytes;
}

static void there_and_back(struct control_reply *reply)
{
	struct control_reply got = {0};
	size_t len = 0;
	uint8_t *bytes = packed_reply(reply, &len);

	CU_ASSERT_FATAL(decode_reply(bytes + CODEC_LENGTH, len - CODEC_LENGTH, &got) == 0);
	/* directorctl exits with it: what is no exit code becomes a plain failure. */
	EXPECT_INT(got.code, reply->code >= 0 && reply->code <= 255 ? reply->code : 1);
	EXPECT_TEXT(got.text, reply->text ? reply->text : "");
	EXPECT_INT(got.has_status, reply->has_status);
	status_expect_same(&got.status, &reply->status);
	control_reply_clear(&got);
	CU_ASSERT(!got.text && !got.has_status && !got.status.farms && !got.status.n_farms);
	control_reply_clear(&got);
	free(bytes);
}

/* --- good messages ---------------------------------------------------------------------------- */

static void replies_without_status(void)
{
	static const char *const texts[] = {"", "x", "reloaded: 2 farms\n", "line\nline\n\t%s%n"};
	static const int codes[] = {0, 1, 4, 127, 128, 255, 256, 65539, INT32_MAX, -1};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		for (size_t k = 0; k < sizeof(codes) / sizeof(codes[0]); k++)
			there_and_back(&(struct control_reply){.code = codes[k],
							       .text = (char *)texts[i]});
	there_and_back(&(struct control_reply){.code = 3, .text = NULL});
}

/* The octets on the wire: another version of the program must read them, too. */
static void octets_of_a_reply(void)
{
	static const uint8_t want[] = {0,  0,	 0, 18,	 0x08, 3, 0x12, 2, 'n',	 'o', 0x1a,
				       10, 0x0a, 1, 'a', 0x30, 1, 0x42, 3, 0xaa, 1,   0};
	struct status_peer peer = {.node = ""};
	struct control_reply reply = {
		.code = 3,
		.text = (char *)"no",
		.has_status = true,
		.status = {.node = "a", .ruleset_in_sync = true, .peers = &peer, .n_peers = 1},
	};
	size_t len = 0;
	uint8_t *bytes = packed_reply(&reply, &len);

	EXPECT_INT(len, sizeof(want));
	CU_ASSERT(len == sizeof(want) && memcmp(bytes, want, len) == 0);
	free(bytes);
}

static void a_full_status(void)
{
	struct control_reply reply = {.code = 0, .has_status = true};

	reply.status = status_sample(status_fill_plain);
	there_and_back(&reply);
	control_reply_clear(&reply);
	reply = (struct control_reply){.text = strdup("and a text"), .has_status = true};
	reply.status = status_sample(status_fill_most);
	there_and_back(&reply);
	status_clear(&reply.status);
	CU_ASSERT(!reply.status.farms && !reply.status.n_farms && !reply.status.n_vrrps);
	control_reply_clear(&reply);
}

/* A daemon that knows of no channel: field 8 of the status, field 3 of the reply. */
static void a_peer_without_a_channel(void)
{
	static const uint8_t bytes[] = {3 << 3 | 2, 2, 8 << 3 | 2, 0};
	struct control_reply got = {0};
	const struct status_channel *c;

	CU_ASSERT_FATAL(decode_reply(bytes, sizeof(bytes), &got) == 0);
	CU_ASSERT_FATAL(got.status.n_peers == 1);
	c = &got.status.peers[0].channel;
	CU_ASSERT(!c->enabled && !c->connected && !c->rejected.n);
	CU_ASSERT(c->since_ms == STATUS_UNKNOWN && c->would_lose == STATUS_UNKNOWN &&
		  c->snapshot_age_ms == STATUS_UNKNOWN && c->snapshot_took_ms == STATUS_UNKNOWN);
	CU_ASSERT(c->lag_median_us == STATUS_UNKNOWN && c->lag_p99_us == STATUS_UNKNOWN &&
		  c->lag_max_us == STATUS_UNKNOWN && c->clock_apart_ms == STATUS_UNKNOWN);
	control_reply_clear(&got);
}

/* A status of nothing is not the same as none. */
static void an_empty_status(void)
{
	there_and_back(&(struct control_reply){.has_status = true});
	there_and_back(
		&(struct control_reply){.has_status = true, .status = {.ruleset_in_sync = true}});
}

/* Its farms come behind it, and only there. */
static void a_head_of_parts(void)
{
	struct status_farm farm = {.name = "www"};
	struct control_reply head = {.has_status = true, .more = true}, got = {0};
	size_t len = 0;
	uint8_t *bytes = packed_reply(&head, &len);

	CU_ASSERT_FATAL(decode_reply(bytes + CODEC_LENGTH, len - CODEC_LENGTH, &got) == 0);
	CU_ASSERT_TRUE(got.more);
	control_reply_clear(&got);
	free(bytes);
	head.has_status = false;
	bytes = packed_reply(&head, &len);
	EXPECT_INT(decode_reply(bytes + CODEC_LENGTH, len - CODEC_LENGTH, &got), -EBADMSG);
	free(bytes);
	head.has_status = true;
	head.status = (struct status){.farms = &farm, .n_farms = 1};
	bytes = packed_reply(&head, &len);
	EXPECT_INT(decode_reply(bytes + CODEC_LENGTH, len - CODEC_LENGTH, &got), -EBADMSG);
	free(bytes);
}

/* --- lengths ---------------------------------------------------------------------------------- */

static void length_at_every_cut(void)
{
	struct control_reply reply = {.code = 2, .text = (char *)"a sentence"};
	size_t len = 0, length;
	uint8_t *bytes = packed_reply(&reply, &len);

	for (size_t cut = 0; cut <= len; cut++) {
		uint8_t *part = exact_copy(bytes, cut);

		length = UNTOUCHED;
		EXPECT_INT(codec_message_length(part, cut, CODEC_REPLY_MAX, &length), 0);
		EXPECT_INT(length, cut < CODEC_LENGTH ? 0 : len);
		free(part);
	}
	free(bytes);
}

static void length_against_its_limit(void)
{
	static const struct {
		uint8_t bytes[CODEC_LENGTH];
		size_t max;
		int code;
		size_t length;
	} cases[] = {
		{{0, 0, 0, 0}, 256, 0, 4}, /* code 0 without a text: nothing to send */
		{{0, 0, 0, 1}, 256, 0, 5},
		{{0, 0, 1, 0}, 256, 0, 260},
		{{0, 0, 1, 1}, 256, -EMSGSIZE, 0},
		{{1, 0, 0, 0}, 256, -EMSGSIZE, 0},
		{{4, 0, 0, 0}, CODEC_REPLY_MAX, 0, CODEC_REPLY_MAX + 4},
		{{4, 0, 0, 1}, CODEC_REPLY_MAX, -EMSGSIZE, 0},
		{{255, 255, 255, 255}, CODEC_REPLY_MAX, -EMSGSIZE, 0},
		{{1, 2, 3, 4}, UINT32_MAX, 0, 0x01020304 + 4},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const uint8_t *bytes = cases[i].bytes;
		size_t length = UNTOUCHED;

		EXPECT_INT(codec_message_length(bytes, CODEC_LENGTH, cases[i].max, &length),
			   cases[i].code);
		EXPECT_INT(length, cases[i].length);
	}
}

/* Messages by hand: the head of a field that holds n octets, and the field. */
static void put_head(struct wr *w, unsigned int field, size_t n)
{
	if (field > 15)
		wr_u8(w, (uint8_t)((field << 3 | 2 | 0x80) & 0xff));
	wr_u8(w, (uint8_t)(field > 15 ? field >> 4 : field << 3 | 2));
	for (; n > 0x7f; n >>= 7)
		wr_u8(w, (uint8_t)(n | 0x80));
	wr_u8(w, (uint8_t)n);
}

static void put(struct wr *w, unsigned int field, const void *bytes, size_t n)
{
	put_head(w, field, n);
	wr_bytes(w, bytes, n);
	CU_ASSERT_FATAL(wr_ok(w));
}

/* A text's length in front of it: one octet of key, four of number. */
enum { TEXT_HEAD = 5, LONGEST_TEXT = CODEC_REPLY_MAX - TEXT_HEAD };

static void a_too_long_reply_is_not_sent(void)
{
	struct control_reply reply = {.text = malloc(LONGEST_TEXT + 2)};
	size_t len = 0;
	uint8_t *bytes;

	CU_ASSERT_PTR_NOT_NULL_FATAL(reply.text);
	memset(reply.text, 'x', LONGEST_TEXT + 1);
	reply.text[LONGEST_TEXT + 1] = '\0';
	CU_ASSERT_PTR_NULL(codec_pack_reply(&reply, &len));
	EXPECT_INT(len, 0);
	reply.text[LONGEST_TEXT] = '\0';
	bytes = packed_reply(&reply, &len);
	EXPECT_INT(len, CODEC_LENGTH + CODEC_REPLY_MAX);
	free(bytes);
	control_reply_clear(&reply);
}

static void a_too_long_reply_is_refused(void)
{
	/* Zeroes, a text that ends at once: nobody has to hold 64 MiB twice. */
	uint8_t *bytes = calloc(1, CODEC_REPLY_MAX + 1);
	struct control_reply got = {.code = UNTOUCHED};

	CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
	for (unsigned int more = 0; more < 2; more++) {
		struct wr w = wr_init(bytes, TEXT_HEAD);

		put_head(&w, 2, LONGEST_TEXT + more);
		CU_ASSERT(wr_ok(&w));
		EXPECT_INT(codec_unpack_reply(bytes, CODEC_REPLY_MAX + more, &got),
			   more ? -EBADMSG : 0);
		EXPECT_INT(got.code, more ? UNTOUCHED : 0);
		control_reply_clear(&got);
		got.code = UNTOUCHED;
	}
	free(bytes);
}

/* --- bad messages ----------------------------------------------------------------------------- */

static uint8_t *packed_full_reply(size_t *ret_len)
{
	struct control_reply reply = {.code = 3, .text = strdup("no"), .has_status = true};
	uint8_t *bytes;

	reply.status = status_sample(status_fill_plain);
	bytes = packed_reply(&reply, ret_len);
	control_reply_clear(&reply);
	return bytes;
}

static void every_truncation(void)
{
	size_t len = 0, good = 0;
	uint8_t *bytes = packed_full_reply(&len);

	for (size_t cut = 0; cut <= len - CODEC_LENGTH; cut++)
		good += survives(bytes + CODEC_LENGTH, cut);
	EXPECT_INT(good, 4); /* nothing, the code, the text, all of it */
	free(bytes);
}

static void every_flipped_bit_of_a_reply(void)
{
	size_t len = 0, good = 0, bits, length;
	uint8_t *bytes = packed_full_reply(&len);

	bits = len * 8;
	for (size_t i = 0; i < bits; i++) {
		bytes[i / 8] ^= (uint8_t)(1 << i % 8);
		if (codec_message_length(bytes, len, CODEC_REPLY_MAX, &length) == 0) {
			EXPECT_INT(length == len, i >= CODEC_LENGTH * 8);
			good += survives(bytes + CODEC_LENGTH, len - CODEC_LENGTH);
		}
		bytes[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	/* In a value it goes unnoticed, in a length it does not. */
	CU_ASSERT(good > bits / 10 && good < bits * 9 / 10);
	free(bytes);
}

enum { LONG_TEXT = 300, LONG_MESSAGE = 10000 };

/* fields: their numbers, as characters. */
static void put_texts(struct wr *w, const char *fields)
{
	char text[LONG_TEXT];

	memset(text, 'x', sizeof(text));
	for (; *fields; fields++)
		put(w, (uint8_t)*fields, text, sizeof(text));
}

static void is_cut(const struct status_field *f, void *of, void *unused)
{
	(void)unused;
	for (; f->name; f++)
		if (f->text && !unit_equal_int((long long)strnlen((char *)of + f->at, f->size),
					       (long long)f->size - 1, f->name, __FILE__, __LINE__))
			CU_FAIL("a text is not cut where its field ends");
}

static void longer_strings_are_cut(void)
{
	uint8_t parts[11][LONG_MESSAGE], all[2 * LONG_MESSAGE], message[2 * LONG_MESSAGE];
	struct wr w[11], status = wr_init(all, sizeof(all)), m = wr_init(message, sizeof(message));
	struct control_reply got = {0};

	for (size_t i = 0; i < 11; i++)
		w[i] = wr_init(parts[i], LONG_MESSAGE);
	put_texts(&w[0], "\x1\x2\x3\x5\xb\xc\x10\x13\x14\x15");
	put_texts(&w[1], "\x1\x2\x3\x4\x5\x14");
	put(&w[1], 10, parts[0], wr_used(&w[0]));
	put_texts(&w[4], "\x1");
	put(&w[1], 18, parts[4], wr_used(&w[4]));
	put_texts(&w[5], "\x1");
	put(&w[1], 19, parts[5], wr_used(&w[5]));
	put_texts(&w[6], "\x1"); /* a count */
	put_texts(&w[7], "\x1\x4\xa");
	put_texts(&w[2], "\x1\x2\x3\x4\x8\x9\xe");
	put(&w[2], 18, parts[6], wr_used(&w[6]));
	put(&w[2], 20, parts[7], wr_used(&w[7]));
	put_texts(&w[9], "\x4\x5");
	put(&w[9], 26, parts[6], wr_used(&w[6]));
	put(&w[2], 21, parts[9], wr_used(&w[9]));
	put_texts(&w[3], "\x1\x2\x3\x6\x6\x8\xa\xd\x17\x1c\x23");
	put(&w[3], 29, parts[6], wr_used(&w[6]));
	put(&w[3], 30, parts[6], wr_used(&w[6]));
	put_texts(&status, "\x1\x2\x3\x12");
	put_texts(&w[8], "\x1\x2\x3");
	put(&status, 17, parts[8], wr_used(&w[8]));
	put_texts(&w[10], "\x1\x2\x3\x4");
	put(&status, 22, parts[10], wr_used(&w[10]));
	put(&status, 9, parts[1], wr_used(&w[1]));
	put(&status, 8, parts[2], wr_used(&w[2]));
	put(&status, 7, parts[3], wr_used(&w[3]));
	put(&m, 3, all, wr_used(&status));
	put_texts(&m, "\x2");
	CU_ASSERT_FATAL(decode_reply(message, wr_used(&m), &got) == 0);
	CU_ASSERT_FATAL(got.status.n_vrrps == 1 && got.status.n_peers == 1);
	CU_ASSERT_FATAL(got.status.n_farms == 1 && got.status.farms[0].n_backends == 1);
	EXPECT_INT(got.status.vrrps[0].n_addresses, 2);
	EXPECT_INT(got.status.n_stragglers, 1);
	EXPECT_INT(got.status.n_claims, 1);
	EXPECT_INT(got.status.n_alarms, 1);
	EXPECT_INT(got.status.vrrps[0].rejected.n, 1);
	EXPECT_INT(got.status.vrrps[0].notes.n, 1);
	EXPECT_INT(got.status.peers[0].rejected.n, 1);
	EXPECT_INT(got.status.peers[0].n_words, 1);
	EXPECT_INT(got.status.peers[0].channel.rejected.n, 1);
	EXPECT_INT(got.status.farms[0].n_drops, 1);
	EXPECT_INT(got.status.farms[0].n_tables, 1);
	status_each_part(&got.status, &got.status, is_cut);
	EXPECT_INT(strlen(got.text), LONG_TEXT); /* has no field to fit into */
	control_reply_clear(&got);
	CU_ASSERT(survives(message, wr_used(&m)));
}

static void corpus(void)
{
	CU_ASSERT(unit_replay("tests/fuzz/corpus/fuzz_codec_reply", survives) >= 10);
}

UNIT_TESTS(codec) = {
	{"replies without status", replies_without_status},
	{"octets of a reply", octets_of_a_reply},
	{"a full status", a_full_status},
	{"a peer without a channel", a_peer_without_a_channel},
	{"an empty status", an_empty_status},
	{"a head of parts", a_head_of_parts},
	{"length at every cut", length_at_every_cut},
	{"length against its limit", length_against_its_limit},
	{"a too long reply is not sent", a_too_long_reply_is_not_sent},
	{"a too long reply is refused", a_too_long_reply_is_refused},
	{"every truncation", every_truncation},
	{"every flipped bit of a reply", every_flipped_bit_of_a_reply},
	{"longer strings are cut", longer_strings_are_cut},
	{"corpus", corpus},
	UNIT_TESTS_END,
};
