/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The real kernel's routes, of both families, in a network namespace of the test's own: what it
 * answers, and that a change is heard. Needs root.
 */
#include "director/network/route_uv.h"
#include "tests/unit/unit.h"

#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATIENCE_MS = 5000 };

struct world {
	uv_loop_t loop;
	uv_timer_t timer; /* wakes the loop while a test waits */
	struct routes *routes;
	bool down; /* every link */
	int changes, judgements;
	char gateways[2][ADDR_TEXT]; /* the last ones that were told, of IPv4 and IPv6 */
};

static void run(const char *command)
{
	int code = system(command);

	if (code != 0)
		printf("\n    %s", command);
	EXPECT_INT(code, 0);
}

static void changed(void *owner)
{
	((struct world *)owner)->changes++;
}

static bool link_is_down(void *owner, uint32_t ifindex)
{
	(void)ifindex;
	return ((struct world *)owner)->down;
}

static void judged(void *owner, const struct addr *target, const struct route *route,
		   bool had_trouble)
{
	struct world *w = owner;

	(void)target;
	(void)had_trouble;
	if (route->kind == ROUTE_GATEWAY)
		addr_format(&route->gateway, w->gateways[route->gateway.family == AF_INET6]);
	w->judgements++;
}

static void tick(uv_timer_t *timer)
{
	(void)timer;
}

/* "eth0", "via GATEWAY eth0", "local", "none"; "?" when it is no target. */
static const char *way(struct world *w, const char *text, char buf[static 128])
{
	const struct route_target *t;
	char name[IF_NAMESIZE] = "";
	struct addr addr;

	EXPECT_INT(addr_parse(text, &addr), 0);
	t = routes_find(w->routes, &addr);
	if (!t || !t->known)
		return strcpy(buf, "?");
	if_indextoname(t->ifindex, name);
	switch ((enum route_kind)t->kind) {
	case ROUTE_NONE: return strcpy(buf, "none");
	case ROUTE_LOCAL: return strcpy(buf, "local");
	case ROUTE_DIRECT: return strcpy(buf, name);
	case ROUTE_GATEWAY:
		snprintf(buf, 128, "via %s %s", w->gateways[addr.family == AF_INET6], name);
		return buf;
	}
	return buf;
}

static void wait_for(struct world *w, const char *addr, const char *want)
{
	uint64_t end = uv_now(&w->loop) + PATIENCE_MS;
	char buf[128];

	while (strcmp(way(w, addr, buf), want) != 0 && uv_now(&w->loop) < end)
		uv_run(&w->loop, UV_RUN_ONCE);
	EXPECT_TEXT(way(w, addr, buf), want);
}

static const char *const targets[] = {
	"10.77.0.21", "fd77::21", "10.78.0.21", "fd78::21", "10.77.0.2", "fd77::2",
	"10.79.0.1",  "fd79::1",  "10.80.0.1",	"fd80::1",  "10.81.0.1", "10.77.0.21",
};

enum { TARGETS = sizeof(targets) / sizeof(targets[0]) };

static void follow(struct world *w, size_t n)
{
	struct addr list[TARGETS];

	for (size_t i = 0; i < n; i++)
		EXPECT_INT(addr_parse(targets[i], &list[i]), 0);
	EXPECT_INT(routes_set_targets(w->routes, list, n), 0);
}

static void begin(struct world *w)
{
	const struct routes_ops ops = {
		.changed = changed, .link_is_down = link_is_down, .judged = judged, .owner = w};
	struct err err = {0};

	*w = (struct world){0};
	run("sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0; "
	    "ip link add eth0 type veth peer name p0; ip link add eth1 type veth peer name p1; "
	    "for i in lo eth0 p0 eth1 p1; do ip link set $i up; done; "
	    "ip address add 10.77.0.2/24 dev eth0; ip address add fd77::2/64 nodad dev eth0; "
	    "ip route add 10.78.0.0/24 via 10.77.0.1; ip route add fd78::/64 via fd77::1; "
	    "ip route add 10.80.0.1 dev eth1; ip route add fd80::1 dev eth1; "
	    "ip route add blackhole 10.81.0.0/24");
	uv_loop_init(&w->loop);
	uv_timer_init(&w->loop, &w->timer);
	uv_timer_start(&w->timer, tick, 20, 20);
	CU_ASSERT_FATAL(routes_new(&w->loop, &ops, &w->routes, &err) == 0);
}

