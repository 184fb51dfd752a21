/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One farm at a glance, with its backends: from the parts of the running director to a struct status_farm.
 *
 * Shell: reads flow tables through the keeper, and counters as they were read last; changes nothing.
 */
#include "director/director.h"
#include "director/ruleset/export.h"
#include "director/ruleset/plan_tables.h"
#include "director/schedule/balance.h"
#include "director/status_uv.h"
#include "include/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COPY(to, from) text_copy((to), sizeof(to), (from))

/* "10.77.0.100 tcp 80,443,8000-8010" */
static void fill_services(struct status_farm *s, const struct config_farm *farm)
{
	char address[ADDR_TEXT];
	size_t used = 0;
	FILE *out = fmemopen(s->services, sizeof(s->services), "w");

	if (!out)
		return;
	for (size_t i = 0; i < farm->n_addresses; i++)
		fprintf(out, "%s%s", i ? "," : "", addr_format(&farm->addresses[i], address));
	fprintf(out, " %s ", config_protocol_name(farm->protocol));
	for (size_t i = 0; i < farm->n_ports; i++) {
		fprintf(out, "%s%u", used++ ? "," : "", farm->ports[i].first);
		if (farm->ports[i].last != farm->ports[i].first)
			fprintf(out, "-%u", farm->ports[i].last);
	}
	fclose(out);
	s->services[sizeof(s->services) - 1] = '\0';
}

static void fill_backend(struct director *d, struct status_backend *s, size_t farm, size_t backend,
			 const struct plan_backend *known)
{
	const struct config_backend *b = &d->config->farms[farm].backends[backend];
	struct admin_view ordered =
		admin_view(admin_store_table(d->admin), d->config->farms[farm].name, b);
	enum backend_state state = director_backend_state(d, farm, backend, known);

	COPY(s->name, b->name);
	addr_format(&b->address, s->address);
	s->weight = ordered.weight;
	if (mac_is_unicast(&known->mac))
		mac_format(&known->mac, s->mac);
	COPY(s->state, backend_state_name(state));
	if (state == BACKEND_DOWN)
		director_backend_fault(d, farm, backend, s->reason);
	director_show_views(d, farm, backend, s);
	director_show_retries(d, farm, backend, s);
	s->override = ordered.overridden;
	COPY(s->admin_state, admin_state_name(ordered.state));
	COPY(s->configured_state, admin_state_name(b->state));
	s->configured_weight = b->weight;
	s->deadline_ms = admin_store_left_ms(&ordered);
	s->effective_weight = plan_backend_weight(known) / 100.0;
	s->slow_start_ms = state == BACKEND_SLOW_START ? director_slow_start_left(d, farm, backend)
						       : (uint64_t)STATUS_UNKNOWN;
}

/* Those of a backend that was taken out stay the farm's: no count goes backwards. */
static void fill_counts(struct status_farm *s, const struct count_book *book)
{
	struct count total;

	if (!book) {
		s->packets = s->bytes = STATUS_UNKNOWN;
		for (size_t i = 0; i < s->n_backends; i++)
			s->backends[i].packets = s->backends[i].bytes = STATUS_UNKNOWN;
		return;
	}
	total = count_farm_total(book, s->name);
	s->packets = total.packets;
	s->bytes = total.bytes;
	for (size_t i = 0; i < s->n_backends; i++) {
		total = count_total(book, s->name, s->backends[i].name, i);
		s->backends[i].packets = total.packets;
		s->backends[i].bytes = total.bytes;
	}
}

static void fill_drops(struct status_farm *s, const struct drop_book *book)
{
	for (size_t i = 0; book && i < book->n; i++)
		if (strcmp(book->entries[i].farm, s->name) == 0)
			status_add_drop(s, book->entries[i].reason,
					book->entries[i].live + book->entries[i].carried);
}

static void fill_tables(struct director *d, struct status_farm *s, const struct config_farm *farm)
{
	const struct ruleset *r = keeper_planned(d->keeper);
	struct ruleset_span sets = director_sets_of(d, farm);

	for (size_t i = sets.first; i < sets.end; i++) {
		uint64_t used = 0;

		if (plan_table_of(&r->sets[i]) == PLAN_NO_TABLE)
			continue;
		if (keeper_table_used(d->keeper, r->sets[i].name, &used) < 0)
			used = STATUS_UNKNOWN;
		status_add_table(s, r->sets[i].name, r->sets[i].size, used);
	}
}

/* Clients of both IP versions as one table. */
static void fill_pins(struct director *d, struct status_farm *s, const struct config_farm *farm)
{
	if (farm->persistence == PERSISTENCE_NONE)
		return;
	if (keeper_pins(d->keeper, farm->name, &s->pins) < 0)
		s->pins = STATUS_UNKNOWN;
}

static void fill_transition(struct director *d, struct status_farm *s, const struct transition *t)
{
	struct transition_view view;

	if (!t)
		return;
	snprintf(s->transition.phase, sizeof(s->transition.phase), "%s",
		 transition_phase_name(t->phase));
	if (t->phase == TRANSITION_STEADY)
		return;
	view = transition_view(t, uv_now(d->loop));
	s->transition.moved = view.moving;
	s->transition.buckets = view.total;
	if (view.moving && view.remaining_ms != TRANSITION_NEVER)
		s->transition.remaining_ms = view.remaining_ms;
	if (keeper_remembered(d->keeper, s->name, &s->transition.exceptions) < 0)
		s->transition.exceptions = STATUS_UNKNOWN;
}

