/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ha/heartbeat_session.h"

enum {
	/* Half an interval past the next one: late by more than a timer can be. */
	OVERDUE_HALVES = 3,
	/* Three intervals, as long as VRRP waits for an advert. */
	DOWN_INTERVALS = 3,
	/* One may be lost on its way to the peer, one may be under way. */
	HEARS_INTERVALS = 3,
	/* A goodbye that is older is news that the adverts have brought. */
	GOODBYE_INTERVALS = 3,
	/* A stranger is answered at once, one that comes in a flood is not. */
	ANSWER_US = 100000,
	/* 1/1024 is more than two clocks run apart. */
	DRIFT_SHIFT = 10,
};

void heartbeat_peer_init(struct heartbeat_peer *p, const struct heartbeat_session *own,
			 uint64_t interval_us, uint64_t now_us)
{
	*p = (struct heartbeat_peer){.own = *own, .interval_us = interval_us, .since_us = now_us};
}

static uint64_t overdue_at(const struct heartbeat_peer *p)
{
	return p->alive_us + p->their_interval_us * OVERDUE_HALVES / 2;
}

static uint64_t down_at(const struct heartbeat_peer *p)
{
	return p->alive_us + p->their_interval_us * DOWN_INTERVALS;
}

static uint64_t deadline_of(const struct heartbeat_peer *p)
{
	switch (p->state) {
	case HEARTBEAT_UP: return overdue_at(p);
	case HEARTBEAT_OVERDUE: return down_at(p);
	case HEARTBEAT_DOWN:
	case HEARTBEAT_GONE: break;
	}
	return HEARTBEAT_NEVER;
}

static void change(struct heartbeat_peer *p, struct heartbeat_update *u, enum heartbeat_state to,
		   enum heartbeat_cause cause, uint64_t now_us)
{
	if (p->state == to)
		return;
	u->flags |= HEARTBEAT_CHANGED;
	p->state = to;
	p->cause = cause;
	p->since_us = now_us;
}

/* Nobody is there any more to be master: whoever was is gone. */
static void end_process(struct heartbeat_peer *p, struct heartbeat_update *u,
			enum heartbeat_cause cause, uint64_t now_us)
{
	if (p->state == HEARTBEAT_GONE)
		return;
	change(p, u, HEARTBEAT_GONE, cause, now_us);
	u->flags |= HEARTBEAT_PEER_GONE;
	for (size_t i = 0; i < p->n_known; i++)
		if (p->known[i].says == HEARTBEAT_SAYS_MASTER)
			p->known[i].says = HEARTBEAT_SAYS_GONE;
}

/* --- words ------------------------------------------------------------------------------------ */

static bool same_router(const struct heartbeat_word *a, const struct heartbeat_word *b)
{
	return a->section == b->section && a->virtual_router_id == b->virtual_router_id &&
	       a->family == b->family;
}

/* They come in the same order each time, so the search begins behind the last one found. */
static struct heartbeat_said *find_known(struct heartbeat_peer *p, const struct heartbeat_word *w)
{
	for (size_t i = 0; i < p->n_known; i++) {
		size_t at = (p->next_known + i) % p->n_known;

		if (same_router(&p->known[at].word, w)) {
			p->next_known = at + 1;
			return &p->known[at];
		}
	}
	if (p->n_known == HEARTBEAT_ROUTERS_MAX)
		return NULL;
	p->next_known = p->n_known + 1;
	p->known[p->n_known] = (struct heartbeat_said){0};
	return &p->known[p->n_known++];
}

/* before: the flags of its last word, 0 when this is the first. */
static enum heartbeat_says says_of(const struct heartbeat_word *w, uint8_t before, uint64_t age_us)
{
	if (w->flags & HEARTBEAT_SUCCESSOR && w->state != HEARTBEAT_MASTER)
		return before & HEARTBEAT_SUCCESSOR ||
				       age_us > (uint64_t)w->interval_us * GOODBYE_INTERVALS
			       ? HEARTBEAT_SAYS_NOT_MASTER
			       : HEARTBEAT_SAYS_GONE;
	return w->state == HEARTBEAT_MASTER && w->flags & HEARTBEAT_LINK_UP
		       ? HEARTBEAT_SAYS_MASTER
		       : HEARTBEAT_SAYS_NOT_MASTER;
}

