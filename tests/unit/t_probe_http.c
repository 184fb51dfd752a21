/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests to web servers of every manner, on the loopback interface. With TLS: t_probe_https.c. */
#include "tests/unit/namespace.h"
#include "tests/unit/probe_once.h"
#include "tests/unit/unit.h"
#include "tests/unit/web_manners.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TIMEOUT_MS = 3000, SHORT_MS = 120, CROWD = 300, CLOSED_PORT = 9, MIB = 1048576 };

static uint16_t two[] = {200, 204}, only_302[] = {302};

/* The server serves; the probe of that check ends so. */
static void expect(web_serve *serve, const struct config_check *check, const char *word,
		   const char *detail)
{
	struct web_server *w = web_server_new(NULL, serve);
	struct probe_ask ask = probe_of(check, web_server_port(w));

	probe_expect(&probe_http, &ask, word, detail);
	web_server_free(w);
}

/* With the usual check that expects a text, or none (""). */
static void expect_of(web_serve *serve, const char *body, const char *word, const char *detail)
{
	struct config_check k = probe_http_check(TIMEOUT_MS, body);

	expect(serve, &k, word, detail);
}

/* --- what is good ----------------------------------------------------------------------------- */

static void test_good(void)
{
	struct config_check k = probe_http_check(TIMEOUT_MS, "");

	expect_of(web_good, "", "good", "");
	expect_of(web_good, "^all (well|web_good)$", "good", "");
	expect_of(web_endless_body_begins_well, "well", "good", "");
	expect_of(web_interim, "", "good", "");
	expect_of(web_in_chunks, "^all well$", "good", "");
	expect_of(web_body_until_close, "^all well$", "good", "");
	expect_of(web_slow_and_good, "^all well$", "good", "");
	k.expect_status = two;
	k.n_expect_status = 2;
	expect(web_good, &k, "good", "");
	k.expect_status = only_302;
	k.n_expect_status = 1;
	expect(web_redirect_to_itself, &k, "good", "");
}

/* The request as the server has it; a HEAD has no body to wait for. */
static void test_request(void)
{
	struct config_check k = probe_http_check(TIMEOUT_MS, "");
	struct web_server *w = web_server_new(NULL, web_good);
	struct probe_ask ask = probe_of(&k, web_server_port(w));
	char want[512];

	probe_expect(&probe_http, &ask, "good", "");
	snprintf(want, sizeof(want),
		 "GET / HTTP/1.1\r\nHost: 10.77.0.100:%u\r\nUser-Agent: directord/" DIRECTOR_VERSION
		 "\r\nAccept: */*\r\nConnection: close\r\n\r\n",
		 ask.port);
	EXPECT_TEXT(web_server_request(w), want);
	k.host = "www.example.com";
	k.method = "HEAD";
	k.path = "/a/../b?c=d";
	probe_expect(&probe_http, &ask, "good", "");
	EXPECT_TEXT(web_server_request(w), "HEAD /a/../b?c=d HTTP/1.1\r\nHost: www.example.com\r\n"
					   "User-Agent: directord/" DIRECTOR_VERSION
					   "\r\nAccept: */*\r\nConnection: close\r\n\r\n");
	k.method = "POST";
	k.path = "/";
	probe_expect(&probe_http, &ask, "good", "");
	EXPECT_TEXT(web_server_request(w),
		    "POST / HTTP/1.1\r\nHost: www.example.com\r\n"
		    "User-Agent: directord/" DIRECTOR_VERSION
		    "\r\nAccept: */*\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
	web_server_free(w);
}

/* What the environment says of proxies is not for checks. */
static void test_proxy(void)
{
	setenv("http_proxy", "http://127.0.0.1:9", 1);
	setenv("all_proxy", "http://127.0.0.1:9", 1);
	expect_of(web_good, "", "good", "");
	unsetenv("http_proxy");
	unsetenv("all_proxy");
}

/* --- what is not ------------------------------------------------------------------------------ */

static void test_status(void)
{
	struct config_check k = probe_http_check(TIMEOUT_MS, "");

	expect_of(web_unavailable, "", "status", "503 instead of 200");
	expect_of(web_redirect_to_itself, "", "status", "302 instead of 200");
	expect_of(web_switches, "", "status", "101 instead of 200");
	k.expect_status = two;
	k.n_expect_status = 2;
	expect(web_unavailable, &k, "status", "503 instead of 200, 204");
}

static void test_body(void)
{
	struct config_check head = probe_http_check(TIMEOUT_MS, "well");

	expect_of(web_good, "Well", "body", "\"Well\" is not in 8 octets");
	expect_of(web_good, "^all$", "body", "\"^all$\" is not in 8 octets");
	head.method = "HEAD";
	expect(web_good, &head, "body", "\"well\" is not in 0 octets");
}

static void test_stalled(void)
{
	struct config_check k = probe_http_check(SHORT_MS, ""),
			    body = probe_http_check(SHORT_MS, "well");
	struct web_server *w = web_server_new(NULL, web_slow_body);
	struct probe_ask ask = probe_of(&body, web_server_port(w));
	struct outcome o = probe_once(&probe_http, &ask, NULL);

	EXPECT_TEXT(outcome_word(o.code), "stalled");
	CU_ASSERT(atoi(o.detail) >= 2 && strstr(o.detail, " octets of the body"));
	web_server_free(w);
	expect(web_never_answers, &k, "stalled", "no answer");
	expect(web_half_a_header, &k, "stalled", "header not whole");
	expect(web_slow_header, &k, "stalled", "header not whole");
	expect(web_half_a_body, &body, "stalled", "3 octets of the body");
}

static void test_closed(void)
{
	expect_of(web_closes_at_once, "", "closed", "no answer");
	expect_of(web_closes_after_request, "", "closed", "no answer");
	expect_of(web_closes_in_header, "", "closed", "header not whole");
	expect_of(web_closes_in_body, "well", "closed", "3 octets of the body");
}

static void expect_no_http(web_serve *serve, const char *body)
{
	struct config_check k = probe_http_check(TIMEOUT_MS, body);
	struct web_server *w = web_server_new(NULL, serve);
	struct probe_ask ask = probe_of(&k, web_server_port(w));
	struct outcome o = probe_once(&probe_http, &ask, NULL);

	EXPECT_TEXT(outcome_word(o.code), "no-http");
	CU_ASSERT(o.detail[0] != '\0');
	web_server_free(w);
}

static void test_no_http(void)
{
	expect_no_http(web_mail, "");
	expect_no_http(web_noise, "");
	expect_no_http(web_in_bad_chunks, "well");
}

/* Whatever a server sends, little of it is taken: what is on its way is in the kernel's buffers. */
static void test_endless(void)
{
	static const struct {
		web_serve *serve;
		const char *body, *word, *detail;
	} rows[] = {
		{web_endless_header, "", "too-large", "a header without an end"},
		{web_endless_line, "", "too-large", "a header line without an end"},
		{web_endless_interim, "", "too-large", "a header without an end"},
		{web_huge, "well", "too-large", "\"well\" is not in the first 65536 octets"},
		{web_huge, "", "good", ""},
	};
	struct rusage before, after;

	getrusage(RUSAGE_SELF, &before);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct config_check k = probe_http_check(TIMEOUT_MS, rows[i].body);
		struct web_server *w = web_server_new(NULL, rows[i].serve);
		struct probe_ask ask = probe_of(&k, web_server_port(w));

		probe_expect(&probe_http, &ask, rows[i].word, rows[i].detail);
		CU_ASSERT(web_server_sent(w) < 16 * MIB);
		web_server_free(w);
	}
	getrusage(RUSAGE_SELF, &after);
	CU_ASSERT(after.ru_maxrss - before.ru_maxrss < 16 * 1024);
}

