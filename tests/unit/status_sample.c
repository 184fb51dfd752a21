/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/status_sample.h"

#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIELD(of, field)  #of "." #field, offsetof(struct of, field), sizeof(((struct of *)0)->field)
#define TEXT(of, field)	  FIELD(of, field), true
#define NUMBER(of, field) FIELD(of, field), false

static const struct status_field top_fields[] = {
	{TEXT(status, node)},
	{TEXT(status, version)},
	{TEXT(status, config_digest)},
	{NUMBER(status, uptime_ms)},
	{NUMBER(status, counters_age_ms)},
	{NUMBER(status, unconfirmed_ms)},
	{NUMBER(status, given_up)},
	{NUMBER(status, ruleset_in_sync)},
	{NUMBER(status, index_hears)},
	{NUMBER(status, index_held)},
	{NUMBER(status, index_missed)},
	{NUMBER(status, index_unindexed)},
	{NUMBER(status, election_realtime)},
	{NUMBER(status, election_late.count)},
	{NUMBER(status, election_late.max_us)},
	{NUMBER(status, election_late.sum_us)},
	{NUMBER(status, election_late.buckets[0])},
	{NUMBER(status, election_late.buckets[LATENCY_BUCKETS - 1])},
	{NUMBER(status, main_late.count)},
	{NUMBER(status, main_late.max_us)},
	{NUMBER(status, main_late.sum_us)},
	{NUMBER(status, main_late.buckets[1])},
	{NUMBER(status, checks)},
	{NUMBER(status, outcomes.n)},
	{NUMBER(status, notified.n)},
	{NUMBER(status, checks_late.count)},
	{NUMBER(status, checks_late.buckets[2])},
	{NUMBER(status, n_alarms)},
	{NUMBER(status, n_vrrps)},
	{NUMBER(status, n_peers)},
	{NUMBER(status, n_stragglers)},
	{NUMBER(status, n_claims)},
	{NUMBER(status, n_farms)},
	{0},
};
static const struct status_field vrrp_fields[] = {
	{TEXT(status_vrrp, name)},
	{TEXT(status_vrrp, state)},
	{TEXT(status_vrrp, interface)},
	{TEXT(status_vrrp, device)},
	{NUMBER(status_vrrp, priority)},
	{NUMBER(status_vrrp, virtual_router_id)},
	{NUMBER(status_vrrp, n_addresses)},
	{NUMBER(status_vrrp, transitions)},
	{TEXT(status_vrrp, reason)},
	{NUMBER(status_vrrp, since_ms)},
	{TEXT(status_vrrp, master)},
	{NUMBER(status_vrrp, master_priority)},
	{NUMBER(status_vrrp, master_age_ms)},
	{TEXT(status_vrrp, error)},
	{NUMBER(status_vrrp, adverts_sent)},
	{NUMBER(status_vrrp, adverts_received)},
	{NUMBER(status_vrrp, adverts_rejected)},
	{NUMBER(status_vrrp, yielded)},
	{NUMBER(status_vrrp, version)},
	{NUMBER(status_vrrp, interval_ms)},
	{NUMBER(status_vrrp, family)},
	{NUMBER(status_vrrp, held)},
	{NUMBER(status_vrrp, two_masters)},
	{NUMBER(status_vrrp, claimed)},
	{TEXT(status_vrrp, gate)},
	{NUMBER(status_vrrp, lease_s)},
	{NUMBER(status_vrrp, restored)},
	{NUMBER(status_vrrp, claims)},
	{NUMBER(status_vrrp, announced)},
	{TEXT(status_vrrp, authentication)},
	{NUMBER(status_vrrp, rejected.n)},
	{NUMBER(status_vrrp, notes.n)},
	{NUMBER(status_vrrp, auth_failed_age_ms)},
	{NUMBER(status_vrrp, skew_age_ms)},
	{NUMBER(status_vrrp, skew_s)},
	{0},
};
static const struct status_field count_fields[] = {
	{TEXT(status_count, reason)},
	{NUMBER(status_count, count)},
	{0},
};
static const struct status_field word_fields[] = {
	{TEXT(status_word, name)},
	{NUMBER(status_word, virtual_router_id)},
	{NUMBER(status_word, family)},
	{TEXT(status_word, state)},
	{NUMBER(status_word, priority)},
	{NUMBER(status_word, holds)},
	{NUMBER(status_word, link_up)},
	{NUMBER(status_word, healthy)},
	{NUMBER(status_word, age_ms)},
	{TEXT(status_word, mac)},
	{0},
};
static const struct status_field alarm_field[] = {{"status.alarms", 0, STATUS_ALARM, true}, {0}};
static const struct status_field address_field[] = {{"vrrp.addresses", 0, PREFIX_TEXT, true}, {0}};
static const struct status_field peer_fields[] = {
	{TEXT(status_peer, node)},
	{TEXT(status_peer, address)},
	{TEXT(status_peer, state)},
	{TEXT(status_peer, sync)},
	{NUMBER(status_peer, lag_ms)},
	{NUMBER(status_peer, sent)},
	{NUMBER(status_peer, received)},
	{TEXT(status_peer, heartbeat)},
	{TEXT(status_peer, cause)},
	{NUMBER(status_peer, since_ms)},
	{NUMBER(status_peer, age_ms)},
	{NUMBER(status_peer, round_trip_us)},
	{NUMBER(status_peer, interval_ms)},
	{TEXT(status_peer, error)},
	{NUMBER(status_peer, send_failed)},
	{NUMBER(status_peer, refused)},
	{NUMBER(status_peer, unproven)},
	{NUMBER(status_peer, rejected.n)},
	{NUMBER(status_peer, key_age_ms)},
	{NUMBER(status_peer, n_words)},
	{0},
};
static const struct status_field channel_fields[] = {
	{NUMBER(status_channel, enabled)},
	{NUMBER(status_channel, connected)},
	{NUMBER(status_channel, since_ms)},
	{TEXT(status_channel, trouble)},
	{TEXT(status_channel, ended)},
	{NUMBER(status_channel, connections)},
	{NUMBER(status_channel, octets_sent)},
	{NUMBER(status_channel, octets_received)},
	{NUMBER(status_channel, current_here)},
	{NUMBER(status_channel, current_there)},
	{NUMBER(status_channel, queued)},
	{NUMBER(status_channel, unacknowledged)},
	{NUMBER(status_channel, would_lose)},
	{NUMBER(status_channel, held_ours)},
	{NUMBER(status_channel, held_theirs)},
	{NUMBER(status_channel, flows_sent)},
	{NUMBER(status_channel, flows_received)},
	{NUMBER(status_channel, flows_unknown)},
	{NUMBER(status_channel, flows_refused)},
	{NUMBER(status_channel, snapshots_sent)},
	{NUMBER(status_channel, snapshots_received)},
	{NUMBER(status_channel, snapshot_age_ms)},
	{NUMBER(status_channel, snapshot_flows)},
	{NUMBER(status_channel, snapshot_took_ms)},
	{NUMBER(status_channel, lag_median_us)},
	{NUMBER(status_channel, lag_p99_us)},
	{NUMBER(status_channel, lag_max_us)},
	{NUMBER(status_channel, clock_apart_ms)},
	{NUMBER(status_channel, lost)},
	{NUMBER(status_channel, config_differs)},
	{NUMBER(status_channel, rejected.n)},
	{0},
};
static const struct status_field straggler_fields[] = {
	{TEXT(status_straggler, mac)},
	{TEXT(status_straggler, address)},
	{TEXT(status_straggler, interface)},
	{NUMBER(status_straggler, age_ms)},
	{0},
};
static const struct status_field claim_fields[] = {
	{TEXT(status_claim, address)},
	{TEXT(status_claim, mac)},
	{TEXT(status_claim, farm)},
	{TEXT(status_claim, backend)},
	{NUMBER(status_claim, count)},
	{NUMBER(status_claim, goes_on)},
	{NUMBER(status_claim, since_ms)},
	{NUMBER(status_claim, age_ms)},
	{0},
};
static const struct status_field farm_fields[] = {
	{TEXT(status_farm, name)},
	{TEXT(status_farm, state)},
	{TEXT(status_farm, reason)},
	{TEXT(status_farm, scheduler)},
	{TEXT(status_farm, services)},
	{NUMBER(status_farm, connections)},
	{NUMBER(status_farm, pins)},
	{NUMBER(status_farm, packets)},
	{NUMBER(status_farm, bytes)},
	{NUMBER(status_farm, half_open)},
	{NUMBER(status_farm, new_flows)},
	{NUMBER(status_farm, scheduler_age_ms)},
	{TEXT(status_farm, transition.phase)},
	{NUMBER(status_farm, transition.moved)},
	{NUMBER(status_farm, transition.buckets)},
	{NUMBER(status_farm, transition.remaining_ms)},
	{NUMBER(status_farm, transition.exceptions)},
	{NUMBER(status_farm, n_drops)},
	{NUMBER(status_farm, n_tables)},
	{NUMBER(status_farm, n_backends)},
	{0},
};
static const struct status_field drop_fields[] = {
	{TEXT(status_drop, reason)},
	{NUMBER(status_drop, packets)},
	{0},
};
static const struct status_field table_fields[] = {
	{TEXT(status_table, name)},
	{NUMBER(status_table, size)},
	{NUMBER(status_table, used)},
	{0},
};
static const struct status_field backend_fields[] = {
	{TEXT(status_backend, name)},
	{TEXT(status_backend, address)},
	{TEXT(status_backend, mac)},
	{NUMBER(status_backend, weight)},
	{TEXT(status_backend, state)},
	{TEXT(status_backend, reason)},
	{NUMBER(status_backend, connections)},
	{NUMBER(status_backend, packets)},
	{NUMBER(status_backend, bytes)},
	{NUMBER(status_backend, share)},
	{NUMBER(status_backend, new_flows)},
	{NUMBER(status_backend, override)},
	{TEXT(status_backend, admin_state)},
	{TEXT(status_backend, configured_state)},
	{NUMBER(status_backend, configured_weight)},
	{NUMBER(status_backend, deadline_ms)},
	{NUMBER(status_backend, effective_weight)},
	{NUMBER(status_backend, slow_start_ms)},
	{NUMBER(status_backend, syn_retries)},
	{NUMBER(status_backend, syn_repeated)},
	{NUMBER(status_backend, syn_tried)},
	{NUMBER(status_backend, inhibited_ms)},
	{TEXT(status_backend, own_state)},
	{TEXT(status_backend, peer_state)},
	{TEXT(status_backend, peer_reason)},
	{NUMBER(status_backend, own_ms)},
	{NUMBER(status_backend, peer_ms)},
	{0},
};

