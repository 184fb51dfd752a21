/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel tells of others' transactions, made with nft. */
#include "director/ruleset/nft_socket_uv.h"
#include "director/ruleset/nft_watch_uv.h"
#include "tests/unit/namespace.h"
#include "tests/unit/unit.h"

#include <string.h>
#include <unistd.h>

struct place {
	uv_loop_t loop;
	struct nft_socket ours;
	struct nft_watch *watch;
	int calls;
	char who[NFT_WATCH_WHO];
};

static void changed(void *owner, const char *who)
{
	struct place *p = owner;

	p->calls++;
	snprintf(p->who, sizeof(p->who), "%s", who);
}

static void open_place(struct place *p)
{
	struct err err = {0};

	*p = (struct place){0};
	CU_ASSERT_EQUAL_FATAL(uv_loop_init(&p->loop), 0);
	CU_ASSERT_EQUAL_FATAL(nft_socket_open(&p->ours, &err), 0);
	CU_ASSERT_EQUAL_FATAL(nft_watch_new(&p->loop, p->ours.portid, changed, p, &p->watch, &err),
			      0);
}

static void close_place(struct place *p)
{
	nft_watch_close(p->watch);
	uv_run(&p->loop, UV_RUN_DEFAULT);
	EXPECT_INT(uv_loop_close(&p->loop), 0);
	nft_socket_close(&p->ours);
}

static uint32_t generation(struct place *p)
{
	uint32_t g = 0;

	EXPECT_INT(nft_socket_generation(&p->ours, &g), 0);
	return g;
}

/* Our own table comes by our own socket. */
static void add_ours(struct place *p)
{
	struct nft_batch batch;
	struct err err = {0};

	nft_batch_begin(&batch, nft_socket_next_seq(&p->ours));
	nft_put_table(&batch);
	EXPECT_INT(nft_batch_end(&batch), 0);
	EXPECT_INT(nft_socket_commit(&p->ours, &batch, NULL, NULL, &err), 0);
	nft_batch_clear(&batch);
}

/* Is what a transaction of somebody does harmless, and does it call? */
static void expect(struct place *p, const char *transaction, bool harmless)
{
	uint32_t before = generation(p);
	int calls = p->calls;

	unit_feed("nft -f -", transaction);
	EXPECT_INT(generation(p), before + 1);
	EXPECT_INT(nft_watch_is_harmless(p->watch, before, before + 1), harmless);
	/* Calls are a second apart. */
	for (int i = 0; !harmless && p->calls == calls && i < 500; i++) {
		uv_run(&p->loop, UV_RUN_NOWAIT);
		usleep(20000);
	}
	uv_run(&p->loop, UV_RUN_NOWAIT);
	EXPECT_INT(p->calls, calls + !harmless);
	if (!harmless)
		EXPECT_INT(strncmp(p->who, "nft (process ", 13), 0);
}

static void transactions(void)
{
	static char many[300000];
	struct place p;
	size_t used;

	open_place(&p);
	add_ours(&p);
	expect(&p, "add table inet other\n", true);
	expect(&p, "add table ip director\nadd set ip director x { type mark; }\n", true);
	expect(&p, "add table netdev directors\n", true);
	expect(&p, "add set netdev director x { type mark; }\n", false);
	expect(&p, "add element netdev director x { 1 }\n", false);
	/* Behind many messages about another table. */
	used = (size_t)snprintf(many, sizeof(many), "add set inet other y { type mark; }\n");
	for (int i = 0; i < 5000; i++)
		used += (size_t)snprintf(many + used, sizeof(many) - used,
					 "add element inet other y { %d }\n", i);
	expect(&p, many, true);
	snprintf(many + used, sizeof(many) - used,
		 "add element inet other y { 6000 }\nadd element netdev director x { 2 }\n");
	unit_feed("nft -f -", "delete set inet other y\n");
	expect(&p, many, false);
	/* Of our own nothing is heard, so it is for us to know. */
	add_ours(&p);
	CU_ASSERT(!nft_watch_is_harmless(p.watch, generation(&p) - 1, generation(&p)));
	expect(&p, "delete table netdev director\n", false);
	close_place(&p);
}

