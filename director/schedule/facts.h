/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is known of the world, gathered for the plan: interfaces, backends, the other director.
 *
 * Pure: asks through functions that it is given; holds no state of its own.
 */
#ifndef DIRECTOR_SCHEDULE_FACTS_H
#define DIRECTOR_SCHEDULE_FACTS_H

#include "director/backend/admin.h"
#include "director/health/outcome.h"
#include "director/ruleset/plan.h"
#include "director/schedule/lead.h"
#include "include/config.h"

/*
 * How to ask, and what the operator ordered in place of the configuration. Each returns false when the answer is not known; an interface without an Ethernet
 * address counts as absent.
 */
struct facts_source {
	bool (*interface)(void *owner, const char *name, struct plan_interface *ret);
	bool (*mac)(void *owner, uint32_t ifindex, const struct addr *addr, struct mac *ret);
	void *owner;
	const struct admin *admin; /* borrowed; NULL: the configuration alone */
	/*
	 * The name of the interface by which an address is reached without a router. NULL: routes
	 * are not known, a backend without an interface of its own is on its farm's.
	 */
	bool (*route)(void *owner, const struct addr *addr, char ret[static RULESET_IFNAME]);
	/*
	 * The interface does not come back at once: nothing is sent to backends on it. Not asked of
	 * a farm's own interface, without which it serves nobody anyway. NULL: none.
	 */
	bool (*dead)(void *owner, uint32_t ifindex);
	/*
	 * What checks have found of a backend, by its place in the configuration: nothing is sent to a
	 * dead one, no new connections to one that ails. NULL: all are well.
	 */
	enum outcome_class (*health)(void *owner, size_t farm, size_t backend);
	/* Of its weight, while it starts slowly, in per cent; 0: all. NULL: all do. */
	uint8_t (*percent)(void *owner, size_t farm, size_t backend);
	const struct lead *lead; /* borrowed; what the other director says of farms; NULL */
	/* A connection to this virtual address that is not known here, the other director knows. NULL:
	 * there is no such address. */
	bool (*handed)(void *owner, const struct addr *vip);
};

/* One block of facts, with what plan_facts points to. */
struct facts {
	struct plan_facts plan;
	struct plan_interface *interfaces;
	struct plan_virtual *virtuals;
	struct plan_backend *all; /* backends of all farms in a row */
	const struct plan_backend **farms;
	struct addr *handover;
};

/*
 * Asks about every interface that a farm or a backend uses, every enabled backend and, when peer is
 * not NULL, the other director on the interfaces with farms. Those come first in
 * plan.interfaces, behind them those of virtual routers that do not accept packets. The configuration is borrowed. 0 or -ENOMEM.
 */
int facts_gather(struct facts *f, const struct config *c, const struct config_node *peer,
		 const struct facts_source *source);
/*
 * The backends of one farm, at most CONFIG_BACKENDS_MAX, as the facts would have them; their interfaces
 * cannot be told by it. 0 or -ENOMEM.
 */
int facts_farm(const struct config *c, size_t at, const struct facts_source *source,
	       struct plan_backend *ret);
/*
 * Those who are watched for claims (plan_backend.watched), as far as the facts before knew them and
 * these do not; of another configuration nobody.
 */
void facts_remember(struct facts *f, const struct facts *before);
/*
 * Takes in that the MACs of these addresses may have changed, and nothing else: the farms with such
 * backends are asked about anew. False when that is not all, and everything has to be gathered: the
 * other director's is one of them.
 */
bool facts_renew(struct facts *f, const struct config_node *peer, const struct facts_source *source,
		 const struct addr *addrs, size_t n);
void facts_clear(struct facts *f);

/*
 * The way out to a backend: the interface that it is given, else the one of its route. False when
 * there is none that can be used. That it is dead, facts_gather() alone considers: the neighbours
 * on a dead link are still of interest.
 */
bool facts_way(const struct config_farm *farm, const struct config_backend *backend,
	       const struct facts_source *source, struct plan_interface *ret);
/*
 * One backend of a farm on an interface as seen now, whatever checks find: not usable without a MAC or
 * when it is disabled; of no weight while it drains.
 */
struct plan_backend facts_backend(const struct config_farm *farm,
				  const struct config_backend *backend, uint32_t ifindex,
				  const struct facts_source *source);

/*
 * So much of its weight it has while it starts slowly. One without weight has nothing that grows, and
 * its steps would change no table: the other director would not be told of the last one.
 */
void facts_set_percent(struct plan_backend *b, uint8_t percent);

/*
 * Backups get new flows while fewer of the others do than the farm needs; all of them then, beside
 * the others that are left. Else a backup is as one of weight 0: what it has been sent, it keeps.
 */
void facts_apply_backups(const struct config_farm *farm, struct plan_backend *backends);

/* An address whose MAC the facts depend on. */
struct facts_target {
	uint32_t ifindex;
	struct addr addr;
	char interface[RULESET_IFNAME];
};

/*
 * Every address that has to be resolved, allocated in *ret; farms on absent interfaces have none,
 * nor have backends without a way out. Returns how many, or -ENOMEM.
 */
int facts_targets(const struct config *c, const struct config_node *peer,
		  const struct facts_source *source, struct facts_target **ret);
/*
 * Every address whose route the facts depend on, allocated in *ret, one of several farms more than
 * once. Returns how many, or -ENOMEM.
 */
int facts_routed(const struct config *c, struct addr **ret);

#endif
