/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/program/hook_uv.h"

#include "director/program/command_uv.h"
#include "include/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { VARIABLES = 5, VARIABLE = 64 };

struct hook {
	uv_loop_t *loop;
	struct hook_ops ops;
	void *owner;
	char *path; /* NULL: there is no program */
	char node[STATUS_NAME];
	struct notices queue;
	bool states;	     /* everything is to be told, ... */
	bool again;	     /* ... from the beginning */
	bool settling;	     /* the owner tells what waited with it */
	struct command *run; /* NULL: none */
	bool overdue;	     /* it was ended by us */
	uv_timer_t limit;    /* of the run */
	uv_timer_t gap;	     /* before the next state */
	struct hook_stats stats;
	struct log_limit failures, losses;
	bool stopping;
	uint64_t end_ms;
	int open_handles;
};

static void go_on(struct hook *h);

static void say_failure(struct hook *h, const char *why, const char *line)
{
	unsigned long suppressed;
	char text[LOG_MORE];

	if (log_limit_pass(&h->failures, uv_now(h->loop), &suppressed))
		log_warning("the notify program %s%s%s%s", why, line[0] ? ": " : "", line,
			    log_more(suppressed, text));
}

/* --- one run ---------------------------------------------------------------------------------- */

static void ended(void *owner, const struct command_result *r)
{
	struct hook *h = owner;
	char why[COMMAND_TROUBLE];

	h->run = NULL;
	uv_timer_stop(&h->limit);
	if (h->overdue) {
		go_on(h); /* that was counted and said */
		return;
	}
	if (command_trouble(r, why)[0]) {
		h->stats.failed++;
		say_failure(h, why, r->line);
	} else {
		h->stats.done++;
	}
	go_on(h);
}

static void expired(uv_timer_t *timer)
{
	struct hook *h = timer->data;

	char why[COMMAND_TROUBLE];

	h->overdue = true;
	h->stats.timeout++;
	snprintf(why, sizeof(why), "takes longer than %d s and is ended", HOOK_LIMIT_MS / 1000);
	say_failure(h, why, "");
	command_kill(h->run);
}

static void set(char to[static VARIABLE], const char *name, const char *value)
{
	snprintf(to, VARIABLE, "%s=%s", name, value);
}

static struct command *start(struct hook *h, const struct notice *n)
{
	char text[VARIABLES][VARIABLE], *line = notice_text(n, h->node);
	const char *variables[VARIABLES + 1] = {0};
	const struct command_options options = {.program = h->path,
						.variables = variables,
						.input = line,
						.listens = true,
						.errors = true};
	struct command *run;

	set(text[0], "DIRECTOR_EVENT", notice_event_name(n->event));
	set(text[1], "DIRECTOR_NAME", n->name);
	set(text[2], "DIRECTOR_BACKEND", n->backend);
	set(text[3], "DIRECTOR_FROM", n->from);
	set(text[4], "DIRECTOR_TO", n->to);
	for (size_t i = 0; i < VARIABLES; i++)
		variables[i] = text[i];
	run = line ? command_start(h->loop, &options, ended, h) : NULL;
	free(line);
	return run;
}

/* --- what is told next ------------------------------------------------------------------------ */

static bool wants_state(const struct hook *h)
{
	return h->states && !uv_is_active((const uv_handle_t *)&h->gap);
}

/* A change that waits with the owner is older than the state that it has led to. */
static bool next_change(struct hook *h, struct notice *ret)
{
	if (notices_take(&h->queue, ret))
		return true;
	if (!wants_state(h))
		return false;
	h->settling = true;
	h->ops.settle(h->owner);
	h->settling = false;
	return notices_take(&h->queue, ret);
}

static bool next_state(struct hook *h, struct notice *ret)
{
	bool again = h->again;

	if (!wants_state(h))
		return false;
	h->again = false;
	h->states = h->ops.next(h->owner, again, ret);
	if (!h->states)
		return false;
	ret->resent = true;
	notices_number(&h->queue, ret);
	return true;
}

