/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The chains of one farm for one protocol and one IP version. plan.h describes them as a whole.
 *
 * A rule that remembers something may fail, when the table is full, and then the kernel goes on
 * with the next rule: such a rule sends the frame itself when it succeeds, and the rule behind it
 * sends the frame to where it is right to go unremembered.
 */
#include "director/ruleset/plan_lane.h"

#include "director/ruleset/bucket.h"
#include "director/ruleset/transition.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* --- statements ------------------------------------------------------------------------------- */

struct ruleset_statement lane_go(int chain)
{
	return (struct ruleset_statement){.kind = ST_GOTO, .chain = (uint32_t)chain};
}

struct ruleset_statement lane_forward(const struct lane *l)
{
	return plan_farm_forward(l->p);
}

struct ruleset_statement lane_forward_syn(const struct lane *l)
{
	return l->syn < 0 ? lane_forward(l) : lane_go(l->syn);
}

struct ruleset_statement lane_change(const struct lane *l, enum ruleset_statement_kind kind,
				     int set, uint32_t timeout_ms)
{
	bool by_client = l->p->persists && (set == l->half || set == l->kept);

	return (struct ruleset_statement){.kind = kind,
					  .key = by_client ? l->client : l->flow,
					  .prefix = by_client ? l->prefix : 0,
					  .set = (uint32_t)set,
					  .timeout_ms = timeout_ms};
}

struct ruleset_statement lane_remembered_in(const struct lane *l, int set)
{
	struct ruleset_statement s = lane_change(l, ST_MARK, set, 0);

	s.by = BY_KEY;
	return s;
}

/* The MACs from the buckets, or the mark from a table of ids. */
struct ruleset_statement lane_hashed(const struct lane *l, enum ruleset_statement_kind kind,
				     int set)
{
	return (struct ruleset_statement){.kind = kind,
					  .by = BY_HASH,
					  .key = l->hash,
					  .prefix = l->p->persists ? l->prefix : 0,
					  .number = l->p->modulus,
					  .seed = l->p->farm->seed,
					  .set = (uint32_t)set};
}

/* The backend of a new connection, from the slots. */
struct ruleset_statement lane_scheduled(const struct lane *l)
{
	struct ruleset_statement s = lane_hashed(l, ST_MARK, l->p->slots);

	switch (l->p->farm->scheduler) {
	case SCHEDULER_MAGLEV:
	case SCHEDULER_SOURCE_HASH: break;
	case SCHEDULER_ROUND_ROBIN: s.by = BY_TURN; break;
	case SCHEDULER_RANDOM:
	case SCHEDULER_LEAST_CONNECTIONS: s.by = BY_RANDOM; break;
	}
	return s;
}

struct ruleset_statement lane_macs_by_mark(const struct lane *l)
{
	return (struct ruleset_statement){
		.kind = ST_MACS, .by = BY_MARK, .set = (uint32_t)l->p->backends_set};
}

static struct ruleset_statement flags(uint8_t mask, uint8_t value, bool negate)
{
	return (struct ruleset_statement){
		.kind = ST_TCP_FLAGS, .mask = mask, .value = value, .negate = negate};
}

/* The first segment of a connection: of these four bits SYN alone (RFC 9293, 3.5). */
struct ruleset_statement lane_is_syn(void)
{
	return flags(TCP_FIN | TCP_SYN | TCP_RST | TCP_ACK, TCP_SYN, false);
}

struct ruleset_statement lane_has_any(uint8_t mask)
{
	return flags(mask, 0, true);
}

struct ruleset_statement lane_is_leaving(const struct lane *l)
{
	return plan_statement_set(ST_MARK_IN, l->p->leaving);
}

struct ruleset_statement lane_tell_daemon(const struct lane *l)
{
	struct ruleset_statement s = plan_statement(ST_LOG);

	snprintf(s.text, sizeof(s.text), "%s", l->p->farm->name);
	return s;
}

#define RULE(l, chain, ...) LANE_RULE(l, (l)->chain, __VA_ARGS__)

