/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Heartbeats over real sockets: two nodes in one process, with addresses of the loopback interface
 * of a namespace, IPv4 and IPv6. Needs root.
 */
#include "ha/clock_uv.h"
#include "ha/heartbeat_uv.h"
#include "include/log.h"
#include "tests/unit/heartbeat_sample.h"
#include "tests/unit/loop.h"
#include "tests/unit/namespace.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdlib.h>

#define LOOPBACK                                                                                   \
	"ip link set lo up && ip address add 10.77.0.2/32 dev lo && "                              \
	"ip address add 10.77.0.3/32 dev lo && ip address add fd77::2/128 dev lo nodad && "        \
	"ip address add fd77::3/128 dev lo nodad"

enum { INTERVAL_US = 100000, PORT = 8405, PATIENCE_MS = 5000, MANY = HEARTBEAT_ROUTERS_MAX };

struct node {
	uv_loop_t *loop;
	struct heartbeat *h;
	uint8_t state, flags; /* of its routers */
	size_t n_words, n_stragglers;
	/* what it has been told */
	unsigned int heard, gone, changed, stragglers;
	enum heartbeat_says says;
	uint64_t age_us;
	uint64_t gone_us;
	bool routers[MANY];
	bool close_when_heard;
};

static size_t fill(void *owner, size_t peer, struct heartbeat_word *list, size_t max)
{
	const struct node *n = owner;

	EXPECT_INT(peer, 0);
	EXPECT_INT(max, HEARTBEAT_ROUTERS_MAX);
	for (size_t i = 0; i < n->n_words; i++) {
		list[i] = sample_word((uint8_t)(i % 255 + 1), n->state);
		list[i].family = list[i].source.family = i < 255 ? AF_INET : AF_INET6;
		list[i].flags = n->flags;
		list[i].interval_us = INTERVAL_US;
	}
	return n->n_words;
}

static size_t fill_stragglers(void *owner, size_t peer, struct heartbeat_straggler *list,
			      size_t max)
{
	const struct node *n = owner;
	struct heartbeat_message m = sample_message(0, n->n_stragglers);

	(void)peer;
	CU_ASSERT(n->n_stragglers <= max);
	memcpy(list, m.stragglers, n->n_stragglers * sizeof(list[0]));
	return n->n_stragglers;
}

static void heard(void *owner, size_t peer, const struct heartbeat_said *said, size_t n,
		  uint64_t sent_us)
{
	struct node *me = owner;

	(void)peer;
	me->heard++;
	me->age_us = clock_us() - sent_us;
	for (size_t i = 0; i < n; i++) {
		size_t id = said[i].word.virtual_router_id - 1U;

		me->routers[said[i].word.family == AF_INET ? id : 255 + id] = true;
		if (said[i].says != HEARTBEAT_SAYS_NOT_MASTER)
			me->says = said[i].says;
	}
	if (me->close_when_heard) {
		heartbeat_close(me->h);
		me->h = NULL;
	}
}

static void hear_stragglers(void *owner, size_t peer, const struct heartbeat_straggler *list,
			    size_t n)
{
	(void)peer;
	((struct node *)owner)->stragglers += (unsigned int)n;
	CU_ASSERT(list[0].mac.bytes[0] == 2);
}

static void gone(void *owner, size_t peer, const struct heartbeat_said *known, size_t n)
{
	struct node *me = owner;

	(void)peer;
	me->gone++;
	me->gone_us = clock_us();
	for (size_t i = 0; i < n; i++)
		if (known[i].says == HEARTBEAT_SAYS_GONE)
			me->says = HEARTBEAT_SAYS_GONE;
}

static void changed(void *owner, size_t peer)
{
	(void)peer;
	((struct node *)owner)->changed++;
}

static struct addr address(const char *text)
{
	struct addr a = {0};

	EXPECT_INT(addr_parse(text, &a), 0);
	return a;
}

