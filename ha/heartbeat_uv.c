/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ha/heartbeat_uv.h"

#include "ha/heartbeat_socket_uv.h"
#include "include/log.h"

#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	READ_BUDGET = 32, /* datagrams per wake-up: a flood must not starve the timers */
	RETRY_US = 1000000,
};

struct peer {
	struct heartbeat *h;
	size_t index;
	char name[CONFIG_NAME_MAX + 1];
	struct addr address;
	struct heartbeat_keys keys;
	struct heartbeat_peer core;
	uv_poll_t poll;
	uv_timer_t timer; /* the core's deadline */
	int fd;		  /* -1: not open */
	bool polled;	  /* poll was initialised, and is to be closed */
	bool was_refused; /* seen while sending: told to the core from the loop */
	uint64_t retry_us;
	struct err error; /* text "" when there is none */
	struct heartbeat_counters counters;
	struct log_limit reject_limits[HEARTBEAT_REJECT_COUNT];
	struct log_limit send_limit;
};

struct heartbeat {
	uv_loop_t *loop;
	struct heartbeat_ops ops;
	void *owner;
	char cluster[CONFIG_NAME_MAX + 1], self[CONFIG_NAME_MAX + 1];
	struct addr address;
	uint16_t port;
	uv_timer_t tick;
	bool closing;
	int open_handles;
	struct peer peers[HEARTBEAT_PEERS_MAX];
	size_t n_peers;
	struct heartbeat_word words[HEARTBEAT_ROUTERS_MAX]; /* while a heartbeat is made */
};

static uint64_t now_us(void)
{
	return uv_hrtime() / 1000;
}

static void send_to(struct peer *p, uint8_t flags);
static void on_deadline(uv_timer_t *timer);

/* --- what the core says ----------------------------------------------------------------------- */

static void log_change(const struct peer *p, enum heartbeat_state from)
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
static void arm(struct peer *p, uint64_t deadline_us)
{
	uint64_t now = now_us(), ms;

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

static void step_once(struct peer *p, const struct heartbeat_event *ev, struct heartbeat_update *u)
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
		send_to(p, 0);
}

static struct heartbeat_update step(struct peer *p, enum heartbeat_event_type type,
				    const struct heartbeat_message *message)
{
	const struct heartbeat_event ev = {.type = type, .now_us = now_us(), .message = message};
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
	struct peer *p = timer->data;
	bool was_refused = p->was_refused;

	p->was_refused = false;
	step(p, was_refused ? HEARTBEAT_EVENT_REFUSED : HEARTBEAT_EVENT_TIMER, NULL);
}

/* --- receiving -------------------------------------------------------------------------------- */

/* A stranger is a peer that has just started, which is no fault of anybody. */
static void log_reject(struct peer *p, enum heartbeat_reject r, const uint8_t *bytes, size_t len)
{
	uint8_t id[CLUSTER_KEY_ID_LEN];
	char text[CLUSTER_KEY_ID_TEXT], key[CLUSTER_KEY_ID_TEXT + 8] = "";
	unsigned long suppressed;

	if (r == HEARTBEAT_REJECT_STRANGER ||
	    !log_limit_pass(&p->reject_limits[r], uv_hrtime() / 1000000, &suppressed))
		return;
	if (r == HEARTBEAT_REJECT_KEY && heartbeat_key_asked(bytes, len, id))
		snprintf(key, sizeof(key), ", %s-…", cluster_key_id_format(id, text));
	log_warning("peer %s: ignoring a datagram that %s%s (%lu more like it since the last one)",
		    p->name, heartbeat_reject_text(r), key, suppressed);
}

static void reject(struct peer *p, enum heartbeat_reject r, const uint8_t *bytes, size_t len)
{
	p->counters.rejected[r]++;
	log_reject(p, r, bytes, len);
}

static void receive(struct peer *p, const uint8_t *bytes, size_t len)
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

static void read_some(struct peer *p)
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
	struct peer *p = poll->data;

	(void)status;
	(void)events;
	read_some(p);
	if (!p->h->closing && !uv_is_active((uv_handle_t *)poll))
		uv_poll_start(poll, UV_READABLE, on_poll);
}

/* --- sending ---------------------------------------------------------------------------------- */

static void forget_error(struct peer *p)
{
	if (p->error.text[0])
		log_info("peer %s: heartbeats are sent now", p->name);
	p->error.text[0] = '\0';
}

static void note_error(struct peer *p, const struct err *err)
{
	unsigned long suppressed;

	p->error = *err;
	if (log_limit_pass(&p->send_limit, uv_hrtime() / 1000000, &suppressed))
		log_warning("peer %s: %s, trying again", p->name, err->text);
}

