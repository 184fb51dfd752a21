/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/flow/flow_ask.h"
#include "include/wr.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/netfilter/nf_tables.h>

#define CORPUS "tests/fuzz/corpus/fuzz_flow_ask"

enum { MAX = 2048, NEWSETELEM = 10 << 8 | NFT_MSG_NEWSETELEM, NLMSG_ERROR_TYPE = 2 };

static const struct flow_ask_set flows = {.table = "director", .set = "www-flows", .key_len = 12};

/* --- answers as the kernel builds them --------------------------------------------------------- */

static void put16(struct wr *w, uint16_t v)
{
	wr_bytes(w, &v, sizeof(v));
}

static void put32(struct wr *w, uint32_t v)
{
	wr_bytes(w, &v, sizeof(v));
}

static void attribute(struct wr *w, uint16_t type, const void *value, size_t len)
{
	static const uint8_t zero[4];

	put16(w, (uint16_t)(4 + len));
	put16(w, type);
	wr_bytes(w, value, len);
	wr_bytes(w, zero, (4 - len % 4) % 4);
}

static void attribute64(struct wr *w, uint16_t type, uint64_t v)
{
	uint8_t bytes[8];
	struct wr value = wr_init(bytes, sizeof(bytes));

	wr_be32(&value, (uint32_t)(v >> 32));
	wr_be32(&value, (uint32_t)v);
	attribute(w, type, bytes, sizeof(bytes));
}

static void nest(struct wr *w, uint16_t type, const struct wr *inside)
{
	attribute(w, type | 0x8000, inside->start, wr_used(inside));
}

static struct wr message(uint8_t *bytes, uint16_t type, uint32_t seq, const struct wr *body)
{
	struct wr w = wr_init(bytes, MAX);

	put32(&w, (uint32_t)(16 + wr_used(body)));
	put16(&w, type);
	put16(&w, 0);
	put32(&w, seq);
	put32(&w, 0);
	wr_bytes(&w, body->start, wr_used(body));
	CU_ASSERT(wr_ok(&w));
	return w;
}

/* One element's attributes, as told by which: a key, data, times. */
static struct wr element(uint8_t *bytes, size_t key_len, size_t data_len, bool times)
{
	uint8_t buf[MAX], filler[MAX];
	struct wr w = wr_init(bytes, MAX), value;

	memset(filler, 0xab, sizeof(filler));
	if (key_len) {
		value = wr_init(buf, sizeof(buf));
		attribute(&value, NFTA_DATA_VALUE, filler, key_len);
		nest(&w, NFTA_SET_ELEM_KEY, &value);
	}
	if (data_len) {
		value = wr_init(buf, sizeof(buf));
		attribute(&value, NFTA_DATA_VALUE, filler, data_len);
		nest(&w, NFTA_SET_ELEM_DATA, &value);
	}
	if (times) {
		attribute64(&w, NFTA_SET_ELEM_TIMEOUT, 0x100000002u);
		attribute64(&w, NFTA_SET_ELEM_EXPIRATION, 3);
	}
	return w;
}

static struct wr elements(uint8_t *bytes, const struct wr *one, size_t n)
{
	uint8_t list_bytes[MAX], body_bytes[MAX];
	struct wr list = wr_init(list_bytes, MAX), body = wr_init(body_bytes, MAX);

	while (n--)
		nest(&list, NFTA_LIST_ELEM, one);
	wr_be32(&body, 0x05000000); /* family, version, generation */
	attribute(&body, NFTA_SET_ELEM_LIST_TABLE, "director", 9);
	attribute(&body, NFTA_SET_ELEM_LIST_SET, "www-flows", 10);
	nest(&body, NFTA_SET_ELEM_LIST_ELEMENTS, &list);
	return message(bytes, NEWSETELEM, 7, &body);
}

static const char *parse(const struct wr *w, struct flow_reply *ret)
{
	return flow_ask_reject_name(flow_ask_parse(w->start, wr_used(w), ret));
}

/* --- tests ------------------------------------------------------------------------------------- */

