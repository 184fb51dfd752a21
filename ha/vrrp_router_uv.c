/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Adverts, the timer and the effects of a step, in the order that vrrp.h states. */
#include "ha/vrrp_router_uv.h"

#include "ha/clock_uv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* --- effects ---------------------------------------------------------------------------------- */

static void send_to(struct vrrp_router *r, const struct vrrp_packet *p)
{
	unsigned long suppressed;
	char text[LOG_MORE];
	/* The last advert before a higher router would turn the switch's head back to us. */
	bool last = r->core.state != VRRP_MASTER && p->priority != VRRP_PRIORITY_STOP;
	int code = -ENOTCONN;

	if (r->virtual_mac && !r->unicast && !last)
		code = vrrp_vmac_send(r, p);
	else if (r->socket)
		code = vrrp_socket_send(r->socket, p);
	if (code == 0) {
		r->counters.sent++;
		return;
	}
	r->counters.send_failed++;
	if (log_limit_pass(&r->socket_limit, clock_ms(), &suppressed))
		log_warning("%s: cannot send an advert on %s: %s, looking at the interface "
			    "again%s",
			    r->name, r->interface, strerror(-code), log_more(suppressed, text));
	vrrp_router_recheck(r, 0);
}

/* Puts the trailer behind it, which is the same for every destination. */
static void sign(struct vrrp_router *r, struct vrrp_packet *p,
		 uint8_t trailer[static VRRP_AUTH_TRAILER])
{
	uint8_t message[VRRP_MESSAGE_MAX];
	size_t len;

	if (!vrrp_auth_signs(&r->auth))
		return;
	len = vrrp_packet_build(p, message, sizeof(message));
	if (len > 0 && vrrp_auth_sign(&r->auth, vrrp_auth_next(&r->auth, clock_wall_us()),
				      &p->source, message, len, trailer))
		p->trailer = trailer;
}

static void send_advert(struct vrrp_router *r, uint8_t priority)
{
	uint8_t trailer[VRRP_AUTH_TRAILER];
	struct vrrp_packet p = {
		.version = r->version,
		.virtual_router_id = r->virtual_router_id,
		.priority = priority,
		.interval_ms = (uint32_t)(r->core.settings.interval_us / 1000),
		.source = r->core.settings.address,
		.destination = vrrp_group(r->family),
		.n_addresses = (uint8_t)r->vips.n,
	};

	for (size_t i = 0; i < r->vips.n; i++)
		p.addresses[i] = r->vips.addresses[i].addr;
	sign(r, &p, trailer);
	if (!r->unicast)
		send_to(r, &p);
	for (size_t i = 0; i < r->n_peers && r->unicast; i++) {
		p.destination = r->peers[i];
		send_to(r, &p);
	}
}

void vrrp_router_stamp(struct vrrp_router *r)
{
	r->changed_wall_ms = (int64_t)clock_wall_ms();
	r->changed_ms = clock_ms();
}

static void tell(struct vrrp_router *r, const struct vrrp_update *u)
{
	char text[VRRP_CAUSE_TEXT];

	vrrp_router_stamp(r);
	r->cause = u->cause;
	r->from = u->from;
	r->transitions++;
	/* Who was heard in another state says nothing about who is master now. */
	if (u->cause.reason != VRRP_REASON_HIGHER)
		r->heard = false;
	vrrp_cause_format(&u->cause, text);
	log_about(LOG_LEVEL_INFO,
		  LOG_OF(.vrrp = r->name + strlen("vrrp "), .from = vrrp_state_name(u->from),
			 .to = vrrp_state_name(r->core.state), .reason = text),
		  "%s: %s -> %s: %s", r->name, vrrp_state_name(u->from),
		  vrrp_state_name(r->core.state), text);
	if (r->ops.changed)
		r->ops.changed(r->owner, r);
}

static void say_goodbye(struct vrrp_router *r)
{
	r->let_go_us = clock_us();
	if (r->ops.goodbye)
		r->ops.goodbye(r->owner, r);
}

static void tell_held(const struct vrrp_router *r)
{
	char text[ADDR_TEXT];

	if (r->core.wait == VRRP_WAIT_HELD)
		log_warning("%s: no adverts, but a heartbeat says that %s is master: the takeover "
			    "is held; is VRRP filtered on %s?",
			    r->name, addr_format(&r->core.held_by, text), r->interface);
	else
		log_info("%s: the takeover is held no more", r->name);
}

