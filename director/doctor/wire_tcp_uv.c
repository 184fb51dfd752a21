/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SYNs and their answers; see wire_tcp_uv.h. */
#include "director/doctor/wire_tcp_uv.h"

#include "director/health/vip_ports_uv.h"
#include "director/health/vip_socket_uv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

enum {
	TICK_MS = 5,
	BATCH_OCTETS = 8000, /* in that time: 13 Mbit/s */
	SMALL_OCTETS = 200,  /* as which a small frame counts, with its answer */
	ROUNDS = 2,
	WINDOW = 65535,
	/* An answer acknowledges the SYN alone, or (RFC 7413) its data as well. */
	NUMBER_SHIFT = 16,
};

_Static_assert((uint64_t)WIRE_ASKED_MAX << NUMBER_SHIFT <= UINT32_MAX, "all have their numbers");

struct wire_tcp {
	struct vip_sockets sockets;
	struct vip_ports ports;
	uv_timer_t timer;
	unsigned int parts; /* that are not closed yet */
	uint32_t isn;	    /* of the first */
	struct wire_syn *list;
	size_t n, next, answered;
	unsigned int rounds; /* that are over */
	unsigned int wait_ms;
	uint64_t sent_ms;
	bool done;
	uint8_t data[VIP_JUMBO_MAX]; /* zeros */
};

/* --- hearing ---------------------------------------------------------------------------------- */

static struct wire_syn *find(struct wire_tcp *t, uint32_t seq, const struct addr *to, uint16_t port)
{
	uint32_t number = (seq - t->isn) >> NUMBER_SHIFT;
	struct wire_syn *q = number < t->n ? &t->list[number] : NULL;

	return q && q->port == port && addr_equal(&q->to, to) ? q : NULL;
}

static void take(struct wire_tcp *t, struct wire_syn *q, enum wire_answer answer)
{
	if (q->answer == WIRE_SILENT)
		t->answered++;
	q->answer = answer;
}

/* What is asked of a machine is together in the list. Its container is where other ports are, too. */
static void set_behind(struct wire_tcp *t, const struct wire_syn *q)
{
	size_t at = (size_t)(q - t->list), first = at, end = at;

	while (first > 0 && mac_equal(&t->list[first - 1].mac, &q->mac))
		first--;
	while (end < t->n && mac_equal(&t->list[end].mac, &q->mac))
		end++;
	for (; first < end; first++)
		t->list[first].behind = true;
}

/*
 * The backend's own answer counts, also when another one has come before it. Once it is known to forward,
 * no other machine's does.
 */
static void hear_segment(struct wire_tcp *t, const struct vip_segment *in)
{
	struct wire_syn *q = find(t, in->tcp.ack - 1, &in->from, in->from_port);
	bool elsewhere;

	if (!q || !(in->tcp.bits & SMALL_TCP_ACK) ||
	    !(in->tcp.bits & (SMALL_TCP_SYN | SMALL_TCP_RST)))
		return;
	elsewhere = !mac_equal(&in->source, &q->mac);
	if (elsewhere && (q->answer > WIRE_SILENT || q->passed_on))
		return;
	if (q->passed_on && !q->behind)
		set_behind(t, q);
	q->elsewhere = elsewhere;
	q->by = in->source;
	take(t, q, in->tcp.bits & SMALL_TCP_RST ? WIRE_CLOSED : WIRE_OPEN);
}

/* RFC 792; RFC 4443, 3.1: no route to the host, or the host is not there. */
static bool is_no_host(uint8_t family, uint8_t code)
{
	return family == AF_INET6 ? code == 0 || code == 3 : code == 0 || code == 1;
}

