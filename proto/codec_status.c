/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proto/codec_status.h"

#include "include/config.h"
#include "include/text.h"
#include "proto/codec_pair.h"
#include "proto/codec_part.h"

#include <errno.h>
#include <stdlib.h>

/* --- out ------------------------------------------------------------------------------------- */

/*
 * The generated messages of one status, in blocks: a list of pointers for protobuf-c in front, the
 * messages behind. Their strings stay in the status.
 */
struct packed_status {
	Control__Status status;
	Control__Latency election_late, main_late, checks_late;
	Control__Count outcomes[STATUS_REASONS_MAX], *outcome_list[STATUS_REASONS_MAX];
	Control__Count notified[STATUS_REASONS_MAX], *notified_list[STATUS_REASONS_MAX];
	struct packed_pair pair;
	Control__Farm *farms;
	Control__Backend *backends; /* of all farms */
	Control__Drop *drops;
	Control__Table *tables;
	void **pointers; /* of all lists */
};

void packed_status_free(struct packed_status *p)
{
	if (!p)
		return;
	packed_pair_clear(&p->pair);
	free(p->farms);
	free(p->backends);
	free(p->drops);
	free(p->tables);
	free(p->pointers);
	free(p);
}

Control__Status *packed_status_message(struct packed_status *p)
{
	return &p->status;
}

static void *list_new(size_t n, size_t size)
{
	return calloc(n ? n : 1, size);
}

static int packed_status_alloc(struct packed_status *p, const struct status *s)
{
	size_t backends = 0, drops = 0, tables = 0;

	for (size_t i = 0; i < s->n_farms; i++) {
		backends += s->farms[i].n_backends;
		drops += s->farms[i].n_drops;
		tables += s->farms[i].n_tables;
	}
	p->farms = list_new(s->n_farms, sizeof(*p->farms));
	p->backends = list_new(backends, sizeof(*p->backends));
	p->drops = list_new(drops, sizeof(*p->drops));
	p->tables = list_new(tables, sizeof(*p->tables));
	p->pointers = list_new(s->n_farms + backends + drops + tables, sizeof(*p->pointers));
	return p->farms && p->backends && p->drops && p->tables && p->pointers ? 0 : -ENOMEM;
}

static void fill_backend(Control__Backend *m, struct status_backend *b)
{
	*m = (Control__Backend)CONTROL__BACKEND__INIT;
	m->name = b->name;
	m->address = b->address;
	m->mac = b->mac;
	m->weight = b->weight;
	m->state = b->state;
	m->reason = b->reason;
	m->connections = b->connections;
	m->packets = b->packets;
	m->bytes = b->bytes;
	m->share = b->share;
	m->override = b->override;
	m->admin_state = b->admin_state;
	m->configured_state = b->configured_state;
	m->configured_weight = b->configured_weight;
	m->deadline_ms = b->deadline_ms;
	m->effective_weight = b->effective_weight;
	m->slow_start_ms = b->slow_start_ms;
	m->new_flows = b->new_flows;
	m->own_state = b->own_state;
	m->peer_state = b->peer_state;
	m->peer_reason = b->peer_reason;
	m->own_ms = b->own_ms;
	m->peer_ms = b->peer_ms;
	m->syn_retries = b->syn_retries;
	m->syn_repeated = b->syn_repeated;
	m->syn_tried = b->syn_tried;
	m->inhibited_ms = b->inhibited_ms;
}

static void fill_drop(Control__Drop *m, struct status_drop *d)
{
	*m = (Control__Drop)CONTROL__DROP__INIT;
	m->reason = d->reason;
	m->packets = d->packets;
}

static void fill_table(Control__Table *m, struct status_table *t)
{
	*m = (Control__Table)CONTROL__TABLE__INIT;
	m->name = t->name;
	m->size = t->size;
	m->used = t->used;
}

static void fill_farm(Control__Farm *m, struct status_farm *f)
{
	*m = (Control__Farm)CONTROL__FARM__INIT;
	m->name = f->name;
	m->state = f->state;
	m->reason = f->reason;
	m->scheduler = f->scheduler;
	m->services = f->services;
	m->connections = f->connections;
	m->pins = f->pins;
	m->packets = f->packets;
	m->bytes = f->bytes;
	m->half_open = f->half_open;
	m->new_flows = f->new_flows;
	m->scheduler_age_ms = f->scheduler_age_ms;
	m->transition_phase = f->transition.phase;
	m->transition_moved = f->transition.moved;
	m->transition_buckets = f->transition.buckets;
	m->transition_remaining_ms = f->transition.remaining_ms;
	m->transition_exceptions = f->transition.exceptions;
}

