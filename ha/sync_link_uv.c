/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ha/sync_link_uv.h"

#include "ha/clock_uv.h"
#include "ha/sync_conn_uv.h"
#include "ha/sync_dial.h"
#include "ha/sync_socket_uv.h"
#include "include/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	BACKLOG = 64,
	NAME_MAX_LEN = 32,
	TEXT = 200,
	LISTEN_MS = 1000, /* until a port that is taken is tried again */
};

struct sync_link {
	uv_loop_t *loop;
	struct sync_link_ops ops;
	void *owner;
	struct addr self, peer;
	uint16_t port;
	char peer_name[NAME_MAX_LEN];
	bool elder; /* our name comes first */
	struct sync_keys keys;
	uint32_t features;

	uv_tcp_t listener;
	uv_timer_t again;  /* to listen */
	uv_timer_t redial; /* sync_dial */
	bool listening;	   /* the handle is open */
	int open_handles;
	struct sync_dial dial;
	struct sync_conn *dialed;   /* the attempt of ours; NULL: there is none */
	struct sync_conn *ready;    /* the connection */
	struct sync_conn *conns;    /* all, the newest first */
	bool closing, told;	    /* that it is connected */
	struct sync_link_view seen; /* counts */
	char trouble[TEXT];
	char said[TEXT];	/* of the last line in the log about trouble, ... */
	struct log_limit limit; /* ... of which there are not too many */
	struct log_limit brief; /* of connections that do not last */
};

/* --- what is said ----------------------------------------------------------------------------- */

static void trouble(struct sync_link *l, const char *text)
{
	unsigned long suppressed;

	snprintf(l->trouble, sizeof(l->trouble), "%s", text);
	if (strcmp(l->said, text) == 0 || !log_limit_pass(&l->limit, clock_ms(), &suppressed))
		return;
	snprintf(l->said, sizeof(l->said), "%s", text);
	log_warning("sync channel to node %s: %s; trying again until it works", l->peer_name, text);
}

/* Returns buf. */
static const char *describe(const struct sync_conn_end *why, char buf[static TEXT])
{
	char id[CLUSTER_KEY_ID_TEXT];

	if (why->late)
		snprintf(buf, TEXT, "the other side does not finish the handshake");
	else if (why->bye)
		snprintf(buf, TEXT, "the other side ended the connection");
	else if (why->handshake == SYNC_HANDSHAKE_REJECT_KEY)
		snprintf(buf, TEXT, "its hello %s (%s)", sync_handshake_reject_text(why->handshake),
			 cluster_key_id_format(why->key_asked, id));
	else if (why->handshake == SYNC_HANDSHAKE_REJECT_VERSION)
		snprintf(buf, TEXT, "it speaks version %u of the protocol, and we speak %d",
			 why->peer_version, SYNC_VERSION);
	else if (why->code)
		snprintf(buf, TEXT, "%s", strerror(-why->code));
	else if (why->handshake != SYNC_HANDSHAKE_REJECT_NONE)
		snprintf(buf, TEXT, "its message of the handshake %s",
			 sync_handshake_reject_text(why->handshake));
	else
		snprintf(buf, TEXT, "what it sends %s", sync_frame_reject_text(why->frame));
	return buf;
}

/* --- the list --------------------------------------------------------------------------------- */

static void take_out(struct sync_link *l, struct sync_conn *c)
{
	struct sync_conn **at = &l->conns;

	while (*at && *at != c)
		at = sync_conn_next(*at);
	if (*at)
		*at = *sync_conn_next(c);
}

static void free_when_done(struct sync_link *l)
{
	if (!l->closing || l->open_handles || l->conns)
		return;
	sync_keys_wipe(&l->keys);
	free(l);
}

static void conn_closed(void *owner, struct sync_conn *c)
{
	struct sync_link *l = owner;

	take_out(l, c);
	free_when_done(l);
}

/* A connection that is on its way to nowhere is not counted among those that try. */
static bool tries(const struct sync_link *l, const struct sync_conn *c)
{
	return c != l->ready && !sync_conn_by_us(c) && !sync_conn_is_closing(c);
}

static void drop_oldest(struct sync_link *l)
{
	struct sync_conn *oldest = NULL;
	size_t n = 0;

	for (struct sync_conn *c = l->conns; c; c = *sync_conn_next(c))
		if (tries(l, c)) {
			oldest = c;
			n++;
		}
	if (n <= SYNC_LINK_TRYING)
		return;
	l->seen.late++;
	sync_conn_close(oldest);
}

/* --- dialing ---------------------------------------------------------------------------------- */

static void dial_step(struct sync_link *l, enum sync_dial_event_type type);

static void redial(uv_timer_t *timer)
{
	dial_step(timer->data, SYNC_DIAL_EVENT_TIMER);
}

static struct sync_conn *conn_new(struct sync_link *l, bool by_us);

