/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Clients that have a backend: by the configuration (fixed), or by persistence (kept).
 *
 * A fixed client needs no memory in a farm that is hashed: its rule stands in front of the buckets,
 * so no change of them touches it. In a farm that remembers it stands behind the flows, so that no
 * flow moves when the configuration does or the backend comes back.
 *
 * A kept client chooses for new flows only; the flows themselves are remembered as in any farm that
 * does. So a client may get another backend (its own leaves, or the table forgot it) while the flows
 * that it has stay where they are. Every packet of a flow refreshes its client, for at least as
 * long as the flow itself may be silent: a client with a living connection is never forgotten.
 *
 * Until a client has answered, it stands in the table "half", by its address and not by flow: the
 * connections that it opens at once (a browser: six) meet the same backend before any of them is
 * complete, and over TCP and UDP alike. What a flood of SYNs leaves behind is bounded by that table.
 *
 * Known limit: when its backend begins to leave, the next connection that a client opens gives it another
 * one. What it has begun on the old one and not completed then goes there, too, and is reset.
 */
#include "director/ruleset/plan_lane.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

/* --- tables ----------------------------------------------------------------------------------- */

static size_t count_fixed(const struct config_farm *farm, uint8_t family)
{
	size_t n = 0;

	for (size_t i = 0; i < farm->n_pins; i++)
		n += farm->pins[i].client.addr.family == family;
	return n;
}

static uint32_t id_of(const struct farm_plan *p, const char *backend)
{
	for (size_t i = 0; i < p->farm->n_backends; i++)
		if (strcmp(p->farm->backends[i].name, backend) == 0)
			return p->ids[i];
	return 0; /* config_load() refuses a pin to nobody */
}

/* Index; -1: the farm has none; -ENOMEM. */
static int add_fixed(const struct farm_plan *p, bool ipv6)
{
	uint8_t family = ipv6 ? AF_INET6 : AF_INET;
	size_t n = count_fixed(p->farm, family);
	struct ruleset_set *set;
	int at;

	if (n == 0)
		return -1;
	at = plan_farm_set(p, ipv6 ? SET_STATIC6 : SET_STATIC, "static%s", ipv6 ? ".ip6" : "");
	if (at < 0 || ruleset_set_reserve(&p->r->sets[at], n) < 0)
		return -ENOMEM;
	set = &p->r->sets[at];
	n = 0;
	for (size_t i = 0; i < p->farm->n_pins; i++) {
		const struct config_pin *pin = &p->farm->pins[i];
		struct addr_range range = prefix_range(&pin->client);
		uint32_t id = id_of(p, pin->backend);
		struct ruleset_element *e = &set->elements[n];

		if (pin->client.addr.family != family)
			continue;
		memcpy(e->key, range.first.bytes, addr_len(&range.first));
		memcpy(e->key + addr_len(&range.first), range.last.bytes, addr_len(&range.last));
		memcpy(e->data, &id, sizeof(id));
		n++;
	}
	ruleset_set_sort(set);
	return at;
}

static int add_kept(const struct farm_plan *p, bool ipv6, const char *name, uint32_t size)
{
	int at = plan_farm_set(p, ipv6 ? SET_PINS6 : SET_PINS, "%s%s", name, ipv6 ? ".ip6" : "");

	if (at >= 0)
		p->r->sets[at].size = size;
	return at;
}

static bool has_family(const struct config_farm *farm, uint8_t family)
{
	for (size_t i = 0; i < farm->n_addresses; i++)
		if (farm->addresses[i].family == family)
			return true;
	return false;
}

int plan_pins(struct farm_plan *p)
{
	uint32_t most = p->farm->max_connections;

	for (int ipv6 = 0; ipv6 < 2; ipv6++) {
		struct farm_pins *pins = &p->pins[ipv6];

		*pins = (struct farm_pins){.fixed = add_fixed(p, ipv6), .kept = -1, .half = -1};
		if (p->persists && has_family(p->farm, ipv6 ? AF_INET6 : AF_INET)) {
			pins->kept = add_kept(p, ipv6, "pins", most);
			if (pins->kept >= 0)
				p->r->sets[pins->kept].gc_interval_ms = p->farm->gc_interval_ms;
			pins->half = add_kept(p, ipv6, "half", plan_half_size(most));
		}
		if (pins->fixed == -ENOMEM || pins->kept == -ENOMEM || pins->half == -ENOMEM)
			return -ENOMEM;
	}
	return 0;
}

/* --- rules ------------------------------------------------------------------------------------ */

void lane_pins_init(struct lane *l, bool ipv6)
{
	const struct config_farm *farm = l->p->farm;
	const struct farm_pins *pins = &l->p->pins[ipv6];
	uint8_t prefix = ipv6 ? farm->persistence_prefix6 : farm->persistence_prefix;

	l->client = ipv6 ? KEY_CLIENT6 : KEY_CLIENT;
	l->address = ipv6 ? KEY_STATIC6 : KEY_STATIC;
	l->fixed = pins->fixed;
	l->kept = pins->kept;
	if (!l->p->persists)
		return;
	/* What the tables cannot tell is hashed by the client as they know it. */
	l->hash = l->client;
	l->prefix = prefix < (ipv6 ? 128 : 32) ? prefix : 0;
	l->half = pins->half;
	l->pin_ms = farm->persistence_timeout_ms;
	if (l->pin_ms < l->idle_ms)
		l->pin_ms = l->idle_ms;
}

