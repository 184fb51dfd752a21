/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A connection and a pair of sockets, joined; see vip_stream_uv.h. */
#include "director/health/vip_stream_uv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PIECE = 4096 };

struct vip_stream {
	struct vip_conn *conn; /* NULL: it has ended */
	struct outcome outcome;
	uv_poll_t poll;
	int fd;		 /* our end */
	bool left;	 /* the owner is done */
	bool local_end;	 /* nothing more comes from the descriptor */
	bool remote_end; /* nor from the backend */
	bool shut;	 /* and the descriptor knows */
	size_t used;	 /* from the backend, not yet written */
	uint8_t waiting[VIP_STREAM_ROOM];
};

static void readable_or_writable(uv_poll_t *poll, int status, int events);

/* What is worth waking up for; nothing stops the poll handle. */
static void watch(struct vip_stream *s)
{
	bool reads = s->conn && !s->local_end && vip_conn_free(s->conn) > 0;
	int events = (reads ? UV_READABLE : 0) | (s->used > 0 ? UV_WRITABLE : 0);

	if (s->left)
		return;
	if (events)
		uv_poll_start(&s->poll, events, readable_or_writable);
	else
		uv_poll_stop(&s->poll);
}

/* Nobody reads any more. */
static void drop_waiting(struct vip_stream *s)
{
	s->used = 0;
	if (!s->conn)
		return;
	vip_conn_abort(s->conn);
	s->conn = NULL;
	s->remote_end = s->shut = true;
}

static void write_waiting(struct vip_stream *s)
{
	size_t done = 0;

	while (done < s->used) {
		ssize_t n =
			send(s->fd, s->waiting + done, s->used - done, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN) {
			drop_waiting(s);
			return;
		}
		if (n < 0)
			break;
		done += (size_t)n;
	}
	s->used -= done;
	if (s->used > 0 && done > 0)
		memmove(s->waiting, s->waiting + done, s->used);
	if (done > 0 && s->conn)
		vip_conn_room(s->conn, VIP_STREAM_ROOM - s->used);
	if (s->remote_end && s->used == 0 && !s->shut) {
		s->shut = true;
		/* After a failure also what is written is refused. */
		shutdown(s->fd, s->conn ? SHUT_WR : SHUT_RDWR);
	}
}

/* As much as the connection takes. */
static void read_local(struct vip_stream *s)
{
	uint8_t bytes[PIECE];

	while (s->conn && !s->local_end) {
		size_t room = vip_conn_free(s->conn);
		ssize_t n;

		if (room == 0)
			return;
		n = recv(s->fd, bytes, room < sizeof(bytes) ? room : sizeof(bytes), MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0) {
			s->local_end = true;
			vip_conn_finish(s->conn);
			return;
		}
		vip_conn_send(s->conn, bytes, (size_t)n);
	}
}

static void readable_or_writable(uv_poll_t *poll, int status, int events)
{
	struct vip_stream *s = poll->data;

	(void)status; /* what is wrong shows in reading and writing */
	(void)events;
	write_waiting(s);
	read_local(s);
	watch(s);
}

/* --- the connection --------------------------------------------------------------------------- */

static void established(void *owner)
{
	watch(owner);
}

static void data(void *owner, const uint8_t *bytes, size_t len)
{
	struct vip_stream *s = owner;

	if (len == 0)
		s->remote_end = true;
	if (len > VIP_STREAM_ROOM - s->used)
		len = VIP_STREAM_ROOM - s->used; /* cannot be: it is the window */
	if (len > 0)
		memcpy(s->waiting + s->used, bytes, len);
	s->used += len;
	write_waiting(s);
	watch(s);
}

static void drained(void *owner)
{
	struct vip_stream *s = owner;

	read_local(s);
	watch(s);
}

static void ended(void *owner, const struct outcome *o)
{
	struct vip_stream *s = owner;

	s->conn = NULL;
	s->outcome = *o;
	s->remote_end = true;
	if (s->shut) /* the backend's end is known already, ours now is */
		shutdown(s->fd, SHUT_RDWR);
	write_waiting(s);
	watch(s);
}

/* --- beginning and end ------------------------------------------------------------------------ */

int vip_stream_start(struct vip_path *path, const struct vip_ask *ask, struct vip_stream **ret,
		     int *ret_fd)
{
	static const struct vip_conn_ops ops = {
		.established = established, .data = data, .drained = drained, .ended = ended};
	struct vip_stream *s = calloc(1, sizeof(*s));
	int fds[2], code;

	if (!s)
		return -ENOMEM;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) < 0) {
		code = -errno;
		free(s);
		return code;
	}
	s->fd = fds[0];
	s->conn = vip_conn_start(path, ask, VIP_STREAM_ROOM, SMALL_TCP_BUFFER, &ops, s);
	code = s->conn ? uv_poll_init(vip_path_loop(path), &s->poll, s->fd) : -ENOMEM;
	if (code < 0) {
		if (s->conn)
			vip_conn_abort(s->conn);
		close(fds[0]);
		close(fds[1]);
		free(s);
		return code;
	}
	s->poll.data = s;
	watch(s);
	*ret = s;
	*ret_fd = fds[1];
	return 0;
}

void vip_stream_outcome(const struct vip_stream *s, struct outcome *ret)
{
	if (s->conn)
		vip_conn_so_far(s->conn, ret);
	else
		*ret = s->outcome;
}

static void on_closed(uv_handle_t *handle)
{
	struct vip_stream *s = handle->data;

	close(s->fd);
	free(s);
}

void vip_stream_end(struct vip_stream *s)
{
	if (!s)
		return;
	read_local(s);
	s->left = true;
	/* RFC 2525, 2.17: who ends with text unread says so. */
	if (s->conn && s->used > 0)
		vip_conn_abort(s->conn);
	else if (s->conn)
		vip_conn_leave(s->conn);
	s->conn = NULL;
	uv_close((uv_handle_t *)&s->poll, on_closed);
}
