/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Transactions of flows: their octets, and the answers to them. */
#include "director/flow/flow_write.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CORPUS "tests/fuzz/corpus/fuzz_flow_write"

enum { TIMEOUT = 900000, LEFT = 420000 };

static const struct flow_write_kernel new_kernel = {true, true, true}, old_kernel = {0};
static const struct flow_ask_set a_flows = {.table = "director", .set = "a", .key_len = 12};
static const struct flow_ask_set b_flows = {.table = "director", .set = "b", .key_len = 12};

static struct flow_write_op op(enum flow_write_kind kind, const struct flow_ask_set *set,
			       uint8_t key, uint32_t mark)
{
	return (struct flow_write_op){.kind = kind,
				      .set = set,
				      .key = {key},
				      .mark = mark,
				      .timeout_ms = TIMEOUT,
				      .left_ms = LEFT};
}

/* --- octets ------------------------------------------------------------------------------------ */

/* Seen by nft on Linux 6.18 (t_flow_write_kernel.c): this is what it takes. Little-endian. */
static void octets(void)
{
	static const uint8_t want[] = {
		20,  0, 0, 0,	 16,  0,   1,	0,    7,    0,	 0,    0,    0, 0, 0, 0,
		0,   0, 0, 10, /* begin */
		108, 0, 0, 0,	 12,  10,  1,	0,    8,    0,	 0,    0,    0, 0, 0, 0,
		5,   0, 0, 0, /* NEWSETELEM */
		13,  0, 1, 0,	 'd', 'i', 'r', 'e',  'c',  't', 'o',  'r',  0, 0, 0, 0, /* table */
		6,   0, 2, 0,	 'a', 0,   0,	0,					 /* set */
		64,  0, 3, 0x80, 60,  0,   1,	0x80, /* elements */
		20,  0, 1, 0x80, 16,  0,   1,	0,    9,    0,	 0,    0,    0, 0, 0, 0,
		0,   0, 0, 0,						     /* key */
		12,  0, 2, 0x80, 8,   0,   1,	0,    0x15, 0,	 0,    0,    /* data */
		12,  0, 4, 0,	 0,   0,   0,	0,    0,    0xd, 0xbb, 0xa0, /* timeout */
		12,  0, 5, 0,	 0,   0,   0,	0,    0,    6,	 0x68, 0xa0, /* expiration */
		20,  0, 0, 0,	 17,  0,   5,	0,    9,    0,	 0,    0,    0, 0, 0, 0,
		0,   0, 0, 10, /* end */
	};
	struct flow_write_op one = op(FLOW_WRITE_PUT, &a_flows, 9, 0x15);
	struct flow_write *w = calloc(1, sizeof(*w));
	enum flow_write_result result;
	uint8_t bytes[sizeof(want)];

	EXPECT_INT(flow_write_begin(w, &new_kernel, &one, 1, &result), 0);
	for (size_t size = 0; size < sizeof(bytes); size++)
		EXPECT_INT(flow_write_build(w, 7, bytes, size), 0);
	EXPECT_INT(flow_write_build(w, 7, bytes, sizeof(bytes)), sizeof(want));
	EXPECT_INT(memcmp(bytes, want, sizeof(want)), 0);
	EXPECT_INT(flow_write_numbers(w), 3);
	free(w);
}

