/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The check "tcp": whether the kernel's TCP connects to the backend's own address. Nothing is said over
 * the connection, and it ends with a reset: a thousand backends every two seconds would leave tens of
 * thousands of sockets in TIME_WAIT.
 */
#include "director/health/connect_error.h"
#include "director/health/probe_address.h"
#include "director/health/probe_uv.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

struct prober {
	uv_loop_t *loop;
};

/* Its memory goes when the last of its handles is closed; done NULL: nobody wants to know. */
struct probe {
	uv_tcp_t tcp;
	uv_connect_t request;
	uv_timer_t soon; /* tells a failure of start, which must not do so itself */
	struct addr address;
	uint16_t port;
	int failed; /* of start: a negative errno */
	unsigned int open_handles;
	probe_done_fn *done;
	void *owner;
};

/* --- the end of one --------------------------------------------------------------------------- */

static void handle_closed(uv_handle_t *handle)
{
	struct probe *p = handle->data;

	if (--p->open_handles == 0)
		free(p);
}

static void end(struct probe *p)
{
	p->done = NULL;
	/* What has no socket yet cannot be reset. */
	if (uv_tcp_close_reset(&p->tcp, handle_closed) < 0)
		uv_close((uv_handle_t *)&p->tcp, handle_closed);
	uv_close((uv_handle_t *)&p->soon, handle_closed);
}

/* status: 0 or a negative errno. */
static void tell(struct probe *p, int status)
{
	probe_done_fn *done = p->done;
	void *owner = p->owner;
	struct outcome o = {.code = OUTCOME_GOOD};

	if (status < 0)
		connect_error_judge(-status, &p->address, p->port, &o);
	end(p);
	done(owner, &o);
}

static void connected(uv_connect_t *request, int status)
{
	struct probe *p = request->data;

	/* Closing the handle calls back, too. */
	if (p->done)
		tell(p, status);
}

static void tell_failed(uv_timer_t *timer)
{
	struct probe *p = timer->data;

	tell(p, p->failed);
}

/* --- a probe ---------------------------------------------------------------------------------- */

static struct probe *start_tcp(struct prober *prober, const struct probe_ask *ask,
			       probe_done_fn *done, void *owner)
{
	struct probe *p = calloc(1, sizeof(*p));
	struct sockaddr_storage to;

	if (!p)
		return NULL;
	p->address = ask->address;
	p->port = ask->port;
	p->done = done;
	p->owner = owner;
	p->open_handles = 2;
	uv_tcp_init(prober->loop, &p->tcp);
	uv_timer_init(prober->loop, &p->soon);
	p->tcp.data = p->request.data = p->soon.data = p;
	probe_address(&ask->address, ask->port, ask->ifindex, &to);
	p->failed = uv_tcp_connect(&p->request, &p->tcp, (struct sockaddr *)&to, connected);
	if (p->failed < 0)
		uv_timer_start(&p->soon, tell_failed, 0, 0);
	return p;
}

static void expire_tcp(struct probe *p)
{
	tell(p, p->failed < 0 ? p->failed : -ETIMEDOUT);
}

static void cancel_tcp(struct probe *p)
{
	end(p);
}

/* --- what all of them share ------------------------------------------------------------------- */

static int open_tcp(uv_loop_t *loop, struct prober **ret, struct err *err)
{
	struct prober *prober = calloc(1, sizeof(*prober));

	if (!prober)
		return err_set(err, -ENOMEM, "no memory for checks");
	prober->loop = loop;
	*ret = prober;
	return 0;
}

static void close_tcp(struct prober *prober)
{
	free(prober);
}

const struct probe_kind probe_tcp = {
	.open = open_tcp,
	.close = close_tcp,
	.start = start_tcp,
	.expire = expire_tcp,
	.cancel = cancel_tcp,
};