static void send_syn(struct wire_tcp *t, struct wire_syn *q)
{
	size_t number = (size_t)(q - t->list), headers = VIP_FRAME_TCP + 4; /* its only option */
	uint8_t ttl = q->passed_on || q->behind ? VIP_FRAME_TTL_BEHIND : VIP_FRAME_TTL;
	struct vip_segment s = {
		.source = q->own_mac,
		.destination = q->mac,
		.from = q->from,
		.to = q->to,
		.from_port = t->ports.numbers[number % VIP_PORTS],
		.to_port = q->port,
		.ttl = ttl,
		.tcp = {.bits = SMALL_TCP_SYN,
			.seq = t->isn + (uint32_t)(number << NUMBER_SHIFT),
			.window = WINDOW,
			.mss = vip_socket_mss(q->socket)},
	};

	headers += q->to.family == AF_INET6 ? VIP_FRAME_IPV6 : VIP_FRAME_IPV4;
	if (q->size > headers) {
		s.tcp.payload = t->data;
		s.tcp.len = q->size - headers;
	}
	q->ttl = ttl;
	(void)vip_socket_send(q->socket, &s);
}

static void hear_error(struct wire_tcp *t, const struct vip_heard *h)
{
	const struct vip_segment *quoted = &h->segment;
	struct wire_syn *q = find(t, quoted->tcp.seq, &quoted->to, quoted->to_port);

	if (!q || q->answer > WIRE_SILENT)
		return;
	if (h->kind == VIP_HEARD_EXCEEDED && q->ttl == VIP_FRAME_TTL) {
		q->passed_on = true;
		send_syn(t, q);
		return;
	}
	take(t, q,
	     h->kind == VIP_HEARD_EXCEEDED	      ? WIRE_PASSED_ON
	     : is_no_host(quoted->to.family, h->code) ? WIRE_NO_HOST
						      : WIRE_FORBIDDEN);
}

/* Whoever takes a connection is told that it was none: the service sees nothing of it. */
static void heard(void *owner, struct vip_socket *s, const struct vip_heard *h)
{
	struct wire_tcp *t = owner;

	switch (h->kind) {
	case VIP_HEARD_SEGMENT:
		hear_segment(t, &h->segment);
		vip_socket_refuse(s, &h->segment);
		return;
	case VIP_HEARD_EXCEEDED:
	case VIP_HEARD_UNREACHABLE: hear_error(t, h); return;
	}
	abort();
}

/* --- asking ----------------------------------------------------------------------------------- */

static void tick(uv_timer_t *timer)
{
	struct wire_tcp *t = timer->data;
	uint64_t now_ms = uv_now(timer->loop);
	size_t octets = 0;

	if (t->answered == t->n) {
		t->done = true;
		return;
	}
	if (t->next == t->n) {
		if (now_ms - t->sent_ms < t->wait_ms)
			return;
		t->next = 0;
		t->done = ++t->rounds == ROUNDS;
	}
	for (; t->next < t->n && octets < BATCH_OCTETS && !t->done; t->next++) {
		if (t->list[t->next].answer != WIRE_SILENT)
			continue;
		send_syn(t, &t->list[t->next]);
		octets += SMALL_OCTETS + t->list[t->next].size;
		t->sent_ms = now_ms;
	}
}

static int by_place(const void *a, const void *b)
{
	const struct wire_syn *x = *(struct wire_syn *const *)a, *y = *(struct wire_syn *const *)b;
	int order = memcmp(&x->mac, &y->mac, sizeof(x->mac));

	if (order == 0)
		order = addr_compare(&x->to, &y->to);
	if (order == 0)
		order = (int)x->port - (int)y->port;
	return order ? order : (int)x->size - (int)y->size;
}

/* A machine that is many backends is asked once: its connections would be taken for one another. */
static void find_same(struct wire_tcp *t)
{
	struct wire_syn **sorted = calloc(t->n + 1, sizeof(struct wire_syn *)), *first = NULL;

	for (size_t i = 0; i < t->n && sorted; i++)
		sorted[i] = &t->list[i];
	if (sorted)
		qsort(sorted, t->n, sizeof(struct wire_syn *), by_place);
	for (size_t i = 0; i < t->n && sorted; i++) {
		bool same = first && by_place(&first, &sorted[i]) == 0;

		sorted[i]->same = same ? first : NULL;
		if (!same)
			first = sorted[i];
	}
	free(sorted);
}

