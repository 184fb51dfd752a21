/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon's control socket, seen from directorctl. Blocking, with a limit of time. */
#include "director/ctl/ctl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	ANSWER_TIME_S = 10,
	DONE_TIME_S = 70, /* an order is answered when the kernel has it: the daemon gives it 60 */
};

static int connect_to(const char *path, const struct control_request *request)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	struct timeval limit = {.tv_sec = control_is_order(request) ? DONE_TIME_S : ANSWER_TIME_S};
	int fd, code;

	if (strlen(path) >= sizeof(to.sun_path))
		return -ENAMETOOLONG;
	strcpy(to.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0)
		return fd;
	code = -errno;
	close(fd);
	return code;
}

static int send_request(int fd, const struct control_request *request)
{
	size_t len = 0;
	uint8_t *bytes = codec_pack_request(request, &len);
	int code = -ENOMEM;

	if (bytes)
		code = send(fd, bytes, len, MSG_NOSIGNAL) == (ssize_t)len ? 0 : -errno;
	free(bytes);
	return code;
}

/* Exactly n bytes. */
static int receive(int fd, uint8_t *to, size_t n)
{
	while (n) {
		ssize_t got = recv(fd, to, n, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		if (got == 0)
			return -ECONNRESET;
		to += got;
		n -= (size_t)got;
	}
	return 0;
}

static int receive_reply(int fd, struct control_reply *ret)
{
	uint8_t head[CODEC_LENGTH], *bytes;
	size_t length = 0;
	int code = receive(fd, head, sizeof(head));

	if (code == 0)
		code = codec_message_length(head, sizeof(head), CODEC_REPLY_MAX, &length);
	if (code < 0)
		return code;
	length -= CODEC_LENGTH;
	bytes = malloc(length + 1);
	if (!bytes)
		return -ENOMEM;
	code = receive(fd, bytes, length);
	if (code == 0)
		code = codec_unpack_reply(bytes, length, ret);
	free(bytes);
	return code;
}

int ctl_try(const struct ctl *ctl, const struct control_request *request, struct control_reply *ret,
	    struct err *err)
{
	int fd = connect_to(ctl->socket, request), code;

	if (fd == -EACCES || fd == -EPERM)
		return err_set(err, fd, "no permission to use %s: run this as root", ctl->socket);
	if (fd == -ENOENT || fd == -ECONNREFUSED)
		return err_set(err, fd, "directord is not running (nobody answers at %s)",
			       ctl->socket);
	if (fd < 0)
		return err_set(err, fd, "cannot reach directord at %s: %s", ctl->socket,
			       strerror(-fd));
	code = send_request(fd, request);
	if (code == 0)
		code = receive_reply(fd, ret);
	close(fd);
	if (code < 0)
		return err_set(err, code, "directord at %s gave no answer: %s", ctl->socket,
			       strerror(-code));
	return 0;
}

int ctl_request(const struct ctl *ctl, const struct control_request *request,
		struct control_reply *ret)
{
	struct err err = {0};

	if (ctl_try(ctl, request, ret, &err) < 0)
		return ctl_fail(CTL_UNREACHABLE, "%s", err.text);
	if (ret->code == CTL_FAILED) {
		ctl_fail(CTL_FAILED, "%s", ret->text);
		control_reply_clear(ret);
		return CTL_FAILED;
	}
	return CTL_DONE;
}

int ctl_ask(const struct ctl *ctl, enum control_command command, struct control_reply *ret)
{
	struct control_request request = {.command = command};

	return ctl_request(ctl, &request, ret);
}
