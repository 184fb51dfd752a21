/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A reload that lasts until it is confirmed: provisional.h with a clock, the channel, reload_uv.c and the log.
 * What ran before is kept whole while it does, so that going back needs no file; what a daemon that is
 * started anew needs is in the runtime directory (running_uv.h).
 *
 * What the operator asks of it: provisional_answer_uv.c. Shell, on the program's loop.
 */
#include "director/config/load.h"
#include "director/config/number.h"
#include "director/director.h"
#include "director/service/running_uv.h"
#include "ha/clock_uv.h"
#include "include/log.h"
#include "include/memory.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct control_asker nobody;

const char *director_provisional_left(const struct director *d, char buf[static DURATION_TEXT])
{
	uint64_t left_ms = provisional_left_ms(&d->provisional.p, clock_us());

	return duration_format((left_ms + 999) / 1000 * 1000, buf);
}

/* --- going over and back ------------------------------------------------------------------------ */

static void forget_before(struct director *d)
{
	struct before *b = &d->provisional.before;

	if (!b->config)
		return;
	config_free(b->config);
	*b = (struct before){0};
	memory_give_back();
}

void director_replaced(struct director *d, enum reload_kind kind, const struct before *old)
{
	switch (kind) {
	case RELOAD_TRY: d->provisional.before = *old; return;
	case RELOAD_BACK: d->provisional.before = (struct before){0}; break; /* it is in force */
	case RELOAD_LOOK:
	case RELOAD_PLAIN: forget_before(d); break;
	}
	config_free(old->config);
}

static void say_unkept(struct director *d, int code)
{
	if (code < 0)
		log_warning("%s: %s; a daemon that is started anew takes the configuration's file",
			    d->options.runtime_dir, strerror(-code));
}

static void go_back(struct director *d)
{
	struct provisional_run *k = &d->provisional;

	director_reload_back(d, &k->before, k->back_cause, &k->back_who, k->back_order);
}

static void try_again(uv_timer_t *timer)
{
	struct director *d = timer->data;
	struct provisional_event ev = {.type = PROVISIONAL_EVENT_TIMER};

	if (d->provisional.returning && !d->reload.running && clock_us() >= d->provisional.again_us)
		go_back(d);
	director_provisional_feed(d, &ev);
}

static void arm(struct director *d)
{
	struct provisional_run *k = &d->provisional;
	uint64_t at = provisional_deadline_us(&k->p), now = clock_us();

	if (k->returning && k->again_us < at)
		at = k->again_us;
	if (d->stopping || at == UINT64_MAX) {
		uv_timer_stop(&k->timer);
		return;
	}
	uv_update_time(d->loop);
	uv_timer_start(&k->timer, try_again, at > now ? (at - now + 999) / 1000 : 0, 0);
}

/* The configuration that ran before is in force again, or is not. */
static void went_back(struct director *d, bool in_force)
{
	struct provisional_run *k = &d->provisional;
	char wait[DURATION_TEXT];
	uint64_t ms;

	k->returning = !in_force;
	if (!in_force) {
		ms = provisional_again_ms(++k->failed);
		k->again_us = clock_us() + ms * 1000;
		log_error("the configuration is not confirmed, and what ran before cannot come "
			  "back (tried %u times); trying again in %s",
			  k->failed, duration_format(ms, wait));
		return;
	}
	k->failed = 0;
	/* Of what was pushed, and of what is the file's already, the file is what runs. */
	k->given_up = !director_push_is_taken(d) && !running_is_same(d->options.runtime_dir);
	if (!k->given_up) {
		running_unmark(d->options.runtime_dir);
		log_warning("the configuration was not kept (%s): what ran before runs again",
			    k->p.why);
		return;
	}
	say_unkept(d, running_give_up(d->options.runtime_dir));
	log_warning("the configuration was not kept (%s): what ran before runs again; %s stays as "
		    "it is, and is not what runs",
		    k->p.why, d->options.config_path);
}

static void looked(struct director *d)
{
	struct provisional_event ev = {.type = PROVISIONAL_EVENT_LOOKED};
	uint8_t digest[SYNC_DIGEST_LEN] = {0};
	struct reload *r = &d->reload;
	size_t len;

	sodium_hex2bin(digest, sizeof(digest), r->digest, strlen(r->digest), NULL, &len, NULL);
	ev.digest = digest;
	if (r->code < 0)
		ev.why = err_format(&r->err, d->provisional.failure);
	director_provisional_feed(d, &ev);
}

