/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/flow/flow_index.h"
#include "tests/unit/unit.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	KEYS = 1500, /* of the model: more than the smallest index holds */
	BACKENDS = 6,
	STEPS = 60000,
	NOW = 1000,
};

static const struct flow_geometry small = {.slots = {64, 32}, .farms = 4, .backends = 8};
static const struct flow_identity identity = {
	.boot_id = "sixteen octets.", .hash_key = "0123456789abcdef", .epoch = 7};

/* Zeroed and aligned; the sanitizer guards its end. */
static void *memory_for(const struct flow_geometry *g)
{
	void *memory = calloc(1, flow_region_size(g));

	CU_ASSERT_PTR_NOT_NULL_FATAL(memory);
	return memory;
}

static void make_index(struct flow_index *x, const struct flow_geometry *g)
{
	struct flow_region r;

	flow_region_create(&r, memory_for(g), g, &identity);
	flow_region_publish(&r);
	flow_index_init(x, &r);
}

static void drop_index(struct flow_index *x)
{
	free(x->now.header);
	free(x->old.header);
}

/* Two of three are IPv4. Many share an address or ports. */
static struct flow_key key_of(uint32_t i)
{
	struct flow_key key = {
		.client = addr_v4(0x0a000000u + i / 7),
		.vip = addr_v4(0x0a4d0064),
		.client_port = (uint16_t)(1024 + i % 7),
		.vip_port = i % 2 ? 443 : 80,
		.protocol = i % 5 ? IPPROTO_TCP : IPPROTO_UDP,
	};

	if (i % 3 == 2) {
		key.client.family = key.vip.family = AF_INET6;
		key.client.bytes[15] = 1;
		key.vip.bytes[14] = 9;
	}
	return key;
}

/* Farms www (4 backends) and dns (2). */
static void name_all(struct flow_index *x, uint16_t *numbers)
{
	char name[FLOW_NAME];

	for (int i = 0; i < BACKENDS; i++) {
		snprintf(name, sizeof(name), "b%d", i % 4);
		EXPECT_INT(flow_index_name(x, i < 4 ? "www" : "dns", name, &numbers[i]), 0);
	}
}

/* --- the model --------------------------------------------------------------------------------- */

struct model {
	bool there[KEYS];
	uint8_t backend[KEYS];
	uint32_t expires_s[KEYS];
	uint8_t flags[KEYS];
	uint16_t numbers[BACKENDS];
	struct flow_index x;
	uint32_t seed;
};

static uint32_t random_of(struct model *m, uint32_t below)
{
	m->seed = m->seed * 1664525u + 1013904223u;
	return (uint32_t)(((uint64_t)m->seed * below) >> 32);
}

static uint32_t index_of(const struct flow_key *key)
{
	uint32_t i = (addr_v4_value(&(struct addr){AF_INET,
						   {key->client.bytes[0], key->client.bytes[1],
						    key->client.bytes[2], key->client.bytes[3]}}) -
		      0x0a000000u) *
		     7;

	return i + key->client_port - 1024;
}

static void expect_record(const struct model *m, const struct flow_record *r)
{
	uint32_t i = index_of(&r->key);
	struct flow_key key;

	CU_ASSERT_FATAL(i < KEYS);
	key = key_of(i);
	CU_ASSERT(m->there[i] && flow_key_equal(&r->key, &key));
	EXPECT_INT(r->backend, m->numbers[m->backend[i]]);
	EXPECT_INT(r->farm, flow_index_farm_of(&m->x, r->backend));
	EXPECT_INT(r->expires_s, m->expires_s[i]);
	EXPECT_INT(r->flags, m->flags[i]);
}

