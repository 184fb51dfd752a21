/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Flows of the simulated transition: what they send, and whether the answer is right. */
#include "tests/unit/transition_flows.h"

enum {
	RTT_MS = 60,
	NEAR_MS = 6, /* how near a silent flow comes to its timeout */
};

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

void flows_probe(struct sim *s)
{
	size_t current = s->path.n_generations - 1;

	for (size_t i = 0; i < PATH_FLOWS; i++) {
		struct flow *f = &s->flows[i];

		if (!may_send(s, f))
			continue;
		for (unsigned int cut = 0; cut <= PATH_LOOKUPS; cut++) {
			struct walk w = {.flow = i,
					 .hash = f->hash,
					 .udp = f->udp,
					 .rules = current - 1,
					 .seen = current - 1,
					 .probe = true,
					 .cut = cut};
			uint16_t to = path_forward(&s->path, &w, s->mutant);

			s->r.counters[SIM_COUNT_PROBES]++;
			if (to != f->backend)
				sim_fail(s,
					 "probe: %s flow %zu of backend %u would go to %d (cut %u)",
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
	f->next_ms = s->now_ms + 1 + sim_dice(s, 400);
}

static void judge_first(struct sim *s, struct flow *f, const struct walk *w, uint16_t to)
{
	bool fresh = f->arrived == s->path.n_generations - 1;

	if (to == BUCKET_NONE) {
		if (fresh && s->served_ms != PATH_NEVER &&
		    f->arrival_ms >= s->served_ms + SIM_DRAIN_MS)
			sim_fail(s, "a new flow was dropped");
		end_flow(s, f);
		return;
	}
	if (!f->udp && !w->overflowed && s->backends[to] == BACKEND_DRAINING &&
	    (s->served_ms != PATH_NEVER || f->arrival_ms >= s->unserved_ms + SIM_DRAIN_MS) &&
	    f->arrival_ms >= s->told_ms[to] + SIM_DRAIN_MS)
		sim_fail(s, "a new flow went to backend %u, draining for %llu ms", to,
			 (unsigned long long)(s->now_ms - s->told_ms[to]));
	f->state = FLOW_OPEN;
	f->began = f->arrived;
	f->backend = to;
	f->epoch = s->epochs[to];
	f->answered = f->udp;
	f->overflowed = w->overflowed;
	f->left = sim_dice(s, 14);
	f->next_ms = s->now_ms + 1 + sim_dice(s, RTT_MS);
	if (s->backends[to] == BACKEND_DEAD ||
	    times_alive(s, f, to) < s->path.n_generations - f->arrived)
		end_flow(s, f); /* died while the packet was on its way */
}

/* The known limit: settling came between the first packet and this one, also when buckets move again. */
static bool has_settled_since(const struct sim *s, const struct flow *f, size_t rules)
{
	for (size_t g = f->began; g <= rules; g++)
		if (s->path.generations[g].rules != TRANSITION_RULES_MOVING)
			return true;
	return false;
}

static void judge_next(struct sim *s, struct flow *f, const struct walk *w, uint16_t to)
{
	uint64_t timeout = timeout_of(f), gap;

	if (!backend_stayed(s, f)) {
		end_flow(s, f);
		return;
	}
	if (to != f->backend) {
		if (f->overflowed && !f->answered && has_settled_since(s, f, w->rules))
			s->r.counters[SIM_COUNT_STRADDLED]++;
		else
			sim_fail(s, "%s flow %td of backend %u went to %d", f->udp ? "UDP" : "TCP",
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
	switch (sim_dice(s, 4)) {
	case 0: gap = sim_dice(s, RTT_MS); break;
	case 1: gap = sim_dice(s, (uint32_t)timeout - 1); break;
	default: gap = timeout - 1 - sim_dice(s, NEAR_MS); break;
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
		f->udp = !s->has_tcp || (s->has_udp && sim_dice(s, 3) == 0);
		f->hash = (uint16_t)sim_dice(s, PATH_BUCKETS_MAX);
	}
	f->in_flight = true;
	f->arrived = s->path.n_generations - 1;
	f->arrival_ms = s->now_ms;
	f->next_ms = s->now_ms + (sim_dice(s, 2) ? sim_dice(s, s->flight_ms) : 0);
}

static void complete(struct sim *s, struct flow *f)
{
	struct walk w = {.flow = (size_t)(f - s->flows),
			 .hash = f->hash,
			 .udp = f->udp,
			 .syn = !f->udp && f->state == FLOW_FIRST,
			 .rules = f->arrived,
			 .seen = f->arrived,
			 .now_ms = s->now_ms};
	uint16_t to = path_forward(&s->path, &w, s->mutant);

	f->in_flight = false;
	s->r.counters[SIM_COUNT_PACKETS]++;
	s->r.counters[SIM_COUNT_MIXED] += w.seen != w.rules;
	s->r.counters[SIM_COUNT_REMEMBERED] += w.remembered;
	s->r.counters[SIM_COUNT_OVERFLOWS] += w.overflowed;
	if (to != BUCKET_NONE && times_alive(s, f, to) == 0)
		sim_fail(s, "a packet went to backend %u, which was dead when it came", to);
	if (f->state == FLOW_FIRST)
		judge_first(s, f, &w, to);
	else
		judge_next(s, f, &w, to);
}

void flows_run(struct sim *s)
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