static void an_element(void)
{
	uint8_t bytes[MAX], parts[MAX];
	struct wr one = element(parts, 12, 4, true), w = elements(bytes, &one, 1);
	struct flow_reply r;

	EXPECT_TEXT(parse(&w, &r), "none");
	EXPECT_INT(r.seq, 7);
	EXPECT_INT(r.error, 0);
	EXPECT_INT(r.key_len, 12);
	EXPECT_INT(r.key[11], 0xab);
	EXPECT_INT(r.answer.present, true);
	EXPECT_INT(r.answer.data_len, 4);
	EXPECT_INT(r.answer.data[3], 0xab);
	EXPECT_INT(r.answer.timeout_ms, 0x100000002);
	EXPECT_INT(r.answer.expires_ms, 3);
	one = element(parts, FLOW_ASK_KEY_MAX, FLOW_ASK_DATA_MAX, false);
	w = elements(bytes, &one, 1);
	EXPECT_TEXT(parse(&w, &r), "none");
	EXPECT_INT(r.answer.expires_ms, 0);
	one = element(parts, 1, 0, false); /* of a set */
	w = elements(bytes, &one, 1);
	EXPECT_TEXT(parse(&w, &r), "none");
	EXPECT_INT(r.answer.data_len, 0);
}

static void an_error(void)
{
	uint8_t bytes[MAX], body_bytes[64];
	struct wr body = wr_init(body_bytes, sizeof(body_bytes)), w;
	struct flow_reply r;

	put32(&body, (uint32_t)-ENOENT);
	w = message(bytes, NLMSG_ERROR_TYPE, 9, &body);
	EXPECT_TEXT(parse(&w, &r), "none");
	EXPECT_INT(r.seq, 9);
	EXPECT_INT(r.error, -ENOENT);
	EXPECT_INT(r.answer.present, false);
	EXPECT_INT(r.key_len, 0);
	body.used = 3;
	w = message(bytes, NLMSG_ERROR_TYPE, 9, &body);
	EXPECT_TEXT(parse(&w, &r), "truncated");
}

static void one_reason_per_check(void)
{
	struct flow_reply r = {.seq = 42};
	uint8_t bytes[MAX], parts[MAX];
	struct wr one = element(parts, 12, 4, true), w;

	w = elements(bytes, &one, 0);
	EXPECT_TEXT(parse(&w, &r), "elements");
	w = elements(bytes, &one, 2);
	EXPECT_TEXT(parse(&w, &r), "elements");
	w = elements(bytes, &one, 1);
	bytes[4] = NFT_MSG_NEWRULE;
	EXPECT_TEXT(parse(&w, &r), "type");
	one = element(parts, 0, 4, false);
	w = elements(bytes, &one, 1);
	EXPECT_TEXT(parse(&w, &r), "key");
	one = element(parts, FLOW_ASK_KEY_MAX + 1, 4, false);
	w = elements(bytes, &one, 1);
	EXPECT_TEXT(parse(&w, &r), "key");
	one = element(parts, 12, FLOW_ASK_DATA_MAX + 1, false);
	w = elements(bytes, &one, 1);
	EXPECT_TEXT(parse(&w, &r), "value");
	one = element(parts, 12, 4, false);
	attribute(&one, NFTA_SET_ELEM_TIMEOUT, "seven b", 7);
	w = elements(bytes, &one, 1);
	EXPECT_TEXT(parse(&w, &r), "value");
	EXPECT_INT(r.seq, 42); /* untouched by all of them */
	for (int i = 0; i < FLOW_ASK_REJECT_COUNT; i++)
		CU_ASSERT_PTR_NOT_NULL(flow_ask_reject_text((enum flow_ask_reject)i));
}

static void every_truncation(void)
{
	uint8_t bytes[MAX], parts[MAX];
	struct wr one = element(parts, 12, 4, true), w = elements(bytes, &one, 1);
	struct flow_reply r;

	for (size_t len = 0; len < wr_used(&w); len++) {
		uint8_t *cut = malloc(len ? len : 1); /* so that one octet too far is found */
		uint32_t told = (uint32_t)len;

		memcpy(cut, bytes, len);
		EXPECT_TEXT(flow_ask_reject_name(flow_ask_parse(cut, len, &r)), "truncated");
		if (len >= sizeof(told)) {
			memcpy(cut, &told, sizeof(told));
			CU_ASSERT(flow_ask_parse(cut, len, &r) != FLOW_ASK_REJECT_NONE);
		}
		free(cut);
	}
}