static void story_no_connection(void)
{
	struct config_check k = probe_http_check(TIMEOUT_MS, "");
	struct probe_ask ask = probe_of(&k, CLOSED_PORT);

	probe_expect(&probe_http, &ask, "refused", "port 9 of 127.0.0.1");
	addr_parse("::1", &ask.address);
	probe_expect(&probe_http, &ask, "refused", "port 9 of ::1");
	addr_parse("192.0.2.1", &ask.address);
	probe_expect(&probe_http, &ask, "unreachable", "192.0.2.1: Network is unreachable");
	addr_parse("2001:db8::1", &ask.address);
	probe_expect(&probe_http, &ask, "unreachable", "2001:db8::1: Network is unreachable");
	EXPECT_INT(system("ip link add eth0 type veth peer name p0 && ip link set eth0 up && "
			  "ip link set p0 up && ip address add 192.0.2.2/24 dev eth0 && "
			  "ip neighbour add 192.0.2.1 lladdr 02:00:00:00:00:01 dev eth0"),
		   0);
	addr_parse("192.0.2.1", &ask.address);
	ask.timeout_ms = SHORT_MS;
	probe_expect(&probe_http, &ask, "silent", "port 9 of 192.0.2.1");
}

static void test_no_connection(void)
{
	unit_in_namespace("ip link set lo up", story_no_connection);
}

/* --- many, and given up ----------------------------------------------------------------------- */

static void story_many(void)
{
	struct config_check k = probe_http_check(TIMEOUT_MS, "well");
	struct web_server *w = web_server_new(NULL, web_good);
	struct probe_ask ask = probe_of(&k, web_server_port(w));
	char *left;

	EXPECT_INT(probe_many(&probe_http, &ask, CROWD), CROWD);
	web_server_free(w);
	left = unit_output_of("ss -Htan state time-wait state fin-wait-1 state fin-wait-2 | wc -l");
	EXPECT_TEXT(left, "0\n");
	free(left);
}

static void test_many(void)
{
	unit_in_namespace("ip link set lo up", story_many);
}

static void test_cancel(void)
{
	static web_serve *const serves[] = {web_never_answers, web_half_a_header, web_slow_header,
					    web_slow_body};
	struct config_check k = probe_http_check(TIMEOUT_MS, "well");

	for (size_t i = 0; i < sizeof(serves) / sizeof(serves[0]); i++) {
		struct web_server *w = web_server_new(NULL, serves[i]);
		struct probe_ask ask = probe_of(&k, web_server_port(w));

		for (unsigned int ms = 0; ms < 4; ms++)
			probe_cancel(&probe_http, &ask, ms);
		probe_cancel(&probe_http, &ask, 20);
		web_server_free(w);
	}
}

UNIT_TESTS(probe_http) = {
	{"good answers", test_good},
	{"what is asked", test_request},
	{"no proxy", test_proxy},
	{"another status", test_status},
	{"another body", test_body},
	{"no whole answer in time", test_stalled},
	{"closed before the end", test_closed},
	{"no HTTP", test_no_http},
	{"answers without an end", test_endless},
	{"no connection", test_no_connection},
	{"many at once, and nothing is left", test_many},
	{"given up in every phase", test_cancel},
	UNIT_TESTS_END,
};
