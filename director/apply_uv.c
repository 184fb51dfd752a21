/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From what is known of the world to the kernel's table: facts, one step of every transition, the
 * plan, one transaction. The next step of a transition comes by itself.
 *
 * Shell: asks links, neighbours, routes and the keeper; decides nothing.
 */
#include "director/director.h"
#include "director/schedule/balance.h"

#include "include/log.h"
#include "include/memory.h"

#include <errno.h>

static bool ask_interface(void *owner, const char *name, struct plan_interface *ret)
{
	const struct director *d = owner;

	return links_find_interface(d->links, name, ret);
}

static bool ask_mac(void *owner, uint32_t ifindex, const struct addr *addr, struct mac *ret)
{
	const struct director *d = owner;

	return neighbours_find(d->neighbours, ifindex, addr, ret);
}

static bool ask_route(void *owner, const struct addr *addr, char ret[static RULESET_IFNAME])
{
	return director_route(owner, addr, ret);
}

static bool ask_dead(void *owner, uint32_t ifindex)
{
	const struct director *d = owner;
	const struct link *link = links_find_index(d->links, ifindex);

	return !link || link->dead;
}

static bool ask_handed(void *owner, const struct addr *vip)
{
	const struct director *d = owner;

	for (size_t i = 0; i < d->n_handover; i++)
		if (addr_equal(&d->handover[i], vip))
			return true;
	return false;
}

static enum outcome_class ask_health(void *owner, size_t farm, size_t backend)
{
	const struct director *d = owner;

	enum outcome_class class = health_of(d->health, farm, backend);

	return class == OUTCOME_WELL && retries_inhibit(&d->retries, farm, backend) ? OUTCOME_AILING
										    : class;
}

static uint8_t ask_percent(void *owner, size_t farm, size_t backend)
{
	const struct director *d = owner;

	return d->slow.places.config
		       ? d->slow.backends[places_of(&d->slow.places, farm, backend)].percent
		       : 0;
}

struct facts_source director_facts_source(struct director *d)
{
	return (struct facts_source){.interface = ask_interface,
				     .mac = ask_mac,
				     .route = ask_route,
				     .dead = ask_dead,
				     .health = ask_health,
				     .percent = ask_percent,
				     .owner = d,
				     .admin = admin_store_table(d->admin),
				     .lead = &d->lead,
				     .handed = ask_handed};
}

static uint64_t ask_remembered(void *owner, const char *farm)
{
	struct director *d = owner;
	uint64_t n;

	return keeper_remembered(d->keeper, farm, &n) == 0 ? n : TRANSITION_UNKNOWN;
}

static void transition_changed(void *owner, const struct config_farm *farm,
			       const struct transition *t, const struct transition_update *update)
{
	struct director *d = owner;
	struct transition_view view = transition_view(t, uv_now(d->loop));

	if (update->orphaned && d->ready)
		log_about(
			LOG_LEVEL_INFO, LOG_OF(.farm = farm->name),
			"farm \"%s\": %u of %u buckets lost their backend and go to others at once",
			farm->name, update->orphaned, view.total);
	if (update->resized)
		log_about(LOG_LEVEL_INFO, LOG_OF(.farm = farm->name),
			  "farm \"%s\": %u buckets instead of %u, the same for every connection",
			  farm->name, view.total, update->resized);
	if (update->joined || update->retargeted || update->stopped)
		log_about(LOG_LEVEL_INFO, LOG_OF(.farm = farm->name),
			  "farm \"%s\": %u of %u buckets move to other backends; connections stay "
			  "where they are, for at most %llu s of silence",
			  farm->name, view.moving, view.total,
			  (unsigned long long)(view.remaining_ms / 1000));
	if (update->phase_changed && t->phase == TRANSITION_EXCEPTIONS)
		log_about(LOG_LEVEL_INFO, LOG_OF(.farm = farm->name),
			  "farm \"%s\": the buckets have moved; connections that are elsewhere are "
			  "remembered until they end",
			  farm->name);
	if (update->phase_changed && t->phase == TRANSITION_STEADY)
		log_about(LOG_LEVEL_INFO, LOG_OF(.farm = farm->name),
			  "farm \"%s\": no connection is remembered any more", farm->name);
}

/* Where the kernel's table stands before the first plan: a transition goes on. */
static int adopt_transitions(struct director *d, const struct facts *facts, struct err *err)
{
	struct ruleset have;
	int code = keeper_read(d->keeper, &have, err);

	if (code < 0)
		return code;
	transitions_adopt(d->transitions, &facts->plan, &have, uv_now(d->loop));
	admission_adopt(&d->admission, d->config, &have);
	d->adopted = true;
	ruleset_clear(&have);
	return 0;
}