static void start(struct node *n, uv_loop_t *loop, const char *self, const char *peer,
		  const struct cluster_keys *keys)
{
	static const struct heartbeat_ops ops = {.fill = fill,
						 .fill_stragglers = fill_stragglers,
						 .heard = heard,
						 .stragglers = hear_stragglers,
						 .gone = gone,
						 .changed = changed};
	struct addr a = address(self), b = address(peer);
	bool first = addr_compare(&a, &b) < 0;
	const struct heartbeat_setup setup = {
		.cluster = "web",
		.self = {.name = first ? "a" : "b", .address = a},
		.peers = {{.name = first ? "b" : "a", .address = b}},
		.n_peers = 1,
		.port = PORT,
		.keys = keys,
		.interval_us = INTERVAL_US,
	};
	struct err err = {0};

	n->loop = loop;
	n->flags = HEARTBEAT_LINK_UP;
	EXPECT_INT(heartbeat_new(loop, &setup, &ops, n, &n->h, &err), 0);
	EXPECT_TEXT(err.text, "");
}

static enum heartbeat_state state_of(const struct node *n)
{
	struct heartbeat_view v;

	heartbeat_view(n->h, 0, &v);
	return v.state;
}

static uv_timer_t waker; /* each story is a process of its own */

static void wake(uv_timer_t *timer)
{
	(void)timer;
}

/* A loop that looks up each millisecond. */
static void begin_loop(uv_loop_t *loop)
{
	log_set_level(LOG_LEVEL_ERROR);
	uv_loop_init(loop);
	uv_timer_init(loop, &waker);
	uv_timer_start(&waker, wake, 1, 1);
}

/* Runs the loop until a node sees its peer in that state; how long that took. */
static uint64_t wait_for(const struct node *n, enum heartbeat_state state)
{
	uint64_t began = clock_us(), end = began + PATIENCE_MS * 1000;

	while (state_of(n) != state && clock_us() < end)
		uv_run(n->loop, UV_RUN_ONCE);
	EXPECT_TEXT(heartbeat_state_name(state_of(n)), heartbeat_state_name(state));
	return clock_us() - began;
}

static void finish(uv_loop_t *loop, struct node *a, struct node *b)
{
	heartbeat_close(a->h);
	heartbeat_close(b->h);
	uv_close((uv_handle_t *)&waker, NULL);
	uv_run(loop, UV_RUN_DEFAULT);
	EXPECT_INT(uv_loop_close(loop), 0);
}

struct pair {
	uv_loop_t loop;
	struct node a, b;
	struct cluster_keys keys;
};

/* a is master, both see each other. */
static void begin(struct pair *p, const char *a, const char *b)
{
	*p = (struct pair){.a = {.state = HEARTBEAT_MASTER, .n_words = 1},
			   .b = {.state = HEARTBEAT_BACKUP, .n_words = 1},
			   .keys = sample_keys(1, 0)};
	begin_loop(&p->loop);
	start(&p->a, &p->loop, a, b, &p->keys);
	start(&p->b, &p->loop, b, a, &p->keys);
	wait_for(&p->a, HEARTBEAT_UP);
	wait_for(&p->b, HEARTBEAT_UP);
}

static void meet_over(const char *a, const char *b)
{
	struct heartbeat_view v;
	struct pair p;

	begin(&p, a, b);
	unit_loop_run(&p.loop, 700);
	EXPECT_INT(p.b.says, HEARTBEAT_SAYS_MASTER);
	EXPECT_INT(p.a.says, HEARTBEAT_SAYS_NOT_MASTER);
	CU_ASSERT(p.b.heard >= 5);
	heartbeat_view(p.b.h, 0, &v);
	EXPECT_TEXT(v.name, "a");
	EXPECT_TEXT(v.error, "");
	EXPECT_INT(v.interval_us, INTERVAL_US);
	EXPECT_INT(v.n_known, 1);
	CU_ASSERT(v.counters.sent >= 5 && v.counters.received == p.b.heard);
	EXPECT_INT(v.counters.send_failed, 0);
	finish(&p.loop, &p.a, &p.b);
}

static void meet_v4(void)
{
	meet_over("10.77.0.2", "10.77.0.3");
}

static void meet_v6(void)
{
	meet_over("fd77::2", "fd77::3");
}

