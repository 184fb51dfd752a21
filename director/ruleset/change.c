/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/ruleset/change.h"

#include "director/ruleset/ruleset.h"

#include <stdio.h>
#include <string.h>

void ruleset_change_name(struct ruleset_change *c, const char *what, const char *name)
{
	char entry[RULESET_NAME + 16];
	size_t used = strlen(c->names);

	snprintf(entry, sizeof(entry), "%s %s", what, name);
	if (strstr(c->names, entry) || strstr(c->names, "..."))
		return;
	if (used + strlen(entry) + sizeof(", , ...") > RULESET_CHANGE_NAMES)
		snprintf(entry, sizeof(entry), "...");
	snprintf(c->names + used, RULESET_CHANGE_NAMES - used, "%s%s", used ? ", " : "", entry);
}

bool ruleset_change_is_empty(const struct ruleset_change *c)
{
	return !c->table_added && !c->chains_added && !c->chains_deleted && !c->chains_rewritten &&
	       !c->sets_added && !c->sets_deleted && !c->elements_added && !c->elements_deleted;
}

const char *ruleset_change_format(const struct ruleset_change *c,
				  char buf[static RULESET_CHANGE_TEXT])
{
	const struct {
		size_t n;
		const char *what;
	} parts[] = {
		{c->chains_added, "chains added"},	   {c->chains_deleted, "chains deleted"},
		{c->chains_rewritten, "chains rewritten"}, {c->sets_added, "sets added"},
		{c->sets_deleted, "sets deleted"},	   {c->elements_added, "elements added"},
		{c->elements_deleted, "elements deleted"},
	};
	size_t used = 0;

	snprintf(buf, RULESET_CHANGE_TEXT, "nothing");
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (parts[i].n && used < RULESET_CHANGE_TEXT)
			used += (size_t)snprintf(buf + used, RULESET_CHANGE_TEXT - used, "%s%zu %s",
						 used ? ", " : "", parts[i].n, parts[i].what);
	if (c->names[0] && used < RULESET_CHANGE_TEXT)
		snprintf(buf + used, RULESET_CHANGE_TEXT - used, " (%s)", c->names);
	return buf;
}
