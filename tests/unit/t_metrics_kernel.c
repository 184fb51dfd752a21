/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Metrics over HTTP on the loopback interface of a namespace, server and clients on one loop. Needs
 * root.
 */
#include "director/monitor/metrics_uv.h"
#include "tests/unit/namespace.h"
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define LOOPBACK "ip link set lo up && ip address add 10.77.0.2/32 dev lo"
#define ADDRESS	 "127.0.0.1:9405"
#define REQUEST	 "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n"

enum { PORT = 9405, PATIENCE_MS = 9000, SMALL = 1000, HUGE = 8 << 20, CROWD = 150, NEW_MS = 1100 };

/* What is served: so many letters. */
static size_t text_len = SMALL;
static unsigned int texts;
static bool is_ready;

static uv_loop_t loop; /* each story is a process of its own */
static uv_timer_t waker;
static struct metrics_server *server;

static char *text(void *owner, size_t *ret_len)
{
	char *made = text_len ? malloc(text_len) : NULL;

	(void)owner;
	texts++;
	if (made)
		memset(made, 'a' + (int)texts % 26, text_len);
	*ret_len = text_len;
	return made;
}

static char *status(void *owner, size_t *ret_len)
{
	(void)owner;
	*ret_len = strlen("{}\n");
	return strdup("{}\n");
}

static char *health(void *owner, size_t *ret_len, bool *ret_ready)
{
	const char *said = is_ready ? "{\"ready\": true}\n" : "{\"ready\": false}\n";

	(void)owner;
	*ret_ready = is_ready;
	*ret_len = strlen(said);
	return strdup(said);
}

/* The same text, printed in a thread; NULL unless is_long. */
static bool is_long;
static atomic_uint printed; /* in threads */

static void *gather(void *owner)
{
	(void)owner;
	return is_long ? malloc(1) : NULL;
}

static char *print(void *gathered, bool json, size_t *ret_len)
{
	free(gathered);
	usleep(50 * 1000);
	printed++;
	return json ? status(NULL, ret_len) : text(NULL, ret_len);
}

static int serve(const char *address, struct metrics_server **ret, struct err *err)
{
	static const struct metrics_source source = {
		.text = text, .status = status, .health = health, .gather = gather, .print = print};

	return metrics_server_new(&loop, address, &source, ret, err);
}

static void wake(uv_timer_t *timer)
{
	(void)timer;
}

static void begin(void)
{
	struct err err = {0};

	uv_loop_init(&loop);
	uv_timer_init(&loop, &waker);
	uv_timer_start(&waker, wake, 5, 5);
	EXPECT_INT(serve(ADDRESS, &server, &err), 0);
	EXPECT_TEXT(err.text, "");
}

/* Nothing is left on the loop, whoever is connected. */
static void end(void)
{
	metrics_server_close(server);
	uv_close((uv_handle_t *)&waker, NULL);
	uv_run(&loop, UV_RUN_DEFAULT);
	EXPECT_INT(uv_loop_close(&loop), 0);
}

static int connect_to(const char *address)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(PORT)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	inet_pton(AF_INET, address, &to.sin_addr);
	CU_ASSERT(connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0 || errno == EINPROGRESS);
	return fd;
}

/* What comes until the server ends it, terminated, with its length; to be freed. The loop runs. */
static char *read_all(int fd, size_t *ret_len)
{
	uint64_t began_ms = uv_now(&loop);
	size_t size = HUGE + SMALL, len = 0;
	char *all = malloc(size + 1);
	ssize_t got = -1;

	CU_ASSERT_PTR_NOT_NULL_FATAL(all);
	while (got != 0 && uv_now(&loop) - began_ms < PATIENCE_MS) {
		uv_run(&loop, UV_RUN_ONCE);
		while ((got = recv(fd, all + len, size - len, 0)) > 0)
			len += (size_t)got;
		if (got < 0 && errno != EAGAIN)
			break;
	}
	EXPECT_INT(got, 0);
	close(fd);
	all[len] = '\0';
	*ret_len = len;
	return all;
}

static void say(int fd, const char *request)
{
	uv_run(&loop, UV_RUN_ONCE);
	EXPECT_INT(send(fd, request, strlen(request), MSG_NOSIGNAL), strlen(request));
}

/* To be freed. */
static char *reply_to(const char *request, size_t *ret_len)
{
	int fd = connect_to("127.0.0.1");

	say(fd, request);
	return read_all(fd, ret_len);
}

static bool has_status(const char *reply, const char *status)
{
	return strncmp(reply, "HTTP/1.", 7) == 0 && strncmp(reply + 9, status, 3) == 0;
}

/* The reply to a request, which must have that status; to be freed. */
static char *ask(const char *request, const char *status, size_t *ret_len)
{
	char *reply = reply_to(request, ret_len);

	if (!has_status(reply, status))
		EXPECT_TEXT(reply, status);
	return reply;
}

