/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Attempts: begun when they are due, given up after their timeout, judged when they end.
 */
#include "director/health/health_inside_uv.h"

#include "director/health/vip_transport_uv.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	NO_WAY_MS =
		100, /* until one that is not tried, for want of a way, is looked at again, ... */
	NO_WAY_LATE_MS = 1000, /* ... and afterwards */
	AT_ONCE_MOST = 64,     /* begun or given up before the loop looks at others */
	LAG_MS = 20,	       /* a loop that comes back later than that has too much to do: ... */
	AT_ONCE_BUSY = 4,      /* ... what is under way goes first, no more than that begin */
};

enum { KIND_TCP, KIND_HTTP, KIND_ICMP, KIND_COMMAND, KIND_DSR, KINDS };
_Static_assert((int)KINDS == (int)HEALTH_KINDS, "one prober for each kind");

static const struct probe_kind *const kinds[KINDS] = {
	[KIND_TCP] = &probe_tcp,	 [KIND_HTTP] = &probe_http, [KIND_ICMP] = &probe_icmp,
	[KIND_COMMAND] = &probe_command, [KIND_DSR] = &probe_dsr,
};

static size_t kind_of(const struct config_check *k)
{
	switch (k->type) {
	case CHECK_TCP: return k->through == THROUGH_VIP ? KIND_DSR : KIND_TCP;
	case CHECK_HTTP:
	case CHECK_HTTPS: return KIND_HTTP;
	case CHECK_ICMP: return KIND_ICMP;
	case CHECK_COMMAND: return KIND_COMMAND;
	case CHECK_DSR: return KIND_DSR;
	}
	abort();
}

/* --- what comes of an outcome -------------------------------------------------------------------- */

/* As `backend show` has it. */
static const char *class_word(enum outcome_class class)
{
	return class == OUTCOME_WELL ? "up" : "down";
}

static const char *class_text(enum outcome_class class)
{
	switch (class) {
	case OUTCOME_WELL: return "is up";
	case OUTCOME_AILING: return "gets no new connections";
	case OUTCOME_DEAD:
	case OUTCOME_UNDECIDED: break;
	}
	return "is down";
}

/* One line for a backend, whatever many farms it serves in. */
static void say(const struct run *r, size_t place, size_t others, enum outcome_class before,
		enum outcome_class class)
{
	const struct health *h = r->health;
	struct health_view view = {health_item(r), &r->verdict};
	const char *farm = places_farm(&h->list.places, place)->name;
	const char *backend = places_backend(&h->list.places, place)->name;
	char text[HEALTH_TEXT], more[64] = "";

	if (class != r->verdict.class) /* another one is to blame */
		view = health_blamed(h, place);
	health_text(&view, text);
	if (others)
		snprintf(more, sizeof(more), ", and in %zu other farm%s", others,
			 others == 1 ? "" : "s");
	log_about(class == OUTCOME_WELL ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING,
		  LOG_OF(.farm = farm, .backend = backend, .from = class_word(before),
			 .to = class_word(class), .reason = text),
		  "farm \"%s\": backend \"%s\" %s%s: %s", farm, backend, class_text(class), more,
		  text);
}

void health_take_over(struct run *r)
{
	struct health *h = r->health;
	struct check_span users = health_users(r);
	enum outcome_class before = OUTCOME_WELL;
	size_t first = SIZE_MAX, n = 0;

	for (size_t i = 0; i < users.n; i++) {
		enum outcome_class worst = health_worst_of(h, users.at[i]);

		if (worst == h->classes[users.at[i]])
			continue;
		if (n++ == 0) {
			first = users.at[i];
			before = h->classes[first];
		}
		h->classes[users.at[i]] = worst;
	}
	if (!n)
		return;
	say(r, first, n - 1, before, h->classes[first]);
	h->ops.changed(h->ops.owner, &health_item(r)->backend->address);
}

/* --- one attempt ------------------------------------------------------------------------------ */

void health_set_due(struct run *r, uint64_t due_ms)
{
	r->due_ms = due_ms;
	pace_set(&r->health->pace, health_number(r), due_ms);
}

/* The next one: in its phase, or sooner while the verdict is changing; this one is over, at least. */
static void plan_next(struct run *r, uint32_t wait_ms)
{
	const struct check_item *item = health_item(r);
	uint64_t now = uv_now(r->health->loop), due = r->begun_ms + wait_ms;

	r->eased = health_is_eased(r);
	if (wait_ms == item->check->interval_ms)
		due = pace_in_phase(r->begun_ms, r->eased ? PACE_STANDBY * wait_ms : wait_ms,
				    item->hash);
	health_set_due(r, due > now ? due : now);
}

