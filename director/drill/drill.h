/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A rehearsed failure, as one of the two directors lives through it. Who is asked by the operator asks
 * the other one; when that is ready the one of both who is the master lets go, and both write down
 * what they see. Each tells the other its record, so both come to the same verdict.
 *
 *     operator -> ASKING -(READY)-> RUNNING -(both records, or the limit)-> ENDED
 *     ASK -> READY -(BEGIN)-> RUNNING -> ENDED
 *
 * Where the one who asks lets go the other one runs at once: when the first has fallen silent no BEGIN
 * may come.
 *
 * Whatever happens, each node is back where it was when the limit has passed: it needs to hear nothing
 * for that.
 *
 * Pure: update = drill_step(&drill, &event), with the time in the event.
 */
#ifndef DIRECTOR_DRILL_DRILL_H
#define DIRECTOR_DRILL_DRILL_H

#include "director/drill/drill_probe.h"
#include "include/sync.h"
#include "proto/codec.h"

enum {
	DRILL_ANSWER_US = 3000000, /* for the other one to be ready */
	DRILL_REPORT_US =
		15000000,	 /* after the limit, for its record: the channel comes back first */
	DRILL_AFTER_US = 200000, /* a probe goes on for so long after the takeover */
	DRILL_WHY = SYNC_WHY_MAX,
	/* By its own operator's will, too: nothing ends a silence before its limit. */
	DRILL_HARSH_MAX_MS = 60000,
};

enum drill_state {
	DRILL_IDLE, /* there was none since the daemon began */
	DRILL_ASKING,
	DRILL_READY,
	DRILL_RUNNING,
	DRILL_ENDED,
};

enum drill_result {
	DRILL_OPEN,    /* it has not ended */
	DRILL_REFUSED, /* nothing was done: why */
	DRILL_PASSED,  /* within the budget */
	DRILL_MISSED,  /* the budget is exceeded: why */
	DRILL_UNKNOWN, /* it was done, and the other one's record did not come */
};

/* What is allowed (director.conf(5), section drill). */
struct drill_budget {
	uint32_t gap_ms, lost;
};

struct drill_record {
	bool complete;
	uint64_t lost;
	size_t n;
	struct sync_moment moments[SYNC_MOMENTS_MAX];
	size_t n_spans; /* of its probe */
	struct sync_span spans[SYNC_SPANS_MAX];
	struct sync_tally tally; /* who keeps the drill fills it in before the record is complete */
};

/* Zero-initialised: idle. */
struct drill {
	enum drill_state state;
	enum drill_result result;
	bool asked_here, yields_here;
	uint64_t id;
	uint8_t kind; /* enum sync_drill_kind */
	uint32_t limit_ms;
	struct drill_budget budget;
	struct drill_target target;
	struct mac mac_there; /* of frames to the other one; zero: it does not probe */
	uint64_t said_us;     /* ASK or READY; our clock, as the next ones */
	uint64_t began_us, until_us;
	int64_t ahead_us;   /* the other one's clock is so far ahead of ours */
	uint32_t within_us; /* … give or take so much */
	bool yielded;	    /* what it does is to be undone */
	struct drill_record here, there;
	char why[DRILL_WHY];
};

enum drill_event_type {
	DRILL_EVENT_ORDER, /* the operator's */
	DRILL_EVENT_HEARD, /* a message of the other one */
	DRILL_EVENT_MOMENT,
	DRILL_EVENT_CHANNEL, /* the channel to the other one is there, again */
	DRILL_EVENT_BACK,    /* the daemon that was killed does its work again (drill_rest.h) */
	DRILL_EVENT_TIMER,
};

struct drill_event {
	enum drill_event_type type;
	uint64_t now_us;
	/* ORDER; of HEARD budget and objection too. */
	uint64_t id; /* never 0, another one each time */
	uint8_t kind;
	bool force, yields_here;
	uint32_t limit_ms;
	struct drill_budget budget;
	const char *objection;	    /* what speaks against it here, or NULL; printable ASCII */
	bool impossible;	    /* … and by force, too */
	struct drill_target target; /* ORDER */
	struct mac mac;		    /* ORDER, HEARD: ours, of frames to the target's address */
	bool has_asker;		    /* ORDER: who wants it is known, ... */
	uint32_t uid;		    /* ... a user */
	uint64_t
		back_of; /* ORDER: for who keeps the drill, the id of one whose way back this is, or 0 */
	const struct sync_drill *heard;
	struct sync_moment moment;
	uint64_t lost; /* MOMENT LET_GO: connections that the other one does not know of */
};

enum drill_flag {
	DRILL_SEND = 1,	   /* drill_update.message */
	DRILL_YIELD = 2,   /* let go now, in the way of its kind; a MOMENT follows */
	DRILL_RESTORE = 4, /* undo it */
	DRILL_OVER = 8,	   /* the result is there */
};

struct drill_update {
	unsigned int flags;
	struct sync_drill message;
};

struct drill_update drill_step(struct drill *d, const struct drill_event *ev);
/* When a TIMER is due, UINT64_MAX: never. */
uint64_t drill_deadline_us(const struct drill *d);
/* True from the question to the result. */
bool drill_is_busy(const struct drill *d);

/*
 * From the moment when the master let go to the moment when the other one had all its addresses, by our
 * clock. False: one of them is not known.
 */
bool drill_takeover_us(const struct drill *d, uint64_t *ret);
/* Connections that went with it. False: the master has not let go, as far as is known here. */
bool drill_lost(const struct drill *d, uint64_t *ret);

/* What the probe says, by both records; *ret is set only when that is known. */
enum drill_gap drill_gap_us(const struct drill *d, uint64_t *ret);

/* What both saw, in order, by the time since the master let go. How many; 0 when it has not. */
size_t drill_timeline(const struct drill *d, struct control_moment ret[static CONTROL_MOMENTS]);

/* For people: "graceful"; "passed". */
const char *drill_kind_name(uint8_t kind);
/* 0: there is no such kind. */
uint8_t drill_kind_by_name(const char *name);
/* A node falls silent, or its daemon is killed: it lets nobody do that to it but for good reasons. */
bool drill_is_harsh(uint8_t kind);
/* How long one of that kind may last. */
uint32_t drill_limit_max_ms(uint8_t kind);
const char *drill_result_name(enum drill_result r);
/* there as in control_moment: to be master is another thing for the one that let go. */
const char *drill_moment_name(bool there, uint8_t kind);

#endif
