/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Groups of two virtual routers on two nodes, on two links of their own, in virtual time. Adverts
 * arrive at once; what is asserted is that the members move together.
 */
#include "ha/group.h"
#include "tests/unit/unit.h"

#include <string.h>

enum { NODES = 2, MEMBERS = 2, INTERVAL_US = 100 * 1000, TAKEOVER_US = 4 * INTERVAL_US };

struct pair {
	uint64_t now_us, random;
	struct vrrp routers[NODES][MEMBERS];
	struct group groups[NODES];
	bool cut[MEMBERS]; /* no adverts on this link */
	bool alone;	   /* groups are not told: must be noticed */
};

static void step(struct pair *p, int node, int member, struct vrrp_event ev);

static void send(struct pair *p, int node, int member, uint8_t priority)
{
	const struct vrrp_settings *own = &p->routers[node][member].settings;

	if (!p->cut[member])
		step(p, 1 - node, member,
		     (struct vrrp_event){.type = VRRP_EVENT_ADVERT,
					 .advert = {.source = own->address,
						    .priority = priority,
						    .interval_us = own->interval_us}});
}

/* One router's step; adverts go out when the whole node has moved. */
static struct vrrp_update step_one(struct pair *p, int node, int member, struct vrrp_event ev)
{
	ev.now_us = p->now_us;
	return vrrp_step(&p->routers[node][member], &ev);
}

static void step(struct pair *p, int node, int member, struct vrrp_event ev)
{
	struct vrrp_update updates[MEMBERS] = {[0] = {0}};
	struct group_step done = {.update = &updates[member], .interval_us = INTERVAL_US};
	struct vrrp_event follow;

	updates[member] = step_one(p, node, member, ev);
	done.state = p->routers[node][member].state;
	done.now_us = p->now_us;
	if (!p->alone && group_follow(&p->groups[node], &done, &follow))
		for (int i = 0; i < MEMBERS; i++)
			if (i != member)
				updates[i] = step_one(p, node, i, follow);
	for (int i = 0; i < MEMBERS; i++)
		if (updates[i].flags & VRRP_ADVERT)
			send(p, node, i, updates[i].send_priority);
}

static void set_fault(struct pair *p, int node, int member, enum vrrp_reason fault)
{
	group_set_fault(&p->groups[node], (size_t)member, fault);
	for (int i = 0; i < MEMBERS; i++) {
		enum vrrp_reason now = group_fault(&p->groups[node], (size_t)i);

		if (now == p->routers[node][i].fault)
			continue;
		step(p, node, i,
		     (struct vrrp_event){.type = now == VRRP_REASON_NONE ? VRRP_EVENT_CLEAR
									 : VRRP_EVENT_FAULT,
					 .fault = now});
	}
}

static void run_until(struct pair *p, uint64_t us)
{
	for (;;) {
		int node = 0, member = 0;

		for (int i = 0; i < NODES * MEMBERS; i++)
			if (p->routers[i / MEMBERS][i % MEMBERS].deadline_us <
			    p->routers[node][member].deadline_us) {
				node = i / MEMBERS;
				member = i % MEMBERS;
			}
		if (p->routers[node][member].deadline_us > us)
			break;
		p->now_us = p->routers[node][member].deadline_us;
		step(p, node, member, (struct vrrp_event){.type = VRRP_EVENT_TIMER});
	}
	p->now_us = us;
}

static void run_for(struct pair *p, uint64_t us)
{
	run_until(p, p->now_us + us);
}

/* Node 0 has priority 200, node 1 has 100. */
static void begin(struct pair *p)
{
	memset(p, 0, sizeof(*p));
	for (int node = 0; node < NODES; node++) {
		group_init(&p->groups[node], MEMBERS);
		for (int member = 0; member < MEMBERS; member++) {
			const struct vrrp_settings settings = {
				.priority = node == 0 ? 200 : 100,
				.preempt = true,
				.interval_us = INTERVAL_US,
				.address = addr_v4(0x0a4d0001 + (uint32_t)node),
			};

			vrrp_init(&p->routers[node][member], &settings);
		}
	}
	for (int i = 0; i < NODES * MEMBERS; i++)
		step(p, i / MEMBERS, i % MEMBERS, (struct vrrp_event){.type = VRRP_EVENT_STARTUP});
	run_for(p, TAKEOVER_US);
}

