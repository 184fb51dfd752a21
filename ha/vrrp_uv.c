/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The interface of a virtual router, its life and what others ask of it; see vrrp_uv.h. */
#include "ha/vrrp_uv.h"

#include "ha/vrrp_router_uv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* --- is the interface fit for work? ----------------------------------------------------------- */

static bool is_vip(const struct vrrp_router *r, const struct addr *a)
{
	for (size_t i = 0; i < r->vips.n; i++)
		if (addr_equal(a, &r->vips.addresses[i].addr))
			return true;
	return false;
}

/* Whether adverts may come from an address of the interface: the owner's are virtual ones, too. */
static bool is_source(const struct vrrp_router *r, const struct addr *a)
{
	if (r->configured.family)
		return addr_equal(a, &r->configured);
	if (a->family == AF_INET6 && !addr_is_link_local(a)) /* RFC 9568, 5.1.2.1 */
		return false;
	return !is_vip(r, a) || r->core.settings.priority == VRRP_PRIORITY_OWNER;
}

/* Own address in adverts, as it is on the interface now. False with the sentence when it is not. */
static bool find_address(struct vrrp_router *r, struct addr *ret, struct err *err)
{
	struct prefix present[VIP_LIST_MAX];
	size_t n;
	char text[ADDR_TEXT];

	if (vip_list(r->family, r->link.ifindex, present, &n, err) < 0)
		return false;
	for (size_t i = 0; i < n; i++)
		if (is_source(r, &present[i].addr)) {
			*ret = present[i].addr;
			return true;
		}
	if (r->configured.family)
		err_set(err, -EADDRNOTAVAIL,
			"the node's address %s is not on %s, adverts cannot be sent from it",
			addr_format(&r->configured, text), r->interface);
	else
		err_set(err, -EADDRNOTAVAIL, "%s has no %s address to send adverts from",
			r->interface, r->family == AF_INET6 ? "link-local IPv6" : "IPv4");
	return false;
}

static enum vrrp_reason find_fault(struct vrrp_router *r, struct addr *ret_address, struct err *err)
{
	const struct vrrp_place place = {
		.interface = r->interface,
		.ifindex = r->link.ifindex,
		.family = r->family,
		.unicast = r->unicast,
	};
	struct claim_who who;
	char text[ADDR_TEXT], mac[MAC_TEXT];

	if (!r->link.present) {
		err_set(err, -ENODEV, "interface %s does not exist", r->interface);
		return VRRP_REASON_NO_LINK;
	}
	if (!r->link.up) {
		err_set(err, -ENETDOWN, "interface %s is down", r->interface);
		return VRRP_REASON_NO_LINK;
	}
	if (!r->socket &&
	    vrrp_socket_new(r->loop, &place, vrrp_router_readable, r, &r->socket, err) < 0)
		return VRRP_REASON_NO_SOCKET;
	if (vrrp_vmac_open(r, err) < 0)
		return VRRP_REASON_NO_SOCKET; /* to send from the virtual MAC address */
	if (!find_address(r, ret_address, err))
		return VRRP_REASON_NO_ADDRESS;
	if (r->track_fault[0]) {
		err_set(err, -EHOSTDOWN, "%s", r->track_fault);
		return VRRP_REASON_TRACKED;
	}
	if (claimer_is_taken(&r->claimer, &who)) {
		err_set(err, -EADDRINUSE, "%s is held by another host, MAC %s",
			addr_format(&who.address, text), mac_format(&who.mac, mac));
		return VRRP_REASON_ADDRESS_TAKEN;
	}
	return VRRP_REASON_NONE;
}

/* What is wrong with it; its group hears of it when that is not what it was. */
static enum vrrp_reason look_for_fault(struct vrrp_router *r, struct addr *ret_address,
				       struct err *err)
{
	enum vrrp_reason fault = find_fault(r, ret_address, err);

	if (fault != r->own_fault) {
		r->own_fault = fault;
		if (r->ops.fault)
			r->ops.fault(r->owner, r, fault);
	}
	if (fault == VRRP_REASON_NONE && r->group_fault) {
		err_set(err, -EHOSTDOWN, "another router of its group is in fault");
		return VRRP_REASON_GROUP;
	}
	return fault;
}

