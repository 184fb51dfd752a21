/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a reply may not contain, and what reading one may not cost. */
#include "include/config.h"
#include "include/wr.h"
#include "proto/codec.h"
#include "tests/unit/reply_wire.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

/* The verdict on a status that was packed as it is. */
static int verdict_on(const struct status *s)
{
	struct control_reply reply = {.has_status = true, .status = *s}, got = {0};
	int code = reply_there_and_back(&reply, &got);

	control_reply_clear(&got);
	return code;
}

/* n zeroed parts of a list; freed by the caller. */
static void *parts(size_t n, size_t size)
{
	void *list = calloc(n, size);

	CU_ASSERT_PTR_NOT_NULL_FATAL(list);
	return list;
}

static void lists_have_the_limits_of_the_configuration(void)
{
	struct status_vrrp *vrrps = parts(STATUS_ROUTERS_MAX + 1, sizeof(*vrrps));
	struct status_peer *peers = parts(CONFIG_NODES_MAX + 1, sizeof(*peers));
	struct status_farm *farms = parts(CONFIG_FARMS_MAX + 1, sizeof(*farms));
	struct status_straggler *stragglers = parts(STATUS_STRAGGLERS_MAX + 1, sizeof(*stragglers));
	struct status_claim *claims = parts(STATUS_CLAIMS_MAX + 1, sizeof(*claims));
	struct status s = {.vrrps = vrrps,
			   .peers = peers,
			   .farms = farms,
			   .stragglers = stragglers,
			   .claims = claims};

	s.n_vrrps = 2 * CONFIG_VRRPS_MAX; /* each section may be one for IPv4 and one for IPv6 */
	s.n_peers = CONFIG_NODES_MAX;
	s.n_farms = CONFIG_FARMS_MAX;
	s.n_stragglers = STATUS_STRAGGLERS_MAX;
	s.n_claims = STATUS_CLAIMS_MAX;
	EXPECT_INT(verdict_on(&s), 0);
	s.n_vrrps++;
	EXPECT_INT(verdict_on(&s), -EBADMSG);
	s.n_vrrps--;
	s.n_peers++;
	EXPECT_INT(verdict_on(&s), -EBADMSG);
	s.n_peers--;
	s.n_stragglers++;
	EXPECT_INT(verdict_on(&s), -EBADMSG);
	s.n_stragglers--;
	s.n_claims++;
	EXPECT_INT(verdict_on(&s), -EBADMSG);
	s.n_claims--;
	s.n_farms++;
	EXPECT_INT(verdict_on(&s), -EBADMSG);
	free(vrrps);
	free(peers);
	free(stragglers);
	free(claims);
	free(farms);
}

static void inner_lists_have_limits_too(void)
{
	struct status_backend *backends = parts(CONFIG_BACKENDS_MAX + 1, sizeof(*backends));
	char(*addresses)[PREFIX_TEXT] = parts(CONFIG_VIPS_MAX + 1, sizeof(*addresses));
	struct status_farm farm = {.backends = backends, .n_backends = CONFIG_BACKENDS_MAX};
	struct status_vrrp vrrp = {.addresses = addresses, .n_addresses = CONFIG_VIPS_MAX};
	struct status s = {.farms = &farm, .n_farms = 1, .vrrps = &vrrp, .n_vrrps = 1};

	EXPECT_INT(verdict_on(&s), 0);
	farm.n_backends++;
	EXPECT_INT(verdict_on(&s), -EBADMSG);
	farm.n_backends--;
	vrrp.n_addresses++;
	EXPECT_INT(verdict_on(&s), -EBADMSG);
	free(backends);
	free(addresses);
}

/* So many empty messages of a field, in a farm in a status in a reply. */
static int verdict_on_parts(unsigned int field, size_t n)
{
	uint8_t bytes[256];
	struct wr w = wr_init(bytes, sizeof(bytes));
	struct control_reply got = {0};
	int code;

	wr_u8(&w, 3 << 3 | 2);
	wr_u8(&w, (uint8_t)(3 * n + 2));
	wr_u8(&w, 9 << 3 | 2);
	wr_u8(&w, (uint8_t)(3 * n));
	for (size_t i = 0; i < n; i++) {
		wr_u8(&w, (uint8_t)((field << 3 | 2 | 0x80) & 0xff));
		wr_u8(&w, (uint8_t)(field >> 4));
		wr_u8(&w, 0);
	}
	CU_ASSERT_FATAL(wr_ok(&w));
	code = codec_unpack_reply(bytes, wr_used(&w), &got);
	control_reply_clear(&got);
	return code;
}