static void end(struct world *w)
{
	routes_close(w->routes);
	uv_close((uv_handle_t *)&w->timer, NULL);
	uv_run(&w->loop, UV_RUN_DEFAULT);
	EXPECT_INT(uv_loop_close(&w->loop), 0);
}

/* Runs a story in a child with a namespace of its own; 0 failures is good. */
static void in_namespace(void (*story)(struct world *w))
{
	unsigned int before;
	struct world w;
	int status = -1;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child == 0) {
		if (unshare(CLONE_NEWNET) < 0)
			_exit(100);
		before = CU_get_number_of_failures();
		begin(&w);
		story(&w);
		end(&w);
		fflush(stdout);
		_exit(CU_get_number_of_failures() == before ? 0 : 1);
	}
	waitpid(child, &status, 0);
	CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void ask(struct world *w)
{
	static const char *const ways[] = {
		"eth0",
		"eth0",
		"via 10.77.0.1 eth0",
		"via fd77::1 eth0",
		"local",
		"local",
		"none",
		"none",
		"eth1",
		"eth1",
		"none",
		"eth0",
	};
	char buf[128];

	follow(w, TARGETS);
	for (size_t i = 0; i < TARGETS; i++)
		EXPECT_TEXT(way(w, targets[i], buf), ways[i]);
	EXPECT_INT(w->judgements, TARGETS - 1);
	EXPECT_INT(w->changes, 0);
	follow(w, 1);
	EXPECT_TEXT(way(w, targets[0], buf), "eth0");
	EXPECT_TEXT(way(w, targets[1], buf), "?");
	EXPECT_INT(w->judgements, TARGETS - 1);
	follow(w, 0);
	EXPECT_TEXT(way(w, targets[0], buf), "?");
}

static void what_the_kernel_answers(void)
{
	in_namespace(ask);
}

static void change(struct world *w)
{
	follow(w, TARGETS);
	run("ip route add 10.79.0.0/24 dev eth1; ip -6 route add fd79::/64 dev eth1");
	wait_for(w, "10.79.0.1", "eth1");
	wait_for(w, "fd79::1", "eth1");
	CU_ASSERT(w->changes > 0);
	run("ip address add 10.78.0.2/25 dev eth1; ip address add fd78::2/64 nodad dev eth1");
	wait_for(w, "10.78.0.21", "eth1");
	wait_for(w, "fd78::21", "eth1");
	run("ip address delete 10.78.0.2/25 dev eth1; ip address delete fd78::2/64 dev eth1");
	wait_for(w, "10.78.0.21", "via 10.77.0.1 eth0");
	wait_for(w, "fd78::21", "via fd77::1 eth0");
	/* A rule changes what routes there are, without any of them changing. */
	run("ip route add 10.77.0.21 dev eth1 table 7; ip rule add to 10.77.0.21 table 7; "
	    "ip -6 route add fd77::21 dev eth1 table 7; ip -6 rule add to fd77::21 table 7");
	wait_for(w, "10.77.0.21", "eth1");
	wait_for(w, "fd77::21", "eth1");
}

static void changes_are_heard(void)
{
	in_namespace(change);
}

static void lose_the_link(struct world *w)
{
	uint64_t end_ms;
	char buf[128];

	follow(w, TARGETS);
	w->down = true;
	run("ip link set eth0 down");
	for (end_ms = uv_now(&w->loop) + 2000; uv_now(&w->loop) < end_ms;)
		uv_run(&w->loop, UV_RUN_ONCE);
	EXPECT_TEXT(way(w, "10.77.0.21", buf), "eth0");
	EXPECT_TEXT(way(w, "fd77::21", buf), "eth0");
	w->down = false;
	wait_for(w, "10.77.0.21", "none");
	wait_for(w, "fd77::21", "none");
}

static void a_link_that_is_down(void)
{
	in_namespace(lose_the_link);
}

UNIT_TESTS(route_kernel) = {
	{"what the kernel answers", what_the_kernel_answers},
	{"changes are heard", changes_are_heard},
	{"a link that is down", a_link_that_is_down},
	UNIT_TESTS_END,
};
