/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests over connections that somebody else makes: a pair of sockets whose other end is served. */
#include "tests/unit/probe_once.h"
#include "tests/unit/unit.h"
#include "tests/unit/web_manners.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SHORT_MS = 120, CLOSED_PORT = 9 };

/* One connection that a test makes, and what has become of it. */
struct line {
	const struct web_identity *identity;
	web_serve *serve;
	bool is_open;
	int failure;
	struct web_server *server;
	unsigned int ended;
};

static bool carries(void *owner, const struct probe_ask *ask)
{
	(void)owner;
	return ask->port != CLOSED_PORT;
}

static int open_line(void *owner, const struct probe_ask *ask, void **ret_connection)
{
	struct line *l = owner;
	int fds[2];

	EXPECT_TEXT(ask->backend, "web1");
	if (l->failure < 0)
		return l->failure;
	EXPECT_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	l->server = web_server_on(fds[1], l->identity, l->serve);
	*ret_connection = l;
	return fds[0];
}

static bool line_is_open(void *connection, struct outcome *why)
{
	struct line *l = connection;

	if (!l->is_open)
		outcome_set(why, OUTCOME_PASSED_ON, "%s", "");
	return l->is_open;
}

static void end_line(void *connection)
{
	struct line *l = connection;

	l->ended++;
}

static void expect_line(web_serve *serve, bool is_open, int failure, const char *word,
			const char *detail)
{
	struct config_check k = probe_http_check(SHORT_MS, "well");
	struct line l = {.serve = serve, .is_open = is_open, .failure = failure};
	const struct http_transport t = {carries, open_line, line_is_open, end_line, &l};
	struct probe_ask ask = probe_of(&k, 80);
	struct outcome o = probe_once(&probe_http, &ask, &t);

	EXPECT_TEXT(outcome_word(o.code), word);
	EXPECT_TEXT(o.detail, detail);
	EXPECT_INT(l.ended, failure == 0);
	web_server_free(l.server);
	l.server = NULL;
	ask.port = CLOSED_PORT; /* is the kernel's */
	o = probe_once(&probe_http, &ask, &t);
	EXPECT_TEXT(outcome_word(o.code), "refused");
}

static void test_transport(void)
{
	expect_line(web_good, true, 0, "good", "");
	expect_line(web_unavailable, true, 0, "status", "503 instead of 200");
	expect_line(web_half_a_body, true, 0, "stalled", "3 octets of the body");
	expect_line(web_never_answers, true, 0, "stalled", "no answer");
	expect_line(web_closes_after_request, true, 0, "closed", "no answer");
	expect_line(web_never_answers, false, 0, "passed-on", "");
	expect_line(web_closes_at_once, false, 0, "passed-on", "");
	expect_line(web_good, true, -EMFILE, "cannot-run",
		    "no connection to port 80 of 127.0.0.1: Too many open files");
}

/* What comes first is the handshake. */
static void test_tls(void)
{
	struct web_identity *i = web_identity_new(NULL, "DNS:www.example.com", -1, 1);
	struct config_check k = probe_http_check(SHORT_MS, "well");
	struct line l = {.identity = i, .serve = web_good, .is_open = true};
	const struct http_transport t = {carries, open_line, line_is_open, end_line, &l};
	struct probe_ask ask = probe_of(&k, 443);
	struct outcome o;

	k.type = CHECK_HTTPS;
	o = probe_once(&probe_http, &ask, &t);
	EXPECT_TEXT(outcome_word(o.code), "certificate");
	web_server_free(l.server);
	k.verify = false;
	o = probe_once(&probe_http, &ask, &t);
	EXPECT_TEXT(outcome_word(o.code), "good");
	EXPECT_INT(l.ended, 2);
	web_server_free(l.server);
	web_identity_free(i);
}

UNIT_TESTS(probe_transport) = {
	{"HTTP over it", test_transport},
	{"TLS over it", test_tls},
	UNIT_TESTS_END,
};
