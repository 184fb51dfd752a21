/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rehearsed failures of the pair: drill.h with a clock, the channel, the routers and the log.
 *
 * Shell, on the program's loop; the functions named …_here run on the election thread.
 */
#include "director/director.h"
#include "director/drill/drill_about.h"
#include "director/drill/drill_check.h"
#include "director/drill/drill_mute.h"
#include "director/drill_frames_uv.h"
#include "director/status_uv.h"
#include "ha/clock_uv.h"
#include "include/log.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum {
	LOOK_MS = 10,
	ADDRESSES_US = 100000, /* a master is given this time to have them, for the record */
	QUIET_US =
		100000, /* what is said before the silence is to leave, a probe or a count to begin */
	ASK_US = 200000, /* the other one is not answered in earnest more often */
};

#define COPY(to, from) snprintf((to), sizeof(to), "%s", (from))

static void feed(struct director *d, struct drill_event *ev);

struct drill_budget director_drill_budget(const struct director *d)
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
	/* What is on its way when a node dies does not come; of a killed daemon the kernel sends it. */
	if (d->rehearsal.drill.kind == SYNC_DRILL_CRASH && peer.channel.connected &&
	    peer.channel.would_lose != STATUS_UNKNOWN)
		return peer.channel.would_lose;
	if (d->rehearsal.drill.kind == SYNC_DRILL_DAEMON_KILL && peer.channel.connected)
		return drill_check_lost(&peer.channel) + peer.channel.queued;
	lost = drill_check_lost(&peer.channel);
	return lost == STATUS_UNKNOWN ? peer.channel.held_ours : lost;
}

static void hold_here(void *arg)
{
	const struct director *d = arg;

	director_order_maintenance(d->routers, d->n_routers, true);
}

static void resume_here(void *arg)
{
	const struct director *d = arg;

	director_order_maintenance(d->routers, d->n_routers, false);
}

/*
 * A node that is dead holds no address. It is held as in maintenance, for a router that hears nobody
 * would be master again in the silence, and come back as one; what it says at that is not heard.
 */
static int fall_silent(struct director *d, struct err *err)
{
	struct rehearsal *r = &d->rehearsal;
	int code = drill_mute_begin(&r->mute, r->drill.kind, d->config, r->drill.limit_ms, err);

	if (code == 0)
		r->quiet_us = clock_us();
	if (code == 0 && r->drill.kind == SYNC_DRILL_CRASH)
		election_call(d->election, hold_here, d);
	if (code == 0 && r->drill.kind == SYNC_DRILL_LINK) {
		r->cable_out = true;
		director_feed_routers(d);
	}
	return code;
}

/* A router listens again before anything is heard: who is master by then is. */
static void speak_again(struct director *d)
{
	struct rehearsal *r = &d->rehearsal;

	r->let_go_us = 0;
	if (!r->mute.on)
		return;
	if (r->drill.kind == SYNC_DRILL_CRASH && !admin_store_table(d->admin)->maintenance)
		election_call(d->election, resume_here, d);
	drill_mute_end(&r->mute);
	if (r->cable_out) {
		r->cable_out = false;
		director_feed_routers(d);
	}
	log_info("drill %s: this node hears and speaks again", drill_kind_name(r->drill.kind));
}

static void let_go(struct director *d)
{
	struct drill_event ev = {.type = DRILL_EVENT_MOMENT, .lost = lost_now(d)};
	uint8_t kind = d->rehearsal.drill.kind;
	struct err err = {0};
	size_t yielded = 1;
	int code;

	director_frames_let_go(d);
	ev.moment = (struct sync_moment){.kind = SYNC_MOMENT_LET_GO, .at_us = clock_us()};
	if (kind == SYNC_DRILL_DAEMON_KILL)
		code = director_kill_daemon(d, ev.moment.at_us, ev.lost, &err);
	else
		code = mute_silences(kind) ? fall_silent(d, &err)
					   : director_fail_over(d, &yielded, &err);
	if (code < 0)
		log_error("drill %s: %s", drill_kind_name(kind), err.text);
	else if (yielded)
		feed(d, &ev);
}

