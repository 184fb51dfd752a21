/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel's TCP says of a port; some of it in a namespace, which needs root. */
#include "tests/unit/namespace.h"
#include "tests/unit/probe_once.h"
#include "tests/unit/unit.h"
#include "tests/unit/web_server.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CLOSED_PORT = 9, TIMEOUT_MS = 1000, SHORT_MS = 60, CROWD = 300, ONLY_PORT = 40000 };

static const struct config_check tcp = {.type = CHECK_TCP, .timeout_ms = TIMEOUT_MS};
static const struct config_check impatient = {.type = CHECK_TCP, .timeout_ms = SHORT_MS};

/* --- servers ---------------------------------------------------------------------------------- */

static void wait_for_end(struct web_client *c)
{
	web_wait(c);
}

/* A port whose queue is full: the kernel drops further SYNs. */
struct full {
	int listener, clients[2];
	uint16_t port;
};

static struct full fill(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);
	struct full f = {.listener = socket(AF_INET, SOCK_STREAM, 0)};

	EXPECT_INT(bind(f.listener, (struct sockaddr *)&at, len), 0);
	EXPECT_INT(listen(f.listener, 0), 0);
	getsockname(f.listener, (struct sockaddr *)&at, &len);
	f.port = ntohs(at.sin_port);
	for (int i = 0; i < 2; i++) {
		f.clients[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		connect(f.clients[i], (struct sockaddr *)&at, len);
	}
	return f;
}

static void unfill(struct full *f)
{
	close(f->clients[0]);
	close(f->clients[1]);
	close(f->listener);
}

/* --- tests ------------------------------------------------------------------------------------ */

static void test_good(void)
{
	struct web_server *w = web_server_new(NULL, wait_for_end);
	struct probe_ask ask = probe_of(&tcp, web_server_port(w));

	probe_expect(&probe_tcp, &ask, "good", "");
	web_server_free(w);
}

/* Every connection ends with a reset, on both sides: nothing is left in TIME_WAIT. */
static void story_reset(void)
{
	struct web_server *w = web_server_new(NULL, wait_for_end);
	struct probe_ask ask = probe_of(&tcp, web_server_port(w));
	char *left;

	EXPECT_INT(probe_many(&probe_tcp, &ask, CROWD), CROWD);
	while (web_server_connections(w) < CROWD)
		web_pause(1);
	left = unit_output_of("ss -Htan state time-wait state fin-wait-1 state fin-wait-2 | wc -l");
	EXPECT_TEXT(left, "0\n");
	free(left);
	web_server_free(w);
}

static void test_reset(void)
{
	unit_in_namespace("ip link set lo up", story_reset);
}

static void test_refused(void)
{
	struct probe_ask ask = probe_of(&tcp, CLOSED_PORT);

	probe_expect(&probe_tcp, &ask, "refused", "port 9 of 127.0.0.1");
	ask.address = (struct addr){.family = AF_INET6, .bytes = {[15] = 1}};
	probe_expect(&probe_tcp, &ask, "refused", "port 9 of ::1");
}

static void test_silent(void)
{
	struct full f = fill();
	struct probe_ask ask = probe_of(&impatient, f.port);
	char detail[OUTCOME_DETAIL];

	snprintf(detail, sizeof(detail), "port %u of 127.0.0.1", f.port);
	probe_expect(&probe_tcp, &ask, "silent", detail);
	unfill(&f);
}

static void story_unreachable(void)
{
	struct probe_ask ask = probe_of(&tcp, CLOSED_PORT);

	ask.address = addr_v4(0xc0000201);
	probe_expect(&probe_tcp, &ask, "unreachable", "192.0.2.1: Network is unreachable");
	addr_parse("2001:db8::1", &ask.address);
	probe_expect(&probe_tcp, &ask, "unreachable", "2001:db8::1: Network is unreachable");
	EXPECT_INT(system("ip route add unreachable 192.0.2.0/24"), 0);
	ask.address = addr_v4(0xc0000201);
	probe_expect(&probe_tcp, &ask, "unreachable", "192.0.2.1: No route to host");
}

static void test_unreachable(void)
{
	unit_in_namespace("ip link set lo up", story_unreachable);
}

/*
 * The only port that connections may come from is taken: start() fails, which is no answer from inside,
 * and can be expired and given up like any other.
 */
static void story_cannot_run(void)
{
	const struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(ONLY_PORT)};
	struct probe_ask ask = probe_of(&tcp, CLOSED_PORT);
	int taken = socket(AF_INET, SOCK_STREAM, 0);
	struct outcome o;

	EXPECT_INT(bind(taken, (const struct sockaddr *)&at, sizeof(at)), 0);
	probe_expect(&probe_tcp, &ask, "cannot-run",
		     "no connection to port 9 of 127.0.0.1: Cannot assign requested address");
	ask.timeout_ms = 0;
	o = probe_once(&probe_tcp, &ask, NULL);
	EXPECT_TEXT(outcome_word(o.code), "cannot-run");
	probe_cancel(&probe_tcp, &ask, 0);
	close(taken);
}

static void test_cannot_run(void)
{
	unit_in_namespace("ip link set lo up && "
			  "sysctl -qw net.ipv4.ip_local_port_range='40000 40000'",
			  story_cannot_run);
}

static void test_cancel(void)
{
	struct web_server *w = web_server_new(NULL, wait_for_end);
	struct full f = fill();
	struct probe_ask good = probe_of(&tcp, web_server_port(w)), full = probe_of(&tcp, f.port);

	probe_cancel(&probe_tcp, &good, 0);
	probe_cancel(&probe_tcp, &full, 0);
	probe_cancel(&probe_tcp, &full, SHORT_MS / 2);
	unfill(&f);
	web_server_free(w);
}

UNIT_TESTS(probe_tcp) = {
	{"good when connected", test_good},	  {"nothing is left of three hundred", test_reset},
	{"a closed port refuses", test_refused},  {"nobody answers", test_silent},
	{"no way there", test_unreachable},	  {"no port to ask from", test_cannot_run},
	{"given up in every phase", test_cancel}, UNIT_TESTS_END,
};
