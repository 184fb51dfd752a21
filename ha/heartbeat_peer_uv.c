/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ha/heartbeat_peer_uv.h"

#include "ha/clock_uv.h"
#include "ha/heartbeat_socket_uv.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	READ_BUDGET = 32, /* datagrams per wake-up: a flood must not starve the timers */
	RETRY_US = 1000000,
};

static void on_deadline(uv_timer_t *timer);

/* --- what the core says ----------------------------------------------------------------------- */

static void log_change(const struct heartbeat_link *p, enum heartbeat_state from)
{
	const struct heartbeat_peer *c = &p->core;

	if (c->state == HEARTBEAT_OVERDUE) /* it ends in another state within two intervals */
		log_debug("peer %s: heartbeats %s (%s)", p->name, heartbeat_state_name(c->state),
			  heartbeat_cause_text(c->cause));
	else if (c->state == HEARTBEAT_UP && from == HEARTBEAT_OVERDUE)
		log_debug("peer %s: heartbeats up again", p->name);
	else if (c->state == HEARTBEAT_UP)
		log_info("peer %s: heartbeats up, round trip %llu us", p->name,
			 (unsigned long long)c->round_trip_us);
	else
		log_warning("peer %s: heartbeats %s (%s)", p->name, heartbeat_state_name(c->state),
			    heartbeat_cause_text(c->cause));
}

/* Rounded up to the loop's milliseconds: a timer that is early is armed again. */
static void arm(struct heartbeat_link *p, uint64_t deadline_us)
{
	uint64_t now = clock_us(), ms;

	if (p->was_refused)
		deadline_us = now;
	if (deadline_us == HEARTBEAT_NEVER) {
		uv_timer_stop(&p->timer);
		return;
	}
	ms = deadline_us > now ? (deadline_us - now + 999) / 1000 : 0;
	uv_update_time(p->h->loop);
	uv_timer_start(&p->timer, on_deadline, ms, 0);
}

static void step_once(struct heartbeat_link *p, const struct heartbeat_event *ev,
		      struct heartbeat_update *u)
{
	struct heartbeat *h = p->h;

	*u = heartbeat_step(&p->core, ev);
	if (u->flags & HEARTBEAT_CHANGED) {
		log_change(p, u->from);
		if (h->ops.changed)
			h->ops.changed(h->owner, p->index);
	}
	if (u->flags & HEARTBEAT_SAID && !h->closing)
		h->ops.heard(h->owner, p->index, u->said, u->n_said, u->sent_us);
	if (u->flags & HEARTBEAT_PEER_GONE && !h->closing)
		h->ops.gone(h->owner, p->index, p->core.known, p->core.n_known);
	if (u->flags & HEARTBEAT_PROBE && !h->closing)
		heartbeat_link_send(p);
}

static struct heartbeat_update step(struct heartbeat_link *p, enum heartbeat_event_type type,
				    const struct heartbeat_message *message)
{
	const struct heartbeat_event ev = {.type = type, .now_us = clock_us(), .message = message};
	struct heartbeat_update u;

	do
		step_once(p, &ev, &u);
	while (u.flags & HEARTBEAT_AGAIN && !p->h->closing);
	if (!p->h->closing)
		arm(p, u.deadline_us);
	return u;
}

static void on_deadline(uv_timer_t *timer)
{
	struct heartbeat_link *p = timer->data;
	bool was_refused = p->was_refused;

	p->was_refused = false;
	step(p, was_refused ? HEARTBEAT_EVENT_REFUSED : HEARTBEAT_EVENT_TIMER, NULL);
}

/* --- receiving -------------------------------------------------------------------------------- */

/* A stranger is a peer that has just started, which is no fault of anybody. */
static void log_reject(struct heartbeat_link *p, enum heartbeat_reject r, const uint8_t *bytes,
		       size_t len)
{
	uint8_t id[CLUSTER_KEY_ID_LEN];
	char text[CLUSTER_KEY_ID_TEXT], key[CLUSTER_KEY_ID_TEXT + 8] = "";
	unsigned long suppressed;

	if (r == HEARTBEAT_REJECT_STRANGER ||
	    !log_limit_pass(&p->reject_limits[r], clock_ms(), &suppressed))
		return;
	if (r == HEARTBEAT_REJECT_KEY && heartbeat_key_asked(bytes, len, id))
		snprintf(key, sizeof(key), ", %s-...", cluster_key_id_format(id, text));
	log_warning("peer %s: ignoring a datagram that %s%s (%lu more like it since the last one)",
		    p->name, heartbeat_reject_text(r), key, suppressed);
}

static void reject(struct heartbeat_link *p, enum heartbeat_reject r, const uint8_t *bytes,
		   size_t len)
{
	p->counters.rejected[r]++;
	if (r == HEARTBEAT_REJECT_KEY || r == HEARTBEAT_REJECT_FORGED)
		p->sealed_us = clock_us();
	if (r == HEARTBEAT_REJECT_VERSION)
		p->sign_us = clock_us();
	log_reject(p, r, bytes, len);
}

static void receive(struct heartbeat_link *p, const uint8_t *bytes, size_t len)
{
	struct heartbeat *h = p->h;
	struct heartbeat_message m;
	enum heartbeat_reject r = heartbeat_open(&p->keys, bytes, len, &m);
	struct heartbeat_update u;

	if (r != HEARTBEAT_REJECT_NONE) {
		reject(p, r, bytes, len);
		return;
	}
	u = step(p, HEARTBEAT_EVENT_DATAGRAM, &m);
	if (u.unproven || u.reject == HEARTBEAT_REJECT_STRANGER)
		p->sign_us = clock_us();
	if (u.reject != HEARTBEAT_REJECT_NONE) {
		reject(p, u.reject, bytes, len);
		return;
	}
	if (u.unproven) {
		p->counters.unproven++;
		return;
	}
	p->counters.received++;
	if (m.n_stragglers > 0 && h->ops.stragglers && !h->closing)
		h->ops.stragglers(h->owner, p->index, m.stragglers, m.n_stragglers);
}

