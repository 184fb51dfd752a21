/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/transition_path.h"

#include <stdlib.h>
#include <string.h>

enum {
	CLOSING_MS = 50,
	GRACE_MS = 2 * TRANSITION_SETTLE_MS, /* a packet that came in time is looked up in time */
};

void path_init(struct path *p, uint32_t seed)
{
	struct generation empty = {.since_ms = 0, .size = PATH_BUCKETS};

	memset(empty.buckets, 0xff, sizeof(empty.buckets));
	memset(empty.home, 0xff, sizeof(empty.home));
	memset(empty.moved, 0xff, sizeof(empty.moved));
	p->random = seed * 0x9e3779b97f4a7c15u + 1;
	path_commit(p, &empty);
}

void path_close(struct path *p)
{
	free(p->generations);
	p->generations = NULL;
}

uint32_t path_dice(struct path *p, uint32_t n)
{
	p->random ^= p->random << 13;
	p->random ^= p->random >> 7;
	p->random ^= p->random << 17;
	return (uint32_t)((p->random >> 32) * n >> 32);
}

const struct generation *path_current(const struct path *p)
{
	return &p->generations[p->n_generations - 1];
}

void path_commit(struct path *p, const struct generation *g)
{
	if (p->n_generations == p->room) {
		p->room = p->room ? p->room * 2 : 64;
		p->generations = realloc(p->generations, p->room * sizeof(*p->generations));
		if (!p->generations)
			abort();
	}
	p->generations[p->n_generations++] = *g;
	if (!g->flows) {
		memset(p->half_open, 0, sizeof(p->half_open));
		memset(p->flows, 0, sizeof(p->flows));
	}
}

/* --- flow maps -------------------------------------------------------------------------------- */

static bool is_there(const struct remembered *r, uint64_t now_ms)
{
	return r->until_ms > now_ms;
}

static uint64_t count(const struct remembered *map, uint64_t now_ms)
{
	uint64_t n = 0;

	for (size_t i = 0; i < PATH_FLOWS; i++)
		n += is_there(&map[i], now_ms);
	return n;
}

uint64_t path_remembered(const struct path *p)
{
	return count(p->half_open, p->now_ms) + count(p->flows, p->now_ms);
}

bool path_has_flow(const struct path *p, size_t flow, uint64_t now_ms)
{
	const bool *alive = path_current(p)->alive;

	return (is_there(&p->half_open[flow], now_ms) && alive[p->half_open[flow].backend]) ||
	       (is_there(&p->flows[flow], now_ms) && alive[p->flows[flow].backend]);
}

void path_close_flow(struct path *p, size_t flow, uint64_t now_ms)
{
	if (is_there(&p->flows[flow], now_ms))
		p->flows[flow].until_ms = now_ms + CLOSING_MS;
}

static void remember(struct path *p, const struct walk *w, struct remembered *map, uint16_t backend,
		     uint64_t for_ms)
{
	if (!w->probe && path_current(p)->flows)
		map[w->flow] = (struct remembered){backend, w->now_ms + for_ms + GRACE_MS};
}

static void remember_flow(struct path *p, const struct walk *w, uint16_t backend)
{
	remember(p, w, p->flows, backend, w->udp ? PATH_UDP_MS : PATH_TCP_MS);
}

static bool remember_half_open(struct path *p, const struct walk *w, uint16_t backend)
{
	if (count(p->half_open, w->now_ms) >= p->half_open_max)
		return false;
	remember(p, w, p->half_open, backend, PATH_HALF_OPEN_MS);
	return true;
}

/* --- the rules -------------------------------------------------------------------------------- */

/* The generation that the next lookup sees. */
static const struct generation *look(struct path *p, struct walk *w)
{
	size_t current = p->n_generations - 1;

	if (w->probe)
		w->seen = w->lookups >= w->cut ? current : current - 1;
	else
		w->seen += path_dice(p, (uint32_t)(current - w->seen) + 1);
	w->lookups++;
	return &p->generations[w->seen];
}

/* Which of a generation's three maps. */
typedef const uint16_t *map_of(const struct generation *g);

static const uint16_t *buckets_of(const struct generation *g)
{
	return g->buckets;
}

static const uint16_t *home_of(const struct generation *g)
{
	return g->home;
}

static const uint16_t *moved_of(const struct generation *g)
{
	return g->moved;
}

/*
 * What the rules find in one of their maps. Where the next generation has maps of another size, those
 * of the rules stay as they were.
 */
static uint16_t look_up(struct path *p, struct walk *w, map_of *map, enum sim_mutant mutant)
{
	const struct generation *rules = &p->generations[w->rules], *g = look(p, w);

	if (g->size != rules->size && mutant == SIM_TABLE_MADE_ANEW)
		return BUCKET_NONE;
	while (g->size != rules->size)
		g--;
	return map(g)[w->hash * g->size / PATH_BUCKETS_MAX];
}

static uint16_t known_flow(struct path *p, struct walk *w, enum sim_mutant mutant)
{
	struct remembered *half = &p->half_open[w->flow], *full = &p->flows[w->flow];
	bool asks_half = mutant != SIM_HALF_OPEN_NOT_ASKED ||
			 p->generations[w->rules].rules == TRANSITION_RULES_MOVING;
	struct remembered *r = is_there(full, w->now_ms)		? full
			       : asks_half && is_there(half, w->now_ms) ? half
									: NULL;
	uint16_t backend;

	if (!r)
		return BUCKET_NONE;
	backend = r->backend;
	if (!look(p, w)->alive[backend]) {
		if (mutant != SIM_KEEP_DEAD_FLOWS && !w->probe)
			r->until_ms = 0;
		return BUCKET_NONE;
	}
	w->remembered = true;
	if (!w->syn && !w->probe) {
		half->until_ms = 0;
		remember_flow(p, w, backend);
	}
	return backend;
}

static uint16_t moving_syn(struct path *p, struct walk *w, enum sim_mutant mutant)
{
	uint16_t to = look_up(p, w, moved_of, mutant);

	if (to == BUCKET_NONE || remember_half_open(p, w, to))
		return to;
	w->overflowed = true;
	return look_up(p, w, home_of, mutant);
}

static uint16_t moving_other(struct path *p, struct walk *w, enum sim_mutant mutant)
{
	bool learned = w->udp && p->generations[w->rules].udp_learned;
	uint16_t to = look_up(p, w, learned ? moved_of : home_of, mutant);

	if (to != BUCKET_NONE && !(learned && mutant == SIM_UDP_NOT_REMEMBERED))
		remember_flow(p, w, to);
	return to;
}

uint16_t path_forward(struct path *p, struct walk *w, enum sim_mutant mutant)
{
	enum transition_rules rules = p->generations[w->rules].rules;
	uint16_t to = BUCKET_NONE;

	if (w->probe)
		w->now_ms = p->now_ms;
	else
		p->now_ms = w->now_ms;
	if (rules != TRANSITION_RULES_HASH)
		to = known_flow(p, w, mutant);
	if (to == BUCKET_NONE && rules == TRANSITION_RULES_MOVING)
		to = w->syn && mutant != SIM_SYN_GOES_HOME ? moving_syn(p, w, mutant)
							   : moving_other(p, w, mutant);
	if (to == BUCKET_NONE)
		to = look_up(p, w, buckets_of, mutant);
	return to;
}
