/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads who claims a virtual address (claimant.h) and says so.
 *
 * Shell: through the keeper's socket; owns nothing. The sets are small, and empty while all is well.
 */
#ifndef DIRECTOR_EVIDENCE_CLAIMANT_UV_H
#define DIRECTOR_EVIDENCE_CLAIMANT_UV_H

#include "director/evidence/claimant.h"
#include "director/ruleset/keeper_uv.h"
#include "director/schedule/facts.h"

/* To be called every second; facts are those of the ruleset. */
void claimants_look(struct claimant_book *b, struct keeper *k, const struct plan_facts *facts,
		    uint64_t now_ms);
/* The MACs whose claims count, allocated and in order. Returns how many, or -ENOMEM. */
int claimants_macs(struct keeper *k, struct mac **ret);
/* 0 or -ENOMEM. */
int claimants_show(const struct claimant_book *b, uint64_t now_ms, struct status *s);

#endif
