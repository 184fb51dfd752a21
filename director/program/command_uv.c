/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/program/command_uv.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

struct command {
	command_told *told; /* NULL: nobody wants to know */
	void *owner;
	uv_process_t process;
	uv_pipe_t output;
	uv_timer_t soon; /* tells that it could not be started */
	struct command_result result;
	char line[COMMAND_LINE];
	size_t kept; /* octets of it */
	bool line_ended;
	bool running;
	bool listens; /* output is open */
	int open_handles;
	char buffer[1024];
};

static void handle_closed(uv_handle_t *handle)
{
	struct command *c = handle->data;

	if (--c->open_handles == 0)
		free(c);
}

static void tell(struct command *c)
{
	command_told *told = c->told;

	c->result.line = c->line;
	c->told = NULL;
	if (told)
		told(c->owner, &c->result);
}

static void kill_group(const struct command *c)
{
	kill(-c->process.pid, SIGKILL);
}

static void keep(struct command *c, const char *octets, size_t n)
{
	for (size_t i = 0; i < n && !c->line_ended; i++) {
		if (octets[i] == '\n' || c->kept + 1 == sizeof(c->line))
			c->line_ended = true;
		else
			c->line[c->kept++] = octets[i];
	}
}

/* What it printed last may not have been read yet. Whoever left its group may hold the other end for ever. */
static void end_output(struct command *c)
{
	uv_os_fd_t fd;
	ssize_t n;

	while (!c->line_ended && uv_fileno((uv_handle_t *)&c->output, &fd) == 0 &&
	       (n = read(fd, c->buffer, sizeof(c->buffer))) > 0)
		keep(c, c->buffer, (size_t)n);
	uv_close((uv_handle_t *)&c->output, handle_closed);
}

static void ended(uv_process_t *process, int64_t status, int by_signal)
{
	struct command *c = process->data;

	kill_group(c); /* what it left in the background */
	c->running = false;
	c->result.status = status;
	c->result.by_signal = by_signal;
	if (c->listens)
		end_output(c);
	tell(c);
	uv_close((uv_handle_t *)process, handle_closed);
}

static void give_buffer(uv_handle_t *handle, size_t wanted, uv_buf_t *ret)
{
	struct command *c = handle->data;

	(void)wanted;
	*ret = uv_buf_init(c->buffer, sizeof(c->buffer));
}

/* What comes behind the first line is read, too: a full pipe would stop the command. */
static void printed(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct command *c = stream->data;

	if (n >= 0)
		keep(c, buf->base, (size_t)n);
	else
		uv_read_stop(stream);
}

static void not_started(uv_timer_t *timer)
{
	struct command *c = timer->data;

	if (c->listens)
		uv_close((uv_handle_t *)&c->output, handle_closed);
	tell(c);
	uv_close((uv_handle_t *)timer, handle_closed);
}

/* --- the beginning ---------------------------------------------------------------------------- */

static bool is_among(const char *const *variables, size_t n, const char *own)
{
	size_t name = strcspn(own, "=") + 1;

	for (size_t i = 0; i < n; i++)
		if (strncmp(variables[i], own, name) == 0)
			return true;
	return false;
}

/*
 * The daemon's environment and what is added, which counts of two of one name (shells do not agree on
 * what they make of both). One array to be freed; its strings are not copied.
 */
static char **environment(const char *const *variables)
{
	size_t n = 0, added = 0, own = 0;
	char **list;

	while (environ[own])
		own++;
	while (variables && added < COMMAND_VARIABLES && variables[added])
		added++;
	list = calloc(own + added + 1, sizeof(*list));
	for (size_t i = 0; list && i < added; i++)
		list[n++] = (char *)variables[i];
	for (size_t i = 0; list && i < own; i++)
		if (!is_among(variables, added, environ[i]))
			list[n++] = environ[i];
	return list;
}

/* The command's ends of its pipes; -1: there is none. */
struct ends {
	int input, output;
};

static void inherit(uv_stdio_container_t *stream, int fd)
{
	if (fd < 0)
		return;
	stream->flags = UV_INHERIT_FD;
	stream->data.fd = fd;
}

