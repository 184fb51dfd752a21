/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/track/tracking.h"

#include "ha/heartbeat.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEFAULT_PRIORITY = 100 }; /* RFC 9568, 5.2.4: of a router without a cluster */

void tracking_clear(struct tracking *t)
{
	free(t->items);
	*t = (struct tracking){0};
}

struct tracked *tracking_find(const struct tracking *t, enum config_track_kind kind,
			      const char *section, const char *name)
{
	for (size_t i = 0; i < t->n; i++) {
		struct tracked *item = &t->items[i];

		if (item->kind == kind && strcmp(item->section, section) == 0 &&
		    strcmp(item->name, name) == 0)
			return item;
	}
	return NULL;
}

/* In any order, so a sum; a backend with another address is another one. */
static uint32_t digest(const struct config_farm *farm)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < farm->n_backends; i++) {
		const struct config_backend *b = &farm->backends[i];
		char name[2 * CONFIG_NAME_MAX + ADDR_TEXT + 3], address[ADDR_TEXT];

		snprintf(name, sizeof(name), "%s/%s %s", farm->name, b->name,
			 addr_format(&b->address, address));
		if (b->state != ADMIN_DISABLED)
			sum += heartbeat_tag(name);
	}
	return sum;
}

static struct tracked make(const struct tracking *old, const struct config *c, const char *section,
			   const struct config_track *track)
{
	const struct config_farm *farm = config_farm_by_name(c, track->name);
	const struct tracked *before = tracking_find(old, track->kind, section, track->name);
	struct tracked item = {.kind = track->kind, .well = true};

	if (before)
		item = *before;
	snprintf(item.section, sizeof(item.section), "%s", section);
	snprintf(item.name, sizeof(item.name), "%s", track->name);
	item.weight = track->weight;
	item.backends = track->kind == TRACK_FARM && farm ? digest(farm) : 0;
	return item;
}

int tracking_configure(struct tracking *t, const struct config *c)
{
	struct tracking next = {0};
	size_t n = 0;

	for (size_t i = 0; i < c->n_vrrps; i++)
		n += c->vrrps[i].n_tracks;
	next.items = calloc(n + 1, sizeof(*next.items));
	if (!next.items)
		return -ENOMEM;
	for (size_t i = 0; i < c->n_vrrps; i++)
		for (size_t k = 0; k < c->vrrps[i].n_tracks; k++)
			next.items[next.n++] = make(t, c, c->vrrps[i].name, &c->vrrps[i].tracks[k]);
	tracking_clear(t);
	*t = next;
	return 0;
}

bool tracking_tell(struct tracked *item, bool well, const char *why)
{
	bool changed = item->well != well;

	item->news |= changed || (!well && strcmp(item->why, why) != 0);
	item->well = well;
	if (!well)
		snprintf(item->why, sizeof(item->why), "%s", why);
	return changed;
}

static bool is_behind(const struct tracking_farms *f)
{
	return f->farm.lacking > 0 &&
	       !track_farms_are_well(&f->all, f->peer_known ? &f->peer : NULL);
}

bool tracking_tell_farm(struct tracked *item, const struct tracking_farms *f, uint64_t now_ms)
{
	char why[TRACKING_WHY];

	if (!is_behind(f)) {
		item->behind_since_ms = 0;
		return tracking_tell(item, true, "");
	}
	if (item->behind_since_ms == 0)
		item->behind_since_ms = now_ms > 0 ? now_ms : 1;
	if (item->well && now_ms - item->behind_since_ms < TRACKING_FARM_MS)
		return false;
	snprintf(why, sizeof(why),
		 "farm \"%s\" has %u healthy backend%s here and lacks %u, the other director sees "
		 "more",
		 item->name, f->farm.healthy, f->farm.healthy == 1 ? "" : "s", f->farm.lacking);
	return tracking_tell(item, false, why);
}

/* --- what follows ----------------------------------------------------------------------------- */

/* Nothing is tracked: priority 0. */
static struct tracking_verdict judge_alone(const struct tracking *t, const char *section,
					   uint8_t base)
{
	struct track_item items[3 * CONFIG_TRACKS_MAX];
	const struct tracked *of[3 * CONFIG_TRACKS_MAX];
	struct tracking_verdict verdict = {0};
	struct track_result result;
	size_t n = 0;

	for (size_t i = 0; i < t->n && n < 3 * CONFIG_TRACKS_MAX; i++) {
		if (strcmp(t->items[i].section, section) != 0)
			continue;
		items[n] = (struct track_item){t->items[i].weight, t->items[i].well};
		of[n++] = &t->items[i];
	}
	if (n == 0)
		return verdict;
	result = track_judge(base, items, n);
	verdict.priority = result.priority;
	if (result.fault)
		snprintf(verdict.fault, sizeof(verdict.fault), "%s", of[result.culprit]->why);
	return verdict;
}

struct tracking_verdict tracking_judge(const struct tracking *t, const struct config *c,
				       const struct config_node *self, size_t section)
{
	const struct config_vrrp *v = &c->vrrps[section];
	uint8_t base = self ? self->priority : DEFAULT_PRIORITY;
	struct tracking_verdict verdict = judge_alone(t, v->name, base);

	for (size_t i = 0; v->group[0] && i < c->n_vrrps; i++) {
		struct tracking_verdict other;

		if (i == section || strcmp(c->vrrps[i].group, v->group) != 0)
			continue;
		other = judge_alone(t, c->vrrps[i].name, base);
		if (other.priority == 0)
			other.priority = base;
		if (verdict.priority == 0)
			verdict.priority = base;
		if (other.priority < verdict.priority)
			verdict.priority = other.priority;
	}
	return verdict;
}

void tracking_trouble(const struct tracking *t, const char *section,
		      char buf[static TRACKING_FAULT])
{
	buf[0] = '\0';
	for (size_t i = 0; i < t->n && !buf[0]; i++)
		if (!t->items[i].well && strcmp(t->items[i].section, section) == 0)
			snprintf(buf, TRACKING_FAULT, "%s (weight %d)", t->items[i].why,
				 t->items[i].weight);
}
