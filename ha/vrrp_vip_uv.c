/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The addresses of a virtual router: putting, renewing and removing them, announcing them, and who
 * else claims them. See vrrp_router_uv.h.
 */
#include "ha/vrrp_router_uv.h"

#include "ha/clock_uv.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>

/* --- the lease -------------------------------------------------------------------------------- */

static void on_lease(uv_timer_t *timer);

static void arm(struct vrrp_router *r)
{
	clock_timer(&r->lease_timer, on_lease, r->closing ? CLOCK_NEVER : lease_due(&r->lease));
}

static void say_trouble(struct vrrp_router *r)
{
	unsigned long suppressed;

	if (log_limit_pass(&r->trouble_limit, clock_ms(), &suppressed))
		log_error("%s: %s, trying again every second (%lu more not shown)", r->name,
			  r->vip_error.text, suppressed);
	if (!uv_is_active((uv_handle_t *)&r->recheck))
		vrrp_router_recheck(r, RECHECK_MS);
}

static void put(struct vrrp_router *r)
{
	bool owner = r->core.settings.priority == VRRP_PRIORITY_OWNER;

	r->vip_error.text[0] = '\0';
	if (vip_set_take(&r->vips, vrrp_router_home(r), owner, lease_valid_s(&r->lease),
			 &r->vip_error) < 0)
		say_trouble(r);
}

void vrrp_router_take(struct vrrp_router *r)
{
	uint64_t began_us = clock_us();

	vrrp_vmac_take(r);
	put(r);
	if (!r->lease.held) /* else the others of the set are due as before */
		lease_renewed(&r->lease, began_us);
	arm(r);
}

void vrrp_router_release(struct vrrp_router *r)
{
	announcer_stop(&r->announcer);
	lease_end(&r->lease);
	arm(r);
	r->vip_error.text[0] = '\0';
	if (vip_set_release(&r->vips, vrrp_router_home(r), &r->vip_error) < 0)
		say_trouble(r);
	claimer_end(&r->claimer);
	r->claim_error.text[0] = '\0';
	/* What is heard of our own doing is not taken for somebody else's later. */
	vip_watch_read(&r->listener);
}

void vrrp_router_forget(struct vrrp_router *r)
{
	vip_set_forget(&r->vips);
	lease_end(&r->lease);
	arm(r);
}

static void say_restored(struct vrrp_router *r, const struct addr *first, size_t n)
{
	unsigned long suppressed;
	char text[ADDR_TEXT];

	r->counters.restored += n;
	if (log_limit_pass(&r->lost_limit, clock_ms(), &suppressed))
		log_warning("%s: %s%s was removed from %s, not by us: put back, announcing it "
			    "again (%lu more not shown)",
			    r->name, addr_format(first, text), n > 1 ? " and others" : "",
			    r->virtual_mac ? r->vmac.name : r->interface, suppressed);
}

/* Puts those back that are gone, and announces them before all others. */
static void restore(struct vrrp_router *r)
{
	bool absent[VRRP_ADDRESSES_MAX] = {false};
	const struct addr *first = NULL;
	size_t back = 0;

	if (vip_set_complete(&r->vips))
		return;
	for (size_t i = 0; i < r->vips.n; i++)
		absent[i] = r->vips.states[i] == VIP_ABSENT;
	put(r);
	for (size_t i = 0; i < r->vips.n; i++) {
		if (!absent[i] || r->vips.states[i] == VIP_ABSENT)
			continue;
		if (back++ == 0)
			first = &r->vips.addresses[i].addr;
		if (back <= ANNOUNCE_BATCH)
			announcer_send(&r->announcer, &r->vips.addresses[i].addr);
	}
	if (back == 0)
		return;
	lease_restored(&r->lease, clock_us());
	vrrp_router_announce(r);
	say_restored(r, first, back);
}

static void renew(struct vrrp_router *r)
{
	uint64_t began_us = clock_us();
	struct err err;

	if (vip_set_renew(&r->vips, vrrp_router_home(r), lease_valid_s(&r->lease), &err) < 0) {
		r->vip_error = err;
		say_trouble(r);
	}
	lease_renewed(&r->lease, began_us);
}

/*
 * A process that was stopped for a while may have lost its addresses, and the election, before it can
 * renew anything: the core sees the time, and the adverts that came meanwhile, first.
 */