static void longest(void)
{
	static struct flow_write_op ops[FLOW_WRITE_OPS];
	static enum flow_write_result results[FLOW_WRITE_OPS];
	static uint8_t bytes[FLOW_WRITE_BYTES];
	struct flow_write *w = calloc(1, sizeof(*w));
	struct flow_ask_set sets[2] = {{.key_len = FLOW_ASK_FLOW_KEY}};

	memset(sets[0].table, 'x', FLOW_ASK_NAME - 1);
	memset(sets[0].set, 'x', FLOW_ASK_NAME - 1);
	sets[1] = sets[0];
	for (size_t i = 0; i < FLOW_WRITE_OPS; i++)
		ops[i] = op(FLOW_WRITE_CHANGE, &sets[i % 2], 0, 1);
	EXPECT_INT(flow_write_begin(w, &old_kernel, ops, FLOW_WRITE_OPS, results), 0);
	/* Two of four messages have data and times, 36 octets, the others have not. */
	EXPECT_INT(flow_write_build(w, 1, bytes, sizeof(bytes)),
		   40 + FLOW_WRITE_OPS * (4 * (FLOW_WRITE_MESSAGE_MAX + FLOW_WRITE_ELEMENT_MAX) -
					  2 * 36));
	EXPECT_INT(flow_write_begin(w, &old_kernel, ops, FLOW_WRITE_OPS + 1, results), -EINVAL);
	sets[0].set[FLOW_ASK_NAME - 1] = 'x';
	EXPECT_INT(flow_write_begin(w, &old_kernel, ops, FLOW_WRITE_OPS, results), 0);
	EXPECT_INT(flow_write_build(w, 1, bytes, sizeof(bytes)), 0);
	free(w);
}

/* Elements of one kind and set that follow each other are one message. */
static void groups(void)
{
	struct flow_write_op ops[] = {
		op(FLOW_WRITE_PUT, &a_flows, 1, 1),    op(FLOW_WRITE_PUT, &a_flows, 2, 1),
		op(FLOW_WRITE_PUT, &b_flows, 1, 1),    op(FLOW_WRITE_CHANGE, &b_flows, 2, 1),
		op(FLOW_WRITE_CHANGE, &b_flows, 3, 1), op(FLOW_WRITE_DELETE, &b_flows, 1, 1),
		op(FLOW_WRITE_DELETE, &a_flows, 1, 1),
	};
	enum flow_write_result results[7];
	struct flow_write *w = calloc(1, sizeof(*w));
	uint8_t bytes[4096];

	EXPECT_INT(flow_write_begin(w, &new_kernel, ops, 7, results), 0);
	CU_ASSERT(flow_write_build(w, 1, bytes, sizeof(bytes)) > 0);
	EXPECT_INT(flow_write_numbers(w), 2 + 1 + 1 + 2 + 1 + 1);
	EXPECT_INT(flow_write_begin(w, &old_kernel, ops, 7, results), 0);
	CU_ASSERT(flow_write_build(w, 1, bytes, sizeof(bytes)) > 0);
	EXPECT_INT(flow_write_numbers(w), 2 + 3 + 3 + 4 + 1 + 1);
	free(w);
}

/* Whether it is certain that a transaction makes a generation. */
static void what_changes_something(void)
{
	const struct flow_write_op put = op(FLOW_WRITE_PUT, &a_flows, 1, 1);
	const struct flow_write_op ops[] = {op(FLOW_WRITE_DELETE, &b_flows, 1, 1),
					    op(FLOW_WRITE_DELETE, &a_flows, 1, 1), put};
	enum flow_write_result results[3];
	struct flow_write *w = calloc(1, sizeof(*w));
	uint8_t bytes[4096];

	for (int old = 0; old <= 1; old++)
		for (size_t n = 1; n <= 3; n++) {
			EXPECT_INT(flow_write_begin(w, old ? &old_kernel : &new_kernel, ops, n,
						    results),
				   0);
			CU_ASSERT(flow_write_build(w, 1, bytes, sizeof(bytes)) > 0);
			EXPECT_INT(flow_write_changes(w), n == 3);
		}
	free(w);
}

