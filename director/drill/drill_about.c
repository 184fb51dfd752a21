/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/drill/drill_about.h"

#include <stdio.h>

#define COPY(to, from) snprintf((to), sizeof(to), "%s", (from))

void drill_about_begin(struct control_drill_about *a, const struct drill *d,
		       const struct drill_event *ev, const struct drill_self *self)
{
	struct control_drill_node *here;

	*a = (struct control_drill_about){.at_ms = self->wall_ms,
					  .force = ev->heard ? ev->heard->force : ev->force,
					  .limit_ms = d->limit_ms,
					  .max_gap_ms = d->budget.gap_ms,
					  .max_lost = d->budget.lost};
	a->has_asker = !ev->heard && ev->has_asker;
	a->uid = a->has_asker ? ev->uid : 0;
	COPY(a->asked_on, d->asked_here ? self->here : self->there);
	here = d->yields_here ? &a->from : &a->to;
	COPY(here->version, DIRECTOR_VERSION);
	COPY(here->config, self->digest);
}

static bool tells(const struct sync_drill *m)
{
	return m->step == SYNC_DRILL_ASK || m->step == SYNC_DRILL_READY;
}

void drill_about_hear(struct control_drill_about *a, const struct drill *d,
		      const struct sync_drill *m)
{
	struct control_drill_node *there = d->yields_here ? &a->to : &a->from;

	if (m->id != d->id || !tells(m) || there->version[0])
		return;
	COPY(there->version, m->version);
	COPY(there->config, m->config);
}

bool drill_about_counts(const struct drill *d, uint64_t back_of)
{
	return d->result != DRILL_REFUSED || (d->asked_here && !back_of);
}

void drill_about_sign(struct sync_drill *m, const char *digest)
{
	if (!tells(m))
		return;
	COPY(m->version, DIRECTOR_VERSION);
	COPY(m->config, digest);
}
