/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ha/aside_uv.h"

#include <stdlib.h>
#include <unistd.h>

struct closing {
	uv_work_t work;
	int fd;
};

static void close_fd(uv_work_t *work)
{
	const struct closing *c = work->data;

	close(c->fd);
}

static void closed(uv_work_t *work, int status)
{
	(void)status; /* it is never cancelled */
	free(work->data);
}

/* Not uv_fs_close(): that may use io_uring, which closes on the calling thread. */
void aside_close(uv_loop_t *loop, int fd)
{
	struct closing *c = malloc(sizeof(*c));

	if (c) {
		c->work.data = c;
		c->fd = fd;
		if (uv_queue_work(loop, &c->work, close_fd, closed) == 0)
			return;
	}
	free(c);
	close(fd);
}
