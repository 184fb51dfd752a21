/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `cluster maintenance`: this node is taken out of service as a whole, and serves again.
 *
 * Shell. The order is kept with the operator's others (admin_uv.h), so that a daemon that is started
 * anew is out of service from its first moment on. The functions named …_here run on the election
 * thread.
 */
#include "director/director.h"
#include "include/log.h"

#include <stdio.h>
#include <string.h>

enum { SENTENCE = 512 };

/* What the request's number says. */
enum { OFF, ON, ON_BY_FORCE };

struct maintenance_call {
	struct director *d;
	bool on, force;
	bool refused;
	char why[SENTENCE];
};

/* Why nobody is known that could take over. */
static void explain(struct maintenance_call *call, const char *name)
{
	struct pair_view view;

	pair_view(call->d->pair, &view);
	if (!view.configured)
		snprintf(call->why, sizeof(call->why),
			 "vrrp \"%s\": nothing is known of a backup, which sends no "
			 "advertisements, and without a key-file there are no heartbeats; "
			 "`cluster maintenance on --force` does it all the same",
			 name);
	else if (view.peer.state != HEARTBEAT_UP)
		snprintf(call->why, sizeof(call->why),
			 "vrrp \"%s\": the other director is not known to be alive (node %s: %s); "
			 "`cluster maintenance on --force` does it all the same",
			 name, view.peer.name, heartbeat_state_name(view.peer.state));
	else
		snprintf(call->why, sizeof(call->why),
			 "vrrp \"%s\" of node %s could not take over, `directorctl cluster status` "
			 "there says why; `cluster maintenance on --force` does it all the same",
			 name, view.peer.name);
}

/* Somebody is master, or can be. A router that cannot serve takes nothing away. */
static bool is_safe(struct director *d, size_t i)
{
	switch (vrrp_router_state(d->routers[i])) {
	case VRRP_MASTER: return pair_peer_serves(d->pair, i);
	case VRRP_BACKUP: return pair_peer_serves(d->pair, i) || vrrp_router_hears(d->routers[i]);
	case VRRP_INIT:
	case VRRP_FAULT:
	case VRRP_MAINTENANCE: return true;
	}
	return false;
}

static void look_here(void *arg)
{
	struct maintenance_call *call = arg;
	struct director *d = call->d;

	for (size_t i = 0; i < d->n_routers && !call->refused && !call->force; i++) {
		struct vrrp_view view;

		if (is_safe(d, i))
			continue;
		vrrp_router_view(d->routers[i], &view);
		explain(call, view.name);
		call->refused = true;
	}
}

static void order_here(void *arg)
{
	const struct maintenance_call *call = arg;

	director_order_maintenance(call->d->routers, call->d->n_routers, call->on);
}

void director_order_maintenance(struct vrrp_router *const *routers, size_t n, bool on)
{
	const struct vrrp_event ev = {.type = on ? VRRP_EVENT_MAINTENANCE : VRRP_EVENT_RESUME};

	for (size_t i = 0; i < n; i++)
		vrrp_router_tell(routers[i], &ev);
}

bool director_is_held(const struct director *d)
{
	const struct rehearsal *r = &d->rehearsal;

	return admin_store_table(d->admin)->maintenance ||
	       (r->mute.on && r->drill.kind == SYNC_DRILL_CRASH);
}

/* Both directors of a pair have the same addresses: those of an owner are on its interface anyway. */
static bool is_owner(const struct director *d)
{
	return d->self && d->self->priority == 255;
}

static bool refuse(struct director *d, struct maintenance_call *call)
{
	if (!d->n_routers)
		snprintf(call->why, sizeof(call->why),
			 "there is nothing to take out of service: the configuration has no vrrp "
			 "section");
	else if (is_owner(d))
		snprintf(call->why, sizeof(call->why),
			 "the address owner (priority 255) cannot leave its addresses to the other "
			 "director; give node %s a lower priority first",
			 d->self->name);
	else
		election_call(d->election, look_here, call);
	return call->why[0] != '\0';
}

static void say_done(struct director *d, struct control_reply *reply, bool on, bool news,
		     const struct err *err)
{
	const char *node = d->self ? d->self->name : "";
	char line[SENTENCE + ERR_TEXT];

	snprintf(line, sizeof(line),
		 on ? "node %s %s in maintenance: it is no master before "
		      "`directorctl cluster maintenance off`%s%s\n"
		    : "node %s %s in service%s%s\n",
		 node, news ? "is now" : "is already", err->text[0] ? "; " : "", err->text);
	director_say(reply, CONTROL_DONE, line);
}

void director_answer_maintenance(struct director *d, const struct control_request *request,
				 struct control_reply *reply)
{
	struct maintenance_call call = {
		.d = d, .on = request->number != OFF, .force = request->number == ON_BY_FORCE};
	bool news = admin_store_table(d->admin)->maintenance != call.on;
	struct err err = {0};

	if (call.on && news && refuse(d, &call)) {
		director_say(reply, CONTROL_FAILED, call.why);
		return;
	}
	if (news) {
		admin_store_set_maintenance(d->admin, call.on, &err);
		call.on = director_is_held(d);
		election_call(d->election, order_here, &call);
	}
	say_done(d, reply, request->number != OFF, news, &err);
}
