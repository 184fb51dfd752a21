/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the program of `notify` is told: changes of backends, farms and routers as notices; and how all
 * of them are, one after the other, when it asks.
 *
 * Shell. Routers change on the election thread, where notices wait until the main thread takes them.
 */
#include "director/director.h"
#include "ha/clock_uv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COPY(to, from) snprintf((to), sizeof(to), "%s", (from))

/* --- backends --------------------------------------------------------------------------------- */

/* As it is; the reason is that of its last change. */
static bool describe_backend(const struct director *d, size_t farm, size_t backend,
			     struct notice *ret)
{
	const struct config_farm *f = &d->config->farms[farm];
	const struct history_backend *seen;

	if (!d->history.places.config)
		return false;
	seen = &d->history.backends[places_of(&d->history.places, farm, backend)];
	*ret = (struct notice){.at_ms = clock_wall_ms(), .event = NOTICE_BACKEND};
	ret->from = ret->to = backend_state_name(seen->state);
	COPY(ret->name, f->name);
	COPY(ret->backend, f->backends[backend].name);
	addr_format(&f->backends[backend].address, ret->address);
	if (seen->n)
		COPY(ret->reason, history_change(seen, 0)->reason);
	return seen->known;
}

void director_tell_backend(struct director *d, size_t farm, size_t backend,
			   enum backend_state before)
{
	struct notice n;

	if (!describe_backend(d, farm, backend, &n))
		return;
	n.from = backend_state_name(before);
	hook_tell(d->hook, &n);
}

/* --- farms ------------------------------------------------------------------------------------ */

static const char *farm_state(bool up)
{
	return up ? "up" : "down";
}

static bool describe_farm(const struct director *d, size_t farm, struct notice *ret)
{
	const struct config_farm *f = &d->config->farms[farm];
	const struct farm_seen *seen = &d->farms_seen[farm];

	*ret = (struct notice){.at_ms = clock_wall_ms(), .event = NOTICE_FARM};
	ret->from = ret->to = farm_state(seen->up);
	COPY(ret->name, f->name);
	addr_format(&f->addresses[0], ret->address);
	COPY(ret->reason, seen->reason);
	if (seen->up)
		snprintf(ret->reason, sizeof(ret->reason),
			 "%zu of %zu backends take new connections", seen->serving, f->n_backends);
	return seen->known;
}

void director_see_farm(struct director *d, size_t farm)
{
	const struct config_farm *f = &d->config->farms[farm];
	struct farm_seen *seen = d->farms_seen ? &d->farms_seen[farm] : NULL;
	bool changed, up;
	size_t serving = 0;
	struct notice n;

	if (!seen)
		return;
	for (size_t i = 0; i < f->n_backends; i++)
		serving += d->facts.plan.backends[farm][i].usable &&
			   d->facts.plan.backends[farm][i].weight;
	up = director_farm_serves(d, f, serving, seen->reason);
	changed = seen->known && seen->up != up;
	seen->known = true;
	seen->up = up;
	seen->serving = serving;
	if (!changed || !describe_farm(d, farm, &n))
		return;
	n.from = farm_state(!up);
	hook_tell(d->hook, &n);
}

void director_set_farms_seen(struct director *d)
{
	const struct config *old = d->farms_seen ? d->history.places.config : NULL;
	size_t n = d->config->n_farms;
	struct farm_seen *next = calloc(n + 1, sizeof(*next));

	for (size_t i = 0; next && old && i < n; i++) {
		const struct config_farm *then = config_farm_near(old, i, d->config->farms[i].name);

		if (then)
			next[i] = d->farms_seen[then - old->farms];
	}
	if (!next)
		log_error("no memory for how the farms were: nobody is told of them");
	free(d->farms_seen);
	d->farms_seen = next;
}

/* --- routers ---------------------------------------------------------------------------------- */

