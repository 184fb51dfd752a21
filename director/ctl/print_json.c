/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The status for programs: the keys that are fixed, and others beside them. */
#include "director/ctl/ctl.h"
#include "director/ctl/print_json_farms.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define FARMS "farms"

/* A number, or null when it cannot be told. */
static json_t *number(uint64_t n)
{
	return n == STATUS_UNKNOWN ? json_null() : json_integer((json_int_t)n);
}

static json_t *counts(const struct status_counts *c)
{
	json_t *object = json_object();

	for (size_t i = 0; i < c->n; i++)
		json_object_set_new(object, c->at[i].reason, number(c->at[i].count));
	return object;
}

/* What is known beside the election itself. */
static json_t *beside(const struct status_vrrp *v)
{
	return json_pack("{s:i, s:i, s:o, s:b, s:s, s:b, s:b, s:o, s:o, s:o, s:o, s:s, s:o, s:o, "
			 "s:o}",
			 "version", (int)v->version, "family", (int)v->family,
			 "advertise_interval_ms", number(v->interval_ms), "held", (int)v->held,
			 "gate", v->gate, "two_masters", (int)v->two_masters, "claimed",
			 (int)v->claimed, "lease_s", number(v->lease_s), "restored",
			 number(v->restored), "claims", number(v->claims), "announced",
			 number(v->announced), "authentication", v->authentication,
			 "auth_failed_age_ms", number(v->auth_failed_age_ms), "skew_age_ms",
			 number(v->skew_age_ms), "skew_s", number(v->skew_s));
}

static json_t *vrrp(const struct status_vrrp *v)
{
	json_t *addresses = json_array(), *object;

	for (size_t i = 0; i < v->n_addresses; i++)
		json_array_append_new(addresses, json_string(v->addresses[i]));
	object = json_pack(
		"{s:s, s:s, s:i, s:s, s:s, s:i, s:o, s:o, s:s, s:o, s:s, s:i, s:o, s:s, s:b, "
		"s:{s:o, "
		"s:o, s:o, s:o, s:o}}",
		"name", v->name, "state", v->state, "priority", (int)v->priority, "interface",
		v->interface, "device", v->device, "virtual_router_id", (int)v->virtual_router_id,
		"addresses", addresses, "transitions", number(v->transitions), "reason", v->reason,
		"since_ms", number(v->since_ms), "master", v->master, "master_priority",
		(int)v->master_priority, "master_age_ms", number(v->master_age_ms), "error",
		v->error, "yielded", (int)v->yielded, "adverts", "sent", number(v->adverts_sent),
		"received", number(v->adverts_received), "rejected", number(v->adverts_rejected),
		"rejected_reasons", counts(&v->rejected), "notes", counts(&v->notes));
	json_object_update_new(object, beside(v));
	return object;
}

static json_t *word(const struct status_word *w)
{
	return json_pack("{s:s, s:i, s:i, s:s, s:i, s:b, s:b, s:o, s:o}", "name", w->name,
			 "virtual_router_id", (int)w->virtual_router_id, "family", (int)w->family,
			 "state", w->state, "priority", (int)w->priority, "holds_addresses",
			 (int)w->holds, "link_up", (int)w->link_up, "healthy_backends",
			 number(w->healthy), "age_ms", number(w->age_ms));
}

static json_t *heartbeat(const struct status_peer *p)
{
	return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o}", "state",
			 p->heartbeat, "cause", p->cause, "since_ms", number(p->since_ms), "age_ms",
			 number(p->age_ms), "round_trip_us", number(p->round_trip_us),
			 "interval_ms", number(p->interval_ms), "error", p->error, "send_failed",
			 number(p->send_failed), "refused", number(p->refused), "unproven",
			 number(p->unproven), "rejected_reasons", counts(&p->rejected),
			 "not_opened_age_ms", number(p->key_age_ms));
}

/* What went over it, and what did not. */
static json_t *transferred(const struct status_channel *c)
{
	return json_pack(
		"{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:o}",
		"flows_sent", number(c->flows_sent), "flows_received", number(c->flows_received),
		"flows_unknown", number(c->flows_unknown), "flows_refused",
		number(c->flows_refused), "snapshots_sent", number(c->snapshots_sent),
		"snapshots_received", number(c->snapshots_received), "snapshot_age_ms",
		number(c->snapshot_age_ms), "snapshot_flows", number(c->snapshot_flows),
		"snapshot_took_ms", number(c->snapshot_took_ms), "lag_median_us",
		number(c->lag_median_us), "lag_p99_us", number(c->lag_p99_us), "lag_max_us",
		number(c->lag_max_us), "clock_apart_ms", number(c->clock_apart_ms), "lost",
		number(c->lost), "config_differs", (int)c->config_differs, "rejected",
		counts(&c->rejected));
}

