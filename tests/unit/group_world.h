/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two nodes of one priority whose virtual routers are one group, in virtual time: members of both
 * families, whose addresses rank the nodes as chance has it. Adverts and heartbeats take their time,
 * timers are late. The cores are those of directord; what ha/pair_uv does around them is done here.
 */
#ifndef TESTS_GROUP_WORLD_H
#define TESTS_GROUP_WORLD_H

#include "ha/group.h"

enum {
	NODES = 2,
	MEMBERS_MAX = 4,
	FLIGHTS_MAX = 256,
	LATE_US = 1700, /* a timer, as in vrrp_sim.h */
};

/* Who follows a member that lost a tie; the others are mistakes that must be noticed. */
enum rule { RULE_LESSER, RULE_BOTH, RULE_NEITHER, RULE_FOR_EVER, RULES };

struct flight {
	uint64_t at_us;
	int to, member;
	struct vrrp_event event;
	bool beat, goodbye; /* what the event is made of */
	enum vrrp_state state;
	uint64_t sequence;
};

struct node {
	struct vrrp members[MEMBERS_MAX];
	uint64_t timers_us[MEMBERS_MAX];
	struct group group;
	uint64_t goodbye_us[MEMBERS_MAX];
	/* the other node's members, by its heartbeats */
	enum vrrp_state known[MEMBERS_MAX];
	bool left[MEMBERS_MAX];
	uint64_t known_sequence[MEMBERS_MAX];
	uint64_t beat_us;
	uint64_t last_us[2][MEMBERS_MAX]; /* when the last advert and heartbeat arrive */
};

struct world {
	uint64_t now_us, random, sequence;
	uint64_t interval_us, delay_us;
	int n_members;
	struct node nodes[NODES];
	struct flight flights[FLIGHTS_MAX];
	size_t n_flights;
	bool cut[MEMBERS_MAX]; /* no adverts on this link */
	bool beats, beats_cut, hold;
	enum rule rule;
	bool trace;
	bool storm;	      /* more is under way than there can be */
	unsigned int changes; /* of states */
};

/* The history of a seed begins: the settings are drawn, all start. */
struct world group_world_begin(uint64_t seed, enum rule rule, bool trace);
uint64_t group_world_any(struct world *w, uint64_t below);
void group_world_run(struct world *w, uint64_t us);
/* All links and the path of the heartbeats. */
void group_world_cut(struct world *w, bool cut);

#endif
