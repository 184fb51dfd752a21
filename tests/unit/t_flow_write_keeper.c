/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Transactions of flows beside the keeper, on the real kernel: it does not read the table for them,
 * whatever it is busy with, and does for those of somebody else. Needs root.
 */
#include "director/flow/flow_write_uv.h"
#include "director/ruleset/keeper_uv.h"
#include "director/ruleset/nft_watch_uv.h"
#include "tests/unit/keeper_change.h"
#include "tests/unit/namespace.h"
#include "tests/unit/ruleset_case.h"
#include "tests/unit/unit.h"

#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	TRANSACTIONS = 1000,
	OPS = 10,
	CHECKED = 50,
	FLOWS = 2000,
};

static const struct flow_ask_set app = {.table = "director", .set = "app-flows", .key_len = 12};

struct place {
	uv_loop_t loop;
	struct keeper *keeper;
	struct nft_watch *watch;
	struct flow_writer *writer;
	struct ruleset_case first, second; /* two configurations with the flows of farm "app" */
	unsigned int calls, transactions, done;
};

static void changed(void *owner, const char *who)
{
	struct place *p = owner;

	(void)who;
	p->calls++;
}

/* The first one, and another farm. */
static void init_second(struct place *p)
{
	char path[] = "/tmp/flow-write-keeper-XXXXXX";
	char *app_farm = unit_read_file("tests/golden/ruleset/round-robin.conf");
	FILE *f = fdopen(mkstemp(path), "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	fprintf(f,
		"%sfarm \"web\" { address = \"10.77.0.101\"  interface = \"eth0\"\n"
		"ports = { \"80\" }  backend \"web1\" { address = \"10.77.0.31\" } }\n",
		app_farm);
	fclose(f);
	CU_ASSERT_FATAL(ruleset_case_init(&p->second, path, if_nametoindex("eth0")));
	unlink(path);
	free(app_farm);
}

static void open_place(struct place *p, bool passes)
{
	struct err err = {0};

	*p = (struct place){0};
	CU_ASSERT_EQUAL_FATAL(uv_loop_init(&p->loop), 0);
	CU_ASSERT_EQUAL_FATAL(keeper_new(&p->keeper, &err), 0);
	CU_ASSERT_EQUAL_FATAL(flow_writer_new(&p->writer, &err), 0);
	CU_ASSERT_EQUAL_FATAL(
		nft_watch_new(&p->loop, keeper_port(p->keeper), changed, p, &p->watch, &err), 0);
	if (passes)
		EXPECT_INT(nft_watch_pass(p->watch, flow_writer_port(p->writer)), 0);
	keeper_watch(p->keeper, p->watch);
	CU_ASSERT_FATAL(ruleset_case_init(&p->first, "tests/golden/ruleset/round-robin.conf",
					  if_nametoindex("eth0")));
	init_second(p);
	unit_end_change(p->keeper, keeper_set(p->keeper, &p->first.ruleset, &err));
}

static void close_place(struct place *p)
{
	ruleset_case_clear(&p->first);
	ruleset_case_clear(&p->second);
	flow_writer_free(p->writer);
	keeper_free(p->keeper);
	nft_watch_close(p->watch);
	uv_run(&p->loop, UV_RUN_DEFAULT);
	EXPECT_INT(uv_loop_close(&p->loop), 0);
}

/* Some flows, others each time. */
static void write_flows(struct place *p)
{
	struct flow_write_op ops[OPS];
	enum flow_write_result results[OPS];

	for (unsigned int i = 0; i < OPS; i++) {
		unsigned int number = (p->transactions * OPS + i) % FLOWS;

		ops[i] = (struct flow_write_op){
			.kind = i % 3 ? FLOW_WRITE_CHANGE : FLOW_WRITE_DELETE,
			.set = &app,
			.key = {10, 1, (uint8_t)(number >> 8), (uint8_t)number},
			.mark = 1 + i % 2,
			.timeout_ms = 60000,
			.left_ms = 30000,
		};
	}
	EXPECT_INT(flow_write(p->writer, ops, OPS, results), 0);
	for (unsigned int i = 0; i < OPS; i++)
		p->done += results[i] == FLOW_WRITE_DONE;
	p->transactions++;
}

/* The keeper looks after every so many. */
static void write_many(struct place *p, int every)
{
	for (int i = 1; i <= TRANSACTIONS; i++) {
		write_flows(p);
		if (i % every == 0)
			keeper_check(p->keeper);
	}
	keeper_check(p->keeper);
}