/* Nothing chose a backend. Of a rule: behind what it matches. */
static int add_refusal(const struct lane *l, struct ruleset_rule *rule)
{
	bool answer = l->p->farm->when_empty == WHEN_EMPTY_REJECT;
	int err = answer && !l->udp ? rule_add(rule, plan_statement(ST_TCP)) : 0;

	err |= rule_add(rule, plan_statement(ST_COUNTER));
	return err | rule_add(rule, plan_statement(!answer  ? ST_DROP
						   : l->udp ? ST_REJECT
							    : ST_RESET));
}

/* The last rule of a chain that chooses. */
static int add_drop_rule(const struct lane *l, int chain)
{
	struct ruleset_rule *rule = ruleset_add_rule(l->r, chain, PLAN_DROP_NO_BACKEND);

	return rule ? add_refusal(l, rule) : -ENOMEM;
}

/* The steady rule of a hashed farm: one lookup, both MACs, out. */
static int add_steady_rule(const struct lane *l, int chain)
{
	return PLAN_ADD_RULE(l->r, chain, lane_hashed(l, ST_MACS, l->p->buckets), lane_forward(l));
}

/* --- objects ---------------------------------------------------------------------------------- */

static int add_flows(struct lane *l, const char *name, uint32_t size, uint32_t gc_interval_ms)
{
	int at = plan_farm_set(l->p, l->flow == KEY_FLOW6 ? SET_FLOWS6 : SET_FLOWS, "%s%s", name,
			       l->suffix);

	if (at < 0)
		return at;
	l->r->sets[at].size = size;
	l->r->sets[at].gc_interval_ms = gc_interval_ms;
	return at;
}

static int add_flow_tables(struct lane *l)
{
	uint32_t most = l->p->farm->max_connections, gc_ms = l->p->farm->gc_interval_ms;

	l->flows = add_flows(l, "flows", most, gc_ms);
	if (l->flows >= 0 && !l->udp)
		l->closing = add_flows(l, "closing", plan_closing_size(most), gc_ms);
	if (l->flows >= 0 && !l->p->persists && (!l->udp || !l->p->hashed))
		l->half = add_flows(l, "half", plan_half_size(most), 0);
	return l->flows == -ENOMEM || l->closing == -ENOMEM || l->half == -ENOMEM ? -ENOMEM : 0;
}

int lane_add_chain(const struct lane *l, const char *name)
{
	int at = ruleset_add_chain(l->r, "%s-%s%s", name, l->p->farm->name, l->suffix);

	if (at >= 0)
		snprintf(l->r->chains[at].farm, RULESET_NAME, "%s", l->p->farm->name);
	return at;
}

/* --- chains that only lanes with flow tables have --------------------------------------------- */

/* Frees every memory of the flow; a key that is not there is no failure. */
static int add_forget_rule(const struct lane *l, int chain)
{
	struct ruleset_statement s[3];
	size_t n = 0;

	s[n++] = lane_change(l, ST_DELETE, l->flows, 0);
	if (l->closing >= 0)
		s[n++] = lane_change(l, ST_DELETE, l->closing, 0);
	if (l->half >= 0 && !l->p->persists)
		s[n++] = lane_change(l, ST_DELETE, l->half, 0);
	return plan_add_rule(l->r, chain, n, s);
}

/* Chooses for a new connection whose memory was just freed. */
static int add_schedule_rules(const struct lane *l, int chain)
{
	int err = lane_fixed_rule(l, chain);

	if (l->p->persists)
		err |= PLAN_ADD_RULE(l->r, chain, lane_remembered_in(l, l->half),
				     lane_go(l->promote)) |
		       lane_kept_rules(l, chain);
	if (l->p->hashed) {
		if (l->p->moved >= 0 && l->fresh >= 0)
			err |= PLAN_ADD_RULE(l->r, chain, lane_hashed(l, ST_MARK, l->p->moved),
					     lane_go(l->fresh));
		err |= add_steady_rule(l, chain);
	} else {
		err |= PLAN_ADD_RULE(l->r, chain, lane_scheduled(l), lane_go(l->fresh));
	}
	return err | add_drop_rule(l, chain);
}

/* A new connection: half-open until its client answers. The mark is the backend chosen. */
static int fresh_rules(const struct lane *l)
{
	int fallback = l->p->hashed ? l->p->home : l->p->slots;
	int err = 0;

	err |= RULE(l, fresh, lane_change(l, ST_ADD, l->half, PLAN_HALF_TIMEOUT_MS),
		    lane_macs_by_mark(l), lane_forward_syn(l));
	err |= RULE(l, fresh, lane_hashed(l, ST_MARK, fallback));
	err |= RULE(l, fresh, lane_macs_by_mark(l), lane_forward(l));
	return err | add_drop_rule(l, l->fresh);
}