static int spawn(struct command *c, uv_loop_t *loop, const struct command_options *o,
		 const struct ends *ends)
{
	char shell[] = "/bin/sh", flag[] = "-c";
	char *by_shell[] = {shell, flag, (char *)o->text, NULL};
	char *alone[] = {(char *)o->program, NULL};
	uv_stdio_container_t streams[3] = {
		{.flags = UV_IGNORE}, {.flags = UV_IGNORE}, {.flags = UV_IGNORE}};
	uv_process_options_t options = {
		.file = o->program ? o->program : shell,
		.args = o->program ? alone : by_shell,
		.exit_cb = ended,
		.flags = UV_PROCESS_DETACHED,
		.stdio = streams,
		.stdio_count = 3,
		.env = environment(o->variables),
	};
	int code;

	if (!options.env)
		return -ENOMEM;
	inherit(&streams[0], ends->input);
	inherit(&streams[1], ends->output);
	inherit(&streams[2], o->errors ? ends->output : -1);
	code = uv_spawn(loop, &c->process, &options);
	free(options.env);
	c->process.data = c; /* a handle, whatever has become of the command */
	c->open_handles++;
	c->running = code == 0;
	if (code < 0)
		uv_close((uv_handle_t *)&c->process, handle_closed);
	return code;
}

/*
 * A pipe of our own: libuv would make a pair of sockets, and a command cannot open that as /dev/stdout.
 * The end that is the command's; or a negative errno.
 */
static int listen_to(struct command *c, uv_loop_t *loop)
{
	uv_file ends[2];
	int code = uv_pipe(ends, UV_NONBLOCK_PIPE, 0);

	if (code < 0)
		return code;
	uv_pipe_init(loop, &c->output, 0);
	c->output.data = c;
	c->open_handles++;
	c->listens = true;
	code = uv_pipe_open(&c->output, ends[0]);
	if (code == 0)
		return ends[1];
	close(ends[0]);
	close(ends[1]);
	return code;
}

/* The pipe holds all of it. The end that is the command's; or a negative errno. */
static int feed(const char *input)
{
	size_t len = strlen(input);
	uv_file ends[2];
	int code = len <= COMMAND_INPUT ? uv_pipe(ends, 0, UV_NONBLOCK_PIPE) : -EMSGSIZE;

	if (code < 0)
		return code;
	if (write(ends[1], input, len) != (ssize_t)len)
		code = -EIO;
	close(ends[1]);
	if (code == 0)
		return ends[0];
	close(ends[0]);
	return code;
}

static int begin_with(struct command *c, uv_loop_t *loop, const struct command_options *options,
		      int input)
{
	struct ends ends = {.input = input, .output = options->listens ? listen_to(c, loop) : -1};
	int code;

	if (options->listens && ends.output < 0)
		return ends.output;
	code = spawn(c, loop, options, &ends);
	if (ends.output >= 0)
		close(ends.output);
	return code;
}

static int begin(struct command *c, uv_loop_t *loop, const struct command_options *options)
{
	int input = options->input ? feed(options->input) : -1, code;

	if (options->input && input < 0)
		return input;
	code = begin_with(c, loop, options, input);
	if (input >= 0)
		close(input);
	return code;
}

struct command *command_start(uv_loop_t *loop, const struct command_options *options,
			      command_told *told, void *owner)
{
	struct command *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->told = told;
	c->owner = owner;
	c->result.error = begin(c, loop, options);
	if (c->result.error == 0) {
		if (c->listens)
			uv_read_start((uv_stream_t *)&c->output, give_buffer, printed);
		return c;
	}
	uv_timer_init(loop, &c->soon);
	c->soon.data = c;
	c->open_handles++;
	uv_timer_start(&c->soon, not_started, 0, 0);
	return c;
}

void command_kill(struct command *c)
{
	if (c->running)
		kill_group(c);
}

void command_abandon(struct command *c)
{
	c->told = NULL;
	command_kill(c);
}

const char *command_trouble(const struct command_result *r, char buf[static COMMAND_TROUBLE])
{
	buf[0] = '\0';
	if (r->error)
		snprintf(buf, COMMAND_TROUBLE, "cannot be started: %s", uv_strerror(r->error));
	else if (r->by_signal)
		snprintf(buf, COMMAND_TROUBLE, "was ended by signal %d", r->by_signal);
	else if (r->status != 0)
		snprintf(buf, COMMAND_TROUBLE, "has exit status %d", (int)r->status);
	return buf;
}