static void expect_reply(const char *request, const char *status, const char *part)
{
	size_t len;
	char *reply = ask(request, status, &len);

	if (!strstr(reply, part))
		EXPECT_TEXT(reply, part);
	free(reply);
}

/*
 * The same of a text that is printed in a thread, when the one before it is new no more: what took long to
 * print counts as new for longer, on a busy machine for longer than NEW_MS.
 */
static void expect_next_reply(const char *request, const char *status, const char *part)
{
	bool comes = false;

	for (unsigned int tries = PATIENCE_MS / NEW_MS; !comes && tries > 0; tries--) {
		size_t len;
		char *reply;

		usleep(NEW_MS * 1000);
		reply = reply_to(request, &len);
		comes = has_status(reply, status) && strstr(reply, part);
		if (!comes && tries == 1)
			EXPECT_TEXT(reply, part);
		free(reply);
	}
}

/* --- stories ------------------------------------------------------------------------------------ */

static void replies(void)
{
	begin();
	expect_reply(REQUEST, "200", "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n");
	expect_reply(REQUEST, "200", "\r\n\r\nbbbbb");
	EXPECT_INT(texts, 1);
	expect_reply("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n", "503", "{\"ready\": false}\n");
	is_ready = true;
	expect_reply("GET /healthz HTTP/1.0\r\n\r\n", "503", "{\"ready\": false}\n");
	usleep(NEW_MS * 1000);
	expect_reply("GET /healthz HTTP/1.0\r\n\r\n", "200", "{\"ready\": true}\n");
	expect_reply("GET /status HTTP/1.0\r\n\r\n", "200", "Content-Type: application/json\r\n");
	expect_reply("GET /status HTTP/1.0\r\n\r\n", "200", "\r\n\r\n{}\n");
	expect_reply("GET / HTTP/1.0\r\n\r\n", "200",
		     "Content-Security-Policy: default-src 'none'; ");
	expect_reply("GET / HTTP/1.0\r\n\r\n", "200", "</html>\n");
	expect_reply("POST / HTTP/1.0\r\n\r\n", "405", "Allow: GET, HEAD\r\n");
	expect_reply("GET /x HTTP/1.1\r\nHost: a\r\n\r\n", "404", "/metrics");
	expect_reply("POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999999\r\n\r\nx",
		     "405", "Allow: GET, HEAD\r\n");
	EXPECT_INT(texts, 1);
	end();
}

static void without_memory(void)
{
	text_len = 0;
	begin();
	expect_reply(REQUEST, "503", "no memory");
	text_len = SMALL;
	expect_reply(REQUEST, "200", "ccccc");
	end();
}

/* All who ask meanwhile wait for the same one, and the loop goes on. */
static void a_text_that_takes_long(void)
{
	int fds[5];
	size_t len;

	is_long = true;
	begin();
	for (size_t i = 0; i < 5; i++) {
		fds[i] = connect_to("127.0.0.1");
		say(fds[i], REQUEST);
	}
	expect_reply("GET /status HTTP/1.0\r\n\r\n", "200", "\r\n\r\n{}\n");
	for (size_t i = 0; i < 5; i++) {
		char *reply = read_all(fds[i], &len);

		CU_ASSERT_PTR_NOT_NULL(strstr(reply, "\r\n\r\nbbbbb"));
		free(reply);
	}
	EXPECT_INT(printed, 2);
	EXPECT_INT(texts, 1);
	expect_next_reply(REQUEST, "200", "\r\n\r\nccccc");
	text_len = 0;
	expect_next_reply(REQUEST, "503", "no memory");
	expect_reply("GET /healthz HTTP/1.0\r\n\r\n", "503", "{\"ready\": false}\n");
	end();
}

static void an_end_while_it_is_printed(void)
{
	int fd;

	is_long = true;
	begin();
	fd = connect_to("127.0.0.1");
	say(fd, REQUEST);
	for (int i = 0; i < 4; i++)
		uv_run(&loop, UV_RUN_ONCE);
	EXPECT_INT(printed, 0);
	end();
	EXPECT_INT(printed, 1);
	close(fd);
}

static void a_huge_text(void)
{
	size_t len;
	char *reply;

	text_len = HUGE;
	begin();
	reply = ask(REQUEST, "200", &len);
	CU_ASSERT(len > HUGE);
	EXPECT_INT(strspn(strstr(reply, "\r\n\r\n") + 4, "b"), HUGE);
	free(reply);
	end();
}

/* Some say nothing, one has not read what it asked for. */
static void an_end_with_clients(void)
{
	int idle[CROWD];
	struct err err = {0};

	text_len = HUGE;
	begin();
	for (size_t i = 0; i < CROWD; i++)
		idle[i] = connect_to("127.0.0.1");
	say(idle[0], REQUEST);
	for (size_t i = 0; i < 20; i++)
		uv_run(&loop, UV_RUN_ONCE);
	metrics_server_close(server);
	EXPECT_INT(serve(ADDRESS, &server, &err), 0); /* at once, at the same address */
	text_len = SMALL;
	expect_reply(REQUEST, "200", "\r\n\r\nccccc");
	end();
	for (size_t i = 0; i < CROWD; i++)
		close(idle[i]);
}

