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
 *           startup after       -                                     mainten.   (ours)
 *             maintenance
 *   backup  timer               ADVERT TAKE ANNOUNCE TIMER advert     master     6.4.2 "If the Active_Down_Timer fires"
 *           timer, held         TIMER held                            backup     (ours)
 *           advert, priority 0  TIMER skew                            backup     6.4.2 "Set the Active_Down_Timer to Skew_Time"
 *           advert >= own, or   TIMER silence; HEARD                  backup     6.4.2 "Set the Active_Adver_Interval to
 *             it preempts not                                                      the Max Advertise Interval contained"
 *           advert < own        - (the timer goes on)                 backup     6.4.2 "Discard the ADVERTISEMENT"
 *           advert < own, held  ADVERT TAKE ANNOUNCE TIMER advert     master     (ours: the wait was over before)
 *           peer master         - (TIMER held, when it is held)       backup     (ours)
 *           peer gone, we are   ADVERT TAKE ANNOUNCE TIMER advert     master     (ours)
 *             its successor
 *           peer gone           TIMER skew                            backup     (ours: as after priority 0)
 *           yield               -                                     backup     (ours)
 *           gate closes after   TIMER silence, since that advert      backup     (ours)
 *             a lesser advert
 *           group alive         TIMER silence                         backup     (ours)
 *           group master        ADVERT TAKE ANNOUNCE TIMER advert     master     (ours)
 *           reconfigure         TIMER, recomputed from its start      backup     (ours)
 *           reconfigure, owner  ADVERT TAKE ANNOUNCE TIMER advert     master     6.1 the owner "always preempts"
 *           maintenance         TIMER none                            mainten.   (ours)
 *           shutdown            TIMER none                            init       6.4.2 "Cancel the Active_Down_Timer"
 *   master  any, stalled        RELEASE ADVERT(0) GOODBYE             backup     (ours)
 *                               TIMER silence; then the event as
 *                               in backup
 *           timer               ADVERT TIMER advert                   master     6.4.3 "If the Adver_Timer fires"
 *           advert, priority 0  ADVERT ANNOUNCE TIMER advert          master     6.4.3 "Send an ADVERTISEMENT"
 *           advert > own        RELEASE ADVERT TIMER silence          backup     6.4.3 "Transition to the {Backup} state";
 *                               TIED when equal                                  the advert is ours
 *           advert < own        ADVERT ANNOUNCE                       master     6.4.3 "assert the {Active} state"
 *           peer master > own   RELEASE ADVERT TIMER silence          backup     (ours: as its advert)
 *                               TIED when equal
 *           peer master < own   ADVERT ANNOUNCE                       master     (ours: as its advert)
 *           peer gone           ADVERT ANNOUNCE TIMER advert          master     (ours: as its priority 0)
 *           yield               RELEASE ADVERT(0) GOODBYE TIMER yield backup     (ours; priority 0: 5.2.4)
 *           group backup        RELEASE ADVERT(0) GOODBYE             backup     (ours)
 *                               TIMER silence
 *           reconfigure         ADVERT TIMER advert                   master     (ours: peers learn it at once)
 *           fault, link works   RELEASE ADVERT(0) GOODBYE TIMER none  fault      (ours)
 *           maintenance         RELEASE ADVERT(0) GOODBYE TIMER none  mainten.   (ours)
 *           shutdown            RELEASE ADVERT(0) GOODBYE TIMER none  init       6.4.3 "Send an ADVERTISEMENT with Priority = 0"
 *   any     fault               RELEASE GOODBYE when master;          fault      (ours: the link is gone)
 *                               TIMER none
 *   fault   shutdown            -                                     init
 *           clear               as startup                            as startup (ours)
 *           maintenance         -                                     mainten.   (ours)
 *   mainten. resume             as startup                            as startup (ours)
 *           shutdown            -                                     init
 *           anything else       -                                     mainten.
 * In init, fault and maintenance the rest does nothing, but fault, clear, gate, reconfigure,
 * maintenance, resume and what peers say are remembered.
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
 * peer: what a heartbeat, which takes another path than adverts, has just said of this router at
 * the other node. "master" counts while it is fresh, sent less than 2 of its intervals ago, and
 * not sent before that node's priority 0 or end. In backup it moves `held_until_us`; a wait that
 * ends before that time does not lead to a takeover: only adverts are lost, the addresses have a
 * master (VRRP_WAIT_HELD, an alarm). With two masters it decides as that node's advert would, so
 * they are resolved when no advert gets through. Both only when `hold` is set: without it a loser
 * would take over again after the next silence. "gone" is heeded when nobody else has been heard as
 * master since: the addresses have no master, waiting is of no use.
 * stalled: 3 own intervals have passed since the last advert was due, so others may be master by now
 * (the least patient backup waits 3 intervals and its skew). Nothing is sent before the addresses
 * are gone; priority 0 then makes another master announce again, and a backup take over. The owner
 * is never stalled: the addresses stay with it whatever others do, and its next advert ends the
 * matter.
 * gate: closed, it behaves as with preempt off: silence still leads to a takeover.
 * group: what happened to another router of its group (ha/group.h), for they move together.
 *
 * ORDER OF EFFECTS, the same for every update:
 *   1. RELEASE   the addresses leave the interface: nobody is to answer ARP for them beside the
 *                new owner, who may start as soon as the next effect is on the wire
 *   2. ADVERT    at once: it silences the other candidates (or, with priority 0, calls them), and
 *                it needs none of the addresses
 *      GOODBYE   a heartbeat at once: master no more, and who is to take over
 *   3. TAKE      the addresses join the interface
 *   4. ANNOUNCE  only now, so that whoever is drawn here by a gratuitous ARP gets an answer
 *   5. TIMER     arm the one timer for deadline_us (VRRP_NEVER: stop it)
 *   6. STATE     tell the world: log line, status, callbacks
 *      HELD      a held takeover began, or ended (`wait` says which): an alarm
 *      HEARD     the master's advert was respected: the group is told
 *      TIED      it lost to a master of the same priority, by its address alone: the group may think
 *                otherwise
 */
