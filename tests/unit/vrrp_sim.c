/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A history of simulated directors, and what is asserted of it; see vrrp_sim.h. */
#include "tests/unit/vrrp_world.h"

#include <stdarg.h>
#include <stdlib.h>

enum {
	TROUBLES = 8, /* at the same time ... */
	SINGLES = 4,  /* ... and one by one */
	EVENTS_MAX = 50000,
	MS = 1000,
};

static const char *const counter_names[] = {
#define X(id, text) [SIM_##id] = text,
	SIM_COUNTER_LIST(X)
#undef X
};

const char *vrrp_sim_counter_name(enum sim_counter c)
{
	return counter_names[c];
}

uint64_t world_any(struct world *w, uint64_t below)
{
	w->random ^= w->random << 13;
	w->random ^= w->random >> 7;
	w->random ^= w->random << 17;
	return (w->random * 0x2545f4914f6cdd1dULL >> 16) % below;
}

void world_say(const struct world *w, int node, const char *format, ...)
{
	FILE *f = w->options.trace;
	va_list ap;

	if (!f)
		return;
	fprintf(f, "[%4llu.%06u] ", (unsigned long long)(w->now_us / 1000000),
		(unsigned int)(w->now_us % 1000000));
	if (node != NOBODY)
		fprintf(f, "10.77.0.%d ", node + 1);
	va_start(ap, format);
	vfprintf(f, format, ap);
	va_end(ap);
	fputc('\n', f);
}

void world_expect(struct world *w, bool good, const char *what)
{
	if (good || w->out.wrong)
		return;
	w->out.wrong = what;
	world_say(w, NOBODY, "WRONG: %s", what);
}

/* --- invariants ------------------------------------------------------------------------------- */

uint64_t world_takeover_us(const struct world *w)
{
	uint64_t t = 4 * w->interval_max_us + 2 * w->delay_us + LATE_US;

	return w->interval_min_us == w->interval_max_us
		       ? t
		       : t + 2 * w->interval_max_us + 3 * w->delay_us;
}

/* The announcements of the winner, all rounds with their batches, until they have arrived. */
static uint64_t announcing_us(const struct world *w)
{
	return (uint64_t)(w->repeat + 1) * (ANNOUNCE_SPACING_US + LATE_US) + w->delay_us;
}

uint64_t world_settled_us(const struct world *w)
{
	return world_is_whole(w) ? w->disturbed_us + world_takeover_us(w) : VRRP_NEVER;
}

static bool takes_part(const struct process *p)
{
	return p->runs && !p->paused &&
	       (p->core.state == VRRP_BACKUP || p->core.state == VRRP_MASTER);
}

int world_masters(const struct world *w, int *ret_master)
{
	int n = 0;

	for (int i = 0; i < w->n_nodes; i++)
		if (takes_part(&w->nodes[i]) && w->nodes[i].core.state == VRRP_MASTER) {
			*ret_master = i;
			n++;
		}
	return n;
}

static void check_hosts(struct world *w, int master)
{
	for (int host = 0; host < HOSTS; host++)
		for (size_t vip = 0; vip < w->n_vips; vip++) {
			bool right = w->entries[host][vip] == master;

			w->out.counters[right ? SIM_HOSTS_RIGHT : SIM_HOSTS_EXCUSED]++;
			world_expect(w, right || w->excused,
				     "a host was told last by another than the master");
		}
}

/* Since when heartbeats must have told each about the other; VRRP_NEVER when they need not. */
static uint64_t told_us(const struct world *w)
{
	return w->beats && w->hold && beats_are_whole(w) ? w->rough_us + 3 * w->interval_max_us
							 : VRRP_NEVER;
}

/* Whether a heartbeat of a master must hold this takeover. */
static bool is_held(const struct world *w, int node)
{
	uint64_t steady_us = w->now_us - 3 * w->interval_max_us;

	if (w->now_us <= told_us(w) || w->now_us < 3 * w->interval_max_us)
		return false;
	for (int i = 0; i < w->n_nodes; i++)
		if (i != node && takes_part(&w->nodes[i]) &&
		    w->nodes[i].core.state == VRRP_MASTER && w->nodes[i].master_us < steady_us)
			return true;
	return false;
}

/* Invariants 9 and 10. */
static void check_beats(struct world *w, int masters)
{
	uint64_t since_us = told_us(w);

	if (since_us != VRRP_NEVER && since_us < w->duel_us)
		since_us = w->duel_us;
	if (since_us < w->disturbed_us)
		since_us = w->disturbed_us;
	if (since_us != VRRP_NEVER)
		world_expect(w,
			     masters <= 1 || w->now_us <= since_us + 2 * w->interval_max_us +
								  2 * w->beat_delay_us + LATE_US,
			     "two masters although heartbeats get through");
	world_expect(w, w->now_us <= w->heir_us, "the successor did not take over");
}

