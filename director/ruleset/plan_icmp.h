/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What plan_icmp.c and plan_fragment.c share: rules that count, and copies for several backends.
 * Private to the plan.
 *
 * Pure.
 */
#ifndef DIRECTOR_RULESET_PLAN_ICMP_H
#define DIRECTOR_RULESET_PLAN_ICMP_H

#include "director/ruleset/plan_farm.h"

/* Who gets copies. Each Ethernet address once: two farms may have the same server. */
struct plan_receivers {
	struct plan_receiver {
		struct mac mac;
		const struct plan_interface *out;
	} all[CONFIG_BACKENDS_MAX];
	size_t n;
};

/* The backends in service of one more farm, as far as there is room. */
void plan_add_receivers(struct plan_receivers *ret, const struct plan_facts *facts, size_t farm);
/*
 * One copy to each, at most so many copies a second together; the last one gets the frame itself.
 * 0 or -ENOMEM.
 */
int plan_add_copies(struct ruleset *r, int chain, const struct plan_receivers *to, uint32_t most);

struct ruleset_statement plan_goto(int chain);
/* ST_FORWARD, ST_COPY. */
struct ruleset_statement plan_out(enum ruleset_statement_kind kind,
				  const struct plan_interface *out);
/* By the hash of the client: of peer or, where the farm takes the address alone, of source. */
struct ruleset_statement plan_by_hash(const struct farm_plan *p, enum ruleset_statement_kind kind,
				      enum ruleset_key peer, enum ruleset_key source, int set);
/* A rule that counts what matches, ends with a verdict (or not: ST_COUNTER) and says why. 0 or -ENOMEM. */
int plan_add_counted(struct ruleset *r, int chain, const struct ruleset_statement *match, size_t n,
		     enum ruleset_statement_kind end, const char *comment);

/* The chain for first fragments of a lane, whose own chain is given. Index or -ENOMEM. */
int plan_fragment_first(const struct farm_plan *p, enum plan_lane lane, int farm);

#endif
