/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One run of a command of the configuration: /bin/sh -c, as the leader of a process group of its own, so
 * that what it has started ends with it.
 *
 * Shell, on the main loop. Never waits; the time is the user's.
 */
#ifndef DIRECTOR_COMMAND_UV_H
#define DIRECTOR_COMMAND_UV_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

enum {
	COMMAND_LINE = 128,	/* octets of the first line of its output that are kept */
	COMMAND_VARIABLES = 16, /* beside the daemon's own environment */
};

/* How it ended. */
struct command_result {
	int error;	  /* negative errno: it could not be started, and nothing else counts */
	int by_signal;	  /* 0: it ended by itself, ... */
	int64_t status;	  /* ... with that exit status */
	const char *line; /* the first line of what it printed, good while told() runs; "" */
};

typedef void command_told(void *owner, const struct command_result *r);

struct command;

struct command_options {
	const char *text; /* for the shell */
	/* "NAME=VALUE", as many as there are up to the first NULL; NULL: none. */
	const char *const *variables;
	bool listens; /* the first line that it prints is wanted; else its output goes nowhere */
};

/*
 * told() is called once, never from inside; all else is gone then. Copies what it is given. NULL: no
 * memory.
 */
struct command *command_start(uv_loop_t *loop, const struct command_options *options,
			      command_told *told, void *owner);
/* Ends it, with all that it has started; told() comes as soon as it has. */
void command_kill(struct command *c);
/* The same, and told() is not called. */
void command_abandon(struct command *c);

#endif