static void take_words(struct heartbeat_peer *p, struct heartbeat_update *u,
		       const struct heartbeat_message *m, uint64_t now_us)
{
	for (size_t i = 0; i < m->n_words; i++) {
		struct heartbeat_said *known = find_known(p, &m->words[i]);
		struct heartbeat_said said = {
			.word = m->words[i],
			.says = says_of(&m->words[i], known ? known->word.flags : 0,
					now_us - p->sent_us),
			.sent_us = p->sent_us,
		};

		if (known)
			*known = said;
		p->said[i] = said;
	}
	u->said = p->said;
	u->n_said = m->n_words;
	u->sent_us = p->sent_us;
	u->flags |= HEARTBEAT_SAID;
}

/* --- datagrams -------------------------------------------------------------------------------- */

/* May this heartbeat be the next word of the peer? See PROVEN in the header. */
static enum heartbeat_reject judge(const struct heartbeat_peer *p,
				   const struct heartbeat_message *m, bool proves, uint64_t now_us)
{
	if (heartbeat_session_equal(&m->session, &p->own))
		return HEARTBEAT_REJECT_REFLECTED;
	if (proves && m->echo.sent_us > now_us)
		return HEARTBEAT_REJECT_FUTURE;
	if (!p->heard)
		return HEARTBEAT_REJECT_NONE;
	if (heartbeat_session_equal(&m->session, &p->session)) {
		if (m->sequence <= p->heard_sequence)
			return HEARTBEAT_REJECT_SEQUENCE;
		return p->proven && !proves ? HEARTBEAT_REJECT_STRANGER : HEARTBEAT_REJECT_NONE;
	}
	if (!p->proven)
		return HEARTBEAT_REJECT_NONE;
	if (!proves)
		return HEARTBEAT_REJECT_STRANGER;
	return m->echo.sent_us < p->heard_us ? HEARTBEAT_REJECT_ENDED : HEARTBEAT_REJECT_NONE;
}

/* When it was sent at the earliest, in our clock. See FRESH in the header. */
static uint64_t sent_bound(const struct heartbeat_message *m, uint64_t now_us)
{
	uint64_t dwell_us = m->echo.dwell_us - (m->echo.dwell_us >> DRIFT_SHIFT);

	return dwell_us > now_us - m->echo.sent_us ? m->echo.sent_us : m->echo.sent_us + dwell_us;
}

static void believe(struct heartbeat_peer *p, struct heartbeat_update *u,
		    const struct heartbeat_message *m, uint64_t now_us)
{
	p->alive_us = now_us;
	p->sent_us = sent_bound(m, now_us);
	p->round_trip_us = now_us - p->sent_us;
	p->their_interval_us = m->interval_us;
	p->hears_us = m->echo.dwell_us <= p->interval_us * HEARS_INTERVALS;
	p->refused = false;
	take_words(p, u, m, now_us);
	if (m->flags & HEARTBEAT_LEAVING)
		end_process(p, u, HEARTBEAT_CAUSE_LEFT, now_us);
	else
		change(p, u, HEARTBEAT_UP, HEARTBEAT_CAUSE_HEARD, now_us);
}

static void answer(struct heartbeat_peer *p, struct heartbeat_update *u, uint64_t now_us)
{
	if (p->answered_us && now_us - p->answered_us < ANSWER_US)
		return;
	p->answered_us = now_us;
	u->flags |= HEARTBEAT_PROBE;
}

static void step_datagram(struct heartbeat_peer *p, struct heartbeat_update *u,
			  const struct heartbeat_message *m, uint64_t now_us)
{
	bool proves = heartbeat_session_equal(&m->echo.session, &p->own);
	bool another = !p->heard || !heartbeat_session_equal(&m->session, &p->session);

	u->reject = judge(p, m, proves, now_us);
	if (u->reject == HEARTBEAT_REJECT_STRANGER)
		answer(p, u, now_us);
	if (u->reject != HEARTBEAT_REJECT_NONE)
		return;
	if (another && p->proven && p->state != HEARTBEAT_GONE) {
		end_process(p, u, HEARTBEAT_CAUSE_RESTARTED, now_us);
		u->flags |= HEARTBEAT_AGAIN;
		return;
	}
	if (another) {
		p->session = m->session;
		p->n_known = p->next_known = 0; /* another process: it may know other routers */
	}
	p->heard = true;
	p->heard_sequence = m->sequence;
	p->heard_us = now_us;
	p->heard_sent_us = m->sent_us;
	u->unproven = !proves;
	if (!proves) {
		answer(p, u, now_us);
		return;
	}
	if (another || !p->proven)
		u->flags |= HEARTBEAT_PROBE;
	p->proven = true;
	believe(p, u, m, now_us);
}

