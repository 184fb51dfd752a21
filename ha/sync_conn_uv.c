/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ha/sync_conn_uv.h"

#include "ha/clock_uv.h"
#include "ha/sync_socket_uv.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	READ_MAX = 65536,
	GREETING_MAX = 256, /* before the end of the handshake: a stranger costs no more */
	READS = 4,	    /* of one wake-up: libuv would go on for 32, and others wait */
	/* ... as they do while what was read is told: after so long they come first. */
	SPELL_MS = 10,
	REST_MS = 1,
	KEEPALIVE_S =
		5, /* a host that went without a word is noticed after 10 s, also in silence */
	/* The kernel gives up what was not acknowledged for so long (RFC 5482). */
	USER_TIMEOUT_MS = 10000,
};

/* What is read, and what it is opened with. */
struct frames {
	struct sync_opener opener;
	uint8_t room[READ_MAX];
};

struct sync_conn {
	struct sync_conn *next;
	const struct sync_conn_ops *ops;
	void *owner;
	uv_tcp_t tcp;
	uv_timer_t limit;
	uv_connect_t connect;
	int open_handles;
	bool by_us, ready, told, closing;
	uint64_t ready_us;
	struct sync_keys keys; /* until the handshake begins */
	uint32_t features;
	struct sync_handshake handshake;
	struct sync_session session;
	struct sync_sealer sealer;
	struct frames *frames; /* from the handshake's end on */
	size_t queued;	       /* octets of memory */
	unsigned int reads;    /* full ones, in a row */
	uint64_t spell_ns;     /* the end of this wake-up's time */
	bool held;	       /* by its owner */
	const uint8_t *rest;   /* what was read and not yet told: nothing else is read */
	size_t n_rest;
	uint64_t in, out;
	uint8_t room[GREETING_MAX];
};

/* A frame, or a piece of the handshake, on its way. */
struct writing {
	uv_write_t write;
	struct sync_conn *conn;
	size_t len;
	uint8_t bytes[];
};

struct sync_conn **sync_conn_next(struct sync_conn *c)
{
	return &c->next;
}

bool sync_conn_by_us(const struct sync_conn *c)
{
	return c->by_us;
}

bool sync_conn_is_ready(const struct sync_conn *c)
{
	return c->ready && !c->told && !c->closing;
}

bool sync_conn_is_closing(const struct sync_conn *c)
{
	return c->closing;
}

uint64_t sync_conn_ready_us(const struct sync_conn *c)
{
	return c->ready_us;
}

const struct sync_session *sync_conn_session(const struct sync_conn *c)
{
	return &c->session;
}

size_t sync_conn_queued(const struct sync_conn *c)
{
	return c->queued;
}

bool sync_conn_peer(const struct sync_conn *c, struct addr *ret)
{
	return sync_socket_peer(&c->tcp, ret);
}

void sync_conn_octets(const struct sync_conn *c, uint64_t *ret_in, uint64_t *ret_out)
{
	*ret_in = c->in;
	*ret_out = c->out;
}

/* --- the end ---------------------------------------------------------------------------------- */

static void handle_closed(uv_handle_t *handle)
{
	struct sync_conn *c = handle->data;

	if (--c->open_handles)
		return;
	c->ops->closed(c->owner, c);
	sync_handshake_wipe(&c->handshake);
	sync_keys_wipe(&c->keys);
	sync_session_wipe(&c->session);
	sync_sealer_wipe(&c->sealer);
	if (c->frames)
		sync_opener_wipe(&c->frames->opener);
	free(c->frames);
	free(c);
}

static void end(struct sync_conn *c, const struct sync_conn_end *why)
{
	if (c->told || c->closing)
		return;
	c->told = true;
	uv_read_stop((uv_stream_t *)&c->tcp);
	c->ops->ended(c->owner, c, why);
}

