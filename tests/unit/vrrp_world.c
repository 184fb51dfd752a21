/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The link of the simulated directors, as bytes, and what its hosts believe; see vrrp_sim.h. */
#include "tests/unit/vrrp_world.h"

#include <string.h>

enum {
	ROUTER_ID = 51,
	VIP_BASE = 0x0a4d0064,	/* 10.77.0.100 */
	NODE_BASE = 0x0a4d0001, /* 10.77.0.1 */
	IPV4_LEN = 20,
	ARP_SENDER_MAC = 22, /* offsets in an Ethernet frame */
	ARP_SENDER_IP = 28,
	SHORTEST_US = 20, /* across a switch */
};

bool world_is_whole(const struct world *w)
{
	for (int from = 0; from < PORTS; from++)
		for (int to = 0; to < PORTS; to++)
			if (w->cut[from][to])
				return false;
	return w->loss_percent == 0 && w->slow_us == 0 && beats_are_whole(w);
}

/* Whole from now on: what is still under way arrives in time. */
void world_mend(struct world *w)
{
	memset(w->cut, 0, sizeof(w->cut));
	w->loss_percent = 0;
	w->slow_us = 0;
	memset(w->beat_cut, 0, sizeof(w->beat_cut));
	w->beat_loss_percent = 0;
	w->beat_slow_us = 0;
	for (size_t i = 0; i < w->n_flights; i++) {
		uint64_t longest_us =
			w->flights[i].kind < FRAME_BEAT ? w->delay_us : w->beat_delay_us;

		if (w->flights[i].at_us > w->now_us + longest_us)
			w->flights[i].at_us = w->now_us + 1 + world_any(w, longest_us);
	}
}

void world_fly(struct world *w, const struct frame *frame, uint64_t us)
{
	world_expect(w, w->n_flights < FLIGHTS_MAX, "a storm on the link");
	if (w->n_flights == FLIGHTS_MAX)
		return;
	w->flights[w->n_flights] = *frame;
	w->flights[w->n_flights++].at_us = w->now_us + us;
}

static void put(struct world *w, const struct frame *frame)
{
	uint64_t longest_us = w->delay_us - SHORTEST_US + w->slow_us;

	world_fly(w, frame, SHORTEST_US + world_any(w, longest_us));
}

static void transmit(struct world *w, struct frame *frame, int to)
{
	if (!w->nodes[frame->from].linked || w->cut[frame->from][to] ||
	    world_any(w, 100) < w->loss_percent) {
		w->out.counters[SIM_DROPPED]++;
		return;
	}
	frame->to = (uint8_t)to;
	put(w, frame);
	if (world_any(w, 100) < w->double_percent) {
		w->out.counters[SIM_DOUBLED]++;
		put(w, frame);
	}
}

/* --- adverts ---------------------------------------------------------------------------------- */

static void write_be16(uint8_t *bytes, size_t value)
{
	bytes[0] = (uint8_t)(value >> 8);
	bytes[1] = (uint8_t)value;
}

static void write_be32(uint8_t *bytes, uint32_t value)
{
	write_be16(bytes, value >> 16);
	write_be16(bytes + 2, value & 0xffff);
}

/* The datagram as the kernel would put it on the link; 0 when the message cannot be built. */
static size_t build_advert(const struct world *w, int from, uint8_t priority,
			   uint8_t bytes[static FRAME_MAX])
{
	const struct vrrp_settings *settings = &w->nodes[from].core.settings;
	struct vrrp_packet p = {
		.version = 3,
		.virtual_router_id = ROUTER_ID,
		.priority = priority,
		.interval_ms = (uint32_t)(settings->interval_us / 1000),
		.source = settings->address,
		.destination = addr_v4(VRRP_GROUP_V4),
		.n_addresses = (uint8_t)w->n_vips,
	};
	size_t len;

	for (uint32_t i = 0; i < w->n_vips; i++)
		p.addresses[i] = addr_v4(VIP_BASE + i);
	len = vrrp_packet_build(&p, bytes + IPV4_LEN, FRAME_MAX - IPV4_LEN);
	memset(bytes, 0, IPV4_LEN);
	bytes[0] = 0x45;
	write_be16(bytes + 2, IPV4_LEN + len);
	bytes[8] = VRRP_TTL;
	bytes[9] = VRRP_PROTOCOL;
	write_be32(bytes + 12, addr_v4_value(&p.source));
	write_be32(bytes + 16, VRRP_GROUP_V4);
	return len ? IPV4_LEN + len : 0;
}