static void expect_counts(const struct model *m)
{
	uint32_t counts[BACKENDS] = {0}, totals[FLOW_TABLES] = {0};

	for (uint32_t i = 0; i < KEYS; i++) {
		if (!m->there[i])
			continue;
		counts[m->backend[i]]++;
		totals[i % 3 == 2 ? FLOW_IPV6 : FLOW_IPV4]++;
	}
	for (int i = 0; i < BACKENDS; i++)
		EXPECT_INT(flow_index_count(&m->x, m->numbers[i]), counts[i]);
	EXPECT_INT(flow_index_farm_count(&m->x, flow_index_farm_of(&m->x, m->numbers[0])),
		   counts[0] + counts[1] + counts[2] + counts[3]);
	EXPECT_INT(flow_index_farm_count(&m->x, flow_index_farm_of(&m->x, m->numbers[5])),
		   counts[4] + counts[5]);
	EXPECT_INT(flow_index_total(&m->x, FLOW_IPV4), totals[FLOW_IPV4]);
	EXPECT_INT(flow_index_total(&m->x, FLOW_IPV6), totals[FLOW_IPV6]);
}

static void expect_all(struct model *m)
{
	const struct flow_filter any = {.farm = FLOW_ANY, .backend = FLOW_ANY};
	struct flow_cursor c = {0};
	struct flow_record out[5], r;
	size_t seen = 0;

	for (uint32_t i = 0; i < KEYS; i++) {
		struct flow_key key = key_of(i);
		bool found = flow_index_find(&m->x, &key, &r);

		EXPECT_INT(found, m->there[i]);
		if (found)
			expect_record(m, &r);
	}
	while (!c.done) {
		size_t n = flow_index_walk(&m->x, &c, &any, 1 + random_of(m, 50), out,
					   1 + random_of(m, 5));

		for (size_t i = 0; i < n; i++)
			expect_record(m, &out[i]);
		seen += n;
	}
	EXPECT_INT(seen, flow_index_total(&m->x, 0) + flow_index_total(&m->x, 1));
	EXPECT_INT(flow_index_walk(&m->x, &c, &any, 100, out, 5), 0);
	expect_counts(m);
}

/* What a restart does: another region, the names, the flows. */
static void reopen(struct model *m)
{
	struct flow_region from[2], r;
	struct flow_identity id = identity;
	struct flow_index x;
	uint32_t torn = 0;
	size_t n = 0;

	if (m->x.old.header) /* killed while it moved: the newer one first */
		n = 1;
	EXPECT_INT(flow_region_open(&from[0], m->x.now.header, flow_region_size(&m->x.now.geometry),
				    identity.boot_id),
		   0);
	if (n)
		EXPECT_INT(flow_region_open(&from[1], m->x.old.header,
					    flow_region_size(&m->x.old.geometry), identity.boot_id),
			   0);
	id.epoch = from[0].identity.epoch + 1;
	flow_region_create(&r, memory_for(&from[0].geometry), &from[0].geometry, &id);
	flow_region_copy_names(&r, &from[0], false);
	flow_region_publish(&r);
	flow_index_init(&x, &r);
	for (size_t i = 0; i <= n; i++) {
		uint64_t slot = 0;

		while (!flow_index_import(&x, &from[i], &slot, 1 + random_of(m, 500), 0, &torn))
			;
	}
	EXPECT_INT(torn, 0);
	drop_index(&m->x);
	m->x = x;
}

static void move_on(struct model *m)
{
	static const struct flow_geometry least = {{64, 32}, 4, 8};
	struct flow_geometry g;
	void *old = m->x.old.header;

	if (flow_index_moving(&m->x)) {
		if (flow_index_move(&m->x, random_of(m, 40)))
			free(old);
	} else if (flow_index_wants(&m->x, &least, &g)) {
		flow_index_start_move(&m->x, memory_for(&g), &g);
	}
}

static void put_one(struct model *m, uint32_t i)
{
	struct flow_key key = key_of(i);
	uint8_t backend = (uint8_t)random_of(m, BACKENDS);
	uint32_t expires_s = 1 + random_of(m, 2 * NOW);
	uint8_t flags = (uint8_t)random_of(m, FLOW_FLAGS_ALL + 1);
	struct flow_record was;
	void *old = m->x.old.header;
	enum flow_put put =
		flow_index_put(&m->x, &key, m->numbers[backend], expires_s, flags, &was);

	if (old && !m->x.old.header)
		free(old);
	if (put == FLOW_PUT_FULL) {
		CU_ASSERT(!m->there[i]);
		return;
	}
	EXPECT_INT(put, m->there[i] ? FLOW_PUT_KNOWN : FLOW_PUT_NEW);
	if (put == FLOW_PUT_KNOWN)
		expect_record(m, &was);
	m->there[i] = true;
	m->backend[i] = backend;
	m->expires_s[i] = expires_s;
	m->flags[i] = flags;
}

