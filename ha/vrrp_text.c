/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The words of vrrp.h that people and scripts read: names of states and reasons, sentences. */
#include "ha/vrrp.h"

#include <stdio.h>

const char *vrrp_state_name(enum vrrp_state s)
{
	static const char *const names[] = {
		[VRRP_INIT] = "init",
		[VRRP_BACKUP] = "backup",
		[VRRP_MASTER] = "master",
		[VRRP_FAULT] = "fault",
		[VRRP_MAINTENANCE] = "maintenance",
	};

	return names[s];
}

const char *vrrp_reason_name(enum vrrp_reason r)
{
	static const char *const names[VRRP_REASON_COUNT] = {
#define X(id, name) [VRRP_REASON_##id] = name,
		VRRP_REASON_LIST(X)
#undef X
	};

	return names[r];
}

static const char *format_peer(const struct vrrp_cause *c, const char *fmt_before, const char *with,
			       char buf[static VRRP_CAUSE_TEXT])
{
	char peer[ADDR_TEXT];

	if (with)
		snprintf(buf, VRRP_CAUSE_TEXT, "%s %s %s %u", fmt_before,
			 addr_format(&c->peer, peer), with, c->peer_priority);
	else
		snprintf(buf, VRRP_CAUSE_TEXT, "%s %s", fmt_before, addr_format(&c->peer, peer));
	return buf;
}

static const char *format_waited(const struct vrrp_cause *c, const char *what,
				 char buf[static VRRP_CAUSE_TEXT])
{
	uint64_t ms = c->waited_us / 1000;

	snprintf(buf, VRRP_CAUSE_TEXT, "%s for %llu.%03u s", what, (unsigned long long)(ms / 1000),
		 (unsigned int)(ms % 1000));
	return buf;
}

const char *vrrp_cause_format(const struct vrrp_cause *c, char buf[static VRRP_CAUSE_TEXT])
{
	const char *text = "-";

	switch (c->reason) {
	case VRRP_REASON_NONE:
	case VRRP_REASON_COUNT: break;
	case VRRP_REASON_STARTUP: text = "startup"; break;
	case VRRP_REASON_SHUTDOWN: text = "shutdown"; break;
	case VRRP_REASON_OWNER: text = "owns the addresses (priority 255)"; break;
	case VRRP_REASON_SILENCE: return format_waited(c, "no advert", buf);
	case VRRP_REASON_PRIORITY_ZERO:
		return format_peer(c, "priority 0 received from", NULL, buf);
	case VRRP_REASON_PREEMPT: return format_peer(c, "preempts", "with priority", buf);
	case VRRP_REASON_HIGHER: return format_peer(c, "advert of", "with priority", buf);
	case VRRP_REASON_OPERATOR: text = "operator"; break;
	case VRRP_REASON_NOBODY: return format_waited(c, "nobody took over", buf);
	case VRRP_REASON_NO_LINK: text = "link down"; break;
	case VRRP_REASON_NO_ADDRESS: text = "own address is not on the interface"; break;
	case VRRP_REASON_NO_SOCKET: text = "no socket"; break;
	case VRRP_REASON_LINK_UP: text = "link up"; break;
	case VRRP_REASON_CLEARED: text = "fault cleared"; break;
	case VRRP_REASON_HELD: return format_waited(c, "no advert, now no heartbeat", buf);
	case VRRP_REASON_HEARTBEAT: return format_peer(c, "heartbeat of", "with priority", buf);
	case VRRP_REASON_PEER_LEFT: return format_peer(c, "goodbye of", NULL, buf);
	case VRRP_REASON_PEER_DIED: return format_peer(c, "the process has ended at", NULL, buf);
	case VRRP_REASON_PEER_NO_LINK: return format_peer(c, "link down at", NULL, buf);
	case VRRP_REASON_STALLED: return format_waited(c, "stalled: no advert sent", buf);
	case VRRP_REASON_MAINTENANCE: text = "maintenance"; break;
	case VRRP_REASON_RESUMED: text = "maintenance is over"; break;
	case VRRP_REASON_GROUP: text = "another router of its group"; break;
	case VRRP_REASON_TRACKED: text = "something it depends on is down"; break;
	case VRRP_REASON_ADDRESS_TAKEN: text = "another host has an address of it"; break;
	case VRRP_REASON_PREEMPT_DELAY: text = "does not preempt yet (preempt-delay)"; break;
	case VRRP_REASON_NOT_IN_SYNC:
		text = "does not preempt before its tables are in sync";
		break;
	}
	snprintf(buf, VRRP_CAUSE_TEXT, "%s", text);
	return buf;
}
