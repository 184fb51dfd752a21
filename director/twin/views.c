/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/twin/views.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void views_clear(struct views *v)
{
	places_clear(&v->places);
	free(v->backends);
	free(v->farms);
	*v = (struct views){0};
}

int views_configure(struct views *v, const struct config *c)
{
	struct views next = {.farms = calloc(c->n_farms + 1, sizeof(*next.farms))};

	next.backends = places_make_items(&next.places, c, sizeof(*next.backends));
	if (!next.farms || !next.backends) {
		views_clear(&next);
		return -ENOMEM;
	}
	views_mark_all(&next);
	views_clear(v);
	*v = next;
	return 0;
}

static size_t n_farms(const struct views *v)
{
	return v->places.config ? v->places.config->n_farms : 0;
}

/* --- theirs ------------------------------------------------------------------------------------- */

void views_forget(struct views *v)
{
	for (size_t i = 0; v->places.config && i < places_count(&v->places); i++)
		v->backends[i].state = 0;
}

void views_set_alike(struct views *v, size_t farm, bool alike)
{
	if (farm < n_farms(v))
		v->farms[farm].alike = alike;
}

int views_take(struct views *v, const struct sync_views *m, uint64_t now_ms)
{
	const struct config_farm *farm =
		n_farms(v) ? config_farm_by_name(v->places.config, m->farm) : NULL;
	size_t at;

	if (!farm)
		return -ENOENT;
	at = (size_t)(farm - v->places.config->farms);
	for (size_t i = 0; i < farm->n_backends; i++)
		v->backends[places_of(&v->places, at, i)].state = 0;
	for (size_t i = 0; i < m->n; i++) {
		const struct config_backend *b = config_backend_near(farm, i, m->views[i].backend);
		uint64_t ago_ms = (uint64_t)m->views[i].since_s * 1000;

		if (b)
			v->backends[places_of(&v->places, at, (size_t)(b - farm->backends))] =
				(struct views_backend){.state = m->views[i].state,
						       .outcome = m->views[i].outcome,
						       .since_ms = ago_ms < now_ms ? now_ms - ago_ms
										   : 0};
	}
	return (int)at;
}

const struct views_backend *views_of(const struct views *v, size_t farm, size_t backend)
{
	const struct views_backend *b;

	if (farm >= n_farms(v) || !v->farms[farm].alike)
		return NULL;
	b = &v->backends[places_of(&v->places, farm, backend)];
	return b->state ? b : NULL;
}

enum outcome_class views_class(const struct views_backend *b)
{
	switch (b ? (enum sync_view_state)b->state : SYNC_VIEW_UNKNOWN) {
	case SYNC_VIEW_WELL:
	case SYNC_VIEW_DOUBTED: return OUTCOME_WELL;
	case SYNC_VIEW_AILING: return OUTCOME_AILING;
	case SYNC_VIEW_DEAD: return OUTCOME_DEAD;
	case SYNC_VIEW_UNKNOWN: break;
	}
	return OUTCOME_UNDECIDED;
}

bool views_is_well(const struct views_backend *b)
{
	return b && b->state == SYNC_VIEW_WELL;
}

/* --- ours --------------------------------------------------------------------------------------- */

void views_mark(struct views *v, size_t farm)
{
	if (farm < n_farms(v))
		v->farms[farm].marked = true;
}

void views_mark_all(struct views *v)
{
	for (size_t i = 0; i < n_farms(v); i++)
		v->farms[i] = (struct views_farm){.alike = v->farms[i].alike, .marked = true};
}

static bool is_due(const struct views_farm *f, uint64_t now_ms)
{
	return f->marked && (!f->told_ms || now_ms - f->told_ms >= VIEWS_EVERY_MS);
}

bool views_next(struct views *v, uint64_t now_ms, size_t *ret_farm)
{
	size_t n = n_farms(v);

	if (now_ms - v->begun_ms >= VIEWS_EVERY_MS) {
		v->begun_ms = now_ms;
		v->n_told = 0;
	}
	for (size_t i = 0; i < n && v->n_told < VIEWS_AT_ONCE; i++) {
		size_t farm = (v->next + i) % n;
		struct views_farm *f = &v->farms[farm];

		if (!is_due(f, now_ms) || !v->places.config->farms[farm].n_backends)
			continue;
		f->marked = false;
		f->told_ms = now_ms ? now_ms : 1;
		v->n_told += v->places.config->farms[farm].n_backends;
		v->next = farm + 1;
		*ret_farm = farm;
		return true;
	}
	return false;
}
