/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a hashed farm goes from one bucket table to the next without losing a connection: one pure
 * step machine per farm.
 *
 * Every bucket has an owner, a backend's index (BUCKET_NONE: nobody). While the old owner of a
 * bucket lives, its connections stay with it and only new ones go to the new owner; what tells them
 * apart is remembered per flow, for these buckets and for a bounded time. The kernel holds up to
 * three maps over the same buckets, the arrays of struct transition:
 *
 *   buckets[b]  what the hash rule looks up
 *   home[b]     only while b moves: who owns packets of flows that are not remembered (the old one)
 *   moved[b]    only while b moves: who gets new connections; BUCKET_NONE beside a home: nobody
 *               may (every backend drains), so the map has no such element
 *
 * and the flow maps, kept by the packet path: flow -> backend. A phase decides which rules and
 * maps there are (transition_shape()):
 *
 *   phase       rules                                              home, moved   flow maps
 *   steady      [hash -> buckets]                                  -             -
 *   moving      [remembered -> its backend, refreshed]
 *               [SYN, moved: remember half-open -> moved;
 *                     the half-open map is full -> home]
 *               [not SYN, home: remember -> home]
 *               [hash -> buckets]                                  yes           yes
 *   switched    as moving; buckets = moved                         yes           yes
 *   settling    [remembered …] [hash -> buckets]                   yes           yes
 *   exceptions  as settling                                        -             yes
 *   forgetting  as steady                                          -             yes
 *
 * What the packet path owes to the machine:
 *   - "remembered" asks the half-open map too, also in settling and exceptions; the first packet
 *     that is not a SYN takes the flow from there to the map of the established.
 *   - a remembered flow whose backend is dead (no element in the map of backends) is forgotten by
 *     the packet that finds it, which goes on to the next rule; otherwise a backend that returns
 *     would get flows that somebody else has served meanwhile.
 *   - UDP has no SYN. Until udp_learned, [home: remember -> home]; from then on [moved: remember
 *     -> moved]: remembered as well, because the bucket may yet stop moving, or learn again.
 *
 * The table of transitions; "now" is the event's time, S is TRANSITION_SETTLE_MS:
 *
 *   phase       when                                      does                      new phase
 *   any         an owner is dead                          elements only, at once    same
 *               home dead: buckets = moved, else desired; b no longer moves
 *               moved dead: moved = desired (or b stops moving); switched, settling: buckets too
 *   steady,     desired != owner of a bucket              home = owner,             moving
 *   exceptions,                                           moved = desired
 *   forgetting
 *   moving      desired of a moving bucket = home         buckets = home, b stops   moving
 *               desired of a moving bucket != moved       moved = desired           moving
 *               desired != owner of another bucket        joins, the time restarts  moving
 *                 … and udp_learned                       udp_learned = false, S,   moving
 *                                                         then as above
 *               no bucket moves any more                  -                         settling
 *               udp_ms + S after the last joined          udp_learned = true        moving
 *               max(tcp_ms, udp_ms) after the last joined buckets = moved           switched
 *                 … not before S after moved was NONE
 *   switched    S passed                                  -                         settling
 *   settling    S passed                                  home, moved are gone      exceptions, or
 *                                                                                   moving at once
 *   exceptions  no flow is remembered                     -                         forgetting
 *   forgetting  S passed                                  flow maps are gone        steady
 *
 * A packet in flight may combine old rules with new elements (never new rules with old elements),
 * and it is not in flight for S. Why each of these mixes is right:
 *   - steady -> moving: the old rules read buckets, which do not change. Where nobody may take the
 *     new connections the element of buckets goes S later, when the old rules are gone.
 *   - moving -> switched: the rules read buckets for no bucket that moves.
 *   - switched lasts S, in which flows are still remembered: the time of moving is counted by the
 *     daemon, and the transactions at its two ends may have taken longer or shorter.
 *   - a SYN that has missed moved (nobody may take it) reads buckets next. So where moved gets an
 *     element beside an older home, buckets gets it S later: moving is prolonged, switched waits.
 *   - settling keeps home and moved for packets that run the rules of switched.
 *   - joining is elements only. While UDP sends unremembered flows to moved, an element there would
 *     take the flows of a bucket that joins; so the rules go back first, and S later it joins.
 *
 * The number of buckets. The configuration asks for a table of a certain size, which is another one
 * when backends were added or removed. Sizes are a base times powers of two, and a table with every
 * bucket twice is the same function (bucket.h), so the machine's own size follows without moving
 * anything:
 *   - a larger one at once, whatever the phase: transition_grow() repeats every bucket of all three
 *     maps. Then the larger table is a plan like any other.
 *   - a smaller one by the step after which the buckets that become one agree, in all three maps: at
 *     the latest when nothing moves. Until then every bucket of the plan stands for several.
 * The maps of another size have other names (plan_table_name()), the rules name them in the same
 * transaction, and the old ones stay as they are, S longer than the last rule that names them: a
 * packet in flight runs old rules with old maps, and those agree with the new.
 *
 * Why moving ends: only a changed plan lets buckets join, nothing in here does, so it ends the time
 * of moving after the last change. A retarget alone does not prolong it: flows that were not
 * remembered belong to home, whoever moved is. However long it takes, new connections follow the
 * newest plan at once and the flow maps have a size.
 *
 * Known limit: a SYN that finds the half-open map full goes home and is not remembered before its
 * next packet; if that comes only when settling has begun, the connection is refused. In switched
 * the rules may drop such a SYN instead of sending it home; its repetition finds the new owner.
 *
 * Pure: no clock, allocation only in transition_init(), transition_wake() and transition_grow().
 */
