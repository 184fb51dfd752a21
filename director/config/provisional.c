/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/config/provisional.h"

#include <stdio.h>
#include <string.h>

/* --- what is known ---------------------------------------------------------------------------- */

bool provisional_is_busy(const struct provisional *p)
{
	return p->state != PROVISIONAL_NONE;
}

bool provisional_is_beginning(const struct provisional *p)
{
	return p->state != PROVISIONAL_NONE && p->state != PROVISIONAL_RUNNING;
}

uint64_t provisional_left_ms(const struct provisional *p, uint64_t now_us)
{
	if (!p->in_force)
		return 0;
	return p->until_us > now_us ? (p->until_us - now_us + 999) / 1000 : 1;
}

uint64_t provisional_again_ms(unsigned int failed)
{
	uint64_t ms = PROVISIONAL_AGAIN_MS;

	for (; failed > 1 && ms < PROVISIONAL_AGAIN_MAX_MS; failed--)
		ms *= 2;
	return ms < PROVISIONAL_AGAIN_MAX_MS ? ms : PROVISIONAL_AGAIN_MAX_MS;
}

static uint64_t sooner(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t provisional_deadline_us(const struct provisional *p)
{
	switch (p->state) {
	case PROVISIONAL_NONE:
	case PROVISIONAL_LOOKING: return UINT64_MAX;
	case PROVISIONAL_ASKING:
	case PROVISIONAL_READY: return p->answer_us;
	case PROVISIONAL_GOING: return p->in_force ? sooner(p->answer_us, p->until_us) : UINT64_MAX;
	case PROVISIONAL_RUNNING:
		return p->waiting ? sooner(p->answer_us, p->until_us) : p->until_us;
	}
	return UINT64_MAX;
}

/* --- steps ------------------------------------------------------------------------------------ */

static void say(const struct provisional *p, struct provisional_update *u, uint8_t step)
{
	u->flags |= PROVISIONAL_SEND;
	u->message = (struct sync_provisional){.id = p->id, .step = step};
}

static void refuse_them(struct provisional_update *u, uint64_t id, const char *why)
{
	u->flags |= PROVISIONAL_SEND;
	u->message = (struct sync_provisional){.id = id, .step = SYNC_PROVISIONAL_REFUSED};
	snprintf(u->message.why, sizeof(u->message.why), "%s", why);
}

static void set_why(struct provisional *p, const char *before, const char *why)
{
	char text[2 * PROVISIONAL_WHY];

	snprintf(text, sizeof(text), "%s%s", before, why);
	snprintf(p->why, sizeof(p->why), "%.*s", PROVISIONAL_WHY - 1, text);
}

static void end(struct provisional *p, enum provisional_result result)
{
	p->state = PROVISIONAL_NONE;
	p->result = result;
	p->in_force = p->undone = p->confirming = p->waiting = false;
}

/* It is in force here, and shall not be any more. */
static void go_back(struct provisional *p, struct provisional_update *u,
		    enum provisional_result result)
{
	u->flags |= PROVISIONAL_RETURN;
	end(p, result);
}

static void keep(struct provisional *p, struct provisional_update *u)
{
	u->flags |= PROVISIONAL_KEEP;
	end(p, PROVISIONAL_CONFIRMED);
}

static void begin(struct provisional *p, struct provisional_update *u, uint64_t id,
		  uint32_t limit_ms)
{
	uint64_t asked_us = p->asked_us;

	*p = (struct provisional){
		.state = PROVISIONAL_LOOKING, .id = id, .limit_ms = limit_ms, .asked_us = asked_us};
	u->flags |= PROVISIONAL_LOOK;
}

static void go_over(struct provisional *p, struct provisional_update *u, uint64_t now_us)
{
	p->state = PROVISIONAL_GOING;
	p->answer_us = now_us + PROVISIONAL_ANSWER_US;
	u->flags |= PROVISIONAL_GO;
}

/* --- the operator ------------------------------------------------------------------------------- */

static void ordered(struct provisional *p, struct provisional_update *u,
		    const struct provisional_event *ev)
{
	if (provisional_is_busy(p))
		return; /* whoever asks has looked */
	if (ev->why) {
		set_why(p, "", ev->why);
		end(p, PROVISIONAL_REFUSED);
		return;
	}
	begin(p, u, ev->id, ev->limit_ms);
	p->asked_here = true;
	p->with_peer = !ev->this_node;
}

static void confirmed(struct provisional *p, struct provisional_update *u,
		      const struct provisional_event *ev)
{
	if (p->state != PROVISIONAL_RUNNING)
		return;
	if (ev->this_node || !p->with_peer) {
		keep(p, u);
		return;
	}
	p->confirming = p->waiting = true;
	p->answer_us = ev->now_us + PROVISIONAL_CONFIRM_US;
	say(p, u, SYNC_PROVISIONAL_CONFIRM);
}

static void returned(struct provisional *p, struct provisional_update *u)
{
	if (p->state != PROVISIONAL_RUNNING)
		return;
	if (p->with_peer)
		say(p, u, SYNC_PROVISIONAL_BACK);
	set_why(p, "", "the operator's word");
	go_back(p, u, PROVISIONAL_BACK);
}

/* --- what was done here ------------------------------------------------------------------------- */

static void looked(struct provisional *p, struct provisional_update *u,
		   const struct provisional_event *ev)
{
	const char *why = ev->why;

	if (p->state != PROVISIONAL_LOOKING)
		return;
	if (!why && p->undone)
		why = "it was given up meanwhile";
	else if (!why && !p->asked_here && memcmp(ev->digest, p->digest, SYNC_DIGEST_LEN) != 0)
		why = "its file is another configuration; --this-node leaves it out";
	if (why) {
		if (!p->asked_here && !p->undone)
			refuse_them(u, p->id, why);
		set_why(p, "", why);
		end(p, PROVISIONAL_REFUSED);
		return;
	}
	memcpy(p->digest, ev->digest, sizeof(p->digest));
	if (!p->with_peer) {
		go_over(p, u, ev->now_us);
		return;
	}
	p->answer_us = ev->now_us + PROVISIONAL_ANSWER_US;
	if (p->asked_here) {
		p->state = PROVISIONAL_ASKING;
		say(p, u, SYNC_PROVISIONAL_ASK);
		u->message.limit_ms = p->limit_ms;
		memcpy(u->message.digest, p->digest, sizeof(u->message.digest));
	} else {
		p->state = PROVISIONAL_READY;
		say(p, u, SYNC_PROVISIONAL_READY);
	}
}

static void run(struct provisional *p)
{
	if (!p->with_peer || !p->asked_here || p->there)
		p->state = PROVISIONAL_RUNNING;
}

/* Neither node has it then. */
static void failed(struct provisional *p, struct provisional_update *u,
		   const struct provisional_event *ev)
{
	if (p->with_peer && p->asked_here)
		say(p, u, SYNC_PROVISIONAL_BACK);
	else if (p->with_peer)
		refuse_them(u, p->id, ev->why);
	set_why(p, "", ev->why);
	if (ev->in_force)
		go_back(p, u, PROVISIONAL_REFUSED);
	else
		end(p, PROVISIONAL_REFUSED);
}

static void went(struct provisional *p, struct provisional_update *u,
		 const struct provisional_event *ev)
{
	if (p->state != PROVISIONAL_GOING || p->in_force)
		return;
	if (ev->why) {
		failed(p, u, ev);
		return;
	}
	if (p->undone) {
		go_back(p, u, PROVISIONAL_REFUSED);
		return;
	}
	p->in_force = true;
	p->until_us = ev->now_us + (uint64_t)p->limit_ms * 1000;
	if (!p->asked_here)
		say(p, u, SYNC_PROVISIONAL_RUNS);
	run(p);
}

/* --- what is heard ------------------------------------------------------------------------------ */

static void heard_ask(struct provisional *p, struct provisional_update *u,
		      const struct provisional_event *ev)
{
	const struct sync_provisional *m = ev->heard;
	const char *why = provisional_is_busy(p) ? "another one is under way" : ev->why;

	if (!why && !ev->expected && p->asked_us && ev->now_us - p->asked_us < PROVISIONAL_ASK_US)
		why = "asked again too soon; try again in ten seconds";
	if (why) {
		refuse_them(u, m->id, why);
		return;
	}
	begin(p, u, m->id, m->limit_ms);
	p->asked_us = ev->now_us;
	p->with_peer = true;
	memcpy(p->digest, m->digest, sizeof(p->digest));
}

static void heard_refused(struct provisional *p, struct provisional_update *u, const char *why)
{
	if (p->state == PROVISIONAL_ASKING) {
		set_why(p, "the other director: ", why);
		end(p, PROVISIONAL_REFUSED);
	} else if (p->state == PROVISIONAL_GOING && p->asked_here) {
		set_why(p, "the other director: ", why);
		p->undone = true;
		if (p->in_force)
			go_back(p, u, PROVISIONAL_REFUSED);
	} else if (p->state == PROVISIONAL_RUNNING && p->confirming) {
		set_why(p, "the other director: ", why);
		p->confirming = p->waiting = false;
	}
}

static void heard_back(struct provisional *p, struct provisional_update *u)
{
	if (!provisional_is_busy(p) || p->state == PROVISIONAL_ASKING)
		return;
	set_why(p, "", "the other director went back");
	if (p->in_force)
		go_back(p, u, PROVISIONAL_BACK);
	else if (p->state == PROVISIONAL_READY)
		end(p, PROVISIONAL_REFUSED);
	else
		p->undone = true;
}

static void heard_confirm(struct provisional *p, struct provisional_update *u, uint64_t id,
			  const char *why)
{
	bool mine = p->id == id;

	if (mine && p->in_force && why) {
		refuse_them(u, id, why);
		return;
	}
	if (mine && p->in_force)
		keep(p, u);
	if (mine && !provisional_is_busy(p) && p->result == PROVISIONAL_CONFIRMED)
		say(p, u, SYNC_PROVISIONAL_CONFIRMED);
	else
		refuse_them(u, id, "nothing waits for that confirmation there");
}

static void heard(struct provisional *p, struct provisional_update *u,
		  const struct provisional_event *ev)
{
	const struct sync_provisional *m = ev->heard;

	if (m->step == SYNC_PROVISIONAL_ASK) {
		heard_ask(p, u, ev);
		return;
	}
	if (m->step == SYNC_PROVISIONAL_CONFIRM) {
		heard_confirm(p, u, m->id, ev->why);
		return;
	}
	if (!provisional_is_busy(p) || m->id != p->id || !p->with_peer)
		return;
	switch (m->step) {
	case SYNC_PROVISIONAL_READY:
		if (p->state != PROVISIONAL_ASKING)
			return;
		say(p, u, SYNC_PROVISIONAL_BEGIN);
		go_over(p, u, ev->now_us);
		return;
	case SYNC_PROVISIONAL_BEGIN:
		if (p->state == PROVISIONAL_READY)
			go_over(p, u, ev->now_us);
		return;
	case SYNC_PROVISIONAL_RUNS:
		if (p->state != PROVISIONAL_GOING || !p->asked_here)
			return;
		p->there = true;
		if (p->in_force)
			run(p);
		return;
	case SYNC_PROVISIONAL_CONFIRMED:
		if (p->state == PROVISIONAL_RUNNING && p->confirming)
			keep(p, u);
		return;
	case SYNC_PROVISIONAL_REFUSED: heard_refused(p, u, m->why); return;
	case SYNC_PROVISIONAL_BACK: heard_back(p, u); return;
	default: return;
	}
}

/* --- the other events --------------------------------------------------------------------------- */

/* What was said when the channel was not there was not heard. */
static void connected(struct provisional *p, struct provisional_update *u)
{
	if (p->state != PROVISIONAL_RUNNING || !p->with_peer)
		return;
	if (p->confirming)
		say(p, u, SYNC_PROVISIONAL_CONFIRM);
	else if (!p->asked_here)
		say(p, u, SYNC_PROVISIONAL_RUNS);
}

static void timed_out(struct provisional *p, struct provisional_update *u, uint64_t now_us)
{
	if (now_us < provisional_deadline_us(p))
		return;
	switch (p->state) {
	case PROVISIONAL_NONE:
	case PROVISIONAL_LOOKING: return;
	case PROVISIONAL_ASKING:
		say(p, u, SYNC_PROVISIONAL_BACK); /* it may be looking still */
		set_why(p, "", "the other director does not answer; --this-node leaves it out");
		end(p, PROVISIONAL_REFUSED);
		return;
	case PROVISIONAL_READY:
		set_why(p, "", "the other director has not begun");
		end(p, PROVISIONAL_REFUSED);
		return;
	case PROVISIONAL_GOING:
		say(p, u, SYNC_PROVISIONAL_BACK);
		set_why(p, "", "the other director does not say that it has gone over");
		go_back(p, u, PROVISIONAL_REFUSED);
		return;
	case PROVISIONAL_RUNNING: break;
	}
	if (now_us < p->until_us) {
		p->waiting = false;
		return;
	}
	if (p->with_peer)
		say(p, u, SYNC_PROVISIONAL_BACK);
	set_why(p, "", "it was not confirmed in its time");
	go_back(p, u, PROVISIONAL_BACK);
}

struct provisional_update provisional_step(struct provisional *p,
					   const struct provisional_event *ev)
{
	struct provisional_update u = {0};

	switch (ev->type) {
	case PROVISIONAL_EVENT_ORDER: ordered(p, &u, ev); break;
	case PROVISIONAL_EVENT_CONFIRM: confirmed(p, &u, ev); break;
	case PROVISIONAL_EVENT_RETURN: returned(p, &u); break;
	case PROVISIONAL_EVENT_LOOKED: looked(p, &u, ev); break;
	case PROVISIONAL_EVENT_WENT: went(p, &u, ev); break;
	case PROVISIONAL_EVENT_HEARD: heard(p, &u, ev); break;
	case PROVISIONAL_EVENT_CHANNEL: connected(p, &u); break;
	case PROVISIONAL_EVENT_TIMER: timed_out(p, &u, ev->now_us); break;
	}
	return u;
}
