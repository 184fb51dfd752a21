/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What goes wrong between simulated directors; see vrrp_sim.h. */
#include "tests/unit/vrrp_world.h"

enum { NODE_BASE = 0x0a4d0001 /* 10.77.0.1 */ };

static void cut(struct world *w)
{
	int from = (int)world_any(w, (uint64_t)w->n_nodes);
	int to = (int)world_any(w, PORTS);
	bool whole_node = world_any(w, 3) == 0;
	bool both = world_any(w, 2) == 0;

	world_say(w, from, "cut from %s, %s",
		  whole_node	    ? "all"
		  : to >= NODES_MAX ? "a host"
				    : "one",
		  both ? "both ways" : "one way");
	for (int port = 0; port < PORTS; port++)
		if (port != from && (whole_node || port == to)) {
			w->cut[from][port] = true;
			w->cut[port][from] |= both;
		}
}

/* The filter of somebody who knows no VRRP. */
static void cut_adverts(struct world *w)
{
	world_say(w, NOBODY, "no adverts");
	for (int from = 0; from < w->n_nodes; from++)
		for (int to = 0; to < w->n_nodes; to++)
			w->cut[from][to] = from != to;
}

static void disturb_beats(struct world *w)
{
	int from = (int)world_any(w, (uint64_t)w->n_nodes);

	w->rough_us = w->now_us;
	switch (world_any(w, 3)) {
	case 0:
		w->beat_loss_percent = (unsigned int)(1 + world_any(w, 99));
		world_say(w, NOBODY, "%u %% of the heartbeats are lost", w->beat_loss_percent);
		break;
	case 1:
		w->beat_slow_us = 1 + world_any(w, 6 * w->interval_max_us);
		world_say(w, NOBODY, "heartbeats late by up to %llu us",
			  (unsigned long long)w->beat_slow_us);
		break;
	default:
		world_say(w, from, "no heartbeats from here");
		for (int to = 0; to < w->n_nodes; to++)
			w->beat_cut[from][to] = true;
	}
}

static void disturb_network(struct world *w)
{
	switch (world_any(w, 10)) {
	case 0:
		w->loss_percent = (unsigned int)(1 + world_any(w, 90));
		world_say(w, NOBODY, "%u %% are lost", w->loss_percent);
		break;
	case 1:
		w->slow_us = 1 + world_any(w, 6 * w->interval_max_us);
		world_say(w, NOBODY, "delays up to %llu us", (unsigned long long)w->slow_us);
		break;
	case 2:
		if (!beats_are_whole(w))
			w->rough_us = w->now_us;
		world_mend(w);
		world_say(w, NOBODY, "the network is whole");
		break;
	case 3: disturb_beats(w); break;
	case 4:
	case 5:
	case 6: cut_adverts(w); break;
	default: cut(w);
	}
	w->excused |= !world_is_whole(w);
}

struct vrrp_settings trouble_settings(struct world *w, int node)
{
	static const uint8_t usual[] = {100, 100, 100, 101, 150, 200, 254, 255};
	uint64_t priority = world_any(w, 24);

	return (struct vrrp_settings){
		.priority = priority < sizeof(usual) ? usual[priority]
						     : (uint8_t)(1 + world_any(w, 254)),
		.preempt = world_any(w, 2) == 0,
		.interval_us = world_any(w, 2) ? w->interval_min_us : w->interval_max_us,
		.address = addr_v4(NODE_BASE + (uint32_t)node),
	};
}

static void set_link(struct world *w, int node, bool up)
{
	static const enum vrrp_reason faults[] = {VRRP_REASON_NO_LINK, VRRP_REASON_NO_ADDRESS,
						  VRRP_REASON_NO_SOCKET};
	struct process *p = &w->nodes[node];

	if (p->linked == up && (up || world_any(w, 4) > 0))
		return;
	p->linked = up;
	if (p->runs && !p->paused)
		process_step(w, node,
			     (struct vrrp_event){.type = up ? VRRP_EVENT_CLEAR : VRRP_EVENT_FAULT,
						 .fault = faults[world_any(w, 3)]});
}

/* Something that it depends on, whatever the link does. */
static void set_unfit(struct world *w, int node, bool unfit)
{
	static const enum vrrp_reason faults[] = {VRRP_REASON_TRACKED, VRRP_REASON_GROUP,
						  VRRP_REASON_ADDRESS_TAKEN};
	struct process *p = &w->nodes[node];

	if (p->unfit == unfit || !p->runs || p->paused || !p->linked)
		return;
	p->unfit = unfit;
	process_step(w, node,
		     (struct vrrp_event){.type = unfit ? VRRP_EVENT_FAULT : VRRP_EVENT_CLEAR,
					 .fault = faults[world_any(w, 3)]});
}

static void set_gate(struct world *w, int node, bool closed)
{
	enum vrrp_reason why =
		world_any(w, 2) ? VRRP_REASON_NOT_IN_SYNC : VRRP_REASON_PREEMPT_DELAY;

	w->nodes[node].gated = closed;
	process_step(w, node,
		     (struct vrrp_event){.type = VRRP_EVENT_GATE,
					 .gate = closed ? why : VRRP_REASON_NONE});
}

static void crash_or_boot(struct world *w, int node)
{
	struct process *p = &w->nodes[node];
	bool master = p->runs && !p->paused && p->core.state == VRRP_MASTER;

	if (p->runs && p->core.state == VRRP_MASTER)
		w->excused |= world_has_rival(w, node);
	if (p->runs) {
		world_say(w, node, "crashes");
		process_crash(w, node);
		/* its last heartbeat, one that is refused, and one after both */
		if (master)
			world_expect_heir(w, node,
					  w->interval_max_us * 5 / 2 + 3 * w->beat_delay_us +
						  3 * LATE_US);
	}
	if (!p->paused && world_any(w, 2) == 0) {
		w->heir_us = VRRP_NEVER;
		world_say(w, node, "is started");
		process_boot(w, node, p->core.settings);
	}
}

