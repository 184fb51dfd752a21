/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The election of one virtual router: RFC 9568, section 6, as one pure step function.
 *
 * Owns the state of one router. Never looks at a clock (the time is in the event), sends, logs or
 * allocates: what is to be done comes back in the update. Users read the words of VRRPv2, init,
 * backup, master; the RFC says Initialize, Backup, Active.
 *
 *   state   event               does                                  new state  RFC 9568
 *   init    startup             TIMER silence                         backup     6.4.1
 *           startup, owner      ADVERT TAKE ANNOUNCE TIMER advert     master     6.4.1 "If the Priority = 255"
 *           startup, fault      -                                     fault      (ours)
 *   backup  timer               ADVERT TAKE ANNOUNCE TIMER advert     master     6.4.2 "If the Active_Down_Timer fires"
 *           advert, priority 0  TIMER skew                            backup     6.4.2 "Set the Active_Down_Timer to Skew_Time"
 *           advert >= own, or   TIMER silence                         backup     6.4.2 "Set the Active_Adver_Interval to
 *             preempt is off                                                       the Max Advertise Interval contained"
 *           advert < own        - (the timer goes on)                 backup     6.4.2 "Discard the ADVERTISEMENT"
 *           yield               -                                     backup     (ours)
 *           reconfigure         TIMER, recomputed from its start      backup     (ours)
 *           reconfigure, owner  ADVERT TAKE ANNOUNCE TIMER advert     master     6.1 the owner "always preempts"
 *           shutdown            TIMER none                            init       6.4.2 "Cancel the Active_Down_Timer"
 *   master  timer               ADVERT TIMER advert                   master     6.4.3 "If the Adver_Timer fires"
 *           advert, priority 0  ADVERT ANNOUNCE TIMER advert          master     6.4.3 "Send an ADVERTISEMENT"
 *           advert > own        RELEASE ADVERT TIMER silence          backup     6.4.3 "Transition to the {Backup} state";
 *                                                                                the advert is ours
 *           advert < own        ADVERT ANNOUNCE                       master     6.4.3 "assert the {Active} state"
 *           yield               RELEASE ADVERT(0) TIMER yield         backup     (ours; priority 0: 5.2.4)
 *           reconfigure         ADVERT TIMER advert                   master     (ours: peers learn it at once)
 *           shutdown            RELEASE ADVERT(0) TIMER none          init       6.4.3 "Send an ADVERTISEMENT with Priority = 0"
 *   any     fault               RELEASE when master, TIMER none       fault      (ours: the link is gone)
 *   fault   shutdown            -                                     init
 *           clear               as startup                            as startup (ours)
 *
 * "advert > own": greater priority, or equal priority and greater source address. In backup an
 * equal priority counts as >= own, whatever the address.
 * Every advert that a master hears comes from a router that believed itself master too, so hosts
 * may hold its MAC for our addresses: that is why the winner announces again, beyond the RFC.
 * For the same reason the loser does not go silently: without its last advert the winner, when it
 * spoke first, would never learn that there was another one, and hosts that heard the loser last
 * would go on sending to it. It is the advert that was due within the interval anyway: a winner
 * answers it as any lesser one, a backup takes it like one that was under way.
 * yield: the operator hands the addresses over. Until this router is master again it behaves as
 * with preempt off, otherwise it would take them straight back. It waits 2 intervals, longer than
 * any Skew_Time, for somebody to take over; when nobody does, it takes them back.
 *
 * ORDER OF EFFECTS, the same for every update:
 *   1. RELEASE   the addresses leave the interface: nobody is to answer ARP for them beside the
 *                new owner, who may start as soon as the next effect is on the wire
 *   2. ADVERT    at once: it silences the other candidates (or, with priority 0, calls them), and
 *                it needs none of the addresses
 *   3. TAKE      the addresses join the interface
 *   4. ANNOUNCE  only now, so that whoever is drawn here by a gratuitous ARP gets an answer
 *   5. TIMER     arm the one timer for deadline_us (VRRP_NEVER: stop it)
 *   6. STATE     tell the world: log line, status, callbacks
 */
#ifndef HA_VRRP_H
#define HA_VRRP_H

#include "include/addr.h"

#include <stdbool.h>
#include <stdint.h>

#define VRRP_NEVER UINT64_MAX

enum vrrp_state { VRRP_INIT, VRRP_BACKUP, VRRP_MASTER, VRRP_FAULT };

enum vrrp_event_type {
	VRRP_EVENT_STARTUP,
	VRRP_EVENT_SHUTDOWN,
	VRRP_EVENT_TIMER, /* the deadline may have come; early calls are harmless */
	VRRP_EVENT_ADVERT,
	VRRP_EVENT_FAULT,	/* the router cannot do its work: `fault` says why */
	VRRP_EVENT_CLEAR,	/* it can again */
	VRRP_EVENT_YIELD,	/* the operator wants another router to be master */
	VRRP_EVENT_RECONFIGURE, /* `settings` replace the old ones */
};