static void requests(void)
{
	uint8_t bytes[FLOW_ASK_KEYS * FLOW_ASK_REQUEST_MAX], keys[FLOW_ASK_KEYS * FLOW_ASK_KEY_MAX];
	struct flow_ask_set set = flows;
	/* header, family header, "director" and "www-flows", three nests, 12 octets */
	const size_t one = 16 + 4 + (4 + 12) + (4 + 12) + 3 * 4 + (4 + 12);
	uint32_t seq;

	memset(keys, 0xcd, sizeof(keys));
	EXPECT_INT(flow_ask_build(&set, keys, 1, 5, bytes, one), one);
	EXPECT_INT(bytes[0], one);
	EXPECT_INT(memcmp(bytes + one - 12, keys, 12), 0);
	for (size_t size = 0; size < one; size++)
		EXPECT_INT(flow_ask_build(&set, keys, 1, 5, bytes, size), 0);
	EXPECT_INT(flow_ask_build(&set, keys, 3, 5, bytes, sizeof(bytes)), 3 * one);
	memcpy(&seq, bytes + 2 * one + 8, sizeof(seq));
	EXPECT_INT(seq, 7);
	CU_ASSERT(flow_ask_build_set(&set, 5, bytes, sizeof(bytes)) > 0);
	EXPECT_INT(flow_ask_build_set(&set, 5, bytes, 50), 0);

	memset(set.table, 'x', FLOW_ASK_NAME - 1);
	memset(set.set, 'x', FLOW_ASK_NAME - 1);
	set.key_len = FLOW_ASK_KEY_MAX;
	EXPECT_INT(flow_ask_build(&set, keys, FLOW_ASK_KEYS, 5, bytes, sizeof(bytes)),
		   sizeof(bytes)); /* the longest ones fit exactly */
	set.key_len++;
	EXPECT_INT(flow_ask_build(&set, keys, 1, 5, bytes, sizeof(bytes)), 0);
	set.key_len = 0;
	EXPECT_INT(flow_ask_build(&set, keys, 1, 5, bytes, sizeof(bytes)), 0);
	set.key_len = 1;
	set.set[FLOW_ASK_NAME - 1] = 'x';
	EXPECT_INT(flow_ask_build(&set, keys, 1, 5, bytes, sizeof(bytes)), 0);
	EXPECT_INT(flow_ask_build_set(&set, 5, bytes, sizeof(bytes)), 0);
}

/* As the masks of the rules leave it, see plan_pins.c. */
static void pin_keys(void)
{
	static const struct {
		const char *client;
		uint8_t prefix;
		const char *network;
	} cases[] = {
		{"10.77.129.255", 32, "10.77.129.255"},
		{"10.77.129.255", 24, "10.77.129.0"},
		{"10.77.129.255", 17, "10.77.128.0"},
		{"10.77.129.255", 7, "10.0.0.0"},
		{"10.77.129.255", 0, "0.0.0.0"},
		{"2001:db8::ffff", 128, "2001:db8::ffff"},
		{"2001:db8:1:ff:2::", 56, "2001:db8:1::"},
		{"2001:db8::ffff", 121, "2001:db8::ff80"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t key[FLOW_ASK_FLOW_KEY];
		struct addr client, network;

		EXPECT_INT(addr_parse(cases[i].client, &client), 0);
		EXPECT_INT(addr_parse(cases[i].network, &network), 0);
		flow_ask_pin_key(&client, cases[i].prefix, key);
		EXPECT_INT(memcmp(key, network.bytes, addr_len(&network)), 0);
	}
}

static const char *verdict_of(const uint8_t *bytes, size_t len)
{
	struct flow_reply r;

	return flow_ask_reject_name(flow_ask_parse(bytes, len, &r));
}

/* What fuzzing found worth keeping; a file's name begins with the verdict it must get. */
static void corpus(void)
{
	CU_ASSERT(unit_replay_verdicts(CORPUS, verdict_of) >= FLOW_ASK_REJECT_COUNT);
}

UNIT_TESTS(flow_ask) = {
	{"an element", an_element},
	{"an error", an_error},
	{"one reason per check", one_reason_per_check},
	{"every truncation", every_truncation},
	{"requests", requests},
	{"keys of pins", pin_keys},
	{"corpus", corpus},
	UNIT_TESTS_END,
};
