/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A connection of the sync channel whose owner does not want to hear: over real sockets of the
 * loopback interface of a namespace. Needs root.
 */
#include "ha/sync_link_uv.h"
#include "include/log.h"
#include "tests/unit/loop.h"
#include "tests/unit/namespace.h"
#include "tests/unit/unit.h"

#include <string.h>

#define LOOPBACK                                                                                   \
	"ip link set lo up && ip address add 10.77.0.2/32 dev lo && ip address add 10.77.0.3/32 "  \
	"dev lo"

enum { PORT = 8405, MESSAGES = 3000, LEN = 1000, NAP_MS = 5 };

struct node {
	struct sync_link *link;
	unsigned int ups, downs, heard, wrong, most_together, together;
	unsigned int hold_at; /* hold after so many messages; 0: never */
	bool slow;	      /* each message takes a while */
};

static uv_loop_t loop;
static uv_timer_t waker; /* each story is a process of its own */
static struct node a, b;
static const struct cluster_keys keys = {.keys = {{.bytes = {1}}}, .n = 1};

static void up(void *owner, uint32_t features)
{
	(void)features;
	((struct node *)owner)->ups++;
}

static void down(void *owner)
{
	((struct node *)owner)->downs++;
}

static void message(void *owner, const uint8_t *bytes, size_t len)
{
	struct node *n = owner;
	uint32_t number;

	memcpy(&number, bytes, sizeof(number));
	n->wrong += number != n->heard || len != LEN;
	n->heard++;
	n->together++;
	if (n->together > n->most_together)
		n->most_together = n->together;
	if (n->heard == n->hold_at)
		sync_link_hold(n->link, true);
	if (n->slow)
		uv_sleep(NAP_MS);
}

static void wake(uv_timer_t *timer)
{
	(void)timer;
	a.together = b.together = 0; /* another turn of the loop */
}

static void start(struct node *n, const char *self, const char *peer, bool first)
{
	static const struct sync_link_ops ops = {.up = up, .message = message, .down = down};
	struct sync_link_setup setup = {.port = PORT,
					.cluster = "web",
					.self_name = first ? "a" : "b",
					.peer_name = first ? "b" : "a",
					.keys = &keys};
	struct err err = {0};

	EXPECT_INT(addr_parse(self, &setup.self), 0);
	EXPECT_INT(addr_parse(peer, &setup.peer), 0);
	EXPECT_INT(sync_link_new(&loop, &setup, &ops, n, &n->link, &err), 0);
}

static void meet(void)
{
	log_set_level(LOG_LEVEL_ERROR);
	uv_loop_init(&loop);
	uv_timer_init(&loop, &waker);
	uv_timer_start(&waker, wake, 1, 1);
	start(&a, "10.77.0.2", "10.77.0.3", true);
	start(&b, "10.77.0.3", "10.77.0.2", false);
	unit_loop_wait(&loop, &a.ups, 1);
	unit_loop_wait(&loop, &b.ups, 1);
	unit_loop_run(&loop, 300);
	a.downs = b.downs = 0; /* both may have dialed: one connection took the other's place */
}

static void say(unsigned int n)
{
	static uint8_t bytes[LEN];

	for (uint32_t i = 0; i < n; i++) {
		memcpy(bytes, &i, sizeof(i));
		CU_ASSERT(sync_link_send(a.link, bytes, sizeof(bytes)));
	}
}

static void finish(void)
{
	EXPECT_INT(b.wrong, 0);
	sync_link_close(a.link);
	sync_link_close(b.link);
	uv_close((uv_handle_t *)&waker, NULL);
	uv_run(&loop, UV_RUN_DEFAULT);
	EXPECT_INT(uv_loop_close(&loop), 0);
}

/* Not one message more is heard, whatever was read already; and later all of them, in order. */
static void story_held(void)
{
	meet();
	b.hold_at = 7;
	say(MESSAGES);
	unit_loop_wait(&loop, &b.heard, 7);
	unit_loop_run(&loop, 200);
	EXPECT_INT(b.heard, 7);
	b.hold_at = 20;
	sync_link_hold(b.link, false);
	EXPECT_INT(b.heard, 7); /* not from within the call */
	unit_loop_wait(&loop, &b.heard, 20);
	unit_loop_run(&loop, 100);
	EXPECT_INT(b.heard, 20);
	sync_link_hold(b.link, false);
	sync_link_hold(b.link, true); /* it has thought better of it */
	unit_loop_run(&loop, 100);
	EXPECT_INT(b.heard, 20);
	sync_link_hold(b.link, false);
	unit_loop_wait(&loop, &b.heard, MESSAGES);
	EXPECT_INT(a.downs + b.downs, 0);
	finish();
}

static void story_held_with_nothing_to_say(void)
{
	meet();
	sync_link_hold(b.link, true);
	say(3);
	unit_loop_run(&loop, 100);
	EXPECT_INT(b.heard, 0);
	sync_link_hold(b.link, false);
	unit_loop_wait(&loop, &b.heard, 3);
	finish();
}

/* The other side goes meanwhile: that is heard, too, when it is to be. */
static void story_ends_while_held(void)
{
	meet();
	b.hold_at = 1;
	say(3);
	unit_loop_wait(&loop, &b.heard, 1);
	sync_link_close(a.link);
	a.link = NULL;
	unit_loop_run(&loop, 200);
	EXPECT_INT(b.downs, 0);
	sync_link_hold(b.link, false);
	unit_loop_wait(&loop, &b.heard, 3);
	unit_loop_wait(&loop, &b.downs, 1);
	finish();
}

/* What takes its time is heard in spells, between which the loop has its turn. */
static void story_takes_turns(void)
{
	meet();
	b.slow = true;
	say(100);
	unit_loop_wait(&loop, &b.heard, 100);
	CU_ASSERT(b.most_together > 0);
	CU_ASSERT(b.most_together <= 8); /* 10 ms and one more are three, of two spells in a turn */
	finish();
}

#define KERNEL_TEST(name)                                                                          \
	static void name(void)                                                                     \
	{                                                                                          \
		unit_in_namespace(LOOPBACK, story_##name);                                         \
	}

KERNEL_TEST(held)
KERNEL_TEST(held_with_nothing_to_say)
KERNEL_TEST(ends_while_held)
KERNEL_TEST(takes_turns)

UNIT_TESTS(sync_hold_kernel) = {
	{"held", held},
	{"held with nothing to say", held_with_nothing_to_say},
	{"ends while held", ends_while_held},
	{"takes turns", takes_turns},
	UNIT_TESTS_END,
};
