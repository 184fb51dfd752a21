/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The check "dsr": whether a backend takes connections to the virtual address, asked for in a frame
 * with its MAC as a client's are. A SYN, its answer, a reset; the service sees no connection.
 */
#include "director/health/probe_uv.h"
#include "director/health/vip_path_uv.h"

#include <errno.h>
#include <stdlib.h>

struct prober {
	struct vip_path *path;
};

struct probe {
	struct vip_conn *conn;
	probe_done_fn *done;
	void *owner;
};

static int open_dsr(uv_loop_t *loop, struct prober **ret, struct err *err)
{
	struct prober *prober = calloc(1, sizeof(*prober));
	int code;

	if (!prober)
		return err_set(err, -ENOMEM, "no memory for checks");
	code = vip_path_new(loop, &prober->path, err);
	if (code < 0) {
		free(prober);
		return code;
	}
	*ret = prober;
	return 0;
}

static void close_dsr(struct prober *prober)
{
	if (prober)
		vip_path_close(prober->path);
	free(prober);
}

/* The connection is gone already. */
static void ended(void *owner, const struct outcome *o)
{
	struct probe *p = owner;

	p->done(p->owner, o);
	free(p);
}

static void established(void *owner)
{
	struct probe *p = owner;
	const struct outcome good = {.code = OUTCOME_GOOD};

	vip_conn_abort(p->conn);
	ended(p, &good);
}

static struct probe *start_dsr(struct prober *prober, const struct probe_ask *ask,
			       probe_done_fn *done, void *owner)
{
	static const struct vip_conn_ops ops = {.established = established, .ended = ended};
	const struct vip_ask to = vip_ask_of(ask);
	struct probe *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->done = done;
	p->owner = owner;
	/* A window as any client's, though nothing is read. */
	p->conn = vip_conn_start(prober->path, &to, SMALL_TCP_WINDOW_MAX, 0, &ops, p);
	if (!p->conn) {
		free(p);
		return NULL;
	}
	return p;
}

static void expire_dsr(struct probe *p)
{
	struct outcome o = {0};

	vip_conn_so_far(p->conn, &o);
	vip_conn_abort(p->conn);
	ended(p, &o);
}

static void cancel_dsr(struct probe *p)
{
	vip_conn_abort(p->conn);
	free(p);
}

const struct probe_kind probe_dsr = {
	.open = open_dsr,
	.close = close_dsr,
	.start = start_dsr,
	.expire = expire_dsr,
	.cancel = cancel_dsr,
};