static void each_count(struct status_counts *a, struct status_counts *b, status_part_fn *run)
{
	for (size_t i = 0; i < a->n && i < b->n; i++)
		run(count_fields, &a->at[i], &b->at[i]);
}

void status_each_part(struct status *a, struct status *b, status_part_fn *run)
{
	run(top_fields, a, b);
	each_count(&a->outcomes, &b->outcomes, run);
	each_count(&a->notified, &b->notified, run);
	for (size_t i = 0; i < a->n_vrrps && i < b->n_vrrps; i++) {
		struct status_vrrp *v = &a->vrrps[i], *w = &b->vrrps[i];

		run(vrrp_fields, v, w);
		for (size_t k = 0; k < v->n_addresses && k < w->n_addresses; k++)
			run(address_field, v->addresses[k], w->addresses[k]);
		each_count(&v->rejected, &w->rejected, run);
		each_count(&v->notes, &w->notes, run);
	}
	for (size_t i = 0; i < a->n_peers && i < b->n_peers; i++) {
		struct status_peer *p = &a->peers[i], *q = &b->peers[i];

		run(peer_fields, p, q);
		each_count(&p->rejected, &q->rejected, run);
		run(channel_fields, &p->channel, &q->channel);
		each_count(&p->channel.rejected, &q->channel.rejected, run);
		for (size_t k = 0; k < p->n_words && k < q->n_words; k++)
			run(word_fields, &p->words[k], &q->words[k]);
	}
	for (size_t i = 0; i < a->n_alarms && i < b->n_alarms; i++)
		run(alarm_field, a->alarms[i], b->alarms[i]);
	for (size_t i = 0; i < a->n_stragglers && i < b->n_stragglers; i++)
		run(straggler_fields, &a->stragglers[i], &b->stragglers[i]);
	for (size_t i = 0; i < a->n_claims && i < b->n_claims; i++)
		run(claim_fields, &a->claims[i], &b->claims[i]);
	for (size_t i = 0; i < a->n_farms && i < b->n_farms; i++) {
		struct status_farm *f = &a->farms[i], *g = &b->farms[i];

		run(farm_fields, f, g);
		for (size_t k = 0; k < f->n_drops && k < g->n_drops; k++)
			run(drop_fields, &f->drops[k], &g->drops[k]);
		for (size_t k = 0; k < f->n_tables && k < g->n_tables; k++)
			run(table_fields, &f->tables[k], &g->tables[k]);
		for (size_t k = 0; k < f->n_backends && k < g->n_backends; k++)
			run(backend_fields, &f->backends[k], &g->backends[k]);
	}
}