struct sight_call {
	struct director *d;
	struct drill_sight seen;
};

/* Of the routers the last one counts. */
static void see_here(void *arg)
{
	struct sight_call *call = arg;
	struct drill_sight *s = &call->seen;
	struct pair_view pair;

	pair_view(call->d->pair, &pair);
	s->silent = pair.configured && pair.peer.state != HEARTBEAT_UP;
	for (size_t i = 0; i < call->d->n_routers; i++) {
		struct vrrp_view view;

		vrrp_router_view(call->d->routers[i], &view);
		s->announced += view.counters.announced;
		if (view.state != VRRP_MASTER) {
			if (view.has_master)
				s->advert_us = clock_us() - view.master_age_ms * 1000;
			continue;
		}
		s->masters++;
		s->holders += view.holds_addresses;
		if (view.changed_ms * 1000 > s->master_us)
			s->master_us = view.changed_ms * 1000;
	}
}

static void saw(struct director *d, enum sync_moment_kind kind, uint64_t at_us)
{
	struct drill_event ev = {.type = DRILL_EVENT_MOMENT,
				 .moment = {.kind = (uint8_t)kind, .at_us = at_us}};

	feed(d, &ev);
}

/* The node that is to take over looks every LOOK_MS; to be master is what ends its record. */
static void look_around(struct director *d)
{
	struct rehearsal *r = &d->rehearsal;
	struct drill_sight before = r->sight;
	struct sight_call call = {.d = d};
	size_t wanted = r->drill.kind == SYNC_DRILL_SPLIT ? 1 : d->n_routers;

	election_call(d->election, see_here, &call);
	r->sight = call.seen;
	if (!call.seen.advert_us) /* it is a backup no more */
		r->sight.advert_us = before.advert_us;
	if (call.seen.silent)
		saw(d, SYNC_MOMENT_DETECTED, clock_us());
	if (!wanted || call.seen.masters < wanted) {
		if (before.waits_us) /* it was, and is no more */
			saw(d, SYNC_MOMENT_MASTER, before.waits_us);
		return;
	}
	if (call.seen.holders >= wanted)
		saw(d, SYNC_MOMENT_ADDRESSES, clock_us());
	else if (clock_us() < call.seen.master_us + ADDRESSES_US) {
		r->sight.announced = before.announced;
		return;
	}
	if (r->sight.advert_us)
		saw(d, SYNC_MOMENT_LAST_ADVERT, r->sight.advert_us);
	if (call.seen.announced > before.announced)
		saw(d, SYNC_MOMENT_ANNOUNCED, clock_us());
	if (director_frames_wait(d, call.seen.master_us))
		r->sight.waits_us = call.seen.master_us;
	else
		saw(d, SYNC_MOMENT_MASTER, call.seen.master_us);
}

/* The node that has let go in order, and is master of all again when nobody took over: that may be long before the limit. */
static void look_back(struct director *d)
{
	struct sight_call call = {.d = d};

	election_call(d->election, see_here, &call);
	if (d->n_routers && call.seen.masters == d->n_routers &&
	    call.seen.master_us > d->rehearsal.drill.here.moments[0].at_us)
		saw(d, SYNC_MOMENT_MASTER, call.seen.master_us);
}

static void look(uv_timer_t *timer)
{
	struct director *d = timer->data;
	struct drill *drill = &d->rehearsal.drill;
	struct drill_event ev = {.type = DRILL_EVENT_TIMER};

	if (d->rehearsal.let_go_us && clock_us() >= d->rehearsal.let_go_us) {
		d->rehearsal.let_go_us = 0;
		let_go(d);
	}
	if (drill->state == DRILL_RUNNING && !drill->yields_here && !drill->here.complete)
		look_around(d);
	if (drill->state == DRILL_RUNNING && drill->yields_here && !drill->here.complete &&
	    drill->here.n && drill->kind == SYNC_DRILL_GRACEFUL)
		look_back(d);
	feed(d, &ev);
	if (!drill_is_busy(drill))
		uv_timer_stop(timer);
}