static void went(struct director *d, bool in_force)
{
	struct provisional_event ev = {.type = PROVISIONAL_EVENT_WENT, .in_force = in_force};
	struct provisional_run *k = &d->provisional;
	struct reload *r = &d->reload;

	if (in_force)
		k->given_up = false;
	if (r->code < 0)
		ev.why = err_format(&r->err, k->failure);
	director_provisional_feed(d, &ev);
}

void director_reload_ended(struct director *d, bool in_force)
{
	switch (d->reload.kind) {
	case RELOAD_LOOK: looked(d); return;
	case RELOAD_TRY: went(d, in_force); return;
	case RELOAD_BACK: went_back(d, in_force); return;
	case RELOAD_PLAIN: break;
	}
	if (!in_force)
		return;
	d->provisional.given_up = d->provisional.returning = false;
	d->provisional.failed = 0;
	say_unkept(d, running_keep(d->options.runtime_dir));
}

/* --- the machine -------------------------------------------------------------------------------- */

static void tell(struct director *d, struct sync_provisional *m)
{
	/* A sentence may come from a file of the operator's. */
	for (size_t i = 0; m->why[i]; i++)
		if (m->why[i] < ' ' || m->why[i] > '~')
			m->why[i] = '?';
	twin_say_provisional(d->twin, m);
}

static void keep(struct director *d, const struct provisional_event *ev)
{
	bool here = ev->type == PROVISIONAL_EVENT_CONFIRM || d->provisional.confirmed_here;

	forget_before(d);
	if (!director_push_is_taken(d)) /* else it was, with the file */
		say_unkept(d, running_confirm(d->options.runtime_dir));
	if (director_push_crosses(d)) {
		director_journal_said(d, here ? JOURNAL_COMMAND : JOURNAL_PEER,
				      here ? &d->provisional.confirmer : &nobody,
				      "config push, confirmed on both");
		return;
	}
	log_info("configuration %s is confirmed%s", d->options.config_path,
		 here ? "" : ", as the other director says");
	director_journal_said(d, here ? JOURNAL_COMMAND : JOURNAL_PEER,
			      here ? &d->provisional.confirmer : &nobody, "config confirm");
}

static void set_cause(struct provisional_run *k, const struct provisional_event *ev)
{
	bool rolled = ev->type == PROVISIONAL_EVENT_RETURN;

	k->back_who = rolled ? k->confirmer : nobody;
	k->back_cause = rolled				      ? JOURNAL_COMMAND
			: ev->type == PROVISIONAL_EVENT_HEARD ? JOURNAL_PEER
							      : JOURNAL_DEADLINE;
	snprintf(k->back_order, sizeof(k->back_order), "%s",
		 rolled ? "config rollback" : "not confirmed, back to what ran before");
}

static void carry_out(struct director *d, struct provisional_update *u,
		      const struct provisional_event *ev)
{
	struct provisional_run *k = &d->provisional;
	char order[JOURNAL_ORDER], limit[DURATION_TEXT];

	if (u->flags & PROVISIONAL_SEND)
		tell(d, &u->message);
	if (u->flags & PROVISIONAL_LOOK)
		director_reload_look(d);
	if (u->flags & PROVISIONAL_GO) {
		snprintf(order, sizeof(order), "%sto be confirmed within %s",
			 director_push_crosses(d) ? "config push, " : "",
			 duration_format(k->p.limit_ms, limit));
		director_reload_try(d, k->p.asked_here ? JOURNAL_RELOAD : JOURNAL_PEER,
				    k->p.asked_here ? &k->who : &nobody, order);
	}
	if (u->flags & PROVISIONAL_KEEP)
		keep(d, ev);
	if (u->flags & PROVISIONAL_RETURN) {
		set_cause(k, ev);
		go_back(d);
	}
}

