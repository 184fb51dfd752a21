/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proto/codec_pair.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static void *list_new(size_t n, size_t size)
{
	return calloc(n ? n : 1, size);
}

/* --- out ------------------------------------------------------------------------------------- */

/* What is free of each block. */
struct rest {
	Control__Count *counts;
	Control__Word *words;
	Control__Channel *channels;
	void **pointers;
};

void packed_pair_clear(struct packed_pair *p)
{
	free(p->vrrps);
	free(p->peers);
	free(p->counts);
	free(p->words);
	free(p->channels);
	free(p->stragglers);
	free(p->claims);
	free(p->pointers);
	*p = (struct packed_pair){0};
}

static Control__Count **fill_counts(struct status_counts *c, struct rest *rest)
{
	Control__Count **list = (Control__Count **)rest->pointers;

	for (size_t i = 0; i < c->n; i++) {
		*rest->counts = (Control__Count)CONTROL__COUNT__INIT;
		rest->counts->reason = c->at[i].reason;
		rest->counts->count = c->at[i].count;
		*rest->pointers++ = rest->counts++;
	}
	return list;
}

static void fill_beside(Control__Vrrp *m, struct status_vrrp *v, struct rest *rest)
{
	m->version = v->version;
	m->family = v->family;
	m->interval_ms = v->interval_ms;
	m->held = v->held;
	m->two_masters = v->two_masters;
	m->claimed = v->claimed;
	m->gate = v->gate;
	m->lease_s = v->lease_s;
	m->restored = v->restored;
	m->claims = v->claims;
	m->announced = v->announced;
	m->authentication = v->authentication;
	m->n_rejected = v->rejected.n;
	m->rejected = fill_counts(&v->rejected, rest);
	m->n_notes = v->notes.n;
	m->notes = fill_counts(&v->notes, rest);
	m->auth_failed_age_ms = v->auth_failed_age_ms;
	m->skew_age_ms = v->skew_age_ms;
	m->skew_s = v->skew_s;
}

static void fill_vrrp(Control__Vrrp *m, struct status_vrrp *v, struct rest *rest)
{
	*m = (Control__Vrrp)CONTROL__VRRP__INIT;
	m->name = v->name;
	m->state = v->state;
	m->interface = v->interface;
	m->device = v->device;
	m->priority = v->priority;
	m->virtual_router_id = v->virtual_router_id;
	m->addresses = (char **)rest->pointers;
	m->n_addresses = v->n_addresses;
	for (size_t i = 0; i < v->n_addresses; i++)
		*rest->pointers++ = v->addresses[i];
	m->transitions = v->transitions;
	m->reason = v->reason;
	m->since_ms = v->since_ms;
	m->master = v->master;
	m->master_priority = v->master_priority;
	m->master_age_ms = v->master_age_ms;
	m->error = v->error;
	m->adverts_sent = v->adverts_sent;
	m->adverts_received = v->adverts_received;
	m->adverts_rejected = v->adverts_rejected;
	m->yielded = v->yielded;
	fill_beside(m, v, rest);
}

static void fill_word(Control__Word *m, struct status_word *w)
{
	*m = (Control__Word)CONTROL__WORD__INIT;
	m->name = w->name;
	m->virtual_router_id = w->virtual_router_id;
	m->family = w->family;
	m->state = w->state;
	m->priority = w->priority;
	m->holds = w->holds;
	m->link_up = w->link_up;
	m->healthy = w->healthy;
	m->age_ms = w->age_ms;
	m->mac = w->mac;
}

