/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The part of the plan that belongs to one farm: plan_farm.c its tables, plan_lane.c its chains,
 * plan_icmp.c and plan_fragment.c those for what is no whole packet of it, plan_guard.c what stands
 * before them, plan_relay.c what is the other director's, plan_syn.c the last step of a SYN; and
 * plan_refuse.c and plan_claim.c for what is of no farm.
 * Private to the plan.
 *
 * Pure.
 */
#ifndef DIRECTOR_RULESET_PLAN_FARM_H
#define DIRECTOR_RULESET_PLAN_FARM_H

#include "director/ruleset/plan.h"

/* Packets of one farm, one IP version and one protocol have chains of their own. */
enum plan_lane { LANE_TCP, LANE_UDP, LANE_TCP6, LANE_UDP6, LANE_COUNT };

/* What the services map sends there: the index of the lane's first chain, -1 without such a lane. */
struct plan_entries {
	int chains[LANE_COUNT];
	int firsts[LANE_COUNT]; /* first fragments; IPv4 only */
	int errors, errors6;	/* ICMP errors; -1: no such addresses */
};

/* Where the sets and chains of a farm are in the ruleset, one behind the other. */
struct plan_place {
	size_t first_set, n_sets, first_chain, n_chains;
	struct plan_entries entries;
};

/* The flow tables of a lane; -1: not there. */
struct lane_tables {
	int flows, closing, half;
};

/* Clients of one IP version that have a backend; sets by index, -1: not there. */
struct farm_pins {
	int fixed; /* by the configuration */
	int kept;  /* by persistence */
	int half;  /* by persistence, before the client has answered */
};

/* Sets of a farm's guards, of one IP version, by index; -1: not there. */
struct plan_guard {
	int allow, deny, rates;
};

/* One farm on its way into the ruleset; sets by index, -1: not there. */
struct farm_plan {
	struct ruleset *r;
	const struct plan_facts *facts;
	const struct config_farm *farm;
	const struct plan_backend *backends;
	const struct transition *transition; /* NULL: none */
	const uint32_t *ids;
	const char **names;		  /* of the backends; shared block */
	const struct plan_interface *out; /* the one way to all backends; NULL: several */
	uint32_t modulus;
	bool hashed;	/* no flow is remembered but in a transition */
	bool remembers; /* flow tables are there */
	bool persists;	/* clients are kept with their backends */
	int buckets, slots, home, moved, backends_set, leaving, outputs;
	struct farm_pins pins[2];	       /* IPv4, IPv6 */
	struct lane_tables tables[LANE_COUNT]; /* of the lanes that are there */
	struct plan_guard guards[2];	       /* IPv4, IPv6 */
	int syns[2]; /* chains that a SYN goes out by, IPv4 and IPv6; -1: it is as any other */
};

/* Adds the farm. 0 or -ENOMEM. */
int plan_farm(struct ruleset *r, const struct plan_facts *facts, size_t index,
	      struct plan_entries *ret);
/* Places of a table of closed connections, and of what is half-open, beside one of so many. */
uint32_t plan_closing_size(uint32_t most);
uint32_t plan_half_size(uint32_t most);
/* Its output interface counts, whether it is in service or not. */
bool plan_backend_has_way(const struct plan_backend *b);
/* Adds the tables of struct farm_pins. 0 or -ENOMEM. */
int plan_pins(struct farm_plan *p);
/* Adds the chains and flow tables of one lane. The index of its first chain, or -ENOMEM. */
int plan_lane(struct farm_plan *p, enum plan_lane lane);

/* Adds the chains of a farm for ICMP errors and first fragments, after its lanes. 0 or -ENOMEM. */
int plan_icmp_farm(struct farm_plan *p, struct plan_entries *ret);
/*
 * What becomes of later fragments: fills the map of VIPs and protocols and adds its chains. services
 * is the filled services map of that IP version. 0 or -ENOMEM.
 */
int plan_fragment_later(struct ruleset *r, const struct plan_facts *facts,
			const struct plan_place *places, int services, int later, bool ipv6);