#ifndef HA_VRRP_H
#define HA_VRRP_H

#include "include/addr.h"

#include <stdbool.h>
#include <stdint.h>

#define VRRP_NEVER UINT64_MAX

enum vrrp_state { VRRP_INIT, VRRP_BACKUP, VRRP_MASTER, VRRP_FAULT, VRRP_MAINTENANCE };

enum vrrp_event_type {
	VRRP_EVENT_STARTUP,
	VRRP_EVENT_SHUTDOWN,
	VRRP_EVENT_TIMER, /* the deadline may have come; early calls are harmless */
	VRRP_EVENT_ADVERT,
	VRRP_EVENT_FAULT,	/* the router cannot do its work: `fault` says why */
	VRRP_EVENT_CLEAR,	/* it can again */
	VRRP_EVENT_YIELD,	/* the operator wants another router to be master */
	VRRP_EVENT_RECONFIGURE, /* `settings` replace the old ones */
	VRRP_EVENT_PEER,	/* a heartbeat, or its end */
	VRRP_EVENT_GATE,	/* whether it may preempt: `gate` */
	VRRP_EVENT_MAINTENANCE, /* the operator takes it out of service ... */
	VRRP_EVENT_RESUME,	/* ... and lets it serve again */
	VRRP_EVENT_GROUP,	/* another router of the group: `group` */
};

/* What a heartbeat says of this virtual router at the other node. */
enum vrrp_peer_word {
	VRRP_PEER_OTHER,  /* neither of these */
	VRRP_PEER_MASTER, /* it is master, its link is up */
	VRRP_PEER_GONE,	  /* it was master by its last heartbeat and is no more, or has ended */
};

/* What another router of the group did. */
enum vrrp_group_word {
	VRRP_GROUP_ALIVE,  /* it respected an advert of its master */
	VRRP_GROUP_MASTER, /* it became master */
	VRRP_GROUP_BACKUP, /* it lost to another master */
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
	X(LINK_UP, "link-up")                                                                      \
	X(CLEARED, "cleared")                                                                      \
	X(HELD, "held")                                                                            \
	X(HEARTBEAT, "heartbeat")                                                                  \
	X(PEER_LEFT, "peer-left")                                                                  \
	X(PEER_DIED, "peer-died")                                                                  \
	X(PEER_NO_LINK, "peer-no-link")                                                            \
	X(STALLED, "stalled")                                                                      \
	X(MAINTENANCE, "maintenance")                                                              \
	X(RESUMED, "resumed")                                                                      \
	X(GROUP, "group")                                                                          \
	X(TRACKED, "tracked")                                                                      \
	X(ADDRESS_TAKEN, "address-taken")                                                          \
	X(PREEMPT_DELAY, "preempt-delay")                                                          \
	X(NOT_IN_SYNC, "not-in-sync")

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
		uint64_t interval_us; /* Max Advertise Interval */
	} advert;		      /* VRRP_EVENT_ADVERT */
	/* VRRP_EVENT_FAULT: NO_LINK, NO_ADDRESS, NO_SOCKET (it cannot speak), GROUP, TRACKED,
	 * ADDRESS_TAKEN */
	enum vrrp_reason fault;
	struct vrrp_settings settings; /* VRRP_EVENT_RECONFIGURE */
	struct {
		struct addr source; /* that its adverts come from: breaks ties, tells who is gone */
		uint8_t priority;
		enum vrrp_peer_word says;
		enum vrrp_reason why; /* GONE: PEER_LEFT, PEER_DIED, PEER_NO_LINK */
		bool successor;	      /* GONE: this node is the one to take over */
		bool hold;	      /* hold-takeover */
		uint64_t interval_us; /* its Advertisement_Interval */
		uint64_t sent_us;     /* MASTER: not before this time, of our clock */
	} peer;			      /* VRRP_EVENT_PEER */
	enum vrrp_reason gate;	      /* VRRP_EVENT_GATE: NONE (open), PREEMPT_DELAY, NOT_IN_SYNC */
	enum vrrp_group_word group;   /* VRRP_EVENT_GROUP */
};

