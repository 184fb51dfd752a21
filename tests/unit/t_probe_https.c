/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests over TLS, to servers with every kind of certificate, made for the test. */
#include "tests/unit/probe_once.h"
#include "tests/unit/unit.h"
#include "tests/unit/web_manners.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TIMEOUT_MS = 3000, SHORT_MS = 120, AGAIN = 5 };

/* An authority, its certificate in a file, and one server of its. */
struct world {
	struct web_identity *authority, *identity;
	char ca_file[64];
	struct web_server *server;
	struct config_check check; /* trusts it; asks for www.example.com */
	struct probe_ask ask;
};

/* names NULL: no TLS; signed by the authority or by itself. */
static void begin(struct world *w, const char *names, bool is_signed, int from_days, int to_days,
		  web_serve *serve)
{
	*w = (struct world){.authority = web_authority_new()};
	snprintf(w->ca_file, sizeof(w->ca_file), "/tmp/director-test-ca.XXXXXX");
	close(mkstemp(w->ca_file));
	CU_ASSERT_TRUE(web_identity_save(w->authority, w->ca_file));
	if (names)
		w->identity = web_identity_new(is_signed ? w->authority : NULL, names, from_days,
					       to_days);
	w->server = web_server_new(w->identity, serve);
	w->check = probe_http_check(TIMEOUT_MS, "well");
	w->check.type = CHECK_HTTPS;
	w->check.ca_file = w->ca_file;
	w->check.host = "www.example.com";
	w->ask = probe_of(&w->check, web_server_port(w->server));
}

static void end(struct world *w)
{
	web_server_free(w->server);
	web_identity_free(w->identity);
	web_identity_free(w->authority);
	unlink(w->ca_file);
}

static void begin_good(struct world *w, web_serve *serve)
{
	begin(w, "DNS:www.example.com,IP:10.77.0.100", true, -1, 1, serve);
}

static void expect(struct world *w, const char *word, const char *detail)
{
	probe_expect(&probe_http, &w->ask, word, detail);
}

/* The beginning of what it says. */
static void expect_like(struct world *w, const char *word, const char *detail)
{
	struct outcome o = probe_once(&probe_http, &w->ask, NULL);

	EXPECT_TEXT(outcome_word(o.code), word);
	if (strncmp(o.detail, detail, strlen(detail)) != 0)
		EXPECT_TEXT(o.detail, detail);
}

/* --- good ------------------------------------------------------------------------------------- */

static void test_good(void)
{
	struct world w;

	begin_good(&w, web_good);
	expect(&w, "good", "");
	w.check.host = "www.example.com:8443"; /* the name is that without the port */
	expect(&w, "good", "");
	w.check.host = ""; /* the certificate is of the virtual address, too */
	expect(&w, "good", "");
	w.check.host = "10.77.0.100";
	expect(&w, "good", "");
	w.check.host = "other.example.com";
	w.check.sni = "www.example.com";
	expect(&w, "good", "");
	CU_ASSERT(strstr(web_server_request(w.server), "\r\nHost: other.example.com\r\n") != NULL);
	end(&w);
}

/* --- certificates ----------------------------------------------------------------------------- */

static void test_name(void)
{
	struct world w;

	begin(&w, "DNS:other.example.com", true, -1, 1, web_good);
	expect_like(&w, "certificate",
		    "no alternative certificate subject name matches target host");
	w.check.host = "";
	expect_like(&w, "certificate",
		    "no alternative certificate subject name matches target host");
	w.check.sni = "other.example.com";
	expect(&w, "good", "");
	w.check.sni = "not/a name";
	expect(&w, "cannot-run", "its sni cannot be the name of a host");
	w.ask.timeout_ms = 0;
	expect(&w, "cannot-run", "its sni cannot be the name of a host");
	end(&w);
}

static void test_trust(void)
{
	struct world w;

	begin(&w, "DNS:www.example.com", false, -1, 1, web_good);
	expect(&w, "certificate", "self-signed certificate");
	w.check.verify = false;
	expect(&w, "good", "");
	end(&w);
	begin_good(&w, web_good);
	w.check.ca_file = ""; /* the system's do not know the authority */
	expect(&w, "certificate", "unable to get local issuer certificate");
	w.check.ca_file = "/nonexistent";
	expect_like(&w, "cannot-run", "error setting certificate");
	w.check.verify = false;
	expect(&w, "good", "");
	end(&w);
}

static void test_time(void)
{
	struct world w;

	begin(&w, "DNS:www.example.com", true, -3, -1, web_good);
	expect(&w, "certificate", "certificate has expired");
	w.check.verify = false;
	expect(&w, "good", "");
	end(&w);
	begin(&w, "DNS:www.example.com", true, 1, 3, web_good);
	expect(&w, "certificate", "certificate is not yet valid");
	end(&w);
}

/* Two files of authorities, in turns, on one loop: each check has its own. */
struct turns {
	uv_loop_t loop;
	struct prober *prober;
	struct world one, two;
	unsigned int told, good;
};

static void turn_done(void *owner, const struct outcome *o)
{
	struct turns *t = owner;

	t->told++;
	t->good += o->code == OUTCOME_GOOD;
}

