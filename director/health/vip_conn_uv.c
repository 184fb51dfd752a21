/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One connection through the path of the traffic: its clock, its frames, its end; see vip_path_uv.h. */
#include "director/health/vip_inside_uv.h"
#include "ha/clock_uv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { WHERE_TEXT = ADDR_TEXT + 20 };

/* --- words ------------------------------------------------------------------------------------ */

static const char *where(const struct vip_conn *c, char buf[static WHERE_TEXT])
{
	char address[ADDR_TEXT];

	snprintf(buf, WHERE_TEXT, "port %u of %s", c->ask.port, addr_format(&c->ask.vip, address));
	return buf;
}

static void elsewhere_outcome(const struct vip_conn *c, struct outcome *ret)
{
	char mac[MAC_TEXT], at[WHERE_TEXT];

	outcome_set(ret, OUTCOME_ELSEWHERE, "%s answers for %s", mac_format(&c->elsewhere_mac, mac),
		    where(c, at));
}

/* It has said so of this connection, or of one shortly before it where this one hears nothing at all. */
static bool forwards(const struct vip_conn *c)
{
	return c->passed_on || (c->socket && !c->elsewhere && vip_path_forwards(c->path, &c->ask));
}

void vip_conn_so_far(const struct vip_conn *c, struct outcome *ret)
{
	char at[WHERE_TEXT];

	if (c->was_open)
		*ret = (struct outcome){.code = OUTCOME_GOOD};
	else if (forwards(c))
		outcome_set(ret, OUTCOME_PASSED_ON, "%s", addr_format(&c->ask.vip, at));
	else if (c->elsewhere)
		elsewhere_outcome(c, ret);
	else if (!c->socket)
		*ret = c->outcome;
	else
		outcome_set(ret, OUTCOME_SILENT, "%s", where(c, at));
}

/* RFC 792; RFC 1812, 5.2.7.1; RFC 4443, 3.1. */
static const char *unreachable_words(uint8_t family, uint8_t code)
{
	static const char *const v4[] = {
		[0] = "no route",     [1] = "no host",	 [2] = "no such protocol",
		[3] = "no such port", [9] = "forbidden", [10] = "forbidden",
		[13] = "forbidden",
	};
	static const char *const v6[] = {
		[0] = "no route",     [1] = "forbidden", [3] = "no host",
		[4] = "no such port", [5] = "forbidden", [6] = "no route",
	};
	const char *const *words = family == AF_INET6 ? v6 : v4;
	size_t n = family == AF_INET6 ? sizeof(v6) / sizeof(v6[0]) : sizeof(v4) / sizeof(v4[0]);

	return code < n && words[code] ? words[code] : "unreachable";
}

/* --- its end ---------------------------------------------------------------------------------- */

static void on_closed(uv_handle_t *handle)
{
	struct vip_conn *c = handle->data;
	struct vip_path *path = c->path;

	free(c);
	vip_path_forget(path);
}

/* The memory stays until the loop comes round: whoever called may still look at it. */
static void end(struct vip_conn *c, const struct outcome *o)
{
	const struct vip_conn_ops *ops = c->ops;

	if (c->over)
		return;
	c->over = true;
	c->ops = NULL;
	if (c->ttl != VIP_FRAME_TTL && !c->was_open && o->code != OUTCOME_CANNOT_RUN)
		vip_path_set_behind(c->path, &c->ask, false);
	vip_path_remove(c->path, c);
	if (c->socket)
		vip_socket_leave(c->socket);
	uv_close((uv_handle_t *)&c->timer, on_closed);
	if (ops)
		ops->ended(c->owner, o);
}

static void end_by_tcp(struct vip_conn *c)
{
	struct outcome o = {0};
	char at[WHERE_TEXT];

	switch (c->tcp.end) {
	case SMALL_TCP_END_NONE:
	case SMALL_TCP_END_DONE: o.code = OUTCOME_GOOD; break;
	case SMALL_TCP_END_REFUSED: outcome_set(&o, OUTCOME_REFUSED, "%s", where(c, at)); break;
	case SMALL_TCP_END_RESET: outcome_set(&o, OUTCOME_CLOSED, "reset by the backend"); break;
	}
	end(c, &o);
}

/* --- steps ------------------------------------------------------------------------------------ */

static void on_timer(uv_timer_t *timer);

static void arm(struct vip_conn *c)
{
	uint64_t due_us = c->tcp.due_us < c->give_up_us ? c->tcp.due_us : c->give_up_us;

	if (c->tcp.state == SMALL_TCP_IDLE)
		due_us = 0;
	clock_timer(&c->timer, on_timer, due_us);
}

