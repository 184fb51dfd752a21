/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The numbers of farms and backends, which outlive a configuration. */
#include "director/flow/flow_index.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BACKENDS = 6, NOW = 1000 };

static const struct flow_geometry small = {.slots = {64, 32}, .farms = 4, .backends = 8};
static const struct flow_key key = {.client = {AF_INET, {10, 77, 0, 9}},
				    .vip = {AF_INET, {10, 77, 0, 100}},
				    .client_port = 40000,
				    .vip_port = 80,
				    .protocol = IPPROTO_TCP};

static void *memory_for(const struct flow_geometry *g)
{
	void *memory = calloc(1, flow_region_size(g));

	CU_ASSERT_PTR_NOT_NULL_FATAL(memory);
	return memory;
}

static void make_index(struct flow_index *x, const struct flow_geometry *g)
{
	const struct flow_identity identity = {.epoch = 1};
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

/* Farms www (4 backends) and dns (2). */
static void name_all(struct flow_index *x, uint16_t *numbers)
{
	char name[FLOW_NAME];

	for (int i = 0; i < BACKENDS; i++) {
		snprintf(name, sizeof(name), "b%d", i % 4);
		EXPECT_INT(flow_index_name(x, i < 4 ? "www" : "dns", name, &numbers[i]), 0);
	}
}

static void names_and_numbers(void)
{
	struct flow_index x;
	uint16_t numbers[BACKENDS], n, again;
	char longest[FLOW_NAME + 1];

	make_index(&x, &small);
	name_all(&x, numbers);
	EXPECT_INT(flow_index_name(&x, "dns", "b1", &again), 0);
	EXPECT_INT(again, numbers[5]);
	EXPECT_TEXT(flow_index_backend_name(&x, numbers[5]), "b1");
	EXPECT_TEXT(flow_index_farm_name(&x, flow_index_farm_of(&x, numbers[5])), "dns");
	EXPECT_INT(flow_index_find_backend(&x, flow_index_find_farm(&x, "www"), "b3"), numbers[3]);
	EXPECT_INT(flow_index_find_farm(&x, "mail"), FLOW_ANY);
	EXPECT_INT(flow_index_find_farm(&x, ""), FLOW_ANY);
	EXPECT_INT(flow_index_find_backend(&x, FLOW_ANY, "b1"), FLOW_ANY);
	EXPECT_INT(flow_index_find_backend(&x, flow_index_find_farm(&x, "dns"), "b3"), FLOW_ANY);
	EXPECT_TEXT(flow_index_backend_name(&x, 7), "");
	EXPECT_TEXT(flow_index_farm_name(&x, FLOW_ANY), "");

	memset(longest, 'x', sizeof(longest));
	longest[FLOW_NAME] = '\0';
	EXPECT_INT(flow_index_name(&x, "www", longest, &n), -EINVAL);
	EXPECT_INT(flow_index_name(&x, "", "b1", &n), -EINVAL);
	longest[FLOW_NAME - 1] = '\0';
	EXPECT_INT(flow_index_name(&x, "www", longest, &n), 0);
	EXPECT_INT(flow_index_name(&x, longest, longest, &n), 0);
	EXPECT_INT(flow_index_name(&x, longest, "nine", &again), -ENOSPC);
	EXPECT_INT(flow_index_name(&x, "new", "nine", &again), -ENOSPC);
	EXPECT_INT(flow_index_find_farm(&x, "new"), FLOW_ANY);

	EXPECT_INT(flow_index_put(&x, &key, n, NOW, 0, NULL), FLOW_PUT_NEW);
	EXPECT_INT(flow_index_forget(&x, n), false);
	EXPECT_INT(flow_index_remove(&x, &key, NULL), true);
	EXPECT_INT(flow_index_forget(&x, n), true);
	EXPECT_INT(flow_index_forget(&x, n), true);
	EXPECT_INT(flow_index_find_farm(&x, longest), FLOW_ANY); /* it was the last one of it */
	EXPECT_INT(flow_index_put(&x, &key, n, NOW, 0, NULL), FLOW_PUT_REFUSED);
	EXPECT_INT(flow_index_name(&x, "new", "nine", &again), 0);
	EXPECT_INT(again, n);
	drop_index(&x);
}

/* A chain of backends holds whichever of them goes. */
static void any_backend_can_go(void)
{
	for (int gone = 0; gone < 4; gone++) {
		struct flow_index x;
		uint16_t numbers[BACKENDS], www;

		make_index(&x, &small);
		name_all(&x, numbers);
		www = flow_index_farm_of(&x, numbers[0]);
		EXPECT_INT(flow_index_forget(&x, numbers[gone]), true);
		for (int i = 0; i < 4; i++) {
			char name[FLOW_NAME];

			snprintf(name, sizeof(name), "b%d", i);
			EXPECT_INT(flow_index_find_backend(&x, www, name),
				   i == gone ? FLOW_ANY : numbers[i]);
		}
		drop_index(&x);
	}
}

static void more_names_make_it_move(void)
{
	struct flow_index x;
	struct flow_geometry g;
	uint16_t numbers[BACKENDS], n;
	void *old;

	make_index(&x, &small);
	EXPECT_INT(flow_index_wants(&x, &small, &g), false);
	name_all(&x, numbers);
	EXPECT_INT(flow_index_wants(&x, &small, &g), false);
	EXPECT_INT(flow_index_name(&x, "mail", "b0", &n), 0);
	EXPECT_INT(flow_index_wants(&x, &small, &g), true);
	EXPECT_INT(g.backends, 16);
	EXPECT_INT(g.farms, 4);
	EXPECT_INT(g.slots[FLOW_IPV4], 64);
	old = x.now.header;
	flow_index_start_move(&x, memory_for(&g), &g);
	EXPECT_INT(flow_index_moving(&x), true);
	EXPECT_INT(flow_index_move(&x, 1), true); /* there was nothing to move */
	free(old);
	EXPECT_INT(flow_index_find_backend(&x, flow_index_find_farm(&x, "mail"), "b0"), n);
	EXPECT_INT(flow_index_find_backend(&x, flow_index_find_farm(&x, "www"), "b2"), numbers[2]);
	drop_index(&x);
}

UNIT_TESTS(flow_names) = {
	{"names and numbers", names_and_numbers},
	{"any backend can go", any_backend_can_go},
	{"more names make it move", more_names_make_it_move},
	UNIT_TESTS_END,
};
