/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The driver of the simulation; its flows are in transition_flows.c. */
#include "tests/unit/transition_sim.h"

#include "tests/unit/transition_flows.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	RUN_MS = 25000,
};

static const char *const mutant_names[] = {
#define X(id, text) [SIM_##id] = text,
	SIM_MUTANT_LIST(X)
#undef X
};

const char *sim_mutant_name(enum sim_mutant mutant)
{
	return mutant_names[mutant];
}

static const char *const counter_names[] = {
#define X(id, text) [SIM_COUNT_##id] = text,
	SIM_COUNTER_LIST(X)
#undef X
};

const char *sim_counter_name(enum sim_counter counter)
{
	return counter_names[counter];
}

uint32_t sim_dice(struct sim *s, uint32_t n)
{
	return path_dice(&s->path, n);
}

void sim_fail(struct sim *s, const char *format, ...)
{
	va_list args;
	int n;

	if (s->r.failures++)
		return;
	n = snprintf(s->r.first, sizeof(s->r.first), "[%6llu] %s: ", (unsigned long long)s->now_ms,
		     transition_phase_name(s->t.phase));
	va_start(args, format);
	vsnprintf(s->r.first + n, sizeof(s->r.first) - (size_t)n, format, args);
	va_end(args);
}

/* --- the plan --------------------------------------------------------------------------------- */

static uint32_t mix(uint32_t x)
{
	x = (x ^ x >> 16) * 0x7feb352d;
	x = (x ^ x >> 15) * 0x846ca68b;
	return x ^ x >> 16;
}

/* Highest hash of those that serve; a salt stands for a weight. In the daemon's indexes. */
static void plan(const struct sim *s, uint16_t *table, bool *alive)
{
	for (size_t i = 0; i < s->n_order; i++)
		alive[i] = s->backends[s->order[i]] != BACKEND_DEAD;
	for (uint32_t b = 0; b < s->wanted; b++) {
		uint32_t best = 0;

		table[b] = BUCKET_NONE;
		for (uint16_t i = 0; i < s->n_order; i++) {
			uint16_t id = s->order[i];
			uint32_t score =
				mix(b * 64 + id * 7919u + s->salts[id] + s->wanted * 977) | 1;

			if (s->backends[id] == BACKEND_UP && score > best) {
				best = score;
				table[b] = i;
			}
		}
	}
}

static void tell(struct sim *s, uint16_t id, enum backend_state state)
{
	bool served = false;

	if (state == BACKEND_DEAD && s->backends[id] != BACKEND_DEAD)
		s->epochs[id]++;
	s->backends[id] = state;
	s->told_ms[id] = s->now_ms;
	for (size_t i = 0; i < s->n_order; i++)
		served |= s->backends[s->order[i]] == BACKEND_UP;
	if (!served && s->served_ms != PATH_NEVER)
		s->unserved_ms = s->now_ms;
	if (!served)
		s->served_ms = PATH_NEVER;
	else if (s->served_ms == PATH_NEVER)
		s->served_ms = s->now_ms;
}

/* --- the daemon ------------------------------------------------------------------------------- */

static uint16_t identity(const struct sim *s, uint16_t index)
{
	return index < s->n_order ? s->order[index] : BUCKET_NONE;
}

static void take_generation(const struct sim *s, struct generation *g)
{
	struct transition_shape shape = transition_shape(s->t.phase);

	*g = (struct generation){.since_ms = s->now_ms,
				 .rules = shape.rules,
				 .udp_learned = s->t.udp_learned,
				 .flows = shape.flows,
				 .size = s->t.size};
	for (uint32_t b = 0; b < g->size; b++) {
		g->buckets[b] = identity(s, s->t.buckets[b]);
		g->home[b] = shape.maps ? identity(s, s->t.home[b]) : BUCKET_NONE;
		g->moved[b] = shape.maps ? identity(s, s->t.moved[b]) : BUCKET_NONE;
		if (s->t.phase != TRANSITION_MOVING || g->home[b] == BUCKET_NONE)
			continue;
		if (s->mutant == SIM_SWITCH_FIRST ||
		    (s->mutant == SIM_REFUSE_AT_ONCE && g->moved[b] == BUCKET_NONE))
			g->buckets[b] = g->moved[b];
	}
	g->maps = shape.maps;
	for (size_t i = 0; i < s->n_order; i++)
		g->alive[s->order[i]] = s->backends[s->order[i]] != BACKEND_DEAD;
}