#ifndef DIRECTOR_RULESET_TRANSITION_H
#define DIRECTOR_RULESET_TRANSITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TRANSITION_NEVER   UINT64_MAX
#define TRANSITION_UNKNOWN UINT64_MAX

/* A dead owner without an index, until the next event replaces it. */
#define TRANSITION_REMOVED 0xfffe

enum {
	TRANSITION_SETTLE_MS = 100, /* no packet is in flight for so long (softirqs take < 10 ms) */
};

enum transition_phase {
	TRANSITION_STEADY,
	TRANSITION_MOVING,
	TRANSITION_SWITCHED,
	TRANSITION_SETTLING,
	TRANSITION_EXCEPTIONS,
	TRANSITION_FORGETTING,
};

struct transition {
	enum transition_phase phase;
	uint32_t size;
	uint32_t told_size; /* of the last update */
	uint16_t *buckets;
	uint16_t *home; /* owns the memory of moved, too; NULL while it rests */
	uint16_t *moved;
	uint32_t moving;   /* buckets with a home */
	uint64_t version;  /* another one whenever the kernel is to hold anything else */
	bool udp_learned;  /* UDP flows that are not remembered are new */
	bool relearns;	   /* buckets wait to join until the rules of udp_learned are gone */
	bool unreported;   /* adopted, renumbered, grown: the next update tells of all */
	uint64_t since_ms; /* moving: when the last bucket joined; others: when the phase began */
	uint64_t unlearned_ms; /* when udp_learned was last taken back; 0: not in this moving */
	uint64_t accepted_ms;  /* when moved last got an element beside an older home; 0: never */
	uint64_t stepped_ms;   /* the last event */
	uint64_t tcp_ms;       /* of the last event */
	uint64_t udp_ms;
};

struct transition_event {
	uint64_t now_ms;       /* monotonic; the only clock */
	const uint16_t *table; /* [size] desired owners; BUCKET_NONE: no backend may serve */
	uint32_t size;	       /* the transition's own is the same or a multiple */
	const bool *alive;     /* [n_backends] serves its flows; one that drains does */
	size_t n_backends;
	uint64_t remembered; /* flows in the flow maps, half-open ones too, counted since the last
			      * update; or TRANSITION_UNKNOWN */
	uint64_t tcp_ms;     /* how long TCP flows may be silent; 0: the farm has no TCP */
	uint64_t udp_ms;     /* the same for UDP */
};

struct transition_update {
	bool rules_changed;	    /* phase or udp_learned call for other rules */
	bool tables_changed;	    /* elements, or maps that come or go */
	bool phase_changed;	    /* the new one is in the transition */
	enum transition_phase from; /* phase_changed */
	uint64_t next_ms; /* step again then, at the latest; TRANSITION_NEVER: at the next event */
	uint32_t resized; /* how many buckets there were, when there are more or less now; else 0 */
	uint32_t joined;  /* buckets that began to move */
	uint32_t retargeted; /* moving buckets with another new owner */
	uint32_t stopped;    /* moving buckets that stay with their old owner after all */
	uint32_t orphaned;   /* buckets whose dead (or missing) owner was replaced */
};

