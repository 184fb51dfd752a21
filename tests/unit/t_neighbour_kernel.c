/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The real kernel's neighbour table, IPv4 and IPv6 alike: two network namespaces of the test's own
 * with a cable between them. Here the addresses are resolved, there they are. Needs root.
 */
#include "director/network/neighbour_uv.h"
#include "tests/unit/unit.h"

#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define OLD "02:00:00:00:00:15"
#define NEW "02:00:00:00:99:15"

enum { PATIENCE_MS = 15000 };

struct world {
	uv_loop_t loop;
	uv_timer_t timer; /* wakes the loop while a test waits */
	struct neighbours *ns;
	uint32_t ifindex;
	pid_t there; /* holds the other namespace */
	int changes;
};

static void run(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void run(const char *fmt, ...)
{
	char command[512];
	va_list ap;
	int code;

	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	code = system(command);
	if (code != 0)
		printf("\n    %s", command);
	EXPECT_INT(code, 0);
}

static void changed(void *owner, const struct addr *addrs, size_t n)
{
	(void)addrs;
	(void)n;
	((struct world *)owner)->changes++;
}

static void tick(uv_timer_t *timer)
{
	(void)timer;
}

/* The MAC address that is known of an address, "" for none. */
static const char *mac_of(struct world *w, const char *text, char buf[static MAC_TEXT])
{
	struct addr addr;
	struct mac mac;

	buf[0] = '\0';
	EXPECT_INT(addr_parse(text, &addr), 0);
	if (neighbours_find(w->ns, w->ifindex, &addr, &mac))
		mac_format(&mac, buf);
	return buf;
}

static void wait_for(struct world *w, const char *addr, const char *mac)
{
	uint64_t end = uv_now(&w->loop) + PATIENCE_MS;
	char buf[MAC_TEXT];

	while (strcmp(mac_of(w, addr, buf), mac) != 0 && uv_now(&w->loop) < end)
		uv_run(&w->loop, UV_RUN_ONCE);
	EXPECT_TEXT(mac_of(w, addr, buf), mac);
}

static void follow(struct world *w, const char *const *texts, size_t n)
{
	struct neighbour_target targets[4];

	for (size_t i = 0; i < n; i++) {
		targets[i] = (struct neighbour_target){.ifindex = w->ifindex, .link_up = true};
		EXPECT_INT(addr_parse(texts[i], &targets[i].addr), 0);
	}
	EXPECT_INT(neighbours_set_targets(w->ns, targets, n), 0);
}

/* Without duplicate address detection an address is there at once. */
#define QUIET "sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0 && "

static void begin(struct world *w)
{
	struct err err = {0};
	int pipe_fds[2];
	char byte;

	*w = (struct world){0};
	CU_ASSERT_FATAL(pipe(pipe_fds) == 0);
	w->there = fork();
	if (w->there == 0) {
		if (unshare(CLONE_NEWNET) < 0 || write(pipe_fds[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	CU_ASSERT_FATAL(read(pipe_fds[0], &byte, 1) == 1);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	run(QUIET "ip link add eth0 type veth peer name eth0 address " OLD " netns %d", w->there);
	run("nsenter -t %d -n sh -c '" QUIET "ip link set eth0 up; "
	    "ip address add 10.77.0.21/24 dev eth0; ip address add fd77::21/64 nodad dev eth0'",
	    w->there);
	run("ip link set eth0 up; ip address add 10.77.0.2/24 dev eth0; "
	    "ip address add fd77::2/64 nodad dev eth0");
	w->ifindex = if_nametoindex("eth0");
	uv_loop_init(&w->loop);
	uv_timer_init(&w->loop, &w->timer);
	uv_timer_start(&w->timer, tick, 20, 20);
	CU_ASSERT_FATAL(neighbours_new(&w->loop, changed, w, &w->ns, &err) == 0);
}

static void end(struct world *w)
{
	neighbours_close(w->ns);
	uv_close((uv_handle_t *)&w->timer, NULL);
	uv_run(&w->loop, UV_RUN_DEFAULT);
	EXPECT_INT(uv_loop_close(&w->loop), 0);
	kill(w->there, SIGKILL);
	waitpid(w->there, NULL, 0);
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

static const char *const both[] = {"10.77.0.21", "fd77::21"};

static void resolve(struct world *w)
{
	static const char *const four[] = {"10.77.0.21", "fd77::21", "10.77.0.99", "fd77::99"};
	char buf[MAC_TEXT];

	follow(w, four, 4);
	wait_for(w, four[0], OLD);
	wait_for(w, four[1], OLD);
	CU_ASSERT(w->changes > 0);
	EXPECT_TEXT(mac_of(w, four[2], buf), "");
	EXPECT_TEXT(mac_of(w, four[3], buf), "");
	/* What the kernel knows is known at once. */
	follow(w, both, 0);
	EXPECT_TEXT(mac_of(w, both[1], buf), "");
	follow(w, both, 2);
	EXPECT_TEXT(mac_of(w, both[0], buf), OLD);
	EXPECT_TEXT(mac_of(w, both[1], buf), OLD);
}

static void both_are_resolved(void)
{
	in_namespace(resolve);
}

/* Another machine with the address, and nobody announces it. */
static void exchange(struct world *w)
{
	follow(w, both, 2);
	wait_for(w, both[0], OLD);
	wait_for(w, both[1], OLD);
	run("nsenter -t %d -n sh -c 'ip link set eth0 address " NEW "'", w->there);
	wait_for(w, both[0], NEW);
	wait_for(w, both[1], NEW);
}

static void a_new_mac_address_is_followed(void)
{
	in_namespace(exchange);
}

/* The addresses go, the cable stays; then they are back. */
static void go_away(struct world *w)
{
	follow(w, both, 2);
	wait_for(w, both[0], OLD);
	wait_for(w, both[1], OLD);
	run("nsenter -t %d -n sh -c 'ip address flush dev eth0 scope global'", w->there);
	wait_for(w, both[0], "");
	wait_for(w, both[1], "");
	run("nsenter -t %d -n sh -c 'ip address add 10.77.0.21/24 dev eth0; "
	    "ip address add fd77::21/64 nodad dev eth0'",
	    w->there);
	wait_for(w, both[0], OLD);
	wait_for(w, both[1], OLD);
}

static void a_machine_goes_away_and_comes_back(void)
{
	in_namespace(go_away);
}

UNIT_TESTS(neighbour_kernel) = {
	{"both families are resolved", both_are_resolved},
	{"a new MAC address is followed", a_new_mac_address_is_followed},
	{"a machine goes away and comes back", a_machine_goes_away_and_comes_back},
	UNIT_TESTS_END,
};