/* The MACs are written in order to find out whether the backend lives: a dead one ends the rule. */
int lane_fixed_rule(const struct lane *l, int chain)
{
	struct ruleset_statement find = {
		.kind = ST_MARK, .by = BY_KEY, .key = l->address, .set = (uint32_t)l->fixed};

	int err = 0;

	if (l->fixed < 0)
		return 0;
	if (l->p->hashed && l->syn >= 0)
		err |= LANE_RULE(l, chain, lane_is_syn(), find, lane_macs_by_mark(l),
				 lane_go(l->syn));
	return err | LANE_RULE(l, chain, find, lane_macs_by_mark(l),
			       l->p->hashed ? lane_forward(l) : lane_go(l->settle));
}

/* A flow of such a client that is not remembered. Where its SYN goes needs no memory. */
int lane_settle_rules(const struct lane *l)
{
	int err = 0;

	if (l->syn >= 0)
		err |= LANE_RULE(l, l->settle, lane_is_syn(), lane_go(l->syn));
	if (!l->udp)
		err |= LANE_RULE(l, l->settle, lane_has_any(TCP_SYN | TCP_FIN | TCP_RST),
				 lane_go(l->send));
	err |= LANE_RULE(l, l->settle, lane_change(l, ST_ADD, l->flows, l->idle_ms),
			 lane_tell_daemon(l), lane_go(l->send));
	return err | LANE_RULE(l, l->settle, lane_go(l->send));
}

int lane_kept_rules(const struct lane *l, int chain)
{
	return l->kept < 0
		       ? 0
		       : LANE_RULE(l, chain, lane_remembered_in(l, l->kept), lane_go(l->pinned));
}

/* What UDP does not remember counts as new. */
int lane_leaving_rule(const struct lane *l, int chain)
{
	if (l->p->leaving < 0)
		return 0;
	if (l->udp)
		return LANE_RULE(l, chain, lane_is_leaving(l), lane_go(l->move));
	return LANE_RULE(l, chain, lane_is_syn(), lane_is_leaving(l), lane_go(l->move));
}

/* A client that has a backend, a flow that is not remembered: a new one, or the table was full. */
int lane_pinned_rules(const struct lane *l)
{
	struct ruleset_statement refresh = lane_change(l, ST_UPDATE, l->kept, l->pin_ms);
	struct ruleset_statement send = lane_go(l->send);
	int err = lane_leaving_rule(l, l->pinned);

	if (l->syn >= 0)
		err |= LANE_RULE(l, l->pinned, lane_is_syn(), refresh, lane_macs_by_mark(l),
				 lane_go(l->syn));
	if (!l->udp)
		err |= LANE_RULE(l, l->pinned, lane_has_any(TCP_SYN | TCP_FIN | TCP_RST), refresh,
				 send);
	err |= LANE_RULE(l, l->pinned, lane_change(l, ST_ADD, l->flows, l->idle_ms), refresh,
			 lane_tell_daemon(l), send);
	err |= LANE_RULE(l, l->pinned, refresh, send);
	return err | LANE_RULE(l, l->pinned, send);
}

/* A new flow of a client whose backend leaves: it gets another one. */
int lane_move_rules(const struct lane *l)
{
	int err = LANE_RULE(l, l->move, lane_change(l, ST_DELETE, l->kept, 0),
			    lane_change(l, ST_DELETE, l->half, 0));

	return err | LANE_RULE(l, l->move, lane_scheduled(l), lane_go(l->fresh));
}

/*
 * The client has answered: now it and its flow are remembered. What the table had of the client is
 * of a backend that is dead or left, else this flow would have gone there.
 */
int lane_promote_pins(const struct lane *l)
{
	struct ruleset_statement forget = lane_change(l, ST_DELETE, l->kept, 0);
	struct ruleset_statement keep = lane_change(l, ST_ADD, l->kept, l->pin_ms);
	struct ruleset_statement done = lane_change(l, ST_DELETE, l->half, 0);
	struct ruleset_statement send = lane_go(l->send);
	int err = 0;

	err |= LANE_RULE(l, l->promote, lane_change(l, ST_ADD, l->flows, l->idle_ms), forget, keep,
			 done, lane_tell_daemon(l), send);
	err |= LANE_RULE(l, l->promote, forget, keep, done, lane_tell_daemon(l), send);
	err |= LANE_RULE(l, l->promote, lane_change(l, ST_UPDATE, l->half, l->pin_ms), send);
	return err | LANE_RULE(l, l->promote, send);
}

/* A flow on a backend that leaves says nothing about where its client belongs. */
int lane_known_pins(const struct lane *l)
{
	struct ruleset_statement flow = lane_change(l, ST_UPDATE, l->flows, l->idle_ms);
	struct ruleset_statement send = lane_go(l->send);
	int err = 0;

	if (l->p->leaving >= 0) {
		err |= LANE_RULE(l, l->known, lane_is_leaving(l), flow, send);
		err |= LANE_RULE(l, l->known, lane_is_leaving(l), send);
	}
	err |= LANE_RULE(l, l->known, flow, lane_change(l, ST_UPDATE, l->kept, l->pin_ms), send);
	return err | LANE_RULE(l, l->known, send);
}

/* Behind the flow that was forgotten: the client's backend may be another one, and alive. */
int lane_send_pins(const struct lane *l)
{
	struct ruleset_statement macs = lane_macs_by_mark(l), out = lane_forward(l);
	int err = LANE_RULE(l, l->send, lane_remembered_in(l, l->kept), macs, out);

	err |= LANE_RULE(l, l->send, lane_remembered_in(l, l->half), macs, out);
	return err | LANE_RULE(l, l->send, lane_change(l, ST_DELETE, l->kept, 0),
			       lane_change(l, ST_DELETE, l->half, 0));
}