static void remove_one(struct model *m, uint32_t i)
{
	struct flow_key key = key_of(i);
	struct flow_record r;
	bool was = m->there[i];

	EXPECT_INT(flow_index_remove(&m->x, &key, &r), was);
	if (was)
		expect_record(m, &r);
	m->there[i] = false;
}

/* Puts in and takes out in turns, so that it grows and shrinks, moving now and then. */
static void random_against_a_model(void)
{
	struct model *m = calloc(1, sizeof(*m));
	bool grown = false;

	make_index(&m->x, &small);
	m->seed = 42;
	name_all(&m->x, m->numbers);
	for (uint32_t step = 0; step < STEPS; step++) {
		uint32_t i = random_of(m, KEYS), puts = step / 10000 % 2 ? 1 : 6;

		if (random_of(m, 8) < puts)
			put_one(m, i);
		else
			remove_one(m, i);
		if (step % 16 == 0)
			move_on(m);
		if (step % 4999 == 0)
			expect_all(m);
		if (step % 7001 == 7000)
			reopen(m);
		grown |= m->x.now.geometry.slots[FLOW_IPV4] > 1000;
	}
	expect_all(m);
	CU_ASSERT(grown);
	drop_index(&m->x);
	free(m);
}

/* --- flows ------------------------------------------------------------------------------------- */

static void what_is_no_flow(void)
{
	struct flow_index x;
	uint16_t numbers[BACKENDS];
	struct flow_key key = key_of(0);
	struct flow_record r;

	make_index(&x, &small);
	name_all(&x, numbers);
	EXPECT_INT(flow_index_put(&x, &key, FLOW_ANY, NOW, 0, NULL), FLOW_PUT_REFUSED);
	key.protocol = 0;
	EXPECT_INT(flow_index_put(&x, &key, numbers[0], NOW, 0, NULL), FLOW_PUT_REFUSED);
	key.protocol = FLOW_GRAVE;
	EXPECT_INT(flow_index_put(&x, &key, numbers[0], NOW, 0, NULL), FLOW_PUT_REFUSED);
	EXPECT_INT(flow_index_find(&x, &key, &r), false);
	key = key_of(0);
	key.vip.family = AF_INET6;
	EXPECT_INT(flow_index_put(&x, &key, numbers[0], NOW, 0, NULL), FLOW_PUT_REFUSED);
	key.vip.family = key.client.family = 0;
	EXPECT_INT(flow_index_remove(&x, &key, NULL), false);
	drop_index(&x);
}

/* Every field counts: flows that differ in one of them are two. */
static void every_field_counts(void)
{
	struct flow_index x;
	uint16_t numbers[BACKENDS];
	struct flow_key key = key_of(0), other;

	make_index(&x, &small);
	name_all(&x, numbers);
	EXPECT_INT(flow_index_put(&x, &key, numbers[0], NOW, 0, NULL), FLOW_PUT_NEW);
#define OTHER(change)                                                                              \
	do {                                                                                       \
		other = key;                                                                       \
		change;                                                                            \
		EXPECT_INT(flow_index_put(&x, &other, numbers[0], NOW, 0, NULL), FLOW_PUT_NEW);    \
	} while (0)
	OTHER(other.client.bytes[3] ^= 1);
	OTHER(other.vip.bytes[3] ^= 1);
	OTHER(other.client_port ^= 1);
	OTHER(other.vip_port ^= 1);
	OTHER(other.protocol = IPPROTO_SCTP);
	OTHER(other.client.family = other.vip.family = AF_INET6);
#undef OTHER
	EXPECT_INT(flow_index_put(&x, &key, numbers[0], NOW, 0, NULL), FLOW_PUT_KNOWN);
	EXPECT_INT(flow_index_count(&x, numbers[0]), 7);
	drop_index(&x);
}