/* The socket closes as the kernel closes that of a killed process: no goodbye. */
static void end_over(const char *a, const char *b)
{
	struct heartbeat_view v;
	struct pair p;
	uint64_t took_us;

	begin(&p, a, b);
	unit_loop_run(&p.loop, 700);
	heartbeat_close(p.a.h);
	p.a.h = NULL;
	took_us = wait_for(&p.b, HEARTBEAT_GONE);
	EXPECT_INT(p.b.gone, 1);
	EXPECT_INT(p.b.says, HEARTBEAT_SAYS_GONE);
	/* Earlier than VRRP would know: it waits three intervals and more. */
	CU_ASSERT(took_us < 3 * INTERVAL_US);
	heartbeat_view(p.b.h, 0, &v);
	EXPECT_INT(v.cause, HEARTBEAT_CAUSE_REFUSED);
	CU_ASSERT(v.counters.refused > 0);
	/* It comes again, as another process. */
	start(&p.a, &p.loop, a, b, &p.keys);
	wait_for(&p.b, HEARTBEAT_UP);
	wait_for(&p.a, HEARTBEAT_UP);
	finish(&p.loop, &p.a, &p.b);
}

static void end_v4(void)
{
	end_over("10.77.0.2", "10.77.0.3");
}

static void end_v6(void)
{
	end_over("fd77::2", "fd77::3");
}

static void goodbye_v4(void)
{
	uint64_t said_us;
	struct pair p;

	begin(&p, "10.77.0.2", "10.77.0.3");
	unit_loop_run(&p.loop, 50);
	p.a.state = HEARTBEAT_INIT;
	p.a.flags = HEARTBEAT_LINK_UP | HEARTBEAT_GOODBYE | HEARTBEAT_SUCCESSOR;
	said_us = clock_us();
	heartbeat_send_now(p.a.h, true);
	heartbeat_close(p.a.h); /* both have left already */
	p.a.h = NULL;
	wait_for(&p.b, HEARTBEAT_GONE);
	EXPECT_INT(p.b.gone, 1);
	EXPECT_INT(p.b.says, HEARTBEAT_SAYS_GONE);
	CU_ASSERT(p.b.gone_us - said_us < INTERVAL_US);
	unit_loop_run(&p.loop, 700); /* refused from now on: no more news */
	EXPECT_INT(p.b.gone, 1);
	finish(&p.loop, &p.a, &p.b);
}

/* As many routers as there can be, in a dozen datagrams a time, and stragglers beside them. */
static void many_v4(void)
{
	struct heartbeat_view v;
	size_t n = 0;
	struct pair p;

	begin(&p, "10.77.0.2", "10.77.0.3");
	p.a.n_words = MANY;
	p.a.n_stragglers = HEARTBEAT_STRAGGLERS_MAX;
	unit_loop_run(&p.loop, 700);
	for (size_t i = 0; i < MANY; i++)
		n += p.b.routers[i];
	EXPECT_INT(n, MANY);
	CU_ASSERT(p.b.stragglers >= HEARTBEAT_STRAGGLERS_MAX);
	heartbeat_view(p.b.h, 0, &v);
	EXPECT_INT(v.n_known, MANY);
	EXPECT_INT(v.state, HEARTBEAT_UP);
	for (size_t i = 1; i < HEARTBEAT_REJECT_COUNT; i++)
		EXPECT_INT(v.counters.rejected[i], 0);
	finish(&p.loop, &p.a, &p.b);
}

/* From key 1 to key 2 while they run: each step on one node, then on the other. */
static void keys_v4(void)
{
	static const uint8_t steps[][2] = {{1, 2}, {2, 1}, {2, 0}};
	struct heartbeat_view v;
	struct pair p;

	begin(&p, "10.77.0.2", "10.77.0.3");
	for (size_t i = 0; i < 3; i++) {
		struct cluster_keys keys = sample_keys(steps[i][0], steps[i][1]);

		heartbeat_set_keys(p.a.h, &keys);
		unit_loop_run(&p.loop, 250);
		heartbeat_set_keys(p.b.h, &keys);
		unit_loop_run(&p.loop, 250);
	}
	heartbeat_view(p.b.h, 0, &v);
	EXPECT_INT(v.state, HEARTBEAT_UP);
	EXPECT_INT(v.counters.rejected[HEARTBEAT_REJECT_KEY], 0);
	EXPECT_INT(p.a.gone + p.b.gone, 0);
	CU_ASSERT(p.b.changed > 0);
	p.keys = sample_keys(3, 0);
	heartbeat_set_keys(p.a.h, &p.keys);
	wait_for(&p.b, HEARTBEAT_DOWN);
	heartbeat_view(p.b.h, 0, &v);
	CU_ASSERT(v.counters.rejected[HEARTBEAT_REJECT_KEY] > 0);
	finish(&p.loop, &p.a, &p.b);
}