static void commit(struct sim *s, const struct transition_update *u)
{
	struct generation g;
	const struct generation *last = path_current(&s->path);
	bool rules, tables;

	take_generation(s, &g);
	rules = g.rules != last->rules || g.udp_learned != last->udp_learned ||
		g.size != last->size;
	tables = g.maps != last->maps || g.flows != last->flows ||
		 memcmp(g.buckets, last->buckets, sizeof(g.buckets)) != 0 ||
		 memcmp(g.home, last->home, sizeof(g.home)) != 0 ||
		 memcmp(g.moved, last->moved, sizeof(g.moved)) != 0;
	if (s->mutant == SIM_NONE &&
	    ((rules && !u->rules_changed) || (tables && !u->tables_changed)))
		sim_fail(s, "the update conceals a change");
	if (!rules && !tables && memcmp(g.alive, last->alive, sizeof(g.alive)) == 0)
		return;
	path_commit(&s->path, &g);
	s->r.counters[SIM_COUNT_COMMITS]++;
	flows_probe(s);
}

static void count(struct sim *s, const struct transition_update *u)
{
	static const enum sim_counter entered[] = {
		[TRANSITION_STEADY] = SIM_COUNT_STEADY,
		[TRANSITION_MOVING] = SIM_COUNT_MOVING,
		[TRANSITION_SWITCHED] = SIM_COUNT_SWITCHED,
		[TRANSITION_SETTLING] = SIM_COUNT_SETTLING,
		[TRANSITION_EXCEPTIONS] = SIM_COUNT_EXCEPTIONS,
		[TRANSITION_FORGETTING] = SIM_COUNT_FORGETTING,
	};

	if (u->phase_changed)
		s->r.counters[entered[s->t.phase]]++;
	s->r.counters[SIM_COUNT_JOINED] += u->joined;
	s->r.counters[SIM_COUNT_RETARGETED] += u->retargeted;
	s->r.counters[SIM_COUNT_STOPPED] += u->stopped;
	s->r.counters[SIM_COUNT_ORPHANED] += u->orphaned;
	s->r.counters[SIM_COUNT_SHRANK] += u->resized > s->t.size;
	s->r.counters[SIM_COUNT_WAITED] += s->t.size > s->wanted;
}

static struct transition_update step_at(struct sim *s, uint64_t now_ms)
{
	uint16_t table[PATH_BUCKETS_MAX], owners[2][PATH_BUCKETS_MAX];
	bool alive[PATH_BACKENDS], all[PATH_BACKENDS];
	struct transition before = s->t;
	struct transition_event ev = {
		.now_ms = now_ms,
		.table = table,
		.size = s->wanted,
		.alive = alive,
		.n_backends = s->n_order,
		.remembered = sim_dice(s, 3) ? path_remembered(&s->path) : TRANSITION_UNKNOWN,
		.tcp_ms = s->has_tcp ? PATH_TCP_MS : 0,
		.udp_ms = s->has_udp ? PATH_UDP_MS : 0,
	};
	struct transition_update u;

	plan(s, table, alive);
	memset(all, true, sizeof(all));
	if (s->mutant == SIM_DEATH_WAITS && s->t.phase != TRANSITION_STEADY)
		ev.alive = all;
	if (s->mutant == SIM_SHORT_MOVING)
		ev.tcp_ms /= 2;
	if (s->mutant == SIM_UDP_SHORT)
		ev.udp_ms /= 2;
	if (s->mutant == SIM_FORGET_EARLY)
		ev.remembered = 0;
	memcpy(owners[0], s->t.home, s->t.size * sizeof(*table));
	memcpy(owners[1], s->t.moved, s->t.size * sizeof(*table));
	before.home = owners[0];
	before.moved = owners[1];
	u = transition_step(&s->t, &ev);
	count(s, &u);
	s->r.counters[SIM_COUNT_LEARNED] += s->t.udp_learned && !before.udp_learned;
	sim_spoil(s, &before, table);
	return u;
}

/* A second step at once, as if the time of settling had passed. */
static struct transition_update step_again(struct sim *s)
{
	struct transition_update u = step_at(s, s->now_ms + TRANSITION_SETTLE_MS);

	s->t.since_ms = s->now_ms;
	return u;
}

/* --- the number of buckets -------------------------------------------------------------------- */

static void count_growth(struct sim *s)
{
	static const enum sim_counter grew[] = {
		[TRANSITION_STEADY] = SIM_COUNT_GREW_STEADY,
		[TRANSITION_MOVING] = SIM_COUNT_GREW_MOVING,
		[TRANSITION_SWITCHED] = SIM_COUNT_GREW_SWITCHED,
		[TRANSITION_SETTLING] = SIM_COUNT_GREW_SETTLING,
		[TRANSITION_EXCEPTIONS] = SIM_COUNT_GREW_EXCEPTIONS,
		[TRANSITION_FORGETTING] = SIM_COUNT_GREW_FORGETTING,
	};

	s->r.counters[grew[s->t.phase]]++;
}

static void want_another_size(struct sim *s)
{
	s->wanted = (uint32_t)PATH_BUCKETS << sim_dice(s, 3);
}

