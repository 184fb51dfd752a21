/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The flags of flows, which share a word with the expiry. */
#include "director/flow/flow_index.h"
#include "tests/unit/unit.h"

#include <netinet/in.h>
#include <stdlib.h>

enum { BACKENDS = 2, MANY = 40, NOW = 1000 };

static const struct flow_geometry small = {.slots = {64, 32}, .farms = 4, .backends = 8};

static void *memory_for(const struct flow_geometry *g)
{
	void *memory = calloc(1, flow_region_size(g));

	CU_ASSERT_PTR_NOT_NULL_FATAL(memory);
	return memory;
}

static void make_index(struct flow_index *x, const struct flow_geometry *g, uint16_t *numbers)
{
	const struct flow_identity identity = {.epoch = 1};
	struct flow_region r;

	flow_region_create(&r, memory_for(g), g, &identity);
	flow_region_publish(&r);
	flow_index_init(x, &r);
	EXPECT_INT(flow_index_name(x, "www", "a", &numbers[0]), 0);
	EXPECT_INT(flow_index_name(x, "www", "b", &numbers[1]), 0);
}

static void drop_index(struct flow_index *x)
{
	free(x->now.header);
	free(x->old.header);
}

/* Every other one IPv6. */
static struct flow_key key_of(uint32_t i)
{
	struct flow_key key = {.client = addr_v4(0x0a000000u + i),
			       .vip = addr_v4(0x0a4d0064),
			       .client_port = 40000,
			       .vip_port = 443,
			       .protocol = IPPROTO_TCP};

	if (i % 2)
		key.client.family = key.vip.family = AF_INET6;
	return key;
}

static void put_and_found(void)
{
	struct flow_index x;
	uint16_t numbers[BACKENDS];

	make_index(&x, &small, numbers);
	for (uint32_t i = 0; i < 2; i++) { /* IPv4, IPv6 */
		struct flow_key key = key_of(i);
		struct flow_record r = {.flags = 99};

		EXPECT_INT(flow_index_put(&x, &key, numbers[0], NOW, FLOW_CLOSING, &r),
			   FLOW_PUT_NEW);
		EXPECT_INT(r.flags, 99);
		for (uint8_t to = 0, from = FLOW_CLOSING; to <= FLOW_FLAGS_ALL; from = to++) {
			uint16_t backend = numbers[to % 2];

			EXPECT_INT(flow_index_put(&x, &key, backend, NOW + to, to, &r),
				   FLOW_PUT_KNOWN);
			EXPECT_INT(r.flags, from);
			CU_ASSERT(flow_index_find(&x, &key, &r));
			CU_ASSERT(flow_key_equal(&r.key, &key));
			EXPECT_INT(r.flags, to);
			EXPECT_INT(r.expires_s, NOW + to);
			EXPECT_INT(r.backend, backend);
		}
		EXPECT_INT(flow_index_put(&x, &key, numbers[0], NOW, 0xfc, NULL), FLOW_PUT_KNOWN);
		EXPECT_INT(flow_index_put(&x, &key, FLOW_ANY, NOW, 1, &r), FLOW_PUT_REFUSED);
		CU_ASSERT(flow_index_remove(&x, &key, &r));
		EXPECT_INT(r.flags, 0);
		EXPECT_INT(r.expires_s, NOW);
	}
	drop_index(&x);
}

/* Too late an expiry does not become flags, and flags do not make one later. */
static void expiry_has_30_bits(void)
{
	static const uint32_t late[] = {FLOW_EXPIRES_MAX - 1u, FLOW_EXPIRES_MAX,
					FLOW_EXPIRES_MAX + 1u, UINT32_MAX};
	struct flow_filter expired = {
		.farm = FLOW_ANY, .backend = FLOW_ANY, .expired = true, .now_s = NOW};
	struct flow_key key = key_of(0);
	struct flow_record r;
	struct flow_index x;
	uint16_t numbers[BACKENDS];

	make_index(&x, &small, numbers);
	for (size_t i = 0; i < sizeof(late) / sizeof(late[0]); i++) {
		flow_index_put(&x, &key, numbers[0], late[i], FLOW_MARK, NULL);
		CU_ASSERT(flow_index_find(&x, &key, &r));
		EXPECT_INT(r.expires_s, FLOW_EXPIRES_MAX - (i ? 0 : 1));
		EXPECT_INT(r.flags, FLOW_MARK);
		EXPECT_INT(flow_index_walk(&x, &(struct flow_cursor){0}, &expired, 1000, &r, 1), 0);
	}
	for (uint8_t bits = 0; bits <= FLOW_FLAGS_ALL; bits++) {
		flow_index_put(&x, &key, numbers[0], NOW, bits, NULL);
		EXPECT_INT(flow_index_walk(&x, &(struct flow_cursor){0}, &expired, 1000, &r, 1), 1);
		EXPECT_INT(r.flags, bits);
		flow_index_put(&x, &key, numbers[0], NOW + 1, bits, NULL);
		EXPECT_INT(flow_index_walk(&x, &(struct flow_cursor){0}, &expired, 1000, &r, 1), 0);
	}
	drop_index(&x);
}