/* The first time that there is an interface: an earlier run may have left addresses behind. */
static void startup(struct vrrp_router *r)
{
	struct err err = {0};
	size_t removed = 0, more = 0;

	if (r->core.settings.priority != VRRP_PRIORITY_OWNER) {
		if (vip_clean(r->interface, r->vips.addresses, r->vips.n, &removed, &err) < 0 ||
		    (r->virtual_mac &&
		     vip_clean(r->vmac.name, r->vips.addresses, r->vips.n, &more, &err) < 0))
			log_error("%s: %s, going on", r->name, err.text);
		removed += more;
		if (removed > 0)
			log_warning("%s: removed %zu address(es) that an earlier run left on %s",
				    r->name, removed, more ? r->vmac.name : r->interface);
	}
	vrrp_router_step(r, (struct vrrp_event){.type = VRRP_EVENT_STARTUP});
}

void vrrp_router_judge(struct vrrp_router *r)
{
	struct addr address = r->core.settings.address;
	struct err err = {0};
	enum vrrp_reason fault, was = r->core.fault;

	if (!r->linked || r->left || r->closing)
		return;
	fault = look_for_fault(r, &address, &err);
	if (fault != was && fault != VRRP_REASON_NONE)
		log_warning("%s: %s", r->name, err.text);
	r->fault_error = err;
	if (fault == VRRP_REASON_NO_SOCKET || fault == VRRP_REASON_NO_ADDRESS)
		vrrp_router_recheck(r, RECHECK_MS);
	if (!addr_equal(&address, &r->core.settings.address)) {
		struct vrrp_event ev = {.type = VRRP_EVENT_RECONFIGURE,
					.settings = r->core.settings};

		ev.settings.address = address;
		vrrp_router_step(r, ev);
	}
	if (fault == VRRP_REASON_NONE && was != VRRP_REASON_NONE)
		vrrp_router_step(r, (struct vrrp_event){.type = VRRP_EVENT_CLEAR});
	else if (fault != was)
		vrrp_router_step(r, (struct vrrp_event){.type = VRRP_EVENT_FAULT, .fault = fault});
	if (r->core.state == VRRP_INIT && !r->left && !r->closing)
		startup(r);
}

static void on_recheck(uv_timer_t *timer)
{
	struct vrrp_router *r = timer->data;
	bool up;

	vrrp_router_judge(r);
	if (r->closing || r->left)
		return;
	up = vrrp_vmac_again(r);
	if (r->core.state == VRRP_MASTER && (up || !vip_set_complete(&r->vips))) {
		vrrp_router_take(r);
		vrrp_router_announce(r);
	} else if (r->core.state != VRRP_MASTER && !vip_set_empty(&r->vips)) {
		vrrp_router_release(r);
	}
}

void vrrp_router_recheck(struct vrrp_router *r, uint64_t ms)
{
	if (!r->closing && !r->left)
		uv_timer_start(&r->recheck, on_recheck, ms, 0);
}

/*
 * The interface went away, perhaps to come back as another one, or it has another name now: then it
 * still holds our addresses, so they are released before they are forgotten.
 */
static void drop_link(struct vrrp_router *r)
{
	announcer_stop(&r->announcer);
	if (r->core.fault == VRRP_REASON_NONE)
		vrrp_router_step(r, (struct vrrp_event){.type = VRRP_EVENT_FAULT,
							.fault = VRRP_REASON_NO_LINK});
	vrrp_socket_close(r->socket);
	r->socket = NULL;
	vrrp_router_forget(r);
	vmac_remove(&r->vmac);
}

void vrrp_router_link(struct vrrp_router *r, const struct vrrp_link *link)
{
	bool replaced = r->linked && r->link.present &&
			(!link->present || link->ifindex != r->link.ifindex);
	bool moved = r->linked && !mac_equal(&link->mac, &r->link.mac);

	if (r->closing || r->left ||
	    (r->linked && !replaced && !moved && link->present == r->link.present &&
	     link->up == r->link.up && !vrrp_vmac_is_lost(r)))
		return;
	if (replaced)
		drop_link(r);
	r->link = *link;
	r->linked = true;
	vrrp_vips_link(r);
	if (moved && r->core.state == VRRP_MASTER)
		vrrp_router_announce(r);
	vrrp_router_judge(r);
	if (r->core.state == VRRP_MASTER && !vip_set_complete(&r->vips))
		vrrp_router_recheck(r, 0);
}

/* --- life ------------------------------------------------------------------------------------- */

