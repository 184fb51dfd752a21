/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/drill/drill_probe.h"

#include "ha/vmac.h"

#include <stdio.h>
#include <string.h>

enum {
	/* Wider than any window: no attempt looks like a part of the one before it. */
	ISN_STEP = 1 << 17,
	WINDOW = 65535,
	MSS = SMALL_TCP_MSS,
};

/* --- may it be probed? ------------------------------------------------------------------------ */

static bool farm_has(const struct config_farm *f, const struct drill_target *t)
{
	bool address = false, port = false;

	for (size_t i = 0; i < f->n_addresses; i++)
		address |= addr_equal(&f->addresses[i], &t->vip);
	for (size_t i = 0; i < f->n_ports; i++)
		port |= f->ports[i].first <= t->port && t->port <= f->ports[i].last;
	return address && port && f->protocol & PROTOCOL_TCP;
}

static const struct config_vrrp *find_section(const struct config *c, const struct addr *vip)
{
	for (size_t i = 0; i < c->n_vrrps; i++)
		for (size_t k = 0; k < c->vrrps[i].n_addresses; k++)
			if (addr_equal(&c->vrrps[i].addresses[k].addr, vip))
				return &c->vrrps[i];
	return NULL;
}

const struct config_vrrp *drill_probe_section(const struct config *c, uint8_t kind,
					      const struct drill_target *t,
					      char why[static SYNC_WHY_MAX])
{
	const struct config_vrrp *section = find_section(c, &t->vip);
	char at[ADDR_TEXT];
	size_t farm = 0;

	while (farm < c->n_farms && !farm_has(&c->farms[farm], t))
		farm++;
	if (kind == SYNC_DRILL_SPLIT) {
		snprintf(why, SYNC_WHY_MAX, "a split has one master all the time, and no gap");
		return NULL;
	}
	if (kind == SYNC_DRILL_DAEMON_KILL) {
		snprintf(why, SYNC_WHY_MAX,
			 "who is to probe the new master is killed: use `directorctl probe` on a "
			 "client");
		return NULL;
	}
	if (farm == c->n_farms) {
		snprintf(why, SYNC_WHY_MAX, "no farm has port %u of %s over TCP", t->port,
			 addr_format(&t->vip, at));
		return NULL;
	}
	if (!section)
		snprintf(why, SYNC_WHY_MAX, "no virtual router has %s", addr_format(&t->vip, at));
	return section;
}

struct mac drill_probe_way(const struct config_vrrp *section, uint8_t family,
			   const struct mac *there)
{
	return section->virtual_mac ? vmac_address(family, section->virtual_router_id) : *there;
}

/* --- attempts of one node --------------------------------------------------------------------- */

bool drill_probe_next(struct drill_probe *p, uint64_t now_us, struct vip_segment *ret)
{
	if (p->n == DRILL_PROBE_MAX)
		return false;
	*ret = (struct vip_segment){
		.source = p->own_mac,
		.destination = p->way,
		.from = p->own,
		.to = p->target.vip,
		.from_port = p->ports[p->n % VIP_PORTS],
		.to_port = p->target.port,
		.ttl = VIP_FRAME_TTL_BEHIND, /* a service in a container is one, too */
		.tcp = {.bits = SMALL_TCP_SYN,
			.seq = p->isn + (uint32_t)p->n * ISN_STEP,
			.window = WINDOW,
			.mss = MSS},
	};
	p->attempts[p->n++] = (struct drill_attempt){.at_us = now_us};
	return true;
}

/* By the sequence number that it acknowledges, which nobody else knows: whatever its MAC. */
bool drill_probe_hear(struct drill_probe *p, const struct vip_segment *in)
{
	uint32_t after = in->tcp.ack - 1 - p->isn;
	size_t number = after / ISN_STEP;

	if (after % ISN_STEP != 0 || number >= p->n ||
	    in->tcp.bits != (SMALL_TCP_SYN | SMALL_TCP_ACK) || in->from_port != p->target.port ||
	    in->to_port != p->ports[number % VIP_PORTS] || !addr_equal(&in->from, &p->target.vip) ||
	    !addr_equal(&in->to, &p->own))
		return false;
	p->attempts[number].good = true;
	return true;
}

size_t drill_probe_spans(const struct drill_probe *p, uint64_t now_us, bool last,
			 struct sync_span ret[static SYNC_SPANS_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++) {
		const struct drill_attempt *a = &p->attempts[i];

		if (!a->good && now_us - a->at_us < DRILL_PROBE_ANSWER_US)
			continue;
		if (n > 0 && ret[n - 1].good == a->good) {
			ret[n - 1].last_us = a->at_us;
			continue;
		}
		if (n == SYNC_SPANS_MAX && !last)
			break;
		if (n == SYNC_SPANS_MAX)
			memmove(ret, ret + 1, --n * sizeof(*ret));
		ret[n++] = (struct sync_span){a->good, a->at_us, a->at_us};
	}
	return n;
}

/* --- what both saw ---------------------------------------------------------------------------- */

/* By one clock, and no later than the end. False: nothing of it is. */
static bool cut(const struct sync_span *s, int64_t ahead_us, uint64_t end_us, struct sync_span *ret)
{
	*ret = (struct sync_span){s->good, s->first_us + (uint64_t)ahead_us,
				  s->last_us + (uint64_t)ahead_us};
	if (ret->last_us > end_us)
		ret->last_us = end_us;
	return ret->first_us <= end_us;
}

enum drill_gap drill_probe_gap(const struct drill_gap_ask *ask, uint64_t *ret_us)
{
	uint64_t master_us = ask->master_us + (uint64_t)ask->old_ahead_us, end_us = 0, back_us = 0;
	bool ended = false, back = false, lost = false;
	struct sync_span s;

	if (!ask->has_master)
		return DRILL_GAP_NOBODY;
	for (size_t i = 0; i < ask->n_old; i++)
		if (cut(&ask->old_way[i], ask->old_ahead_us, master_us, &s)) {
			lost = ended && !s.good;
			ended |= s.good;
			end_us = s.good ? s.last_us : end_us;
		}
	if (!ended)
		return DRILL_GAP_NO_OLD;
	for (size_t i = 0; i < ask->n_new && !back; i++) {
		s = ask->new_way[i];
		back = s.good && s.last_us >= master_us;
		/* Who has not learned of it yet still goes the old way; a virtual MAC, even here. */
		lost |= !s.good && s.last_us > end_us &&
			s.last_us > master_us + DRILL_PROBE_LEARN_US;
		if (back)
			back_us = s.first_us > master_us ? s.first_us : master_us;
	}
	if (!back)
		return DRILL_GAP_NO_NEW;
	*ret_us = lost && back_us > end_us ? back_us - end_us : 0;
	return DRILL_GAP_KNOWN;
}