static void what_a_farm_tells_has_limits(void)
{
	enum { DROPS = 18, TABLES = 19 };

	EXPECT_INT(verdict_on_parts(DROPS, STATUS_DROPS_MAX), 0);
	EXPECT_INT(verdict_on_parts(DROPS, STATUS_DROPS_MAX + 1), -EBADMSG);
	EXPECT_INT(verdict_on_parts(TABLES, STATUS_TABLES_MAX), 0);
	EXPECT_INT(verdict_on_parts(TABLES, STATUS_TABLES_MAX + 1), -EBADMSG);
}

static void what_the_pair_tells_has_limits(void)
{
	char(*alarms)[STATUS_ALARM] = parts(STATUS_ALARMS_MAX + 1, sizeof(*alarms));
	struct status_word *words = parts(STATUS_ROUTERS_MAX + 1, sizeof(*words));
	struct status_peer peer = {.words = words, .n_words = STATUS_ROUTERS_MAX};
	struct status s = {.alarms = alarms, .n_alarms = STATUS_ALARMS_MAX};

	s.peers = &peer;
	s.n_peers = 1;
	EXPECT_INT(verdict_on(&s), 0);
	s.n_alarms++;
	EXPECT_INT(verdict_on(&s), -EBADMSG);
	s.n_alarms--;
	peer.n_words++;
	EXPECT_INT(verdict_on(&s), -EBADMSG);
	free(alarms);
	free(words);
}

/* So many empty counts: field of a list of them, in a router or a peer in a status in a reply. */
static int verdict_on_counts(unsigned int part, unsigned int field, uint8_t n)
{
	uint8_t bytes[256];
	struct wr w = wr_init(bytes, sizeof(bytes));
	struct control_reply got = {0};
	int code;

	wr_u8(&w, 3 << 3 | 2);
	wr_u8(&w, (uint8_t)(3 * n + 2));
	wr_u8(&w, (uint8_t)(part << 3 | 2));
	wr_u8(&w, (uint8_t)(3 * n));
	for (uint8_t i = 0; i < n; i++) {
		wr_u8(&w, (uint8_t)((field << 3 | 2 | 0x80) & 0xff));
		wr_u8(&w, (uint8_t)(field >> 4));
		wr_u8(&w, 0);
	}
	CU_ASSERT_FATAL(wr_ok(&w));
	code = codec_unpack_reply(bytes, wr_used(&w), &got);
	control_reply_clear(&got);
	return code;
}

static void counts_by_reason_have_limits(void)
{
	enum { VRRPS = 7, PEERS = 8, VRRP_REJECTED = 29, VRRP_NOTES = 30, PEER_REJECTED = 18 };
	static const unsigned int lists[][2] = {
		{VRRPS, VRRP_REJECTED}, {VRRPS, VRRP_NOTES}, {PEERS, PEER_REJECTED}};

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		EXPECT_INT(verdict_on_counts(lists[i][0], lists[i][1], STATUS_REASONS_MAX), 0);
		EXPECT_INT(verdict_on_counts(lists[i][0], lists[i][1], STATUS_REASONS_MAX + 1),
			   -EBADMSG);
	}
}

/* So many empty counts (field 26) of a channel (field 21 of a peer). */
static int verdict_on_channel(uint8_t n)
{
	uint8_t bytes[256];
	struct wr w = wr_init(bytes, sizeof(bytes));
	struct control_reply got = {0};
	int code;

	wr_u8(&w, 3 << 3 | 2);
	wr_u8(&w, (uint8_t)(3 * n + 5));
	wr_u8(&w, 8 << 3 | 2);
	wr_u8(&w, (uint8_t)(3 * n + 3));
	wr_u8(&w, (21 << 3 | 2 | 0x80) & 0xff);
	wr_u8(&w, 21 >> 4);
	wr_u8(&w, (uint8_t)(3 * n));
	for (uint8_t i = 0; i < n; i++) {
		wr_u8(&w, (26 << 3 | 2 | 0x80) & 0xff);
		wr_u8(&w, 26 >> 4);
		wr_u8(&w, 0);
	}
	CU_ASSERT_FATAL(wr_ok(&w));
	code = codec_unpack_reply(bytes, wr_used(&w), &got);
	CU_ASSERT(code || got.status.peers[0].channel.rejected.n == n);
	control_reply_clear(&got);
	return code;
}