/*
 * The chain that ICMP errors go to, errors or errors6. refused: the set of addresses to which nothing
 * else is accepted, -1: none. Index or -ENOMEM.
 */
int plan_icmp_chain(struct ruleset *r, int errors, int refused, bool ipv6);

/* Virtual addresses to which nothing is accepted; sets by index, -1: there are none. */
struct plan_refused {
	int v4, v6;
};

/* Adds the sets. 0 or -ENOMEM, as all of these. */
int plan_refused_sets(const struct plan_facts *facts, struct ruleset *r, struct plan_refused *ret);
/* A section on that interface accepts nothing. */
bool plan_refuses_on(const struct config *c, const char *interface);
/* Drops what matches and goes to an address of the set; nothing when there is none. */
int plan_refuse(struct ruleset *r, int chain, const struct ruleset_statement *matches, size_t n,
		int set, bool ipv6);
/* To stand before all rules about ICMPv6: what is accepted all the same. */
int plan_refuse_but_neighbours(struct ruleset *r, int chain, const struct plan_refused *refused);
/* To stand at the end. */
int plan_refuse_rest(struct ruleset *r, int chain, const struct plan_refused *refused);
/* Drops router advertisements: the host would take routes and addresses from them. */
int plan_ignore_routers(struct ruleset *r, int chain);

/* Who claims which virtual address (plan_claim.c); sets by index, -1: no such addresses. */
struct plan_claims {
	int macs; /* of the backends */
	int vips, vips6;
	int claims, claims6; /* what was seen */
};

/*
 * Adds the sets; m: what is remembered of the last plan and fits, or NULL. 0 or -ENOMEM, as the next
 * one.
 */
int plan_claim_sets(const struct plan_facts *facts, const struct plan_memory *m, struct ruleset *r,
		    struct plan_claims *ret);
/* Counts and notes claims; the packet goes on. */
int plan_claim_watch(struct ruleset *r, int chain, const struct plan_claims *c);

/* Adds the sets and chains that look for SYNs that are sent again. 0 or -ENOMEM, as the next one. */
int plan_syn_shared(const struct plan_facts *facts, struct ruleset *r);
/* Fills in farm_plan.syns; adds chains for a farm with several ways out. */
int plan_syn_farm(struct farm_plan *p);

/* A farm with a list of clients or a rate. */
bool plan_farm_is_guarded(const struct config_farm *farm);
/* Adds the sets of a farm's guards. 0 or -ENOMEM. */
int plan_guard_sets(struct farm_plan *p);
/* Adds the rules about rates of new connections. 0 or -ENOMEM. */
int plan_guard_rates(const struct farm_plan *p, enum plan_lane lane, int chain);
/* Adds the guards before a lane's first chain: the index of what is the first one now, or -ENOMEM. */
int plan_guard(struct farm_plan *p, enum plan_lane lane, int entry);

/* Adds the sets "handover", where a farm has need of them, and fills them. 0 or -ENOMEM. */
int plan_handover_sets(const struct plan_facts *facts, struct ruleset *r);

/* A set NAME-SUFFIX that knows its farm. Index or -ENOMEM. */
int plan_farm_set(const struct farm_plan *p, enum ruleset_set_kind kind, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Sends the frame out of the interface that leads to its backend. */
struct ruleset_statement plan_farm_forward(const struct farm_plan *p);

/* Statements of a rule, by what they need beside their kind. */
struct ruleset_statement plan_statement(enum ruleset_statement_kind kind);
struct ruleset_statement plan_statement_set(enum ruleset_statement_kind kind, int set);

/* Appends a rule of n statements to a chain. 0 or -ENOMEM. */
int plan_add_rule(struct ruleset *r, int chain, size_t n,
		  const struct ruleset_statement *statements);

#define PLAN_ADD_RULE(r, chain, ...)                                                               \
	plan_add_rule((r), (chain),                                                                \
		      sizeof((struct ruleset_statement[]){__VA_ARGS__}) /                          \
			      sizeof(struct ruleset_statement),                                    \
		      (const struct ruleset_statement[]){__VA_ARGS__})

#endif
