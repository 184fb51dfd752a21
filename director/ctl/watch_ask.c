/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/ctl/watch_ask.h"

#include "ha/clock_uv.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

static void *run(void *data)
{
	struct watch_ask *a = data;
	struct control_request request = {.command = CONTROL_STATUS};
	char order;

	while (read(a->orders[0], &order, 1) == 1) {
		struct watch_answer *w = calloc(1, sizeof(*w));

		if (w) {
			w->code = ctl_try(a->ctl, &request, &w->reply, &w->err);
			if (w->code == 0 && w->reply.code == CTL_FAILED)
				w->code = err_set(&w->err, -EPROTO, "%s", w->reply.text);
			w->at_ms = clock_ms();
		}
		if (write(a->answers[1], &w, sizeof(w)) != sizeof(w))
			break;
	}
	return NULL;
}

int watch_ask_start(struct watch_ask *a, const struct ctl *ctl)
{
	pthread_t thread;

	*a = (struct watch_ask){.ctl = ctl};
	if (pipe2(a->orders, O_CLOEXEC) < 0 || pipe2(a->answers, O_CLOEXEC) < 0)
		return -errno;
	return -pthread_create(&thread, NULL, run, a);
}

void watch_ask_next(struct watch_ask *a)
{
	if (!a->asked)
		a->asked = write(a->orders[1], "", 1) == 1;
}

struct watch_answer *watch_ask_take(struct watch_ask *a)
{
	struct watch_answer *w = NULL;

	if (read(a->answers[0], &w, sizeof(w)) != sizeof(w))
		w = NULL;
	a->asked = false;
	return w;
}

void watch_answer_free(struct watch_answer *w)
{
	if (w)
		control_reply_clear(&w->reply);
	free(w);
}