/* Of an interface that is gone or down nothing can be expected; any other unsent frame is a lost one. */
static bool send_one(struct vip_conn *c, const struct small_tcp_segment *tcp)
{
	const struct vip_segment segment = {
		.source = c->ask.own_mac,
		.destination = c->ask.mac,
		.from = c->own,
		.to = c->ask.vip,
		.from_port = c->port,
		.to_port = c->ask.port,
		.ttl = c->ttl,
		.tcp = *tcp,
	};
	int code = vip_socket_send(c->socket, &segment);
	struct outcome o = {0};

	if (code != -ENETDOWN && code != -ENXIO && code != -ENODEV)
		return true;
	outcome_set(&o, OUTCOME_CANNOT_RUN, "cannot send: %s", strerrordesc_np(-code));
	end(c, &o);
	return false;
}

/*
 * Before its handshake is acknowledged: whoever wants to know no more than that it opens resets it now,
 * and the service sees no connection.
 */
static void tell_open(struct vip_conn *c)
{
	c->give_up_us = CLOCK_NEVER;
	c->was_open = true;
	if (c->ttl != VIP_FRAME_TTL)
		vip_path_set_behind(c->path, &c->ask, true);
	if (c->ops)
		c->ops->established(c->owner);
}

static void tell(struct vip_conn *c, const struct small_tcp_update *u)
{
	if (u->flags & SMALL_TCP_HAS_DATA && !c->over && c->ops)
		c->ops->data(c->owner, u->data, u->len);
	if (u->flags & SMALL_TCP_PEER_END && !c->over && c->ops)
		c->ops->data(c->owner, NULL, 0);
	if (u->flags & SMALL_TCP_HAS_ROOM && !c->over && c->ops)
		c->ops->drained(c->owner);
	if (u->flags & SMALL_TCP_IS_OVER && !c->over)
		end_by_tcp(c);
}

/* What is called from tell() may step again; so the timer is set before it. */
static size_t step(struct vip_conn *c, struct small_tcp_event ev)
{
	struct small_tcp_update u;

	if (c->over || !c->socket)
		return 0;
	ev.now_us = clock_us();
	u = small_tcp_step(&c->tcp, &ev);
	if (u.flags & SMALL_TCP_IS_OPEN)
		tell_open(c);
	if (c->over)
		return u.taken;
	for (size_t i = 0; i < u.n_send; i++)
		if (!send_one(c, &u.send[i]))
			return 0;
	arm(c);
	tell(c, &u);
	return u.taken;
}

static void on_timer(uv_timer_t *timer)
{
	struct vip_conn *c = timer->data;
	struct outcome o = {0};

	if (c->socket && clock_us() < c->give_up_us) {
		bool begins = c->tcp.state == SMALL_TCP_IDLE;

		if (!c->was_open && c->syns++ == VIP_SHALLOW)
			c->ttl = VIP_FRAME_TTL_BEHIND;
		step(c, (struct small_tcp_event){.type = begins ? SMALL_TCP_EVENT_CONNECT
								: SMALL_TCP_EVENT_TIMER});
		return;
	}
	vip_conn_so_far(c, &o);
	if (c->was_open)
		step(c, (struct small_tcp_event){.type = SMALL_TCP_EVENT_ABORT});
	end(c, &o);
}

/* --- what is heard ---------------------------------------------------------------------------- */

static void wait_a_little(struct vip_conn *c)
{
	uint64_t until_us = clock_us() + VIP_ELSEWHERE_MS * 1000ULL;

	if (until_us < c->give_up_us)
		c->give_up_us = until_us;
	arm(c);
}

/* Text that comes when nobody wants it is answered with a reset: RFC 9293, 3.6.1. */
bool vip_conn_hear(struct vip_conn *c, const struct mac *mac,
		   const struct small_tcp_segment *segment)
{
	bool own = mac_equal(mac, &c->ask.mac) ||
		   (c->answers.conn && mac_equal(mac, &c->answers.key.mac));

	if (!own && c->ttl != VIP_FRAME_TTL) {
		if (!c->was_open && !c->elsewhere) {
			c->elsewhere = true;
			c->elsewhere_mac = *mac;
			wait_a_little(c);
		}
		return false;
	}
	if (!own)
		vip_path_enter_answers(c->path, c, mac);
	vip_path_set_forwards(c->path, &c->ask, false);
	if (!c->ops && segment->len > 0)
		vip_conn_abort(c);
	else
		step(c, (struct small_tcp_event){.type = SMALL_TCP_EVENT_SEGMENT,
						 .segment = *segment});
	return true;
}

