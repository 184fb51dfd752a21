/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `config push`: the configuration of one of the two directors on its way into the file of the other, as either
 * lives through it.
 *
 *     who pushes: operator -> LOOKING -> OFFERED -(READY)-> CROSSING -> NONE
 *     who takes:  OFFER -> COMING -> CHECKING -(READY)-> STAGED -> CROSSING -> NONE
 *
 * Up to STAGED nothing is changed but that a file lies beside the one that counts. CROSSING is a reload of both
 * that has to be confirmed, with the same id (provisional.h): who pushes confirms as soon as it runs on both, and
 * who takes puts the file in its place before it says so too.
 *
 * A node takes nothing unless its own configuration allows that, and not more often than its own clock does.
 *
 * Pure, allocates: update = push_step(&push, &event), with the time in the event.
 */
#ifndef DIRECTOR_CONFIG_PUSH_H
#define DIRECTOR_CONFIG_PUSH_H

#include "include/sync.h"

enum {
	PUSH_ANSWER_US = 15000000, /* for the other one's next word; a large file takes seconds */
	PUSH_WHOLE_US = 20000000,  /* for all of the text, however slowly it comes */
	PUSH_PAUSE_US = 10000000,  /* from one that is taken to the next */
	PUSH_LIMIT_MS = 20000,	   /* both go back after that, unless it is confirmed */
	PUSH_WHY = SYNC_REASON_MAX,
};

enum push_state {
	PUSH_NONE,
	PUSH_LOOKING,  /* at the own file */
	PUSH_OFFERED,  /* the other one asks for it, and then looks at it */
	PUSH_COMING,   /* it comes */
	PUSH_CHECKING, /* it is put into the own file, and that is looked at */
	PUSH_STAGED,   /* the other one may begin */
	PUSH_CROSSING, /* both go over, and it is confirmed; or both go back */
};

/* Zero-initialised: there was none. */
struct push {
	enum push_state state;
	bool ours; /* the operator of this node wanted it */
	bool done; /* the last one of ours: both have it; else why */
	uint64_t id;
	char *text; /* of a configuration, ours or theirs; owned */
	size_t len;
	uint32_t size; /* of what comes */
	uint8_t digest[SYNC_DIGEST_LEN];
	uint64_t answer_us, whole_us;
	uint64_t taken_us; /* the last one that was taken; 0: never */
	/* What is to be said next: nothing, when its step is 0. */
	struct {
		uint8_t step;
		uint32_t at;
	} owed;
	uint64_t refused_id; /* 0: nothing is to be refused */
	char refusal[PUSH_WHY];
	char why[PUSH_WHY];
};

enum push_event_type {
	PUSH_EVENT_ORDER,   /* the operator's */
	PUSH_EVENT_READ,    /* LOOK has come to a text, or not: why */
	PUSH_EVENT_HEARD,   /* a message of the other one; an OFFER: what speaks against it here */
	PUSH_EVENT_CHECKED, /* CHECK has staged it, or not: why */
	PUSH_EVENT_BEGUN,   /* the other one goes over, by a message with the id */
	PUSH_EVENT_CROSSED, /* both have it, or neither: why */
	PUSH_EVENT_PARTED,  /* the channel is gone */
	PUSH_EVENT_TIMER,
};

struct push_event {
	enum push_event_type type;
	uint64_t now_us;
	uint64_t id;	 /* ORDER: never 0, another one each time; BEGUN */
	const char *why; /* NULL: nothing */
	char *text; /* READ without why: taken over; not longer than SYNC_COPY_MAX, not empty */
	size_t len;
	const uint8_t *digest;
	const struct sync_push *heard;
};

enum push_flag {
	PUSH_LOOK = 1,	 /* READ follows */
	PUSH_CHECK = 2,	 /* CHECKED follows */
	PUSH_CROSS = 4,	 /* begin the reload of both; CROSSED follows */
	PUSH_DROP = 8,	 /* what was staged, if anything, goes */
	PUSH_SAY = 16,	 /* push_next() has something */
	PUSH_ENDED = 32, /* one of ours: the operator is told */
};

/* Flags. */
unsigned int push_step(struct push *p, const struct push_event *ev);
/* The next message; false: there is none. */
bool push_next(struct push *p, struct sync_push *ret);
/* When a TIMER is due, UINT64_MAX: never. */
uint64_t push_deadline_us(const struct push *p);
bool push_is_busy(const struct push *p);
/* Nothing is said of it any more. */
void push_clear(struct push *p);

/*
 * What has come of those of our operators, for those who are not told yet: by then another one may be under way, or
 * over, and what struct push says is of that.
 */
enum { PUSH_OUTCOMES = 8 }; /* who waits longer is told that it is over */

struct push_outcome {
	uint64_t ticket; /* who asked; 0: unused */
	bool done;
	bool taken_back; /* what the own file says was not confirmed, either */
	char why[PUSH_WHY];
};

/* Zero-initialised: empty. */
struct push_outcomes {
	struct push_outcome of[PUSH_OUTCOMES];
	size_t next;
};

/* One of ours has ended. */
void push_outcome_keep(struct push_outcomes *o, uint64_t ticket, const struct push *p,
		       bool taken_back);
/* NULL: nothing is known of it any more. */
const struct push_outcome *push_outcome_of(const struct push_outcomes *o, uint64_t ticket);

/*
 * Whether this node takes one: false with the sentence, printable ASCII with what to do first. by_peer is the key of
 * director.conf(5).
 */
bool push_consent(const struct push *p, bool by_peer, const char *node, uint64_t now_us,
		  char why[static PUSH_WHY]);

#endif
