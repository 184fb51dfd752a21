/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The slot tables of all farms that are scheduled by least connections: kept over a new
 * configuration, moved after the counts (director/ruleset/least.h).
 *
 * Pure: counts are arguments; allocates where it says so.
 */
#ifndef DIRECTOR_SCHEDULE_BALANCE_H
#define DIRECTOR_SCHEDULE_BALANCE_H

#include "director/ruleset/plan.h"

struct balance;

/* NULL without memory. */
struct balance *balance_new(void);
void balance_free(struct balance *b);
/* Farms and backends are the same when their names are. 0, or -ENOMEM and nothing is changed. */
int balance_configure(struct balance *b, const struct config *c);
/* True when a farm needs counts. */
bool balance_is_needed(const struct balance *b);
/* Makes the tables fit who may have new connections, and how many. 0 or -ENOMEM. */
int balance_fit(struct balance *b, const struct plan_facts *facts);
/*
 * The next step of each farm, by its backends' connections; counts() is false when nobody knows
 * them, and its table stays. How many slots changed, or -ENOMEM.
 */
int balance_step(struct balance *b, const struct config *c, uint64_t now_ms,
		 bool (*counts)(void *owner, const struct config_farm *farm, uint64_t *ret),
		 void *owner);
/* When the counts were taken that a farm's table follows; 0: never, or it does not follow any. */
uint64_t balance_counted_ms(const struct balance *b, size_t farm);
/* For plan_facts.slots: [farm of the configuration], good until balance_configure(). */
const uint16_t *const *balance_list(const struct balance *b);

#endif
