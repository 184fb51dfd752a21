/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `config push`: push.h with a clock, the channel, a thread for files (push_work_uv.c), the reload of both
 * (provisional_uv.c) and the log.
 *
 * Shell, on the program's loop.
 */
#include "director/director.h"
#include "director/push_work_uv.h"
#include "director/service/running_uv.h"
#include "ha/clock_uv.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void feed(struct director *d, struct push_event *ev);

static const char *peer_name(const struct director *d)
{
	return d->peer ? d->peer->name : "?";
}

/* --- the thread --------------------------------------------------------------------------------- */

static void work_ended(uv_work_t *work, int status)
{
	struct push_work *w = work->data;
	struct director *d = w->owner;
	struct pushing *k = &d->pushing;
	struct push_event ev = {.type = w->takes ? PUSH_EVENT_CHECKED : PUSH_EVENT_READ};
	uint8_t digest[SYNC_DIGEST_LEN] = {0};
	size_t len;

	(void)status; /* it is never cancelled */
	w->running = false;
	k->file = w->file;
	w->file.path[0] = '\0';
	if (d->stopping) {
		pushed_file_drop(&k->file);
		free(w->text);
		w->text = NULL;
		director_unref(d);
		return;
	}
	sodium_hex2bin(digest, sizeof(digest), w->digest, strlen(w->digest), NULL, &len, NULL);
	ev.digest = digest;
	if (w->code < 0) {
		ev.why = err_format(&w->err, k->line);
		free(w->text);
	} else {
		ev.text = w->text;
		ev.len = w->len;
	}
	w->text = NULL;
	feed(d, &ev);
}

static void begin_work(struct director *d, bool takes)
{
	struct push_work *w = &d->pushing.work;
	struct push_event ev = {.type = takes ? PUSH_EVENT_CHECKED : PUSH_EVENT_READ,
				.why = "there is no thread for it"};

	w->takes = takes;
	w->given_up = d->provisional.given_up;
	w->differs = false;
	w->path = d->options.config_path;
	w->runtime_dir = d->options.runtime_dir;
	snprintf(w->node, sizeof(w->node), "%s", d->self ? d->self->name : "?");
	snprintf(w->peer, sizeof(w->peer), "%s", peer_name(d));
	w->text = NULL;
	w->len = 0;
	if (takes) {
		w->text = d->pushing.push.text;
		w->len = d->pushing.push.len;
		d->pushing.push.text = NULL;
		d->pushing.push.len = 0;
	}
	w->work.data = w;
	w->owner = d;
	w->running = true;
	if (uv_queue_work(d->loop, &w->work, push_work_run, work_ended) == 0)
		return;
	w->running = false;
	free(w->text);
	w->text = NULL;
	feed(d, &ev);
}

/* --- the machine -------------------------------------------------------------------------------- */

static void arm(struct director *d)
{
	uint64_t at = push_deadline_us(&d->pushing.push), now = clock_us();

	if (d->stopping || at == UINT64_MAX) {
		uv_timer_stop(&d->pushing.timer);
		return;
	}
	uv_update_time(d->loop);
	uv_timer_start(&d->pushing.timer, director_push_waited,
		       at > now ? (at - now + 999) / 1000 : 0, 0);
}

void director_push_waited(uv_timer_t *timer)
{
	struct push_event ev = {.type = PUSH_EVENT_TIMER};

	feed(timer->data, &ev);
}

/* Both go over, as after `config reload --confirm`. */
static void cross(struct director *d)
{
	struct provisional_event order = {.type = PROVISIONAL_EVENT_ORDER,
					  .id = d->pushing.push.id,
					  .limit_ms = PUSH_LIMIT_MS};

	order.why = director_provisional_objection(d);
	if (!order.why && provisional_is_busy(&d->provisional.p))
		order.why = "what runs is not confirmed yet";
	d->provisional.who = d->provisional.confirmer = d->pushing.who;
	d->provisional.failure[0] = '\0';
	d->provisional.confirmed_here = true;
	director_provisional_feed(d, &order);
}

static void say_end(struct director *d, enum push_state before)
{
	struct pushing *k = &d->pushing;
	unsigned long suppressed;

	if (k->push.ours && !k->push.done) {
		log_error("config push: %s", k->push.why);
		director_journal_refused(d, JOURNAL_COMMAND, &k->who, "config push", k->push.why);
	} else if (k->push.ours) {
		log_info("configuration %s runs here and was pushed to node %s",
			 d->options.config_path, peer_name(d));
	} else if (!k->committed && before != PUSH_CROSSING &&
		   log_limit_pass(&k->refusals, uv_now(d->loop), &suppressed)) {
		log_warning("config push of node %s: %s", peer_name(d), k->push.why);
	}
}

/* As the thread found it, which must not be at work. */
static bool own_is_taken_back(const struct push_work *w)
{
	return !w->running && w->given_up && w->differs;
}