/* Nobody says anything, and all places are taken: somebody who has something to say gets in. */
static void a_silent_crowd(void)
{
	int idle[CROWD];
	uint64_t began_ms;

	begin();
	for (size_t i = 0; i < CROWD; i++)
		idle[i] = connect_to("127.0.0.1");
	for (size_t i = 0; i < 20; i++)
		uv_run(&loop, UV_RUN_ONCE);
	began_ms = uv_now(&loop);
	expect_reply(REQUEST, "200", "\r\n\r\nbbbbb");
	CU_ASSERT(uv_now(&loop) - began_ms < 4000);
	end();
	for (size_t i = 0; i < CROWD; i++)
		close(idle[i]);
}

/* Octet by octet, but never a whole request. */
static void a_slow_client(void)
{
	uint64_t began_ms;
	ssize_t got = -1;
	char buf[SMALL];
	int fd;

	begin();
	fd = connect_to("127.0.0.1");
	say(fd, "G");
	began_ms = uv_now(&loop);
	while (got != 0 && uv_now(&loop) - began_ms < PATIENCE_MS) {
		uv_run(&loop, UV_RUN_ONCE);
		got = recv(fd, buf, sizeof(buf), 0);
		if (got < 0 && errno != EAGAIN)
			got = 0;
		else if (got < 0)
			send(fd, "E", 1, MSG_NOSIGNAL);
	}
	EXPECT_INT(got, 0);
	CU_ASSERT(uv_now(&loop) - began_ms < 6000);
	close(fd);
	end();
}

/* No descriptor is left: the loop does not spin, and goes on when there is one again. */
static void without_descriptors(void)
{
	struct rlimit few, before;
	unsigned int turns = 0;
	uint64_t began_ms;
	int fd;

	begin();
	uv_timer_stop(&waker);
	fd = connect_to("127.0.0.1");
	getrlimit(RLIMIT_NOFILE, &before);
	few = before;
	few.rlim_cur = (rlim_t)fd + 1;
	setrlimit(RLIMIT_NOFILE, &few);
	uv_update_time(&loop);
	began_ms = uv_now(&loop);
	while (uv_now(&loop) - began_ms < 500) {
		uv_run(&loop, UV_RUN_ONCE);
		turns++;
	}
	CU_ASSERT(turns > 5 && turns < 1500);
	setrlimit(RLIMIT_NOFILE, &before);
	uv_timer_start(&waker, wake, 5, 5);
	close(fd);
	expect_reply(REQUEST, "200", "\r\n\r\nbbbbb");
	end();
}

static void expect_refused(const char *address, int code, const char *sentence)
{
	struct metrics_server *none = NULL;
	struct err err = {0};

	EXPECT_INT(serve(address, &none, &err), code);
	EXPECT_TEXT(err.text, sentence);
	CU_ASSERT_PTR_NULL(none);
}

static void addresses(void)
{
	struct metrics_server *six = NULL;
	struct err err = {0};

	begin();
	expect_refused(ADDRESS, -EADDRINUSE,
		       "cannot serve metrics on " ADDRESS ": Address already in use");
	expect_refused("0.0.0.0:9405", -EADDRINUSE,
		       "cannot serve metrics on 0.0.0.0:9405: Address already in use");
	expect_refused("192.0.2.1:9405", -EADDRNOTAVAIL,
		       "cannot serve metrics on 192.0.2.1:9405: Cannot assign requested address");
	EXPECT_INT(serve("[::]:9405", &six, &err), 0);
	EXPECT_TEXT(metrics_server_address(six), "[::]:9405");
	metrics_server_close(six);
	end();
}

#define STORY(name)                                                                                \
	static void in_namespace_##name(void)                                                      \
	{                                                                                          \
		unit_in_namespace(LOOPBACK, name);                                                 \
	}
STORY(replies)
STORY(without_memory)
STORY(a_text_that_takes_long)
STORY(an_end_while_it_is_printed)
STORY(a_huge_text)
STORY(an_end_with_clients)
STORY(a_silent_crowd)
STORY(a_slow_client)
STORY(without_descriptors)
STORY(addresses)

UNIT_TESTS(metrics_kernel) = {
	{"replies", in_namespace_replies},
	{"without memory", in_namespace_without_memory},
	{"a text that takes long", in_namespace_a_text_that_takes_long},
	{"an end while it is printed", in_namespace_an_end_while_it_is_printed},
	{"a huge text", in_namespace_a_huge_text},
	{"an end with clients", in_namespace_an_end_with_clients},
	{"a silent crowd", in_namespace_a_silent_crowd},
	{"a slow client", in_namespace_a_slow_client},
	{"without descriptors", in_namespace_without_descriptors},
	{"addresses", in_namespace_addresses},
	UNIT_TESTS_END,
};
