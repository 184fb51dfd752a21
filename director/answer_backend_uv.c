/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The operator's orders about backends, and a farm in detail.
 *
 * Shell. An order is in force before it is answered, in the kernel, too, unless the answer says
 * otherwise.
 */
#include "director/backend/remaining.h"
#include "director/config/keywords.h"
#include "director/config/number.h"
#include "director/director.h"
#include "director/status_uv.h"
#include "include/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COPY(to, from) snprintf((to), sizeof(to), "%s", (from))

enum { SENTENCE = 1024 };

/* --- which ------------------------------------------------------------------------------------ */

static void say_unknown(struct control_reply *reply, const char *what, const char *written,
			const char *where, const char *nearest)
{
	char line[SENTENCE];

	snprintf(line, sizeof(line), "there is no %s \"%s\"%s%s%s%s", what, written, where,
		 nearest ? "; did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?" : "");
	director_say(reply, CONTROL_FAILED, line);
}

static const struct config_farm *
find_farm(struct director *d, const struct control_request *request, struct control_reply *reply)
{
	const struct config_farm *farm = config_farm_by_name(d->config, request->farm);

	if (!farm)
		say_unknown(reply, "farm", request->farm, "",
			    config_suggest_farm(d->config, request->farm));
	return farm;
}

static const struct config_backend *find_backend(const struct config_farm *farm,
						 const struct control_request *request,
						 struct control_reply *reply)
{
	const struct config_backend *b = config_backend_by_name(farm, request->backend);
	char where[CONFIG_NAME_MAX + 16];

	snprintf(where, sizeof(where), " in farm \"%s\"", farm->name);
	if (!b)
		say_unknown(reply, "backend", request->backend, where,
			    config_suggest_backend(farm, request->backend));
	return b;
}

/* --- what came of it -------------------------------------------------------------------------- */

static int attach_farm(struct director *d, const struct config_farm *farm,
		       struct control_reply *reply)
{
	if (director_status_of(d, farm, &reply->status) < 0) {
		director_say(reply, CONTROL_FAILED, "directord has no memory for a status");
		return -1;
	}
	reply->has_status = true;
	return 0;
}

static const struct status_backend *backend_in(const struct status_farm *f, const char *name)
{
	for (size_t i = 0; i < f->n_backends; i++)
		if (strcmp(f->backends[i].name, name) == 0)
			return &f->backends[i];
	return NULL;
}

/* Connections of a drained backend, where the farm remembers any. */
static void print_remaining(FILE *out, const struct status_farm *f, const struct status_backend *b)
{
	if (!remaining_of(f, b) && !f->n_tables)
		return;
	fputs("; ", out);
	remaining_print(out, f, b);
}

static void print_state(FILE *out, const struct control_request *request,
			const struct status_farm *f, const struct status_backend *b,
			const struct order_had *had)
{
	char text[DURATION_TEXT];

	fprintf(out, "%s of %s ", b->name, f->name);
	if (strcmp(b->admin_state, "draining") == 0) {
		fputs("drains", out);
		print_remaining(out, f, b);
		if (request->number)
			fprintf(out, "; it is disabled in %s",
				duration_format(request->number, text));
	} else if (strcmp(b->admin_state, "disabled") == 0) {
		fputs("is disabled", out);
		if (had->connections && strcmp(had->farm, f->name) == 0 &&
		    strcmp(had->backend, b->name) == 0)
			fprintf(out, "; it had %s%" PRIu64 " connection%s",
				had->counted ? "" : "at least ", had->connections,
				had->connections == 1 ? "" : "s");
	} else {
		fputs("is enabled", out);
		if (strcmp(b->state, "unresolved") == 0)
			fputs("; it gets connections when it answers ARP", out);
		else if (strcmp(b->state, "down") == 0)
			fprintf(out, "; it gets connections when its checks are good: %s",
				b->reason);
		else if (!b->weight)
			fputs("; its weight is 0: no new connections", out);
		else
			fprintf(out, "; weight %u, %s%.1f %% of the new connections", b->weight,
				strcmp(b->state, "slow-start") == 0 ? "for now " : "",
				100 * b->share);
	}
}

static void print_weight(FILE *out, const struct status_farm *f, const struct status_backend *b)
{
	fprintf(out, "%s of %s has weight %u", b->name, f->name, b->weight);
	if (strcmp(b->state, "up") != 0 && strcmp(b->state, "slow-start") != 0)
		fprintf(out, "; it is %s and gets no new connections", b->state);
	else if (!b->weight)
		fputs("; no new connections", out);
	else
		fprintf(out, "; %.1f %% of the new connections", 100 * b->share);
}

static bool nobody_serves(const struct status_farm *f)
{
	for (size_t i = 0; i < f->n_backends; i++)
		if (f->backends[i].share > 0)
			return false;
	return true;
}

