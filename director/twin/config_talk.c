/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/twin/config_talk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void forget_theirs(struct config_talk *t)
{
	outline_clear(&t->theirs);
	for (size_t i = 0; i < t->n_heard; i++)
		free(t->heard[i].lines);
	t->n_heard = 0;
	t->all_heard = false;
	t->line_part = t->n_lines = 0;
}

void config_talk_clear(struct config_talk *t)
{
	forget_theirs(t);
	outline_clear(&t->ours);
	*t = (struct config_talk){0};
}

int config_talk_begin(struct config_talk *t, const struct config *ours)
{
	int code;

	config_talk_clear(t);
	code = outline_make(ours, &t->ours);
	t->differs = code == 0;
	return code;
}

/* --- telling ----------------------------------------------------------------------------------- */

static bool next_part(struct config_talk *t, struct sync_config *ret)
{
	const struct outline_part *p = &t->ours.parts[t->part];

	if (t->part == t->ours.n)
		return false;
	*ret = (struct sync_config){
		.step = SYNC_CONFIG_PART, .last = ++t->part == t->ours.n, .sum = p->sum};
	memcpy(ret->name, p->name, sizeof(ret->name));
	return true;
}

/* Both have it, otherwise. */
static bool is_another(const struct config_talk *t, const struct outline_part *p)
{
	const struct outline_part *other = outline_find(&t->theirs, p->name);

	return other && other->sum != p->sum;
}

static bool next_lines(struct config_talk *t, const struct config *ours, struct sync_config *ret)
{
	while (t->all_heard && t->line_part < t->ours.n && t->n_lines < CONFIG_TALK_LINES) {
		const struct outline_part *p = &t->ours.parts[t->line_part++];
		char *lines = is_another(t, p) ? outline_lines(ours, p->name) : NULL;

		if (!lines)
			continue;
		*ret = (struct sync_config){.step = SYNC_CONFIG_LINES};
		memcpy(ret->name, p->name, sizeof(ret->name));
		memcpy(ret->lines, lines, strlen(lines) + 1);
		free(lines);
		t->n_lines++;
		return true;
	}
	return false;
}

bool config_talk_next(struct config_talk *t, const struct config *ours, struct sync_config *ret)
{
	return next_part(t, ret) || next_lines(t, ours, ret);
}

/* --- hearing ----------------------------------------------------------------------------------- */

static void hear_part(struct config_talk *t, const struct sync_config *m)
{
	struct outline *o = &t->theirs;
	struct outline_part *parts;

	if (t->all_heard)
		forget_theirs(t); /* it begins anew */
	parts = o->n < OUTLINE_PARTS_MAX ? realloc(o->parts, (o->n + 1) * sizeof(*parts)) : NULL;
	if (parts) {
		o->parts = parts;
		parts[o->n].sum = m->sum;
		memcpy(parts[o->n++].name, m->name, sizeof(m->name));
	}
	if (m->last)
		outline_sort(o);
	t->all_heard = m->last;
}

static const char *lines_of(const struct config_talk *t, const char *name)
{
	for (size_t i = 0; i < t->n_heard; i++)
		if (strcmp(t->heard[i].name, name) == 0)
			return t->heard[i].lines;
	return NULL;
}

static void hear_lines(struct config_talk *t, const struct sync_config *m)
{
	struct config_talk_lines *place = &t->heard[t->n_heard];

	if (!t->all_heard || t->n_heard == CONFIG_TALK_LINES || lines_of(t, m->name))
		return;
	place->lines = strdup(m->lines);
	if (!place->lines)
		return;
	memcpy(place->name, m->name, sizeof(place->name));
	t->n_heard++;
}

bool config_talk_hear(struct config_talk *t, const struct sync_config *m)
{
	if (!t->differs)
		return false; /* they are alike by now */
	if (m->step == SYNC_CONFIG_PART)
		hear_part(t, m);
	else
		hear_lines(t, m);
	return m->last;
}

/* --- what differs ------------------------------------------------------------------------------ */

static void compare_part(const struct config_talk *t, const struct config *ours,
			 const struct outline_part *p, const char *node,
			 struct outline_differences *ret)
{
	/* What is not shown is only counted: finding it takes a while. */
	const char *there = ret->total < OUTLINE_DIFFERENCES_MAX ? lines_of(t, p->name) : NULL;
	char *here = there && is_another(t, p) ? outline_lines(ours, p->name) : NULL;

	if (!outline_find(&t->theirs, p->name))
		outline_differ(ret, "%s: here, not on %s", p->name, node);
	else if (here)
		outline_compare_lines(p->name, here, there, node, ret);
	else if (is_another(t, p))
		outline_differ(ret, "%s: another one on %s", p->name, node);
	free(here);
}

void config_talk_compare(const struct config_talk *t, const struct config *ours, const char *node,
			 struct outline_differences *ret)
{
	*ret = (struct outline_differences){0};
	if (!t->all_heard)
		return;
	for (size_t i = 0; i < t->ours.n; i++)
		compare_part(t, ours, &t->ours.parts[i], node, ret);
	for (size_t i = 0; i < t->theirs.n; i++)
		if (!outline_find(&t->ours, t->theirs.parts[i].name))
			outline_differ(ret, "%s: on %s, not here", t->theirs.parts[i].name, node);
	/* The same parts, which nothing but their order tells apart. */
	if (ret->total == 0)
		outline_differ(ret, "the order of the sections");
}
