/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two elections joined by a network in virtual time. From a seed come the settings, the delays,
 * and a time of trouble: lost adverts, partitions, link faults, restarts, reloads, failovers by
 * the operator. Then the network is whole again.
 *
 * Always: the addresses are held exactly by a master, an announcement is only made by a holder,
 * adverts other than priority 0 come from a master or one that just was, a timer runs exactly in
 * backup and master.
 * In a whole network: no two masters longer than one takeover time, and one takeover time after the
 * trouble exactly one master, for good.
 */
#include "ha/vrrp.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	SEEDS = 4000,
	PAIR = 2,
	IN_FLIGHT = 64,
	TROUBLES = 12, /* things that happen in the time of trouble */
	CALM = 12,     /* takeover times of the time after it */
};

struct packet {
	uint64_t at_us;
	int to;
	uint8_t priority;
	uint64_t interval_us;
	struct addr source;
};

struct pair {
	uint64_t random;
	uint64_t now_us;
	struct vrrp v[PAIR];
	uint64_t fires_us[PAIR]; /* deadline plus what a timer is late */
	bool holds[PAIR];
	struct packet flight[IN_FLIGHT];
	size_t n_flight;
	uint64_t takeover_us; /* the longest Active_Down_Interval and what comes on top */
	unsigned int loss_percent;
	bool cut[PAIR];		/* adverts of this one arrive nowhere */
	uint64_t both_since_us; /* two masters since, or VRRP_NEVER */
	uint64_t longest_both_us;
	const char *wrong;
};

static uint64_t any(struct pair *p, uint64_t below)
{
	p->random ^= p->random << 13;
	p->random ^= p->random >> 7;
	p->random ^= p->random << 17;
	return (p->random * 0x2545f4914f6cdd1dULL >> 16) % below;
}

static bool whole(const struct pair *p)
{
	return p->loss_percent == 0 && !p->cut[0] && !p->cut[1];
}

static void expect(struct pair *p, bool good, const char *what)
{
	if (!good && !p->wrong)
		p->wrong = what;
}

static void put_on_the_wire(struct pair *p, int from, uint8_t priority)
{
	if (p->cut[from] || any(p, 100) < p->loss_percent)
		return;
	expect(p, p->n_flight < IN_FLIGHT, "too many adverts in flight: a storm");
	if (p->n_flight == IN_FLIGHT)
		return;
	p->flight[p->n_flight++] = (struct packet){
		.at_us = p->now_us + 10 + any(p, 1500),
		.to = 1 - from,
		.priority = priority,
		.interval_us = p->v[from].settings.interval_us,
		.source = p->v[from].settings.address,
	};
}

static void watch_masters(struct pair *p)
{
	if (p->v[0].state != VRRP_MASTER || p->v[1].state != VRRP_MASTER || !whole(p)) {
		p->both_since_us = VRRP_NEVER;
		return;
	}
	if (p->both_since_us == VRRP_NEVER)
		p->both_since_us = p->now_us;
	if (p->now_us - p->both_since_us > p->longest_both_us)
		p->longest_both_us = p->now_us - p->both_since_us;
	expect(p, p->longest_both_us <= p->takeover_us, "two masters longer than a takeover");
}