void world_expect_heir(struct world *w, int node, uint64_t us)
{
	int other = 1 - node;

	if (!w->calm || !w->beats || w->n_nodes != 2 || !world_is_whole(w) ||
	    !takes_part(&w->nodes[other]) || w->nodes[other].core.state != VRRP_BACKUP)
		return;
	w->heir = other;
	w->heir_us = w->now_us + us;
}

/* Invariants 1, 3, 7, 9 and 10, of the time since the last event. */
static void check(struct world *w)
{
	int master = NOBODY, n = world_masters(w, &master), candidates = 0;

	for (int i = 0; i < w->n_nodes; i++) {
		const struct process *p = &w->nodes[i];

		candidates += takes_part(p);
		if (!w->options.from_outside && takes_part(p) && p->core.state == VRRP_BACKUP &&
		    w->now_us > w->disturbed_us + LATE_US)
			world_expect(w, w->now_us + p->ahead_us <= p->rules.deadline_us + LATE_US,
				     "waited longer than it had to");
	}
	if (world_is_whole(w) && n > 1 && !w->duel)
		w->out.counters[SIM_DUELS]++;
	if (n > 1 && !w->duel)
		w->duel_us = w->now_us;
	w->duel = n > 1;
	check_beats(w, n);
	if (w->now_us <= world_settled_us(w))
		return;
	world_expect(w, n <= 1, "two masters for longer than a takeover");
	world_expect(w, n > 0 || candidates == 0, "no master for longer than a takeover");
	for (int i = 0; i < w->n_nodes && n == 1; i++)
		world_expect(w,
			     !takes_part(&w->nodes[i]) || !rules_preempts(&w->nodes[i].rules) ||
				     w->nodes[i].core.settings.priority <=
					     w->nodes[master].core.settings.priority,
			     "the master is the lesser of one that preempts");
}

bool world_has_rival(const struct world *w, int node)
{
	for (int i = 0; i < w->n_nodes; i++)
		if (i != node && w->nodes[i].runs && w->nodes[i].core.state == VRRP_MASTER)
			return true;
	return false;
}

static bool is_silence(enum vrrp_reason why)
{
	return why == VRRP_REASON_SILENCE || why == VRRP_REASON_NOBODY || why == VRRP_REASON_HELD;
}

/* Neither another master was heard, nor was this one too late to know. */
static bool leaves(enum vrrp_state to, enum vrrp_reason why)
{
	return to != VRRP_BACKUP || why == VRRP_REASON_OPERATOR;
}

static void count_cause(struct world *w, const struct process *p, const struct vrrp_cause *cause)
{
	bool master = p->core.state == VRRP_MASTER;

	w->out.counters[SIM_TAKEOVERS] += master;
	w->out.counters[SIM_GATED] += master && p->gated;
	w->out.counters[SIM_STALLED] += cause->reason == VRRP_REASON_STALLED;
	w->out.counters[SIM_HEIRS] += master && (cause->reason == VRRP_REASON_PEER_LEFT ||
						 cause->reason == VRRP_REASON_PEER_DIED ||
						 cause->reason == VRRP_REASON_PEER_NO_LINK);
}

void world_state_changed(struct world *w, int node, enum vrrp_state from,
			 const struct vrrp_cause *cause)
{
	const struct process *p = &w->nodes[node];
	enum vrrp_state to = p->core.state;

	count_cause(w, p, cause);
	world_expect(w, to != VRRP_MASTER || !is_silence(cause->reason) || !is_held(w, node),
		     "took over although a heartbeat says that there is a master");
	if (to == VRRP_MASTER && node == w->heir)
		w->heir_us = VRRP_NEVER;
	if (from == VRRP_MASTER && leaves(to, cause->reason))
		world_expect_heir(w, node, w->beat_delay_us);
	world_expect(w,
		     to != VRRP_MASTER || !p->gated || cause->reason != VRRP_REASON_PREEMPT ||
			     p->core.settings.priority == VRRP_PRIORITY_OWNER,
		     "preempts although the gate is closed");
	world_expect(w, w->now_us <= world_settled_us(w),
		     "a state changes although all is settled");
	if (to == VRRP_FAULT && from == VRRP_MASTER)
		w->excused |= world_has_rival(w, node);
	else if ((to == VRRP_MASTER || from == VRRP_MASTER) && world_is_whole(w))
		w->excused = false;
}

/* --- time ------------------------------------------------------------------------------------- */