static void releases(void)
{
	static const struct {
		const char *release;
		bool destroys, end_acks, updates;
	} cases[] = {
		{"6.18.44-fc-v657", true, true, true},
		{"6.12", true, true, true},
		{"6.11.0-9-generic", true, true, false},
		{"6.10.0", true, true, false},
		{"6.9.12", true, false, false},
		{"6.3.0", true, false, false},
		{"6.2.16", false, false, false},
		{"6.1.0-28-amd64", false, false, false},
		{"5.15.0", false, false, false},
		{"7.0.0-rc1", true, true, true},
		{"10.1", true, true, true},
		{"", false, false, false},
		{"x", false, false, false},
		{"99999999999999999999.1", false, false, false},
		{"6.-1", false, false, false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct flow_write_kernel k = flow_write_kernel(cases[i].release);

		EXPECT_INT(k.destroys, cases[i].destroys);
		EXPECT_INT(k.end_acks, cases[i].end_acks);
		EXPECT_INT(k.updates, cases[i].updates);
	}
}

/* --- answers ----------------------------------------------------------------------------------- */

/* Seen on Linux 6.18, with NETLINK_CAP_ACK. Little-endian. */
static const uint8_t seen[] = {
	36,   0,    0,	  0,	2,  0,	0, 1, 8, 0, 0, 0, 0x57, 0x10, 0, 0, /* header */
	0xef, 0xff, 0xff, 0xff,						    /* EEXIST */
	108,  0,    0,	  0,	12, 10, 1, 4, 8, 0, 0, 0, 0,	0,    0, 0, /* about what */
};

static const char *verdict_of(const uint8_t *bytes, size_t len)
{
	struct flow_write_answer a;
	uint8_t *copy = malloc(len ? len : 1); /* so that one octet too far is found */
	enum flow_write_reject r;

	CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
	memcpy(copy, bytes, len);
	r = flow_write_parse(copy, len, &a);
	free(copy);
	return flow_write_reject_name(r);
}

static void answers(void)
{
	struct flow_write_answer a;
	uint8_t bytes[sizeof(seen)];
	uint32_t len;

	EXPECT_INT(flow_write_parse(seen, sizeof(seen), &a), FLOW_WRITE_REJECT_NONE);
	EXPECT_INT(a.seq, 8);
	EXPECT_INT(a.error, -EEXIST);
	for (len = 0; len < sizeof(seen); len++) {
		EXPECT_TEXT(verdict_of(seen, len), "truncated");
		memcpy(bytes, seen, sizeof(seen));
		memcpy(bytes, &len, sizeof(len));
		EXPECT_TEXT(verdict_of(bytes, sizeof(bytes)), len < 20 ? "truncated" : "none");
	}
	for (size_t bit = 0; bit < 8 * sizeof(seen); bit++) {
		const char *verdict;

		memcpy(bytes, seen, sizeof(seen));
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		verdict = verdict_of(bytes, sizeof(bytes));
		if (bit / 8 < 4) /* the length */
			CU_ASSERT(strcmp(verdict, "type") != 0 && strcmp(verdict, "error") != 0);
		if (bit / 8 >= 4)
			EXPECT_TEXT(verdict, bit / 8 < 6	 ? "type"
					     : bit == 8 * 19 + 7 ? "error"
								 : "none");
	}
	for (int i = 0; i < FLOW_WRITE_REJECT_COUNT; i++)
		CU_ASSERT_PTR_NOT_NULL(flow_write_reject_text((enum flow_write_reject)i));
	for (int i = 0; i < FLOW_WRITE_RESULT_COUNT; i++)
		CU_ASSERT_PTR_NOT_NULL(flow_write_result_text((enum flow_write_result)i));
}

/* What fuzzing found worth keeping; a file's name begins with the verdict it must get. */
static void corpus(void)
{
	CU_ASSERT(unit_replay_verdicts(CORPUS, verdict_of) >= FLOW_WRITE_REJECT_COUNT);
}

UNIT_TESTS(flow_write) = {
	{"octets", octets},
	{"the longest transaction fits", longest},
	{"groups", groups},
	{"what changes something", what_changes_something},
	{"releases of kernels", releases},
	{"answers", answers},
	{"corpus", corpus},
	UNIT_TESTS_END,
};
