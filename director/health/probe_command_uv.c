/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The check "command": whatever the operator has written, with the exit statuses of monitoring plugins
 * (0 well, 1 well with a warning, 2 and more not well) and what it is about in its environment.
 */
#include "director/command_uv.h"
#include "director/health/probe_uv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VARIABLES = 7, VARIABLE = 96 };

struct prober {
	uv_loop_t *loop;
};

struct probe {
	struct command *run;
	probe_done_fn *done;
	void *owner;
};

static void judge(const struct command_result *r, struct outcome *o)
{
	if (r->error)
		outcome_set(o, OUTCOME_CANNOT_RUN, "%s", uv_strerror(r->error));
	else if (r->by_signal)
		outcome_set(o, OUTCOME_EXIT_STATUS, "ended by signal %d", r->by_signal);
	else if (r->status == 0)
		outcome_set(o, OUTCOME_GOOD, "%s", r->line);
	else if (r->status == 1)
		outcome_set(o, OUTCOME_WARNING, "%s", r->line);
	else
		outcome_set(o, OUTCOME_EXIT_STATUS, "exit status %d%s%s", (int)r->status,
			    r->line[0] ? ": " : "", r->line);
}

static void ended(void *owner, const struct command_result *r)
{
	struct probe *p = owner;
	struct outcome o = {0};

	judge(r, &o);
	p->done(p->owner, &o);
	free(p);
}

static void set(char to[static VARIABLE], const char *name, const char *value)
{
	snprintf(to, VARIABLE, "%s=%s", name, value);
}

static struct probe *start_command(struct prober *prober, const struct probe_ask *ask,
				   probe_done_fn *done, void *owner)
{
	char text[VARIABLES][VARIABLE], address[ADDR_TEXT], number[16];
	const char *variables[VARIABLES + 1] = {0};
	const struct command_options options = {
		.text = ask->check->command, .variables = variables, .listens = true};
	struct probe *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	set(text[0], "DIRECTOR_FARM", ask->farm);
	set(text[1], "DIRECTOR_BACKEND", ask->backend);
	set(text[2], "DIRECTOR_CHECK", ask->check->name);
	set(text[3], "DIRECTOR_ADDRESS", addr_format(&ask->address, address));
	set(text[4], "DIRECTOR_VIP", addr_format(&ask->vip, address));
	snprintf(number, sizeof(number), "%u", ask->port);
	set(text[5], "DIRECTOR_PORT", number);
	snprintf(number, sizeof(number), "%u", ask->timeout_ms);
	set(text[6], "DIRECTOR_TIMEOUT_MS", number);
	for (size_t i = 0; i < VARIABLES; i++)
		variables[i] = text[i];
	p->done = done;
	p->owner = owner;
	p->run = command_start(prober->loop, &options, ended, p);
	if (!p->run) {
		free(p);
		return NULL;
	}
	return p;
}

/* It ends when its process has: a kill is not waited for, and what it has to say is known. */
static void expire_command(struct probe *p)
{
	struct outcome o = {0};

	outcome_set(&o, OUTCOME_OVERTIME, "%s", "");
	command_abandon(p->run);
	p->done(p->owner, &o);
	free(p);
}

static void cancel_command(struct probe *p)
{
	command_abandon(p->run);
	free(p);
}

static int open_command(uv_loop_t *loop, struct prober **ret, struct err *err)
{
	struct prober *prober = calloc(1, sizeof(*prober));

	if (!prober)
		return err_set(err, -ENOMEM, "no memory for checks");
	prober->loop = loop;
	*ret = prober;
	return 0;
}

static void close_command(struct prober *prober)
{
	free(prober);
}

const struct probe_kind probe_command = {
	.open = open_command,
	.close = close_command,
	.start = start_command,
	.expire = expire_command,
	.cancel = cancel_command,
};
