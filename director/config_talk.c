/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/config_talk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void forget_theirs(struct config_talk *t)
{
	for (size_t i = 0; i < t->n_theirs; i++)
		free(t->theirs[i].lines);
	free(t->theirs);
	t->theirs = NULL;
	t->n_theirs = 0;
	t->all_heard = false;
	t->line_part = t->n_lines = 0;
}

void config_talk_clear(struct config_talk *t)
{
	forget_theirs(t);
	outline_clear(&t->ours);
	free(t->list);
	*t = (struct config_talk){0};
}

int config_talk_begin(struct config_talk *t, const struct config *ours)
{
	config_talk_clear(t);
	t->list = calloc(OUTLINE_DIFFERENCES_MAX, sizeof(*t->list));
	t->found.list = t->list;
	if (t->list && outline_make(ours, &t->ours) == 0)
		return 0;
	config_talk_clear(t);
	return -ENOMEM;
}

static struct config_talk_part *find(const struct config_talk *t, const char *name)
{
	for (size_t i = 0; i < t->n_theirs; i++)
		if (strcmp(t->theirs[i].name, name) == 0)
			return &t->theirs[i];
	return NULL;
}

/* --- telling ----------------------------------------------------------------------------------- */

static bool next_part(struct config_talk *t, struct sync_config *ret)
{
	size_t n = t->ours.n < CONFIG_TALK_PARTS ? t->ours.n : CONFIG_TALK_PARTS;
	const struct outline_part *p = &t->ours.parts[t->part];

	if (t->part == n)
		return false;
	*ret = (struct sync_config){
		.step = SYNC_CONFIG_PART, .last = ++t->part == n, .sum = p->sum};
	memcpy(ret->name, p->name, sizeof(ret->name));
	return true;
}

static bool next_lines(struct config_talk *t, struct sync_config *ret)
{
	while (t->all_heard && t->line_part < t->ours.n && t->n_lines < CONFIG_TALK_LINES) {
		const struct outline_part *p = &t->ours.parts[t->line_part++];
		const struct config_talk_part *other = find(t, p->name);
		size_t len = strlen(p->lines);

		if (!other || other->sum == p->sum || len == 0 || len >= SYNC_PART_TEXT)
			continue;
		*ret = (struct sync_config){.step = SYNC_CONFIG_LINES};
		memcpy(ret->name, p->name, sizeof(ret->name));
		memcpy(ret->lines, p->lines, len + 1);
		t->n_lines++;
		return true;
	}
	return false;
}

bool config_talk_next(struct config_talk *t, struct sync_config *ret)
{
	return next_part(t, ret) || next_lines(t, ret);
}

/* --- hearing ----------------------------------------------------------------------------------- */

static void compare_part(struct config_talk *t, const struct outline_part *p, const char *node)
{
	const struct config_talk_part *other = find(t, p->name);

	if (!other)
		outline_differ(&t->found, "%s: here, not on %s", p->name, node);
	else if (other->sum != p->sum && other->lines)
		outline_compare_lines(p->name, p->lines, other->lines, node, &t->found);
	else if (other->sum != p->sum)
		outline_differ(&t->found, "%s: another one on %s", p->name, node);
}

/* The same parts, which nothing but their order tells apart. */
static void compare(struct config_talk *t, const char *node)
{
	t->found.n = t->found.total = 0;
	for (size_t i = 0; i < t->ours.n; i++)
		compare_part(t, &t->ours.parts[i], node);
	for (size_t i = 0; i < t->n_theirs; i++)
		if (!outline_find(&t->ours, t->theirs[i].name))
			outline_differ(&t->found, "%s: on %s, not here", t->theirs[i].name, node);
	if (t->found.total == 0)
		outline_differ(&t->found, "the order of the sections");
}

static void hear_part(struct config_talk *t, const struct sync_config *m)
{
	struct config_talk_part *known, *more;

	if (t->all_heard)
		forget_theirs(t); /* it begins anew */
	known = find(t, m->name);
	if (known) {
		known->sum = m->sum;
		return;
	}
	if (t->n_theirs == CONFIG_TALK_PARTS)
		return;
	more = realloc(t->theirs, (t->n_theirs + 1) * sizeof(*more));
	if (!more)
		return;
	t->theirs = more;
	more[t->n_theirs] = (struct config_talk_part){.sum = m->sum};
	memcpy(more[t->n_theirs++].name, m->name, sizeof(m->name));
}

static void hear_lines(const struct config_talk *t, const struct sync_config *m)
{
	struct config_talk_part *p = find(t, m->name);

	if (!p || p->lines)
		return;
	p->lines = strdup(m->lines);
}

void config_talk_hear(struct config_talk *t, const struct sync_config *m, const char *node)
{
	if (!t->list)
		return; /* they are alike by now */
	if (m->step == SYNC_CONFIG_PART) {
		hear_part(t, m);
		t->all_heard = m->last;
	} else if (t->all_heard) {
		hear_lines(t, m);
	}
	if (t->all_heard)
		compare(t, node);
}