static void step(struct pair *p, int i, struct vrrp_event ev)
{
	struct vrrp *v = &p->v[i];
	struct vrrp_update u;

	ev.now_us = p->now_us;
	u = vrrp_step(v, &ev);
	if (u.flags & VRRP_RELEASE_VIP) {
		expect(p, p->holds[i], "addresses released that were not held");
		p->holds[i] = false;
	}
	if (u.flags & VRRP_ADVERT) {
		bool stops = v->state != VRRP_MASTER && ev.type != VRRP_EVENT_ADVERT;

		expect(p, u.send_priority == (stops ? 0 : v->settings.priority),
		       "an advert that does not fit the state");
		put_on_the_wire(p, i, u.send_priority);
	}
	if (u.flags & VRRP_TAKE_VIP) {
		expect(p, !p->holds[i], "addresses taken twice");
		p->holds[i] = true;
	}
	expect(p, !(u.flags & VRRP_ANNOUNCE) || p->holds[i], "announced without the addresses");
	expect(p, p->holds[i] == (v->state == VRRP_MASTER), "addresses without being master");
	expect(p,
	       (v->deadline_us != VRRP_NEVER) ==
		       (v->state == VRRP_BACKUP || v->state == VRRP_MASTER),
	       "a timer that does not fit the state");
	expect(p, !(u.flags & VRRP_STATE) || u.from != v->state, "a transition to the same state");
	if (u.flags & VRRP_TIMER) {
		expect(p, u.deadline_us == v->deadline_us, "another deadline than the core's");
		/* as the shell does: whole milliseconds, rounded up, and some scheduling */
		p->fires_us[i] = u.deadline_us == VRRP_NEVER
					 ? VRRP_NEVER
					 : (u.deadline_us + 999) / 1000 * 1000 + any(p, 700);
	}
	watch_masters(p);
}

/* Whatever comes next before end_us: a timer or an advert. False when there is nothing. */
static bool next(struct pair *p, uint64_t end_us)
{
	uint64_t best = end_us;
	int timer = -1;
	size_t packet = IN_FLIGHT;
	struct packet got;

	for (int i = 0; i < PAIR; i++)
		if (p->fires_us[i] < best) {
			best = p->fires_us[i];
			timer = i;
		}
	for (size_t i = 0; i < p->n_flight; i++)
		if (p->flight[i].at_us < best) {
			best = p->flight[i].at_us;
			packet = i;
		}
	if (best == end_us)
		return false;
	if (best > p->now_us) /* a timer may be overdue */
		p->now_us = best;
	if (packet == IN_FLIGHT) {
		p->fires_us[timer] = VRRP_NEVER;
		step(p, timer, (struct vrrp_event){.type = VRRP_EVENT_TIMER});
		return true;
	}
	got = p->flight[packet];
	p->flight[packet] = p->flight[--p->n_flight];
	step(p, got.to,
	     (struct vrrp_event){.type = VRRP_EVENT_ADVERT,
				 .advert = {.source = got.source,
					    .priority = got.priority,
					    .interval_us = got.interval_us}});
	return true;
}

static void run_until(struct pair *p, uint64_t end_us)
{
	while (next(p, end_us))
		;
	p->now_us = end_us;
	watch_masters(p);
}

static void trouble(struct pair *p)
{
	int i = (int)any(p, PAIR);
	struct vrrp_event ev = {.type = VRRP_EVENT_RECONFIGURE};

	switch (any(p, 8)) {
	case 0: p->cut[i] = !p->cut[i]; break;
	case 1: p->cut[0] = p->cut[1] = true; break;
	case 2: p->cut[0] = p->cut[1] = false; break;
	case 3: p->loss_percent = (unsigned int)any(p, 80); break;
	case 4: step(p, i, (struct vrrp_event){.type = VRRP_EVENT_YIELD}); break;
	case 5:
		step(p, i, (struct vrrp_event){.type = VRRP_EVENT_SHUTDOWN});
		run_until(p, p->now_us + any(p, p->takeover_us * 2));
		step(p, i, (struct vrrp_event){.type = VRRP_EVENT_STARTUP});
		break;
	case 6:
		step(p, i,
		     (struct vrrp_event){.type = VRRP_EVENT_FAULT, .fault = VRRP_REASON_NO_LINK});
		run_until(p, p->now_us + any(p, p->takeover_us * 2));
		step(p, i, (struct vrrp_event){.type = VRRP_EVENT_CLEAR});
		break;
	default:
		ev.settings = p->v[i].settings;
		ev.settings.priority = (uint8_t)(1 + any(p, 254));
		ev.settings.preempt = any(p, 2) == 0;
		step(p, i, ev);
	}
}

