/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The cases of tests/golden/ruleset: NAME.conf is planned in a made-up world, NAME.nft and NAME.nl
 * hold what the two renderers make of it. GOLDEN=write in the environment writes them anew.
 *
 * The world: every interface of the file is there (ifindex and MAC given), the other node has MAC
 * 02:00:00:00:00:fe, a backend has the MAC 02:00:00:00:00:NN with the last octet of its address,
 * unless its address ends in 200 or more: that one is not resolved.
 */
#ifndef TESTS_RULESET_CASE_H
#define TESTS_RULESET_CASE_H

#include "director/ruleset/ruleset.h"
#include "director/schedule/facts.h"
#include "include/config.h"

struct ruleset_case {
	struct config *config;
	struct facts facts;
	struct ruleset ruleset; /* signed */
};

/* False, with the test failed, when the case cannot be planned. */
bool ruleset_case_init(struct ruleset_case *c, const char *conf, uint32_t ifindex);
void ruleset_case_clear(struct ruleset_case *c);
/* Calls for every NAME.conf of the folder, in order; name is without ".conf". Returns how many. */
int ruleset_case_each(void (*run)(const char *name, void *data), void *data);
/* The text rendering, allocated. */
char *ruleset_case_text(const struct ruleset *r);
/* An export in JSON, of node a at that time, by the daemon or, with a file, by directorctl; allocated. */
char *ruleset_case_json(const struct ruleset_case *c, const char *file, int64_t at_s);
/* As nft lists it when it has loaded that text, or when the kernel got the ruleset from us; allocated. */
char *ruleset_case_listed(const struct ruleset *r, bool loaded);
/* An export without its head and its lines about each object; allocated. */
char *ruleset_case_without_notes(const char *text);

#endif
