/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/ruleset/plan_tables.h"

#include <string.h>

/* A lane may follow: ".udp6". */
static bool is_called(const struct ruleset_set *set, const char *suffix)
{
	return strncmp(set->name + strlen(set->farm), suffix, strlen(suffix)) == 0;
}

bool plan_is_half_open(const struct ruleset_set *set)
{
	return is_called(set, "-half");
}

enum plan_table plan_table_of(const struct ruleset_set *set)
{
	static const char *const suffixes[] = {[PLAN_FLOWS] = "-flows",
					       [PLAN_CLOSING] = "-closing",
					       [PLAN_HALF] = "-half",
					       [PLAN_RELAYED] = "-relayed"};

	if (!ruleset_kind_is_flows(set->kind) || ruleset_kind_is_pins(set->kind))
		return PLAN_NO_TABLE;
	for (enum plan_table t = PLAN_FLOWS; t <= PLAN_RELAYED; t++)
		if (is_called(set, suffixes[t]))
			return t;
	return PLAN_NO_TABLE;
}

bool plan_holds_flows(const struct ruleset_set *set, const char *farm)
{
	enum plan_table table = plan_table_of(set);

	return table != PLAN_NO_TABLE && table != PLAN_RELAYED && strcmp(set->farm, farm) == 0;
}
