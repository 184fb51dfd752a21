/* SPDX-License-Identifier: GPL-2.0-or-later */
/* serve PORT: the server of clients.h, for thousands of connections, until it is ended. */
#include "tests/bench/clients.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONNECTIONS = 65536, EVENTS = 256, BACKLOG = 4096 };

struct connection {
	bool asked, closed; /* the client: its request is here; it has closed its half */
	bool ending;	    /* the frame is the last one */
	uint8_t request[CLIENTS_REQUEST];
	size_t got;
	uint64_t kind, seed, index, hash; /* index: of the next word */
	int64_t due_ms;
	size_t len,
		sent; /* of the frame under way, which is made anew when it did not go at once */
};

static struct connection connections[CONNECTIONS]; /* by descriptor */
static int highest;				   /* descriptor that was ever used, and one */
static uint64_t frame[CLIENTS_FRAME];

static void drop(int fd)
{
	connections[fd] = (struct connection){0};
	close(fd);
}

static uint64_t word_at(const uint8_t *at)
{
	uint64_t w;

	memcpy(&w, at, sizeof(w));
	return be64toh(w);
}

/* The frame of c->len octets into `frame`; the hash with it. */
static uint64_t make_frame(const struct connection *c)
{
	size_t words = c->len / CLIENTS_WORD - 1;
	uint64_t hash = c->hash;

	if (c->ending) {
		frame[0] = 0;
		frame[1] = htobe64(hash);
		return hash;
	}
	frame[0] = htobe64(words);
	for (size_t i = 0; i < words; i++) {
		uint64_t w = clients_word(c->seed, c->index + i);

		hash = clients_hash(hash, w);
		frame[1 + i] = htobe64(w);
	}
	return hash;
}

/* What is left of the frame. False: there is no connection any more. */
static bool go_on(int fd)
{
	struct connection *c = &connections[fd];
	uint64_t hash = make_frame(c);
	ssize_t n = send(fd, (uint8_t *)frame + c->sent, c->len - c->sent, MSG_DONTWAIT);

	if (n < 0 && errno == EAGAIN)
		return true;
	if (n < 0) {
		drop(fd);
		return false;
	}
	c->sent += (size_t)n;
	if (c->sent < c->len)
		return true;
	if (c->ending) {
		drop(fd);
		return false;
	}
	c->hash = hash;
	c->index += c->len / CLIENTS_WORD - 1;
	c->len = c->sent = 0;
	return true;
}

static void heard(int fd, const uint8_t *bytes, size_t n)
{
	struct connection *c = &connections[fd];

	if (n > CLIENTS_REQUEST - c->got)
		n = CLIENTS_REQUEST - c->got;
	memcpy(c->request + c->got, bytes, n);
	c->got += n;
	if (c->got < CLIENTS_REQUEST || c->asked)
		return;
	c->asked = true;
	c->kind = word_at(c->request);
	c->seed = word_at(c->request + CLIENTS_WORD);
	c->due_ms =
		clients_now_ms() + (c->kind == CLIENTS_SHORT ? CLIENTS_THINK_MS : CLIENTS_TICK_MS);
}

static void readable(int fd)
{
	struct connection *c = &connections[fd];
	uint8_t bytes[CLIENTS_REQUEST];
	ssize_t n;

	while ((n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0)
		heard(fd, bytes, (size_t)n);
	if (n < 0 && errno == EAGAIN)
		return;
	if (n < 0 || !c->asked)
		drop(fd); /* a health check, for one */
	else
		c->closed = true;
}

/* The next frame, when it is time for one; a short one's are two. */
static bool begin_due(struct connection *c, int64_t now_ms)
{
	bool end = c->kind == CLIENTS_SHORT ? c->index > 0 : c->closed;

	if (now_ms < c->due_ms && !end)
		return false;
	c->ending = end;
	c->sent = 0;
	c->len = CLIENTS_WORD * (end			    ? 2
				 : c->kind == CLIENTS_SHORT ? 1 + CLIENTS_SHORT_WORDS
							    : CLIENTS_FRAME);
	c->due_ms += CLIENTS_TICK_MS * CLIENTS_TICKS;
	return true;
}

static void tend(int fd, int64_t now_ms)
{
	struct connection *c = &connections[fd];

	/* One that did not go: the client's window was full, or nobody acknowledged. */
	while (c->asked && (c->len > 0 || begin_due(c, now_ms)))
		if (!go_on(fd) || c->len > 0)
			return;
}

static void take_new(int epoll, int listener)
{
	struct epoll_event e = {.events = EPOLLIN | EPOLLRDHUP | EPOLLET};

	for (;;) {
		int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0)
			return;
		if (fd >= CONNECTIONS) {
			close(fd);
			continue;
		}
		connections[fd] = (struct connection){0};
		e.data.fd = fd;
		if (fd >= highest)
			highest = fd + 1;
		epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e);
	}
}

static int listen_on(const char *port)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
	struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&here, sizeof(here)) < 0 || listen(fd, BACKLOG) < 0) {
		perror("listen");
		return -1;
	}
	return fd;
}

int clients_serve(int argc, char **argv)
{
	int epoll = epoll_create1(EPOLL_CLOEXEC), listener = listen_on(argv[0]);
	struct epoll_event e = {.events = EPOLLIN}, events[EVENTS];
	int64_t tick_ms = clients_now_ms();

	(void)argc;
	if (listener < 0)
		return 1;
	e.data.fd = listener;
	epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &e);
	puts("ready");
	fflush(stdout);
	for (;;) {
		int64_t now_ms = clients_now_ms();
		int wait_ms = tick_ms > now_ms ? (int)(tick_ms - now_ms) : 0;
		int n = epoll_wait(epoll, events, EVENTS, wait_ms);

		for (int i = 0; i < n; i++) {
			if (events[i].data.fd == listener)
				take_new(epoll, listener);
			else
				readable(events[i].data.fd);
		}
		now_ms = clients_now_ms();
		if (now_ms < tick_ms)
			continue;
		tick_ms = now_ms + CLIENTS_TICK_MS;
		for (int fd = 0; fd < highest; fd++)
			tend(fd, now_ms);
	}
}