/* The section's addresses of the family. */
static int make_vips(const struct vrrp_setup *setup, struct vip_set *ret, struct err *err)
{
	const struct config_vrrp *section = setup->section;
	struct prefix own[VRRP_ADDRESSES_MAX];
	size_t n = 0;

	for (size_t i = 0; i < section->n_addresses; i++) {
		if (section->addresses[i].addr.family != setup->family)
			continue;
		if (n == VRRP_ADDRESSES_MAX)
			return err_set(err, -EINVAL, "vrrp \"%s\": more than %d addresses",
				       section->name, VRRP_ADDRESSES_MAX);
		own[n++] = section->addresses[i];
	}
	if (n == 0)
		return err_set(err, -EINVAL, "vrrp \"%s\": no address", section->name);
	if (vip_set_init(ret, own, n) < 0)
		return err_set(err, -ENOMEM, "vrrp \"%s\": out of memory", section->name);
	return 0;
}

/*
 * IPv6 adverts to the group come from a link-local address, which the interface has by itself; those
 * to the other node from where that one sends its own to.
 */
static struct addr own_address(const struct vrrp_setup *setup)
{
	if (!setup->self || setup->self->address.family != setup->family ||
	    (setup->family == AF_INET6 && !setup->section->unicast))
		return (struct addr){0};
	return setup->self->address;
}

static struct vrrp_settings settings_of(const struct vrrp_setup *setup)
{
	return (struct vrrp_settings){
		.priority = setup->self ? setup->self->priority : DEFAULT_PRIORITY,
		.preempt = setup->section->preempt,
		.interval_us = (uint64_t)setup->section->advertise_interval_ms * 1000,
		.address = own_address(setup),
		.version_2 = setup->section->version == 2,
	};
}

/* Sequence numbers go on, also when the mode was off for a while. */
static void copy_auth(struct vrrp_router *r, const struct vrrp_setup *setup)
{
	const struct config_vrrp *section = setup->section;
	const struct vrrp_auth_keys *keys = setup->auth_keys;
	uint64_t sent = r->auth.sent;

	vrrp_auth_clear(&r->auth);
	vrrp_auth_init(&r->auth, keys ? section->auth_mode : AUTH_OFF,
		       section->advertise_interval_ms,
		       setup->auth_seen ? setup->auth_seen : &r->seen);
	r->auth.sent = sent;
	if (keys)
		vrrp_auth_set_keys(&r->auth, keys,
				   section->auth_key_id ? section->auth_key_id : keys->at[0].id);
}

/* What may change while the router runs. */
static void copy_setup(struct vrrp_router *r, const struct vrrp_setup *setup)
{
	const struct config_cluster *cluster = setup->cluster;

	snprintf(r->section, sizeof(r->section), "%s", setup->section->name);
	r->tag = heartbeat_tag(r->section);
	snprintf(r->name, sizeof(r->name), "vrrp %s%s", r->section,
		 setup->family == AF_INET6 ? " (IPv6)" : "");
	r->own_priority = settings_of(setup).priority;
	copy_auth(r, setup);
	r->configured = own_address(setup);
	r->n_peers = 0;
	for (size_t i = 0; cluster && i < cluster->n_nodes; i++)
		if (&cluster->nodes[i] != setup->self)
			r->peers[r->n_peers++] = cluster->nodes[i].address;
	vrrp_vips_configure(r, setup);
}

static void on_handle_closed(void *owner)
{
	struct vrrp_router *r = owner;

	if (--r->open_handles > 0)
		return;
	vip_set_free(&r->vips);
	vrrp_auth_clear(&r->auth);
	free(r);
}

int vrrp_router_new(uv_loop_t *loop, const struct vrrp_setup *setup,
		    const struct vrrp_router_ops *ops, void *owner, struct vrrp_router **ret,
		    struct err *err)
{
	const struct config_vrrp *section = setup->section;
	struct vrrp_settings settings = settings_of(setup);
	struct vrrp_router *r = calloc(1, sizeof(*r));
	int code;

	if (!r)
		return err_set(err, -ENOMEM, "vrrp \"%s\": out of memory", section->name);
	code = make_vips(setup, &r->vips, err);
	if (code < 0)
		goto free_router;
	r->loop = loop;
	r->ops = *ops;
	r->owner = owner;
	snprintf(r->interface, sizeof(r->interface), "%s", section->interface);
	r->virtual_router_id = section->virtual_router_id;
	r->version = section->version;
	r->family = setup->family;
	r->unicast = section->unicast;
	r->virtual_mac = section->virtual_mac;
	vmac_init(&r->vmac, loop, r->family, r->virtual_router_id, r->interface);
	vrrp_init(&r->core, &settings);
	vrrp_router_stamp(r);
	code = vrrp_vips_init(r, err);
	if (code < 0)
		goto free_vips;
	copy_setup(r, setup);
	code = deadline_init(&r->deadline, loop, vrrp_router_expired, r, err);
	if (code < 0) {
		r->closing = true;
		r->open_handles = 3;
		vrrp_vips_close(r, on_handle_closed);
		return code;
	}
	uv_timer_init(loop, &r->recheck);
	r->recheck.data = r;
	r->open_handles = 5;
	*ret = r;
	return 0;
free_vips:
	vrrp_auth_clear(&r->auth);
	vip_set_free(&r->vips);
free_router:
	free(r);
	return code;
}

