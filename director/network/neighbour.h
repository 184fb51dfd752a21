/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel's neighbour table says about one address, and when to make it look again.
 *
 * The kernel resolves and verifies (ARP, RFC 826; IPv6, RFC 4861; one machinery for both with the
 * same timers, net/core/neighbour.c); this decides only whether the answer is good enough to send
 * frames to, and asks for a fresh look often enough that a machine that went away is noticed within
 * seconds instead of the kernel's half minute.
 *
 * A machine counts as gone when the kernel gave up on a look that we asked for while the link was
 * up. Anything else the kernel gives up on, or forgets, is a reason to look again, and what was
 * known stays good meanwhile: a link that was down for a moment, or a probe that an earlier daemon
 * started on a dead link, says nothing about the machine.
 *
 * Pure: time is an argument.
 */
#ifndef DIRECTOR_NETWORK_NEIGHBOUR_H
#define DIRECTOR_NETWORK_NEIGHBOUR_H

#include "include/addr.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	NEIGHBOUR_VERIFY_MS = 2000,  /* a resolved one is probed so often: one unicast request */
	NEIGHBOUR_RETRY_MS = 1000,   /* an unresolved one is asked for so often, RFC 1122 2.3.2.1 */
	NEIGHBOUR_VERDICT_MS = 2500, /* the kernel's three probes, a second apart, take longer */
};

struct neighbour {
	uint32_t ifindex;
	struct addr addr;
	bool link_up;  /* nothing is asked and no failure counts while it is not */
	bool resolved; /* mac is good */
	bool fixed;    /* the operator's permanent entry: not ours to probe */
	struct mac mac;
	uint64_t next_ms; /* when to act again */
	bool lost;	  /* the kernel has no good entry: resolve, there is nothing to verify */
	bool resolving;	  /* we asked the kernel to resolve, and it has not said anything since */
	bool verifying;	  /* we asked it to probe since it was last reachable … */
	uint64_t verifying_ms; /* … first at this time */
};

/* What the kernel reported. state is its NUD_… value; mac NULL when it gave none. */
struct neighbour_report {
	uint16_t state;
	bool deleted;
	const struct mac *mac;
	uint64_t now_ms;
};

/* The link went up or down. */
void neighbour_link(struct neighbour *n, bool up, uint64_t now_ms);

/* Takes a report in. True when resolved or mac changed. */
bool neighbour_report(struct neighbour *n, const struct neighbour_report *report);

enum neighbour_action {
	NEIGHBOUR_WAIT,	   /* nothing before next_ms */
	NEIGHBOUR_RESOLVE, /* ask the kernel to resolve it */
	NEIGHBOUR_VERIFY,  /* ask the kernel to probe the entry that it has */
};

/* What is due at now_ms; moves next_ms on. */
enum neighbour_action neighbour_step(struct neighbour *n, uint64_t now_ms);

#endif
