/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of transitions of ha/vrrp.h once more, as data: one row is a state, an event, what must
 * be done and how long is waited then. It keeps its own account of what one router was told, so a
 * step of the core that does anything else than its row is found at once, and rows that no history
 * visits are, too.
 */
#ifndef TESTS_VRRP_RULES_H
#define TESTS_VRRP_RULES_H

#include "ha/vrrp.h"

/* What a row waits for when it has been gone through. */
enum rules_wait {
	WAIT_AS_BEFORE,
	WAIT_ENDS,    /* no timer */
	WAIT_BEAT,    /* own next advert, counted from when the last one was due */
	WAIT_ADVERT,  /* own next advert, from now on */
	WAIT_SILENCE, /* 3 intervals and the skew */
	WAIT_SKEW,
	WAIT_YIELD,  /* 2 intervals */
	WAIT_RESIZED /* the wait before, of the new settings */
};

enum {
	RULES_T = VRRP_TIMER,
	RULES_AT = VRRP_ADVERT | VRRP_TIMER,
	RULES_AN = VRRP_ADVERT | VRRP_ANNOUNCE,
	RULES_ANT = VRRP_ADVERT | VRRP_ANNOUNCE | VRRP_TIMER,
	RULES_RT = VRRP_RELEASE_VIP | VRRP_TIMER,
	RULES_RAT = VRRP_RELEASE_VIP | VRRP_ADVERT | VRRP_TIMER,
	RULES_UP = VRRP_ADVERT | VRRP_TAKE_VIP | VRRP_ANNOUNCE | VRRP_TIMER, /* becomes master */
};

