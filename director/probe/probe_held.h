/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One connection that a probe keeps open, and whether it is still alive. Nothing is known of the protocol
 * on it, so what proves it is what TCP itself hears: an acknowledgement (the kernel asks for one every
 * second when nothing else is sent) or octets. Where there is something to say (--send) only octets count:
 * those come from the program behind it.
 *
 * A connection that is opened counts as proven at that moment.
 *
 * Pure: time is in the event.
 */
#ifndef DIRECTOR_PROBE_PROBE_HELD_H
#define DIRECTOR_PROBE_PROBE_HELD_H

#include <stdbool.h>
#include <stdint.h>

enum {
	PROBE_HELD_MAX = 10000,
	/* The kernel's questions are a second apart: four of them are lost before a connection is. */
	PROBE_HELD_PATIENCE_US = 5000000,
};

enum probe_held_state {
	PROBE_HELD_NEW, /* not asked for yet */
	PROBE_HELD_OPENING,
	PROBE_HELD_OPEN,
	PROBE_HELD_LOST,
};

enum probe_held_end {
	PROBE_HELD_NO_END,
	PROBE_HELD_NOT_OPENED,
	PROBE_HELD_SILENT,
	PROBE_HELD_RESET,
	PROBE_HELD_CLOSED, /* by the other side, in order */
	PROBE_HELD_BROKEN, /* unreachable, or this machine's own trouble */
	PROBE_HELD_ENDS,
};

enum probe_held_event_kind {
	PROBE_HELD_ASKED, /* it is being opened */
	PROBE_HELD_OPENED,
	PROBE_HELD_PROVEN, /* at_us: when something was heard, which may be a while ago */
	PROBE_HELD_ENDED,  /* by `end` */
	PROBE_HELD_TICK,
};

struct probe_held_event {
	enum probe_held_event_kind kind;
	uint64_t now_us;
	uint64_t at_us;		 /* PROVEN */
	enum probe_held_end end; /* ENDED */
};

struct probe_held {
	enum probe_held_state state;
	enum probe_held_end end;
	bool was_open;
	uint16_t port;	    /* ours */
	uint64_t opened_us; /* asked for, until it is open */
	uint64_t proven_us;
	uint64_t lost_us; /* when it was noticed */
};

const char *probe_held_end_name(enum probe_held_end end);
/* True when it is lost now. */
bool probe_held_step(struct probe_held *h, const struct probe_held_event *ev);

#endif
