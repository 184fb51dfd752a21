/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/sync_twins.h"

#include <string.h>

enum {
	TROUBLE_MS = 120000,
	REST_MS = 60000,
	TICK_MS = 1,
	DOUBT_MS = 11100, /* a digest every 10 s, which is answered or missed after another one */
};

const char *sync_mutant_text(enum sync_mutant m)
{
	static const char *const texts[] = {
#define X(id, text) [SYNC_SIM_##id] = text,
		SYNC_MUTANT_LIST(X)
#undef X
	};

	return texts[m];
}

/* --- trouble ---------------------------------------------------------------------------------- */

static void reopen(struct twins *s)
{
	struct sync_event ev = {.type = SYNC_EVENT_OPEN};

	s->open = true;
	for (int i = 0; i < 2; i++) {
		struct twins_node *n = &s->nodes[i];

		n->n_queue = 0;
		twins_step(s, i, &ev);
	}
}

static void set_masters(struct twins *s, int who, unsigned int masters)
{
	struct sync_event ev = {.type = SYNC_EVENT_DOMAIN};
	struct twins_node *n = &s->nodes[who];

	if (n->masters == masters)
		return;
	n->masters = masters;
	if (s->mutant != SYNC_SIM_DOMAIN_UNSAID)
		twins_step(s, who, &ev);
}

static void change_entry(struct twins *s, int who)
{
	struct twins_node *n = &s->nodes[who];
	size_t key = twins_draw(s) % TWINS_KEYS;

	if (!twins_in_domains(n->masters, key))
		return;
	n->table[key] = (uint8_t)(twins_draw(s) % 4);
	twins_tell(s, who, key);
}

/* Somebody's hand in the kernel. */
static void tamper(struct twins *s, int who)
{
	struct twins_node *n = &s->nodes[who];
	size_t key = twins_draw(s) % TWINS_KEYS;

	n->table[key] = (uint8_t)(twins_draw(s) % 4);
	n = &s->nodes[twins_in_domains(n->masters, key) ? !who : who];
	n->tampered = true;
	n->tampered_us = s->now_us;
}

static void trouble(struct twins *s)
{
	int who = twins_draw(s) % 2;
	struct twins_node *n = &s->nodes[who];
	struct sync_event lost = {.type = SYNC_EVENT_LOST};

	switch (twins_draw(s) % 8) {
	case 0:
		if (s->open)
			twins_cut(s);
		return;
	case 1: n->reads = !n->reads; return;
	case 2: n->fails = !n->fails; return;
	case 3: set_masters(s, who, twins_draw(s) % (1u << TWINS_DOMAINS)); return;
	case 4: /* it starts anew, with nothing */
		memset(n->table, 0, TWINS_KEYS);
		n->sync.current_us = 0;
		if (s->open)
			twins_cut(s);
		return;
	case 5: twins_step(s, who, &lost); return;
	case 6: tamper(s, who); return;
	case 7:
		for (int i = 0; i < 40; i++)
			change_entry(s, who);
		return;
	}
}

static void end_trouble(struct twins *s)
{
	for (int i = 0; i < 2; i++) {
		s->nodes[i].reads = true;
		s->nodes[i].fails = false;
	}
	set_masters(s, 0, twins_draw(s) % (1u << TWINS_DOMAINS));
	set_masters(s, 1, ((1u << TWINS_DOMAINS) - 1) & ~s->nodes[0].masters);
}

/* --- what must be so -------------------------------------------------------------------------- */

static void judge_heard(struct twins *s, int who, const struct twins_message *m)
{
	const struct twins_node *n = &s->nodes[who];

	if (sync_in_is_current(&n->sync) && !n->tampered && m->heard.type != SYNC_SNAPSHOT &&
	    !twins_alike(n->table, m->told, n->theirs & ~n->masters))
		twins_wrong(s, who, "says that it holds what it was told, and does not");
}

