/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Farms in parts: there and back, and as protobuf-c has them in both directions. What is decoded lies in a
 * block of its exact size, so that the sanitizer sees a read too far.
 */
#include "proto/codec_part.h"
#include "tests/unit/status_sample.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { FARMS_MAX = 8 };

static uint8_t *exact_copy(const uint8_t *bytes, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
	memcpy(copy, bytes, len);
	return copy;
}

static struct status_farm new_farm(void)
{
	struct status_farm f = {.backends = calloc(CONFIG_BACKENDS_MAX, sizeof(*f.backends))};

	CU_ASSERT_PTR_NOT_NULL_FATAL(f.backends);
	return f;
}

/* All farms of a part, at most FARMS_MAX; 0 or the error. The caller clears *ret in both cases. */
static int read_part(const uint8_t *bytes, size_t len, struct status *ret, bool *ret_more)
{
	uint8_t *copy = exact_copy(bytes, len);
	struct control_part_reader r;
	int code;

	*ret = (struct status){.farms = calloc(FARMS_MAX, sizeof(*ret->farms))};
	CU_ASSERT_PTR_NOT_NULL_FATAL(ret->farms);
	control_part_begin(&r, copy, len);
	do {
		CU_ASSERT_FATAL(ret->n_farms < FARMS_MAX);
		ret->farms[ret->n_farms] = new_farm();
		code = control_part_next(&r, &ret->farms[ret->n_farms++]);
	} while (code > 0);
	free(ret->farms[--ret->n_farms].backends);
	ret->farms[ret->n_farms].backends = NULL;
	*ret_more = r.more;
	free(copy);
	return code;
}

static uint8_t *make_part(const struct status *s, bool more, size_t *ret_len)
{
	struct control_part part = {0};
	uint8_t *bytes;

	for (size_t i = 0; i < s->n_farms; i++)
		CU_ASSERT_FATAL(control_part_add(&part, &s->farms[i]) == 0);
	bytes = control_part_take(&part, more, ret_len);
	CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
	CU_ASSERT(!part.w.start && !part.backends);
	return bytes;
}

/* The farms alone: nothing else of a status is in a part. */
static struct status farms_of(const struct status *s)
{
	return (struct status){.farms = s->farms, .n_farms = s->n_farms};
}

static void there_and_back(status_part_fn *fill)
{
	struct status s = status_sample(fill), want = farms_of(&s), got;
	bool more;

	for (int last = 0; last < 2; last++) {
		size_t len = 0, length = 0;
		uint8_t *bytes = make_part(&s, !last, &len);

		EXPECT_INT(codec_message_length(bytes, len, CODEC_PART_MAX, &length), 0);
		EXPECT_INT(length, len);
		EXPECT_INT(read_part(bytes + CODEC_LENGTH, len - CODEC_LENGTH, &got, &more), 0);
		EXPECT_INT(more, !last);
		status_expect_same(&got, &want);
		status_clear(&got);
		free(bytes);
	}
	status_clear(&s);
}

static void every_field(void)
{
	there_and_back(status_fill_plain);
	there_and_back(status_fill_most);
}

/* Each farm in a status of its own is one status with all of them. */
static void protobuf_reads_a_part(void)
{
	struct status s = status_sample(status_fill_most), want = farms_of(&s);
	struct control_reply got = {0};
	size_t len = 0;
	uint8_t *bytes = make_part(&s, false, &len);

	CU_ASSERT_FATAL(codec_unpack_reply(bytes + CODEC_LENGTH, len - CODEC_LENGTH, &got) == 0);
	status_expect_same(&got.status, &want);
	control_reply_clear(&got);
	status_clear(&s);
	free(bytes);
}

/* Of a whole status the farms are read, and what is around them is passed over. */
static void a_part_that_protobuf_wrote(void)
{
	struct control_reply reply = {.has_status = true, .text = strdup("and a text")};
	struct status got, want;
	size_t len = 0;
	uint8_t *bytes;
	bool more;

	reply.status = status_sample(status_fill_plain);
	want = farms_of(&reply.status);
	bytes = codec_pack_reply(&reply, &len);
	CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
	EXPECT_INT(read_part(bytes + CODEC_LENGTH, len - CODEC_LENGTH, &got, &more), 0);
	CU_ASSERT_FALSE(more);
	status_expect_same(&got, &want);
	status_clear(&got);
	control_reply_clear(&reply);
	free(bytes);
}

/* The octets that another version has to read, too. */
static void octets_of_a_part(void)
{
	static const uint8_t want[] = {0,    0,	   0,	 26,	  /* the length */
				       0x1a, 0x92, 0x80, 0x80, 0, /* the status */
				       0x4a, 0x8d, 0x80, 0x80, 0, /* a farm */
				       0x0a, 1,	   'w',	 0x30, 2, /* its name, its connections */
				       0x52, 0x85, 0,	 0x0a, 1,
				       'a',  0x20, 3,  /* a backend, and its weight */
				       0xf0, 1,	   1}; /* there are more */
	struct status_backend b = {.name = "a", .weight = 3};
	struct status_farm f = {.name = "w", .connections = 2, .backends = &b, .n_backends = 1};
	struct status s = {.farms = &f, .n_farms = 1};
	size_t len = 0;
	uint8_t *bytes = make_part(&s, true, &len);

	EXPECT_INT(len, sizeof(want));
	for (size_t i = 0; i < sizeof(want) && i < len; i++)
		EXPECT_INT(bytes[i], want[i]);
	free(bytes);
}