/* On the election thread. */
static void describe_router(const struct vrrp_router *r, struct notice *ret, enum vrrp_state *from)
{
	struct vrrp_view view;

	vrrp_router_view(r, &view);
	*ret = (struct notice){.at_ms = clock_wall_ms(), .event = NOTICE_VRRP};
	ret->from = ret->to = vrrp_state_name(view.state);
	COPY(ret->name, view.name);
	if (view.n_addresses)
		addr_format(&view.addresses[0].addr, ret->address);
	COPY(ret->reason, view.transitions ? view.reason_text : "");
	*from = view.from;
}

void director_router_moved(void *owner, const struct vrrp_router *r)
{
	struct director *d = owner;
	enum vrrp_state from;
	struct notice n;

	describe_router(r, &n, &from);
	n.from = vrrp_state_name(from);
	notices_put(&d->moves, &n);
}

struct notice_call {
	struct director *d;
	struct notice notice;
	bool any;
	uint64_t lost; /* behind the last one */
};

static void take_here(void *arg)
{
	struct notice_call *call = arg;

	call->any = notices_take(&call->d->moves, &call->notice);
	if (!call->any)
		call->lost = notices_take_lost(&call->d->moves);
}

void director_tell_moves(struct director *d)
{
	struct notice_call call = {.d = d};

	/* Some at a time: it wakes us again for those that come meanwhile. */
	for (size_t i = 0; d->hook && i < NOTICES_MOST; i++) {
		election_call(d->election, take_here, &call);
		if (!call.any) {
			if (call.lost)
				hook_lose(d->hook, call.lost);
			return;
		}
		hook_tell(d->hook, &call.notice);
	}
}

static void look_here(void *arg)
{
	struct director *d = arg;
	enum vrrp_state from;
	struct notice n;

	for (size_t i = 0; i < d->n_routers; i++)
		if (vrrp_router_remains(d->routers[i])) {
			describe_router(d->routers[i], &n, &from);
			n.resent = true;
			notices_put(&d->moves, &n);
		}
}

void director_tell_remaining(struct director *d)
{
	if (!d->config->notify[0])
		return;
	election_call(d->election, look_here, d);
	director_tell_moves(d);
}

/* --- how all of them are ---------------------------------------------------------------------- */

static bool next_of_farms(struct director *d, struct notice *ret)
{
	struct told_states *t = &d->told;

	for (; d->farms_seen && t->farm < d->config->n_farms; t->farm++, t->of_farm = 0)
		while (t->of_farm <= d->config->farms[t->farm].n_backends) {
			size_t at = t->of_farm++;

			if (at == 0 ? describe_farm(d, t->farm, ret)
				    : describe_backend(d, t->farm, at - 1, ret))
				return true;
		}
	return false;
}

static void describe_here(void *arg)
{
	struct notice_call *call = arg;
	enum vrrp_state ignored;

	describe_router(call->d->routers[call->d->told.router], &call->notice, &ignored);
}

static void settle(void *owner)
{
	director_tell_moves(owner);
}

static bool next_state(void *owner, bool again, struct notice *ret)
{
	struct director *d = owner;
	struct notice_call call = {.d = d};

	if (again)
		d->told = (struct told_states){0};
	if (next_of_farms(d, ret))
		return true;
	if (d->told.router >= d->n_routers)
		return false;
	election_call(d->election, describe_here, &call);
	d->told.router++;
	*ret = call.notice;
	return true;
}

/* --- its life --------------------------------------------------------------------------------- */

int director_open_hook(struct director *d, struct err *err)
{
	const struct hook_ops ops = {.settle = settle, .next = next_state};

	if (hook_new(d->loop, &ops, d, &d->hook) < 0)
		return err_set(err, -ENOMEM, "no memory");
	hook_configure(d->hook, d->config->notify, d->self ? d->self->name : "");
	return 0;
}

void director_set_hook(struct director *d)
{
	hook_configure(d->hook, d->config->notify, d->self ? d->self->name : "");
	if (d->ready)
		hook_tell_all(d->hook);
}

void director_close_hook(struct director *d)
{
	hook_close(d->hook);
	d->hook = NULL;
}
