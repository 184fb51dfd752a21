/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/health/health_uv.h"

#include "director/health/health_inside_uv.h"
#include "director/health/probe_http_uv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	FIRST_MS =
		500, /* the first attempts are spread over this time, so that a start is short, ... */
	FIRST_EACH_MS = 2, /* ... but over so much for each: TLS handshakes take half of that */
};

/* --- configuration ---------------------------------------------------------------------------- */

/* How a backend is taken to be that a check begins with. */
static enum outcome_class presumption(const struct health *h, const struct check_list *l,
				      size_t item)
{
	struct check_span users = check_list_users(l, item);
	enum outcome_class best = h->begun ? OUTCOME_AILING : OUTCOME_WELL;

	for (size_t i = 0; h->begun && i < users.n; i++) {
		ptrdiff_t before = places_before(&h->list.places, &l->places, users.at[i]);

		if (before != PLACE_NONE && h->classes[before] < best)
			best = h->classes[before];
	}
	return best;
}

/* Half of an interval at most, as long as they are few; never more than they will come in later. */
static uint32_t first_spread_ms(const struct check_item *item, size_t n)
{
	uint32_t interval_ms = item->check->interval_ms, few_ms = interval_ms / 2;
	uint64_t many_ms = (uint64_t)n * FIRST_EACH_MS;

	few_ms = few_ms < FIRST_MS ? few_ms : FIRST_MS;
	if (many_ms <= few_ms)
		return few_ms;
	return many_ms < interval_ms ? (uint32_t)many_ms : interval_ms;
}

static void begin_run(struct health *h, const struct check_list *l, struct run *r, size_t number,
		      uint64_t *ret_due_ms)
{
	const struct check_item *item = &l->items[number];
	size_t before = check_list_find(&h->list, item);
	uint64_t now = uv_now(h->loop);

	r->health = h;
	*ret_due_ms = now + item->hash % first_spread_ms(item, l->n);
	if (before < h->list.n) {
		r->verdict = h->runs[before].verdict;
		r->lost = h->runs[before].lost;
		if (!h->runs[before].probe && h->runs[before].due_ms != PACE_NEVER)
			*ret_due_ms = h->runs[before].due_ms;
		r->eased = h->runs[before].eased;
		r->shown = h->runs[before].shown;
		r->shown_ms = h->runs[before].shown_ms;
	} else {
		verdict_presume(&r->verdict, presumption(h, l, number), now);
	}
}

/* Nothing is checked any more. */
static void forget(struct health *h)
{
	health_cancel_all(h);
	check_list_clear(&h->list);
	pace_clear(&h->pace);
	free(h->runs);
	free(h->classes);
	h->runs = NULL;
	h->classes = NULL;
	h->presumed = 0;
}

/* The runs and classes of the next list; 0 or -ENOMEM. */
static int make_runs(struct health *h, const struct check_list *l, struct pace *pace,
		     struct run **ret_runs, enum outcome_class **ret_classes)
{
	struct run *runs = calloc(l->n + 1, sizeof(*runs));
	enum outcome_class *classes = calloc(places_count(&l->places) + 1, sizeof(*classes));

	if (!runs || !classes || pace_init(pace, l->n) < 0) {
		free(runs);
		free(classes);
		return -ENOMEM;
	}
	for (size_t i = 0; i < l->n; i++) {
		begin_run(h, l, &runs[i], i, &runs[i].due_ms);
		pace_set(pace, i, runs[i].due_ms);
	}
	*ret_runs = runs;
	*ret_classes = classes;
	return 0;
}

