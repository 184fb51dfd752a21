/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * load ADDRESS PORT DOWNLOADS NEW_A_SECOND RESULT: the client of clients.h.
 *
 * Opens the downloads, says "ready" when each has got something, and opens new connections all the
 * time. SIGUSR1: no more new ones, the downloads are closed; it ends when all have their last octet,
 * within LAST_MS. RESULT has a line for each figure, NAME VALUE; each connection that failed has one
 * of the first four, a new one those that begin with new_:
 *
 *	reset, refused, wrong (the content or its hash), unfinished (not at its end within LAST_MS)
 *	stalled		downloads that got nothing for more than a second
 *	gap_ms		the longest time for which a download got nothing
 *	complete	those whose content and hash are right
 *	new_repeated	new ones that took more than a second: their SYN fell into the gap
 *	late_ms		the longest time for which the client itself did not look
 *	failed		each one that failed: when it began and when it failed, in ms since the start, its
 *			port, and whether it was open
 */
#include "tests/bench/clients.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	CONNECTIONS = 65536,
	EVENTS = 256,
	OPEN_A_SECOND = 2000, /* downloads, at the beginning */
	STALL_MS = 1000,
	LAST_MS = 5000, /* a SYN that is lost twice has three seconds */
	BUFFER = 65536,
};

enum outcome { COMPLETE, RESET, REFUSED, WRONG, UNFINISHED, OUTCOMES };

struct connection {
	bool used, open, asked, over;		/* over: the last word has come */
	uint64_t kind, seed, index, hash, left; /* left: words of the frame */
	bool in_end;				/* the next word is the hash */
	uint8_t part[CLIENTS_WORD];		/* of a word that has not come as a whole */
	size_t n_part;
	int64_t opened_ms, last_ms; /* last_ms: something came */
	int64_t ask_ms;		    /* when the request is due */
	int64_t gap_ms;
};

struct client {
	int epoll;
	struct sockaddr_in there;
	int64_t began_ms, end_ms;	     /* end_ms: when the end was asked for; 0: not yet */
	uint64_t downloads, opened, started; /* started: got something */
	uint64_t rate, new_opened;
	uint64_t alive;
	uint64_t outcomes[CLIENTS_DOWNLOAD + 1][OUTCOMES];
	uint64_t stalled, repeated;
	int64_t gap_ms, late_ms;
	FILE *out;
};

static struct connection connections[CONNECTIONS]; /* by descriptor */

static void say_failed(const struct client *c, int fd, int64_t now_ms)
{
	const struct connection *k = &connections[fd];
	struct sockaddr_in here = {0};
	socklen_t len = sizeof(here);

	getsockname(fd, (struct sockaddr *)&here, &len);
	fprintf(c->out, "failed %s %lld-%lld %u %s\n",
		k->kind == CLIENTS_SHORT ? "new" : "download",
		(long long)(k->opened_ms - c->began_ms), (long long)(now_ms - c->began_ms),
		ntohs(here.sin_port), k->open ? "open" : "opening");
}

static void finish(struct client *c, int fd, enum outcome how)
{
	struct connection *k = &connections[fd];
	int64_t now_ms = clients_now_ms();

	c->outcomes[k->kind][how]++;
	if (k->kind == CLIENTS_DOWNLOAD) {
		c->stalled += k->gap_ms > STALL_MS;
		if (k->gap_ms > c->gap_ms)
			c->gap_ms = k->gap_ms;
	} else if (how == COMPLETE && now_ms - k->opened_ms > STALL_MS) {
		c->repeated++;
	}
	if (how != COMPLETE)
		say_failed(c, fd, now_ms);
	k->used = false;
	c->alive--;
	close(fd);
}

static void failed(struct client *c, int fd, int code)
{
	finish(c, fd, code == ECONNREFUSED && !connections[fd].open ? REFUSED : RESET);
}