/* NULL: nothing was measured. */
static Control__Latency *fill_latency(Control__Latency *m, struct latency *l)
{
	size_t n = LATENCY_BUCKETS;

	while (n > 0 && l->buckets[n - 1] == 0)
		n--;
	*m = (Control__Latency)CONTROL__LATENCY__INIT;
	m->count = l->count;
	m->max_us = l->max_us;
	m->sum_us = l->sum_us;
	m->buckets = l->buckets;
	m->n_buckets = n;
	return n || l->count ? m : NULL;
}

/* How many. */
static size_t fill_counts(Control__Count *messages, Control__Count **list, struct status_counts *c)
{
	for (size_t i = 0; i < c->n; i++) {
		messages[i] = (Control__Count)CONTROL__COUNT__INIT;
		messages[i].reason = c->at[i].reason;
		messages[i].count = c->at[i].count;
		list[i] = &messages[i];
	}
	return c->n;
}

static void fill_status(struct packed_status *p, const struct status *s)
{
	/* The generated strings are not const; packing does not change them. */
	struct status *t = (struct status *)s;
	void **next = p->pointers;
	size_t backend = 0, drop = 0, table = 0;

	p->status = (Control__Status)CONTROL__STATUS__INIT;
	p->status.node = t->node;
	p->status.version = t->version;
	p->status.config_digest = t->config_digest;
	p->status.uptime_ms = s->uptime_ms;
	p->status.counters_age_ms = s->counters_age_ms;
	p->status.unconfirmed_ms = s->unconfirmed_ms;
	p->status.given_up = s->given_up;
	p->status.ruleset_in_sync = s->ruleset_in_sync;
	p->status.index_hears = s->index_hears;
	p->status.index_held = s->index_held;
	p->status.index_missed = s->index_missed;
	p->status.index_unindexed = s->index_unindexed;
	p->status.election_realtime = s->election_realtime;
	p->status.election_late = fill_latency(&p->election_late, &t->election_late);
	p->status.main_late = fill_latency(&p->main_late, &t->main_late);
	p->status.checks = s->checks;
	p->status.checks_late = fill_latency(&p->checks_late, &t->checks_late);
	p->status.n_outcomes = fill_counts(p->outcomes, p->outcome_list, &t->outcomes);
	p->status.outcomes = p->outcome_list;
	p->status.n_notified = fill_counts(p->notified, p->notified_list, &t->notified);
	p->status.notified = p->notified_list;
	packed_pair_link(&p->pair, &p->status);
	p->status.n_farms = s->n_farms;
	p->status.farms = (Control__Farm **)next;
	for (size_t i = 0; i < s->n_farms; i++)
		*next++ = &p->farms[i];
	for (size_t i = 0; i < s->n_farms; i++) {
		fill_farm(&p->farms[i], &t->farms[i]);
		p->farms[i].n_backends = s->farms[i].n_backends;
		p->farms[i].backends = (Control__Backend **)next;
		for (size_t k = 0; k < s->farms[i].n_backends; k++) {
			fill_backend(&p->backends[backend], &t->farms[i].backends[k]);
			*next++ = &p->backends[backend++];
		}
		p->farms[i].n_drops = s->farms[i].n_drops;
		p->farms[i].drops = (Control__Drop **)next;
		for (size_t k = 0; k < s->farms[i].n_drops; k++) {
			fill_drop(&p->drops[drop], &t->farms[i].drops[k]);
			*next++ = &p->drops[drop++];
		}
		p->farms[i].n_tables = s->farms[i].n_tables;
		p->farms[i].tables = (Control__Table **)next;
		for (size_t k = 0; k < s->farms[i].n_tables; k++) {
			fill_table(&p->tables[table], &t->farms[i].tables[k]);
			*next++ = &p->tables[table++];
		}
	}
}

struct packed_status *packed_status_new(const struct status *s)
{
	struct packed_status *p = calloc(1, sizeof(*p));

	if (!p || packed_pair_init(&p->pair, s) < 0 || packed_status_alloc(p, s) < 0) {
		packed_status_free(p);
		return NULL;
	}
	fill_status(p, s);
	return p;
}

/* --- in -------------------------------------------------------------------------------------- */

#define COPY(to, from) text_copy((to), sizeof(to), (from))

static int take_backend(struct status_backend *b, const Control__Backend *m)
{
	if (!codec_is_load(m->share, m->effective_weight))
		return -EBADMSG;
	COPY(b->name, m->name);
	COPY(b->address, m->address);
	COPY(b->mac, m->mac);
	b->weight = m->weight;
	COPY(b->state, m->state);
	COPY(b->reason, m->reason);
	b->connections = m->connections;
	b->packets = m->packets;
	b->bytes = m->bytes;
	b->share = m->share;
	b->override = m->override;
	COPY(b->admin_state, m->admin_state);
	COPY(b->configured_state, m->configured_state);
	b->configured_weight = m->configured_weight;
	b->deadline_ms = m->deadline_ms;
	b->effective_weight = m->effective_weight;
	b->slow_start_ms = m->slow_start_ms;
	b->new_flows = m->new_flows;
	COPY(b->own_state, m->own_state);
	COPY(b->peer_state, m->peer_state);
	COPY(b->peer_reason, m->peer_reason);
	b->own_ms = m->own_ms;
	b->peer_ms = m->peer_ms;
	b->syn_retries = m->syn_retries;
	b->syn_repeated = m->syn_repeated;
	b->syn_tried = m->syn_tried;
	b->inhibited_ms = m->inhibited_ms;
	return 0;
}

