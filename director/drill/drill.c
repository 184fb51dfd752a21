/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/drill/drill.h"

#include <stdio.h>
#include <string.h>

/* --- what is known ---------------------------------------------------------------------------- */

static const struct sync_moment *moment_of(const struct drill_record *r, uint8_t kind)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->moments[i].kind == kind)
			return &r->moments[i];
	return NULL;
}

/* Of who lets go. */
static const struct drill_record *old_record(const struct drill *d)
{
	return d->yields_here ? &d->here : &d->there;
}

bool drill_takeover_us(const struct drill *d, uint64_t *ret)
{
	const struct drill_record *new = d->yields_here ? &d->there : &d->here;
	const struct sync_moment *from = moment_of(old_record(d), SYNC_MOMENT_LET_GO);
	const struct sync_moment *to = moment_of(new, SYNC_MOMENT_MASTER);
	int64_t took;

	if (!from || !to)
		return false;
	took = (int64_t)(to->at_us - from->at_us) + (d->yields_here ? -d->ahead_us : d->ahead_us);
	*ret = took > 0 ? (uint64_t)took : 0; /* the clocks are known to within_us */
	return true;
}

enum drill_gap drill_gap_us(const struct drill *d, uint64_t *ret)
{
	const struct drill_record *old = old_record(d);
	const struct drill_record *new = d->yields_here ? &d->there : &d->here;
	const struct sync_moment *master = moment_of(new, SYNC_MOMENT_MASTER);
	const struct drill_gap_ask ask = {
		.old_way = new->spans,
		.n_old = new->n_spans,
		.new_way = old->spans,
		.n_new = old->n_spans,
		.old_ahead_us = d->yields_here ? -d->ahead_us : d->ahead_us,
		.has_master = master != NULL,
		.master_us = master ? master->at_us : 0,
	};

	return drill_probe_gap(&ask, ret);
}

bool drill_lost(const struct drill *d, uint64_t *ret)
{
	if (!moment_of(old_record(d), SYNC_MOMENT_LET_GO))
		return false;
	*ret = old_record(d)->lost;
	return true;
}

static size_t insert(struct control_moment *list, size_t n, struct control_moment m)
{
	size_t at = n++;

	for (; at > 0 && list[at - 1].at_us > m.at_us; at--)
		list[at] = list[at - 1];
	list[at] = m;
	return n;
}

/* Each record is by the clock of its node. */
static size_t add_record(const struct drill_record *r, bool there, uint64_t began_us,
			 struct control_moment *list, size_t n)
{
	const uint8_t frame = there ? CONTROL_MOMENT_FIRST_FRAME : CONTROL_MOMENT_LAST_FRAME;

	for (size_t i = 0; i < r->n; i++)
		n = insert(list, n,
			   (struct control_moment){there, r->moments[i].kind,
						   (int64_t)(r->moments[i].at_us - began_us)});
	if (r->tally.sight == SYNC_SIGHT_FRAME)
		n = insert(list, n,
			   (struct control_moment){there, frame,
						   (int64_t)(r->tally.frame_us - began_us)});
	return n;
}

size_t drill_timeline(const struct drill *d, struct control_moment ret[static CONTROL_MOMENTS])
{
	const struct drill_record *old = old_record(d);
	const struct drill_record *new = d->yields_here ? &d->there : &d->here;
	const struct sync_moment *from = moment_of(old, SYNC_MOMENT_LET_GO);
	uint64_t ahead = d->yields_here ? (uint64_t)d->ahead_us : -(uint64_t)d->ahead_us;

	if (!from)
		return 0;
	return add_record(new, true, from->at_us + ahead, ret,
			  add_record(old, false, from->at_us, ret, 0));
}

bool drill_is_busy(const struct drill *d)
{
	return d->state != DRILL_IDLE && d->state != DRILL_ENDED;
}

uint64_t drill_deadline_us(const struct drill *d)
{
	return drill_is_busy(d) ? d->until_us : UINT64_MAX;
}

