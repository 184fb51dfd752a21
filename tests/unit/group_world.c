/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/group_world.h"

#include <stdio.h>
#include <sys/socket.h>

uint64_t group_world_any(struct world *w, uint64_t below)
{
	w->random ^= w->random << 13;
	w->random ^= w->random >> 7;
	w->random ^= w->random << 17;
	return (w->random * 0x2545f4914f6cdd1dULL >> 16) % below;
}

/* "MM bb": the members of node 0, and of node 1. */
static const char *states(const struct world *w)
{
	static char text[NODES * (MEMBERS_MAX + 1)];
	size_t n = 0;

	for (int node = 0; node < NODES; node++) {
		for (int i = 0; i < w->n_members; i++)
			text[n++] = "ibMfm"[w->nodes[node].members[i].state];
		text[n++] = ' ';
	}
	text[n - 1] = '\0';
	return text;
}

/* --- what is under way ------------------------------------------------------------------------ */

/* Neither path changes the order of what one node sends; the two know nothing of each other. */
static void fly(struct world *w, struct flight f)
{
	uint64_t *last_us = &w->nodes[f.to].last_us[f.beat][f.member];

	w->storm |= w->n_flights == FLIGHTS_MAX;
	if (w->storm)
		return;
	f.at_us = w->now_us + 20 + group_world_any(w, w->delay_us - 20);
	if (f.at_us <= *last_us)
		f.at_us = *last_us + 1;
	*last_us = f.at_us;
	f.sequence = ++w->sequence;
	w->flights[w->n_flights++] = f;
}

static void send_advert(struct world *w, int node, int member, uint8_t priority)
{
	const struct vrrp_settings *own = &w->nodes[node].members[member].settings;

	if (!w->cut[member])
		fly(w, (struct flight){.to = 1 - node,
				       .member = member,
				       .event = {.type = VRRP_EVENT_ADVERT,
						 .advert = {.source = own->address,
							    .priority = priority,
							    .interval_us = own->interval_us}}});
}

/* One heartbeat, a word for each member. */
static void send_beats(struct world *w, int node)
{
	struct node *from = &w->nodes[node];

	for (int i = 0; i < w->n_members && w->beats && !w->beats_cut; i++) {
		const struct vrrp *v = &from->members[i];
		bool goodbye = v->state != VRRP_MASTER && w->now_us < from->goodbye_us[i];

		fly(w,
		    (struct flight){.to = 1 - node,
				    .member = i,
				    .beat = true,
				    .goodbye = goodbye,
				    .state = v->state,
				    .event = {.type = VRRP_EVENT_PEER,
					      .peer = {.source = v->settings.address,
						       .priority = v->settings.priority,
						       .why = VRRP_REASON_PEER_LEFT,
						       .successor = from->known[i] == VRRP_BACKUP,
						       .hold = w->hold,
						       .interval_us = w->interval_us,
						       .sent_us = w->now_us}}});
	}
}

/* --- steps ------------------------------------------------------------------------------------ */

static struct vrrp_update step_one(struct world *w, int node, int member, struct vrrp_event ev)
{
	struct node *n = &w->nodes[node];
	struct vrrp_update u;

	ev.now_us = w->now_us;
	u = vrrp_step(&n->members[member], &ev);
	if (u.flags & VRRP_TIMER)
		n->timers_us[member] = u.deadline_us == VRRP_NEVER
					       ? VRRP_NEVER
					       : u.deadline_us + group_world_any(w, LATE_US);
	if (u.flags & VRRP_ADVERT)
		send_advert(w, node, member, u.send_priority);
	if (u.flags & VRRP_GOODBYE)
		n->goodbye_us[member] = w->now_us + 3 * w->interval_us;
	if (u.flags & VRRP_STATE) {
		char cause[VRRP_CAUSE_TEXT];

		w->changes++;
		if (w->trace)
			printf("\n    [%10llu] %s: member %d of node %d: %s",
			       (unsigned long long)w->now_us, states(w), member, node,
			       vrrp_cause_format(&u.cause, cause));
	}
	return u;
}

static bool is_greater(const struct world *w, int node)
{
	switch (w->rule) {
	case RULE_BOTH: return false;
	case RULE_NEITHER: return true;
	case RULE_LESSER:
	case RULE_FOR_EVER:
	case RULES: break;
	}
	return node == 1;
}

/* The event for the others, as the shell gives it: not more often than it must. */
static bool follow(struct world *w, int node, int member, const struct vrrp_update *u,
		   struct vrrp_event *ret)
{
	struct group *g = &w->nodes[node].group;
	const struct group_step s = {
		.update = u,
		.state = w->nodes[node].members[member].state,
		.greater = is_greater(w, node),
		.now_us = w->now_us,
		.interval_us = w->interval_us,
	};

	if (w->rule == RULE_FOR_EVER)
		g->tied_us = 0;
	if (!group_follow(g, &s, ret))
		return false;
	if (ret->type != VRRP_EVENT_GROUP || ret->group != VRRP_GROUP_ALIVE)
		return true;
	if (w->now_us - g->alive_us < w->interval_us / 2)
		return false;
	g->alive_us = w->now_us;
	return true;
}

static void step(struct world *w, int node, int member, struct vrrp_event ev)
{
	unsigned int changes = w->changes;
	struct vrrp_update u = step_one(w, node, member, ev);
	struct vrrp_event others;

	if (follow(w, node, member, &u, &others))
		for (int i = 0; i < w->n_members; i++)
			if (i != member)
				step_one(w, node, i, others);
	if (w->changes != changes)
		send_beats(w, node);
}