void vrrp_router_leave(struct vrrp_router *r)
{
	if (r->left || r->closing)
		return;
	uv_timer_stop(&r->recheck);
	vrrp_router_step(r, (struct vrrp_event){.type = VRRP_EVENT_SHUTDOWN});
	r->left = true;
	uv_timer_stop(&r->recheck); /* a failure above may have started it */
}

static void on_recheck_closed(uv_handle_t *handle)
{
	on_handle_closed(handle->data);
}

void vrrp_router_close(struct vrrp_router *r)
{
	if (!r || r->closing)
		return;
	r->closing = true;
	vrrp_socket_close(r->socket);
	r->socket = NULL;
	if (r->left) /* else it is not to be noticed that we are gone */
		vmac_remove(&r->vmac);
	vmac_close(&r->vmac);
	deadline_close(&r->deadline, on_handle_closed);
	uv_close((uv_handle_t *)&r->recheck, on_recheck_closed);
	vrrp_vips_close(r, on_handle_closed);
}

static bool same_addresses(const struct vip_set *a, const struct vip_set *b)
{
	bool same = a->n == b->n;

	for (size_t i = 0; same && i < a->n; i++)
		same = addr_equal(&a->addresses[i].addr, &b->addresses[i].addr);
	return same;
}

/* Consumes *next. */
static void replace_addresses(struct vrrp_router *r, struct vip_set *next)
{
	if (same_addresses(&r->vips, next)) {
		vip_set_free(next);
		return;
	}
	announcer_stop(&r->announcer); /* it reads the old list */
	claimer_end(&r->claimer);
	if (vip_set_replace(&r->vips, next, vrrp_router_home(r), &r->vip_error) < 0)
		log_error("%s: %s, it stays there", r->name, r->vip_error.text);
	vip_watch_read(&r->listener);
	claimer_set_addresses(&r->claimer, r->vips.addresses, r->vips.n);
	if (r->core.state == VRRP_MASTER) {
		vrrp_router_take(r);
		vrrp_router_claim(r);
		vrrp_router_announce(r);
	}
}

bool vrrp_router_fits(const struct vrrp_router *r, const struct vrrp_setup *setup)
{
	const struct config_vrrp *section = setup->section;

	return strcmp(section->interface, r->interface) == 0 &&
	       section->virtual_router_id == r->virtual_router_id &&
	       section->version == r->version && section->unicast == r->unicast &&
	       section->virtual_mac == r->virtual_mac && setup->family == r->family;
}

int vrrp_router_reconfigure(struct vrrp_router *r, const struct vrrp_setup *setup, struct err *err)
{
	struct vrrp_event ev = {
		.type = VRRP_EVENT_RECONFIGURE,
		.settings = settings_of(setup),
	};
	struct vip_set next = {0};
	int code;

	if (!vrrp_router_fits(r, setup))
		return err_set(err, -EINVAL,
			       "vrrp \"%s\": another interface, virtual-router-id, version, "
			       "unicast or virtual-mac makes it another router",
			       setup->section->name);
	code = make_vips(setup, &next, err);
	if (code < 0)
		return code;

	copy_setup(r, setup);
	ev.settings.priority = vrrp_router_priority(r);
	/* The address in use is the one found on the interface; vrrp_router_judge() looks for the new one. */
	ev.settings.address = r->core.settings.address;
	replace_addresses(r, &next);
	vrrp_router_step(r, ev);
	vrrp_router_judge(r);
	return 0;
}

void vrrp_router_confirm(struct vrrp_router *r)
{
	if (r->core.state != VRRP_MASTER)
		return;
	vip_set_doubt(&r->vips);
	vrrp_router_take(r);
}

const char *vrrp_router_interface(const struct vrrp_router *r)
{
	return r->interface;
}

const char *vrrp_router_device(const struct vrrp_router *r)
{
	return r->virtual_mac ? r->vmac.name : NULL;
}

unsigned int vrrp_router_device_index(const struct vrrp_router *r)
{
	return r->vmac.ifindex;
}
