/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The check "tcp" of a backend's own address: whether the kernel's TCP connects. Closed with a reset, so
 * that nothing of it stays.
 */
#include "director/health/probe_uv.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

struct prober {
	uv_loop_t *loop;
};

/* It goes when its handle is closed; done NULL: nobody wants to know. */
struct probe {
	uv_tcp_t tcp;
	uv_connect_t request;
	struct addr address;
	uint16_t port;
	int failed; /* before there was anything to wait for */
	uv_timer_t soon;
	int open_handles;
	probe_done_fn *done;
	void *owner;
};

static void handle_closed(uv_handle_t *handle)
{
	struct probe *p = handle->data;

	if (--p->open_handles == 0)
		free(p);
}

/* libuv (1.44) refuses a reset of what is not connected. */
static void end(struct probe *p)
{
	p->done = NULL;
	if (uv_tcp_close_reset(&p->tcp, handle_closed) < 0)
		uv_close((uv_handle_t *)&p->tcp, handle_closed);
	uv_close((uv_handle_t *)&p->soon, handle_closed);
}

static void tell(struct probe *p, const struct outcome *o)
{
	probe_done_fn *done = p->done;
	void *owner = p->owner;

	end(p);
	done(owner, o);
}

static void say(const struct probe *p, struct outcome *o, enum outcome_code code, const char *why)
{
	char text[ADDR_TEXT];

	outcome_set(o, code, "%s port %u%s%s", addr_format(&p->address, text), p->port,
		    why ? ": " : "", why ? why : "");
}

static void judge(const struct probe *p, int status, struct outcome *o)
{
	switch (status) {
	case 0: outcome_set(o, OUTCOME_GOOD, "%s", ""); break;
	case UV_ECONNREFUSED:
	case UV_ECONNRESET: say(p, o, OUTCOME_REFUSED, NULL); break;
	case UV_ETIMEDOUT: say(p, o, OUTCOME_SILENT, NULL); break;
	case UV_EHOSTUNREACH:
	case UV_ENETUNREACH:
	case UV_EACCES:
	case UV_EPERM: say(p, o, OUTCOME_UNREACHABLE, uv_strerror(status)); break;
	default: outcome_set(o, OUTCOME_CANNOT_RUN, "%s", uv_strerror(status));
	}
}

static void connected(uv_connect_t *request, int status)
{
	struct probe *p = request->data;
	struct outcome o = {0};

	if (!p->done)
		return;
	judge(p, status, &o);
	tell(p, &o);
}

/* The failure of start_tcp(), told later. */
static void failed(uv_timer_t *timer)
{
	struct probe *p = timer->data;
	struct outcome o = {0};

	judge(p, p->failed, &o);
	tell(p, &o);
}

static socklen_t sockaddr_of(const struct probe_ask *ask, struct sockaddr_storage *ret)
{
	struct sockaddr_in *four = (struct sockaddr_in *)ret;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)ret;

	memset(ret, 0, sizeof(*ret));
	if (ask->address.family == AF_INET) {
		four->sin_family = AF_INET;
		four->sin_port = htons(ask->port);
		memcpy(&four->sin_addr, ask->address.bytes, sizeof(four->sin_addr));
		return sizeof(*four);
	}
	six->sin6_family = AF_INET6;
	six->sin6_port = htons(ask->port);
	memcpy(&six->sin6_addr, ask->address.bytes, sizeof(six->sin6_addr));
	six->sin6_scope_id = addr_is_link_local(&ask->address) ? ask->ifindex : 0;
	return sizeof(*six);
}

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
	sockaddr_of(ask, &to);
	p->failed = uv_tcp_connect(&p->request, &p->tcp, (struct sockaddr *)&to, connected);
	if (p->failed < 0)
		uv_timer_start(&p->soon, failed, 0, 0);
	return p;
}

static void expire_tcp(struct probe *p)
{
	struct outcome o = {0};

	judge(p, p->failed < 0 ? p->failed : UV_ETIMEDOUT, &o);
	tell(p, &o);
}

static void cancel_tcp(struct probe *p)
{
	end(p);
}

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
