/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/heartbeat_world.h"

#include "tests/unit/heartbeat_sample.h"
#include "tests/unit/unit.h"

#include <stdarg.h>
#include <stdio.h>

static void tell(struct world *w, int node, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static void tell(struct world *w, int node, const char *fmt, ...)
{
	size_t len = strlen(w->text);
	va_list ap;

	snprintf(w->text + len, sizeof(w->text) - len, "[%6.1f] %c ", (double)w->now_us / 1000.0,
		 node == WORLD_A ? 'a' : 'b');
	len = strlen(w->text);
	va_start(ap, fmt);
	vsnprintf(w->text + len, sizeof(w->text) - len, fmt, ap);
	va_end(ap);
	len = strlen(w->text);
	snprintf(w->text + len, sizeof(w->text) - len, "\n");
}

void world_init(struct world *w, uint64_t interval_ms, uint64_t delay_us)
{
	*w = (struct world){.interval_us = interval_ms * 1000, .delay_us = delay_us};
	w->nodes[WORLD_A].began_us = 5000000;
	w->nodes[WORLD_B].began_us = 90000000000; /* it was started a day before */
}

uint64_t world_clock(const struct world *w, int node)
{
	const struct world_node *n = &w->nodes[node];
	int64_t drift = (int64_t)w->now_us * n->drift_ppm / 1000000;

	return n->began_us + w->now_us + (uint64_t)drift - n->stopped_us;
}

/* --- what the machine says -------------------------------------------------------------------- */

static void hear(struct world *w, int node, const struct heartbeat_said *said, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t age_us = world_clock(w, node) - said[i].sent_us;

		if ((int)said[i].says == w->nodes[node].last_says)
			continue;
		w->nodes[node].last_says = (int)said[i].says;
		tell(w, node, "hears %s, at most %.1f ms old", heartbeat_says_name(said[i].says),
		     (double)age_us / 1000.0);
	}
}

static void step(struct world *w, int node, struct heartbeat_event ev)
{
	struct world_node *n = &w->nodes[node];
	struct heartbeat_update u;

	ev.now_us = world_clock(w, node);
	do {
		u = heartbeat_step(&n->peer, &ev);
		if (u.flags & HEARTBEAT_CHANGED)
			tell(w, node, "%s: %s", heartbeat_state_name(n->peer.state),
			     heartbeat_cause_text(n->peer.cause));
		if (u.flags & HEARTBEAT_SAID)
			hear(w, node, u.said, u.n_said);
		if (u.flags & HEARTBEAT_PEER_GONE)
			hear(w, node, n->peer.known, n->peer.n_known);
		if (u.flags & HEARTBEAT_PROBE)
			world_send(w, node, 0);
	} while (u.flags & HEARTBEAT_AGAIN);
	n->rejected[u.reject]++;
	n->unproven += u.unproven;
	n->deadline_us = u.deadline_us;
}

/* --- the wires -------------------------------------------------------------------------------- */

void world_inject(struct world *w, int to, const struct heartbeat_message *m)
{
	for (size_t i = 0; i < WORLD_WIRE; i++)
		if (!w->wire[i].used) {
			w->wire[i] = (struct world_datagram){.used = true,
							     .to = to,
							     .at_us = w->now_us + w->delay_us,
							     .message = *m};
			return;
		}
	CU_FAIL("the wire is full");
}

void world_send(struct world *w, int node, uint8_t flags)
{
	struct world_node *n = &w->nodes[node];
	struct heartbeat_message *m = &w->last[node];

	heartbeat_stamp(&n->peer, world_clock(w, node), m);
	m->flags = flags;
	m->n_words = 1;
	m->words[0] = n->word;
	if (!n->mute)
		world_inject(w, !node, m);
}

static void arrive(struct world *w, struct world_datagram *d)
{
	struct world_node *n = &w->nodes[d->to];
	bool refused = n->port_refuses || !n->running;

	d->used = false;
	if (n->unreachable || n->deaf)
		return;
	if (!refused)
		step(w, d->to,
		     (struct heartbeat_event){.type = HEARTBEAT_EVENT_DATAGRAM,
					      .message = &d->message});
	else if (w->nodes[!d->to].running)
		step(w, !d->to, (struct heartbeat_event){.type = HEARTBEAT_EVENT_REFUSED});
}

/* --- time ------------------------------------------------------------------------------------- */

void world_start(struct world *w, int node, uint8_t state)
{
	struct world_node *n = &w->nodes[node];
	const struct heartbeat_session session = {{++w->sessions, 0x5e}};

	heartbeat_peer_init(&n->peer, &session, w->interval_us, world_clock(w, node));
	n->running = true;
	n->tick_us = w->now_us;
	n->deadline_us = HEARTBEAT_NEVER;
	n->word = sample_word(51, state);
	n->word.interval_us = (uint32_t)w->interval_us;
	n->last_says = -1;
}

void world_kill(struct world *w, int node)
{
	w->nodes[node].running = false;
}

static void pass(struct world *w)
{
	for (size_t i = 0; i < WORLD_WIRE; i++)
		if (w->wire[i].used && w->now_us >= w->wire[i].at_us)
			arrive(w, &w->wire[i]);
	for (int i = 0; i < WORLD_NODES; i++) {
		struct world_node *n = &w->nodes[i];

		if (!n->running)
			continue;
		if (world_clock(w, i) >= n->deadline_us)
			step(w, i, (struct heartbeat_event){.type = HEARTBEAT_EVENT_TIMER});
		if (w->now_us >= n->tick_us) {
			n->tick_us += w->interval_us;
			world_send(w, i, 0);
		}
	}
}

/* In steps of a tenth of a millisecond: all that happens here takes longer. */
void world_until(struct world *w, uint64_t ms)
{
	for (; w->now_us < ms * 1000; w->now_us += 100)
		pass(w);
}

void world_silently(struct world *w)
{
	w->text[0] = '\0';
}

struct world world_begin(void)
{
	struct world w;

	world_init(&w, INTERVAL_MS, DELAY_US);
	world_start(&w, WORLD_A, HEARTBEAT_MASTER);
	world_start(&w, WORLD_B, HEARTBEAT_BACKUP);
	world_until(&w, 1000);
	world_silently(&w);
	return w;
}

const struct heartbeat_peer *world_seen_by(const struct world *w, int node)
{
	return &w->nodes[node].peer;
}

unsigned int world_rejected_by(const struct world *w, int node, enum heartbeat_reject r)
{
	return w->nodes[node].rejected[r];
}
