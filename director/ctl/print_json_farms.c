/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/ctl/print_json_farms.h"

#define text(w, key, value)   json_field_text((w), JSON_KEY(key), (value))
#define number(w, key, value) json_field_number((w), JSON_KEY(key), (value))
#define real(w, key, value)   json_field_real((w), JSON_KEY(key), (value))
#define truth(w, key, value)  json_field_bool((w), JSON_KEY(key), (value))

static void write_load(struct json_writer *w, const struct status_backend *b)
{
	number(w, "connections", b->connections);
	number(w, "new_flows", b->new_flows);
	number(w, "packets", b->packets);
	number(w, "bytes", b->bytes);
	real(w, "share", b->share);
}

static void write_orders(struct json_writer *w, const struct status_backend *b)
{
	truth(w, "override", b->override);
	text(w, "admin_state", b->admin_state);
	text(w, "configured_state", b->configured_state);
	number(w, "configured_weight", b->configured_weight);
	number(w, "deadline_ms", b->deadline_ms);
	real(w, "effective_weight", b->effective_weight);
	number(w, "slow_start_ms", b->slow_start_ms);
}

static void write_views(struct json_writer *w, const struct status_backend *b)
{
	text(w, "own_state", b->own_state);
	number(w, "own_ms", b->own_ms);
	if (b->peer_state[0])
		text(w, "peer_state", b->peer_state);
	else
		number(w, "peer_state", STATUS_UNKNOWN);
	text(w, "peer_reason", b->peer_reason);
	number(w, "peer_ms", b->peer_ms);
	number(w, "syn_retries", b->syn_retries);
	number(w, "syn_repeated", b->syn_repeated);
	number(w, "syn_tried", b->syn_tried);
	number(w, "inhibited_ms", b->inhibited_ms);
}

void json_write_backend(struct json_writer *w, const struct status_backend *b, const char *farm)
{
	json_open(w, '{');
	text(w, "name", b->name);
	text(w, "address", b->address);
	text(w, "mac", b->mac);
	number(w, "weight", b->weight);
	text(w, "state", b->state);
	text(w, "reason", b->reason);
	write_load(w, b);
	write_orders(w, b);
	write_views(w, b);
	if (farm)
		text(w, "farm", farm);
}

void json_write_backends(struct json_writer *w, const struct status *s)
{
	json_open(w, '[');
	for (size_t i = 0; i < s->n_farms; i++)
		for (size_t k = 0; k < s->farms[i].n_backends; k++) {
			json_write_backend(w, &s->farms[i].backends[k], s->farms[i].name);
			json_close(w, '{');
		}
	json_close(w, '[');
}

static void write_transition(struct json_writer *w, const struct status_transition *t)
{
	json_key(w, "transition");
	json_open(w, '{');
	text(w, "phase", t->phase);
	number(w, "moved", t->moved);
	number(w, "buckets", t->buckets);
	number(w, "remaining_ms", t->remaining_ms);
	number(w, "exceptions", t->exceptions);
	json_close(w, '{');
}

static void write_drops(struct json_writer *w, const struct status_farm *f)
{
	json_key(w, "drops");
	json_open(w, '[');
	for (size_t i = 0; i < f->n_drops; i++) {
		json_open(w, '{');
		text(w, "reason", f->drops[i].reason);
		number(w, "packets", f->drops[i].packets);
		json_close(w, '{');
	}
	json_close(w, '[');
}

static void write_tables(struct json_writer *w, const struct status_farm *f)
{
	json_key(w, "tables");
	json_open(w, '[');
	for (size_t i = 0; i < f->n_tables; i++) {
		json_open(w, '{');
		text(w, "name", f->tables[i].name);
		number(w, "size", f->tables[i].size);
		number(w, "used", f->tables[i].used);
		json_close(w, '{');
	}
	json_close(w, '[');
}

void json_write_farm(struct json_writer *w, const struct status_farm *f, uint64_t counters_age_ms)
{
	json_open(w, '{');
	text(w, "name", f->name);
	text(w, "state", f->state);
	text(w, "reason", f->reason);
	text(w, "scheduler", f->scheduler);
	text(w, "services", f->services);
	number(w, "connections", f->connections);
	number(w, "half_open", f->half_open);
	number(w, "pins", f->pins);
	number(w, "new_flows", f->new_flows);
	number(w, "packets", f->packets);
	number(w, "bytes", f->bytes);
	number(w, "counters_age_ms", counters_age_ms);
	number(w, "scheduler_age_ms", f->scheduler_age_ms);
	write_transition(w, &f->transition);
	write_drops(w, f);
	write_tables(w, f);
	json_key(w, "backends");
	json_open(w, '[');
	for (size_t i = 0; i < f->n_backends; i++) {
		json_write_backend(w, &f->backends[i], NULL);
		json_close(w, '{');
	}
	json_close(w, '[');
	json_close(w, '{');
}

void json_write_farms(struct json_writer *w, const struct status *s)
{
	json_open(w, '[');
	for (size_t i = 0; i < s->n_farms; i++)
		json_write_farm(w, &s->farms[i], s->counters_age_ms);
	json_close(w, '[');
}