/* A half-open connection goes on: now it is remembered. */
static int promote_rules(const struct lane *l)
{
	int err = l->p->persists ? lane_leaving_rule(l, l->promote) : 0;

	if (l->syn >= 0) /* sent again, or the client's next one */
		err |= RULE(l, promote, lane_is_syn(), lane_macs_by_mark(l), lane_go(l->syn));
	if (!l->udp)
		err |= RULE(l, promote, lane_has_any(TCP_SYN | TCP_FIN | TCP_RST),
			    lane_go(l->send));
	if (l->p->persists)
		return err | lane_promote_pins(l);
	err |= RULE(l, promote, lane_change(l, ST_ADD, l->flows, l->idle_ms),
		    lane_change(l, ST_DELETE, l->half, 0), lane_tell_daemon(l), lane_go(l->send));
	err |= RULE(l, promote, lane_change(l, ST_UPDATE, l->half, l->idle_ms), lane_go(l->send));
	return err | RULE(l, promote, lane_go(l->send));
}

int lane_end_rule(const struct lane *l, int chain)
{
	return LANE_RULE(l, chain, lane_has_any(TCP_FIN | TCP_RST),
			 lane_change(l, ST_ADD, l->closing, l->closing_ms),
			 lane_change(l, ST_DELETE, l->flows, 0), lane_tell_daemon(l),
			 lane_go(l->send));
}

static int known_rules(struct lane *l)
{
	int err = 0;

	if (!l->udp)
		err |= lane_relay_ended(l) | lane_end_rule(l, l->known);
	if (!l->udp && l->p->leaving >= 0)
		err |= RULE(l, known, lane_is_syn(), plan_statement_set(ST_MARK_IN, l->p->leaving),
			    lane_go(l->again));
	if (l->p->persists)
		return err | lane_known_pins(l);
	err |= RULE(l, known, lane_change(l, ST_UPDATE, l->flows, l->idle_ms), lane_go(l->send));
	return err | RULE(l, known, lane_go(l->send));
}

/* FIN or RST was seen: short, however long it goes on; its ports may be used again. */
static int leave_rules(const struct lane *l)
{
	int err = RULE(l, leave, lane_is_syn(), lane_go(l->again)) | lane_relay_closing(l);

	err |= RULE(l, leave, lane_change(l, ST_UPDATE, l->closing, l->closing_ms),
		    lane_go(l->send));
	return err | RULE(l, leave, lane_go(l->send));
}

/* A packet of a connection that is older than the transition: it stays where it is. */
static int keep_rules(const struct lane *l)
{
	int err = 0;

	if (!l->udp)
		err |= RULE(l, keep, lane_has_any(TCP_SYN | TCP_FIN | TCP_RST), lane_go(l->send));
	err |= RULE(l, keep, lane_change(l, ST_ADD, l->flows, l->idle_ms), lane_tell_daemon(l),
		    lane_go(l->send));
	return err | RULE(l, keep, lane_go(l->send));
}

/* To the backend that the mark names; when that one is gone, as if nothing had been remembered. */
static int send_rules(const struct lane *l)
{
	int err = RULE(l, send, lane_macs_by_mark(l), lane_forward(l));

	err |= add_forget_rule(l, l->send);
	if (l->p->hashed)
		return err | add_steady_rule(l, l->send) | add_drop_rule(l, l->send);
	if (l->p->persists)
		err |= lane_send_pins(l);
	if (l->udp)
		err |= RULE(l, send, lane_scheduled(l), lane_go(l->fresh));
	else
		err |= RULE(l, send, lane_is_syn(), lane_scheduled(l), lane_go(l->fresh));
	err |= RULE(l, send, lane_hashed(l, ST_MARK, l->p->slots));
	err |= RULE(l, send, lane_macs_by_mark(l), lane_forward(l));
	return err | add_drop_rule(l, l->send);
}

static bool is_moving(const struct lane *l)
{
	return l->p->hashed && l->p->moved >= 0;
}

