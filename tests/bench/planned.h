/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The product's own rulesets for the benchmarks: a configuration of a given shape, planned as the
 * daemon plans it. All that the benchmarks know of the planner is in planned.c.
 *
 * The world: one interface, every backend on it with a MAC of its own.
 */
#ifndef TESTS_BENCH_PLANNED_H
#define TESTS_BENCH_PLANNED_H

#include "director/ruleset/ruleset.h"
#include "director/schedule/facts.h"
#include "include/config.h"
#include "include/err.h"
#include "tests/bench/place.h"

enum { PLANNED_PORT = 80 };

struct shape {
	unsigned int farms;    /* named f0, f1, …, with VIPs in a row */
	unsigned int backends; /* of each farm, named b0, b1, …; no two farms share one */
	const char *keys;      /* further keys of every farm, as in director.conf(5); NULL: none */
	bool ipv6;
};

struct planned {
	struct config *config;
	const struct place *place;
	struct shape shape;
	unsigned int dead;		 /* backend 0 of so many farms does not answer */
	struct facts facts;		 /* as of the last plan */
	struct transitions *transitions; /* as the daemon has them; stepped at one moment */
	struct plan_memory *plan;
	struct ruleset ruleset;
};

/* VIP of the first farm, address of a backend. */
struct addr planned_vip(const struct shape *shape);
struct addr planned_backend(const struct shape *shape, unsigned int farm, unsigned int backend);

/*
 * Loads the configuration. -ENOTSUP: it asks for something that the product does not do yet; *err
 * says what. The caller clears *p in every case.
 */
int planned_init(struct planned *p, const struct shape *shape, const struct place *place,
		 struct err *err);
void planned_clear(struct planned *p);
/* Plans, for the world as it is now, all asked anew. 0 or negative errno. */
int planned_make(struct planned *p);
/* Backend 0 of the next farm dies: plans what becomes of that, as the daemon does. */
int planned_lose(struct planned *p);
/* Puts it into the kernel, where there is no table yet. 0 or negative errno with *err filled. */
int planned_commit(struct planned *p, struct err *err);
/* Elements of all sets as planned. */
size_t planned_elements(const struct ruleset *r);
/*
 * Flows that the kernel's tables hold, all farms'. -EOPNOTSUPP when this kernel does not tell, or
 * another negative errno.
 */
int planned_flows(const struct planned *p, uint64_t *ret);

#endif
