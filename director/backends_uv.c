/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How the backends are: the checks of the configuration, joined to what the director knows, the state
 * that follows from all of it, and what has become of each.
 *
 * Shell.
 */
#include "director/director.h"
#include "ha/clock_uv.h"
#include "include/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COPY(to, from) snprintf((to), sizeof(to), "%s", (from))

/* --- checks ----------------------------------------------------------------------------------- */

/* The way alone: how the backend is, is what is to be found out. */
static bool find_way(void *owner, const struct config_farm *farm,
		     const struct config_backend *backend, struct probe_ask *ask)
{
	struct facts_source source = director_facts_source(owner);
	struct plan_interface out;

	if (!facts_way(farm, backend, &source, &out))
		return false;
	ask->ifindex = out.ifindex;
	ask->own_mac = out.mac;
	ask->mac = backend->mac;
	return backend->has_mac ||
	       source.mac(source.owner, out.ifindex, &backend->address, &ask->mac);
}

static struct admin_view ordered(const struct director *d, const struct config_farm *farm,
				 const struct config_backend *backend)
{
	return admin_view(admin_store_table(d->admin), farm->name, backend);
}

static bool is_wanted(void *owner, const struct config_farm *farm,
		      const struct config_backend *backend)
{
	return ordered(owner, farm, backend).state != ADMIN_DISABLED;
}

static void changed(void *owner, const struct addr *address)
{
	director_backend_changed(owner, address);
}

int director_open_checks(struct director *d, struct err *err)
{
	const struct health_ops ops = {.way = find_way,
				       .wanted = is_wanted,
				       .eased = director_check_is_eased,
				       .told = director_check_told,
				       .seen = director_check_seen,
				       .changed = changed,
				       .owner = d};

	return health_new(d->loop, &ops, &d->health, err);
}

void director_set_checks(struct director *d)
{
	if (health_configure(d->health, d->config) < 0)
		log_error("no memory for the checks: a backend counts as up while it answers ARP");
	director_set_farms_seen(d); /* by the history's configuration of before */
	if (history_configure(&d->history, d->config) < 0) {
		history_clear(&d->history);
		log_error("no memory for what has become of the backends");
	}
	if (slow_starts_configure(&d->slow, d->config) < 0) {
		slow_starts_clear(&d->slow);
		log_error("no memory for slow start: backends have all of their weight at once");
	}
	if (retries_configure(&d->retries, d->config) < 0) {
		retries_clear(&d->retries);
		log_error("no memory for SYNs that are repeated: nothing follows from them");
	}
}

/* --- states ----------------------------------------------------------------------------------- */

/*
 * Of a farm that the other director leads what that one finds counts, and what is found here says why where
 * both agree. What it said before it heard of an order is no finding: it is left out of use so far.
 */
static bool is_well(const struct director *d, size_t farm, size_t backend,
		    const struct plan_backend *known)
{
	const struct config_farm *f = &d->config->farms[farm];
	const struct lead_farm *lead = lead_of(&d->lead, farm);
	bool heard = !lead || lead_heard(lead, backend,
					 admin_told(ordered(d, f, &f->backends[backend]).state));

	if (lead && heard && known->usable && known->weight)
		return true;
	return (known->usable || !heard) && health_of(d->health, farm, backend) == OUTCOME_WELL &&
	       !retries_inhibit(&d->retries, farm, backend);
}

enum backend_state director_backend_state(struct director *d, size_t farm, size_t backend,
					  const struct plan_backend *known)
{
	const struct config_farm *f = &d->config->farms[farm];

	return backend_state(ordered(d, f, &f->backends[backend]).state,
			     mac_is_unicast(&known->mac), is_well(d, farm, backend, known),
			     known->percent != 0);
}