static void begin_turns(struct turns *t)
{
	struct err err;

	*t = (struct turns){0};
	begin_good(&t->one, web_good);
	begin_good(&t->two, web_good);
	EXPECT_INT(probe_http_global_init(&err), 0);
	uv_loop_init(&t->loop);
	EXPECT_INT(probe_http.open(&t->loop, &t->prober, &err), 0);
}

static void end_turns(struct turns *t)
{
	probe_http.close(t->prober);
	uv_run(&t->loop, UV_RUN_DEFAULT);
	EXPECT_INT(uv_loop_close(&t->loop), 0);
	probe_http_global_close();
	end(&t->one);
	end(&t->two);
}

static void test_two_authorities(void)
{
	struct turns t;

	begin_turns(&t);
	for (unsigned int i = 0; i < AGAIN; i++) {
		probe_http.start(t.prober, &t.one.ask, turn_done, &t);
		probe_http.start(t.prober, &t.two.ask, turn_done, &t);
		uv_run(&t.loop, UV_RUN_DEFAULT);
	}
	EXPECT_INT(t.good, 2 * AGAIN);
	t.one.check.ca_file = t.two.ca_file; /* the other's is not trusted */
	probe_http.start(t.prober, &t.one.ask, turn_done, &t);
	uv_run(&t.loop, UV_RUN_DEFAULT);
	EXPECT_INT(t.told, 2 * AGAIN + 1);
	EXPECT_INT(t.good, 2 * AGAIN);
	end_turns(&t);
}

/* What it trusts when it is asked once more, after a reload to that list. */
static unsigned int good_after(struct turns *t, const struct check_list *l)
{
	t->good = 0;
	if (l)
		probe_http_keep(t->prober, l);
	probe_http.start(t->prober, &t->one.ask, turn_done, t);
	uv_run(&t->loop, UV_RUN_DEFAULT);
	return t->good;
}

/* Of a file that no check names any more nothing is kept: it is another one when one names it again. */
static void test_forgotten_authorities(void)
{
	struct turns t;
	struct check_item item = {.check = &t.one.check};
	const struct check_list same = {.items = &item, .n = 1}, none = {0};

	begin_turns(&t);
	EXPECT_INT(good_after(&t, NULL), 1);
	CU_ASSERT_TRUE(web_identity_save(t.two.authority, t.one.ca_file));
	EXPECT_INT(good_after(&t, NULL), 1); /* libcurl's copy */
	EXPECT_INT(good_after(&t, &same), 1);
	EXPECT_INT(good_after(&t, &none), 0);
	probe_http_keep(t.prober, &none);
	CU_ASSERT_TRUE(web_identity_save(t.one.authority, t.one.ca_file));
	t.one.check.verify = false;
	EXPECT_INT(good_after(&t, &same), 1);
	t.one.check.verify = true;
	EXPECT_INT(good_after(&t, &same), 1);
	end_turns(&t);
}

/* --- handshakes ------------------------------------------------------------------------------- */

static void test_no_tls(void)
{
	static web_serve *const serves[] = {web_mail, web_closes_at_once};
	struct world w;

	for (size_t i = 0; i < sizeof(serves) / sizeof(serves[0]); i++) {
		begin(&w, NULL, false, 0, 0, serves[i]);
		expect_like(&w, "no-tls", "");
		end(&w);
	}
}

static void test_stalled(void)
{
	struct world w;

	begin(&w, NULL, false, 0, 0, web_never_answers);
	w.ask.timeout_ms = SHORT_MS;
	expect(&w, "stalled", "TLS handshake not whole");
	end(&w);
	begin_good(&w, web_never_answers);
	w.ask.timeout_ms = SHORT_MS;
	expect(&w, "stalled", "no answer");
	end(&w);
	begin_good(&w, web_half_a_body);
	w.ask.timeout_ms = SHORT_MS;
	expect(&w, "stalled", "3 octets of the body");
	end(&w);
}

static void test_answers(void)
{
	static const struct {
		web_serve *serve;
		const char *word, *detail;
	} rows[] = {
		{web_unavailable, "status", "503 instead of 200"},
		{web_closes_after_request, "closed", "no answer"},
		{web_closes_in_body, "closed", "3 octets of the body"},
		{web_huge, "too-large", "\"well\" is not in the first 65536 octets"},
		{web_endless_line, "too-large", "a header line without an end"},
	};
	struct world w;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin_good(&w, rows[i].serve);
		expect(&w, rows[i].word, rows[i].detail);
		end(&w);
	}
}

static void test_cancel(void)
{
	struct world w;

	begin_good(&w, web_half_a_body);
	for (unsigned int ms = 0; ms < 8; ms++)
		probe_cancel(&probe_http, &w.ask, ms);
	end(&w);
	begin(&w, NULL, false, 0, 0, web_never_answers);
	probe_cancel(&probe_http, &w.ask, 5);
	end(&w);
}

UNIT_TESTS(probe_https) = {
	{"good certificates", test_good},
	{"of another name", test_name},
	{"of nobody whom it trusts", test_trust},
	{"not valid today", test_time},
	{"two authorities in turns", test_two_authorities},
	{"authorities that nobody names any more", test_forgotten_authorities},
	{"no TLS", test_no_tls},
	{"no end of it in time", test_stalled},
	{"answers over TLS", test_answers},
	{"given up in every phase", test_cancel},
	UNIT_TESTS_END,
};
