/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the configuration and what is known of the world to the ruleset that should be in the
 * kernel. The same input gives the same ruleset, octet for octet.
 *
 * The shapes, for an auditor (see director(7) for the reasons):
 *
 *   ingress-IF   base chain on the ingress hook of each interface with farms: frames that are not
 *                addressed to this director, and frames that the other director has already
 *                forwarded, go to the host's own stack; the rest by VIP, protocol and port to …
 *   farm-NAME    Maglev: one lookup of the bucket, one write of both MAC addresses, out.
 *                Round-robin: a remembered flow to known-NAME, anything else to new-NAME.
 *   known-NAME   refreshes the flow (shorter once it closes), then
 *   send-NAME    writes the MACs of the flow's backend, or forgets the flow when it is dead and
 *                chooses anew.
 *   new-NAME     remembers a flow at its first SYN, writes the MACs, out. Remembering is a rule of
 *                its own: a full table ends that rule, not the forwarding.
 *
 * Pure.
 */
#ifndef DIRECTOR_RULESET_PLAN_H
#define DIRECTOR_RULESET_PLAN_H

#include "director/ruleset/ruleset.h"
#include "include/config.h"

enum {
	PLAN_SYN_TIMEOUT_MS =
		60000, /* a flow that has shown one SYN only; Linux' tcp_synack_retries last as long */
};

/* An interface that is there, with farms on it or as a backend's way out. */
struct plan_interface {
	char name[RULESET_IFNAME];
	uint32_t ifindex;
	struct mac mac;
	bool peer_known; /* the other director's MAC on this network was resolved */
	struct mac peer_mac;
};

/* A backend as seen now. */
struct plan_backend {
	bool usable;	 /* not disabled, alive, with a known MAC and a way out: its flows go on */
	uint32_t weight; /* of new flows; 0: it gets none (draining, or weight 0) */
	struct mac mac;
	uint16_t out; /* its output interface: index into plan_facts.interfaces */
};

struct plan_facts {
	const struct config *config;
	const struct plan_interface *interfaces;
	size_t n_interfaces;
	const struct plan_backend *const
		*backends; /* [farm][backend], in the configuration's order */
};

/*
 * Fills *ret, which the caller clears. A farm whose interface is absent is left out; with no
 * interface at all the table is there and empty. 0 or -ENOMEM with *ret empty.
 */
int plan_ruleset(const struct plan_facts *facts, struct ruleset *ret);

/*
 * Ids of a farm's backends, as the mark of a flow: derived from the name, so they stay when the
 * list changes; never 0; on a collision the later in the list moves on. ids has n_backends places.
 */
void plan_backend_ids(const struct config_farm *farm, uint32_t *ids);

/* The interface of that name, or NULL. */
const struct plan_interface *plan_find_interface(const struct plan_facts *facts, const char *name);

#endif
