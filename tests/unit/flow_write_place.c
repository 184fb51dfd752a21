/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/flow_write_place.h"

#include "director/flow/flow_ask_uv.h"
#include "tests/unit/namespace.h"
#include "tests/unit/unit.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

enum { SLOW = 5 * 1000 /* a machine that is busy: milliseconds between two looks */ };

const struct flow_ask_set place_flows = {.table = "director", .set = "www-flows", .key_len = 12};

static const struct flow_write_kernel kernels[] = {
	{true, true, true},    /* 6.12 */
	{true, true, false},   /* 6.10 */
	{true, false, false},  /* 6.3 */
	{false, false, false}, /* 6.1 */
};
enum { KERNELS = sizeof(kernels) / sizeof(kernels[0]) };

static struct flow_writer *writer;
static struct flow_asker *asker;

static void open_both(const struct flow_write_kernel *kernel)
{
	struct err err = {0};

	CU_ASSERT_EQUAL_FATAL(flow_writer_new(&writer, &err), 0);
	CU_ASSERT_EQUAL_FATAL(flow_asker_new(&asker, &err), 0);
	if (kernel)
		flow_writer_assume(writer, kernel);
}

static void close_both(void)
{
	flow_writer_free(writer);
	flow_asker_free(asker);
}

static void on_kernel(const struct flow_write_kernel *kernel, const char *table,
		      void (*story)(void))
{
	unit_feed("nft -f -", table);
	open_both(kernel);
	story();
	close_both();
	unit_feed("nft -f -", "delete table netdev director\n");
}

void place_on_each_kernel(const char *table, void (*story)(void))
{
	for (size_t i = 0; i < KERNELS; i++)
		on_kernel(&kernels[i], table, story);
}

void place_on_this_kernel(const char *table, void (*story)(void))
{
	on_kernel(NULL, table, story);
}

struct flow_writer *place_writer(void)
{
	return writer;
}

const struct flow_key place_flow = {
	.client = {AF_INET, {10, 77, 0, 9}},
	.vip = {AF_INET, {10, 77, 0, 100}},
	.client_port = 40000,
	.vip_port = 53,
	.protocol = IPPROTO_UDP,
};

struct flow_write_op place_op(enum flow_write_kind kind, const struct flow_ask_set *set,
			      uint16_t number, uint32_t mark)
{
	struct flow_key key = place_flow;
	struct flow_write_op o = {.kind = kind,
				  .set = set,
				  .mark = mark,
				  .timeout_ms = PLACE_TIMEOUT,
				  .left_ms = PLACE_LEFT};

	key.client_port = (uint16_t)(key.client_port + number);
	flow_ask_key(&key, o.key);
	return o;
}

enum flow_write_result place_do(struct flow_write_op o)
{
	enum flow_write_result result = FLOW_WRITE_RESULT_COUNT;

	EXPECT_INT(flow_write(place_writer(), &o, 1, &result), 0);
	return result;
}

struct flow_answer place_ask(const struct flow_write_op *o)
{
	struct flow_answer a = {0};

	EXPECT_INT(flow_ask(asker, o->set, o->key, 1, &a), 0);
	return a;
}

uint32_t place_mark(const struct flow_answer *a)
{
	uint32_t mark = 0;

	memcpy(&mark, a->data, sizeof(mark));
	return a->present ? mark : 0;
}

void place_expect(struct flow_write_op o, uint32_t mark, uint64_t left_ms)
{
	struct flow_answer a = place_ask(&o);

	EXPECT_INT(place_mark(&a), mark);
	if (!mark)
		return;
	EXPECT_INT(a.timeout_ms, PLACE_TIMEOUT);
	CU_ASSERT(a.expires_ms <= left_ms && a.expires_ms + SLOW > left_ms);
}

const char *place_do_all(const struct flow_write_op *ops, size_t n)
{
	static char text[2000];
	enum flow_write_result results[100];
	size_t used = 0;

	CU_ASSERT_FATAL(n <= 100);
	EXPECT_INT(flow_write(place_writer(), ops, n, results), 0);
	for (size_t i = 0; i < n; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", i ? " " : "",
					 flow_write_result_name(results[i]));
	return text;
}