static void fill_channel(Control__Channel *m, struct status_channel *c, struct rest *rest)
{
	*m = (Control__Channel)CONTROL__CHANNEL__INIT;
	m->enabled = c->enabled;
	m->connected = c->connected;
	m->since_ms = c->since_ms;
	m->trouble = c->trouble;
	m->ended = c->ended;
	m->connections = c->connections;
	m->octets_sent = c->octets_sent;
	m->octets_received = c->octets_received;
	m->current_here = c->current_here;
	m->current_there = c->current_there;
	m->queued = c->queued;
	m->unacknowledged = c->unacknowledged;
	m->would_lose = c->would_lose;
	m->held_ours = c->held_ours;
	m->held_theirs = c->held_theirs;
	m->flows_sent = c->flows_sent;
	m->flows_received = c->flows_received;
	m->flows_unknown = c->flows_unknown;
	m->flows_refused = c->flows_refused;
	m->snapshots_sent = c->snapshots_sent;
	m->snapshots_received = c->snapshots_received;
	m->snapshot_age_ms = c->snapshot_age_ms;
	m->snapshot_flows = c->snapshot_flows;
	m->snapshot_took_ms = c->snapshot_took_ms;
	m->lag_median_us = c->lag_median_us;
	m->lag_p99_us = c->lag_p99_us;
	m->lag_max_us = c->lag_max_us;
	m->clock_apart_ms = c->clock_apart_ms;
	m->lost = c->lost;
	m->config_differs = c->config_differs;
	m->n_rejected = c->rejected.n;
	m->rejected = fill_counts(&c->rejected, rest);
}

static void fill_peer(Control__Peer *m, struct status_peer *p, struct rest *rest)
{
	*m = (Control__Peer)CONTROL__PEER__INIT;
	m->node = p->node;
	m->address = p->address;
	m->state = p->state;
	m->sync = p->sync;
	m->lag_ms = p->lag_ms;
	m->sent = p->sent;
	m->received = p->received;
	m->heartbeat = p->heartbeat;
	m->cause = p->cause;
	m->since_ms = p->since_ms;
	m->age_ms = p->age_ms;
	m->round_trip_us = p->round_trip_us;
	m->interval_ms = p->interval_ms;
	m->error = p->error;
	m->send_failed = p->send_failed;
	m->refused = p->refused;
	m->unproven = p->unproven;
	m->n_rejected = p->rejected.n;
	m->rejected = fill_counts(&p->rejected, rest);
	m->key_age_ms = p->key_age_ms;
	m->channel = rest->channels++;
	fill_channel(m->channel, &p->channel, rest);
	m->n_words = p->n_words;
	m->words = (Control__Word **)rest->pointers;
	for (size_t i = 0; i < p->n_words; i++) {
		fill_word(rest->words, &p->words[i]);
		*rest->pointers++ = rest->words++;
	}
}

static void fill_straggler(Control__Straggler *m, struct status_straggler *s)
{
	*m = (Control__Straggler)CONTROL__STRAGGLER__INIT;
	m->mac = s->mac;
	m->address = s->address;
	m->interface = s->interface;
	m->age_ms = s->age_ms;
}

static void fill_claim(Control__Claim *m, struct status_claim *s)
{
	*m = (Control__Claim)CONTROL__CLAIM__INIT;
	m->address = s->address;
	m->mac = s->mac;
	m->farm = s->farm;
	m->backend = s->backend;
	m->count = s->count;
	m->goes_on = s->goes_on;
	m->since_ms = s->since_ms;
	m->age_ms = s->age_ms;
}