static void open_socket(struct peer *p)
{
	struct heartbeat *h = p->h;
	struct err err = {0};
	int fd, code;

	if (p->fd >= 0 || now_us() < p->retry_us)
		return;
	p->retry_us = now_us() + RETRY_US;
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
static int send_bytes(struct peer *p, const uint8_t *bytes, size_t len)
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

static void send_message(struct peer *p, const struct heartbeat_message *m)
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
static void send_to(struct peer *p, uint8_t flags)
{
	struct heartbeat *h = p->h;
	struct heartbeat_message m;
	size_t n = h->ops.fill(h->owner, p->index, h->words, HEARTBEAT_ROUTERS_MAX), at = 0;

	open_socket(p);
	if (p->fd < 0)
		return;
	do {
		size_t room;

		heartbeat_stamp(&p->core, now_us(), &m);
		m.flags = flags;
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

static void on_tick(uv_timer_t *tick)
{
	struct heartbeat *h = tick->data;

	for (size_t i = 0; i < h->n_peers && !h->closing; i++)
		send_to(&h->peers[i], 0);
}

void heartbeat_send_now(struct heartbeat *h, bool goodbye)
{
	uint8_t flags = goodbye ? HEARTBEAT_LEAVING : 0;

	for (size_t i = 0; i < h->n_peers; i++) {
		send_to(&h->peers[i], flags);
		send_to(&h->peers[i], flags);
	}
}

/* --- life ------------------------------------------------------------------------------------- */

static void make_keys(struct heartbeat *h, const struct cluster_keys *keys)
{
	for (size_t i = 0; i < h->n_peers; i++)
		heartbeat_keys_make(keys, h->cluster, h->self, h->peers[i].name, &h->peers[i].keys);
}

static void init_peer(struct heartbeat *h, size_t index, const struct heartbeat_node *node,
		      const struct heartbeat_session *session, uint64_t interval_us)
{
	struct peer *p = &h->peers[index];

	p->h = h;
	p->index = index;
	snprintf(p->name, sizeof(p->name), "%s", node->name);
	p->address = node->address;
	p->fd = -1;
	heartbeat_peer_init(&p->core, session, interval_us, now_us());
	uv_timer_init(h->loop, &p->timer);
	p->timer.data = p;
	h->open_handles++;
}

void heartbeat_set_interval(struct heartbeat *h, uint64_t interval_us)
{
	uint64_t ms = interval_us / 1000 ? interval_us / 1000 : 1;

	for (size_t i = 0; i < h->n_peers; i++)
		h->peers[i].core.interval_us = ms * 1000;
	uv_timer_start(&h->tick, on_tick, 0, ms);
}

void heartbeat_set_keys(struct heartbeat *h, const struct cluster_keys *keys)
{
	make_keys(h, keys);
}

int heartbeat_new(uv_loop_t *loop, const struct heartbeat_setup *setup,
		  const struct heartbeat_ops *ops, void *owner, struct heartbeat **ret,
		  struct err *err)
{
	struct heartbeat_session session;
	struct heartbeat *h;

	if (setup->keys->n == 0)
		return err_set(err, -EINVAL, "heartbeats need a key");
	for (size_t i = 0; i < setup->n_peers; i++)
		if (setup->peers[i].address.family != setup->self.address.family)
			return err_set(err, -EINVAL,
				       "the addresses of nodes %s and %s are of different families",
				       setup->self.name, setup->peers[i].name);
	h = calloc(1, sizeof(*h));
	if (!h)
		return err_set(err, -ENOMEM, "heartbeats: out of memory");
	h->loop = loop;
	h->ops = *ops;
	h->owner = owner;
	snprintf(h->cluster, sizeof(h->cluster), "%s", setup->cluster);
	snprintf(h->self, sizeof(h->self), "%s", setup->self.name);
	h->address = setup->self.address;
	h->port = setup->port;
	uv_timer_init(loop, &h->tick);
	h->tick.data = h;
	h->open_handles = 1;
	h->n_peers = setup->n_peers;
	randombytes_buf(session.bytes, sizeof(session.bytes));
	for (size_t i = 0; i < h->n_peers; i++)
		init_peer(h, i, &setup->peers[i], &session, setup->interval_us);
	make_keys(h, setup->keys);
	heartbeat_set_interval(h, setup->interval_us);
	*ret = h;
	return 0;
}

size_t heartbeat_peers(const struct heartbeat *h)
{
	return h->n_peers;
}

void heartbeat_view(const struct heartbeat *h, size_t peer, struct heartbeat_view *ret)
{
	const struct peer *p = &h->peers[peer];
	const struct heartbeat_peer *c = &p->core;

	*ret = (struct heartbeat_view){
		.name = p->name,
		.address = p->address,
		.state = c->state,
		.cause = c->cause,
		.since_us = c->since_us,
		.heard = c->proven,
		.heard_us = c->alive_us,
		.sent_us = c->sent_us,
		.round_trip_us = c->round_trip_us,
		.interval_us = c->their_interval_us,
		.known = c->known,
		.n_known = c->n_known,
		.error = p->error.text,
		.counters = p->counters,
	};
}

static void one_less(struct heartbeat *h)
{
	if (--h->open_handles > 0)
		return;
	for (size_t i = 0; i < h->n_peers; i++)
		heartbeat_keys_wipe(&h->peers[i].keys);
	free(h);
}

static void on_peer_closed(uv_handle_t *handle)
{
	one_less(((struct peer *)handle->data)->h);
}

static void on_tick_closed(uv_handle_t *handle)
{
	one_less(handle->data);
}

void heartbeat_close(struct heartbeat *h)
{
	if (!h || h->closing)
		return;
	h->closing = true;
	for (size_t i = 0; i < h->n_peers; i++) {
		struct peer *p = &h->peers[i];

		uv_close((uv_handle_t *)&p->timer, on_peer_closed);
		if (p->polled) {
			uv_close((uv_handle_t *)&p->poll, on_peer_closed);
			close(p->fd); /* uv_close has taken it out of the loop */
		}
	}
	uv_close((uv_handle_t *)&h->tick, on_tick_closed);
}
