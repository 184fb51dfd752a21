/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A connection through the path of the traffic as a descriptor, with the kernel's TCP as the backend's
 * (vip_world.h). Needs root.
 */
#include "director/health/vip_stream_uv.h"
#include "tests/unit/loop.h"
#include "tests/unit/unit.h"
#include "tests/unit/vip_world.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MANY = 1024 * 1024, PATIENCE_MS = 2000, PIECE = 3000 };

static uv_loop_t loop;
static uv_timer_t waker;
static struct vip_path *path;

static void wake(uv_timer_t *timer)
{
	(void)timer;
}

static void begin(void)
{
	struct err err = {0};

	uv_loop_init(&loop);
	uv_timer_init(&loop, &waker);
	uv_timer_start(&waker, wake, 1, 1);
	EXPECT_INT(vip_path_new(&loop, &path, &err), 0);
	EXPECT_TEXT(err.text, "");
}

static void finish(void)
{
	vip_path_close(path);
	uv_close((uv_handle_t *)&waker, NULL);
	uv_run(&loop, UV_RUN_DEFAULT);
	EXPECT_INT(uv_loop_close(&loop), 0);
	EXPECT_INT(vip_world_resets(), 0);
}

static uint8_t octet(size_t at)
{
	return (uint8_t)(at * 7 + at / 251);
}

/* --- what the backend does -------------------------------------------------------------------- */

static void serve_answer(int fd)
{
	static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
	char request[200];
	ssize_t n = read(fd, request, sizeof(request));

	if (n < 4 || memcmp(request, "GET ", 4) != 0 || memcmp(request + n - 4, "\r\n\r\n", 4) != 0)
		return;
	if (write(fd, answer, sizeof(answer) - 1) < 0)
		return;
	(void)!read(fd, request, sizeof(request)); /* until the other side ends */
}

static void serve_many(int fd)
{
	static uint8_t bytes[MANY];
	size_t at = 0;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = octet(i);
	while (at < sizeof(bytes)) {
		ssize_t n = write(fd, bytes + at, sizeof(bytes) - at);

		if (n <= 0)
			return;
		at += (size_t)n;
	}
}

/* All that comes, then whether it was right: the sum, as text. */
static void serve_sum(int fd)
{
	static uint8_t bytes[PIECE];
	char text[40];
	uint64_t sum = 0;
	ssize_t n;

	while ((n = read(fd, bytes, sizeof(bytes))) > 0)
		for (ssize_t i = 0; i < n; i++)
			sum = sum * 31 + bytes[i];
	n = snprintf(text, sizeof(text), "%llu", (unsigned long long)sum);
	(void)!write(fd, text, (size_t)n);
}

static void serve_reset(int fd)
{
	const struct linger now = {.l_onoff = 1};
	char request[200];

	(void)!read(fd, request, sizeof(request));
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}

/* --- the reader's side ------------------------------------------------------------------------ */

struct reader {
	struct vip_stream *stream;
	int fd;
	size_t octets;
	bool wrong, over;
	char text[200];
};

static void start(struct reader *r, const char *vip)
{
	const struct vip_ask ask = vip_world_ask(vip, VIP_WORLD_PORT);

	*r = (struct reader){0};
	CU_ASSERT_EQUAL_FATAL(vip_stream_start(path, &ask, &r->stream, &r->fd), 0);
}

static void take(struct reader *r, size_t most)
{
	uint8_t bytes[PIECE];
	ssize_t n = recv(r->fd, bytes, most < PIECE ? most : PIECE, MSG_DONTWAIT);

	r->over |= n == 0 || (n < 0 && errno != EAGAIN);
	for (ssize_t i = 0; i < n; i++, r->octets++) {
		r->wrong |= bytes[i] != octet(r->octets);
		if (r->octets < sizeof(r->text) - 1)
			r->text[r->octets] = (char)bytes[i];
	}
}

static void read_to_the_end(struct reader *r)
{
	uint64_t until = uv_hrtime() + PATIENCE_MS * 1000000ULL;

	while (!r->over && uv_hrtime() < until) {
		uv_run(&loop, UV_RUN_NOWAIT);
		take(r, PIECE);
	}
	CU_ASSERT(r->over);
}