/* In an order in which a chain is there before the first one that names it. */
static int add_memory(struct lane *l)
{
	bool has_fresh = l->half >= 0 && (!l->p->hashed || is_moving(l));
	int err = 0;

	l->fresh = has_fresh ? lane_add_chain(l, "new") : -1;
	l->send = lane_add_chain(l, "send");
	l->known = lane_add_chain(l, "known");
	l->promote = l->half >= 0 ? lane_add_chain(l, "half") : -1;
	l->leave = l->closing >= 0 ? lane_add_chain(l, "closing") : -1;
	l->again = l->closing >= 0 ? lane_add_chain(l, "again") : -1;
	l->keep = is_moving(l) ? lane_add_chain(l, "keep") : -1;
	l->settle = l->fixed >= 0 && !l->p->hashed ? lane_add_chain(l, "fixed") : -1;
	l->pinned = l->p->persists ? lane_add_chain(l, "pinned") : -1;
	l->move = l->p->persists ? lane_add_chain(l, "move") : -1;
	if (l->fresh == -ENOMEM || l->send < 0 || l->known < 0 || l->promote == -ENOMEM ||
	    l->leave == -ENOMEM || l->again == -ENOMEM || l->keep == -ENOMEM ||
	    l->settle == -ENOMEM || l->pinned == -ENOMEM || l->move == -ENOMEM)
		return -ENOMEM;
	if (has_fresh)
		err |= fresh_rules(l);
	err |= send_rules(l) | known_rules(l);
	if (l->promote >= 0)
		err |= promote_rules(l);
	if (l->leave >= 0)
		err |= leave_rules(l) | add_forget_rule(l, l->again) |
		       add_schedule_rules(l, l->again);
	if (l->keep >= 0)
		err |= keep_rules(l);
	if (l->settle >= 0)
		err |= lane_settle_rules(l);
	if (l->p->persists)
		err |= lane_pinned_rules(l) | lane_move_rules(l) | add_drop_rule(l, l->move);
	return err ? -ENOMEM : 0;
}

/* --- the first chain -------------------------------------------------------------------------- */

/*
 * What an established flow takes all at once: found, refreshed and sent, in one rule. Whatever is
 * not so simple, or fails half-way, goes on as if this rule were not there. Only in the steady
 * state: who is not in the table pays for the lookup twice, and while a backend leaves its flows do
 * not refresh their clients.
 */
static int add_established_rule(const struct lane *l)
{
	struct ruleset_statement s[7];
	size_t n = 0;

	if (l->p->persists && l->p->leaving >= 0)
		return 0;
	if (!l->udp)
		s[n++] = flags(TCP_SYN | TCP_FIN | TCP_RST, 0, false);
	s[n++] = lane_remembered_in(l, l->flows);
	s[n++] = lane_change(l, ST_UPDATE, l->flows, l->idle_ms);
	if (l->p->persists)
		s[n++] = lane_change(l, ST_UPDATE, l->kept, l->pin_ms);
	s[n++] = lane_macs_by_mark(l);
	s[n++] = lane_forward(l);
	return plan_add_rule(l->r, l->entry, n, s);
}

static int entry_lookups(const struct lane *l, enum transition_phase phase)
{
	int err = 0;

	if (phase == TRANSITION_STEADY)
		err |= add_established_rule(l);
	err |= RULE(l, entry, lane_remembered_in(l, l->flows), lane_go(l->known));
	if (l->closing >= 0)
		err |= RULE(l, entry, lane_remembered_in(l, l->closing), lane_go(l->leave));
	err |= lane_relay_rules(l, true);
	err |= lane_fixed_rule(l, l->entry);
	if (l->half >= 0)
		err |= RULE(l, entry, lane_remembered_in(l, l->half), lane_go(l->promote));
	return err;
}

/* Buckets move away, and nobody takes them: all backends drain. */
static bool is_left_to_nobody(const struct farm_plan *p)
{
	for (uint32_t b = 0; b < p->modulus; b++)
		if (p->transition->moved[b] != BUCKET_NONE)
			return false;
	return true;
}

