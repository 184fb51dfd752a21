/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Connections that only the other director's kernel knows: they are relayed to it.
 *
 * When the daemon of the master ends, its kernel goes on forwarding and remembering until frames go to
 * the new master. What began since the daemon's last word was told to nobody; where flows are
 * remembered because nothing else tells their backends, such a connection would be sent to another one
 * and be reset, two of three with three backends. But the kernel that knows its backend is still
 * there: a segment that is no first one, of a connection that is not known, goes to it, and so does
 * the rest of that connection. The backend answers the client itself, as always. The same holds for
 * what was begun in the last moment before a failover and has not been told yet.
 *
 * The set "handover" has the virtual addresses for which that is done: those that the other director
 * owns, while it is heard, and those that came from it in the last HANDOVER_MS (director/ruleset/handover.h
 * decides). So the elements are there before the first frame comes here, whatever the daemon has to do at
 * that moment, and what a host sends by mistake to the director that does not own the address goes
 * the right way, too. When the other director has fallen silent there are none: its machine may be
 * gone, and a reset at once is better than a black hole.
 *
 * No frame goes to and fro: what comes from the other director's MAC address is never relayed, whoever
 * of both knows more. What both do not know goes by hash, as ever, and is reset by its backend.
 *
 * A relayed connection has an element in NAME-relayed, which every packet refreshes, and none in the
 * other tables. So has one whose ports belong here to a connection that is closing still
 * (add_reused_rules()). As soon as the daemon is told of it, it has one in NAME-flows, which is asked
 * first. It is in no index, told to nobody and not counted. The table is as small as that of half-open
 * flows: nobody can say whether a segment belongs to a connection, and who forges them fills this one
 * alone; what finds no place is relayed for as long as the address stands in the set. While the other
 * director's MAC address is not known the rules are not there, and such a connection goes by hash, as
 * one that nobody knows.
 *
 * What is not relayed:
 *   - UDP: a flow that begins looks like one that is not known. All that begin in these seconds
 *     would hang on a director that nobody looks after.
 *   - farms that are hashed: both directors choose alike. While their buckets move, an unknown flow
 *     belongs to the bucket's old backend but for the few that began on a moving bucket in the last
 *     moment; to relay all would take away those that need no help.
 *   - later fragments: they have no ports. TCP makes segments that need none.
 *   - anything on an interface where a director is a backend: it hands what comes from the other one
 *     to its own host (plan.c, plan_looped()).
 *
 * Known limits: a connection that the other director's kernel forgets, or whose backend dies there
 * while no daemon runs, is lost with it. A director that is a backend by an address that no node of the
 * configuration has is not known as one: what is relayed to it goes to its own host. In a farm that persists, a client that nobody was told of may
 * open a connection here before it goes on with one that it has there: that one is lost.
 *
 * Pure.
 */
#include "director/ruleset/handover.h"
#include "director/ruleset/plan_icmp.h"
#include "director/ruleset/plan_lane.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* As long as an address is handed over, and until the daemon has taken it out of the set. */
enum { ENDED_MS = HANDOVER_MS + 2000 };

/* --- where ------------------------------------------------------------------------------------ */

static bool remembers_tcp(const struct config_farm *farm)
{
	return farm->protocol & PROTOCOL_TCP && !plan_farm_is_hashed(farm);
}

/* Where the other director is reached; NULL: it is not known, or nothing may be sent there. */
static const struct plan_interface *way_to_peer(const struct lane *l)
{
	const struct plan_interface *in = plan_find_interface(l->p->facts, l->p->farm->interface);

	return in && in->relays ? in : NULL;
}

/* --- the sets of addresses -------------------------------------------------------------------- */

static int add_handover(const struct plan_facts *facts, struct ruleset *r, uint8_t family)
{
	int at = family == AF_INET6 ? ruleset_add_set(r, SET_ADDRESSES6, "handover6")
				    : ruleset_add_set(r, SET_ADDRESSES, "handover");
	struct ruleset_set *set;

	if (at < 0)
		return at;
	set = &r->sets[at];
	if (ruleset_set_reserve(set, facts->n_handover) < 0)
		return -ENOMEM;
	set->n_elements = 0;
	for (size_t i = 0; i < facts->n_handover; i++) {
		const struct addr *a = &facts->handover[i];

		if (a->family == family)
			memcpy(set->elements[set->n_elements++].key, a->bytes, addr_len(a));
	}
	ruleset_set_sort(set);
	return 0;
}

int plan_handover_sets(const struct plan_facts *facts, struct ruleset *r)
{
	const struct config *c = facts->config;
	bool ipv4 = false, ipv6 = false;

	for (size_t i = 0; c->has_cluster && i < c->n_farms; i++)
		for (size_t k = 0; remembers_tcp(&c->farms[i]) && k < c->farms[i].n_addresses; k++)
			*(c->farms[i].addresses[k].family == AF_INET6 ? &ipv6 : &ipv4) = true;
	if ((ipv4 && add_handover(facts, r, AF_INET) < 0) ||
	    (ipv6 && add_handover(facts, r, AF_INET6) < 0))
		return -ENOMEM;
	return 0;
}

/* --- the rules of a lane ---------------------------------------------------------------------- */

static struct ruleset_statement macs_of_peer(const struct plan_interface *in)
{
	return (struct ruleset_statement){
		.kind = ST_MACS_ARE, .mac = in->peer_mac, .from = in->mac};
}

static int add_chain_rules(const struct lane *l, const struct plan_interface *in)
{
	struct ruleset_statement macs = macs_of_peer(in), out = plan_out(ST_FORWARD, in);

	int err = LANE_RULE(l, l->relay, lane_change(l, ST_UPDATE, l->relayed, l->idle_ms), macs,
			    out);

	return err | LANE_RULE(l, l->relay, macs, out);
}