static void apply(struct vrrp_router *r, const struct vrrp_update *u)
{
	if (u->flags & VRRP_RELEASE_VIP)
		vrrp_router_release(r);
	/* The advert turns the switch's head: what comes then must find the device. */
	if (u->flags & VRRP_TAKE_VIP)
		vrrp_vmac_take(r);
	if (u->flags & VRRP_ADVERT)
		send_advert(r, u->send_priority);
	if (u->flags & VRRP_GOODBYE)
		say_goodbye(r);
	if (u->flags & VRRP_TAKE_VIP) {
		vrrp_router_take(r);
		vrrp_router_claim(r);
	}
	if (u->flags & VRRP_ANNOUNCE)
		vrrp_router_announce(r);
	if (u->flags & VRRP_TIMER && !r->closing)
		deadline_arm(&r->deadline, u->deadline_us);
	if (u->flags & VRRP_HELD)
		tell_held(r);
	vrrp_vmac_follow(r, false);
	if (u->flags & VRRP_STATE)
		tell(r, u);
}

/*
 * Another master, that is to go. Not the one that we have just replaced: its last advert belongs to every
 * takeover.
 */
static void note_rival(struct vrrp_router *r, const struct vrrp_event *ev,
		       const struct vrrp_update *u)
{
	bool heard = ev->type == VRRP_EVENT_ADVERT ||
		     (ev->type == VRRP_EVENT_PEER && ev->peer.says != VRRP_PEER_GONE);

	if (u->flags & VRRP_STATE)
		r->rival_us = 0;
	else if (heard && u->flags & VRRP_ANNOUNCE &&
		 ev->now_us - r->changed_ms * 1000 > r->core.settings.interval_us)
		r->rival_us = ev->now_us;
}

void vrrp_router_step(struct vrrp_router *r, struct vrrp_event ev)
{
	struct vrrp_update u;

	if (r->closing) /* from within a callback of an earlier step */
		return;
	ev.now_us = clock_us();
	u = vrrp_step(&r->core, &ev);
	note_rival(r, &ev, &u);
	apply(r, &u);
	if (r->ops.stepped && !r->closing)
		r->ops.stepped(r->owner, r, &u);
}

/* --- events: adverts and the timer ------------------------------------------------------------ */

static void count_reject(struct vrrp_router *r, enum vrrp_reject reject, const struct addr *from)
{
	unsigned long suppressed;
	char text[ADDR_TEXT], tail[LOG_MORE];

	r->counters.rejected[reject]++;
	if (reject == VRRP_REJECT_AUTH_KEY || reject == VRRP_REJECT_AUTH_HMAC)
		r->auth_failed_us = clock_us();
	if (reject != VRRP_REJECT_NOT_OURS &&
	    log_limit_pass(&r->reject_limits[reject], clock_ms(), &suppressed))
		log_warning("%s: dropped an advert of %s on %s: it %s%s", r->name,
			    addr_format(from, text), r->interface, vrrp_reject_text(reject),
			    log_more(suppressed, tail));
}

static void count_notes(struct vrrp_router *r, const struct vrrp_packet *p)
{
	unsigned int notes = vrrp_packet_notes(p, r->vips.addresses, r->vips.n,
					       (uint32_t)(r->core.settings.interval_us / 1000),
					       r->core.settings.priority);
	unsigned long suppressed;
	char text[ADDR_TEXT], tail[LOG_MORE];

	for (unsigned int n = 0; n < VRRP_NOTE_COUNT; n++) {
		if (!(notes & 1u << n))
			continue;
		r->counters.noted[n]++;
		if (log_limit_pass(&r->note_limits[n], clock_ms(), &suppressed))
			log_warning("%s: the advert of %s shows %s; is the configuration the same "
				    "on both?%s",
				    r->name, addr_format(&p->source, text), vrrp_note_text(n),
				    log_more(suppressed, tail));
	}
}