static long long number_at(const struct status_field *f, const void *from)
{
	long long v = 0;

	memcpy(&v, (const char *)from + f->at, f->size);
	return v;
}

static void compare(const struct status_field *f, void *a, void *b)
{
	for (; f->name; f++) {
		const char *x = (char *)a + f->at, *y = (char *)b + f->at;

		if (f->text ? unit_equal_text(x, y, f->name, 0)
			    : unit_equal_int(number_at(f, a), number_at(f, b), f->name, __FILE__,
					     __LINE__))
			continue;
		CU_FAIL("a field of a status differs");
	}
}

void status_expect_same(struct status *got, struct status *want)
{
	status_each_part(got, want, compare);
}

/* Numbers that are no field of the message but the length of a list. */
static bool is_length(const struct status_field *f)
{
	const char *end = strrchr(f->name, '.');

	return strstr(f->name, ".n_") || strcmp(end, ".n") == 0;
}

/* Of the last value given; every sample begins anew. */
static unsigned int serial;

void status_fill_plain(const struct status_field *f, void *to, void *unused)
{
	(void)unused;
	for (; f->name; f++) {
		char *at = (char *)to + f->at;
		uint64_t v = ++serial;

		if (f->text)
			snprintf(at, f->size, "#%u", serial);
		else if (f->size == sizeof(bool))
			*(bool *)at = serial % 2;
		else if (!is_length(f))
			memcpy(at, &v, f->size);
	}
}

