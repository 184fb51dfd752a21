/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the status tells of the election and of the other director.
 *
 * Shell: asks the election thread; changes nothing.
 */
#include "director/config/keywords.h"
#include "director/director.h"
#include "director/monitor/alarms.h"
#include "director/status_uv.h"
#include "ha/clock_uv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define COPY(to, from) snprintf((to), sizeof(to), "%s", (from))

/* Since a moment of the monotonic clock; 0 stands for never. */
static uint64_t age_ms(uint64_t now_us, uint64_t then_us)
{
	if (!then_us)
		return STATUS_UNKNOWN;
	return now_us > then_us ? (now_us - then_us) / 1000 : 0;
}

static uint32_t ip_version(uint8_t family)
{
	return family == AF_INET6 ? 6 : 4;
}

static int fill_addresses(struct status_vrrp *s, const struct vrrp_view *view)
{
	s->addresses = calloc(view->n_addresses + 1, sizeof(*s->addresses));
	if (!s->addresses)
		return -ENOMEM;
	s->n_addresses = view->n_addresses;
	for (size_t i = 0; i < view->n_addresses; i++)
		prefix_format(&view->addresses[i], s->addresses[i]);
	return 0;
}

static void fill_adverts(struct status_vrrp *s, const struct vrrp_counters *c)
{
	s->adverts_sent = c->sent;
	s->adverts_received = c->received;
	for (unsigned int i = 1; i < VRRP_REJECT_COUNT; i++) {
		s->adverts_rejected += c->rejected[i];
		status_add_count(&s->rejected, vrrp_reject_name(i), c->rejected[i]);
	}
	for (unsigned int i = 0; i < VRRP_NOTE_COUNT; i++)
		status_add_count(&s->notes, vrrp_note_name(i), c->noted[i]);
	s->announced = c->announced;
	s->restored = c->restored;
	s->claims = c->claims;
}

static void fill_security(struct status_vrrp *s, const struct vrrp_view *view, uint64_t now_us)
{
	COPY(s->authentication, config_auth_mode_name(view->auth_mode));
	s->auth_failed_age_ms = age_ms(now_us, view->auth_failed_us);
	s->skew_age_ms = age_ms(now_us, view->skewed_us);
	s->skew_s = (uint64_t)abs(view->skew_s);
}

static int fill_vrrp(struct status_vrrp *s, const struct vrrp_router *r, uint64_t now_us)
{
	struct vrrp_cause gate;
	char text[VRRP_CAUSE_TEXT];
	struct vrrp_view view;

	vrrp_router_view(r, &view);
	COPY(s->name, view.name);
	COPY(s->state, vrrp_state_name(view.state));
	COPY(s->interface, view.interface);
	if (view.device)
		COPY(s->device, view.device);
	s->priority = view.priority;
	s->virtual_router_id = view.virtual_router_id;
	s->version = view.version;
	s->family = ip_version(view.family);
	s->interval_ms = view.advertise_interval_ms;
	s->transitions = view.transitions;
	COPY(s->reason, view.reason_text);
	s->since_ms = now_us / 1000 - view.changed_ms;
	if (view.has_master)
		addr_format(&view.master_address, s->master);
	s->master_priority = view.master_priority;
	s->master_age_ms = view.master_age_ms;
	COPY(s->error, view.error);
	s->yielded = view.yielded;
	s->held = view.held;
	s->claimed = view.claimed ||
		     (view.state == VRRP_FAULT && view.reason == VRRP_REASON_ADDRESS_TAKEN);
	gate = (struct vrrp_cause){.reason = view.gate};
	if (view.gate != VRRP_REASON_NONE)
		COPY(s->gate, vrrp_cause_format(&gate, text));
	s->lease_s = view.lease_s;
	fill_adverts(s, &view.counters);
	fill_security(s, &view, now_us);
	return fill_addresses(s, &view);
}

/* "connected" and "down" are words of the contract with scripts; the heartbeat's own say more. */
static const char *peer_state(const struct heartbeat_view *v)
{
	switch (v->state) {
	case HEARTBEAT_UP:
	case HEARTBEAT_OVERDUE: return "connected";
	case HEARTBEAT_GONE: return "down";
	case HEARTBEAT_DOWN: break;
	}
	return v->heard ? "down" : "connecting";
}

static const char *router_state(uint8_t state)
{
	switch ((enum heartbeat_router)state) {
	case HEARTBEAT_INIT: return "init";
	case HEARTBEAT_BACKUP: return "backup";
	case HEARTBEAT_MASTER: return "master";
	case HEARTBEAT_FAULT: return "fault";
	case HEARTBEAT_MAINTENANCE: return "maintenance";
	}
	return "";
}

