/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Heartbeats in the simulation of vrrp_sim.h: a path of their own, which the link of the adverts
 * knows nothing of. What is sent and concluded is what ha/vrrp.h asks of its shell; the datagrams
 * themselves are not the subject, they travel as structs.
 */
#include "tests/unit/vrrp_world.h"

#include <string.h>

struct beat {
	uint64_t session, sequence;
	uint64_t sent_us; /* of the sender's clock */
	/* what the sender heard last of the receiver, and how long ago it was then */
	uint64_t echo_session, echo_us, dwell_us;
	uint64_t interval_us;
	uint8_t priority;
	bool master, goodbye, no_link, successor;
};

bool beats_are_whole(const struct world *w)
{
	for (int from = 0; from < NODES_MAX; from++)
		for (int to = 0; to < NODES_MAX; to++)
			if (w->beat_cut[from][to])
				return false;
	return w->beat_loss_percent == 0 && w->beat_slow_us == 0;
}

static void post(struct world *w, struct frame *frame, int to)
{
	uint64_t longest_us = w->beat_delay_us + w->beat_slow_us;

	if (w->beat_cut[frame->from][to] || world_any(w, 100) < w->beat_loss_percent)
		return;
	frame->to = (uint8_t)to;
	world_fly(w, frame, 1 + world_any(w, longest_us));
}

static bool is_better(const struct known *a, int a_node, const struct known *b, int b_node)
{
	return a->priority != b->priority ? a->priority > b->priority : a_node > b_node;
}

static bool is_alive(const struct world *w, const struct process *p, const struct known *k)
{
	return k->session && process_now_us(w, p) - k->heard_us < 3 * k->interval_us;
}

/* Who takes over from this one. */
static int find_heir(const struct world *w, int node)
{
	const struct process *p = &w->nodes[node];
	int heir = NOBODY;

	for (int i = 0; i < w->n_nodes; i++)
		if (i != node && is_alive(w, p, &p->known[i]) &&
		    (heir == NOBODY || is_better(&p->known[i], i, &p->known[heir], heir)))
			heir = i;
	return heir;
}

/* A goodbye stays in the next ones: it may be lost, or overtaken by another heartbeat. */
void beats_send(struct world *w, int node)
{
	struct process *p = &w->nodes[node];
	uint64_t now_us = process_now_us(w, p);
	bool goodbye = p->core.state != VRRP_MASTER && now_us < p->goodbye_us;
	int heir = goodbye ? find_heir(w, node) : NOBODY;

	for (int to = 0; to < w->n_nodes && w->beats; to++) {
		const struct known *k = &p->known[to];
		struct frame frame = {.kind = FRAME_BEAT, .from = (uint8_t)node};
		struct beat b = {
			.session = p->session,
			.sequence = ++p->sequence,
			.sent_us = now_us,
			.echo_session = k->session,
			.echo_us = k->sent_us,
			.dwell_us = now_us - k->heard_us,
			.interval_us = p->core.settings.interval_us,
			.priority = p->core.settings.priority,
			.master = p->core.state == VRRP_MASTER,
			.goodbye = goodbye,
			.no_link = p->core.state == VRRP_FAULT,
			.successor = to == heir,
		};

		if (to == node)
			continue;
		memcpy(frame.bytes, &b, sizeof(b));
		post(w, &frame, to);
	}
}

static void gone(struct world *w, int node, int who, enum vrrp_reason why, bool successor)
{
	const struct process *peer = &w->nodes[who];

	w->nodes[node].known[who].was_master = false;
	process_step(w, node,
		     (struct vrrp_event){.type = VRRP_EVENT_PEER,
					 .peer = {.source = peer->core.settings.address,
						  .says = VRRP_PEER_GONE,
						  .why = why,
						  .successor = successor}});
}

static void died(struct world *w, int node, int who)
{
	const struct process *p = &w->nodes[node];
	const struct known own = {.priority = p->core.settings.priority};
	bool best = true;

	for (int i = 0; i < w->n_nodes; i++)
		if (i != node && i != who && is_alive(w, p, &p->known[i]) &&
		    is_better(&p->known[i], i, &own, node))
			best = false;
	gone(w, node, who, VRRP_REASON_PEER_DIED, best);
}

/* A process that ended: its host says so, and the heartbeat is overdue by half an interval. */
static void look_for_dead(struct world *w, int node)
{
	struct process *p = &w->nodes[node];

	for (int i = 0; i < w->n_nodes; i++) {
		struct known *k = &p->known[i];

		if (k->refused && k->was_master &&
		    process_now_us(w, p) - k->heard_us >= k->interval_us * 3 / 2)
			died(w, node, i);
	}
}

void beats_fire(struct world *w, int node)
{
	struct process *p = &w->nodes[node];
	uint64_t now_us = process_now_us(w, p), interval_us = p->core.settings.interval_us;

	if (now_us >= p->beat_due_us) {
		p->beat_due_us = now_us - p->beat_due_us < interval_us
					 ? p->beat_due_us + interval_us
					 : now_us + interval_us;
		beats_send(w, node);
		look_for_dead(w, node);
	}
	p->beat_us = process_when_fires(w, p->beat_due_us);
}

static void believe(struct world *w, int node, int who, const struct beat *b)
{
	struct known *k = &w->nodes[node].known[who];
	bool left = k->left;

	k->left = b->goodbye;
	k->was_master = b->master;
	w->out.counters[SIM_BEATS]++;
	if (b->goodbye && !left) {
		gone(w, node, who, b->no_link ? VRRP_REASON_PEER_NO_LINK : VRRP_REASON_PEER_LEFT,
		     b->successor);
		return;
	}
	process_step(w, node,
		     (struct vrrp_event){
			     .type = VRRP_EVENT_PEER,
			     .peer = {.source = w->nodes[who].core.settings.address,
				      .priority = b->priority,
				      .says = b->master ? VRRP_PEER_MASTER : VRRP_PEER_OTHER,
				      .hold = w->hold,
				      .interval_us = b->interval_us,
				      .sent_us = b->echo_us + b->dwell_us},
		     });
}

void beats_hear(struct world *w, int node, const struct frame *frame)
{
	struct process *p = &w->nodes[node];
	struct known *k = &p->known[frame->from];
	struct beat b;

	if (frame->kind == FRAME_REFUSED) {
		w->out.counters[SIM_REFUSED]++;
		k->refused = true;
		return;
	}
	memcpy(&b, frame->bytes, sizeof(b));
	if (b.session < k->session || (b.session == k->session && b.sequence <= k->sequence))
		return; /* overtaken by another */
	if (b.session != k->session) {
		k->died |= k->was_master;
		k->was_master = k->left = false;
	}
	k->session = b.session;
	k->sequence = b.sequence;
	k->sent_us = b.sent_us;
	k->heard_us = process_now_us(w, p);
	k->interval_us = b.interval_us;
	k->priority = b.priority;
	k->refused = false;
	if (b.echo_session != p->session)
		return; /* nobody knows how old it is */
	if (k->died) {
		k->died = false;
		died(w, node, frame->from);
	}
	believe(w, node, frame->from, &b);
}

void beats_refuse(struct world *w, const struct frame *beat)
{
	struct frame refusal = {.kind = FRAME_REFUSED, .from = beat->to};

	post(w, &refusal, beat->from);
}

void beats_boot(struct world *w, int node)
{
	struct process *p = &w->nodes[node];

	p->session = ++w->sessions;
	p->beat_due_us = process_now_us(w, p) + world_any(w, p->core.settings.interval_us);
	p->beat_us = w->beats ? process_when_fires(w, p->beat_due_us) : VRRP_NEVER;
}