/* id, state before, state after, effects (VRRP_STATE follows from the states), wait, words */
#define RULES_ROW_LIST(X)                                                                          \
	X(INIT_STARTUP, INIT, BACKUP, RULES_T, WAIT_SILENCE, "init: startup")                      \
	X(INIT_OWNER, INIT, MASTER, RULES_UP, WAIT_ADVERT, "init: startup, owner")                 \
	X(INIT_UNFIT, INIT, FAULT, 0, WAIT_AS_BEFORE, "init: startup, fault")                      \
	X(INIT_OTHER, INIT, INIT, 0, WAIT_AS_BEFORE, "init: anything else")                        \
	X(BACKUP_SILENCE, BACKUP, MASTER, RULES_UP, WAIT_ADVERT, "backup: silence")                \
	X(BACKUP_PREEMPT, BACKUP, MASTER, RULES_UP, WAIT_ADVERT, "backup: only lesser adverts")    \
	X(BACKUP_SKEW, BACKUP, MASTER, RULES_UP, WAIT_ADVERT, "backup: silence after priority 0")  \
	X(BACKUP_NOBODY, BACKUP, MASTER, RULES_UP, WAIT_ADVERT, "backup: nobody after a yield")    \
	X(BACKUP_EARLY, BACKUP, BACKUP, RULES_T, WAIT_AS_BEFORE, "backup: timer too early")        \
	X(BACKUP_ZERO, BACKUP, BACKUP, RULES_T, WAIT_SKEW, "backup: priority 0")                   \
	X(BACKUP_HIGHER, BACKUP, BACKUP, RULES_T, WAIT_SILENCE, "backup: advert > own")            \
	X(BACKUP_EQUAL, BACKUP, BACKUP, RULES_T, WAIT_SILENCE, "backup: advert = own")             \
	X(BACKUP_LESSER, BACKUP, BACKUP, 0, WAIT_AS_BEFORE, "backup: advert < own")                \
	X(BACKUP_PATIENT, BACKUP, BACKUP, RULES_T, WAIT_SILENCE, "backup: < own, preempt off")     \
	X(BACKUP_YIELDED, BACKUP, BACKUP, RULES_T, WAIT_SILENCE, "backup: < own, has yielded")     \
	X(BACKUP_YIELD, BACKUP, BACKUP, 0, WAIT_AS_BEFORE, "backup: yield")                        \
	X(BACKUP_RELOAD, BACKUP, BACKUP, RULES_T, WAIT_RESIZED, "backup: reconfigure")             \
	X(BACKUP_OWNER, BACKUP, MASTER, RULES_UP, WAIT_ADVERT, "backup: reconfigure, owner")       \
	X(BACKUP_SHUTDOWN, BACKUP, INIT, RULES_T, WAIT_ENDS, "backup: shutdown")                   \
	X(BACKUP_FAULT, BACKUP, FAULT, RULES_T, WAIT_ENDS, "backup: fault")                        \
	X(MASTER_TIMER, MASTER, MASTER, RULES_AT, WAIT_BEAT, "master: timer")                      \
	X(MASTER_EARLY, MASTER, MASTER, RULES_T, WAIT_AS_BEFORE, "master: timer too early")        \
	X(MASTER_ZERO, MASTER, MASTER, RULES_ANT, WAIT_ADVERT, "master: priority 0")               \
	X(MASTER_HIGHER, MASTER, BACKUP, RULES_RAT, WAIT_SILENCE, "master: advert > own")          \
	X(MASTER_TIE_LOST, MASTER, BACKUP, RULES_RAT, WAIT_SILENCE, "master: tie, their address")  \
	X(MASTER_LESSER, MASTER, MASTER, RULES_AN, WAIT_AS_BEFORE, "master: advert < own")         \
	X(MASTER_TIE_WON, MASTER, MASTER, RULES_AN, WAIT_AS_BEFORE, "master: tie, our address")    \
	X(MASTER_YIELD, MASTER, BACKUP, RULES_RAT, WAIT_YIELD, "master: yield")                    \
	X(MASTER_KEEPS, MASTER, MASTER, 0, WAIT_AS_BEFORE, "master: yield, owner")                 \
	X(MASTER_RELOAD, MASTER, MASTER, RULES_AT, WAIT_ADVERT, "master: reconfigure")             \
	X(MASTER_SAME, MASTER, MASTER, 0, WAIT_AS_BEFORE, "master: reconfigure, same for peers")   \
	X(MASTER_SHUTDOWN, MASTER, INIT, RULES_RAT, WAIT_ENDS, "master: shutdown")                 \
	X(MASTER_FAULT, MASTER, FAULT, RULES_RT, WAIT_ENDS, "master: fault")                       \
	X(FAULT_SHUTDOWN, FAULT, INIT, RULES_T, WAIT_ENDS, "fault: shutdown")                      \
	X(FAULT_CLEAR, FAULT, BACKUP, RULES_T, WAIT_SILENCE, "fault: clear")                       \
	X(FAULT_OWNER, FAULT, MASTER, RULES_UP, WAIT_ADVERT, "fault: clear, owner")                \
	X(FAULT_OTHER, FAULT, FAULT, 0, WAIT_AS_BEFORE, "fault: anything else")

enum rules_row {
#define X(id, from, to, flags, wait, text) ROW_##id,
	RULES_ROW_LIST(X)
#undef X
		RULES_ROWS
};

/* What one router was told. */
struct rules {
	struct vrrp_settings settings;
	bool unfit; /* a fault */
	bool yielded;
	bool discarded;	      /* a lesser advert in this wait */
	bool learned;	      /* interval_us came from an advert */
	uint64_t interval_us; /* Active_Adver_Interval */
	enum rules_wait wait;
	uint64_t since_us, deadline_us;
};

void rules_init(struct rules *r, const struct vrrp_settings *settings);
/* Takes a lesser master's place; "the owner always preempts" (RFC 9568, 6.1). */
bool rules_preempts(const struct rules *r);
/*
 * One step of the core from the state `from`: the row that it belongs to, and NULL or what was not
 * as the row says.
 */
const char *rules_judge(struct rules *r, enum vrrp_state from, const struct vrrp_event *ev,
			const struct vrrp *after, const struct vrrp_update *u,
			enum rules_row *ret_row);
const char *rules_row_text(enum rules_row row);

#endif