static void dial(struct sync_link *l)
{
	int code;

	l->dialed = conn_new(l, true);
	code = l->dialed ? sync_conn_dial(l->dialed, &l->self, &l->peer, l->port) : -ENOMEM;
	if (code >= 0)
		return;
	if (l->dialed)
		sync_conn_close(l->dialed);
	l->dialed = NULL;
	trouble(l, strerror(-code));
	dial_step(l, SYNC_DIAL_EVENT_FAILED);
}

static void dial_step(struct sync_link *l, enum sync_dial_event_type type)
{
	struct sync_dial_event ev = {
		.type = type, .now_us = clock_us(), .chance = randombytes_random()};
	struct sync_dial_update u = sync_dial_step(&l->dial, &ev);

	if (l->closing)
		return;
	clock_timer(&l->redial, redial, u.deadline_us);
	if (u.dial)
		dial(l);
}

/* --- connections ------------------------------------------------------------------------------ */

/* Who comes and goes again and again fills no log. */
static bool is_worth_a_line(struct sync_link *l)
{
	unsigned long suppressed;

	return l->seen.connections == 0 || clock_us() - l->seen.since_us >= SYNC_DIAL_STEADY_US ||
	       log_limit_pass(&l->brief, clock_ms(), &suppressed);
}

static void forget_ready(struct sync_link *l)
{
	uint64_t in, out;

	sync_conn_octets(l->ready, &in, &out);
	l->seen.octets_in += in;
	l->seen.octets_out += out;
	l->ready = NULL;
}

static void conn_ready(void *owner, struct sync_conn *c)
{
	struct sync_link *l = owner;
	struct sync_conn *old = l->ready;

	if (c == l->dialed)
		l->dialed = NULL;
	if (old) {
		struct sync_dialed a = {sync_conn_by_us(old) == l->elder, sync_conn_ready_us(old)};
		struct sync_dialed b = {sync_conn_by_us(c) == l->elder, sync_conn_ready_us(c)};

		if (!sync_dial_stays(&a, &b)) {
			sync_conn_close(c);
			return;
		}
		forget_ready(l);
		sync_conn_close(old);
		l->ops.down(l->owner);
		if (l->closing)
			return;
	}
	l->ready = c;
	l->told = is_worth_a_line(l);
	l->seen.connections++;
	l->seen.since_us = clock_us();
	l->trouble[0] = l->said[0] = '\0';
	if (l->told)
		log_info("sync channel to node %s: connected%s", l->peer_name,
			 sync_conn_by_us(c) ? "" : " by it");
	dial_step(l, SYNC_DIAL_EVENT_UP);
	l->ops.up(l->owner, sync_conn_session(c)->features);
}

static void conn_message(void *owner, struct sync_conn *c, const uint8_t *bytes, size_t len)
{
	struct sync_link *l = owner;

	if (c == l->ready)
		l->ops.message(l->owner, bytes, len);
}

static void conn_settled(void *owner, struct sync_conn *c)
{
	struct sync_link *l = owner;

	if (c == l->ready && l->ops.settled)
		l->ops.settled(l->owner);
}

static void conn_ended(void *owner, struct sync_conn *c, const struct sync_conn_end *why)
{
	struct sync_link *l = owner;
	char text[TEXT];

	l->seen.late += why->late;
	l->seen.handshakes[why->handshake]++;
	l->seen.frames[why->frame]++;
	sync_conn_close(c);
	if (c == l->ready) {
		forget_ready(l);
		describe(why, text);
		if (l->told || clock_us() - l->seen.since_us >= SYNC_DIAL_STEADY_US)
			log_info("sync channel to node %s: lost, %s", l->peer_name, text);
		snprintf(l->trouble, sizeof(l->trouble), "%s", text);
		l->ops.down(l->owner);
		dial_step(l, SYNC_DIAL_EVENT_DOWN);
		return;
	}
	if (!l->ready)
		trouble(l, describe(why, text));
	if (c != l->dialed)
		return;
	l->dialed = NULL;
	dial_step(l, SYNC_DIAL_EVENT_FAILED);
}

static struct sync_conn *conn_new(struct sync_link *l, bool by_us)
{
	static const struct sync_conn_ops ops = {.ready = conn_ready,
						 .message = conn_message,
						 .settled = conn_settled,
						 .ended = conn_ended,
						 .closed = conn_closed};
	struct sync_conn_setup setup = {.loop = l->loop,
					.ops = &ops,
					.owner = l,
					.keys = &l->keys,
					.features = l->features,
					.limit_ms = SYNC_DIAL_LIMIT_US / 1000};
	struct sync_conn *c = sync_conn_new(&setup, by_us);

	if (c) {
		*sync_conn_next(c) = l->conns;
		l->conns = c;
	}
	return c;
}

/* --- listening -------------------------------------------------------------------------------- */

static void listener_closed(uv_handle_t *handle);

static void knocked(uv_stream_t *listener, int status)
{
	struct sync_link *l = listener->data;
	struct sync_conn *c = status < 0 ? NULL : conn_new(l, false);
	struct addr from;

	if (!c && status >= 0) /* libuv would wait for its uv_accept() for ever */
		uv_close((uv_handle_t *)listener, listener_closed);
	if (!c)
		return;
	if (sync_conn_accept(c, listener) < 0) {
		sync_conn_close(c);
		return;
	}
	if (!sync_conn_peer(c, &from) || !addr_equal(&from, &l->peer)) {
		l->seen.foreign++;
		sync_conn_close(c);
		return;
	}
	sync_conn_begin(c);
	drop_oldest(l);
}