void director_backend_fault(const struct director *d, size_t farm, size_t backend,
			    char reason[static STATUS_REASON])
{
	struct health_view worst;
	char text[HEALTH_TEXT], retries[RETRY_TEXT];

	if (health_worst(d->health, farm, backend, &worst))
		snprintf(reason, STATUS_REASON, "%.*s", STATUS_REASON - 1,
			 health_text(&worst, text));
	else if (retries_inhibit(&d->retries, farm, backend))
		snprintf(reason, STATUS_REASON, "%s",
			 retry_text(retries_of(&d->retries, farm, backend), retries));
	else
		snprintf(reason, STATUS_REASON, "the other director, which leads the farm, %s",
			 health_checks(d->health, farm, backend) ? "finds it down"
								 : "does not reach it");
}

/* Just now. */
static bool was_inhibited(const struct director *d, size_t farm, size_t backend)
{
	const struct retry *t = retries_of(&d->retries, farm, backend);

	return t && t->released_ms && uv_now(d->loop) - t->released_ms < RETRY_LOOK_MS;
}

/* Why it is in a state that nothing is found fault with. */
static const char *reason_of(const struct director *d, size_t farm, size_t backend,
			     enum backend_state state, enum backend_state before)
{
	const struct config_farm *f = &d->config->farms[farm];
	bool operator= ordered(d, f, &f->backends[backend]).overridden;
	bool led = lead_of(&d->lead, farm);

	switch (state) {
	case BACKEND_UNRESOLVED: return "its MAC address, or the way to it, is not known";
	case BACKEND_DRAINING:
	case BACKEND_DISABLED: return operator? "so the operator wants it" : "so it is configured";
	case BACKEND_UP:
	case BACKEND_SLOW_START:
	case BACKEND_DOWN:
	case BACKEND_STATES: break;
	}
	if (before == BACKEND_SLOW_START)
		return d->facts.plan.backends[farm][backend].weight
			       ? "it has all of its weight"
			       : "it gets no new connections for now";
	if (before == BACKEND_DISABLED || before == BACKEND_DRAINING)
		return operator? "so the operator wants it" : "so it is configured";
	if (before == BACKEND_UP)
		return led ? "the other director, which leads the farm, starts it slowly"
			   : "it gets new connections, and its slow start is not over";
	if (before == BACKEND_DOWN && was_inhibited(d, farm, backend))
		return "it is tried again: its answers may reach clients now";
	return before == BACKEND_DOWN ? "its checks are good" : "its MAC address is known";
}

void director_see_backends(struct director *d)
{
	const struct plan_facts *facts = &d->facts.plan;
	uint64_t now_ms = clock_wall_ms();

	if (!d->history.places.config)
		return;
	for (size_t i = 0; i < d->config->n_farms; i++) {
		for (size_t k = 0; k < d->config->farms[i].n_backends; k++) {
			size_t place = places_of(&d->history.places, i, k);
			enum backend_state before = d->history.backends[place].state, state;
			char reason[STATUS_REASON] = "";

			state = director_backend_state(d, i, k, &facts->backends[i][k]);
			if (state == BACKEND_DOWN && state != before)
				director_backend_fault(d, i, k, reason);
			else if (state != before)
				COPY(reason, reason_of(d, i, k, state, before));
			if (history_see(&d->history, place, state, reason, now_ms))
				director_tell_backend(d, i, k, before);
		}
		director_see_farm(d, i);
	}
}

/* --- slow start ------------------------------------------------------------------------------- */

static void start_slowly(struct director *d, size_t farm, size_t backend)
{
	struct slow_start *s = &d->slow.backends[places_of(&d->slow.places, farm, backend)];
	struct plan_backend *known = &d->facts.all[places_of(&d->slow.places, farm, backend)];
	enum backend_state state = director_backend_state(d, farm, backend, known);
	uint32_t total_ms = d->config->farms[farm].slow_start_ms;
	uint64_t now_ms = uv_now(d->loop), next_ms = SLOW_START_NEVER;

	if (lead_of(&d->lead, farm)) {
		slow_start_follow(s, state, known->percent, total_ms, now_ms);
	} else {
		facts_set_percent(known, slow_start_step(s, state, total_ms, now_ms));
		next_ms = slow_start_next_ms(s, total_ms, now_ms);
	}
	if (next_ms < d->slow.next_ms)
		d->slow.next_ms = next_ms;
}