static void end_with(struct sync_conn *c, int code)
{
	end(c, &(struct sync_conn_end){.code = code});
}

static void end_handshake(struct sync_conn *c)
{
	struct sync_conn_end why = {.handshake = c->handshake.reject,
				    .peer_version = c->handshake.peer_version};

	memcpy(why.key_asked, c->handshake.key_asked, sizeof(why.key_asked));
	end(c, &why);
}

static void too_late(uv_timer_t *timer)
{
	struct sync_conn *c = timer->data;

	if (c->by_us && c->handshake.state == SYNC_HANDSHAKE_FAILED) /* it has not begun */
		end_with(c, -ETIMEDOUT);
	else
		end(c, &(struct sync_conn_end){.late = true});
}

/* --- writing ---------------------------------------------------------------------------------- */

static void written(uv_write_t *write, int status)
{
	struct writing *w = write->data;
	struct sync_conn *c = w->conn;

	c->queued -= sizeof(*w) + w->len;
	free(w);
	if (status < 0 && status != UV_ECANCELED)
		end_with(c, status);
}

static struct writing *writing_new(struct sync_conn *c, size_t room)
{
	struct writing *w = malloc(sizeof(*w) + room);

	if (w)
		w->conn = c;
	return w;
}

/* Takes w over. */
static bool write_it(struct sync_conn *c, struct writing *w, size_t len)
{
	uv_buf_t buf = uv_buf_init((char *)w->bytes, (unsigned int)len);

	w->len = len;
	w->write.data = w;
	if (uv_write(&w->write, (uv_stream_t *)&c->tcp, &buf, 1, written) < 0) {
		free(w);
		return false;
	}
	c->queued += sizeof(*w) + len;
	c->out += len;
	return true;
}

static bool write_out(struct sync_conn *c, const struct sync_handshake_update *u)
{
	struct writing *w = u->n_out ? writing_new(c, u->n_out) : NULL;

	if (u->n_out == 0)
		return true;
	if (!w)
		return false;
	memcpy(w->bytes, u->out, u->n_out);
	return write_it(c, w, u->n_out);
}

bool sync_conn_send(struct sync_conn *c, const uint8_t *message, size_t len)
{
	struct writing *w;
	size_t n;

	if (!sync_conn_is_ready(c) || len > SYNC_FRAME_MAX)
		return false;
	w = writing_new(c, len + SYNC_FRAME_OVERHEAD);
	if (!w)
		return false;
	n = sync_sealer_message(&c->sealer, message, len, w->bytes);
	if (n)
		return write_it(c, w, n);
	free(w);
	return false;
}

static void say_bye(struct sync_conn *c)
{
	struct writing *w = writing_new(c, SYNC_FRAME_OVERHEAD);
	size_t n = w ? sync_sealer_bye(&c->sealer, w->bytes) : 0;

	if (n)
		write_it(c, w, n);
	else
		free(w);
}

void sync_conn_close(struct sync_conn *c)
{
	if (c->closing)
		return;
	if (sync_conn_is_ready(c))
		say_bye(c);
	c->closing = true;
	uv_close((uv_handle_t *)&c->tcp, handle_closed);
	uv_close((uv_handle_t *)&c->limit, handle_closed);
}

/* --- reading ---------------------------------------------------------------------------------- */

static bool begin_frames(struct sync_conn *c)
{
	c->frames = malloc(sizeof(*c->frames));
	if (!c->frames || !sync_handshake_finish(&c->handshake, &c->session)) {
		end_with(c, -ENOMEM);
		return false;
	}
	sync_handshake_wipe(&c->handshake);
	sync_sealer_init(&c->sealer, &c->session.send);
	sync_opener_init(&c->frames->opener, &c->session.receive);
	sodium_memzero(&c->session.send, sizeof(c->session.send));
	sodium_memzero(&c->session.receive, sizeof(c->session.receive));
	uv_timer_stop(&c->limit);
	c->ready = true;
	c->ready_us = clock_us();
	c->ops->ready(c->owner, c);
	return sync_conn_is_ready(c);
}

