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
	WAIT_YIELD,   /* 2 intervals */
	WAIT_RESIZED, /* the wait before, of the new settings */
	WAIT_HELD,    /* until 2 intervals after the master's last heartbeat */
	WAIT_LESSER,  /* silence, since the last advert that was discarded */
	WAIT_AGAIN,   /* silence, from now on, of the interval before */
};

enum {
	RULES_T = VRRP_TIMER,
	RULES_AT = VRRP_ADVERT | VRRP_TIMER,
	RULES_HT = VRRP_HEARD | VRRP_TIMER,
	RULES_AN = VRRP_ADVERT | VRRP_ANNOUNCE,
	RULES_ANT = VRRP_ADVERT | VRRP_ANNOUNCE | VRRP_TIMER,
	RULES_RAT = VRRP_RELEASE_VIP | VRRP_ADVERT | VRRP_TIMER,
	RULES_RATE = RULES_RAT | VRRP_TIED,
	RULES_RGT = VRRP_RELEASE_VIP | VRRP_GOODBYE | VRRP_TIMER,
	RULES_RAGT = VRRP_RELEASE_VIP | VRRP_ADVERT | VRRP_GOODBYE | VRRP_TIMER, /* priority 0 */
	RULES_UP = VRRP_ADVERT | VRRP_TAKE_VIP | VRRP_ANNOUNCE | VRRP_TIMER, /* becomes master */
};