/* Here, not at the backend, is something wrong: what is believed of it does not change by that. */
static void say_undecided(struct run *r, const struct outcome *o)
{
	const struct check_item *item = health_item(r);
	unsigned long more;
	char text[OUTCOME_TEXT];

	if (log_limit_pass(&r->health->unable, uv_now(r->health->loop), &more))
		log_about(LOG_LEVEL_WARNING,
			  LOG_OF(.farm = item->farm->name, .backend = item->backend->name),
			  "farm \"%s\": backend \"%s\" %s (check \"%s\"), it %s; %lu "
			  "more since the last such line",
			  item->farm->name, item->backend->name, outcome_text(o, text),
			  item->check->name,
			  r->verdict.adopted ? "is as the other director finds it"
					     : "stays as it was",
			  more);
}

static void ended(void *owner, const struct outcome *o)
{
	struct run *r = owner;
	struct health *h = r->health;
	const struct config_check *k = health_item(r)->check;
	const struct verdict_rules rules = {.interval_ms = k->interval_ms,
					    .fast_interval_ms = k->fast_interval_ms,
					    .rise = k->rise,
					    .fall = k->fall};
	bool was_presumed = r->verdict.presumed;
	struct outcome outcome = *o;
	struct verdict_update update;

	r->probe = NULL;
	outcome.took_us = (uint32_t)((uv_hrtime() - r->begun_ns) / 1000);
	h->outcomes[o->code]++;
	update = verdict_step(&r->verdict, &rules, &outcome, uv_now(h->loop));
	update.changed |= health_adopt(r);
	h->presumed -= was_presumed && !r->verdict.presumed && !r->idle;
	plan_next(r, update.wait_ms);
	if (update.changed)
		health_take_over(r);
	health_show(r);
	if (outcome_class(o->code) == OUTCOME_UNDECIDED)
		say_undecided(r, o);
	health_arm(h);
}

static bool is_wanted(const struct run *r)
{
	const struct health *h = r->health;
	struct check_span users = health_users(r);

	for (size_t i = 0; i < users.n; i++)
		if (h->ops.wanted(h->ops.owner, places_farm(&h->list.places, users.at[i]),
				  places_backend(&h->list.places, users.at[i])))
			return true;
	return false;
}

static void set_idle(struct run *r, bool idle)
{
	if (r->idle == idle)
		return;
	r->idle = idle;
	if (r->verdict.presumed && idle)
		r->health->presumed--;
	else if (r->verdict.presumed)
		r->health->presumed++;
}

/* Soon at first; later so seldom that a hundred thousand of them are no work. */
static uint32_t look_again_ms(const struct run *r)
{
	uint32_t interval_ms = health_item(r)->check->interval_ms;
	uint32_t late_ms = NO_WAY_LATE_MS + (uint32_t)(r->health->list.n / 10);

	if (r->lost <= HEALTH_NO_WAY_TIMES)
		return NO_WAY_MS;
	return late_ms < interval_ms ? late_ms : interval_ms;
}

/* Nothing is sent there: nobody knows a way, or it is not in service. */
static void skip(struct run *r)
{
	r->lost = (uint8_t)(r->lost + (r->lost < UINT8_MAX));
	/*
	 * Long gone: how it was is no longer known, and it is tried anew when it comes back. What is
	 * believed stays: nothing is sent there meanwhile, and it is not this check's fault.
	 */
	if (r->lost == health_item(r)->check->fall && !r->verdict.presumed) {
		verdict_presume(&r->verdict, r->verdict.class, uv_now(r->health->loop));
		r->health->presumed += !r->idle;
	}
	health_set_due(r, uv_now(r->health->loop) + look_again_ms(r));
	health_show(r);
}

static struct prober *prober_for(struct health *h, size_t kind, struct err *err)
{
	if (h->probers[kind])
		return h->probers[kind];
	if (kind == KIND_HTTP && !h->transport &&
	    vip_transport_new(h->loop, &h->transport, err) < 0)
		return NULL;
	if (kinds[kind]->open(h->loop, &h->probers[kind], err) < 0)
		return NULL;
	if (kind == KIND_HTTP)
		probe_http_set_transport(h->probers[kind], vip_transport_http(h->transport));
	return h->probers[kind];
}

