/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checks of two directors: what one cannot decide the other one tells, what both find well the standby
 * looks at less often, and what is found here is shown to the other one.
 */
#include "director/health/health_inside_uv.h"

#include <string.h>

enum { HURRY_MS = 100 }; /* checks that are due at once are spread over this time */

static bool is_undecided(const struct verdict *v)
{
	return v->tried_ms && outcome_class(v->last.code) == OUTCOME_UNDECIDED;
}

/* --- pace --------------------------------------------------------------------------------------- */

bool health_is_eased(const struct run *r)
{
	const struct health *h = r->health;
	struct check_span users = health_users(r);
	const struct verdict *v = &r->verdict;

	if (!h->ops.eased || v->presumed || v->class != OUTCOME_WELL || v->worse || is_undecided(v))
		return false;
	for (size_t i = 0; i < users.n; i++)
		if (!h->ops.eased(h->ops.owner, places_farm(&h->list.places, users.at[i]),
				  places_backend(&h->list.places, users.at[i])))
			return false;
	return users.n > 0;
}

/* At the next moment of its ordinary phase, or as good as at once. */
static void hurry(struct run *r, bool at_once)
{
	const struct check_item *item = health_item(r);
	uint64_t now = uv_now(r->health->loop), interval_ms = item->check->interval_ms, due;

	if (!r->eased || health_is_eased(r))
		return;
	r->eased = false;
	if (r->probe || r->due_ms == PACE_NEVER)
		return; /* its end finds the pace */
	/* Half an interval is what pace_in_phase() leaves free at least. */
	due = now < interval_ms / 2
		      ? now
		      : pace_in_phase(now - interval_ms / 2, (uint32_t)interval_ms, item->hash);
	if (at_once && due > now + item->hash % HURRY_MS)
		due = now + item->hash % HURRY_MS;
	if (due < r->due_ms)
		health_set_due(r, due);
}

void health_pace_again(struct health *h)
{
	for (size_t i = 0; i < h->list.n; i++)
		hurry(&h->runs[i], false);
	health_arm(h);
}

/* --- what is told --------------------------------------------------------------------------------- */

/* Each view is of a backend as a whole, so that this check is no worse than the best of them. */
static enum outcome_class told(const struct run *r, char who[static OUTCOME_DETAIL])
{
	const struct health *h = r->health;
	struct check_span users = health_users(r);
	enum outcome_class best = OUTCOME_UNDECIDED;

	for (size_t i = 0; h->ops.told && i < users.n; i++) {
		char text[OUTCOME_DETAIL];
		enum outcome_class class =
			h->ops.told(h->ops.owner, places_farm(&h->list.places, users.at[i]),
				    places_backend(&h->list.places, users.at[i]), text);

		if (class >= best)
			continue;
		best = class;
		memcpy(who, text, sizeof(text));
	}
	return best;
}

bool health_adopt(struct run *r)
{
	char who[OUTCOME_DETAIL];
	enum outcome_class class;

	if (!is_undecided(&r->verdict))
		return false;
	class = told(r, who);
	return class != OUTCOME_UNDECIDED &&
	       verdict_adopt(&r->verdict, class, who, uv_now(r->health->loop));
}

void health_told(struct health *h, size_t farm)
{
	const struct places *p = &h->list.places;
	size_t end = p->config && farm < p->config->n_farms ? p->first[farm + 1] : 0;

	for (size_t place = end ? p->first[farm] : 0; place < end; place++) {
		struct check_span items = check_list_items(&h->list, place);

		for (size_t i = 0; i < items.n; i++) {
			struct run *r = &h->runs[items.at[i]];
			bool was_presumed = r->verdict.presumed;

			if (health_adopt(r)) {
				h->presumed -= was_presumed && !r->idle;
				health_take_over(r);
			}
			hurry(r, true);
		}
	}
	health_arm(h);
}

bool health_adopted(const struct health *h, size_t farm, size_t backend, struct health_view *ret)
{
	for (size_t i = 0; i < health_checks(h, farm, backend); i++) {
		*ret = health_check(h, farm, backend, i);
		if (ret->verdict->adopted)
			return true;
	}
	return false;
}

/* --- what is seen --------------------------------------------------------------------------------- */

static bool is_bad(uint8_t state)
{
	return state == SYNC_VIEW_AILING || state == SYNC_VIEW_DEAD;
}

static bool is_unknown(uint8_t state)
{
	return state == 0 || state == SYNC_VIEW_UNKNOWN;
}

static enum sync_view_state state_of(const struct run *r)
{
	const struct verdict *v = &r->verdict;

	if (r->idle)
		return SYNC_VIEW_UNKNOWN;
	if (r->lost > HEALTH_NO_WAY_TIMES)
		return SYNC_VIEW_DEAD;
	if (r->lost && is_bad(r->shown)) /* not to be tried now, and no better for it */
		return (enum sync_view_state)r->shown;
	if (v->presumed || is_undecided(v))
		return SYNC_VIEW_UNKNOWN;
	switch (v->class) {
	case OUTCOME_WELL: return v->worse ? SYNC_VIEW_DOUBTED : SYNC_VIEW_WELL;
	case OUTCOME_AILING: return SYNC_VIEW_AILING;
	case OUTCOME_DEAD:
	case OUTCOME_UNDECIDED: break;
	}
	return SYNC_VIEW_DEAD;
}

/* From good to bad: what is not known is worse than any doubt, and better than what is known to be bad. */
static int badness(enum sync_view_state s)
{
	return s == SYNC_VIEW_UNKNOWN ? 2 * SYNC_VIEW_DOUBTED + 1 : 2 * (int)s;
}

struct sync_view health_sight(const struct health *h, size_t farm, size_t backend)
{
	struct sync_view worst = {.state = SYNC_VIEW_WELL};
	uint64_t since_ms = 0;
	struct check_span items;

	if (health_checks(h, farm, backend) == 0)
		return (struct sync_view){.state = SYNC_VIEW_UNKNOWN};
	items = check_list_items(&h->list, places_of(&h->list.places, farm, backend));
	for (size_t i = 0; i < items.n; i++) {
		const struct run *r = &h->runs[items.at[i]];
		enum sync_view_state state = state_of(r);
		if (i > 0 && badness(state) <= badness((enum sync_view_state)worst.state))
			continue;
		worst.state = (uint8_t)state;
		since_ms = r->shown_ms;
		worst.outcome =
			(uint8_t)(1 + (r->lost ? OUTCOME_UNREACHABLE : r->verdict.cause.code));
		if (state == SYNC_VIEW_UNKNOWN)
			worst.outcome = 0;
	}
	worst.since_s = (uint32_t)((uv_now(h->loop) - since_ms) / 1000);
	return worst;
}

void health_show(struct run *r)
{
	struct health *h = r->health;
	enum sync_view_state state = state_of(r);
	struct check_span users = health_users(r);

	if (r->shown == state)
		return;
	if (is_bad(r->shown) != is_bad(state) || is_unknown(r->shown) != is_unknown(state))
		r->shown_ms = uv_now(h->loop);
	r->shown = (uint8_t)state;
	for (size_t i = 0; h->ops.seen && i < users.n; i++)
		h->ops.seen(h->ops.owner, places_farm(&h->list.places, users.at[i]),
			    places_backend(&h->list.places, users.at[i]));
}