/* "mm bb": the members of node 0, and of node 1. */
static const char *states(const struct pair *p)
{
	static char text[NODES * (MEMBERS + 1)];
	size_t n = 0;

	for (int node = 0; node < NODES; node++) {
		for (int member = 0; member < MEMBERS; member++)
			text[n++] = "ibMfm"[p->routers[node][member].state];
		text[n++] = ' ';
	}
	text[n - 1] = '\0';
	return text;
}

static void fault_of_one_moves_all(void)
{
	struct pair p;

	begin(&p);
	EXPECT_TEXT(states(&p), "MM bb");
	set_fault(&p, 0, 0, VRRP_REASON_NO_LINK);
	EXPECT_TEXT(states(&p), "ff bb");
	EXPECT_INT(p.routers[0][1].fault, VRRP_REASON_GROUP);
	run_for(&p, INTERVAL_US); /* member 1 said priority 0: its skew, not a whole silence */
	EXPECT_TEXT(states(&p), "ff MM");
	set_fault(&p, 0, 1, VRRP_REASON_TRACKED);
	set_fault(&p, 0, 0, VRRP_REASON_NONE); /* the other one still cannot */
	EXPECT_TEXT(states(&p), "ff MM");
	EXPECT_INT(p.routers[0][0].fault, VRRP_REASON_GROUP);
	set_fault(&p, 0, 1, VRRP_REASON_NONE);
	EXPECT_TEXT(states(&p), "bb MM");
	run_for(&p, TAKEOVER_US);
	EXPECT_TEXT(states(&p), "MM bb");
}

static void one_link_without_adverts(void)
{
	struct pair p;

	begin(&p);
	p.cut[1] = true; /* member 0 hears that the other node lives */
	for (int i = 0; i < 20; i++) {
		run_for(&p, INTERVAL_US);
		EXPECT_TEXT(states(&p), "MM bb");
	}
	p.alone = true;
	run_for(&p, 2 * TAKEOVER_US);
	EXPECT_TEXT(states(&p), "MM bM");
}

static void no_adverts_at_all_and_back(void)
{
	struct pair p;

	begin(&p);
	p.cut[0] = p.cut[1] = true;
	run_for(&p, TAKEOVER_US);
	EXPECT_TEXT(states(&p), "MM MM");
	p.cut[0] = false; /* member 0 loses: member 1 goes, too */
	run_for(&p, INTERVAL_US);
	EXPECT_TEXT(states(&p), "MM bb");
}

static void operator_moves_all(void)
{
	struct pair p;

	begin(&p);
	step(&p, 0, 1, (struct vrrp_event){.type = VRRP_EVENT_YIELD});
	EXPECT_TEXT(states(&p), "bb bb");
	run_for(&p, INTERVAL_US);
	EXPECT_TEXT(states(&p), "bb MM");
	run_for(&p, 3 * TAKEOVER_US);
	EXPECT_TEXT(states(&p), "bb MM");
	step(&p, 1, 0, (struct vrrp_event){.type = VRRP_EVENT_MAINTENANCE});
	EXPECT_TEXT(states(&p), "bb mm");
	run_for(&p, INTERVAL_US);
	EXPECT_TEXT(states(&p), "MM mm");
	step(&p, 1, 0, (struct vrrp_event){.type = VRRP_EVENT_RESUME});
	EXPECT_TEXT(states(&p), "MM bb");
	step(&p, 0, 0, (struct vrrp_event){.type = VRRP_EVENT_SHUTDOWN}); /* each of them itself */
	step(&p, 0, 1, (struct vrrp_event){.type = VRRP_EVENT_SHUTDOWN});
	run_for(&p, INTERVAL_US);
	EXPECT_TEXT(states(&p), "ii MM");
}

static uint64_t any(struct pair *p, uint64_t below)
{
	p->random = p->random * 6364136223846793005ULL + 1442695040888963407ULL;
	return (p->random >> 33) % below;
}

static void disturb(struct pair *p)
{
	int node = (int)any(p, NODES), member = (int)any(p, MEMBERS);

	switch (any(p, 5)) {
	case 0: p->cut[member] = !p->cut[member]; break;
	case 1: set_fault(p, node, member, VRRP_REASON_TRACKED); break;
	case 2: set_fault(p, node, member, VRRP_REASON_NONE); break;
	case 3: step(p, node, member, (struct vrrp_event){.type = VRRP_EVENT_YIELD}); break;
	default: p->now_us += any(p, 6 * INTERVAL_US); /* both nodes stand still */
	}
}