/* --- silence ---------------------------------------------------------------------------------- */

static void step_timer(struct heartbeat_peer *p, struct heartbeat_update *u, uint64_t now_us)
{
	if (p->state == HEARTBEAT_UP && now_us >= overdue_at(p)) {
		if (p->refused && p->hears_us) {
			end_process(p, u, HEARTBEAT_CAUSE_REFUSED, now_us);
			return;
		}
		change(p, u, HEARTBEAT_OVERDUE, HEARTBEAT_CAUSE_LATE, now_us);
		u->flags |= HEARTBEAT_PROBE;
	}
	if (p->state == HEARTBEAT_OVERDUE && now_us >= down_at(p))
		change(p, u, HEARTBEAT_DOWN, HEARTBEAT_CAUSE_SILENT, now_us);
}

static void step_refused(struct heartbeat_peer *p, struct heartbeat_update *u, uint64_t now_us)
{
	p->refused = true;
	step_timer(p, u, now_us);
	if (p->proven && p->hears_us &&
	    (p->state == HEARTBEAT_OVERDUE || p->state == HEARTBEAT_DOWN))
		end_process(p, u, HEARTBEAT_CAUSE_REFUSED, now_us);
}

struct heartbeat_update heartbeat_step(struct heartbeat_peer *p, const struct heartbeat_event *ev)
{
	struct heartbeat_update u = {.from = p->state};

	switch (ev->type) {
	case HEARTBEAT_EVENT_DATAGRAM: step_datagram(p, &u, ev->message, ev->now_us); break;
	case HEARTBEAT_EVENT_TIMER: step_timer(p, &u, ev->now_us); break;
	case HEARTBEAT_EVENT_REFUSED: step_refused(p, &u, ev->now_us); break;
	}
	u.deadline_us = deadline_of(p);
	return u;
}

void heartbeat_stamp(struct heartbeat_peer *p, uint64_t now_us, struct heartbeat_message *ret)
{
	*ret = (struct heartbeat_message){
		.session = p->own,
		.sequence = ++p->sequence,
		.sent_us = now_us,
		.interval_us = (uint32_t)p->interval_us,
	};
	if (!p->heard)
		return;
	ret->echo.session = p->session;
	ret->echo.sent_us = p->heard_sent_us;
	ret->echo.dwell_us = now_us - p->heard_us;
}

/* --- names ------------------------------------------------------------------------------------ */

const char *heartbeat_state_name(enum heartbeat_state s)
{
	static const char *const names[] = {
		[HEARTBEAT_DOWN] = "down",
		[HEARTBEAT_UP] = "up",
		[HEARTBEAT_OVERDUE] = "overdue",
		[HEARTBEAT_GONE] = "gone",
	};

	return names[s];
}

const char *heartbeat_cause_text(enum heartbeat_cause c)
{
	static const char *const texts[] = {
		[HEARTBEAT_CAUSE_NONE] = "not heard yet",
		[HEARTBEAT_CAUSE_HEARD] = "heard",
		[HEARTBEAT_CAUSE_LATE] = "its next heartbeat did not come",
		[HEARTBEAT_CAUSE_SILENT] = "no heartbeat for three intervals",
		[HEARTBEAT_CAUSE_REFUSED] = "its process has ended: nobody is at its port",
		[HEARTBEAT_CAUSE_LEFT] = "its process ends, it said goodbye",
		[HEARTBEAT_CAUSE_RESTARTED] = "its process has ended, another one has begun",
	};

	return texts[c];
}

const char *heartbeat_says_name(enum heartbeat_says s)
{
	static const char *const names[] = {
		[HEARTBEAT_SAYS_NOT_MASTER] = "not-master",
		[HEARTBEAT_SAYS_MASTER] = "master",
		[HEARTBEAT_SAYS_GONE] = "gone",
	};

	return names[s];
}