static json_t *channel(const struct status_channel *c)
{
	json_t *object = json_pack(
		"{s:b, s:b, s:o, s:s, s:s, s:o, s:o, s:o, s:b, s:b, s:o, s:o, s:o, s:o, s:o}",
		"enabled", (int)c->enabled, "connected", (int)c->connected, "since_ms",
		number(c->since_ms), "trouble", c->trouble, "ended", c->ended, "connections",
		number(c->connections), "octets_sent", number(c->octets_sent), "octets_received",
		number(c->octets_received), "current_here", (int)c->current_here, "current_there",
		(int)c->current_there, "queued", number(c->queued), "unacknowledged",
		number(c->unacknowledged), "would_lose", number(c->would_lose), "held_ours",
		number(c->held_ours), "held_theirs", number(c->held_theirs));

	json_object_update_new(object, transferred(c));
	return object;
}

static json_t *peer(const struct status_peer *p)
{
	json_t *words = json_array();

	for (size_t i = 0; i < p->n_words; i++)
		json_array_append_new(words, word(&p->words[i]));
	return json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "node", p->node,
			 "address", p->address, "state", p->state, "sync", p->sync, "lag_ms",
			 number(p->lag_ms), "sent", number(p->sent), "received",
			 number(p->received), "heartbeat", heartbeat(p), "channel",
			 channel(&p->channel), "vrrp", words);
}

/* Buckets that are empty are left out. */
static json_t *latency(const struct latency *l)
{
	json_t *list = json_array();

	for (unsigned int i = 0; i < LATENCY_BUCKETS; i++)
		if (l->buckets[i])
			json_array_append_new(list, json_pack("{s:o, s:o}", "below_us",
							      number(latency_bucket_end(i)),
							      "count", number(l->buckets[i])));
	return json_pack("{s:o, s:o, s:o, s:o}", "count", number(l->count), "late_max_us",
			 number(l->max_us), "late_sum_us", number(l->sum_us), "late", list);
}

static json_t *election(const struct status *s)
{
	json_t *object = latency(&s->election_late);

	json_object_set_new(object, "realtime", json_boolean(s->election_realtime));
	return object;
}

static json_t *checks(const struct status *s)
{
	json_t *object = latency(&s->checks_late);

	json_object_set_new(object, "checks", number(s->checks));
	json_object_set_new(object, "outcomes", counts(&s->outcomes));
	return object;
}

static json_t *vrrps(const struct status *s)
{
	json_t *list = json_array();

	for (size_t i = 0; i < s->n_vrrps; i++)
		json_array_append_new(list, vrrp(&s->vrrps[i]));
	return list;
}

static json_t *alarms(const struct status *s)
{
	json_t *list = json_array();

	for (size_t i = 0; i < s->n_alarms; i++)
		json_array_append_new(list, json_string(s->alarms[i]));
	return list;
}

static json_t *peers(const struct status *s)
{
	json_t *list = json_array();

	for (size_t i = 0; i < s->n_peers; i++)
		json_array_append_new(list, peer(&s->peers[i]));
	return list;
}

static json_t *stragglers(const struct status *s)
{
	json_t *list = json_array();

	for (size_t i = 0; i < s->n_stragglers; i++) {
		const struct status_straggler *who = &s->stragglers[i];

		json_array_append_new(list,
				      json_pack("{s:s, s:s, s:s, s:o}", "mac", who->mac, "address",
						who->address, "interface", who->interface, "age_ms",
						number(who->age_ms)));
	}
	return list;
}

/* Those of one backend alone; NULL: all. */
static json_t *claims(const struct status *s, const struct status_backend *b)
{
	json_t *list = json_array();

	for (size_t i = 0; i < s->n_claims; i++) {
		const struct status_claim *c = &s->claims[i];

		if (b && !print_is_claim_of(c, s->farms[0].name, b))
			continue;
		json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:o, s:b, s:o, s:o}",
						      "address", c->address, "mac", c->mac, "farm",
						      c->farm, "backend", c->backend, "count",
						      number(c->count), "goes_on", (int)c->goes_on,
						      "since_ms", number(c->since_ms), "age_ms",
						      number(c->age_ms)));
	}
	return list;
}

/* All but the farms, for which it has a place. */
static json_t *status(const struct status *s)
{
	return json_pack(
		"{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:n, s:{s:b}, s:{s:b, s:o, s:o, "
		"s:o}, s:o, s:o, s:o, s:o, s:{s:b, s:o, s:b}}",
		"node", s->node, "version", s->version, "config_digest", s->config_digest,
		"uptime_ms", number(s->uptime_ms), "alarms", alarms(s), "vrrp", vrrps(s), "peers",
		peers(s), "stragglers", stragglers(s), "claims", claims(s, NULL), FARMS, "ruleset",
		"in_sync", (int)s->ruleset_in_sync, "flow_index", "hears", (int)s->index_hears,
		"connections", number(s->index_held), "missed", number(s->index_missed),
		"unindexed", number(s->index_unindexed), "election", election(s), "main_loop",
		latency(&s->main_late), "health", checks(s), "notify", counts(&s->notified),
		"config", "confirmed", (int)!s->unconfirmed_ms, "unconfirmed_ms",
		number(s->unconfirmed_ms), "given_up", (int)s->given_up);
}

static json_t *cluster(const struct status *s)
{
	return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o}", "node", s->node, "alarms", alarms(s),
			 "vrrp", vrrps(s), "peers", peers(s), "stragglers", stragglers(s), "claims",
			 claims(s, NULL));
}