/* A new connection, to nobody: it must not go where the old ones are. */
static int add_refuse_new_rule(const struct lane *l)
{
	struct ruleset_rule *rule = ruleset_add_rule(l->r, l->entry, PLAN_DROP_NO_BACKEND);

	if (!rule)
		return -ENOMEM;
	return rule_add(rule, lane_is_syn()) | add_refusal(l, rule);
}

/*
 * Buckets that move. TCP tells a new connection from an old one, UDP does not: it learns who is
 * there, for as long as a flow lives without a packet, and then sends the unknown to the new one.
 */
static int entry_moves(const struct lane *l)
{
	int err = 0;

	if (l->udp && l->p->transition->udp_learned)
		return RULE(l, entry, lane_hashed(l, ST_MARK, l->p->moved), lane_go(l->keep));
	if (!l->udp && is_left_to_nobody(l->p))
		err |= add_refuse_new_rule(l);
	else if (!l->udp)
		err |= RULE(l, entry, lane_is_syn(), lane_hashed(l, ST_MARK, l->p->moved),
			    lane_go(l->fresh));
	return err | RULE(l, entry, lane_hashed(l, ST_MARK, l->p->home), lane_go(l->keep));
}

static int entry_rules(const struct lane *l)
{
	const struct transition *t = l->p->transition;
	enum transition_phase phase = t ? t->phase : TRANSITION_STEADY;
	int err = 0;

	if (l->p->remembers && phase != TRANSITION_FORGETTING)
		err |= entry_lookups(l, phase);
	else
		err |= lane_fixed_rule(l, l->entry);
	err |= lane_kept_rules(l, l->entry);
	if (l->p->hashed) {
		if (phase == TRANSITION_MOVING || phase == TRANSITION_SWITCHED)
			err |= entry_moves(l);
		if (l->syn >= 0)
			err |= RULE(l, entry, lane_is_syn(), lane_hashed(l, ST_MACS, l->p->buckets),
				    lane_go(l->syn));
		err |= add_steady_rule(l, l->entry);
	} else if (l->udp) {
		err |= plan_guard_rates(l->p, l->which, l->entry);
		err |= RULE(l, entry, lane_scheduled(l), lane_go(l->fresh));
	} else {
		err |= RULE(l, entry, lane_is_syn(), lane_scheduled(l), lane_go(l->fresh));
		err |= lane_relay_rules(l, false);
		err |= RULE(l, entry, lane_hashed(l, ST_MARK, l->p->slots), lane_go(l->send));
	}
	return err | add_drop_rule(l, l->entry);
}

int plan_lane(struct farm_plan *p, enum plan_lane which)
{
	static const char *const suffixes[] = {
		[LANE_TCP] = "", [LANE_UDP] = ".udp", [LANE_TCP6] = ".tcp6", [LANE_UDP6] = ".udp6"};
	bool ipv6 = which == LANE_TCP6 || which == LANE_UDP6;
	bool by_source = p->farm->scheduler == SCHEDULER_SOURCE_HASH;
	struct lane l = {
		.p = p,
		.r = p->r,
		.udp = which == LANE_UDP || which == LANE_UDP6,
		.which = which,
		.suffix = suffixes[which],
		.flow = ipv6 ? KEY_FLOW6 : KEY_FLOW,
		.hash = by_source ? (ipv6 ? KEY_SOURCE6 : KEY_SOURCE)
				  : (ipv6 ? KEY_PEER6 : KEY_PEER),
		.closing_ms = p->farm->tcp_close_timeout_ms,
		.syn = which == LANE_UDP || which == LANE_UDP6 ? -1 : p->syns[ipv6],
		.flows = -1,
		.half = -1,
		.fresh = -1,
		.closing = -1,
		.relayed = -1,
		.relay = -1,
		.reused = -1,
		.ended = -1,
	};
	int err = 0;

	l.idle_ms = l.udp ? p->farm->udp_timeout_ms : p->farm->tcp_timeout_ms;
	lane_pins_init(&l, ipv6);
	if (p->remembers)
		err = add_flow_tables(&l) < 0 || lane_relay(&l) < 0 || add_memory(&l) < 0;
	p->tables[which] = (struct lane_tables){l.flows, l.closing, l.half};
	l.entry = err ? -1 : lane_add_chain(&l, "farm");
	if (err || l.entry < 0)
		return -ENOMEM;
	return entry_rules(&l) ? -ENOMEM : l.entry;
}
