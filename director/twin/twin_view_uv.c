/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What others see of the twin: who leads, and how it goes. */
#include "director/twin/twin_inside_uv.h"

#include "ha/clock_uv.h"

void twin_retry(struct twin *t)
{
	t->retry |= t->unheld > 0;
}

enum twin_leader twin_leader(const struct twin *t, const struct addr *vip)
{
	const struct twin_router *r = twin_roles_find(&t->roles, vip);

	if (!r)
		return TWIN_NO_ROUTER;
	if (r->ours)
		return TWIN_OURS;
	return r->theirs && t->sync.in > SYNC_IN_GREETING ? TWIN_THEIRS : TWIN_NOBODY;
}

bool twin_takes_views(const struct twin *t)
{
	return t->sync.out > SYNC_OUT_GREETING && t->features & SYNC_FEATURE_VIEWS;
}

bool twin_takes_provisional(const struct twin *t)
{
	return t->sync.out > SYNC_OUT_GREETING && t->features & SYNC_FEATURE_PROVISIONAL;
}

bool twin_takes_copies(const struct twin *t)
{
	return t->link && t->features & SYNC_FEATURE_COPY;
}

bool twin_takes_pushes(const struct twin *t)
{
	return twin_takes_provisional(t) && t->features & SYNC_FEATURE_PUSH;
}

void twin_view(const struct twin *t, struct twin_view *ret)
{
	uint64_t now_us = clock_us();

	*ret = t->seen;
	ret->enabled = t->link != NULL;
	if (t->link)
		sync_link_view(t->link, &ret->link);
	ret->end = t->sync.end;
	ret->current_here = sync_in_is_current(&t->sync);
	ret->current_there = sync_out_is_current(&t->sync);
	ret->stale = t->sync.stale;
	ret->unheld_here = t->unheld;
	ret->lag_us = sync_lag_us(&t->sync, now_us);
	for (size_t i = 0; i < TWIN_FAMILIES; i++) {
		ret->queued += t->queues[i].n;
		if (t->queues[i].n && now_us - t->queues[i].since_us > ret->lag_us)
			ret->lag_us = now_us - t->queues[i].since_us;
	}
	ret->unacknowledged = sync_unacknowledged(&t->sync);
	ret->held_ours = twin_roles_held(&t->roles, true);
	ret->held_theirs = twin_roles_held(&t->roles, false);
	ret->held = twin_roles_all(&t->roles);
	ret->snapshot_us = t->sync.current_us;
	ret->snapshot_took_us = t->sync.took_us;
	sync_lag_view(&t->sync.lag, now_us, &ret->lately);
}
