/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A drill as it is shown to those who ask, and as it is kept for those who come later: drill_uv.c says
 * when it is over. One that was refused is kept, too: who wanted it, and what spoke against it.
 *
 * Shell, on the program's loop.
 */
#include "director/director.h"
#include "director/drill/drill_about.h"
#include "director/drill_frames_uv.h"

#include "ha/clock_uv.h"
#include "include/log.h"

#include <stdio.h>

#define COPY(to, from) snprintf((to), sizeof(to), "%s", (from))

void director_drill_show(const struct rehearsal *r, struct control_drill *ret)
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
	ret->within_us = drill->within_us;
	ret->n = drill_timeline(drill, ret->moments);
	ret->vip = drill->target.vip;
	ret->port = drill->target.port;
	if (drill->target.vip.family)
		ret->gap = (uint8_t)drill_gap_us(drill, &ret->gap_us);
	director_frames_show(r, ret);
	ret->about = r->about;
}

void director_keep_drill(struct director *d)
{
	struct control_drill seen;

	director_drill_show(&d->rehearsal, &seen);
	drill_store_add(d->drills, &seen);
}

/* The attempt that counts is the last drill: nobody else begins one meanwhile, or it is not of that way back. */
void director_answer_drill_return(struct director *d, const struct control_request *request,
				  struct control_reply *reply)
{
	struct control_drill last = {0}, back = {.back = (uint8_t)request->number};
	const struct control_drill *of;

	if (d->rehearsal.back_of == request->drill)
		director_drill_show(&d->rehearsal, &last);
	/* Without the record of that drill nobody knows how long it took, or whether it was that at all. */
	if (back.back == CONTROL_BACK_ORDERLY && !last.id)
		back.back = CONTROL_BACK_UNTOLD;
	else if (back.back == CONTROL_BACK_ORDERLY)
		back.back_us = last.takeover_us;
	else if (back.back == CONTROL_BACK_NOT)
		COPY(back.back_why, last.why);
	of = drill_store_back(d->drills, request->drill, &back);
	if (!of)
		director_say(reply, CONTROL_FAILED, "this drill is not kept");
	else if (back.back == CONTROL_BACK_NOT)
		log_warning("drill %s: node \"%s\" is not the master again: %s", of->kind, of->from,
			    back.back_why[0] ? back.back_why : "nobody handed over");
}

/* It never was a drill: nothing but the order is known of it. */
void director_keep_busy(struct director *d, const struct drill_event *order, const char *why)
{
	const struct rehearsal *r = &d->rehearsal;
	const struct drill_self self = {d->self ? d->self->name : "", d->peer ? d->peer->name : "",
					d->digest, clock_wall_ms()};
	const struct drill asked = {.result = DRILL_REFUSED,
				    .asked_here = true,
				    .yields_here = r->drill.yields_here,
				    .limit_ms = order->limit_ms,
				    .budget = director_drill_budget(d)};
	struct control_drill seen = {.id = order->id};

	if (!drill_about_counts(&asked, order->back_of))
		return;
	COPY(seen.kind, drill_kind_name(order->kind));
	COPY(seen.from, r->from);
	COPY(seen.to, r->to);
	COPY(seen.result, drill_result_name(DRILL_REFUSED));
	COPY(seen.why, why);
	drill_about_begin(&seen.about, &asked, order, &self);
	drill_store_add(d->drills, &seen);
}
