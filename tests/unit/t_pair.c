/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The routers of a pair and how they are found (ha/pair_inside_uv.h), as many as there can be. */
#include "ha/pair_inside_uv.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <sys/socket.h>

enum { SECTIONS = 255, ROUTERS = 2 * SECTIONS };

struct world {
	uv_loop_t loop;
	struct pair *pair;
	char names[SECTIONS][16];
	struct pair_router routers[ROUTERS];
};

/* Each on an interface of its own, so all may have the same id. */
static void make_router(struct world *w, size_t i)
{
	struct prefix address;
	const struct config_vrrp section = {
		.name = w->names[i / 2],
		.interface = w->names[i / 2],
		.virtual_router_id = 51,
		.addresses = &address,
		.n_addresses = 1,
		.version = 3,
		.advertise_interval_ms = 10,
		.group = "",
		.auth_key_file = "",
	};
	const struct vrrp_setup setup = {.section = &section, .family = i % 2 ? AF_INET6 : AF_INET};
	struct err err = {0};

	snprintf(w->names[i / 2], sizeof(w->names[0]), "vlan%zu", i / 2);
	CU_ASSERT_EQUAL(prefix_parse(i % 2 ? "fe80::100/64" : "10.77.0.100/24", &address), 0);
	CU_ASSERT_EQUAL_FATAL(vrrp_router_new(&w->loop, &setup, pair_router_ops(), w->pair,
					      &w->routers[i].router, &err),
			      0);
	w->routers[i].group = "";
}

static void set_routers(struct world *w, size_t n)
{
	struct err err = {0};

	CU_ASSERT_EQUAL_FATAL(pair_set_routers(w->pair, w->routers, n, &err), 0);
}

static void begin(struct world *w)
{
	const struct pair_ops ops = {0};
	struct err err = {0};

	CU_ASSERT_EQUAL_FATAL(uv_loop_init(&w->loop), 0);
	CU_ASSERT_EQUAL_FATAL(pair_new(&w->loop, &ops, NULL, &w->pair, &err), 0);
	for (size_t i = 0; i < ROUTERS; i++)
		make_router(w, i);
	set_routers(w, ROUTERS);
}

static void end(struct world *w)
{
	for (size_t i = 0; i < ROUTERS; i++)
		vrrp_router_close(w->routers[i].router);
	pair_close(w->pair);
	uv_run(&w->loop, UV_RUN_DEFAULT);
	EXPECT_INT(uv_loop_close(&w->loop), 0);
}

static const struct vrrp_router *named(struct world *w, const struct heartbeat_word *word)
{
	const struct member *m = pair_member_named(w->pair, word);

	return m ? m->router : NULL;
}

static void each_is_found(void)
{
	static struct world w;
	struct heartbeat_word word, other;

	begin(&w);
	for (size_t i = 0; i < ROUTERS; i++) {
		vrrp_router_word(w.routers[i].router, &word);
		CU_ASSERT_PTR_EQUAL(named(&w, &word), w.routers[i].router);
		CU_ASSERT_PTR_EQUAL(pair_member_of(w.pair, w.routers[i].router)->router,
				    w.routers[i].router);
	}
	other = word;
	other.section++;
	CU_ASSERT_PTR_NULL(named(&w, &other));
	other = word;
	other.virtual_router_id++;
	CU_ASSERT_PTR_NULL(named(&w, &other));
	other = word;
	other.version = 2;
	CU_ASSERT_PTR_NULL(named(&w, &other));
	end(&w);
}

static void who_left_is_not_found(void)
{
	static struct world w;
	struct heartbeat_word word;

	begin(&w);
	set_routers(&w, ROUTERS - 1);
	vrrp_router_word(w.routers[ROUTERS - 1].router, &word);
	CU_ASSERT_PTR_NULL(named(&w, &word));
	CU_ASSERT_PTR_NULL(pair_member_of(w.pair, w.routers[ROUTERS - 1].router));
	vrrp_router_word(w.routers[ROUTERS - 2].router, &word);
	CU_ASSERT_PTR_EQUAL(named(&w, &word), w.routers[ROUTERS - 2].router);
	end(&w);
}

/* A bucket is short even where all have the same id: that is what makes a heartbeat cheap. */
static void buckets_are_short(void)
{
	static struct world w;
	size_t longest = 0;

	begin(&w);
	for (size_t i = 0; i < MEMBER_BUCKETS; i++) {
		size_t n = 0;

		for (const struct member *m = w.pair->members.buckets[i]; m; m = m->next)
			n++;
		longest = n > longest ? n : longest;
	}
	CU_ASSERT(longest >= 2);
	CU_ASSERT(longest <= 12);
	end(&w);
}

UNIT_TESTS(pair) = {
	{"each of 510 is found", each_is_found},
	{"who left is not found", who_left_is_not_found},
	{"buckets are short", buckets_are_short},
	UNIT_TESTS_END,
};