/* Both families have each combination ten times. */
static void filters(void)
{
	struct flow_geometry g = {.slots = {64, 64}, .farms = 4, .backends = 8};
	struct flow_record out[2 * MANY];
	struct flow_index x;
	uint16_t numbers[BACKENDS];

	make_index(&x, &g, numbers);
	for (uint32_t i = 0; i < 2 * MANY; i++) {
		struct flow_key key = key_of(i);

		flow_index_put(&x, &key, numbers[i / 8 % 2], i, (uint8_t)(i / 2), NULL);
	}
#define WALK(...)                                                                                  \
	flow_index_walk(&x, &(struct flow_cursor){0},                                              \
			&(struct flow_filter){.farm = FLOW_ANY, __VA_ARGS__}, 10000, out,          \
			2 * MANY)
	EXPECT_INT(WALK(.backend = FLOW_ANY), 80);
	EXPECT_INT(WALK(.backend = FLOW_ANY, .mask = FLOW_MARK), 40);
	EXPECT_INT(out[0].flags & FLOW_MARK, 0);
	EXPECT_INT(WALK(.backend = FLOW_ANY, .mask = FLOW_MARK, .flags = FLOW_MARK), 40);
	EXPECT_INT(out[0].flags & FLOW_MARK, FLOW_MARK);
	EXPECT_INT(WALK(.backend = FLOW_ANY, .mask = FLOW_FLAGS_ALL, .flags = FLOW_CLOSING), 20);
	EXPECT_INT(out[19].flags, FLOW_CLOSING);
	EXPECT_INT(WALK(.backend = numbers[1], .mask = FLOW_FLAGS_ALL), 10);
	EXPECT_INT(WALK(.backend = FLOW_ANY, .mask = FLOW_FLAGS_ALL, .flags = FLOW_FLAGS_ALL,
			.expired = true, .now_s = 22),
		   5);
#undef WALK
	drop_index(&x);
}

/* Moved by its turn, and by a put that finds it in the old region. */
static void flags_survive_a_move(void)
{
	const struct flow_filter marked = {
		.farm = FLOW_ANY, .backend = FLOW_ANY, .mask = FLOW_FLAGS_ALL, .flags = FLOW_MARK};
	struct flow_geometry g = {.slots = {640, 320}, .farms = 4, .backends = 8};
	struct flow_record out[40], r;
	struct flow_index x;
	uint16_t numbers[BACKENDS];
	void *old;

	make_index(&x, &small, numbers);
	for (uint32_t i = 0; i < 40; i++) {
		struct flow_key key = key_of(i);

		EXPECT_INT(flow_index_put(&x, &key, numbers[0], NOW + i, (uint8_t)i, NULL),
			   FLOW_PUT_NEW);
	}
	old = x.now.header;
	flow_index_start_move(&x, memory_for(&g), &g);
	EXPECT_INT(flow_index_walk(&x, &(struct flow_cursor){0}, &marked, 10000, out, 40), 10);
	for (uint32_t i = 39; i > 35; i--) {
		struct flow_key key = key_of(i);

		EXPECT_INT(flow_index_put(&x, &key, numbers[0], NOW + i, (uint8_t)i, &r),
			   FLOW_PUT_KNOWN);
		EXPECT_INT(r.flags, i % 4);
		EXPECT_INT(r.expires_s, NOW + i);
	}
	while (!flow_index_move(&x, 10))
		;
	free(old);
	for (uint32_t i = 0; i < 40; i++) {
		struct flow_key key = key_of(i);

		CU_ASSERT(flow_index_find(&x, &key, &r));
		EXPECT_INT(r.flags, i % 4);
		EXPECT_INT(r.expires_s, NOW + i);
	}
	EXPECT_INT(flow_index_walk(&x, &(struct flow_cursor){0}, &marked, 10000, out, 40), 10);
	drop_index(&x);
}

UNIT_TESTS(flow_flags) = {
	{"put and found", put_and_found},
	{"expiry has 30 bits", expiry_has_30_bits},
	{"filters", filters},
	{"flags survive a move", flags_survive_a_move},
	UNIT_TESTS_END,
};
