/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the last plan was made of, farm by farm, and what was made of it. Private to the plan; its
 * users know plan_ruleset_again().
 *
 * A farm's part of a ruleset depends on the configuration, on the interfaces, on what is known of
 * its backends, on its transition and on its slots, on nothing else. Configuration and interfaces
 * change rarely: then all is planned from nothing. The rest is compared with what it was.
 *
 * Pure.
 */
#ifndef DIRECTOR_RULESET_PLAN_MEMORY_H
#define DIRECTOR_RULESET_PLAN_MEMORY_H

#include "director/ruleset/plan_farm.h"

/* True when configuration and interfaces are those of the last plan. */
bool plan_memory_fits(const struct plan_memory *m, const struct plan_facts *facts);
/* True when the facts about a farm are, in a memory that fits. */
bool plan_memory_knows(const struct plan_memory *m, const struct plan_facts *facts, size_t farm);
/* True when nobody's watched MAC has changed since, in a memory that fits. */
bool plan_memory_knows_watched(const struct plan_memory *m, const struct plan_facts *facts);
/* Adds a farm as it was planned then, under the indexes that come next. 0 or -ENOMEM. */
int plan_memory_share(const struct plan_memory *m, size_t farm, struct ruleset *r,
		      struct plan_entries *ret);
/* Adds a set of no farm as it was planned then, which it has to have been. Index or -ENOMEM. */
int plan_memory_share_set(const struct plan_memory *m, const char *name, struct ruleset *r);
/*
 * That was the last plan; takes places over. Without memory for that the next plan is from nothing.
 */
void plan_memory_keep(struct plan_memory *m, const struct plan_facts *facts,
		      struct plan_place *places, const struct ruleset *r);

#endif