static void feed(struct director *d, struct push_event *ev)
{
	struct pushing *k = &d->pushing;
	enum push_state before = k->push.state;
	unsigned long suppressed;
	unsigned int flags;

	ev->now_us = clock_us();
	flags = push_step(&k->push, ev);
	/* A sentence may come from a file of the operator's. */
	for (size_t i = 0; k->push.refusal[i]; i++)
		if (k->push.refusal[i] < ' ' || k->push.refusal[i] > '~')
			k->push.refusal[i] = '?';
	if (flags & PUSH_DROP && !k->work.running)
		pushed_file_drop(&k->file);
	if (flags & PUSH_ENDED)
		push_outcome_keep(&k->outcomes, k->who.ticket, &k->push,
				  own_is_taken_back(&k->work));
	if (before != PUSH_NONE && k->push.state == PUSH_NONE)
		say_end(d, before);
	else if (before == PUSH_NONE && k->push.state == PUSH_NONE && flags & PUSH_SAY &&
		 log_limit_pass(&k->refusals, uv_now(d->loop), &suppressed))
		log_warning("config push: refused to node %s: %s", peer_name(d), k->push.refusal);
	arm(d);
	if (flags & PUSH_SAY && d->twin)
		twin_go_on(d->twin);
	if (flags & PUSH_LOOK)
		begin_work(d, false);
	if (flags & PUSH_CHECK)
		begin_work(d, true);
	if (flags & PUSH_CROSS)
		cross(d);
	if (flags & PUSH_ENDED)
		control_server_release(d->server);
}

/* --- the reload of both ------------------------------------------------------------------------- */

const char *director_push_objection(const struct director *d)
{
	return push_is_busy(&d->pushing.push) || d->pushing.work.running
		       ? "a config push is under way, and ends by itself"
		       : NULL;
}

bool director_push_crosses(const struct director *d)
{
	return d->pushing.push.state == PUSH_CROSSING;
}

bool director_push_is_taken(const struct director *d)
{
	return director_push_crosses(d) && !d->pushing.push.ours;
}

bool director_push_begins(struct director *d, uint64_t id)
{
	struct push_event ev = {.type = PUSH_EVENT_BEGUN, .id = id};

	if (d->pushing.push.state != PUSH_STAGED || d->pushing.push.id != id)
		return false;
	d->pushing.committed = false;
	feed(d, &ev);
	return true;
}

const char *director_push_commit(struct director *d)
{
	struct pushing *k = &d->pushing;
	struct err err = {0};
	const char *dir = d->options.runtime_dir;
	int code;

	if (k->committed)
		return NULL;
	/* A daemon that is started anew in between takes the file, which is the old one until it has changed. */
	code = running_set_aside(dir);
	if (code < 0)
		err_set(&err, code, "what runs cannot be kept in %s: %s", dir, strerror(-code));
	else
		code = pushed_file_commit(&k->file, d->options.config_path, &err);
	running_set_aside_ended(dir, code == 0);
	if (code < 0) {
		snprintf(k->line, sizeof(k->line), "%s", err.text);
		log_error("config push of node %s: %s", peer_name(d), k->line);
		return k->line;
	}
	k->committed = true;
	pushed_file_settle(d->loop, d->options.config_path);
	if (k->file.same)
		log_info("%s had what node %s pushed, word for word: it is as it was",
			 d->options.config_path, peer_name(d));
	else
		log_info("%s is what node %s pushed; what it was is %s" PUSHED_FILE_BEFORE,
			 d->options.config_path, peer_name(d), d->options.config_path);
	return NULL;
}

void director_push_follow(struct director *d)
{
	struct pushing *k = &d->pushing;
	const struct provisional *p = &d->provisional.p;
	struct provisional_event confirm = {.type = PROVISIONAL_EVENT_CONFIRM};
	struct provisional_event back = {.type = PROVISIONAL_EVENT_RETURN};
	struct push_event ev = {.type = PUSH_EVENT_CROSSED};

	if (!director_push_crosses(d) || d->stopping)
		return;
	if (k->push.ours && p->state == PROVISIONAL_RUNNING) {
		if (!k->confirmed) {
			k->confirmed = true;
			director_provisional_feed(d, &confirm);
		} else if (!p->confirming) { /* the other one cannot */
			snprintf(k->failure, sizeof(k->failure), "%s", p->why);
			director_provisional_feed(d, &back);
		}
		return;
	}
	/* What was asked of the other one first has come, or has not. */
	if (p->state != PROVISIONAL_NONE || d->provisional.returning || d->reload.running)
		return;
	if (p->result != PROVISIONAL_CONFIRMED)
		ev.why = k->failure[0]		     ? k->failure
			 : d->provisional.failure[0] ? d->provisional.failure
						     : p->why;
	feed(d, &ev);
}

/* --- the other director ------------------------------------------------------------------------- */

