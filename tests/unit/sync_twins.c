/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/sync_twins.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* --- chance (splitmix64) ---------------------------------------------------------------------- */

uint64_t twins_draw(struct twins *s)
{
	uint64_t z = s->random += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

bool twins_once_in(struct twins *s, uint64_t n)
{
	return twins_draw(s) % n == 0;
}

void twins_wrong(struct twins *s, int who, const char *what)
{
	if (s->wrong)
		return;
	snprintf(s->text, sizeof(s->text), "%" PRIu64 " ms, node %c: %s", s->now_us / TWINS_MS,
		 'a' + who, what);
	s->wrong = s->text;
}

/* --- tables ----------------------------------------------------------------------------------- */

bool twins_in_domains(unsigned int domains, size_t key)
{
	return domains & 1u << key % TWINS_DOMAINS;
}

static uint64_t sum(const uint8_t table[static TWINS_KEYS], unsigned int domains)
{
	uint64_t total = 0;

	for (size_t k = 0; k < TWINS_KEYS; k++)
		if (twins_in_domains(domains, k) && table[k])
			total += (k + 1) * 0x9e3779b97f4a7c15 ^ table[k] * 0xbf58476d1ce4e5b9;
	return total;
}

bool twins_alike(const uint8_t a[static TWINS_KEYS], const uint8_t b[static TWINS_KEYS],
		 unsigned int domains)
{
	for (size_t k = 0; k < TWINS_KEYS; k++)
		if (twins_in_domains(domains, k) && a[k] != b[k])
			return false;
	return true;
}

/* --- the wire --------------------------------------------------------------------------------- */

static void send(struct twins *s, int from, struct twins_message *m)
{
	struct twins_node *to = &s->nodes[!from];
	uint64_t before_us = s->now_us;

	if (!s->open)
		return;
	if (to->n_wire == TWINS_WIRE) {
		twins_wrong(s, from, "sends without bounds");
		return;
	}
	if (to->n_wire)
		before_us = to->wire[(to->first + to->n_wire - 1) % TWINS_WIRE].due_us;
	memcpy(m->told, s->nodes[from].told, TWINS_KEYS);
	m->sent_us = s->now_us;
	m->due_us = s->now_us + twins_draw(s) % (5 * TWINS_MS);
	if (m->due_us < before_us)
		m->due_us = before_us;
	to->wire[(to->first + to->n_wire++) % TWINS_WIRE] = *m;
}

void twins_cut(struct twins *s)
{
	struct sync_event ev = {.type = SYNC_EVENT_CLOSED};

	s->open = false;
	s->reopen_us = s->now_us + (1 + twins_draw(s) % 3000) * TWINS_MS;
	for (int i = 0; i < 2; i++) {
		s->nodes[i].n_wire = 0;
		twins_step(s, i, &ev);
	}
}

/* --- out -------------------------------------------------------------------------------------- */

void twins_tell(struct twins *s, int who, size_t key)
{
	struct twins_node *n = &s->nodes[who];
	struct sync_event ev = {.type = SYNC_EVENT_LOST};

	if (!twins_in_domains(n->masters, key) || n->sync.out <= SYNC_OUT_GREETING)
		return;
	if (s->mutant == SYNC_SIM_DELETIONS_UNSAID && !n->table[key])
		return;
	if (n->n_queue == TWINS_QUEUE) {
		n->n_queue = 0;
		if (s->mutant != SYNC_SIM_LOSS_UNSAID)
			twins_step(s, who, &ev);
		return;
	}
	n->queue[n->n_queue++] = (struct twins_entry){(uint8_t)key, n->table[key]};
}

static bool send_entries(struct twins *s, int who, struct twins_message *m)
{
	struct twins_node *n = &s->nodes[who];
	uint64_t number = sync_number(&n->sync, (uint32_t)m->n, s->now_us, s->now_us);

	if (number == 0)
		return false;
	m->heard.type = SYNC_FLOWS;
	m->heard.sequence = number;
	for (size_t i = 0; i < m->n; i++)
		n->told[m->entries[i].key] = m->entries[i].owner;
	send(s, who, m);
	return true;
}

/* False: no room. */
static bool send_news(struct twins *s, int who)
{
	struct twins_node *n = &s->nodes[who];

	while (n->n_queue && sync_room(&n->sync)) {
		struct twins_message m = {.n = n->n_queue < TWINS_BATCH ? n->n_queue : TWINS_BATCH};

		memcpy(m.entries, n->queue, m.n * sizeof(m.entries[0]));
		if (!send_entries(s, who, &m))
			return false;
		n->n_queue -= m.n;
		memmove(n->queue, n->queue + m.n, n->n_queue * sizeof(n->queue[0]));
	}
	return n->n_queue == 0;
}

/* News go first, so that a piece of the snapshot is never older than what was told before it. */
void twins_send_pieces(struct twins *s, int who)
{
	struct twins_node *n = &s->nodes[who];
	struct sync_event ev = {.type = SYNC_EVENT_STREAMED};

	if (!send_news(s, who))
		return;
	while (n->sync.out == SYNC_OUT_STREAMING && n->cursor < TWINS_KEYS && sync_room(&n->sync)) {
		struct twins_message m = {0};

		for (; n->cursor < TWINS_KEYS && m.n < TWINS_BATCH; n->cursor++)
			if (twins_in_domains(n->masters, n->cursor) && n->table[n->cursor])
				m.entries[m.n++] = (struct twins_entry){(uint8_t)n->cursor,
									n->table[n->cursor]};
		if (s->mutant == SYNC_SIM_SNAPSHOT_SHORT && n->cursor == TWINS_KEYS)
			break;
		if (m.n && !send_entries(s, who, &m))
			return;
		if (twins_once_in(s, 3))
			return; /* the loop has other work */
	}
	if (n->sync.out == SYNC_OUT_STREAMING && n->cursor == TWINS_KEYS)
		twins_step(s, who, &ev);
}

static void send_snapshot(struct twins *s, int who, const struct sync_update *u)
{
	struct twins_node *n = &s->nodes[who];
	struct twins_message m = {.heard = {.type = SYNC_SNAPSHOT,
					    .step = u->step,
					    .snapshot = u->snapshot,
					    .sequence = u->sequence}};

	if (u->step == SYNC_SNAPSHOT_BEGIN) {
		n->cursor = 0;
		n->n_queue = 0; /* the snapshot holds it */
		m.domains = n->masters;
		/* The sweep at its end takes what the snapshot does not hold. */
		memset(n->told, 0, TWINS_KEYS);
	}
	send(s, who, &m);
}

static void send_digest(struct twins *s, int who)
{
	struct twins_node *n = &s->nodes[who];
	struct twins_message m = {.heard = {.type = SYNC_DIGEST}};

	send_news(s, who);
	if (n->n_queue)
		return;
	m.heard.sequence = n->sync.sent;
	m.domains = n->masters;
	m.digest = sum(n->table, n->masters);
	send(s, who, &m);
}

/* --- in --------------------------------------------------------------------------------------- */

static bool apply(struct twins *s, int who, const struct twins_message *m)
{
	struct twins_node *n = &s->nodes[who];

	if (n->fails && m->n)
		return false;
	for (size_t i = 0; i < m->n; i++) {
		size_t key = m->entries[i].key;

		n->marked[key] = true;
		if (!twins_in_domains(n->masters, key))
			n->table[key] = m->entries[i].owner;
	}
	return true;
}

static void sweep(struct twins *s, int who)
{
	struct twins_node *n = &s->nodes[who];

	if (s->mutant == SYNC_SIM_SWEEP_ALL)
		for (size_t i = 0; i < TWINS_KEYS; i += 3)
			n->marked[i] = false;
	s->taken++;
	n->tampered &= n->filled_us <= n->tampered_us;
	for (size_t k = 0; k < TWINS_KEYS && s->mutant != SYNC_SIM_NO_SWEEP; k++)
		if (!n->marked[k] && twins_in_domains(n->theirs & ~n->masters, k))
			n->table[k] = 0;
}

static void follow(struct twins *s, int who, const struct sync_update *u,
		   const struct twins_message *m)
{
	struct twins_node *n = &s->nodes[who];
	struct sync_event ev = {0};

	if (u->flags & SYNC_APPLY) {
		bool good = apply(s, who, m);

		ev.type = good || s->mutant == SYNC_SIM_FAILURE_IGNORED ? SYNC_EVENT_APPLIED
									: SYNC_EVENT_FAILED;
		if (s->mutant == SYNC_SIM_ACK_BEFORE && twins_once_in(s, 8) && m->n)
			n->table[m->entries[0].key] = 0; /* and then it was lost */
		twins_step(s, who, &ev);
	}
	if (u->flags & SYNC_MARK) {
		memset(n->marked, 0, sizeof(n->marked));
		n->theirs = m->domains;
		n->filled_us = m->sent_us;
	}
	if (u->flags & SYNC_COMPARE) {
		ev = (struct sync_event){.type = SYNC_EVENT_COMPARED,
					 .equal = m->domains & n->masters ||
						  sum(n->table, m->domains) == m->digest ||
						  s->mutant == SYNC_SIM_DIGEST_IGNORED};
		twins_step(s, who, &ev);
	}
	if (u->flags & SYNC_SEND_HELLO)
		send(s, who, &(struct twins_message){.heard = {.type = SYNC_HELLO}});
	if (u->flags & SYNC_SEND_ACK)
		send(s, who,
		     &(struct twins_message){.heard = {.type = SYNC_ACK,
						       .sequence = u->acknowledge,
						       .current = u->current}});
	if (u->flags & SYNC_SEND_SNAPSHOT)
		send_snapshot(s, who, u);
	if (u->flags & SYNC_SEND_DIGEST)
		send_digest(s, who);
	if (u->flags & SYNC_STREAM)
		twins_send_pieces(s, who);
	if (u->flags & SYNC_CLOSE && s->open) {
		if (u->end != SYNC_END_UNACKNOWLEDGED && u->end != SYNC_END_SILENT)
			twins_wrong(s, who, sync_end_text(u->end));
		twins_cut(s);
	}
}

void twins_step_with(struct twins *s, int who, struct sync_event *ev, const struct twins_message *m)
{
	struct twins_node *n = &s->nodes[who];
	struct sync_update u;

	ev->now_us = s->now_us;
	u = sync_step(&n->sync, ev);
	if (s->trace && u.flags & SYNC_CHANGED)
		printf("[%7" PRIu64 "] %c out %s%s, in %s\n", s->now_us / TWINS_MS, 'a' + who,
		       sync_out_name(n->sync.out), n->sync.stale ? " (stale)" : "",
		       sync_in_name(n->sync.in));
	follow(s, who, &u, m);
}

void twins_work(struct twins *s, int who)
{
	const struct sync *sync = &s->nodes[who].sync;
	struct sync_event ev = {.type = SYNC_EVENT_MARKED};

	if (sync->in != SYNC_IN_MARKING && sync->in != SYNC_IN_SWEEPING)
		return;
	if (sync->in == SYNC_IN_SWEEPING) {
		sweep(s, who);
		ev.type = SYNC_EVENT_SWEPT;
	}
	twins_step(s, who, &ev);
}

void twins_step(struct twins *s, int who, struct sync_event *ev)
{
	twins_step_with(s, who, ev, NULL);
}