static int alloc(struct packed_pair *p, const struct status *s)
{
	size_t counts = 0, words = 0, addresses = 0;

	for (size_t i = 0; i < s->n_vrrps; i++) {
		counts += s->vrrps[i].rejected.n + s->vrrps[i].notes.n;
		addresses += s->vrrps[i].n_addresses;
	}
	for (size_t i = 0; i < s->n_peers; i++) {
		counts += s->peers[i].rejected.n + s->peers[i].channel.rejected.n;
		words += s->peers[i].n_words;
	}
	p->vrrps = list_new(s->n_vrrps, sizeof(*p->vrrps));
	p->peers = list_new(s->n_peers, sizeof(*p->peers));
	p->counts = list_new(counts, sizeof(*p->counts));
	p->words = list_new(words, sizeof(*p->words));
	p->channels = list_new(s->n_peers, sizeof(*p->channels));
	p->stragglers = list_new(s->n_stragglers, sizeof(*p->stragglers));
	p->claims = list_new(s->n_claims, sizeof(*p->claims));
	p->pointers = list_new(s->n_vrrps + s->n_peers + s->n_stragglers + s->n_claims +
				       s->n_alarms + counts + words + addresses,
			       sizeof(*p->pointers));
	return p->vrrps && p->peers && p->counts && p->words && p->channels && p->stragglers &&
			       p->claims && p->pointers
		       ? 0
		       : -ENOMEM;
}

int packed_pair_init(struct packed_pair *p, const struct status *s)
{
	/* The generated strings are not const; packing does not change them. */
	struct status *t = (struct status *)s;
	struct rest rest;

	if (alloc(p, s) < 0)
		return -ENOMEM;
	p->n_vrrps = s->n_vrrps;
	p->n_peers = s->n_peers;
	p->n_stragglers = s->n_stragglers;
	p->n_claims = s->n_claims;
	p->n_alarms = s->n_alarms;
	rest = (struct rest){.counts = p->counts,
			     .words = p->words,
			     .channels = p->channels,
			     .pointers = p->pointers};
	for (size_t i = 0; i < s->n_vrrps; i++)
		*rest.pointers++ = &p->vrrps[i];
	for (size_t i = 0; i < s->n_peers; i++)
		*rest.pointers++ = &p->peers[i];
	for (size_t i = 0; i < s->n_stragglers; i++) {
		fill_straggler(&p->stragglers[i], &t->stragglers[i]);
		*rest.pointers++ = &p->stragglers[i];
	}
	for (size_t i = 0; i < s->n_claims; i++) {
		fill_claim(&p->claims[i], &t->claims[i]);
		*rest.pointers++ = &p->claims[i];
	}
	for (size_t i = 0; i < s->n_alarms; i++)
		*rest.pointers++ = t->alarms[i];
	for (size_t i = 0; i < s->n_vrrps; i++)
		fill_vrrp(&p->vrrps[i], &t->vrrps[i], &rest);
	for (size_t i = 0; i < s->n_peers; i++)
		fill_peer(&p->peers[i], &t->peers[i], &rest);
	return 0;
}

void packed_pair_link(struct packed_pair *p, Control__Status *m)
{
	void **next = p->pointers;

	m->n_vrrps = p->n_vrrps;
	m->vrrps = (Control__Vrrp **)next;
	next += p->n_vrrps;
	m->n_peers = p->n_peers;
	m->peers = (Control__Peer **)next;
	next += p->n_peers;
	m->n_stragglers = p->n_stragglers;
	m->stragglers = (Control__Straggler **)next;
	next += p->n_stragglers;
	m->n_claims = p->n_claims;
	m->claims = (Control__Claim **)next;
	next += p->n_claims;
	m->n_alarms = p->n_alarms;
	m->alarms = (char **)next;
}

/* --- in -------------------------------------------------------------------------------------- */

#define COPY(to, from) snprintf((to), sizeof(to), "%s", (from))

void codec_take_counts(struct status_counts *c, Control__Count *const *list, size_t n)
{
	for (c->n = 0; c->n < n; c->n++) {
		COPY(c->at[c->n].reason, list[c->n]->reason);
		c->at[c->n].count = list[c->n]->count;
	}
}

