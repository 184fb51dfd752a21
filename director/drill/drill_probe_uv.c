/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/drill/drill_probe_uv.h"

#include "director/health/vip_ports_uv.h"
#include "director/health/vip_socket_uv.h"
#include "ha/clock_uv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

struct drill_prober {
	struct vip_ports ports;
	struct vip_sockets sockets;
	struct vip_socket *socket;
	uv_timer_t next;
	bool sockets_closed, timer_closed;
	struct drill_probe probe;
};

/* --- its end ------------------------------------------------------------------------------------ */

static void free_when_done(struct drill_prober *p)
{
	if (p->sockets_closed && p->timer_closed)
		free(p);
}

static void on_sockets_closed(void *owner)
{
	struct drill_prober *p = owner;

	p->sockets_closed = true;
	free_when_done(p);
}

static void on_timer_closed(uv_handle_t *handle)
{
	struct drill_prober *p = handle->data;

	p->timer_closed = true;
	free_when_done(p);
}

void drill_prober_end(struct drill_prober *p)
{
	if (!p)
		return;
	uv_close((uv_handle_t *)&p->next, on_timer_closed);
	vip_ports_close(&p->ports);
	vip_sockets_close(&p->sockets);
}

/* --- attempts ----------------------------------------------------------------------------------- */

/* What opens is reset, whatever of it comes late. */
static void heard(void *owner, struct vip_socket *s, const struct vip_heard *h)
{
	struct drill_prober *p = owner;

	if (h->kind != VIP_HEARD_SEGMENT)
		return;
	(void)drill_probe_hear(&p->probe, &h->segment);
	vip_socket_refuse(s, &h->segment);
}

/* One that cannot be sent is a lost one. */
static void send_next(uv_timer_t *timer)
{
	struct drill_prober *p = timer->data;
	struct vip_segment segment;

	if (drill_probe_next(&p->probe, clock_us(), &segment))
		(void)vip_socket_send(p->socket, &segment);
	else
		uv_timer_stop(timer);
}

const struct drill_probe *drill_prober_seen(const struct drill_prober *p)
{
	return &p->probe;
}

/* --- its beginning ------------------------------------------------------------------------------ */

static int open_socket(struct drill_prober *p, const struct drill_prober_setup *setup,
		       struct err *err)
{
	const struct addr *vip = &setup->target.vip;

	p->socket = vip_socket_take(&p->sockets, setup->ifindex, vip->family, err);
	if (!p->socket)
		return -EIO;
	return vip_socket_source(p->socket, vip, vip, &p->probe.own, err);
}

int drill_prober_begin(uv_loop_t *loop, const struct drill_prober_setup *setup,
		       struct drill_prober **ret, struct err *err)
{
	struct drill_prober *p = calloc(1, sizeof(*p));
	int code;

	if (!p)
		return err_set(err, -ENOMEM, "no memory for a probe");
	code = vip_ports_open(&p->ports, err);
	if (code < 0) {
		free(p);
		return code;
	}
	p->sockets = (struct vip_sockets){.loop = loop,
					  .ports = p->ports.numbers,
					  .heard = heard,
					  .closed = on_sockets_closed,
					  .owner = p};
	uv_timer_init(loop, &p->next);
	p->next.data = p;
	p->probe.target = setup->target;
	p->probe.own_mac = setup->own_mac;
	p->probe.way = setup->way;
	memcpy(p->probe.ports, p->ports.numbers, sizeof(p->probe.ports));
	code = open_socket(p, setup, err);
	if (code == 0 && getrandom(&p->probe.isn, sizeof(p->probe.isn), 0) < 0)
		code = err_set(err, -errno, "no random numbers for a probe");
	if (code < 0) {
		drill_prober_end(p);
		return code;
	}
	uv_timer_start(&p->next, send_next, 0, DRILL_PROBE_EVERY_MS);
	*ret = p;
	return 0;
}
