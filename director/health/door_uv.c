/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/health/door_uv.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

struct door {
	uv_poll_t poll;
	int fd;
	struct sockaddr_un address;
	socklen_t len;
	door_opened *opened;
	void *owner;
};

static void knocked(uv_poll_t *poll, int status, int events)
{
	struct door *d = poll->data;
	int fd = accept4(d->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)status;
	(void)events;
	if (fd < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	uv_poll_stop(poll);
	d->opened(d->owner, fd < 0 ? -errno : fd);
}

/* In the abstract namespace, under a name that the kernel chooses (unix(7), autobind): nobody else's. */
static int listen_somewhere(struct door *d)
{
	const struct sockaddr_un anywhere = {.sun_family = AF_UNIX};

	d->len = sizeof(d->address);
	if (bind(d->fd, (const struct sockaddr *)&anywhere, sizeof(sa_family_t)) < 0 ||
	    listen(d->fd, 1) < 0 || getsockname(d->fd, (struct sockaddr *)&d->address, &d->len) < 0)
		return -errno;
	return 0;
}

int door_new(uv_loop_t *loop, door_opened *opened, void *owner, struct door **ret)
{
	struct door *d = calloc(1, sizeof(*d));
	int code;

	if (!d)
		return -ENOMEM;
	d->opened = opened;
	d->owner = owner;
	d->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	code = d->fd < 0 ? -errno : listen_somewhere(d);
	if (code == 0)
		code = uv_poll_init(loop, &d->poll, d->fd);
	if (code < 0) {
		if (d->fd >= 0)
			close(d->fd);
		free(d);
		return code;
	}
	d->poll.data = d;
	uv_poll_start(&d->poll, UV_READABLE, knocked);
	*ret = d;
	return 0;
}

void door_address(const struct door *d, struct sockaddr_un *ret, socklen_t *ret_len)
{
	*ret = d->address;
	*ret_len = d->len;
}

static void poll_closed(uv_handle_t *handle)
{
	free(handle->data);
}

void door_close(struct door *d)
{
	if (!d)
		return;
	uv_poll_stop(&d->poll);
	close(d->fd);
	uv_close((uv_handle_t *)&d->poll, poll_closed);
}