static void take_beside(struct status_vrrp *v, const Control__Vrrp *m)
{
	v->version = m->version;
	v->family = m->family;
	v->interval_ms = m->interval_ms;
	v->held = m->held;
	v->two_masters = m->two_masters;
	v->claimed = m->claimed;
	COPY(v->gate, m->gate);
	v->lease_s = m->lease_s;
	v->restored = m->restored;
	v->claims = m->claims;
	v->announced = m->announced;
	COPY(v->authentication, m->authentication);
	codec_take_counts(&v->rejected, m->rejected, m->n_rejected);
	codec_take_counts(&v->notes, m->notes, m->n_notes);
	v->auth_failed_age_ms = m->auth_failed_age_ms;
	v->skew_age_ms = m->skew_age_ms;
	v->skew_s = m->skew_s;
}

static int take_vrrp(struct status_vrrp *v, const Control__Vrrp *m)
{
	if (m->n_addresses > CONFIG_VIPS_MAX || m->n_rejected > STATUS_REASONS_MAX ||
	    m->n_notes > STATUS_REASONS_MAX)
		return -EBADMSG;
	COPY(v->name, m->name);
	COPY(v->state, m->state);
	COPY(v->interface, m->interface);
	COPY(v->device, m->device);
	v->priority = m->priority;
	v->virtual_router_id = m->virtual_router_id;
	v->transitions = m->transitions;
	COPY(v->reason, m->reason);
	v->since_ms = m->since_ms;
	COPY(v->master, m->master);
	v->master_priority = m->master_priority;
	v->master_age_ms = m->master_age_ms;
	COPY(v->error, m->error);
	v->adverts_sent = m->adverts_sent;
	v->adverts_received = m->adverts_received;
	v->adverts_rejected = m->adverts_rejected;
	v->yielded = m->yielded;
	take_beside(v, m);
	v->addresses = list_new(m->n_addresses, sizeof(*v->addresses));
	if (!v->addresses)
		return -ENOMEM;
	v->n_addresses = m->n_addresses;
	for (size_t i = 0; i < m->n_addresses; i++)
		COPY(v->addresses[i], m->addresses[i]);
	return 0;
}

static void take_word(struct status_word *w, const Control__Word *m)
{
	COPY(w->name, m->name);
	w->virtual_router_id = m->virtual_router_id;
	w->family = m->family;
	COPY(w->state, m->state);
	w->priority = m->priority;
	w->holds = m->holds;
	w->link_up = m->link_up;
	w->healthy = m->healthy;
	w->age_ms = m->age_ms;
	COPY(w->mac, m->mac);
}

/* A peer without one tells nothing of it. */
static int take_channel(struct status_channel *c, const Control__Channel *m)
{
	status_channel_none(c);
	if (!m)
		return 0;
	if (m->n_rejected > STATUS_REASONS_MAX)
		return -EBADMSG;
	c->enabled = m->enabled;
	c->connected = m->connected;
	c->since_ms = m->since_ms;
	COPY(c->trouble, m->trouble);
	COPY(c->ended, m->ended);
	c->connections = m->connections;
	c->octets_sent = m->octets_sent;
	c->octets_received = m->octets_received;
	c->current_here = m->current_here;
	c->current_there = m->current_there;
	c->queued = m->queued;
	c->unacknowledged = m->unacknowledged;
	c->would_lose = m->would_lose;
	c->held_ours = m->held_ours;
	c->held_theirs = m->held_theirs;
	c->flows_sent = m->flows_sent;
	c->flows_received = m->flows_received;
	c->flows_unknown = m->flows_unknown;
	c->flows_refused = m->flows_refused;
	c->snapshots_sent = m->snapshots_sent;
	c->snapshots_received = m->snapshots_received;
	c->snapshot_age_ms = m->snapshot_age_ms;
	c->snapshot_flows = m->snapshot_flows;
	c->snapshot_took_ms = m->snapshot_took_ms;
	c->lag_median_us = m->lag_median_us;
	c->lag_p99_us = m->lag_p99_us;
	c->lag_max_us = m->lag_max_us;
	c->clock_apart_ms = m->clock_apart_ms;
	c->lost = m->lost;
	c->config_differs = m->config_differs;
	codec_take_counts(&c->rejected, m->rejected, m->n_rejected);
	return 0;
}

