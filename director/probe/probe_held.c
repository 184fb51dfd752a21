/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/probe/probe_held.h"

#include <stdlib.h>

const char *probe_held_end_name(enum probe_held_end end)
{
	static const char *const names[PROBE_HELD_ENDS] = {
		[PROBE_HELD_NO_END] = "none",	[PROBE_HELD_NOT_OPENED] = "not-opened",
		[PROBE_HELD_SILENT] = "silent", [PROBE_HELD_RESET] = "reset",
		[PROBE_HELD_CLOSED] = "closed", [PROBE_HELD_BROKEN] = "broken",
	};

	return names[end];
}

static bool is_there(const struct probe_held *h)
{
	return h->state == PROBE_HELD_OPENING || h->state == PROBE_HELD_OPEN;
}

static bool lose(struct probe_held *h, enum probe_held_end end, uint64_t now_us)
{
	h->end = h->state == PROBE_HELD_OPENING ? PROBE_HELD_NOT_OPENED : end;
	h->state = PROBE_HELD_LOST;
	h->lost_us = now_us;
	return true;
}

bool probe_held_step(struct probe_held *h, const struct probe_held_event *ev)
{
	switch (ev->kind) {
	case PROBE_HELD_ASKED:
		*h = (struct probe_held){
			.state = PROBE_HELD_OPENING,
			.opened_us = ev->now_us,
			.proven_us = ev->now_us,
		};
		return false;
	case PROBE_HELD_OPENED:
		if (h->state != PROBE_HELD_OPENING)
			return false;
		h->state = PROBE_HELD_OPEN;
		h->was_open = true;
		h->opened_us = h->proven_us = ev->now_us;
		return false;
	case PROBE_HELD_PROVEN:
		if (h->state == PROBE_HELD_OPEN && ev->at_us > h->proven_us)
			h->proven_us = ev->at_us;
		return false;
	case PROBE_HELD_ENDED: return is_there(h) && lose(h, ev->end, ev->now_us);
	case PROBE_HELD_TICK:
		return is_there(h) && ev->now_us > h->proven_us + PROBE_HELD_PATIENCE_US &&
		       lose(h, PROBE_HELD_SILENT, ev->now_us);
	}
	abort();
}