static struct pair begin(uint64_t seed)
{
	static const uint64_t intervals_ms[] = {10, 20, 50, 100, 1000, 40950};
	struct pair p = {.random = seed * 0x9e3779b97f4a7c15ULL + 1,
			 .both_since_us = VRRP_NEVER,
			 .now_us = 1000000};
	uint64_t interval_us = intervals_ms[any(&p, 6)] * 1000;

	p.takeover_us = 4 * interval_us + 5000;
	for (int i = 0; i < PAIR; i++) {
		const struct vrrp_settings settings = {
			/* often the same, so that the address decides */
			.priority = (uint8_t)(any(&p, 3) == 0 ? 100 : 1 + any(&p, 254)),
			.preempt = any(&p, 2) == 0,
			.interval_us = interval_us,
			.address = addr_v4(0x0a4d0002 + (uint32_t)i),
		};

		p.fires_us[i] = VRRP_NEVER;
		vrrp_init(&p.v[i], &settings);
		step(&p, i, (struct vrrp_event){.type = VRRP_EVENT_STARTUP});
	}
	return p;
}

static const char *run_seed(uint64_t seed)
{
	struct pair p = begin(seed);
	uint64_t end_us;
	int master;

	for (int i = 0; i < TROUBLES; i++) {
		trouble(&p);
		run_until(&p, p.now_us + any(&p, p.takeover_us * 2));
	}
	p.loss_percent = 0;
	p.cut[0] = p.cut[1] = false;
	run_until(&p, p.now_us + p.takeover_us);
	master = p.v[0].state == VRRP_MASTER ? 0 : 1;
	expect(&p, p.v[master].state == VRRP_MASTER && p.v[1 - master].state == VRRP_BACKUP,
	       "not exactly one master a takeover time after the heal");
	end_us = p.now_us + CALM * p.takeover_us;
	while (next(&p, end_us))
		expect(&p,
		       (p.v[0].state == VRRP_MASTER) != (p.v[1].state == VRRP_MASTER) ||
			       p.both_since_us != VRRP_NEVER,
		       "nobody is master in a whole network");
	expect(&p, (p.v[0].state == VRRP_MASTER) != (p.v[1].state == VRRP_MASTER),
	       "not exactly one master at the end");
	return p.wrong;
}

static void trouble_and_heal(void)
{
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		const char *wrong = run_seed(seed);

		if (!wrong)
			continue;
		printf("\n    seed %llu: %s", (unsigned long long)seed, wrong);
		CU_FAIL("see the seed above");
		return;
	}
}

/* How long nobody is master when the master dies without a word: 3 intervals and the skew. */
static void death_of_the_master(void)
{
	struct pair p = begin(1);
	uint64_t died_us;
	struct vrrp_event ev = {.type = VRRP_EVENT_RECONFIGURE};

	for (int i = 0; i < PAIR; i++) {
		ev.settings = p.v[i].settings;
		ev.settings.priority = (uint8_t)(200 - 100 * i);
		ev.settings.preempt = true;
		ev.settings.interval_us = 10 * 1000;
		step(&p, i, ev);
	}
	p.takeover_us = 45 * 1000;
	run_until(&p, p.now_us + 50 * 1000 * 1000);
	EXPECT_INT(p.v[0].state, VRRP_MASTER);
	p.cut[0] = true;
	died_us = p.now_us;
	while (p.v[1].state != VRRP_MASTER && next(&p, died_us + 1000 * 1000))
		;
	CU_ASSERT(p.now_us - died_us <= 40 * 1000);
	CU_ASSERT(p.now_us - died_us >= 25 * 1000);
	CU_ASSERT_PTR_NULL(p.wrong);
}

UNIT_TESTS(vrrp_pair) = {
	{"trouble and heal", trouble_and_heal},
	{"death of the master", death_of_the_master},
	UNIT_TESTS_END,
};
