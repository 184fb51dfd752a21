/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bench_check_http [ATTEMPTS]: what one attempt of a check of type http or https takes of a processor,
 * beside the least that it could: a handshake of OpenSSL's own, with all that outlives a connection made
 * once, and the request in a few calls of the kernel. The server is a thread, which does not count.
 */
#include "director/health/probe_http_uv.h"
#include "tests/unit/web_identity.h"
#include "tests/unit/web_manners.h"

#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { ATTEMPTS = 2000, WARM = 50 };

static const char name[] = "www.example.com";

/* Of this thread alone. */
static double busy_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* --- the least ----------------------------------------------------------------------------------- */

static int connect_to(uint16_t port)
{
	const struct linger at_once = {.l_onoff = 1};
	const struct sockaddr_in at = {.sin_family = AF_INET,
				       .sin_port = htons(port),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	if (connect(fd, (const struct sockaddr *)&at, sizeof(at)) < 0)
		abort();
	return fd;
}

static const char request[] =
	"GET / HTTP/1.1\r\nHost: www.example.com\r\nConnection: close\r\n\r\n";

static void least_http(uint16_t port)
{
	char answer[WEB_REQUEST];
	int fd = connect_to(port);

	if (send(fd, request, strlen(request), 0) < 0 || recv(fd, answer, sizeof(answer), 0) <= 0)
		abort();
	close(fd);
}

static void least_https(SSL_CTX *all, uint16_t port)
{
	char answer[WEB_REQUEST];
	int fd = connect_to(port);
	SSL *tls = SSL_new(all);

	SSL_set_tlsext_host_name(tls, name);
	SSL_set1_host(tls, name);
	SSL_set_fd(tls, fd);
	if (SSL_connect(tls) != 1 || SSL_write(tls, request, (int)strlen(request)) <= 0 ||
	    SSL_read(tls, answer, sizeof(answer)) <= 0)
		abort();
	SSL_free(tls);
	close(fd);
}

static double least_us(uint16_t port, const char *ca_file, unsigned int n)
{
	SSL_CTX *all = NULL;
	double begun = 0, took;

	if (ca_file) {
		all = SSL_CTX_new(TLS_client_method());
		SSL_CTX_load_verify_file(all, ca_file);
		SSL_CTX_set_verify(all, SSL_VERIFY_PEER, NULL);
		SSL_CTX_set_session_cache_mode(all, SSL_SESS_CACHE_OFF);
	}
	for (unsigned int i = 0; i < WARM + n; i++) {
		if (i == WARM)
			begun = busy_us();
		if (all)
			least_https(all, port);
		else
			least_http(port);
	}
	took = busy_us() - begun;
	SSL_CTX_free(all);
	return took / n;
}

/* --- a check ------------------------------------------------------------------------------------- */

struct many {
	uv_loop_t loop;
	struct prober *prober;
	struct probe_ask ask;
	unsigned int left, bad;
};

static void next(struct many *m);

static void done(void *owner, const struct outcome *o)
{
	struct many *m = owner;

	if (o->code != OUTCOME_GOOD && !m->bad++)
		fprintf(stderr, "%s: %s\n", outcome_word(o->code), o->detail);
	m->left--;
	next(m);
}

static void next(struct many *m)
{
	if (m->left && !probe_http.start(m->prober, &m->ask, done, m))
		abort();
}

static void run(struct many *m, unsigned int n)
{
	m->left = n;
	next(m);
	uv_run(&m->loop, UV_RUN_DEFAULT);
}

static double check_us(uint16_t port, const char *ca_file, const char *expect_body, unsigned int n)
{
	static uint16_t only_200[] = {200};
	const struct config_check check = {
		.type = ca_file ? CHECK_HTTPS : CHECK_HTTP,
		.method = "GET",
		.host = name,
		.path = "/",
		.expect_status = only_200,
		.n_expect_status = 1,
		.expect_body = expect_body,
		.sni = "",
		.ca_file = ca_file ? ca_file : "",
		.verify = true,
		.timeout_ms = 1000,
	};
	struct many m = {.ask = {.check = &check,
				 .farm = "www",
				 .backend = "web1",
				 .address = addr_v4(INADDR_LOOPBACK),
				 .vip = addr_v4(0x0a4d0064),
				 .port = port,
				 .timeout_ms = 1000}};
	struct err err = {0};
	double begun;

	uv_loop_init(&m.loop);
	if (probe_http.open(&m.loop, &m.prober, &err) < 0)
		abort();
	run(&m, WARM);
	begun = busy_us();
	run(&m, n);
	begun = busy_us() - begun;
	probe_http.close(m.prober);
	uv_run(&m.loop, UV_RUN_DEFAULT);
	uv_loop_close(&m.loop);
	return m.bad ? 0 : begun / n;
}

/* --- rows ---------------------------------------------------------------------------------------- */

static int missed;

static void row(const char *what, double check, double least)
{
	printf("%-28s %10.1f %10.1f %8.1f\n", what, check, least, check / least);
	missed |= check <= 0;
}

static void plain_rows(unsigned int n)
{
	struct web_server *server = web_server_new(NULL, web_good);
	uint16_t port = web_server_port(server);
	double least = least_us(port, NULL, n);

	row("http", check_us(port, NULL, "", n), least);
	row("http, expected body", check_us(port, NULL, "^all (well|good)$", n), least);
	web_server_free(server);
}

static void tls_row(const char *what, const struct web_identity *authority,
		    struct web_identity *identity, unsigned int n)
{
	struct web_server *server = web_server_new(identity, web_good);
	char ca_file[] = "/tmp/director-bench-ca.XXXXXX";
	uint16_t port = web_server_port(server);

	close(mkstemp(ca_file));
	if (!web_identity_save(authority, ca_file))
		abort();
	row(what, check_us(port, ca_file, "", n), least_us(port, ca_file, n));
	unlink(ca_file);
	web_server_free(server);
	web_identity_free(identity);
}

int main(int argc, char **argv)
{
	unsigned int n = argc > 1 ? (unsigned int)strtoul(argv[1], NULL, 10) : ATTEMPTS;
	struct web_identity *ec = web_authority_new();
	struct err err = {0};

	if (n == 0 || probe_http_global_init(&err) < 0)
		return 2;
	printf("%-28s %10s %10s %8s\n", "check, us of a processor", "attempt", "least", "ratio");
	plain_rows(n);
	tls_row("https, ECDSA P-256", ec, web_identity_new(ec, "DNS:www.example.com", -1, 1), n);
	tls_row("https, RSA 2048", ec, web_identity_rsa(ec, "DNS:www.example.com"), n);
	probe_http_global_close();
	web_identity_free(ec);
	return missed;
}