static void pause_or_resume(struct world *w, int node)
{
	struct process *p = &w->nodes[node];

	if (p->paused) {
		world_say(w, node, "goes on, %zu adverts wait", p->n_socket);
		process_resume(w, node);
		return;
	}
	world_say(w, node, "is stopped");
	process_pause(w, node, world_any(w, 3) == 0);
}

static void disturb_process(struct world *w, int node)
{
	struct process *p = &w->nodes[node];

	w->rough_us = w->now_us;
	if (!p->runs || world_any(w, 5) == 0) {
		crash_or_boot(w, node);
	} else if (p->paused || world_any(w, 3) > 0) {
		pause_or_resume(w, node);
	} else {
		p->ahead_us += world_any(w, 8 * w->interval_max_us);
		world_say(w, node, "its clock steps");
	}
}

static void reconfigure(struct world *w, int node)
{
	struct vrrp_event ev = {.type = VRRP_EVENT_RECONFIGURE,
				.settings = w->nodes[node].core.settings};
	struct vrrp_settings drawn = trouble_settings(w, node);

	if (world_any(w, 2))
		ev.settings.priority = drawn.priority;
	if (world_any(w, 2))
		ev.settings.preempt = drawn.preempt;
	if (world_any(w, 4) == 0)
		ev.settings.interval_us = drawn.interval_us;
	process_step(w, node, ev);
}

/* A backup that is about to preempt: the moment in which its gate may close. */
static bool close_in_time(struct world *w)
{
	for (int i = 0; i < w->n_nodes; i++) {
		struct process *p = &w->nodes[i];

		if (p->runs && !p->paused && !p->gated && p->core.state == VRRP_BACKUP &&
		    p->core.lesser.reason != VRRP_REASON_NONE) {
			set_gate(w, i, true);
			return true;
		}
	}
	return false;
}

static void disturb_operator(struct world *w, int node)
{
	struct process *p = &w->nodes[node];
	bool in = p->core.state == VRRP_INIT;
	bool out = p->core.state == VRRP_MAINTENANCE && world_any(w, 4) > 0;

	if (world_any(w, 2) && close_in_time(w))
		return;
	if (!p->runs || p->paused)
		return;
	switch (world_any(w, 14)) {
	case 6:
	case 7: set_unfit(w, node, !p->unfit); break;
	case 8:
	case 9:
		node = (node + 1) % w->n_nodes; /* more often not the master */
		if (w->nodes[node].runs && !w->nodes[node].paused)
			set_gate(w, node, !w->nodes[node].gated);
		break;
	case 10:
	case 11:
		process_step(w, node,
			     (struct vrrp_event){.type = out ? VRRP_EVENT_RESUME
							     : VRRP_EVENT_MAINTENANCE});
		break;
	case 12:
		process_step(w, node,
			     (struct vrrp_event){.type = VRRP_EVENT_GROUP,
						 .group = (enum vrrp_group_word)world_any(w, 3)});
		break;
	case 0:
	case 1: process_step(w, node, (struct vrrp_event){.type = VRRP_EVENT_YIELD}); break;
	case 2: reconfigure(w, node); break;
	case 3: set_link(w, node, !p->linked); break;
	case 4:
		process_step(
			w, node,
			(struct vrrp_event){.type = in ? VRRP_EVENT_STARTUP : VRRP_EVENT_SHUTDOWN});
		break;
	default:
		if (in)
			process_step(w, node, (struct vrrp_event){.type = VRRP_EVENT_STARTUP});
		else
			reconfigure(w, node);
	}
}

/* The master is where most things are worth trying. */
static int victim(struct world *w)
{
	int master = NOBODY;

	if (world_any(w, 2) && world_masters(w, &master) > 0)
		return master;
	return (int)world_any(w, (uint64_t)w->n_nodes);
}

void trouble(struct world *w, unsigned int families)
{
	unsigned int family;

	do
		family = 1u << world_any(w, 3);
	while (!(family & families));
	w->out.counters[SIM_DISTURBANCES]++;
	w->calm = w->now_us > world_settled_us(w);
	w->heir_us = VRRP_NEVER;
	w->disturbed_us = w->now_us;
	switch (family) {
	case TROUBLE_NETWORK: disturb_network(w); break;
	case TROUBLE_PROCESS: disturb_process(w, victim(w)); break;
	default: disturb_operator(w, victim(w));
	}
	w->disturbed_us = w->now_us;
}

void trouble_ends(struct world *w)
{
	world_say(w, NOBODY, "all is mended");
	world_mend(w);
	w->disturbed_us = w->rough_us = w->now_us;
	w->heir_us = VRRP_NEVER;
	w->calm = false;
	for (int i = 0; i < w->n_nodes; i++) {
		struct process *p = &w->nodes[i];

		if (p->paused)
			pause_or_resume(w, i);
		set_link(w, i, true);
		set_unfit(w, i, false);
		if (p->runs && world_any(w, 4) > 0)
			process_step(w, i, (struct vrrp_event){.type = VRRP_EVENT_RESUME});
		if (!p->runs && world_any(w, 4) > 0)
			process_boot(w, i, p->core.settings);
		else if (p->runs && p->core.state == VRRP_INIT && world_any(w, 4) > 0)
			process_step(w, i, (struct vrrp_event){.type = VRRP_EVENT_STARTUP});
	}
}