static int take_peer(struct status_peer *p, const Control__Peer *m)
{
	if (m->n_rejected > STATUS_REASONS_MAX || m->n_words > STATUS_ROUTERS_MAX)
		return -EBADMSG;
	COPY(p->node, m->node);
	COPY(p->address, m->address);
	COPY(p->state, m->state);
	COPY(p->sync, m->sync);
	p->lag_ms = m->lag_ms;
	p->sent = m->sent;
	p->received = m->received;
	COPY(p->heartbeat, m->heartbeat);
	COPY(p->cause, m->cause);
	p->since_ms = m->since_ms;
	p->age_ms = m->age_ms;
	p->round_trip_us = m->round_trip_us;
	p->interval_ms = m->interval_ms;
	COPY(p->error, m->error);
	p->send_failed = m->send_failed;
	p->refused = m->refused;
	p->unproven = m->unproven;
	codec_take_counts(&p->rejected, m->rejected, m->n_rejected);
	p->key_age_ms = m->key_age_ms;
	if (take_channel(&p->channel, m->channel) < 0)
		return -EBADMSG;
	p->words = list_new(m->n_words, sizeof(*p->words));
	if (!p->words)
		return -ENOMEM;
	p->n_words = m->n_words;
	for (size_t i = 0; i < m->n_words; i++)
		take_word(&p->words[i], m->words[i]);
	return 0;
}

static void take_straggler(struct status_straggler *s, const Control__Straggler *m)
{
	COPY(s->mac, m->mac);
	COPY(s->address, m->address);
	COPY(s->interface, m->interface);
	s->age_ms = m->age_ms;
}

static void take_claim(struct status_claim *s, const Control__Claim *m)
{
	COPY(s->address, m->address);
	COPY(s->mac, m->mac);
	COPY(s->farm, m->farm);
	COPY(s->backend, m->backend);
	s->count = m->count;
	s->goes_on = m->goes_on;
	s->since_ms = m->since_ms;
	s->age_ms = m->age_ms;
}

int codec_take_pair(struct status *s, const Control__Status *m)
{
	int err = 0;

	if (m->n_vrrps > STATUS_ROUTERS_MAX || m->n_peers > CONFIG_NODES_MAX ||
	    m->n_stragglers > STATUS_STRAGGLERS_MAX || m->n_claims > STATUS_CLAIMS_MAX ||
	    m->n_alarms > STATUS_ALARMS_MAX)
		return -EBADMSG;
	s->vrrps = list_new(m->n_vrrps, sizeof(*s->vrrps));
	s->peers = list_new(m->n_peers, sizeof(*s->peers));
	s->stragglers = list_new(m->n_stragglers, sizeof(*s->stragglers));
	s->claims = list_new(m->n_claims, sizeof(*s->claims));
	s->alarms = list_new(m->n_alarms, sizeof(*s->alarms));
	if (!s->vrrps || !s->peers || !s->stragglers || !s->claims || !s->alarms)
		return -ENOMEM;
	s->n_vrrps = m->n_vrrps;
	s->n_peers = m->n_peers;
	s->n_stragglers = m->n_stragglers;
	s->n_claims = m->n_claims;
	s->n_alarms = m->n_alarms;
	for (size_t i = 0; !err && i < m->n_vrrps; i++)
		err = take_vrrp(&s->vrrps[i], m->vrrps[i]);
	for (size_t i = 0; !err && i < m->n_peers; i++)
		err = take_peer(&s->peers[i], m->peers[i]);
	for (size_t i = 0; i < m->n_stragglers; i++)
		take_straggler(&s->stragglers[i], m->stragglers[i]);
	for (size_t i = 0; i < m->n_claims; i++)
		take_claim(&s->claims[i], m->claims[i]);
	for (size_t i = 0; i < m->n_alarms; i++)
		COPY(s->alarms[i], m->alarms[i]);
	return err;
}