/* --- what is said of it ------------------------------------------------------------------------- */

static void say_begin(const struct rehearsal *r)
{
	log_info("drill %s: node \"%s\" %s, node \"%s\" is to %s%s within %u ms",
		 drill_kind_name(r->drill.kind), r->from,
		 mute_silences(r->drill.kind)		   ? "falls silent"
		 : r->drill.kind == SYNC_DRILL_DAEMON_KILL ? "has its daemon killed"
							   : "lets go",
		 r->to, r->drill.kind == SYNC_DRILL_SPLIT ? "stay backup" : "take over",
		 r->drill.asked_here ? "" : ", as the other director wants,", r->drill.limit_ms);
}

static void say_end(const struct rehearsal *r)
{
	struct control_drill seen;

	director_drill_show(r, &seen);
	if (r->drill.result == DRILL_PASSED && !seen.took_over)
		log_info("drill %s: passed: node \"%s\" alone was master", seen.kind, seen.from);
	else if (r->drill.result == DRILL_PASSED)
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

static void name_nodes(struct director *d, const struct drill_event *ev)
{
	struct rehearsal *r = &d->rehearsal;
	const char *here = d->self ? d->self->name : "", *there = d->peer ? d->peer->name : "";

	r->back_of = ev->back_of;
	COPY(r->from, r->drill.yields_here ? here : there);
	COPY(r->to, r->drill.yields_here ? there : here);
	drill_about_begin(&r->about, &r->drill, ev,
			  &(struct drill_self){here, there, d->digest, clock_wall_ms()});
}

/* In order: what is said goes first, for who lets go may have no channel behind that. */
static void carry_out(struct director *d, struct drill_update *u, bool begins)
{
	drill_about_sign(&u->message, d->digest);
	if (u->flags & DRILL_SEND)
		twin_say_drill(d->twin, &u->message);
	if (u->flags & DRILL_SEND && u->message.step == SYNC_DRILL_REFUSED)
		say_refused(d, &u->message);
	if (begins)
		say_begin(&d->rehearsal);
	if (u->flags & DRILL_YIELD)
		drill_consent_used(&d->rehearsal.consent, &d->rehearsal.drill, clock_us());
	if (u->flags & DRILL_YIELD && (drill_is_harsh(d->rehearsal.drill.kind) ||
				       d->rehearsal.drill.target.vip.family || d->rehearsal.tap.on))
		d->rehearsal.let_go_us = clock_us() + QUIET_US;
	else if (u->flags & DRILL_YIELD)
		let_go(d);
	/* A node that has handed over in order has left nothing to be undone. */
	if (u->flags & DRILL_RESTORE)
		speak_again(d);
	if (u->flags & DRILL_OVER &&
	    drill_about_counts(&d->rehearsal.drill, d->rehearsal.back_of)) {
		say_end(&d->rehearsal);
		director_keep_drill(d);
	}
}

static void feed(struct director *d, struct drill_event *ev)
{
	struct rehearsal *r = &d->rehearsal;
	uint64_t id = r->drill.id;
	bool ran = r->drill.state == DRILL_RUNNING;
	struct drill_update u;

	ev->now_us = clock_us();
	ev->budget = director_drill_budget(d);
	director_probe_see(d, ev->now_us);
	director_frames_see(d, ev);
	u = drill_step(&r->drill, ev);
	if (r->drill.id != id) {
		name_nodes(d, ev);
		r->sight = (struct drill_sight){0};
	}
	director_frames_follow(d);
	if (ev->heard)
		drill_about_hear(&r->about, &r->drill, ev->heard);
	if (drill_is_busy(&r->drill) && !uv_is_active((uv_handle_t *)&r->look))
		uv_timer_start(&r->look, look, LOOK_MS, LOOK_MS);
	carry_out(d, &u, !ran && r->drill.state == DRILL_RUNNING);
	director_probe_follow(d);
}

static bool lets_go_here(const struct drill_event *ev, enum drill_who who)
{
	return who == DRILL_WHO_MASTER ? ev->yields_here : who == DRILL_WHO_HERE;
}

/* What speaks against it here, into ev; why lasts as long as ev. */
static void ask_ourselves(struct director *d, struct drill_event *ev, uint8_t kind,
			  enum drill_who who, const struct drill_target *target,
			  char why[static DRILL_WHY])
{
	struct drill_budget budget = director_drill_budget(d);
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
	if (ev->impossible)
		return;
	if ((kind != SYNC_DRILL_DAEMON_KILL || !lets_go_here(ev, who) ||
	     director_kill_is_fine(d, why)) &&
	    (!target->vip.family || director_probe_is_fine(d, kind, target, &ev->mac, why)))
		return;
	ev->objection = why;
	ev->impossible = true;
}

/* --- a daemon that was killed in one ------------------------------------------------------------ */

void director_drill_resume(struct director *d, const struct drill *drill,
			   const struct control_drill *shown)
{
	struct rehearsal *r = &d->rehearsal;

	r->drill = *drill;
	r->tapped_id = drill->id; /* nothing is counted */
	r->about = shown->about;
	COPY(r->from, shown->from);
	COPY(r->to, shown->to);
	drill_consent_used(&r->consent, drill, drill->began_us);
	uv_timer_start(&r->look, look, LOOK_MS, LOOK_MS);
}

void director_drill_back(struct director *d)
{
	struct drill_event ev = {.type = DRILL_EVENT_BACK};

	feed(d, &ev);
}

/* --- the other director ------------------------------------------------------------------------- */

static void hear_question(struct director *d, const struct sync_drill *m)
{
	struct drill_event ev = {.type = DRILL_EVENT_HEARD, .heard = m};
	struct rehearsal *r = &d->rehearsal;
	const struct drill_target target = {m->vip, m->port};
	char why[DRILL_WHY] = "asked again too soon";

	if (clock_us() - r->asked_us < ASK_US ||
	    !drill_consent(&r->consent, m, d->config->drill_by_peer, d->self ? d->self->name : "?",
			   clock_us(), why)) {
		ev.objection = why;
		ev.impossible = true;
	} else if (!drill_is_busy(&r->drill)) {
		ask_ourselves(d, &ev, m->kind, m->asker_yields ? DRILL_WHO_THERE : DRILL_WHO_HERE,
			      &target, why);
		r->asked_us = clock_us();
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
		director_drill_show(&d->rehearsal, &reply->drill);
}

void director_answer_drill(struct director *d, const struct control_request *request,
			   const struct control_asker *who, struct control_reply *reply)
{
	struct drill_event ev = {
		.type = DRILL_EVENT_ORDER,
		.kind = request->kind,
		.force = request->force,
		.target = {request->address, request->port},
		.limit_ms = (uint32_t)request->number,
		.back_of = drill_store_goes_back(d->drills, request->drill) ? request->drill : 0,
		.has_asker = who->known,
		.uid = who->uid};
	char why[DRILL_WHY];

	randombytes_buf(&ev.id, sizeof(ev.id));
	ev.id |= 1; /* never 0 */
	if (drill_is_busy(&d->rehearsal.drill)) {
		director_keep_busy(d, &ev, "a drill is under way");
		director_say(reply, CONTROL_FAILED, "a drill is under way");
		return;
	}
	ask_ourselves(d, &ev, ev.kind, DRILL_WHO_MASTER, &ev.target, why);
	feed(d, &ev);
	director_answer_drill_look(d, reply);
}
