/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel of the simulated transition: generations of rules and elements, the flow maps, and the
 * rules themselves as one function.
 */
#ifndef TESTS_TRANSITION_PATH_H
#define TESTS_TRANSITION_PATH_H

#include "director/ruleset/bucket.h"
#include "director/ruleset/transition.h"
#include "tests/unit/transition_sim.h"

enum {
	PATH_BUCKETS = 24,     /* of the smallest table … */
	PATH_BUCKETS_MAX = 96, /* … and the largest; a flow's hash is its bucket there */
	PATH_BACKENDS = 6,
	PATH_FLOWS = 250,
	PATH_TCP_MS = 2000, /* a flow that is silent for longer is over */
	PATH_UDP_MS = 700,
	PATH_HALF_OPEN_MS = 600,
	PATH_LOOKUPS = 4, /* the most that one packet does */
};

#define PATH_NEVER UINT64_MAX

/* What one transaction leaves; backends by identity. */
struct generation {
	uint64_t since_ms;
	enum transition_rules rules;
	bool udp_learned, maps, flows;
	uint32_t size; /* of the maps, which have another name for each size */
	uint16_t buckets[PATH_BUCKETS_MAX], home[PATH_BUCKETS_MAX], moved[PATH_BUCKETS_MAX];
	bool alive[PATH_BACKENDS]; /* elements of the map of backends */
};

struct remembered {
	uint16_t backend;
	uint64_t until_ms; /* 0: not there */
};

struct path {
	struct generation *generations;
	size_t n_generations, room;
	struct remembered half_open[PATH_FLOWS], flows[PATH_FLOWS];
	uint32_t half_open_max;
	uint64_t now_ms;
	uint64_t random;
};

/* One packet on its way through the rules. */
struct walk {
	size_t flow;
	uint16_t hash;
	bool udp, syn;
	size_t rules; /* generation of the rules */
	size_t seen;  /* of the last lookup */
	uint64_t now_ms;
	bool probe; /* only asks: leaves nothing behind, and lookup number cut and all after */
	unsigned int cut; /* it see the next generation, those before it this one */
	unsigned int lookups;
	bool remembered, overflowed; /* results */
};

void path_init(struct path *p, uint32_t seed);
void path_close(struct path *p);
uint32_t path_dice(struct path *p, uint32_t n); /* 0 … n - 1 */
const struct generation *path_current(const struct path *p);
void path_commit(struct path *p, const struct generation *g);

/* The backend that the packet goes to, or BUCKET_NONE. */
uint16_t path_forward(struct path *p, struct walk *w, enum sim_mutant mutant);

/* Remembered as a flow of a living backend. */
bool path_has_flow(const struct path *p, size_t flow, uint64_t now_ms);
void path_close_flow(struct path *p, size_t flow, uint64_t now_ms);
uint64_t path_remembered(const struct path *p); /* at the time of the last packet */

#endif
