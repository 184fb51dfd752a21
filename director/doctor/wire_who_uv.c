/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Questions of ARP and neighbour discovery; see wire_who_uv.h. */
#include "director/doctor/wire_who_uv.h"

#include "ha/aside_uv.h"
#include "ha/claim_uv.h"
#include "include/addr_index.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <stdlib.h>
#include <sys/socket.h>

enum {
	READS = 64, /* frames per wake-up */
	TICK_MS = 5,
	BATCH = 10,	/* questions in that time: broadcasts go to everybody */
	AGAIN_MS = 400, /* until those without an answer are asked again */
	LEAST_MS = 1000,
	LATE_MS = 300, /* for the answers to the last question */
	ROUNDS = 2,
};

struct asker;

struct hearer {
	uv_poll_t poll;
	int fd;
	uint32_t ifindex;
	uint16_t protocol;
	struct asker *asker;
	struct hearer *next;
};

struct asker {
	uv_timer_t timer;
	struct hearer *hearers;
	struct wire_who *list;
	struct addr_index index;
	size_t n, next;
	unsigned int rounds; /* that are over */
	uint64_t began_ms, sent_ms;
	bool done;
};

static uint16_t protocol_of(const struct addr *a)
{
	return a->family == AF_INET6 ? ETH_P_IPV6 : ETH_P_ARP;
}

/* --- hearing ---------------------------------------------------------------------------------- */

static void hear(struct hearer *h, const struct claim_who *who)
{
	struct asker *a = h->asker;

	for (uint32_t i = addr_index_first(&a->index, &who->address); i != ADDR_INDEX_END;
	     i = addr_index_next(&a->index, i))
		if (a->list[i].ifindex == h->ifindex &&
		    addr_equal(&a->list[i].address, &who->address))
			wire_macs_add(&a->list[i].answers, &who->mac);
}

static void readable(uv_poll_t *poll, int status, int events)
{
	struct hearer *h = poll->data;
	uint8_t bytes[CLAIM_READ_MAX];
	struct claim_who who;

	/* The socket's errno says more than status. */
	(void)status;
	(void)events;
	for (int i = 0; i < READS; i++) {
		ssize_t n = recv(h->fd, bytes, sizeof(bytes), MSG_DONTWAIT);

		if (n < 0 && errno != EINTR && errno != ENETDOWN)
			break;
		if (n > 0 && claim_parse(bytes, (size_t)n, &who) == CLAIM_REJECT_NONE)
			hear(h, &who);
	}
	if (!uv_is_active((uv_handle_t *)poll))
		uv_poll_start(poll, UV_READABLE, readable);
}

static struct hearer *find_hearer(struct asker *a, const struct wire_who *w)
{
	struct hearer *h = a->hearers;

	while (h && (h->ifindex != w->ifindex || h->protocol != protocol_of(&w->address)))
		h = h->next;
	return h;
}

static int open_hearer(struct asker *a, const struct wire_who *w)
{
	struct hearer *h = calloc(1, sizeof(*h));
	int code;

	if (!h)
		return -ENOMEM;
	h->asker = a;
	h->ifindex = w->ifindex;
	h->protocol = protocol_of(&w->address);
	h->fd = code = claim_socket_open(a->timer.loop, h->ifindex, h->protocol);
	if (code >= 0) {
		code = uv_poll_init(a->timer.loop, &h->poll, h->fd);
		if (code < 0)
			aside_close(a->timer.loop, h->fd);
	}
	if (code < 0) {
		free(h);
		return code;
	}
	h->poll.data = h;
	uv_poll_start(&h->poll, UV_READABLE, readable);
	h->next = a->hearers;
	a->hearers = h;
	return 0;
}

/* --- asking ----------------------------------------------------------------------------------- */

/* One backend of several farms is asked for once. */
static bool is_first(const struct asker *a, size_t at)
{
	const struct wire_who *w = &a->list[at];

	for (uint32_t i = addr_index_first(&a->index, &w->address); i != ADDR_INDEX_END;
	     i = addr_index_next(&a->index, i))
		if (i < at && a->list[i].ifindex == w->ifindex &&
		    addr_equal(&a->list[i].address, &w->address))
			return false;
	return true;
}

/* A question that could not be sent is a lost one. */
static void send_question(struct asker *a, const struct wire_who *w)
{
	const struct hearer *h = find_hearer(a, w);
	uint8_t frame[CLAIM_FRAME_MAX];
	size_t len = w->from.family == w->address.family
			     ? claim_ask(&w->address, &w->from, &w->own, frame, sizeof(frame))
			     : claim_probe(&w->address, &w->own, frame, sizeof(frame));

	if (h && len > 0)
		(void)claim_socket_send(h->fd, h->ifindex, h->protocol, frame, len);
}

static void tick(uv_timer_t *timer)
{
	struct asker *a = timer->data;
	uint64_t now_ms = uv_now(timer->loop), since_ms = now_ms - a->began_ms;
	unsigned int sent = 0;

	if (a->rounds == ROUNDS) {
		a->done = since_ms >= LEAST_MS && now_ms - a->sent_ms >= LATE_MS;
		return;
	}
	if (since_ms < (uint64_t)a->rounds * AGAIN_MS)
		return;
	for (; a->next < a->n && sent < BATCH; a->next++) {
		const struct wire_who *w = &a->list[a->next];

		if ((a->rounds > 0 && w->answers.n > 0 && !w->twice) || !is_first(a, a->next))
			continue;
		send_question(a, w);
		a->sent_ms = now_ms;
		sent++;
	}
	if (a->next == a->n) {
		a->next = 0;
		a->rounds++;
	}
}

/* --- beginning and end ------------------------------------------------------------------------ */

static void hearer_closed(uv_handle_t *handle)
{
	struct hearer *h = handle->data;

	aside_close(handle->loop, h->fd);
	free(h);
}

static void timer_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static void finish(struct asker *a)
{
	while (a->hearers) {
		struct hearer *h = a->hearers;

		a->hearers = h->next;
		uv_close((uv_handle_t *)&h->poll, hearer_closed);
	}
	addr_index_clear(&a->index);
	uv_close((uv_handle_t *)&a->timer, timer_closed);
}

int wire_who_ask(uv_loop_t *loop, struct wire_who *list, size_t n, struct err *err)
{
	struct asker *a = calloc(1, sizeof(*a));
	int code;

	if (!a)
		return err_set(err, -ENOMEM, "no memory");
	uv_timer_init(loop, &a->timer);
	a->timer.data = a;
	a->list = list;
	a->n = n;
	code = addr_index_init(&a->index, n);
	for (size_t i = 0; i < n && code == 0; i++) {
		addr_index_add(&a->index, &list[i].address, (uint32_t)i);
		if (!find_hearer(a, &list[i]))
			code = open_hearer(a, &list[i]);
	}
	if (code == 0) {
		uv_update_time(loop);
		a->began_ms = uv_now(loop);
		uv_timer_start(&a->timer, tick, 0, TICK_MS);
		while (!a->done)
			uv_run(loop, UV_RUN_ONCE);
	}
	finish(a);
	if (code < 0)
		err_set(err, code, "cannot ask who has an address: %s", strerrordesc_np(-code));
	return code;
}
