/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/monitor/ready.h"

#include <stdio.h>
#include <string.h>

/* The worst of them; NULL: none has trouble. */
static const struct status_vrrp *in_trouble(const struct status *s)
{
	const struct status_vrrp *found = NULL;

	for (size_t i = 0; i < s->n_vrrps; i++) {
		if (strcmp(s->vrrps[i].state, "fault") == 0)
			return &s->vrrps[i];
		if (!found && s->vrrps[i].two_masters)
			found = &s->vrrps[i];
	}
	return found;
}

bool ready_judge(const struct status *s, const struct ready_daemon *d, char why[static READY_WHY])
{
	const struct status_vrrp *v;

	why[0] = '\0';
	if (d->stopping)
		snprintf(why, READY_WHY, "the daemon is stopping");
	else if (!d->applied)
		snprintf(why, READY_WHY, "the first ruleset is not applied yet");
	else if (d->drifted)
		snprintf(why, READY_WHY, "the kernel does not hold the planned ruleset");
	else if ((v = in_trouble(s)))
		snprintf(why, READY_WHY, "virtual router %s (IPv%u) %s%s%s", v->name,
			 (unsigned int)v->family,
			 strcmp(v->state, "fault") == 0 ? "is in fault" : "has two masters",
			 v->error[0] ? ": " : "", v->error);
	return why[0] == '\0';
}
