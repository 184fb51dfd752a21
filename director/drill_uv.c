/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rehearsed failures of the pair: drill.h with a clock, the channel, the routers and the log.
 *
 * Shell, on the program's loop; the functions named …_here run on the election thread.
 */
#include "director/director.h"
#include "director/drill_check.h"
#include "include/log.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum {
	LOOK_MS = 10,
	ASK_US = 200000, /* the other one is not answered in earnest more often */
};

#define COPY(to, from) snprintf((to), sizeof(to), "%s", (from))

static void feed(struct director *d, struct drill_event *ev);

static uint64_t now_us(void)
{
	return uv_hrtime() / 1000;
}

static struct drill_budget budget_of(const struct director *d)
{
	return (struct drill_budget){.gap_ms = d->config->drill_max_gap_ms,
				     .lost = d->config->drill_max_lost_connections};
}

/* --- what happens here -------------------------------------------------------------------------- */

/* Looked at before anything is done: nobody else writes it down. */
static uint64_t lost_now(struct director *d)
{
	struct status_peer peer = {0};
	uint64_t lost;

	director_show_twin(d, &peer);
	lost = drill_check_lost(&peer.channel);
	return lost == STATUS_UNKNOWN ? peer.channel.held_ours : lost;
}

static void let_go(struct director *d)
{
	struct drill_event ev = {.type = DRILL_EVENT_MOMENT,
				 .lost = lost_now(d),
				 .moment = {.kind = SYNC_MOMENT_LET_GO, .at_us = now_us()}};
	struct err err = {0};
	size_t yielded;

	if (director_fail_over(d, &yielded, &err) < 0)
		log_error("drill %s: %s", drill_kind_name(d->rehearsal.drill.kind), err.text);
	else if (yielded)
		feed(d, &ev);
}

struct masters_call {
	struct director *d;
	bool all;
	uint64_t last_ms;
};

static void masters_here(void *arg)
{
	struct masters_call *call = arg;

	call->all = call->d->n_routers > 0;
	for (size_t i = 0; call->all && i < call->d->n_routers; i++) {
		struct vrrp_view view;

		vrrp_router_view(call->d->routers[i], &view);
		call->all = view.state == VRRP_MASTER;
		if (view.changed_ms > call->last_ms)
			call->last_ms = view.changed_ms;
	}
}

static void look_for_mastership(struct director *d)
{
	struct masters_call call = {.d = d};
	struct drill_event ev = {.type = DRILL_EVENT_MOMENT};

	election_call(d->election, masters_here, &call);
	if (!call.all)
		return;
	ev.moment = (struct sync_moment){.kind = SYNC_MOMENT_MASTER, .at_us = call.last_ms * 1000};
	feed(d, &ev);
}

static void look(uv_timer_t *timer)
{
	struct director *d = timer->data;
	struct drill *drill = &d->rehearsal.drill;
	struct drill_event ev = {.type = DRILL_EVENT_TIMER};

	if (drill->state == DRILL_RUNNING && !drill->yields_here && !drill->here.complete)
		look_for_mastership(d);
	feed(d, &ev);
	if (!drill_is_busy(drill))
		uv_timer_stop(timer);
}

/* --- what is said of it ------------------------------------------------------------------------- */

static void show(const struct rehearsal *r, struct control_drill *ret)
{
	const struct drill *drill = &r->drill;

	*ret = (struct control_drill){.id = drill->id};
	COPY(ret->kind, drill_kind_name(drill->kind));
	COPY(ret->from, r->from);
	COPY(ret->to, r->to);
	COPY(ret->result, drill_result_name(drill->result));
	COPY(ret->why, drill->why);
	ret->let_go = drill_lost(drill, &ret->lost);
	ret->took_over = drill_takeover_us(drill, &ret->takeover_us);
}

static void say_begin(const struct rehearsal *r)
{
	log_info("drill %s: node \"%s\" lets go, node \"%s\" is to take over%s within %u ms",
		 drill_kind_name(r->drill.kind), r->from, r->to,
		 r->drill.asked_here ? "" : ", as the other director wants,", r->drill.limit_ms);
}

static void say_end(const struct rehearsal *r)
{
	struct control_drill seen;

	show(r, &seen);
	if (r->drill.result == DRILL_PASSED)
		log_info("drill %s: passed: node \"%s\" took over within %llu ms, %llu connections "
			 "lost",
			 seen.kind, seen.to, (unsigned long long)(seen.takeover_us + 999) / 1000,
			 (unsigned long long)seen.lost);
	else
		log_warning("drill %s: %s: %s", seen.kind, seen.result, seen.why);
}

static void say_refused(struct director *d, const struct sync_drill *m)
{
	unsigned long suppressed;

	if (log_limit_pass(&d->rehearsal.refusals, uv_now(d->loop), &suppressed))
		log_info("drill %s: refused to the other director: %s", drill_kind_name(m->kind),
			 m->why);
}

/* --- the machine -------------------------------------------------------------------------------- */