/* --- steps ------------------------------------------------------------------------------------ */

static void say(const struct drill *d, struct drill_update *u, enum sync_drill_step step,
		uint64_t now_us)
{
	u->flags |= DRILL_SEND;
	u->message = (struct sync_drill){
		.id = d->id, .step = (uint8_t)step, .kind = d->kind, .at_us = now_us};
}

static void end(struct drill *d, struct drill_update *u, enum drill_result result)
{
	if (d->yielded)
		u->flags |= DRILL_RESTORE;
	d->yielded = false;
	d->state = DRILL_ENDED;
	d->result = result;
	u->flags |= DRILL_OVER;
}

static void refuse(struct drill *d, struct drill_update *u, const char *why)
{
	snprintf(d->why, sizeof(d->why), "%s", why);
	end(d, u, DRILL_REFUSED);
}

static void judge(struct drill *d, struct drill_update *u)
{
	uint64_t lost = old_record(d)->lost, took_us, seen_us;
	uint64_t gap_us = (uint64_t)d->budget.gap_ms * 1000;

	bool took_over = drill_takeover_us(d, &took_us);
	bool probed = d->target.vip.family && drill_gap_us(d, &seen_us) == DRILL_GAP_KNOWN;

	if (!moment_of(old_record(d), SYNC_MOMENT_LET_GO))
		snprintf(d->why, sizeof(d->why), "the master did not let go, its log says why");
	else if (d->kind == SYNC_DRILL_SPLIT && took_over)
		snprintf(d->why, sizeof(d->why), "two masters, %llu ms after adverts were lost",
			 (unsigned long long)(took_us + 999) / 1000);
	else if (d->kind == SYNC_DRILL_SPLIT)
		d->why[0] = '\0';
	else if (!took_over)
		snprintf(d->why, sizeof(d->why), "nobody took over within %u ms", d->limit_ms);
	else if (probed && seen_us > gap_us)
		snprintf(d->why, sizeof(d->why),
			 "the service was away for %llu ms, max-gap is %u ms",
			 (unsigned long long)(seen_us + 999) / 1000, d->budget.gap_ms);
	else if (!probed && took_us > gap_us)
		snprintf(d->why, sizeof(d->why), "the takeover took %llu ms, max-gap is %u ms",
			 (unsigned long long)(took_us + 999) / 1000, d->budget.gap_ms);
	else if (lost > d->budget.lost)
		snprintf(d->why, sizeof(d->why),
			 "%llu connections lost, max-lost-connections is %u",
			 (unsigned long long)lost, d->budget.lost);
	end(d, u, d->why[0] ? DRILL_MISSED : DRILL_PASSED);
}

static void report(struct drill *d, struct drill_update *u, uint64_t now_us)
{
	say(d, u, SYNC_DRILL_REPORT, now_us);
	u->message.lost = d->here.lost;
	u->message.n = d->here.n;
	memcpy(u->message.moments, d->here.moments, sizeof(u->message.moments));
	u->message.n_spans = d->here.n_spans;
	memcpy(u->message.spans, d->here.spans, sizeof(u->message.spans));
	u->message.tally = d->here.tally;
}

/* Our part is over: nothing more is written down. */
static void complete(struct drill *d, struct drill_update *u, uint64_t now_us)
{
	d->here.complete = true;
	d->until_us = d->began_us + (uint64_t)d->limit_ms * 1000 + DRILL_REPORT_US;
	report(d, u, now_us);
	if (d->there.complete)
		judge(d, u);
}

static void run(struct drill *d, struct drill_update *u, uint64_t now_us)
{
	d->state = DRILL_RUNNING;
	d->began_us = now_us;
	d->until_us = now_us + (uint64_t)d->limit_ms * 1000;
	if (!d->yields_here)
		return;
	d->yielded = true;
	u->flags |= DRILL_YIELD;
}

