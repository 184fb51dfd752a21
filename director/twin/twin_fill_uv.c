/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A snapshot of the other director's: what the tables hold is marked when it begins and swept when it
 * ends. Both walk over the whole index, and the second one over the kernel's maps, so they go in pieces,
 * between which everything else on the main loop has its turn.
 */
#include "director/twin/twin_inside_uv.h"

enum { FILL_MS = 1 };

static void go_on(uv_timer_t *timer);

/* What it was begun for is no matter any more when the machine has left that state. */
static void mark_some(struct twin *t)
{
	struct sync_event ev = {.type = SYNC_EVENT_MARKED};

	flows_mark_some(t->flows, &t->fill_at);
	if (t->fill_at.done)
		twin_step(t, &ev, NULL);
	else
		uv_timer_start(&t->fill, go_on, FILL_MS, 0);
}

static void sweep_some(struct twin *t)
{
	struct sync_event ev = {.type = SYNC_EVENT_SWEPT};

	flows_sweep_some(t->flows, &t->fill_at);
	if (!t->fill_at.done) {
		uv_timer_start(&t->fill, go_on, FILL_MS, 0);
		return;
	}
	t->seen.snapshots_received++;
	t->seen.snapshot_flows = t->filled;
	twin_step(t, &ev, NULL);
}

static void go_on(uv_timer_t *timer)
{
	struct twin *t = timer->data;

	if (t->sync.in == SYNC_IN_MARKING)
		mark_some(t);
	else if (t->sync.in == SYNC_IN_SWEEPING)
		sweep_some(t);
	twin_settle(t);
}

void twin_mark(struct twin *t, const struct sync_snapshot *s)
{
	uv_timer_stop(&t->fill);
	t->fill_at = (struct flow_cursor){0};
	twin_roles_theirs(&t->roles, &s->domain);
	t->ops.told(t->ops.owner, true);
	t->ops.led(t->ops.owner);
	flows_mark(t->flows);
	t->filled = t->unheld = 0;
	t->retry = false;
	mark_some(t);
}

void twin_sweep(struct twin *t)
{
	t->ops.told(t->ops.owner, false);
	uv_timer_stop(&t->fill);
	t->fill_at = (struct flow_cursor){0};
	sweep_some(t);
}