static void fill_word(struct director *d, struct status_word *s, const struct heartbeat_said *said,
		      uint64_t now_us)
{
	const struct heartbeat_word *w = &said->word;

	for (size_t i = 0; i < d->n_routers; i++) {
		struct vrrp_view view;

		if (!vrrp_router_is(d->routers[i], w))
			continue;
		vrrp_router_view(d->routers[i], &view);
		COPY(s->name, view.name);
	}
	s->virtual_router_id = w->virtual_router_id;
	s->family = ip_version(w->family);
	COPY(s->state, router_state(w->state));
	s->priority = w->priority;
	s->holds = w->flags & HEARTBEAT_HOLDS_VIP;
	s->link_up = w->flags & HEARTBEAT_LINK_UP;
	/* All zero: it depends on no farm, and counts none. */
	s->healthy = w->farms.healthy || w->farms.lacking ? w->farms.healthy : STATUS_UNKNOWN;
	s->age_ms = age_ms(now_us, said->sent_us);
	if (mac_is_unicast(&w->mac))
		mac_format(&w->mac, s->mac);
}

static void fill_heartbeat_counts(struct status_peer *s, const struct heartbeat_counters *c)
{
	s->sent = c->sent;
	s->received = c->received;
	s->send_failed = c->send_failed;
	s->refused = c->refused;
	s->unproven = c->unproven;
	for (unsigned int i = 1; i < HEARTBEAT_REJECT_COUNT; i++)
		status_add_count(&s->rejected, heartbeat_reject_name(i), c->rejected[i]);
}

static int fill_heartbeat(struct director *d, struct status_peer *s, const struct heartbeat_view *v,
			  uint64_t now_us)
{
	COPY(s->state, peer_state(v));
	COPY(s->heartbeat, heartbeat_state_name(v->state));
	COPY(s->cause, heartbeat_cause_text(v->cause));
	COPY(s->error, v->error);
	s->since_ms = age_ms(now_us, v->since_us);
	if (v->heard) {
		s->age_ms = age_ms(now_us, v->sent_us);
		s->round_trip_us = v->round_trip_us;
		s->interval_ms = v->interval_us / 1000;
	}
	s->key_age_ms = age_ms(now_us, v->sealed_us);
	fill_heartbeat_counts(s, &v->counters);
	s->words = calloc(v->n_known + 1, sizeof(*s->words));
	if (!s->words)
		return -ENOMEM;
	s->n_words = v->n_known;
	for (size_t i = 0; i < v->n_known; i++)
		fill_word(d, &s->words[i], &v->known[i], now_us);
	return 0;
}

static int fill_peer(struct director *d, struct status_peer *s, uint64_t now_us)
{
	struct pair_view view;

	COPY(s->node, d->peer->name);
	addr_format(&d->peer->address, s->address);
	COPY(s->state, "down");
	COPY(s->sync, "stale");
	COPY(s->heartbeat, "off");
	s->lag_ms = s->since_ms = s->age_ms = s->round_trip_us = s->interval_ms = s->key_age_ms =
		STATUS_UNKNOWN;
	status_channel_none(&s->channel);
	pair_view(d->pair, &view);
	return view.configured ? fill_heartbeat(d, s, &view.peer, now_us) : 0;
}

struct pair_call {
	struct director *d;
	struct status *s;
	int code;
};

/* On the election thread: what a view shows is borrowed from it. */
static void fill_here(void *arg)
{
	struct pair_call *call = arg;
	struct director *d = call->d;
	uint64_t now_us = clock_us();

	for (size_t i = 0; !call->code && i < d->n_routers; i++) {
		call->code = fill_vrrp(&call->s->vrrps[i], d->routers[i], now_us);
		call->s->vrrps[i].two_masters = pair_two_masters(d->pair, i);
	}
	if (!call->code && d->peer)
		call->code = fill_peer(d, &call->s->peers[0], now_us);
}

int director_status_pair(struct director *d, struct status *s)
{
	struct pair_call call = {.d = d, .s = s};
	struct election_view view;

	election_view(d->election, &view);
	s->election_realtime = view.realtime;
	s->election_late = view.late;
	s->main_late = d->late;
	election_call(d->election, fill_here, &call);
	if (d->twin && s->n_peers)
		director_show_twin(d, &s->peers[0]);
	director_show_tracks(d, s);
	if (!call.code)
		call.code = claimants_show(&d->claimants, uv_now(d->loop), s);
	return call.code ? call.code : alarms_fill(s);
}
