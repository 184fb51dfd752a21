/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ha/sync_dial.h"

#include <stdlib.h>

void sync_dial_init(struct sync_dial *d, uint64_t now_us)
{
	*d = (struct sync_dial){.due_us = now_us};
}

/* Between three and five quarters of the step. */
static uint64_t pause_us(const struct sync_dial *d, uint32_t chance)
{
	uint64_t step_us = SYNC_DIAL_FIRST_US;

	for (unsigned int i = 1; i < d->failures && step_us < SYNC_DIAL_MOST_US; i++)
		step_us *= 2;
	if (step_us > SYNC_DIAL_MOST_US)
		step_us = SYNC_DIAL_MOST_US;
	return step_us * 3 / 4 + chance % (step_us / 2 + 1);
}

static void rest(struct sync_dial *d, const struct sync_dial_event *ev)
{
	d->state = SYNC_DIAL_RESTING;
	d->due_us = ev->now_us + (d->failures ? pause_us(d, ev->chance) : 0);
}

static void step(struct sync_dial *d, const struct sync_dial_event *ev, bool *ret_dial)
{
	switch (ev->type) {
	case SYNC_DIAL_EVENT_TIMER:
		if (d->state != SYNC_DIAL_RESTING || ev->now_us < d->due_us)
			return;
		d->state = SYNC_DIAL_DIALING;
		*ret_dial = true;
		return;
	case SYNC_DIAL_EVENT_FAILED:
		if (d->state != SYNC_DIAL_DIALING)
			return;
		d->failures++;
		rest(d, ev);
		return;
	case SYNC_DIAL_EVENT_UP:
		if (d->state != SYNC_DIAL_CONNECTED)
			d->up_us = ev->now_us;
		d->state = SYNC_DIAL_CONNECTED;
		return;
	case SYNC_DIAL_EVENT_DOWN:
		if (d->state != SYNC_DIAL_CONNECTED)
			return;
		d->failures = ev->now_us - d->up_us < SYNC_DIAL_STEADY_US ? d->failures + 1 : 0;
		rest(d, ev);
		return;
	}
	abort();
}

struct sync_dial_update sync_dial_step(struct sync_dial *d, const struct sync_dial_event *ev)
{
	struct sync_dial_update u = {.deadline_us = SYNC_DIAL_NEVER};

	step(d, ev, &u.dial);
	if (d->state == SYNC_DIAL_RESTING)
		u.deadline_us = d->due_us;
	return u;
}

bool sync_dial_stays(const struct sync_dialed *old, const struct sync_dialed *new)
{
	if (new->ready_us - old->ready_us > 2 * SYNC_DIAL_LIMIT_US)
		return true;
	return new->by_elder || !old->by_elder;
}