void status_fill_most(const struct status_field *f, void *to, void *unused)
{
	(void)unused;
	for (; f->name; f++) {
		char *at = (char *)to + f->at;

		if (f->text)
			memset(at, 'a' + (int)f->size % 26, f->size - 1);
		else if (f->size == sizeof(bool))
			*(bool *)at = true;
		else if (!is_length(f))
			memset(at, 0xff, f->size);
	}
}

static void *list(size_t n, size_t size)
{
	void *block = calloc(n + 1, size);

	CU_ASSERT_PTR_NOT_NULL_FATAL(block);
	return block;
}

struct status status_sample(status_part_fn *fill)
{
	static const size_t addresses[] = {0, 1, 3}, backends[] = {2, 0, 3};
	static const size_t drops[] = {1, STATUS_DROPS_MAX, 0},
			    tables[] = {STATUS_TABLES_MAX, 0, 2};
	struct status s = {.n_vrrps = 3,
			   .n_peers = 2,
			   .n_stragglers = 2,
			   .n_claims = 2,
			   .n_farms = 3,
			   .n_alarms = 2};

	s.vrrps = list(s.n_vrrps, sizeof(*s.vrrps));
	s.peers = list(s.n_peers, sizeof(*s.peers));
	s.stragglers = list(s.n_stragglers, sizeof(*s.stragglers));
	s.claims = list(s.n_claims, sizeof(*s.claims));
	s.farms = list(s.n_farms, sizeof(*s.farms));
	s.alarms = list(s.n_alarms, sizeof(*s.alarms));
	s.vrrps[0].notes.n = s.peers[0].n_words = 2;
	s.vrrps[1].rejected.n = s.peers[1].rejected.n = STATUS_REASONS_MAX;
	s.peers[1].n_words = 1;
	s.outcomes.n = STATUS_REASONS_MAX;
	s.notified.n = 3;
	s.peers[0].channel.rejected.n = STATUS_REASONS_MAX;
	s.peers[1].channel.rejected.n = 1;
	for (size_t i = 0; i < s.n_peers; i++)
		s.peers[i].words = list(s.peers[i].n_words, sizeof(*s.peers[i].words));
	for (size_t i = 0; i < s.n_vrrps; i++) {
		s.vrrps[i].n_addresses = addresses[i];
		s.vrrps[i].addresses = list(addresses[i], sizeof(*s.vrrps[i].addresses));
	}
	for (size_t i = 0; i < s.n_farms; i++) {
		s.farms[i].n_drops = drops[i];
		s.farms[i].n_tables = tables[i];
		s.farms[i].n_backends = backends[i];
		s.farms[i].backends = list(backends[i], sizeof(*s.farms[i].backends));
	}
	serial = 0;
	status_each_part(&s, &s, fill);
	s.farms[0].connections = s.farms[0].backends[0].connections = STATUS_UNKNOWN;
	/* A part of one, and a weight, whatever the filler made of it: others are refused. */
	for (size_t i = 0; i < s.n_farms; i++)
		for (size_t k = 0; k < s.farms[i].n_backends; k++) {
			s.farms[i].backends[k].share = 1.0 / (double)(i + k + 1);
			s.farms[i].backends[k].effective_weight = 256.0 / (double)(i + k + 1);
		}
	return s;
}