static void open_one(struct client *c, uint64_t kind)
{
	struct epoll_event e = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	static uint64_t n;

	if (fd < 0 || fd >= CONNECTIONS) {
		perror("socket");
		exit(1);
	}
	n++;
	c->alive++;
	connections[fd] = (struct connection){.used = true,
					      .kind = kind,
					      .seed = n * 0x2545f4914f6cdd1du,
					      .opened_ms = clients_now_ms()};
	e.data.fd = fd;
	epoll_ctl(c->epoll, EPOLL_CTL_ADD, fd, &e);
	if (connect(fd, (struct sockaddr *)&c->there, sizeof(c->there)) < 0 && errno != EINPROGRESS)
		failed(c, fd, errno);
}

/* False: it is not what it has to be. */
static bool take_word(struct connection *k, uint64_t w)
{
	if (k->over)
		return false;
	if (k->in_end) {
		k->over = true;
		return w == k->hash;
	}
	if (k->left == 0) {
		k->left = w;
		k->in_end = w == 0;
		return w < CLIENTS_FRAME;
	}
	k->left--;
	k->hash = clients_hash(k->hash, w);
	return w == clients_word(k->seed, k->index++);
}

static bool take(struct connection *k, const uint8_t *bytes, size_t n)
{
	for (size_t i = 0, room; i < n; i += room) {
		uint64_t w;

		room = CLIENTS_WORD - k->n_part;
		if (room > n - i)
			room = n - i;
		memcpy(k->part + k->n_part, bytes + i, room);
		k->n_part += room;
		if (k->n_part < CLIENTS_WORD)
			return true;
		k->n_part = 0;
		memcpy(&w, k->part, sizeof(w));
		if (!take_word(k, be64toh(w)))
			return false;
	}
	return true;
}

static void note_gap(struct connection *k, int64_t now_ms)
{
	if (k->last_ms && now_ms - k->last_ms > k->gap_ms)
		k->gap_ms = now_ms - k->last_ms;
}

static void readable(struct client *c, int fd)
{
	struct connection *k = &connections[fd];
	static uint8_t bytes[BUFFER];
	ssize_t n;

	while ((n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0) {
		int64_t now_ms = clients_now_ms();

		if (k->kind == CLIENTS_DOWNLOAD && !k->last_ms)
			c->started++;
		note_gap(k, now_ms);
		k->last_ms = now_ms;
		if (!take(k, bytes, (size_t)n)) {
			finish(c, fd, WRONG);
			return;
		}
	}
	if (n == 0)
		finish(c, fd, k->over ? COMPLETE : WRONG);
	else if (errno != EAGAIN)
		failed(c, fd, errno);
}

static void ask(struct client *c, int fd)
{
	struct connection *k = &connections[fd];
	uint64_t request[2] = {htobe64(k->kind), htobe64(k->seed)};

	k->asked = true;
	if (send(fd, request, sizeof(request), 0) != sizeof(request))
		failed(c, fd, errno);
}

/* Those whose handshake is over, in the order in which they have to ask. */
static struct {
	int fds[CONNECTIONS];
	size_t first, n;
} far;

static void ask_due(struct client *c, int64_t now_ms)
{
	while (far.n > 0) {
		int fd = far.fds[far.first];
		struct connection *k = &connections[fd];
		bool waits = k->used && k->open && !k->asked;

		if (waits && now_ms < k->ask_ms)
			return;
		far.first = (far.first + 1) % CONNECTIONS;
		far.n--;
		if (waits)
			ask(c, fd);
	}
}

static void ready(struct client *c, int fd, uint32_t events)
{
	struct connection *k = &connections[fd];
	int code = 0;
	socklen_t len = sizeof(code);

	if (!k->used)
		return;
	if (events & (EPOLLERR | EPOLLHUP) &&
	    getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &len) == 0 && code) {
		failed(c, fd, code);
		return;
	}
	if (events & EPOLLOUT && !k->open) {
		k->open = true;
		k->ask_ms = clients_now_ms() + (k->kind == CLIENTS_SHORT ? CLIENTS_FAR_MS : 0);
		far.fds[(far.first + far.n++) % CONNECTIONS] = fd;
	}
	readable(c, fd);
}