static void begin(struct drill *d, const struct drill_event *ev, uint64_t id, uint8_t kind)
{
	*d = (struct drill){.id = id, .kind = kind, .budget = ev->budget, .said_us = ev->now_us};
}

/* What speaks against it here and is not gone past; NULL: nothing. */
static const char *objection_to(const struct drill_event *ev, bool force)
{
	return !force || ev->impossible ? ev->objection : NULL;
}

static void ordered(struct drill *d, struct drill_update *u, const struct drill_event *ev)
{
	const char *why = objection_to(ev, ev->force);

	begin(d, ev, ev->id, ev->kind);
	d->asked_here = true;
	d->yields_here = ev->yields_here;
	d->limit_ms = ev->limit_ms;
	d->target = ev->target;
	if (why) {
		refuse(d, u, why);
		return;
	}
	if (d->limit_ms > drill_limit_max_ms(d->kind)) {
		refuse(d, u, "no node is away for so long");
		return;
	}
	d->state = DRILL_ASKING;
	d->until_us = ev->now_us + DRILL_ANSWER_US;
	say(d, u, SYNC_DRILL_ASK, ev->now_us);
	u->message.force = ev->force;
	u->message.asker_yields = ev->yields_here;
	u->message.limit_ms = ev->limit_ms;
	if (!d->target.vip.family)
		return;
	u->message.vip = d->target.vip;
	u->message.port = d->target.port;
	u->message.mac = ev->mac;
}

/* --- what is heard ---------------------------------------------------------------------------- */

/* Of four times, as in RFC 5905: both ways are taken to be equally long. */
static void set_clock(struct drill *d, const struct sync_drill *m, uint64_t now_us)
{
	int64_t there = (int64_t)(m->heard_us - d->said_us), back = (int64_t)(m->at_us - now_us);
	int64_t round = there - back;

	d->ahead_us = there / 2 + back / 2;
	d->within_us = round > 1 && round < UINT32_MAX ? (uint32_t)round / 2 : 1;
}

/* One that is under way goes on: of two questions that cross both are refused. */
static void heard_ask(struct drill *d, struct drill_update *u, const struct drill_event *ev)
{
	const struct sync_drill *m = ev->heard;
	/* Nobody else silences or kills this node whatever it has to say against it. */
	bool force = m->force && (m->asker_yields || !drill_is_harsh(m->kind));
	const char *why = drill_is_busy(d) ? "a drill is under way" : objection_to(ev, force);

	u->flags |= DRILL_SEND;
	u->message = (struct sync_drill){.id = m->id,
					 .step = why ? SYNC_DRILL_REFUSED : SYNC_DRILL_READY,
					 .kind = m->kind,
					 .at_us = ev->now_us,
					 .heard_us = ev->now_us};
	if (why) {
		snprintf(u->message.why, sizeof(u->message.why), "%s", why);
		return;
	}
	begin(d, ev, m->id, m->kind);
	if (m->vip.family) {
		d->target = (struct drill_target){m->vip, m->port};
		d->mac_there = m->mac;
		u->message.mac = ev->mac;
	}
	d->limit_ms = m->limit_ms < drill_limit_max_ms(m->kind) ? m->limit_ms
								: drill_limit_max_ms(m->kind);
	d->yields_here = !m->asker_yields;
	d->state = DRILL_READY;
	d->until_us = ev->now_us + DRILL_ANSWER_US;
	if (m->asker_yields)
		run(d, u, ev->now_us);
}

static void heard_answer(struct drill *d, struct drill_update *u, const struct drill_event *ev)
{
	if (d->state != DRILL_ASKING)
		return;
	if (ev->heard->step == SYNC_DRILL_REFUSED) {
		char why[DRILL_WHY];

		snprintf(why, sizeof(why), "the other director: %.107s", ev->heard->why);
		refuse(d, u, why);
		return;
	}
	d->mac_there = ev->heard->mac;
	set_clock(d, ev->heard, ev->now_us);
	run(d, u, ev->now_us);
	say(d, u, SYNC_DRILL_BEGIN, ev->now_us);
	u->message.heard_us = ev->now_us;
}