void director_start_slowly(struct director *d)
{
	d->slow.next_ms = SLOW_START_NEVER;
	if (!d->slow.places.config)
		return;
	for (size_t i = 0; i < d->config->n_farms; i++)
		for (size_t k = 0;
		     d->config->farms[i].slow_start_ms && k < d->config->farms[i].n_backends; k++)
			start_slowly(d, i, k);
}

uint64_t director_slow_start_left(const struct director *d, size_t farm, size_t backend)
{
	uint64_t left_ms;

	if (!d->slow.places.config)
		return STATUS_UNKNOWN;
	left_ms = slow_start_left_ms(&d->slow.backends[places_of(&d->slow.places, farm, backend)],
				     d->config->farms[farm].slow_start_ms, uv_now(d->loop));
	return left_ms ? left_ms : STATUS_UNKNOWN;
}

/* --- one in detail ---------------------------------------------------------------------------- */

static const char *check_state(const struct verdict *v)
{
	if (v->presumed)
		return "presumed";
	return v->class == OUTCOME_WELL ? "good" : v->class == OUTCOME_AILING ? "ailing" : "dead";
}

static void fill_check(struct director *d, struct detail_check *ret, const struct health_view *view)
{
	const struct check_item *item = view->item;
	const struct verdict *v = view->verdict;
	const struct addr *asked =
		config_check_uses_vip(item->check) ? &item->vip : &item->backend->address;
	uint64_t now_ms = uv_now(d->loop);
	char address[ADDR_TEXT], text[OUTCOME_TEXT];

	COPY(ret->name, item->check->name);
	COPY(ret->type, config_check_type_name(item->check->type));
	addr_format(asked, address);
	if (item->check->type == CHECK_ICMP || item->check->type == CHECK_COMMAND)
		COPY(ret->target, address);
	else
		snprintf(ret->target, sizeof(ret->target), "%s port %u", address, item->port);
	COPY(ret->state, check_state(v));
	ret->since_ms = now_ms - v->since_ms;
	ret->interval_ms = item->check->interval_ms;
	ret->age_ms = STATUS_UNKNOWN;
	if (!v->tried_ms)
		return;
	COPY(ret->outcome, outcome_word(v->last.code));
	snprintf(ret->text, sizeof(ret->text), "%.*s", (int)sizeof(ret->text) - 1,
		 outcome_text(&v->last, text));
	ret->took_us = v->last.took_us;
	ret->age_ms = now_ms - v->tried_ms;
}

static void fill_changes(struct backend_detail *ret, const struct history_backend *b)
{
	ret->n_changes = history_length(b);
	for (size_t i = 0; i < ret->n_changes; i++) {
		const struct history_change *c = history_change(b, i);

		ret->changes[i].at_ms = c->at_ms;
		COPY(ret->changes[i].from, backend_state_name(c->from));
		COPY(ret->changes[i].to, backend_state_name(c->to));
		memcpy(ret->changes[i].reason, c->reason, sizeof(c->reason));
	}
}

int director_detail(struct director *d, size_t farm, size_t backend, struct backend_detail *ret)
{
	size_t n = health_checks(d->health, farm, backend);

	*ret = (struct backend_detail){.checks = calloc(n + 1, sizeof(*ret->checks)),
				       .changes = calloc(HISTORY_MOST, sizeof(*ret->changes))};
	if (!ret->checks || !ret->changes) {
		backend_detail_clear(ret);
		return -1;
	}
	ret->n_checks = n < DETAIL_CHECKS_MAX ? n : DETAIL_CHECKS_MAX;
	for (size_t i = 0; i < ret->n_checks; i++) {
		struct health_view view = health_check(d->health, farm, backend, i);

		fill_check(d, &ret->checks[i], &view);
	}
	if (d->history.places.config) {
		size_t place = places_of(&d->history.places, farm, backend);

		ret->since_ms = d->history.backends[place].since_ms;
		fill_changes(ret, &d->history.backends[place]);
	}
	return 0;
}