static void print_outcome(FILE *out, const struct control_request *request,
			  const struct status_farm *f, const struct order_had *had)
{
	const struct status_backend *b = backend_in(f, request->backend);

	if (!b)
		return;
	if (request->command == CONTROL_BACKEND_WEIGHT)
		print_weight(out, f, b);
	else
		print_state(out, request, f, b, had);
}

/* Sentences for people, one a line. */
static void tell(struct director *d, const struct control_request *request,
		 const struct order_wait *wait, struct control_reply *reply)
{
	const struct status_farm *f = &reply->status.farms[0];
	size_t size;
	FILE *out;

	free(reply->text);
	reply->text = NULL;
	out = open_memstream(&reply->text, &size);
	if (!out)
		return;
	print_outcome(out, request, f, wait ? &wait->had : &(struct order_had){0});
	fputc('\n', out);
	if (d->ready && nobody_serves(f))
		fprintf(out, "no backend of %s takes new connections now\n", f->name);
	if (wait && wait->unsaved.text[0])
		fprintf(out, "%s\n", wait->unsaved.text);
	fclose(out);
}

/* --- orders ----------------------------------------------------------------------------------- */

static const enum config_admin_state states[CONTROL_LAST + 1] = {
	[CONTROL_BACKEND_ENABLE] = ADMIN_ENABLED,
	[CONTROL_BACKEND_DRAIN] = ADMIN_DRAINING,
	[CONTROL_BACKEND_DISABLE] = ADMIN_DISABLED,
};

static int order(struct director *d, const struct control_request *request, const char *farm,
		 const struct config_backend *b, struct err *err)
{
	if (request->command == CONTROL_BACKEND_WEIGHT)
		return admin_store_set_weight(d->admin, farm, b, (uint16_t)request->number, err);
	return admin_store_set_state(d->admin, farm, b, states[request->command], request->number,
				     err);
}

/* It has no more afterwards. */
static struct order_had had_of(struct director *d, const struct config_farm *farm, const char *name)
{
	struct status s = {0};
	const struct status_backend *b;
	struct order_had had = {0};

	if (director_status_of(d, farm, &s) < 0)
		return had;
	b = backend_in(&s.farms[0], name);
	if (b && b->connections != STATUS_UNKNOWN)
		had = (struct order_had){.connections = b->connections,
					 .counted = remaining_of(&s.farms[0], b) != STATUS_UNKNOWN};
	status_clear(&s);
	COPY(had.farm, farm->name);
	COPY(had.backend, name);
	return had;
}

/* 0: the order stands, with what to tell of before it; negative: *reply says why not. */
static int give(struct director *d, const struct control_request *request,
		const struct config_farm *farm, const struct config_backend *b,
		struct order_wait *wait, struct control_reply *reply)
{
	struct err err = {0};
	char line[ERR_LINE + 80];

	if (request->command == CONTROL_BACKEND_DISABLE)
		wait->had = had_of(d, farm, b->name);
	if (order(d, request, farm->name, b, &wait->unsaved) < 0) {
		director_say(reply, CONTROL_FAILED, wait->unsaved.text);
		return -1;
	}
	telling_farm(&d->telling, (size_t)(farm - d->config->farms));
	if (director_admin_changed(d, &err) == 0)
		return 0;
	snprintf(line, sizeof(line),
		 "the order is in force, but its ruleset is not applied yet: %s", err.text);
	director_say(reply, CONTROL_FAILED, line);
	return -1;
}

/* Another order about the backend counts by now. */
static bool is_overruled(struct director *d, const struct control_request *request,
			 const char *farm, const struct config_backend *b)
{
	struct admin_view now = admin_view(admin_store_table(d->admin), farm, b);

	if (request->command == CONTROL_BACKEND_WEIGHT)
		return now.weight != request->number;
	return now.state != states[request->command] &&
	       !(request->number && now.state == ADMIN_DISABLED); /* its deadline came */
}

static void say_overruled(const struct control_request *request, struct control_reply *reply)
{
	char line[SENTENCE];

	snprintf(line, sizeof(line), "another order about %s of %s came later, and counts",
		 request->backend, request->farm);
	director_say(reply, CONTROL_FAILED, line);
}

static void say_waits(const char *waits, struct control_reply *reply)
{
	char line[SENTENCE];

	snprintf(line, sizeof(line), "the order is kept, but not in force yet: %s", waits);
	director_say(reply, CONTROL_FAILED, line);
}

