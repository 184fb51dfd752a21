/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/health/vip_transport_uv.h"

#include "director/health/vip_stream_uv.h"

#include <errno.h>
#include <stdlib.h>

struct vip_transport {
	struct http_transport http;
	struct vip_path *path;
};

static bool carries(void *owner, const struct probe_ask *ask)
{
	(void)owner;
	return config_check_uses_vip(ask->check);
}

static int open_stream(void *owner, const struct probe_ask *ask, void **ret_connection)
{
	const struct vip_transport *t = owner;
	const struct vip_ask to = vip_ask_of(ask);
	struct vip_stream *stream;
	int fd, code = vip_stream_start(t->path, &to, &stream, &fd);

	if (code < 0)
		return code;
	*ret_connection = stream;
	return fd;
}

/* One that was established and reset is libcurl's to tell of: how far the answer came counts. */
static bool is_open(void *connection, struct outcome *why)
{
	vip_stream_outcome(connection, why);
	return why->code == OUTCOME_GOOD || why->code == OUTCOME_CLOSED;
}

static void end_stream(void *connection)
{
	vip_stream_end(connection);
}

int vip_transport_new(uv_loop_t *loop, struct vip_transport **ret, struct err *err)
{
	struct vip_transport *t = calloc(1, sizeof(*t));
	int code;

	if (!t)
		return err_set(err, -ENOMEM, "no memory for checks");
	code = vip_path_new(loop, &t->path, err);
	if (code < 0) {
		free(t);
		return code;
	}
	t->http = (struct http_transport){.carries = carries,
					  .open = open_stream,
					  .is_open = is_open,
					  .end = end_stream,
					  .owner = t};
	*ret = t;
	return 0;
}

void vip_transport_close(struct vip_transport *t)
{
	if (t)
		vip_path_close(t->path);
	free(t);
}

const struct http_transport *vip_transport_http(const struct vip_transport *t)
{
	return &t->http;
}