static void listen_again(uv_timer_t *timer);

static void listener_closed(uv_handle_t *handle)
{
	struct sync_link *l = handle->data;

	l->open_handles--;
	l->listening = false;
	if (l->closing)
		free_when_done(l);
	else
		uv_timer_start(&l->again, listen_again, LISTEN_MS, 0);
}

static void start_listening(struct sync_link *l)
{
	char text[TEXT];
	int fd = sync_socket_bound(&l->self, l->port), code = fd;

	uv_tcp_init(l->loop, &l->listener);
	l->listener.data = l;
	l->listening = true;
	l->open_handles++;
	if (fd >= 0)
		code = uv_tcp_open(&l->listener, fd);
	if (code < 0 && fd >= 0)
		close(fd);
	if (code >= 0)
		code = uv_listen((uv_stream_t *)&l->listener, BACKLOG, knocked);
	if (code >= 0)
		return;
	snprintf(text, sizeof(text), "cannot listen on port %u: %s", l->port, strerror(-code));
	trouble(l, text);
	uv_close((uv_handle_t *)&l->listener, listener_closed);
}

static void listen_again(uv_timer_t *timer)
{
	start_listening(timer->data);
}

/* --- the whole -------------------------------------------------------------------------------- */

void sync_link_set_keys(struct sync_link *l, const struct sync_link_setup *setup)
{
	sync_keys_wipe(&l->keys);
	sync_keys_make(setup->keys, setup->cluster, setup->self_name, setup->peer_name, &l->keys);
}

int sync_link_new(uv_loop_t *loop, const struct sync_link_setup *setup,
		  const struct sync_link_ops *ops, void *owner, struct sync_link **ret,
		  struct err *err)
{
	struct sync_link *l = calloc(1, sizeof(*l));

	if (!l)
		return err_set(err, -ENOMEM, "no memory for the sync channel");
	l->loop = loop;
	l->ops = *ops;
	l->owner = owner;
	l->self = setup->self;
	l->peer = setup->peer;
	l->port = setup->port;
	l->features = setup->features;
	l->elder = strcmp(setup->self_name, setup->peer_name) < 0;
	snprintf(l->peer_name, sizeof(l->peer_name), "%s", setup->peer_name);
	sync_link_set_keys(l, setup);
	uv_timer_init(loop, &l->again);
	uv_timer_init(loop, &l->redial);
	l->again.data = l->redial.data = l;
	l->open_handles = 2;
	start_listening(l);
	sync_dial_init(&l->dial, clock_us());
	clock_timer(&l->redial, redial, clock_us());
	*ret = l;
	return 0;
}

bool sync_link_send(struct sync_link *l, const uint8_t *message, size_t len)
{
	if (!l->ready)
		return false;
	if (sync_conn_queued(l->ready) + len <= SYNC_LINK_QUEUE &&
	    sync_conn_send(l->ready, message, len))
		return true;
	trouble(l, "it does not take what we send");
	sync_conn_close(l->ready);
	forget_ready(l);
	l->ops.down(l->owner);
	dial_step(l, SYNC_DIAL_EVENT_DOWN);
	return false;
}

void sync_link_hold(struct sync_link *l, bool hold)
{
	if (l->ready)
		sync_conn_hold(l->ready, hold);
}

void sync_link_hang_up(struct sync_link *l)
{
	if (!l->ready)
		return;
	sync_conn_close(l->ready);
	forget_ready(l);
	dial_step(l, SYNC_DIAL_EVENT_DOWN);
}

void sync_link_view(const struct sync_link *l, struct sync_link_view *ret)
{
	*ret = l->seen;
	ret->connected = l->ready != NULL;
	ret->trouble = l->trouble;
	if (l->ready) {
		uint64_t in, out;

		sync_conn_octets(l->ready, &in, &out);
		ret->octets_in += in;
		ret->octets_out += out;
		ret->queued = sync_conn_queued(l->ready);
		ret->by_us = sync_conn_by_us(l->ready);
		memcpy(ret->key_id, sync_conn_session(l->ready)->key_id, sizeof(ret->key_id));
	}
}

static void timer_closed(uv_handle_t *handle)
{
	struct sync_link *l = handle->data;

	l->open_handles--;
	free_when_done(l);
}

void sync_link_close(struct sync_link *l)
{
	if (!l)
		return;
	l->closing = true;
	for (struct sync_conn *c = l->conns; c; c = *sync_conn_next(c))
		sync_conn_close(c);
	l->ready = l->dialed = NULL;
	if (l->listening && !uv_is_closing((uv_handle_t *)&l->listener))
		uv_close((uv_handle_t *)&l->listener, listener_closed);
	uv_close((uv_handle_t *)&l->again, timer_closed);
	uv_close((uv_handle_t *)&l->redial, timer_closed);
}