static void begin(struct run *r)
{
	struct health *h = r->health;
	const struct check_item *item = health_item(r);
	size_t kind = kind_of(item->check);
	struct outcome unable = {.code = OUTCOME_CANNOT_RUN};
	struct err err = {0};
	struct prober *prober;

	r->ask = (struct probe_ask){
		.check = item->check,
		.farm = item->farm->name,
		.backend = item->backend->name,
		.address = item->backend->address,
		.vip = item->vip,
		.port = item->port,
		.timeout_ms = item->check->timeout_ms,
	};
	set_idle(r, !is_wanted(r));
	if (r->idle || !h->ops.way(h->ops.owner, item->farm, item->backend, &r->ask)) {
		skip(r);
		return;
	}
	r->lost = 0;
	latency_note(&h->late, (uv_now(h->loop) - r->due_ms) * 1000);
	r->begun_ms = uv_now(h->loop);
	r->begun_ns = uv_hrtime();
	r->excused_ms = 0;
	prober = prober_for(h, kind, &err);
	r->probe = prober ? kinds[kind]->start(prober, &r->ask, ended, r) : NULL;
	if (r->probe) {
		health_set_due(r, r->begun_ms + item->check->timeout_ms);
		return;
	}
	outcome_set(&unable, OUTCOME_CANNOT_RUN, "%s", prober ? "no memory" : err.text);
	ended(r, &unable);
}

/*
 * Nobody has looked for an answer meanwhile: that is no time of the backend's. Without it a thousand
 * handshakes that begin together take each other's time, all fail, come again sooner for that, and fail.
 */
static bool excuse(struct run *r, uint64_t lag_ms)
{
	uint32_t timeout_ms = health_item(r)->check->timeout_ms;

	if (lag_ms <= LAG_MS || r->excused_ms >= timeout_ms)
		return false;
	r->excused_ms += (uint32_t)(lag_ms < timeout_ms ? lag_ms : timeout_ms);
	health_set_due(r, uv_now(r->health->loop) + lag_ms);
	return true;
}

void health_due(uv_timer_t *timer)
{
	struct health *h = timer->data;
	uint64_t now = uv_now(h->loop), lag_ms = now > h->armed_ms ? now - h->armed_ms : 0;
	int most = lag_ms > LAG_MS ? AT_ONCE_BUSY : AT_ONCE_MOST;
	size_t next = 0;

	for (int i = 0; i < most && pace_next(&h->pace, &next) <= now; i++) {
		struct run *r = &h->runs[next];

		if (r->probe && excuse(r, lag_ms))
			continue;
		if (r->probe)
			kinds[kind_of(health_item(r)->check)]->expire(r->probe);
		else
			begin(r);
	}
	health_arm(h);
}

void health_look_again(struct health *h)
{
	for (size_t i = 0; i < h->list.n; i++)
		if (!h->runs[i].probe && h->runs[i].lost)
			health_set_due(&h->runs[i], uv_now(h->loop));
	health_arm(h);
}

void health_look_at(struct health *h, size_t farm, size_t backend)
{
	struct check_span items;

	if (!h->list.places.config)
		return;
	items = check_list_items(&h->list, places_of(&h->list.places, farm, backend));
	for (size_t i = 0; i < items.n; i++) {
		struct run *r = &h->runs[items.at[i]];
		uint64_t now = uv_now(h->loop);
		uint64_t due = r->begun_ms + health_item(r)->check->fast_interval_ms;

		due = due > now ? due : now;
		if (!r->probe && due < r->due_ms)
			health_set_due(r, due);
	}
	health_arm(h);
}

void health_arm(struct health *h)
{
	size_t next = 0;
	uint64_t due_ms = pace_next(&h->pace, &next), now = uv_now(h->loop);

	if (due_ms == PACE_NEVER) {
		uv_timer_stop(&h->timer);
	} else { /* libuv (1.44) runs a timer of 0 ms again before it looks at anything else */
		h->armed_ms = due_ms > now ? due_ms : now + 1;
		uv_timer_start(&h->timer, health_due, h->armed_ms - now, 0);
	}
}

void health_cancel_all(struct health *h)
{
	for (size_t i = 0; i < h->list.n; i++) {
		struct run *r = &h->runs[i];

		if (r->probe)
			kinds[kind_of(health_item(r)->check)]->cancel(r->probe);
		r->probe = NULL;
	}
}

void health_trim_probers(struct health *h)
{
	if (h->probers[KIND_HTTP])
		probe_http_keep(h->probers[KIND_HTTP], &h->list);
}

void health_close_probers(struct health *h)
{
	for (size_t i = 0; i < KINDS; i++)
		if (h->probers[i])
			kinds[i]->close(h->probers[i]);
	vip_transport_close(h->transport);
}