struct json_status {
	struct json_writer w;
	json_t *document; /* all but the farms, ... */
	void *at;	  /* ... whose place this is */
	uint64_t counters_age_ms;
};

/* Up to the farms, or from behind them to the end. */
static void write_beside_farms(struct json_writer *w, struct json_status *j)
{
	for (; j->at; j->at = json_object_iter_next(j->document, j->at)) {
		json_key(w, json_object_iter_key(j->at));
		if (strcmp(json_object_iter_key(j->at), FARMS) == 0)
			return;
		json_put_value(w, json_incref(json_object_iter_value(j->at)));
	}
}

static void begin_status(struct json_writer *w, struct json_status *j, const struct status *s)
{
	j->document = status(s);
	j->at = json_object_iter(j->document);
	j->counters_age_ms = s->counters_age_ms;
	w->failed |= !j->document;
	json_open(w, '{');
	write_beside_farms(w, j);
	json_open(w, '[');
}

static void end_status(struct json_writer *w, struct json_status *j)
{
	json_close(w, '[');
	j->at = json_object_iter_next(j->document, j->at);
	write_beside_farms(w, j);
	json_close(w, '{');
}

struct json_status *print_json_begin(FILE *out, const struct status *s)
{
	struct json_status *j = malloc(sizeof(*j));

	if (!j)
		return NULL;
	json_writer_begin(&j->w, out);
	begin_status(&j->w, j, s);
	return j;
}

void print_json_next(struct json_status *j, const struct status_farm *f)
{
	json_write_farm(&j->w, f, j->counters_age_ms);
}

int print_json_end(struct json_status *j, bool whole)
{
	int code = -1;

	if (!j)
		return code;
	if (whole) {
		end_status(&j->w, j);
		code = json_writer_end(&j->w);
	}
	json_decref(j->document);
	free(j);
	return code;
}

static void write_status(struct json_writer *w, const struct status *s)
{
	struct json_status j;

	begin_status(w, &j, s);
	for (size_t i = 0; i < s->n_farms; i++)
		json_write_farm(w, &s->farms[i], s->counters_age_ms);
	end_status(w, &j);
	json_decref(j.document);
}

static void write_part(struct json_writer *w, const struct status *s, enum json_part part)
{
	switch (part) {
	case JSON_STATUS: write_status(w, s); return;
	case JSON_CLUSTER: json_put_value(w, cluster(s)); return;
	case JSON_FARMS: json_write_farms(w, s); return;
	case JSON_FARM:
		if (s->n_farms)
			json_write_farm(w, &s->farms[0], s->counters_age_ms);
		else
			w->failed = true;
		return;
	case JSON_BACKENDS: json_write_backends(w, s); return;
	}
}

int print_json_document(FILE *out, json_t *document)
{
	int code = document ? json_dumpf(document, out, JSON_INDENT(2)) : -1;

	if (ferror(out))
		code = 0;
	fputc('\n', out);
	json_decref(document);
	return code;
}

int print_json(FILE *out, const struct status *s, enum json_part part)
{
	struct json_writer w;

	json_writer_begin(&w, out);
	write_part(&w, s, part);
	return json_writer_end(&w);
}

int print_json_backend(FILE *out, const struct status_farm *f, const struct status_backend *b)
{
	struct json_writer w;

	json_writer_begin(&w, out);
	json_write_backend(&w, b, f->name);
	json_close(&w, '{');
	return json_writer_end(&w);
}

static json_t *detail_checks(const struct backend_detail *d)
{
	json_t *list = json_array();

	for (size_t i = 0; i < d->n_checks; i++) {
		const struct detail_check *c = &d->checks[i];

		json_array_append_new(
			list,
			json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o}", "name",
				  c->name, "type", c->type, "target", c->target, "state", c->state,
				  "outcome", c->outcome, "text", c->text, "took_us",
				  number(c->took_us), "age_ms", number(c->age_ms), "since_ms",
				  number(c->since_ms), "interval_ms", number(c->interval_ms)));
	}
	return list;
}

static json_t *history(const struct backend_detail *d)
{
	json_t *list = json_array();

	for (size_t i = 0; i < d->n_changes; i++)
		json_array_append_new(list, json_pack("{s:o, s:s, s:s, s:s}", "at_ms",
						      number(d->changes[i].at_ms), "from",
						      d->changes[i].from, "to", d->changes[i].to,
						      "reason", d->changes[i].reason));
	return list;
}

int print_json_detail(FILE *out, const struct status *s, const struct status_backend *b,
		      const struct backend_detail *d)
{
	struct json_writer w;

	json_writer_begin(&w, out);
	json_write_backend(&w, b, s->farms[0].name);
	json_key(&w, "since_ms");
	json_put_number(&w, d->since_ms ? d->since_ms : STATUS_UNKNOWN);
	json_key(&w, "checks");
	json_put_value(&w, detail_checks(d));
	json_key(&w, "history");
	json_put_value(&w, history(d));
	json_key(&w, "claims");
	json_put_value(&w, claims(s, b));
	json_close(&w, '{');
	return json_writer_end(&w);
}
