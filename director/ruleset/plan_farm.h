/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The part of the plan that belongs to one farm: plan_farm.c its tables, plan_lane.c its chains,
 * plan_guard.c what stands before them. Private to the plan.
 *
 * Pure.
 */
#ifndef DIRECTOR_RULESET_PLAN_FARM_H
#define DIRECTOR_RULESET_PLAN_FARM_H

#include "director/ruleset/plan.h"

/* Packets of one farm, one IP version and one protocol have chains of their own. */
enum plan_lane { LANE_TCP, LANE_UDP, LANE_TCP6, LANE_UDP6, LANE_COUNT };

/* What the services map sends there: the index of the lane's first chain, -1 without such a lane. */
struct plan_entries {
	int chains[LANE_COUNT];
};

/* Sets of a farm's guards, of one IP version, by index; -1: not there. */
struct plan_guard {
	int allow, deny, rates;
};

/* One farm on its way into the ruleset; sets by index, -1: not there. */
struct farm_plan {
	struct ruleset *r;
	const struct plan_facts *facts;
	const struct config_farm *farm;
	const struct plan_backend *backends;
	const struct transition *transition; /* NULL: none */
	const uint32_t *ids;
	const struct plan_interface *out; /* the one way to all backends; NULL: several */
	uint32_t modulus;
	bool hashed;	/* no flow is remembered but in a transition */
	bool remembers; /* flow tables are there */
	int buckets, slots, home, moved, backends_set, leaving, outputs;
	struct plan_guard guards[2]; /* IPv4, IPv6 */
};

/* Adds the farm. 0 or -ENOMEM. */
int plan_farm(struct ruleset *r, const struct plan_facts *facts, size_t index,
	      struct plan_entries *ret);
/* Adds the chains and flow tables of one lane. The index of its first chain, or -ENOMEM. */
int plan_lane(struct farm_plan *p, enum plan_lane lane);

/* A farm with a list of clients or a rate. */
bool plan_farm_is_guarded(const struct config_farm *farm);
/* Adds the sets of a farm's guards. 0 or -ENOMEM. */
int plan_guard_sets(struct farm_plan *p);
/* Adds the rules about rates of new connections. 0 or -ENOMEM. */
int plan_guard_rates(const struct farm_plan *p, enum plan_lane lane, int chain);
/* Adds the guards before a lane's first chain: the index of what is the first one now, or -ENOMEM. */
int plan_guard(struct farm_plan *p, enum plan_lane lane, int entry);

/* A set NAME-SUFFIX that knows its farm. Index or -ENOMEM. */
int plan_farm_set(const struct farm_plan *p, enum ruleset_set_kind kind, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Statements of a rule, by what they need beside their kind. */
struct ruleset_statement plan_statement(enum ruleset_statement_kind kind);
struct ruleset_statement plan_statement_set(enum ruleset_statement_kind kind, int set);

/* Appends a rule of n statements to a chain. 0 or -ENOMEM. */
int plan_add_rule(struct ruleset *r, int chain, size_t n,
		  const struct ruleset_statement *statements);

#define PLAN_ADD_RULE(r, chain, ...)                                                               \
	plan_add_rule((r), (chain),                                                                \
		      sizeof((struct ruleset_statement[]){__VA_ARGS__}) /                          \
			      sizeof(struct ruleset_statement),                                    \
		      (const struct ruleset_statement[]){__VA_ARGS__})

#endif
