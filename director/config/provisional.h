/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A configuration that lasts until it is confirmed, or for a time, as one of the two directors lives through
 * it: `config reload --confirm`. Each reads its own file, from its own disk, and goes back to what ran there
 * before; the other one's word can do no more than that.
 *
 *     operator -> LOOKING -> ASKING -(READY)-> GOING -(RUNS)-> RUNNING -(CONFIRMED)-> NONE
 *     ASK -> LOOKING -> READY -(BEGIN)-> GOING -> RUNNING -(CONFIRM)-> NONE
 *
 * Until both have looked at their files and found the same in them nothing is changed. Then both go over, or
 * both go back. RUNNING ends by each node's own clock: it needs to hear nothing for that.
 *
 * Pure: update = provisional_step(&provisional, &event), with the time in the event.
 */
#ifndef DIRECTOR_CONFIG_PROVISIONAL_H
#define DIRECTOR_CONFIG_PROVISIONAL_H

#include "include/sync.h"

enum {
	PROVISIONAL_ANSWER_US = 15000000, /* a file of a hundred thousand backends takes seconds */
	PROVISIONAL_CONFIRM_US = 3000000, /* so long the operator waits for the other one's word */
	PROVISIONAL_ASK_US = 10000000,	  /* the other one is not followed more often */
	PROVISIONAL_WHY = SYNC_WHY_MAX,
	PROVISIONAL_AGAIN_MS =
		1000, /* what cannot come back is tried again; twice as long each time, … */
	PROVISIONAL_AGAIN_MAX_MS = 60000, /* … up to this */
};

enum provisional_state {
	PROVISIONAL_NONE,    /* what runs is there to stay */
	PROVISIONAL_LOOKING, /* the file is read, nothing is changed */
	PROVISIONAL_ASKING,  /* the other one looks at its own */
	PROVISIONAL_READY,   /* the other one may begin */
	PROVISIONAL_GOING,   /* over; or over here, and not known to be there */
	PROVISIONAL_RUNNING, /* until it is confirmed, or its time has passed */
};

/* How the last one ended. */
enum provisional_result {
	PROVISIONAL_OPEN, /* there was none, or it has not */
	PROVISIONAL_REFUSED, /* nothing was changed, or no more than what was taken back at once: why */
	PROVISIONAL_CONFIRMED,
	PROVISIONAL_BACK, /* it was not confirmed: why */
};

/* Zero-initialised: there was none. */
struct provisional {
	enum provisional_state state;
	enum provisional_result result;
	bool asked_here;
	bool with_peer; /* it is of both */
	bool in_force;	/* here */
	bool there;	/* and there, as it says */
	bool undone;	/* GOING, LOOKING: it is to be taken back as soon as that has ended */
	bool confirming; /* the operator has confirmed here, and the other one has not said so yet; … */
	bool waiting; /* … and he is still told what it says */
	uint64_t id;
	uint32_t limit_ms;
	uint8_t digest[SYNC_DIGEST_LEN]; /* of what the file comes to */
	uint64_t until_us;		 /* while in force */
	uint64_t answer_us;		 /* for the other one's next word */
	uint64_t asked_us;		 /* when the other one was followed last; 0: never */
	char why[PROVISIONAL_WHY];
};

enum provisional_event_type {
	PROVISIONAL_EVENT_ORDER,   /* the operator's: begin */
	PROVISIONAL_EVENT_CONFIRM, /* … stay */
	PROVISIONAL_EVENT_RETURN,  /* … go back */
	PROVISIONAL_EVENT_LOOKED,  /* what LOOK has come to */
	PROVISIONAL_EVENT_WENT,	   /* what GO has */
	PROVISIONAL_EVENT_HEARD,   /* a message of the other one */
	PROVISIONAL_EVENT_CHANNEL, /* the channel to the other one is there, again */
	PROVISIONAL_EVENT_TIMER,
};

struct provisional_event {
	enum provisional_event_type type;
	uint64_t now_us;
	uint64_t id; /* ORDER: never 0, another one each time */
	uint32_t limit_ms;
	bool this_node; /* ORDER, CONFIRM: whatever the other one does */
	/* LOOKED: not fit; WENT: not done; ORDER, HEARD ASK or CONFIRM: what speaks against it here. NULL:
	 * nothing. */
	const char *why;
	bool in_force;	       /* WENT: in spite of why */
	const uint8_t *digest; /* LOOKED without why: SYNC_DIGEST_LEN octets */
	const struct sync_provisional *heard;
	bool expected; /* HEARD ASK: it was agreed upon before (push.h) */
};

enum provisional_flag {
	PROVISIONAL_SEND = 1,	 /* provisional_update.message; before all that follows */
	PROVISIONAL_LOOK = 2,	 /* read the file, change nothing; LOOKED follows */
	PROVISIONAL_GO = 4,	 /* go over to it, if it is still of that digest; WENT follows */
	PROVISIONAL_KEEP = 8,	 /* it is confirmed */
	PROVISIONAL_RETURN = 16, /* go back to what ran before */
};

struct provisional_update {
	unsigned int flags;
	struct sync_provisional message;
};

struct provisional_update provisional_step(struct provisional *p,
					   const struct provisional_event *ev);
/* When a TIMER is due, UINT64_MAX: never. */
uint64_t provisional_deadline_us(const struct provisional *p);
/* There is one; another reload has to wait. */
bool provisional_is_busy(const struct provisional *p);
/* The operator who began it has to be told nothing yet. */
bool provisional_is_beginning(const struct provisional *p);
/* How long what runs may run unless it is confirmed, in ms; 0: there is no such time. */
uint64_t provisional_left_ms(const struct provisional *p, uint64_t now_us);

/* How long to wait before what cannot come back is tried again, after so many times in vain. */
uint64_t provisional_again_ms(unsigned int failed);

#endif