static void a_part_of_nothing(void)
{
	struct status s = {0}, got;
	size_t len = 0;
	uint8_t *bytes = make_part(&s, false, &len);
	bool more = true;

	EXPECT_INT(len, CODEC_LENGTH);
	EXPECT_INT(read_part(bytes + CODEC_LENGTH, 0, &got, &more), 0);
	CU_ASSERT(!more && !got.n_farms);
	status_clear(&got);
	free(bytes);
}

/* A cut between two farms is a part with fewer of them; any other one is seen. */
static void every_cut(void)
{
	struct status s = status_sample(status_fill_plain), got;
	size_t len = 0, whole = 0;
	uint8_t *bytes = make_part(&s, true, &len);
	bool more;

	for (size_t cut = 0; cut < len - CODEC_LENGTH; cut++) {
		int code = read_part(bytes + CODEC_LENGTH, cut, &got, &more);

		CU_ASSERT(code == -EBADMSG || (code == 0 && !more));
		whole += code == 0;
		status_clear(&got);
	}
	EXPECT_INT(whole, s.n_farms + 1);
	status_clear(&s);
	free(bytes);
}

/* It grows until it is full; what would be too long is not in it. */
static void limits(void)
{
	struct status_farm f = new_farm();
	struct control_part part = {0};
	size_t len = 0, fit = 0;
	uint8_t *bytes;

	f.n_backends = CODEC_PART_BACKENDS - 1;
	for (size_t i = 0; i < CONFIG_BACKENDS_MAX; i++)
		memset(f.backends[i].reason, 'r', STATUS_REASON - 1);
	EXPECT_INT(control_part_add(&part, &f), 0);
	CU_ASSERT_FALSE(control_part_is_full(&part));
	f.n_backends = CONFIG_BACKENDS_MAX; /* so much is in the last farm at most */
	EXPECT_INT(control_part_add(&part, &f), 0);
	CU_ASSERT_TRUE(control_part_is_full(&part));
	while (control_part_add(&part, &f) == 0)
		fit++;
	EXPECT_INT(control_part_add(&part, &f), -EMSGSIZE);
	CU_ASSERT(fit > 0 && fit < 32);
	bytes = control_part_take(&part, false, &len);
	CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
	CU_ASSERT(len <= CODEC_LENGTH + CODEC_PART_MAX);
	free(bytes);
	free(f.backends);
}

static bool is_good(const uint8_t *bytes, size_t len)
{
	struct status got;
	bool more;
	int code = read_part(bytes, len, &got, &more);

	CU_ASSERT(code == 0 || code == -EBADMSG);
	status_clear(&got);
	return code == 0;
}

static bool is_good_with(const char *of_backend, size_t len)
{
	uint8_t octets[64] = {0x1a, (uint8_t)(len + 4), 0x4a, (uint8_t)(len + 2),
			      0x52, (uint8_t)len};

	memcpy(octets + 6, of_backend, len);
	return is_good(octets, len + 6);
}

#define WITH(text) is_good_with(text, sizeof(text) - 1)

static void what_a_field_must_not_be(void)
{
	CU_ASSERT_TRUE(WITH("\x20\x03"));
	CU_ASSERT_TRUE(WITH("\x20\x83\x80\x80\x80\x80\x80\x80\x80\x80\x01")); /* 64 bits */
	CU_ASSERT_FALSE(WITH("\x20\x83\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"));
	CU_ASSERT_FALSE(WITH("\x21\0\0\0\0\0\0\0\0")); /* a weight that is written as a share */
	CU_ASSERT_FALSE(WITH("\x22\x01\x33"));	       /* as a text */
	CU_ASSERT_FALSE(WITH("\x08\x03"));	       /* a name that is a number */
	CU_ASSERT_TRUE(WITH("\x49\0\0\0\0\0\0\xf0\x3f"));
	CU_ASSERT_FALSE(WITH("\x49\0\0\0\0\0\0\0\x40"));	 /* a share of 2 */
	CU_ASSERT_FALSE(WITH("\x49\0\0\0\0\0\0\xf0\xbf"));	 /* of -1 */
	CU_ASSERT_FALSE(WITH("\x49\1\0\0\0\0\0\xf0\x7f"));	 /* of no number */
	CU_ASSERT_FALSE(WITH("\x89\x01\0\0\0\0\0\x10\x70\x40")); /* a weight of 257 */
	CU_ASSERT_TRUE(WITH("\xf8\x07\x01\xf2\x07\x01x\xf1\x07\0\0\0\0\0\0\0\0\xf5\x07\0\0\0\0"));
	CU_ASSERT_FALSE(WITH("\xf3\x07"));  /* a group */
	CU_ASSERT_FALSE(WITH("\x0a\x02x")); /* a text that is longer than what is there */
	CU_ASSERT_FALSE(WITH("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"));
}

static void corpus(void)
{
	CU_ASSERT(unit_replay("tests/fuzz/corpus/fuzz_codec_part", is_good) >= 8);
}

UNIT_TESTS(codec_part) = {
	{"every field", every_field},
	{"protobuf reads a part", protobuf_reads_a_part},
	{"a part that protobuf wrote", a_part_that_protobuf_wrote},
	{"octets of a part", octets_of_a_part},
	{"a part of nothing", a_part_of_nothing},
	{"every cut", every_cut},
	{"limits", limits},
	{"what a field must not be", what_a_field_must_not_be},
	{"corpus", corpus},
	UNIT_TESTS_END,
};