/* What `farm show` tells beyond `farm list`; the lists' lengths are checked. */
static void take_extras(struct status_farm *f, const Control__Farm *m)
{
	f->half_open = m->half_open;
	f->new_flows = m->new_flows;
	f->scheduler_age_ms = m->scheduler_age_ms;
	COPY(f->transition.phase, m->transition_phase);
	f->transition.moved = m->transition_moved;
	f->transition.buckets = m->transition_buckets;
	f->transition.remaining_ms = m->transition_remaining_ms;
	f->transition.exceptions = m->transition_exceptions;
	for (f->n_drops = 0; f->n_drops < m->n_drops; f->n_drops++) {
		COPY(f->drops[f->n_drops].reason, m->drops[f->n_drops]->reason);
		f->drops[f->n_drops].packets = m->drops[f->n_drops]->packets;
	}
	for (f->n_tables = 0; f->n_tables < m->n_tables; f->n_tables++) {
		struct status_table *t = &f->tables[f->n_tables];

		COPY(t->name, m->tables[f->n_tables]->name);
		t->size = m->tables[f->n_tables]->size;
		t->used = m->tables[f->n_tables]->used;
	}
}

static int take_farm(struct status_farm *f, const Control__Farm *m)
{
	int err = 0;

	if (m->n_backends > CONFIG_BACKENDS_MAX || m->n_drops > STATUS_DROPS_MAX ||
	    m->n_tables > STATUS_TABLES_MAX)
		return -EBADMSG;
	COPY(f->name, m->name);
	COPY(f->state, m->state);
	COPY(f->reason, m->reason);
	COPY(f->scheduler, m->scheduler);
	COPY(f->services, m->services);
	f->connections = m->connections;
	f->pins = m->pins;
	f->packets = m->packets;
	f->bytes = m->bytes;
	take_extras(f, m);
	f->backends = list_new(m->n_backends, sizeof(*f->backends));
	if (!f->backends)
		return -ENOMEM;
	f->n_backends = m->n_backends;
	for (size_t i = 0; !err && i < m->n_backends; i++)
		err = take_backend(&f->backends[i], m->backends[i]);
	return err;
}

/* A status without one has measured nothing. */
static int take_latency(struct latency *l, const Control__Latency *m)
{
	*l = (struct latency){0};
	if (!m)
		return 0;
	if (m->n_buckets > LATENCY_BUCKETS)
		return -EBADMSG;
	l->count = m->count;
	l->max_us = m->max_us;
	l->sum_us = m->sum_us;
	for (size_t i = 0; i < m->n_buckets; i++)
		l->buckets[i] = m->buckets[i];
	return 0;
}

int codec_take_status(struct status *s, const Control__Status *m)
{
	int err = 0;

	if (m->n_farms > CONFIG_FARMS_MAX || m->n_outcomes > STATUS_REASONS_MAX ||
	    m->n_notified > STATUS_REASONS_MAX)
		return -EBADMSG;
	COPY(s->node, m->node);
	COPY(s->version, m->version);
	COPY(s->config_digest, m->config_digest);
	s->uptime_ms = m->uptime_ms;
	s->counters_age_ms = m->counters_age_ms;
	s->unconfirmed_ms = m->unconfirmed_ms;
	s->given_up = m->given_up;
	s->ruleset_in_sync = m->ruleset_in_sync;
	s->index_hears = m->index_hears;
	s->index_held = m->index_held;
	s->index_missed = m->index_missed;
	s->index_unindexed = m->index_unindexed;
	s->election_realtime = m->election_realtime;
	if (take_latency(&s->election_late, m->election_late) < 0 ||
	    take_latency(&s->main_late, m->main_late) < 0 ||
	    take_latency(&s->checks_late, m->checks_late) < 0)
		return -EBADMSG;
	s->checks = m->checks;
	codec_take_counts(&s->outcomes, m->outcomes, m->n_outcomes);
	codec_take_counts(&s->notified, m->notified, m->n_notified);
	err = codec_take_pair(s, m);
	if (err)
		return err;
	s->farms = list_new(m->n_farms, sizeof(*s->farms));
	if (!s->farms)
		return -ENOMEM;
	s->n_farms = m->n_farms;
	for (size_t i = 0; !err && i < m->n_farms; i++)
		err = take_farm(&s->farms[i], m->farms[i]);
	return err;
}