/* Whatever happened: then both members of a node are the same again, and one node is master. */
static bool settles(uint64_t seed, bool alone)
{
	struct pair p;

	begin(&p);
	p.random = seed;
	p.alone = alone;
	for (int i = 0; i < 12; i++) {
		disturb(&p);
		run_for(&p, any(&p, 2 * TAKEOVER_US));
	}
	p.cut[0] = p.cut[1] = false;
	for (int i = 0; i < NODES * MEMBERS; i++)
		set_fault(&p, i / MEMBERS, i % MEMBERS, VRRP_REASON_NONE);
	run_for(&p, 3 * TAKEOVER_US);
	return strcmp(states(&p), "MM bb") == 0 || strcmp(states(&p), "bb MM") == 0;
}

static void members_end_together(void)
{
	int apart = 0;

	for (uint64_t seed = 1; seed <= 2000; seed++) {
		CU_ASSERT(settles(seed, false));
		apart += !settles(seed, true);
	}
	CU_ASSERT(apart > 0); /* the disturbances do part them when nobody tells */
}

static bool follows(struct group *g, enum vrrp_state state, const struct vrrp_update *u,
		    uint64_t now_us, struct vrrp_event *ret)
{
	const struct group_step s = {
		.update = u,
		.state = state,
		.greater = true,
		.now_us = now_us,
		.interval_us = INTERVAL_US,
	};

	return group_follow(g, &s, ret);
}

static void each_on_its_own(void)
{
	struct vrrp_update u = {.flags = VRRP_STATE, .cause = {.reason = VRRP_REASON_GROUP}};
	struct vrrp_event ev;
	struct group g;

	group_init(&g, MEMBERS);
	CU_ASSERT(!follows(&g, VRRP_MASTER, &u, 1, &ev)); /* followed itself */
	u.cause.reason = VRRP_REASON_STARTUP;
	CU_ASSERT(!follows(&g, VRRP_BACKUP, &u, 1, &ev));
	u.flags = VRRP_TIMER;
	CU_ASSERT(!follows(&g, VRRP_BACKUP, &u, 1, &ev));
	u = (struct vrrp_update){.flags = VRRP_STATE, .from = VRRP_MAINTENANCE};
	CU_ASSERT(!follows(&g, VRRP_INIT, &u, 1, &ev));
	u = (struct vrrp_update){
		.flags = VRRP_STATE, .from = VRRP_MASTER, .cause = {.reason = VRRP_REASON_STALLED}};
	CU_ASSERT(follows(&g, VRRP_BACKUP, &u, 1, &ev));
	EXPECT_INT(ev.group, VRRP_GROUP_BACKUP);
}

/* The greater node keeps the others for 3 intervals, the lesser one gives them up at once. */
static void a_lost_tie_waits(void)
{
	const struct vrrp_update tied = {.flags = VRRP_STATE | VRRP_TIED,
					 .from = VRRP_MASTER,
					 .cause = {.reason = VRRP_REASON_HIGHER}};
	const struct vrrp_update heard = {.flags = VRRP_HEARD};
	const struct group_step lesser = {.update = &tied, .state = VRRP_BACKUP, .now_us = 1};
	struct vrrp_event ev;
	struct group g;

	group_init(&g, MEMBERS);
	CU_ASSERT(group_follow(&g, &lesser, &ev));
	EXPECT_INT(ev.group, VRRP_GROUP_BACKUP);
	CU_ASSERT(!follows(&g, VRRP_BACKUP, &tied, 1, &ev));
	CU_ASSERT(follows(&g, VRRP_BACKUP, &heard, 1 + 3 * INTERVAL_US, &ev));
	EXPECT_INT(ev.group, VRRP_GROUP_ALIVE);
	CU_ASSERT(follows(&g, VRRP_BACKUP, &heard, 2 + 3 * INTERVAL_US, &ev));
	EXPECT_INT(ev.group, VRRP_GROUP_BACKUP);
	CU_ASSERT(follows(&g, VRRP_BACKUP, &heard, 3 + 3 * INTERVAL_US, &ev)); /* once */
	EXPECT_INT(ev.group, VRRP_GROUP_ALIVE);
}

UNIT_TESTS(group) = {
	{"a fault of one moves all", fault_of_one_moves_all},
	{"one link without adverts", one_link_without_adverts},
	{"no adverts at all and back", no_adverts_at_all_and_back},
	{"the operator moves all", operator_moves_all},
	{"members end together", members_end_together},
	{"each on its own", each_on_its_own},
	{"a lost tie waits", a_lost_tie_waits},
	UNIT_TESTS_END,
};
