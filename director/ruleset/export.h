/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ruleset for a reader: the table as nft_text.c spells it, under a head of comment lines that
 * says whose it is and which farm and backend is behind which number, and with a line in front of each
 * object that says what it is for. Without its comment lines it equals what `nft -s list table netdev
 * director` prints. Two exports of the same ruleset differ in the line "made" alone.
 *
 * For programs the same in nft's JSON schema (nft_json.h). What the head says is in "metainfo" there,
 * beside what nft looks for.
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
	const char *file;   /* planned from that file, by directorctl; NULL: the daemon's */
	int64_t at_s;	    /* since 1970 */
};

/* stragglers: the table beside it (plan_straggler.h), when it exists; NULL: not known. */
void export_print(FILE *out, const struct export_head *head, const struct plan_facts *facts,
		  const struct ruleset *r, const struct ruleset *stragglers);
/* The same without its first lines, which say of whom and when it is. */
void export_print_body(FILE *out, const struct plan_facts *facts, const struct ruleset *r);
/* The same in JSON: {"nftables": […]}. 0, or -ENOMEM with half of it written. */
int export_print_json(FILE *out, const struct export_head *head, const struct plan_facts *facts,
		      const struct ruleset *r, const struct ruleset *stragglers);

/* --- what both say ---------------------------------------------------------------------------- */

/* Why a backend gets nothing, for people; NULL: it gets its share. */
const char *export_left_out(const struct config_backend *b, const struct plan_backend *state);
enum { EXPORT_TIME = sizeof("2026-11-28T03:00:00Z") + 8 };
/* In UTC; "?" beyond what a date can be. Returns text. */
const char *export_time(char text[static EXPORT_TIME], int64_t at_s);

/* The table that gives a farm's new connections their backends, of buckets or of slots; NULL: none. */
const struct ruleset_set *export_chooser(const struct ruleset *r, const char *farm);

/* How many of them lead new connections to each backend: while buckets are on their way those, too, that
 * go elsewhere already. Returns how many lead to anybody. */
size_t export_count(const struct ruleset *r, const char *farm, struct ruleset_span sets,
		    uint32_t ret[static CONFIG_BACKENDS_MAX]);

/* Part of a farm's buckets or slots that leads to each backend, 0..1; sets: the farm's. */
void export_shares(const struct ruleset *r, const struct config_farm *farm,
		   struct ruleset_span sets, double *ret);

#endif
