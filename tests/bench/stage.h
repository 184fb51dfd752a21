/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A director's interface and the far end of its link in a network namespace of the process's own, a
 * configuration that is planned and kept as the daemon does it, in virtual time, and a witness: the
 * far end remembers which flow came with which destination MAC, so one packet to another backend is
 * one element too many, which nothing can take back.
 */
#ifndef TESTS_BENCH_STAGE_H
#define TESTS_BENCH_STAGE_H

#include "director/ruleset/keeper_uv.h"
#include "director/schedule/transitions.h"
#include "tests/bench/frames.h"

#include <stdatomic.h>

struct stage {
	struct config *config;
	struct keeper *keeper;
	struct transitions *transitions;
	uint32_t ifindex;
	struct mac mac;
	uint64_t now_ms;
	bool abrupt; /* tables change at once, without a transition */
};

/* Enters the namespace and reads the configuration. Says on standard error what fails. */
int stage_open(struct stage *s, const char *configuration);
void stage_close(struct stage *s);
/* One step and its transaction. 0 or negative errno. */
int stage_apply(struct stage *s);
/* Has nft load that text. 0 or -EINVAL. */
int stage_nft(const char *text);
/* How many different pairs of flow and MAC the far end has seen, of clients in 198.18.0.0/16. */
uint64_t stage_seen(void);
/* Frames that the far end received, whatever became of them. */
uint64_t stage_received(void);

/* Frames sent by a thread of their own, one burst after the other, until it is told to stop. */
struct stage_load {
	struct stage *stage;
	struct frames frames;
	uint32_t burst;
	uint64_t most; /* frames; 0: no end */
	atomic_ullong sent;
	atomic_bool stop;
};

/* Opens the frames: flows in turn or at random to the VIP 10.77.0.100, port 80. */
int stage_load_open(struct stage_load *l, struct stage *s, const struct traffic *t,
		    uint32_t client);
/* For pthread_create(). */
void *stage_load_run(void *load);
/* Until so many frames more were sent. */
void stage_load_wait(struct stage_load *l, uint64_t n);

#endif