/* What was asked for here and has come to nothing before anything was changed. */
static void say_refused(struct director *d, const struct provisional_update *u)
{
	struct provisional_run *k = &d->provisional;
	const char *why = k->failure[0] ? k->failure : k->p.why;
	unsigned long suppressed;

	if (director_push_crosses(d) && k->p.asked_here)
		return; /* it says so itself */
	if (k->p.asked_here) {
		log_error("reload refused, the old configuration stays: %s", why);
		director_journal_refused(d, JOURNAL_RELOAD, &k->who, "config reload --confirm",
					 why);
	} else if (u->flags & PROVISIONAL_SEND &&
		   log_limit_pass(&k->refusals, uv_now(d->loop), &suppressed)) {
		log_warning("%s: refused to the other director: %s",
			    director_push_crosses(d) ? "config push" : "config reload --confirm",
			    u->message.why);
	}
}

void director_provisional_feed(struct director *d, struct provisional_event *ev)
{
	struct provisional_run *k = &d->provisional;
	enum provisional_state before = k->p.state;
	struct provisional_update u;
	char limit[DURATION_TEXT];

	ev->now_us = clock_us();
	u = provisional_step(&k->p, ev);
	if (k->p.state == PROVISIONAL_NONE &&
	    (before == PROVISIONAL_LOOKING || before == PROVISIONAL_ASKING))
		say_refused(d, &u);
	if (k->p.state == PROVISIONAL_RUNNING && before != PROVISIONAL_RUNNING &&
	    !director_push_crosses(d))
		log_warning("configuration %s runs for %s; then what ran before comes back, unless "
			    "`directorctl config confirm` is said on one of the nodes",
			    d->options.config_path, duration_format(k->p.limit_ms, limit));
	carry_out(d, &u, ev);
	arm(d);
	if (!provisional_is_beginning(&k->p) && !k->p.waiting)
		control_server_release(d->server);
	director_push_follow(d);
}

/* --- the other director ------------------------------------------------------------------------- */

const char *director_provisional_objection(const struct director *d)
{
	if (d->stopping)
		return "it is being stopped";
	if (!d->ready)
		return "it is just starting";
	if (d->reload.running)
		return "a reload is under way";
	if (d->rehearsal.mute.on)
		return "it is silent for a drill";
	if (d->provisional.returning)
		return "what ran before the last one is not back yet";
	return NULL;
}

void director_provisional_hear(struct director *d, const struct sync_provisional *m)
{
	struct provisional_event ev = {.type = PROVISIONAL_EVENT_HEARD, .heard = m};

	if (m->step == SYNC_PROVISIONAL_ASK) {
		ev.why = director_provisional_objection(d);
		ev.expected =
			!ev.why && m->limit_ms <= PUSH_LIMIT_MS && director_push_begins(d, m->id);
		if (!ev.why && !ev.expected)
			ev.why = director_push_objection(d);
		if (!ev.why && !provisional_is_busy(&d->provisional.p)) {
			d->provisional.failure[0] = '\0';
			d->provisional.confirmed_here = false;
		}
	}
	if (m->step == SYNC_PROVISIONAL_CONFIRM && director_push_is_taken(d) &&
	    d->provisional.p.id == m->id && d->provisional.p.in_force)
		ev.why = director_push_commit(d);
	if (!d->stopping)
		director_provisional_feed(d, &ev);
}

void director_provisional_channel(struct director *d)
{
	struct provisional_event ev = {.type = PROVISIONAL_EVENT_CHANNEL};

	if (!d->stopping)
		director_provisional_feed(d, &ev);
}

/* --- beginning and end -------------------------------------------------------------------------- */

void director_open_provisional(struct director *d)
{
	struct running_start *start = d->options.start;
	bool held = start && start->held;

	if (held)
		log_warning("%s was not confirmed%s: starting with what ran before; "
			    "`directorctl config reload` loads the file all the same",
			    d->options.config_path,
			    start->pending ? " when the daemon ended" : " in its time");
	d->provisional.given_up = held;
	if (start)
		say_unkept(d, running_settle(d->options.runtime_dir, start));
}

void director_show_provisional(const struct director *d, struct status *s)
{
	s->unconfirmed_ms = provisional_left_ms(&d->provisional.p, clock_us());
	s->given_up = d->provisional.given_up;
}

void director_close_provisional(struct director *d)
{
	forget_before(d);
}
