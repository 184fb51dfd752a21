/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the operator asks of a reload that lasts until it is confirmed, and what he is told. Shell. */
#include "director/config/number.h"
#include "director/director.h"

#include <sodium.h>
#include <stdio.h>

enum { SENTENCE = ERR_LINE + 256 };

const char *director_reload_objection(struct director *d)
{
	static char line[SENTENCE]; /* of the main loop */
	char left[DURATION_TEXT];

	if (d->rehearsal.mute.on)
		return "this node is silent for a drill, which ends by itself";
	if (director_push_objection(d))
		return director_push_objection(d);
	if (!provisional_is_busy(&d->provisional.p))
		return NULL;
	if (provisional_is_beginning(&d->provisional.p))
		return "a reload with --confirm is under way";
	snprintf(line, sizeof(line),
		 "what runs is not confirmed yet (%s left): `directorctl config confirm` keeps it, "
		 "`directorctl config rollback` goes back at once",
		 director_provisional_left(d, left));
	return line;
}

/* Why the other one cannot go over as well; NULL: nothing is known. */
static const char *objection_there(const struct director *d, char buf[static SENTENCE])
{
	const char *name = d->peer->name;
	struct twin_view view;

	twin_view(d->twin, &view);
	if (twin_takes_provisional(d->twin))
		return NULL;
	snprintf(buf, SENTENCE, "node %s %s; --this-node leaves it out", name,
		 !view.enabled	       ? "cannot be told: there is no channel without a key-file"
		 : view.link.connected ? "has an older directord, which knows nothing of it"
				       : "is not connected");
	return buf;
}

static bool begin(struct director *d, const struct control_request *request,
		  const struct control_asker *who, struct control_reply *reply)
{
	struct provisional_run *k = &d->provisional;
	struct provisional_event ev = {.type = PROVISIONAL_EVENT_ORDER,
				       .limit_ms = (uint32_t)request->number,
				       .this_node = request->this_node || !d->peer};
	const char *why = director_reload_objection(d);
	char buf[SENTENCE];

	if (!why)
		why = director_provisional_objection(d);
	if (!why && !ev.this_node)
		why = objection_there(d, buf);
	if (why) {
		director_journal_refused(d, JOURNAL_RELOAD, who, "config reload --confirm", why);
		director_say(reply, CONTROL_FAILED, why);
		return false;
	}
	k->who = *who;
	k->failure[0] = '\0';
	k->confirmed_here = false;
	randombytes_buf(&ev.id, sizeof(ev.id));
	ev.id |= 1; /* never 0 */
	director_provisional_feed(d, &ev);
	return true;
}

static void say_begun(struct director *d, struct control_reply *reply)
{
	struct provisional_run *k = &d->provisional;
	char line[SENTENCE], left[DURATION_TEXT];

	if (k->p.state == PROVISIONAL_RUNNING) {
		snprintf(line, sizeof(line),
			 "configuration reloaded on %s; what ran before comes back in %s, unless "
			 "`directorctl config confirm` is said\n",
			 k->p.with_peer ? "both nodes" : "this node",
			 director_provisional_left(d, left));
		director_say(reply, CONTROL_DONE, line);
		return;
	}
	snprintf(line, sizeof(line), "%s: %s",
		 k->returning ? "what ran before cannot come back yet, and is tried again"
			      : "nothing is changed",
		 k->failure[0] ? k->failure : k->p.why);
	director_say(reply, CONTROL_FAILED, line);
}

bool director_answer_try(struct director *d, const struct control_request *request,
			 const struct control_asker *who, bool again, struct control_reply *reply)
{
	const struct provisional *p = &d->provisional.p;

	if (!again && !begin(d, request, who, reply))
		return true;
	if (provisional_is_beginning(p) && request->no_wait) {
		director_say(reply, CONTROL_DONE,
			     "the reload goes on; `directorctl ruleset history` and the log tell "
			     "what comes of it\n");
		return true;
	}
	if (provisional_is_beginning(p) || !director_is_settled(d))
		return false;
	say_begun(d, reply);
	return true;
}

static void say_none(struct director *d, struct control_reply *reply)
{
	const struct provisional *p = &d->provisional.p;
	char line[SENTENCE] = "no configuration waits for a confirmation";

	if (provisional_is_beginning(p))
		snprintf(line, sizeof(line), "the reload is still under way");
	else if (p->result == PROVISIONAL_BACK || p->result == PROVISIONAL_REFUSED)
		snprintf(line, sizeof(line),
			 "no configuration waits for a confirmation: of the last one nothing was "
			 "kept (%s)",
			 p->why);
	else if (d->provisional.given_up)
		snprintf(line, sizeof(line),
			 "no configuration waits for a confirmation: the daemon was started anew "
			 "before it came, with what ran before");
	director_say(reply, CONTROL_FAILED, line);
}

static void say_unconfirmed(struct director *d, struct control_reply *reply)
{
	const struct provisional *p = &d->provisional.p;
	char line[SENTENCE], left[DURATION_TEXT];

	if (p->confirming)
		snprintf(line, sizeof(line),
			 "the other director does not answer: it is confirmed as soon as it does; "
			 "what ran before comes back in %s; --this-node leaves it out",
			 director_provisional_left(d, left));
	else
		snprintf(line, sizeof(line),
			 "not confirmed: %s; what ran before comes back in %s; --this-node leaves "
			 "it out",
			 p->why, director_provisional_left(d, left));
	director_say(reply, CONTROL_FAILED, line);
}

static void say_ended(struct director *d, bool back, struct control_reply *reply)
{
	const struct provisional *p = &d->provisional.p;
	char line[SENTENCE];

	if (p->result == PROVISIONAL_CONFIRMED)
		snprintf(line, sizeof(line), "configuration confirmed\n");
	else
		snprintf(line, sizeof(line), "%swhat ran before runs again; %s stays as it is%s",
			 back ? "" : "not confirmed: ", d->options.config_path, back ? "\n" : "");
	director_say(reply,
		     (p->result == PROVISIONAL_CONFIRMED) != back ? CONTROL_DONE : CONTROL_FAILED,
		     line);
}

bool director_answer_confirm(struct director *d, const struct control_request *request,
			     const struct control_asker *who, bool again,
			     struct control_reply *reply)
{
	struct provisional_run *k = &d->provisional;
	bool back = request->number == 1;
	struct provisional_event ev = {.type = back ? PROVISIONAL_EVENT_RETURN
						    : PROVISIONAL_EVENT_CONFIRM,
				       .this_node = request->this_node};

	if (!again && director_push_crosses(d)) {
		director_say(reply, CONTROL_FAILED, director_push_objection(d));
		return true;
	}
	if (!again && k->p.state != PROVISIONAL_RUNNING) {
		say_none(d, reply);
		return true;
	}
	if (!again) {
		k->confirmer = *who;
		k->confirmed_here = !back;
		director_provisional_feed(d, &ev);
	}
	if (k->p.waiting || !director_is_settled(d))
		return false;
	if (k->returning) {
		director_say(reply, CONTROL_FAILED,
			     "what ran before cannot come back yet; the log tells why, and it is "
			     "tried again until it works");
		return true;
	}
	if (k->p.state == PROVISIONAL_RUNNING)
		say_unconfirmed(d, reply);
	else
		say_ended(d, back, reply);
	return true;
}
