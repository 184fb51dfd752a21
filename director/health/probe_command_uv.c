/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The check "command": whatever the operator has written, with the exit statuses of monitoring plugins
 * (0 well, 1 well with a warning, 2 and more not well) and what it is about in its environment.
 */
#include "director/health/probe_uv.h"
#include "director/program/command_uv.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	NOT_FOUND = 127
}; /* sh(1): there is no such program here, which is not the backend's fault */

enum {
	VARIABLES = 7,
	VARIABLE = 96, /* the longest: an IPv6 address with its interface */
	/*
	 * Commands that are killed and do not end, which wait for a file server, say. No more are begun
	 * then: every timeout would leave another one.
	 */
	KILLED_MOST = 64,
};

/* It goes when its last command has ended. */
struct prober {
	uv_loop_t *loop;
	unsigned int probes, killed;
	bool closed;
};

struct probe {
	struct prober *all;
	struct command *run; /* NULL: there are too many */
	probe_done_fn *done; /* NULL: nobody wants to know, it is killed */
	void *owner;
};

static void free_probe(struct probe *p)
{
	struct prober *all = p->all;

	free(p);
	if (--all->probes == 0 && all->closed)
		free(all);
}

static void judge(const struct command_result *r, struct outcome *o)
{
	if (r->error)
		outcome_set(o, OUTCOME_CANNOT_RUN, "%s", uv_strerror(r->error));
	else if (r->by_signal)
		outcome_set(o, OUTCOME_EXIT_STATUS, "ended by signal %d", r->by_signal);
	else if (r->status == 0)
		outcome_set(o, OUTCOME_GOOD, "%s", r->line);
	else if (r->status == NOT_FOUND)
		outcome_set(o, OUTCOME_CANNOT_RUN, "exit status %d%s%s", (int)r->status,
			    r->line[0] ? ": " : "", r->line);
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

	if (p->done) {
		judge(r, &o);
		p->done(p->owner, &o);
	} else {
		p->all->killed--;
	}
	free_probe(p);
}

static void set(char to[static VARIABLE], const char *name, const char *value)
{
	snprintf(to, VARIABLE, "%s=%s", name, value);
}

/* A link-local one is of no use without its interface: fe80::21%eth0. */
static void format_address(const struct probe_ask *ask, char to[static ADDR_TEXT + IF_NAMESIZE])
{
	char text[ADDR_TEXT], name[IF_NAMESIZE];
	bool has_scope = addr_is_link_local(&ask->address) && if_indextoname(ask->ifindex, name);

	snprintf(to, ADDR_TEXT + IF_NAMESIZE, "%s%s%s", addr_format(&ask->address, text),
		 has_scope ? "%" : "", has_scope ? name : "");
}

static struct command *run(struct probe *p, const struct probe_ask *ask)
{
	char text[VARIABLES][VARIABLE], address[ADDR_TEXT + IF_NAMESIZE], number[16];
	const char *variables[VARIABLES + 1] = {0};
	const struct command_options options = {
		.text = ask->check->command, .variables = variables, .listens = true};

	set(text[0], "DIRECTOR_FARM", ask->farm);
	set(text[1], "DIRECTOR_BACKEND", ask->backend);
	set(text[2], "DIRECTOR_CHECK", ask->check->name);
	format_address(ask, address);
	set(text[3], "DIRECTOR_ADDRESS", address);
	set(text[4], "DIRECTOR_VIP", addr_format(&ask->vip, address));
	snprintf(number, sizeof(number), "%u", ask->port);
	set(text[5], "DIRECTOR_PORT", number);
	snprintf(number, sizeof(number), "%u", ask->timeout_ms);
	set(text[6], "DIRECTOR_TIMEOUT_MS", number);
	for (size_t i = 0; i < VARIABLES; i++)
		variables[i] = text[i];
	return command_start(p->all->loop, &options, ended, p);
}

static struct probe *start_command(struct prober *prober, const struct probe_ask *ask,
				   probe_done_fn *done, void *owner)
{
	struct probe *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	*p = (struct probe){.all = prober, .done = done, .owner = owner};
	prober->probes++;
	if (prober->killed >= KILLED_MOST)
		return p;
	p->run = run(p, ask);
	if (p->run)
		return p;
	free_probe(p);
	return NULL;
}

/* Its memory goes when the process has. */
static void cancel_command(struct probe *p)
{
	if (!p->run) {
		free_probe(p);
		return;
	}
	p->done = NULL;
	p->all->killed++;
	command_kill(p->run);
}

/* A kill is not waited for: what there is to say is known. */
static void expire_command(struct probe *p)
{
	probe_done_fn *done = p->done;
	void *owner = p->owner;
	struct outcome o = {0};

	if (p->run)
		outcome_set(&o, OUTCOME_OVERTIME, "%s", "");
	else
		outcome_set(&o, OUTCOME_CANNOT_RUN, "%u earlier commands are killed and do not end",
			    p->all->killed);
	cancel_command(p);
	done(owner, &o);
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
	if (!prober)
		return;
	prober->closed = true;
	if (prober->probes == 0)
		free(prober);
}

const struct probe_kind probe_command = {
	.open = open_command,
	.close = close_command,
	.start = start_command,
	.expire = expire_command,
	.cancel = cancel_command,
};