/* --- time ------------------------------------------------------------------------------------- */

static void hear_beat(struct world *w, const struct flight *f)
{
	struct node *n = &w->nodes[f->to];
	struct vrrp_event ev = f->event;
	bool left = n->left[f->member];

	if (f->sequence < n->known_sequence[f->member])
		return; /* overtaken */
	n->known_sequence[f->member] = f->sequence;
	n->known[f->member] = f->state;
	n->left[f->member] = f->goodbye;
	ev.peer.says = f->state == VRRP_MASTER ? VRRP_PEER_MASTER : VRRP_PEER_OTHER;
	if (f->goodbye && !left)
		ev.peer.says = VRRP_PEER_GONE;
	step(w, f->to, f->member, ev);
}

static void arrive(struct world *w, size_t flight)
{
	struct flight f = w->flights[flight];

	w->flights[flight] = w->flights[--w->n_flights];
	if (f.beat)
		hear_beat(w, &f);
	else
		step(w, f.to, f.member, f.event);
}

static void beat(struct world *w, int node)
{
	w->nodes[node].beat_us += w->interval_us;
	send_beats(w, node);
}

/* Whatever is first before end_us; false when there is nothing. */
static bool next(struct world *w, uint64_t end_us)
{
	uint64_t at_us = end_us;
	size_t flight = FLIGHTS_MAX;
	int timer = -1, beats = -1;

	for (int i = 0; i < NODES * w->n_members; i++)
		if (w->nodes[i % NODES].timers_us[i / NODES] < at_us) {
			timer = i;
			at_us = w->nodes[i % NODES].timers_us[i / NODES];
		}
	for (int i = 0; i < NODES; i++)
		if (w->nodes[i].beat_us < at_us) {
			beats = i;
			at_us = w->nodes[i].beat_us;
		}
	for (size_t i = 0; i < w->n_flights; i++)
		if (w->flights[i].at_us < at_us) {
			flight = i;
			at_us = w->flights[i].at_us;
		}
	w->now_us = at_us;
	if (flight != FLIGHTS_MAX)
		arrive(w, flight);
	else if (beats >= 0)
		beat(w, beats);
	else if (timer >= 0)
		step(w, timer % NODES, timer / NODES,
		     (struct vrrp_event){.type = VRRP_EVENT_TIMER});
	return flight != FLIGHTS_MAX || beats >= 0 || timer >= 0;
}

void group_world_run(struct world *w, uint64_t us)
{
	uint64_t end_us = w->now_us + us;

	while (next(w, end_us))
		;
}

/* --- worlds ----------------------------------------------------------------------------------- */

/* Members take turns in their family; the greater node has the greater address, or just not. */
static struct addr address_of(int node, int member, bool contrary)
{
	uint8_t last = (uint8_t)(contrary ? 2 - node : 1 + node);
	struct addr a = addr_v4(0x0a4d0000 + last);

	if (member % 2 == 0)
		return a;
	a = (struct addr){.family = AF_INET6, .bytes = {0xfe, 0x80}};
	a.bytes[15] = last;
	return a;
}

static void boot(struct world *w, uint8_t priority, unsigned int contrary)
{
	for (int node = 0; node < NODES; node++) {
		struct node *n = &w->nodes[node];

		group_init(&n->group, (size_t)w->n_members);
		n->beat_us = w->now_us + group_world_any(w, w->interval_us);
		for (int i = 0; i < w->n_members; i++) {
			const struct vrrp_settings settings = {
				.priority = priority,
				.preempt = group_world_any(w, 2) == 0,
				.interval_us = w->interval_us,
				.address = address_of(node, i, contrary >> i & 1),
			};

			vrrp_init(&n->members[i], &settings);
			n->timers_us[i] = VRRP_NEVER;
		}
	}
	for (int i = 0; i < NODES * w->n_members; i++)
		step(w, i % NODES, i / NODES, (struct vrrp_event){.type = VRRP_EVENT_STARTUP});
}

struct world group_world_begin(uint64_t seed, enum rule rule, bool trace)
{
	static const uint64_t intervals_us[] = {10000, 100000, 1000000};
	struct world w = {.random = seed * 0x9e3779b97f4a7c15ULL + 1, .rule = rule};
	unsigned int contrary;

	w.trace = trace;
	w.now_us = 1000000 + group_world_any(&w, 1 << 20);
	w.interval_us = intervals_us[group_world_any(&w, 3)];
	w.delay_us = 50 + group_world_any(&w, group_world_any(&w, 2) ? 200 : w.interval_us / 8);
	w.n_members = 2 + (int)group_world_any(&w, MEMBERS_MAX - 1);
	w.beats = group_world_any(&w, 2);
	w.hold = group_world_any(&w, 2);
	contrary = (unsigned int)group_world_any(&w, 1u << w.n_members);
	boot(&w, (uint8_t)(1 + group_world_any(&w, 254)), contrary);
	return w;
}

void group_world_cut(struct world *w, bool cut)
{
	if (w->trace)
		printf("\n    [%10llu] %s", (unsigned long long)w->now_us,
		       cut ? "a split" : "whole");
	for (int i = 0; i < w->n_members; i++)
		w->cut[i] = cut;
	w->beats_cut = cut;
}
