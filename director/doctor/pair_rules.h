/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is wrong between the two directors, and with the daemon here, by its own word; and what a
 * configuration alone tells of. The wire has the last word: nothing is found here that it can tell.
 *
 * Pure.
 */
#ifndef DIRECTOR_DOCTOR_PAIR_RULES_H
#define DIRECTOR_DOCTOR_PAIR_RULES_H

#include "director/doctor/finding.h"
#include "include/status.h"

enum {
	PAIR_SETTLE_MS = 15000, /* that a new connection may need until the tables are alike */
	PAIR_CLAIM_MS = 60000,	/* so fresh is a claim that counts */
	PAIR_VIEWS_MS = 5000,	/* for longer both find different things of a backend */
	PAIR_CLOCKS_MS = 2000,	/* by so much the dates of two nodes may differ */
};

/*
 * What the daemon says, and said two seconds or so before: tables that are not alike for a moment are no fault.
 * differences: lines, of what differs between the two configurations; "": nothing.
 */
void doctor_pair(const struct status *before, const struct status *s, const char *differences,
		 struct findings *f);
/*
 * Backends that the daemon has heard claim a virtual address within the last minute, and that were not found
 * to answer for it (FINDING_VIP_SPOKEN): so it comes behind the wire's. only: of one farm; NULL: of all.
 */
void doctor_claims(const struct status *s, const struct config_farm *only, struct findings *f);
/*
 * Backends whose checks are good, and whose clients repeat their SYNs all the same. Where the wire has found
 * something of the backend, that comes first.
 */
void doctor_retries(const struct status *s, const struct config_farm *only, struct findings *f);
/* The configuration in the file, and what the daemon has loaded (digest.h): they should be the same. */
void doctor_file(const char *path, const char *digest, const struct status *s, struct findings *f);
/* What is odd. only: one farm; NULL: all. in_service NULL: as the configuration says. */
void doctor_config(const struct config *c, const struct config_farm *only,
		   doctor_in_service *in_service, void *owner, struct findings *f);

#endif
