/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The transitions of all hashed farms together: one struct transition for each, kept over a new
 * configuration, continued from what the kernel holds after a restart.
 *
 * Pure: time and counts are arguments; allocates where it says so.
 */
#ifndef DIRECTOR_SCHEDULE_TRANSITIONS_H
#define DIRECTOR_SCHEDULE_TRANSITIONS_H

#include "director/ruleset/plan.h"
#include "director/ruleset/transition.h"

struct lead;
struct transitions;

/* What a step asks and tells. */
struct transitions_handler {
	/* How many flows the tables of a farm remember, or TRANSITION_UNKNOWN. */
	uint64_t (*remembered)(void *owner, const char *farm);
	/* Farms in it go where the other director is, and no step further; NULL: each its own way. */
	const struct lead *lead;
	/* Something began, ended or moved on. */
	void (*changed)(void *owner, const struct config_farm *farm, const struct transition *t,
			const struct transition_update *update);
	void *owner;
};

/* NULL without memory. */
struct transitions *transitions_new(void);
void transitions_free(struct transitions *ts);

/*
 * Makes them fit the configuration: farms and backends are the same when their names are; a farm
 * with another seed starts anew. One that needs a larger table gets it at once, the same function;
 * one that needs a smaller one, by a step. 0, or -ENOMEM and no connection goes elsewhere.
 */
int transitions_configure(struct transitions *ts, const struct config *c);

/*
 * Takes over what the kernel holds for farms that have no table yet, of any size. The facts tell whose
 * MAC address it is that a bucket names.
 */
void transitions_adopt(struct transitions *ts, const struct plan_facts *facts,
		       const struct ruleset *have, uint64_t now_ms);

/* One step of each. 0 or -ENOMEM; farms that were stepped before stay so. */
int transitions_step(struct transitions *ts, const struct plan_facts *facts, uint64_t now_ms,
		     const struct transitions_handler *handler);
/*
 * What was stepped is in the kernel since now. Returns when to step again at the latest
 * (TRANSITION_NEVER: at the next change of facts).
 */
uint64_t transitions_committed(struct transitions *ts, uint64_t now_ms);

/* True when one of them ends as soon as its flow tables are empty: it has to be stepped now and then. */
bool transitions_wait_for_flows(const struct transitions *ts);

/*
 * Rises with every change of what a farm's table is made of, or of the transition itself. 0: it has
 * none, or none yet.
 */
uint64_t transitions_epoch(const struct transitions *ts, size_t farm);

/* For plan_facts.transitions: [farm of the configuration], good until transitions_configure(). */
const struct transition *const *transitions_list(const struct transitions *ts);

#endif
