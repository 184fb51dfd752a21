/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which of the tables of connections of its farm a set is: the plan gives them their names
 * (plan_lane.c, plan_relay.c), and what a listing or a count is of is seen by them.
 *
 * Pure.
 */
#ifndef DIRECTOR_RULESET_PLAN_TABLES_H
#define DIRECTOR_RULESET_PLAN_TABLES_H

#include "director/ruleset/ruleset.h"

enum plan_table {
	PLAN_NO_TABLE, /* of connections */
	PLAN_FLOWS,
	PLAN_CLOSING,
	PLAN_HALF,    /* half-open: not connections yet */
	PLAN_RELAYED, /* shaped as the others, but the other director's: it knows no backends */
};

enum plan_table plan_table_of(const struct ruleset_set *set);
/* Of half-open connections, or of clients that have shown no more. */
bool plan_is_half_open(const struct ruleset_set *set);
/* A table of that farm whose connections have backends; half-open ones too. */
bool plan_holds_flows(const struct ruleset_set *set, const char *farm);

#endif
