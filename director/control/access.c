/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/control/access.h"

#include <stdio.h>

bool access_is_shared(const struct access_rules *r)
{
	return r->has_read_group || r->has_change_group;
}

static bool is_in(const struct access_asker *who, bool known, uint32_t gid)
{
	for (size_t i = 0; known && i < who->n_gids; i++)
		if (who->gids[i] == gid)
			return true;
	return false;
}

enum access access_of(const struct access_rules *r, const struct access_asker *who)
{
	if (who->uid == 0 || who->uid == r->uid || is_in(who, r->has_change_group, r->change_gid))
		return ACCESS_CHANGE;
	return is_in(who, r->has_read_group, r->read_gid) ? ACCESS_READ : ACCESS_NONE;
}

enum access access_needed(enum control_command command)
{
	switch (command) {
	case CONTROL_RELOAD:
	case CONTROL_CONFIRM:
	case CONTROL_CONFIG_PUSH:
	case CONTROL_BACKEND_ENABLE:
	case CONTROL_BACKEND_DRAIN:
	case CONTROL_BACKEND_DISABLE:
	case CONTROL_BACKEND_WEIGHT:
	case CONTROL_FAILOVER:
	case CONTROL_MAINTENANCE:
	case CONTROL_DRILL_RETURN:
	case CONTROL_DRILL: return ACCESS_CHANGE;
	case CONTROL_STATUS:
	case CONTROL_RULESET_EXPORT:
	case CONTROL_RULESET_VERIFY:
	case CONTROL_RULESET_PROSPECT:
	case CONTROL_RULESET_HISTORY:
	case CONTROL_RULESET_EXPLAIN:
	case CONTROL_CONFIG_DIFF:
	case CONTROL_DRILL_LOOK:
	case CONTROL_DRILL_HISTORY:
	case CONTROL_BACKEND_SHOW:
	case CONTROL_DOCTOR:
	case CONTROL_CONNECTIONS:
	case CONTROL_PERSISTENCE:
	case CONTROL_FARM_SHOW: return ACCESS_READ;
	}
	return ACCESS_CHANGE;
}

const char *access_refusal(const struct access_rules *r, enum access needed,
			   char buf[static ACCESS_SENTENCE])
{
	bool reads = needed == ACCESS_READ;

	snprintf(buf, ACCESS_SENTENCE, "%s for root%s%s%s%s alone",
		 reads ? "what directord tells is" : "what changes something is",
		 r->has_change_group ? (reads && r->has_read_group ? ", group " : " and group ")
				     : "",
		 r->has_change_group ? r->change_group : "",
		 reads && r->has_read_group ? " and group " : "",
		 reads && r->has_read_group ? r->read_group : "");
	return buf;
}
