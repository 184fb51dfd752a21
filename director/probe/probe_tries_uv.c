/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/probe/probe_tries_uv.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct probe_try {
	TAILQ_ENTRY(probe_try) entry;
	uv_poll_t poll;
	struct probe_tries *tries;
	uint64_t attempt, begun_us;
	int fd;
	bool waits_for_answer; /* what there was to say is said */
};

/* --- sockets ------------------------------------------------------------------------------------ */

int probe_connect(const struct probe_order *order)
{
	const struct linger reset = {.l_onoff = 1};
	int kind = order->udp ? SOCK_DGRAM : SOCK_STREAM, error;
	int fd = socket(order->to.ss_family, kind | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if ((order->udp || setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)) == 0) &&
	    (connect(fd, (const struct sockaddr *)&order->to, order->to_len) == 0 ||
	     errno == EINPROGRESS))
		return fd;
	error = errno;
	close(fd);
	return -error;
}

union place {
	struct sockaddr any;
	struct sockaddr_in four;
	struct sockaddr_in6 six;
};

/* Of our end. False when there is none. */
static bool own_place(int fd, union place *ret)
{
	socklen_t len = sizeof(*ret);

	memset(ret, 0, sizeof(*ret));
	return getsockname(fd, &ret->any, &len) == 0;
}

uint16_t probe_own_port(int fd)
{
	union place from;

	if (!own_place(fd, &from))
		return 0;
	return ntohs(from.any.sa_family == AF_INET6 ? from.six.sin6_port : from.four.sin_port);
}

/* What is sent to an own address has that one as its source, too. */
bool probe_is_to_itself(int fd, const struct probe_order *order)
{
	const union place *to = (const union place *)&order->to;
	union place from;

	if (!own_place(fd, &from) || from.any.sa_family != to->any.sa_family)
		return false;
	if (from.any.sa_family == AF_INET6)
		return memcmp(&from.six.sin6_addr, &to->six.sin6_addr, sizeof(struct in6_addr)) ==
		       0;
	return from.four.sin_addr.s_addr == to->four.sin_addr.s_addr;
}

int probe_socket_error(int fd)
{
	int error = 0;
	socklen_t len = sizeof(error);

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		return errno;
	return error;
}

static enum probe_loss loss_of(int error, bool connected)
{
	switch (error) {
	case ECONNREFUSED: return PROBE_REFUSED;
	case ECONNRESET:
	case EPIPE: return connected ? PROBE_CLOSED : PROBE_REFUSED;
	case ETIMEDOUT: return PROBE_SILENT;
	case EHOSTUNREACH:
	case ENETUNREACH:
	case EHOSTDOWN:
	case ENETDOWN:
	case EACCES: return PROBE_UNREACHABLE;
	case EMFILE:
	case ENFILE:
	case ENOMEM:
	case ENOBUFS:
	case EADDRNOTAVAIL: /* all ports are taken */
	case EAGAIN: return PROBE_NO_ROOM;
	default: return PROBE_CANNOT;
	}
}

/* --- one attempt -------------------------------------------------------------------------------- */

static void forget(uv_handle_t *handle)
{
	free(handle->data);
}

/* The descriptor goes before the callback, but after libuv has let go of it. */
static void end(struct probe_try *t)
{
	TAILQ_REMOVE(&t->tries->list, t, entry);
	t->tries->n--;
	uv_close((uv_handle_t *)&t->poll, forget);
	close(t->fd);
}

static void lose(struct probe_try *t, enum probe_loss loss)
{
	struct probe_tries *tries = t->tries;
	uint64_t attempt = t->attempt;

	end(t);
	tries->lost(tries->owner, attempt, loss);
}

static void succeed(struct probe_try *t)
{
	struct probe_tries *tries = t->tries;
	uint64_t attempt = t->attempt;

	end(t);
	tries->answered(tries->owner, attempt);
}

static void polled(uv_poll_t *poll, int status, int events);

/* Whatever is sent here is small, and the socket is empty. */
static int say(struct probe_try *t)
{
	const struct probe_order *order = t->tries->order;
	ssize_t n = send(t->fd, order->said, order->said_len, MSG_NOSIGNAL);

	if (n < 0)
		return -errno;
	t->waits_for_answer = true;
	uv_poll_start(&t->poll, UV_READABLE, polled);
	return 0;
}

static void hear(struct probe_try *t)
{
	uint8_t buf[256];
	ssize_t n = recv(t->fd, buf, sizeof(buf), MSG_TRUNC);

	if (n > 0 || (n == 0 && t->tries->order->udp))
		succeed(t);
	else if (n == 0)
		lose(t, PROBE_CLOSED);
	else if (errno != EAGAIN && errno != EINTR)
		lose(t, loss_of(errno, !t->tries->order->udp));
	else if (!uv_is_active((uv_handle_t *)&t->poll))
		uv_poll_start(&t->poll, UV_READABLE, polled);
}

/* The socket says what happened: libuv's status does not, and its handle may have stopped. */
static void polled(uv_poll_t *poll, int status, int events)
{
	struct probe_try *t = poll->data;
	int error;

	(void)status;
	(void)events;
	if (t->waits_for_answer) {
		hear(t);
		return;
	}
	error = probe_socket_error(t->fd);
	if (error == 0 && t->tries->order->said_len == 0)
		succeed(t);
	else if (error != 0 || (error = -say(t)) != 0)
		lose(t, loss_of(error, false));
}

/* --- all of them -------------------------------------------------------------------------------- */

void probe_tries_init(struct probe_tries *t)
{
	TAILQ_INIT(&t->list);
	t->n = 0;
}

static enum probe_begun refuse(int error, enum probe_loss *ret_loss)
{
	*ret_loss = loss_of(error, false);
	return PROBE_NOT_BEGUN;
}

enum probe_begun probe_tries_begin(struct probe_tries *tries, uint64_t attempt, uint64_t now_us,
				   enum probe_loss *ret_loss)
{
	struct probe_try *t;
	int fd, error = 0;

	if (tries->n >= tries->max)
		return refuse(EAGAIN, ret_loss);
	fd = probe_connect(tries->order);
	if (fd < 0)
		return refuse(-fd, ret_loss);
	if (probe_is_to_itself(fd, tries->order)) {
		close(fd);
		return PROBE_TO_ITSELF;
	}
	t = calloc(1, sizeof(*t));
	if (!t || uv_poll_init(tries->loop, &t->poll, fd) < 0) {
		free(t);
		close(fd);
		return refuse(ENOMEM, ret_loss);
	}
	t->poll.data = t;
	t->tries = tries;
	t->attempt = attempt;
	t->begun_us = now_us;
	t->fd = fd;
	TAILQ_INSERT_TAIL(&tries->list, t, entry);
	tries->n++;
	if (tries->order->udp)
		error = -say(t);
	else
		uv_poll_start(&t->poll, UV_WRITABLE, polled);
	if (error == 0)
		return PROBE_UNDER_WAY;
	end(t);
	return refuse(error, ret_loss);
}

void probe_tries_expire(struct probe_tries *t, uint64_t now_us)
{
	uint64_t timeout_us = t->order->timeout_ms * 1000;

	while (!TAILQ_EMPTY(&t->list) && TAILQ_FIRST(&t->list)->begun_us + timeout_us <= now_us)
		lose(TAILQ_FIRST(&t->list), PROBE_SILENT);
}

void probe_tries_close(struct probe_tries *t)
{
	while (!TAILQ_EMPTY(&t->list))
		end(TAILQ_FIRST(&t->list));
}