static void fit(struct sim *s)
{
	if (s->t.size >= s->wanted)
		return;
	count_growth(s);
	if (s->mutant == SIM_GROW_ANEW)
		transition_close(&s->t);
	if (s->mutant == SIM_GROW_ANEW ? transition_init(&s->t, s->wanted) < 0
				       : transition_grow(&s->t, s->wanted) < 0)
		abort();
	if (s->mutant == SIM_GROW_BUCKETS_ONLY) {
		memset(s->t.home, 0xff, s->wanted * sizeof(*s->t.home));
		memset(s->t.moved, 0xff, s->wanted * sizeof(*s->t.moved));
		s->t.moving = 0;
	}
}

/* --- starts and stops ------------------------------------------------------------------------- */

/* Orders take effect only later. */
static void be_patient(struct sim *s, uint64_t from_ms)
{
	for (size_t i = 0; i < PATH_BACKENDS; i++)
		s->told_ms[i] = from_ms;
	if (s->served_ms != PATH_NEVER)
		s->served_ms = from_ms;
}

static void stop_daemon(struct sim *s)
{
	s->r.counters[SIM_COUNT_RESTARTS]++;
	s->is_committing = false;
	transition_close(&s->t);
	s->down_until_ms = s->now_ms + TRANSITION_SETTLE_MS + sim_dice(s, 500);
	be_patient(s, s->down_until_ms);
}

/* The transaction is in the kernel. */
static void finish_commit(struct sim *s)
{
	s->is_committing = false;
	commit(s, &s->update);
	if (s->acknowledges)
		transition_committed(&s->t, s->now_ms);
	if ((s->mutant == SIM_NO_SWITCHED_DWELL && s->t.phase == TRANSITION_SWITCHED) ||
	    (s->mutant == SIM_NO_SETTLING_DWELL && s->t.phase == TRANSITION_SETTLING)) {
		s->update = step_again(s);
		commit(s, &s->update);
	}
	if (s->t.phase == TRANSITION_SETTLING && sim_dice(s, 8) == 0) {
		stop_daemon(s); /* where it hurts most */
		return;
	}
	if (s->t.phase != TRANSITION_MOVING &&
	    sim_dice(s, s->t.phase == TRANSITION_FORGETTING ? 2 : 6) == 0) {
		s->resizes = true; /* here, too */
		s->change_ms = s->now_ms + sim_dice(s, TRANSITION_SETTLE_MS);
	}
	s->step_ms = transition_next_ms(&s->t);
	/* Nobody comes on time; remembered flows are counted now and then. */
	if (s->step_ms != TRANSITION_NEVER)
		s->step_ms += sim_dice(s, 2) ? sim_dice(s, 30) : 0;
	if (s->t.phase == TRANSITION_EXCEPTIONS && s->step_ms > s->now_ms + 200)
		s->step_ms = s->now_ms + 200;
}

static void step(struct sim *s)
{
	uint32_t slowest_ms = s->acknowledges ? 150 : TRANSITION_SETTLE_MS - s->flight_ms;

	s->update = step_at(s, s->now_ms);
	if (s->mutant == SIM_JOIN_WHEN_LEARNED && s->t.relearns)
		s->update = step_again(s);
	if (s->update.next_ms <= s->now_ms)
		sim_fail(s, "the deadline has passed already");
	s->is_committing = true;
	s->commit_ms = s->now_ms + (sim_dice(s, 3) ? sim_dice(s, 4) : sim_dice(s, slowest_ms));
	if (s->commit_ms == s->now_ms)
		finish_commit(s);
}

static void start_daemon(struct sim *s)
{
	const struct generation *g = path_current(&s->path);
	uint16_t owners[3][PATH_BUCKETS_MAX];

	for (uint32_t b = 0; b < g->size; b++)
		for (size_t m = 0; m < 3; m++) {
			uint16_t id = (m == 0 ? g->buckets : m == 1 ? g->home : g->moved)[b];

			owners[m][b] = BUCKET_NONE;
			for (uint16_t i = 0; i < s->n_order; i++)
				if (s->order[i] == id)
					owners[m][b] = i;
		}
	if (transition_init(&s->t, g->size) < 0)
		abort();
	if (sim_dice(s, 4) == 0)
		want_another_size(s);
	s->r.counters[SIM_COUNT_ADOPTED_OTHER] += s->wanted != g->size;
	transition_adopt(&s->t, owners[0], g->maps ? owners[1] : NULL, g->maps ? owners[2] : NULL,
			 g->flows, s->now_ms);
	if (s->mutant == SIM_ADOPT_BACKWARDS && s->t.moving)
		s->t.phase = TRANSITION_MOVING;
	if (s->mutant == SIM_ADOPT_SHORT && s->t.phase == TRANSITION_MOVING)
		s->t.since_ms = 0;
	fit(s);
	be_patient(s, s->now_ms);
	step(s);
}