/* Whatever comes next before end_us. False when there is nothing, or enough is wrong. */
static bool next(struct world *w, uint64_t end_us)
{
	uint64_t at_us = end_us;
	size_t flight = FLIGHTS_MAX;
	int node = NOBODY;

	if (w->out.wrong)
		return false;
	for (int i = 0; i < w->n_nodes; i++)
		if (process_due_us(w, i) < at_us) {
			at_us = process_due_us(w, i);
			node = i;
		}
	for (size_t i = 0; i < w->n_flights; i++)
		if (w->flights[i].at_us < at_us) {
			at_us = w->flights[i].at_us;
			flight = i;
		}
	w->now_us = at_us;
	check(w);
	if (at_us == end_us)
		return false;
	world_expect(w, w->out.counters[SIM_EVENTS]++ < EVENTS_MAX, "a storm of events");
	if (flight != FLIGHTS_MAX)
		world_arrive(w, flight);
	else
		process_fire(w, node);
	return true;
}

static void run_for(struct world *w, uint64_t us)
{
	uint64_t end_us = w->now_us + us;

	while (next(w, end_us))
		;
}

/* --- a history -------------------------------------------------------------------------------- */

static void settle(struct world *w)
{
	int master = NOBODY;

	run_for(w, world_takeover_us(w) + announcing_us(w) + world_any(w, 2 * w->interval_max_us));
	if (w->out.wrong)
		return;
	w->out.counters[SIM_SETTLED]++;
	if (world_masters(w, &master) == 1)
		check_hosts(w, master);
}

static void draw_link(struct world *w)
{
	static const uint64_t intervals_ms[] = {10, 20, 50, 100, 250, 1000, 4000, 40950};
	uint64_t largest_delay_us;

	w->interval_min_us = intervals_ms[world_any(w, 8)] * MS;
	w->interval_max_us = w->interval_min_us;
	if (world_any(w, 3) == 0 && w->interval_min_us < 1000 * MS)
		w->interval_max_us *= 2 + world_any(w, 5);
	largest_delay_us = w->interval_min_us / 2 < 20 * MS ? w->interval_min_us / 2 : 20 * MS;
	w->delay_us = 100 + world_any(w, world_any(w, 2) ? largest_delay_us : 400);
	w->double_percent = world_any(w, 2) ? (unsigned int)world_any(w, 30) : 0;
	w->n_vips = world_any(w, 8) ? 1 + (unsigned int)world_any(w, 3) : VIPS_MAX;
	w->repeat = 2 + (unsigned int)world_any(w, 2);
	w->beats = world_any(w, 4) > 0;
	w->hold = world_any(w, 4) > 0;
	w->beat_delay_us = 50 + world_any(w, w->interval_min_us / 8 - 50);
	w->heir_us = VRRP_NEVER;
	for (int host = 0; host < HOSTS; host++)
		for (int vip = 0; vip < VIPS_MAX; vip++)
			w->entries[host][vip] = NOBODY;
}

static void begin(struct world *w, uint64_t seed)
{
	w->random = seed * 0x9e3779b97f4a7c15ULL + 1;
	w->n_nodes = world_any(w, 3) ? 2 : 3;
	draw_link(w);
	world_say(w, NOBODY,
		  "%d directors, intervals %llu to %llu us, delay %llu us, %u addresses, "
		  "%u announcements, %s, takeover time %llu us",
		  w->n_nodes, (unsigned long long)w->interval_min_us,
		  (unsigned long long)w->interval_max_us, (unsigned long long)w->delay_us,
		  w->n_vips, w->repeat,
		  !w->beats ? "no heartbeats"
		  : w->hold ? "heartbeats hold"
			    : "heartbeats do not hold",
		  (unsigned long long)world_takeover_us(w));
	for (int i = 0; i < w->n_nodes; i++) {
		struct vrrp_settings settings = trouble_settings(w, i);

		world_say(w, i, "has priority %u, %llu us, preempt %s", settings.priority,
			  (unsigned long long)settings.interval_us,
			  settings.preempt ? "on" : "off");
		w->nodes[i].ahead_us = 1 + world_any(w, 1ULL << 40);
		w->nodes[i].linked = world_any(w, 16) > 0;
		process_boot(w, i, settings);
	}
}

struct sim_outcome vrrp_sim_run(uint64_t seed, const struct sim_options *options)
{
	struct world *w = calloc(1, sizeof(*w));
	struct sim_outcome out;
	unsigned int families;

	if (!w)
		abort();
	w->options = *options;
	begin(w, seed);
	families = 1 + (unsigned int)world_any(w, 7);
	for (int i = 0; i < TROUBLES && !w->out.wrong; i++) {
		trouble(w, families);
		run_for(w, 1 + world_any(w, world_any(w, 2) ? w->interval_max_us
							    : world_takeover_us(w) * 3 / 2));
	}
	trouble_ends(w);
	settle(w);
	for (int i = 0; i < SINGLES && !w->out.wrong; i++) {
		trouble(w, TROUBLE_PROCESS | TROUBLE_OPERATOR);
		settle(w);
	}
	out = w->out;
	free(w);
	return out;
}