/* How much of it was the handshake's. */
static size_t take_handshake(struct sync_conn *c, const uint8_t *bytes, size_t len)
{
	struct sync_handshake_update u;
	size_t at = 0;

	while (!c->ready && !c->told && at < len) {
		sync_handshake_step(&c->handshake, bytes + at, len - at, &u);
		at += u.consumed;
		if (!write_out(c, &u)) {
			end_with(c, -ENOMEM);
		} else if (c->handshake.state == SYNC_HANDSHAKE_FAILED) {
			end_handshake(c);
		} else if (c->handshake.state == SYNC_HANDSHAKE_DONE) {
			if (!begin_frames(c))
				return len;
		}
	}
	return at;
}

static void go_on(uv_timer_t *timer);

/* Nothing is read until what was read is told, or while it is not to be heard. */
static void wait_with(struct sync_conn *c, const uint8_t *rest, size_t len)
{
	c->rest = rest;
	c->n_rest = len;
	if (!sync_conn_is_ready(c))
		return;
	if (uv_hrtime() >= c->spell_ns)
		c->reads = READS;
	if (len > 0) {
		uv_read_stop((uv_stream_t *)&c->tcp);
		if (!c->held)
			uv_timer_start(&c->limit, go_on, REST_MS, 0);
	}
}

static void take_frames(struct sync_conn *c, const uint8_t *bytes, size_t len)
{
	size_t at = 0;

	while (at < len && sync_conn_is_ready(c) && !c->held && uv_hrtime() < c->spell_ns) {
		struct sync_opener_update u =
			sync_opener_feed(&c->frames->opener, bytes + at, len - at);

		at += u.consumed;
		switch (u.opened) {
		case SYNC_OPENED_MORE: break;
		case SYNC_OPENED_MESSAGE: c->ops->message(c->owner, c, u.message, u.len); break;
		case SYNC_OPENED_BYE: end(c, &(struct sync_conn_end){.bye = true}); break;
		case SYNC_OPENED_BAD:
			end(c, &(struct sync_conn_end){
				       .frame = sync_opener_reject(&c->frames->opener)});
			break;
		}
	}
	wait_with(c, bytes + at, len - at);
}

static void make_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	struct sync_conn *c = handle->data;

	(void)suggested;
	if (c->reads == READS) {
		*buf = uv_buf_init(NULL, 0); /* the rest with the next wake-up */
		return;
	}
	*buf = c->frames ? uv_buf_init((char *)c->frames->room, sizeof(c->frames->room))
			 : uv_buf_init((char *)c->room, sizeof(c->room));
}

static void cut(struct sync_conn *c, int code)
{
	struct sync_conn_end why = {.code = code == UV_EOF ? 0 : code};

	if (c->ready) {
		sync_opener_end(&c->frames->opener);
		why.frame = sync_opener_reject(&c->frames->opener);
	} else {
		sync_handshake_end(&c->handshake);
		why.handshake = c->handshake.reject;
	}
	end(c, &why);
}

static void got(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct sync_conn *c = stream->data;
	const uint8_t *bytes = (const uint8_t *)buf->base;
	size_t taken;

	if (n == UV_ENOBUFS)
		c->reads = 0;
	if (c->told || c->closing || n == 0 || n == UV_ENOBUFS)
		return;
	if (n < 0) {
		cut(c, (int)n);
		return;
	}
	c->in += (uint64_t)n;
	if (c->reads == 0)
		c->spell_ns = uv_hrtime() + SPELL_MS * 1000000;
	c->reads = (size_t)n == buf->len ? c->reads + 1 : 0;
	taken = take_handshake(c, bytes, (size_t)n);
	take_frames(c, bytes + taken, (size_t)n - taken);
	if (sync_conn_is_ready(c))
		c->ops->settled(c->owner, c);
}

