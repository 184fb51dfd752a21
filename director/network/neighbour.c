/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/network/neighbour.h"

#include <linux/neighbour.h>

void neighbour_link(struct neighbour *n, bool up, uint64_t now_ms)
{
	if (n->link_up == up)
		return;
	n->link_up = up;
	/* The kernel forgets the entries of a link that loses its carrier. */
	n->lost = true;
	n->resolving = n->verifying = false;
	n->next_ms = now_ms;
}

/* The kernel gave up. */
static void failed(struct neighbour *n, uint64_t now_ms)
{
	bool our_look =
		n->resolving || (n->verifying && now_ms - n->verifying_ms >= NEIGHBOUR_VERDICT_MS);

	n->fixed = false;
	n->lost = true;
	n->next_ms = now_ms;
	if (!our_look)
		return;
	n->resolved = n->resolving = n->verifying = false;
	n->next_ms = now_ms + NEIGHBOUR_RETRY_MS;
}

static void usable(struct neighbour *n, uint16_t state, const struct mac *mac)
{
	if ((state & NUD_REACHABLE) || !n->resolved || !mac_equal(&n->mac, mac))
		n->verifying = false;
	n->lost = n->resolving = false;
	n->resolved = true;
	n->fixed = state & (NUD_PERMANENT | NUD_NOARP);
	n->mac = *mac;
}

bool neighbour_report(struct neighbour *n, const struct neighbour_report *report)
{
	const uint16_t good =
		NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT | NUD_NOARP;
	bool was = n->resolved;
	struct mac before = n->mac;

	if (!n->link_up)
		return false;
	if (report->deleted) {
		n->fixed = false;
		n->lost = true;
		n->next_ms = report->now_ms;
	} else if (report->state & NUD_FAILED) {
		failed(n, report->now_ms);
	} else if ((report->state & good) && report->mac && mac_is_unicast(report->mac)) {
		usable(n, report->state, report->mac);
	}
	return n->resolved != was || (n->resolved && !mac_equal(&before, &n->mac));
}

enum neighbour_action neighbour_step(struct neighbour *n, uint64_t now_ms)
{
	if (!n->link_up || now_ms < n->next_ms || n->fixed)
		return NEIGHBOUR_WAIT;
	if (!n->resolved || n->lost) {
		n->resolving = true;
		n->next_ms = now_ms + NEIGHBOUR_RETRY_MS;
		return NEIGHBOUR_RESOLVE;
	}
	if (!n->verifying) {
		n->verifying = true;
		n->verifying_ms = now_ms;
	}
	n->next_ms = now_ms + NEIGHBOUR_VERIFY_MS;
	return NEIGHBOUR_VERIFY;
}