static void name_nodes(struct director *d)
{
	struct rehearsal *r = &d->rehearsal;
	const char *here = d->self ? d->self->name : "", *there = d->peer ? d->peer->name : "";

	COPY(r->from, r->drill.yields_here ? here : there);
	COPY(r->to, r->drill.yields_here ? there : here);
}

/* In order: what is said goes first, for who lets go may have no channel behind that. */
static void carry_out(struct director *d, const struct drill_update *u, bool begins)
{
	if (u->flags & DRILL_SEND)
		twin_say_drill(d->twin, &u->message);
	if (u->flags & DRILL_SEND && u->message.step == SYNC_DRILL_REFUSED)
		say_refused(d, &u->message);
	if (begins)
		say_begin(&d->rehearsal);
	if (u->flags & DRILL_YIELD)
		let_go(d);
	/* RESTORE: a node that has handed over in order has left nothing to be undone. */
	if (u->flags & DRILL_OVER)
		say_end(&d->rehearsal);
}

static void feed(struct director *d, struct drill_event *ev)
{
	struct rehearsal *r = &d->rehearsal;
	uint64_t id = r->drill.id;
	bool ran = r->drill.state == DRILL_RUNNING;
	struct drill_update u;

	ev->now_us = now_us();
	ev->budget = budget_of(d);
	u = drill_step(&r->drill, ev);
	if (r->drill.id != id)
		name_nodes(d);
	if (drill_is_busy(&r->drill) && !uv_is_active((uv_handle_t *)&r->look))
		uv_timer_start(&r->look, look, LOOK_MS, LOOK_MS);
	carry_out(d, &u, !ran && r->drill.state == DRILL_RUNNING);
}

/* What speaks against it here, into ev; why lasts as long as ev. */
static void ask_ourselves(struct director *d, struct drill_event *ev, uint8_t kind,
			  enum drill_who who, char why[static DRILL_WHY])
{
	struct drill_budget budget = budget_of(d);
	enum drill_check check = DRILL_CHECK_IMPOSSIBLE;
	struct status s = {0};

	if (d->stopping || !d->ready)
		snprintf(why, DRILL_WHY, "node %s %s", d->self ? d->self->name : "?",
			 d->stopping ? "is being stopped" : "is just starting");
	else if (director_status_brief(d, &s) < 0)
		snprintf(why, DRILL_WHY, "directord has no memory for a status");
	else
		check = drill_check(&s, kind, who, &budget, why);
	ev->yields_here = drill_check_yields_here(&s);
	status_clear(&s);
	ev->objection = check == DRILL_CHECK_FINE ? NULL : why;
	ev->impossible = check == DRILL_CHECK_IMPOSSIBLE;
}

/* --- the other director ------------------------------------------------------------------------- */

static void hear_question(struct director *d, const struct sync_drill *m)
{
	struct drill_event ev = {.type = DRILL_EVENT_HEARD, .heard = m};
	struct rehearsal *r = &d->rehearsal;
	char why[DRILL_WHY] = "asked again too soon";

	if (now_us() - r->asked_us < ASK_US) {
		ev.objection = why;
		ev.impossible = true;
	} else if (!drill_is_busy(&r->drill)) {
		ask_ourselves(d, &ev, m->kind, m->asker_yields ? DRILL_WHO_THERE : DRILL_WHO_HERE,
			      why);
		r->asked_us = now_us();
	}
	feed(d, &ev);
}

void director_drill_hear(struct director *d, const struct sync_drill *m)
{
	struct drill_event ev = {.type = DRILL_EVENT_HEARD, .heard = m};

	if (m->step == SYNC_DRILL_ASK)
		hear_question(d, m);
	else if (!d->stopping)
		feed(d, &ev);
}

void director_drill_channel(struct director *d)
{
	struct drill_event ev = {.type = DRILL_EVENT_CHANNEL};

	if (!d->stopping)
		feed(d, &ev);
}

/* --- the operator ------------------------------------------------------------------------------- */

void director_answer_drill_look(struct director *d, struct control_reply *reply)
{
	reply->has_drill = d->rehearsal.drill.state != DRILL_IDLE;
	if (reply->has_drill)
		show(&d->rehearsal, &reply->drill);
}

void director_answer_drill(struct director *d, const struct control_request *request,
			   struct control_reply *reply)
{
	struct drill_event ev = {.type = DRILL_EVENT_ORDER,
				 .kind = request->kind,
				 .force = request->force,
				 .limit_ms = (uint32_t)request->number};
	char why[DRILL_WHY];

	if (drill_is_busy(&d->rehearsal.drill)) {
		director_say(reply, CONTROL_FAILED, "a drill is under way");
		return;
	}
	randombytes_buf(&ev.id, sizeof(ev.id));
	ev.id |= 1; /* never 0 */
	ask_ourselves(d, &ev, ev.kind, DRILL_WHO_MASTER, why);
	feed(d, &ev);
	director_answer_drill_look(d, reply);
}