void director_hear_push(struct director *d, const struct sync_push *m)
{
	struct push_event ev = {.type = PUSH_EVENT_HEARD, .heard = m};
	char why[PUSH_WHY];

	if (d->stopping || !twin_takes_pushes(d->twin))
		return;
	if (m->step == SYNC_PUSH_OFFER) {
		ev.why = director_provisional_objection(d);
		if (!ev.why)
			ev.why = director_reload_objection(d);
		if (!ev.why && !push_consent(&d->pushing.push, d->config->control_push_by_peer,
					     d->self ? d->self->name : "?", clock_us(), why))
			ev.why = why;
	}
	feed(d, &ev);
}

bool director_next_push(struct director *d, struct sync_message *ret)
{
	ret->type = SYNC_PUSH;
	return twin_takes_pushes(d->twin) && push_next(&d->pushing.push, &ret->push);
}

void director_part_push(struct director *d)
{
	struct push_event ev = {.type = PUSH_EVENT_PARTED};

	if (!d->stopping)
		feed(d, &ev);
}

void director_open_push(struct director *d)
{
	struct pushed_file *f = &d->pushing.file;

	if ((size_t)snprintf(f->path, sizeof(f->path), "%s" PUSHED_FILE_NEW,
			     d->options.config_path) >= sizeof(f->path))
		f->path[0] = '\0'; /* none could be written */
	pushed_file_drop(f);
}

void director_close_push(struct director *d)
{
	pushed_file_drop(&d->pushing.file);
	push_clear(&d->pushing.push);
}

/* --- the operator ------------------------------------------------------------------------------- */

/* NULL: it can begin. */
static const char *trouble(struct director *d)
{
	const char *why = director_reload_objection(d);
	struct twin_view view;

	if (!why)
		why = director_provisional_objection(d);
	if (why)
		return why;
	if (!d->peer)
		return "the configuration has no other director (section cluster): there is "
		       "nobody to push it to";
	twin_view(d->twin, &view);
	if (twin_takes_pushes(d->twin))
		return NULL;
	return !view.enabled ? "there is no channel to the other director without a key-file"
	       : view.link.connected ? "the other director is of an older version, which takes no "
				       "configuration"
				     : "the other director is not connected; `directorctl cluster "
				       "status` tells why";
}

static bool begin(struct director *d, const struct control_asker *who, struct control_reply *reply)
{
	struct pushing *k = &d->pushing;
	struct push_event ev = {.type = PUSH_EVENT_ORDER};
	const char *why = trouble(d);

	if (why) {
		director_journal_refused(d, JOURNAL_COMMAND, who, "config push", why);
		director_say(reply, CONTROL_FAILED, why);
		return false;
	}
	k->who = *who;
	k->confirmed = false;
	k->failure[0] = '\0';
	randombytes_buf(&ev.id, sizeof(ev.id));
	ev.id |= 1; /* never 0 */
	feed(d, &ev);
	return true;
}

/* Whoever mends the file of the other node must know that his own was taken back, too. */
static void say_refused(const struct director *d, const struct push_outcome *o,
			struct control_reply *reply)
{
	const char *option = strstr(o->why, "; --this-node"); /* a push is never of one node */
	char line[PUSH_WHY + 256], own[SYNC_NAME_LEN + 96] = "";

	if (o->taken_back)
		snprintf(own, sizeof(own),
			 "; the file of node %s is not what runs, since a reload of it was "
			 "not confirmed",
			 d->self ? d->self->name : "?");
	snprintf(line, sizeof(line), "nothing is changed on either node: %.*s%s",
		 option ? (int)(option - o->why) : PUSH_WHY, o->why, own);
	director_say(reply, CONTROL_FAILED, line);
}

/* Of one that is over. */
static void tell(const struct director *d, const struct push_outcome *o,
		 struct control_reply *reply)
{
	char line[PUSH_WHY + 256];

	if (!o->done) {
		say_refused(d, o, reply);
		return;
	}
	snprintf(line, sizeof(line),
		 "node %s: the file is what runs\n"
		 "node %s: the file says the same, and is what runs; if it had to be replaced, the "
		 "one "
		 "before it is kept beside it, with " PUSHED_FILE_BEFORE " behind its name\n",
		 d->self ? d->self->name : "?", peer_name(d));
	director_say(reply, CONTROL_DONE, line);
}

bool director_answer_push(struct director *d, const struct control_request *request,
			  const struct control_asker *who, bool again, struct control_reply *reply)
{
	const struct pushing *k = &d->pushing;
	const struct push_outcome *o;
	bool goes_on;

	if (!again && !begin(d, who, reply))
		return true;
	goes_on = push_is_busy(&k->push) && k->push.ours && k->who.ticket == who->ticket;
	if (goes_on && request->no_wait) {
		director_say(reply, CONTROL_DONE,
			     "the push goes on; `directorctl ruleset history` and the log tell "
			     "what comes of it\n");
		return true;
	}
	o = push_outcome_of(&k->outcomes, who->ticket);
	if (goes_on || !director_is_settled(d))
		return false;
	if (o)
		tell(d, o, reply);
	else
		director_say(reply, CONTROL_FAILED,
			     "the push is over; `directorctl ruleset history` and the log tell "
			     "what has come of it");
	return true;
}
