/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ruleset for a reader: the table as nft_text.c spells it, under a head of comment lines that
 * says whose it is and which farm and backend is behind which number. Without its comment lines it
 * equals what `nft -s list table netdev director` prints.
 *
 * Pure.
 */
#ifndef DIRECTOR_RULESET_EXPORT_H
#define DIRECTOR_RULESET_EXPORT_H

#include "director/ruleset/plan.h"

#include <stdio.h>

struct export_head {
	const char *node;   /* "" when standalone or not known */
	const char *digest; /* of the configuration */
	const char *state;  /* "as applied", "as planned without the daemon" */
};

void export_print(FILE *out, const struct export_head *head, const struct plan_facts *facts,
		  const struct ruleset *r);

/* Part of a farm's buckets or slots that leads to that backend, 0..1. */
double export_share(const struct ruleset *r, const struct config_farm *farm, size_t backend);

#endif