/* A transaction on our table; true when it is harmless. */
static bool writes(struct place *p, const char *transaction, bool passes)
{
	uint32_t before = generation(p);

	unit_feed("nft -f -", transaction);
	if (passes)
		nft_watch_passed(p->watch, 1);
	return nft_watch_is_harmless(p->watch, before, generation(p));
}

static void runs_for(struct place *p, int ms)
{
	for (int i = 0; i < ms / 10; i++) {
		uv_run(&p->loop, UV_RUN_NOWAIT);
		usleep(10000);
	}
}

/* So much passes that it is not listened to; what it touches does not show, only how often. */
static void rests(void)
{
	struct place p;
	uint32_t from;

	open_place(&p);
	add_ours(&p);
	unit_feed("nft -f -", "add set netdev director x { type mark; }\n");
	runs_for(&p, 100);
	EXPECT_INT(p.calls, 1);
	nft_watch_passed(p.watch, 1);
	CU_ASSERT(!writes(&p, "add element netdev director x { 1 }\n", true)); /* it listens yet */
	runs_for(&p, 1100);
	EXPECT_INT(p.calls, 2);
	nft_watch_passed(p.watch, 100000);
	CU_ASSERT(writes(&p, "add element netdev director x { 2 }\n", true));
	/* It was asked, and listens again. */
	CU_ASSERT(!writes(&p, "add element netdev director x { 3 }\n", true));
	runs_for(&p, 1100);
	EXPECT_INT(p.calls, 3);
	/* Nobody asks: after a second it listens by itself, and knows what has passed. */
	from = generation(&p);
	nft_watch_passed(p.watch, 100000);
	unit_feed("nft -f -", "add element netdev director x { 5 }\n");
	nft_watch_passed(p.watch, 1);
	runs_for(&p, 1200);
	EXPECT_INT(p.calls, 3);
	unit_feed("nft -f -", "add table inet another\n");
	CU_ASSERT(nft_watch_is_harmless(p.watch, from, from + 2));
	EXPECT_INT(generation(&p), from + 2);
	expect(&p, "add element netdev director x { 6 }\n", false);
	/* What may change nothing is looked at. */
	nft_watch_passed(p.watch, 100000);
	nft_watch_doubt(p.watch);
	nft_watch_passed(p.watch, 1);
	nft_watch_doubt(p.watch);
	CU_ASSERT(writes(&p, "add element netdev director x { 7 }\n", true));
	/* So is somebody who was there before it. */
	nft_watch_passed(p.watch, 100000);
	from = generation(&p);
	unit_feed("nft -f -", "add table inet doubted\n");
	nft_watch_doubt(p.watch);
	nft_watch_passed(p.watch, 1);
	CU_ASSERT(!nft_watch_is_harmless(p.watch, from, generation(&p)));
	runs_for(&p, 1100);
	EXPECT_INT(p.calls, 5);
	EXPECT_TEXT(p.who, "");
	expect(&p, "add table inet heard\n", false); /* it may have begun before it was heard */
	/* One more than has passed, of somebody, whoever. */
	nft_watch_passed(p.watch, 100000);
	unit_feed("nft -f -", "add table inet other\n");
	CU_ASSERT(!writes(&p, "add element netdev director x { 4 }\n", true));
	runs_for(&p, 1100);
	EXPECT_INT(p.calls, 7);
	EXPECT_TEXT(p.who, "");
	nft_watch_passed(p.watch, 100000); /* closed at rest */
	close_place(&p);
}

static void it_rests(void)
{
	unit_in_namespace("", rests);
}

static void others_are_heard(void)
{
	unit_in_namespace("", transactions);
}

UNIT_TESTS(nft_watch_kernel) = {
	{"others are heard", others_are_heard},
	{"it rests", it_rests},
	UNIT_TESTS_END,
};
