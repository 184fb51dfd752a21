/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The chains of one farm for one protocol and one IP version while they are made: plan_lane.c the
 * flows, plan_pins.c the clients that have a backend, plan_relay.c the connections of the other
 * director. Private to the plan.
 *
 * Pure.
 */
#ifndef DIRECTOR_RULESET_PLAN_LANE_H
#define DIRECTOR_RULESET_PLAN_LANE_H

#include "director/ruleset/plan_farm.h"

struct lane {
	const struct farm_plan *p;
	struct ruleset *r;
	bool udp;
	const char *suffix;
	enum plan_lane which;
	enum ruleset_key flow, hash, client, address;
	uint8_t prefix; /* of client: bits that count; 0: all */
	uint32_t idle_ms, closing_ms, pin_ms;
	int flows, half, closing; /* sets; -1: none */
	int relayed, relay;	  /* set and chain of plan_relay.c; -1: none */
	int reused, ended;	  /* chains of plan_relay.c; -1: none */
	int fixed, kept;	  /* as in struct farm_pins */
	int syn; /* where a SYN goes out once its backend's MAC is written; -1: as any other */
	int entry, fresh, keep, promote, known, leave, again, settle, pinned, move, send;
};

/* A chain of the lane's farm: "NAME-FARM", with what tells the lane behind. Negative: no memory. */
int lane_add_chain(const struct lane *l, const char *name);
/* FIN or RST of a connection that is known: it is among the closing ones from now on. */
int lane_end_rule(const struct lane *l, int chain);

/* Statements. */
struct ruleset_statement lane_go(int chain);
struct ruleset_statement lane_forward(const struct lane *l);
/* The same of a frame that is a SYN, if it is TCP. */
struct ruleset_statement lane_forward_syn(const struct lane *l);
/* Remembers, refreshes or forgets the flow; in half a farm that persists has its clients. */
struct ruleset_statement lane_change(const struct lane *l, enum ruleset_statement_kind kind,
				     int set, uint32_t timeout_ms);
/* The backend that a table of flows has for this one, as the mark. */
struct ruleset_statement lane_remembered_in(const struct lane *l, int set);
/* The backend of a new connection, as the mark. */
struct ruleset_statement lane_scheduled(const struct lane *l);
/* The same by the hash of the client, whatever the scheduler. */
struct ruleset_statement lane_hashed(const struct lane *l, enum ruleset_statement_kind kind,
				     int set);
struct ruleset_statement lane_macs_by_mark(const struct lane *l);
struct ruleset_statement lane_is_syn(void);
struct ruleset_statement lane_has_any(uint8_t mask);
struct ruleset_statement lane_is_leaving(const struct lane *l);
struct ruleset_statement lane_tell_daemon(const struct lane *l);

#define LANE_RULE(l, chain, ...) PLAN_ADD_RULE((l)->r, (chain), __VA_ARGS__)

/* --- plan_pins.c ------------------------------------------------------------------------------ */

/* The tables of the lane, from those of the farm; half, too, for a farm that persists. */
void lane_pins_init(struct lane *l, bool ipv6);
/* Rules for clients that the configuration gives a backend; in front of every choice of one. */
int lane_fixed_rule(const struct lane *l, int chain);
int lane_settle_rules(const struct lane *l);
/* Rules for clients that persistence keeps with a backend, behind those of half. */
int lane_kept_rules(const struct lane *l, int chain);
/* A new flow of a client whose backend leaves. */
int lane_leaving_rule(const struct lane *l, int chain);
/* Chains that only persistence has. */
int lane_pinned_rules(const struct lane *l);
int lane_move_rules(const struct lane *l);
/* The first rules of chains that others have, too. */
int lane_promote_pins(const struct lane *l);
int lane_known_pins(const struct lane *l);
int lane_send_pins(const struct lane *l);

/* --- plan_relay.c ----------------------------------------------------------------------------- */

/* Adds table and chain, where the lane has them. 0 or -ENOMEM. */
int lane_relay(struct lane *l);
/* The rules that lead there: in front of those about clients (clients true), and behind all others. */
int lane_relay_rules(const struct lane *l, bool clients);
/* The first rules of the chains of connections that are known, and of those that are closing. */
int lane_relay_ended(struct lane *l);
int lane_relay_closing(const struct lane *l);

#endif