static void go_on(uv_timer_t *timer)
{
	struct sync_conn *c = timer->data;

	if (!sync_conn_is_ready(c) || c->held)
		return;
	c->spell_ns = uv_hrtime() + SPELL_MS * 1000000;
	take_frames(c, c->rest, c->n_rest);
	if (!sync_conn_is_ready(c))
		return;
	if (uv_hrtime() < c->spell_ns)
		c->reads = 0; /* else the next wake-up may read again */
	if (!c->held && c->n_rest == 0 &&
	    uv_read_start((uv_stream_t *)&c->tcp, make_room, got) < 0) {
		end_with(c, -ENOMEM);
		return;
	}
	c->ops->settled(c->owner, c);
}

void sync_conn_hold(struct sync_conn *c, bool hold)
{
	if (c->held == hold || !sync_conn_is_ready(c))
		return;
	c->held = hold;
	if (hold) {
		uv_timer_stop(&c->limit);
		uv_read_stop((uv_stream_t *)&c->tcp);
	} else {
		uv_timer_start(&c->limit, go_on, REST_MS, 0);
	}
}

/* --- the beginning ---------------------------------------------------------------------------- */

void sync_conn_begin(struct sync_conn *c)
{
	struct sync_handshake_update u;
	struct sync_seed seed;
	int fd, timeout = USER_TIMEOUT_MS, interval = 1;

	uv_tcp_nodelay(&c->tcp, 1);
	uv_tcp_keepalive(&c->tcp, 1, KEEPALIVE_S);
	if (uv_fileno((uv_handle_t *)&c->tcp, &fd) == 0) {
		setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof(interval));
		setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout, sizeof(timeout));
	}
	randombytes_buf(&seed, sizeof(seed));
	sync_handshake_start(&c->handshake, c->by_us ? SYNC_INITIATOR : SYNC_RESPONDER, &c->keys,
			     &seed, c->features, &u);
	sodium_memzero(&seed, sizeof(seed));
	sync_keys_wipe(&c->keys);
	if (c->handshake.state == SYNC_HANDSHAKE_FAILED)
		end_handshake(c);
	else if (!write_out(c, &u) || uv_read_start((uv_stream_t *)&c->tcp, make_room, got) < 0)
		end_with(c, -ENOMEM);
}

static void connected(uv_connect_t *connect, int status)
{
	struct sync_conn *c = connect->data;

	if (c->told || c->closing)
		return;
	if (status < 0)
		end_with(c, status);
	else
		sync_conn_begin(c);
}

struct sync_conn *sync_conn_new(const struct sync_conn_setup *setup, bool by_us)
{
	struct sync_conn *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->ops = setup->ops;
	c->owner = setup->owner;
	c->keys = *setup->keys;
	c->features = setup->features;
	c->by_us = by_us;
	uv_tcp_init(setup->loop, &c->tcp);
	uv_timer_init(setup->loop, &c->limit);
	c->tcp.data = c->limit.data = c->connect.data = c;
	c->open_handles = 2;
	uv_timer_start(&c->limit, too_late, setup->limit_ms, 0);
	return c;
}

int sync_conn_dial(struct sync_conn *c, const struct addr *self, const struct addr *peer,
		   uint16_t port)
{
	struct sockaddr_storage remote;
	int fd = sync_socket_bound(self, 0), code;

	if (fd < 0)
		return fd;
	code = uv_tcp_open(&c->tcp, fd);
	if (code < 0) {
		close(fd);
		return code;
	}
	sync_socket_address(peer, port, &remote);
	return uv_tcp_connect(&c->connect, &c->tcp, (const struct sockaddr *)&remote, connected);
}

int sync_conn_accept(struct sync_conn *c, uv_stream_t *listener)
{
	return uv_accept(listener, (uv_stream_t *)&c->tcp);
}
