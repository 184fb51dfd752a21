/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/config/push.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool push_is_busy(const struct push *p)
{
	return p->state != PUSH_NONE;
}

uint64_t push_deadline_us(const struct push *p)
{
	switch (p->state) {
	case PUSH_NONE:
	case PUSH_LOOKING:
	case PUSH_CHECKING:
	case PUSH_CROSSING: return UINT64_MAX; /* they end by themselves */
	case PUSH_OFFERED:
	case PUSH_COMING: return p->answer_us < p->whole_us ? p->answer_us : p->whole_us;
	case PUSH_STAGED: return p->answer_us;
	}
	return UINT64_MAX;
}

bool push_consent(const struct push *p, bool by_peer, const char *node, uint64_t now_us,
		  char why[static PUSH_WHY])
{
	if (!by_peer)
		snprintf(why, PUSH_WHY,
			 "it takes no configuration of another node: set control { push-by-peer = "
			 "true } in the file of node %s, and reload it there",
			 node);
	else if (p->taken_us && now_us - p->taken_us < PUSH_PAUSE_US)
		snprintf(why, PUSH_WHY, "it took one less than ten seconds ago; try again then");
	else
		return true;
	return false;
}

void push_outcome_keep(struct push_outcomes *o, uint64_t ticket, const struct push *p,
		       bool taken_back)
{
	struct push_outcome *kept = &o->of[o->next++ % PUSH_OUTCOMES];

	kept->ticket = ticket;
	kept->done = p->done;
	kept->taken_back = taken_back;
	memcpy(kept->why, p->why, sizeof(kept->why));
}

const struct push_outcome *push_outcome_of(const struct push_outcomes *o, uint64_t ticket)
{
	for (size_t i = 0; i < PUSH_OUTCOMES; i++)
		if (ticket && o->of[i].ticket == ticket)
			return &o->of[i];
	return NULL;
}

/* --- steps ------------------------------------------------------------------------------------ */

static void forget_text(struct push *p)
{
	free(p->text);
	p->text = NULL;
	p->len = 0;
	p->size = 0;
	p->owed.step = 0;
}

void push_clear(struct push *p)
{
	uint64_t taken_us = p->taken_us;

	free(p->text);
	*p = (struct push){.taken_us = taken_us};
}

static unsigned int refuse_them(struct push *p, uint64_t id, const char *why)
{
	p->refused_id = id;
	snprintf(p->refusal, sizeof(p->refusal), "%s", why);
	return PUSH_SAY;
}

static unsigned int owe(struct push *p, enum sync_push_step step, uint32_t at)
{
	p->owed.step = (uint8_t)step;
	p->owed.at = at;
	return PUSH_SAY;
}

static unsigned int end(struct push *p, const char *before, const char *why)
{
	unsigned int flags = p->ours ? PUSH_ENDED : PUSH_DROP;
	char text[2 * PUSH_WHY];

	snprintf(text, sizeof(text), "%s%s", before, why ? why : "");
	snprintf(p->why, sizeof(p->why), "%.*s", PUSH_WHY - 1, text);
	p->done = !why;
	p->state = PUSH_NONE;
	forget_text(p);
	return flags;
}

/* It ends here, and the other one is told. */
static unsigned int give_up(struct push *p, const char *why)
{
	return refuse_them(p, p->id, why) | end(p, "", why);
}

static unsigned int ordered(struct push *p, const struct push_event *ev)
{
	if (push_is_busy(p))
		return 0; /* whoever asks has looked */
	push_clear(p);
	p->state = PUSH_LOOKING;
	p->ours = true;
	p->id = ev->id;
	return PUSH_LOOK;
}

static unsigned int was_read(struct push *p, const struct push_event *ev)
{
	if (p->state != PUSH_LOOKING) {
		free(ev->text);
		return 0;
	}
	if (ev->why)
		return end(p, "", ev->why);
	p->text = ev->text;
	p->len = ev->len;
	p->size = (uint32_t)ev->len;
	memcpy(p->digest, ev->digest, sizeof(p->digest));
	p->state = PUSH_OFFERED;
	p->answer_us = ev->now_us + PUSH_ANSWER_US;
	p->whole_us = ev->now_us + PUSH_WHOLE_US;
	return owe(p, SYNC_PUSH_OFFER, 0);
}

static unsigned int was_checked(struct push *p, const struct push_event *ev)
{
	if (p->state != PUSH_CHECKING)
		return PUSH_DROP;
	if (ev->why)
		return give_up(p, ev->why);
	forget_text(p);
	p->state = PUSH_STAGED;
	p->answer_us = ev->now_us + PUSH_ANSWER_US;
	return owe(p, SYNC_PUSH_READY, 0);
}

/* --- what is heard ------------------------------------------------------------------------------ */

static unsigned int heard_offer(struct push *p, const struct push_event *ev)
{
	const struct sync_push *m = ev->heard;

	if (push_is_busy(p) || ev->why)
		return refuse_them(p, m->id, ev->why ? ev->why : "another push is under way");
	push_clear(p);
	p->text = malloc((size_t)m->size + 1);
	if (!p->text)
		return refuse_them(p, m->id, "there is no memory for it");
	p->state = PUSH_COMING;
	p->taken_us = ev->now_us;
	p->id = m->id;
	p->size = m->size;
	memcpy(p->digest, m->digest, sizeof(p->digest));
	p->answer_us = ev->now_us + PUSH_ANSWER_US;
	p->whole_us = ev->now_us + PUSH_WHOLE_US;
	return owe(p, SYNC_PUSH_ASK, 0);
}