static void gap_over(uv_timer_t *timer)
{
	go_on(timer->data);
}

static void go_on(struct hook *h)
{
	struct notice n;

	while (!h->run && h->path && !h->settling) {
		if (!next_change(h, &n)) {
			if (!next_state(h, &n))
				return;
			uv_timer_start(&h->gap, gap_over, HOOK_GAP_MS, 0);
		}
		h->overdue = false;
		h->run = start(h, &n);
		if (h->run) {
			uv_timer_start(&h->limit, expired, HOOK_LIMIT_MS, 0);
			return;
		}
		h->stats.failed++;
		say_failure(h, "cannot be started: no memory", "");
	}
}

static void all_states(struct hook *h)
{
	h->states = h->again = h->path && !h->stopping;
}

static void say_loss(struct hook *h)
{
	unsigned long ignored; /* the line counts itself */

	if (log_limit_pass(&h->losses, uv_now(h->loop), &ignored))
		log_warning(
			"the notify program is too slow: changes are lost, %llu so far; it is told "
			"how everything is as soon as it has caught up",
			(unsigned long long)h->stats.lost);
}

static void lose(struct hook *h, uint64_t n)
{
	if (n == 0)
		return;
	h->stats.lost += n;
	all_states(h);
	say_loss(h);
}

void hook_tell(struct hook *h, const struct notice *n)
{
	if (!h->path)
		return;
	lose(h, n->lost + !notices_put(&h->queue, n));
	go_on(h);
}

void hook_lose(struct hook *h, uint64_t n)
{
	if (!h->path)
		return;
	notices_lose(&h->queue, n);
	lose(h, n);
	go_on(h);
}

/* --- its life --------------------------------------------------------------------------------- */

int hook_new(uv_loop_t *loop, const struct hook_ops *ops, void *owner, struct hook **ret)
{
	struct hook *h = calloc(1, sizeof(*h));

	if (!h)
		return -ENOMEM;
	h->loop = loop;
	h->ops = *ops;
	h->owner = owner;
	uv_timer_init(loop, &h->limit);
	uv_timer_init(loop, &h->gap);
	h->limit.data = h->gap.data = h;
	h->open_handles = 2;
	*ret = h;
	return 0;
}

static void take_path(struct hook *h, const char *path)
{
	if (h->path && strcmp(h->path, path) == 0)
		return;
	free(h->path);
	h->path = path[0] ? strdup(path) : NULL;
	if (path[0] && !h->path)
		log_error("no memory for the notify program: nobody is told");
	else if (h->path && access(h->path, X_OK) < 0)
		log_warning("the notify program %s cannot be run: %s; it is tried at every change",
			    h->path, strerror(errno));
	if (!h->path)
		h->queue = (struct notices){.sequence = h->queue.sequence};
}

void hook_configure(struct hook *h, const char *path, const char *node)
{
	take_path(h, path);
	snprintf(h->node, sizeof(h->node), "%s", node);
}

void hook_tell_all(struct hook *h)
{
	all_states(h);
	go_on(h);
}

void hook_stats(const struct hook *h, struct hook_stats *ret)
{
	*ret = h->stats;
}

void hook_stop(struct hook *h)
{
	h->stopping = true;
	h->states = false;
	h->end_ms = uv_now(h->loop) + HOOK_END_MS;
}

bool hook_lingers(const struct hook *h)
{
	return h->run && uv_now(h->loop) < h->end_ms;
}

static void handle_closed(uv_handle_t *handle)
{
	struct hook *h = handle->data;

	if (--h->open_handles == 0)
		free(h);
}

void hook_close(struct hook *h)
{
	if (!h)
		return;
	if (h->run)
		log_warning(
			"the notify program is ended with the daemon; %zu change(s) behind it are "
			"not told",
			h->queue.n);
	if (h->run)
		command_abandon(h->run);
	free(h->path);
	uv_close((uv_handle_t *)&h->limit, handle_closed);
	uv_close((uv_handle_t *)&h->gap, handle_closed);
}