/* The next step of a transition, or of a slow start, comes by itself; events may bring it forward. */
static void step_later(struct director *d, uint64_t next_ms)
{
	uint64_t now = uv_now(d->loop);

	if (next_ms == TRANSITION_NEVER || d->stopping ||
	    (uv_is_active((uv_handle_t *)&d->refresh) && !d->waiting))
		return;
	uv_timer_start(&d->refresh, director_refresh, next_ms > now ? next_ms - now : 1, 0);
	d->waiting = true;
}

/* All that was planned is in the kernel. */
static void committed(struct director *d)
{
	uint64_t next_ms;

	uv_update_time(d->loop); /* the transactions may have taken their time */
	next_ms = transitions_committed(d->transitions, uv_now(d->loop));
	if (d->slow.next_ms < next_ms)
		next_ms = d->slow.next_ms;
	if (admission_is_complete(&d->admission) || d->stopping)
		step_later(d, next_ms);
	else /* the next farms, behind whatever else has come up */
		uv_timer_start(&d->refresh, director_refresh, 1, 0);
}

bool director_is_settled(const struct director *d)
{
	return !keeper_is_busy(d->keeper) && admission_is_complete(&d->admission);
}

static void go_on(uv_timer_t *timer)
{
	struct director *d = timer->data;
	bool busy = keeper_is_busy(d->keeper);
	struct err err = {0};

	if (keeper_go_on(d->keeper, &err) < 0) {
		director_journal_failed(d, err.text);
		director_say_failure(d, &err);
		return;
	}
	if (busy)
		director_journal_applied(d);
	else
		director_journal_repaired(d, "");
	if (busy && !keeper_is_busy(d->keeper)) {
		committed(d);
		if (director_is_settled(d)) {
			memory_give_back(); /* that a large change took */
			director_applied(d);
		}
	}
	director_go_on_later(d);
	if (!uv_is_active((uv_handle_t *)timer) && d->ready)
		director_check_ruleset(d);
}

void director_go_on_later(struct director *d)
{
	uint64_t wait_ms = keeper_wait_ms(d->keeper);

	/* libuv (1.44) runs a timer of 0 ms again before it looks at anything else. */
	if (wait_ms == KEEPER_NEVER || d->stopping)
		uv_timer_stop(&d->load);
	else
		uv_timer_start(&d->load, go_on, wait_ms ? wait_ms : 1, 0);
}

/*
 * With many backends most of a plan's time would go into questions whose answers are known: where
 * only neighbours changed, their farms alone are asked about. 0 or -ENOMEM.
 */
static int bring_facts(struct director *d, struct err *err)
{
	struct facts_source source = director_facts_source(d);
	int code = 0;

	if (d->facts_stale || !facts_renew(&d->facts, d->peer, &source, d->changed, d->n_changed)) {
		struct facts before = d->facts;

		code = facts_gather(&d->facts, d->config, d->peer, &source);
		if (code == 0)
			facts_remember(&d->facts, &before);
		facts_clear(&before);
	}
	d->facts.plan.owner = d->self && d->self->priority == VRRP_PRIORITY_OWNER;
	d->facts_stale = code < 0;
	d->n_changed = 0;
	return code < 0 ? err_set(err, code, "no memory for what is known of the backends") : 0;
}

/*
 * While the kernel does not hold all of the last plan, time stands still for transitions: what is to
 * come after a phase must not come before the phase itself has. Backends that die are dealt with.
 */
int director_apply(struct director *d, struct err *err)
{
	struct transitions_handler handler = {.remembered = ask_remembered,
					      .lead = &d->lead,
					      .changed = transition_changed,
					      .owner = d};
	struct plan_facts *facts = &d->facts.plan;
	uint64_t begun = uv_hrtime(), planned = begun;
	struct ruleset want;
	int code = bring_facts(d, err);

	if (!keeper_is_busy(d->keeper)) {
		d->planned_ms = uv_now(d->loop);
		admission_go_on(&d->admission, d->config);
	}
	if (code == 0) {
		director_start_slowly(d);
		director_see_backends(d);
	}
	facts->admitted = d->admission.farms;
	if (code == 0 && !d->adopted)
		code = adopt_transitions(d, &d->facts, err);
	if (code == 0) {
		code = transitions_step(d->transitions, facts, d->planned_ms, &handler);
		facts->transitions = transitions_list(d->transitions);
		if (code == 0)
			code = balance_fit(d->balance, facts);
		facts->slots = balance_list(d->balance);
		if (code == 0)
			code = plan_ruleset_again(d->plan, facts, &want);
		planned = uv_hrtime();
		if (code < 0)
			err_set(err, code, "no memory to plan the ruleset");
		else
			code = keeper_set(d->keeper, &want, err);
	}
	log_debug("planned in %.1f ms, applied in %.1f ms", (double)(planned - begun) / 1e6,
		  (double)(uv_hrtime() - planned) / 1e6);
	if (code == 0)
		committed(d);
	if (code < 0)
		director_journal_failed(d, err->text);
	else
		director_journal_applied(d);
	director_tell_farms(d);
	director_go_on_later(d);
	return code < 0 ? code : 0;
}
