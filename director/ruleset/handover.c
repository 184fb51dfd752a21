/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/ruleset/handover.h"

/*
 * The other machine was there a moment ago and let the addresses go, or its process alone has ended.
 * Not so after silence, which may be the end of the machine, and not where its link is down.
 */
static bool lives(const struct handover *h)
{
	switch (h->reason) {
	case VRRP_REASON_PRIORITY_ZERO:
	case VRRP_REASON_PREEMPT:
	case VRRP_REASON_PEER_LEFT:
	case VRRP_REASON_PEER_DIED: return true;
	case VRRP_REASON_GROUP: /* why it began with another router, is not known here */
		return h->heard && (h->peer == HEARTBEAT_UP || h->peer == HEARTBEAT_GONE);
	case VRRP_REASON_NONE:
	case VRRP_REASON_STARTUP:
	case VRRP_REASON_SHUTDOWN:
	case VRRP_REASON_OWNER:
	case VRRP_REASON_SILENCE:
	case VRRP_REASON_HIGHER:
	case VRRP_REASON_OPERATOR:
	case VRRP_REASON_NOBODY:
	case VRRP_REASON_NO_LINK:
	case VRRP_REASON_NO_ADDRESS:
	case VRRP_REASON_NO_SOCKET:
	case VRRP_REASON_LINK_UP:
	case VRRP_REASON_CLEARED:
	case VRRP_REASON_HELD:
	case VRRP_REASON_HEARTBEAT:
	case VRRP_REASON_PEER_NO_LINK:
	case VRRP_REASON_STALLED:
	case VRRP_REASON_MAINTENANCE:
	case VRRP_REASON_RESUMED:
	case VRRP_REASON_TRACKED:
	case VRRP_REASON_ADDRESS_TAKEN:
	case VRRP_REASON_PREEMPT_DELAY:
	case VRRP_REASON_NOT_IN_SYNC:
	case VRRP_REASON_COUNT: return false;
	}
	return false;
}

bool handover_is_on(const struct handover *h, uint64_t now_ms)
{
	if (h->at_fault)
		return false;
	switch (h->state) {
	case VRRP_MASTER: return lives(h) && now_ms < h->changed_ms + HANDOVER_MS;
	case VRRP_BACKUP:
	case VRRP_MAINTENANCE: return h->heard && h->peer != HEARTBEAT_DOWN;
	case VRRP_INIT:
	case VRRP_FAULT: return false;
	}
	return false;
}