static unsigned int heard_piece(struct push *p, const struct push_event *ev)
{
	const struct sync_push *m = ev->heard;
	size_t len = strlen(m->text);

	if (p->state != PUSH_COMING || p->owed.step)
		return 0; /* nobody has asked */
	if (m->at != p->len || len > p->size - p->len || m->last != (p->len + len == p->size))
		return give_up(p, "what comes is not what was offered");
	memcpy(p->text + p->len, m->text, len + 1);
	p->len += len;
	p->answer_us = ev->now_us + PUSH_ANSWER_US;
	if (!m->last)
		return owe(p, SYNC_PUSH_ASK, (uint32_t)p->len);
	p->state = PUSH_CHECKING;
	return PUSH_CHECK;
}

static unsigned int heard_ask(struct push *p, const struct push_event *ev)
{
	if (p->state != PUSH_OFFERED || ev->heard->at >= p->len)
		return 0;
	p->answer_us = ev->now_us + PUSH_ANSWER_US;
	return owe(p, SYNC_PUSH_PIECE, ev->heard->at);
}

static unsigned int heard(struct push *p, const struct push_event *ev)
{
	const struct sync_push *m = ev->heard;

	if (m->step == SYNC_PUSH_OFFER)
		return heard_offer(p, ev);
	if (!push_is_busy(p) || m->id != p->id)
		return 0;
	switch (m->step) {
	case SYNC_PUSH_ASK: return heard_ask(p, ev);
	case SYNC_PUSH_PIECE: return heard_piece(p, ev);
	case SYNC_PUSH_READY:
		if (p->state != PUSH_OFFERED)
			return 0;
		forget_text(p);
		p->state = PUSH_CROSSING;
		return PUSH_CROSS;
	case SYNC_PUSH_REFUSED:
		if (p->state == PUSH_OFFERED)
			return end(p, "the other director: ", m->why);
		/* CHECKING goes on to its end, and is for nothing then. */
		if (p->state == PUSH_COMING || p->state == PUSH_CHECKING || p->state == PUSH_STAGED)
			return end(p, "the other director: ", m->why);
		return 0;
	default: return 0;
	}
}

/* --- the other events --------------------------------------------------------------------------- */

static unsigned int timed_out(struct push *p, uint64_t now_us)
{
	if (now_us < push_deadline_us(p))
		return 0;
	switch (p->state) {
	case PUSH_OFFERED: return give_up(p, "the other director does not answer");
	case PUSH_COMING: return give_up(p, "it does not come");
	case PUSH_STAGED: return end(p, "", "the other director has not begun");
	case PUSH_NONE:
	case PUSH_LOOKING:
	case PUSH_CHECKING:
	case PUSH_CROSSING: break;
	}
	return 0;
}

/* CROSSING goes on: each node goes back by its own clock. */
static unsigned int parted(struct push *p)
{
	p->refused_id = 0;
	if (p->state == PUSH_OFFERED || p->state == PUSH_COMING || p->state == PUSH_STAGED ||
	    p->state == PUSH_CHECKING)
		return end(p, "", "the connection to the other director was lost");
	return 0;
}

unsigned int push_step(struct push *p, const struct push_event *ev)
{
	switch (ev->type) {
	case PUSH_EVENT_ORDER: return ordered(p, ev);
	case PUSH_EVENT_READ: return was_read(p, ev);
	case PUSH_EVENT_HEARD: return heard(p, ev);
	case PUSH_EVENT_CHECKED: return was_checked(p, ev);
	case PUSH_EVENT_BEGUN:
		if (p->state == PUSH_STAGED && p->id == ev->id)
			p->state = PUSH_CROSSING;
		return 0;
	case PUSH_EVENT_CROSSED: return p->state == PUSH_CROSSING ? end(p, "", ev->why) : 0;
	case PUSH_EVENT_PARTED: return parted(p);
	case PUSH_EVENT_TIMER: return timed_out(p, ev->now_us);
	}
	return 0;
}

static void put_piece(const struct push *p, struct sync_push *ret)
{
	size_t left = p->len - p->owed.at;

	ret->at = p->owed.at;
	ret->last = left <= SYNC_COPY_OCTETS;
	memcpy(ret->text, p->text + p->owed.at, ret->last ? left : SYNC_COPY_OCTETS);
}

bool push_next(struct push *p, struct sync_push *ret)
{
	*ret = (struct sync_push){.id = p->id};
	if (p->refused_id) {
		ret->id = p->refused_id;
		ret->step = SYNC_PUSH_REFUSED;
		memcpy(ret->why, p->refusal, sizeof(ret->why));
		p->refused_id = 0;
		return true;
	}
	if (!p->owed.step)
		return false;
	ret->step = p->owed.step;
	if (ret->step == SYNC_PUSH_OFFER) {
		ret->size = p->size;
		memcpy(ret->digest, p->digest, sizeof(ret->digest));
	} else if (ret->step == SYNC_PUSH_PIECE) {
		put_piece(p, ret);
	} else {
		ret->at = p->owed.at;
	}
	p->owed.step = 0;
	return true;
}