int health_configure(struct health *h, const struct config *c)
{
	struct check_list list;
	struct pace pace = {0};
	struct run *runs = NULL;
	enum outcome_class *classes = NULL;
	int code = check_list_make(&list, c);

	if (code == 0)
		code = make_runs(h, &list, &pace, &runs, &classes);
	forget(h); /* probes hold on to the old configuration */
	if (code != 0) {
		check_list_clear(&list);
		return code;
	}
	h->list = list;
	h->pace = pace;
	h->runs = runs;
	h->classes = classes;
	h->begun = true;
	health_trim_probers(h);
	for (size_t i = 0; i < list.n; i++)
		h->presumed += runs[i].verdict.presumed;
	for (size_t i = 0; i < places_count(&list.places); i++)
		classes[i] = health_worst_of(h, i);
	health_arm(h);
	return 0;
}

int health_new(uv_loop_t *loop, const struct health_ops *ops, struct health **ret, struct err *err)
{
	struct health *h = calloc(1, sizeof(*h));
	int code;

	if (!h)
		return err_set(err, -ENOMEM, "no memory");
	code = probe_http_global_init(err);
	if (code < 0) {
		free(h);
		return code;
	}
	h->loop = loop;
	h->ops = *ops;
	uv_timer_init(loop, &h->timer);
	h->timer.data = h;
	*ret = h;
	return 0;
}

static void timer_closed(uv_handle_t *handle)
{
	free(handle->data);
}

void health_close(struct health *h)
{
	if (!h)
		return;
	forget(h);
	health_close_probers(h);
	probe_http_global_close();
	uv_close((uv_handle_t *)&h->timer, timer_closed);
}

/* --- what is known ---------------------------------------------------------------------------- */

enum outcome_class health_worst_of(const struct health *h, size_t place)
{
	struct check_span items = check_list_items(&h->list, place);
	enum outcome_class worst = OUTCOME_WELL;

	for (size_t i = 0; i < items.n; i++)
		if (h->runs[items.at[i]].verdict.class > worst)
			worst = h->runs[items.at[i]].verdict.class;
	return worst;
}

bool health_is_settled(const struct health *h)
{
	return h->presumed == 0;
}

enum outcome_class health_of(const struct health *h, size_t farm, size_t backend)
{
	return h->list.places.config ? h->classes[places_of(&h->list.places, farm, backend)]
				     : OUTCOME_WELL;
}

size_t health_checks(const struct health *h, size_t farm, size_t backend)
{
	if (!h->list.places.config)
		return 0;
	return check_list_items(&h->list, places_of(&h->list.places, farm, backend)).n;
}

static struct health_view view_of(const struct health *h, size_t place, size_t check)
{
	struct check_span items = check_list_items(&h->list, place);

	return (struct health_view){&h->list.items[items.at[check]],
				    &h->runs[items.at[check]].verdict};
}

struct health_view health_check(const struct health *h, size_t farm, size_t backend, size_t check)
{
	return view_of(h, places_of(&h->list.places, farm, backend), check);
}

struct health_view health_blamed(const struct health *h, size_t place)
{
	size_t i = 0, n = check_list_items(&h->list, place).n;

	while (i + 1 < n && view_of(h, place, i).verdict->class != h->classes[place])
		i++;
	return view_of(h, place, i);
}

bool health_worst(const struct health *h, size_t farm, size_t backend, struct health_view *ret)
{
	if (health_of(h, farm, backend) == OUTCOME_WELL)
		return false;
	*ret = health_blamed(h, places_of(&h->list.places, farm, backend));
	return true;
}

const char *health_text(const struct health_view *v, char buf[static HEALTH_TEXT])
{
	const struct config_check *k = v->item->check;
	char text[OUTCOME_TEXT];

	snprintf(buf, HEALTH_TEXT, "check \"%s\" (%s): %s", k->name,
		 config_check_type_name(k->type),
		 v->verdict->presumed ? "was not tried yet"
				      : outcome_text(&v->verdict->cause, text));
	return buf;
}

void health_stats(const struct health *h, struct health_stats *ret)
{
	*ret = (struct health_stats){.checks = h->list.n, .late = h->late};
	memcpy(ret->outcomes, h->outcomes, sizeof(ret->outcomes));
}