/* Before clocks differ so much that adverts are refused, somebody is told. */
static void note_skew(struct vrrp_router *r, const struct addr *from, int32_t skew_s)
{
	unsigned long suppressed;
	char text[ADDR_TEXT], tail[LOG_MORE];

	if ((uint32_t)abs(skew_s) * 2 <= r->auth.window_s)
		return;
	r->skewed_us = clock_us();
	r->skew_s = skew_s;
	if (log_limit_pass(&r->skew_limit, clock_ms(), &suppressed))
		log_warning("%s: the clock of %s is %d s %s ours; from %u s on its adverts may be "
			    "refused%s",
			    r->name, addr_format(from, text), abs(skew_s),
			    skew_s > 0 ? "ahead of" : "behind", r->auth.window_s + 1,
			    log_more(suppressed, tail));
}

static enum vrrp_reject authenticate(struct vrrp_router *r, const struct vrrp_packet *p)
{
	const struct vrrp_auth_now now = {.wall_us = clock_wall_us(), .mono_us = clock_us()};
	int32_t skew_s = 0;
	enum vrrp_reject reject;

	if (!vrrp_auth_expects(&r->auth))
		return VRRP_REJECT_NONE;
	reject = vrrp_auth_check(&r->auth, p, &now, &skew_s);
	note_skew(r, &p->source, skew_s);
	return reject;
}

static void take_packet(struct vrrp_router *r, const uint8_t *bytes, size_t len,
			const struct vrrp_ip *ip)
{
	const struct vrrp_expect expect = {
		.version = r->version,
		.virtual_router_id = r->virtual_router_id,
		.own = r->core.settings.address,
		.interval_ms = (uint32_t)(r->core.settings.interval_us / 1000),
		.unicast = r->unicast,
		.peers = r->peers,
		.n_peers = r->n_peers,
		.trailer = vrrp_auth_expects(&r->auth),
	};
	struct vrrp_packet p;
	enum vrrp_reject reject = r->family == AF_INET6
					  ? vrrp_message_parse(ip, bytes, len, &expect, &p)
					  : vrrp_packet_parse(bytes, len, &expect, &p);

	if (reject == VRRP_REJECT_NONE)
		reject = authenticate(r, &p);
	if (reject != VRRP_REJECT_NONE) {
		count_reject(r, reject, &ip->source);
		return;
	}
	r->counters.received++;
	count_notes(r, &p);
	r->heard = p.priority != VRRP_PRIORITY_STOP;
	r->heard_from = p.source;
	r->heard_priority = p.priority;
	r->heard_us = clock_us();
	vrrp_router_heard(r);
	vrrp_router_step(r, (struct vrrp_event){
				    .type = VRRP_EVENT_ADVERT,
				    .advert = {.source = p.source,
					       .priority = p.priority,
					       .interval_us = (uint64_t)p.interval_ms * 1000},
			    });
	if (!r->closing)
		vrrp_vmac_follow(r, p.priority != VRRP_PRIORITY_STOP);
}

void vrrp_router_readable(void *owner)
{
	struct vrrp_router *r = owner;
	uint8_t bytes[VRRP_DATAGRAM_MAX];
	struct vrrp_ip ip;
	unsigned long suppressed;
	char tail[LOG_MORE];

	/* A step may close the socket, or the router. */
	for (int i = 0; i < READ_BUDGET && r->socket; i++) {
		ssize_t n = vrrp_socket_receive(r->socket, bytes, sizeof(bytes), &ip);

		if (n == -EAGAIN)
			return;
		if (n >= 0)
			take_packet(r, bytes, (size_t)n, &ip);
		else if (n != -EINTR && log_limit_pass(&r->socket_limit, clock_ms(), &suppressed))
			log_warning("%s: receiving on %s: %s, going on%s", r->name, r->interface,
				    strerror((int)-n), log_more(suppressed, tail));
	}
}

/*
 * A process that was stopped for a while finds its timer expired and the adverts that it missed
 * still queued: those are heard first, or it would become a second master.
 */
void vrrp_router_expired(void *owner, uint64_t late_us)
{
	struct vrrp_router *r = owner;

	if (r->ops.late)
		r->ops.late(r->owner, late_us);
	vrrp_router_readable(r);
	if (!r->closing)
		vrrp_router_step(r, (struct vrrp_event){.type = VRRP_EVENT_TIMER});
}