static void heard_begin(struct drill *d, struct drill_update *u, const struct drill_event *ev)
{
	if (d->asked_here || d->within_us)
		return;
	set_clock(d, ev->heard, ev->now_us);
	if (d->state == DRILL_READY)
		run(d, u, ev->now_us);
}

/* In order, and the other one has taken over. */
static bool has_handed_over(const struct drill *d)
{
	return d->yields_here && d->kind == SYNC_DRILL_GRACEFUL && d->there.complete &&
	       moment_of(&d->there, SYNC_MOMENT_MASTER);
}

static void heard_report(struct drill *d, struct drill_update *u, const struct drill_event *ev)
{
	const struct sync_drill *m = ev->heard;

	if (d->state != DRILL_RUNNING || d->there.complete)
		return;
	d->there.complete = true;
	d->there.lost = m->lost;
	d->there.n = m->n;
	memcpy(d->there.moments, m->moments, sizeof(d->there.moments));
	d->there.n_spans = m->n_spans;
	memcpy(d->there.spans, m->spans, sizeof(d->there.spans));
	d->there.tally = m->tally;
	if (d->here.complete)
		judge(d, u);
	else if (has_handed_over(d) && !d->target.vip.family)
		complete(d, u, ev->now_us);
	else if (has_handed_over(d) && d->until_us > ev->now_us + DRILL_AFTER_US)
		d->until_us = ev->now_us + DRILL_AFTER_US;
}

static void heard(struct drill *d, struct drill_update *u, const struct drill_event *ev)
{
	if (ev->heard->step == SYNC_DRILL_ASK) {
		heard_ask(d, u, ev);
		return;
	}
	if (!drill_is_busy(d) || ev->heard->id != d->id)
		return;
	switch (ev->heard->step) {
	case SYNC_DRILL_READY:
	case SYNC_DRILL_REFUSED: heard_answer(d, u, ev); return;
	case SYNC_DRILL_BEGIN: heard_begin(d, u, ev); return;
	case SYNC_DRILL_REPORT: heard_report(d, u, ev); return;
	default: return;
	}
}

/* --- the other events ------------------------------------------------------------------------- */

/* The first of a kind counts. */
static void saw(struct drill *d, struct drill_update *u, const struct drill_event *ev)
{
	if (d->state != DRILL_RUNNING || d->here.complete || d->here.n == SYNC_MOMENTS_MAX ||
	    moment_of(&d->here, ev->moment.kind))
		return;
	d->here.moments[d->here.n++] = ev->moment;
	if (ev->moment.kind == SYNC_MOMENT_LET_GO)
		d->here.lost = ev->lost;
	if (ev->moment.kind == SYNC_MOMENT_MASTER && !d->yields_here)
		complete(d, u, ev->now_us);
}

/* What was said when the channel was not there was not heard. */
static void connected(struct drill *d, struct drill_update *u, uint64_t now_us)
{
	if (d->state == DRILL_RUNNING && d->here.complete)
		report(d, u, now_us);
}

static void came_back(struct drill *d, struct drill_update *u, uint64_t now_us)
{
	if (d->state != DRILL_RUNNING || !d->yielded || d->here.complete)
		return;
	d->here.moments[d->here.n++] =
		(struct sync_moment){.kind = SYNC_MOMENT_RESTORED, .at_us = now_us};
	d->yielded = false;
	complete(d, u, now_us);
}