static void read_some(struct heartbeat_link *p)
{
	for (int i = 0; i < READ_BUDGET && !p->h->closing; i++) {
		uint8_t bytes[HEARTBEAT_DATAGRAM_MAX + 1]; /* a longer one is seen to be longer */
		ssize_t n = recv(p->fd, bytes, sizeof(bytes), 0);

		if (n >= 0) {
			receive(p, bytes, (size_t)n);
		} else if (errno == ECONNREFUSED) {
			p->counters.refused++;
			step(p, HEARTBEAT_EVENT_REFUSED, NULL);
		} else if (errno == EAGAIN) {
			return;
		}
	}
}

/* libuv stops a poll handle whose socket has an error; reading names and clears it. */
static void on_poll(uv_poll_t *poll, int status, int events)
{
	struct heartbeat_link *p = poll->data;

	(void)status;
	(void)events;
	read_some(p);
	if (!p->h->closing && !uv_is_active((uv_handle_t *)poll))
		uv_poll_start(poll, UV_READABLE, on_poll);
}

/* --- sending ---------------------------------------------------------------------------------- */

static void forget_error(struct heartbeat_link *p)
{
	if (p->error.text[0])
		log_info("peer %s: heartbeats are sent now", p->name);
	p->error.text[0] = '\0';
}

static void note_error(struct heartbeat_link *p, const struct err *err)
{
	unsigned long suppressed;

	p->error = *err;
	if (log_limit_pass(&p->send_limit, clock_ms(), &suppressed))
		log_warning("peer %s: %s, trying again", p->name, err->text);
}

static void open_socket(struct heartbeat_link *p)
{
	struct heartbeat *h = p->h;
	struct err err = {0};
	int fd, code;

	if (p->fd >= 0 || clock_us() < p->retry_us)
		return;
	p->retry_us = clock_us() + RETRY_US;
	fd = heartbeat_socket_open(&h->address, &p->address, h->port, &err);
	if (fd < 0) {
		note_error(p, &err);
		return;
	}
	code = uv_poll_init(h->loop, &p->poll, fd);
	if (code < 0) {
		close(fd);
		err_set(&err, code, "cannot watch the socket for heartbeats: %s",
			uv_strerror(code));
		note_error(p, &err);
		return;
	}
	p->fd = fd;
	p->polled = true;
	h->open_handles++;
	p->poll.data = p;
	code = uv_poll_start(&p->poll, UV_READABLE, on_poll);
	assert(code == 0); /* can only fail for a descriptor that is watched already */
}

/* An error that waits on the socket is told instead of sending, so there are two tries. */
static int send_bytes(struct heartbeat_link *p, const uint8_t *bytes, size_t len)
{
	for (int i = 0; i < 2; i++) {
		if (send(p->fd, bytes, len, 0) >= 0)
			return 0;
		if (errno != ECONNREFUSED)
			return -errno;
		p->counters.refused++;
		p->was_refused = true;
	}
	return 0; /* refused again: nothing that can be mended here */
}

static void send_message(struct heartbeat_link *p, const struct heartbeat_message *m)
{
	uint8_t bytes[HEARTBEAT_DATAGRAM_MAX];
	size_t len = heartbeat_seal(&p->keys, m, bytes);
	int code = len ? send_bytes(p, bytes, len) : -EINVAL;
	struct err err;

	if (code == 0) {
		p->counters.sent++;
		forget_error(p);
		return;
	}
	p->counters.send_failed++;
	err_set(&err, code, "cannot send heartbeats: %s", strerror(-code));
	note_error(p, &err);
}

/* One heartbeat: all words, in as many datagrams as that takes. */
void heartbeat_link_send(struct heartbeat_link *p)
{
	struct heartbeat *h = p->h;
	struct heartbeat_message m;
	size_t n = h->ops.fill(h->owner, p->index, h->words, HEARTBEAT_ROUTERS_MAX), at = 0;

	open_socket(p);
	if (p->fd < 0)
		return;
	do {
		size_t room;

		heartbeat_stamp(&p->core, clock_us(), &m);
		m.flags = h->leaving ? HEARTBEAT_LEAVING : 0;
		if (at == 0 && h->ops.fill_stragglers)
			m.n_stragglers = (uint8_t)h->ops.fill_stragglers(
				h->owner, p->index, m.stragglers, HEARTBEAT_STRAGGLERS_MAX);
		room = heartbeat_room(m.n_stragglers);
		m.n_words = (uint8_t)(n - at < room ? n - at : room);
		memcpy(m.words, h->words + at, m.n_words * sizeof(m.words[0]));
		send_message(p, &m);
		at += m.n_words;
	} while (at < n);
	if (p->was_refused)
		arm(p, HEARTBEAT_NEVER);
}

void heartbeat_link_part(struct heartbeat_link *p)
{
	struct heartbeat_message m;

	if (p->fd < 0 || !p->core.heard)
		return;
	for (int i = 0; i < 2; i++) {
		heartbeat_stamp(&p->core, clock_us(), &m);
		m.echo.dwell_us = UINT64_MAX / 2;
		send_message(p, &m);
	}
}