static void counts_of_the_channel_have_limits(void)
{
	EXPECT_INT(verdict_on_channel(0), 0);
	EXPECT_INT(verdict_on_channel(STATUS_REASONS_MAX), 0);
	EXPECT_INT(verdict_on_channel(STATUS_REASONS_MAX + 1), -EBADMSG);
}

static void a_full_list_of_a_farm_stays_as_it_is(void)
{
	struct status_farm f = {0};

	for (uint64_t i = 0; i <= STATUS_DROPS_MAX; i++)
		status_add_drop(&f, "a-reason-that-is-longer-than-its-field", i);
	for (uint64_t i = 0; i <= STATUS_TABLES_MAX; i++)
		status_add_table(&f, "www-flows", 10, i);
	EXPECT_INT(f.n_drops, STATUS_DROPS_MAX);
	EXPECT_INT(f.drops[STATUS_DROPS_MAX - 1].packets, STATUS_DROPS_MAX - 1);
	EXPECT_TEXT(f.drops[0].reason, "a-reason-that-is-longer-than-it");
	EXPECT_INT(f.n_tables, STATUS_TABLES_MAX);
	EXPECT_INT(f.tables[STATUS_TABLES_MAX - 1].used, STATUS_TABLES_MAX - 1);
	EXPECT_TEXT(f.tables[0].name, "www-flows");
	EXPECT_INT(f.tables[0].size, 10);
}

static void a_share_is_a_part_of_one(void)
{
	static const double good[] = {0, 0.5, 1}, bad[] = {-0.1, 1.1, NAN, INFINITY};
	struct status_backend backend = {0};
	struct status_farm farm = {.backends = &backend, .n_backends = 1};
	struct status s = {.farms = &farm, .n_farms = 1};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		backend.share = good[i];
		EXPECT_INT(verdict_on(&s), 0);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		backend.share = bad[i];
		EXPECT_INT(verdict_on(&s), -EBADMSG);
	}
	backend.share = 0;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		backend.effective_weight = bad[i] * CONFIG_WEIGHT_MAX;
		EXPECT_INT(verdict_on(&s), -EBADMSG);
	}
}

/*
 * Two octets for each of two million empty vrrps (field 7 of the status, field 3 of the reply):
 * without a budget they would take hundreds of megabytes before anybody could count them.
 */
static void reading_a_reply_has_a_budget(void)
{
	enum { PARTS = 2000000, HEAD = 5 };
	uint8_t *bytes = parts(HEAD + 2 * PARTS, 1);
	struct wr w = wr_init(bytes, HEAD + 2 * PARTS);
	struct control_reply got = {0};
	uint32_t length = 2 * PARTS;

	wr_u8(&w, 3 << 3 | 2);
	for (int i = 0; i < 4; i++) { /* a varint of four octets */
		wr_u8(&w, (uint8_t)((length & 0x7f) | (i < 3 ? 0x80 : 0)));
		length >>= 7;
	}
	for (int i = 0; i < PARTS; i++) {
		wr_u8(&w, 7 << 3 | 2);
		wr_u8(&w, 0);
	}
	CU_ASSERT(wr_ok(&w));
	EXPECT_INT(codec_unpack_reply(bytes, wr_used(&w), &got), -EBADMSG);
	free(bytes);
}

UNIT_TESTS(codec_limits) = {
	{"lists have the limits of the configuration", lists_have_the_limits_of_the_configuration},
	{"inner lists have limits, too", inner_lists_have_limits_too},
	{"what a farm tells has limits", what_a_farm_tells_has_limits},
	{"what the pair tells has limits", what_the_pair_tells_has_limits},
	{"counts by reason have limits", counts_by_reason_have_limits},
	{"counts of the channel have limits", counts_of_the_channel_have_limits},
	{"a full list of a farm stays as it is", a_full_list_of_a_farm_stays_as_it_is},
	{"a share is a part of one", a_share_is_a_part_of_one},
	{"reading a reply has a budget", reading_a_reply_has_a_budget},
	UNIT_TESTS_END,
};