/* The address comes later than the daemon. */
static void late_v4(void)
{
	struct pair p = {.keys = sample_keys(1, 0), .b.n_words = 1};
	struct heartbeat_view v;

	begin_loop(&p.loop);
	start(&p.a, &p.loop, "10.77.0.4", "10.77.0.5", &p.keys);
	start(&p.b, &p.loop, "10.77.0.5", "10.77.0.4", &p.keys);
	unit_loop_run(&p.loop, 50);
	heartbeat_view(p.a.h, 0, &v);
	EXPECT_TEXT(v.error, "cannot send heartbeats from 10.77.0.4 port 8405: Cannot assign "
			     "requested address");
	EXPECT_INT(system("ip address add 10.77.0.4/32 dev lo; ip address add 10.77.0.5/32 dev lo"),
		   0);
	wait_for(&p.a, HEARTBEAT_UP);
	heartbeat_view(p.a.h, 0, &v);
	EXPECT_TEXT(v.error, "");
	finish(&p.loop, &p.a, &p.b);
}

/* The owner closes it from within a call; what waits in the socket is nobody's. */
static void closed_v4(void)
{
	struct pair p;

	begin(&p, "10.77.0.2", "10.77.0.3");
	p.b.n_words = MANY;
	p.a.close_when_heard = true;
	unit_loop_run(&p.loop, 400);
	CU_ASSERT_PTR_NULL(p.a.h);
	finish(&p.loop, &p.a, &p.b);
}

static void refused_setups(void)
{
	struct cluster_keys none = {0}, keys = sample_keys(1, 0);
	struct heartbeat_setup setup = {.cluster = "web",
					.self = {"a", address("10.77.0.2")},
					.peers = {{"b", address("fd77::3")}},
					.n_peers = 1,
					.port = PORT,
					.keys = &none,
					.interval_us = INTERVAL_US};
	struct heartbeat *h = NULL;
	struct err err = {0};

	EXPECT_INT(heartbeat_new(NULL, &setup, NULL, NULL, &h, &err), -EINVAL);
	EXPECT_TEXT(err.text, "heartbeats need a key");
	setup.keys = &keys;
	EXPECT_INT(heartbeat_new(NULL, &setup, NULL, NULL, &h, &err), -EINVAL);
	EXPECT_TEXT(err.text, "the addresses of nodes a and b are of different families");
	heartbeat_close(NULL);
}

#define IN_NAMESPACE(story)                                                                        \
	static void story##_there(void)                                                            \
	{                                                                                          \
		unit_in_namespace(LOOPBACK, story);                                                \
	}
IN_NAMESPACE(meet_v4)
IN_NAMESPACE(meet_v6)
IN_NAMESPACE(end_v4)
IN_NAMESPACE(end_v6)
IN_NAMESPACE(goodbye_v4)
IN_NAMESPACE(many_v4)
IN_NAMESPACE(keys_v4)
IN_NAMESPACE(late_v4)
IN_NAMESPACE(closed_v4)

UNIT_TESTS(heartbeat_kernel) = {
	{"they meet, IPv4", meet_v4_there},
	{"they meet, IPv6", meet_v6_there},
	{"a process ends without a word, IPv4", end_v4_there},
	{"a process ends without a word, IPv6", end_v6_there},
	{"goodbye", goodbye_v4_there},
	{"as many routers as there can be", many_v4_there},
	{"keys are changed while they run", keys_v4_there},
	{"the address comes late", late_v4_there},
	{"closed from within", closed_v4_there},
	{"what cannot work", refused_setups},
	UNIT_TESTS_END,
};