static void judge(struct twins *s, int who)
{
	struct twins_node *n = &s->nodes[who];
	const struct twins_node *other = &s->nodes[!who];

	if (!sync_out_is_current(&n->sync) || sync_in_is_current(&other->sync))
		n->doubt_us = s->now_us;
	else if (s->now_us - n->doubt_us > DOUBT_MS * TWINS_MS)
		twins_wrong(s, who, "calls the other one its twin, which does not");
	if (n->sync.sent - n->sync.acked > SYNC_WINDOW)
		twins_wrong(s, who, "the window is exceeded");
	if (sync_out_is_current(&n->sync) && n->sync.sent == n->sync.acked && n->n_queue == 0 &&
	    sync_in_is_current(&other->sync) && !other->tampered &&
	    !twins_alike(n->table, other->table, n->masters & ~other->masters))
		twins_wrong(s, who,
			    "says that all was acknowledged, and the other one's tables differ");
}

static void judge_end(struct twins *s)
{
	for (int i = 0; i < 2; i++) {
		const struct twins_node *n = &s->nodes[i];

		if (!sync_in_is_current(&n->sync) || !sync_out_is_current(&n->sync))
			twins_wrong(s, i, "is not in sync when all is well");
		if (!twins_alike(n->table, s->nodes[!i].table, n->masters))
			twins_wrong(s, i, "the tables differ when all is well");
	}
}

/* --- the run ---------------------------------------------------------------------------------- */

static void deliver(struct twins *s, int who)
{
	struct twins_node *n = &s->nodes[who];

	while (s->open && n->reads && sync_hears(&n->sync) && n->n_wire &&
	       n->wire[n->first].due_us <= s->now_us) {
		struct twins_message m = n->wire[n->first];
		struct sync_event ev = {.type = SYNC_EVENT_HEARD, .heard = m.heard};

		n->first = (n->first + 1) % TWINS_WIRE;
		n->n_wire--;
		twins_step_with(s, who, &ev, &m);
		judge_heard(s, who, &m);
	}
}

static void tick(struct twins *s, bool restless)
{
	struct sync_event timer = {.type = SYNC_EVENT_TIMER};

	s->now_us += TICK_MS * TWINS_MS;
	if (!s->open && s->now_us >= s->reopen_us)
		reopen(s);
	for (int i = 0; i < 2; i++) {
		deliver(s, i);
		if (twins_once_in(s, 4))
			twins_work(s, i);
		if (s->now_us >= sync_deadline_us(&s->nodes[i].sync))
			twins_step(s, i, &timer);
		if (restless && twins_once_in(s, 20))
			change_entry(s, i);
		if (s->nodes[i].n_queue || s->nodes[i].sync.out == SYNC_OUT_STREAMING)
			twins_send_pieces(s, i);
		judge(s, i);
	}
	if (restless && twins_once_in(s, 1500))
		trouble(s);
}

const char *sync_sim(uint64_t seed, enum sync_mutant mutant, int trace, unsigned int *ret_taken)
{
	static struct twins s;
	static char text[160];

	s = (struct twins){
		.random = seed, .mutant = mutant, .trace = trace, .now_us = 1000 * TWINS_MS};
	for (int i = 0; i < 2; i++) {
		sync_init(&s.nodes[i].sync);
		s.nodes[i].reads = true;
	}
	s.nodes[0].masters = (1u << TWINS_DOMAINS) - 1;
	for (int t = 0; t < TROUBLE_MS && !s.wrong; t += TICK_MS)
		tick(&s, true);
	end_trouble(&s);
	for (int t = 0; t < REST_MS && !s.wrong; t += TICK_MS) {
		if (t == REST_MS / 3)
			tamper(&s, twins_draw(&s) % 2);
		tick(&s, false);
	}
	judge_end(&s);
	if (ret_taken)
		*ret_taken += s.taken;
	if (!s.wrong)
		return NULL;
	memcpy(text, s.text, sizeof(text));
	return text;
}
