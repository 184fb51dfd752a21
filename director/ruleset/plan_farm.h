/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The part of the plan that belongs to one farm: its tables and chains. Private to plan.c.
 *
 * Pure.
 */
#ifndef DIRECTOR_RULESET_PLAN_FARM_H
#define DIRECTOR_RULESET_PLAN_FARM_H

#include "director/ruleset/plan.h"

/* Adds the farm; out is its interface. The index of its first chain, or negative errno. */
int plan_farm(struct ruleset *r, const struct config_farm *farm,
	      const struct plan_backend *backends, const struct plan_interface *out);

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