/* id, state before, state after, effects (VRRP_STATE follows from the states), wait, words */
#define RULES_ROW_LIST(X)                                                                          \
	X(INIT_STARTUP, INIT, BACKUP, RULES_T, WAIT_SILENCE, "init: startup")                      \
	X(INIT_OWNER, INIT, MASTER, RULES_UP, WAIT_ADVERT, "init: startup, owner")                 \
	X(INIT_UNFIT, INIT, FAULT, 0, WAIT_AS_BEFORE, "init: startup, fault")                      \
	X(INIT_RETIRED, INIT, MAINTENANCE, 0, WAIT_AS_BEFORE, "init: startup after maintenance")   \
	X(INIT_OTHER, INIT, INIT, 0, WAIT_AS_BEFORE, "init: anything else")                        \
	X(BACKUP_SILENCE, BACKUP, MASTER, RULES_UP, WAIT_ADVERT, "backup: silence")                \
	X(BACKUP_PREEMPT, BACKUP, MASTER, RULES_UP, WAIT_ADVERT, "backup: only lesser adverts")    \
	X(BACKUP_SKEW, BACKUP, MASTER, RULES_UP, WAIT_ADVERT, "backup: silence after priority 0")  \
	X(BACKUP_NOBODY, BACKUP, MASTER, RULES_UP, WAIT_ADVERT, "backup: nobody after a yield")    \
	X(BACKUP_HELD, BACKUP, BACKUP, RULES_T, WAIT_HELD, "backup: silence, held")                \
	X(BACKUP_UNHELD, BACKUP, MASTER, RULES_UP, WAIT_ADVERT, "backup: held no longer")          \
	X(BACKUP_EARLY, BACKUP, BACKUP, RULES_T, WAIT_AS_BEFORE, "backup: timer too early")        \
	X(BACKUP_ZERO, BACKUP, BACKUP, RULES_T, WAIT_SKEW, "backup: priority 0")                   \
	X(BACKUP_HIGHER, BACKUP, BACKUP, RULES_HT, WAIT_SILENCE, "backup: advert > own")           \
	X(BACKUP_EQUAL, BACKUP, BACKUP, RULES_HT, WAIT_SILENCE, "backup: advert = own")            \
	X(BACKUP_LESSER, BACKUP, BACKUP, 0, WAIT_AS_BEFORE, "backup: advert < own")                \
	X(BACKUP_LESSER_HELD, BACKUP, MASTER, RULES_UP, WAIT_ADVERT, "backup: advert < own, held") \
	X(BACKUP_PATIENT, BACKUP, BACKUP, RULES_HT, WAIT_SILENCE, "backup: < own, preempt off")    \
	X(BACKUP_YIELDED, BACKUP, BACKUP, RULES_HT, WAIT_SILENCE, "backup: < own, has yielded")    \
	X(BACKUP_GATED, BACKUP, BACKUP, RULES_HT, WAIT_SILENCE, "backup: < own, gate closed")      \
	X(BACKUP_YIELD, BACKUP, BACKUP, 0, WAIT_AS_BEFORE, "backup: yield")                        \
	X(BACKUP_PEER, BACKUP, BACKUP, 0, WAIT_AS_BEFORE, "backup: peer is master")                \
	X(BACKUP_PEER_HOLDS, BACKUP, BACKUP, RULES_T, WAIT_HELD, "backup: peer is master, held")   \
	X(BACKUP_PEER_OTHER, BACKUP, BACKUP, 0, WAIT_AS_BEFORE, "backup: peer, no fresh master")   \
	X(BACKUP_SUCCESSOR, BACKUP, MASTER, RULES_UP, WAIT_ADVERT,                                 \
	  "backup: successor of the peer")                                                         \
	X(BACKUP_GONE, BACKUP, BACKUP, RULES_T, WAIT_SKEW, "backup: peer is gone")                 \
	X(BACKUP_GATE, BACKUP, BACKUP, 0, WAIT_AS_BEFORE, "backup: gate")                          \
	X(BACKUP_CLOSES, BACKUP, BACKUP, RULES_T, WAIT_LESSER, "backup: gate, advert < own heard") \
	X(BACKUP_ALIVE, BACKUP, BACKUP, RULES_T, WAIT_AGAIN, "backup: group alive")                \
	X(BACKUP_ALIVE_LATE, BACKUP, BACKUP, 0, WAIT_AS_BEFORE,                                    \
	  "backup: group alive, master gone")                                                      \
	X(BACKUP_JOINS, BACKUP, MASTER, RULES_UP, WAIT_ADVERT, "backup: group master")             \
	X(BACKUP_RELOAD, BACKUP, BACKUP, RULES_T, WAIT_RESIZED, "backup: reconfigure")             \
	X(BACKUP_OWNER, BACKUP, MASTER, RULES_UP, WAIT_ADVERT, "backup: reconfigure, owner")       \
	X(BACKUP_SHUTDOWN, BACKUP, INIT, RULES_T, WAIT_ENDS, "backup: shutdown")                   \
	X(BACKUP_FAULT, BACKUP, FAULT, RULES_T, WAIT_ENDS, "backup: fault")                        \
	X(BACKUP_RETIRES, BACKUP, MAINTENANCE, RULES_T, WAIT_ENDS, "backup: maintenance")          \
	X(MASTER_STALLED, MASTER, BACKUP, RULES_RAGT, WAIT_SILENCE, "master: stalled")             \
	X(MASTER_TIMER, MASTER, MASTER, RULES_AT, WAIT_BEAT, "master: timer")                      \
	X(MASTER_EARLY, MASTER, MASTER, RULES_T, WAIT_AS_BEFORE, "master: timer too early")        \
	X(MASTER_ZERO, MASTER, MASTER, RULES_ANT, WAIT_ADVERT, "master: priority 0")               \
	X(MASTER_HIGHER, MASTER, BACKUP, RULES_RAT, WAIT_SILENCE, "master: advert > own")          \
	X(MASTER_TIE_LOST, MASTER, BACKUP, RULES_RATE, WAIT_SILENCE, "master: tie, their address") \
	X(MASTER_LESSER, MASTER, MASTER, RULES_AN, WAIT_AS_BEFORE, "master: advert < own")         \
	X(MASTER_TIE_WON, MASTER, MASTER, RULES_AN, WAIT_AS_BEFORE, "master: tie, our address")    \
	X(MASTER_PEER_HIGHER, MASTER, BACKUP, RULES_RAT, WAIT_SILENCE,                             \
	  "master: peer master > own")                                                             \
	X(MASTER_PEER_TIE_LOST, MASTER, BACKUP, RULES_RATE, WAIT_SILENCE,                          \
	  "master: peer master, tie, their address")                                               \
	X(MASTER_PEER_LESSER, MASTER, MASTER, RULES_AN, WAIT_AS_BEFORE,                            \
	  "master: peer master < own")                                                             \
	X(MASTER_PEER_GONE, MASTER, MASTER, RULES_ANT, WAIT_ADVERT, "master: peer is gone")        \
	X(MASTER_PEER_OTHER, MASTER, MASTER, 0, WAIT_AS_BEFORE, "master: peer, no fresh master")   \
	X(MASTER_YIELD, MASTER, BACKUP, RULES_RAGT, WAIT_YIELD, "master: yield")                   \
	X(MASTER_KEEPS, MASTER, MASTER, 0, WAIT_AS_BEFORE, "master: yield, owner")                 \
	X(MASTER_PARTS, MASTER, BACKUP, RULES_RAGT, WAIT_SILENCE, "master: group backup")          \
	X(MASTER_RELOAD, MASTER, MASTER, RULES_AT, WAIT_ADVERT, "master: reconfigure")             \
	X(MASTER_SAME, MASTER, MASTER, 0, WAIT_AS_BEFORE, "master: reconfigure, same for peers")   \
	X(MASTER_SHUTDOWN, MASTER, INIT, RULES_RAGT, WAIT_ENDS, "master: shutdown")                \
	X(MASTER_FAULT, MASTER, FAULT, RULES_RGT, WAIT_ENDS, "master: fault")                      \
	X(MASTER_UNFIT, MASTER, FAULT, RULES_RAGT, WAIT_ENDS, "master: fault, the link works")     \
	X(MASTER_RETIRES, MASTER, MAINTENANCE, RULES_RAGT, WAIT_ENDS, "master: maintenance")       \
	X(FAULT_SHUTDOWN, FAULT, INIT, RULES_T, WAIT_ENDS, "fault: shutdown")                      \
	X(FAULT_CLEAR, FAULT, BACKUP, RULES_T, WAIT_SILENCE, "fault: clear")                       \
	X(FAULT_OWNER, FAULT, MASTER, RULES_UP, WAIT_ADVERT, "fault: clear, owner")                \
	X(FAULT_RETIRES, FAULT, MAINTENANCE, RULES_T, WAIT_ENDS, "fault: maintenance")             \
	X(FAULT_OTHER, FAULT, FAULT, 0, WAIT_AS_BEFORE, "fault: anything else")                    \
	X(RETIRED_RESUME, MAINTENANCE, BACKUP, RULES_T, WAIT_SILENCE, "maintenance: resume")       \
	X(RETIRED_OWNER, MAINTENANCE, MASTER, RULES_UP, WAIT_ADVERT, "maintenance: resume, owner") \
	X(RETIRED_UNFIT, MAINTENANCE, FAULT, 0, WAIT_AS_BEFORE, "maintenance: resume, fault")      \
	X(RETIRED_SHUTDOWN, MAINTENANCE, INIT, RULES_T, WAIT_ENDS, "maintenance: shutdown")        \
	X(RETIRED_OTHER, MAINTENANCE, MAINTENANCE, 0, WAIT_AS_BEFORE, "maintenance: anything else")

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
	bool retired;
	bool yielded;
	bool gated;		   /* the gate is closed */
	bool discarded;		   /* a lesser advert in this wait */
	struct vrrp_event discard; /* the last one */
	bool learned;		   /* interval_us came from an advert */
	uint64_t interval_us;	   /* Active_Adver_Interval */
	enum rules_wait wait;
	uint64_t since_us, deadline_us;
	struct addr master; /* the last that was heard of; family 0: none */
	struct addr gone;   /* was master, and went ... */
	uint64_t gone_us;   /* ... then */
	struct addr holder; /* whose heartbeat holds a takeover ... */
	uint64_t held_us;   /* ... until then */
};

void rules_init(struct rules *r, const struct vrrp_settings *settings);
/* A heartbeat that counts. */
bool rules_believes(const struct rules *r, const struct vrrp_event *ev);
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