/* The end of what the client's program wrote at once. */
static struct ruleset_statement is_push(void)
{
	return (struct ruleset_statement){.kind = ST_TCP_FLAGS,
					  .mask = TCP_FIN | TCP_SYN | TCP_RST | TCP_PSH,
					  .value = TCP_PSH};
}

/*
 * The ports of a connection that is closing may have been used again at the other director since it
 * told of that one, and nobody knows here until that one has told of the new connection, too. So its
 * kernel is asked, which knows whatever did not end here. A client that has said its last word writes no more: who does has a
 * new connection, and goes there from now on; of an old one that says something twice the other kernel
 * knows, too. With anything else it may be either one, and what is remembered here stays, for when the
 * address is not handed over any more.
 *
 * Not in a farm that persists: the client's new connection has the backend of its old one.
 */
static int add_reused_rules(const struct lane *l, const struct plan_interface *in)
{
	struct ruleset_statement macs = macs_of_peer(in), out = plan_out(ST_FORWARD, in);
	int err = LANE_RULE(l, l->reused, is_push(), lane_change(l, ST_DELETE, l->closing, 0),
			    lane_go(l->relay));

	err |= LANE_RULE(l, l->reused, lane_change(l, ST_UPDATE, l->closing, l->closing_ms), macs,
			 out);
	return err | LANE_RULE(l, l->reused, macs, out);
}

/*
 * One that ends here may have begun here, and nobody else knows it. It is among the half-open ones, too,
 * for as long as its address may be handed over, and there it is found first (lane_relay_closing()).
 */
static int add_ended_rules(const struct lane *l)
{
	int err = LANE_RULE(l, l->ended, lane_change(l, ST_ADD, l->half, ENDED_MS));

	err |= lane_end_rule(l, l->ended);
	return err | LANE_RULE(l, l->ended, lane_go(l->send));
}

/* The table stays while the other director is not to be found: it may be so for a moment. */
int lane_relay(struct lane *l)
{
	const struct plan_facts *facts = l->p->facts;
	const struct plan_interface *in = way_to_peer(l);
	bool ipv6 = l->flow == KEY_FLOW6;

	if (l->udp || !facts->config->has_cluster || !remembers_tcp(l->p->farm))
		return 0;
	l->relayed = plan_farm_set(l->p, ipv6 ? SET_FLOWS6 : SET_FLOWS, "relayed%s", l->suffix);
	if (l->relayed < 0)
		return -ENOMEM;
	l->r->sets[l->relayed].size = plan_half_size(l->p->farm->max_connections);
	if (!in)
		return 0;
	l->relay = lane_add_chain(l, "relay");
	if (l->relay < 0 || add_chain_rules(l, in))
		return -ENOMEM;
	if (l->p->persists)
		return 0;
	l->reused = lane_add_chain(l, "reused");
	return l->reused < 0 || add_reused_rules(l, in) ? -ENOMEM : 0;
}

static struct ruleset_statement is_no_syn(void)
{
	struct ruleset_statement s = lane_is_syn();

	s.negate = true;
	return s;
}

/* It did not come from the other director. */
static struct ruleset_statement from_others(const struct lane *l)
{
	return (struct ruleset_statement){.kind = ST_FROM_OTHERS, .mac = way_to_peer(l)->peer_mac};
}

/* Its address is handed over. */
static struct ruleset_statement is_handed(const struct lane *l)
{
	bool ipv6 = l->flow == KEY_FLOW6;
	struct ruleset_statement s = plan_statement_set(
		ST_SOURCE_IN, ruleset_find_set(l->r, ipv6 ? "handover6" : "handover"));

	s.key = ipv6 ? KEY_VIP6 : KEY_VIP;
	return s;
}

static int add_known(const struct lane *l, struct ruleset_statement others)
{
	return LANE_RULE(l, l->entry, lane_remembered_in(l, l->relayed), others, lane_go(l->relay));
}

/*
 * A client that has a backend, or is about to have one, would take its relayed connections there: in a
 * farm that persists they are looked for before its clients are, and who opens a connection on the
 * ports of a relayed one begins anew. What is not known at all is asked about behind the clients:
 * one that is kept was told, and is the same at the other director; one that has just begun a
 * connection here has nothing else to show for it.
 */
int lane_relay_rules(const struct lane *l, bool clients)
{
	int err = 0;

	if (l->relay < 0)
		return 0;
	if (clients && l->p->persists)
		err |= LANE_RULE(l, l->entry, lane_is_syn(),
				 lane_change(l, ST_DELETE, l->relayed, 0));
	if (clients == l->p->persists)
		err |= add_known(l, from_others(l));
	if (clients)
		return err;
	return err |
	       LANE_RULE(l, l->entry, is_no_syn(), is_handed(l), from_others(l), lane_go(l->relay));
}

int lane_relay_ended(struct lane *l)
{
	if (l->reused < 0)
		return 0;
	l->ended = lane_add_chain(l, "ended");
	if (l->ended < 0 || add_ended_rules(l))
		return -ENOMEM;
	return LANE_RULE(l, l->known, lane_has_any(TCP_FIN | TCP_RST), is_handed(l), from_others(l),
			 lane_go(l->ended));
}

int lane_relay_closing(const struct lane *l)
{
	int err;

	if (l->reused < 0)
		return 0;
	err = LANE_RULE(l, l->leave, lane_remembered_in(l, l->half),
			lane_change(l, ST_UPDATE, l->closing, l->closing_ms), lane_go(l->send));
	return err | LANE_RULE(l, l->leave, is_handed(l), from_others(l), lane_go(l->reused));
}