/* No more new ones; each download says that it has enough. */
static void begin_end(struct client *c)
{
	c->end_ms = clients_now_ms();
	for (int fd = 0; fd < CONNECTIONS; fd++) {
		struct connection *k = &connections[fd];

		if (!k->used || k->kind != CLIENTS_DOWNLOAD)
			continue;
		note_gap(k, c->end_ms);
		shutdown(fd, SHUT_WR);
	}
}

static void give_up(struct client *c)
{
	for (int fd = 0; fd < CONNECTIONS; fd++)
		if (connections[fd].used)
			finish(c, fd, UNFINISHED);
}

static void open_due(struct client *c, int64_t now_ms)
{
	uint64_t since_ms = (uint64_t)(now_ms - c->began_ms);
	static bool said;

	if (c->end_ms)
		return;
	while (c->opened < c->downloads && c->opened < since_ms * OPEN_A_SECOND / 1000) {
		open_one(c, CLIENTS_DOWNLOAD);
		c->opened++;
	}
	while (c->new_opened < since_ms * c->rate / 1000) {
		open_one(c, CLIENTS_SHORT);
		c->new_opened++;
	}
	if (!said && c->started == c->downloads) {
		said = true;
		puts("ready");
		fflush(stdout);
	}
}

static void write_kind(struct client *c, uint64_t kind, const char *prefix)
{
	static const char *const names[] = {"complete", "reset", "refused", "wrong", "unfinished"};

	for (size_t i = 0; i < OUTCOMES; i++)
		fprintf(c->out, "%s%s %llu\n", prefix, names[i],
			(unsigned long long)c->outcomes[kind][i]);
}

static int write_result(struct client *c)
{
	write_kind(c, CLIENTS_DOWNLOAD, "");
	write_kind(c, CLIENTS_SHORT, "new_");
	fprintf(c->out, "downloads %llu\nnew %llu\nstalled %llu\nnew_repeated %llu\n",
		(unsigned long long)c->opened, (unsigned long long)c->new_opened,
		(unsigned long long)c->stalled, (unsigned long long)c->repeated);
	fprintf(c->out, "gap_ms %lld\nlate_ms %lld\n", (long long)c->gap_ms, (long long)c->late_ms);
	return fclose(c->out) == 0 ? 0 : 1;
}

static int run(struct client *c, int signals)
{
	struct epoll_event events[EVENTS];
	int64_t looked_ms = clients_now_ms();

	c->began_ms = looked_ms;
	for (;;) {
		int n = epoll_wait(c->epoll, events, EVENTS, 1);
		int64_t now_ms = clients_now_ms();

		if (now_ms - looked_ms > c->late_ms)
			c->late_ms = now_ms - looked_ms;
		looked_ms = now_ms;
		for (int i = 0; i < n; i++) {
			if (events[i].data.fd == signals && !c->end_ms)
				begin_end(c);
			else if (events[i].data.fd != signals)
				ready(c, events[i].data.fd, events[i].events);
		}
		ask_due(c, now_ms);
		open_due(c, now_ms);
		if (c->end_ms && now_ms > c->end_ms + LAST_MS)
			give_up(c);
		if (c->end_ms && !c->alive)
			return write_result(c);
	}
}

int clients_load(int argc, char **argv)
{
	struct client c = {
		.epoll = epoll_create1(EPOLL_CLOEXEC),
		.there = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1]))},
		.downloads = strtoull(argv[2], NULL, 10),
		.rate = strtoull(argv[3], NULL, 10),
		.out = fopen(argv[4], "w")};
	struct epoll_event e = {.events = EPOLLIN | EPOLLET};
	sigset_t set;

	(void)argc;
	if (!c.out || inet_pton(AF_INET, argv[0], &c.there.sin_addr) != 1) {
		fprintf(stderr, "no file %s, or no address %s\n", argv[4], argv[0]);
		return 2;
	}
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	e.data.fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	epoll_ctl(c.epoll, EPOLL_CTL_ADD, e.data.fd, &e);
	return run(&c, e.data.fd);
}
