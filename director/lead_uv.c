/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the two directors agree on beside flows: the operator's words on both, and the tables of a hashed
 * farm as its leader has them.
 *
 * Shell, on the program's loop, between the channel (twin_uv.h), lead.h, telling.h and the plan.
 */
#include "director/director.h"
#include "ha/clock_uv.h"
#include "include/log.h"

#include <errno.h>

static enum twin_leader leader_of(const struct director *d, size_t farm)
{
	const struct config_farm *f = &d->config->farms[farm];

	for (size_t i = 0; i < f->n_addresses; i++) {
		enum twin_leader who = twin_leader(d->twin, &f->addresses[i]);

		if (who != TWIN_NO_ROUTER)
			return who;
	}
	return TWIN_NO_ROUTER;
}

/* Not while any packet of the farm is meant for this node: a table that jumps would lose connections. */
static bool follows(const struct director *d, size_t farm)
{
	const struct config_farm *f = &d->config->farms[farm];

	for (size_t i = 0; i < f->n_addresses; i++)
		if (twin_leader(d->twin, &f->addresses[i]) == TWIN_OURS)
			return false;
	return leader_of(d, farm) == TWIN_THEIRS;
}

static bool is_ours(void *owner, size_t farm)
{
	return leader_of(owner, farm) == TWIN_OURS;
}

/* --- what is heard ----------------------------------------------------------------------------- */

static bool is_as_planned(const struct director *d, size_t farm)
{
	const struct lead_farm *lead = lead_of(&d->lead, farm);
	const struct transition *t = transitions_list(d->transitions)[farm];

	if (d->facts_stale || d->facts.plan.config != d->config)
		return false;
	if (!lead)
		return true;
	for (size_t i = 0; i < d->config->farms[farm].n_backends; i++) {
		const struct plan_backend *b = &d->facts.plan.backends[farm][i];

		if (b->weight != lead->weights[i] || b->percent != lead->percents[i] ||
		    b->usable != lead->usable[i])
			return false;
	}
	return lead->stand.phase == TRANSITION_STEADY && t->phase == TRANSITION_STEADY;
}

static bool take_facts(struct director *d, const struct sync_facts *facts)
{
	int farm = lead_take(&d->lead, d->config, facts, uv_now(d->loop));
	unsigned long suppressed;

	if (farm >= 0 && !is_as_planned(d, (size_t)farm))
		d->facts_stale = d->led = true;
	if (farm < 0 && farm != -ENOENT &&
	    log_limit_pass(&d->unfollowed, uv_now(d->loop), &suppressed))
		log_warning("what the other director tells of the table of farm \"%s\" is not "
			    "followed: %s",
			    facts->farm,
			    farm == -ENOMEM ? "no memory" : "its buckets are not complete");
	return farm >= 0 || farm == -ENOENT;
}

static void take_order(struct director *d, const struct sync_order *o)
{
	const struct config_farm *farm = config_farm_by_name(d->config, o->farm);

	if (!admin_store_merge(d->admin, d->config, o, d->peer ? d->peer->name : "?"))
		return;
	d->ordered = d->facts_stale = true;
	if (farm)
		telling_farm(&d->telling, (size_t)(farm - d->config->farms));
}

bool director_hear(struct director *d, const struct sync_message *m)
{
	if (m->type == SYNC_FACTS)
		return take_facts(d, &m->facts);
	if (m->type == SYNC_BUCKETS)
		return lead_stage(&d->lead, &m->buckets) != -ENOMEM;
	if (m->type == SYNC_DRILL) {
		director_drill_hear(d, &m->drill);
		return true;
	}
	if (m->type == SYNC_PROVISIONAL) {
		director_provisional_hear(d, &m->provisional);
		return true;
	}
	if (m->type == SYNC_VIEWS) {
		director_hear_views(d, &m->views);
		return true;
	}
	if (m->type == SYNC_COPY) {
		director_hear_copy(d, &m->copy);
		return true;
	}
	if (m->type == SYNC_PUSH) {
		director_hear_push(d, &m->push);
		return true;
	}
	if (m->type == SYNC_CONFIG) {
		if (config_talk_hear(&d->config_talk, &m->config))
			twin_go_on(d->twin); /* with the lines of what is not alike */
		if (d->config_talk.all_heard)
			director_compare_farms(d, true);
		return true;
	}
	take_order(d, &m->order);
	return true;
}

static void put_heard(struct director *d)
{
	uint64_t now_us = clock_us();
	struct err err = {0};

	if (d->stopping || !d->ready || (!d->ordered && !d->led))
		return;
	if (d->ordered) {
		admin_store_keep(d->admin);
		if (director_set_targets(d) < 0)
			log_error("no memory for the list of backends; the old list stays");
	}
	d->ordered = d->led = false;
	director_cause(d, JOURNAL_PEER);
	twin_retry(d->twin);
	/* At once, for flows may be of tables that it brings; not more often than it may talk. */
	if (now_us < sync_credit_from_us(&d->puts)) {
		d->put_later = true;
		director_refresh_soon(d);
		return;
	}
	sync_credit_take(&d->puts, SYNC_COST_DIGEST_US, now_us);
	if (director_apply(d, &err) < 0)
		director_say_failure(d, &err);
}

void director_put_heard(struct director *d)
{
	put_heard(d);
	director_orders_go_on(d);
}

void director_hear_all(struct director *d, bool begins)
{
	if (begins)
		lead_mark(&d->lead);
	else if (lead_sweep(&d->lead) && !d->stopping) {
		director_cause(d, JOURNAL_PEER);
		director_refresh_soon(d);
	}
}

/* --- who leads --------------------------------------------------------------------------------- */

void director_find_leaders(struct director *d)
{
	bool any = false, another = false;

	if (d->stopping || !d->twin)
		return;
	for (size_t i = 0; i < d->config->n_farms; i++) {
		bool followed = lead_of(&d->lead, i);

		if (!lead_set(&d->lead, i, follows(d, i)))
			continue;
		another = true;
		any |= followed || !is_as_planned(d, i);
	}
	if (another)
		health_pace_again(d->health);
	if (any)
		director_refresh_soon(d);
}

int director_set_farms(struct director *d)
{
	int code = lead_configure(&d->lead, d->config);

	if (code == 0)
		code = telling_configure(&d->telling, d->config);
	return code < 0 ? code : views_configure(&d->views, d->config);
}

/* --- what is told ------------------------------------------------------------------------------ */

int director_next_to_tell(struct director *d, struct sync_message *ret)
{
	struct telling_source source = {
		.config = d->config,
		.facts = &d->facts.plan,
		.transitions = d->transitions,
		.admin = admin_store_table(d->admin),
		.leads = is_ours,
		.owner = d,
		.now_ms = uv_now(d->loop),
	};

	if (director_next_copy(d, ret) || director_next_push(d, ret))
		return 1; /* it is of no plan */
	if (d->facts_stale || d->facts.plan.config != d->config)
		return -1; /* the plan that comes tells of itself */
	if (telling_next(&d->telling, &source, ret))
		return 1;
	ret->type = SYNC_CONFIG;
	if (config_talk_next(&d->config_talk, d->config, &ret->config))
		return 1;
	return director_next_view(d, ret);
}

void director_tell_farms(struct director *d)
{
	telling_look(&d->telling);
	if (d->twin && d->put_later)
		twin_retry(d->twin);
	d->put_later = false;
	if (d->twin && !d->stopping)
		twin_go_on(d->twin);
}