/* Those that cannot be asked are none that are waited for. */
static void prepare(struct wire_tcp *t, struct wire_syn *q)
{
	struct err err = {0};

	q->answer = WIRE_UNASKED;
	q->elsewhere = q->passed_on = q->behind = false;
	q->socket = NULL;
	if (!q->same)
		q->socket = vip_socket_take(&t->sockets, q->ifindex, q->to.family, &err);
	if (q->socket && vip_socket_source(q->socket, &q->to, &q->backend, &q->from, &err) == 0) {
		q->answer = WIRE_SILENT;
		return;
	}
	t->answered++;
}

static void take_same(struct wire_syn *q)
{
	if (!q->same)
		return;
	q->answer = q->same->answer;
	q->elsewhere = q->same->elsewhere;
	q->by = q->same->by;
}

void wire_tcp_ask(struct wire_tcp *t, struct wire_syn *list, size_t n, unsigned int wait_ms)
{
	t->list = list;
	t->n = n;
	t->wait_ms = wait_ms;
	t->next = t->answered = 0;
	t->rounds = 0;
	t->done = false;
	if (getrandom(&t->isn, sizeof(t->isn), 0) != sizeof(t->isn))
		t->isn = (uint32_t)uv_hrtime();
	find_same(t);
	for (size_t i = 0; i < n; i++)
		prepare(t, &list[i]);
	uv_update_time(t->sockets.loop);
	uv_timer_start(&t->timer, tick, 0, TICK_MS);
	while (!t->done)
		uv_run(t->sockets.loop, UV_RUN_ONCE);
	uv_timer_stop(&t->timer);
	for (size_t i = 0; i < n; i++)
		if (list[i].answer == WIRE_SILENT && list[i].passed_on)
			list[i].answer = WIRE_PASSED_ON;
	for (size_t i = 0; i < n; i++) {
		take_same(&list[i]);
		if (list[i].socket)
			vip_socket_leave(list[i].socket);
	}
	t->n = 0;
}

int wire_tcp_source(struct wire_tcp *t, uint32_t ifindex, const struct addr *to, struct addr *ret,
		    struct err *err)
{
	struct vip_socket *s = vip_socket_take(&t->sockets, ifindex, to->family, err);
	int code;

	if (!s)
		return -ENODEV;
	code = vip_socket_source(s, to, to, ret, err);
	vip_socket_leave(s);
	return code;
}

/* --- beginning and end ------------------------------------------------------------------------ */

static void part_closed(struct wire_tcp *t)
{
	if (--t->parts == 0)
		free(t);
}

static void timer_closed(uv_handle_t *handle)
{
	part_closed(handle->data);
}

static void sockets_closed(void *owner)
{
	part_closed(owner);
}

int wire_tcp_new(uv_loop_t *loop, struct wire_tcp **ret, struct err *err)
{
	struct wire_tcp *t = calloc(1, sizeof(*t));
	int code;

	if (!t)
		return err_set(err, -ENOMEM, "no memory");
	code = vip_ports_open(&t->ports, err);
	if (code < 0) {
		free(t);
		return code;
	}
	t->sockets.loop = loop;
	t->sockets.ports = t->ports.numbers;
	t->sockets.heard = heard;
	t->sockets.closed = sockets_closed;
	t->sockets.owner = t;
	uv_timer_init(loop, &t->timer);
	t->timer.data = t;
	t->parts = 2;
	*ret = t;
	return 0;
}

void wire_tcp_close(struct wire_tcp *t)
{
	if (!t)
		return;
	vip_ports_close(&t->ports);
	uv_close((uv_handle_t *)&t->timer, timer_closed);
	vip_sockets_close(&t->sockets);
}
