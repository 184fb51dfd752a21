/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The driver of the simulation and its flows; the packet path is transition_path.c. */
#include "tests/unit/transition_sim.h"

#include "tests/unit/transition_path.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	RUN_MS = 25000,
	RTT_MS = 60,
	NEAR_MS = 6, /* how near a silent flow comes to its timeout */
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

enum backend_state { BACKEND_UP, BACKEND_DRAINING, BACKEND_DEAD };

enum flow_state { FLOW_NONE, FLOW_FIRST, FLOW_OPEN };

struct flow {
	enum flow_state state;
	bool udp, in_flight, answered, overflowed;
	uint16_t bucket, backend;
	unsigned int epoch; /* of the backend, when the flow began */
	unsigned int left;  /* packets to send */
	size_t arrived;	    /* generation of the packet in flight */
	uint64_t arrival_ms, next_ms;
};

struct sim {
	struct path path; /* the kernel */
	struct transition t;
	enum sim_mutant mutant;
	struct sim_result r;
	uint64_t now_ms, change_ms, step_ms, down_until_ms;
	uint32_t change_every_ms;
	bool has_tcp, has_udp;
	struct flow flows[PATH_FLOWS];
	/* Backends by identity; the daemon's indexes are the places in order[]. */
	enum backend_state backends[PATH_BACKENDS];
	uint64_t told_ms[PATH_BACKENDS];
	unsigned int epochs[PATH_BACKENDS];
	uint32_t salts[PATH_BACKENDS];
	uint16_t order[PATH_BACKENDS];
	size_t n_order;
	uint64_t served_ms;   /* since when somebody may serve; PATH_NEVER: nobody */
	uint64_t unserved_ms; /* … since when nobody */
	/* One transaction at a time is on its way into the kernel. */
	struct transition_update update;
	bool is_committing, acknowledges;
	uint64_t commit_ms;
	uint32_t flight_ms; /* packets are in flight for less */
};

static uint32_t dice(struct sim *s, uint32_t n)
{
	return path_dice(&s->path, n);
}

