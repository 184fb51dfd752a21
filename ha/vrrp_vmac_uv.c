/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The virtual MAC address of a router: its device follows the state. See vrrp_router_uv.h.
 *
 * The device goes up when the router becomes master. When it is master no more, the addresses leave
 * at once, but the device stays up, and with it what is forwarded, until another master was heard: by
 * that advert the switch has learned where the virtual MAC address is now, and until then it sends
 * the frames here, where they would be lost.
 */
#include "ha/clock_uv.h"
#include "ha/vrrp_frame.h"
#include "ha/vrrp_router_uv.h"

#include <errno.h>
#include <string.h>

enum {
	LINGER_MORE_MS = 100, /* beyond the skew time, which is an interval at most */
	LINGER_MAX_MS = 2000,
};

unsigned int vrrp_router_home(const struct vrrp_router *r)
{
	return r->virtual_mac ? r->vmac.ifindex : r->link.ifindex;
}

const struct mac *vrrp_router_mac(const struct vrrp_router *r)
{
	return r->virtual_mac ? &r->vmac.mac : &r->link.mac;
}

bool vrrp_vmac_is_lost(const struct vrrp_router *r)
{
	return r->vmac.ifindex != 0 && !vmac_is_there(&r->vmac);
}

static int open_on(struct vrrp_router *r, unsigned int ifindex, struct err *err)
{
	if (!r->virtual_mac)
		return 0;
	if (vrrp_vmac_is_lost(r)) {
		log_warning("%s: somebody removed the interface %s, making it again", r->name,
			    r->vmac.name);
		vmac_forget(&r->vmac);
		vrrp_router_forget(r);
	}
	if (r->vmac.ifindex != 0)
		return 0;
	return vmac_open(&r->vmac, ifindex, err);
}

int vrrp_vmac_open(struct vrrp_router *r, struct err *err)
{
	return open_on(r, r->link.ifindex, err);
}

bool vrrp_router_prepare(struct vrrp_router *r, unsigned int ifindex)
{
	struct err err = {0};

	if (!r->virtual_mac || r->closing || r->left ||
	    (r->linked && r->link.present && r->link.ifindex != ifindex))
		return false; /* it is on another interface, whose end it is still to hear of */
	if (open_on(r, ifindex, &err) < 0)
		return false;
	if (r->core.state == VRRP_MASTER && !vip_set_complete(&r->vips))
		vrrp_router_recheck(r, 0);
	return true;
}

/* Tried at each advert that is heard, too: said when it is another reason than the last time. */
static void set_up(struct vrrp_router *r, bool up)
{
	struct err err = {0};

	if (vmac_set_up(&r->vmac, up, &err) < 0) {
		if (strcmp(err.text, r->vmac_error.text) != 0)
			log_error("%s: %s, trying again every second", r->name, err.text);
		if (!uv_is_active((uv_handle_t *)&r->recheck))
			vrrp_router_recheck(r, RECHECK_MS);
	}
	r->vmac_error = err;
}

void vrrp_vmac_take(struct vrrp_router *r)
{
	if (r->virtual_mac)
		set_up(r, true);
}

void vrrp_vmac_follow(struct vrrp_router *r, bool heard)
{
	enum vrrp_reason f = r->core.fault;
	/* With a link that works it hears who follows, and forwards until then. */
	bool deaf = r->core.state == VRRP_FAULT && f != VRRP_REASON_TRACKED &&
		    f != VRRP_REASON_GROUP && f != VRRP_REASON_ADDRESS_TAKEN;

	if (r->vmac.up && (deaf || (heard && r->core.state != VRRP_MASTER)))
		set_up(r, false);
	else if (!r->vmac.up && r->core.state != VRRP_MASTER)
		r->vmac_error.text[0] = '\0'; /* it could not go up, and need not any more */
}

bool vrrp_vmac_again(struct vrrp_router *r)
{
	if (!r->vmac_error.text[0])
		return false;
	if (r->core.state == VRRP_MASTER)
		vrrp_vmac_take(r);
	else
		vrrp_vmac_follow(r, r->heard);
	return !r->vmac_error.text[0] && r->core.state == VRRP_MASTER;
}

int vrrp_vmac_send(struct vrrp_router *r, const struct vrrp_packet *p)
{
	uint8_t frame[VRRP_FRAME_MAX];
	size_t len = vrrp_frame_build(p, &r->vmac.mac, frame, sizeof(frame));

	return len > 0 ? vmac_send(&r->vmac, frame, len) : -EMSGSIZE;
}

uint64_t vrrp_router_linger_ms(const struct vrrp_router *r)
{
	uint64_t most = r->core.settings.interval_us / 1000 + LINGER_MORE_MS;
	uint64_t left_ms = clock_ms() - r->changed_ms;

	if (most > LINGER_MAX_MS)
		most = LINGER_MAX_MS;
	return r->left && r->vmac.up && left_ms < most ? most - left_ms : 0;
}
