/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table that notes stragglers: who still sends frames for a virtual address to this director,
 * although the other one owns it now. Both directors forward such frames; they are noted, so that the
 * master can tell those who send them.
 *
 * A table of its own, beside the one of the farms: it is there only while there is something to look
 * for, and making or deleting it leaves the other as it is. Its chains see a packet first and decide
 * nothing. An interface has, for each IP version, the set of addresses that are looked for and the
 * set of those who sent; when that is full, the rule that adds to it ends, and nothing else.
 *
 * Pure.
 */
#ifndef DIRECTOR_RULESET_PLAN_STRAGGLER_H
#define DIRECTOR_RULESET_PLAN_STRAGGLER_H

#include "director/ruleset/ruleset.h"

enum {
	STRAGGLER_KEPT_MS = 10000,   /* after its last frame */
	STRAGGLER_SENDERS_MAX = 512, /* of an interface and an IP version */
	STRAGGLER_PRIORITY = -10,    /* before the chains of the farms, which take packets away */
};

/* A virtual address that the other director owns, on an interface that is there. */
struct straggler_place {
	char interface[RULESET_IFNAME];
	uint32_t ifindex;
	struct addr address;
	struct mac peer; /* the other director, which may forward to this one; zero: not known */
};

/* Addresses of one interface stand side by side. 0 or -ENOMEM; the caller clears *ret. */
int plan_stragglers(const struct straggler_place *places, size_t n, struct ruleset *ret);
/* Name of the set of senders of an interface. */
const char *plan_straggler_set(char buf[static RULESET_NAME], const char *interface, bool ipv6);

#endif