/* Another order of the backends; one may have gone, one may have come. */
static void reload(struct sim *s)
{
	uint16_t old[PATH_BACKENDS], map[PATH_BACKENDS];
	size_t n_old = s->n_order;

	memcpy(old, s->order, sizeof(old));
	if (s->n_order > 2 && sim_dice(s, 3) == 0)
		tell(s, s->order[--s->n_order], BACKEND_DEAD);
	for (uint16_t id = 0; id < PATH_BACKENDS && sim_dice(s, 2); id++) {
		bool known = false;

		for (size_t i = 0; i < n_old; i++)
			known |= old[i] == id;
		if (!known) {
			s->order[s->n_order++] = id;
			tell(s, id, BACKEND_UP);
			break;
		}
	}
	for (size_t i = s->n_order; i-- > 1;) {
		size_t j = sim_dice(s, (uint32_t)i + 1);
		uint16_t other = s->order[j];

		s->order[j] = s->order[i];
		s->order[i] = other;
	}
	for (size_t i = 0; i < n_old; i++) {
		map[i] = BUCKET_NONE;
		for (uint16_t j = 0; j < s->n_order; j++)
			if (s->order[j] == old[i])
				map[i] = j;
	}
	s->r.counters[SIM_COUNT_RELOADS]++;
	if (s->mutant != SIM_RENUMBER_NOT)
		transition_renumber(&s->t, map, n_old);
	if (s->resizes || sim_dice(s, 2))
		want_another_size(s);
	s->resizes = false;
	fit(s);
}

static void change(struct sim *s)
{
	uint16_t id = s->order[sim_dice(s, (uint32_t)s->n_order)];

	switch (s->resizes ? 12 : sim_dice(s, 16)) {
	case 0:
	case 1:
	case 2: tell(s, id, BACKEND_DRAINING); break;
	case 3:
	case 4: tell(s, id, BACKEND_DEAD); break;
	case 5:
	case 6:
	case 7:
	case 8:
	case 9: tell(s, id, BACKEND_UP); break;
	case 10:
		for (size_t i = 0; sim_dice(s, 4) == 0 && i < s->n_order; i++)
			tell(s, s->order[i], sim_dice(s, 3) ? BACKEND_DRAINING : BACKEND_DEAD);
		break;
	case 11: stop_daemon(s); return;
	case 12: reload(s); break;
	default: s->salts[id] = sim_dice(s, UINT32_MAX); break;
	}
	step(s);
}

/* --- a run ------------------------------------------------------------------------------------ */

static void begin(struct sim *s, uint32_t seed, enum sim_mutant mutant)
{
	static const uint32_t paces[] = {60, 400, 1500, 4000};

	s->mutant = mutant;
	path_init(&s->path, seed);
	s->wanted = PATH_BUCKETS;
	if (transition_init(&s->t, s->wanted) < 0)
		abort();
	s->has_udp = seed % 3 != 0;
	s->has_tcp = seed % 7 != 1 || !s->has_udp;
	s->change_every_ms = paces[sim_dice(s, 4)];
	s->acknowledges = sim_dice(s, 2);
	s->flight_ms = s->acknowledges ? TRANSITION_SETTLE_MS : TRANSITION_SETTLE_MS / 2;
	s->path.half_open_max = sim_dice(s, 3) ? PATH_FLOWS : sim_dice(s, 2) * 3;
	s->served_ms = PATH_NEVER;
	s->n_order = 4;
	for (uint16_t i = 0; i < s->n_order; i++) {
		s->order[i] = i;
		s->salts[i] = sim_dice(s, UINT32_MAX);
		tell(s, i, BACKEND_UP);
	}
	for (size_t i = 0; i < PATH_FLOWS; i++)
		s->flows[i].next_ms = 1 + sim_dice(s, 1000);
	s->change_ms = 500;
	step(s);
}

struct sim_result sim_run(uint32_t seed, enum sim_mutant mutant)
{
	struct sim *s = calloc(1, sizeof(*s));
	struct sim_result result;

	if (!s)
		abort();
	begin(s, seed, mutant);
	for (; s->now_ms < RUN_MS && s->r.failures == 0; s->now_ms++) {
		if (s->down_until_ms) {
			if (s->now_ms >= s->down_until_ms) {
				s->down_until_ms = 0;
				start_daemon(s);
			}
		} else if (s->is_committing) {
			if (s->now_ms >= s->commit_ms)
				finish_commit(s);
		} else if (s->now_ms >= s->change_ms) {
			s->change_ms = s->now_ms + 1 + sim_dice(s, s->change_every_ms * 2);
			change(s);
		} else if (s->now_ms >= s->step_ms) {
			step(s);
		}
		flows_run(s);
	}
	transition_close(&s->t);
	path_close(&s->path);
	result = s->r;
	free(s);
	return result;
}
