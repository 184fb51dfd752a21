/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/probe/probe_held_uv.h"

#include "director/probe/probe_tries_uv.h"
#include "ha/clock_uv.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	OPEN_A_TICK =
		50, /* more at once could overrun the queue of a server that is not in a hurry */
	TURNS = 5,  /* each is looked at every so many ticks */
	SAY_EVERY_US = 1000000,
	ASK_AFTER_S = 1, /* the kernel's least */
	ASK_MAX =
		127, /* questions of the kernel without an answer; it is not the one that gives up */
};

struct probe_link {
	uv_poll_t poll;
	struct probe_keeper *keeper;
	struct probe_held *held;
	uint64_t said_us;
	int fd;
	bool has_poll;
};

/* --- its end ------------------------------------------------------------------------------------ */

static void let_go(struct probe_link *l)
{
	if (!l->has_poll)
		return;
	l->has_poll = false;
	uv_close((uv_handle_t *)&l->poll, NULL);
	close(l->fd);
}

static void feed(struct probe_link *l, const struct probe_held_event *ev)
{
	struct probe_keeper *k = l->keeper;

	if (!probe_held_step(l->held, ev))
		return;
	let_go(l);
	k->lost(k->owner, l->held);
}

static void ended(struct probe_link *l, enum probe_held_end end)
{
	feed(l, &(struct probe_held_event){
			.kind = PROBE_HELD_ENDED, .now_us = clock_us(), .end = end});
}

static enum probe_held_end end_of(int error)
{
	switch (error) {
	case ECONNRESET:
	case EPIPE: return PROBE_HELD_RESET;
	case ETIMEDOUT: return PROBE_HELD_SILENT;
	default: return PROBE_HELD_BROKEN;
	}
}

/* --- what is heard ------------------------------------------------------------------------------ */

static void polled(uv_poll_t *poll, int status, int events);

static void hear(struct probe_link *l)
{
	uint64_t now_us = clock_us();
	uint8_t buf[4096];
	ssize_t n = recv(l->fd, buf, sizeof(buf), 0);

	if (n > 0)
		feed(l, &(struct probe_held_event){
				.kind = PROBE_HELD_PROVEN, .now_us = now_us, .at_us = now_us});
	else if (n == 0)
		ended(l, PROBE_HELD_CLOSED);
	else if (errno != EAGAIN && errno != EINTR)
		ended(l, end_of(errno));
	else if (!uv_is_active((uv_handle_t *)&l->poll))
		uv_poll_start(&l->poll, UV_READABLE, polled);
}

static void polled(uv_poll_t *poll, int status, int events)
{
	struct probe_link *l = poll->data;
	int error;

	(void)status;
	(void)events;
	if (l->held->state == PROBE_HELD_OPEN) {
		hear(l);
		return;
	}
	error = probe_socket_error(l->fd);
	if (error) {
		ended(l, end_of(error));
		return;
	}
	feed(l, &(struct probe_held_event){.kind = PROBE_HELD_OPENED, .now_us = clock_us()});
	uv_poll_start(&l->poll, UV_READABLE, polled);
}

/* --- opening, asking ---------------------------------------------------------------------------- */

static int ask_to_be_asked(int fd)
{
	const int yes = 1, after = ASK_AFTER_S, most = ASK_MAX;

	if (setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof(yes)) < 0 ||
	    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &after, sizeof(after)) < 0 ||
	    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &after, sizeof(after)) < 0 ||
	    setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &most, sizeof(most)) < 0)
		return -errno;
	return 0;
}

static void open_one(struct probe_keeper *k, uint32_t i, uint64_t now_us)
{
	struct probe_link *l = &k->links[i];

	l->keeper = k;
	l->held = &k->held[i];
	feed(l, &(struct probe_held_event){.kind = PROBE_HELD_ASKED, .now_us = now_us});
	l->fd = probe_connect(k->order);
	if (l->fd < 0) {
		ended(l, end_of(-l->fd));
		return;
	}
	if (ask_to_be_asked(l->fd) < 0 || uv_poll_init(k->loop, &l->poll, l->fd) < 0) {
		close(l->fd);
		ended(l, PROBE_HELD_BROKEN);
		return;
	}
	l->has_poll = true;
	l->poll.data = l;
	l->held->port = probe_own_port(l->fd);
	uv_poll_start(&l->poll, UV_WRITABLE, polled);
}

/* When the kernel has heard last: an acknowledgement, also of its own question. */
static void ask_kernel(struct probe_link *l, uint64_t now_us)
{
	struct tcp_info info = {0};
	socklen_t len = sizeof(info);
	uint64_t ago_us;

	if (getsockopt(l->fd, IPPROTO_TCP, TCP_INFO, &info, &len) < 0)
		return;
	ago_us = (uint64_t)info.tcpi_last_ack_recv * 1000;
	feed(l, &(struct probe_held_event){.kind = PROBE_HELD_PROVEN,
					   .now_us = now_us,
					   .at_us = now_us > ago_us ? now_us - ago_us : 0});
}

/* One that cannot take it now has heard no answer to the last ones: that is judged by its silence. */
static void say(struct probe_link *l, uint64_t now_us)
{
	const struct probe_order *order = l->keeper->order;

	if (now_us - l->said_us < SAY_EVERY_US)
		return;
	l->said_us = now_us;
	if (send(l->fd, order->said, order->said_len, MSG_NOSIGNAL) < 0 && errno != EAGAIN)
		ended(l, end_of(errno));
}

static void look(struct probe_link *l, uint64_t now_us)
{
	if (l->held->state == PROBE_HELD_OPEN && l->keeper->order->said_len == 0)
		ask_kernel(l, now_us);
	else if (l->held->state == PROBE_HELD_OPEN)
		say(l, now_us);
	feed(l, &(struct probe_held_event){.kind = PROBE_HELD_TICK, .now_us = now_us});
}

int probe_keeper_init(struct probe_keeper *k)
{
	k->links = calloc(k->order->hold + 1, sizeof(*k->links));
	return k->links ? 0 : -ENOMEM;
}

void probe_keeper_tick(struct probe_keeper *k, uint64_t now_us)
{
	for (int n = 0; n < OPEN_A_TICK && k->opened < k->order->hold; n++)
		open_one(k, k->opened++, now_us);
	for (uint64_t i = k->ticks++ % TURNS; i < k->opened; i += TURNS)
		look(&k->links[i], now_us);
}

bool probe_keeper_is_proven(const struct probe_keeper *k, uint64_t since_us)
{
	for (uint32_t i = 0; i < k->order->hold; i++)
		if (k->held[i].state != PROBE_HELD_LOST && k->held[i].proven_us < since_us)
			return false;
	return true;
}

void probe_keeper_close(struct probe_keeper *k)
{
	for (uint32_t i = 0; k->links && i < k->opened; i++)
		let_go(&k->links[i]);
}

void probe_keeper_free(struct probe_keeper *k)
{
	free(k->links);
	k->links = NULL;
}