static void expect_outcome(const struct reader *r, const char *sentence)
{
	struct outcome o = {0};
	char text[OUTCOME_TEXT];

	vip_stream_outcome(r->stream, &o);
	EXPECT_TEXT(outcome_text(&o, text), sentence);
}

static void end(struct reader *r)
{
	close(r->fd);
	vip_stream_end(r->stream);
}

static void write_text(const struct reader *r, const char *text)
{
	EXPECT_INT(send(r->fd, text, strlen(text), MSG_NOSIGNAL), (long long)strlen(text));
}

/* --- stories ---------------------------------------------------------------------------------- */

static void exchange(const char *vip)
{
	struct reader r;
	uint64_t until = uv_hrtime() + PATIENCE_MS * 1000000ULL;

	start(&r, vip);
	expect_outcome(&r, vip[0] == 'f' ? "does not answer: port 80 of fd77::100"
					 : "does not answer: port 80 of 10.77.0.100");
	write_text(&r, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"); /* before there is a connection */
	while (!strstr(r.text, "\r\n\r\nok") && uv_hrtime() < until) {
		uv_run(&loop, UV_RUN_NOWAIT);
		take(&r, PIECE);
	}
	CU_ASSERT(strncmp(r.text, "HTTP/1.1 200 OK\r\n", 17) == 0);
	CU_ASSERT(!r.over);
	expect_outcome(&r, "is well");
	/* The backend ends when we do. */
	shutdown(r.fd, SHUT_WR);
	read_to_the_end(&r);
	expect_outcome(&r, "is well");
	end(&r);
}

static void exchange_story(void)
{
	begin();
	vip_world_serve(vip_world_listen(VIP_WORLD_V4, VIP_WORLD_PORT), serve_answer);
	vip_world_serve(vip_world_listen(VIP_WORLD_V6, VIP_WORLD_PORT), serve_answer);
	exchange(VIP_WORLD_V4);
	exchange(VIP_WORLD_V6);
	vip_world_director("ip address add 10.77.0.100/32 dev eth0 && "
			   "ip address add fd77::100/128 dev eth0 nodad");
	for (int i = 0; i < 10; i++)
		exchange(VIP_WORLD_V4);
	exchange(VIP_WORLD_V6);
	finish();
}

static void an_exchange(void)
{
	vip_world_run(exchange_story);
}

/* All of it comes from another interface of the backend's. */
static void other_mac_story(void)
{
	begin();
	vip_world_backend("ip link add link eth0 name other address 02:00:00:00:00:16 type macvlan "
			  "mode bridge && ip link set other up && "
			  "ip route add 10.77.0.2/32 dev other src 10.77.0.21");
	vip_world_serve(vip_world_listen(VIP_WORLD_V4, VIP_WORLD_PORT), serve_answer);
	for (int i = 0; i < 10; i++)
		exchange(VIP_WORLD_V4);
	finish();
}

static void by_another_mac(void)
{
	vip_world_run(other_mac_story);
}

static void container_story(void)
{
	begin();
	vip_world_contain();
	vip_world_serve(vip_world_listen_inside(VIP_WORLD_INNER_PORT), serve_answer);
	for (int i = 0; i < 10; i++)
		exchange(VIP_WORLD_V4);
	exchange(VIP_WORLD_V6);
	finish();
}

static void with_a_container(void)
{
	vip_world_run(container_story);
}

static void many_story(void)
{
	struct reader r;

	begin();
	vip_world_serve(vip_world_listen(VIP_WORLD_V4, VIP_WORLD_PORT), serve_many);
	start(&r, VIP_WORLD_V4);
	/* Nobody reads: what does not fit waits at the backend. */
	unit_loop_run(&loop, 100);
	read_to_the_end(&r);
	EXPECT_INT(r.octets, MANY);
	CU_ASSERT(!r.wrong);
	end(&r);
	finish();
}

static void a_mebibyte_read(void)
{
	vip_world_run(many_story);
}

static void sum_story(void)
{
	uint8_t bytes[PIECE];
	size_t at = 0;
	uint64_t sum = 0, until = uv_hrtime() + PATIENCE_MS * 1000000ULL;
	struct reader r;

	begin();
	vip_world_serve(vip_world_listen(VIP_WORLD_V6, VIP_WORLD_PORT), serve_sum);
	start(&r, VIP_WORLD_V6);
	while (at < MANY && uv_hrtime() < until) {
		ssize_t n;

		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = octet(at + i);
		n = send(r.fd, bytes, MANY - at < PIECE ? MANY - at : PIECE,
			 MSG_DONTWAIT | MSG_NOSIGNAL);
		for (ssize_t i = 0; i < n; i++)
			sum = sum * 31 + bytes[i];
		at += n > 0 ? (size_t)n : 0;
		if (n < 0)
			uv_run(&loop, UV_RUN_NOWAIT);
	}
	EXPECT_INT(at, MANY);
	shutdown(r.fd, SHUT_WR);
	read_to_the_end(&r);
	CU_ASSERT(strtoull(r.text, NULL, 10) == sum);
	expect_outcome(&r, "is well");
	end(&r);
	finish();
}

static void a_mebibyte_written(void)
{
	vip_world_run(sum_story);
}

static void failure_story(void)
{
	struct reader r;

	begin();
	start(&r, VIP_WORLD_V4);
	write_text(&r, "GET / HTTP/1.1\r\n\r\n");
	read_to_the_end(&r);
	expect_outcome(&r, "refuses connections: port 80 of 10.77.0.100");
	CU_ASSERT(send(r.fd, "x", 1, MSG_NOSIGNAL) < 0);
	end(&r);
	vip_world_serve(vip_world_listen(VIP_WORLD_V4, VIP_WORLD_PORT), serve_reset);
	start(&r, VIP_WORLD_V4);
	write_text(&r, "GET / HTTP/1.1\r\n\r\n");
	read_to_the_end(&r);
	expect_outcome(&r, "ends the connection before its answer: reset by the backend");
	end(&r);
	vip_world_backend("ip address delete 10.77.0.100/32 dev lo");
	start(&r, VIP_WORLD_V4);
	unit_loop_run(&loop, 50);
	take(&r, PIECE);
	CU_ASSERT(!r.over);
	expect_outcome(&r, "does not answer: port 80 of 10.77.0.100");
	end(&r);
	vip_world_backend("sysctl -qw net.ipv4.ip_forward=1");
	start(&r, VIP_WORLD_V4);
	read_to_the_end(&r);
	expect_outcome(&r, "does not have the virtual address and forwards what is sent to it: "
			   "10.77.0.100");
	end(&r);
	finish();
}

static void failures(void)
{
	vip_world_run(failure_story);
}

/* In the middle of it: before the handshake, with unread octets, with the descriptor closed or not. */
static void leave_story(void)
{
	struct reader r;

	begin();
	vip_world_serve(vip_world_listen(VIP_WORLD_V4, VIP_WORLD_PORT), serve_many);
	for (unsigned int ms = 0; ms < 12; ms++) {
		start(&r, VIP_WORLD_V4);
		unit_loop_run(&loop, ms / 2 * 3);
		if (ms % 2)
			close(r.fd);
		unit_loop_run(&loop, ms / 4);
		vip_stream_end(r.stream);
		if (ms % 2 == 0)
			close(r.fd);
	}
	start(&r, VIP_WORLD_V4);
	read_to_the_end(&r);
	EXPECT_INT(r.octets, MANY);
	end(&r);
	vip_stream_end(NULL);
	finish();
}

static void left_in_the_middle(void)
{
	vip_world_run(leave_story);
}

UNIT_TESTS(vip_stream_kernel) = {
	{"an exchange", an_exchange},
	{"one that is answered by another MAC", by_another_mac},
	{"one with a container", with_a_container},
	{"a mebibyte read", a_mebibyte_read},
	{"a mebibyte written", a_mebibyte_written},
	{"failures", failures},
	{"left in the middle", left_in_the_middle},
	UNIT_TESTS_END,
};
