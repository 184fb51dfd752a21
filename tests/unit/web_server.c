/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/web_server.h"

#include "tests/unit/web_identity.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BACKLOG = 1024, PATIENCE_S = 5 };

struct web_server {
	pthread_t thread;
	int listener;	/* -1: there is one connection, served once */
	int connection; /* then */
	uint16_t port;
	web_serve *serve;
	SSL_CTX *tls;
	atomic_uint resets, connections;
	atomic_size_t sent;
	pthread_mutex_t lock;
	char request[WEB_REQUEST]; /* under it */
	char copy[WEB_REQUEST];
};

struct web_client {
	struct web_server *all;
	int fd;
	SSL *tls; /* NULL: none */
};

/* --- what serves ------------------------------------------------------------------------------ */

static ssize_t receive(struct web_client *c, void *buf, size_t n)
{
	if (c->tls)
		return SSL_read(c->tls, buf, (int)n);
	return recv(c->fd, buf, n, 0);
}

bool web_request(struct web_client *c)
{
	char text[WEB_REQUEST] = "";
	size_t used = 0;

	while (!strstr(text, "\r\n\r\n")) {
		ssize_t n = receive(c, text + used, sizeof(text) - 1 - used);

		if (n <= 0)
			return false;
		used += (size_t)n;
		text[used] = '\0';
	}
	pthread_mutex_lock(&c->all->lock);
	memcpy(c->all->request, text, sizeof(text));
	pthread_mutex_unlock(&c->all->lock);
	return true;
}

bool web_send(struct web_client *c, const void *octets, size_t n)
{
	const char *at = octets;

	while (n > 0) {
		ssize_t sent = c->tls ? SSL_write(c->tls, at, (int)n) : send(c->fd, at, n, 0);

		if (sent <= 0)
			return false;
		c->all->sent += (size_t)sent;
		at += sent;
		n -= (size_t)sent;
	}
	return true;
}

bool web_say(struct web_client *c, const char *text)
{
	return web_send(c, text, strlen(text));
}

void web_pause(unsigned int ms)
{
	const struct timespec t = {.tv_nsec = (long)ms * 1000000};

	nanosleep(&t, NULL);
}

void web_wait(struct web_client *c)
{
	char some[WEB_REQUEST];
	ssize_t n;

	/* Below TLS: how the connection ends. */
	do
		n = recv(c->fd, some, sizeof(some), 0);
	while (n > 0);
	if (n < 0 && errno == ECONNRESET)
		c->all->resets++;
}

static void serve_one(struct web_server *w, int fd)
{
	const struct timeval patience = {.tv_sec = PATIENCE_S};
	struct web_client c = {.all = w, .fd = fd};
	const int at_once = 1;
	bool good = true;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	w->connections++;
	/* What follows the tickets of a handshake would wait for the client's acknowledgement. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof(at_once));
	if (w->tls) {
		c.tls = SSL_new(w->tls);
		SSL_set_fd(c.tls, fd);
		good = SSL_accept(c.tls) == 1;
	}
	if (good)
		w->serve(&c);
	SSL_free(c.tls);
	close(fd);
}

static void *run(void *owner)
{
	struct web_server *w = owner;
	sigset_t pipe;
	int fd;

	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &pipe, NULL);
	if (w->listener < 0)
		serve_one(w, w->connection);
	else
		while ((fd = accept(w->listener, NULL, NULL)) >= 0)
			serve_one(w, fd);
	return NULL;
}

/* --- its life --------------------------------------------------------------------------------- */

static struct web_server *start(int listener, int connection, const struct web_identity *identity,
				web_serve *serve)
{
	struct web_server *w = calloc(1, sizeof(*w));

	w->listener = listener;
	w->connection = connection;
	w->serve = serve;
	pthread_mutex_init(&w->lock, NULL);
	if (identity) {
		w->tls = SSL_CTX_new(TLS_server_method());
		SSL_CTX_use_certificate(w->tls, identity->cert);
		SSL_CTX_use_PrivateKey(w->tls, identity->key);
	}
	return w;
}

struct web_server *web_server_new(const struct web_identity *identity, web_serve *serve)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct web_server *w = start(fd, -1, identity, serve);
	socklen_t len = sizeof(at);

	if (bind(fd, (struct sockaddr *)&at, len) < 0 || listen(fd, BACKLOG) < 0 ||
	    getsockname(fd, (struct sockaddr *)&at, &len) < 0)
		abort();
	w->port = ntohs(at.sin_port);
	pthread_create(&w->thread, NULL, run, w);
	return w;
}

struct web_server *web_server_on(int fd, const struct web_identity *identity, web_serve *serve)
{
	struct web_server *w = start(-1, fd, identity, serve);

	pthread_create(&w->thread, NULL, run, w);
	return w;
}

void web_server_free(struct web_server *w)
{
	if (!w)
		return;
	if (w->listener >= 0)
		shutdown(w->listener, SHUT_RDWR);
	pthread_join(w->thread, NULL);
	if (w->listener >= 0)
		close(w->listener);
	SSL_CTX_free(w->tls);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

uint16_t web_server_port(const struct web_server *w)
{
	return w->port;
}

const char *web_server_request(struct web_server *w)
{
	pthread_mutex_lock(&w->lock);
	memcpy(w->copy, w->request, sizeof(w->copy));
	pthread_mutex_unlock(&w->lock);
	return w->copy;
}

unsigned int web_server_resets(const struct web_server *w)
{
	return w->resets;
}

size_t web_server_sent(const struct web_server *w)
{
	return w->sent;
}

unsigned int web_server_connections(const struct web_server *w)
{
	return w->connections;
}
