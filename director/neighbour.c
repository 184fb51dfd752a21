/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/neighbour.h"

#include <linux/neighbour.h>

bool neighbour_report(struct neighbour *n, const struct neighbour_report *report)
{
	const uint16_t usable =
		NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT | NUD_NOARP;
	bool was = n->resolved;
	struct mac before = n->mac;

	if (report->deleted) {
		/* Collected or flushed: that says nothing about the machine. Look again at once. */
		n->fixed = false;
		n->next_ms = report->now_ms;
		return false;
	}
	if (report->state & NUD_FAILED) {
		n->resolved = false;
		n->fixed = false;
	} else if ((report->state & usable) && report->mac && mac_is_unicast(report->mac)) {
		n->resolved = true;
		n->fixed = report->state & (NUD_PERMANENT | NUD_NOARP);
		n->mac = *report->mac;
	}
	return n->resolved != was || (n->resolved && !mac_equal(&before, &n->mac));
}

enum neighbour_action neighbour_step(struct neighbour *n, uint64_t now_ms)
{
	if (now_ms < n->next_ms || n->fixed)
		return NEIGHBOUR_WAIT;
	n->next_ms = now_ms + (n->resolved ? NEIGHBOUR_VERIFY_MS : NEIGHBOUR_RETRY_MS);
	return n->resolved ? NEIGHBOUR_VERIFY : NEIGHBOUR_RESOLVE;
}
