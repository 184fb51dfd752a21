/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon's control socket, seen from directorctl. Blocking, with a limit of time. */
#include "director/ctl/ctl.h"
#include "ha/clock_uv.h"
#include "proto/codec_part.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	ANSWER_TIME_MS = 10000,
	DONE_TIME_MS =
		70000, /* an order is answered when the kernel has it: the daemon gives it 60 */
};

/* One question; whatever is asked of the socket has to be done before the end. */
struct call {
	int fd;
	int patience_ms;
	uint64_t end_ms;
};

/* 0, or -ETIMEDOUT when nothing is left of the time. */
static int limit_time(const struct call *call)
{
	uint64_t now = clock_ms(), left = now < call->end_ms ? call->end_ms - now : 0;
	struct timeval limit = {.tv_sec = (time_t)(left / 1000),
				.tv_usec = (suseconds_t)(left % 1000) * 1000};

	if (!left)
		return -ETIMEDOUT;
	setsockopt(call->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(call->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	return 0;
}

static int patience_of(const struct ctl *ctl, const struct control_request *request)
{
	if (ctl->patience_ms)
		return ctl->patience_ms;
	return control_is_order(request) && !request->no_wait ? DONE_TIME_MS : ANSWER_TIME_MS;
}

/* What a socket says when its time is over. */
static int code_of(int err)
{
	return err == EAGAIN ? -ETIMEDOUT : -err;
}

static int connect_to(struct call *call, const char *path)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int code;

	if (strlen(path) >= sizeof(to.sun_path))
		return -ENAMETOOLONG;
	strcpy(to.sun_path, path);
	call->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (call->fd < 0)
		return -errno;
	call->end_ms = clock_ms() + (uint64_t)call->patience_ms;
	limit_time(call);
	if (connect(call->fd, (struct sockaddr *)&to, sizeof(to)) == 0)
		return 0;
	code = code_of(errno);
	close(call->fd);
	return code;
}

static int send_request(const struct call *call, const struct control_request *request)
{
	size_t len = 0;
	uint8_t *bytes = codec_pack_request(request, &len);
	int code = -ENOMEM;

	if (bytes)
		code = send(call->fd, bytes, len, MSG_NOSIGNAL) == (ssize_t)len ? 0
										: code_of(errno);
	free(bytes);
	return code;
}

/* Exactly n bytes; those of a daemon that sends one now and then must come to an end, too. */
static int receive(const struct call *call, uint8_t *to, size_t n)
{
	while (n) {
		int code = limit_time(call);
		ssize_t got = code == 0 ? recv(call->fd, to, n, 0) : 0;

		if (code < 0)
			return code;
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return code_of(errno);
		if (got == 0)
			return -ECONNRESET;
		to += got;
		n -= (size_t)got;
	}
	return 0;
}

/* One message, in a block that grows. */
struct message {
	uint8_t *bytes;
	size_t room, length;
};

static int make_room(struct message *m, size_t length)
{
	uint8_t *bytes = length < m->room ? m->bytes : realloc(m->bytes, length + 1);

	if (!bytes)
		return -ENOMEM;
	m->room = length < m->room ? m->room : length + 1;
	m->bytes = bytes;
	m->length = length;
	return 0;
}

static int receive_message(const struct call *call, size_t max, struct message *m)
{
	uint8_t head[CODEC_LENGTH];
	size_t length = 0;
	int code = receive(call, head, sizeof(head));

	if (code == 0)
		code = codec_message_length(head, sizeof(head), max, &length);
	if (code == 0)
		code = make_room(m, length - CODEC_LENGTH);
	return code ? code : receive(call, m->bytes, m->length);
}

/* The list doubles; the backends are copied, for theirs are the reader's. */
static int keep_farm(void *owner, const struct status_farm *f)
{
	struct status *s = owner;
	size_t n = s->n_farms;
	struct status_farm *farms = s->farms;
	struct status_backend *backends = NULL;

	if (n == CONFIG_FARMS_MAX)
		return -EBADMSG;
	backends = malloc((f->n_backends + 1) * sizeof(*backends));
	if (backends && (n & (n + 1)) == 0)
		farms = reallocarray(s->farms, 2 * (n + 1), sizeof(*farms));
	if (!backends || !farms) {
		free(backends);
		return -ENOMEM;
	}
	s->farms = farms;
	farms[n] = *f;
	farms[n].backends = backends;
	memcpy(backends, f->backends, f->n_backends * sizeof(*backends));
	s->n_farms++;
	return 0;
}

static int read_part(const struct message *m, struct status_farm *farm, const struct ctl_farms *to,
		     bool *ret_more)
{
	struct control_part_reader r;
	int code;

	control_part_begin(&r, m->bytes, m->length);
	while ((code = control_part_next(&r, farm)) > 0) {
		code = to->farm(to->owner, farm);
		if (code)
			return code;
	}
	*ret_more = r.more;
	return code;
}

static int receive_parts(const struct call *call, struct message *m, const struct ctl_farms *to)
{
	struct status_farm farm = {.backends = calloc(CONFIG_BACKENDS_MAX, sizeof(*farm.backends))};
	int code = farm.backends ? 0 : -ENOMEM;
	bool more = true;

	while (code == 0 && more) {
		code = receive_message(call, CODEC_PART_MAX, m);
		if (code == 0)
			code = read_part(m, &farm, to, &more);
	}
	free(farm.backends);
	return code;
}

/* to: NULL when all are to be in the reply. */
static int receive_reply(const struct call *call, const struct ctl_farms *to,
			 struct control_reply *ret)
{
	struct ctl_farms keep = {.farm = keep_farm, .owner = &ret->status};
	struct message m = {0};
	int code = receive_message(call, CODEC_REPLY_MAX, &m);

	if (code == 0)
		code = codec_unpack_reply(m.bytes, m.length, ret);
	if (code == 0) {
		if (to && ret->has_status)
			code = to->head(to->owner, &ret->status);
		for (size_t i = 0; to && !code && i < ret->status.n_farms; i++)
			code = to->farm(to->owner, &ret->status.farms[i]);
		if (code == 0 && ret->more)
			code = receive_parts(call, &m, to ? to : &keep);
		if (code)
			control_reply_clear(ret);
	}
	free(m.bytes);
	return code;
}

static int ask(const struct ctl *ctl, const struct control_request *request,
	       const struct ctl_farms *to, struct control_reply *ret, struct err *err)
{
	struct call call = {.patience_ms = patience_of(ctl, request)};
	int code = connect_to(&call, ctl->socket);

	if (code == -EACCES || code == -EPERM)
		return err_set(err, code, "no permission to use %s: run this as root", ctl->socket);
	if (code == -ENOENT || code == -ECONNREFUSED)
		return err_set(err, code,
			       "directord is not running (nobody answers at %s); `systemctl status "
			       "directord` tells why, -s names another socket",
			       ctl->socket);
	if (code < 0 && code != -ETIMEDOUT)
		return err_set(err, code, "cannot reach directord at %s: %s", ctl->socket,
			       strerror(-code));
	if (code == 0) {
		code = send_request(&call, request);
		if (code == 0)
			code = receive_reply(&call, to, ret);
		close(call.fd);
	}
	if (code == -ETIMEDOUT)
		return err_set(
			err, code,
			"directord at %s gave no answer within %g s: it hangs or has too much "
			"to do; `journalctl -u directord` tells more",
			ctl->socket, call.patience_ms / 1000.0);
	if (code < 0)
		return err_set(err, code, "directord at %s gave no answer: %s", ctl->socket,
			       strerror(-code));
	return 0;
}

int ctl_try(const struct ctl *ctl, const struct control_request *request, struct control_reply *ret,
	    struct err *err)
{
	struct control_request in_parts = *request;

	in_parts.parts = request->command == CONTROL_STATUS;
	return ask(ctl, &in_parts, NULL, ret, err);
}

static int answer_of(int code, const struct err *err, struct control_reply *ret)
{
	if (code < 0)
		return ctl_fail(CTL_UNREACHABLE, "%s", err->text);
	if (ret->code == CTL_FAILED) {
		ctl_fail(CTL_FAILED, "%s", ret->text);
		control_reply_clear(ret);
		return CTL_FAILED;
	}
	return CTL_DONE;
}

int ctl_request(const struct ctl *ctl, const struct control_request *request,
		struct control_reply *ret)
{
	struct err err = {0};
	int code = ctl_try(ctl, request, ret, &err);

	return answer_of(code, &err, ret);
}

int ctl_ask_farms(const struct ctl *ctl, const struct ctl_farms *to)
{
	struct control_request request = {.command = CONTROL_STATUS, .parts = true};
	struct control_reply reply = {0};
	struct err err = {0};
	int code = answer_of(ask(ctl, &request, to, &reply, &err), &err, &reply);

	if (code == CTL_DONE)
		control_reply_clear(&reply);
	return code;
}

int ctl_ask(const struct ctl *ctl, enum control_command command, struct control_reply *ret)
{
	struct control_request request = {.command = command};

	return ctl_request(ctl, &request, ret);
}
