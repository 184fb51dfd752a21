/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/track/track_command_uv.h"

#include "director/config/number.h"
#include "director/program/command_uv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct item {
	struct item *next;
	struct track_commands *all; /* NULL: it ends */
	char section[CONFIG_NAME_MAX + 1];
	char name[CONFIG_NAME_MAX + 1];
	char *text;
	uint32_t interval_ms;
	bool wanted; /* by the configuration that is being read */
	uv_timer_t timer;
	struct command *run; /* NULL: it does not run */
	bool overdue;	     /* it was ended by us */
};

struct track_commands {
	uv_loop_t *loop;
	track_command_told *told;
	void *owner;
	struct item *list;
};

/* --- one run ---------------------------------------------------------------------------------- */

static void ended(void *owner, const struct command_result *r)
{
	struct item *c = owner;
	char why[COMMAND_TROUBLE], interval[DURATION_TEXT];

	c->run = NULL;
	if (c->overdue && !r->error)
		snprintf(why, sizeof(why), "takes longer than its interval of %s",
			 duration_format(c->interval_ms, interval));
	else
		command_trouble(r, why);
	c->all->told(c->all->owner, c->section, c->name, !why[0], why);
}

static void due(uv_timer_t *timer)
{
	struct item *c = timer->data;
	const struct command_options options = {.text = c->text};

	if (c->run) {
		c->overdue = true;
		command_kill(c->run);
		return;
	}
	c->overdue = false;
	c->run = command_start(c->all->loop, &options, ended, c);
	if (!c->run)
		c->all->told(c->all->owner, c->section, c->name, false,
			     "cannot be started: no memory");
}

/* --- the list --------------------------------------------------------------------------------- */

static struct item *find(const struct track_commands *t, const char *section, const char *name)
{
	for (struct item *c = t->list; c; c = c->next)
		if (strcmp(c->section, section) == 0 && strcmp(c->name, name) == 0)
			return c;
	return NULL;
}

static void timer_closed(uv_handle_t *handle)
{
	struct item *c = handle->data;

	free(c->text);
	free(c);
}

/* Out of the list. */
static void item_end(struct item *c)
{
	c->all = NULL;
	if (c->run)
		command_abandon(c->run);
	c->run = NULL;
	uv_close((uv_handle_t *)&c->timer, timer_closed);
}

static bool goes_on(const struct item *c, const struct config_track *track)
{
	return strcmp(c->text, track->command) == 0 && c->interval_ms == track->interval_ms;
}

static int add(struct track_commands *t, const char *section, const struct config_track *track)
{
	struct item *c = calloc(1, sizeof(*c));

	if (c)
		c->text = strdup(track->command);
	if (!c || !c->text) {
		free(c);
		return -ENOMEM;
	}
	snprintf(c->section, sizeof(c->section), "%s", section);
	snprintf(c->name, sizeof(c->name), "%s", track->name);
	c->interval_ms = track->interval_ms;
	c->wanted = true;
	c->all = t;
	uv_timer_init(t->loop, &c->timer);
	c->timer.data = c;
	uv_timer_start(&c->timer, due, 0, c->interval_ms);
	c->next = t->list;
	t->list = c;
	return 0;
}

static void end_unwanted(struct track_commands *t)
{
	struct item **at = &t->list;

	while (*at) {
		struct item *c = *at;

		if (c->wanted) {
			at = &c->next;
			continue;
		}
		*at = c->next;
		item_end(c);
	}
}

struct track_commands *track_commands_new(uv_loop_t *loop, track_command_told *told, void *owner)
{
	struct track_commands *t = calloc(1, sizeof(*t));

	if (t)
		*t = (struct track_commands){.loop = loop, .told = told, .owner = owner};
	return t;
}

int track_commands_configure(struct track_commands *t, const struct config *c)
{
	int code = 0;

	for (struct item *old = t->list; old; old = old->next)
		old->wanted = false;
	for (size_t i = 0; i < c->n_vrrps; i++)
		for (size_t k = 0; k < c->vrrps[i].n_tracks; k++) {
			const struct config_track *track = &c->vrrps[i].tracks[k];
			struct item *old = find(t, c->vrrps[i].name, track->name);

			if (track->kind == TRACK_COMMAND && old && goes_on(old, track))
				old->wanted = true;
		}
	end_unwanted(t);
	for (size_t i = 0; i < c->n_vrrps; i++)
		for (size_t k = 0; k < c->vrrps[i].n_tracks; k++) {
			const struct config_track *track = &c->vrrps[i].tracks[k];

			if (track->kind == TRACK_COMMAND &&
			    !find(t, c->vrrps[i].name, track->name) &&
			    add(t, c->vrrps[i].name, track) < 0)
				code = -ENOMEM;
		}
	return code;
}

void track_commands_close(struct track_commands *t)
{
	if (!t)
		return;
	for (struct item *c = t->list; c; c = c->next)
		c->wanted = false;
	end_unwanted(t);
	free(t);
}