static void timed_out(struct drill *d, struct drill_update *u, uint64_t now_us)
{
	if (now_us < drill_deadline_us(d))
		return;
	switch (d->state) {
	case DRILL_IDLE:
	case DRILL_ENDED: return;
	case DRILL_ASKING: refuse(d, u, "the other director does not answer"); return;
	case DRILL_READY: refuse(d, u, "the other director has not begun"); return;
	case DRILL_RUNNING: break;
	}
	if (d->here.complete) {
		snprintf(d->why, sizeof(d->why), "%s",
			 d->kind == SYNC_DRILL_DAEMON_KILL && !d->yields_here
				 ? "the daemon that was killed has not come back"
				 : "the other director's record did not come");
		end(d, u, DRILL_UNKNOWN);
		return;
	}
	if (d->yielded)
		u->flags |= DRILL_RESTORE;
	if (d->yielded && !has_handed_over(d) && d->here.n > 0 && d->here.n < SYNC_MOMENTS_MAX)
		d->here.moments[d->here.n++] =
			(struct sync_moment){.kind = SYNC_MOMENT_RESTORED, .at_us = now_us};
	d->yielded = false;
	complete(d, u, now_us);
}

struct drill_update drill_step(struct drill *d, const struct drill_event *ev)
{
	struct drill_update u = {0};

	switch (ev->type) {
	case DRILL_EVENT_ORDER: ordered(d, &u, ev); break;
	case DRILL_EVENT_HEARD: heard(d, &u, ev); break;
	case DRILL_EVENT_MOMENT: saw(d, &u, ev); break;
	case DRILL_EVENT_CHANNEL: connected(d, &u, ev->now_us); break;
	case DRILL_EVENT_BACK: came_back(d, &u, ev->now_us); break;
	case DRILL_EVENT_TIMER: timed_out(d, &u, ev->now_us); break;
	}
	return u;
}

/* --- names ------------------------------------------------------------------------------------ */

static const char *const kinds[] = {[SYNC_DRILL_GRACEFUL] = "graceful",
				    [SYNC_DRILL_CRASH] = "crash",
				    [SYNC_DRILL_LINK] = "link",
				    [SYNC_DRILL_DAEMON_KILL] = "daemon-kill",
				    [SYNC_DRILL_SPLIT] = "split"};

const char *drill_kind_name(uint8_t kind)
{
	return kind >= SYNC_DRILL_GRACEFUL && kind <= SYNC_DRILL_SPLIT ? kinds[kind] : "?";
}

uint8_t drill_kind_by_name(const char *name)
{
	for (unsigned int kind = SYNC_DRILL_GRACEFUL; kind <= SYNC_DRILL_SPLIT; kind++)
		if (strcmp(kinds[kind], name) == 0)
			return (uint8_t)kind;
	return 0;
}

bool drill_is_harsh(uint8_t kind)
{
	return kind != SYNC_DRILL_GRACEFUL;
}

uint32_t drill_limit_max_ms(uint8_t kind)
{
	return drill_is_harsh(kind) ? DRILL_HARSH_MAX_MS : DRILL_LIMIT_MAX_MS;
}

const char *drill_result_name(enum drill_result r)
{
	switch (r) {
	case DRILL_OPEN: return "open";
	case DRILL_REFUSED: return "refused";
	case DRILL_PASSED: return "passed";
	case DRILL_MISSED: return "missed";
	case DRILL_UNKNOWN: return "unknown";
	}
	return "?";
}

const char *drill_moment_name(bool there, uint8_t kind)
{
	switch (kind) {
	case SYNC_MOMENT_LET_GO: return "lets go";
	case SYNC_MOMENT_LAST_ADVERT: return "hears the last advert";
	case SYNC_MOMENT_DETECTED: return "hears no heartbeats any more";
	case SYNC_MOMENT_MASTER: return there ? "is master" : "is master again";
	case SYNC_MOMENT_ANNOUNCED: return "has announced the addresses";
	case SYNC_MOMENT_RESTORED: return "is as before";
	case SYNC_MOMENT_ADDRESSES: return "has all addresses";
	case CONTROL_MOMENT_LAST_FRAME: return "forwards its last frame";
	case CONTROL_MOMENT_FIRST_FRAME: return "forwards its first frame";
	}
	return "?";
}
