/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whose a flow is: of the virtual router that has its virtual address, and so of the director that
 * is master of it. And what is held of each router's flows, as a number and a sum that two directors
 * compare.
 *
 * The sum is over a hash of each flow with its farm's and its backend's name and whether it closes:
 * what a packet's way depends on. Its key is no secret: a client that chose its ports to hide a
 * difference between the tables would hide it from itself.
 *
 * Pure; allocates in twin_roles_set() alone.
 */
#ifndef DIRECTOR_FLOW_TWIN_ROLES_H
#define DIRECTOR_FLOW_TWIN_ROLES_H

#include "include/sync.h"

struct twin_router {
	uint32_t section; /* heartbeat_tag() of its name */
	uint8_t family;
	bool ours;	  /* this node is master of it */
	bool theirs;	  /* the other one said so of itself, and this one is not */
	uint32_t since_s; /* that it is ours, or was when it was */
	uint64_t flows, flows_sum, pins, pins_sum;
};

struct twin_place {
	struct addr address;
	uint16_t router; /* its place in the list */
};

struct twin_roles {
	struct twin_router *routers;
	size_t n_routers;
	struct twin_place *places; /* sorted by address */
	size_t n_places;
};

/*
 * Other routers in place of the last ones: what is held of them is 0, and nobody is master. Lists
 * are copied, the places sorted. 0, or -ENOMEM and nothing is changed.
 */
int twin_roles_set(struct twin_roles *r, const struct twin_router *routers, size_t n_routers,
		   const struct twin_place *places, size_t n_places);
void twin_roles_clear(struct twin_roles *r);
/* The same routers with the same addresses. */
bool twin_roles_are(const struct twin_roles *r, const struct twin_router *routers, size_t n_routers,
		    const struct twin_place *places, size_t n_places);
/* The router of a virtual address; NULL: nobody's. */
struct twin_router *twin_roles_find(const struct twin_roles *r, const struct addr *vip);
/* ours[i] of each router, at that time. True when that is new. */
bool twin_roles_take(struct twin_roles *r, const bool *ours, uint32_t now_s);
/* The other one is master of these; n 0: of none. */
void twin_roles_theirs(struct twin_roles *r, const struct sync_domain *domain);
/* Those that are ours. */
void twin_roles_domain(const struct twin_roles *r, struct sync_domain *ret);

/* A flow or a pin is held from now on, or (held false) no more. Names end with a NUL. */
void twin_router_count(struct twin_router *r, const struct flow_key *key, const char *farm,
		       const char *backend, bool closing, bool held);
/* What is held of a domain, for a digest. */
void twin_roles_digest(const struct twin_roles *r, const struct sync_domain *domain,
		       struct sync_digest *ret);
/* True as well when this node is master of one of the domain: then they have no common word. */
bool twin_roles_agree(const struct twin_roles *r, const struct sync_digest *theirs);
/* Flows of routers that are ours, and of those that are theirs. */
uint64_t twin_roles_held(const struct twin_roles *r, bool ours);
/* … and of those whose master has not said a word yet, as in the moment after a takeover. */
uint64_t twin_roles_all(const struct twin_roles *r);

#endif
