/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/drill/drill_tap.h"

#include "director/health/vip_frame.h"

_Static_assert((int)DRILL_TAP_TTL >= (int)VIP_FRAME_TTL_BEHIND &&
		       (int)DRILL_TAP_TTL >= (int)VIP_FRAME_TTL,
	       "frames of checks and probes are told from those of clients by it");

void drill_tap_tally(const struct tap_slot *slots, size_t n, bool yields, uint64_t after_us,
		     struct sync_tally *ret)
{
	ret->sight = SYNC_SIGHT_NONE;
	ret->frame_us = 0;
	ret->stragglers = 0;
	for (size_t i = 0; i < n; i++) {
		uint64_t at_us = slots[i].at_us;

		if (!yields && at_us + DRILL_TAP_HALF_US < after_us)
			continue;
		/* Of a slot in which that was it is not known which side of it a frame is. */
		if (yields && after_us != DRILL_TAP_NEVER && at_us > after_us + DRILL_TAP_HALF_US)
			ret->stragglers += slots[i].frames;
		if (ret->sight == SYNC_SIGHT_NONE ||
		    (yields ? at_us > ret->frame_us : at_us < ret->frame_us))
			ret->frame_us = at_us;
		ret->sight = SYNC_SIGHT_FRAME;
	}
	if (!yields && ret->sight == SYNC_SIGHT_FRAME && ret->frame_us < after_us)
		ret->frame_us = after_us;
}

/* The latest of those that say that it has all; 0: it has not. */
static uint64_t settled_by(const struct sync_moment *moments, size_t n)
{
	uint64_t ret = 0;

	for (size_t i = 0; i < n; i++)
		if ((moments[i].kind == SYNC_MOMENT_MASTER ||
		     moments[i].kind == SYNC_MOMENT_ADDRESSES ||
		     moments[i].kind == SYNC_MOMENT_ANNOUNCED) &&
		    moments[i].at_us > ret)
			ret = moments[i].at_us;
	return ret;
}

uint64_t drill_tap_settled_us(const struct drill *d, const struct sync_drill *told)
{
	uint64_t there_us = told && told->step == SYNC_DRILL_REPORT && told->id == d->id
				    ? settled_by(told->moments, told->n)
			    : d->there.complete ? settled_by(d->there.moments, d->there.n)
						: 0;

	return there_us ? there_us - (uint64_t)d->ahead_us : DRILL_TAP_NEVER;
}

bool drill_tap_is_last_look(const struct drill *d, const struct drill_event *ev, uint64_t now_us)
{
	if (d->state != DRILL_RUNNING || d->here.complete)
		return false;
	switch (ev->type) {
	case DRILL_EVENT_ORDER:
	case DRILL_EVENT_BACK:
	case DRILL_EVENT_CHANNEL: return false;
	case DRILL_EVENT_HEARD:
		return ev->heard->step == SYNC_DRILL_REPORT && ev->heard->id == d->id;
	case DRILL_EVENT_MOMENT: return ev->moment.kind == SYNC_MOMENT_MASTER && !d->yields_here;
	case DRILL_EVENT_TIMER: return now_us >= drill_deadline_us(d);
	}
	return false;
}