static void on_lease(uv_timer_t *timer)
{
	struct vrrp_router *r = timer->data;
	uint64_t now = clock_us();
	bool lapsed = lease_lapsed(&r->lease, now);

	if (lapsed || now > r->core.deadline_us) {
		vrrp_router_readable(r);
		if (!r->closing)
			vrrp_router_step(r, (struct vrrp_event){.type = VRRP_EVENT_TIMER});
	}
	if (r->closing || !r->lease.held)
		return;
	vip_watch_read(&r->listener); /* who is gone is announced when it is back */
	if (lapsed)
		vip_set_find_lost(&r->vips, vrrp_router_home(r));
	renew(r);
	restore(r);
	arm(r);
}

/* Of the watch: an address is gone from an interface; NULL: perhaps. */
static void on_lost(void *owner, unsigned int ifindex, const struct addr *address)
{
	struct vrrp_router *r = owner;
	bool lost;

	if (r->closing || !r->lease.held)
		return;
	if (address)
		lost = ifindex == vrrp_router_home(r) && vip_set_lost(&r->vips, address);
	else
		lost = vip_set_find_lost(&r->vips, vrrp_router_home(r)) > 0;
	if (!lost)
		return;
	lease_lost(&r->lease, clock_us());
	arm(r);
}

void vrrp_router_lease(struct vrrp_router *r, const struct lease_facts *facts)
{
	struct lease_facts known = *facts;

	known.link_up &= r->link.up;
	lease_learn(&r->lease, &known, clock_us());
	arm(r);
}

void vrrp_router_heard(struct vrrp_router *r)
{
	struct lease_facts facts = r->lease.facts;

	if (!facts.peer_silent)
		return;
	facts.peer_silent = false;
	lease_learn(&r->lease, &facts, clock_us());
	arm(r);
}

/* --- announcing, and who else does ------------------------------------------------------------ */

/*
 * After a stop of the process its timers come before its deadline does: whoever may be master no
 * more announces nothing before the core has seen what time it is.
 */
static bool is_still_master(void *owner)
{
	struct vrrp_router *r = owner;

	if (vrrp_stalled(&r->core, clock_us()))
		vrrp_router_step(r, (struct vrrp_event){.type = VRRP_EVENT_TIMER});
	return !r->closing && r->core.state == VRRP_MASTER;
}

void vrrp_router_announce(struct vrrp_router *r)
{
	announcer_start(&r->announcer, r->vips.addresses, r->vips.n, r->garp_repeat);
}

void vrrp_router_tell_host(struct vrrp_router *r, const struct mac *to, const struct addr *address)
{
	if (!is_still_master(r))
		return;
	for (size_t i = 0; i < r->vips.n; i++)
		if (addr_equal(&r->vips.addresses[i].addr, address))
			announcer_tell(&r->announcer, to, address);
}

void vrrp_router_claim(struct vrrp_router *r)
{
	claimer_begin(&r->claimer, r->vips.addresses, r->vips.n);
}

void vrrp_router_add_friend(struct vrrp_router *r, const struct mac *mac)
{
	claimer_add_friend(&r->claimer, mac);
}

void vrrp_router_set_backends(struct vrrp_router *r, const struct mac *macs, size_t n)
{
	claimer_set_backends(&r->claimer, macs, n);
}

static void raise_alarm(struct vrrp_router *r, const struct claim_who *who)
{
	unsigned long suppressed;
	char text[ADDR_TEXT], mac[MAC_TEXT];

	err_set(&r->claim_error, -EADDRINUSE, "another host, MAC %s, claims %s, too",
		mac_format(&who->mac, mac), addr_format(&who->address, text));
	if (log_limit_pass(&r->claim_limit, clock_ms(), &suppressed))
		log_warning("%s: %s: announcing it again (%lu more not shown)", r->name,
			    r->claim_error.text, suppressed);
}

/* The alarm about it is the program's, which knows its name. */
static void say_backend(struct vrrp_router *r, const struct claim_who *who)
{
	unsigned long suppressed;
	char text[ADDR_TEXT], mac[MAC_TEXT];

	if (log_limit_pass(&r->backend_limit, clock_ms(), &suppressed))
		log_warning("%s: a backend, MAC %s, claims %s, too: staying master, announcing it "
			    "again (%lu more not shown)",
			    r->name, mac_format(&who->mac, mac), addr_format(&who->address, text),
			    suppressed);
}

