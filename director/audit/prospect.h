/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a configuration comes to, as a text that two programs can compare: its parts with their lines, who
 * gets which bucket of each farm, and the nft table as it will be once no transition is left. A daemon
 * prints it of the configuration that runs, directorctl of one that is to come, from the same state of
 * the backends; so what differs is what the configuration changes.
 *
 *     @part farm www
 *     backend web1: weight = 2
 *     @table www hashed 17 1009 web1 web2
 *     0 1 1 - …
 *     @ruleset
 *     …
 *
 * Pure.
 */
#ifndef DIRECTOR_AUDIT_PROSPECT_H
#define DIRECTOR_AUDIT_PROSPECT_H

#include "director/schedule/facts.h"
#include "include/status.h"

#include <stdio.h>

/* What begins each of its parts. */
#define PROSPECT_PART	 "@part "
#define PROSPECT_TABLE	 "@table "
#define PROSPECT_RULESET "@ruleset"

enum { PROSPECT_NOBODY = 0xffff };

/*
 * Of world, interface, route and owner count. What is known of backends and what the operator ordered is
 * the status's word (NULL: nothing is). A backend that it does not name is taken for one that answers: its
 * MAC address is 02:00 and the last four octets of its address, until somebody knows it. 0 or -ENOMEM.
 */
int prospect_print(FILE *out, const struct config *c, const struct status *s,
		   const struct facts_source *world);

/* The ruleset itself; the caller clears it. 0 or -ENOMEM. */
int prospect_plan(const struct config *c, const struct status *s, const struct facts_source *world,
		  struct ruleset *ret);

struct prospect_part {
	char *name, *lines;
};

struct prospect_table {
	char *farm;
	bool hashed;	 /* its connections go by buckets, not by turns */
	bool hashes_new; /* those that are not remembered do, by the slots */
	uint32_t seed;
	uint32_t size;
	uint16_t *owners; /* [size], an index into names, or PROSPECT_NOBODY */
	char **names;
	size_t n_names;
};

/* All strings are inside the text. */
struct prospect {
	struct prospect_part *parts;
	size_t n_parts;
	struct prospect_table *tables;
	size_t n_tables;
	char *ruleset;
};

/* Cuts the text into pieces. 0, -EBADMSG when it is not as it is printed, -ENOMEM; cleared then. */
int prospect_read(char *text, struct prospect *ret);
void prospect_clear(struct prospect *p);

const struct prospect_table *prospect_table(const struct prospect *p, const char *farm);

#endif
