/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the driver of the simulated transition and its flows share. */
#ifndef TESTS_TRANSITION_FLOWS_H
#define TESTS_TRANSITION_FLOWS_H

#include "tests/unit/transition_path.h"

enum backend_state { BACKEND_UP, BACKEND_DRAINING, BACKEND_DEAD };

enum flow_state { FLOW_NONE, FLOW_FIRST, FLOW_OPEN };

struct flow {
	enum flow_state state;
	bool udp, in_flight, answered, overflowed;
	uint16_t hash, backend;
	unsigned int epoch; /* of the backend, when the flow began */
	unsigned int left;  /* packets to send */
	size_t began;	    /* generation of the first packet */
	size_t arrived;	    /* … of the packet in flight */
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
	uint32_t wanted;      /* buckets of the configuration */
	bool resizes;	      /* the next change is another number of them */
	uint64_t served_ms;   /* since when somebody may serve; PATH_NEVER: nobody */
	uint64_t unserved_ms; /* … since when nobody */
	/* One transaction at a time is on its way into the kernel. */
	struct transition_update update;
	bool is_committing, acknowledges;
	uint64_t commit_ms;
	uint32_t flight_ms; /* packets are in flight for less */
};

uint32_t sim_dice(struct sim *s, uint32_t n); /* 0 … n - 1 */
/* Counts a failure; the first one is told. */
__attribute__((format(printf, 2, 3))) void sim_fail(struct sim *s, const char *format, ...);

/* The mutant's mistake in what a step has made of `before`, with that plan. */
void sim_spoil(struct sim *s, const struct transition *before, const uint16_t *table);

/* Whatever arrives or completes in this millisecond. */
void flows_run(struct sim *s);
/* After a commit: every flow that might send, with every mix of the old rules and new elements. */
void flows_probe(struct sim *s);

#endif
