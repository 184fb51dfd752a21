/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the status says of the channel to the other director and of both tables. */
#include "director/director.h"

#include "ha/clock_uv.h"

#include <stdio.h>
#include <string.h>

#define COPY(to, from) snprintf((to), sizeof(to), "%s", (from))

static void fill_rejected(struct status_counts *s, const struct twin_view *v)
{
	for (enum sync_end e = SYNC_END_NONE + 1; e < SYNC_END_COUNT; e++)
		status_add_count_of(s, "ended", sync_end_name(e), v->ended[e]);
	for (unsigned int i = 1; i < SYNC_HANDSHAKE_REJECT_COUNT; i++)
		status_add_count_of(s, "handshake", sync_handshake_reject_name(i),
				    v->link.handshakes[i]);
	for (unsigned int i = 1; i < SYNC_FRAME_REJECT_COUNT; i++)
		status_add_count_of(s, "frame", sync_frame_reject_name(i), v->link.frames[i]);
	for (unsigned int i = 1; i < SYNC_REJECT_COUNT; i++)
		status_add_count_of(s, "message", sync_reject_name(i), v->rejected[i]);
	status_add_count_of(s, "connection", "foreign", v->link.foreign);
	status_add_count_of(s, "connection", "late", v->link.late);
}

/*
 * What the other director would not know, if it took over now. Before it has all, nothing says what
 * it has; without a connection it may have all from before, or not be there at all.
 */
static uint64_t would_lose(const struct twin_view *v)
{
	if (!v->link.connected)
		return STATUS_UNKNOWN;
	return v->current_there ? v->queued + v->unacknowledged + v->unheld_there : v->held_ours;
}

void director_show_twin(struct director *d, struct status_peer *s)
{
	uint64_t now_us = clock_us();
	struct status_channel *c = &s->channel;
	struct twin_view v;

	twin_view(d->twin, &v);
	COPY(s->sync, !v.link.connected || v.stale ? "stale"
		      : v.current_here && v.current_there && !v.unheld_here && !v.unheld_there
			      ? "in-sync"
			      : "syncing");
	if (v.link.connected)
		s->lag_ms = v.lag_us / 1000;
	c->enabled = v.enabled;
	c->connected = v.link.connected;
	c->since_ms = v.link.connected ? (now_us - v.link.since_us) / 1000 : STATUS_UNKNOWN;
	if (v.link.trouble)
		COPY(c->trouble, v.link.trouble);
	COPY(c->ended, sync_end_text(v.end));
	c->connections = v.link.connections;
	c->octets_sent = v.link.octets_out;
	c->octets_received = v.link.octets_in;
	c->current_here = v.current_here;
	c->current_there = v.current_there;
	c->queued = v.queued;
	c->unacknowledged = v.unacknowledged;
	c->would_lose = would_lose(&v);
	c->held_ours = v.held_ours;
	c->held_theirs = v.held_theirs;
	c->flows_sent = v.sent;
	c->flows_received = v.received;
	c->flows_unknown = v.unknown;
	c->flows_refused = v.refused;
	c->snapshots_sent = v.snapshots_sent;
	c->snapshots_received = v.snapshots_received;
	c->snapshot_age_ms = v.snapshot_us ? (now_us - v.snapshot_us) / 1000 : STATUS_UNKNOWN;
	c->snapshot_flows = v.snapshot_flows;
	if (v.snapshot_took_us)
		c->snapshot_took_ms = v.snapshot_took_us / 1000;
	if (v.lately.n) {
		c->lag_median_us = v.lately.median_us;
		c->lag_p99_us = v.lately.p99_us;
		c->lag_max_us = v.lately.max_us;
	}
	if (v.apart_known)
		c->clock_apart_ms = v.apart_ms;
	c->lost = v.lost;
	c->config_differs = v.config_differs;
	fill_rejected(&c->rejected, &v);
}