static void on_claim(void *owner, unsigned int flags, const struct claim_who *who)
{
	struct vrrp_router *r = owner;
	char text[ADDR_TEXT];

	if (r->closing)
		return;
	if (flags & CLAIM_ALARM)
		raise_alarm(r, who);
	if (flags & CLAIM_CALM) {
		r->claim_error.text[0] = '\0';
		log_info("%s: no other host claims %s any more", r->name,
			 addr_format(&who->address, text));
	}
	if (flags & CLAIM_DEFEND) {
		if (claim_is_backend(&r->claimer.claim, &who->mac))
			say_backend(r, who);
		announcer_defend(&r->announcer);
	}
	if (flags & (CLAIM_FAULT | CLAIM_CLEAR))
		vrrp_router_judge(r);
}

/* --- life ------------------------------------------------------------------------------------- */

int vrrp_vips_init(struct vrrp_router *r, struct err *err)
{
	int code;

	r->listener = (struct vip_listener){.lost = on_lost, .owner = r};
	code = vip_watch_join(r->loop, &r->listener, err);
	if (code < 0)
		return code;
	code = announcer_init(&r->announcer, r->loop, r->name, err);
	if (code < 0) {
		vip_watch_leave(&r->listener);
		return code;
	}
	r->claimer = (struct claimer){
		.loop = r->loop,
		.name = r->name,
		.family = r->family,
		.found = on_claim,
		.owner = r,
	};
	r->announcer.may_go_on = is_still_master;
	r->announcer.asked = r;
	claimer_init(&r->claimer, r->virtual_router_id);
	claimer_set_addresses(&r->claimer, r->vips.addresses, r->vips.n);
	lease_init(&r->lease, &(struct lease_settings){0});
	uv_timer_init(r->loop, &r->lease_timer);
	r->lease_timer.data = r;
	return 0;
}

void vrrp_vips_configure(struct vrrp_router *r, const struct vrrp_setup *setup)
{
	const struct config_cluster *cluster = setup->cluster;
	const struct addr none = {0};
	const struct lease_settings lease = {
		.pair = cluster && cluster->n_nodes > 1,
		.short_ms = cluster ? cluster->lease_ms : LEASE_MS,
		.lone_ms = cluster ? cluster->lone_lease_ms : LEASE_LONE_MS,
	};

	r->garp_repeat = setup->section->garp_repeat;
	announcer_refresh(&r->announcer, setup->section->garp_refresh_ms);
	claimer_set_nodes(&r->claimer, setup->self ? &setup->self->address : &none, r->peers,
			  r->n_peers);
	lease_set(&r->lease, &lease, clock_us());
	arm(r);
}

void vrrp_vips_link(struct vrrp_router *r)
{
	announcer_link(&r->announcer, r->link.ifindex, vrrp_router_mac(r));
	claimer_link(&r->claimer, r->link.present ? r->link.ifindex : 0, &r->link.mac);
}

static void on_lease_closed(uv_handle_t *handle)
{
	struct vrrp_router *r = handle->data;

	r->vips_closed(r);
}

void vrrp_vips_close(struct vrrp_router *r, void (*closed)(void *owner))
{
	vip_watch_leave(&r->listener);
	announcer_close(&r->announcer, closed, r);
	claimer_close(&r->claimer, closed, r);
	r->vips_closed = closed;
	uv_close((uv_handle_t *)&r->lease_timer, on_lease_closed);
}

void vrrp_vips_view(const struct vrrp_router *r, struct vrrp_view *ret)
{
	const struct err *errors[] = {&r->fault_error, &r->vmac_error, &r->vip_error,
				      &r->claim_error};

	ret->holds_addresses = vip_set_complete(&r->vips);
	ret->lease_s = r->lease.held ? r->lease.valid_s : 0;
	ret->error = "";
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]) && !ret->error[0]; i++)
		ret->error = errors[i]->text;
	ret->claimed = r->claim_error.text[0];
	ret->counters.announced = r->announcer.sent;
	ret->counters.claims = r->claimer.heard;
}