/* Changes of the keeper's own, to their end, with a transaction of flows between any two. */
static void reload_among_flows(struct place *p, struct ruleset *want)
{
	struct err err = {0};
	int code;

	write_flows(p);
	code = keeper_set(p->keeper, want, &err);
	while (code == KEEPER_GOES_ON || (code == 0 && keeper_wait_ms(p->keeper) != KEEPER_NEVER)) {
		write_flows(p);
		code = keeper_go_on(p->keeper, &err);
	}
	EXPECT_INT(code, 0);
	EXPECT_TEXT(err.text, "");
	write_flows(p);
	keeper_check(p->keeper);
}

static bool has_chain(const char *name)
{
	char command[100], *text;
	bool has;

	snprintf(command, sizeof(command), "nft list chain netdev director %s 2>/dev/null", name);
	text = unit_output_of(command);
	has = text[0] != '\0';
	free(text);
	return has;
}

/* The watch calls its user after a second at the latest. */
static void expect_calls(struct place *p, unsigned int calls)
{
	for (int i = 0; i < 60; i++) {
		uv_run(&p->loop, UV_RUN_NOWAIT);
		usleep(20000);
	}
	EXPECT_INT(p->calls, calls);
}

static void beside_the_keeper(void)
{
	struct place p;
	uint64_t reads;

	open_place(&p, true);
	reads = keeper_reads(p.keeper);
	write_many(&p, CHECKED);
	write_many(&p, TRANSACTIONS);
	EXPECT_INT(keeper_in_sync(p.keeper), true);
	reload_among_flows(&p, &p.second.ruleset);
	CU_ASSERT_EQUAL_FATAL(plan_ruleset(&p.first.facts.plan, &p.first.ruleset), 0);
	reload_among_flows(&p, &p.first.ruleset);
	EXPECT_INT(p.transactions > 2 * TRANSACTIONS + 20, true); /* it waits before sets go */
	EXPECT_INT(keeper_reads(p.keeper), reads);
	/* Somebody, in between: elsewhere, … */
	write_flows(&p);
	unit_feed("nft -f -", "add table inet other\n");
	write_flows(&p);
	keeper_check(p.keeper);
	EXPECT_INT(keeper_reads(p.keeper), reads);
	expect_calls(&p, 0);
	/* … and in our table. */
	unit_feed("nft -f -", "add chain netdev director foreign\n");
	write_many(&p, CHECKED);
	EXPECT_INT(keeper_reads(p.keeper) > reads, true);
	unit_end_change(p.keeper, 0);
	EXPECT_INT(has_chain("foreign"), false);
	expect_calls(&p, 1);
	/* Mended, and as before. */
	reads = keeper_reads(p.keeper);
	write_many(&p, CHECKED);
	EXPECT_INT(keeper_reads(p.keeper), reads);
	/* While the keeper is at work, too: it finds out at the end. */
	unit_feed("nft -f -", "add chain netdev director foreign\n");
	CU_ASSERT_EQUAL_FATAL(plan_ruleset(&p.second.facts.plan, &p.second.ruleset), 0);
	reload_among_flows(&p, &p.second.ruleset);
	EXPECT_INT(keeper_reads(p.keeper) > reads, true);
	unit_end_change(p.keeper, 0);
	EXPECT_INT(has_chain("foreign"), false);
	EXPECT_INT(p.done, p.transactions * OPS);
	close_place(&p);
}

/* The other way round: who is not passed is somebody else. */
static void not_passed(void)
{
	struct place p;
	uint64_t reads;

	open_place(&p, false);
	reads = keeper_reads(p.keeper);
	write_many(&p, CHECKED);
	EXPECT_INT(keeper_reads(p.keeper) >= reads + TRANSACTIONS / CHECKED, true);
	EXPECT_INT(keeper_in_sync(p.keeper), true);
	close_place(&p);
}

static void flows_are_no_change(void)
{
	unit_in_namespace(UNIT_ETH0, beside_the_keeper);
}

static void who_is_not_passed_is(void)
{
	unit_in_namespace(UNIT_ETH0, not_passed);
}

UNIT_TESTS(flow_write_keeper) = {
	{"transactions of flows are no change", flows_are_no_change},
	{"those of a socket that is not passed are", who_is_not_passed_is},
	UNIT_TESTS_END,
};