/* Full at 15/16; what is known may still change, and there is room again when one goes. */
static void full(void)
{
	struct flow_index x;
	uint16_t numbers[BACKENDS];
	struct flow_geometry g;
	struct flow_key key;
	uint32_t n = 0;

	make_index(&x, &small);
	name_all(&x, numbers);
	for (uint32_t i = 0; i < 300; i += 3, n++) {
		key = key_of(i);
		if (flow_index_put(&x, &key, numbers[0], NOW, 0, NULL) != FLOW_PUT_NEW)
			break;
		EXPECT_INT(flow_index_wants(&x, &small, &g), n + 1 >= 52);
	}
	EXPECT_INT(n, 60);
	EXPECT_INT(flow_index_put(&x, &key, numbers[1], NOW, 0, NULL), FLOW_PUT_FULL);
	EXPECT_INT(flow_index_count(&x, numbers[1]), 0);
	EXPECT_INT(g.slots[FLOW_IPV4], 97);
	EXPECT_INT(g.slots[FLOW_IPV6], 32);
	key = key_of(0);
	EXPECT_INT(flow_index_put(&x, &key, numbers[1], NOW, 0, NULL), FLOW_PUT_KNOWN);
	key = key_of(2);
	EXPECT_INT(flow_index_put(&x, &key, numbers[1], NOW, 0, NULL),
		   FLOW_PUT_NEW); /* the other table */
	key = key_of(30);
	EXPECT_INT(flow_index_remove(&x, &key, NULL), true);
	EXPECT_INT(flow_index_put(&x, &key, numbers[1], NOW, 0, NULL), FLOW_PUT_NEW);
	drop_index(&x);
}

static void filters(void)
{
	struct flow_index x;
	uint16_t numbers[BACKENDS];
	struct flow_record out[KEYS];

	make_index(&x, &(struct flow_geometry){{400, 400}, 4, 8});
	name_all(&x, numbers);
	for (uint32_t i = 0; i < 240; i++) {
		struct flow_key key = key_of(i);

		flow_index_put(&x, &key, numbers[i % BACKENDS], i, (uint8_t)(i / 3), NULL);
	}
#define WALK(...)                                                                                  \
	flow_index_walk(&x, &(struct flow_cursor){0}, &(struct flow_filter){__VA_ARGS__}, 10000,   \
			out, KEYS)
	EXPECT_INT(WALK(.farm = FLOW_ANY, .backend = FLOW_ANY), 240);
	EXPECT_INT(WALK(.farm = flow_index_find_farm(&x, "dns"), .backend = FLOW_ANY), 80);
	EXPECT_INT(WALK(.farm = FLOW_ANY, .backend = numbers[2]), 40);
	EXPECT_INT(out[39].backend, numbers[2]);
	EXPECT_INT(WALK(.farm = FLOW_ANY, .backend = FLOW_ANY, .expired = true, .now_s = 99), 100);
	EXPECT_INT(WALK(.farm = FLOW_ANY, .backend = FLOW_ANY, .client = addr_v4(0x0a000001)), 5);
	EXPECT_INT(WALK(.farm = FLOW_ANY, .backend = numbers[1], .client = addr_v4(0x0a000001)), 2);
	EXPECT_INT(WALK(.farm = FLOW_ANY, .backend = FLOW_ANY, .client = key_of(8).client), 2);
#undef WALK
	drop_index(&x);
}

