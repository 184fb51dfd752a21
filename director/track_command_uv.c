/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/track_command_uv.h"

#include "director/config/number.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WHY = 96 };

struct command {
	struct command *next;
	struct track_commands *all; /* NULL: it ends, nobody is told */
	char section[CONFIG_NAME_MAX + 1];
	char name[CONFIG_NAME_MAX + 1];
	char *text;
	uint32_t interval_ms;
	bool wanted; /* by the configuration that is being read */
	uv_timer_t timer;
	uv_process_t process;
	bool running; /* process is open and has not ended */
	bool overdue; /* it was ended by us */
	int open_handles;
};

struct track_commands {
	uv_loop_t *loop;
	track_command_told *told;
	void *owner;
	struct command *list;
};

/* --- one run ---------------------------------------------------------------------------------- */

static void command_closed(uv_handle_t *handle)
{
	struct command *c = handle->data;

	if (--c->open_handles > 0)
		return;
	free(c->text);
	free(c);
}

static void process_closed(uv_handle_t *handle)
{
	struct command *c = handle->data;

	c->running = false;
	command_closed(handle);
}

static void tell(struct command *c, bool well, const char *why)
{
	if (c->all)
		c->all->told(c->all->owner, c->section, c->name, well, why);
}

/* It leads a group of its own: what it has started goes with it. */
static void kill_group(const struct command *c)
{
	kill(-c->process.pid, SIGKILL);
}

static void ended(uv_process_t *process, int64_t status, int by_signal)
{
	struct command *c = process->data;
	char why[WHY] = "", interval[DURATION_TEXT];

	kill_group(c); /* what it left in the background */
	uv_close((uv_handle_t *)process, process_closed);
	if (c->overdue)
		snprintf(why, sizeof(why), "takes longer than its interval of %s",
			 duration_format(c->interval_ms, interval));
	else if (by_signal)
		snprintf(why, sizeof(why), "was ended by signal %d", by_signal);
	else if (status != 0)
		snprintf(why, sizeof(why), "has exit status %d", (int)status);
	tell(c, !why[0], why);
}

static void start(struct command *c)
{
	char shell[] = "/bin/sh", flag[] = "-c", why[WHY];
	char *arguments[] = {shell, flag, c->text, NULL};
	uv_stdio_container_t streams[3] = {
		{.flags = UV_IGNORE}, {.flags = UV_IGNORE}, {.flags = UV_IGNORE}};
	const uv_process_options_t options = {
		.file = shell,
		.args = arguments,
		.exit_cb = ended,
		.flags = UV_PROCESS_DETACHED,
		.stdio = streams,
		.stdio_count = 3,
	};
	int code = uv_spawn(c->timer.loop, &c->process, &options);

	c->process.data = c;
	c->running = true;
	c->overdue = false;
	c->open_handles++;
	if (code == 0)
		return;
	uv_close((uv_handle_t *)&c->process, process_closed);
	snprintf(why, sizeof(why), "cannot be started: %s", uv_strerror(code));
	tell(c, false, why);
}

static void due(uv_timer_t *timer)
{
	struct command *c = timer->data;

	if (!c->running) {
		start(c);
	} else if (uv_is_active((uv_handle_t *)&c->process)) {
		c->overdue = true;
		kill_group(c);
	}
}

/* --- the list --------------------------------------------------------------------------------- */

static struct command *find(const struct track_commands *t, const char *section, const char *name)
{
	for (struct command *c = t->list; c; c = c->next)
		if (strcmp(c->section, section) == 0 && strcmp(c->name, name) == 0)
			return c;
	return NULL;
}

/* Out of the list; gone when its process is. */
static void command_end(struct command *c)
{
	c->all = NULL;
	uv_close((uv_handle_t *)&c->timer, command_closed);
	if (c->running && uv_is_active((uv_handle_t *)&c->process))
		kill_group(c);
}

static bool goes_on(const struct command *c, const struct config_track *track)
{
	return strcmp(c->text, track->command) == 0 && c->interval_ms == track->interval_ms;
}

static int add(struct track_commands *t, const char *section, const struct config_track *track)
{
	struct command *c = calloc(1, sizeof(*c));

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
	c->open_handles = 1;
	uv_timer_init(t->loop, &c->timer);
	c->timer.data = c;
	uv_timer_start(&c->timer, due, 0, c->interval_ms);
	c->next = t->list;
	t->list = c;
	return 0;
}

static void end_unwanted(struct track_commands *t)
{
	struct command **at = &t->list;

	while (*at) {
		struct command *c = *at;

		if (c->wanted) {
			at = &c->next;
			continue;
		}
		*at = c->next;
		command_end(c);
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

	for (struct command *old = t->list; old; old = old->next)
		old->wanted = false;
	for (size_t i = 0; i < c->n_vrrps; i++)
		for (size_t k = 0; k < c->vrrps[i].n_tracks; k++) {
			const struct config_track *track = &c->vrrps[i].tracks[k];
			struct command *old = find(t, c->vrrps[i].name, track->name);

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
	for (struct command *c = t->list; c; c = c->next)
		c->wanted = false;
	end_unwanted(t);
	free(t);
}
