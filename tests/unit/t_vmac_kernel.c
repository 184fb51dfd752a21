/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The device of a virtual router is removed beside the loop, and one of the same name may be opened at any
 * moment of that (ha/vmac_uv.h). In a network namespace of the test's own. Needs root.
 */
#include "ha/vmac_uv.h"
#include "tests/unit/namespace.h"
#include "tests/unit/pool.h"
#include "tests/unit/unit.h"

#include <net/if.h>
#include <time.h>

enum { TIMES = 30, SOON_MS = 2000 };

static void open_it(struct vmac *v)
{
	struct err err = {0};

	CU_ASSERT_EQUAL_FATAL(vmac_open(v, if_nametoindex("eth0"), &err), 0);
	CU_ASSERT(vmac_is_there(v));
}

static void begin(uv_loop_t *loop, struct vmac *v)
{
	CU_ASSERT_EQUAL_FATAL(uv_loop_init(loop), 0);
	vmac_init(v, loop, AF_INET, 51, "eth0");
	open_it(v);
}

/* Everything that was to be removed is when the loop has ended. */
static void end(uv_loop_t *loop, struct vmac *v)
{
	vmac_remove(v);
	vmac_close(v);
	uv_run(loop, UV_RUN_DEFAULT);
	EXPECT_INT(if_nametoindex(v->name), 0);
	EXPECT_INT(uv_loop_close(loop), 0);
}

static bool is_gone_soon(const char *name)
{
	const struct timespec moment = {.tv_nsec = 1000000};

	for (int i = 0; i < SOON_MS && if_nametoindex(name) != 0; i++)
		nanosleep(&moment, NULL);
	return if_nametoindex(name) == 0;
}

/* The new owner is given it back; who comes late removes it no more. */
static void before_it_has_begun(void)
{
	unsigned int ifindex;
	struct pool pool;
	uv_loop_t loop;
	struct vmac v;

	begin(&loop, &v);
	ifindex = v.ifindex;
	pool_hold(&pool, &loop);
	vmac_remove(&v);
	EXPECT_INT(v.ifindex, 0);
	open_it(&v);
	EXPECT_INT(v.ifindex, ifindex);
	vmac_remove(&v); /* and once more: the first removal is still in the loop's list */
	open_it(&v);
	EXPECT_INT(v.ifindex, ifindex);
	pool_release(&pool);
	uv_run(&loop, UV_RUN_DEFAULT);
	CU_ASSERT(vmac_is_there(&v));
	end(&loop, &v);
}

/* Whoever is first: the device is there when all is over, and it is the one that was opened last. */
static void while_it_goes_on(void)
{
	uv_loop_t loop;
	struct vmac v;

	begin(&loop, &v);
	for (int i = 0; i < TIMES; i++) {
		vmac_remove(&v);
		open_it(&v);
		if (i % 2)
			uv_run(&loop, UV_RUN_DEFAULT);
		CU_ASSERT(vmac_is_there(&v));
	}
	end(&loop, &v);
}

/* The name is free before the kernel has finished. */
static void when_its_name_is_free(void)
{
	unsigned int ifindex;
	uv_loop_t loop;
	struct vmac v;

	begin(&loop, &v);
	for (int i = 0; i < TIMES; i++) {
		ifindex = v.ifindex;
		vmac_remove(&v);
		CU_ASSERT(is_gone_soon(v.name));
		open_it(&v);
		CU_ASSERT_NOT_EQUAL(v.ifindex, ifindex);
	}
	uv_run(&loop, UV_RUN_DEFAULT);
	CU_ASSERT(vmac_is_there(&v));
	end(&loop, &v);
}

static void opened_before_its_removal_has_begun(void)
{
	unit_in_namespace(UNIT_ETH0, before_it_has_begun);
}

static void opened_while_its_removal_goes_on(void)
{
	unit_in_namespace(UNIT_ETH0, while_it_goes_on);
}

static void opened_when_its_name_is_free(void)
{
	unit_in_namespace(UNIT_ETH0, when_its_name_is_free);
}

UNIT_TESTS(vmac_kernel) = {
	{"opened before its removal has begun", opened_before_its_removal_has_begun},
	{"opened while its removal goes on", opened_while_its_removal_goes_on},
	{"opened when its name is free", opened_when_its_name_is_free},
	UNIT_TESTS_END,
};