/* Taking out what a walk shows, with other flows coming and the index moving, misses none. */
static void a_walk_misses_none(void)
{
	for (uint32_t seed = 1; seed < 30; seed++) {
		const struct flow_filter expired = {
			.farm = FLOW_ANY, .backend = FLOW_ANY, .expired = true, .now_s = NOW};
		struct model *m = calloc(1, sizeof(*m));
		struct flow_cursor c = {0};

		m->seed = seed;
		make_index(&m->x, &(struct flow_geometry){{1300, 700}, 4, 8});
		name_all(&m->x, m->numbers);
		for (uint32_t i = 0; i < KEYS; i++) {
			struct flow_key key = key_of(i);

			flow_index_put(&m->x, &key, m->numbers[0], i % 4 ? 2 * NOW : NOW,
				       (uint8_t)i, NULL);
		}
		while (!c.done) {
			struct flow_record out[3];
			size_t n = flow_index_walk(&m->x, &c, &expired, 20, out, 3);

			for (size_t i = 0; i < n; i++)
				flow_index_remove(&m->x, &out[i].key, NULL);
			for (int i = 0; i < 3; i++) {
				uint32_t k = random_of(m, KEYS);
				struct flow_key key = key_of(k);

				if (k % 4)
					flow_index_remove(&m->x, &key, NULL);
			}
			if (!flow_index_moving(&m->x) && random_of(m, 50) == 0) {
				struct flow_geometry g = m->x.now.geometry;

				g.slots[FLOW_IPV4] += 100;
				flow_index_start_move(&m->x, memory_for(&g), &g);
			} else {
				move_on(m);
			}
		}
		for (uint32_t i = 0; i < KEYS; i += 4) {
			struct flow_key key = key_of(i);
			struct flow_record r;

			CU_ASSERT(!flow_index_find(&m->x, &key, &r));
		}
		drop_index(&m->x);
		free(m);
	}
}

/* Beside the flows, and counted apart from them; also over a move. */
static void pins_lie_among_flows(void)
{
	struct flow_filter flows = {.farm = FLOW_ANY, .backend = FLOW_ANY, .kinds = FLOW_NO_PINS};
	struct flow_filter all = {.farm = FLOW_ANY, .backend = FLOW_ANY};
	struct flow_filter pins = {.farm = FLOW_ANY, .backend = FLOW_ANY, .kinds = FLOW_PINS_ONLY};
	struct flow_cursor c = {0}, d = {0}, e = {0};
	static struct flow_record out[64];
	struct flow_geometry g = small;
	uint16_t numbers[BACKENDS];
	struct flow_index x;

	make_index(&x, &small);
	name_all(&x, numbers);
	for (uint32_t i = 0; i < 20; i++) {
		struct flow_key key = key_of(i), pin = key;

		pin.client_port = pin.vip_port = 0;
		pin.protocol = FLOW_PIN;
		pin.client.bytes[0] = (uint8_t)i;
		EXPECT_INT(flow_index_put(&x, &key, numbers[0], NOW, 0, NULL), FLOW_PUT_NEW);
		EXPECT_INT(flow_index_put(&x, &pin, numbers[i % 2], NOW, 0, NULL), FLOW_PUT_NEW);
	}
	EXPECT_INT(flow_index_count(&x, numbers[0]), 20);
	EXPECT_INT(x.now.backends[numbers[0]].pins, 10);
	EXPECT_INT(flow_index_count(&x, numbers[1]), 0);
	EXPECT_INT(x.now.backends[numbers[1]].pins, 10);
	EXPECT_INT(flow_index_farm_count(&x, flow_index_find_farm(&x, "www")), 20);
	EXPECT_INT(flow_index_all_pins(&x), 20);
	CU_ASSERT(!flow_index_forget(&x, numbers[1])); /* it has pins */
	EXPECT_INT(flow_index_walk(&x, &c, &flows, 1000, out, 64), 20);
	EXPECT_INT(flow_index_walk(&x, &e, &pins, 1000, out, 64), 20);
	EXPECT_INT(flow_index_walk(&x, &d, &all, 1000, out, 64), 40);
	g.slots[FLOW_IPV4] += 100;
	flow_index_start_move(&x, memory_for(&g), &g);
	for (size_t i = 0; i < 40; i++)
		if (flow_is_pin(&out[i].key) && out[i].backend == numbers[1])
			CU_ASSERT(flow_index_remove(&x, &out[i].key, NULL));
	EXPECT_INT(x.now.backends[numbers[1]].pins, 0);
	EXPECT_INT(x.now.backends[numbers[0]].pins, 10);
	CU_ASSERT(flow_index_forget(&x, numbers[1]));
	drop_index(&x);
}

UNIT_TESTS(flow_index) = {
	{"random against a model", random_against_a_model},
	{"what is no flow", what_is_no_flow},
	{"every field counts", every_field_counts},
	{"full", full},
	{"filters", filters},
	{"a walk misses none", a_walk_misses_none},
	{"pins lie among flows", pins_lie_among_flows},
	UNIT_TESTS_END,
};