__attribute__((format(printf, 2, 3))) static void fail(struct sim *s, const char *format, ...)
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
	for (uint32_t b = 0; b < PATH_BUCKETS; b++) {
		uint32_t best = 0;

		table[b] = BUCKET_NONE;
		for (uint16_t i = 0; i < s->n_order; i++) {
			uint16_t id = s->order[i];
			uint32_t score = mix(b * 64 + id * 7919u + s->salts[id]) | 1;

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
				 .flows = shape.flows};
	for (uint32_t b = 0; b < PATH_BUCKETS; b++) {
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

static void probe_all(struct sim *s);

static void commit(struct sim *s, const struct transition_update *u)
{
	struct generation g;
	const struct generation *last = path_current(&s->path);
	bool rules, tables;

	take_generation(s, &g);
	rules = g.rules != last->rules || g.udp_learned != last->udp_learned;
	tables = g.maps != last->maps || g.flows != last->flows ||
		 memcmp(g.buckets, last->buckets, sizeof(g.buckets)) != 0 ||
		 memcmp(g.home, last->home, sizeof(g.home)) != 0 ||
		 memcmp(g.moved, last->moved, sizeof(g.moved)) != 0;
	if (s->mutant == SIM_NONE &&
	    ((rules && !u->rules_changed) || (tables && !u->tables_changed)))
		fail(s, "the update conceals a change");
	if (!rules && !tables && memcmp(g.alive, last->alive, sizeof(g.alive)) == 0)
		return;
	path_commit(&s->path, &g);
	s->r.commits++;
	probe_all(s);
}

static void count(struct sim *s, const struct transition_update *u)
{
	if (u->phase_changed)
		s->r.entered[s->t.phase]++;
	s->r.joined += u->joined;
	s->r.retargeted += u->retargeted;
	s->r.stopped += u->stopped;
	s->r.orphaned += u->orphaned;
}

/* Mistakes that show in the state after a step. */
static void spoil(struct sim *s, const struct transition *before, const uint16_t *table)
{
	bool was_moving = before->phase == TRANSITION_MOVING && s->t.phase == TRANSITION_MOVING;

	if (s->mutant == SIM_JOIN_KEEPS_TIME && was_moving)
		s->t.since_ms = before->since_ms;
	if (s->mutant == SIM_HOME_FOLLOWS && was_moving)
		for (uint32_t b = 0; b < PATH_BUCKETS; b++)
			if (s->t.home[b] != BUCKET_NONE && before->home[b] == s->t.home[b] &&
			    before->moved[b] != s->t.moved[b] && before->moved[b] != BUCKET_NONE)
				s->t.home[b] = before->moved[b];
	if (s->mutant == SIM_NO_TRANSITION) {
		memcpy(s->t.buckets, table, PATH_BUCKETS * sizeof(*table));
		memset(s->t.home, 0xff, PATH_BUCKETS * sizeof(*table));
		s->t.moving = 0;
		s->t.phase = TRANSITION_STEADY;
	}
}

static struct transition_update step_at(struct sim *s, uint64_t now_ms)
{
	uint16_t table[PATH_BUCKETS], owners[2][PATH_BUCKETS];
	bool alive[PATH_BACKENDS], all[PATH_BACKENDS];
	struct transition before = s->t;
	struct transition_event ev = {
		.now_ms = now_ms,
		.table = table,
		.alive = alive,
		.n_backends = s->n_order,
		.remembered = dice(s, 3) ? path_remembered(&s->path) : TRANSITION_UNKNOWN,
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
	memcpy(owners[0], s->t.home, sizeof(owners[0]));
	memcpy(owners[1], s->t.moved, sizeof(owners[1]));
	before.home = owners[0];
	before.moved = owners[1];
	u = transition_step(&s->t, &ev);
	count(s, &u);
	s->r.learned += s->t.udp_learned && !before.udp_learned;
	spoil(s, &before, table);
	return u;
}

/* A second step at once, as if the time of settling had passed. */
static struct transition_update step_again(struct sim *s)
{
	struct transition_update u = step_at(s, s->now_ms + TRANSITION_SETTLE_MS);

	s->t.since_ms = s->now_ms;
	return u;
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
	s->step_ms = transition_next_ms(&s->t);
	/* Nobody comes on time; remembered flows are counted now and then. */
	if (s->step_ms != TRANSITION_NEVER)
		s->step_ms += dice(s, 2) ? dice(s, 30) : 0;
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
		fail(s, "the deadline has passed already");
	s->is_committing = true;
	s->commit_ms = s->now_ms + (dice(s, 3) ? dice(s, 4) : dice(s, slowest_ms));
	if (s->commit_ms == s->now_ms)
		finish_commit(s);
}

/* Orders take effect only later. */
static void be_patient(struct sim *s, uint64_t from_ms)
{
	for (size_t i = 0; i < PATH_BACKENDS; i++)
		s->told_ms[i] = from_ms;
	if (s->served_ms != PATH_NEVER)
		s->served_ms = from_ms;
}

static void start_daemon(struct sim *s)
{
	const struct generation *g = path_current(&s->path);
	uint16_t owners[3][PATH_BUCKETS];

	for (uint32_t b = 0; b < PATH_BUCKETS; b++)
		for (size_t m = 0; m < 3; m++) {
			uint16_t id = (m == 0 ? g->buckets : m == 1 ? g->home : g->moved)[b];

			owners[m][b] = BUCKET_NONE;
			for (uint16_t i = 0; i < s->n_order; i++)
				if (s->order[i] == id)
					owners[m][b] = i;
		}
	transition_adopt(&s->t, owners[0], g->maps ? owners[1] : NULL, g->maps ? owners[2] : NULL,
			 g->flows, s->now_ms);
	if (s->mutant == SIM_ADOPT_BACKWARDS && s->t.moving)
		s->t.phase = TRANSITION_MOVING;
	if (s->mutant == SIM_ADOPT_SHORT && s->t.phase == TRANSITION_MOVING)
		s->t.since_ms = 0;
	be_patient(s, s->now_ms);
	step(s);
}

static void stop_daemon(struct sim *s)
{
	s->r.restarts++;
	s->is_committing = false;
	transition_close(&s->t);
	if (transition_init(&s->t, PATH_BUCKETS) < 0)
		abort();
	s->down_until_ms = s->now_ms + TRANSITION_SETTLE_MS + dice(s, 500);
	be_patient(s, s->down_until_ms);
}

/* Another order of the backends; one may have gone, one may have come. */
static void reload(struct sim *s)
{
	uint16_t old[PATH_BACKENDS], map[PATH_BACKENDS];
	size_t n_old = s->n_order;

	memcpy(old, s->order, sizeof(old));
	if (s->n_order > 2 && dice(s, 3) == 0)
		tell(s, s->order[--s->n_order], BACKEND_DEAD);
	for (uint16_t id = 0; id < PATH_BACKENDS && dice(s, 2); id++) {
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
		size_t j = dice(s, (uint32_t)i + 1);
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
	s->r.reloads++;
	if (s->mutant != SIM_RENUMBER_NOT)
		transition_renumber(&s->t, map, n_old);
}

static void change(struct sim *s)
{
	uint16_t id = s->order[dice(s, (uint32_t)s->n_order)];

	switch (dice(s, 16)) {
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
		for (size_t i = 0; dice(s, 4) == 0 && i < s->n_order; i++)
			tell(s, s->order[i], dice(s, 3) ? BACKEND_DRAINING : BACKEND_DEAD);
		break;
	case 11: stop_daemon(s); return;
	case 12: reload(s); break;
	default: s->salts[id] = dice(s, UINT32_MAX); break;
	}
	step(s);
}

/* --- flows ------------------------------------------------------------------------------------ */

static uint64_t timeout_of(const struct flow *f)
{
	return f->udp ? PATH_UDP_MS : PATH_TCP_MS;
}

static bool backend_stayed(const struct sim *s, const struct flow *f)
{
	return s->epochs[f->backend] == f->epoch && s->backends[f->backend] != BACKEND_DEAD;
}

/* A flow that is open, not in flight and not silent for too long: its packet may come now. */
static bool may_send(const struct sim *s, const struct flow *f)
{
	return f->state == FLOW_OPEN && !f->in_flight && backend_stayed(s, f) &&
	       s->now_ms < f->arrival_ms + timeout_of(f) && (f->answered || !f->overflowed);
}

static void probe_all(struct sim *s)
{
	size_t current = s->path.n_generations - 1;

	for (size_t i = 0; i < PATH_FLOWS; i++) {
		struct flow *f = &s->flows[i];

		if (!may_send(s, f))
			continue;
		for (unsigned int cut = 0; cut <= PATH_LOOKUPS; cut++) {
			struct walk w = {.flow = i,
					 .bucket = f->bucket,
					 .udp = f->udp,
					 .rules = current - 1,
					 .seen = current - 1,
					 .probe = true,
					 .cut = cut};
			uint16_t to = path_forward(&s->path, &w, s->mutant);

			s->r.probes++;
			if (to != f->backend)
				fail(s, "probe: %s flow %zu of backend %u would go to %d (cut %u)",
				     f->udp ? "UDP" : "TCP", i, f->backend, (int16_t)to, cut);
		}
	}
}

/* In how many of the generations that the packet in flight may have seen. */
static size_t times_alive(const struct sim *s, const struct flow *f, uint16_t backend)
{
	size_t n = 0;

	for (size_t g = f->arrived; g < s->path.n_generations; g++)
		n += s->path.generations[g].alive[backend];
	return n;
}

static void end_flow(struct sim *s, struct flow *f)
{
	f->state = FLOW_NONE;
	f->in_flight = false;
	f->next_ms = s->now_ms + 1 + dice(s, 400);
}

static void judge_first(struct sim *s, struct flow *f, const struct walk *w, uint16_t to)
{
	bool fresh = f->arrived == s->path.n_generations - 1;

	if (to == BUCKET_NONE) {
		if (fresh && s->served_ms != PATH_NEVER &&
		    f->arrival_ms >= s->served_ms + SIM_DRAIN_MS)
			fail(s, "a new flow was dropped");
		end_flow(s, f);
		return;
	}
	if (!f->udp && !w->overflowed && s->backends[to] == BACKEND_DRAINING &&
	    (s->served_ms != PATH_NEVER || f->arrival_ms >= s->unserved_ms + SIM_DRAIN_MS) &&
	    f->arrival_ms >= s->told_ms[to] + SIM_DRAIN_MS)
		fail(s, "a new flow went to backend %u, draining for %llu ms", to,
		     (unsigned long long)(s->now_ms - s->told_ms[to]));
	f->state = FLOW_OPEN;
	f->backend = to;
	f->epoch = s->epochs[to];
	f->answered = f->udp;
	f->overflowed = w->overflowed;
	f->left = dice(s, 14);
	f->next_ms = s->now_ms + 1 + dice(s, RTT_MS);
	if (s->backends[to] == BACKEND_DEAD ||
	    times_alive(s, f, to) < s->path.n_generations - f->arrived)
		end_flow(s, f); /* died while the packet was on its way */
}

static void judge_next(struct sim *s, struct flow *f, const struct walk *w, uint16_t to)
{
	uint64_t timeout = timeout_of(f), gap;

	if (!backend_stayed(s, f)) {
		end_flow(s, f);
		return;
	}
	if (to != f->backend) {
		bool late = s->path.generations[w->rules].rules != TRANSITION_RULES_MOVING;

		if (f->overflowed && !f->answered && late)
			s->r.straddled++;
		else
			fail(s, "%s flow %td of backend %u went to %d", f->udp ? "UDP" : "TCP",
			     f - s->flows, f->backend, (int16_t)to);
		end_flow(s, f);
		return;
	}
	f->answered = true;
	if (f->left-- == 0) {
		path_close_flow(&s->path, (size_t)(f - s->flows), s->now_ms);
		end_flow(s, f);
		return;
	}
	switch (dice(s, 4)) {
	case 0: gap = dice(s, RTT_MS); break;
	case 1: gap = dice(s, (uint32_t)timeout - 1); break;
	default: gap = timeout - 1 - dice(s, NEAR_MS); break;
	}
	f->next_ms = f->arrival_ms + gap > s->now_ms ? f->arrival_ms + gap : s->now_ms + 1;
}

static void arrive(struct sim *s, struct flow *f)
{
	size_t i = (size_t)(f - s->flows);

	if (f->state == FLOW_NONE) {
		if (path_has_flow(&s->path, i, s->now_ms)) {
			f->next_ms = s->now_ms + 50; /* the same ports are not used again so soon */
			return;
		}
		f->state = FLOW_FIRST;
		f->udp = !s->has_tcp || (s->has_udp && dice(s, 3) == 0);
		f->bucket = (uint16_t)dice(s, PATH_BUCKETS);
	}
	f->in_flight = true;
	f->arrived = s->path.n_generations - 1;
	f->arrival_ms = s->now_ms;
	f->next_ms = s->now_ms + (dice(s, 2) ? dice(s, s->flight_ms) : 0);
}

static void complete(struct sim *s, struct flow *f)
{
	struct walk w = {.flow = (size_t)(f - s->flows),
			 .bucket = f->bucket,
			 .udp = f->udp,
			 .syn = !f->udp && f->state == FLOW_FIRST,
			 .rules = f->arrived,
			 .seen = f->arrived,
			 .now_ms = s->now_ms};
	uint16_t to = path_forward(&s->path, &w, s->mutant);

	f->in_flight = false;
	s->r.packets++;
	s->r.mixed += w.seen != w.rules;
	s->r.remembered += w.remembered;
	s->r.overflows += w.overflowed;
	if (to != BUCKET_NONE && times_alive(s, f, to) == 0)
		fail(s, "a packet went to backend %u, which was dead when it came", to);
	if (f->state == FLOW_FIRST)
		judge_first(s, f, &w, to);
	else
		judge_next(s, f, &w, to);
}

static void run_flows(struct sim *s)
{
	for (size_t i = 0; i < PATH_FLOWS; i++) {
		struct flow *f = &s->flows[i];

		if (f->next_ms > s->now_ms)
			continue;
		if (!f->in_flight)
			arrive(s, f);
		if (f->in_flight && f->next_ms <= s->now_ms)
			complete(s, f);
	}
}

/* --- a run ------------------------------------------------------------------------------------ */

static void begin(struct sim *s, uint32_t seed, enum sim_mutant mutant)
{
	static const uint32_t paces[] = {60, 400, 1500, 4000};

	s->mutant = mutant;
	path_init(&s->path, seed);
	if (transition_init(&s->t, PATH_BUCKETS) < 0)
		abort();
	s->has_udp = seed % 3 != 0;
	s->has_tcp = seed % 7 != 1 || !s->has_udp;
	s->change_every_ms = paces[dice(s, 4)];
	s->acknowledges = dice(s, 2);
	s->flight_ms = s->acknowledges ? TRANSITION_SETTLE_MS : TRANSITION_SETTLE_MS / 2;
	s->path.half_open_max = dice(s, 3) ? PATH_FLOWS : 3;
	s->served_ms = PATH_NEVER;
	s->n_order = 4;
	for (uint16_t i = 0; i < s->n_order; i++) {
		s->order[i] = i;
		s->salts[i] = dice(s, UINT32_MAX);
		tell(s, i, BACKEND_UP);
	}
	for (size_t i = 0; i < PATH_FLOWS; i++)
		s->flows[i].next_ms = 1 + dice(s, 1000);
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
				start_daemon(s);
				s->down_until_ms = 0;
			}
		} else if (s->is_committing) {
			if (s->now_ms >= s->commit_ms)
				finish_commit(s);
		} else if (s->now_ms >= s->change_ms) {
			s->change_ms = s->now_ms + 1 + dice(s, s->change_every_ms * 2);
			change(s);
		} else if (s->now_ms >= s->step_ms) {
			step(s);
		}
		run_flows(s);
	}
	transition_close(&s->t);
	path_close(&s->path);
	result = s->r;
	free(s);
	return result;
}