/* An empty table in phase steady: the first event fills it. 0 or -ENOMEM. */
int transition_init(struct transition *t, uint32_t size);
void transition_close(struct transition *t);

/*
 * Most tables are steady most of the time, and have no use for home and moved then. One in phase
 * steady may rest without; it has to be awake for whatever may change its buckets.
 */
void transition_rest(struct transition *t);
/* 0, or -ENOMEM and it rests on. */
int transition_wake(struct transition *t);

struct transition_update transition_step(struct transition *t, const struct transition_event *ev);

/*
 * The same with more buckets: size is a multiple. To be called before a step with a table of more
 * than the present size. 0, or -ENOMEM and nothing is changed.
 */
int transition_grow(struct transition *t, uint32_t size);
/* The same with fewer, if that is the same; steps do it. Size is a divisor. */
bool transition_shrink(struct transition *t, uint32_t size);

/*
 * What the last step asked for is in the kernel now: the times that it began count from here, not
 * from the step. To be called before the next step; a caller that does not call it makes every
 * time shorter by what its transactions take, which must stay well below TRANSITION_SETTLE_MS.
 */
void transition_committed(struct transition *t, uint64_t now_ms);

/* When to step again, at the latest (the update's next_ms, after transition_committed()). */
uint64_t transition_next_ms(const struct transition *t);

/*
 * Goes on from what the kernel holds, after transition_init() of its size. home and moved are
 * NULL when there are no such maps. A transition that had not switched gets its full time again,
 * since nobody knows how long it has lasted; one that had is not taken back, because flows that
 * began since are remembered nowhere.
 */
void transition_adopt(struct transition *t, const uint16_t *buckets, const uint16_t *home,
		      const uint16_t *moved, bool has_flow_maps, uint64_t now_ms);

/*
 * The configuration was replaced: map[old index] is the new index, BUCKET_NONE of a removed
 * backend, which counts as dead. The next event, in new indexes, must follow.
 */
void transition_renumber(struct transition *t, const uint16_t *map, size_t n);

/* Where another director is with the transition of the same farm. */
struct transition_stand {
	enum transition_phase phase;
	uint32_t size;
	/* [3 * size]: buckets, home, moved. NULL, in phases without such maps: each is as desired. */
	const uint16_t *owners;
	bool udp_learned, relearns;
	uint64_t since_ms, unlearned_ms,
		accepted_ms; /* as of struct transition, by the clock here */
};

/*
 * Goes to where the other one is, after transition_wake(); table[size] is what the facts want, the
 * stand's size is the same or a multiple. No packet is meant for this node meanwhile, so nothing that
 * is in flight forbids it. The next event must follow. 1: it is another stand than before, 0: the same,
 * -EINVAL: it is none of such a table, -ENOMEM; nothing is changed then.
 */
int transition_follow(struct transition *t, const struct transition_stand *s, const uint16_t *table,
		      uint32_t size);

enum transition_rules {
	TRANSITION_RULES_HASH,	     /* [hash -> buckets] */
	TRANSITION_RULES_EXCEPTIONS, /* [remembered] [hash -> buckets] */
	TRANSITION_RULES_MOVING, /* [remembered] [SYN, moved] [not SYN, home] [hash -> buckets] */
};

/* What a phase has in the kernel. */
struct transition_shape {
	enum transition_rules rules;
	bool maps;  /* home and moved */
	bool flows; /* flow maps */
};

struct transition_shape transition_shape(enum transition_phase phase);

/* For `farm show`. */
struct transition_view {
	enum transition_phase phase;
	const char *name; /* of the phase */
	uint32_t moving;
	uint32_t total;
	uint64_t remaining_ms; /* until the phase ends by itself; TRANSITION_NEVER: it does not */
};

struct transition_view transition_view(const struct transition *t, uint64_t now_ms);

/* What the facts want of the table now comes with one of the next steps, in a moment. */
bool transition_waits(const struct transition *t);

const char *transition_phase_name(enum transition_phase phase); /* steady, moving, … */

#endif
