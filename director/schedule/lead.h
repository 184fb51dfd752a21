/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Farms that the other director leads: those whose virtual address it is master of. Of each that is
 * hashed it says what its table is made of, and how far the table is with its transition; this node
 * goes the same way, so that it can go on wherever the other one stops.
 *
 *     buckets (only while some move) ... facts -> lead_take()
 *     lead_of() -> weights and usable in the facts of the plan; the stand in transitions_step()
 *
 * A farm is led by the master of the first of its addresses that a virtual router has: of one that
 * is spread over several routers there is one word.
 *
 * Pure; the time is an argument; allocates where it says so.
 */
#ifndef DIRECTOR_SCHEDULE_LEAD_H
#define DIRECTOR_SCHEDULE_LEAD_H

#include "director/ruleset/plan.h"
#include "director/ruleset/transition.h"
#include "include/config.h"
#include "include/sync.h"

struct lead_farm {
	bool told;    /* since the configuration came */
	bool stale;   /* that was before the other one began to tell of all anew */
	bool follows; /* the other one leads */
	/* By the farm's backends; of one that the other node does not have: 0 and false. */
	uint16_t *weights;
	uint8_t *percents; /* as in struct plan_backend */
	bool *usable;
	uint8_t *admins; /* enum sync_admin: the word about it that the other one goes by */
	struct transition_stand stand; /* by the farm's backends; owners are the block below */
	uint16_t *owners;
	uint64_t version; /* another one with each word, never 0 */
};

struct lead {
	struct lead_farm *farms; /* in the order of the configuration */
	size_t n;
	uint64_t version;
	/* Buckets that came for the facts that follow. */
	char staged_farm[SYNC_NAME_LEN];
	uint32_t n_staged;
	struct sync_bucket *staged; /* [SYNC_TABLE_MAX], once there are any */
};

/* Zeroed: nothing is told. */
void lead_clear(struct lead *l);
/* For another configuration: nothing is told of it. 0, or -ENOMEM and nothing is changed. */
int lead_configure(struct lead *l, const struct config *c);
/* The other one tells of all farms that it leads from here on, ... */
void lead_mark(struct lead *l);
/* ... and of those that it did not tell of since then nothing counts. True when that changes anything. */
bool lead_sweep(struct lead *l);

/* A piece of a table, in order; one that does not fit is not kept, and the facts behind it not taken. */
int lead_stage(struct lead *l, const struct sync_buckets *piece);
/*
 * The facts of a farm, with the buckets that came before. Returns its place; -ENOENT: this configuration
 * has no such farm, or it is not hashed; -EINVAL: the buckets do not belong to them; -ENOMEM.
 */
int lead_take(struct lead *l, const struct config *c, const struct sync_facts *facts,
	      uint64_t now_ms);

/* Who leads a farm is another one. True when that is new. */
bool lead_set(struct lead *l, size_t farm, bool follows);
/* What there is to follow; NULL: nothing, or this node has its own way. */
const struct lead_farm *lead_of(const struct lead *l, size_t farm);
/* What it says of a backend is said with that word about it (enum sync_admin), not with one of before. */
bool lead_heard(const struct lead_farm *f, size_t backend, uint8_t admin);
/*
 * It goes by that word: what is drained or disabled gets nothing there, what is enabled has that weight, or
 * LEAD_ANY_WEIGHT. Or it has none, if that may be: it finds what this node does not, or looks for itself yet.
 */
enum { LEAD_ANY_WEIGHT = UINT16_MAX + 1 };
bool lead_follows(const struct lead_farm *f, size_t backend, uint8_t admin, uint32_t weight,
		  bool or_none);
/* The facts as the other director has them; what cannot be reached from here stays so. */
void lead_apply(const struct lead_farm *f, struct plan_backend *backends, size_t n);

#endif