/* A Maglev farm remembers nothing but in a transition. */
static int fill_flows(struct director *d, struct status_farm *s, const struct config_farm *farm)
{
	uint64_t begun[CONFIG_BACKENDS_MAX];
	struct director_counts counts;
	struct flows_state state;
	int code = director_count(d, farm, &counts);

	if (!code) {
		s->connections = counts.total;
		s->half_open = counts.half_open;
		for (size_t i = 0; i < farm->n_backends; i++)
			s->backends[i].connections =
				counts.each_known ? counts.each[i] : STATUS_UNKNOWN;
	}
	free(counts.each);
	flows_state(d->flows, &state);
	s->new_flows = state.hears ? flows_begun(d->flows, farm, begun) : STATUS_UNKNOWN;
	for (size_t i = 0; i < farm->n_backends; i++)
		s->backends[i].new_flows = state.hears ? begun[i] : STATUS_UNKNOWN;
	return code;
}

static void fill_age(struct director *d, struct status_farm *s, size_t index)
{
	uint64_t counted_ms = balance_counted_ms(d->balance, index);

	s->scheduler_age_ms = counted_ms ? uv_now(d->loop) - counted_ms : STATUS_UNKNOWN;
}

/* False, and why: its link is not of use. */
static bool farm_has_link(struct director *d, const struct config_farm *farm,
			  char trouble[static INTERFACE_TEXT])
{
	const struct link *link = links_find(d->links, farm->interface);

	director_interface_trouble(d, farm->interface, trouble);
	if (!trouble[0] && !link->up)
		snprintf(trouble, INTERFACE_TEXT, "is down");
	return !trouble[0];
}

bool director_farm_serves(struct director *d, const struct config_farm *farm, size_t serving,
			  char reason[static STATUS_REASON])
{
	char trouble[INTERFACE_TEXT];

	reason[0] = '\0';
	if (!farm_has_link(d, farm, trouble))
		snprintf(reason, STATUS_REASON, "interface \"%.15s\" %s", farm->interface, trouble);
	else if (!serving)
		snprintf(reason, STATUS_REASON, "no backend takes new connections");
	else if (serving < farm->minimum_backends)
		snprintf(reason, STATUS_REASON, "%zu of at least %u backends take new connections",
			 serving, farm->minimum_backends);
	return !reason[0];
}

/* A farm whose link is down serves nobody, whatever was known of its backends before. */
static void fill_farm_state(struct director *d, struct status_farm *s,
			    const struct config_farm *farm, size_t serving)
{
	char trouble[INTERFACE_TEXT];
	bool can = farm_has_link(d, farm, trouble);

	COPY(s->state, director_farm_serves(d, farm, serving, s->reason) ? "up" : "down");
	for (size_t i = 0; !can && i < s->n_backends; i++)
		if (strcmp(s->backends[i].state, "disabled") != 0) {
			COPY(s->backends[i].state, "unresolved");
			s->backends[i].reason[0] = '\0';
		}
}

/* What it has, and whether it serves: nothing that the kernel is asked for. */
static int fill_brief(struct director *d, struct status_farm *s, size_t index,
		      const struct plan_backend *known)
{
	const struct config_farm *farm = &d->config->farms[index];
	double shares[CONFIG_BACKENDS_MAX];
	size_t serving = 0;

	COPY(s->name, farm->name);
	COPY(s->scheduler, config_scheduler_name(farm->scheduler));
	fill_services(s, farm);
	s->backends = calloc(farm->n_backends + 1, sizeof(*s->backends));
	if (!s->backends)
		return -ENOMEM;
	s->n_backends = farm->n_backends;
	export_shares(keeper_planned(d->keeper), farm, director_sets_of(d, farm), shares);
	for (size_t i = 0; i < farm->n_backends; i++) {
		fill_backend(d, &s->backends[i], index, i, &known[i]);
		s->backends[i].share = shares[i];
		serving += s->backends[i].share > 0;
	}
	fill_farm_state(d, s, farm, serving);
	return 0;
}

int director_status_farm_brief(struct director *d, size_t index, struct status_farm *ret)
{
	struct plan_backend known[CONFIG_BACKENDS_MAX];
	struct facts_source source = director_facts_source(d);
	int code = facts_farm(d->config, index, &source, known);

	return code ? code : fill_brief(d, ret, index, known);
}

int director_status_farm(struct director *d, size_t index, struct status_farm *ret)
{
	const struct config_farm *farm = &d->config->farms[index];
	int code = director_status_farm_brief(d, index, ret);

	if (code)
		return code;
	fill_pins(d, ret, farm);
	fill_tables(d, ret, farm);
	fill_transition(d, ret, transitions_list(d->transitions)[index]);
	fill_age(d, ret, index);
	fill_counts(ret, keeper_counts_known(d->keeper));
	fill_drops(ret, keeper_drops_known(d->keeper));
	return fill_flows(d, ret, farm);
}