void world_send_advert(struct world *w, int from, uint8_t priority)
{
	struct frame frame = {.from = (uint8_t)from};

	frame.len = (uint16_t)build_advert(w, from, priority, frame.bytes);
	world_expect(w, frame.len > 0, "an advert that cannot be built");
	for (int to = 0; to < w->n_nodes; to++)
		if (to != from)
			transmit(w, &frame, to);
}

/* The event that an advert is; false when it is refused. */
static bool parse_advert(const struct world *w, int node, const struct frame *frame,
			 struct vrrp_event *ret)
{
	const struct vrrp_expect expect = {
		.version = 3,
		.virtual_router_id = ROUTER_ID,
		.own = w->nodes[node].core.settings.address,
	};
	struct vrrp_packet p;

	if (vrrp_packet_parse(frame->bytes, frame->len, &expect, &p) != VRRP_REJECT_NONE)
		return false;
	*ret = (struct vrrp_event){.type = VRRP_EVENT_ADVERT,
				   .advert = {.source = p.source,
					      .priority = p.priority,
					      .interval_us = (uint64_t)p.interval_ms * 1000}};
	return true;
}

void process_hear(struct world *w, int node, const struct frame *frame)
{
	struct vrrp_event ev;

	if (frame->kind != FRAME_ADVERT) {
		beats_hear(w, node, frame);
		return;
	}
	if (!parse_advert(w, node, frame, &ev)) {
		w->out.counters[SIM_REJECTED]++;
		world_expect(w, false, "a good advert was refused");
		return;
	}
	w->out.counters[SIM_DELIVERED]++;
	process_step(w, node, ev);
}

/* --- announcements ---------------------------------------------------------------------------- */

void world_send_announcement(struct world *w, int from, size_t vip)
{
	const struct mac mac = {{2, 0, 0, 0, 0, (uint8_t)from}};
	const struct addr address = addr_v4(VIP_BASE + (uint32_t)vip);
	struct frame frame = {.from = (uint8_t)from, .kind = FRAME_ARP};

	frame.len = (uint16_t)announce_arp(&address, &mac, frame.bytes, sizeof(frame.bytes));
	world_expect(w, frame.len > 0, "an announcement that cannot be built");
	for (int to = NODES_MAX; to < PORTS; to++)
		transmit(w, &frame, to);
}

static void host_learns(struct world *w, int host, const struct frame *frame)
{
	size_t vip = frame->bytes[ARP_SENDER_IP + 3] - (VIP_BASE & 0xff);
	int owner = frame->bytes[ARP_SENDER_MAC + MAC_LEN - 1];

	if (w->entries[host][vip] != owner)
		world_say(w, owner, "is where host %d sees address %zu", host, vip);
	w->entries[host][vip] = owner;
}

void world_arrive(struct world *w, size_t flight)
{
	struct frame frame = w->flights[flight];
	struct process *p;

	w->flights[flight] = w->flights[--w->n_flights];
	if (frame.to >= NODES_MAX) {
		host_learns(w, frame.to - NODES_MAX, &frame);
		return;
	}
	p = &w->nodes[frame.to];
	if (!p->runs && frame.kind == FRAME_BEAT)
		beats_refuse(w, &frame);
	if (!p->runs || (!p->linked && frame.kind == FRAME_ADVERT))
		return;
	if (!p->paused)
		process_hear(w, frame.to, &frame);
	else if (p->n_socket < SOCKET_MAX)
		p->socket[p->n_socket++] = frame;
	else
		w->out.counters[SIM_OVERFLOWN]++;
}
