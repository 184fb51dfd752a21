/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The two directors share what their checks see: between the checks (health_uv.h), the channel (twin_uv.h)
 * and views.h.
 *
 * Shell, on the program's loop.
 */
#include "director/director.h"

#include <stdio.h>
#include <string.h>

static size_t farm_of(const struct director *d, const struct config_farm *farm)
{
	return (size_t)(farm - d->config->farms);
}

static const struct views_backend *view_of(const struct director *d, const struct config_farm *farm,
					   const struct config_backend *backend)
{
	return views_of(&d->views, farm_of(d, farm), (size_t)(backend - farm->backends));
}

/* --- asked by the checks -------------------------------------------------------------------------- */

bool director_check_is_eased(void *owner, const struct config_farm *farm,
			     const struct config_backend *backend)
{
	const struct director *d = owner;
	size_t at = farm_of(d, farm);

	return at < d->lead.n && d->lead.farms[at].follows &&
	       views_is_well(view_of(d, farm, backend));
}

enum outcome_class director_check_told(void *owner, const struct config_farm *farm,
				       const struct config_backend *backend,
				       char who[static OUTCOME_DETAIL])
{
	const struct director *d = owner;
	enum outcome_class class = views_class(view_of(d, farm, backend));

	snprintf(who, OUTCOME_DETAIL, "director %s: %s", d->peer ? d->peer->name : "?",
		 class == OUTCOME_WELL ? "up" : "down");
	return class;
}

void director_check_seen(void *owner, const struct config_farm *farm,
			 const struct config_backend *backend)
{
	struct director *d = owner;

	(void)backend;
	views_mark(&d->views, farm_of(d, farm));
	director_tell_views(d);
}

/* --- told to the other one ------------------------------------------------------------------------ */

void director_tell_views(struct director *d)
{
	if (d->twin && !d->stopping && d->ready && twin_takes_views(d->twin))
		twin_go_on(d->twin);
}

int director_next_view(struct director *d, struct sync_message *ret)
{
	struct sync_views *m = &ret->views;
	const struct config_farm *farm;
	size_t at;

	if (!twin_takes_views(d->twin) || !views_next(&d->views, uv_now(d->loop), &at))
		return 0;
	farm = &d->config->farms[at];
	ret->type = SYNC_VIEWS;
	snprintf(m->farm, sizeof(m->farm), "%s", farm->name);
	m->n = farm->n_backends;
	for (size_t i = 0; i < farm->n_backends; i++) {
		m->views[i] = health_sight(d->health, at, i);
		snprintf(m->views[i].backend, sizeof(m->views[i].backend), "%s",
			 farm->backends[i].name);
	}
	return 1;
}

/* --- heard ---------------------------------------------------------------------------------------- */

void director_hear_views(struct director *d, const struct sync_views *m)
{
	int farm = views_take(&d->views, m, uv_now(d->loop));

	if (farm >= 0)
		health_told(d->health, (size_t)farm);
}

/* Of a configuration that differs those farms that both have with the same words. */
static bool is_alike(const struct director *d, const struct config_farm *farm)
{
	const struct config_talk *t = &d->config_talk;
	const struct outline_part *ours, *theirs;
	char name[SYNC_PART_NAME];

	if (!t->differs)
		return true;
	if (!t->all_heard)
		return false;
	snprintf(name, sizeof(name), "farm %s", farm->name);
	ours = outline_find(&t->ours, name);
	theirs = outline_find(&t->theirs, name);
	return ours && theirs && ours->sum == theirs->sum;
}

void director_compare_farms(struct director *d, bool known)
{
	for (size_t i = 0; i < d->config->n_farms; i++) {
		views_set_alike(&d->views, i, known && is_alike(d, &d->config->farms[i]));
		if (known)
			health_told(d->health, i);
	}
	health_pace_again(d->health);
}

void director_forget_views(struct director *d)
{
	views_forget(&d->views);
	if (!d->stopping)
		health_pace_again(d->health);
}

/* --- shown ---------------------------------------------------------------------------------------- */

static const char *state_word(enum sync_view_state state)
{
	switch (state) {
	case SYNC_VIEW_WELL:
	case SYNC_VIEW_DOUBTED: return "up";
	case SYNC_VIEW_AILING:
	case SYNC_VIEW_DEAD: return "down";
	case SYNC_VIEW_UNKNOWN: break;
	}
	return "unknown";
}

static void show_theirs(const struct director *d, size_t farm, size_t backend,
			struct status_backend *s)
{
	const struct views_backend *b = views_of(&d->views, farm, backend);
	enum sync_view_state state = b ? (enum sync_view_state)b->state : SYNC_VIEW_UNKNOWN;
	struct outcome o = {.code = OUTCOME_GOOD};
	char text[OUTCOME_TEXT];

	snprintf(s->peer_state, sizeof(s->peer_state), "%s", state_word(state));
	if (state == SYNC_VIEW_UNKNOWN)
		return;
	s->peer_ms = uv_now(d->loop) - b->since_ms;
	if (strcmp(s->own_state, s->peer_state) == 0 || !b->outcome || b->outcome > OUTCOME_CODES)
		return;
	o.code = (enum outcome_code)(b->outcome - 1);
	snprintf(s->peer_reason, sizeof(s->peer_reason), "%.*s", (int)sizeof(s->peer_reason) - 1,
		 outcome_text(&o, text));
}

void director_show_views(struct director *d, size_t farm, size_t backend, struct status_backend *s)
{
	struct sync_view own = health_sight(d->health, farm, backend);
	struct health_view adopted;
	char text[HEALTH_TEXT];

	snprintf(s->own_state, sizeof(s->own_state), "%s",
		 state_word((enum sync_view_state)own.state));
	s->own_ms = own.state == SYNC_VIEW_UNKNOWN ? STATUS_UNKNOWN : (uint64_t)own.since_s * 1000;
	s->peer_ms = STATUS_UNKNOWN;
	if (d->peer)
		show_theirs(d, farm, backend, s);
	if (!s->reason[0] && health_adopted(d->health, farm, backend, &adopted))
		snprintf(s->reason, sizeof(s->reason), "%.*s", (int)sizeof(s->reason) - 1,
			 health_text(&adopted, text));
}