/* True: *reply is what came of the order. */
static bool answer_given(struct director *d, const struct control_request *request,
			 const struct config_farm *farm, const struct config_backend *b,
			 uint64_t ticket, bool again, struct control_reply *reply)
{
	char buf[DIRECTOR_WAITS_FOR];
	const char *waits = NULL;

	if (d->ready && !request->no_wait)
		waits = director_order_waits(d, (size_t)(farm - d->config->farms),
					     (size_t)(b - farm->backends), ticket,
					     request->command == CONTROL_BACKEND_WEIGHT, buf);
	if (waits && !(director_order_is_due(d, ticket) && (d->failing || director_is_settled(d))))
		return false;
	if (again && is_overruled(d, request, farm->name, b))
		say_overruled(request, reply);
	else if (waits)
		say_waits(waits, reply);
	else if (attach_farm(d, farm, reply) == 0)
		tell(d, request, order_waits_of(&d->ordering.waits, ticket), reply);
	return true;
}

bool director_answer_backend(struct director *d, const struct control_request *request,
			     const struct control_asker *who, bool again,
			     struct control_reply *reply)
{
	const struct config_farm *farm = find_farm(d, request, reply);
	const struct config_backend *b = farm ? find_backend(farm, request, reply) : NULL;
	struct order_wait *wait = b && !again ? director_order_begins(d, who->ticket) : NULL;
	bool done = !b || (wait && give(d, request, farm, b, wait, reply) < 0) ||
		    answer_given(d, request, farm, b, who->ticket, again, reply);

	if (done)
		order_waits_end(&d->ordering.waits, who->ticket);
	return done;
}

void director_answer_farm(struct director *d, const struct control_request *request,
			  struct control_reply *reply)
{
	const struct config_farm *farm = find_farm(d, request, reply);

	if (farm)
		attach_farm(d, farm, reply);
}

void director_answer_backend_show(struct director *d, const struct control_request *request,
				  struct control_reply *reply)
{
	const struct config_farm *farm = find_farm(d, request, reply);
	const struct config_backend *b = farm ? find_backend(farm, request, reply) : NULL;

	if (!b || attach_farm(d, farm, reply) < 0)
		return;
	if (director_detail(d, (size_t)(farm - d->config->farms), (size_t)(b - farm->backends),
			    &reply->detail) < 0)
		director_say(reply, CONTROL_FAILED, "directord has no memory for a backend");
	else
		reply->has_detail = true;
}

/* --- connections ------------------------------------------------------------------------------ */

/* A position is where a cursor stands, and never 0. */
static uint64_t position_of(const struct flow_cursor *c)
{
	return c->done ? 0 : ((uint64_t)c->table << 32 | c->slot) + 1;
}

static struct flow_cursor cursor_at(const struct control_request *request)
{
	uint64_t at = request->number - 1;

	if (!request->number)
		return (struct flow_cursor){0};
	return (struct flow_cursor){.epoch = request->epoch,
				    .slot = (uint32_t)at,
				    .table = (uint8_t)(at >> 32),
				    .started = true};
}

static void fill_page(struct director *d, const struct control_request *request,
		      struct flow_entry *entries, struct control_reply *reply)
{
	struct flow_query query = {.pins = request->command == CONTROL_PERSISTENCE,
				   .farm = request->farm,
				   .backend = request->backend,
				   .client = request->client};
	struct flow_cursor cursor = cursor_at(request);
	size_t n = flows_list(d->flows, &query, &cursor, entries, CODEC_CONNECTIONS_MAX);

	for (size_t i = 0; i < n; i++) {
		struct control_connection *c = &reply->connections[i];

		memcpy(c->farm, entries[i].farm, sizeof(c->farm));
		memcpy(c->backend, entries[i].backend, sizeof(c->backend));
		c->key = entries[i].key;
		c->prefix = entries[i].prefix;
		c->expires_ms = entries[i].expires_ms;
	}
	reply->n_connections = n;
	reply->epoch = cursor.epoch;
	reply->position = position_of(&cursor);
}

void director_answer_connections(struct director *d, const struct control_request *request,
				 struct control_reply *reply)
{
	const struct config_farm *farm = request->farm[0] ? find_farm(d, request, reply) : NULL;
	struct flow_entry *entries;
	struct flows_state state;

	if (request->farm[0] && !farm)
		return;
	/* The codec refuses a backend without its farm. */
	if (farm && request->backend[0] && !find_backend(farm, request, reply))
		return;
	flows_state(d->flows, &state);
	if (!state.hears) {
		director_say(reply, CONTROL_FAILED,
			     "directord has no index of connections; its log says why");
		return;
	}
	entries = calloc(CODEC_CONNECTIONS_MAX, sizeof(*entries));
	reply->connections = calloc(CODEC_CONNECTIONS_MAX, sizeof(*reply->connections));
	if (entries && reply->connections)
		fill_page(d, request, entries, reply);
	else
		director_say(reply, CONTROL_FAILED, "directord has no memory for a list");
	free(entries);
}