/* What to do, in the order of the header comment. */
enum vrrp_flags {
	VRRP_RELEASE_VIP = 1 << 0,
	VRRP_ADVERT = 1 << 1,
	VRRP_TAKE_VIP = 1 << 2,
	VRRP_ANNOUNCE = 1 << 3,
	VRRP_TIMER = 1 << 4,
	VRRP_STATE = 1 << 5,
	VRRP_GOODBYE = 1 << 6,
	VRRP_HELD = 1 << 7,
	VRRP_HEARD = 1 << 8,
	VRRP_TIED = 1 << 9,
};

/* Why, and the values that belong to the reason. */
struct vrrp_cause {
	enum vrrp_reason reason;
	struct addr peer;      /* PRIORITY_ZERO, PREEMPT, HIGHER, HEARTBEAT, PEER_… */
	uint8_t peer_priority; /* PREEMPT, HIGHER, HEARTBEAT */
	uint64_t waited_us;    /* SILENCE, NOBODY, HELD, STALLED */
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
	VRRP_WAIT_HELD,	   /* a heartbeat says that there is a master, adverts do not */
};

struct vrrp {
	enum vrrp_state state;
	struct vrrp_settings settings;
	bool yielded;		     /* behaves as with preempt off */
	bool maintenance;	     /* until it is resumed */
	enum vrrp_reason gate;	     /* VRRP_REASON_NONE: open; else behaves as with preempt off */
	enum vrrp_reason fault;	     /* VRRP_REASON_NONE: able to work */
	uint64_t active_interval_us; /* Active_Adver_Interval */
	enum vrrp_wait wait;
	uint64_t since_us;	     /* when the running wait began */
	uint64_t deadline_us;	     /* when it ends, or VRRP_NEVER */
	bool learned;		     /* active_interval_us came from an advert */
	struct vrrp_cause lesser;    /* backup: the last advert that was discarded in this wait, */
	uint64_t lesser_us;	     /* when, */
	uint64_t lesser_interval_us; /* and its interval */
	struct vrrp_cause stopped;   /* VRRP_WAIT_SKEW: who went */
	struct addr master;	     /* last heard as such, by advert or heartbeat; or family 0 */
	struct addr left;	     /* the last one who was master and went, ... */
	uint64_t left_us;	     /* ... and when: what it said before is void */
	struct addr held_by;	     /* whose heartbeat ... */
	uint64_t held_until_us;	     /* ... holds takeovers until then; 0: nobody's */
};

void vrrp_init(struct vrrp *v, const struct vrrp_settings *settings);
struct vrrp_update vrrp_step(struct vrrp *v, const struct vrrp_event *ev);

/*
 * Others may be master by now. Asked by the shell before it sends anything or renews addresses
 * outside of a step; when it is so, a VRRP_EVENT_TIMER comes first.
 */
bool vrrp_stalled(const struct vrrp *v, uint64_t now_us);
/* Takes a lesser master's place: the owner, preempt on, not yielded, gate open. */
bool vrrp_preempts(const struct vrrp *v);

/* Skew_Time and Active_Down_Interval (6.1) of a router in its present state. */
uint64_t vrrp_skew_us(const struct vrrp *v);
uint64_t vrrp_down_interval_us(const struct vrrp *v);

const char *vrrp_state_name(enum vrrp_state s); /* init, backup, … */
const char *vrrp_reason_name(enum vrrp_reason r);

enum { VRRP_CAUSE_TEXT = 128 };
/* "no advert for 3.609 s", "advert of 10.77.0.2 with priority 150", … Returns buf. */
const char *vrrp_cause_format(const struct vrrp_cause *c, char buf[static VRRP_CAUSE_TEXT]);

#endif
