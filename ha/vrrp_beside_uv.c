/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a virtual router is told by others than the network, and what it tells of itself. */
#include "ha/clock_uv.h"
#include "ha/vrrp_router_uv.h"

#include <stdio.h>
#include <string.h>

/* A heartbeat that was under way may overtake the goodbye: those of so many intervals repeat it. */
enum { GOODBYE_INTERVALS = 3 };

void vrrp_router_tell(struct vrrp_router *r, const struct vrrp_event *ev)
{
	if (!r->left)
		vrrp_router_step(r, *ev);
	/* It sends adverts, which the switch has seen even when we have not. */
	if (!r->closing && ev->type == VRRP_EVENT_PEER && ev->peer.says == VRRP_PEER_MASTER)
		vrrp_vmac_follow(r, true);
}

uint8_t vrrp_router_priority(const struct vrrp_router *r)
{
	return r->tracked && r->own_priority != VRRP_PRIORITY_OWNER ? r->tracked : r->own_priority;
}

void vrrp_router_track(struct vrrp_router *r, uint8_t priority, const char *fault)
{
	struct vrrp_event ev = {.type = VRRP_EVENT_RECONFIGURE, .settings = r->core.settings};

	if (r->closing || r->left)
		return;
	r->tracked = priority;
	snprintf(r->track_fault, sizeof(r->track_fault), "%s", fault);
	ev.settings.priority = vrrp_router_priority(r);
	if (ev.settings.priority != r->core.settings.priority)
		vrrp_router_step(r, ev);
	vrrp_router_judge(r);
}

void vrrp_router_group_fault(struct vrrp_router *r, bool fault)
{
	if (r->group_fault == fault)
		return;
	r->group_fault = fault;
	vrrp_router_judge(r);
}

/* The numbers on the wire stay what they are, whatever order the states have here. */
static uint8_t wire_state(enum vrrp_state s)
{
	switch (s) {
	case VRRP_INIT: return HEARTBEAT_INIT;
	case VRRP_BACKUP: return HEARTBEAT_BACKUP;
	case VRRP_MASTER: return HEARTBEAT_MASTER;
	case VRRP_FAULT: return HEARTBEAT_FAULT;
	case VRRP_MAINTENANCE: return HEARTBEAT_MAINTENANCE;
	}
	return HEARTBEAT_INIT;
}

void vrrp_router_word(const struct vrrp_router *r, struct heartbeat_word *ret)
{
	uint64_t interval_us = vrrp_router_interval_us(r), now_us = clock_us();

	*ret = (struct heartbeat_word){
		.section = r->tag,
		.virtual_router_id = r->virtual_router_id,
		.family = r->family,
		.version = r->version,
		.state = wire_state(r->core.state),
		.priority = r->core.settings.priority,
		.source = r->core.settings.address,
		.interval_us = (uint32_t)interval_us,
		.mac = r->link.mac,
	};
	if (r->core.state == VRRP_MASTER && vip_set_complete(&r->vips))
		ret->flags |= HEARTBEAT_HOLDS_VIP;
	if (r->link.up)
		ret->flags |= HEARTBEAT_LINK_UP;
	if (r->core.state != VRRP_MASTER && r->let_go_us != 0 &&
	    now_us - r->let_go_us < GOODBYE_INTERVALS * interval_us)
		ret->flags |= HEARTBEAT_GOODBYE;
}

bool vrrp_router_is(const struct vrrp_router *r, const struct heartbeat_word *w)
{
	return r->virtual_router_id == w->virtual_router_id && r->family == w->family &&
	       r->version == w->version && r->tag == w->section;
}

uint32_t vrrp_router_tag(const struct vrrp_router *r)
{
	return r->tag;
}

uint64_t vrrp_router_interval_us(const struct vrrp_router *r)
{
	return r->core.settings.interval_us;
}

enum vrrp_state vrrp_router_state(const struct vrrp_router *r)
{
	return r->core.state;
}

enum vrrp_reason vrrp_router_own_fault(const struct vrrp_router *r)
{
	return r->own_fault;
}

bool vrrp_router_remains(struct vrrp_router *r)
{
	if (!r->rival_us || clock_us() - r->rival_us < vrrp_down_interval_us(&r->core))
		return false;
	r->rival_us = 0;
	return true;
}

bool vrrp_router_hears(const struct vrrp_router *r)
{
	return r->heard && clock_us() - r->heard_us < vrrp_down_interval_us(&r->core);
}

int vrrp_router_failover(struct vrrp_router *r, struct err *err)
{
	if (r->core.state != VRRP_MASTER)
		return err_set(err, -EPERM, "%s is %s here, only the master can hand over", r->name,
			       vrrp_state_name(r->core.state));
	if (r->core.settings.priority == VRRP_PRIORITY_OWNER)
		return err_set(
			err, -EPERM,
			"%s: the address owner (priority 255) cannot hand its addresses over",
			r->name);
	vrrp_router_step(r, (struct vrrp_event){.type = VRRP_EVENT_YIELD});
	return 0;
}

void vrrp_router_view(const struct vrrp_router *r, struct vrrp_view *ret)
{
	bool master = r->core.state == VRRP_MASTER;

	*ret = (struct vrrp_view){
		.name = r->section,
		.interface = r->interface,
		.device = vrrp_router_device(r),
		.virtual_router_id = r->virtual_router_id,
		.version = r->version,
		.family = r->family,
		.unicast = r->unicast,
		.priority = r->core.settings.priority,
		.advertise_interval_ms = (uint32_t)(r->core.settings.interval_us / 1000),
		.preempt = r->core.settings.preempt,
		.state = r->core.state,
		.from = r->from,
		.transitions = r->transitions,
		.reason = r->cause.reason,
		.changed_wall_ms = r->changed_wall_ms,
		.changed_ms = r->changed_ms,
		.yielded = r->core.yielded,
		.held = r->core.wait == VRRP_WAIT_HELD,
		.gate = r->core.gate,
		.source = r->core.settings.address,
		.has_master = master || r->heard,
		.master_address = master ? r->core.settings.address : r->heard_from,
		.master_priority = master ? r->core.settings.priority : r->heard_priority,
		.master_age_ms = master || !r->heard ? 0 : clock_ms() - r->heard_us / 1000,
		.addresses = r->vips.addresses,
		.n_addresses = r->vips.n,
		.auth_mode = r->auth.mode,
		.auth_failed_us = r->auth_failed_us,
		.skewed_us = r->skewed_us,
		.skew_s = r->skew_s,
		.counters = r->counters,
	};
	vrrp_vips_view(r, ret);
	vrrp_cause_format(&r->cause, ret->reason_text);
}