/* Why a state changed: id, name (stable, for scripts). vrrp_cause_format() makes the sentence. */
#define VRRP_REASON_LIST(X)                                                                        \
	X(NONE, "none")                                                                            \
	X(STARTUP, "startup")                                                                      \
	X(SHUTDOWN, "shutdown")                                                                    \
	X(OWNER, "owner")                                                                          \
	X(SILENCE, "silence")                                                                      \
	X(PRIORITY_ZERO, "priority-zero")                                                          \
	X(PREEMPT, "preempt")                                                                      \
	X(HIGHER, "higher")                                                                        \
	X(OPERATOR, "operator")                                                                    \
	X(NOBODY, "nobody")                                                                        \
	X(NO_LINK, "no-link")                                                                      \
	X(NO_ADDRESS, "no-address")                                                                \
	X(NO_SOCKET, "no-socket")                                                                  \
	X(ADDRESS_TAKEN, "address-taken")                                                          \
	X(LINK_UP, "link-up")                                                                      \
	X(CLEARED, "cleared")

enum vrrp_reason {
#define X(id, name) VRRP_REASON_##id,
	VRRP_REASON_LIST(X)
#undef X
		VRRP_REASON_COUNT
};

struct vrrp_settings {
	uint8_t priority; /* 1..255 */
	bool preempt;
	uint64_t interval_us; /* Advertisement_Interval */
	struct addr address;  /* own primary address: breaks ties */
	bool version_2;	      /* Skew_Time is a part of a second, not of an interval */
};

struct vrrp_event {
	enum vrrp_event_type type;
	uint64_t now_us; /* monotonic; the only clock */
	struct {
		struct addr source;
		uint8_t priority;
		uint64_t interval_us;  /* Max Advertise Interval */
	} advert;		       /* VRRP_EVENT_ADVERT */
	enum vrrp_reason fault;	       /* VRRP_EVENT_FAULT: VRRP_REASON_NO_… */
	struct vrrp_settings settings; /* VRRP_EVENT_RECONFIGURE */
};

/* What to do, in the order of the header comment. */
enum vrrp_flags {
	VRRP_RELEASE_VIP = 1 << 0,
	VRRP_ADVERT = 1 << 1,
	VRRP_TAKE_VIP = 1 << 2,
	VRRP_ANNOUNCE = 1 << 3,
	VRRP_TIMER = 1 << 4,
	VRRP_STATE = 1 << 5,
};

/* Why, and the values that belong to the reason. */
struct vrrp_cause {
	enum vrrp_reason reason;
	struct addr peer;      /* PRIORITY_ZERO, PREEMPT, HIGHER */
	uint8_t peer_priority; /* PREEMPT, HIGHER */
	uint64_t waited_us;    /* SILENCE, NOBODY */
};

struct vrrp_update {
	unsigned int flags;	 /* enum vrrp_flags */
	uint8_t send_priority;	 /* VRRP_ADVERT */
	uint64_t deadline_us;	 /* VRRP_TIMER */
	enum vrrp_state from;	 /* VRRP_STATE; the new one is in the router */
	struct vrrp_cause cause; /* VRRP_STATE */
};

/* What the one timer is waiting for. */
enum vrrp_wait {
	VRRP_WAIT_NONE,
	VRRP_WAIT_ADVERT,  /* Adver_Timer: our own next advert */
	VRRP_WAIT_SILENCE, /* Active_Down_Timer at Active_Down_Interval */
	VRRP_WAIT_SKEW,	   /* Active_Down_Timer at Skew_Time, after priority 0 */
	VRRP_WAIT_YIELD,   /* somebody to take over from us */
};

struct vrrp {
	enum vrrp_state state;
	struct vrrp_settings settings;
	bool yielded;		     /* behaves as with preempt off */
	enum vrrp_reason fault;	     /* VRRP_REASON_NONE: able to work */
	uint64_t active_interval_us; /* Active_Adver_Interval */
	enum vrrp_wait wait;
	uint64_t since_us;	  /* when the running wait began */
	uint64_t deadline_us;	  /* when it ends, or VRRP_NEVER */
	bool learned;		  /* active_interval_us came from an advert */
	struct vrrp_cause lesser; /* backup: the last advert that was discarded in this wait */
	struct addr stopped;	  /* VRRP_WAIT_SKEW: who sent priority 0 */
};

void vrrp_init(struct vrrp *v, const struct vrrp_settings *settings);
struct vrrp_update vrrp_step(struct vrrp *v, const struct vrrp_event *ev);

/* Skew_Time and Active_Down_Interval (6.1) of a router in its present state. */
uint64_t vrrp_skew_us(const struct vrrp *v);
uint64_t vrrp_down_interval_us(const struct vrrp *v);

const char *vrrp_state_name(enum vrrp_state s); /* init, backup, master, fault */
const char *vrrp_reason_name(enum vrrp_reason r);

enum { VRRP_CAUSE_TEXT = 128 };
/* "no advert for 3.609 s", "advert of 10.77.0.2 with priority 150", … Returns buf. */
const char *vrrp_cause_format(const struct vrrp_cause *c, char buf[static VRRP_CAUSE_TEXT]);

#endif