/* The backend forwards: to something of its own, or away. */
static void look_behind(struct vip_conn *c)
{
	c->passed_on = true;
	vip_path_set_forwards(c->path, &c->ask, true);
	c->ttl = VIP_FRAME_TTL_BEHIND;
	wait_a_little(c);
	step(c, (struct small_tcp_event){.type = SMALL_TCP_EVENT_LOST});
}

/* RFC 5927: of one that is established only what proves that the way has changed is believed. */
void vip_conn_hear_error(struct vip_conn *c, const struct vip_heard *heard)
{
	uint32_t seq = heard->segment.tcp.seq;
	struct outcome o = {0};
	char at[WHERE_TEXT], router[ADDR_TEXT];

	if (seq - c->tcp.snd_una > c->tcp.snd_max - c->tcp.snd_una)
		return;
	if (heard->kind == VIP_HEARD_EXCEEDED && !c->was_open && c->ttl == VIP_FRAME_TTL) {
		look_behind(c);
		return;
	}
	if (heard->kind == VIP_HEARD_EXCEEDED)
		outcome_set(&o, OUTCOME_PASSED_ON, "%s", addr_format(&c->ask.vip, at));
	else if (c->was_open)
		return;
	else
		outcome_set(&o, OUTCOME_UNREACHABLE, "%s says of %s: %s",
			    addr_format(&heard->router, router), where(c, at),
			    unreachable_words(c->ask.vip.family, heard->code));
	end(c, &o);
}

/* --- what others call ------------------------------------------------------------------------- */

/* Without a socket c->outcome says why it cannot begin. */
static void begin(struct vip_conn *c, size_t room, size_t buffer)
{
	struct small_tcp_setup setup = {.room = room, .buffer = c->buffer, .size = buffer};
	struct vip_socket *s;
	struct err err = {0};
	char at[WHERE_TEXT];

	s = vip_socket_take(&c->path->sockets, c->ask.ifindex, c->ask.vip.family, &err);
	if (!s || vip_socket_source(s, &c->ask.vip, &c->ask.backend, &c->own, &err) < 0) {
		outcome_set(&c->outcome, OUTCOME_CANNOT_RUN, "%s", err.text);
	} else if (!vip_path_enter(c->path, c, &setup.isn)) {
		outcome_set(&c->outcome, OUTCOME_CANNOT_RUN,
			    "%d connections to %s are already under way", VIP_PORTS, where(c, at));
	} else {
		setup.mss = vip_socket_mss(s);
		small_tcp_init(&c->tcp, &setup);
		c->socket = s;
	}
	if (s && !c->socket)
		vip_socket_leave(s);
}

struct vip_conn *vip_conn_start(struct vip_path *path, const struct vip_ask *ask, size_t room,
				size_t buffer, const struct vip_conn_ops *ops, void *owner)
{
	struct vip_conn *c = calloc(1, sizeof(*c) + buffer);

	if (!c)
		return NULL;
	c->path = path;
	c->ask = *ask;
	c->ops = ops;
	c->owner = owner;
	c->give_up_us = CLOCK_NEVER;
	c->ttl = vip_path_is_behind(path, ask) ? VIP_FRAME_TTL_BEHIND : VIP_FRAME_TTL;
	uv_timer_init(path->sockets.loop, &c->timer);
	c->timer.data = c;
	path->conns++;
	/* The SYN goes out from the loop: a failure is then told from there, too. */
	begin(c, room, buffer);
	arm(c);
	return c;
}

size_t vip_conn_send(struct vip_conn *c, const uint8_t *bytes, size_t len)
{
	return step(c, (struct small_tcp_event){
			       .type = SMALL_TCP_EVENT_SEND, .bytes = bytes, .len = len});
}

size_t vip_conn_free(const struct vip_conn *c)
{
	return c->over ? 0 : small_tcp_free(&c->tcp);
}

void vip_conn_room(struct vip_conn *c, size_t room)
{
	step(c, (struct small_tcp_event){.type = SMALL_TCP_EVENT_ROOM, .room = room});
}

void vip_conn_finish(struct vip_conn *c)
{
	step(c, (struct small_tcp_event){.type = SMALL_TCP_EVENT_CLOSE});
}

void vip_conn_abort(struct vip_conn *c)
{
	const struct outcome none = {0};

	c->ops = NULL;
	step(c, (struct small_tcp_event){.type = SMALL_TCP_EVENT_ABORT});
	end(c, &none);
}

void vip_conn_leave(struct vip_conn *c)
{
	if (!c->was_open) {
		vip_conn_abort(c);
		return;
	}
	c->ops = NULL;
	c->give_up_us = clock_us() + VIP_LEAVE_MS * 1000ULL;
	vip_conn_finish(c);
}
